//! The verbs of `Client` and `Engine`.

use std::future::Future;

use crate::error::Error;
use crate::verification::{CallOptions, Outcome, OutcomeDetails, RequestOptions, State, ValidateOptions, Verification};

/// Proves that a phone number belongs to a person. Two types implement it: [`Client`](crate::Client) (E-goi runs the
/// verification) and [`Engine`](crate::Engine) (this process runs it).
///
/// ```
/// use egoi_verify::{Error, ValidateOptions, Verifier};
///
/// async fn is_proved(verifier: &impl Verifier, id: &str, given: &str, number: &str) -> Result<bool, Error> {
///     let outcome = verifier.validate(id, given, ValidateOptions::default().number(number)).await?;
///     Ok(outcome.is_verified())
/// }
/// ```
pub trait Verifier: Send + Sync {
    /// Sends one SMS with a code to the number.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a number or an option that is not accepted: ask the person again, or correct the option.
    /// `rate_limited`: wait for `retry_after`. `rejected` for a country that is not allowed. After any other, call again only
    /// if [`Error::retry_is_safe`]; if [`Error::sms_possibly_sent`], an SMS may arrive.
    fn request(
        &self,
        number: &str,
        options: RequestOptions,
    ) -> impl Future<Output = Result<Verification, Error>> + Send;

    /// Submits the code that the person typed. A wrong code is an outcome, not an error.
    ///
    /// # Errors
    ///
    /// `not_found` if the request is unknown, or is for another number than the options: start a new request. `invalid_input` if
    /// the code is empty or too long: ask the person again. After any other, call again only if [`Error::retry_is_safe`]. An
    /// error never proves a number.
    fn validate(
        &self,
        id: &str,
        code: &str,
        options: ValidateOptions,
    ) -> impl Future<Output = Result<Outcome, Error>> + Send;

    /// Submits the code as [`Verifier::validate`] does, and returns the outcome with its details: how many attempts are left, and the
    /// limit that stopped the call. A type that does not implement it returns no details.
    ///
    /// # Errors
    ///
    /// See [`Verifier::validate`].
    fn validate_with_details(
        &self,
        id: &str,
        code: &str,
        options: ValidateOptions,
    ) -> impl Future<Output = Result<OutcomeDetails, Error>> + Send {
        async move { self.validate(id, code, options).await.map(OutcomeDetails::from) }
    }

    /// Cancels the request and returns its new state: `cancelled`, or `verified` or `expired` if it was too late. Cancelling twice
    /// is not an error.
    ///
    /// # Errors
    ///
    /// `not_found` if the request is unknown. After `timeout`, `interrupted` or `unavailable` you may repeat the call.
    fn cancel(&self, id: &str, options: CallOptions) -> impl Future<Output = Result<State, Error>> + Send;

    /// Sends a new code. The old code stops working, and the validity starts again. V2 and `Engine`.
    ///
    /// # Errors
    ///
    /// `conflict` if the request is finished: start a new request. `rate_limited`: wait for `retry_after`, if known. `unsupported`
    /// over V1. After any other, look at `sms_possibly_sent` before you call again.
    fn resend(&self, id: &str, options: CallOptions) -> impl Future<Output = Result<Verification, Error>> + Send;

    /// Reads the request. V2 and `Engine`.
    ///
    /// # Errors
    ///
    /// `not_found` if the request is unknown; `unsupported` over V1. After `timeout`, `interrupted` or `unavailable` you may repeat
    /// the call.
    fn get(&self, id: &str, options: CallOptions) -> impl Future<Output = Result<Verification, Error>> + Send;
}
