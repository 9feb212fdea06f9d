//! Why a file could not be read, in words for the person who has the file.

use thiserror::Error;

/// A response that could not be read. Each variant becomes a named failure in the run.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("the file cannot be opened: {0}")]
    Unreadable(String),
    #[error("the file is empty")]
    Empty,
    #[error("the file is {size} bytes, more than the limit of {limit} bytes")]
    TooLarge { size: u64, limit: u64 },
    #[error("the file's type is not known; remiss reads txt, md, html, pdf, docx and odt")]
    UnknownFormat,
    #[error("the PDF is encrypted and needs a password; save a copy without protection")]
    EncryptedPdf,
    #[error("the PDF has no text layer (a scan?); run text recognition (OCR) on it first")]
    NoTextLayer,
    #[error("the file is damaged or is not what its name says: {0}")]
    Damaged(String),
    #[error("the file unpacks to more than {limit} bytes, which looks like a decompression bomb")]
    DecompressionBomb { limit: u64 },
    #[error("the file holds no text")]
    NoText,
}

impl ReadError {
    /// Every [`code`](Self::code).
    pub const CODES: [&'static str; 9] = [
        "unreadable",
        "empty_file",
        "too_large",
        "unknown_format",
        "encrypted_pdf",
        "no_text_layer",
        "damaged_file",
        "decompression_bomb",
        "no_text",
    ];

    /// Stable name of the failure, for `error.code` in `results.jsonl`.
    pub fn code(&self) -> &'static str {
        match self {
            ReadError::Unreadable(_) => "unreadable",
            ReadError::Empty => "empty_file",
            ReadError::TooLarge { .. } => "too_large",
            ReadError::UnknownFormat => "unknown_format",
            ReadError::EncryptedPdf => "encrypted_pdf",
            ReadError::NoTextLayer => "no_text_layer",
            ReadError::Damaged(_) => "damaged_file",
            ReadError::DecompressionBomb { .. } => "decompression_bomb",
            ReadError::NoText => "no_text",
        }
    }
}
