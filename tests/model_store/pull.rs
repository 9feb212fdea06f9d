//! What a pull fetches, and what it leaves alone that is here already.

use super::scene::*;

#[test]
fn a_pull_fetches_the_model_and_nothing_else() {
    let scene = Scene::new();
    let commit = scene.publish(1);
    let mut told = Vec::new();
    let hub = Hub::new(&scene.hub.endpoint, None);
    let tell = &mut |progress: Progress<'_>| told.push(format!("{progress:?}"));
    let pulled = scene.store.pull(&model(), &hub, tell).unwrap();

    assert!(pulled.fetched);
    let folder = scene.store.find(ID).unwrap();
    assert_eq!(folder, scene.store.folder().join("maker--model"));
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "LICENSE",
        "README.md",
        "config.json",
        "model.safetensors",
        RECORD,
        "tokenizer.json",
    ];
    assert_eq!(names, expected);
    let fetched = fs::read(folder.join("model.safetensors")).unwrap();
    assert_eq!(fetched, weights(1, 300_000));
    // Files of its own, not links into a cache that somebody may clear.
    let metadata = fs::symlink_metadata(folder.join("model.safetensors")).unwrap();
    assert!(metadata.is_file());

    let record: Record = serde_json::from_slice(&fs::read(folder.join(RECORD)).unwrap()).unwrap();
    assert_eq!(record, pulled.record);
    assert_eq!(record.revision.as_deref(), Some("main"));
    assert_eq!(record.commit, Some(commit.clone()));
    assert_eq!(record.origin, scene.hub.endpoint);
    let file = &record.files[3];
    assert_eq!(
        (file.name.as_str(), file.size),
        ("model.safetensors", 300_000)
    );
    assert_eq!(file.sha256, sha256(&weights(1, 300_000)));

    // `main` is asked about once; everything else is asked of the commit, and without a token.
    let served = scene.hub.served();
    let main = |path: &&str| path.contains("main");
    assert_eq!(
        served
            .iter()
            .map(|one| one.path.as_str())
            .filter(main)
            .count(),
        1
    );
    assert!(served.iter().all(|one| !one.signed));
    assert!(served[1..].iter().all(|one| one.path.contains(&commit)));

    let bytes: Vec<&String> = told
        .iter()
        .filter(|line| line.starts_with("Bytes"))
        .collect();
    assert!(
        told[0].contains("LICENSE") && told[0].contains("number: 1, of: 5"),
        "{told:?}"
    );
    assert!(!bytes.is_empty());
    assert!(
        told.last()
            .unwrap()
            .contains("Checking { name: \"tokenizer.json\" }"),
        "{told:?}"
    );
    assert!(
        !scene
            .store
            .folder()
            .join(".unfinished/maker--model")
            .exists()
    );
}

#[test]
fn an_index_says_which_weights_belong_to_the_model() {
    let scene = Scene::new();
    let index = br#"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"#;
    let files: [(&str, &[u8]); 5] = [
        ("config.json", b"{}"),
        ("consolidated.safetensors", b"the same again"),
        ("model-1.safetensors", b"one"),
        ("model-2.safetensors", b"two"),
        ("model.safetensors.index.json", index),
    ];
    scene.hub.publish(ID, &files);
    let record = scene.pull(&model()).unwrap().record;
    let names: Vec<&str> = record.files.iter().map(|file| file.name.as_str()).collect();
    let expected = [
        "config.json",
        "model-1.safetensors",
        "model-2.safetensors",
        "model.safetensors.index.json",
    ];
    assert_eq!(names, expected);

    scene
        .hub
        .publish("maker/parts", &[files[0], files[2], files[4]]);
    let parts = Pull {
        id: "maker/parts".to_owned(),
        ..Pull::default()
    };
    let message = scene.pull(&parts).unwrap_err().to_string();
    says(
        &message,
        &["`model-2.safetensors` of `maker/parts`", "index.json names"],
    );
    scene.store.find("maker/parts").unwrap_err();
}

#[test]
fn one_gguf_file_is_fetched_by_name() {
    let scene = Scene::new();
    let files: [(&str, &[u8]); 3] = [
        ("README.md", b"x"),
        ("q4.gguf", b"four"),
        ("q8.gguf", b"eight"),
    ];
    scene.hub.publish(ID, &files);
    let message = scene.refused(&model());
    says(&message, &["q4.gguf, q8.gguf", "--file"]);
    let gguf = |file: &str| Pull {
        file: Some(file.to_owned()),
        ..model()
    };
    says(
        &scene.refused(&gguf("q2.gguf")),
        &["no file `q2.gguf`", "it has q4.gguf, q8.gguf"],
    );
    says(
        &scene.refused(&gguf("../q2.gguf")),
        &["../q2.gguf", "outside"],
    );

    let record = scene.pull(&gguf("q4.gguf")).unwrap().record;
    assert_eq!(record.files.len(), 1);
    let path = scene.store.folder().join("maker--model/q4.gguf");
    assert_eq!(scene.store.find(ID).unwrap(), path);
    assert_eq!(fs::read(path).unwrap(), b"four");

    let message = scene.pull(&gguf("q8.gguf")).unwrap_err().to_string();
    says(&message, &["already with q4.gguf", "--again"]);
    let again = Pull {
        again: true,
        ..gguf("q8.gguf")
    };
    scene.pull(&again).unwrap();
    assert!(scene.store.find(ID).unwrap().ends_with("q8.gguf"));
}

#[test]
fn a_second_pull_fetches_nothing_and_checks_everything() {
    let scene = Scene::new();
    let commit = scene.publish(1);
    scene.pull(&model()).unwrap();
    scene.hub.served();
    assert!(!scene.pull(&model()).unwrap().fetched);
    let served = scene.hub.served();
    assert_eq!(served.len(), 1, "{served:?}");
    assert!(served[0].path.starts_with("/api/models/"));
    // A commit is what it is: without network, too.
    assert!(!scene.pull(&at(&commit)).unwrap().fetched);
    assert_eq!(scene.hub.served(), []);

    let weights = scene.store.find(ID).unwrap().join("model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    bytes[299_999] ^= 1;
    fs::write(&weights, &bytes).unwrap();
    let message = scene.pull(&model()).unwrap_err().to_string();
    says(&message, &["model.safetensors` is damaged", "--again"]);
    let message = scene.store.verify(ID, &mut |_| {}).unwrap_err().to_string();
    says(
        &message,
        &["model.safetensors` is damaged", "pull maker/model --again"],
    );
    let again = Pull {
        again: true,
        ..model()
    };
    assert!(scene.pull(&again).unwrap().fetched);
    scene.store.verify(ID, &mut |_| {}).unwrap();
}

#[test]
fn another_commit_replaces_nothing_unasked() {
    let scene = Scene::new();
    let first = scene.publish(1);
    scene.pull(&model()).unwrap();
    let second = scene.publish(2);
    let message = scene.pull(&model()).unwrap_err().to_string();
    says(&message, &[&first, &second, "--again", "--revision"]);
    assert!(!scene.pull(&at(&first)).unwrap().fetched);

    // While the new one is on its way, the old one is still there.
    scene.hub.fault("model.safetensors", Fault::Cut(1000));
    scene.pull(&at(&second)).unwrap_err();
    scene.store.verify(ID, &mut |_| {}).unwrap();
    let pulled = scene.pull(&at(&second)).unwrap();
    assert_eq!(pulled.record.commit, Some(second));
    let folder = scene.store.find(ID).unwrap();
    assert_eq!(
        fs::read(folder.join("model.safetensors")).unwrap(),
        weights(2, 300_000)
    );
    assert_eq!(scene.store.list().unwrap().len(), 1);
}

#[test]
fn one_process_at_a_time_fetches_a_model() {
    let scene = Scene::with_model();
    let hub = Hub::new(&scene.hub.endpoint, None);
    let mut busy = None;
    let tell = &mut |_: Progress<'_>| {
        busy.get_or_insert_with(|| scene.pull(&model()).unwrap_err().to_string());
    };
    scene.store.pull(&model(), &hub, tell).unwrap();
    says(&busy.unwrap(), &["another process", "`maker/model`"]);
}

#[test]
fn what_has_not_changed_is_not_fetched_again() {
    let scene = Scene::new();
    let publish = |readme: &[u8]| {
        let weights = weights(1, 300_000);
        let files: [(&str, &[u8]); 3] = [
            ("README.md", readme),
            ("config.json", b"{}"),
            ("model.safetensors", &weights),
        ];
        scene.hub.publish(ID, &files)
    };
    publish(b"one");
    scene.pull(&model()).unwrap();
    publish(b"two");
    scene.hub.served();
    let again = Pull {
        again: true,
        ..model()
    };
    scene.pull(&again).unwrap();
    let served = scene.hub.served();
    let sent: usize = served.iter().skip(1).map(|one| one.bytes).sum();
    assert!(sent < 100, "{served:?}");
    let folder = scene.store.find(ID).unwrap();
    assert_eq!(fs::read(folder.join("README.md")).unwrap(), b"two");
    scene.store.verify(ID, &mut |_| {}).unwrap();
}

#[test]
fn what_somebody_else_put_there_stays() {
    let scene = Scene::with_model();
    let own = scene.store.folder().join("maker--model/own.txt");
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    fs::write(&own, "mine").unwrap();
    let again = Pull {
        again: true,
        ..model()
    };
    let message = scene.pull(&again).unwrap_err().to_string();
    says(&message, &["has no remiss-model.json", "move the folder"]);
    assert_eq!(fs::read(own).unwrap(), b"mine");
}
