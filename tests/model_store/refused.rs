//! What a person meets when the hub has no such model, or is not to be trusted.

use super::scene::*;

#[test]
fn what_the_hub_does_not_have_is_named() {
    let scene = Scene::with_model();
    let unknown = Pull {
        id: "maker/modell".to_owned(),
        ..Pull::default()
    };
    let message = scene.pull(&unknown).unwrap_err().to_string();
    says(&message, &["no model `maker/modell`", "spelling"]);
    says(
        &scene.refused(&at("v9")),
        &["no revision `v9`", "commits/main"],
    );
    scene.hub.fault("config.json", Fault::Gone);
    says(
        &scene.refused(&model()),
        &["no file `config.json` of `maker/model`"],
    );
    // Of a name that was misspelt nothing is left.
    assert!(
        !scene
            .store
            .folder()
            .join(".unfinished/maker--modell")
            .exists()
    );
}

#[test]
fn names_that_are_no_names_are_not_asked_about() {
    let scene = Scene::with_model();
    for id in [
        "model",
        "../model",
        "maker/../../model",
        "/etc/passwd",
        "maker/model/x",
    ] {
        let wanted = Pull {
            id: id.to_owned(),
            ..Pull::default()
        };
        says(
            &scene.pull(&wanted).unwrap_err().to_string(),
            &["OWNER/NAME"],
        );
    }
    says(&scene.refused(&at("../../main")), &["not a revision"]);
    assert_eq!(scene.hub.served(), []);
}

#[test]
fn a_gated_model_is_given_to_those_who_may_have_it() {
    let scene = Scene::with_model();
    scene.hub.gate(ID, "right");
    let message = scene.refused(&model());
    let page = format!("{}/{ID}", scene.hub.endpoint);
    says(&message, &["without a token", "licence", &page, "HF_TOKEN"]);
    let message = scene
        .pull_with(&model(), Some("wrong"))
        .unwrap_err()
        .to_string();
    says(&message, &["account of HF_TOKEN", "licence"]);
    scene.nothing_looks_whole();
    scene.hub.served();
    scene.pull_with(&model(), Some("right")).unwrap();
    // The listing is public, and the token is not sent where nobody asks for it.
    assert!(!scene.hub.served()[0].signed);
}

#[test]
fn no_connection_is_said_plainly() {
    let scene = Scene::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let hub = Hub::new(&nobody, None);
    let message = scene
        .store
        .pull(&model(), &hub, &mut |_| {})
        .unwrap_err()
        .to_string();
    says(&message, &["no connection", &nobody, "remiss model import"]);
    let message = scene
        .store
        .pull(&model(), &Hub::new("hub", None), &mut |_| {});
    says(
        &message.unwrap_err().to_string(),
        &["`hub` is not the address", "HF_ENDPOINT"],
    );
}

#[test]
fn a_hub_cannot_write_outside_the_store() {
    let scene = Scene::with_model();
    for name in ["../x", "a/../../x.safetensors", "/etc/x", "C:\\x"] {
        let scene = Scene::with_model();
        scene.hub.list_also(name);
        says(&scene.refused(&model()), &["is not taken", "outside"]);
    }
    // The client would name a file after it. A hash that was not listed is no better.
    for etag in ["../../../../x".to_owned(), "0".repeat(64)] {
        scene.hub.fault("model.safetensors", Fault::Etag(etag));
        let message = scene.refused(&model());
        says(&message, &["another `model.safetensors` than it lists"]);
    }

    let index = br#"{"weight_map": {"a": "../../../x.safetensors"}}"#;
    let files: [(&str, &[u8]); 2] = [
        ("config.json", b"{}"),
        ("model.safetensors.index.json", index),
    ];
    scene.hub.publish(ID, &files);
    let fresh = Pull {
        again: true,
        ..model()
    };
    says(
        &scene.refused(&fresh),
        &["../../../x.safetensors", "outside"],
    );
    let mut outside = fs::read_dir(scene.folder.path()).unwrap();
    assert_eq!(outside.next().unwrap().unwrap().file_name(), "models");
    assert!(outside.next().is_none());
}
