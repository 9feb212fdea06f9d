//! Refuses PDFs that unpack to more than they should, before the library unpacks them.
//!
//! The library inflates a stream whole, without a limit. So every stream in the file is
//! inflated here first, keeping nothing, and what comes out is counted. Pictures have a budget
//! of their own: they are legitimately large, and are never unpacked when text is read.
//! Not counted: streams in the rarer packings LZW and run length, which give at most some
//! thousand times their size, those packed as text (ASCII85, hexadecimal) on top, and those of
//! encrypted files.

use std::io::{self, Read};

use flate2::bufread::{DeflateDecoder, ZlibDecoder};

use super::super::{MAX_UNPACKED, ReadError};

/// Forty pictures of a whole A4 page in colour at 300 dots per inch.
const MAX_PICTURES: u64 = 10 * MAX_UNPACKED;

/// How far before its data a stream's dictionary begins at most.
const DICTIONARY: usize = 4096;

pub(super) fn check(bytes: &[u8]) -> Result<(), ReadError> {
    let mut text_left = MAX_UNPACKED;
    let mut pictures_left = MAX_PICTURES;
    let mut at = 0;
    while let Some(found) = next_stream(bytes, at) {
        let dictionary = dictionary_before(bytes, found.keyword);
        let picture = is_picture(dictionary);
        let (left, limit) = match picture {
            true => (&mut pictures_left, MAX_PICTURES),
            false => (&mut text_left, MAX_UNPACKED),
        };
        let unpacked = inflated_size(&bytes[found.data..], (*left).min(MAX_UNPACKED) + 1);
        if picture && unpacked > MAX_UNPACKED {
            return Err(ReadError::DecompressionBomb {
                limit: MAX_UNPACKED,
            });
        }
        *left = left
            .checked_sub(unpacked)
            .ok_or(ReadError::DecompressionBomb { limit })?;
        at = found.data;
    }
    Ok(())
}

struct Stream {
    /// Where the word `stream` stands.
    keyword: usize,
    data: usize,
}

/// The next `stream` that is followed by a line end (ISO 32000-1, 7.3.8.1).
fn next_stream(bytes: &[u8], from: usize) -> Option<Stream> {
    const WORD: &[u8] = b"stream";
    let finder = memchr::memmem::find_iter(&bytes[from..], WORD);
    finder.map(|at| from + at).find_map(|keyword| {
        let after = keyword + WORD.len();
        let data = match bytes[after..] {
            [b'\r', b'\n', ..] => after + 2,
            [b'\n' | b'\r', ..] => after + 1,
            _ => return None,
        };
        let ends_one = bytes[..keyword].ends_with(b"end");
        (!ends_one).then_some(Stream { keyword, data })
    })
}

fn dictionary_before(bytes: &[u8], keyword: usize) -> &[u8] {
    let window = &bytes[keyword.saturating_sub(DICTIONARY)..keyword];
    match memchr::memmem::rfind(window, b" obj") {
        Some(start) => &window[start..],
        None => window,
    }
}

/// `/Subtype /Image`; other names begin alike (`/ImageB` in the procedure set of a form).
fn is_picture(dictionary: &[u8]) -> bool {
    memchr::memmem::find_iter(dictionary, b"/Image").any(|at| {
        let ends = dictionary
            .get(at + 6)
            .is_none_or(|byte| !byte.is_ascii_alphanumeric());
        ends && dictionary[..at].trim_ascii_end().ends_with(b"/Subtype")
    })
}

/// How much a stream gives, up to `limit`, however often it is packed: the filters may go by
/// short names or stand in another object, and the library needs no zlib header.
fn inflated_size(data: &[u8], limit: u64) -> u64 {
    const MOST_LAYERS: usize = 8;
    let mut most = 0;
    for layers in 1..=MOST_LAYERS {
        let wrapped = unpacked(Box::new(ZlibDecoder::new(data)), layers, limit);
        let bare = unpacked(Box::new(DeflateDecoder::new(data)), layers, limit);
        let size = wrapped.max(bare);
        if size == 0 {
            break;
        }
        most = most.max(size);
    }
    most
}

/// Bytes that come out of the last of `layers`, up to `limit`; of what is broken, the part
/// before the break.
fn unpacked(mut reader: Box<dyn Read + '_>, layers: usize, limit: u64) -> u64 {
    for _ in 1..layers {
        reader = Box::new(ZlibDecoder::new(io::BufReader::new(reader)));
    }
    let mut size = 0;
    let mut buffer = [0; 16 * 1024];
    while size < limit {
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => size += read as u64,
        }
    }
    size
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn object(dictionary: &str, data: &[u8]) -> Vec<u8> {
        let head = format!("1 0 obj\n<<{dictionary}>>\nstream\r\n");
        [head.as_bytes(), data, b"\nendstream\nendobj\n"].concat()
    }

    #[test]
    fn streams_count_together_and_pictures_apart() {
        let third = packed(&vec![b' '; usize::try_from(MAX_UNPACKED).unwrap() / 3 + 1]);
        let text = object("/Filter /FlateDecode", &third);
        let picture = object("/Subtype /Image /Filter /FlateDecode", &third);
        assert!(check(&[&text[..], &text].concat()).is_ok());
        let mixed = [&text[..], &text, &picture, &picture].concat();
        assert!(check(&mixed).is_ok());
        let error = check(&text.repeat(3)).unwrap_err();
        assert_eq!(error.code(), "decompression_bomb");
        assert!(text.len() < 1_000_000);
    }

    #[test]
    fn a_bomb_inside_a_bomb_is_found() {
        let zeros = vec![0; 110_000_000];
        let twice = packed(&packed(&zeros));
        let data = object("/Filter [/FlateDecode /FlateDecode]", &twice);
        assert!(data.len() < 1_000_000);
        assert_eq!(check(&data).unwrap_err().code(), "decompression_bomb");
    }
}
