//! The five verbs, which a client and an engine share.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use egoi_verify::binding_options::call_options;
use egoi_verify::{CallOptions, Client, Engine, Error, ErrorCode, OutcomeDetails, State, Verification, Verifier};
use egoi_verify_runtime::run;
use zeroize::Zeroizing;

use crate::border::{Begun, NativeCall, NativeReply, not_there};
use crate::failure::NativeError;
use crate::values::{NativeCancelToken, NativeRequest, NativeValidate};

/// What a client and an engine have beside the verbs.
pub(crate) trait Pinged: Verifier + Clone + 'static {
    fn pinged(self, options: CallOptions) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Pinged for Client {
    async fn pinged(self, options: CallOptions) -> Result<(), Error> {
        self.ping(options).await
    }
}

impl Pinged for Engine {
    async fn pinged(self, options: CallOptions) -> Result<(), Error> {
        self.ping(options).await
    }
}

/// A verifier until it is closed.
pub(crate) struct Open<V> {
    verifier: RwLock<Option<V>>,
    /// What it is called in the error after that.
    name: &'static str,
}

impl<V: Pinged> Open<V> {
    pub(crate) fn new(verifier: V, name: &'static str) -> Self {
        Self { verifier: RwLock::new(Some(verifier)), name }
    }

    /// Every later call is `closed`; calls in flight go on to their end.
    pub(crate) fn close(&self) {
        *self.verifier.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn verifier(&self) -> Result<V, Error> {
        let open = self.verifier.read().unwrap_or_else(PoisonError::into_inner).clone();
        open.ok_or_else(|| Error::new(ErrorCode::Closed, format!("the {} was closed", self.name)))
    }

    pub(crate) fn request(
        &self,
        request: NativeRequest,
    ) -> Result<impl Future<Output = Result<Verification, Error>> + Send + use<V>, Error> {
        let (number, options) = request.read()?;
        let verifier = self.verifier()?;
        Ok(async move { verifier.request(&number, options).await })
    }

    pub(crate) fn validate(
        &self,
        validate: NativeValidate,
    ) -> Result<impl Future<Output = Result<OutcomeDetails, Error>> + Send + use<V>, Error> {
        let (id, code, options) = validate.read()?;
        let code = Zeroizing::new(code);
        let verifier = self.verifier()?;
        Ok(async move { verifier.validate_with_details(&id, &code, options).await })
    }

    pub(crate) fn cancel(
        &self,
        id: String,
        timeout: Option<f64>,
        retries: Option<i64>,
    ) -> Result<impl Future<Output = Result<State, Error>> + Send + use<V>, Error> {
        let (verifier, options) = (self.verifier()?, call_options(timeout, retries)?);
        Ok(async move { verifier.cancel(&id, options).await })
    }

    pub(crate) fn resend(
        &self,
        id: String,
        timeout: Option<f64>,
        retries: Option<i64>,
    ) -> Result<impl Future<Output = Result<Verification, Error>> + Send + use<V>, Error> {
        let (verifier, options) = (self.verifier()?, call_options(timeout, retries)?);
        Ok(async move { verifier.resend(&id, options).await })
    }

    pub(crate) fn get(
        &self,
        id: String,
        timeout: Option<f64>,
        retries: Option<i64>,
    ) -> Result<impl Future<Output = Result<Verification, Error>> + Send + use<V>, Error> {
        let (verifier, options) = (self.verifier()?, call_options(timeout, retries)?);
        Ok(async move { verifier.get(&id, options).await })
    }

    pub(crate) fn ping(
        &self,
        timeout: Option<f64>,
        retries: Option<i64>,
    ) -> Result<impl Future<Output = Result<(), Error>> + Send + use<V>, Error> {
        let (verifier, options) = (self.verifier()?, call_options(timeout, retries)?);
        Ok(verifier.pinged(options))
    }
}

impl<V: Pinged> Open<V> {
    /// A verb, for Kotlin.
    pub(crate) fn begin(&self, call: NativeCall) -> Result<Begun, Error> {
        Ok(match call {
            NativeCall::Request { request } => replying(self.request(request)?, |verification| {
                NativeReply::Verification { verification: verification.into() }
            }),
            NativeCall::Validate { validate } => {
                replying(self.validate(validate)?, |details| NativeReply::Outcome { details: details.into() })
            }
            NativeCall::Cancel { id, timeout, retries } => {
                replying(self.cancel(id, timeout, retries)?, |state| NativeReply::State { state: state.into() })
            }
            NativeCall::Resend { id, timeout, retries } => {
                replying(self.resend(id, timeout, retries)?, |verification| NativeReply::Verification {
                    verification: verification.into(),
                })
            }
            NativeCall::Get { id, timeout, retries } => replying(self.get(id, timeout, retries)?, |verification| {
                NativeReply::Verification { verification: verification.into() }
            }),
            NativeCall::Ping { timeout, retries } => replying(self.ping(timeout, retries)?, |()| NativeReply::Nothing),
            NativeCall::Senders { .. } => return Err(not_there()),
        })
    }
}

fn replying<T>(
    call: impl Future<Output = Result<T, Error>> + Send + 'static,
    reply: impl FnOnce(T) -> NativeReply + Send + 'static,
) -> Begun {
    Box::pin(async move { call.await.map(reply) })
}

/// Runs a call on the worker that Swift's calls have.
pub(crate) async fn ran<T: Send + 'static>(
    token: Option<Arc<NativeCancelToken>>,
    call: Result<impl Future<Output = Result<T, Error>> + Send + 'static, Error>,
) -> Result<T, NativeError> {
    Ok(run(token.as_ref().map(|token| &token.0), call?).await?)
}

/// Exports the verbs of a client or an engine, which are those of its [`Open`].
macro_rules! export_verbs {
    ($native:ident) => {
        #[uniffi::export]
        impl $native {
            /// See core's.
            pub async fn request(
                &self,
                request: $crate::values::NativeRequest,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<$crate::values::NativeVerification, $crate::failure::NativeError> {
                Ok($crate::verbs::ran(token, self.0.request(request)).await?.into())
            }

            /// See core's.
            pub async fn validate(
                &self,
                validate: $crate::values::NativeValidate,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<$crate::values::NativeOutcomeDetails, $crate::failure::NativeError> {
                Ok($crate::verbs::ran(token, self.0.validate(validate)).await?.into())
            }

            /// See core's.
            pub async fn cancel(
                &self,
                id: String,
                timeout: Option<f64>,
                retries: Option<i64>,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<$crate::values::NativeState, $crate::failure::NativeError> {
                Ok($crate::verbs::ran(token, self.0.cancel(id, timeout, retries)).await?.into())
            }

            /// See core's.
            pub async fn resend(
                &self,
                id: String,
                timeout: Option<f64>,
                retries: Option<i64>,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<$crate::values::NativeVerification, $crate::failure::NativeError> {
                Ok($crate::verbs::ran(token, self.0.resend(id, timeout, retries)).await?.into())
            }

            /// See core's.
            pub async fn get(
                &self,
                id: String,
                timeout: Option<f64>,
                retries: Option<i64>,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<$crate::values::NativeVerification, $crate::failure::NativeError> {
                Ok($crate::verbs::ran(token, self.0.get(id, timeout, retries)).await?.into())
            }

            /// See core's.
            pub async fn ping(
                &self,
                timeout: Option<f64>,
                retries: Option<i64>,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<(), $crate::failure::NativeError> {
                $crate::verbs::ran(token, self.0.ping(timeout, retries)).await
            }

            /// Every later call is `closed`. What it holds is released once the calls that are under way have ended.
            pub fn shut(&self) {
                self.0.close();
            }
        }
    };
}
pub(crate) use export_verbs;
