//! What a person meets who types: help, errors, exit statuses.

mod support;

use std::fs;
use std::path::Path;
use support::{CODEBOOK, output, remiss, text};

fn fails(arguments: &[&str]) -> String {
    let done = output(&mut remiss(arguments));
    assert_eq!(done.status.code(), Some(1), "{arguments:?}");
    text(&done.stderr)
}

#[test]
fn the_seeds_run_and_every_quotation_stands_in_the_stored_text() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let done = output(remiss(&["run", seeds.to_str().unwrap(), "--out"]).arg(&out));
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let printed = text(&done.stdout);
    assert!(
        printed.contains("Remissvar: 2   analyserade: 2   ej analyserade: 0"),
        "{printed}"
    );
    for file in [
        "manifest.json",
        "ledger.sqlite",
        "results.jsonl",
        "stances.csv",
        "report.xlsx",
        "report.html",
    ] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let mut quotations = 0;
    for line in fs::read_to_string(out.join("results.jsonl"))
        .unwrap()
        .lines()
    {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = record["id"].as_str().unwrap();
        let stored = fs::read_to_string(out.join("texts").join(format!("{id}.txt"))).unwrap();
        let statements = record["summary"]
            .as_array()
            .unwrap()
            .iter()
            .chain(record["stances"].as_array().unwrap());
        for statement in statements {
            let evidence = statement["evidence"].as_array().unwrap();
            let needs_none = statement["stance"] == "not_addressed";
            assert!(needs_none || !evidence.is_empty(), "{statement}");
            for cited in evidence.iter().filter(|cited| cited.get("parts").is_none()) {
                let place = |key: &str| usize::try_from(cited[key].as_u64().unwrap()).unwrap();
                assert_eq!(
                    stored[place("start")..place("end")],
                    *cited["quote"].as_str().unwrap()
                );
                quotations += 1;
            }
        }
    }
    assert!(quotations > 10, "{quotations}");
}

#[test]
fn errors_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    assert!(fails(&["run"]).contains("INPUT"));
    assert!(fails(&["run", &at("finns-inte")]).contains("does not exist"));
    assert!(fails(&["run", folder.path().to_str().unwrap()]).contains("themes.toml"));
    fs::write(at("themes.toml"), CODEBOOK).unwrap();
    assert!(fails(&["run", &at("finns-inte.txt")]).contains("does not exist"));
    let empty = fails(&["run", folder.path().to_str().unwrap(), "--out", &at("out")]);
    assert!(empty.contains("there is no response to read"), "{empty}");
    fs::write(at("svar.txt"), "Kommunen tillstyrker bidraget.").unwrap();
    let svar = at("svar.txt");
    assert!(fails(&["run", &svar, "--model", &at("modell")]).contains("there is no model at"));
    fs::create_dir(at("modell")).unwrap();
    assert!(fails(&["run", &svar, "--model", &at("modell")]).contains("has no `config.json`"));
    let foreign = fails(&["run", &svar, "--out", folder.path().to_str().unwrap()]);
    assert!(foreign.contains("holds no run of remiss"), "{foreign}");
    fs::write(
        at("fel.toml"),
        "[codebook]\nconsultation = \"X\"\n[[theme]]\nid = \"Å\"\n",
    )
    .unwrap();
    assert!(fails(&["themes", "check", &at("fel.toml")]).contains("line 3"));
}

#[test]
fn a_cpu_build_names_the_remedy_when_a_gpu_is_asked_for() {
    if cfg!(feature = "cuda") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("themes.toml"), CODEBOOK).unwrap();
    let input = folder.path().to_str().unwrap();
    assert!(fails(&["run", input, "--device", "cuda"]).contains("--device cpu"));
}

#[test]
fn extract_shows_what_is_read() {
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/stockholms-stad.txt");
    let done = output(&mut remiss(&["extract", seed.to_str().unwrap()]));
    assert_eq!(done.status.code(), Some(0));
    let printed = text(&done.stdout);
    assert!(
        printed.contains("kommittéförordningen"),
        "a word hyphenated at a line end is joined"
    );
    assert!(!printed.contains("] 3 (6)"), "a page number is no sentence");
    let json = output(&mut remiss(&["extract", "--json", seed.to_str().unwrap()]));
    let response: remiss::corpus::Response = serde_json::from_slice(&json.stdout).unwrap();
    assert!(response.text.contains("3 (6)"), "but it stays in the text");
}

const LABELLED: &str = "\
% brand | räddningstjänst | SOU 2031:7 Bidrag
@ a | Riktat bidrag | Ett riktat statsbidrag ska införas för räddningstjänsten. | Finansiering och ansökan.
@ b | Tillsynsavgift | Kommunerna ska få ta ut en avgift för tillsyn. | Avgiftens storlek.

## brand-1 | kommun | Hultsjö kommun
= a:supports b:opposes overall:mixed
! a:for | Kommunen tillstyrker förslaget om ett riktat statsbidrag till räddningstjänsten.
! b:against | Kommunen avstyrker förslaget om en avgift för tillsyn.
- | Ärendet har beretts av kommunledningskontoret.

## brand-2 | region | Region Väst
= a:not_addressed b:supports_with_reservations overall:supports_with_reservations
! b:for | Regionen välkomnar att kommunerna får ta ut en avgift för tillsyn.
! b:conditional | Det förutsätter dock att avgiften hålls låg.
";

#[test]
fn eval_measures_on_labelled_responses() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("brand.txt");
    fs::write(&file, LABELLED).unwrap();
    let path = folder.path().to_str().unwrap();
    let done = output(&mut remiss(&["eval", "responses", path]));
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let printed = text(&done.stdout);
    assert!(
        printed.contains("1 consultations, 2 responses, 4 stances, 4 labelled"),
        "{printed}"
    );
    for line in [
        "macro-F1",
        "lexicon alone",
        "ngrams alone",
        "encoder alone",
        "TextRank",
        "ROUGE-L",
    ] {
        assert!(printed.contains(line), "{line}");
    }
    assert_eq!(
        printed,
        text(&output(&mut remiss(&["eval", "responses", path])).stdout)
    );
    let one = output(&mut remiss(&[
        "eval",
        "responses",
        path,
        "--voice",
        "region",
    ]));
    assert!(text(&one.stdout).contains("1 consultations, 1 responses, 2 stances, 2 labelled"));

    assert!(fails(&["eval", "responses", path, "--part", "test"]).contains("there are train"));
    assert!(fails(&["eval", "responses", path, "--voice", "domstol"]).contains("`domstol`"));
    fs::write(&file, LABELLED.replace("b:opposes", "a:opposes")).unwrap();
    assert!(fails(&["eval", "responses", path]).contains("line 6: `a` stands twice"));
    fs::write(&file, LABELLED.replace("b:against", "b:nej")).unwrap();
    assert!(fails(&["eval", "responses", path]).contains("line 8: `nej` is no label"));
    fs::remove_file(&file).unwrap();
    assert!(fails(&["eval", "responses", path]).contains("holds no labelled responses"));
}

#[test]
fn eval_measures_on_sentences_with_a_topic() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.jsonl");
    let row = |sentence: &str, label: &str| {
        format!("{{\"topic\": \"avgift\", \"sentence\": \"{sentence}\", \"label\": \"{label}\"}}\n")
    };
    let rows = row("Avgiften är nödvändig.", "pro") + &row("Avgiften är skadlig.", "con");
    fs::write(&file, &rows).unwrap();
    let path = file.to_str().unwrap();
    let done = output(&mut remiss(&["eval", "stance", path]));
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let printed = text(&done.stdout);
    assert!(
        printed.contains("2 sentences") && printed.contains("Krippendorff's alpha"),
        "{printed}"
    );

    let codebook = folder.path().join("topics.toml");
    fs::write(&codebook, CODEBOOK).unwrap();
    let with = [
        "eval",
        "stance",
        path,
        "--topics",
        codebook.to_str().unwrap(),
    ];
    assert_eq!(output(&mut remiss(&with)).status.code(), Some(0));
    fs::write(&file, rows.replace("avgift\"", "tak\"")).unwrap();
    assert!(fails(&with).contains("no theme with the id or name `tak`"));
    fs::write(&file, rows.replace("con", "nej")).unwrap();
    assert!(fails(&["eval", "stance", path]).contains("line 2"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::Stdio;
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/region-skane.txt");
    let mut child = remiss(&["extract", "--json", seed.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
}

#[test]
fn help_and_completions() {
    for arguments in [
        &["--help"][..],
        &["run", "--help"],
        &["extract", "--help"],
        &["themes", "check", "--help"],
        &["eval", "responses", "--help"],
        &["eval", "stance", "--help"],
    ] {
        let done = output(&mut remiss(arguments));
        assert!(done.status.success(), "{arguments:?}");
        assert!(text(&done.stdout).contains("Usage"), "{arguments:?}");
    }
    let script = output(&mut remiss(&["completions", "bash"]));
    assert!(text(&script.stdout).contains("_remiss()"));
}

#[test]
fn a_language_model_is_looked_at_before_it_is_used() {
    let gguf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoints/gguf");
    let model = gguf.join("bpe-vocabulary.gguf");
    let done = output(&mut remiss(&["model", "check", model.to_str().unwrap()]));
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let printed = text(&done.stdout);
    for part in [
        "Familj                qwen2",
        "Kontext               64 token",
        "bpe-vocabulary.gguf   sha256 ",
        "Filerna är oskadade.",
    ] {
        assert!(printed.contains(part), "{printed}");
    }
    // This one has no chat template, and none beside it.
    let model = gguf.join("spm-vocabulary.gguf");
    let message = fails(&["model", "check", model.to_str().unwrap()]);
    assert!(message.contains("no chat template"), "{message}");
    let message = fails(&["model", "probe", "/nowhere", "--text", "Regionen"]);
    assert!(
        message.contains("there is no model at `/nowhere`"),
        "{message}"
    );
}
