//! V1's calls.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{Method, Request, Response};
use axum::routing::any;

use super::faults::FaultCall;
use super::response::{Router, in_wire_names, json_response, strike, whole_body, wire_number, wrong_method};
use super::state::{RequestFields, SandboxState};
use crate::error::{Error, ErrorCode};
use crate::sms::MessageTemplate;
use crate::values::CodeType;
use crate::verification::CallOptions;
use crate::wire::{Fault as Malformed, v1};

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/api/public/verify/request", any(request))
        .route("/api/public/verify/validate", any(validate))
        .route("/api/public/verify/cancel", any(cancel))
        .route("/api/public/sms/send", any(send))
        .route("/api/public/sms/senders", any(senders))
        .route("/api/public/commons/ping", any(ping))
        .route("/api/public/{*path}", any(async || refused(404, "there is no such call")))
}

fn refused(status: u16, why: &str) -> Response<Body> {
    json_response(status, v1::encode_error(why))
}

/// The library's names of what V1 names otherwise.
const NAMES: [(&str, &str); 2] = [("code_size", "codeSize"), ("ttl", "codeTTL")];

fn failed(error: &Error) -> Response<Body> {
    let status = match error.code() {
        ErrorCode::InvalidInput => 400,
        ErrorCode::NotFound => 404,
        ErrorCode::RateLimited => 429,
        _ => 500,
    };
    refused(status, &in_wire_names(error, &NAMES))
}

/// The payload of a POST, or the response to what is none.
async fn payload<T>(
    request: Request<Body>,
    decode: impl FnOnce(&[u8]) -> Result<T, Malformed>,
) -> Result<T, Response<Body>> {
    if request.method() != Method::POST {
        return Err(wrong_method(&Method::POST, refused));
    }
    let body = whole_body(request.into_body()).await.ok_or_else(|| refused(413, "the body is too large"))?;
    decode(&body).map_err(|fault| match fault {
        Malformed::Missing("apikey") => refused(401, "the field apikey is missing"),
        other => refused(400, &other.to_string()),
    })
}

async fn request(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let payload = match payload(request, v1::decode_request).await {
        Ok(payload) => payload,
        Err(response) => return response,
    };
    let number = match wire_number("number", &payload.number) {
        Ok(number) => number,
        Err(error) => return failed(&error),
    };
    strike(&state, FaultCall::Request, Some(number), refused, async |_| {
        if !state.accepts(&payload.apikey) {
            return refused(401, "the apikey is wrong");
        }
        let Ok(code_type) = payload.code_type.parse::<CodeType>() else {
            return refused(400, "codeType must be numeric, alpha, alphanumeric or hex");
        };
        let (Ok(size), Ok(ttl)) = (payload.code_size.parse(), payload.code_ttl.parse()) else {
            return refused(400, "codeSize and codeTTL must be whole numbers, as strings");
        };
        if let Err(error) = state.check_sender("senderHash", &payload.sender_hash) {
            return failed(&error);
        }
        let asked = RequestFields {
            message: payload.message,
            place: MessageTemplate::PLACE,
            code_type,
            code_size: Some(size),
            ttl: Some(ttl),
            group: payload.group,
        };
        if !asked.message.contains(asked.place) {
            return refused(400, "the field message does not contain {CODE}");
        }
        let terms = match state.terms(asked) {
            Ok(terms) => terms,
            Err(error) => return failed(&error),
        };
        match state.request(payload.sender_hash, number, terms).await {
            Ok(id) => json_response(200, v1::encode_requested(&id)),
            Err(error) => failed(&error),
        }
    })
    .await
}

async fn validate(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let payload = match payload(request, v1::decode_validate).await {
        Ok(payload) => payload,
        Err(response) => return response,
    };
    strike(&state, FaultCall::Validate, state.number_of(&payload.request_id), refused, async |_| {
        if !state.accepts(&payload.apikey) {
            return refused(401, "the apikey is wrong");
        }
        match state.validate(&payload.request_id, &payload.code).await {
            Ok(outcome) => json_response(200, v1::encode_status(&payload.request_id, v1::outcome_word(outcome))),
            Err(error) => failed(&error),
        }
    })
    .await
}

async fn cancel(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let payload = match payload(request, v1::decode_cancel).await {
        Ok(payload) => payload,
        Err(response) => return response,
    };
    strike(&state, FaultCall::Cancel, state.number_of(&payload.request_id), refused, async |_| {
        if !state.accepts(&payload.apikey) {
            return refused(401, "the apikey is wrong");
        }
        let cancelled = state.engine.cancel(&payload.request_id, CallOptions::default()).await;
        state.publish_request(&payload.request_id);
        match cancelled {
            Ok(state) => json_response(200, v1::encode_status(&payload.request_id, v1::cancel_word(state))),
            Err(error) => failed(&error),
        }
    })
    .await
}

async fn send(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let payload = match payload(request, v1::decode_sms).await {
        Ok(payload) => payload,
        Err(response) => return response,
    };
    let number = match wire_number("mobile", &payload.mobile) {
        Ok(number) => number,
        Err(error) => return failed(&error),
    };
    strike(&state, FaultCall::Sms, Some(number), refused, async |_| {
        if !state.accepts(&payload.apikey) {
            return refused(401, "the apikey is wrong");
        }
        if let Err(error) = state.check_sender("senderHash", &payload.sender_hash) {
            return failed(&error);
        }
        state.gateway.deliver_text(payload.sender_hash, number, payload.message);
        // No integrator reads more of it than that it has no `errors`.
        json_response(200, b"{}".to_vec())
    })
    .await
}

async fn senders(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let key = match payload(request, v1::decode_key).await {
        Ok(key) => key,
        Err(response) => return response,
    };
    strike(&state, FaultCall::Senders, None, refused, async |_| {
        if state.accepts(&key) {
            json_response(200, v1::encode_senders(&state.list_senders()))
        } else {
            refused(401, "the apikey is wrong")
        }
    })
    .await
}

async fn ping(Extract(state): Extract<Arc<SandboxState>>, request: Request<Body>) -> Response<Body> {
    let is_post = request.method() == Method::POST;
    strike(&state, FaultCall::Ping, None, refused, async |_| {
        if is_post { json_response(200, b"{}".to_vec()) } else { wrong_method(&Method::POST, refused) }
    })
    .await
}
