//! Codes and ids as they are drawn. That the sampler favours no character is shown exactly, over every byte value, where
//! it is written; here is what comes out of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    pub(crate) mod soak;
}

use std::collections::HashSet;

use egoi_verify::{CodeType, Error, ErrorCode, generate_code};

use support::soak;

/// Pearson's statistic of the counts against all being equally likely.
fn chi_square(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum()
}

/// What the statistic passes once in 10^9 times, by Wilson and Hilferty's approximation: a test that fails by chance that
/// seldom fails for a reason.
fn limit(characters: usize) -> f64 {
    let freedom = (characters - 1) as f64;
    let spread = 2.0 / (9.0 * freedom);
    freedom * (1.0 - spread + 6.0 * spread.sqrt()).powi(3)
}

#[test]
fn in_every_place_of_a_code_each_character_comes_equally_often() {
    let codes = soak::count(100_000, 10_000_000);
    for code_type in CodeType::ALL {
        let alphabet = code_type.alphabet().as_bytes();
        let mut counts = [[0u64; 256]; 6];
        for _ in 0..codes {
            let code = generate_code(code_type, 6).unwrap();
            for (place, byte) in code.expose().bytes().enumerate() {
                counts[place][usize::from(byte)] += 1;
            }
        }
        for (place, counts) in counts.iter().enumerate() {
            let of_each: Vec<u64> = alphabet.iter().map(|byte| counts[usize::from(*byte)]).collect();
            let (found, limit) = (chi_square(&of_each), limit(alphabet.len()));
            assert!(found < limit, "place {place} of {code_type}: {found:.1}, at most {limit:.1}: {of_each:?}");
        }
    }
}

#[test]
fn each_pair_of_neighbours_comes_equally_often() {
    let codes = soak::count(100_000, 10_000_000);
    let mut counts = [0u64; 100];
    for _ in 0..codes {
        let code = generate_code(CodeType::Numeric, 4).unwrap();
        let digits: Vec<usize> = code.expose().bytes().map(|byte| usize::from(byte - b'0')).collect();
        counts[digits[0] * 10 + digits[1]] += 1;
    }
    assert!(chi_square(&counts) < limit(100), "{counts:?}");
}

#[test]
fn the_statistic_finds_the_bias_of_a_byte_taken_modulo_ten() {
    // 256 = 25 * 10 + 6: the digits 0 to 5 would come 26 times in 256, the others 25 times.
    let biased: Vec<u64> =
        (0..10).map(|digit| if digit < 6 { 26 } else { 25 }).map(|share| share * 10_000_000 / 256).collect();
    assert!(chi_square(&biased) > limit(10));
}

#[test]
fn long_codes_do_not_come_twice() {
    let codes: HashSet<String> =
        (0..10_000).map(|_| generate_code(CodeType::Numeric, 20).unwrap().expose().to_owned()).collect();
    assert_eq!(codes.len(), 10_000);
}

#[test]
fn a_size_outside_4_to_20_is_refused() {
    for size in [0, 3, 21, u32::MAX] {
        let error: Error = generate_code(CodeType::Numeric, size).err().unwrap();
        assert_eq!(error.code(), ErrorCode::InvalidInput);
        assert!(error.detail().starts_with(&format!("`code_size` is {size} characters; the m")), "{error}");
    }
}
