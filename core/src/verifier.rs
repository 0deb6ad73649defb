//! What `Client` and `Engine` share.

use std::future::Future;

use crate::error::Error;
use crate::verification::{CallOptions, Outcome, RequestOptions, State, ValidateOptions, Verification};

/// Proves that a phone number belongs to a person. Code written against it runs on a [`Client`](crate::Client), where
/// E-goi runs the verification, and on an [`Engine`](crate::Engine), which runs it in this process.
pub trait Verifier: Send + Sync {
    /// Sends one SMS with a code to the number.
    fn request(
        &self,
        number: &str,
        options: RequestOptions,
    ) -> impl Future<Output = Result<Verification, Error>> + Send;

    /// Submits the code that the recipient gave. A wrong code is an outcome, not an error.
    fn validate(
        &self,
        id: &str,
        code: &str,
        options: ValidateOptions,
    ) -> impl Future<Output = Result<Outcome, Error>> + Send;

    /// Gives the request up, and gives back the state that it is in afterwards: `cancelled`, or `verified` or `expired`
    /// where it was too late. Cancelling twice is not an error.
    fn cancel(&self, id: &str, options: CallOptions) -> impl Future<Output = Result<State, Error>> + Send;

    /// Sends a new code; the old one stops working and the validity starts again. V2 and `Engine`; V1: `unsupported`.
    fn resend(&self, id: &str, options: CallOptions) -> impl Future<Output = Result<Verification, Error>> + Send;

    /// Reads the request. V2 and `Engine`; V1: `unsupported`.
    fn get(&self, id: &str, options: CallOptions) -> impl Future<Output = Result<Verification, Error>> + Send;
}
