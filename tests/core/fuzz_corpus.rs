//! The checks of the fuzzers in `fuzz`, without a fuzzer: on their corpus and on changed copies of it.
//!
//! The copies are the same in every run. `cargo xtask fuzz` tries others. An input that fails there becomes a
//! file of the corpus.

use capwire_testkit::fuzz_targets as targets;
use fastrand::Rng;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// How many changed copies each target gets.
const COPIES: usize = 2_500;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"))
}

/// The corpus of a target, sorted by file name.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = folder().join("corpus").join(target);
    let files = fs::read_dir(&folder).expect("the folder of a corpus");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file of the corpus")).collect()
}

/// The words of the dictionary.
fn words() -> Vec<Vec<u8>> {
    let text = fs::read_to_string(folder().join("tokens.dict")).expect("the dictionary");
    let lines = text.lines().filter(|line| line.starts_with('"'));
    lines.map(|line| serde_json::from_str::<String>(line).expect(line).into_bytes()).collect()
}

/// A copy with a few changes as fuzzers make them.
fn changed(input: &[u8], other: &[u8], words: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=rng.usize(..4) {
        let at = rng.usize(..=bytes.len());
        match rng.usize(..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.usize(..8),
            1 if at < bytes.len() => bytes[at] = rng.u8(..),
            2 => bytes.insert(at, rng.u8(..)),
            3 => drop(bytes.drain(at..(at + rng.usize(..8)).min(bytes.len()))),
            4 => {
                let word = words[rng.usize(..words.len())].iter().copied();
                drop(bytes.splice(at..at, word));
            }
            5 => {
                bytes.truncate(at);
                bytes.extend_from_slice(&other[rng.usize(..=other.len())..]);
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
fn the_corpus_and_changed_copies_of_it_pass() {
    let words = words();
    for (target, run) in targets::ALL {
        let corpus = corpus(target);
        assert!(corpus.len() >= 20, "the corpus of {target} is gone");
        let check = |input: &[u8]| {
            if catch_unwind(AssertUnwindSafe(|| run(input))).is_err() {
                panic!("{target} fails for {:?}", String::from_utf8_lossy(input));
            }
        };
        corpus.iter().for_each(|input| check(input));
        let mut rng = Rng::with_seed(0x5eed);
        for copy in 0..COPIES {
            let (input, other) = (&corpus[copy % corpus.len()], &corpus[rng.usize(..corpus.len())]);
            check(&changed(input, other, &words, &mut rng));
        }
        println!("{target}: {} files, {COPIES} changed copies", corpus.len());
    }
}
