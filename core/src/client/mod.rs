//! A verifier that E-goi runs, over HTTPS.

mod budget;
mod guard;
mod options;
mod redact;
mod request_locks;
mod routes;
mod transport;
mod v1;
mod v2;

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use zeroize::Zeroizing;

pub(crate) use budget::MAX_RETRIES;
pub use options::{Api, ClientOptions, V1Paths, V2Paths};

use guard::{Attempted, Claimed, Guard};
use redact::Secrets;
use request_locks::RequestLocks;
use routes::Routes;
use transport::{Exchange, HttpResponse, Kind, Progress, Transport};

use crate::error::{Error, ErrorCode};
use crate::events::{About, Observers, Reported};
use crate::sms::Sending;
use crate::values::{Accept, ApiKey, Code, PhoneNumber, RequestId, checked_sender, masked};
use crate::verification::{
    CallOptions, Outcome, OutcomeDetails, RequestOptions, SmsStatus, State, Terms, ValidateOptions, Verification,
};
use crate::verifier::Verifier;
use crate::wire::words::StatusWords;
use crate::wire::{self, Malformed};

/// A sender of the account. Printed, its number is masked.
///
/// ```
/// use egoi_verify::{CallOptions, Client, Error};
///
/// async fn sender_ids(client: &Client) -> Result<Vec<String>, Error> {
///     let senders = client.senders(CallOptions::default()).await?;
///     Ok(senders.into_iter().map(|sender| sender.id).collect())
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SenderInfo {
    /// The value for the option `sender`: the id over V2, the hash over V1.
    pub id: String,
    /// The name of the sender, if it has one.
    pub name: Option<String>,
    /// The number of the sender, if it has one.
    pub number: Option<String>,
    /// The state of the sender, as the service names it, if it is known.
    pub status: Option<String>,
}

/// Verifications that E-goi runs. Clones are cheap and share one connection pool.
///
/// [`Client::new`] starts nothing and needs no runtime. The calls need a tokio runtime. Dropping the future of a call cancels
/// the call.
///
/// ```no_run
/// # async fn run() -> Result<(), egoi_verify::Error> {
/// use egoi_verify::{Client, RequestOptions, ValidateOptions};
///
/// let client = Client::from_env()?;
/// let verification = client.request("+351 910 000 000", RequestOptions::default()).await?;
/// let given = "123456";
/// let outcome = client.validate(&verification.id, given, ValidateOptions::default().number("+351 910 000 000")).await?;
/// println!("{}", outcome.is_verified());
/// # Ok(())
/// # }
/// ```
///
/// Over V2, keep the validations of one id in one process: `docs/production.md` says why.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    transport: Transport,
    routes: Routes,
    key: ApiKey,
    sender: String,
    timeout: Duration,
    retries: u32,
    check_state_first: bool,
    accept: Accept,
    words: StatusWords,
    validations: RequestLocks,
    guard: Option<Guard>,
    observers: Observers,
}

impl Client {
    /// Makes a client. Sends nothing. Make one client and keep it: it holds the pool of connections.
    ///
    /// # Errors
    ///
    /// `invalid_input` for an option that is not accepted, `misconfigured` for a store that cannot be opened. Correct the option
    /// that `field` names.
    pub fn new(options: ClientOptions) -> Result<Self, Error> {
        let key = ApiKey::parse(&options.api_key)?;
        let sender = checked_sender(&options.sender)?;
        let base = routes::checked_base(&options)?;
        Ok(Self(Arc::new(Shared {
            routes: Routes::new(&options, &base)?,
            transport: Transport::new(&options, &key, &base)?,
            words: StatusWords::extended(options.status_words.iter().cloned())?,
            guard: Guard::new(&options, &base, &key, &sender)?,
            validations: RequestLocks::default(),
            check_state_first: options.check_state_first,
            accept: options.accept,
            timeout: options.timeout,
            observers: options.observers,
            retries: checked_retries(options.retries)?,
            key,
            sender,
        })))
    }

    /// Makes a client from the environment: see [`ClientOptions::from_env`].
    ///
    /// # Errors
    ///
    /// `invalid_input` for a variable that is missing or not accepted: `field` names it.
    pub fn from_env() -> Result<Self, Error> {
        Self::new(ClientOptions::from_env()?)
    }

    /// Sends one SMS with a code to the number. See [`Verifier::request`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::request`].
    pub async fn request(&self, number: &str, options: RequestOptions) -> Result<Verification, Error> {
        match options.number(number) {
            Ok(number) => self.request_to(number, options).await,
            Err(refused) => self.observe(About::new("request"), &Progress::default(), async { Err(refused) }).await,
        }
    }

    /// Sends one SMS with a code to a parsed number.
    ///
    /// # Errors
    ///
    /// See [`Verifier::request`].
    pub async fn request_to(&self, number: PhoneNumber, options: RequestOptions) -> Result<Verification, Error> {
        let progress = Progress::default();
        let observed = async {
            self.0.accept.check(number)?;
            let terms = Terms::check(&options)?;
            let (key, client) = (options.checked_idempotency_key()?, options.checked_client()?);
            if key.is_some() && self.0.guard.is_none() {
                return Err(unsupported("an `idempotency_key` needs a `store`"));
            }
            let secrets = Secrets {
                key: self.0.key.expose(),
                number: Some(number),
                message: Some(terms.message.as_str()),
                ..Secrets::default()
            };
            let call = self.call(&progress, (options.timeout, options.retries), secrets, None)?;
            let held = OnceLock::new();
            let work = async {
                if let Some(guard) = &self.0.guard {
                    match call.of_store(guard.claim(key.as_deref(), number, client, call.deadline)).await? {
                        Claimed::Known(known) => return Ok(known),
                        Claimed::Held(key) => drop(held.set(key)),
                        Claimed::Nothing => {}
                    }
                }
                // Taken before the service can have taken its own, so that ours never ends later.
                let sent_at = SystemTime::now();
                let id = match &self.0.routes {
                    Routes::V1(routes) => v1::request(&call, routes, number, &terms).await?,
                    Routes::V2(routes) => v2::request(&call, routes, number, &terms).await?,
                };
                Ok(requested(&id, number, &terms, sent_at))
            };
            let done = call.run(work).await;
            // Outside of the deadline, which must not hide what the service accepted.
            match (held.into_inner(), &done) {
                (Some(held), Ok(made)) => {
                    if key.is_some() {
                        held.complete(made, call.deadline).await;
                    }
                    // V1 has no resend.
                    if let (Some(guard), Api::V2) = (&self.0.guard, self.api()) {
                        guard.keep_client(made, number, client, call.deadline).await;
                    }
                }
                (Some(held), Err(error)) if !error.sms_possibly_sent() => held.release(call.deadline).await,
                _ => {}
            }
            done
        };
        self.observe(About::of_number("request", Some(number)), &progress, observed).await
    }

    /// Submits the code that the person typed. See [`Verifier::validate`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::validate`].
    pub async fn validate(&self, id: &str, code: &str, options: ValidateOptions) -> Result<Outcome, Error> {
        self.validate_with_details(id, code, options).await.map(|details| details.outcome)
    }

    /// Submits the code, and returns the outcome with its details. E-goi counts the attempts and reports no details: only a limit of
    /// this client is in them. See [`Verifier::validate_with_details`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::validate`].
    pub async fn validate_with_details(
        &self,
        id: &str,
        code: &str,
        options: ValidateOptions,
    ) -> Result<OutcomeDetails, Error> {
        let progress = Progress::default();
        let number = options.checked_number();
        let about = About { number: number.as_ref().ok().copied().flatten(), ..About::of_request("validate", id) };
        let observed = async {
            let id = RequestId::parse(id)?;
            let code = Code::parse(code)?;
            let (number, client) = (number?, options.checked_client()?);
            let secrets = Secrets { key: self.0.key.expose(), code: Some(&code), number, message: None };
            let call = self.call(&progress, (options.timeout, options.retries), secrets, Some(&id))?;
            let counted = OnceLock::new();
            let work = async {
                if let Some(guard) = &self.0.guard {
                    match call.of_store(guard.count_attempt(client)).await? {
                        Attempted::Uncounted => {}
                        Attempted::Counted(attempt) => drop(counted.set(attempt)),
                        Attempted::TooMany => return Ok(OutcomeDetails::stopped_by("wrong_codes_per_client")),
                    }
                }
                let outcome = match &self.0.routes {
                    Routes::V1(_) if number.is_some() => Err(unsupported(
                        "V1 cannot check the number of a request: keep id and number together in the session, or use V2",
                    )),
                    Routes::V1(routes) => v1::validate(&call, routes, &id, &code).await,
                    Routes::V2(routes) => v2::validate(&call, routes, &id, &code, number).await,
                };
                outcome.map(OutcomeDetails::from)
            };
            let done = call.run(work).await;
            if let Some(attempt) = counted.into_inner().filter(|_| is_no_wrong_code(&done)) {
                attempt.give_back(call.deadline).await;
            }
            done
        };
        self.observe(about, &progress, observed).await
    }

    /// Cancels the request. See [`Verifier::cancel`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::cancel`].
    pub async fn cancel(&self, id: &str, options: CallOptions) -> Result<State, Error> {
        let progress = Progress::default();
        let observed = async {
            let id = RequestId::parse(id)?;
            let call = self.call(&progress, (options.timeout, options.retries), self.own_secrets(), Some(&id))?;
            let work = async {
                match &self.0.routes {
                    Routes::V1(routes) => v1::cancel(&call, routes, &id).await,
                    Routes::V2(routes) => v2::cancel(&call, routes, &id).await,
                }
            };
            call.run(work).await
        };
        self.observe(About::of_request("cancel", id), &progress, observed).await
    }

    /// Sends a new code. See [`Verifier::resend`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::resend`].
    pub async fn resend(&self, id: &str, options: CallOptions) -> Result<Verification, Error> {
        let progress = Progress::default();
        let observed = async {
            let id = RequestId::parse(id)?;
            let call = self.call(&progress, (options.timeout, options.retries), self.own_secrets(), Some(&id))?;
            let held = OnceLock::new();
            let work = async {
                let routes = self.v2()?;
                if let Some(guard) = self.0.guard.as_ref().filter(|guard| guard.counts_resends()) {
                    let number = v2::recipient(&call, routes, &id).await?;
                    let claimed = async {
                        let client = guard.client_of(&id, number).await?;
                        guard.claim(None, number, client, call.deadline).await
                    };
                    if let Claimed::Held(key) = call.of_store(claimed).await? {
                        drop(held.set(key));
                    }
                }
                v2::resend(&call, routes, &id).await
            };
            let done = call.run(work).await;
            if let Some(held) =
                held.into_inner().filter(|_| done.as_ref().is_err_and(|error| !error.sms_possibly_sent()))
            {
                held.release(call.deadline).await;
            }
            done
        };
        self.observe(About::of_request("resend", id), &progress, observed).await
    }

    /// Reads the request. See [`Verifier::get`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::get`].
    pub async fn get(&self, id: &str, options: CallOptions) -> Result<Verification, Error> {
        let progress = Progress::default();
        let observed = async {
            let id = RequestId::parse(id)?;
            let call = self.call(&progress, (options.timeout, options.retries), self.own_secrets(), Some(&id))?;
            call.run(async { v2::get(&call, self.v2()?, &id).await }).await
        };
        self.observe(About::of_request("get", id), &progress, observed).await
    }

    /// Checks that the service is up. It does not check the key.
    ///
    /// # Errors
    ///
    /// `unreachable`, `timeout`, `interrupted` or `unavailable`: repeat the call. Any other: see [`ErrorCode`](crate::ErrorCode).
    pub async fn ping(&self, options: CallOptions) -> Result<(), Error> {
        let progress = Progress::default();
        let observed = async {
            let call = self.call(&progress, (options.timeout, options.retries), self.own_secrets(), None)?;
            let work = async {
                match &self.0.routes {
                    Routes::V1(routes) => v1::ping(&call, routes).await,
                    Routes::V2(routes) => v2::ping(&call, routes).await,
                }
            };
            call.run(work).await
        };
        self.observe(About::new("ping"), &progress, observed).await
    }

    /// Lists the account's senders. It is the cheapest call that proves a key, and it sends no SMS.
    ///
    /// # Errors
    ///
    /// `unauthorized` for a wrong key, `forbidden` for an account without the transactional service: correct them in E-goi. After
    /// `unreachable`, `timeout`, `interrupted` or `unavailable`, repeat the call.
    pub async fn senders(&self, options: CallOptions) -> Result<Vec<SenderInfo>, Error> {
        let progress = Progress::default();
        let observed = async {
            let call = self.call(&progress, (options.timeout, options.retries), self.own_secrets(), None)?;
            let work = async {
                let senders = match &self.0.routes {
                    Routes::V1(routes) => v1::senders(&call, routes).await?,
                    Routes::V2(routes) => v2::senders(&call, routes).await?,
                };
                let info = |sender: crate::wire::v2::Sender| SenderInfo {
                    id: sender.id,
                    name: sender.name,
                    number: sender.number,
                    status: sender.status,
                };
                Ok(senders.into_iter().map(info).collect())
            };
            call.run(work).await
        };
        self.observe(About::new("senders"), &progress, observed).await
    }

    /// Sends an SMS with the engine's text, which holds the code.
    pub(crate) async fn send_sms(&self, number: PhoneNumber, text: &str, sending: Sending) -> Result<(), Error> {
        let progress = Progress::default();
        let observed = async {
            let secrets =
                Secrets { key: self.0.key.expose(), number: Some(number), message: Some(text), ..Secrets::default() };
            let call = self.call(&progress, (None, None), secrets, None)?;
            let work = async {
                match &self.0.routes {
                    Routes::V1(routes) => v1::send_sms(&call, routes, number, text, &sending).await,
                    Routes::V2(routes) => v2::send_sms(&call, routes, number, text, &sending).await,
                }
            };
            call.run(work).await
        };
        self.observe(About::of_number("send_sms", Some(number)), &progress, observed).await
    }

    async fn observe<T: Reported>(
        &self,
        about: About<'_>,
        progress: &Progress,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.0.observers.observe(about, Some(&progress.exchanges), call).await
    }

    pub(crate) fn api(&self) -> Api {
        match &self.0.routes {
            Routes::V1(_) => Api::V1,
            Routes::V2(_) => Api::V2,
        }
    }

    fn v2(&self) -> Result<&routes::V2, Error> {
        match &self.0.routes {
            Routes::V1(_) => Err(unsupported("V1 has no such call; use V2")),
            Routes::V2(routes) => Ok(routes),
        }
    }

    fn own_secrets(&self) -> Secrets<'_> {
        Secrets { key: self.0.key.expose(), ..Secrets::default() }
    }

    fn call<'a>(
        &'a self,
        progress: &'a Progress,
        (timeout, retries): (Option<Duration>, Option<u32>),
        secrets: Secrets<'a>,
        id: Option<&'a RequestId>,
    ) -> Result<Call<'a>, Error> {
        let started = Instant::now();
        // A deadline beyond what the clock can hold is as good as one in a year.
        let in_a_year = started + Duration::from_secs(365 * 24 * 60 * 60);
        Ok(Call {
            shared: &self.0,
            id,
            secrets,
            deadline: started.checked_add(timeout.unwrap_or(self.0.timeout)).map_or(in_a_year, |at| at.min(in_a_year)),
            retries: retries.map_or(Ok(self.0.retries), checked_retries)?,
            progress,
            waits_for_store: AtomicBool::new(false),
        })
    }
}

fn checked_retries(given: u32) -> Result<u32, Error> {
    let range = 0..=MAX_RETRIES;
    if range.contains(&given) { Ok(given) } else { Err(Error::out_of_range("retries", given, range, "")) }
}

fn unsupported(detail: &str) -> Error {
    Error::new(ErrorCode::Unsupported, detail)
}

/// Whether the code was certainly not wrong, or not submitted.
fn is_no_wrong_code(done: &Result<OutcomeDetails, Error>) -> bool {
    use ErrorCode::{Forbidden, NotFound, RateLimited, Unauthorized, Unreachable, Unsupported};
    match done {
        Ok(details) => details.outcome != Outcome::WrongCode,
        Err(error) => {
            error.retry_is_safe()
                || matches!(error.code(), Unreachable | Unauthorized | Forbidden | NotFound | RateLimited | Unsupported)
        }
    }
}

/// A request that the service accepted.
fn requested(id: &RequestId, number: PhoneNumber, terms: &Terms, sent_at: SystemTime) -> Verification {
    Verification {
        number: Some(number.e164()),
        created_at: Some(sent_at),
        expires_at: sent_at.checked_add(terms.validity.duration()),
        sms: Some(SmsStatus::Sent),
        ..Verification::new(id, State::Pending)
    }
}

/// One call of a verb, with the values that its exchanges share.
struct Call<'a> {
    shared: &'a Shared,
    id: Option<&'a RequestId>,
    secrets: Secrets<'a>,
    deadline: Instant,
    retries: u32,
    progress: &'a Progress,
    waits_for_store: AtomicBool,
}

impl Call<'_> {
    /// Waits for the store. If the deadline passes meanwhile, the error is the store's.
    async fn of_store<T>(&self, call: impl Future<Output = T>) -> T {
        self.waits_for_store.store(true, Ordering::Relaxed);
        let done = call.await;
        self.waits_for_store.store(false, Ordering::Relaxed);
        done
    }

    /// The error of a call that met its deadline.
    fn out_of_time(&self) -> Error {
        if self.waits_for_store.load(Ordering::Relaxed) {
            return Error::new(ErrorCode::Storage, "the store did not respond before the call's deadline")
                .with_retry_is_safe(true);
        }
        self.shared.transport.out_of_time(self.progress)
    }

    async fn exchange(&self, exchange: Exchange) -> Result<HttpResponse, Error> {
        let Self { shared, progress, retries, deadline, .. } = *self;
        shared.transport.exchange(exchange, progress, &shared.observers, retries, deadline).await
    }

    /// The error for the status of a response.
    fn failure(&self, response: &HttpResponse, kind: Kind) -> Error {
        response.failure(kind, &self.secrets)
    }

    /// The error for an undocumented status word.
    fn unknown_word(&self, response: &HttpResponse, kind: Kind, word: &str) -> Error {
        response.unexpected(kind, format_args!("has the unknown status word `{}`", self.secrets.removed_from(word)))
    }

    /// The error for a success that cannot be read. If it is not JSON, the error quotes its beginning.
    fn malformed(&self, response: &HttpResponse, kind: Kind, fault: Malformed) -> Error {
        match self.secrets.beginning_of(&response.body) {
            Some(beginning) => response.unexpected(kind, format_args!("{fault}, it begins with: {beginning}")),
            None => response.unexpected(kind, fault),
        }
    }

    /// Fails if a success is not JSON, of any shape.
    fn checked_json(&self, response: &HttpResponse, kind: Kind) -> Result<(), Error> {
        wire::decode_anything(&response.body).map_err(|fault| self.malformed(response, kind, fault))
    }

    /// Fails unless the response to a ping says that the service is up.
    fn checked_ping(&self, response: &HttpResponse) -> Result<(), Error> {
        if wire::v2::decode_is_down(&response.body) {
            let detail = "the service says of itself that it is down: try again later";
            return Err(Kind::Read.failed(ErrorCode::Unavailable, detail).with_status(response.status));
        }
        match self.secrets.web_page(&response.body) {
            Some(page) => Err(response.unexpected(Kind::Read, format_args!("is {page}"))),
            None => Ok(()),
        }
    }

    /// Runs the call within its deadline.
    async fn run<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let done = tokio::time::timeout_at(self.deadline, work).await;
        done.unwrap_or_else(|_| Err(self.out_of_time())).map_err(|error| {
            let error = error.with_retries(self.progress.exchanges.retries.load(Ordering::Relaxed));
            match self.id {
                Some(id) if error.code() != ErrorCode::Unsupported => error.with_request_id(id.as_str()),
                _ => error,
            }
        })
    }
}

/// A body that is wiped when it was sent.
fn body(bytes: Zeroizing<Vec<u8>>) -> Option<bytes::Bytes> {
    Some(bytes::Bytes::from_owner(bytes))
}

impl fmt::Debug for SenderInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SenderInfo")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("number", &self.number.as_deref().map(masked))
            .field("status", &self.status)
            .finish()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let api = match self.0.routes {
            Routes::V1(_) => Api::V1,
            Routes::V2(_) => Api::V2,
        };
        f.debug_struct("Client").field("api", &api).finish_non_exhaustive()
    }
}

impl Verifier for Client {
    async fn request(&self, number: &str, options: RequestOptions) -> Result<Verification, Error> {
        Client::request(self, number, options).await
    }

    async fn validate(&self, id: &str, code: &str, options: ValidateOptions) -> Result<Outcome, Error> {
        Client::validate(self, id, code, options).await
    }

    async fn validate_with_details(
        &self,
        id: &str,
        code: &str,
        options: ValidateOptions,
    ) -> Result<OutcomeDetails, Error> {
        Client::validate_with_details(self, id, code, options).await
    }

    async fn cancel(&self, id: &str, options: CallOptions) -> Result<State, Error> {
        Client::cancel(self, id, options).await
    }

    async fn resend(&self, id: &str, options: CallOptions) -> Result<Verification, Error> {
        Client::resend(self, id, options).await
    }

    async fn get(&self, id: &str, options: CallOptions) -> Result<Verification, Error> {
        Client::get(self, id, options).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_from_just_before_it_was_sent() -> Result<(), Error> {
        let sent_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let terms = Terms::check(&RequestOptions::default().ttl(Duration::from_secs(60)))?;
        let made = requested(&RequestId::parse("a")?, PhoneNumber::parse("351-910000000")?, &terms, sent_at);
        assert_eq!(made.created_at, Some(sent_at));
        assert_eq!(made.expires_at, Some(sent_at + Duration::from_secs(60)));
        assert_eq!((made.number.as_deref(), made.sms), (Some("+351910000000"), Some(SmsStatus::Sent)));
        Ok(())
    }

    #[test]
    fn the_environment_is_read_and_what_is_missing_is_named() {
        let set = |names: &'static [(&str, &str)]| {
            move |name: &str| names.iter().find(|(each, _)| *each == name).map(|(_, value)| (*value).into())
        };
        let code = |options: Result<ClientOptions, Error>| options.err().map(|error| error.to_string());
        let missing = "invalid_input: `EGOI_API_KEY` is not set; this environment variable is required";
        assert_eq!(code(ClientOptions::from_variables(set(&[]))).as_deref(), Some(missing));
        assert!(
            code(ClientOptions::from_variables(set(&[("EGOI_API_KEY", "k")]))).is_some_and(|e| e.contains("SENDER"))
        );
        let all = set(&[
            ("EGOI_API_KEY", "k"),
            ("EGOI_SENDER", "s"),
            ("EGOI_API", "v1"),
            ("EGOI_BASE_URL", "http://127.0.0.1:1"),
        ]);
        assert!(ClientOptions::from_variables(all).is_ok_and(|options| options.api == Api::V1 && !options.allow_http));
        let http = set(&[("EGOI_API_KEY", "k"), ("EGOI_SENDER", "s"), ("EGOI_ALLOW_HTTP", "1")]);
        assert!(ClientOptions::from_variables(http).is_ok_and(|options| options.allow_http));
        let unclear = set(&[("EGOI_API_KEY", "k"), ("EGOI_SENDER", "s"), ("EGOI_ALLOW_HTTP", "yes")]);
        assert!(code(ClientOptions::from_variables(unclear)).is_some_and(|e| e.contains("EGOI_ALLOW_HTTP")));
        let wrong = set(&[("EGOI_API_KEY", "k"), ("EGOI_SENDER", "s"), ("EGOI_API", "v3")]);
        assert!(code(ClientOptions::from_variables(wrong)).is_some_and(|e| e.contains("EGOI_API")));
    }
}
