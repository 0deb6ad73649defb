//! The verbs over V1.

use reqwest::Method;
use url::Url;
use zeroize::Zeroizing;

use super::transport::{Answer, Exchange, Kind};
use super::{Call, body, routes};
use crate::error::{Error, ErrorCode};
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
    match words::normalised(&said.status).as_str() {
        "ok" => said
            .id
            .and_then(|id| RequestId::parse(&id).ok())
            .ok_or_else(|| answer.unexpected(kind, "has no request id")),
        "error" => {
            let words = call.secrets.removed_from(&said.error.unwrap_or(said.status));
            Err(kind.failed(ErrorCode::Rejected, format!("the service refused: {words}")).with_status(answer.status))
        }
        _ => Err(call.unknown_word(&answer, kind, &said.status)),
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

/// An exchange about a request: the answer with its status word.
async fn named(
    call: &Call<'_>,
    kind: Kind,
    url: &Url,
    payload: Zeroizing<Vec<u8>>,
    id: &RequestId,
) -> Result<(Answer, String), Error> {
    let (answer, said) = post(call, kind, url, payload).await?;
    match said.id {
        Some(named) if named == id.as_str() => Ok((answer, said.status)),
        Some(_) => Err(answer.unexpected(kind, "is about another request")),
        None if call.shared.words.outcome(&said.status).is_none() => {
            Err(call.unknown_word(&answer, kind, &said.status))
        }
        None => Err(answer.unexpected(kind, "has no request id")),
    }
}

async fn post(
    call: &Call<'_>,
    kind: Kind,
    url: &Url,
    payload: Zeroizing<Vec<u8>>,
) -> Result<(Answer, wire::v1::Answer), Error> {
    let exchange = Exchange {
        kind,
        method: Method::POST,
        url: url.clone(),
        body: body(payload),
        with_key: false,
        reads_json: true,
    };
    let answer = call.exchange(exchange).await?;
    if !answer.is_success() {
        return Err(call.failure(&answer, kind));
    }
    match wire::v1::decode_answer(&answer.body) {
        Ok(said) => Ok((answer, said)),
        Err(fault) => Err(answer.unexpected(kind, fault)),
    }
}
