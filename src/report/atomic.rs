//! A file that is either the old one or the whole new one, whenever the program is stopped.

use super::ReportError;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

type Output = BufWriter<File>;

/// Lets `render` write beside `path`, then puts the finished file in its place.
///
/// `render` reports what goes wrong in its own words; a failure to write is [`ReportError::Unwritable`].
pub fn write(
    path: &Path,
    render: impl FnOnce(&mut Output) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let unwritable = |source: io::Error| ReportError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let written = (|| {
        let mut output = BufWriter::new(File::create(&partial).map_err(unwritable)?);
        render(&mut output)?;
        output.flush().map_err(unwritable)?;
        output.get_ref().sync_all().map_err(unwritable)?;
        std::fs::rename(&partial, path).map_err(unwritable)
    })();
    if written.is_err() {
        // What is left of a failed attempt says nothing; that it failed is reported already.
        let _ = std::fs::remove_file(&partial);
    }
    written
}
