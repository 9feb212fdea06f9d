//! Prints the stored text of one file, or measures how fast files are read.
//!
//! ```text
//! cargo run --release --example extract_text -- FILE          # its text
//! cargo run --release --example extract_text -- --time FILE…  # milliseconds for each
//! ```

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let time = arguments.first().is_some_and(|first| first == "--time");
    if time {
        arguments.remove(0);
    }
    let mut failed = false;
    for file in &arguments {
        let start = Instant::now();
        match remiss::corpus::stored_text(Path::new(file)) {
            Ok(_) if time => println!("{file}\t{:.1}", start.elapsed().as_secs_f64() * 1000.0),
            Ok(text) => print!("{text}"),
            Err(error) => {
                eprintln!("{file}: {error}");
                failed = true;
            }
        }
    }
    ExitCode::from(u8::from(failed))
}
