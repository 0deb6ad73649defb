//! The verifier in this process.

use std::sync::Arc;

use egoi_verify::binding_options::EngineSettings;
use egoi_verify::{EngineOptions, Error, OutgoingSms, PingFuture, SendFuture, SmsGateway};
use napi_derive::napi;

use crate::calls::{Calls, Observer};
use crate::client::EgoiSms;
use crate::clock::TestClock;
use crate::gateway::JavaScriptGateway;
use crate::guard::guarded;
use crate::options::{self, call_options};
use crate::results::NumberRecord;
use crate::verifier::{OpenVerifier, export_verbs};

fn read(calls: &Calls, settings: String, clock: Option<&TestClock>) -> Result<EngineOptions, Error> {
    let settings: EngineSettings = options::settings(settings)?;
    let options = settings.set(EngineOptions::default().observer(Arc::new(Observer(Arc::clone(calls.table())))))?;
    Ok(match clock {
        Some(clock) => options.clock(Arc::<egoi_verify::TestClock>::clone(&clock.0)),
        None => options,
    })
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

    fn ping(&self) -> PingFuture<'_> {
        match self {
            Self::JavaScript(gateway) => gateway.ping(),
            Self::Egoi(egoi_sms) => SmsGateway::ping(&**egoi_sms),
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
        settings: String,
        egoi_sms: Option<&EgoiSms>,
        clock: Option<&TestClock>,
    ) -> napi::Result<Self> {
        guarded(|| {
            let gateway = match egoi_sms {
                Some(egoi_sms) => Gateway::Egoi(Arc::clone(&egoi_sms.gateway)),
                None => Gateway::JavaScript(JavaScriptGateway(Arc::clone(calls.table()))),
            };
            let engine = egoi_verify::Engine::new(gateway, read(calls, settings, clock)?)?;
            // E-goi's call waits for the network.
            let is_inline = egoi_sms.is_none() && engine.is_in_process();
            Ok(Self(OpenVerifier::new(calls.table(), engine, is_inline)))
        })
    }

    /// What is kept of a number.
    #[napi]
    pub fn find(&self, call: u32, number: String, timeout: Option<f64>, retries: Option<i64>) {
        self.0.start(call, |engine| async move {
            engine.find(&number, call_options(timeout, retries)?).await.map(NumberRecord::from)
        });
    }

    /// Lifts the limits of a number.
    #[napi]
    pub fn unlock(&self, call: u32, number: String, timeout: Option<f64>, retries: Option<i64>) {
        self.0.start(call, |engine| async move { engine.unlock(&number, call_options(timeout, retries)?).await });
    }

    /// Removes everything about a number.
    #[napi]
    pub fn erase(&self, call: u32, number: String, timeout: Option<f64>, retries: Option<i64>) {
        self.0.start(call, |engine| async move { engine.erase(&number, call_options(timeout, retries)?).await });
    }
}

export_verbs!(Engine);
