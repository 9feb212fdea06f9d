//! What a person meets whose model is not as it should be: one message that says what, where, and what
//! to do.

use candle_core::Device;
use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::{self, Content, Value};
use remiss::inference::decoder::{Sequence, Step, Wanted};
use remiss::inference::{Checkpoint, Decoder};
use std::collections::HashMap;
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

/// A GGUF file of the checkpoints, written again after a change.
fn rewritten(
    name: &str,
    change: impl FnOnce(&mut HashMap<String, Value>, &mut HashMap<String, QTensor>),
) -> tempfile::TempDir {
    let path = checkpoints().join("gguf").join(name);
    let mut file = fs::File::open(path).unwrap();
    let mut content = Content::read(&mut file).unwrap();
    let names = content.tensor_infos.keys().cloned();
    let mut tensors = names
        .map(|name| {
            let tensor = content.tensor(&mut file, &name, &Device::Cpu).unwrap();
            (name, tensor)
        })
        .collect();
    change(&mut content.metadata, &mut tensors);
    let metadata: Vec<_> = content.metadata.iter().map(|(k, v)| (&**k, v)).collect();
    let tensors: Vec<_> = tensors.iter().map(|(k, v)| (&**k, v)).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut copy = fs::File::create(folder.path().join(name)).unwrap();
    gguf_file::write(&mut copy, &metadata, &tensors).unwrap();
    folder
}

#[test]
fn what_a_gguf_file_says_too_much_is_refused() {
    for (file, key, value, named) in [
        (
            "olmo2.gguf",
            "olmo2.attention.sliding_window",
            Value::U32(8),
            "OLMo 3",
        ),
        (
            "glm4.gguf",
            "glm4.rope.dimension_sections",
            Value::Array(vec![Value::I32(4), Value::I32(4)]),
            "also sees",
        ),
        (
            "llama3.gguf",
            "llama.expert_count",
            Value::U32(8),
            "experts",
        ),
        (
            "qwen3.gguf",
            "qwen3.rope.scaling.type",
            Value::String("yarn".to_owned()),
            "yarn",
        ),
        (
            "qwen3.gguf",
            "qwen3.block_count",
            Value::U32(4_000_000_000),
            "layers",
        ),
    ] {
        let folder = rewritten(file, |metadata, _| {
            metadata.insert(key.to_owned(), value);
        });
        let message = refused(&folder.path().join(file));
        assert!(message.contains(named), "{message}");
    }
}

/// A norm that is not there is not a model without it.
#[test]
fn a_gguf_file_without_one_of_its_norms_is_refused() {
    for (file, tensor) in [
        ("llama3.gguf", "blk.0.attn_norm.weight"),
        ("qwen3.gguf", "blk.0.attn_q_norm.weight"),
        ("gemma3.gguf", "blk.0.post_ffw_norm.weight"),
        ("qwen2.gguf", "blk.0.attn_q.bias"),
    ] {
        let load = |folder: &tempfile::TempDir| {
            let checkpoint = Checkpoint::open(&folder.path().join(file)).unwrap();
            Decoder::load(&checkpoint, &Device::Cpu)
        };
        load(&rewritten(file, |_, _| {})).unwrap();
        let folder = rewritten(file, |_, tensors| {
            tensors.remove(tensor).unwrap();
        });
        let message = load(&folder).err().unwrap().to_string();
        assert!(message.contains(tensor), "{message}");
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
        let device = Device::Cpu;
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
    let decoder = Decoder::load(&checkpoint, &Device::Cpu).unwrap();
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
