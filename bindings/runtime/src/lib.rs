//! Where calls from another language run, and what becomes of one that panics or is cancelled.

use std::cell::RefCell;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::pin::{Pin, pin};
use std::sync::{Mutex, Once, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread;

use egoi_verify::{Error, ErrorCode};
use tokio::runtime::{Builder, Handle};
use tokio::task::{AbortHandle, JoinHandle};

/// Why a call gave nothing back.
#[derive(Debug)]
pub enum Failure {
    /// It failed.
    Error(Error),
    /// Its caller cancelled it by its [`CancelToken`].
    Cancelled,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Cancels a call from outside, for a language whose own cancelling does not drop the future.
#[derive(Debug, Default)]
pub struct CancelToken(Mutex<Cancelling>);

#[derive(Debug, Default)]
enum Cancelling {
    #[default]
    NotStarted,
    Started(AbortHandle),
    Cancelled,
}

impl CancelToken {
    /// Gives up the call that has this token, or that will have it.
    pub fn cancel(&self) {
        let before =
            std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), Cancelling::Cancelled);
        if let Cancelling::Started(call) = before {
            call.abort();
        }
    }

    fn started(&self, call: AbortHandle) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            Cancelling::Cancelled => call.abort(),
            Cancelling::NotStarted | Cancelling::Started(_) => *state = Cancelling::Started(call),
        }
    }
}

/// A call on the worker. Dropped, it is cancelled.
struct Running<T>(JoinHandle<T>);

impl<T> Future for Running<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(Pin::new(&mut self.0).poll(context)).map_err(|ended| match ended.try_into_panic() {
            Ok(_) => Failure::Error(panicked(PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner).take())),
            Err(_) => Failure::Cancelled,
        }))
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs a call on the worker, whatever thread waits for it: the border is then crossed when it starts and when it ends,
/// and not at every step of its connection.
pub async fn run<T: Send + 'static>(
    token: Option<&CancelToken>,
    call: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Failure> {
    let task = worker()?.spawn(call);
    if let Some(token) = token {
        token.started(task.abort_handle());
    }
    Ok(Running(task).await??)
}

/// Runs what does not wait; a panic is `internal`.
pub fn guarded<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Failure> {
    silence_panics();
    let done = catch_unwind(AssertUnwindSafe(call));
    Ok(done.unwrap_or_else(|_| Err(panicked(PANICKED_HERE.take())))?)
}

/// What does wait; a panic in it is `internal`, and it is not polled again.
pub async fn caught<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    silence_panics();
    let mut call = pin!(call);
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Err(panicked(PANICKED_HERE.take()))))
    })
    .await
}

thread_local! {
    /// Where this thread panicked last.
    static PANICKED_HERE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Where the worker panicked last, for whoever waits on another thread.
static PANICKED_AT: Mutex<Option<String>> = Mutex::new(None);

const WORKER: &str = "egoi-verify";

/// What a panic says is neither printed nor repeated: it may hold a secret. Where it happened is kept, for the error.
fn silence_panics() {
    static SILENCED: Once = Once::new();
    // The native module has a standard library of its own: nobody else's panics come here.
    SILENCED.call_once(|| {
        set_hook(Box::new(|panic| {
            let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
            if thread::current().name() == Some(WORKER) {
                *PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner) = place;
            } else {
                PANICKED_HERE.set(place);
            }
        }));
    });
}

fn panicked(place: Option<String>) -> Error {
    let place = place.unwrap_or_default();
    Error::new(ErrorCode::Internal, format!("a panic in the native module{place}; this is a bug, please report it"))
}

/// The worker thread of the process, started at its first use. It ends with the process.
fn worker() -> Result<Handle, Error> {
    static WORKER_HANDLE: Mutex<Option<Handle>> = Mutex::new(None);
    let mut handle = WORKER_HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*handle {
        return Ok(handle.clone());
    }
    silence_panics();
    let failed = |error| Error::new(ErrorCode::Internal, "the worker thread could not be started").with_cause(error);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let started = runtime.handle().clone();
    let work = move || {
        #[cfg(unix)]
        block_broken_pipes();
        runtime.block_on(pending::<()>());
    };
    thread::Builder::new().name(WORKER.to_owned()).spawn(work).map_err(failed)?;
    Ok(handle.insert(started).clone())
}

/// A service that ends its connection while something is written to it must not end this process, which is what SIGPIPE
/// does where nobody has it ignored: Swift has not, and what is written with `writev` cannot do without it. Only the worker
/// writes, so that the process keeps its own way with the signal.
#[cfg(unix)]
fn block_broken_pipes() {
    use nix::sys::signal::{SigSet, Signal};
    let mut pipes = SigSet::empty();
    pipes.add(Signal::SIGPIPE);
    // It fails for a wrong signal only.
    let _ = pipes.thread_block();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait<T>(call: impl Future<Output = T>) -> Option<T> {
        Some(Builder::new_current_thread().build().ok()?.block_on(call))
    }

    fn code<T>(done: Option<Result<T, Failure>>) -> Option<ErrorCode> {
        match done {
            Some(Err(Failure::Error(error))) => Some(error.code()),
            _ => None,
        }
    }

    #[allow(clippy::panic, reason = "it is what becomes of one")]
    fn panics() -> Result<(), Error> {
        panic!("a secret")
    }

    #[test]
    fn a_panic_in_a_call_is_internal() {
        assert_eq!(code(wait(run(None, async { panics() }))), Some(ErrorCode::Internal));
    }

    #[test]
    fn a_panic_in_what_does_not_wait_is_internal_and_its_words_are_not_repeated() {
        let text = match guarded(panics) {
            Err(Failure::Error(error)) => error.to_string(),
            other => format!("{other:?}"),
        };
        assert!(text.starts_with("internal: ") && text.contains("lib.rs") && !text.contains("secret"), "{text}");
    }

    #[test]
    fn a_panic_in_what_waits_in_this_thread_is_internal() {
        assert_eq!(
            wait(caught(async { panics() })).and_then(Result::err).map(|error| error.code()),
            Some(ErrorCode::Internal)
        );
    }

    #[test]
    fn a_token_gives_a_running_call_up() {
        let token = CancelToken::default();
        let ended = wait(async {
            let call = run::<()>(Some(&token), pending());
            tokio::pin!(call);
            // Started by its first poll.
            assert!(std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await);
            token.cancel();
            call.await
        });
        assert!(matches!(ended, Some(Err(Failure::Cancelled))));
    }

    #[test]
    fn a_token_that_was_cancelled_before_lets_no_call_run() {
        let token = CancelToken::default();
        token.cancel();
        assert!(matches!(wait(run::<()>(Some(&token), pending())), Some(Err(Failure::Cancelled))));
    }

    #[cfg(unix)]
    #[test]
    fn a_broken_pipe_of_a_call_ends_no_process() {
        use nix::sys::signal::{SigSet, Signal};
        let is_blocked = async { Ok(SigSet::thread_get_mask().is_ok_and(|mask| mask.contains(Signal::SIGPIPE))) };
        assert!(matches!(wait(run(None, is_blocked)), Some(Ok(true))));
    }

    #[test]
    fn a_call_that_nobody_waits_for_is_dropped() {
        let (held, dropped) = tokio::sync::oneshot::channel::<()>();
        let ended = wait(async {
            {
                let call = run::<()>(None, async move {
                    let _held = held;
                    pending().await
                });
                tokio::pin!(call);
                assert!(std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await);
            }
            dropped.await
        });
        assert!(matches!(ended, Some(Err(_))));
    }
}
