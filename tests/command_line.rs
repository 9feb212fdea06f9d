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
    assert!(fails(&["run", &svar, "--model", &at("modell")]).contains("hint: leave out --model"));
    fs::create_dir(at("modell")).unwrap();
    assert!(
        fails(&["run", &svar, "--model", &at("modell")]).contains("has no `model.safetensors`")
    );
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
    ] {
        let done = output(&mut remiss(arguments));
        assert!(done.status.success(), "{arguments:?}");
        assert!(text(&done.stdout).contains("Usage"), "{arguments:?}");
    }
    let script = output(&mut remiss(&["completions", "bash"]));
    assert!(text(&script.stdout).contains("_remiss()"));
}
