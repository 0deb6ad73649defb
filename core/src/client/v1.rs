//! The verbs over V1.

use reqwest::Method;
use url::Url;
use zeroize::Zeroizing;

use super::transport::{Exchange, HttpResponse, Kind};
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
    let (response, decoded) = post(call, kind, &routes.request, payload).await?;
    let word = decoded.status.unwrap_or_default();
    match words::normalised(&word).as_str() {
        "ok" => decoded
            .id
            .and_then(|id| RequestId::parse(&id).ok())
            .ok_or_else(|| response.unexpected(kind, "has no request id")),
        "error" => Err(refused(call, kind, &response)),
        _ => Err(call.unknown_word(&response, kind, &word)),
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
    let (response, word) = named(call, kind, &routes.cancel, payload, id).await?;
    call.shared.words.state(&word).ok_or_else(|| call.unknown_word(&response, kind, &word))
}

/// Whether the service is up; it needs no key.
pub(super) async fn ping(call: &Call<'_>, routes: &routes::V1) -> Result<(), Error> {
    let kind = Kind::Read;
    let response = exchanged(call, kind, &routes.ping, Zeroizing::new(b"{}".to_vec())).await?;
    if wire::v1::has_errors(&response.body) {
        Err(refused(call, kind, &response))
    } else {
        call.checked_ping(&response)
    }
}

pub(super) async fn senders(call: &Call<'_>, routes: &routes::V1) -> Result<Vec<wire::v2::Sender>, Error> {
    let kind = Kind::Read;
    let response = exchanged(call, kind, &routes.senders, wire::v1::encode_key(&call.shared.key)?).await?;
    if wire::v1::has_errors(&response.body) {
        return Err(refused(call, kind, &response));
    }
    wire::v1::decode_senders(&response.body).map_err(|fault| call.malformed(&response, kind, fault))
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
    let response = exchanged(call, kind, &routes.send_sms, payload).await?;
    if wire::v1::has_errors(&response.body) {
        return Err(refused(call, kind, &response));
    }
    // No message id is promised, nor any body.
    if response.body.is_empty() { Ok(()) } else { call.checked_json(&response, kind) }
}

/// An exchange about a request: the response with its status word.
async fn named(
    call: &Call<'_>,
    kind: Kind,
    url: &Url,
    payload: Zeroizing<Vec<u8>>,
    id: &RequestId,
) -> Result<(HttpResponse, String), Error> {
    let (response, decoded) = post(call, kind, url, payload).await?;
    let Some(word) = decoded.status else { return Err(response.unexpected(kind, "has no status word")) };
    match decoded.id {
        Some(named) if named == id.as_str() => Ok((response, word)),
        Some(_) => Err(response.unexpected(kind, "is about another request")),
        None if call.shared.words.outcome(&word).is_none() => Err(call.unknown_word(&response, kind, &word)),
        None => Err(response.unexpected(kind, "has no request id")),
    }
}

async fn post(
    call: &Call<'_>,
    kind: Kind,
    url: &Url,
    payload: Zeroizing<Vec<u8>>,
) -> Result<(HttpResponse, wire::v1::StatusResponse), Error> {
    let response = exchanged(call, kind, url, payload).await?;
    let decoded = wire::v1::decode_response(&response.body).map_err(|fault| call.malformed(&response, kind, fault))?;
    if decoded.has_errors {
        // With the id of a request something may have been done all the same.
        return Err(refused(call, kind, &response).with_sms_possibly_sent(kind == Kind::Send && decoded.id.is_some()));
    }
    Ok((response, decoded))
}

/// A success.
async fn exchanged(call: &Call<'_>, kind: Kind, url: &Url, payload: Zeroizing<Vec<u8>>) -> Result<HttpResponse, Error> {
    let exchange = Exchange { kind, method: Method::POST, url: url.clone(), body: body(payload), with_key: false };
    let response = call.exchange(exchange).await?;
    if response.is_success() { Ok(response) } else { Err(call.failure(&response, kind)) }
}

/// A refusal in a 200.
fn refused(call: &Call<'_>, kind: Kind, response: &HttpResponse) -> Error {
    let words = wire::decode_refusal(&response.body).unwrap_or_default();
    let detail = format!("the service refused: {}", call.secrets.removed_from(&words));
    kind.failed(ErrorCode::Rejected, detail).with_status(response.status)
}
