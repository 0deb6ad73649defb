//! A verifier in this process.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use egoi_verify::binding_options::{self, EgoiSmsSettings, EngineSettings};
use egoi_verify::{
    Clock, EgoiSms, Engine, EngineOptions, Error, OutgoingSms, SendError, SendFuture, SmsGateway, TestClock,
};
use egoi_verify_runtime::guarded;

use crate::client::NativeClientOptions;
use crate::failure::{NativeError, Thrown, ThrownByUser};
use crate::settings::{NativeSettings, settings};
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

/// See core's `EngineOptions`.
#[derive(uniffi::Record)]
pub struct NativeEngineOptions {
    /// Those that have defaults.
    pub settings: NativeSettings,
    /// For tests.
    pub clock: Option<Arc<NativeTestClock>>,
}

impl NativeEngineOptions {
    fn read(self) -> Result<EngineOptions, Error> {
        let settings: EngineSettings = settings(self.settings)?;
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
    pub fn with_egoi_sms(
        client: NativeClientOptions,
        sms: NativeSettings,
        options: NativeEngineOptions,
    ) -> Result<Arc<Self>, NativeError> {
        Ok(guarded(|| {
            let sms: EgoiSmsSettings = settings(sms)?;
            Self::made(sms.set(EgoiSms::new(client.read()?)?)?, options)
        })?)
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
