//! The five verbs.
use clap::Args;
use egoi_verify::{Accept, CallOptions, Error, Outcome, RequestOptions, State, ValidateOptions, binding_options};
use serde::Serialize;
use zeroize::Zeroizing;

use super::connection::{Connection, line_of_stdin};
use super::exit::Exit;
use super::output::Output;

#[derive(Args)]
pub(crate) struct Request {
    /// The number, as people write it: "+351 910 000 000", 00351910000000 or 351-910000000
    number: String,
    /// The country of a number without its calling code, by ISO 3166 code: PT
    #[arg(long, value_name = "COUNTRY")]
    default_region: Option<String>,
    /// Which numbers get an SMS [default: valid]
    #[arg(long, value_name = "NUMBERS", value_parser = ["mobile", "valid", "possible"])]
    accept: Option<String>,
    /// The text of the SMS. The code replaces {CODE} [default: "{CODE} is your verification code."]
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// The characters of the code [default: numeric]
    #[arg(long, value_name = "TYPE", value_parser = ["numeric", "alpha", "alphanumeric", "hex"])]
    code_type: Option<String>,
    /// The length of the code, 4 to 20 characters [default: 6]
    #[arg(long, value_name = "CHARACTERS")]
    code_size: Option<u32>,
    /// The validity of the code, 1 to 3600 seconds [default: 600]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    ttl: Option<f64>,
    /// A label for E-goi's reports (V1) [default: 2FA]
    #[arg(long, value_name = "LABEL")]
    group: Option<String>,
    /// A second call with the same key sends no SMS. It needs a store, which the command line does not have yet
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Args)]
pub(crate) struct Validate {
    /// The request's id, which `request` printed
    id: String,
    /// The code that the person gave. Without it, the code is read from standard input, which no process list shows
    code: Option<String>,
    /// The number that the request must be for. A request for another number is not_found, and no code is checked (V2)
    #[arg(long)]
    number: Option<String>,
    /// The country of a number without its calling code, by ISO 3166 code: PT
    #[arg(long, value_name = "COUNTRY")]
    default_region: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn request(output: &Output, asked: Request) -> Result<Exit, Error> {
    let accept = asked.accept.map_or(Ok(Accept::default()), |word| word.parse())?;
    let client = asked.connection.connect_as_sender(accept)?;
    let mut options = RequestOptions::default();
    if let Some(country) = asked.default_region {
        options = options.default_region(country);
    }
    if let Some(message) = asked.message {
        options = options.message(message);
    }
    if let Some(code_type) = asked.code_type {
        options = options.code_type(code_type.parse()?);
    }
    if let Some(characters) = asked.code_size {
        options = options.code_size(characters);
    }
    if let Some(seconds) = asked.ttl {
        options = options.ttl(binding_options::ttl(seconds)?);
    }
    if let Some(group) = asked.group {
        options = options.group(group);
    }
    if let Some(key) = asked.idempotency_key {
        options = options.idempotency_key(key);
    }
    output.verification(&client.request(&asked.number, options).await?)?;
    Ok(Exit::Done)
}

pub(crate) async fn validate(output: &Output, asked: Validate) -> Result<Exit, Error> {
    // In this order: with both on standard input the key is the first line.
    let client = asked.connection.connect()?.client;
    let code = match asked.code {
        Some(code) => Zeroizing::new(code),
        None => line_of_stdin("code", "Code: ")?,
    };
    let mut options = ValidateOptions::default();
    if let Some(number) = asked.number {
        options = options.number(number);
    }
    if let Some(country) = asked.default_region {
        options = options.default_region(country);
    }
    let outcome = client.validate(&asked.id, &code, options).await?;

    #[derive(Serialize)]
    struct Validated<'a> {
        id: &'a str,
        outcome: &'static str,
        verified: bool,
    }
    let validated = Validated { id: &asked.id, outcome: outcome.as_str(), verified: outcome.is_verified() };
    output.result(&validated, || format!("{outcome}: {}", meaning(outcome)))?;
    Ok(outcome.into())
}

pub(crate) async fn cancel(output: &Output, id: &str, connection: &Connection) -> Result<Exit, Error> {
    let state = connection.connect()?.client.cancel(id, CallOptions::default()).await?;

    #[derive(Serialize)]
    struct Cancelled<'a> {
        id: &'a str,
        state: &'static str,
    }
    output.result(&Cancelled { id, state: state.as_str() }, || {
        let meaning = match state {
            State::Cancelled => "no code is valid now",
            State::Verified => "too late, it was verified before",
            State::Expired => "too late, it had expired",
            State::Pending => "it is still waiting for its code",
        };
        format!("{state}: {meaning}")
    })?;
    Ok(Exit::of_cancelling(state))
}

pub(crate) async fn resend(output: &Output, id: &str, connection: &Connection) -> Result<Exit, Error> {
    output.verification(&connection.connect()?.client.resend(id, CallOptions::default()).await?)?;
    Ok(Exit::Done)
}

pub(crate) async fn get(output: &Output, id: &str, connection: &Connection) -> Result<Exit, Error> {
    output.verification(&connection.connect()?.client.get(id, CallOptions::default()).await?)?;
    Ok(Exit::Done)
}

const fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "the number belongs to the person who gave the code",
        Outcome::WrongCode => "the request waits for the right code until it expires",
        Outcome::Expired => "the code has expired; ask for a new one",
        Outcome::AlreadyVerified => "the right code was given before; that proves nothing now",
        Outcome::Cancelled => "the request was cancelled; ask for a new one",
        Outcome::TooManyAttempts => "this code was not checked; ask for a new one later",
    }
}
