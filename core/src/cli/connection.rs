//! The service to call, the key and the sender.

use std::io::{self, BufRead as _, ErrorKind, IsTerminal as _, Read as _, Write as _};
use std::time::Duration;

use clap::Args;
use egoi_verify::{Accept, Api, Client, ClientOptions, Error, Reason};
#[cfg(unix)]
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// The maximum length of a key or a code.
const LONGEST_LINE: u64 = 4096;

#[derive(Args)]
pub(crate) struct Connection {
    /// Take the API key from the first line of standard input, not from EGOI_API_KEY
    #[arg(long)]
    key_stdin: bool,
    /// The time that a call may take [default: 15]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    timeout: Option<f64>,
}

/// A client and its options.
pub(crate) struct Connected {
    pub(crate) client: Client,
    pub(crate) sender: Option<String>,
}

impl Connection {
    /// A client for a call that names no sender.
    pub(crate) fn connect(&self) -> Result<Connected, Error> {
        self.connect_accepting(Accept::default())
    }

    fn connect_accepting(&self, accept: Accept) -> Result<Connected, Error> {
        let api = match variable("EGOI_API")?.as_deref().map(String::as_str) {
            None | Some("v2" | "V2") => Api::V2,
            Some("v1" | "V1") => Api::V1,
            Some(_) => {
                return Err(Error::invalid_input(
                    "EGOI_API",
                    Reason::UnknownValue,
                    "is unknown; it must be `v1` or `v2`",
                ));
            }
        };
        let sender = variable("EGOI_SENDER")?.map(|sender| sender.to_string());
        let mut key = if self.key_stdin {
            line_of_stdin("api_key", "API key: ")?
        } else {
            variable("EGOI_API_KEY")?.ok_or_else(|| {
                let fault = "is not set; this environment variable or --key-stdin is required";
                Error::invalid_input("EGOI_API_KEY", Reason::Missing, fault)
            })?
        };
        // Only a request names a sender, and `request` sees to that there is one.
        let named = sender.clone().unwrap_or_else(|| "none".to_owned());
        let mut options =
            ClientOptions::new(std::mem::take(&mut *key), named).api(api).accept(accept).app_name("command line");
        if let Some(base_url) = variable("EGOI_BASE_URL")? {
            options = options.base_url(base_url.as_str());
        }
        if let Some(allow) = variable("EGOI_ALLOW_HTTP")? {
            options = options.allow_http(ClientOptions::allow_http_variable(&allow)?);
        }
        if let Some(timeout) = self.timeout {
            options = options.timeout(match Duration::try_from_secs_f64(timeout) {
                Ok(timeout) if !timeout.is_zero() => timeout,
                _ => {
                    let fault = format_args!("is {timeout}; it must be more than 0 seconds");
                    return Err(Error::invalid_input("timeout", Reason::TooSmall, fault));
                }
            });
        }
        Ok(Connected { client: Client::new(options)?, sender })
    }

    /// A client for a request, which names the sender.
    pub(crate) fn connect_as_sender(&self, accept: Accept) -> Result<Client, Error> {
        let connected = self.connect_accepting(accept)?;
        match connected.sender {
            Some(_) => Ok(connected.client),
            None => Err(Error::invalid_input(
                "EGOI_SENDER",
                Reason::Missing,
                "is not set; this environment variable is required: V2 takes the sender's id, which `egoi-verify check` \
                 lists, V1 its hash",
            )),
        }
    }
}

/// An environment variable. An empty variable counts as not set.
pub(crate) fn variable(name: &str) -> Result<Option<Zeroizing<String>>, Error> {
    match std::env::var_os(name) {
        Some(value) if !value.is_empty() => match value.into_string() {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(_) => Err(Error::invalid_input(name, Reason::Unreadable, "is not UTF-8")),
        },
        _ => Ok(None),
    }
}

/// The next line of standard input, where a secret stays out of the process list.
pub(crate) fn line_of_stdin(field: &str, prompt: &str) -> Result<Zeroizing<String>, Error> {
    let stdin = io::stdin();
    let mut _silent = None;
    if stdin.is_terminal() {
        _silent = Silent::start();
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{prompt}").and_then(|()| stderr.flush());
    }
    let mut line = Zeroizing::new(String::with_capacity(LONGEST_LINE as usize));
    match stdin.lock().take(LONGEST_LINE).read_line(&mut line) {
        Ok(0) => {
            return Err(Error::invalid_input(
                field,
                Reason::Missing,
                "is missing: standard input ended without a line",
            ));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Err(Error::invalid_input(field, Reason::Unreadable, "is not UTF-8"));
        }
        Err(error) => {
            let fault = format_args!("cannot be read from standard input: {error}");
            return Err(Error::invalid_input(field, Reason::Unreadable, fault));
        }
    }
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

/// Hides the typed characters of a terminal until it is dropped. The end of the line is shown.
#[cfg(unix)]
struct Silent(Termios);

#[cfg(unix)]
impl Silent {
    fn start() -> Option<Self> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Now, &silent).ok()?;
        Some(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Silent {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(not(unix))]
struct Silent;

#[cfg(not(unix))]
impl Silent {
    fn start() -> Option<Self> {
        None
    }
}
