//! Has the module unwind with the system's unwinder.
//!
//! Before 3.14, CPython ends a thread that comes back from a call while the interpreter shuts down with `pthread_exit`, which
//! unwinds its frames with libgcc's unwinder. zig, which links the wheel, would put another one into the module, and one
//! that is handed the other's frames crashes.

#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

use std::env;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;

/// Names the file, where a compiler of another system is asked in vain.
const VARIABLE: &str = "EGOI_LIBGCC_S";

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let of_target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if of_target("OS") != "linux" || of_target("ENV") != "gnu" {
        return Ok(());
    }
    let arch = of_target("ARCH");
    let candidates = candidates(&arch);
    let Some(path) = candidates.iter().find(|path| is_for(path, &arch)) else {
        // A module without it works, until an interpreter that shuts down crashes.
        return Err(format!(
            "no libgcc_s.so.1 for {arch}: install the libgcc-s1 of that system, or name the file in {VARIABLE}; tried {candidates:?}"
        ));
    };
    // By its path: zig takes its name for that of its own.
    println!("cargo::rustc-cdylib-link-arg={path}");
    Ok(())
}

/// Where it may be: what the variable names, what the compilers say, where Debian has those of other systems.
fn candidates(arch: &str) -> Vec<String> {
    if let Ok(named) = env::var(VARIABLE) {
        return vec![named];
    }
    let of_compilers = [format!("{arch}-linux-gnu-gcc"), format!("{arch}-unknown-linux-gnu-gcc"), "cc".to_owned()]
        .into_iter()
        .filter_map(|compiler| Command::new(compiler).arg("-print-file-name=libgcc_s.so.1").output().ok())
        .map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    let of_debian =
        [format!("/usr/lib/{arch}-linux-gnu/libgcc_s.so.1"), format!("/lib/{arch}-linux-gnu/libgcc_s.so.1")];
    // A compiler that has none repeats the bare name.
    of_compilers.chain(of_debian).filter(|path| Path::new(path).is_absolute()).collect()
}

/// Whether it is a library for that processor: another system's `cc` gives its own.
fn is_for(path: &str, arch: &str) -> bool {
    let mut header = [0; 20];
    let was_read = File::open(path).and_then(|mut file| file.read_exact(&mut header)).is_ok();
    let machine = u16::from_le_bytes([header[18], header[19]]);
    let is_its_machine = match arch {
        "x86_64" => machine == 62,
        "aarch64" => machine == 183,
        _ => true,
    };
    was_read && header.starts_with(b"\x7fELF") && is_its_machine
}
