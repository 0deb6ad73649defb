//! The verbs for Kotlin and Java: one call down with numbers and bytes, one buffer home with what has finished. uniffi's
//! futures take ten calls, sixteen structures of JNA and two calls up for each verb. Its converters write and read the bytes.
//!
//! The memory is Kotlin's. It lends a buffer with the call in it for as long as a function runs, and takes the reply out of
//! the same buffer. Calls and verifiers have numbers that never come again.
//!
//! Every function returns the length of what it has written, a length below zero if the buffer must be so much longer, or
//! one of the numbers below, which no reply is as short as.

mod calls;
mod verifiers;
mod worker;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::slice;

use egoi_verify::{Error, ErrorCode};
use uniffi::{Lift, Lower};
use zeroize::Zeroizing;

use crate::UniFfiTag;
use crate::failure::NativeError;
use crate::values::{
    NativeOutcomeDetails, NativeRequest, NativeSenderInfo, NativeState, NativeValidate, NativeVerification,
};
pub use verifiers::NativeCalls;

/// The call goes on.
pub const PENDING: i64 = 0;
/// The call goes on once a thread of Kotlin's is down in [`egoi_verify_work`], and there is none.
pub const NEEDS_WORKER: i64 = 1;
/// A panic that is nobody's call.
pub const PANICKED: i64 = 2;

/// A verb with its arguments.
#[derive(uniffi::Enum)]
#[expect(missing_docs, reason = "the arguments of core's")]
pub enum NativeCall {
    Request { request: NativeRequest },
    Validate { validate: NativeValidate },
    Cancel { id: String, timeout: Option<f64>, retries: Option<i64> },
    Resend { id: String, timeout: Option<f64>, retries: Option<i64> },
    Get { id: String, timeout: Option<f64>, retries: Option<i64> },
    Ping { timeout: Option<f64>, retries: Option<i64> },
    Senders { timeout: Option<f64>, retries: Option<i64> },
}

/// What a verb returns.
#[derive(uniffi::Enum)]
#[expect(missing_docs, reason = "what core's return")]
pub enum NativeReply {
    Verification { verification: NativeVerification },
    Outcome { details: NativeOutcomeDetails },
    State { state: NativeState },
    Senders { senders: Vec<NativeSenderInfo> },
    Nothing,
    Failed { failure: NativeError },
}

/// A call that has begun and waits.
pub(crate) type Begun = Pin<Box<dyn Future<Output = Result<NativeReply, Error>> + Send>>;

/// What has verbs.
pub(crate) trait Calls: Send + Sync {
    /// Reads what a call is given.
    fn begin(&self, call: NativeCall) -> Result<Begun, Error>;

    /// Every later call is `closed`.
    fn shut(&self);
}

pub(crate) fn not_there() -> Error {
    Error::new(ErrorCode::Internal, "this object has no such call")
}

/// The bytes of a reply.
type Bytes = Zeroizing<Vec<u8>>;

fn written(reply: Result<NativeReply, Error>) -> Bytes {
    // More than most take: what a vector leaves behind when it grows is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(512));
    let reply = reply.unwrap_or_else(|error| NativeReply::Failed { failure: error.into() });
    <NativeReply as Lower<UniFfiTag>>::write(reply, &mut bytes);
    bytes
}

fn read(mut call: &[u8]) -> Result<NativeCall, Error> {
    <NativeCall as Lift<UniFfiTag>>::try_read(&mut call)
        .map_err(|_| Error::new(ErrorCode::Internal, "a call that the native module cannot read"))
}

/// Starts a call of a verifier: the first `length` bytes of the buffer are a [`NativeCall`]. A verifier whose calls wait
/// returns after 40 ms at most; then [`egoi_verify_go_on`] continues.
///
/// # Safety
///
/// At `buffer` are `capacity` bytes, `length` of them written, which nobody else uses until this returns. The same holds
/// for the other functions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn egoi_verify_call(verifier: i64, call: i64, buffer: i64, length: i64, capacity: i64) -> i64 {
    border(|| {
        // SAFETY: by the caller.
        let buffer = unsafe { lent(buffer, capacity) };
        let given = buffer.get(..usize::try_from(length).unwrap_or(0)).unwrap_or(&[]);
        let begun = verifiers::begin(verifier, given);
        calls::start(call, begun, buffer)
    })
}

/// Continues a call that waits, or fetches a reply for which the buffer was too short.
///
/// # Safety
///
/// See [`egoi_verify_call`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn egoi_verify_go_on(call: i64, buffer: i64, capacity: i64) -> i64 {
    // SAFETY: by the caller.
    border(|| calls::go_on(call, unsafe { lent(buffer, capacity) }))
}

/// Cancels a call: what it does is dropped, and its connection closed. A call that has finished, or that never was, stays as
/// it is.
#[unsafe(no_mangle)]
pub extern "C" fn egoi_verify_cancel(call: i64) {
    border(|| {
        calls::cancel(call);
        PENDING
    });
}

/// The worker that has no thread, which is then the caller's to drive; 0 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn egoi_verify_worker() -> i64 {
    border(worker::claim)
}

/// The thread that [`NEEDS_WORKER`] asked for could not be started: the next call asks again.
#[unsafe(no_mangle)]
pub extern "C" fn egoi_verify_no_worker() {
    border(|| {
        worker::unclaim();
        PENDING
    });
}

/// Drives a worker until calls have finished, and writes them all: the number of the call (8 bytes), the length of its reply
/// (4 bytes), the reply; all big-endian. [`PENDING`] if the last client was closed: then the thread ends.
///
/// # Safety
///
/// See [`egoi_verify_call`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn egoi_verify_work(worker: i64, buffer: i64, capacity: i64) -> i64 {
    // SAFETY: by the caller.
    border(|| worker::work(worker, unsafe { lent(buffer, capacity) }))
}

/// A panic must not leave this module: the process would end.
fn border(call: impl FnOnce() -> i64) -> i64 {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or(PANICKED)
}

/// # Safety
///
/// See [`egoi_verify_call`].
unsafe fn lent<'a>(buffer: i64, capacity: i64) -> &'a mut [u8] {
    let (Ok(address), Ok(capacity)) = (usize::try_from(buffer), usize::try_from(capacity)) else { return &mut [] };
    if address == 0 {
        return &mut [];
    }
    // SAFETY: by the caller.
    unsafe { slice::from_raw_parts_mut(std::ptr::with_exposed_provenance_mut(address), capacity) }
}

/// Writes a reply, or says how long the buffer must be.
fn put(reply: &[u8], buffer: &mut [u8]) -> i64 {
    let length = i64::try_from(reply.len()).unwrap_or(i64::MAX);
    match buffer.get_mut(..reply.len()) {
        Some(place) => {
            place.copy_from_slice(reply);
            length
        }
        None => -length,
    }
}
