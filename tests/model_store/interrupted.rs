//! What is kept of a pull that did not come to its end, and that nothing damaged is.

use super::scene::*;

#[test]
fn a_pull_goes_on_where_it_was_cut_off() {
    let scene = Scene::new();
    let first = scene.publish(1);
    scene.hub.fault("model.safetensors", Fault::Cut(120_000));
    let message = scene.refused(&model());
    says(
        &message,
        &["120000 of 300000 bytes", "`model.safetensors`", "goes on"],
    );
    says(
        &scene.store.find(ID).unwrap_err().to_string(),
        &["has not been fetched to its end"],
    );
    let entries = scene.store.list().unwrap();
    let [
        Entry::Unfinished {
            id,
            revision,
            bytes,
            ..
        },
    ] = &entries[..]
    else {
        panic!("{entries:?}");
    };
    assert_eq!((id.as_str(), revision.as_str()), (ID, "main"));
    assert!((120_000..130_000).contains(bytes), "{bytes}");
    assert_eq!(
        fs::read(scene.part()).unwrap(),
        weights(1, 300_000)[..120_000]
    );

    // Meanwhile the branch moves on; what was begun is not mixed with it.
    scene.hub.served();
    scene.publish(2);
    let mut told = 0;
    let hub = Hub::new(&scene.hub.endpoint, None);
    let pulled = scene.store.pull(&model(), &hub, &mut |progress| {
        if let Progress::Bytes(bytes) = progress {
            told += bytes;
        }
    });
    let record = pulled.unwrap().record;
    assert_eq!(record.commit, Some(first));
    let folder = scene.store.find(ID).unwrap();
    assert_eq!(
        fs::read(folder.join("model.safetensors")).unwrap(),
        weights(1, 300_000)
    );

    // Only the rest was asked for, and only the rest was sent.
    let served = scene.hub.served();
    let content = served
        .iter()
        .filter(|one| one.path.starts_with("/large") && one.bytes > 1);
    let content: Vec<_> = content
        .filter(|one| one.path.ends_with("model.safetensors"))
        .collect();
    assert_eq!(content.len(), 1, "{served:?}");
    assert_eq!(content[0].range.as_deref(), Some("bytes=120000-"));
    assert_eq!((content[0].status, content[0].bytes), (206, 180_000));
    assert_eq!(told, record.bytes());
    assert!(
        !served.iter().any(|one| one.path.contains("LICENSE")),
        "{served:?}"
    );
}

/// Killed after the last byte, and before the hub's client gave the file its name.
#[test]
fn a_part_that_is_whole_is_not_fetched_again() {
    let scene = Scene::with_model();
    scene.hub.fault("model.safetensors", Fault::Cut(120_000));
    scene.refused(&model());
    fs::write(scene.part(), weights(1, 300_000)).unwrap();
    scene.hub.served();
    scene.pull(&model()).unwrap();
    let served = scene.hub.served();
    let weights = served.iter().filter(|one| one.path.starts_with("/large"));
    let weights = weights.filter(|one| one.path.ends_with("model.safetensors"));
    assert!(weights.into_iter().all(|one| one.bytes == 1), "{served:?}");
}

#[test]
fn a_part_that_is_not_of_the_file_does_not_stay() {
    let scene = Scene::with_model();
    scene.hub.fault("model.safetensors", Fault::Cut(120_000));
    scene.refused(&model());
    // Too long: begun anew at once.
    fs::write(scene.part(), weights(1, 300_001)).unwrap();
    scene.hub.fault("model.safetensors", Fault::Cut(100));
    says(&scene.refused(&model()), &["100 of 300000 bytes"]);
    // Other bytes: the rest is fetched, the hash is wrong, the next try begins anew.
    fs::write(scene.part(), weights(9, 1000)).unwrap();
    let message = scene.refused(&model());
    says(
        &message,
        &["model.safetensors` is damaged", "SHA-256", "removed"],
    );
    scene.pull(&model()).unwrap();
    scene.store.verify(ID, &mut |_| {}).unwrap();
}

#[test]
fn what_another_try_has_left_is_checked() {
    let scene = Scene::with_model();
    scene.hub.fault("tokenizer.json", Fault::Gone);
    scene.refused(&model());
    let kept = scene
        .store
        .folder()
        .join(".unfinished/maker--model/files/model.safetensors");
    let mut bytes = fs::read(&kept).unwrap();
    bytes[7] ^= 1;
    fs::write(&kept, bytes).unwrap();
    scene.hub.mend("tokenizer.json");
    scene.pull(&model()).unwrap();
    scene.store.verify(ID, &mut |_| {}).unwrap();
    let folder = scene.store.find(ID).unwrap();
    assert_eq!(
        fs::read(folder.join("model.safetensors")).unwrap(),
        weights(1, 300_000)
    );
}

#[test]
fn a_file_with_another_hash_is_removed() {
    let scene = Scene::with_model();
    scene.hub.fault("model.safetensors", Fault::Wrong);
    let message = scene.refused(&model());
    let expected = sha256(&weights(1, 300_000));
    says(
        &message,
        &[
            "model.safetensors` is damaged",
            &expected,
            "the same command",
        ],
    );
    scene.hub.mend("model.safetensors");
    scene.pull(&model()).unwrap();
}

/// A part that leads to `/dev/full`: every write to it fails as on a full disk.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_named_with_what_is_needed() {
    let scene = Scene::with_model();
    scene.hub.fault("model.safetensors", Fault::Cut(1000));
    scene.refused(&model());
    let part = scene.part();
    fs::remove_file(&part).unwrap();
    std::os::unix::fs::symlink("/dev/full", &part).unwrap();
    // The weights, and the tokenizer after them.
    let message = scene.refused(&model());
    says(&message, &["is full", "300018 bytes", "REMISS_MODELS"]);
    fs::remove_file(&part).unwrap();
    scene.pull(&model()).unwrap();
}

/// A small file has no SHA-256 on the hub.
#[test]
fn a_small_file_with_another_length_is_removed() {
    let scene = Scene::with_model();
    scene.hub.fault("config.json", Fault::Short);
    let message = scene.refused(&model());
    says(&message, &["config.json` is damaged", "22 of its 23 bytes"]);
    scene.hub.mend("config.json");
    scene.pull(&model()).unwrap();
}

#[test]
fn two_commits_are_not_mixed() {
    let scene = Scene::new();
    let publish = |config: &[u8]| {
        let weights = weights(1, 3000);
        let files: [(&str, &[u8]); 2] = [("config.json", config), ("model.safetensors", &weights)];
        scene.hub.publish(ID, &files)
    };
    publish(b"{\"layers\": 1}");
    scene.hub.fault("model.safetensors", Fault::Cut(1000));
    scene.refused(&model());
    let second = publish(b"{\"layers\": 2}");
    scene.pull(&at(&second)).unwrap();
    let config = scene.store.find(ID).unwrap().join("config.json");
    assert_eq!(fs::read(config).unwrap(), b"{\"layers\": 2}");
}
