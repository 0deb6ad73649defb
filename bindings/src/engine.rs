//! A verifier in this process.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use egoi_verify::binding_options::{self, EngineSettings, QuotaSettings};
use egoi_verify::{
    Clock, EgoiSms, Engine, EngineOptions, Error, OutgoingSms, SendError, SendFuture, SmsGateway, TestClock,
};
use egoi_verify_runtime::guarded;

use crate::client::{NativeClientOptions, NativeStore};
use crate::failure::{NativeError, Thrown, ThrownByUser};
use crate::values::{
    NativeCancelToken, NativeOutcome, NativeRequest, NativeState, NativeValidate, NativeVerification, call_options,
};
use crate::verbs::Open;

/// How the delivery of an SMS ended.
#[derive(uniffi::Enum)]
pub enum NativeDelivery {
    /// It was sent.
    Sent,
    /// It was certainly not.
    NotSent {
        /// Why.
        thrown: Arc<dyn Thrown>,
    },
    /// It may have been.
    PossiblySent {
        /// Why.
        thrown: Arc<dyn Thrown>,
    },
}

/// The user's function that sends.
#[uniffi::export(with_foreign)]
#[async_trait]
pub trait NativeGateway: Send + Sync {
    /// Sends one SMS.
    async fn send(&self, number: String, text: String, attempt_id: String) -> NativeDelivery;
}

struct ForeignGateway(Arc<dyn NativeGateway>);

impl SmsGateway for ForeignGateway {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        Box::pin(async move {
            match self.0.send(sms.number.e164(), String::clone(&sms.text), sms.attempt_id).await {
                NativeDelivery::Sent => Ok(()),
                NativeDelivery::NotSent { thrown } => Err(SendError::NotSent(ThrownByUser(thrown).into())),
                NativeDelivery::PossiblySent { thrown } => Err(SendError::PossiblySent(ThrownByUser(thrown).into())),
            }
        })
    }
}

/// A clock for tests.
#[derive(Default, uniffi::Object)]
pub struct NativeTestClock(Arc<TestClock>);

#[uniffi::export]
impl NativeTestClock {
    /// At the machine's time.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Moves the time on.
    pub fn advance(&self, by: f64) -> Result<(), NativeError> {
        Ok(guarded(|| {
            self.0.advance(binding_options::seconds("by", by)?);
            Ok(())
        })?)
    }

    /// Stops the time, or lets it go on.
    pub fn freeze(&self, frozen: bool) {
        self.0.freeze(frozen);
    }

    /// The time now.
    pub fn now(&self) -> SystemTime {
        Clock::now(&*self.0).into()
    }
}

/// A limit of the engine.
#[derive(uniffi::Enum)]
pub enum NativeLimit {
    /// None at all.
    None,
    /// As many as this.
    Max {
        /// How many.
        limit: i64,
    },
}

/// A length of time that can be switched off.
#[derive(uniffi::Enum)]
pub enum NativePause {
    /// None at all.
    None,
    /// This one.
    Lasting {
        /// In seconds.
        seconds: f64,
    },
}

/// So many in so long.
#[derive(uniffi::Enum)]
pub enum NativeQuota {
    /// No limit.
    None,
    /// As many as this in so long.
    Max {
        /// How many.
        limit: i64,
        /// In how many seconds.
        per: f64,
    },
}

/// See core's `EngineOptions`; what is absent has core's default.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeEngineOptions {
    pub store: Option<NativeStore>,
    pub timeout: Option<f64>,
    pub max_requests: Option<i64>,
    pub max_attempts: Option<NativeLimit>,
    pub wrong_codes_per_number: Option<NativeQuota>,
    pub sms_per_number: Option<NativeQuota>,
    pub max_resends: Option<NativeLimit>,
    pub resend_after: Option<NativePause>,
    pub countries: Option<Vec<i64>>,
    pub clock: Option<Arc<NativeTestClock>>,
}

impl NativeEngineOptions {
    fn read(self) -> Result<EngineOptions, Error> {
        let limit = |given| match given {
            NativeLimit::None => None,
            NativeLimit::Max { limit } => Some(limit),
        };
        let quota = |given| match given {
            NativeQuota::None => None,
            NativeQuota::Max { limit, per } => Some(QuotaSettings { limit, per }),
        };
        let pause = |given| match given {
            NativePause::None => None,
            NativePause::Lasting { seconds } => Some(seconds),
        };
        let settings = EngineSettings {
            store: self.store.map(NativeStore::read),
            timeout: self.timeout,
            max_requests: self.max_requests,
            max_attempts: self.max_attempts.map(limit),
            wrong_codes_per_number: self.wrong_codes_per_number.map(quota),
            sms_per_number: self.sms_per_number.map(quota),
            max_resends: self.max_resends.map(limit),
            resend_after: self.resend_after.map(pause),
            countries: self.countries,
        };
        let options = settings.set(EngineOptions::default())?;
        Ok(match self.clock {
            Some(clock) => options.clock(Arc::<TestClock>::clone(&clock.0)),
            None => options,
        })
    }
}

/// See core's `Engine`.
#[derive(uniffi::Object)]
pub struct NativeEngine(Open<Engine>);

impl NativeEngine {
    fn made(gateway: impl SmsGateway + 'static, options: NativeEngineOptions) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self(Open::new(Engine::new(gateway, options.read()?)?, "engine"))))
    }
}

#[uniffi::export]
impl NativeEngine {
    /// One whose SMS the user's function sends.
    #[uniffi::constructor]
    pub fn sending(send: Arc<dyn NativeGateway>, options: NativeEngineOptions) -> Result<Arc<Self>, NativeError> {
        Ok(guarded(|| Self::made(ForeignGateway(send), options))?)
    }

    /// One whose SMS E-goi's own call sends.
    #[uniffi::constructor]
    pub fn with_egoi_sms(client: NativeClientOptions, options: NativeEngineOptions) -> Result<Arc<Self>, NativeError> {
        Ok(guarded(|| Self::made(EgoiSms::new(client.read()?)?, options))?)
    }

    /// See core's.
    pub async fn request(
        &self,
        request: NativeRequest,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<NativeVerification, NativeError> {
        self.0.request(request, token).await
    }

    /// See core's.
    pub async fn validate(
        &self,
        validate: NativeValidate,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<NativeOutcome, NativeError> {
        self.0.validate(validate, token).await
    }

    /// See core's.
    pub async fn cancel(
        &self,
        id: String,
        timeout: Option<f64>,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<NativeState, NativeError> {
        self.0.cancel(id, timeout, token).await
    }

    /// See core's.
    pub async fn resend(
        &self,
        id: String,
        timeout: Option<f64>,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<NativeVerification, NativeError> {
        self.0.resend(id, timeout, token).await
    }

    /// See core's.
    pub async fn get(
        &self,
        id: String,
        timeout: Option<f64>,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<NativeVerification, NativeError> {
        self.0.get(id, timeout, token).await
    }

    /// See core's.
    pub async fn ping(&self, timeout: Option<f64>, token: Option<Arc<NativeCancelToken>>) -> Result<(), NativeError> {
        let options = call_options(timeout)?;
        self.0.call(token, |engine| async move { engine.ping(options).await }).await
    }

    /// Every later call is `closed`.
    pub fn shut(&self) {
        self.0.close();
    }
}
