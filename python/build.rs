//! Has the module unwind with the system's unwinder.
//!
//! Before 3.14, CPython ends a thread that comes back from a call while the interpreter shuts down with `pthread_exit`, which
//! unwinds its frames with libgcc's unwinder. zig, which links the wheel, would put another one into the module, and one
//! that is handed the other's frames crashes.

#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let of_target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let is_here = of_target("ARCH") == std::env::consts::ARCH;
    if of_target("OS") == "linux" && of_target("ENV") == "gnu" && is_here {
        let asked = Command::new("cc").arg("-print-file-name=libgcc_s.so.1").output();
        let path = asked.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default();
        if Path::new(&path).is_absolute() {
            // By its path: zig takes its name for that of its own.
            println!("cargo::rustc-cdylib-link-arg={path}");
        } else {
            println!("cargo::warning=no libgcc_s.so.1: interpreters may crash when they shut down");
        }
    }
}
