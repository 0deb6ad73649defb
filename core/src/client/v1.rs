//! The verbs over V1.

use reqwest::Method;
use url::Url;
use zeroize::Zeroizing;

use super::transport::{Answer, Exchange, Kind};
use super::{Call, body, routes};
use crate::error::{Error, ErrorCode};
use crate::sms::Sending;
use crate::values::{Code, PhoneNumber, RequestId};
use crate::verification::{Outcome, State, Terms};
use crate::wire::{self, words};

pub(super) async fn request(
    call: &Call<'_>,
    routes: &routes::V1,
    number: PhoneNumber,
    terms: &Terms,
) -> Result<RequestId, Error> {
    let kind = Kind::Send;
    let payload = wire::v1::encode_request(&call.shared.key, &call.shared.sender, number, terms)?;
    let (answer, said) = post(call, kind, &routes.request, payload).await?;
    let word = said.status.unwrap_or_default();
    match words::normalised(&word).as_str() {
        "ok" => said
            .id
            .and_then(|id| RequestId::parse(&id).ok())
            .ok_or_else(|| answer.unexpected(kind, "has no request id")),
        "error" => Err(refused(call, kind, &answer)),
        _ => Err(call.unknown_word(&answer, kind, &word)),
    }
}

pub(super) async fn validate(
    call: &Call<'_>,
    routes: &routes::V1,
    id: &RequestId,
    code: &Code,
) -> Result<Outcome, Error> {
    let kind = Kind::Submit;
    let payload = wire::v1::encode_named(&call.shared.key, id, Some(code))?;
    let word = named(call, kind, &routes.validate, payload, id).await?;
    call.shared.words.outcome(&word.1).ok_or_else(|| call.unknown_word(&word.0, kind, &word.1))
}

pub(super) async fn cancel(call: &Call<'_>, routes: &routes::V1, id: &RequestId) -> Result<State, Error> {
    let kind = Kind::Cancel;
    let payload = wire::v1::encode_named(&call.shared.key, id, None)?;
    let (answer, word) = named(call, kind, &routes.cancel, payload, id).await?;
    call.shared.words.state(&word).ok_or_else(|| call.unknown_word(&answer, kind, &word))
}

/// Whether the service is up; it needs no key.
pub(super) async fn ping(call: &Call<'_>, routes: &routes::V1) -> Result<(), Error> {
    let kind = Kind::Read;
    let answer = exchanged(call, kind, &routes.ping, Zeroizing::new(b"{}".to_vec())).await?;
    if wire::v1::has_errors(&answer.body) { Err(refused(call, kind, &answer)) } else { call.checked_ping(&answer) }
}

pub(super) async fn senders(call: &Call<'_>, routes: &routes::V1) -> Result<Vec<wire::v2::Sender>, Error> {
    let kind = Kind::Read;
    let answer = exchanged(call, kind, &routes.senders, wire::v1::encode_key(&call.shared.key)?).await?;
    if wire::v1::has_errors(&answer.body) {
        return Err(refused(call, kind, &answer));
    }
    wire::v1::decode_senders(&answer.body).map_err(|fault| call.malformed(&answer, kind, fault))
}

pub(super) async fn send_sms(
    call: &Call<'_>,
    routes: &routes::V1,
    number: PhoneNumber,
    text: &str,
    sending: &Sending,
) -> Result<(), Error> {
    let kind = Kind::Send;
    let payload = wire::v1::encode_sms(&call.shared.key, &call.shared.sender, number, text, sending)?;
    let answer = exchanged(call, kind, &routes.send_sms, payload).await?;
    if wire::v1::has_errors(&answer.body) {
        return Err(refused(call, kind, &answer));
    }
    // No message id is promised, nor any body.
    if answer.body.is_empty() { Ok(()) } else { call.checked_json(&answer, kind) }
}

/// An exchange about a request: the answer with its status word.
async fn named(
    call: &Call<'_>,
    kind: Kind,
    url: &Url,
    payload: Zeroizing<Vec<u8>>,
    id: &RequestId,
) -> Result<(Answer, String), Error> {
    let (answer, said) = post(call, kind, url, payload).await?;
    let Some(word) = said.status else { return Err(answer.unexpected(kind, "has no status word")) };
    match said.id {
        Some(named) if named == id.as_str() => Ok((answer, word)),
        Some(_) => Err(answer.unexpected(kind, "is about another request")),
        None if call.shared.words.outcome(&word).is_none() => Err(call.unknown_word(&answer, kind, &word)),
        None => Err(answer.unexpected(kind, "has no request id")),
    }
}

async fn post(
    call: &Call<'_>,
    kind: Kind,
    url: &Url,
    payload: Zeroizing<Vec<u8>>,
) -> Result<(Answer, wire::v1::Answer), Error> {
    let answer = exchanged(call, kind, url, payload).await?;
    let said = wire::v1::decode_answer(&answer.body).map_err(|fault| call.malformed(&answer, kind, fault))?;
    if said.has_errors {
        // With the id of a request something may have been done all the same.
        return Err(refused(call, kind, &answer).with_sms_possibly_sent(kind == Kind::Send && said.id.is_some()));
    }
    Ok((answer, said))
}

/// A success.
async fn exchanged(call: &Call<'_>, kind: Kind, url: &Url, payload: Zeroizing<Vec<u8>>) -> Result<Answer, Error> {
    let exchange = Exchange { kind, method: Method::POST, url: url.clone(), body: body(payload), with_key: false };
    let answer = call.exchange(exchange).await?;
    if answer.is_success() { Ok(answer) } else { Err(call.failure(&answer, kind)) }
}

/// A refusal in a 200.
fn refused(call: &Call<'_>, kind: Kind, answer: &Answer) -> Error {
    let words = wire::decode_refusal(&answer.body).unwrap_or_default();
    let detail = format!("the service refused: {}", call.secrets.removed_from(&words));
    kind.failed(ErrorCode::Rejected, detail).with_status(answer.status)
}
