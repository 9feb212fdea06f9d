//! Same in, same out: interruption, thread count, batch size and file order change no byte.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::{output, remiss, text, write_responses};

fn run(input: &Path, out: &Path, more: &[&str]) -> String {
    let (input, out) = (input.to_str().unwrap(), out.to_str().unwrap());
    let mut arguments = vec!["run", input, "--out", out, "--quiet"];
    arguments.extend(more);
    let done = output(&mut remiss(&arguments));
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    fs::read_to_string(Path::new(out).join("results.jsonl")).unwrap()
}

/// How often the run is killed: `REMISS_KILLS=50 REMISS_RESPONSES=300 cargo test --release` is
/// the full trial, the default a short one.
fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().expect(name))
}

#[test]
fn a_killed_run_ends_as_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    let responses = setting("REMISS_RESPONSES", 40);
    let kills = setting("REMISS_KILLS", 8);
    write_responses(&input, responses, 12);

    let began = Instant::now();
    let whole = run(&input, &folder.path().join("whole"), &[]);
    let duration = began.elapsed();
    assert_eq!(whole.lines().count(), responses);

    let out = folder.path().join("killed");
    let mut state: u32 = 1;
    let (mut interrupted, mut amid) = (0, 0);
    let stored = || fs::read_dir(out.join("texts")).map_or(0, Iterator::count);
    for number in 0..kills {
        let mut child = remiss(&["run", input.to_str().unwrap(), "--quiet", "--out"])
            .arg(&out)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let share = f64::from(state >> 8) / f64::from(1 << 24);
        if number % 2 == 0 {
            // At any instant, start-up included.
            let most = duration.mul_f64(2.0 / kills as f64);
            std::thread::sleep(most.mul_f64(share) + Duration::from_millis(5));
        } else {
            // In the midst of the work, a little further each time.
            let enough = (responses * number / kills).max(1);
            while stored() < enough && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_secs_f64(share / 50.0));
        }
        if child.try_wait().unwrap().is_none() {
            interrupted += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        amid += usize::from((1..responses).contains(&stored()));
    }
    assert!(amid > 0, "no kill fell while responses were being judged");
    assert!(
        interrupted > kills / 2,
        "the run was over before it could be killed"
    );
    println!("killed {interrupted} times, {amid} of them amid the work");
    assert_eq!(run(&input, &out, &[]), whole);
    let left: Vec<PathBuf> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "partial")
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn threads_batches_and_order_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    write_responses(&input, 12, 14);
    let reference = run(&input, &folder.path().join("a"), &["--threads", "1"]);
    for (name, more) in [
        ("two-threads", ["--threads", "2", "--batch-tokens", "2048"]),
        ("one-token", ["--threads", "2", "--batch-tokens", "1"]),
        ("many-tokens", ["--threads", "1", "--batch-tokens", "65536"]),
    ] {
        assert_eq!(
            run(&input, &folder.path().join(name), &more),
            reference,
            "{name}"
        );
    }
    // The files one by one, last first.
    let mut files: Vec<PathBuf> = (0..12)
        .map(|n| input.join(format!("svar-{n:04}.txt")))
        .collect();
    files.reverse();
    let out = folder.path().join("reversed");
    let done = output(remiss(&["run", "--quiet", "--out"]).arg(&out).args(&files));
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert_eq!(
        fs::read_to_string(out.join("results.jsonl")).unwrap(),
        reference
    );
}

#[test]
fn a_changed_input_is_said_and_analysed_anew() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    write_responses(&input, 3, 6);
    let out = folder.path().join("out");
    run(&input, &out, &[]);
    fs::write(
        input.join("svar-0001.txt"),
        "Kommunen avstyrker förslaget om en larmcentral.\n",
    )
    .unwrap();
    fs::remove_file(input.join("svar-0002.txt")).unwrap();
    let again = output(remiss(&["run", input.to_str().unwrap(), "--out"]).arg(&out));
    assert_eq!(again.status.code(), Some(0));
    let said = text(&again.stderr);
    assert!(said.contains("svar-0001.txt har ändrats"), "{said}");
    assert!(said.contains("svar-0002 finns inte längre"), "{said}");
    let resumed = fs::read_to_string(out.join("results.jsonl")).unwrap();
    assert_eq!(resumed, run(&input, &folder.path().join("fresh"), &[]));
}

#[test]
fn another_codebook_is_never_mixed_in() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    write_responses(&input, 2, 5);
    let out = folder.path().join("out");
    let before = run(&input, &out, &[]);
    let codebook = input.join("themes.toml");
    let changed = fs::read_to_string(&codebook)
        .unwrap()
        .replace("Tillsynsavgift", "Avgift");
    fs::write(&codebook, changed).unwrap();
    let refused = output(remiss(&["run", input.to_str().unwrap(), "--out"]).arg(&out));
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("another codebook"),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(
        fs::read_to_string(out.join("results.jsonl")).unwrap(),
        before
    );
}
