//! Sentences and what the embedded lexicon must make of them, one table for each rule.

use super::*;

mod cues;
mod scope;

fn lexicon() -> &'static Lexicon {
    static LEXICON: std::sync::OnceLock<Lexicon> = std::sync::OnceLock::new();
    LEXICON.get_or_init(Lexicon::embedded)
}

/// A proposal that affirms, one that negates and one that abolishes.
const INTRODUCE: &str = "En avgift ska införas.";
const NOT_INTRODUCE: &str = "Någon avgift ska inte införas.";
const ABOLISH: &str = "Avgiften ska avskaffas.";

/// The label with respect to a proposal; `silent` where the lexicon has no opinion.
fn label(sentence: &str, lead: Option<&str>, proposal: &str) -> &'static str {
    let reading = lexicon().judge(sentence, Context { lead });
    match lexicon().label(&reading, &lexicon().proposal(proposal)) {
        (_, 0.0) => "silent",
        (label, _) => label.key(),
    }
}

/// All the rows that fail at once, so that one change of a cue shows all it does.
fn check(rows: &[(&str, &str)], proposal: &str) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|&(sentence, expected)| {
            let found = label(sentence, None, proposal);
            let reading = lexicon().judge(sentence, Context::default());
            let cues: Vec<&str> = reading
                .hits
                .iter()
                .map(|hit| hit.cue.text.as_str())
                .collect();
            (found != expected).then(|| format!("{expected} judged {found}: {sentence} {cues:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}:\n{}", proposal, wrong.join("\n"));
}

#[test]
fn a_fault_in_the_file_names_its_line() {
    let changed = |from: &str, to: &str| {
        let source = EMBEDDED.replacen(from, to, 1);
        let fault = Lexicon::parse(&source, Path::new("lexicon.toml"))
            .unwrap_err()
            .to_string();
        let line = source[..source.find(to).unwrap()].matches('\n').count() + 1;
        assert!(
            fault.starts_with(&format!("`lexicon.toml`, line {line}: ")),
            "{fault}"
        );
        fault
    };
    assert!(
        changed("\"tillstyrk{er|a|te|t|s|tes|an|ande}\"", "\"tillstyrk{er\"")
            .contains("must close")
    );
    assert!(changed("[oppose]", "[opose]").contains("unknown field"));
    assert!(changed("\"bejaka{r|s|}\"", "\"* bejaka\"").contains("must begin with a word"));
    assert!(
        changed("\"biträd{er|a|de|s}\"", "\"bejaka{r|s|}\" ")
            .contains("the cue `bejaka{r|s|}` already stands on line")
    );
}
