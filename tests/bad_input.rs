//! Nothing is lost: every odd file ends as a result or a failure with a name.

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use support::{CODEBOOK, output, remiss, text};

fn shipped(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/files")
        .join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A DOCX whose text unpacks to far more than anyone writes.
fn bomb() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("[Content_Types].xml", options).unwrap();
    archive.write_all(b"<Types/>").unwrap();
    archive
        .start_file("word/document.xml", options.large_file(true))
        .unwrap();
    archive
        .write_all(b"<w:document><w:body><w:p><w:r><w:t>")
        .unwrap();
    let block = vec![b'a'; 1 << 20];
    for _ in 0..110 {
        archive.write_all(&block).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn every_odd_file_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    let write = |name: &str, content: &[u8]| fs::write(input.join(name), content).unwrap();
    write("themes.toml", CODEBOOK.as_bytes());
    write("README.md", b"about this folder");
    write(".hidden", b"x");
    write("tom.txt", b"");
    write("skräp.pdf", b"this is no PDF at all");
    write("krypterad.pdf", &shipped("encrypted.pdf"));
    write("skannad.pdf", &shipped("no-text-layer.pdf"));
    let whole = shipped("svar.docx");
    write("avklippt.docx", &whole[..whole.len() / 2]);
    write("bomb.docx", &bomb());
    write("bild.xyz", b"\x00\x01\x02");
    write(
        "Å och ä med mellanslag.txt",
        "Kommunen tillstyrker bidraget.\n".as_bytes(),
    );
    write(
        "gammal.txt",
        b"Kommunen avstyrker avgiften f\xf6r tillsyn av brandskyddet p\xe5 landet.\n",
    );
    let huge = fs::File::create(input.join("stor.txt")).unwrap();
    huge.set_len(100 << 20).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("slinga-b.txt", input.join("slinga-a.txt")).unwrap();
        std::os::unix::fs::symlink("slinga-a.txt", input.join("slinga-b.txt")).unwrap();
        std::os::unix::fs::symlink("..", input.join("uppåt")).unwrap();
        std::os::unix::fs::symlink("finns-inte.txt", input.join("bruten.txt")).unwrap();
    }
    let out = folder.path().join("out");
    let done = output(remiss(&["run", input.to_str().unwrap(), "--out"]).arg(&out));
    let (printed, said) = (text(&done.stdout), text(&done.stderr));
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    for passed_over in ["README.md", ".hidden", "themes.toml"] {
        assert!(said.contains(passed_over), "{passed_over}: {said}");
    }

    let results = fs::read_to_string(out.join("results.jsonl")).unwrap();
    let codes: BTreeMap<String, String> = results
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            let code = record["error"]["code"].as_str().unwrap_or("result");
            (
                record["source"].as_str().unwrap().to_owned(),
                code.to_owned(),
            )
        })
        .collect();
    for (source, code) in [
        ("tom.txt", "empty_file"),
        ("skräp.pdf", "damaged_file"),
        ("krypterad.pdf", "encrypted_pdf"),
        ("skannad.pdf", "no_text_layer"),
        ("avklippt.docx", "damaged_file"),
        ("bomb.docx", "decompression_bomb"),
        ("bild.xyz", "unknown_format"),
        ("stor.txt", "too_large"),
        ("Å och ä med mellanslag.txt", "result"),
        ("gammal.txt", "result"),
    ] {
        assert_eq!(
            codes.get(source).map(String::as_str),
            Some(code),
            "{source}"
        );
    }
    #[cfg(unix)]
    for source in ["slinga-a.txt", "slinga-b.txt", "bruten.txt"] {
        assert_eq!(
            codes.get(source).map(String::as_str),
            Some("unreadable"),
            "{source}"
        );
    }
    let manifest: Value =
        serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["totals"]["responses"], codes.len());
    assert_eq!(manifest["totals"]["analysed"], 2);
    assert_eq!(manifest["totals"]["failed"], codes.len() - 2);
    assert!(
        printed.contains(&format!("ej analyserade: {}", codes.len() - 2)),
        "{printed}"
    );
    assert!(out.join("report.html").exists());
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_a_named_failure() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("låst.txt");
    fs::write(&path, "Kommunen tillstyrker bidraget.\n").unwrap();
    fs::write(folder.path().join("themes.toml"), CODEBOOK).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let out = folder.path().join("out");
    let done = output(remiss(&["run", folder.path().to_str().unwrap(), "--out"]).arg(&out));
    assert_eq!(done.status.code(), Some(2));
    assert!(
        fs::read_to_string(out.join("results.jsonl"))
            .unwrap()
            .contains("unreadable")
    );
}
