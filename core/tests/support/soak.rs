//! How often the long checks run.

use std::io::Write as _;
use std::panic::Location;

/// `short`, or `full` where the environment has `EGOI_SOAK=1`; says which on standard output, past the test harness,
/// which shows the output of failing tests alone.
#[track_caller]
pub(crate) fn count(short: u64, full: u64) -> u64 {
    let count = if std::env::var_os("EGOI_SOAK").is_some_and(|set| set == "1") { full } else { short };
    let thread = std::thread::current();
    let name = match thread.name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => format!("{}:{}", Location::caller().file(), Location::caller().line()),
    };
    // Standard output that is closed fails no test.
    let _ = writeln!(std::io::stdout(), "{name}: {count} of {full}");
    count
}
