//! A verifier in this process. It generates codes, keeps the state in a [`StoreBackend`], and sends the SMS by a [`SmsGateway`].

mod options;
mod sender;

use std::cmp::Reverse;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

pub use options::EngineOptions;
pub use sender::{EgoiSms, OutgoingSms, PingFuture, SendError, SendFuture, SmsGateway};

use crate::error::{Error, ErrorCode, Reason};
use crate::events::{About, Observers, Reported};
use crate::generate::draw_bits;
use crate::machine::{Quota, Window};
use crate::store::{
    Attempt, ClientHash, Counted, CreateResult, DeliveryStatus, Detachable, Digest, FoundNumber, KEY_TAG, KeyLocks,
    Limits, NewRequest, NewResend, PerProcess, ResendResult, StoreBackend, StoredRequest, StoredTerms, in_background,
    rate_limited,
};
use crate::values::{Accept, AllowedCountries, Code, EngineKey, PhoneNumber, RequestId};
use crate::verification::{
    CallOptions, NumberLimit, NumberRecord, Outcome, OutcomeDetails, RequestOptions, SmsStatus, State, Terms,
    ValidateOptions, Verification,
};
use crate::verifier::Verifier;

/// The source of codes: the operating system's randomness, or only in a `Sandbox` something else.
pub(crate) type DrawCode = dyn Fn(&Terms) -> Result<Code, Error> + Send + Sync;

/// Verifications that this process runs. Clones are cheap and share one engine.
///
/// For production, set `sms_per_client` and `wrong_codes_per_client`, and name the client in each call: `docs/production.md`
/// has the reasons.
///
/// ```
/// use egoi_verify::{Engine, EngineOptions, Error, OutgoingSms, RequestOptions, Verification};
///
/// async fn begin(number: &str) -> Result<Verification, Error> {
///     let send = |sms: OutgoingSms| async move {
///         println!("to {}: {}", sms.number, *sms.text);
///         Ok(())
///     };
///     let engine = Engine::new(send, EngineOptions::default())?;
///     engine.request(number, RequestOptions::default()).await
/// }
/// ```
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    sender: Arc<dyn SmsGateway>,
    store: Arc<dyn StoreBackend>,
    /// The current key first, then the previous keys.
    keys: Vec<CodeKey>,
    retention: Duration,
    timeout: Duration,
    limits: Limits,
    accept: Accept,
    allowed: AllowedCountries,
    observers: Observers,
    draw_code: Box<DrawCode>,
    /// Most requests have the terms of the request before, and then share one copy of them.
    latest_terms: Mutex<Option<Arc<Terms>>>,
    /// A forked child does not wait for the calls of its parent process.
    key_locks: PerProcess<Arc<KeyLocks>>,
}

/// The time at which a call ends at the latest, and its length at the start. `None` is no deadline.
#[derive(Clone, Copy)]
struct Deadline(Option<(Instant, Duration)>);

/// How long a call waits for the store after its SMS was sent. Then it records the delivery in the background.
const RECORDING: Duration = Duration::from_secs(1);

impl Engine {
    /// Makes an engine that sends its SMS by `send`. Sends nothing. [`Engine::ping`] checks the store and the gateway.
    ///
    /// # Errors
    ///
    /// `invalid_input` or `misconfigured` for an option that is not accepted. Correct the option that `field` names.
    pub fn new(send: impl SmsGateway + 'static, options: EngineOptions) -> Result<Self, Error> {
        Self::drawing(
            send,
            options,
            Box::new(|terms| crate::generate::draw_code(terms.code_type, terms.code_size, &mut rand::rngs::SysRng)),
        )
    }

    pub(crate) fn drawing(
        sender: impl SmsGateway + 'static,
        options: EngineOptions,
        draw_code: Box<DrawCode>,
    ) -> Result<Self, Error> {
        let checked = options.check()?;
        let keys = checked.keys.iter().map(keyed).collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Inner {
            sender: Arc::new(sender),
            store: checked.store,
            keys,
            retention: checked.retention,
            timeout: checked.timeout,
            limits: checked.limits,
            accept: checked.accept,
            allowed: checked.allowed,
            observers: checked.observers,
            draw_code,
            latest_terms: Mutex::new(None),
            key_locks: PerProcess::new(),
        })))
    }

    /// Sends one SMS with a code to the number. See [`Verifier::request`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::request`].
    pub async fn request(&self, number: &str, options: RequestOptions) -> Result<Verification, Error> {
        match options.number(number) {
            Ok(number) => self.request_to(number, options).await,
            Err(refused) => self.observe(About::new("request"), async { Err(refused) }).await,
        }
    }

    /// Sends one SMS with a code to a parsed number.
    ///
    /// # Errors
    ///
    /// See [`Verifier::request`].
    pub async fn request_to(&self, number: PhoneNumber, options: RequestOptions) -> Result<Verification, Error> {
        let deadline = Deadline::after(options.timeout);
        let work = async {
            self.0.accept.check(number)?;
            let terms = self.0.shared(Terms::check(&options)?);
            let asked = StoredTerms { number, client: options.checked_client()?, terms };
            self.0.request(asked, options.checked_idempotency_key()?, deadline).await
        };
        self.observe(About::of_number("request", Some(number)), work).await
    }

    /// [`Engine::request_to`] with checked terms.
    #[cfg(feature = "sandbox")]
    pub(crate) async fn request_with(&self, number: PhoneNumber, terms: Terms) -> Result<Verification, Error> {
        let asked = StoredTerms { number, client: None, terms: self.0.shared(terms) };
        self.0.request(asked, None, Deadline::after(None)).await
    }

    /// Submits the code that the person typed. See [`Verifier::validate`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::validate`].
    pub async fn validate(&self, id: &str, code: &str, options: ValidateOptions) -> Result<Outcome, Error> {
        self.validate_with_details(id, code, options).await.map(|details| details.outcome)
    }

    /// Submits the code, and returns the outcome with its details. See [`Verifier::validate_with_details`].
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
        let deadline = Deadline::after(options.timeout);
        let number = options.checked_number();
        let about = About { number: number.as_ref().ok().copied().flatten(), ..About::of_request("validate", id) };
        let work = async {
            let id = RequestId::parse(id)?;
            let code = Code::parse(code)?;
            let (number, client) = (number?, options.checked_client()?);
            deadline.of_store(self.0.validate(&id, &code, number, client)).await
        };
        self.observe(about, work).await
    }

    /// Cancels the request. See [`Verifier::cancel`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::cancel`].
    pub async fn cancel(&self, id: &str, options: CallOptions) -> Result<State, Error> {
        let deadline = Deadline::after(options.timeout);
        let work = async {
            let id = RequestId::parse(id)?;
            deadline.of_store(self.0.cancel(&id)).await.map_err(repeatable)
        };
        self.observe(About::of_request("cancel", id), work).await
    }

    /// Sends a new code. See [`Verifier::resend`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::resend`].
    pub async fn resend(&self, id: &str, options: CallOptions) -> Result<Verification, Error> {
        let deadline = Deadline::after(options.timeout);
        let work = async {
            let id = RequestId::parse(id)?;
            self.0.resend(&id, deadline).await
        };
        self.observe(About::of_request("resend", id), work).await
    }

    /// Reads the request. See [`Verifier::get`].
    ///
    /// # Errors
    ///
    /// See [`Verifier::get`].
    pub async fn get(&self, id: &str, options: CallOptions) -> Result<Verification, Error> {
        let deadline = Deadline::after(options.timeout);
        let work = async {
            let id = RequestId::parse(id)?;
            deadline.of_store(self.0.get(&id)).await.map_err(repeatable)
        };
        self.observe(About::of_request("get", id), work).await
    }

    /// Checks that the store can be used, then that the gateway can be used, if it has a `ping`: [`EgoiSms`] asks E-goi for its
    /// senders. Sends no SMS. Call it when your program starts: [`Engine::new`] opens a file at most, and calls no server.
    ///
    /// # Errors
    ///
    /// `storage` if the store's server cannot be reached: repeat the call. `misconfigured` if an operator must change something, for
    /// example a key that does not match the store, or a newer version. Any other error is the gateway's, for example
    /// `unauthorized`.
    pub async fn ping(&self, options: CallOptions) -> Result<(), Error> {
        let deadline = Deadline::after(options.timeout);
        let work = async {
            deadline.of_store(self.0.store.ping()).await.map_err(repeatable)?;
            let asked = deadline.or_after(self.0.timeout).wait(self.0.sender.ping()).await;
            asked.unwrap_or_else(|| Err(Error::new(ErrorCode::Timeout, deadline.missed("the gateway"))))
        };
        self.observe(About::new("ping"), work).await
    }

    /// Returns the requests of a number, the newest first, and its limits whose count is not zero. For a support desk: on Redis it
    /// reads through all keys.
    ///
    /// # Errors
    ///
    /// `invalid_input` if the text is not a number. `storage`: repeat the call.
    pub async fn find(&self, number: &str, options: CallOptions) -> Result<NumberRecord, Error> {
        let deadline = Deadline::after(options.timeout);
        let parsed = PhoneNumber::parse(number);
        let about = About::of_number("find", parsed.as_ref().ok().copied());
        let work = async {
            let number = parsed?;
            let found = deadline.of_store(self.0.store.find(number, self.0.limits)).await.map_err(repeatable)?;
            Ok(self.0.record_of(number, found))
        };
        self.observe(about, work).await
    }

    /// Resets the limits of a number. A request whose own attempts or resends are used up stays so. A new request is accepted at
    /// once.
    ///
    /// # Errors
    ///
    /// `invalid_input` if the text is not a number. `storage`: repeat the call.
    pub async fn unlock(&self, number: &str, options: CallOptions) -> Result<(), Error> {
        let deadline = Deadline::after(options.timeout);
        let parsed = PhoneNumber::parse(number);
        let about = About::of_number("unlock", parsed.as_ref().ok().copied());
        let work = async { deadline.of_store(self.0.store.unlock(parsed?)).await.map_err(repeatable) };
        self.observe(about, work).await
    }

    /// Removes everything about a number (GDPR, article 17): its requests, its limits, and its idempotency keys. Returns the number
    /// of removed requests. On Redis it reads through all keys.
    ///
    /// # Errors
    ///
    /// `invalid_input` if the text is not a number. `storage`: repeat the call.
    pub async fn erase(&self, number: &str, options: CallOptions) -> Result<u64, Error> {
        let deadline = Deadline::after(options.timeout);
        let parsed = PhoneNumber::parse(number);
        let about = About::of_number("erase", parsed.as_ref().ok().copied());
        let work = async { deadline.of_store(self.0.store.erase(parsed?)).await.map_err(repeatable) };
        self.observe(about, work).await
    }

    async fn observe<T: Reported>(
        &self,
        about: About<'_>,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.0.observers.observe(about, None, work).await
    }

    /// Whether the store is in this process. A call then waits only for the gateway.
    #[doc(hidden)]
    #[must_use]
    pub fn is_in_process(&self) -> bool {
        self.0.store.is_in_process()
    }
}

impl Verifier for Engine {
    async fn request(&self, number: &str, options: RequestOptions) -> Result<Verification, Error> {
        Self::request(self, number, options).await
    }

    async fn validate(&self, id: &str, code: &str, options: ValidateOptions) -> Result<Outcome, Error> {
        Self::validate(self, id, code, options).await
    }

    async fn validate_with_details(
        &self,
        id: &str,
        code: &str,
        options: ValidateOptions,
    ) -> Result<OutcomeDetails, Error> {
        Self::validate_with_details(self, id, code, options).await
    }

    async fn cancel(&self, id: &str, options: CallOptions) -> Result<State, Error> {
        Self::cancel(self, id, options).await
    }

    async fn resend(&self, id: &str, options: CallOptions) -> Result<Verification, Error> {
        Self::resend(self, id, options).await
    }

    async fn get(&self, id: &str, options: CallOptions) -> Result<Verification, Error> {
        Self::get(self, id, options).await
    }
}

impl Inner {
    async fn request(
        &self,
        asked: StoredTerms,
        idempotency_key: Option<String>,
        deadline: Deadline,
    ) -> Result<Verification, Error> {
        let number = asked.number;
        self.allowed.check(number)?;
        let bits = deadline.of_store(self.store.request_id(number, draw_bits()?)).await.map_err(repeatable)?;
        let id = RequestId::from_bits(bits);
        let code = (self.draw_code)(&asked.terms)?;
        let mut idempotency_keys =
            idempotency_key.map(|text| self.digests(b"idempotency", &text)).unwrap_or_default().into_iter();
        let request = NewRequest {
            id: bits,
            number,
            code: self.digest(bits, &code)?,
            terms: asked.clone(),
            idempotency_key: idempotency_keys.next(),
            previous_idempotency_keys: idempotency_keys.collect(),
            retention: self.retention,
            limits: self.limits,
        };
        let stored = match self.create(request, deadline).await? {
            CreateResult::New(stored) => stored,
            CreateResult::Known(known) => return Ok(self.verification(&RequestId::from_bits(known.0), &known.1)),
            CreateResult::OtherNumber => {
                return Err(Error::new(ErrorCode::Conflict, "this idempotency key was used for another number"));
            }
            CreateResult::RateLimited { limit, pending } => {
                let error = rate_limited(limit);
                return Err(match pending {
                    Some(pending) => error.with_request_id(RequestId::from_bits(pending).as_str()),
                    None => error,
                });
            }
            CreateResult::Full => {
                return Err(Error::new(ErrorCode::RateLimited, "the store holds as many requests as it may")
                    .with_limit("max_requests"));
            }
        };
        self.deliver(&id, bits, 0, &asked, code, deadline).await?;
        Ok(self.verification(&id, &StoredRequest { sms: SmsStatus::Sent, ..stored }))
    }

    /// Stores the request. If it is stored after the deadline, no SMS is sent and it is removed again.
    async fn create(&self, request: NewRequest, deadline: Deadline) -> Result<CreateResult, Error> {
        if self.store.is_in_process() {
            return self.store.create(request).await;
        }
        let id = request.id;
        let counted = request.limits.counted(request.number, request.terms.client);
        let lock = match request.idempotency_key {
            None => None,
            Some(key) => {
                let locks = Arc::clone(self.key_locks.get_or_make(|| Ok::<_, Error>(Arc::default()))?);
                Some(deadline.of_store(async { Ok(locks.lock(key).await) }).await.map_err(repeatable)?)
            }
        };
        let (store, late) = (Arc::clone(&self.store), Arc::clone(&self.store));
        let call =
            Detachable::new(async move { (store.create(request).await, lock) }, move |(created, lock)| async move {
                if matches!(created, Ok(CreateResult::New(_))) || is_unanswered(&created) {
                    not_sent(late, id, 0, counted).await;
                }
                drop(lock);
            });
        let (created, lock) = deadline.of_store(async { Ok(call.await) }).await.map_err(repeatable)?;
        if is_unanswered(&created) {
            let store = Arc::clone(&self.store);
            in_background(async move {
                not_sent(store, id, 0, counted).await;
                drop(lock);
            });
        }
        created.map_err(repeatable)
    }

    /// Stores the new code. If it is stored after the deadline, no SMS is sent and the old code is restored.
    async fn replace(&self, id: u128, resend: NewResend, deadline: Deadline) -> Result<Option<ResendResult>, Error> {
        if self.store.is_in_process() {
            return self.store.resend(id, resend).await;
        }
        let (store, late) = (Arc::clone(&self.store), Arc::clone(&self.store));
        let counted = resend.limits.counted(resend.terms.number, resend.terms.client);
        let call = Detachable::new(async move { store.resend(id, resend).await }, move |resent| async move {
            if let Ok(Some(ResendResult::Ready { delivery, .. })) = resent {
                not_sent(late, id, delivery, counted).await;
            }
        });
        deadline.of_store(call).await.map_err(repeatable)
    }

    async fn validate(
        &self,
        id: &RequestId,
        code: &Code,
        number: Option<PhoneNumber>,
        client: Option<ClientHash>,
    ) -> Result<OutcomeDetails, Error> {
        let bits = id.bits().ok_or_else(|| self.unknown(id))?;
        // Nearly always there is one key.
        let current = [self.digest(bits, code)?];
        let all: Vec<Digest>;
        let codes: &[Digest] = if self.keys.len() == 1 {
            &current
        } else {
            all = self.digests(&bits.to_be_bytes(), code.expose());
            &all
        };
        // A store in this process loses no response, and has no use for a name to ask again by.
        let id_of_attempt = if self.store.is_in_process() { 0 } else { draw_bits()? };
        let attempt = Attempt { id: id_of_attempt, codes, number, client, limits: self.limits };
        self.store.validate(bits, attempt).await?.ok_or_else(|| self.unknown(id))
    }

    async fn cancel(&self, id: &RequestId) -> Result<State, Error> {
        let bits = id.bits().ok_or_else(|| self.unknown(id))?;
        self.store.cancel(bits).await?.ok_or_else(|| self.unknown(id))
    }

    async fn resend(&self, id: &RequestId, deadline: Deadline) -> Result<Verification, Error> {
        let bits = id.bits().ok_or_else(|| self.unknown(id))?;
        let terms = deadline.of_store(self.store.terms(bits)).await.map_err(repeatable)?;
        let asked = terms.ok_or_else(|| self.unknown(id))?;
        let code = (self.draw_code)(&asked.terms)?;
        let resend = NewResend {
            command: draw_bits()?,
            code: self.digest(bits, &code)?,
            terms: asked.clone(),
            limits: self.limits,
        };
        let resent = self.replace(bits, resend, deadline).await?;
        match resent.ok_or_else(|| self.unknown(id))? {
            ResendResult::Ready { delivery, stored } => {
                self.deliver(id, bits, delivery, &asked, code, deadline).await?;
                Ok(self.verification(id, &StoredRequest { sms: SmsStatus::Sent, ..stored }))
            }
            ResendResult::Conflict => {
                Err(Error::new(ErrorCode::Conflict, "the request is over, or its attempts are used up: make a new one")
                    .with_request_id(id.as_str()))
            }
            ResendResult::RateLimited(limit) => Err(rate_limited(limit).with_request_id(id.as_str())),
        }
    }

    async fn get(&self, id: &RequestId) -> Result<Verification, Error> {
        let bits = id.bits().ok_or_else(|| self.unknown(id))?;
        let stored = self.store.get(bits).await?.ok_or_else(|| self.unknown(id))?;
        Ok(self.verification(id, &stored))
    }

    async fn deliver(
        &self,
        id: &RequestId,
        bits: u128,
        delivery: u32,
        asked: &StoredTerms,
        code: Code,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let sms = OutgoingSms {
            number: asked.number,
            text: asked.terms.message.render(&code),
            attempt_id: RequestId::from_bits(bits ^ u128::from(delivery)).to_string(),
            #[cfg(feature = "sandbox")]
            request_id: id.clone(),
            #[cfg(feature = "sandbox")]
            code,
        };
        // A store ends its calls by itself; a gateway may never respond.
        let of_gateway = deadline.or_after(self.timeout);
        let Some(sent) = of_gateway.wait(self.sender.send(sms)).await else {
            let error = Error::new(ErrorCode::Timeout, of_gateway.missed("the gateway"));
            return Err(error.with_request_id(id.as_str()).with_sms_possibly_sent(true));
        };
        let status = match &sent {
            Ok(()) => DeliveryStatus::Sent,
            Err(SendError::NotSent(_)) => DeliveryStatus::NotSent,
            Err(SendError::PossiblySent(_)) => DeliveryStatus::PossiblySent,
        };
        let (store, counted) = (Arc::clone(&self.store), self.limits.counted(asked.number, asked.client));
        let recording = Detachable::kept(async move { store.record_delivery(bits, delivery, status, counted).await });
        match sent {
            // That the SMS went out is the truth, and `sms = unknown` in the store no harm, should this fail.
            Ok(()) => {
                let _ = deadline.at_most(RECORDING).wait(recording).await;
                Ok(())
            }
            Err(SendError::NotSent(cause)) => {
                deadline
                    .of_store(recording)
                    .await
                    .map_err(|error| error.with_request_id(id.as_str()).with_sms_possibly_sent(true))?;
                // A revoked key or an unknown sender fails again; a service that is busy need not.
                let below = cause.downcast_ref::<Error>();
                let error = Error::new(ErrorCode::DeliveryFailed, "the SMS was not sent")
                    .with_retry_is_safe(below.is_none_or(Error::retry_is_safe))
                    .with_retry_after(below.and_then(Error::retry_after));
                // After a request there is nothing left to name.
                let error = if delivery > 0 { error.with_request_id(id.as_str()) } else { error };
                Err(error.with_cause(cause))
            }
            Err(SendError::PossiblySent(cause)) => {
                // That it may have gone out is the truth, whatever the store says.
                let _ = deadline.at_most(RECORDING).wait(recording).await;
                Err(Error::new(
                    ErrorCode::DeliveryFailed,
                    "it is unknown whether the SMS was sent; the request is pending, and its code is valid if it arrives",
                )
                .with_request_id(id.as_str())
                .with_sms_possibly_sent(true)
                .with_cause(cause))
            }
        }
    }

    fn verification(&self, id: &RequestId, stored: &StoredRequest) -> Verification {
        let StoredRequest { record, number, created_at, sms, now } = stored;
        Verification {
            number: Some(number.e164()),
            created_at: Some((*created_at).into()),
            expires_at: Some(record.expires_at.into()),
            sms: Some(*sms),
            attempts_left: record.attempts_left(&self.limits.request),
            resend_at: record.resend_at(*now, &self.limits.request).map(Into::into),
            resends_left: record.resends_left(&self.limits.request),
            ..Verification::new(id, record.state(*now))
        }
    }

    fn record_of(&self, number: PhoneNumber, found: FoundNumber) -> NumberRecord {
        let FoundNumber { mut requests, counters, now } = found;
        requests.sort_by_key(|(id, stored)| (Reverse(stored.created_at), *id));
        let requests =
            requests.iter().map(|(id, stored)| self.verification(&RequestId::from_bits(*id), stored)).collect();
        let window = |limit, window: Window, quota: Option<Quota>| {
            let quota = quota?;
            let window = window.at(now, &quota);
            let ends_at = window.started.after(quota.per).into();
            (window.count > 0).then_some(NumberLimit { limit, count: window.count, max: quota.limit, ends_at })
        };
        let pause = || {
            let ends = counters.latest?.at.after(self.limits.request.resend_after?);
            (now < ends).then(|| NumberLimit { limit: "resend_after", count: 1, max: 1, ends_at: ends.into() })
        };
        let limits = [
            window("wrong_codes_per_number", counters.wrong_codes, self.limits.wrong_codes_per_number),
            window("sms_per_number", counters.sms, self.limits.sms_per_number),
            pause(),
        ];
        NumberRecord { number: number.e164(), requests, limits: limits.into_iter().flatten().collect() }
    }

    fn unknown(&self, id: &RequestId) -> Error {
        let detail = if self.store.is_in_process() {
            "there is no such request, or no longer; this store is the memory of one process, and the request may be in another"
        } else {
            "there is no such request, or no longer"
        };
        Error::new(ErrorCode::NotFound, detail).with_request_id(id.as_str())
    }

    fn digest(&self, id: u128, code: &Code) -> Result<Digest, Error> {
        let key = self.keys.first().ok_or_else(|| Error::new(ErrorCode::Internal, "the engine has no key"))?;
        Ok(digest_under(key, &id.to_be_bytes(), code.expose()))
    }

    /// The digests under the current key and each previous key.
    fn digests(&self, context: &[u8], text: &str) -> Vec<Digest> {
        self.keys.iter().map(|key| digest_under(key, context, text)).collect()
    }

    fn shared(&self, terms: Terms) -> Arc<Terms> {
        // Not waited for: in a forked child nobody may be left to release it.
        let Ok(mut latest) = self.latest_terms.try_lock() else { return Arc::new(terms) };
        match &*latest {
            Some(known) if **known == terms => Arc::clone(known),
            _ => Arc::clone(latest.insert(Arc::new(terms))),
        }
    }
}

/// A key for digests, and its tag, which digests hold. The tag reveals nothing about the key.
struct CodeKey {
    mac: Hmac<Sha256>,
    tag: [u8; KEY_TAG],
}

fn keyed(key: &EngineKey) -> Result<CodeKey, Error> {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose())
        .map_err(|_| Error::invalid_input("key", Reason::Malformed, "has a length that HMAC does not take"))?;
    let named: Digest = mac.clone().chain_update(b"egoi-verify key").finalize().into_bytes().into();
    let mut tag = [0; KEY_TAG];
    tag.copy_from_slice(&named[..KEY_TAG]);
    Ok(CodeKey { mac, tag })
}

fn digest_under(key: &CodeKey, context: &[u8], text: &str) -> Digest {
    let mut mac = key.mac.clone();
    mac.update(context);
    mac.update(text.as_bytes());
    let mut digest: Digest = mac.finalize().into_bytes().into();
    digest[..KEY_TAG].copy_from_slice(&key.tag);
    digest
}

/// Marks the error as safe to repeat: the call only reads or cancels, or it has sent nothing yet.
fn repeatable(error: Error) -> Error {
    let safe = error.retry_is_safe() || error.code() == ErrorCode::Storage;
    error.with_retry_is_safe(safe)
}

/// Whether only the response may be missing.
fn is_unanswered<T>(result: &Result<T, Error>) -> bool {
    result.as_ref().is_err_and(|error| error.code() == ErrorCode::Storage)
}

/// Removes the records of an SMS that was not sent.
async fn not_sent(store: Arc<dyn StoreBackend>, id: u128, delivery: u32, counted: Counted) {
    let _ = store.record_delivery(id, delivery, DeliveryStatus::NotSent, counted).await;
}

impl Deadline {
    fn after(timeout: Option<Duration>) -> Self {
        // One beyond what the clock can hold is none.
        Self(timeout.and_then(|timeout| Some((Instant::now().checked_add(timeout)?, timeout))))
    }

    /// This deadline, or one after `timeout` if there is none.
    fn or_after(self, timeout: Duration) -> Self {
        if self.0.is_some() { self } else { Self::after(Some(timeout)) }
    }

    /// This deadline, or an earlier one after `span`.
    fn at_most(self, span: Duration) -> Self {
        Self(self.0.map(|(at, timeout)| (at.min(Instant::now() + span), timeout)))
    }

    /// Waits for the work. `None` if the deadline comes first.
    async fn wait<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        // What is ready at once needs no timer: an engine in memory can be polled without a runtime.
        if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return Some(done);
        }
        match self.0 {
            Some((at, _)) if Handle::try_current().is_ok() => timeout_at(at, work).await.ok(),
            _ => Some(work.await),
        }
    }

    /// Waits for the store. If the deadline comes first, the error is the store's.
    async fn of_store<T>(self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let done = self.wait(call).await;
        done.unwrap_or_else(|| Err(Error::new(ErrorCode::Storage, self.missed("the store"))))
    }

    fn missed(self, who: &str) -> String {
        format!("{who} did not respond within {} ms", self.0.map_or(0, |(_, timeout)| timeout.as_millis()))
    }
}
