//! The decoder against `transformers`, family by family, on tiny checkpoints of random weights
//! (`tests/checkpoints/make.py`).

use candle_core::{DType, Device};
use remiss::inference::decoder::{Sequence, Step, Wanted};
use remiss::inference::{Checkpoint, Decoder};
use std::path::{Path, PathBuf};

const FAMILIES: [&str; 13] = [
    "llama2", "llama3", "mistral", "qwen2", "qwen3", "gemma3", "phi3", "granite", "olmo2", "olmo3",
    "glm", "glm4", "apertus",
];

/// Those that are also kept as GGUF files.
const IN_GGUF: [&str; 8] = [
    "llama3", "qwen2", "qwen3", "gemma3", "phi3", "granite", "olmo2", "glm4",
];

fn folder(family: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/checkpoints")
        .join(family)
}

fn load(family: &str) -> Decoder {
    Decoder::load(&Checkpoint::open(&folder(family)).unwrap(), &Device::Cpu).unwrap()
}

fn load_on_candle(family: &str, dtype: DType) -> Decoder {
    let checkpoint = Checkpoint::open(&folder(family)).unwrap();
    Decoder::load_on_candle(&checkpoint, &Device::Cpu, dtype).unwrap()
}

/// What `transformers` computed: three sequences, and logits for each of their tokens.
struct Expected {
    tokens: Vec<Vec<u32>>,
    logits: Vec<Vec<Vec<f32>>>,
}

fn expected(family: &str, precision: &str) -> Expected {
    let path = folder(family).join("expected.safetensors");
    let tensors = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    Expected {
        tokens: (0..3)
            .map(|i| tensors[&format!("tokens.{i}")].to_vec1().unwrap())
            .collect(),
        logits: (0..3)
            .map(|i| {
                tensors[&format!("logits.{precision}.{i}")]
                    .to_vec2()
                    .unwrap()
            })
            .collect(),
    }
}

/// The logits of every token of a sequence that is read by itself, at once.
fn alone(decoder: &Decoder, tokens: &[u32]) -> Vec<Vec<f32>> {
    let mut sequence = Sequence::default();
    read(decoder, &mut sequence, tokens)
}

fn read(decoder: &Decoder, sequence: &mut Sequence, tokens: &[u32]) -> Vec<Vec<f32>> {
    let step = Step {
        sequence,
        tokens,
        wanted: Wanted::All,
    };
    decoder.forward(&mut [step]).unwrap().remove(0)
}

/// The largest difference, as a part of the largest logit.
fn difference(ours: &[Vec<f32>], theirs: &[Vec<f32>]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let highest = theirs.iter().flatten().fold(0.0f32, |m, x| m.max(x.abs()));
    let pairs = ours.iter().flatten().zip(theirs.iter().flatten());
    pairs.fold(0.0f32, |m, (x, y)| {
        assert!(x.is_finite());
        m.max((x - y).abs())
    }) / highest
}

fn bits(logits: &[Vec<f32>]) -> Vec<u32> {
    logits.iter().flatten().map(|x| x.to_bits()).collect()
}

#[test]
fn every_family_computes_what_transformers_computes() {
    for family in FAMILIES {
        let expected = expected(family, "f32");
        let decoders = [load(family), load_on_candle(family, DType::F32)];
        for (tokens, logits) in expected.tokens.iter().zip(&expected.logits) {
            for decoder in &decoders {
                let off = difference(&alone(decoder, tokens), logits);
                assert!(off < 1e-4, "{family}: {off}");
            }
        }
    }
}

/// 8-bit, 4-bit and 16-bit weights in one file, with llama.cpp's names and its order of heads:
/// the same as `transformers` with the weights that these stand for.
#[test]
fn gguf_computes_what_its_weights_stand_for() {
    for family in IN_GGUF {
        let path = folder("gguf").join(format!("{family}.gguf"));
        let checkpoint = Checkpoint::open(&path).unwrap();
        let path = folder("gguf").join(format!("{family}.expected.safetensors"));
        let expected = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
        let context = if family == "phi3" { 48 } else { 64 };
        assert_eq!(checkpoint.config().context, context, "{family}");
        let tokens: Vec<u32> = expected["tokens"].to_vec1().unwrap();
        let logits: Vec<Vec<f32>> = expected["logits"].to_vec2().unwrap();
        for decoder in [
            Decoder::load(&checkpoint, &Device::Cpu).unwrap(),
            Decoder::load_on_candle(&checkpoint, &Device::Cpu, DType::F32).unwrap(),
        ] {
            let off = difference(&alone(&decoder, &tokens), &logits);
            assert!(off < 1e-4, "{family}: {off}");
        }
    }
}

/// Two programs that round to 8 significant bits in different places differ from each other, but each
/// is about as far from the exact result. The bound: at most half as far again as `transformers`.
#[test]
fn in_brain_floating_point_it_is_no_farther_off_than_transformers() {
    for family in FAMILIES {
        let (exact, rounded) = (expected(family, "f32"), expected(family, "bf16"));
        let decoder = load_on_candle(family, DType::BF16);
        let of = |logits: &[Vec<Vec<f32>>]| {
            let pairs = logits.iter().flatten().flatten();
            let pairs = pairs.zip(exact.logits.iter().flatten().flatten());
            let (sum, count) = pairs.fold((0.0, 0), |(sum, count), (x, y)| {
                (sum + (x - y).powi(2), count + 1)
            });
            (sum / count as f32).sqrt()
        };
        let ours: Vec<_> = exact.tokens.iter().map(|t| alone(&decoder, t)).collect();
        let (ours, theirs) = (of(&ours), of(&rounded.logits));
        assert!(
            theirs > 0.0 && ours < 1.5 * theirs,
            "{family}: {ours} {theirs}"
        );
    }
}

/// Batched equal and ragged, from a shared prefix, in pieces, token by token: the same bits.
#[test]
fn company_and_pieces_change_no_bit() {
    for family in FAMILIES {
        let decoder = load(family);
        let tokens = expected(family, "f32").tokens;
        let single: Vec<_> = tokens.iter().map(|t| alone(&decoder, t)).collect();

        // Ragged, and the first twice: equal lengths.
        let mut sequences = vec![Sequence::default(); 4];
        let order = [0, 1, 2, 0];
        let mut steps: Vec<Step> = sequences
            .iter_mut()
            .zip(order)
            .map(|(sequence, i)| Step {
                sequence,
                tokens: &tokens[i],
                wanted: Wanted::All,
            })
            .collect();
        let together = decoder.forward(&mut steps).unwrap();
        for (logits, i) in together.iter().zip(order) {
            assert_eq!(bits(logits), bits(&single[i]), "{family}, batched");
        }

        // The first 20 tokens of two sequences are the same; both branch from there at once.
        let mut trunk = Sequence::default();
        let shared = read(&decoder, &mut trunk, &tokens[0][..20]);
        assert_eq!(bits(&shared), bits(&single[0][..20]), "{family}, prefix");
        let mut branches = [trunk.clone(), trunk.clone()];
        // In two steps: what one branch writes must not be read by the other.
        for piece in [20..26, 26..35] {
            let mut steps: Vec<Step> = branches
                .iter_mut()
                .zip(&tokens)
                .map(|(sequence, tokens)| Step {
                    sequence,
                    tokens: &tokens[piece.clone()],
                    wanted: Wanted::All,
                })
                .collect();
            let branched = decoder.forward(&mut steps).unwrap();
            for (logits, single) in branched.iter().zip(&single) {
                let single = &single[piece.clone()];
                assert_eq!(bits(logits), bits(single), "{family}, branched");
            }
        }

        // Prefill in pieces, then one token at a time.
        let mut sequence = Sequence::default();
        let mut logits = Vec::new();
        for piece in [0..1, 1..14, 14..30] {
            logits.extend(read(&decoder, &mut sequence, &tokens[0][piece]));
        }
        for token in 30..tokens[0].len() {
            logits.extend(read(&decoder, &mut sequence, &tokens[0][token..=token]));
        }
        assert_eq!(bits(&logits), bits(&single[0]), "{family}, in pieces");
    }
}

#[test]
fn threads_change_no_bit() {
    for family in FAMILIES {
        let decoder = load(family);
        let tokens = &expected(family, "f32").tokens[0];
        let of = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            bits(&pool.install(|| alone(&decoder, tokens)))
        };
        assert_eq!(of(1), of(3), "{family}");
    }
}

#[test]
fn only_the_scores_that_are_asked_for_are_given() {
    let decoder = load("qwen3");
    let tokens = &expected("qwen3", "f32").tokens[0];
    let all = alone(&decoder, tokens);
    for (wanted, rows) in [(Wanted::Nothing, 40..40), (Wanted::Last, 39..40)] {
        let step = Step {
            sequence: &mut Sequence::default(),
            tokens,
            wanted,
        };
        assert_eq!(decoder.forward(&mut [step]).unwrap()[0], all[rows]);
    }
}

#[test]
fn a_step_too_far_is_refused_and_changes_nothing() {
    let decoder = load("llama3");
    let mut sequence = Sequence::default();
    let first = read(&decoder, &mut sequence, &[1, 2, 3]);
    for tokens in [&[96][..], &[5; 62]] {
        let step = Step {
            sequence: &mut sequence,
            tokens,
            wanted: Wanted::Last,
        };
        let message = decoder.forward(&mut [step]).unwrap_err().to_string();
        assert!(
            message.contains("vocabulary of 96") || message.contains("context of 64"),
            "{message}"
        );
    }
    assert_eq!(sequence.len(), 3);
    let next = read(&decoder, &mut sequence, &[4]);
    let whole = alone(&decoder, &[1, 2, 3, 4]);
    assert_eq!(bits(&whole[..3]), bits(&first));
    assert_eq!(bits(&whole[3..]), bits(&next));
}
