//! What other PDF libraries read in a file, for `measure.py`: `candidates LIBRARY FILE`.
//!
//! The `main.rs` of a crate that depends on `lopdf`, `pdf-extract` and `pdf_oxide`.

use std::error::Error;
use std::process::ExitCode;

type Text = Result<String, Box<dyn Error>>;

fn lopdf(bytes: &[u8]) -> Text {
    let document = lopdf::Document::load_mem(bytes)?;
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    Ok(document.extract_text(&pages)?)
}

fn pdf_extract(bytes: &[u8]) -> Text {
    Ok(pdf_extract::extract_text_from_mem(bytes)?)
}

fn pdf_oxide(bytes: &[u8]) -> Text {
    let document = pdf_oxide::document::PdfDocument::from_bytes(bytes.to_vec())?;
    let pages: Result<Vec<String>, _> = (0..document.page_count()?)
        .map(|page| document.extract_text(page))
        .collect();
    Ok(pages?.join("\n"))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [library, file] = arguments.as_slice() else {
        eprintln!("candidates LIBRARY FILE");
        return ExitCode::from(2);
    };
    let read = match library.as_str() {
        "lopdf" => lopdf,
        "pdf-extract" => pdf_extract,
        "pdf_oxide" => pdf_oxide,
        other => {
            eprintln!("no library `{other}`");
            return ExitCode::from(2);
        }
    };
    match std::fs::read(file)
        .map_err(Into::into)
        .and_then(|bytes| read(&bytes))
    {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}
