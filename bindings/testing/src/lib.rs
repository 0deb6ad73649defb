//! The native module below the sandbox of the Kotlin and the Swift package. A library of its own, so that what a phone
//! or a server ships has no sandbox in it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use egoi_verify::binding_options::{self, SandboxSettings, detail_in_camel_case};
use egoi_verify::{Api, Error, ErrorCode, Fault, Sandbox, SandboxOptions};
use egoi_verify_runtime::{CancelToken, Failure, guarded, run};

uniffi::setup_scaffolding!();

/// Why a call gave nothing back.
#[derive(Debug, uniffi::Error)]
pub enum SandboxError {
    /// It failed.
    Failed {
        /// The stable string.
        code: String,
        /// The failure in words.
        detail: String,
    },
    /// Its caller cancelled it by its cancel token.
    Cancelled,
}

impl std::fmt::Display for SandboxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed { code, detail } => write!(f, "{code}: {detail}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for SandboxError {}

impl From<Failure> for SandboxError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Cancelled => Self::Cancelled,
            Failure::Error(error) => error.into(),
        }
    }
}

impl From<Error> for SandboxError {
    fn from(error: Error) -> Self {
        Self::Failed { code: error.code().as_str().to_owned(), detail: detail_in_camel_case(&error) }
    }
}

/// Cancels a call, for Swift.
#[derive(Default, uniffi::Object)]
pub struct SandboxCancelToken(CancelToken);

#[uniffi::export]
impl SandboxCancelToken {
    /// For one call.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Cancels the call.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// See core's `SandboxOptions`; what is absent has core's default.
#[uniffi::remote(Record)]
#[uniffi(name = "NativeSandboxOptions")]
pub struct SandboxSettings {
    pub host: Option<String>,
    pub port: Option<i64>,
    pub seed: Option<i64>,
    pub code: Option<String>,
    pub api_key: Option<String>,
    pub v2_words: Option<bool>,
    pub v2_wrong: Option<i64>,
    pub senders: Option<Vec<String>>,
    pub own_limits: Option<bool>,
    pub allow_hosts: Option<Vec<String>>,
}

/// See core's `Message`.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeMessage {
    pub id: u64,
    pub number: String,
    pub sender: String,
    pub text: String,
    pub code: String,
    pub request_id: String,
    pub sent_at: String,
    pub parts: u32,
}

/// See core's `Sandbox`.
#[derive(uniffi::Object)]
pub struct NativeSandbox(RwLock<Option<Arc<Sandbox>>>);

impl NativeSandbox {
    fn running(&self) -> Result<Arc<Sandbox>, Error> {
        let open = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        open.ok_or_else(|| Error::new(ErrorCode::Closed, "the sandbox was closed"))
    }
}

/// Starts a sandbox.
#[uniffi::export]
pub async fn native_start_sandbox(options: SandboxSettings) -> Result<Arc<NativeSandbox>, SandboxError> {
    let sandbox = run(None, Sandbox::start(options.set(SandboxOptions::default())?)).await?;
    Ok(Arc::new(NativeSandbox(RwLock::new(Some(Arc::new(sandbox))))))
}

#[uniffi::export]
impl NativeSandbox {
    /// Where it listens.
    pub fn url(&self) -> Result<String, SandboxError> {
        Ok(guarded(|| Ok(self.running()?.url()))?)
    }

    /// What was sent, newest first.
    pub fn messages(&self, number: Option<String>) -> Result<Vec<NativeMessage>, SandboxError> {
        let listed = guarded(|| self.running()?.messages(number.as_deref()))?;
        Ok(listed
            .into_iter()
            .map(|message| NativeMessage {
                id: message.id,
                number: message.number,
                sender: message.sender,
                text: message.text,
                code: message.code,
                request_id: message.request_id,
                sent_at: message.sent_at,
                parts: message.parts,
            })
            .collect())
    }

    /// The code of an SMS that this has not given before.
    pub async fn wait_for_code(
        &self,
        number: String,
        timeout: f64,
        token: Option<Arc<SandboxCancelToken>>,
    ) -> Result<String, SandboxError> {
        let sandbox = self.running()?;
        let timeout: Duration = binding_options::timeout(timeout)?;
        let wait = async move { sandbox.wait_for_code(&number, timeout).await };
        Ok(run(token.as_ref().map(|token| &token.0), wait).await?)
    }

    /// Moves the time on.
    pub fn advance(&self, by: f64) -> Result<(), SandboxError> {
        Ok(guarded(|| {
            self.running()?.clock().advance(binding_options::seconds("by", by)?);
            Ok(())
        })?)
    }

    /// Stops the time, or lets it go on.
    pub fn freeze(&self, frozen: bool) -> Result<(), SandboxError> {
        Ok(guarded(|| {
            self.running()?.clock().freeze(frozen);
            Ok(())
        })?)
    }

    /// The time now.
    pub fn now(&self) -> Result<SystemTime, SandboxError> {
        Ok(guarded(|| Ok(self.running()?.clock().now()))?)
    }

    /// Injects a failure, in the words of `POST /sandbox/faults`.
    pub fn fail_next(&self, fault: String) -> Result<(), SandboxError> {
        Ok(guarded(|| self.running()?.fail_next(Fault::from_json(&fault)?))?)
    }

    /// Forgets everything.
    pub fn reset(&self) -> Result<(), SandboxError> {
        Ok(guarded(|| {
            self.running()?.reset();
            Ok(())
        })?)
    }

    /// Where a client of this version finds it.
    pub fn base_url(&self, api: String) -> Result<String, SandboxError> {
        Ok(guarded(|| {
            let url = self.running()?.url();
            Ok(match api.parse::<Api>()? {
                Api::V1 => format!("{url}/api/public"),
                Api::V2 => format!("{url}/api"),
            })
        })?)
    }

    /// Ends it. It stops listening at once, unless somebody still waits for a code.
    pub fn shut(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
