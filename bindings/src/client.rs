//! A verifier that E-goi runs.

use std::collections::HashMap;
use std::sync::Arc;

use egoi_verify::binding_options::{ClientSettings, StoreSettings};
use egoi_verify::{Client, ClientOptions, Error};
use egoi_verify_runtime::guarded;

use crate::failure::NativeError;
use crate::values::{
    NativeCancelToken, NativeOutcome, NativeRequest, NativeSenderInfo, NativeState, NativeValidate, NativeVerification,
    call_options,
};
use crate::verbs::Open;

/// See core's `Store`; what is absent has core's default.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the methods of core's")]
pub struct NativeStore {
    pub url: String,
    pub key: Option<Vec<u8>>,
    pub previous_keys: Option<Vec<Vec<u8>>>,
    pub retention: Option<f64>,
    pub pool_size: Option<i64>,
    pub ca_certificates: Option<Vec<u8>>,
}

impl NativeStore {
    pub(crate) fn read(self) -> StoreSettings {
        StoreSettings {
            url: Some(self.url),
            key: self.key,
            previous_keys: self.previous_keys,
            retention: self.retention,
            pool_size: self.pool_size,
            ca_certificates: self.ca_certificates,
        }
    }
}

/// See core's `ClientOptions`; what is absent has core's default.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeClientOptions {
    pub api_key: String,
    pub sender: String,
    pub api: Option<String>,
    pub base_url: Option<String>,
    pub timeout: Option<f64>,
    pub connect_timeout: Option<f64>,
    pub proxy: Option<String>,
    pub ca_certificates: Option<Vec<u8>>,
    pub trust: Option<String>,
    pub allow_http: Option<bool>,
    pub check_state_first: Option<bool>,
    pub status_words: Option<HashMap<String, String>>,
    pub v1_paths: Option<HashMap<String, String>>,
    pub v2_paths: Option<HashMap<String, String>>,
    pub app_name: Option<String>,
    pub store: Option<NativeStore>,
    /// `LANGUAGE VERSION`, for `User-Agent`.
    pub language: String,
}

impl NativeClientOptions {
    pub(crate) fn read(self) -> Result<ClientOptions, Error> {
        let options = ClientOptions::new(self.api_key, self.sender).language(&self.language);
        ClientSettings {
            api: self.api,
            base_url: self.base_url,
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            proxy: self.proxy,
            ca_certificates: self.ca_certificates,
            trust: self.trust,
            allow_http: self.allow_http,
            check_state_first: self.check_state_first,
            status_words: self.status_words,
            v1_paths: self.v1_paths,
            v2_paths: self.v2_paths,
            app_name: self.app_name,
            store: self.store.map(NativeStore::read),
        }
        .set(options)
    }
}

/// See core's `Client`.
#[derive(uniffi::Object)]
pub struct NativeClient(Open<Client>);

#[uniffi::export]
impl NativeClient {
    /// Fails for a wrong option.
    #[uniffi::constructor]
    pub fn new(options: NativeClientOptions) -> Result<Arc<Self>, NativeError> {
        Ok(guarded(|| Ok(Arc::new(Self(Open::new(Client::new(options.read()?)?, "client")))))?)
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
        self.0.call(token, |client| async move { client.ping(options).await }).await
    }

    /// See core's.
    pub async fn senders(
        &self,
        timeout: Option<f64>,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<Vec<NativeSenderInfo>, NativeError> {
        let options = call_options(timeout)?;
        let listed = |client: Client| async move {
            Ok(client.senders(options).await?.into_iter().map(NativeSenderInfo::from).collect::<Vec<_>>())
        };
        self.0.call(token, listed).await
    }

    /// Every later call is `closed`; the connections end once the calls that are under way have ended.
    pub fn shut(&self) {
        self.0.close();
    }
}
