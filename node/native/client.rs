//! The verifier that E-goi runs.

use std::collections::HashMap;
use std::sync::Arc;

use egoi_verify::Error;
use egoi_verify::binding_options::{ClientSettings, StoreSettings};
use napi::bindgen_prelude::{Object, Uint8Array};
use napi_derive::napi;

use crate::calls::Calls;
use crate::guard::guarded;
use crate::options::{RequestOptions, call_options};
use crate::results::SenderInfo;
use crate::sandbox::Sandbox;
use crate::verifier::OpenVerifier;

/// How to make a client.
#[napi(object, object_to_js = false)]
pub struct ClientOptions {
    /// The account's key.
    pub api_key: Option<String>,
    /// The sender.
    pub sender: Option<String>,
    /// `v1` or `v2`.
    pub api: Option<String>,
    /// A URL.
    pub base_url: Option<String>,
    /// Seconds.
    pub timeout: Option<f64>,
    /// Seconds.
    pub connect_timeout: Option<f64>,
    /// A URL.
    pub proxy: Option<String>,
    /// PEM.
    pub ca_certificates: Option<Uint8Array>,
    /// `bundled` or `platform`.
    pub trust: Option<String>,
    /// Whether plain HTTP goes anywhere.
    pub allow_http: Option<bool>,
    /// Whether V2 reads before it validates.
    pub check_state_first: Option<bool>,
    /// Words of the service and what they mean.
    pub status_words: Option<HashMap<String, String>>,
    /// V1's paths by verb.
    pub v1_paths: Option<HashMap<String, String>>,
    /// V2's paths by call.
    pub v2_paths: Option<HashMap<String, String>>,
    /// For `User-Agent`.
    pub app_name: Option<String>,
    /// A store's URL.
    pub store: Option<String>,
    /// The store's secret.
    pub key: Option<Uint8Array>,
    /// Earlier ones.
    pub previous_keys: Option<Vec<Uint8Array>>,
    /// Seconds.
    pub retention: Option<f64>,
}

/// Where key, sender and address come from, where the options do not say them.
enum Origin<'a> {
    Options,
    Environment(Object<'a>),
    Sandbox(&'a Sandbox),
}

impl ClientOptions {
    fn read(self, calls: &Calls, origin: Origin<'_>) -> Result<egoi_verify::ClientOptions, Error> {
        let api = self.api.as_deref().map(str::parse).transpose()?;
        let options = match origin {
            Origin::Options => {
                egoi_verify::ClientOptions::new(self.api_key.unwrap_or_default(), self.sender.unwrap_or_default())
            }
            Origin::Environment(variables) => egoi_verify::ClientOptions::from_variables(|name| {
                variables.get::<String>(name).ok().flatten().map(Into::into)
            })?,
            Origin::Sandbox(sandbox) => sandbox.client_options(api.unwrap_or_default())?,
        }
        .language(calls.table().language());
        let in_core = |(name, path)| (if name == "sendSms" { "send_sms".to_owned() } else { name }, path);
        ClientSettings {
            api: self.api,
            base_url: self.base_url,
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            proxy: self.proxy,
            ca_certificates: self.ca_certificates.map(|pem| pem.to_vec()),
            trust: self.trust,
            allow_http: self.allow_http,
            check_state_first: self.check_state_first,
            status_words: self.status_words,
            v1_paths: self.v1_paths,
            v2_paths: self.v2_paths.map(|paths| paths.into_iter().map(in_core).collect()),
            app_name: self.app_name,
            store: store(self.store, self.key, self.previous_keys, self.retention),
        }
        .set(options)
    }
}

/// A store, where one of its options was given.
pub(crate) fn store(
    url: Option<String>,
    key: Option<Uint8Array>,
    previous_keys: Option<Vec<Uint8Array>>,
    retention: Option<f64>,
) -> Option<StoreSettings> {
    let is_given = url.is_some() || key.is_some() || previous_keys.is_some() || retention.is_some();
    let key = key.map(|key| key.to_vec());
    let previous_keys = previous_keys.map(|keys| keys.iter().map(|key| key.to_vec()).collect());
    is_given.then(|| StoreSettings { url, key, previous_keys, retention, ..StoreSettings::default() })
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
        options: ClientOptions,
        environment: Option<Object<'_>>,
        sandbox: Option<&Sandbox>,
    ) -> napi::Result<Self> {
        guarded(|| {
            let options = options.read(calls, origin(environment, sandbox))?;
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
        calls: &Calls,
        options: ClientOptions,
        environment: Option<Object<'_>>,
        sandbox: Option<&Sandbox>,
    ) -> napi::Result<Self> {
        guarded(|| {
            let options = options.read(calls, origin(environment, sandbox))?;
            Ok(Self(Arc::new(egoi_verify::EgoiSms::new(options)?)))
        })
    }
}
