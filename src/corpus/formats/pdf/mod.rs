//! PDF: positioned characters from hayro, lines and columns by our own layout.
//!
//! `inflate` refuses decompression bombs before the library sees the file, `excess` documents that
//! would overwhelm it, `characters` collects what each page draws, and `layout` finds columns,
//! lines, words and paragraph gaps. The choice of library, and how well all this works, is
//! measured in `docs/pdf-extraction.md`.

mod characters;
mod excess;
mod inflate;
mod layout;
mod rare;

use std::cell::Cell;
use std::panic;
use std::sync::Once;
use std::thread;

use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use self::characters::TooMuchDrawn;
use self::layout::{Pitch, Region};
use super::super::Span;
use super::super::extracted::Extracted;
use super::writer::clean;
use super::{Format, ReadError, damaged};

/// Enough for the deepest nesting of objects that the library allows.
const STACK: usize = 64 * 1024 * 1024;

/// More than half of the characters have no known meaning: the fonts are not decodable, and
/// text recognition is needed as if it were a scan.
const UNDECODABLE: usize = 2;

/// Where the header stands if the file is a PDF: near the beginning (ISO 32000-1, H.3.4.1).
const HEADER_WITHIN: usize = 1024;

pub(super) fn extract(bytes: &[u8]) -> Result<Extracted, ReadError> {
    let head = &bytes[..bytes.len().min(HEADER_WITHIN)];
    if !head.windows(5).any(|window| window == b"%PDF-") {
        return Err(damaged("it is not a PDF"));
    }
    inflate::check(bytes)?;
    let pages = on_a_thread_of_its_own(|| read_pages(bytes))?;

    let characters = || pages.iter().flatten().flat_map(Region::characters);
    let total = characters().count();
    let unknown = characters().filter(|c| *c == char::REPLACEMENT_CHARACTER);
    if unknown.count() * UNDECODABLE >= total {
        return Err(ReadError::NoTextLayer);
    }
    let pitch = Pitch::of(&pages);
    let mut text = String::new();
    let mut spans = Vec::with_capacity(pages.len());
    for page in &pages {
        if !spans.is_empty() {
            text.push('\n');
        }
        let start = text.len();
        text.push_str(&clean(&layout::text_of(page, pitch)));
        spans.push(Span::new(start, text.len()));
    }
    Ok(Extracted {
        format: Format::Pdf,
        text,
        pages: spans,
        blocks: Vec::new(),
        encoding: None,
    })
}

fn read_pages(bytes: &[u8]) -> Result<Vec<Vec<Region>>, ReadError> {
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => ReadError::EncryptedPdf,
        LoadPdfError::Decryption(_) => damaged("the PDF's encryption is broken or not known"),
        LoadPdfError::Invalid => damaged("the PDF is cut short or broken"),
    })?;
    if pdf.pages().is_empty() {
        return Err(damaged("the PDF has no pages"));
    }
    if excess::overwhelms(&pdf) {
        return Err(damaged("the PDF draws more than any document does"));
    }
    let pages = characters::of_pages(&pdf);
    Ok(pages.into_iter().map(layout::regions).collect())
}

/// Calls `read` where a panic of the library is an error and its recursion has room.
fn on_a_thread_of_its_own<T: Send>(
    read: impl FnOnce() -> Result<T, ReadError> + Send,
) -> Result<T, ReadError> {
    thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
    thread::scope(|scope| {
        let reading = thread::Builder::new()
            .name("pdf".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                QUIET.set(true);
                read()
            })
            .map_err(|error| ReadError::Unreadable(error.to_string()))?;
        reading.join().unwrap_or_else(|payload| {
            Err(if payload.is::<TooMuchDrawn>() {
                damaged("the PDF draws more than any document does")
            } else {
                damaged("the PDF is broken in a way that its reader does not cope with")
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[u8] = include_bytes!("../../../../tests/files/two-columns-libreoffice.pdf");
    const CHROMIUM: &[u8] = include_bytes!("../../../../tests/files/two-columns-chromium.pdf");
    const FOOTNOTES: &[u8] = include_bytes!("../../../../tests/files/footnotes.pdf");
    const ENCRYPTED: &[u8] = include_bytes!("../../../../tests/files/encrypted.pdf");
    const OWNER_ONLY: &[u8] = include_bytes!("../../../../tests/files/owner-password-only.pdf");
    const SCAN: &[u8] = include_bytes!("../../../../tests/files/no-text-layer.pdf");

    /// Words in order, with line-end hyphens joined.
    fn words(text: &str) -> String {
        let joined = text.replace("-\n", "");
        joined.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn columns_are_read_one_after_the_other() {
        for pdf in [COLUMNS, CHROMIUM] {
            let text = words(&extract(pdf).unwrap().text);
            for sentence in [
                "Regionen håller med om att ökad användning av artificiell intelligens (AI) kan stödja både regioner, kommuner, näringsliv och akademi i att lösa samhällets utmaningar",
                "IMY har en viktig roll och avgörande betydelse kring strategisk juridisk och regulatorisk vägledning",
                "Region Skåne stödjer förslagen i stort men understryker behovet av juridisk tydlighet",
            ] {
                assert!(text.contains(sentence), "{text}");
            }
        }
    }

    #[test]
    fn pages_lines_and_paragraph_gaps_stay() {
        let out = extract(FOOTNOTES).unwrap();
        assert_eq!(out.pages.len(), 3);
        let pages: Vec<_> = out
            .pages
            .iter()
            .map(|p| p.slice(&out.text).unwrap())
            .collect();
        for (page, number) in pages.iter().zip(["1 (3)", "2 (3)", "3 (3)"]) {
            assert!(
                page.starts_with("Region Skåne · Remissvar SOU 2025:12\n"),
                "{page}"
            );
            assert!(page.ends_with(number), "{page}");
        }
        assert!(pages[0].contains("\n\nÖvergripande synpunkter\n\nRegion Skåne instämmer i AI"));
        // Footnote marks are raised digits, so that they do not read as part of a word.
        assert!(out.text.contains('¹'), "{}", out.text);
        assert!(out.text.contains("Se betänkandet, avsnitt 4.2"));
    }

    #[test]
    fn a_pdf_that_needs_a_password_is_named_and_one_that_does_not_is_read() {
        assert_eq!(extract(ENCRYPTED).unwrap_err().code(), "encrypted_pdf");
        assert!(extract(OWNER_ONLY).unwrap().text.contains("Region Skåne"));
    }

    #[test]
    fn a_scan_has_no_text_layer() {
        assert_eq!(extract(SCAN).unwrap_err().code(), "no_text_layer");
    }

    #[test]
    fn no_cut_or_flipped_byte_makes_a_panic() {
        for length in (0..COLUMNS.len()).step_by(1500) {
            let _ = extract(&COLUMNS[..length]);
        }
        for at in (0..COLUMNS.len()).step_by(400) {
            let mut bytes = COLUMNS.to_vec();
            bytes[at] ^= 0x55;
            let _ = extract(&bytes);
        }
    }

    #[test]
    fn a_panic_of_the_library_is_an_error() {
        let error = on_a_thread_of_its_own::<()>(|| panic!("as a library might")).unwrap_err();
        assert_eq!(error.code(), "damaged_file");
    }
}
