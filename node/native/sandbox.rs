//! E-goi's interface on localhost.

use std::sync::Arc;

use egoi_verify::{Api, Error, ErrorCode, Fault, SandboxOptions, binding_options};
use napi_derive::napi;
use serde::Serialize;
use tokio::sync::{RwLock, watch};

use crate::calls::{CallTable, Calls};
use crate::guard::guarded;
use crate::results::{Message, milliseconds};
use crate::verifier::closed;

/// How to start a sandbox.
#[napi(object, object_to_js = false)]
pub struct StartOptions {
    /// The address to listen on.
    pub host: Option<String>,
    /// The port.
    pub port: Option<i64>,
    /// Draws the same codes in every run.
    pub seed: Option<i64>,
    /// Every code.
    pub code: Option<String>,
    /// The one key.
    pub api_key: Option<String>,
    /// Whether V2's validation answers with words.
    pub v2_words: Option<bool>,
    /// The status of V2's answer to a wrong code.
    pub v2_wrong: Option<i64>,
    /// The senders of the account.
    pub senders: Option<Vec<String>>,
    /// Whether the library's own limits hold.
    pub own_limits: Option<bool>,
    /// Host names that programs may call it by.
    pub allow_hosts: Option<Vec<String>>,
}

impl StartOptions {
    fn read(self) -> Result<SandboxOptions, Error> {
        let mut options = SandboxOptions::default();
        if let Some(host) = self.host {
            let host = binding_options::address("host", &host)?;
            options = options.host(host);
        }
        if let Some(port) = self.port {
            options = options.port(binding_options::whole("port", port)?);
        }
        if let Some(seed) = self.seed {
            options = options.seed(binding_options::whole("seed", seed)?);
        }
        if let Some(code) = self.code {
            options = options.code(code);
        }
        if let Some(key) = self.api_key {
            options = options.api_key(key);
        }
        if let Some(words) = self.v2_words {
            options = options.v2_words(words);
        }
        if let Some(status) = self.v2_wrong {
            options = options.v2_wrong_is_400(match status {
                200 => false,
                400 => true,
                _ => return Err(invalid("`v2_wrong`: is not one of 200 and 400")),
            });
        }
        if let Some(senders) = self.senders {
            options = options.senders(senders);
        }
        if let Some(hold) = self.own_limits {
            options = options.own_limits(hold);
        }
        if let Some(names) = self.allow_hosts {
            options = options.allow_hosts(names);
        }
        Ok(options)
    }
}

fn invalid(detail: &str) -> Error {
    Error::new(ErrorCode::InvalidInput, detail)
}

struct Running {
    /// None before it started and after it was closed.
    sandbox: RwLock<Option<egoi_verify::Sandbox>>,
    /// Those who wait for a code go when it is closed.
    closing: watch::Sender<bool>,
}

/// A sandbox.
#[napi]
pub struct Sandbox {
    calls: Arc<CallTable>,
    running: Arc<Running>,
}

#[napi]
impl Sandbox {
    /// One that has not started.
    #[napi(constructor)]
    #[must_use]
    pub fn new(calls: &Calls) -> Self {
        let running = Running { sandbox: RwLock::new(None), closing: watch::Sender::new(false) };
        Self { calls: Arc::clone(calls.table()), running: Arc::new(running) }
    }

    /// Starts it.
    #[napi]
    pub fn start(&self, call: u32, options: StartOptions) {
        let running = Arc::clone(&self.running);
        self.calls.start(call, false, async move {
            let sandbox = egoi_verify::Sandbox::start(options.read()?).await?;
            *running.sandbox.write().await = Some(sandbox);
            Ok(())
        });
    }

    fn with<T>(&self, work: impl FnOnce(&egoi_verify::Sandbox) -> Result<T, Error>) -> Result<T, Error> {
        // Written to only while it starts, when nobody has it, and when it is closed.
        let sandbox = self.running.sandbox.try_read().map_err(|_| closed())?;
        sandbox.as_ref().ok_or_else(closed).and_then(work)
    }

    pub(crate) fn client_options(&self, api: Api) -> Result<egoi_verify::ClientOptions, Error> {
        self.with(|sandbox| Ok(sandbox.client_options(api)))
    }

    /// Where it listens.
    #[napi]
    pub fn url(&self) -> napi::Result<String> {
        guarded(|| self.with(|sandbox| Ok(sandbox.url())))
    }

    /// What was sent, as JSON.
    #[napi]
    pub fn messages(&self, number: Option<String>) -> napi::Result<String> {
        guarded(|| {
            self.with(|sandbox| {
                json(&sandbox.messages(number.as_deref())?.into_iter().map(Message::from).collect::<Vec<_>>())
            })
        })
    }

    /// Waits for the code of an SMS.
    #[napi]
    pub fn wait_for_code(&self, call: u32, number: String, timeout: Option<f64>) {
        let running = Arc::clone(&self.running);
        self.calls.start(call, false, async move {
            let timeout = timeout.map_or(Ok(binding_options::CODE_COMES_WITHIN), |seconds| {
                binding_options::seconds("timeout", seconds)
            })?;
            let mut closing = running.closing.subscribe();
            let sandbox = running.sandbox.read().await;
            let sandbox = sandbox.as_ref().ok_or_else(closed)?;
            tokio::select! {
                code = sandbox.wait_for_code(&number, timeout) => code,
                _ = closing.wait_for(|closing| *closing) => Err(closed()),
            }
        });
    }

    /// Injects a failure, given as the JSON of the sandbox's own interface.
    #[napi]
    pub fn fail_next(&self, fault: String) -> napi::Result<()> {
        guarded(|| {
            let fault = Fault::from_json(&fault)?;
            self.with(|sandbox| sandbox.fail_next(fault))
        })
    }

    /// Forgets everything.
    #[napi]
    pub fn reset(&self) -> napi::Result<()> {
        guarded(|| {
            self.with(|sandbox| {
                sandbox.reset();
                Ok(())
            })
        })
    }

    /// Moves its time on.
    #[napi]
    pub fn advance(&self, seconds: f64) -> napi::Result<()> {
        guarded(|| {
            let by = binding_options::seconds("seconds", seconds)?;
            self.with(|sandbox| {
                sandbox.clock().advance(by);
                Ok(())
            })
        })
    }

    /// Stops its time, or lets it go on.
    #[napi]
    pub fn freeze(&self, frozen: bool) -> napi::Result<()> {
        guarded(|| {
            self.with(|sandbox| {
                sandbox.clock().freeze(frozen);
                Ok(())
            })
        })
    }

    /// Its time, in milliseconds since 1970.
    #[napi]
    pub fn now(&self) -> napi::Result<f64> {
        guarded(|| self.with(|sandbox| Ok(milliseconds(sandbox.clock().now()))))
    }

    /// Ends it. Ending it twice is no error.
    #[napi]
    pub fn close(&self, call: u32) {
        let running = Arc::clone(&self.running);
        self.calls.start(call, false, async move {
            running.closing.send_replace(true);
            let sandbox = running.sandbox.write().await.take();
            if let Some(sandbox) = sandbox {
                sandbox.close().await;
            }
            Ok(())
        });
    }
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))
}
