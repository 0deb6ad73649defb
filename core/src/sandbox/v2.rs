//! V2's calls.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use axum::routing::any;
use serde_json::json;

use super::faults::{FaultBody, FaultCall};
use super::response::{Router, in_wire_names, json_response, strike, whole_body, wire_number, wrong_method};
use super::state::{NamedRequest, Part, RequestFields, SandboxState};
use crate::error::{Error, ErrorCode};
use crate::store::Clock as _;
use crate::values::{CodeType, PhoneNumber};
use crate::verification::{CallOptions, Outcome, State};
use crate::wire::{Fault, v2};

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/api/v2/ping", any(ping))
        .route("/api/v2/sms/senders", any(senders))
        .route("/api/v2/sms/messages/action/send", any(send))
        .route("/api/v2/sms/messages/action/send/single", any(send_single))
        .route("/api/v2/verify/request", any(request))
        .route("/api/v2/verify/{id}", any(read))
        .route("/api/v2/verify/{id}/validate", any(validate))
        .route("/api/v2/verify/{id}/cancel", any(cancel))
        .route("/api/v2/verify/{id}/resend", any(resend))
        .route("/api/v2/{*path}", any(async || refused(404, "there is no such call")))
}

fn refused(status: u16, why: &str) -> Response<Body> {
    let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    json_response(status, v2::encode_problem(status, title, why))
}

/// The library's names of what V2 names otherwise.
const NAMES: [(&str, &str); 3] = [("code_size", "codeLength"), ("ttl", "codeValidity"), ("number", "to")];

fn failed(error: &Error) -> Response<Body> {
    let status = match error.code() {
        ErrorCode::InvalidInput | ErrorCode::Conflict => 400,
        ErrorCode::NotFound => 404,
        ErrorCode::RateLimited => 429,
        _ => 500,
    };
    refused(status, &in_wire_names(error, &NAMES))
}

/// The body of a call with this method and an accepted key, or the response to what is none.
async fn body(state: &SandboxState, method: Method, request: Request<Body>) -> Result<Vec<u8>, Response<Body>> {
    if request.method() != method {
        return Err(wrong_method(&method, refused));
    }
    if !has_key(state, request.headers()) {
        return Err(refused(401, "the header ApiKey is missing or wrong"));
    }
    whole_body(request.into_body()).await.ok_or_else(|| refused(413, "the body is too large"))
}

fn has_key(state: &SandboxState, headers: &HeaderMap) -> bool {
    headers.get("apikey").and_then(|key| key.to_str().ok()).is_some_and(|key| state.accepts(key))
}

async fn ping(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let is_get = request.method() == Method::GET;
    strike(&state, FaultCall::Ping, None, refused, async |_| {
        if is_get {
            json_response(200, v2::encode_ping(state.gateway.clock.now().into()))
        } else {
            wrong_method(&Method::GET, refused)
        }
    })
    .await
}

async fn senders(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    strike(&state, FaultCall::Senders, None, refused, async |_| match body(&state, Method::GET, request).await {
        Ok(_) => json_response(200, v2::encode_senders(&state.list_senders())),
        Err(response) => response,
    })
    .await
}

async fn send(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    send_all(&state, request, v2::decode_sms, v2::encode_sms_sent).await
}

async fn send_single(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let decode = |body: &[u8]| v2::decode_single_sms(body).map(|sms| vec![sms]);
    send_all(&state, request, decode, |ids| ids.iter().flat_map(|id| v2::encode_single_sms_sent(id)).collect()).await
}

async fn send_all(
    state: &SandboxState,
    request: Request<Body>,
    decode: impl Fn(&[u8]) -> Result<Vec<v2::SmsPayload>, Fault>,
    encode: impl Fn(&[String]) -> Vec<u8>,
) -> Response<Body> {
    let list = match body(state, Method::POST, request).await {
        Ok(body) => decode(&body),
        Err(response) => return response,
    };
    match list.map(|list| list.into_iter().map(|sms| checked(state, sms)).collect::<Result<Vec<_>, _>>()) {
        Ok(Ok(list)) => {
            strike(state, FaultCall::Sms, list.first().map(|(number, _)| *number), refused, async |_| {
                let ids: Vec<_> = list.into_iter().map(|sms| deliver(state, sms)).collect();
                json_response(201, encode(&ids))
            })
            .await
        }
        Ok(Err(error)) => failed(&error),
        Err(fault) => refused(400, &fault.to_string()),
    }
}

/// An SMS of the sender's own text, with its number.
fn checked(state: &SandboxState, sms: v2::SmsPayload) -> Result<(PhoneNumber, v2::SmsPayload), Error> {
    let number = wire_number("to", &sms.to)?;
    state.check_sender("from", &sms.from)?;
    Ok((number, sms))
}

fn deliver(state: &SandboxState, (number, sms): (PhoneNumber, v2::SmsPayload)) -> String {
    state.gateway.deliver_text(sms.from, number, sms.text_body)
}

async fn request(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let payload = match body(&state, Method::POST, request).await.map(|body| v2::decode_request(&body)) {
        Ok(Ok(payload)) => payload,
        Ok(Err(fault)) => return refused(400, &fault.to_string()),
        Err(response) => return response,
    };
    let number = match wire_number("to", &payload.to) {
        Ok(number) => number,
        Err(error) => return failed(&error),
    };
    strike(&state, FaultCall::Request, Some(number), refused, async |body| {
        if let Err(error) = state.check_sender("senderId", &payload.sender_id) {
            return failed(&error);
        }
        let code_type = match payload.code_type.as_deref().map(v2::code_type) {
            Some(None) => return refused(400, "codeType must be numeric, alpha, alphanumeric or hexa"),
            Some(Some(code_type)) => code_type,
            None => CodeType::default(),
        };
        let code_size = payload.code_length.map(u32::try_from).transpose();
        let ttl = payload.code_validity.map(u64::try_from).transpose();
        let (Ok(code_size), Ok(ttl)) = (code_size, ttl) else {
            return refused(400, "codeLength and codeValidity must be positive");
        };
        let message = payload.message.map_or_else(|| format!("{} is your verification code.", v2::PLACE), with_place);
        let asked = RequestFields { message, place: v2::PLACE, code_type, code_size, ttl, group: String::new() };
        let terms = match state.terms(asked) {
            Ok(terms) => terms,
            Err(error) => return failed(&error),
        };
        match state.request(payload.sender_id, number, terms).await {
            Ok(id) if body == Some(FaultBody::IntegerIds) => {
                json_response(201, v2::encode_requested(&state.name_by_integer(id)))
            }
            Ok(id) => json_response(201, v2::encode_requested(&NamedRequest::by_id(id))),
            Err(error) => failed(&error),
        }
    })
    .await
}

/// V2's message: where it has no place for the code, the code comes at its end.
fn with_place(message: String) -> String {
    if message.contains(v2::PLACE) { message } else { format!("{message} {}", v2::PLACE) }
}

async fn read(
    Extract(state): Extract<Arc<SandboxState>>,
    Path(path): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let named = state.named(&path);
    strike(&state, FaultCall::Get, state.number_of(&named.id), refused, async |fault| {
        if let Err(response) = body(&state, Method::GET, request).await {
            return response;
        }
        let Some(stored) = state.view(&named.id) else { return unknown() };
        let sms = state.latest_sms(&named.id);
        let ttl = stored.record.expires_at.since(stored.record.sent_at).as_secs();
        let code = sms.as_ref().map(|sms| match fault {
            Some(FaultBody::MaskedCode) => "*".repeat(sms.code.len()),
            _ if Part::of(stored.number) == Some(Part::EveryCodeWrong) => another(&sms.code),
            _ => sms.code.clone(),
        });
        let shown = match fault {
            Some(FaultBody::LaggingRead) => State::Pending,
            _ => stored.record.state(stored.now),
        };
        json_response(
            200,
            v2::encode_read(&v2::ReadResponse {
                id: json!(named),
                message_id: sms.as_ref().map(|sms| sms.message_id.as_str()),
                sender_id: sms.as_ref().map(|sms| sms.sender.as_str()),
                recipient_number: Some(&stored.number.on_the_wire()),
                code: code.as_deref(),
                code_ttl: Some(ttl),
                status: v2::state_word(shown),
                // E-goi describes it as the date on which the verification was requested: no resend moves it.
                create_date: Some(stored.created_at.into()),
                message: sms.as_ref().map(|sms| sms.text.as_str()),
            }),
        )
    })
    .await
}

/// Another code of the same length: the live code of a number for which the SMS has the wrong one.
fn another(code: &str) -> String {
    let first = if code.starts_with('0') { '1' } else { '0' };
    std::iter::once(first).chain(code.chars().skip(1)).collect()
}

/// Lets a call about a request have its effect, given that there is such a request.
async fn about(
    state: &SandboxState,
    call: FaultCall,
    path: &str,
    request: Request<Body>,
    effect: impl AsyncFnOnce(NamedRequest, Vec<u8>) -> Response<Body>,
) -> Response<Body> {
    let named = state.named(path);
    strike(state, call, state.number_of(&named.id), refused, async |_| match body(state, Method::POST, request).await {
        Err(response) => response,
        Ok(_) if state.view(&named.id).is_none() => unknown(),
        Ok(body) => effect(named, body).await,
    })
    .await
}

async fn validate(
    Extract(state): Extract<Arc<SandboxState>>,
    Path(path): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    about(&state, FaultCall::Validate, &path, request, async |named, body| {
        let code = match v2::decode_validate(&body) {
            Ok(code) => code,
            Err(fault) => return refused(400, &fault.to_string()),
        };
        let word = |outcome| state.v2_words.then(|| v2::outcome_word(outcome));
        match state.validate(&named.id, &code).await {
            Ok(Outcome::WrongCode) if state.v2_wrong_is_400 => refused(400, "the code is wrong"),
            Ok(outcome @ (Outcome::Verified | Outcome::WrongCode)) => {
                json_response(200, v2::encode_done(&named, word(outcome)))
            }
            Ok(over) => refused(400, &format!("the request is over: {over}")),
            Err(error) => failed(&error),
        }
    })
    .await
}

async fn cancel(
    Extract(state): Extract<Arc<SandboxState>>,
    Path(path): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    about(&state, FaultCall::Cancel, &path, request, async |named, _| {
        let cancelled = state.engine.cancel(&named.id, CallOptions::default()).await;
        state.publish_request(&named.id);
        match cancelled {
            Ok(now) => json_response(200, v2::encode_done(&named, state.v2_words.then(|| State::as_str(now)))),
            Err(error) => failed(&error),
        }
    })
    .await
}

async fn resend(
    Extract(state): Extract<Arc<SandboxState>>,
    Path(path): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    about(&state, FaultCall::Resend, &path, request, async |named, _| {
        let resent = state.engine.resend(&named.id, CallOptions::default()).await;
        state.publish_request(&named.id);
        match resent {
            Ok(_) => json_response(200, v2::encode_done(&named, state.v2_words.then_some("pending"))),
            Err(error) => failed(&error),
        }
    })
    .await
}

fn unknown() -> Response<Body> {
    refused(404, "there is no such request")
}
