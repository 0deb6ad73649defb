//! The five verbs, which a client and an engine share.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use egoi_verify::binding_options::call_options;
use egoi_verify::{Error, ErrorCode, Verifier};
use egoi_verify_runtime::run;
use zeroize::Zeroizing;

use crate::failure::NativeError;
use crate::values::{NativeCancelToken, NativeOutcome, NativeRequest, NativeState, NativeValidate, NativeVerification};

type Token = Option<Arc<NativeCancelToken>>;

/// A verifier until it is closed.
pub(crate) struct Open<V> {
    verifier: RwLock<Option<V>>,
    /// What it is called in the error after that.
    name: &'static str,
}

impl<V: Verifier + Clone + 'static> Open<V> {
    pub(crate) fn new(verifier: V, name: &'static str) -> Self {
        Self { verifier: RwLock::new(Some(verifier)), name }
    }

    /// Every later call is `closed`; calls in flight go on to their end.
    pub(crate) fn close(&self) {
        *self.verifier.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) async fn call<T, N, F>(&self, token: Token, call: impl FnOnce(V) -> F) -> Result<N, NativeError>
    where
        T: Send + 'static,
        N: From<T>,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let open = self.verifier.read().unwrap_or_else(PoisonError::into_inner).clone();
        let verifier = open.ok_or_else(|| Error::new(ErrorCode::Closed, format!("the {} was closed", self.name)))?;
        Ok(run(token.as_ref().map(|token| &token.0), call(verifier)).await?.into())
    }

    pub(crate) async fn request(
        &self,
        request: NativeRequest,
        token: Token,
    ) -> Result<NativeVerification, NativeError> {
        let (number, options) = request.read()?;
        self.call(token, |verifier| async move { verifier.request(&number, options).await }).await
    }

    pub(crate) async fn validate(&self, validate: NativeValidate, token: Token) -> Result<NativeOutcome, NativeError> {
        let (id, code, options) = validate.read()?;
        let code = Zeroizing::new(code);
        self.call(token, |verifier| async move { verifier.validate(&id, &code, options).await }).await
    }

    pub(crate) async fn cancel(
        &self,
        id: String,
        timeout: Option<f64>,
        retries: Option<i64>,
        token: Token,
    ) -> Result<NativeState, NativeError> {
        let options = call_options(timeout, retries)?;
        self.call(token, |verifier| async move { verifier.cancel(&id, options).await }).await
    }

    pub(crate) async fn resend(
        &self,
        id: String,
        timeout: Option<f64>,
        retries: Option<i64>,
        token: Token,
    ) -> Result<NativeVerification, NativeError> {
        let options = call_options(timeout, retries)?;
        self.call(token, |verifier| async move { verifier.resend(&id, options).await }).await
    }

    pub(crate) async fn get(
        &self,
        id: String,
        timeout: Option<f64>,
        retries: Option<i64>,
        token: Token,
    ) -> Result<NativeVerification, NativeError> {
        let options = call_options(timeout, retries)?;
        self.call(token, |verifier| async move { verifier.get(&id, options).await }).await
    }
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
                self.0.request(request, token).await
            }

            /// See core's.
            pub async fn validate(
                &self,
                validate: $crate::values::NativeValidate,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<$crate::values::NativeOutcome, $crate::failure::NativeError> {
                self.0.validate(validate, token).await
            }

            /// See core's.
            pub async fn cancel(
                &self,
                id: String,
                timeout: Option<f64>,
                retries: Option<i64>,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<$crate::values::NativeState, $crate::failure::NativeError> {
                self.0.cancel(id, timeout, retries, token).await
            }

            /// See core's.
            pub async fn resend(
                &self,
                id: String,
                timeout: Option<f64>,
                retries: Option<i64>,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<$crate::values::NativeVerification, $crate::failure::NativeError> {
                self.0.resend(id, timeout, retries, token).await
            }

            /// See core's.
            pub async fn get(
                &self,
                id: String,
                timeout: Option<f64>,
                retries: Option<i64>,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<$crate::values::NativeVerification, $crate::failure::NativeError> {
                self.0.get(id, timeout, retries, token).await
            }

            /// See core's.
            pub async fn ping(
                &self,
                timeout: Option<f64>,
                retries: Option<i64>,
                token: Option<Arc<$crate::values::NativeCancelToken>>,
            ) -> Result<(), $crate::failure::NativeError> {
                let options = egoi_verify::binding_options::call_options(timeout, retries)?;
                self.0.call(token, |verifier| async move { verifier.ping(options).await }).await
            }

            /// Every later call is `closed`. What it holds is released once the calls that are under way have ended.
            pub fn shut(&self) {
                self.0.close();
            }
        }
    };
}
pub(crate) use export_verbs;
