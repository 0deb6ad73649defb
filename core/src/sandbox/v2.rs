//! V2's calls.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use axum::routing::any;

use super::V2Wrong;
use super::answer::{Router, json_answer, strike, whole_body};
use super::faults::FaultCall;
use super::state::SandboxState;
use crate::sms::MessageTemplate;
use crate::values::PhoneNumber;
use crate::verification::{CallOptions, Outcome, RequestOptions, State};
use crate::wire::v2;
use crate::{Error, ErrorCode};

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/api/v2/ping", any(ping))
        .route("/api/v2/sms/senders", any(senders))
        .route("/api/v2/sms/messages/action/send", any(send))
        .route("/api/v2/verify/request", any(request))
        .route("/api/v2/verify/{id}", any(read))
        .route("/api/v2/verify/{id}/validate", any(validate))
        .route("/api/v2/verify/{id}/cancel", any(cancel))
        .route("/api/v2/verify/{id}/resend", any(resend))
        .route("/api/v2/{*path}", any(async || refused(404, "there is no such call")))
}

fn refused(status: u16, why: &str) -> Response<Body> {
    let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    json_answer(status, v2::encode_problem(status, title, why))
}

fn failed(error: &Error) -> Response<Body> {
    let status = match error.code() {
        ErrorCode::InvalidInput | ErrorCode::Conflict => 400,
        ErrorCode::NotFound => 404,
        ErrorCode::RateLimited => 429,
        _ => 500,
    };
    refused(status, error.detail())
}

/// The body of a call with this method and an accepted key, or the answer to what is none.
async fn body(state: &SandboxState, method: Method, request: Request<Body>) -> Result<Vec<u8>, Response<Body>> {
    if request.method() != method {
        return Err(refused(405, &format!("the method must be {method}")));
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
    strike(&state, FaultCall::Ping, None, refused, async move {
        if is_get { json_answer(200, b"{}".to_vec()) } else { refused(405, "the method must be GET") }
    })
    .await
}

async fn senders(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    strike(&state, FaultCall::Senders, None, refused, async {
        match body(&state, Method::GET, request).await {
            Ok(_) => json_answer(
                200,
                v2::encode_senders(&[v2::Sender {
                    id: "1".to_owned(),
                    name: Some("Sandbox".to_owned()),
                    number: None,
                    status: Some("active".to_owned()),
                }]),
            ),
            Err(answer) => answer,
        }
    })
    .await
}

async fn send(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let list = match body(&state, Method::POST, request).await {
        Ok(body) => v2::decode_sms(&body),
        Err(answer) => return answer,
    };
    let parsed: Result<Vec<_>, _> = match list {
        Ok(list) => list.into_iter().map(|sms| PhoneNumber::parse(&sms.to).map(|number| (number, sms))).collect(),
        Err(fault) => return refused(400, &fault.to_string()),
    };
    let list = match parsed {
        Ok(list) => list,
        Err(error) => return failed(&error),
    };
    strike(&state, FaultCall::Sms, list.first().map(|(number, _)| *number), refused, async {
        let ids: Vec<_> = list
            .into_iter()
            .map(|(number, sms)| state.post.deliver_text(sms.from, number, sms.text_body).to_string())
            .collect();
        json_answer(201, v2::encode_sms_sent(&ids))
    })
    .await
}

async fn request(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let payload = match body(&state, Method::POST, request).await.map(|body| v2::decode_request(&body)) {
        Ok(Ok(payload)) => payload,
        Ok(Err(fault)) => return refused(400, &fault.to_string()),
        Err(answer) => return answer,
    };
    let number = match PhoneNumber::parse(&payload.to) {
        Ok(number) => number,
        Err(error) => return failed(&error),
    };
    strike(&state, FaultCall::Request, Some(number), refused, async {
        let mut options = RequestOptions::default();
        if let Some(message) = payload.message {
            options = options.message(template(&message));
        }
        match payload.code_type.as_deref().map(v2::code_type) {
            Some(None) => return refused(400, "codeType must be numeric, alpha, alphanumeric or hexa"),
            Some(Some(code_type)) => options = options.code_type(code_type),
            None => {}
        }
        let whole = |number: Option<i64>| number.map(u32::try_from).transpose();
        let (Ok(length), Ok(validity)) = (whole(payload.code_length), whole(payload.code_validity)) else {
            return refused(400, "codeLength and codeValidity must be positive");
        };
        if let Some(length) = length {
            options = options.code_size(length);
        }
        if let Some(seconds) = validity {
            options = options.ttl(Duration::from_secs(seconds.into()));
        }
        match state.request(payload.sender_id, number, options).await {
            Ok(id) => json_answer(201, v2::encode_requested(&id)),
            Err(error) => failed(&error),
        }
    })
    .await
}

/// V2's message as a template: where it has no place for the code, the code comes at its end.
fn template(message: &str) -> String {
    if message.contains(v2::PLACE) {
        message.replace(v2::PLACE, MessageTemplate::PLACE)
    } else {
        format!("{message} {}", MessageTemplate::PLACE)
    }
}

async fn read(
    Extract(state): Extract<Arc<SandboxState>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    strike(&state, FaultCall::Get, state.number_of(&id), refused, async {
        if let Err(answer) = body(&state, Method::GET, request).await {
            return answer;
        }
        let Some(stored) = state.view(&id) else { return unknown() };
        let sms = state.latest_sms(&id);
        let ttl = stored.record.expires_at.since(stored.record.sent_at).as_secs();
        json_answer(
            200,
            v2::encode_read(&v2::ReadAnswer {
                id: &id,
                message_id: sms.as_ref().map(|sms| sms.message_id.as_str()),
                sender_id: sms.as_ref().map(|sms| sms.sender.as_str()),
                recipient_number: Some(&stored.number.on_the_wire()),
                code: sms.as_ref().map(|sms| sms.code.as_str()),
                code_ttl: Some(ttl),
                status: v2::state_word(stored.record.state(stored.now)),
                // Of the latest SMS, so that adding the validity gives when its code stops being good.
                create_date: Some(stored.record.sent_at.into()),
                message: sms.as_ref().map(|sms| sms.text.as_str()),
            }),
        )
    })
    .await
}

async fn validate(
    Extract(state): Extract<Arc<SandboxState>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    strike(&state, FaultCall::Validate, state.number_of(&id), refused, async {
        let code = match body(&state, Method::POST, request).await.map(|body| v2::decode_validate(&body)) {
            Ok(Ok(code)) => code,
            Ok(Err(fault)) => return refused(400, &fault.to_string()),
            Err(answer) => return answer,
        };
        let word = |outcome| state.v2_words.then(|| v2::outcome_word(outcome));
        match state.validate(&id, &code).await {
            Ok(outcome @ Outcome::Verified) => json_answer(200, v2::encode_done(&id, word(outcome))),
            Ok(outcome @ Outcome::WrongCode) => match state.v2_wrong {
                V2Wrong::Ok => json_answer(200, v2::encode_done(&id, word(outcome))),
                V2Wrong::BadRequest => refused(400, "the code is wrong"),
            },
            Ok(over) => refused(400, &format!("the request is over: {over}")),
            Err(error) => failed(&error),
        }
    })
    .await
}

async fn cancel(
    Extract(state): Extract<Arc<SandboxState>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    strike(&state, FaultCall::Cancel, state.number_of(&id), refused, async {
        if let Err(answer) = body(&state, Method::POST, request).await {
            return answer;
        }
        let cancelled = state.engine.cancel(&id, CallOptions::default()).await;
        state.publish_request(&id);
        match cancelled {
            Ok(cancelled) => json_answer(200, v2::encode_done(&id, state.v2_words.then(|| State::as_str(cancelled)))),
            Err(error) => failed(&error),
        }
    })
    .await
}

async fn resend(
    Extract(state): Extract<Arc<SandboxState>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    strike(&state, FaultCall::Resend, state.number_of(&id), refused, async {
        if let Err(answer) = body(&state, Method::POST, request).await {
            return answer;
        }
        let resent = state.engine.resend(&id, CallOptions::default()).await;
        state.publish_request(&id);
        match resent {
            Ok(_) => json_answer(200, v2::encode_done(&id, state.v2_words.then_some("pending"))),
            Err(error) => failed(&error),
        }
    })
    .await
}

fn unknown() -> Response<Body> {
    refused(404, "there is no such request")
}
