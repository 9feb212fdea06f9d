//! Refuses PDFs that unpack to more than they should, before the library unpacks them.
//!
//! The library inflates a stream whole, without a limit. So every stream in the file is
//! inflated here first, keeping nothing, and what comes out is counted. Pictures have a budget
//! of their own: they are legitimately large, and are never unpacked when text is read.
//! The rarer packings (`rare`) are counted as the last layer where the file names them; the streams
//! of encrypted files are not counted, because such files are refused.

use std::io::{self, Read};

use flate2::bufread::{DeflateDecoder, ZlibDecoder};

use super::super::{MAX_UNPACKED, ReadError};
use super::rare::{Rare, RunLength, ascii85_size, lzw_size};

/// Forty pictures of a whole A4 page in colour at 300 dots per inch.
const MAX_PICTURES: u64 = 10 * MAX_UNPACKED;

/// How far before its data a stream's dictionary begins at most.
const DICTIONARY: usize = 4096;

pub(super) fn check(bytes: &[u8]) -> Result<(), ReadError> {
    let mut text_left = MAX_UNPACKED;
    let mut pictures_left = MAX_PICTURES;
    let mut at = 0;
    let anywhere = Rare::named_in(bytes);
    while let Some(found) = next_stream(bytes, at) {
        let dictionary = dictionary_before(bytes, found.keyword);
        let picture = is_picture(dictionary);
        let rare = match filters_stand_elsewhere(dictionary) {
            true => anywhere,
            false => Rare::named_in(dictionary),
        };
        let (left, limit) = match picture {
            true => (&mut pictures_left, MAX_PICTURES),
            false => (&mut text_left, MAX_UNPACKED),
        };
        let unpacked = unpacked_size(&bytes[found.data..], rare, (*left).min(MAX_UNPACKED) + 1);
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

/// `/Filter 12 0 R`: the names are in another object.
fn filters_stand_elsewhere(dictionary: &[u8]) -> bool {
    const KEY: &[u8] = b"/Filter";
    memchr::memmem::find_iter(dictionary, KEY).any(|at| {
        let value = dictionary[at + KEY.len()..].trim_ascii_start();
        value.first().is_some_and(u8::is_ascii_digit)
    })
}

/// How much a stream gives, up to `limit`, however often it is packed: the filters may go by
/// short names or stand in another object, and the library needs no zlib header.
fn unpacked_size(data: &[u8], rare: Rare, limit: u64) -> u64 {
    const MOST_LAYERS: usize = 8;
    let ends = memchr::memmem::find(data, b"endstream").unwrap_or(data.len());
    let mut most = rare_size(|| Box::new(&data[..ends]), rare, limit);
    for layers in 1..=MOST_LAYERS {
        let wrapped = || inflated(Box::new(ZlibDecoder::new(data)), layers);
        let bare = || inflated(Box::new(DeflateDecoder::new(data)), layers);
        let size = size(wrapped(), limit).max(size(bare(), limit));
        if size == 0 {
            break;
        }
        most = most
            .max(size)
            .max(rare_size(wrapped, rare, limit))
            .max(rare_size(bare, rare, limit));
    }
    most
}

/// The last of `layers` of Flate.
fn inflated(mut reader: Box<dyn Read + '_>, layers: usize) -> Box<dyn Read + '_> {
    for _ in 1..layers {
        reader = Box::new(ZlibDecoder::new(io::BufReader::new(reader)));
    }
    reader
}

/// The most that the rarer packings would give as the last layer, runs within runs among them.
fn rare_size<'a>(open: impl Fn() -> Box<dyn Read + 'a>, rare: Rare, limit: u64) -> u64 {
    let mut most = 0;
    if rare.lzw {
        most = most.max(lzw_size(io::BufReader::new(open()), limit));
    }
    if rare.ascii85 {
        most = most.max(ascii85_size(io::BufReader::new(open()), limit));
    }
    if rare.run_length {
        most = most
            .max(size(RunLength::new(open()), limit))
            .max(size(RunLength::new(RunLength::new(open())), limit));
    }
    most
}

/// Bytes that come out, up to `limit`; of what is broken, the part before the break.
fn size(mut reader: impl Read, limit: u64) -> u64 {
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
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
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
    fn bombs_in_the_rarer_packings_are_found() {
        let runs = [129, b' '].repeat(1_000_000);
        let letters = vec![b'z'; 30_000_000];
        for (filters, data) in [
            ("/RunLengthDecode", runs.clone()),
            ("[/FlateDecode /RL]", packed(&runs)),
            ("[/FlateDecode /ASCII85Decode]", packed(&letters)),
        ] {
            let bomb = object(&format!("/Filter {filters}"), &data);
            let error = check(&bomb).unwrap_err();
            assert_eq!(error.code(), "decompression_bomb", "{filters}");
            let innocent = object("/Filter /FlateDecode", &data);
            assert!(check(&innocent).is_ok(), "{filters}");
        }
    }

    #[test]
    fn filters_named_in_another_object_are_looked_for_in_the_file() {
        let runs = [129, b' '].repeat(1_000_000);
        let bomb = object("/Filter 9 0 R", &runs);
        assert!(check(&bomb).is_ok());
        let named = [&bomb[..], b"9 0 obj /RunLengthDecode endobj"].concat();
        assert_eq!(check(&named).unwrap_err().code(), "decompression_bomb");
    }

    #[test]
    fn a_bomb_inside_a_bomb_is_found() {
        let zeros = vec![0; 110_000_000];
        let twice = packed(&packed(&zeros));
        let data = object("/Filter [/FlateDecode /FlateDecode]", &twice);
        assert!(data.len() < 10_000);
        assert_eq!(check(&data).unwrap_err().code(), "decompression_bomb");
    }
}
