//! Text in, [`Response`]s out: where its pages, sections and sentences stand.
//!
//! Knows nothing of models or themes.

mod extracted;
mod response;
mod structure;
mod text;

pub use response::{
    Format, Found, Metadata, Page, Response, Section, Sentence, SentenceKind, Span,
};
pub use text::from_text;
