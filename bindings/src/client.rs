//! A verifier that E-goi runs.

use std::sync::Arc;

use egoi_verify::binding_options::{ClientSettings, call_options};
use egoi_verify::{Client, ClientOptions, Error, SenderInfo};
use egoi_verify_runtime::guarded;

use crate::border::{Begun, Calls, NativeCall, NativeReply};
use crate::events::Observer;
use crate::failure::NativeError;
use crate::settings::{NativeSettings, settings};
use crate::values::{NativeCancelToken, NativeSenderInfo, listed};
use crate::verbs::{Open, export_verbs, ran};

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
        Ok(listed(ran(token, self.listing(timeout, retries)).await?))
    }
}

impl NativeClient {
    fn listing(
        &self,
        timeout: Option<f64>,
        retries: Option<i64>,
    ) -> Result<impl Future<Output = Result<Vec<SenderInfo>, Error>> + Send + use<>, Error> {
        let (client, options) = (self.0.verifier()?, call_options(timeout, retries)?);
        Ok(async move { client.senders(options).await })
    }
}

impl Calls for NativeClient {
    fn begin(&self, call: NativeCall) -> Result<Begun, Error> {
        match call {
            NativeCall::Senders { timeout, retries } => {
                let listing = self.listing(timeout, retries)?;
                Ok(Box::pin(async move { Ok(NativeReply::Senders { senders: listed(listing.await?) }) }))
            }
            verb => self.0.begin(verb),
        }
    }

    fn shut(&self) {
        self.0.close();
    }
}

export_verbs!(NativeClient);
