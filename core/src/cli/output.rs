//! The output, for people or as JSON.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};
use std::time::{Duration, SystemTime};

use egoi_verify::{Error, ErrorCode, Reason, Verification, parse_number};
use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::exit::Exit;

pub(crate) struct Output {
    pub(crate) json: bool,
}

/// Writes to standard output. A broken pipe is not a failure: the reader has seen enough.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    quiet(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

/// Help, in the colours that clap gives it on a terminal.
pub(crate) fn write_styled(help: &clap::Error) -> Result<(), Error> {
    quiet(help.print().and_then(|()| io::stdout().flush()))
}

fn quiet(written: io::Result<()>) -> Result<(), Error> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let what = format!("cannot write to standard output: {error}");
            Err(Error::new(ErrorCode::Internal, what).with_cause(error))
        }
        _ => Ok(()),
    }
}

impl Output {
    /// One result: a line of JSON, or lines for people.
    pub(crate) fn result(&self, json: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Error> {
        let mut line = if self.json {
            serde_json::to_string(json)
                .map_err(|error| Error::new(ErrorCode::Internal, format!("cannot write JSON: {error}")))?
        } else {
            text()
        };
        line.push('\n');
        write(line.as_bytes())
    }

    /// A verification.
    pub(crate) fn verification(&self, verification: &Verification) -> Result<(), Error> {
        let view = View::of(verification);
        self.result(&view, || {
            let number = view
                .number
                .map(|number| parse_number(number, None).map_or("*".to_owned(), |number| number.to_string()));
            table(&[
                ("id", Some(view.id.to_owned())),
                ("state", Some(view.state.to_owned())),
                ("number", number),
                ("sms", view.sms.map(str::to_owned)),
                ("created", view.created_at.clone()),
                ("expires", view.expires_at.clone()),
                ("attempts left", view.attempts_left.map(|left| left.to_string())),
            ])
        })
    }

    /// Reports a failure on standard error, and returns the exit code.
    pub(crate) fn failed(&self, error: &Error) -> Exit {
        let hint = hint(error);
        let text = if self.json {
            let failure = Failure {
                error: Fields {
                    code: error.code().as_str(),
                    detail: error.detail(),
                    field: error.field(),
                    reason: error.reason().map(Reason::as_str),
                    http_status: error.http_status(),
                    request_id: error.request_id(),
                    retry_after: error.retry_after().map(|after| after.as_secs_f64()),
                    retry_is_safe: error.retry_is_safe(),
                    sms_possibly_sent: error.sms_possibly_sent(),
                    hint,
                },
            };
            serde_json::to_string(&failure).unwrap_or_default()
        } else {
            in_words(error, hint)
        };
        let _ = writeln!(io::stderr().lock(), "{text}");
        error.code().into()
    }
}

/// For people.
fn in_words(error: &Error, hint: Option<&str>) -> String {
    let mut text = format!("egoi-verify: {error}");
    if let Some(id) = error.request_id() {
        let _ = write!(text, "\n  request: {id}");
    }
    if error.sms_possibly_sent() {
        text.push_str("\n  An SMS may have been sent: look for it before you ask for another.");
    }
    match error.retry_after() {
        Some(after) => {
            let _ = write!(text, "\n  Wait {} before the next try.", seconds(after));
        }
        None if error.retry_is_safe() => {
            text.push_str("\n  You may repeat the call: it sends no second SMS and uses up no attempt.")
        }
        None => {}
    }
    if let Some(hint) = hint {
        let _ = write!(text, "\n  {hint}");
    }
    text
}

/// The remedy, for a person.
fn hint(error: &Error) -> Option<&'static str> {
    Some(match error.code() {
        ErrorCode::Unauthorized => "The API key is missing or wrong: see EGOI_API_KEY, or what --key-stdin was given.",
        // A firewall's page says nothing of the account.
        ErrorCode::Forbidden if error.reason() == Some(Reason::Proxy) => return None,
        ErrorCode::Forbidden => {
            "The key is known, but the account may not do this. Most often its transactional service is not activated: \
             activate it in E-goi, or ask E-goi's support to."
        }
        _ => return None,
    })
}

#[derive(Serialize)]
struct Failure<'a> {
    error: Fields<'a>,
}

/// Every field of an error; `retry_after` in seconds.
#[derive(Serialize)]
struct Fields<'a> {
    code: &'static str,
    detail: &'a str,
    field: Option<&'a str>,
    reason: Option<&'static str>,
    http_status: Option<u16>,
    request_id: Option<&'a str>,
    retry_after: Option<f64>,
    retry_is_safe: bool,
    sms_possibly_sent: bool,
    hint: Option<&'static str>,
}

/// A verification as JSON. A value that the service does not report is null.
#[derive(Serialize)]
pub(crate) struct View<'a> {
    pub(crate) id: &'a str,
    pub(crate) state: &'static str,
    pub(crate) number: Option<&'a str>,
    pub(crate) created_at: Option<String>,
    pub(crate) expires_at: Option<String>,
    pub(crate) sms: Option<&'static str>,
    pub(crate) attempts_left: Option<u32>,
}

impl<'a> View<'a> {
    pub(crate) fn of(verification: &'a Verification) -> Self {
        Self {
            id: &verification.id,
            state: verification.state.as_str(),
            number: verification.number.as_deref(),
            created_at: verification.created_at.and_then(rfc3339),
            expires_at: verification.expires_at.and_then(rfc3339),
            sms: verification.sms.map(egoi_verify::SmsStatus::as_str),
            attempts_left: verification.attempts_left,
        }
    }
}

/// Aligned lines of the known values.
pub(crate) fn table(rows: &[(&str, Option<String>)]) -> String {
    let known = || rows.iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value)));
    let width = known().map(|(name, _)| name.len()).max().unwrap_or(0);
    known().map(|(name, value)| format!("{name:width$}  {value}")).collect::<Vec<_>>().join("\n")
}

/// UTC, cut to milliseconds: an expiry is never shown too late.
pub(crate) fn rfc3339(at: SystemTime) -> Option<String> {
    let format =
        format_description!(version = 2, "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from(at).format(format).ok()
}

fn seconds(duration: Duration) -> String {
    format!("{} s", (duration.as_secs_f64() * 10.0).ceil() / 10.0)
}
