//! `remiss eval …`

use super::Common;
use crate::analysis::{Judge, ngrams::Ngrams};
use crate::codebook::Codebook;
use crate::evaluation::{
    Consultation, Labelled, measure_responses, measure_stance, measure_support, read_rows,
    read_support, response_features, topic_features,
};
use crate::inference::{DeviceChoice, Encoder, open_device};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measure the judge on labelled data
///
/// Prints the usual measures, each with a 95 % bootstrap interval, beside what simpler means
/// would have given. Nothing is written and nothing is learned.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Measure on whole responses with gold stances, evidence and salient sentences
    ///
    /// The folder holds text files in the format of models/training/data/GUIDE.md, and perhaps a
    /// split.toml that divides them into parts.
    Responses {
        /// Folder of labelled responses
        folder: PathBuf,
        /// Measure on this part of split.toml; needed where there are several
        #[arg(long, value_name = "NAME")]
        part: Option<String>,
        /// Measure on responses in this voice only, e.g. `kommun`
        #[arg(long, value_name = "VOICE")]
        voice: Option<String>,
        #[command(flatten)]
        model: Model,
    },
    /// Print the features of labelled sentences, for fitting the fusion weights
    ///
    /// JSON lines that models/training/fuse.py reads.
    #[command(hide = true)]
    Features {
        /// Folder of labelled responses, or JSON lines of sentences with a topic
        input: PathBuf,
        /// A part of split.toml
        #[arg(
            long,
            value_name = "NAME",
            required_unless_present = "topics",
            conflicts_with = "topics"
        )]
        part: Vec<String>,
        /// The topics of JSON lines, as a codebook
        #[arg(long, value_name = "FILE")]
        topics: Option<PathBuf>,
        /// N-gram weights to use instead of those that are built in
        #[arg(long, value_name = "FILE")]
        ngrams: Option<PathBuf>,
        #[command(flatten)]
        model: Model,
    },
    /// Measure on written summary points labelled by how far their evidence carries them
    ///
    /// Each line of the file is a JSON object with `evidence` (sentences), `point`, `label` (full, partial
    /// or none) and `part`.
    Support {
        /// JSON lines
        file: PathBuf,
        /// Measure on the rows of this part
        #[arg(long, value_name = "NAME")]
        part: String,
        #[command(flatten)]
        model: Model,
    },
    /// Measure on single sentences labelled pro, con or non towards a topic
    ///
    /// Each line of the file is a JSON object with `topic`, `sentence` and `label`.
    Stance {
        /// JSON lines
        file: PathBuf,
        /// A codebook whose themes have the topics as ids or names; without it a topic is its name
        #[arg(long, value_name = "FILE")]
        topics: Option<PathBuf>,
        #[command(flatten)]
        model: Model,
    },
}

#[derive(clap::Args)]
struct Model {
    /// `embedded`, or a folder with an encoder
    #[arg(long, default_value = "embedded", value_name = "MODEL")]
    model: String,
    /// Where to compute
    #[arg(long, value_enum, default_value_t)]
    device: DeviceChoice,
}

impl Model {
    fn judge(&self) -> anyhow::Result<Judge> {
        let device = open_device(self.device)?;
        let files = super::run::model_files(&self.model)?;
        Ok(Judge::embedded(Encoder::load(&files, &device)?))
    }
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<ExitCode> {
    let figures = match &arguments.what {
        What::Responses {
            folder,
            part,
            voice,
            model,
        } => {
            let labelled = Labelled::read_folder(folder)?;
            let chosen = choose(&labelled, part.as_deref(), voice.as_deref())?;
            let chosen: Vec<&Consultation> = chosen.iter().collect();
            let total = chosen.iter().map(|c| c.responses.len()).sum();
            let bar = bar(total, common);
            let judge = model.judge()?;
            let figures = measure_responses(&judge, &chosen, || bar.inc(1))?.to_string();
            bar.finish_and_clear();
            figures
        }
        What::Support { file, part, model } => {
            let rows = read_support(file, part)?;
            measure_support(model.judge()?.encoder(), &rows)?.to_string()
        }
        What::Features {
            input,
            part,
            topics,
            ngrams,
            model,
        } => {
            let mut judge = model.judge()?;
            if let Some(path) = ngrams {
                let bytes = std::fs::read(path)
                    .with_context(|| format!("`{}` cannot be read", path.display()))?;
                judge = judge.with_ngrams(Ngrams::parse(&bytes)?);
            }
            let lines = match topics {
                Some(topics) => {
                    topic_features(&judge, &read_rows(input)?, &Codebook::read(topics)?)?
                }
                None => {
                    let labelled = Labelled::read_folder(input)?;
                    let mut lines = Vec::new();
                    for name in part {
                        for mut consultation in choose(&labelled, Some(name), None)? {
                            // What is fitted on this must not know the voice that is held out.
                            consultation
                                .responses
                                .retain(|r| labelled.held_out_voice.as_ref() != Some(&r.voice));
                            lines.extend(response_features(&judge, name, &consultation)?);
                        }
                    }
                    lines
                }
            };
            lines.join("\n") + "\n"
        }
        What::Stance {
            file,
            topics,
            model,
        } => {
            let rows = read_rows(file)?;
            let codebook = topics.as_deref().map(Codebook::read).transpose()?;
            let bar = bar(rows.len(), common);
            let judge = model.judge()?;
            let figures = measure_stance(&judge, &rows, codebook.as_ref(), |done| {
                bar.inc(done as u64);
            })?
            .to_string();
            bar.finish_and_clear();
            figures
        }
    };
    write!(std::io::stdout().lock(), "{figures}")?;
    Ok(ExitCode::SUCCESS)
}

/// The consultations of a part, with the responses of a voice.
fn choose(
    labelled: &Labelled,
    part: Option<&str>,
    voice: Option<&str>,
) -> anyhow::Result<Vec<Consultation>> {
    let parts: Vec<&str> = labelled.parts().into_iter().collect();
    match part {
        Some(part) if !parts.contains(&part) => {
            bail!("there is no part `{part}`; there are {}", parts.join(", "))
        }
        None if parts.len() > 1 => bail!(
            "split.toml divides the folder; choose with --part: {}",
            parts.join(", ")
        ),
        _ => {}
    }
    let chosen: Vec<Consultation> = labelled
        .consultations
        .iter()
        .filter(|(name, _)| part.is_none_or(|part| part == name))
        .map(|(_, consultation)| {
            let mut consultation = consultation.clone();
            consultation
                .responses
                .retain(|response| voice.is_none_or(|voice| voice == response.voice));
            consultation
        })
        .filter(|consultation| !consultation.responses.is_empty())
        .collect();
    match voice {
        Some(voice) if chosen.is_empty() => bail!("no response has the voice `{voice}`"),
        None if chosen.is_empty() => bail!("there are no responses to measure on"),
        _ => Ok(chosen),
    }
}

fn bar(total: usize, common: &Common) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    if common.quiet {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}  {eta}");
    bar.set_style(style.expect("the template is a constant"));
    bar
}
