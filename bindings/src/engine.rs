//! A verifier in this process.

use std::sync::Arc;

use async_trait::async_trait;
use egoi_verify::binding_options::{EgoiSmsSettings, EngineSettings, call_options};
use egoi_verify::{
    ClientOptions, EgoiSms, Engine, EngineOptions, Error, OutgoingSms, SendError, SendFuture, SmsGateway,
};
use egoi_verify_runtime::guarded;

use crate::border::{Begun, Calls, NativeCall, NativeReply, not_there};
use crate::client::NativeClientOptions;
use crate::clock::NativeEngineClock;
use crate::events::Observer;
use crate::failure::{NativeError, Thrown, ThrownByUser};
use crate::settings::{NativeSettings, settings};
use crate::values::{NativeCancelToken, NativeSenderInfo, listed};
use crate::verbs::{Open, export_verbs, ran};

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

/// See core's `EngineOptions`.
#[derive(uniffi::Record)]
pub struct NativeEngineOptions {
    /// Those that have defaults.
    pub settings: NativeSettings,
    /// For tests.
    pub clock: Option<Arc<NativeEngineClock>>,
}

impl NativeEngineOptions {
    fn read(self) -> Result<EngineOptions, Error> {
        let settings: EngineSettings = settings(self.settings)?;
        let options = settings.set(EngineOptions::default().observer(Arc::new(Observer)))?;
        Ok(match self.clock {
            Some(clock) => options.clock(Arc::clone(&clock.0)),
            None => options,
        })
    }
}

/// See core's `EgoiSms`.
#[derive(uniffi::Object)]
pub struct NativeEgoiSms {
    egoi_sms: EgoiSms,
    client: ClientOptions,
    sms: EgoiSmsSettings,
}

impl NativeEgoiSms {
    /// The same with connections of its own: those that one runtime has made are of no use in another.
    fn another(&self) -> Result<EgoiSms, Error> {
        self.sms.clone().set(EgoiSms::new(self.client.clone())?)
    }
}

#[uniffi::export]
impl NativeEgoiSms {
    /// Fails for a wrong option.
    #[uniffi::constructor]
    pub fn new(client: NativeClientOptions, sms: NativeSettings) -> Result<Arc<Self>, NativeError> {
        Ok(guarded(|| {
            let (client, sms): (_, EgoiSmsSettings) = (client.read()?, settings(sms)?);
            let egoi_sms = sms.clone().set(EgoiSms::new(client.clone())?)?;
            Ok(Arc::new(Self { egoi_sms, client, sms }))
        })?)
    }

    /// See core's.
    pub async fn ping(
        &self,
        timeout: Option<f64>,
        retries: Option<i64>,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<(), NativeError> {
        let (sms, options) = (self.egoi_sms.clone(), call_options(timeout, retries)?);
        ran(token, Ok(async move { sms.ping(options).await })).await
    }

    /// See core's.
    pub async fn senders(
        &self,
        timeout: Option<f64>,
        retries: Option<i64>,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<Vec<NativeSenderInfo>, NativeError> {
        let (sms, options) = (self.egoi_sms.clone(), call_options(timeout, retries)?);
        Ok(listed(ran(token, Ok(async move { sms.senders(options).await })).await?))
    }
}

impl Calls for NativeEgoiSms {
    fn begin(&self, call: NativeCall) -> Result<Begun, Error> {
        let sms = self.another()?;
        match call {
            NativeCall::Ping { timeout, retries } => {
                let options = call_options(timeout, retries)?;
                Ok(Box::pin(async move { sms.ping(options).await.map(|()| NativeReply::Nothing) }))
            }
            NativeCall::Senders { timeout, retries } => {
                let options = call_options(timeout, retries)?;
                Ok(Box::pin(async move { Ok(NativeReply::Senders { senders: listed(sms.senders(options).await?) }) }))
            }
            _ => Err(not_there()),
        }
    }

    fn shut(&self) {}
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
    pub fn with_egoi_sms(egoi_sms: Arc<NativeEgoiSms>, options: NativeEngineOptions) -> Result<Arc<Self>, NativeError> {
        Ok(guarded(|| Self::made(egoi_sms.another()?, options))?)
    }
}

impl Calls for NativeEngine {
    fn begin(&self, call: NativeCall) -> Result<Begun, Error> {
        self.0.begin(call)
    }

    fn shut(&self) {
        self.0.close();
    }
}

export_verbs!(NativeEngine);
