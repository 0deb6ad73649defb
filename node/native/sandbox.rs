//! E-goi's interface on localhost.

use std::sync::Arc;

use egoi_verify::binding_options::{self, SandboxSettings};
use egoi_verify::{Api, Error, ErrorCode, Fault, SandboxOptions};
use napi_derive::napi;
use serde::Serialize;
use tokio::sync::{RwLock, watch};

use crate::calls::{CallTable, Calls};
use crate::clock::TestClock;
use crate::guard::guarded;
use crate::options;
use crate::results::{Message, milliseconds};
use crate::verifier::closed;

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
    pub fn start(&self, call: u32, settings: String) {
        let running = Arc::clone(&self.running);
        self.calls.start(call, false, async move {
            let settings: SandboxSettings = options::settings(settings)?;
            let sandbox = egoi_verify::Sandbox::start(settings.set(SandboxOptions::default())?).await?;
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
            let timeout = timeout.map_or(Ok(binding_options::CODE_COMES_WITHIN), binding_options::timeout)?;
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

    /// The same clock, for an engine.
    #[napi]
    pub fn test_clock(&self) -> napi::Result<TestClock> {
        guarded(|| self.with(|sandbox| Ok(TestClock(sandbox.clock().for_engine()))))
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
