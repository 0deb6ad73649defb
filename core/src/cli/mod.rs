//! The command line: its commands and options.

mod calls;
mod check;
mod connection;
mod demo;
mod exit;
mod output;
mod sandbox;
mod store;

use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use egoi_verify::{Error, ErrorCode, NUMBER_METADATA};

use connection::Connection;
use exit::Exit;
use output::Output;

const AFTER_HELP: &str = "\
Environment:
  EGOI_API_KEY   the account's API key, or use --key-stdin. It is never an argument
  EGOI_SENDER    the sender's id (V2; `check` lists it) or hash (V1). Only `request` needs it
  EGOI_API       v1 or v2 [default: v2]
  EGOI_BASE_URL  address of the service [default: the production service]
  EGOI_ALLOW_HTTP
                 1 allows plain HTTP to an address that is not loopback

Exit codes:
   0  done. For validate: verified. For cancel: cancelled
   1  a failure of this program or of the demo
   2  bad input or usage: invalid_input, misconfigured
   3  wrong_code
   4  expired
   5  already_verified
   6  cancelled: no code is valid now
   7  too_many_attempts
   8  refused by the service: unauthorized, forbidden, not_found, rejected, conflict, unsupported
   9  rate_limited
  10  no clear response: unreachable, timeout, interrupted, unavailable, redirected, invalid_response,
      storage, delivery_failed";

const STORE_HELP: &str = "\
Environment:
  EGOI_STORE      the store: sqlite:PATH, postgres://… or redis://…
  EGOI_STORE_KEY  its key";

/// The version, with the version of the metadata: newer ranges of numbers are not known.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    format!("{} (phone number metadata: libphonenumber {NUMBER_METADATA})", env!("CARGO_PKG_VERSION"))
});

/// Proves that a phone number belongs to the person in front of you. It sends a code by SMS, and checks the code that the person
/// gives back.
#[derive(Parser)]
#[command(name = "egoi-verify", version = VERSION.as_str(), after_help = AFTER_HELP, arg_required_else_help = true)]
struct CommandLine {
    /// Write JSON. Errors are then JSON on standard error, with every field
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play whole verifications against a sandbox, and show the HTTP requests and responses
    Demo,
    /// Run E-goi's interface on this machine until Ctrl-C, with an inbox page instead of a phone network
    Sandbox(sandbox::Options),
    /// Send one SMS with a code to a number
    #[command(after_help = AFTER_HELP)]
    Request(calls::Request),
    /// Submit the code that the person gave. Exits with 0 only if it proves the number
    #[command(after_help = AFTER_HELP)]
    Validate(calls::Validate),
    /// Cancel a request. Exits with 4 or 5 if it had expired or was verified before
    #[command(after_help = AFTER_HELP)]
    Cancel(Named),
    /// Send a new code for a request. The old code stops working (V2)
    #[command(after_help = AFTER_HELP)]
    Resend(Named),
    /// Read a request (V2)
    #[command(after_help = AFTER_HELP)]
    Get(Named),
    /// Check that the service is up and the key is valid, and list the senders
    #[command(after_help = AFTER_HELP)]
    Check {
        #[command(flatten)]
        connection: Connection,
    },
    /// Show, unlock or erase a number in an engine's store
    #[command(after_help = STORE_HELP)]
    Store {
        #[command(subcommand)]
        command: store::Command,
    },
    /// Write the completions for a shell, for example: egoi-verify completions bash
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// A call about a request.
#[derive(Args)]
struct Named {
    /// The request's id, which `request` printed
    id: String,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) fn main() -> ExitCode {
    // In Rust the library turns no panic into an error. A script must still see one of the exit codes of --help.
    std::panic::catch_unwind(run).unwrap_or(Exit::Internal).into()
}

fn run() -> Exit {
    let CommandLine { json, command } = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => return explain(&error),
    };
    let output = Output { json };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let what = format!("cannot start: {error}");
            return output.failed(&Error::new(ErrorCode::Internal, what).with_cause(error));
        }
    };
    runtime.block_on(perform(command, &output)).unwrap_or_else(|error| output.failed(&error))
}

async fn perform(command: Command, output: &Output) -> Result<Exit, Error> {
    match command {
        Command::Demo => demo::run(output).await,
        Command::Sandbox(options) => sandbox::run(output, options).await,
        Command::Request(request) => calls::request(output, request).await,
        Command::Validate(validate) => calls::validate(output, validate).await,
        Command::Cancel(Named { id, connection }) => calls::cancel(output, &id, &connection).await,
        Command::Resend(Named { id, connection }) => calls::resend(output, &id, &connection).await,
        Command::Get(Named { id, connection }) => calls::get(output, &id, &connection).await,
        Command::Check { connection } => check::run(output, &connection).await,
        Command::Store { command } => store::run(output, command).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut CommandLine::command(), "egoi-verify", &mut script);
            output::write(&script)?;
            Ok(Exit::Done)
        }
    }
}

/// Prints the help, the version, or the fault of the arguments.
fn explain(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        return match output::write_styled(error) {
            Ok(()) => Exit::Done,
            Err(error) => Output { json: false }.failed(&error),
        };
    }
    // The arguments could not be read, so whether JSON is wanted is not known from them.
    if std::env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json") {
        let text = error.to_string();
        let detail = text.trim().trim_start_matches("error: ");
        return Output { json: true }.failed(&Error::new(ErrorCode::InvalidInput, detail));
    }
    let _ = error.print();
    Exit::BadInput
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text behind each exit code of `--help`.
    fn exit_codes() -> Vec<(u8, String)> {
        let mut found: Vec<(u8, String)> = Vec::new();
        for line in AFTER_HELP.lines().skip_while(|line| !line.starts_with("Exit codes")).skip(1) {
            let (number, text) = line.split_at(4);
            match (number.trim().parse(), found.last_mut()) {
                (Ok(number), _) => found.push((number, text.to_owned())),
                (Err(_), Some((_, earlier))) => *earlier += text,
                (Err(_), None) => {}
            }
        }
        found
    }

    #[test]
    fn the_help_names_each_error_at_its_exit_code_and_no_other() {
        let found = exit_codes();
        assert_eq!(found.len(), 11);
        for code in ErrorCode::ALL {
            let name = code.to_string();
            let names = |text: &str| text.split(|c: char| c != '_' && !c.is_alphanumeric()).any(|word| word == name);
            let places: Vec<u8> = found.iter().filter(|(_, text)| names(text)).map(|(number, _)| *number).collect();
            let exit = Exit::from(code);
            let expected = if exit == Exit::Internal { vec![] } else { vec![exit as u8] };
            assert_eq!(places, expected, "{name}");
        }
    }
}
