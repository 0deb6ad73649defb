//! The five verbs, which a client and an engine share.

use std::future::{Future, ready};
use std::sync::{Arc, PoisonError, RwLock};

use egoi_verify::{Error, ErrorCode, Verifier};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::calls::CallTable;
use crate::options::{RequestOptions, ValidateOptions, call_options};
use crate::results::{OutcomeDetails, Verification};

/// A verifier until it is closed.
pub(crate) struct OpenVerifier<V> {
    calls: Arc<CallTable>,
    verifier: RwLock<Option<V>>,
    /// Its calls wait for nothing but JavaScript.
    is_inline: bool,
}

impl<V: Clone> OpenVerifier<V> {
    pub(crate) fn new(calls: &Arc<CallTable>, verifier: V, is_inline: bool) -> Self {
        Self { calls: Arc::clone(calls), verifier: RwLock::new(Some(verifier)), is_inline }
    }

    /// Lets go of it. Calls in flight go on to their end.
    pub(crate) fn close(&self) {
        *self.verifier.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Starts a call.
    pub(crate) fn start<T, F>(&self, call: u32, work: impl FnOnce(V) -> F)
    where
        T: Serialize + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let verifier = self.verifier.read().unwrap_or_else(PoisonError::into_inner).clone();
        match verifier {
            Some(verifier) => self.calls.start(call, self.is_inline, work(verifier)),
            None => self.calls.start::<T>(call, true, ready(Err(closed()))),
        }
    }
}

/// The failure of a call after `close`.
pub(crate) fn closed() -> Error {
    Error::new(ErrorCode::Closed, "it was closed before this call")
}

impl<V: Verifier + Clone + 'static> OpenVerifier<V> {
    pub(crate) fn request(&self, call: u32, number: String, options: RequestOptions) {
        self.start(
            call,
            |verifier| async move { verifier.request(&number, options.read()?).await.map(Verification::from) },
        );
    }

    pub(crate) fn validate(&self, call: u32, id: String, code: String, options: ValidateOptions) {
        let code = Zeroizing::new(code);
        self.start(call, |verifier| async move {
            verifier.validate(&id, &code, options.read()?).await.map(|outcome| outcome.as_str())
        });
    }

    pub(crate) fn validate_with_details(&self, call: u32, id: String, code: String, options: ValidateOptions) {
        let code = Zeroizing::new(code);
        self.start(call, |verifier| async move {
            verifier.validate_with_details(&id, &code, options.read()?).await.map(OutcomeDetails::from)
        });
    }

    pub(crate) fn cancel(&self, call: u32, id: String, timeout: Option<f64>, retries: Option<i64>) {
        self.start(call, |verifier| async move {
            verifier.cancel(&id, call_options(timeout, retries)?).await.map(|state| state.as_str())
        });
    }

    pub(crate) fn resend(&self, call: u32, id: String, timeout: Option<f64>, retries: Option<i64>) {
        self.start(call, |verifier| async move {
            verifier.resend(&id, call_options(timeout, retries)?).await.map(Verification::from)
        });
    }

    pub(crate) fn get(&self, call: u32, id: String, timeout: Option<f64>, retries: Option<i64>) {
        self.start(call, |verifier| async move {
            verifier.get(&id, call_options(timeout, retries)?).await.map(Verification::from)
        });
    }
}

/// Exports the verbs of a client or an engine, which are those of its [`OpenVerifier`].
macro_rules! export_verbs {
    ($native:ident) => {
        #[napi]
        impl $native {
            /// Releases it.
            #[napi]
            pub fn close(&self) {
                self.0.close();
            }

            /// See the verb.
            #[napi]
            pub fn request(&self, call: u32, number: String, options: $crate::options::RequestOptions) {
                self.0.request(call, number, options);
            }

            /// See the verb.
            #[napi]
            pub fn validate(&self, call: u32, id: String, code: String, options: $crate::options::ValidateOptions) {
                self.0.validate(call, id, code, options);
            }

            /// See the verb.
            #[napi]
            pub fn validate_with_details(
                &self,
                call: u32,
                id: String,
                code: String,
                options: $crate::options::ValidateOptions,
            ) {
                self.0.validate_with_details(call, id, code, options);
            }

            /// See the verb.
            #[napi]
            pub fn cancel(&self, call: u32, id: String, timeout: Option<f64>, retries: Option<i64>) {
                self.0.cancel(call, id, timeout, retries);
            }

            /// See the verb.
            #[napi]
            pub fn resend(&self, call: u32, id: String, timeout: Option<f64>, retries: Option<i64>) {
                self.0.resend(call, id, timeout, retries);
            }

            /// See the verb.
            #[napi]
            pub fn get(&self, call: u32, id: String, timeout: Option<f64>, retries: Option<i64>) {
                self.0.get(call, id, timeout, retries);
            }

            /// Whether it can be used.
            #[napi]
            pub fn ping(&self, call: u32, timeout: Option<f64>, retries: Option<i64>) {
                self.0.start(call, |verifier| async move {
                    verifier.ping($crate::options::call_options(timeout, retries)?).await
                });
            }
        }
    };
}
pub(crate) use export_verbs;
