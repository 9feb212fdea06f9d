//! What a person meets whose model is not as it should be: one message that says what, where, and what
//! to do.

use remiss::inference::decoder::{Sequence, Step, Wanted};
use remiss::inference::{Checkpoint, Decoder};
use std::fs;
use std::path::{Path, PathBuf};

fn checkpoints() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoints")
}

/// A copy of a checkpoint that may be damaged.
fn copy(family: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(checkpoints().join(family)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

fn refused(path: &Path) -> String {
    Checkpoint::open(path)
        .err()
        .expect("it is refused")
        .to_string()
}

fn change(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

fn cut(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() - 100]).unwrap();
}

#[test]
fn a_wrong_path_says_what_a_model_is() {
    let message = refused(Path::new("/nowhere/model"));
    assert!(
        message.contains("/nowhere/model") && message.contains("config.json"),
        "{message}"
    );
    let message = refused(&checkpoints());
    assert!(message.contains("has no `config.json`"), "{message}");
    let message = refused(&checkpoints().join("make.py"));
    assert!(message.contains("no GGUF file"), "{message}");
}

#[test]
fn missing_shards_are_named() {
    let folder = copy("mistral");
    let shard = "model-00002-of-00007.safetensors";
    fs::remove_file(folder.path().join(shard)).unwrap();
    let message = refused(folder.path());
    assert!(
        message.contains("1 of the model's 7") && message.contains(shard),
        "{message}"
    );
    fs::remove_file(folder.path().join("model.safetensors.index.json")).unwrap();
    let message = refused(folder.path());
    assert!(message.contains("has no `model.safetensors`"), "{message}");
}

#[test]
fn a_file_that_is_cut_short_is_named() {
    let folder = copy("mistral");
    let shard = folder.path().join("model-00003-of-00007.safetensors");
    cut(&shard);
    let message = refused(folder.path());
    assert!(
        message.contains("model-00003-of-00007") && message.contains("cut short"),
        "{message}"
    );

    let folder = copy("gguf");
    let file = folder.path().join("qwen3.gguf");
    cut(&file);
    let message = refused(&file);
    assert!(
        message.contains("qwen3.gguf") && message.contains("cut short"),
        "{message}"
    );
    fs::write(&file, b"GGUF\x03\0\0\0").unwrap();
    assert!(refused(&file).contains("is damaged"));
}

#[test]
fn an_unknown_family_is_named_with_those_that_are_known() {
    let folder = copy("qwen3");
    let config = folder.path().join("config.json");
    change(&config, "\"qwen3\"", "\"mamba\"");
    let message = refused(folder.path());
    assert!(
        message.contains("`mamba`") && message.contains("gemma3_text"),
        "{message}"
    );
    fs::write(&config, "{").unwrap();
    assert!(refused(folder.path()).contains("config.json"));
}

#[test]
fn what_would_be_computed_wrongly_is_refused() {
    for (family, from, to, named) in [
        ("llama3", "\"llama3\"", "\"dynamic\"", "dynamic"),
        ("apertus", "\"xielu\"", "\"silu\"", "xielu"),
        (
            "phi3",
            "\"partial_rotary_factor\": 0.75",
            "\"partial_rotary_factor\": 1.0",
            "divisor",
        ),
        ("qwen3", "\"silu\"", "\"xielu\"", "xielu"),
        (
            "qwen3",
            "\"num_key_value_heads\": 2",
            "\"num_key_value_heads\": 3",
            "key heads",
        ),
    ] {
        let folder = copy(family);
        change(&folder.path().join("config.json"), from, to);
        let message = refused(folder.path());
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn weights_of_another_model_are_noticed() {
    for (from, to, named) in [
        (
            "\"num_hidden_layers\": 3",
            "\"num_hidden_layers\": 4",
            "layers.3",
        ),
        (
            "\"intermediate_size\": 64",
            "\"intermediate_size\": 96",
            "[64, 32]",
        ),
    ] {
        let folder = copy("qwen2");
        change(&folder.path().join("config.json"), from, to);
        // It names the kind of every layer, too.
        let config = folder.path().join("config.json");
        let mut value: serde_json::Value =
            serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
        value.as_object_mut().unwrap().remove("layer_types");
        fs::write(&config, value.to_string()).unwrap();
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        let device = candle_core::Device::Cpu;
        let message = Decoder::load(&checkpoint, &device)
            .err()
            .unwrap()
            .to_string();
        assert!(message.contains(named), "{message}");
    }
}

/// Half of a weight file overwritten with what is no number.
#[test]
fn damaged_weights_do_not_end_as_an_answer() {
    let folder = copy("qwen2");
    let path = folder.path().join("model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let begin = bytes.len() / 8 * 4;
    for four in bytes[begin..].chunks_exact_mut(4) {
        four.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    fs::write(&path, bytes).unwrap();
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let decoder = Decoder::load(&checkpoint, &candle_core::Device::Cpu).unwrap();
    let step = Step {
        sequence: &mut Sequence::default(),
        tokens: &[1, 2],
        wanted: Wanted::Last,
    };
    let message = decoder.forward(&mut [step]).unwrap_err().to_string();
    assert!(message.contains("not numbers"), "{message}");
}

#[test]
fn a_model_too_large_for_the_machine_says_how_large() {
    let folder = copy("qwen3");
    let config = folder.path().join("config.json");
    change(&config, "\"head_dim\": 16", "\"head_dim\": 16000000");
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let Some(_) = remiss::inference::checkpoint::available() else {
        return; // this system does not say how much memory it has
    };
    let message = checkpoint.fits().unwrap_err().to_string();
    assert!(
        message.contains("GB") && message.contains("smaller model"),
        "{message}"
    );
    Checkpoint::open(&checkpoints().join("qwen3"))
        .unwrap()
        .fits()
        .unwrap();
}
