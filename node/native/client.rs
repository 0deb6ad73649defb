//! The verifier that E-goi runs.

use std::sync::Arc;

use egoi_verify::binding_options::{ClientSettings, EgoiSmsSettings};
use egoi_verify::{ClientOptions, Error};
use napi::bindgen_prelude::Object;
use napi_derive::napi;

use crate::calls::Calls;
use crate::guard::guarded;
use crate::options::{self, RequestOptions, ValidateOptions, call_options};
use crate::results::SenderInfo;
use crate::sandbox::Sandbox;
use crate::verifier::OpenVerifier;

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
    settings.set(options.language(calls.table().language()))
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
    pub fn validate(&self, call: u32, id: String, code: String, options: ValidateOptions) {
        self.0.validate(call, id, code, options);
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

    /// See the verb.
    #[napi]
    pub fn get(&self, call: u32, id: String, timeout: Option<f64>) {
        self.0.get(call, id, timeout);
    }

    /// Whether the service is up.
    #[napi]
    pub fn ping(&self, call: u32, timeout: Option<f64>) {
        self.0.start(call, |client| async move { client.ping(call_options(timeout)?).await });
    }

    /// The account's senders.
    #[napi]
    pub fn senders(&self, call: u32, timeout: Option<f64>) {
        self.0.start(call, |client| async move {
            let senders = client.senders(call_options(timeout)?).await?;
            Ok(senders.into_iter().map(SenderInfo::from).collect::<Vec<_>>())
        });
    }
}

/// E-goi's own SMS call, for an engine.
#[napi]
pub struct EgoiSms(pub(crate) Arc<egoi_verify::EgoiSms>);

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
            Ok(Self(Arc::new(sms.set(egoi_verify::EgoiSms::new(options)?)?)))
        })
    }
}
