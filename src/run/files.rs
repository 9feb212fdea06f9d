//! Writing files so that a reader, or a later run, never sees half of one.

use super::error::RunError;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes a file under another name first and renames it when it is complete and on disk.
pub(super) fn write_atomically(path: &Path, content: &[u8]) -> Result<(), RunError> {
    write_with(path, |file| file.write_all(content))
}

/// The same for content that is produced piece by piece.
pub(super) fn write_with(
    path: &Path,
    produce: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<(), RunError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    let partial = Path::new(&name);
    let write = || -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(partial)?);
        produce(&mut file)?;
        file.into_inner()?.sync_all()?;
        std::fs::rename(partial, path)
    };
    write().map_err(RunError::file(path))
}
