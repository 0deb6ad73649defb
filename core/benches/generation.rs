//! Drawing a code against the one system call that it cannot do without.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

mod rounds;

use std::hint::black_box;
use std::process::Command;

use egoi_verify::{CodeType, generate_code};
use rounds::Cost;
use rustix::rand::{GetRandomFlags, getrandom};

/// As an argument: draw so many codes of this type and size, and nothing else.
const DRAW: &str = "--draw";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == DRAW) {
        let (code_type, size) = (arguments[at + 1].parse().unwrap(), arguments[at + 2].parse().unwrap());
        draw(code_type, size, arguments[at + 3].parse().unwrap());
        return;
    }

    let codes = rounds::scaled(200_000);
    rounds::head("Code generation");
    for code_type in CodeType::ALL {
        for size in [6, 20] {
            rounds::compare(
                &format!("{size} characters, {code_type}"),
                vec![
                    ("generate_code", Box::new(|| Cost::of(codes, || draw(code_type, size, codes)))),
                    ("getrandom of 32 bytes", Box::new(|| Cost::of(codes, || ask_the_system(codes)))),
                ],
            );
        }
    }

    println!("\nSystem calls a code, counted by strace over 10,000 codes");
    for code_type in CodeType::ALL {
        for size in [6, 20] {
            // The first code of a process has one more, which asks whether there is such a call.
            match calls(code_type, size, 10_001).zip(calls(code_type, size, 1)) {
                Some((all, first)) => {
                    println!("- {size} characters, {code_type}: {:.4}", (all - first) as f64 / 10_000.0);
                }
                None => println!("- {size} characters, {code_type}: not counted, strace did not run"),
            }
        }
    }
}

fn draw(code_type: CodeType, size: u32, codes: usize) {
    for _ in 0..codes {
        black_box(generate_code(code_type, size).unwrap());
    }
}

fn ask_the_system(times: usize) {
    for _ in 0..times {
        let mut bytes = [0_u8; 32];
        getrandom(&mut bytes, GetRandomFlags::empty()).unwrap();
        black_box(bytes);
    }
}

/// How many `getrandom` calls a process makes that draws so many codes.
fn calls(code_type: CodeType, size: u32, codes: usize) -> Option<usize> {
    let traced = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=getrandom", "-o", "/dev/stdout"])
        .arg(std::env::current_exe().ok()?)
        .args([DRAW, code_type.as_str(), &size.to_string(), &codes.to_string()])
        .output()
        .ok()
        .filter(|traced| traced.status.success())?;
    Some(String::from_utf8_lossy(&traced.stdout).matches("getrandom(").count())
}
