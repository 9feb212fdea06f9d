//! Models from folders and files, and what the store says that it has.

use super::scene::*;

const FOLDER: [(&str, &[u8]); 4] = [
    ("config.json", b"{}"),
    ("model.safetensors", b"weights"),
    ("optimizer.pt", b"not this"),
    ("tokenizer.json", b"{}"),
];

#[test]
fn a_folder_is_imported() {
    let scene = Scene::new();
    let folder = scene.beside("downloads", &FOLDER);
    says(
        &scene.import(&folder, None).unwrap_err().to_string(),
        &["--name"],
    );
    let record = scene.import(&folder, Some("mine")).unwrap();
    assert_eq!(record.origin, folder.display().to_string());
    assert_eq!((record.files.len(), record.commit.as_ref()), (3, None));
    assert_eq!(record.files[1].sha256, sha256(b"weights"));
    let found = scene.store.find("mine").unwrap();
    assert_eq!(
        fs::read(found.join("model.safetensors")).unwrap(),
        b"weights"
    );
    scene.store.verify("mine", &mut |_| {}).unwrap();

    // The same once more changes nothing; something else of that name is refused.
    scene.import(&folder, Some("mine")).unwrap();
    let other = scene.beside(
        "other",
        &[("config.json", b"{}"), ("model.safetensors", b"x")],
    );
    let message = scene.import(&other, Some("mine")).unwrap_err().to_string();
    says(&message, &["another model called `mine`"]);
    assert_eq!(
        fs::read(found.join("model.safetensors")).unwrap(),
        b"weights"
    );
    for name in ["../mine", "a/b/c", ".unfinished", ""] {
        let message = scene.import(&folder, Some(name)).unwrap_err().to_string();
        says(&message, &["name of an imported model"]);
    }
    assert_eq!(scene.store.list().unwrap().len(), 1);
}

#[test]
fn an_imported_copy_of_a_store_must_agree_with_its_record() {
    let scene = Scene::new();
    let commit = scene.publish(1);
    scene.pull(&model()).unwrap();
    let whole = scene.store.find(ID).unwrap();
    let copy = scene.folder.path().join("stick");
    fs::rename(whole, &copy).unwrap();

    let record = scene.import(&copy, None).unwrap();
    assert_eq!(
        (record.id.as_str(), record.commit.as_ref()),
        (ID, Some(&commit))
    );
    assert_eq!(record.revision.as_deref(), Some("main"));
    assert!(!scene.pull(&model()).unwrap().fetched);

    fs::remove_dir_all(scene.store.folder()).unwrap();
    let mut bytes = weights(1, 300_000);
    bytes[0] ^= 1;
    fs::write(copy.join("model.safetensors"), &bytes).unwrap();
    let message = scene.import(&copy, None).unwrap_err().to_string();
    says(
        &message,
        &["stick/model.safetensors` is damaged", "SHA-256", "again"],
    );
    fs::write(copy.join("model.safetensors"), &bytes[1..]).unwrap();
    let message = scene.import(&copy, None).unwrap_err().to_string();
    says(&message, &["299999 of its 300000 bytes"]);
    fs::remove_file(copy.join("model.safetensors")).unwrap();
    says(
        &scene.import(&copy, None).unwrap_err().to_string(),
        &["it is missing"],
    );
    // A record is text that somebody can have written.
    let text = fs::read_to_string(copy.join(RECORD)).unwrap();
    fs::write(
        copy.join(RECORD),
        text.replace("config.json", "../config.json"),
    )
    .unwrap();
    says(
        &scene.import(&copy, None).unwrap_err().to_string(),
        &["../config.json", "outside"],
    );
    scene.nothing_looks_whole();
    assert_eq!(scene.store.list().unwrap().len(), 0);
}

#[test]
fn a_gguf_file_is_imported() {
    let scene = Scene::new();
    let folder = scene.beside("ggufs", &[("q4.gguf", b"four"), ("notes.txt", b"x")]);
    let message = scene
        .import(&folder.join("notes.txt"), Some("q"))
        .unwrap_err()
        .to_string();
    says(&message, &["no model at", "notes.txt"]);
    scene.import(&folder.join("q4.gguf"), Some("q")).unwrap();
    assert_eq!(
        scene.store.find("q").unwrap(),
        scene.store.folder().join("q/q4.gguf")
    );
    // A folder with one of them leaves no choice; with two it does.
    scene.import(&folder, Some("q")).unwrap();
    fs::write(folder.join("q8.gguf"), b"eight").unwrap();
    says(
        &scene.import(&folder, Some("q")).unwrap_err().to_string(),
        &["q4.gguf, q8.gguf"],
    );
}

#[test]
#[cfg(unix)]
fn the_cache_of_the_hubs_client_is_imported() {
    let scene = Scene::new();
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let blobs = scene.beside("cache/models--maker--model/blobs", &FOLDER);
    let snapshots = blobs.parent().unwrap().join("snapshots");
    let snapshot = snapshots.join(commit);
    fs::create_dir_all(&snapshot).unwrap();
    for (name, _) in FOLDER {
        let link = snapshot.join(name);
        std::os::unix::fs::symlink(format!("../../blobs/{name}"), link).unwrap();
    }
    let record = scene.import(&snapshot, None).unwrap();
    assert_eq!(
        (record.id.as_str(), record.commit.as_deref()),
        (ID, Some(commit))
    );
    let weights = scene.store.find(ID).unwrap().join("model.safetensors");
    assert!(fs::symlink_metadata(&weights).unwrap().is_file());
    assert_eq!(fs::read(weights).unwrap(), b"weights");

    fs::remove_file(blobs.join("tokenizer.json")).unwrap();
    let message = scene.import(&snapshot, None).unwrap_err().to_string();
    says(&message, &["tokenizer.json", "cannot be read"]);
}

#[test]
fn a_folder_that_is_no_model_is_refused() {
    let scene = Scene::new();
    let refused = |path: &Path| scene.import(path, Some("x")).unwrap_err().to_string();
    says(
        &refused(Path::new("/nowhere/model")),
        &["no model at `/nowhere/model`"],
    );
    let pictures = scene.beside("pictures", &[("a.png", b"x")]);
    says(
        &refused(&pictures),
        &["holds no weights", "model.safetensors"],
    );
    let index = br#"{"weight_map": {"a": "model-1.safetensors"}}"#;
    let parts = scene.beside("parts", &[("model.safetensors.index.json", index)]);
    says(
        &refused(&parts),
        &["model-1.safetensors` is missing", "index.json names"],
    );
    assert_eq!(scene.store.list().unwrap().len(), 0);
}

#[test]
fn the_list_says_what_is_whole_and_what_is_not() {
    let scene = Scene::with_model();
    assert_eq!(scene.store.list().unwrap().len(), 0);
    scene.pull(&model()).unwrap();
    scene
        .import(&scene.beside("a", &FOLDER), Some("mine"))
        .unwrap();
    scene
        .import(&scene.beside("a", &FOLDER), Some("short"))
        .unwrap();
    fs::write(scene.store.find("short").unwrap().join("config.json"), "").unwrap();
    fs::create_dir(scene.store.folder().join("stray")).unwrap();
    let text: Vec<String> = scene
        .store
        .list()
        .unwrap()
        .into_iter()
        .map(|entry| match entry {
            Entry::Complete(record) => format!("{} {}", record.id, record.bytes()),
            Entry::Unfinished { id, .. } => id,
            Entry::Unusable(error) => error.to_string(),
        })
        .collect();
    assert_eq!(text.len(), 4, "{text:?}");
    assert_eq!(text[0], "maker/model 300058");
    assert_eq!(text[1], "mine 11");
    says(
        &text[2],
        &[
            "short/config.json` is damaged",
            "0 of its 2 bytes",
            "import",
        ],
    );
    says(&text[3], &["stray` has no remiss-model.json"]);
    let message = scene.store.find("stray").unwrap_err().to_string();
    says(&message, &["stray` has no remiss-model.json", "import"]);
}

#[test]
fn a_model_that_is_not_here_says_how_to_get_it() {
    let scene = Scene::new();
    let message = scene.store.find("Qwen/Qwen3-4B").unwrap_err().to_string();
    assert_eq!(
        message,
        "the model `Qwen/Qwen3-4B` is not on this machine\n  hint: `remiss model pull Qwen/Qwen3-4B` \
         fetches it, `remiss model import FOLDER` takes it from a folder"
    );
    says(
        &scene.store.find("../x").unwrap_err().to_string(),
        &["OWNER/NAME"],
    );
}
