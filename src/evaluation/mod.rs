//! Labelled responses and the judge in, figures with intervals out.
//!
//! The judge is compared with its own parts, each with weights that were fitted for it alone
//! (`models/embedded/parts.json`), and with baselines that need no training. Every figure has an
//! interval: consultations are drawn anew, or, where there are only sentences, sentences.

mod features;
mod labelled;
mod measures;
mod response_table;
mod responses;
mod rows;
mod stance;
mod summaries;
mod support;
mod table;

pub use features::{response_features, topic_features};
pub use labelled::{
    Consultation, Labelled, LabelledError, SentenceLabel, TRAIN, WrittenResponse, WrittenSentence,
    WrittenTheme,
};
pub use responses::{ResponseFigures, measure_responses};
pub use rows::RowsError;
pub use stance::{StanceError, StanceFigures, StanceRow, TopicStance, measure_stance, read_rows};
pub use support::{SupportError, SupportFigures, SupportRow, measure_support, read_support};
