//! A verifier that E-goi runs.

use std::sync::Arc;

use egoi_verify::binding_options::{ClientSettings, call_options};
use egoi_verify::{Client, ClientOptions, Error};
use egoi_verify_runtime::guarded;

use crate::events::Observer;
use crate::failure::NativeError;
use crate::settings::{NativeSettings, settings};
use crate::values::{NativeCancelToken, NativeSenderInfo};
use crate::verbs::{Open, export_verbs};

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
        let options = ClientOptions::new(self.api_key, self.sender).language(&self.language);
        settings.set(options.observer(Arc::new(Observer)))
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
    pub async fn senders(
        &self,
        timeout: Option<f64>,
        retries: Option<i64>,
        token: Option<Arc<NativeCancelToken>>,
    ) -> Result<Vec<NativeSenderInfo>, NativeError> {
        let options = call_options(timeout, retries)?;
        let listed = |client: Client| async move {
            Ok(client.senders(options).await?.into_iter().map(NativeSenderInfo::from).collect::<Vec<_>>())
        };
        self.0.call(token, listed).await
    }
}

export_verbs!(NativeClient);
