//! Bytes in, [`Extracted`] out: one file a format, and one door for them all.
//!
//! [`load`] reads a file within the limits below; [`extract`] picks the reader by the name's
//! extension, and the reader checks that the bytes are what the name says. Every reader is
//! bounded in memory by the size of its input and [`MAX_UNPACKED`], uses no recursion on
//! the document's structure, and returns an error where a file is odd.

mod archive;
mod docx;
mod html;
mod markdown;
mod odt;
mod pdf;
mod text;
mod writer;
mod xml;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::extracted::Extracted;
use super::{Format, ReadError};

/// Largest text, Markdown or HTML file: some 4 000 pages of prose, far above any response.
pub(super) const MAX_TEXT_FILE: u64 = 10 * MIB;

/// Largest PDF, DOCX or ODT file. Higher than for text, since such files carry pictures.
pub(super) const MAX_DOCUMENT_FILE: u64 = 100 * MIB;

/// Most that a file may unpack to, of what is read of it. Ten times the XML of the largest
/// government reports, and little enough to hold in memory twice.
pub(super) const MAX_UNPACKED: u64 = 100 * MIB;

/// Text that a response holds at most, some 2 500 pages, and its lines. Sentences take many
/// times the room of their text.
const MAX_TEXT: u64 = 5 * MIB;
const MAX_LINES: usize = 500_000;

const MIB: u64 = 1024 * 1024;

/// Reads a file whole, after its size has been checked against the limit of its format.
pub(super) fn load(path: &Path) -> Result<Vec<u8>, ReadError> {
    let unreadable = |error: std::io::Error| ReadError::Unreadable(error.to_string());
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        // Reading a pipe or a device could wait or go on for ever.
        return Err(ReadError::Unreadable("it is not a regular file".to_owned()));
    }
    let limit = match format_of(&path.to_string_lossy())? {
        Format::Text | Format::Markdown | Format::Html => MAX_TEXT_FILE,
        Format::Pdf | Format::Docx | Format::Odt => MAX_DOCUMENT_FILE,
    };
    let too_large = |size| ReadError::TooLarge { size, limit };
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    let file = File::open(path).map_err(unreadable)?;
    // The file may have grown since its size was taken.
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

/// Extracts the text of a file whose format its `name` tells and its `bytes` must bear out.
///
/// Never panics, and never returns an [`Extracted`] without text.
pub(super) fn extract(name: &str, bytes: &[u8]) -> Result<Extracted, ReadError> {
    let format = format_of(name)?;
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    let extracted = match format {
        Format::Text => text::extract(bytes),
        Format::Markdown => markdown::extract(bytes),
        Format::Html => html::extract(bytes),
        Format::Pdf => pdf::extract(bytes),
        Format::Docx => docx::extract(bytes),
        Format::Odt => odt::extract(bytes),
    }?;
    if extracted.text.trim().is_empty() {
        return Err(ReadError::NoText);
    }
    let size = extracted.text.len() as u64;
    let lines = memchr::memchr_iter(b'\n', extracted.text.as_bytes()).count();
    if size > MAX_TEXT || lines > MAX_LINES || extracted.pages.len() > MAX_LINES {
        return Err(ReadError::TooLarge {
            size,
            limit: MAX_TEXT,
        });
    }
    Ok(extracted)
}

fn format_of(name: &str) -> Result<Format, ReadError> {
    let extension = Path::new(name)
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("txt" | "text") => Ok(Format::Text),
        Some("md" | "markdown") => Ok(Format::Markdown),
        Some("html" | "htm" | "xhtml") => Ok(Format::Html),
        Some("pdf") => Ok(Format::Pdf),
        Some("docx") => Ok(Format::Docx),
        Some("odt") => Ok(Format::Odt),
        _ => Err(ReadError::UnknownFormat),
    }
}

fn damaged(why: impl Into<String>) -> ReadError {
    ReadError::Damaged(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_follows_the_extension_in_any_case() {
        assert_eq!(format_of("svar.PDF").unwrap(), Format::Pdf);
        assert_eq!(format_of("mapp.v2/svar å.Htm").unwrap(), Format::Html);
        for name in ["svar.doc", "svar", "mapp.pdf/svar", ".txt"] {
            assert_eq!(
                format_of(name).unwrap_err().code(),
                "unknown_format",
                "{name}"
            );
        }
    }

    #[test]
    fn an_empty_file_and_a_file_of_blanks_are_named() {
        assert_eq!(extract("a.txt", b"").unwrap_err().code(), "empty_file");
        assert_eq!(extract("a.pdf", b"").unwrap_err().code(), "empty_file");
        assert_eq!(extract("a.txt", b" \n\t\n").unwrap_err().code(), "no_text");
        assert_eq!(
            extract("a.html", b"<p> </p>").unwrap_err().code(),
            "no_text"
        );
    }

    #[test]
    fn a_file_with_another_formats_bytes_is_damaged() {
        let zip = b"PK\x03\x04 not really a zip";
        for (name, bytes) in [
            ("a.pdf", &b"Hej, detta \xc3\xa4r text."[..]),
            ("a.docx", b"%PDF-1.7"),
            ("a.docx", zip),
            ("a.odt", zip),
            ("a.txt", b"%PDF-1.7\n\x00\x01\x02\x03\xff\xfe"),
            ("a.md", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
        ] {
            assert_eq!(
                extract(name, bytes).unwrap_err().code(),
                "damaged_file",
                "{name}"
            );
        }
    }

    #[test]
    fn a_text_that_is_too_large_is_refused_by_its_size_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stor.txt");
        // A sparse file: it takes no room, and reading it whole would take seconds.
        let file = File::create(&path).unwrap();
        file.set_len(MAX_TEXT_FILE + 1).unwrap();
        assert_eq!(load(&path).unwrap_err().code(), "too_large");
        file.set_len(10).unwrap();
        assert_eq!(load(&path).unwrap().len(), 10);
    }

    #[test]
    fn what_cannot_be_opened_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let missing = load(&folder.path().join("borta.txt")).unwrap_err();
        assert_eq!(missing.code(), "unreadable");
        assert_eq!(load(folder.path()).unwrap_err().code(), "unreadable");
    }
}
