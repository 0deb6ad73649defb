//! The verifier in this process.

use std::sync::Arc;

use egoi_verify::binding_options::{self, EngineSettings, QuotaSettings};
use egoi_verify::{Clock as _, Error, OutgoingSms, SendFuture, SmsGateway};
use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;

use crate::calls::Calls;
use crate::client::{EgoiSms, store};
use crate::gateway::JavaScriptGateway;
use crate::guard::guarded;
use crate::options::{RequestOptions, call_options};
use crate::results::milliseconds;
use crate::verifier::OpenVerifier;

/// At most `limit` in `per` seconds.
#[napi(object, object_to_js = false)]
pub struct Quota {
    /// How many.
    pub limit: i64,
    /// Seconds.
    pub per: f64,
}

/// How to set an engine up. A limit that is `false` is switched off.
#[napi(object, object_to_js = false)]
pub struct EngineOptions {
    /// A store's URL.
    pub store: Option<String>,
    /// The secret that codes are bound with.
    pub key: Option<Uint8Array>,
    /// Earlier ones.
    pub previous_keys: Option<Vec<Uint8Array>>,
    /// Seconds.
    pub retention: Option<f64>,
    /// Requests that `memory:` holds.
    pub max_requests: Option<i64>,
    /// Wrong codes for one request.
    pub max_attempts: Option<Either<bool, i64>>,
    /// Wrong codes for one number.
    pub wrong_codes_per_number: Option<Either<bool, Quota>>,
    /// SMS to one number.
    pub sms_per_number: Option<Either<bool, Quota>>,
    /// Resends of one request.
    pub max_resends: Option<Either<bool, i64>>,
    /// Seconds.
    pub resend_after: Option<Either<bool, f64>>,
    /// Calling codes.
    pub countries: Option<Either<bool, Vec<i64>>>,
}

/// What `false` switches off.
fn limit<T>(given: Either<bool, T>) -> Option<T> {
    match given {
        Either::A(_) => None,
        Either::B(given) => Some(given),
    }
}

fn quota(given: Either<bool, Quota>) -> Option<QuotaSettings> {
    limit(given).map(|Quota { limit, per }| QuotaSettings { limit, per })
}

impl EngineOptions {
    fn read(self, clock: Option<&TestClock>) -> Result<egoi_verify::EngineOptions, Error> {
        let settings = EngineSettings {
            store: store(
                Some(self.store.unwrap_or_else(|| "memory:".to_owned())),
                self.key,
                self.previous_keys,
                self.retention,
            ),
            max_requests: self.max_requests,
            max_attempts: self.max_attempts.map(limit),
            wrong_codes_per_number: self.wrong_codes_per_number.map(quota),
            sms_per_number: self.sms_per_number.map(quota),
            max_resends: self.max_resends.map(limit),
            resend_after: self.resend_after.map(limit),
            countries: self.countries.and_then(limit),
            ..EngineSettings::default()
        };
        let options = settings.set(egoi_verify::EngineOptions::default())?;
        Ok(match clock {
            Some(clock) => options.clock(Arc::<egoi_verify::TestClock>::clone(&clock.0)),
            None => options,
        })
    }
}

enum Gateway {
    JavaScript(JavaScriptGateway),
    Egoi(Arc<egoi_verify::EgoiSms>),
}

impl SmsGateway for Gateway {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        match self {
            Self::JavaScript(gateway) => gateway.send(sms),
            Self::Egoi(egoi_sms) => egoi_sms.send(sms),
        }
    }
}

/// An engine.
#[napi]
pub struct Engine(OpenVerifier<egoi_verify::Engine>);

#[napi]
impl Engine {
    /// An engine that sends its SMS by E-goi's SMS call, or else by JavaScript's function.
    #[napi(constructor)]
    pub fn new(
        calls: &Calls,
        options: EngineOptions,
        egoi_sms: Option<&EgoiSms>,
        clock: Option<&TestClock>,
    ) -> napi::Result<Self> {
        guarded(|| {
            let gateway = match egoi_sms {
                Some(egoi_sms) => Gateway::Egoi(Arc::clone(&egoi_sms.0)),
                None => Gateway::JavaScript(JavaScriptGateway(Arc::clone(calls.table()))),
            };
            let engine = egoi_verify::Engine::new(gateway, options.read(clock)?)?;
            // E-goi's call waits for the network.
            let is_inline = egoi_sms.is_none() && engine.is_in_process();
            Ok(Self(OpenVerifier::new(calls.table(), engine, is_inline)))
        })
    }

    /// Lets go of it.
    #[napi]
    pub fn close(&self) {
        self.0.close();
    }

    /// See the verb.
    #[napi]
    pub fn request(&self, call: u32, number: String, options: RequestOptions) {
        self.0.request(call, number, options);
    }

    /// See the verb.
    #[napi]
    pub fn validate(&self, call: u32, id: String, code: String, number: Option<String>, timeout: Option<f64>) {
        self.0.validate(call, id, code, number, timeout);
    }

    /// See the verb.
    #[napi]
    pub fn cancel(&self, call: u32, id: String, timeout: Option<f64>) {
        self.0.cancel(call, id, timeout);
    }

    /// See the verb.
    #[napi]
    pub fn resend(&self, call: u32, id: String, timeout: Option<f64>) {
        self.0.resend(call, id, timeout);
    }

    /// Whether the store can be used.
    #[napi]
    pub fn ping(&self, call: u32, timeout: Option<f64>) {
        self.0.start(call, |engine| async move { engine.ping(call_options(timeout)?).await });
    }

    /// See the verb.
    #[napi]
    pub fn get(&self, call: u32, id: String, timeout: Option<f64>) {
        self.0.get(call, id, timeout);
    }
}

/// A clock that an engine goes by in a test.
#[napi]
#[derive(Default)]
pub struct TestClock(Arc<egoi_verify::TestClock>);

#[napi]
impl TestClock {
    /// Starts at the machine's time.
    #[napi(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the time on.
    #[napi]
    pub fn advance(&self, seconds: f64) -> napi::Result<()> {
        guarded(|| {
            self.0.advance(binding_options::seconds("seconds", seconds)?);
            Ok(())
        })
    }

    /// Stops the time, or lets it go on.
    #[napi]
    pub fn freeze(&self, frozen: bool) {
        self.0.freeze(frozen);
    }

    /// Milliseconds since 1970.
    #[napi]
    #[must_use]
    pub fn now(&self) -> f64 {
        milliseconds(self.0.now().into())
    }
}
