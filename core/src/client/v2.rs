//! The verbs over V2.

use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use tokio::time::Instant;
use url::Url;
use zeroize::Zeroizing;

use super::request_locks::Mark;
use super::transport::{Exchange, HttpResponse, Kind};
use super::{Call, body, routes};
use crate::error::{Error, ErrorCode};
use crate::sms::Sending;
use crate::values::{Code, CodeSize, PhoneNumber, RequestId};
use crate::verification::{Outcome, State, Terms, Verification};
use crate::wire::v2::Read;
use crate::wire::{self, Malformed};

pub(super) async fn request(
    call: &Call<'_>,
    routes: &routes::V2,
    number: PhoneNumber,
    terms: &Terms,
) -> Result<RequestId, Error> {
    let kind = Kind::Send;
    let payload = wire::v2::encode_request(&call.shared.sender, number, terms)?;
    let response = call.exchange(post(kind, routes.request.clone(), Some(payload))).await?;
    let id = decoded(call, kind, &response, wire::v2::decode_requested)?;
    RequestId::parse(&id).map_err(|_| response.unexpected(kind, "has an id that could not stand in a path"))
}

/// The steps of the documented API: neither a 200 nor a 400 says whether the code was right.
pub(super) async fn validate(
    call: &Call<'_>,
    routes: &routes::V2,
    id: &RequestId,
    code: &Code,
    number: Option<PhoneNumber>,
) -> Result<Outcome, Error> {
    let lock = call.shared.validations.of(id);
    let _held = lock.lock.lock().await;
    let mut size = None;
    if call.shared.check_state_first || number.is_some() {
        let (response, read) = read(call, routes, id).await?;
        if let Some(number) = number
            && recipient_of(&response, &read)? != number
        {
            return Err(Error::new(ErrorCode::NotFound, "the request is for another number"));
        }
        match state(call, &response, &read)? {
            State::Pending => size = read.code.as_deref().filter(|shown| can_be_code(shown, None)).map(String::len),
            State::Verified => return Ok(Outcome::AlreadyVerified),
            State::Expired => return Ok(Outcome::Expired),
            State::Cancelled => return Ok(Outcome::Cancelled),
        }
    }
    let before = lock.mark();
    let mut submission = lock.submission();
    let judged = judge(call, routes, id, code, size, before).await;
    submission.leaves = match &judged {
        Ok(Outcome::Verified) => Some(Mark::Verified),
        Ok(_) => None,
        Err(error) => (call.progress.is_spent.load(Ordering::Relaxed) || !says_unchecked(error.code()))
            .then_some(Mark::Unresolved),
    };
    judged
}

/// Whether a submission that failed with this code had no effect on the request.
const fn says_unchecked(code: ErrorCode) -> bool {
    use ErrorCode::{Conflict, Forbidden, NotFound, RateLimited, Rejected, Unauthorized, Unreachable};
    matches!(code, Unreachable | Unauthorized | Forbidden | NotFound | Rejected | Conflict | RateLimited)
}

/// Submits the code, and reads until the outcome is known. `size` is the code's, where a read has shown it; `before` is
/// what earlier calls of this client left.
async fn judge(
    call: &Call<'_>,
    routes: &routes::V2,
    id: &RequestId,
    code: &Code,
    size: Option<usize>,
    before: Option<Mark>,
) -> Result<Outcome, Error> {
    let kind = Kind::Submit;
    let reads = call.shared.check_state_first;
    let payload = wire::v2::encode_validate(code)?;
    let submitted = call.exchange(post(kind, routes.validate.of(id), Some(payload))).await?;
    let accepted = submitted.status != 400;
    if accepted {
        if let Some(word) = done(call, kind, &submitted, id)? {
            let outcome = call.shared.words.outcome(&word);
            return outcome.ok_or_else(|| call.unknown_word(&submitted, kind, &word));
        }
        if !reads {
            return Err(submitted.unexpected(kind, "has no status word: the request must be read first"));
        }
    } else if !reads {
        return Err(call.failure(&submitted, kind));
    }

    // The code was looked at: the same call again would spend another attempt, or find the request verified by this one.
    let unclear = |what| Err(submitted.unexpected(kind, what).with_retry_is_safe(false));
    let mut pause = FIRST_PAUSE;
    loop {
        let (state, read) = state_after(call, routes, id).await?;
        let shown = Shown::of(read.code.as_deref(), code, size);
        match (state, shown) {
            (State::Expired, _) => return Ok(Outcome::Expired),
            (State::Cancelled, _) => return Ok(Outcome::Cancelled),
            // The state is that of another code, which was submitted at the same time.
            (_, Shown::Another) => return Ok(Outcome::WrongCode),
            (State::Pending, _) if !accepted => return Ok(Outcome::WrongCode),
            (State::Verified, _) if !accepted || before == Some(Mark::Verified) => return Ok(Outcome::AlreadyVerified),
            (State::Verified, Shown::Nothing) if before == Some(Mark::Unresolved) => {
                return unclear(
                    "does not say whether this code was right: an earlier code of this request got no response, and may \
                     have verified it",
                );
            }
            (State::Verified, _) => return Ok(Outcome::Verified),
            (State::Pending, Shown::Nothing) if pause > FIRST_PAUSE => return Ok(Outcome::WrongCode),
            (State::Pending, _) => {}
        }
        // The read may lag behind the submission.
        let again = Instant::now() + pause;
        if again >= call.deadline {
            return unclear("is a success, and yet the request still reads as pending with this code");
        }
        tokio::time::sleep_until(again).await;
        pause *= 2;
    }
}

/// How long a read that lags behind is waited for at first; each time twice as long as before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// What a read shows of the request's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// The code that was submitted.
    Submitted,
    /// Another one.
    Another,
    /// None, or what cannot be one: masked, for example.
    Nothing,
}

impl Shown {
    fn of(shown: Option<&String>, submitted: &Code, size: Option<usize>) -> Self {
        match shown.filter(|shown| can_be_code(shown, size)).map(|shown| Code::parse(shown)) {
            Some(Ok(shown)) if submitted.matches(&shown) => Self::Submitted,
            Some(Ok(_)) => Self::Another,
            Some(Err(_)) | None => Self::Nothing,
        }
    }
}

/// Whether this can be the code of a request whose codes have this size, if it is known.
fn can_be_code(shown: &str, size: Option<usize>) -> bool {
    let sizes = CodeSize::MIN.get()..=CodeSize::MAX.get();
    shown.bytes().all(|b| b.is_ascii_alphanumeric())
        && size.map_or_else(|| sizes.contains(&shown.len()), |size| size == shown.len())
}

pub(super) async fn cancel(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<State, Error> {
    let kind = Kind::Cancel;
    let cancelled = call.exchange(post(kind, routes.cancel.of(id), None)).await?;
    if cancelled.status != 400
        && let Some(word) = done(call, kind, &cancelled, id)?
    {
        return call.shared.words.state(&word).ok_or_else(|| call.unknown_word(&cancelled, kind, &word));
    }
    let (response, read) = read(call, routes, id).await?;
    state(call, &response, &read)
}

pub(super) async fn resend(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<Verification, Error> {
    let kind = Kind::Send;
    let resent = call.exchange(post(kind, routes.resend.of(id), None)).await?;
    if resent.status == 400 {
        return Err(match state_after(call, routes, id).await? {
            (State::Pending, _) => call.failure(&resent, kind),
            (state, _) => {
                Error::new(ErrorCode::Conflict, format!("the request is {state}, nothing was sent")).with_status(400)
            }
        });
    }
    match done(call, kind, &resent, id)? {
        None => Ok(Verification::new(id, State::Pending)),
        Some(word) => match call.shared.words.state(&word) {
            Some(State::Pending) => Ok(Verification::new(id, State::Pending)),
            // A 200 all the same: whether an SMS went out before that state was reached is not said.
            Some(state) => {
                let detail = format!("the request is {state}; whether a new code was sent is not known");
                Err(Error::new(ErrorCode::Conflict, detail).with_status(resent.status).with_sms_possibly_sent(true))
            }
            None => Err(call.unknown_word(&resent, kind, &word)),
        },
    }
}

/// The number that the request is for.
pub(super) async fn recipient(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<PhoneNumber, Error> {
    let (response, read) = read(call, routes, id).await?;
    recipient_of(&response, &read)
}

fn recipient_of(response: &HttpResponse, read: &Read) -> Result<PhoneNumber, Error> {
    let number = read.number.as_deref().and_then(|number| PhoneNumber::parse_written(number).ok());
    number.ok_or_else(|| response.unexpected(Kind::Read, "does not say which number the request is for"))
}

pub(super) async fn get(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<Verification, Error> {
    let (response, read) = read(call, routes, id).await?;
    let number = read.number.as_deref().and_then(|number| PhoneNumber::parse_written(number).ok());
    Ok(Verification {
        number: number.map(PhoneNumber::e164),
        created_at: read.created_at,
        ..Verification::new(id, state(call, &response, &read)?)
    })
}

pub(super) async fn ping(call: &Call<'_>, routes: &routes::V2) -> Result<(), Error> {
    let response = call.exchange(Exchange { with_key: false, ..get_of(routes.ping.clone()) }).await?;
    if response.is_success() { call.checked_ping(&response) } else { Err(call.failure(&response, Kind::Read)) }
}

pub(super) async fn senders(call: &Call<'_>, routes: &routes::V2) -> Result<Vec<wire::v2::Sender>, Error> {
    let response = call.exchange(get_of(routes.senders.clone())).await?;
    decoded(call, Kind::Read, &response, wire::v2::decode_senders)
}

pub(super) async fn send_sms(
    call: &Call<'_>,
    routes: &routes::V2,
    number: PhoneNumber,
    text: &str,
    sending: &Sending,
) -> Result<(), Error> {
    let kind = Kind::Send;
    let in_a_list = !routes.send_sms.path().trim_end_matches('/').ends_with("/single");
    let payload = wire::v2::encode_sms(&call.shared.sender, number, text, sending, in_a_list)?;
    let response = call.exchange(post(kind, routes.send_sms.clone(), Some(payload))).await?;
    if response.is_success() { call.checked_json(&response, kind) } else { Err(call.failure(&response, kind)) }
}

fn post(kind: Kind, url: Url, payload: Option<Zeroizing<Vec<u8>>>) -> Exchange {
    Exchange { kind, method: Method::POST, url, body: payload.and_then(body), with_key: true }
}

fn get_of(url: Url) -> Exchange {
    Exchange { kind: Kind::Read, method: Method::GET, url, body: None, with_key: true }
}

/// A success, decoded.
fn decoded<T>(
    call: &Call<'_>,
    kind: Kind,
    response: &HttpResponse,
    decode: impl FnOnce(&[u8]) -> Result<T, Malformed>,
) -> Result<T, Error> {
    if !response.is_success() {
        return Err(call.failure(response, kind));
    }
    decode(&response.body).map_err(|fault| call.malformed(response, kind, fault))
}

/// The status word of a success that is about this request, if it has one.
fn done(call: &Call<'_>, kind: Kind, response: &HttpResponse, id: &RequestId) -> Result<Option<String>, Error> {
    let done = decoded(call, kind, response, wire::v2::decode_done)?;
    if done.id == id.as_str() { Ok(done.word) } else { Err(response.unexpected(kind, "is about another request")) }
}

/// Reads the request as the service has it now.
async fn read(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<(HttpResponse, Read), Error> {
    let response = call.exchange(get_of(routes.get.of(id))).await?;
    let read = decoded(call, Kind::Read, &response, wire::v2::decode_read)?;
    match &read.id {
        Some(named) if named != id.as_str() => Err(response.unexpected(Kind::Read, "is about another request")),
        _ => Ok((response, read)),
    }
}

/// Reads the request after what must not be done twice: whatever fails now, the same call again is not safe.
async fn state_after(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<(State, Read), Error> {
    call.progress.is_spent.store(true, Ordering::Relaxed);
    let read = async {
        let (response, read) = read(call, routes, id).await?;
        Ok((state(call, &response, &read)?, read))
    };
    read.await.map_err(|error: Error| error.with_retry_is_safe(false))
}

fn state(call: &Call<'_>, response: &HttpResponse, read: &Read) -> Result<State, Error> {
    let word = read.status.as_deref().ok_or_else(|| response.unexpected(Kind::Read, "has no status"))?;
    call.shared.words.state(word).ok_or_else(|| call.unknown_word(response, Kind::Read, word))
}
