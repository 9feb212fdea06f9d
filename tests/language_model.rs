//! `remiss run --model`: the whole way from files to the report with a language model. Its weights are random, so
//! what it says is nonsense; that it is whole, checked, marked and always the same is what is tested.

mod support;

#[path = "support/model.rs"]
mod model;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use support::{output, remiss, text, write_responses};

const RESPONSES: usize = 5;

struct Setting {
    folder: tempfile::TempDir,
}

impl Setting {
    /// Responses and a model.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        fs::create_dir(folder.path().join("model")).unwrap();
        write_responses(&folder.path().join("in"), RESPONSES, 9);
        model::write_model(&folder.path().join("model"), 2048);
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, out: &str, more: &[&str]) -> Output {
        let input = self.path("in");
        self.run_on(&[input], out, more)
    }

    fn run_on(&self, inputs: &[PathBuf], out: &str, more: &[&str]) -> Output {
        let mut command = remiss(&["run", "--device", "cpu"]);
        command.args(inputs).args(more);
        command.arg("--model").arg(self.path("model"));
        output(command.arg("--out").arg(self.path(out)))
    }

    fn results(&self, out: &str) -> String {
        fs::read_to_string(self.path(out).join("results.jsonl")).unwrap()
    }
}

fn succeeded(done: &Output) {
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
}

fn records(results: &str) -> Vec<Value> {
    let lines = results.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn points(records: &[Value]) -> Vec<&Value> {
    let summaries = records
        .iter()
        .flat_map(|r| r["summary"].as_array().unwrap());
    summaries.collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_run_with_a_language_model_is_whole_and_always_the_same() {
    let setting = Setting::new();
    let done = setting.run("out", &[]);
    succeeded(&done);
    assert!(text(&done.stderr).contains("läser in språkmodellen"));
    let results = setting.results("out");
    let all = records(&results);
    assert_eq!(all.len(), RESPONSES);

    // The form is the one that is published.
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/results.schema.json");
    let validator = jsonschema::validator_for(&json(&schema)).unwrap();
    for record in &all {
        let faults: Vec<String> = validator
            .iter_errors(record)
            .map(|error| error.to_string())
            .collect();
        assert!(faults.is_empty(), "{faults:?}");
        for finding in record["stances"].as_array().unwrap() {
            assert!(finding["second_opinion"].is_string(), "{finding}");
        }
    }
    // What it wrote says how far its evidence carries it, and shows it.
    let written: Vec<&Value> = points(&all)
        .into_iter()
        .filter(|point| point["kind"] == "written")
        .collect();
    assert!(!written.is_empty());
    for point in &written {
        assert!(point["support"].is_string() && point["similarity"].is_number());
        assert_eq!(
            point["support"] == "full",
            point["flags"] == serde_json::json!([])
        );
        assert!(!point["evidence"].as_array().unwrap().is_empty());
    }
    let missing = written.iter().filter(|p| p["support"] == "missing").count();
    assert!(missing > 0, "random words have no support");
    assert!(text(&done.stdout).contains(&format!("{missing} sammanfattningspunkt")));

    let manifest = json(&setting.path("out/manifest.json"));
    assert_eq!(manifest["totals"]["unsupported_points"], missing);
    let model = &manifest["language_model"];
    assert_eq!(model["prompts"]["language"], "sv");
    let files = model["files"].as_object().unwrap();
    let names: Vec<&String> = files.keys().collect();
    let expected = [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ];
    assert_eq!(names, expected);

    let report = fs::read_to_string(setting.path("out/report.html")).unwrap();
    for expected in [
        "skriven av en språkmodell",
        "återfinns inte",
        "kontrollbedömning:",
    ] {
        assert!(report.contains(expected), "{expected}");
    }
    let hash = files["model.safetensors"].as_str().unwrap();
    assert!(report.contains(hash));

    for (out, more) in [
        ("one", ["--batch", "1", "--threads", "1"]),
        ("four", ["--batch", "4", "--threads", "2"]),
        ("many", ["--batch", "32", "--threads", "2"]),
    ] {
        succeeded(&setting.run(out, &more));
        assert_eq!(setting.results(out), results, "{out}");
    }
    let mut files: Vec<PathBuf> = (0..RESPONSES)
        .map(|n| setting.path(&format!("in/svar-{n:04}.txt")))
        .collect();
    files.reverse();
    succeeded(&setting.run_on(&files, "reversed", &["--batch", "2"]));
    assert_eq!(setting.results("reversed"), results);
}

#[test]
fn a_strict_run_leaves_out_what_has_no_support_and_counts_it() {
    let setting = Setting::new();
    succeeded(&setting.run("shown", &[]));
    let done = setting.run("strict", &["--strict"]);
    succeeded(&done);
    let (shown, strict) = (setting.results("shown"), setting.results("strict"));
    let (shown, strict) = (records(&shown), records(&strict));
    let missing = |point: &&&Value| point["support"] == "missing";
    let dropped = points(&shown).iter().filter(missing).count();
    assert!(dropped > 0);
    assert_eq!(points(&strict).iter().filter(missing).count(), 0);
    assert_eq!(points(&shown).len() - dropped, points(&strict).len());
    let manifest = json(&setting.path("strict/manifest.json"));
    assert_eq!(manifest["totals"]["dropped_points"], dropped);
    assert!(text(&done.stdout).contains("har utelämnats"));
    // A run is not gone on with otherwise than it was begun.
    let mixed = setting.run("strict", &[]);
    assert_eq!(mixed.status.code(), Some(1));
    assert!(
        text(&mixed.stderr).contains("with --strict"),
        "{}",
        text(&mixed.stderr)
    );
}

#[test]
fn another_model_is_never_mixed_in_and_a_missing_one_is_named() {
    let setting = Setting::new();
    let embedded = output(remiss(&["run", "--quiet"]).args([
        setting.path("in"),
        PathBuf::from("--out"),
        setting.path("out"),
    ]));
    succeeded(&embedded);
    let mixed = setting.run("out", &[]);
    assert_eq!(mixed.status.code(), Some(1));
    let said = text(&mixed.stderr);
    assert!(said.contains("made with no language model"), "{said}");

    fs::remove_file(setting.path("model/model.safetensors")).unwrap();
    let damaged = setting.run("other", &[]);
    assert_eq!(damaged.status.code(), Some(1));
    let said = text(&damaged.stderr);
    assert!(said.contains("model.safetensors"), "{said}");
    assert!(!setting.path("other").exists());
}

#[test]
fn a_model_that_was_imported_goes_by_its_name() {
    let setting = Setting::new();
    let store = setting.path("store");
    let model = |arguments: &[&str]| {
        let mut command = remiss(&["model"]);
        output(command.args(arguments).env("REMISS_MODELS", &store))
    };
    let empty = model(&["list"]);
    succeeded(&empty);
    assert!(text(&empty.stdout).contains("Inga modeller"));
    let absent = model(&["check", "prov/liten"]);
    assert_eq!(absent.status.code(), Some(1));
    let said = text(&absent.stderr);
    assert!(said.contains("remiss model pull prov/liten"), "{said}");

    let folder = setting.path("model");
    let imported = model(&["import", folder.to_str().unwrap(), "--name", "prov/liten"]);
    succeeded(&imported);
    let said = text(&imported.stdout);
    assert!(
        said.contains("prov/liten importerad") && said.contains("model.safetensors"),
        "{said}"
    );
    assert!(text(&model(&["list"]).stdout).contains("prov/liten"));
    let checked = model(&["check", "prov/liten"]);
    succeeded(&checked);
    assert!(
        text(&checked.stdout).contains("qwen3"),
        "{}",
        text(&checked.stdout)
    );

    let run = |name: &str, out: &str| {
        let mut command = remiss(&["run", "--quiet", "--device", "cpu", "--model", name]);
        command
            .arg(setting.path("in/svar-0000.txt"))
            .arg("--codebook");
        command.arg(setting.path("in/themes.toml"));
        let command = command.arg("--out").arg(setting.path(out));
        output(command.env("REMISS_MODELS", &store))
    };
    succeeded(&run("prov/liten", "by-name"));
    succeeded(&run(folder.to_str().unwrap(), "by-path"));
    assert_eq!(setting.results("by-name"), setting.results("by-path"));
    let missing = run("prov/annan", "missing");
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("remiss model pull prov/annan"));

    // A file that was changed afterwards is found out by its hash.
    let tokenizer = store.join("prov--liten/tokenizer_config.json");
    let mut changed = fs::read_to_string(&tokenizer).unwrap();
    changed = changed.replace("assistant", "assistent");
    fs::write(&tokenizer, changed).unwrap();
    let damaged = model(&["check", "prov/liten"]);
    assert_eq!(damaged.status.code(), Some(1));
    assert!(text(&damaged.stderr).contains("tokenizer_config.json"));
    assert!(text(&model(&["list", "--recommended"]).stdout).contains("Qwen/Qwen3-4B"));
}
