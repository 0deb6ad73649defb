//! The verifier that E-goi runs.

use std::sync::Arc;

use egoi_verify::binding_options::{ClientSettings, EgoiSmsSettings};
use egoi_verify::{ClientOptions, Error};
use napi::bindgen_prelude::Object;
use napi_derive::napi;

use crate::calls::{CallTable, Calls, Observer};
use crate::guard::guarded;
use crate::options::{self, call_options};
use crate::results::SenderInfo;
use crate::sandbox::Sandbox;
use crate::verifier::{OpenVerifier, export_verbs};

/// Where key, sender and address come from, where the options do not say them.
enum Origin<'a> {
    Options,
    Environment(Object<'a>),
    Sandbox(&'a Sandbox),
}

fn read(
    calls: &Calls,
    settings: String,
    api_key: Option<String>,
    sender: Option<String>,
    origin: Origin<'_>,
) -> Result<ClientOptions, Error> {
    let settings: ClientSettings = options::settings(settings)?;
    let options = match origin {
        Origin::Options => ClientOptions::new(api_key.unwrap_or_default(), sender.unwrap_or_default()),
        Origin::Environment(variables) => {
            ClientOptions::from_variables(|name| variables.get::<String>(name).ok().flatten().map(Into::into))?
        }
        Origin::Sandbox(sandbox) => {
            let api = settings.api.as_deref().map(str::parse).transpose()?;
            sandbox.client_options(api.unwrap_or_default())?
        }
    };
    let observer = Arc::new(Observer(Arc::clone(calls.table())));
    settings.set(options.language(calls.table().language()).observer(observer))
}

fn origin<'a>(environment: Option<Object<'a>>, sandbox: Option<&'a Sandbox>) -> Origin<'a> {
    match (environment, sandbox) {
        (Some(variables), _) => Origin::Environment(variables),
        (None, Some(sandbox)) => Origin::Sandbox(sandbox),
        (None, None) => Origin::Options,
    }
}

/// A client.
#[napi]
pub struct Client(OpenVerifier<egoi_verify::Client>);

#[napi]
impl Client {
    /// From options, from them and the variables of an environment, or from them and a sandbox.
    #[napi(constructor)]
    pub fn new(
        calls: &Calls,
        settings: String,
        api_key: Option<String>,
        sender: Option<String>,
        environment: Option<Object<'_>>,
        sandbox: Option<&Sandbox>,
    ) -> napi::Result<Self> {
        guarded(|| {
            let options = read(calls, settings, api_key, sender, origin(environment, sandbox))?;
            Ok(Self(OpenVerifier::new(calls.table(), egoi_verify::Client::new(options)?, false)))
        })
    }

    /// The account's senders.
    #[napi]
    pub fn senders(&self, call: u32, timeout: Option<f64>, retries: Option<i64>) {
        self.0.start(call, |client| async move { client.senders(call_options(timeout, retries)?).await.map(listed) });
    }
}

export_verbs!(Client);

fn listed(senders: Vec<egoi_verify::SenderInfo>) -> Vec<SenderInfo> {
    senders.into_iter().map(SenderInfo::from).collect()
}

/// E-goi's own SMS call, for an engine.
#[napi]
pub struct EgoiSms {
    pub(crate) gateway: Arc<egoi_verify::EgoiSms>,
    calls: Arc<CallTable>,
}

#[napi]
impl EgoiSms {
    /// As a client is made.
    #[napi(constructor)]
    pub fn new(
        sms: String,
        calls: &Calls,
        settings: String,
        api_key: Option<String>,
        sender: Option<String>,
        environment: Option<Object<'_>>,
        sandbox: Option<&Sandbox>,
    ) -> napi::Result<Self> {
        guarded(|| {
            let sms: EgoiSmsSettings = options::settings(sms)?;
            let options = read(calls, settings, api_key, sender, origin(environment, sandbox))?;
            let gateway = Arc::new(sms.set(egoi_verify::EgoiSms::new(options)?)?);
            Ok(Self { gateway, calls: Arc::clone(calls.table()) })
        })
    }

    /// Whether the service is up.
    #[napi]
    pub fn ping(&self, call: u32, timeout: Option<f64>, retries: Option<i64>) {
        let gateway = Arc::clone(&self.gateway);
        self.calls.start(call, false, async move { gateway.ping(call_options(timeout, retries)?).await });
    }

    /// The account's senders.
    #[napi]
    pub fn senders(&self, call: u32, timeout: Option<f64>, retries: Option<i64>) {
        let gateway = Arc::clone(&self.gateway);
        self.calls.start(
            call,
            false,
            async move { gateway.senders(call_options(timeout, retries)?).await.map(listed) },
        );
    }
}
