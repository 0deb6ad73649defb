//! The command line `egoi-verify`.

#![forbid(unsafe_code)]

mod cli;

/// Whatever held a key or a code, in a library's buffer too, is wiped when it is freed.
#[global_allocator]
static WIPED_WHEN_FREED: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> std::process::ExitCode {
    cli::main()
}
