//! Reading a phone number against the library behind it alone.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

mod rounds;

use std::hint::black_box;

use egoi_verify::PhoneNumber;
use rlibphonenumber::PHONE_NUMBER_UTIL;
use rounds::Cost;

/// In the ways that people write them, of small and large numbering plans.
const NUMBERS: [&str; 8] = [
    "+351 910 000 000",
    "+34 612 345 678",
    "+55 11 96123-4567",
    "+44 7400 123456",
    "+1 (201) 555-0123",
    "+39 312 345 6789",
    "+49 1512 3456789",
    "+244 923 123 456",
];

fn main() {
    let times = rounds::scaled(5_000);
    let all = times * NUMBERS.len();
    rounds::head("Reading phone numbers");
    rounds::compare(
        "a number",
        vec![
            ("PhoneNumber::parse", Box::new(|| Cost::of(all, || each(times, |text| PhoneNumber::parse(text).is_ok())))),
            (
                "rlibphonenumber, parsed alone",
                Box::new(|| Cost::of(all, || each(times, |text| PHONE_NUMBER_UTIL.parse(text, None).is_ok()))),
            ),
        ],
    );
}

fn each(times: usize, read: impl Fn(&str) -> bool) {
    for _ in 0..times {
        for text in NUMBERS {
            assert!(read(black_box(text)));
        }
    }
}
