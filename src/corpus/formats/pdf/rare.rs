//! How much the rarer packings of a PDF stream would give: run length, LZW and ASCII85
//! (ISO 32000-1, 7.4). Sizes only; the library does the decoding.

use std::io::{self, BufRead, BufReader, Read};

/// Which of them the file names anywhere; a stream's own filters may stand in another object.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rare {
    pub run_length: bool,
    pub lzw: bool,
    pub ascii85: bool,
}

impl Rare {
    pub(super) fn named_in(file: &[u8]) -> Self {
        let names = |name: &[u8]| memchr::memmem::find(file, name).is_some();
        Self {
            run_length: names(b"/RunLengthDecode") || names(b"/RL"),
            lzw: names(b"/LZW"),
            ascii85: names(b"/ASCII85Decode") || names(b"/A85"),
        }
    }
}

/// Unpacks runs.
pub(super) struct RunLength<R> {
    packed: io::Bytes<BufReader<R>>,
    /// Bytes still to give of the present run; `None`: each is read.
    repeated: Option<u8>,
    left: usize,
    ended: bool,
}

impl<R: Read> RunLength<R> {
    pub(super) fn new(packed: R) -> Self {
        Self {
            packed: BufReader::new(packed).bytes(),
            repeated: None,
            left: 0,
            ended: false,
        }
    }

    /// The next byte; `None` at the end.
    fn next(&mut self) -> io::Result<Option<u8>> {
        const END: u8 = 128;
        if self.ended {
            return Ok(None);
        }
        if self.left == 0 {
            let Some(length) = self.packed.next().transpose()? else {
                return Ok(None);
            };
            if length == END {
                self.ended = true;
                return Ok(None);
            }
            if length < END {
                self.left = usize::from(length) + 1;
                self.repeated = None;
            } else {
                self.left = 257 - usize::from(length);
                self.repeated = self.packed.next().transpose()?;
                if self.repeated.is_none() {
                    return Ok(None);
                }
            }
        }
        self.left -= 1;
        match self.repeated {
            Some(byte) => Ok(Some(byte)),
            None => self.packed.next().transpose(),
        }
    }
}

impl<R: Read> Read for RunLength<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for (index, place) in buffer.iter_mut().enumerate() {
            match self.next()? {
                Some(byte) => *place = byte,
                None => return Ok(index),
            }
        }
        Ok(buffer.len())
    }
}

/// Bytes that an ASCII85 text gives, up to `limit`.
pub(super) fn ascii85_size(text: impl BufRead, limit: u64) -> u64 {
    let mut fifths = 0;
    for byte in text.bytes().map_while(Result::ok) {
        match byte {
            b'~' => break,
            // One letter for four zero bytes.
            b'z' => fifths += 20,
            b'!'..=b'u' => fifths += 4,
            _ => {}
        }
        if fifths / 5 >= limit {
            break;
        }
    }
    (fifths / 5).min(limit)
}

/// Bytes that an LZW stream gives, up to `limit`: the lengths of its strings, without them.
pub(super) fn lzw_size(packed: impl BufRead, limit: u64) -> u64 {
    const CLEAR: usize = 256;
    const END: usize = 257;
    const MOST: usize = 4096;
    let mut bytes = packed.bytes().map_while(Result::ok);
    let mut lengths: Vec<u64> = Vec::with_capacity(MOST);
    let reset = |lengths: &mut Vec<u64>| {
        lengths.clear();
        lengths.resize(END + 1, 1);
    };
    reset(&mut lengths);
    let (mut pending, mut bits, mut before, mut size) = (0_u32, 0_u32, 0_u64, 0_u64);
    while size < limit {
        // The codes grow by a bit one entry early, which is the default in PDF.
        let width = match lengths.len() + 1 {
            ..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
        while bits < width {
            let Some(byte) = bytes.next() else {
                return size;
            };
            pending = (pending << 8) | u32::from(byte);
            bits += 8;
        }
        bits -= width;
        let code = (pending >> bits) as usize & ((1 << width) - 1);
        pending &= (1 << bits) - 1;
        match code {
            CLEAR => {
                reset(&mut lengths);
                before = 0;
                continue;
            }
            END => break,
            _ => {}
        }
        let length = lengths.get(code).copied().unwrap_or(before + 1);
        size += length;
        if before > 0 && lengths.len() < MOST {
            lengths.push(before + 1);
        }
        before = length;
    }
    size.min(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of ISO 32000-1, 7.4.4.2: ten bytes packed in nine.
    #[test]
    fn lzw_of_the_standard() {
        let packed = [0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01];
        assert_eq!(lzw_size(&packed[..], 100), 10);
        assert_eq!(lzw_size(&packed[..], 4), 4);
    }

    #[test]
    fn runs_are_unpacked() {
        let mut text = Vec::new();
        // Three bytes as they are, five times `x`, the end, and what must not be read.
        let packed = [2, b'a', b'b', b'c', 252, b'x', 128, 252, b'y'];
        RunLength::new(&packed[..]).read_to_end(&mut text).unwrap();
        assert_eq!(text, b"abcxxxxx");
    }

    #[test]
    fn ascii85_counts_its_short_form() {
        assert_eq!(ascii85_size(&b"z z\n!!!!!~>zzz"[..], 100), 12);
        assert_eq!(ascii85_size(&b"zzzz"[..], 7), 7);
    }
}
