//! How fast a response goes through the house: reading, encoding, the whole pipeline.
//!
//! `CANDLE_NUM_THREADS=1 RAYON_NUM_THREADS=1 cargo bench` prints responses a second. The response is
//! a seed, 8,795 bytes long; the codebook has ten themes. One thread: `remiss run` uses one for each
//! processor, and candle must be kept to one by its variables to be compared.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use remiss::analysis::Judge;
use remiss::codebook::Codebook;
use remiss::corpus;
use remiss::inference::{DeviceChoice, Encoder, ModelFiles, open_device};
use remiss::verification::{Unsupportable, verify};
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;

fn pipeline(criterion: &mut Criterion) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let bytes = std::fs::read(seeds.join("region-skane.txt")).unwrap();
    let codebook = Codebook::read(&seeds.join("themes.toml")).unwrap();
    let files = ModelFiles::embedded();
    let device = open_device(DeviceChoice::Cpu).unwrap();
    let load = || Encoder::load(&files, &device).unwrap();
    let judge = Judge::embedded(load());
    let themes = judge.prepare(&codebook).unwrap();
    let response = corpus::read_bytes("region-skane.txt", &bytes).unwrap();
    let sentences: Vec<&str> = response.sentences.iter().map(|s| s.text.as_str()).collect();

    let mut group = criterion.benchmark_group("response");
    group.throughput(Throughput::Elements(1)).sample_size(20);
    group.bench_function("read and segment", |bench| {
        bench.iter(|| corpus::read_bytes("region-skane.txt", black_box(&bytes)).unwrap());
    });
    group.bench_function("encode", |bench| {
        bench.iter(|| judge.encoder().encode(black_box(&sentences)).unwrap());
    });
    let tokens = NonZeroUsize::new(2048).unwrap();
    let candle = Encoder::load_on_candle(&files, &device).unwrap();
    let candle = candle.with_batch_tokens(tokens);
    group.bench_function("encode on candle", |bench| {
        bench.iter(|| candle.encode(black_box(&sentences)).unwrap());
    });
    group.bench_function("whole pipeline", |bench| {
        bench.iter(|| {
            let response = corpus::read_bytes("region-skane.txt", black_box(&bytes)).unwrap();
            verify(
                judge.analyse(&response, &themes).unwrap(),
                &response,
                Unsupportable::Shown,
            )
        });
    });
    group.finish();
    criterion.bench_function("start: load the model", |bench| bench.iter(load));
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
