//! The verbs over V2.

use std::sync::atomic::Ordering;

use reqwest::Method;
use url::Url;
use zeroize::Zeroizing;

use super::transport::{Answer, Exchange, Kind};
use super::{Call, SenderInfo, body, routes};
use crate::values::{Code, PhoneNumber, RequestId};
use crate::verification::{Outcome, State, Terms, Verification};
use crate::wire::v2::Read;
use crate::wire::{self, Malformed};
use crate::{Error, ErrorCode};

pub(super) async fn request(
    call: &Call<'_>,
    routes: &routes::V2,
    number: PhoneNumber,
    terms: &Terms,
) -> Result<RequestId, Error> {
    let kind = Kind::Send;
    let payload = wire::v2::encode_request(&call.shared.sender, number, terms)?;
    let answer = call.exchange(post(kind, routes.request.clone(), Some(payload))).await?;
    let id = decoded(call, kind, &answer, wire::v2::decode_requested)?;
    RequestId::parse(&id).map_err(|_| answer.unexpected(kind, "has an id that could not stand in a path"))
}

/// The five steps of the wire contract: neither a 200 nor a 400 says whether the code was right.
pub(super) async fn validate(
    call: &Call<'_>,
    routes: &routes::V2,
    id: &RequestId,
    code: &Code,
    number: Option<PhoneNumber>,
) -> Result<Outcome, Error> {
    let kind = Kind::Submit;
    let lock = call.shared.validations.of(id);
    let _held = lock.lock.lock().await;
    let reads = call.shared.check_state_first;
    if reads || number.is_some() {
        let (answer, read) = read(call, routes, id).await?;
        if let Some(number) = number {
            match read.number.as_deref().map(PhoneNumber::parse) {
                Some(Ok(recipient)) if recipient == number => {}
                Some(Ok(_)) => return Err(Error::new(ErrorCode::NotFound, "the request is for another number")),
                _ => return Err(answer.unexpected(Kind::Read, "does not say which number the request is for")),
            }
        }
        match state(call, &answer, &read)? {
            State::Pending => {}
            State::Verified => return Ok(Outcome::AlreadyVerified),
            State::Expired => return Ok(Outcome::Expired),
            State::Cancelled => return Ok(Outcome::Cancelled),
        }
    }

    let payload = wire::v2::encode_validate(code)?;
    let url = routes.validate.of(id)?;
    let submitted = call.exchange(post(kind, url, Some(payload))).await?;
    let accepted = submitted.status != 400;
    if accepted {
        if let Some(word) = done(call, kind, &submitted, id)? {
            let outcome = call.shared.words.outcome(&word);
            return outcome.ok_or_else(|| call.unknown_word(&submitted, kind, &word));
        }
        if !reads {
            return Err(submitted.unexpected(kind, "has no status word, so that the request has to be read first"));
        }
    } else if !reads {
        return Err(call.failure(&submitted, kind));
    }

    // The code was looked at: the same call again would spend another attempt, or find the request verified by this one.
    let (state, read) = state_after(call, routes, id).await?;
    Ok(match state {
        State::Pending => Outcome::WrongCode,
        State::Expired => Outcome::Expired,
        State::Cancelled => Outcome::Cancelled,
        // Verified, but by another code that was submitted at the same time.
        State::Verified if read.code.as_deref().is_some_and(|live| !is_code(code, live)) => Outcome::WrongCode,
        State::Verified if accepted => Outcome::Verified,
        State::Verified => Outcome::AlreadyVerified,
    })
}

/// Whether the service's live code is the one that was submitted, in constant time. Empty is as good as left out.
fn is_code(submitted: &Code, live: &str) -> bool {
    live.is_empty() || Code::parse(live).is_ok_and(|live| submitted.matches(&live))
}

pub(super) async fn cancel(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<State, Error> {
    let kind = Kind::Cancel;
    let cancelled = call.exchange(post(kind, routes.cancel.of(id)?, None)).await?;
    if cancelled.status != 400
        && let Some(word) = done(call, kind, &cancelled, id)?
    {
        return call.shared.words.state(&word).ok_or_else(|| call.unknown_word(&cancelled, kind, &word));
    }
    let (answer, read) = read(call, routes, id).await?;
    state(call, &answer, &read)
}

pub(super) async fn resend(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<Verification, Error> {
    let kind = Kind::Send;
    let resent = call.exchange(post(kind, routes.resend.of(id)?, None)).await?;
    let over = |state| Error::new(ErrorCode::Conflict, format!("the request is {state}, nothing was sent"));
    if resent.status == 400 {
        return Err(match state_after(call, routes, id).await? {
            (State::Pending, _) => call.failure(&resent, kind),
            (state, _) => over(state).with_status(400),
        });
    }
    match done(call, kind, &resent, id)? {
        None => Ok(Verification::new(id, State::Pending)),
        Some(word) => match call.shared.words.state(&word) {
            Some(State::Pending) => Ok(Verification::new(id, State::Pending)),
            Some(state) => Err(over(state).with_status(resent.status)),
            None => Err(call.unknown_word(&resent, kind, &word)),
        },
    }
}

pub(super) async fn get(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<Verification, Error> {
    let (answer, read) = read(call, routes, id).await?;
    let number = read.number.as_deref().and_then(|number| PhoneNumber::parse(number).ok());
    Ok(Verification {
        number: number.map(PhoneNumber::whole),
        created_at: read.created_at,
        expires_at: read.created_at.zip(read.ttl).and_then(|(created_at, ttl)| created_at.checked_add(ttl)),
        ..Verification::new(id, state(call, &answer, &read)?)
    })
}

pub(super) async fn ping(call: &Call<'_>, routes: &routes::V2) -> Result<(), Error> {
    let exchange = Exchange { with_key: false, reads_json: false, ..get_of(routes.ping.clone()) };
    let answer = call.exchange(exchange).await?;
    if answer.is_success() { Ok(()) } else { Err(call.failure(&answer, Kind::Read)) }
}

pub(super) async fn senders(call: &Call<'_>, routes: &routes::V2) -> Result<Vec<SenderInfo>, Error> {
    let answer = call.exchange(get_of(routes.senders.clone())).await?;
    let senders = decoded(call, Kind::Read, &answer, wire::v2::decode_senders)?;
    let info = |sender: wire::v2::Sender| SenderInfo {
        id: sender.id,
        name: sender.name,
        number: sender.number,
        status: sender.status,
    };
    Ok(senders.into_iter().map(info).collect())
}

pub(super) async fn send_sms(
    call: &Call<'_>,
    routes: &routes::V2,
    number: PhoneNumber,
    text: &str,
) -> Result<(), Error> {
    let kind = Kind::Send;
    let payload = wire::v2::encode_sms(&call.shared.sender, number, text)?;
    let answer = call.exchange(post(kind, routes.send_sms.clone(), Some(payload))).await?;
    if answer.is_success() { Ok(()) } else { Err(call.failure(&answer, kind)) }
}

fn post(kind: Kind, url: Url, payload: Option<Zeroizing<Vec<u8>>>) -> Exchange {
    Exchange { kind, method: Method::POST, url, body: payload.and_then(body), with_key: true, reads_json: true }
}

fn get_of(url: Url) -> Exchange {
    Exchange { kind: Kind::Read, method: Method::GET, url, body: None, with_key: true, reads_json: true }
}

/// A success, decoded.
fn decoded<T>(
    call: &Call<'_>,
    kind: Kind,
    answer: &Answer,
    decode: impl FnOnce(&[u8]) -> Result<T, Malformed>,
) -> Result<T, Error> {
    if !answer.is_success() {
        return Err(call.failure(answer, kind));
    }
    decode(&answer.body).map_err(|fault| answer.unexpected(kind, fault))
}

/// The status word of a success that is about this request, where it has one.
fn done(call: &Call<'_>, kind: Kind, answer: &Answer, id: &RequestId) -> Result<Option<String>, Error> {
    let done = decoded(call, kind, answer, wire::v2::decode_done)?;
    if done.id == id.as_str() { Ok(done.word) } else { Err(answer.unexpected(kind, "is about another request")) }
}

/// Reads the request as the service has it now.
async fn read(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<(Answer, Read), Error> {
    let answer = call.exchange(get_of(routes.get.of(id)?)).await?;
    let read = decoded(call, Kind::Read, &answer, wire::v2::decode_read)?;
    match &read.id {
        Some(named) if named != id.as_str() => Err(answer.unexpected(Kind::Read, "is about another request")),
        _ => Ok((answer, read)),
    }
}

/// Reads the request after what must not be done twice: whatever fails now, the same call again is not safe.
async fn state_after(call: &Call<'_>, routes: &routes::V2, id: &RequestId) -> Result<(State, Read), Error> {
    call.progress.is_spent.store(true, Ordering::Relaxed);
    let read = async {
        let (answer, read) = read(call, routes, id).await?;
        Ok((state(call, &answer, &read)?, read))
    };
    read.await.map_err(|error: Error| error.with_retry_is_safe(false))
}

fn state(call: &Call<'_>, answer: &Answer, read: &Read) -> Result<State, Error> {
    let word = read.status.as_deref().ok_or_else(|| answer.unexpected(Kind::Read, "has no status"))?;
    call.shared.words.state(word).ok_or_else(|| call.unknown_word(answer, Kind::Read, word))
}
