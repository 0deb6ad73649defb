//! The calls under way.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use egoi_verify::{Error, ErrorCode};
use egoi_verify_runtime::caught;
use tokio::task::{AbortHandle, yield_now};

use super::verifiers::{Begin, CallerRuntime, Place};
use super::worker::Use;
use super::{Bytes, NEEDS_WORKER, PENDING, put, written};

/// How long a call that waits stays away: Kotlin then looks whether its thread was interrupted.
pub(super) const AT_MOST: Duration = Duration::from_millis(40);

/// How often a runtime gets its turn after a call was cancelled, so that its connection is closed: one turn for each of the
/// layers that it goes through, and some to spare.
const TURNS_TO_CLOSE: usize = 8;

static UNDER_WAY: Mutex<Option<HashMap<i64, UnderWay>>> = Mutex::new(None);

type Waiting = Pin<Box<dyn Future<Output = Bytes> + Send>>;

enum UnderWay {
    OnWorker(AbortHandle),
    /// Between two turns of the thread that waits for it.
    InCaller(Arc<CallerRuntime>, Waiting),
    /// For it the buffer was too short.
    Reply(Bytes),
}

fn under_way() -> MutexGuard<'static, Option<HashMap<i64, UnderWay>>> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(number: i64, call: UnderWay) {
    under_way().get_or_insert_default().insert(number, call);
}

fn take(number: i64) -> Option<UnderWay> {
    under_way().as_mut().and_then(|calls| calls.remove(&number))
}

/// Of a call on the worker, while it is there.
struct InFlight(Use);

impl InFlight {
    fn count(&self) -> &AtomicUsize {
        &self.0.worker().in_flight
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.count().fetch_sub(1, Ordering::Relaxed);
    }
}

/// Lets the runtime see what has happened while nothing drove it, above all that an idle connection was closed: a request
/// that goes out on one is lost, and nobody knows whether it was read.
async fn see_first() {
    yield_now().await;
}

pub(super) fn start(number: i64, begun: Result<Begin, Error>, buffer: &mut [u8]) -> i64 {
    let Begin { call, place, is_at_hand } = match begun {
        Ok(begun) => begun,
        Err(error) => return give(number, written(Err(error)), buffer),
    };
    let mut call: Waiting = Box::pin(async move { written(caught(call).await) });
    match place {
        Place::Caller(runtime) => wait(number, runtime, call, buffer),
        Place::Worker(used) => {
            if is_at_hand {
                // To go to the worker and back takes several times as long as the call itself.
                let _entered = used.worker().handle.enter();
                if let Poll::Ready(reply) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    return give(number, reply, buffer);
                }
            }
            spawn(number, used, call)
        }
    }
}

fn spawn(number: i64, used: Use, call: Waiting) -> i64 {
    let needs_thread = used.worker().needs_thread();
    let in_flight = InFlight(used);
    let is_first = in_flight.count().fetch_add(1, Ordering::Relaxed) == 0;
    let handle = in_flight.0.worker().handle.clone();
    // The call may finish before its handle is there: it waits for this lock then.
    let mut calls = under_way();
    let task = handle.spawn(async move {
        if is_first {
            see_first().await;
        }
        let reply = call.await;
        take(number);
        in_flight.0.worker().finish(number, reply);
    });
    calls.get_or_insert_default().insert(number, UnderWay::OnWorker(task.abort_handle()));
    if needs_thread { NEEDS_WORKER } else { PENDING }
}

fn wait(number: i64, runtime: Arc<CallerRuntime>, mut call: Waiting, buffer: &mut [u8]) -> i64 {
    let turn = runtime.block_on(async {
        see_first().await;
        tokio::time::timeout(AT_MOST, &mut call).await
    });
    match turn {
        Some(Ok(reply)) => give(number, reply, buffer),
        Some(Err(_)) => {
            keep(number, UnderWay::InCaller(runtime, call));
            PENDING
        }
        None => give(number, written(Err(misused())), buffer),
    }
}

pub(super) fn go_on(number: i64, buffer: &mut [u8]) -> i64 {
    match take(number) {
        Some(UnderWay::InCaller(runtime, call)) => wait(number, runtime, call, buffer),
        Some(UnderWay::Reply(reply)) => give(number, reply, buffer),
        other => {
            other.into_iter().for_each(|call| keep(number, call));
            put(&written(Err(misused())), buffer)
        }
    }
}

pub(super) fn cancel(number: i64) {
    match take(number) {
        Some(UnderWay::OnWorker(task)) => task.abort(),
        Some(UnderWay::InCaller(runtime, call)) => {
            drop(call);
            // Its connection is closed only while the runtime runs.
            runtime.block_on(async {
                for _ in 0..TURNS_TO_CLOSE {
                    yield_now().await;
                }
            });
        }
        Some(UnderWay::Reply(_)) | None => {}
    }
}

fn give(number: i64, reply: Bytes, buffer: &mut [u8]) -> i64 {
    let length = put(&reply, buffer);
    if length < 0 {
        keep(number, UnderWay::Reply(reply));
    }
    length
}

fn misused() -> Error {
    Error::new(ErrorCode::Internal, "an unknown call was continued")
}
