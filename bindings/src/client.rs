//! A verifier that E-goi runs.

use std::sync::Arc;

use egoi_verify::binding_options::ClientSettings;
use egoi_verify::{Client, ClientOptions, Error};
use egoi_verify_runtime::guarded;

use crate::failure::NativeError;
use crate::settings::{NativeSettings, settings};
use crate::values::{
    NativeCancelToken, NativeOutcome, NativeRequest, NativeSenderInfo, NativeState, NativeValidate, NativeVerification,
    call_options,
};
use crate::verbs::Open;

/// See core's `ClientOptions`.
#[derive(uniffi::Record)]
pub struct NativeClientOptions {
    /// The account's key.
    pub api_key: String,
    /// The sender.
    pub sender: String,
    /// Those that have defaults.
    pub settings: NativeSettings,
    /// `LANGUAGE VERSION`, for `User-Agent`.
    pub language: String,
}

impl NativeClientOptions {
    pub(crate) fn read(self) -> Result<ClientOptions, Error> {
        let settings: ClientSettings = settings(self.settings)?;
        settings.set(ClientOptions::new(self.api_key, self.sender).language(&self.language))
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
