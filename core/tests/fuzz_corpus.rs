//! The fuzz targets' corpus, as it is and mutated, through the fuzz targets' own bodies: on the stable toolchain.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    pub(crate) mod fuzz_bodies;
    pub(crate) mod soak;
}

use std::fs;
use std::path::{Path, PathBuf};

use rand::rngs::SmallRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

use support::fuzz_bodies::{TARGETS, Target};
use support::soak;

fn folder(target: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus")).join(target)
}

/// A target's inputs in the order of their names, so that a seeded run is the same everywhere.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Runs a body, and says what it was given where it panics.
fn run((name, body): Target, input: &[u8], from: &Path) {
    if std::panic::catch_unwind(|| body(input)).is_err() {
        panic!("{name} fails on {:?}, from {}", String::from_utf8_lossy(input), from.display());
    }
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let mut folders: Vec<_> =
        fs::read_dir(folder("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort();
    let mut targets = TARGETS.map(|(name, _)| name);
    targets.sort_unstable();
    assert_eq!(folders, targets);
    assert!(TARGETS.iter().all(|(name, _)| corpus(name).len() >= 10));
}

#[test]
fn every_input_of_the_corpus_passes() {
    for target in TARGETS {
        corpus(target.0).iter().for_each(|(path, input)| run(target, input, path));
    }
}

#[test]
fn mutated_inputs_of_the_corpus_pass() {
    let mutations = soak::count(20, 2_000);
    for target in TARGETS {
        let inputs = corpus(target.0);
        let mut random = SmallRng::seed_from_u64(1);
        for (path, input) in &inputs {
            for _ in 0..mutations {
                let (_, other) = &inputs[random.random_range(0..inputs.len())];
                run(target, &mutated(input, other, &mut random), path);
            }
        }
    }
}

/// One to four changes: a byte, a bit, something out or twice, a piece of another input, an end cut off.
fn mutated(input: &[u8], other: &[u8], random: &mut SmallRng) -> Vec<u8> {
    const TELLING: &[u8] = b"\0\n\r {}[]\":,.+-0019#@\\eE\x7f\x80\xc3\xe2\xff";
    let mut bytes = input.to_vec();
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..=bytes.len());
        let end = bytes.len().min(at + random.random_range(1..=8));
        match random.random_range(0..7) {
            0 => bytes.insert(at, TELLING[random.random_range(0..TELLING.len())]),
            1 => bytes.insert(at, random.next_u32().to_le_bytes()[0]),
            2 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.extend_from_within(at..end),
            5 => {
                let from = random.random_range(0..=other.len());
                let piece = &other[from..other.len().min(from + random.random_range(1..=16))];
                bytes.splice(at..at, piece.iter().copied());
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}
