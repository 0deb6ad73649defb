//! A verifier in this process.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use async_trait::async_trait;
use egoi_verify::binding_options::{self, EngineSettings, QuotaSettings};
use egoi_verify::{
    Clock, EgoiSms, Engine, EngineOptions, Error, ErrorCode, OutgoingSms, SendError, SendFuture, SmsGateway, TestClock,
};
use egoi_verify_runtime::{guarded, run};
use zeroize::Zeroizing;

use crate::client::{NativeClientOptions, store};
use crate::failure::{NativeError, Thrown, ThrownAbove};
use crate::values::{
    NativeCancelToken, NativeOutcome, NativeRequest, NativeState, NativeValidate, NativeVerification, call_options,
};

/// How handing an SMS over ended.
#[derive(uniffi::Enum)]
pub enum NativeHandOver {
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
pub trait NativeSend: Send + Sync {
    /// Hands one SMS over.
    async fn send(&self, number: String, text: String, attempt_id: String) -> NativeHandOver;
}

struct FromAbove(Arc<dyn NativeSend>);

impl SmsGateway for FromAbove {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        Box::pin(async move {
            match self.0.send(sms.number.e164(), String::clone(&sms.text), sms.attempt_id).await {
                NativeHandOver::Sent => Ok(()),
                NativeHandOver::NotSent { thrown } => Err(SendError::NotSent(ThrownAbove(thrown).into())),
                NativeHandOver::PossiblySent { thrown } => Err(SendError::PossiblySent(ThrownAbove(thrown).into())),
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
    Most {
        /// How many.
        most: i64,
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
    Most {
        /// How many.
        most: i64,
        /// In how many seconds.
        per: f64,
    },
}

/// See core's `EngineOptions`; what is absent has core's default.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeEngineOptions {
    pub store: Option<String>,
    pub key: Option<Vec<u8>>,
    pub previous_keys: Option<Vec<Vec<u8>>>,
    pub retention: Option<f64>,
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
            NativeLimit::Most { most } => Some(most),
        };
        let quota = |given| match given {
            NativeQuota::None => None,
            NativeQuota::Most { most, per } => Some(QuotaSettings { limit: most, per }),
        };
        let pause = |given| match given {
            NativePause::None => None,
            NativePause::Lasting { seconds } => Some(seconds),
        };
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
pub struct NativeEngine(RwLock<Option<Engine>>);

impl NativeEngine {
    fn made(sender: impl SmsGateway + 'static, options: NativeEngineOptions) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self(RwLock::new(Some(Engine::new(sender, options.read()?)?)))))
    }

    async fn call<T, N, F>(
        &self,
        token: Option<Arc<NativeCancelToken>>,
        call: impl FnOnce(Engine) -> F,
    ) -> Result<N, NativeError>
    where
        T: Send + 'static,
        N: From<T>,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let open = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let engine = open.ok_or_else(|| Error::new(ErrorCode::Closed, "the engine was closed"))?;
        Ok(run(token.as_ref().map(|token| &token.0), call(engine)).await?.into())
    }
}

#[uniffi::export]
impl NativeEngine {
    /// One whose SMS the user's function sends.
    #[uniffi::constructor]
    pub fn sending(send: Arc<dyn NativeSend>, options: NativeEngineOptions) -> Result<Arc<Self>, NativeError> {
        Ok(guarded(|| Self::made(FromAbove(send), options))?)
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
        let (number, options) = request.read()?;
        self.call(token, |engine| async move { engine.request(&number, options).await }).await
    }

    /// See core's.
    pub async fn validate(
        &self,
        validate: NativeValidate,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<NativeOutcome, NativeError> {
        let NativeValidate { id, code, number, timeout } = validate;
        let code = Zeroizing::new(code);
        let options = NativeValidate::options(number, timeout)?;
        self.call(token, |engine| async move { engine.validate(&id, &code, options).await }).await
    }

    /// See core's.
    pub async fn cancel(
        &self,
        id: String,
        timeout: Option<f64>,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<NativeState, NativeError> {
        let options = call_options(timeout)?;
        self.call(token, |engine| async move { engine.cancel(&id, options).await }).await
    }

    /// See core's.
    pub async fn resend(
        &self,
        id: String,
        timeout: Option<f64>,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<NativeVerification, NativeError> {
        let options = call_options(timeout)?;
        self.call(token, |engine| async move { engine.resend(&id, options).await }).await
    }

    /// See core's.
    pub async fn get(
        &self,
        id: String,
        timeout: Option<f64>,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<NativeVerification, NativeError> {
        let options = call_options(timeout)?;
        self.call(token, |engine| async move { engine.get(&id, options).await }).await
    }

    /// Every later call is `closed`.
    pub fn shut(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
