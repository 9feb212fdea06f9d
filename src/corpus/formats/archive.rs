//! The ZIP file that a DOCX or ODT is, read part by part within a limit.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::{MAX_UNPACKED, ReadError, damaged};

pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Bytes that may yet be unpacked.
    left: u64,
}

impl<'a> Archive<'a> {
    /// Opens an archive; `what` is the file that it should be, for the message if it is not.
    pub fn open(bytes: &'a [u8], what: &str) -> Result<Self, ReadError> {
        if bytes.starts_with(b"\xD0\xCF\x11\xE0") {
            return Err(damaged(format!(
                "it is not a {what} but an older Office file, or one that needs a password"
            )));
        }
        if !bytes.starts_with(b"PK") {
            return Err(damaged(format!("it is not a {what}")));
        }
        let zip = ZipArchive::new(Cursor::new(bytes))
            .map_err(|error| damaged(format!("the {what} is cut short or broken ({error})")))?;
        Ok(Self {
            zip,
            left: MAX_UNPACKED,
        })
    }

    /// Names of the parts that begin with `prefix` and end with `suffix`, in order.
    pub fn names(&self, prefix: &str, suffix: &str) -> Vec<String> {
        let mut names: Vec<_> = self
            .zip
            .file_names()
            .flatten()
            .filter(|name| name.starts_with(prefix) && name.ends_with(suffix))
            .map(std::borrow::Cow::into_owned)
            .collect();
        names.sort();
        names
    }

    /// Unpacks one part; `None` if the archive has none of that name.
    pub fn part(&mut self, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let broken = |error: &dyn std::fmt::Display| {
            damaged(format!("its part `{name}` cannot be unpacked ({error})"))
        };
        let part = match self.zip.by_name(name) {
            Ok(part) => part,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(broken(&error)),
        };
        let mut bytes = Vec::new();
        // The size that the archive states is not to be trusted; what comes out is counted.
        part.take(self.left + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| broken(&error))?;
        self.left =
            self.left
                .checked_sub(bytes.len() as u64)
                .ok_or(ReadError::DecompressionBomb {
                    limit: MAX_UNPACKED,
                })?;
        Ok(Some(bytes))
    }

    /// Unpacks a part without which the file is no `what`.
    pub fn required(&mut self, name: &str, what: &str) -> Result<Vec<u8>, ReadError> {
        self.part(name)?
            .ok_or_else(|| damaged(format!("it is not a {what}: it has no `{name}`")))
    }
}

/// Zips the parts, for the tests of the formats that are archives.
#[cfg(test)]
pub(super) fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_stopped_at_the_limit_and_parts_share_it() {
        let half = vec![b' '; usize::try_from(MAX_UNPACKED).unwrap() / 2 + 1];
        let bytes = zipped(&[("a", &half), ("b", &half), ("c", b"liten")]);
        assert!(bytes.len() < 1_000_000);
        let mut archive = Archive::open(&bytes, "DOCX").unwrap();
        assert!(archive.part("a").unwrap().is_some());
        assert_eq!(archive.part("b").unwrap_err().code(), "decompression_bomb");
        let mut archive = Archive::open(&bytes, "DOCX").unwrap();
        assert_eq!(archive.part("c").unwrap().unwrap(), b"liten");
        assert!(archive.part("d").unwrap().is_none());
    }

    #[test]
    fn an_archive_cut_short_is_damaged() {
        let bytes = zipped(&[("a", &[b'x'; 5000])]);
        for length in [3, 30, bytes.len() / 2, bytes.len() - 1] {
            let error = Archive::open(&bytes[..length], "ODT").err().unwrap();
            assert_eq!(error.code(), "damaged_file", "{length}");
        }
    }
}
