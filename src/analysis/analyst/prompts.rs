//! What a language model is asked: the templates of `prompts/`, filled in.

use crate::Language;
use crate::analysis::answers::MOST_CITED;
use crate::codebook::{Stance, ThemeText};
use crate::hash::sha256;
use crate::inference::Marked;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value, context};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::LazyLock;

/// Name and source of every template of a language.
macro_rules! templates {
    ($language:literal) => {
        templates!($language: "system", "source", "stance", "answer", "summary", "merge")
    };
    ($language:literal: $($name:literal),*) => {
        [$((
            concat!($name, ".jinja"),
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/prompts/", $language, "/", $name, ".jinja"
            )),
        )),*]
    };
}

const SWEDISH: [(&str, &str); 6] = templates!("sv");
const ENGLISH: [(&str, &str); 6] = templates!("en");
const VERSION: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/VERSION"));

/// Points in a summary, at most.
pub(super) const MOST_POINTS: usize = 8;

/// A proposal that something should not be: the main verb denied, or nobody and nothing for a subject.
static NEGATIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) \b (ska|skall|bör|får|behöver|kan|must|shall|should|may|can) \s+ (inte|ej|icke|not) \b
        | \b (inte|ej) \s+ (ska|skall|bör|får|behöver) \b
        | ^ \s* (ingen|inget|inga|no|none|nobody|neither) \b",
    )
    .expect("it is well formed")
});

/// A proposal that something should end: the main verb takes away.
static ABOLISHING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) \b (ska|skall|bör|får|must|shall|should|to) \s+ (be \s+)?
        (avskaffas|slopas|upphävas|upphöra|avvecklas|tas \s+ bort|läggas \s+ ned|abolished|repealed|removed|cease)
        \b",
    )
    .expect("it is well formed")
});

/// The templates of one language.
pub struct Prompts {
    language: Language,
    environment: Environment<'static>,
}

/// Which prompts a run was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptsIdentity {
    pub language: Language,
    pub version: String,
    /// Of the names and sources of the language's templates.
    pub sha256: String,
}

/// A part of a response, or what was made of one, as a model sees it.
pub(super) struct Source<'a> {
    pub text: &'a str,
    /// Whether the response is longer.
    pub excerpt: bool,
}

impl Prompts {
    /// The prompts in the language of the responses.
    pub fn new(language: Language) -> Self {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        environment.set_syntax(syntax.expect("the usual delimiters do not collide"));
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        for (name, source) in templates(language) {
            environment
                .add_template(name, source)
                .expect("a test reads every template");
        }
        Self {
            language,
            environment,
        }
    }

    pub fn identity(&self) -> PromptsIdentity {
        let mut all = String::new();
        for (name, source) in templates(self.language) {
            all.push_str(name);
            all.push('\0');
            all.push_str(source);
            all.push('\0');
        }
        PromptsIdentity {
            language: self.language,
            version: VERSION.trim().to_owned(),
            sha256: sha256(all.as_bytes()),
        }
    }

    /// The instructions that every question stands under.
    pub(super) fn system(&self) -> Marked {
        self.fill("system.jinja", &[], context! {})
    }

    /// The question of the respondent's stance on one theme.
    pub(super) fn stance(&self, source: &Source, theme: &ThemeText) -> Marked {
        let mut data = vec![("source", source.text), ("proposal", &theme.proposal)];
        if !theme.description.trim().is_empty() {
            data.push(("description", &theme.description));
        }
        let labels: BTreeMap<&str, &str> = Stance::ALL
            .iter()
            .map(|stance| (stance.key(), self.label(*stance)))
            .collect();
        self.fill(
            "stance.jinja",
            &data,
            context! {
                excerpt => source.excerpt,
                description => false,
                polarity => polarity(&theme.proposal),
                most_evidence => MOST_CITED,
                labels,
            },
        )
    }

    /// The question of what the response says.
    pub(super) fn summary(&self, source: &Source) -> Marked {
        let other = context! { excerpt => source.excerpt, most_points => MOST_POINTS };
        self.fill("summary.jinja", &[("source", source.text)], other)
    }

    /// The question of what the points of several parts come to.
    pub(super) fn merge(&self, points: &str) -> Marked {
        let other = context! { most_points => MOST_POINTS };
        self.fill("merge.jinja", &[("source", points)], other)
    }

    /// What the answer about a stance begins with, and what stands between a label and the numbers of
    /// its evidence.
    pub(super) fn answer(&self) -> (String, String) {
        const LABEL: &str = "\u{F0002}";
        let template = self.environment.get_template("answer.jinja");
        let text = template.and_then(|template| template.render(context! { label => LABEL }));
        let text = text.expect("a test renders every template");
        let (before, after) = text.split_once(LABEL).expect("the answer holds the label");
        (before.to_owned(), after.to_owned())
    }

    /// The word for a stance that a model chooses or not.
    pub(super) fn label(&self, stance: Stance) -> &'static str {
        stance.label(self.language)
    }

    fn fill(&self, template: &str, data: &[(&str, &str)], other: Value) -> Marked {
        let texts = data.iter().map(|(_, text)| (*text).to_owned()).collect();
        let filled = Marked::around(texts, |marks| {
            let names = data.iter().map(|(name, _)| *name);
            let marks = names.zip(marks.iter().cloned());
            let template = self.environment.get_template(template);
            let all = context! { ..Value::from_pairs(marks), ..other };
            let text = template.and_then(|template| template.render(all));
            Ok::<_, Infallible>(text.expect("a test renders every template"))
        });
        match filled {
            Ok(filled) => filled,
            Err(never) => match never {},
        }
    }
}

fn templates(language: Language) -> &'static [(&'static str, &'static str); 6] {
    match language {
        Language::Sv => &SWEDISH,
        Language::En => &ENGLISH,
    }
}

/// What a model is told of a proposal that could be misread: `negative`, `abolishing` or `plain`. A word that
/// denies somewhere else in it ("den som inte betalar") does not make it negative.
fn polarity(proposal: &str) -> &'static str {
    if NEGATIVE.is_match(proposal) {
        "negative"
    } else if ABOLISHING.is_match(proposal) {
        "abolishing"
    } else {
        "plain"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theme(proposal: &str, description: &str) -> ThemeText {
        ThemeText {
            name: "Namn".to_owned(),
            proposal: proposal.to_owned(),
            description: description.to_owned(),
        }
    }

    /// Who changes a prompt raises `prompts/VERSION` and writes the new hashes here.
    #[test]
    fn a_version_names_one_wording() {
        let identities = [Language::Sv, Language::En].map(|own| {
            let identity = Prompts::new(own).identity();
            format!("{} {}", identity.version, &identity.sha256[..16])
        });
        assert_eq!(identities, ["1 f0e5aa129399886f", "1 91164f72f5509f09"]);
    }

    #[test]
    fn a_question_holds_its_texts_and_the_labels() {
        for language in [Language::Sv, Language::En] {
            let prompts = Prompts::new(language);
            let source = Source {
                text: "[1] {{ labels }} Ja.",
                excerpt: false,
            };
            let asked = prompts.stance(&source, &theme("Avgiften ska höjas.", "Nivån."));
            let text = asked.plain();
            for expected in ["[1] {{ labels }} Ja.\n", "Avgiften ska höjas.", "Nivån."] {
                assert!(text.contains(expected), "{text}");
            }
            for stance in Stance::ALL {
                let label = format!("\"{}\"", stance.label(language));
                assert_eq!(text.matches(&label).count(), 1, "{label}");
            }
            let (before, after) = prompts.answer();
            assert!(before.ends_with('"') && after.starts_with('"'));
            assert!(after.ends_with(": "));
        }
    }

    #[test]
    fn a_response_that_goes_on_elsewhere_is_said_to() {
        let prompts = Prompts::new(Language::Sv);
        let ask = |excerpt| {
            let source = Source {
                text: "[7] Ja.",
                excerpt,
            };
            prompts.summary(&source).plain()
        };
        assert!(ask(true).contains("utdrag") && !ask(false).contains("utdrag"));
    }

    #[test]
    fn the_polarity_of_a_proposal_is_spelled_out() {
        for (language, proposal, expected) in [
            (
                Language::Sv,
                "Någon ny myndighet ska inte inrättas.",
                "inte ska finnas.",
            ),
            (
                Language::Sv,
                "Inga nya avgifter ska införas.",
                "inte ska finnas.",
            ),
            (
                Language::Sv,
                "Avgiften ska slopas.",
                "ska tas bort eller upphöra.",
            ),
            (
                Language::En,
                "The fee should not be raised.",
                "Note the negative",
            ),
            (
                Language::En,
                "The fee should be abolished.",
                "come to an end.",
            ),
            (
                Language::Sv,
                "En myndighet ska inrättas för att hindra brott.",
                "",
            ),
            (
                Language::Sv,
                "Den som inte lämnar uppgift ska betala en avgift.",
                "",
            ),
            (
                Language::En,
                "Reports must be sent no later than 1 March.",
                "",
            ),
        ] {
            let prompts = Prompts::new(language);
            let source = Source {
                text: "[1] Ja.",
                excerpt: false,
            };
            let text = prompts.stance(&source, &theme(proposal, "")).plain();
            assert!(text.contains(expected), "{text}");
            let noted = text.contains("Lägg märke") || text.contains("Note th");
            assert_eq!(noted, !expected.is_empty(), "{proposal}");
            assert!(!text.contains("Till förslaget hör"), "{text}");
        }
    }
}
