//! Plain text: which encoding it is in, and where its pages end.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::super::Span;
use super::super::extracted::Extracted;
use super::writer::clean;
use super::{Format, ReadError, damaged};

/// Reads plain text. A form feed ends a page; the structure is left to be inferred from lines.
pub(super) fn extract(bytes: &[u8]) -> Result<Extracted, ReadError> {
    let (decoded, encoding) = decode(bytes)?;
    let mut text = String::with_capacity(decoded.len());
    let mut pages = Vec::new();
    if decoded.contains('\u{C}') {
        // Programs that mark pages also close the last one.
        let body = decoded.trim_end_matches(['\u{C}', '\n', '\r', ' ']);
        for page in body.split('\u{C}') {
            if !pages.is_empty() {
                text.push('\n');
            }
            let start = text.len();
            text.push_str(&clean(page));
            pages.push(Span::new(start, text.len()));
        }
    } else {
        text.push_str(&clean(&decoded));
    }
    Ok(Extracted {
        format: Format::Text,
        text,
        pages,
        blocks: Vec::new(),
        encoding,
    })
}

/// Decodes text, and names its encoding where that is not UTF-8.
///
/// In this order: a byte order mark, UTF-16 by its zero bytes, UTF-8, and then whichever of the
/// eight-bit encodings makes the most Swedish of the bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Option<String>), ReadError> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        let (text, _, _) = encoding.decode(bytes);
        let name = (encoding != encoding_rs::UTF_8).then(|| encoding.name().to_owned());
        return Ok((text, name));
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(bytes);
        return Ok((text, Some(encoding.name().to_owned())));
    }
    if is_binary(bytes) {
        return Err(damaged("it holds binary data, not text"));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((Cow::Borrowed(text), None));
    }
    if is_broken_utf8(bytes) {
        let name = "UTF-8 with errors".to_owned();
        return Ok((String::from_utf8_lossy(bytes), Some(name)));
    }
    let encoding = eight_bit_encoding(bytes);
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    Ok((text, Some(encoding.name().to_owned())))
}

/// Latin text in UTF-16 has a zero in nearly every second byte.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |offset| {
        head.iter()
            .skip(offset)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
    if pairs == 0 {
        None
    } else if odd * 10 >= pairs * 8 && even * 10 < pairs {
        Some(UTF_16LE)
    } else if even * 10 >= pairs * 8 && odd * 10 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// A zero byte, or more than one control character in a hundred. Fewer are slips of some
/// program and are left out of the text.
fn is_binary(bytes: &[u8]) -> bool {
    let controls = bytes
        .iter()
        .filter(|b| matches!(b, 0x01..=0x08 | 0x0E..=0x1F | 0x7F))
        .count();
    bytes.contains(&0) || controls * 100 > bytes.len()
}

/// UTF-8 in which something was cut or pasted wrongly: many sound characters for each bad one.
fn is_broken_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    sound > 4 * bad
}

/// Windows-1252 and its kin, told apart by how Swedish the text becomes. The detector knows
/// neither Mac OS Roman nor, in a short text, what language to expect.
fn eight_bit_encoding(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(Some(b"se"), Utf8Detection::Deny);
    let mut best = (WINDOWS_1252, swedishness(WINDOWS_1252, bytes));
    for candidate in [guess, MACINTOSH] {
        let score = swedishness(candidate, bytes);
        if score > best.1 {
            best = (candidate, score);
        }
    }
    best.0
}

/// Swedish letters inside words count for an encoding, and odd signs against it.
fn swedishness(encoding: &'static Encoding, bytes: &[u8]) -> i64 {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let mut score = 0;
    let mut before = ' ';
    for c in text.chars() {
        score += match c {
            _ if c.is_ascii() => 0,
            'å' | 'ä' | 'ö' | 'é' if !before.is_uppercase() => 2,
            'Å' | 'Ä' | 'Ö' | 'É' if !before.is_lowercase() => 2,
            'å' | 'ä' | 'ö' | 'Å' | 'Ä' | 'Ö' | 'é' | 'É' | 'ü' | 'è' | 'à' => 1,
            '–' | '—' | '‘' | '’' | '“' | '”' | '»' | '«' | '•' | '…' | '§' | '€' | '\u{A0}'
            | '·' | '´' | '½' | '°' => 0,
            _ => -2,
        };
        before = c;
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWEDISH: &str = "Ärendet gäller “Åtgärder” för hälso- och sjukvården – 5 § köplagen…";

    fn decoded(bytes: &[u8]) -> (String, Option<String>) {
        let (text, encoding) = decode(bytes).unwrap();
        (text.into_owned(), encoding)
    }

    #[test]
    fn each_encoding_that_swedish_is_written_in_comes_out_right() {
        for encoding in [WINDOWS_1252, MACINTOSH] {
            let (bytes, _, unmappable) = encoding.encode(SWEDISH);
            assert!(!unmappable);
            let (text, name) = decoded(&bytes);
            assert_eq!(text, SWEDISH);
            assert_eq!(name.as_deref(), Some(encoding.name()));
        }
        let latin1 = b"H\xe4lsning fr\xe5n \xd6rebro";
        assert_eq!(decoded(latin1).0, "Hälsning från Örebro");
        assert_eq!(decoded(SWEDISH.as_bytes()), (SWEDISH.to_owned(), None));
    }

    #[test]
    fn short_windows_1252_texts_are_not_taken_for_another_alphabet() {
        for text in [
            "Ja på allt.",
            "Å",
            "Svar från Öckerö",
            "FÖRSVARSMAKTEN HAR INGA SYNPUNKTER PÅ FÖRSLAGET",
            "Kommunen tillstyrker förslaget.",
            "Café Björk, à 5 kr",
            "Vi är för.",
        ] {
            let (bytes, _, _) = WINDOWS_1252.encode(text);
            let expected = Some("windows-1252".to_owned());
            assert_eq!(decoded(&bytes), (text.to_owned(), expected));
        }
    }

    #[test]
    fn byte_order_marks_are_honoured_and_left_out() {
        assert_eq!(decoded(b"\xef\xbb\xbfHej"), ("Hej".to_owned(), None));
        let le: Vec<u8> = SWEDISH.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = SWEDISH.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (mark, bytes, name) in [
            (&b"\xff\xfe"[..], &le, "UTF-16LE"),
            (&b"\xfe\xff"[..], &be, "UTF-16BE"),
            (&b""[..], &le, "UTF-16LE"),
            (&b""[..], &be, "UTF-16BE"),
        ] {
            let (text, encoding) = decoded(&[mark, bytes].concat());
            assert_eq!(text, SWEDISH);
            assert_eq!(encoding.as_deref(), Some(name));
        }
    }

    #[test]
    fn a_slip_in_utf8_does_not_make_it_another_encoding() {
        let mut bytes = SWEDISH.as_bytes().to_vec();
        bytes.push(0xE5);
        let (text, encoding) = decoded(&bytes);
        assert_eq!(text, format!("{SWEDISH}\u{FFFD}"));
        assert_eq!(encoding.as_deref(), Some("UTF-8 with errors"));
    }

    #[test]
    fn form_feeds_part_pages() {
        let out = extract("Sida ett\n\u{C}Sida två\r\n\u{C}".as_bytes()).unwrap();
        assert_eq!(out.text, "Sida ett\n\nSida två");
        let pages: Vec<_> = out
            .pages
            .iter()
            .map(|p| p.slice(&out.text).unwrap())
            .collect();
        assert_eq!(pages, ["Sida ett\n", "Sida två"]);
        assert!(extract(b"En sida").unwrap().pages.is_empty());
    }

    #[test]
    fn the_seeds_come_through_untouched() {
        for seed in [
            &include_str!("../../../seeds/region-skane.txt"),
            &include_str!("../../../seeds/stockholms-stad.txt"),
        ] {
            assert_eq!(extract(seed.as_bytes()).unwrap().text, **seed);
        }
    }

    #[test]
    fn random_bytes_are_no_text() {
        let junk: Vec<u8> = (0..4096_u32).map(|i| (i * i * 31 % 251) as u8).collect();
        assert_eq!(decode(&junk).unwrap_err().code(), "damaged_file");
    }
}
