//! Responses to the service's calls, and the failures that strike them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Response, StatusCode, header};

use super::faults::{Cut, Fault, FaultBody, FaultCall};
use super::state::{Part, SandboxState};
use crate::error::{Error, Reason};
use crate::values::PhoneNumber;
use crate::wire::v1;

pub(crate) type Router = axum::Router<Arc<SandboxState>>;

/// The largest body that a call may have. No call needs a hundredth of it.
pub(crate) const LARGEST_BODY: usize = 256 * 1024;

/// What a huge body has: 100 MiB.
const HUGE: usize = 100 << 20;

/// What an injected failure says of itself.
const ASKED_FOR: &str = "a failure that was asked for";

/// The connection ends here, without a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CutHere;

impl fmt::Display for CutHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for CutHere {}

/// What a call turned out to be, for the journal.
#[derive(Clone)]
pub(crate) struct Called {
    pub(crate) call: FaultCall,
    pub(crate) number: Option<PhoneNumber>,
}

/// A body as far as it is allowed to go; none where it is larger.
pub(crate) async fn whole_body(body: Body) -> Option<Vec<u8>> {
    axum::body::to_bytes(body, LARGEST_BODY).await.ok().map(Into::into)
}

pub(crate) fn json_response(status: u16, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// 405, with the method that is allowed.
pub(crate) fn wrong_method(allowed: &Method, refuse: fn(u16, &str) -> Response<Body>) -> Response<Body> {
    let mut response = refuse(405, &format!("the method must be {allowed}"));
    if let Ok(allow) = header::HeaderValue::from_str(allowed.as_str()) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// The detail of an error about the caller's input, with the wire's names of the fields.
pub(crate) fn in_wire_names(error: &Error, names: &[(&str, &str)]) -> String {
    let theirs = names
        .iter()
        .find(|(ours, _)| error.field() == Some(ours))
        .map(|(ours, theirs)| error.detail().replacen(&format!("`{ours}`"), &format!("`{theirs}`"), 1));
    theirs.unwrap_or_else(|| error.detail().to_owned())
}

/// A number as the wire has it, calling code, hyphen, number; the sandbox takes no other way of writing it, because
/// E-goi documents none.
pub(crate) fn wire_number(field: &str, text: &str) -> Result<PhoneNumber, Error> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !text.split_once('-').is_some_and(|(code, rest)| digits(code) && digits(rest)) {
        return Err(Error::invalid_input(
            field,
            Reason::NotANumber,
            "is not written as on the wire; it must be a calling code, a hyphen and the national number, for example \
             `351-910000000`",
        ));
    }
    PhoneNumber::parse(text)
}

/// Lets a call have its effect, unless a failure strikes it.
pub(crate) async fn strike(
    state: &SandboxState,
    call: FaultCall,
    number: Option<PhoneNumber>,
    refuse: fn(u16, &str) -> Response<Body>,
    effect: impl AsyncFnOnce(Option<FaultBody>) -> Response<Body>,
) -> Response<Body> {
    let mut fault = state.faults.strike(call, number.map(PhoneNumber::e164).as_deref()).unwrap_or_default();
    if matches!(call, FaultCall::Request | FaultCall::Resend) {
        match number.and_then(Part::of) {
            Some(Part::Slow) => fault.delay += Duration::from_secs(3),
            Some(Part::CutAfterAcceptance) => fault.cut = Some(Cut::After),
            Some(Part::Status(status)) => fault.status = Some(status),
            Some(Part::NeverDelivered | Part::EveryCodeWrong) | None => {}
        }
    }
    let mut response = struck(&fault, refuse, effect).await;
    response.extensions_mut().insert(Called { call, number });
    response
}

async fn struck(
    fault: &Fault,
    refuse: fn(u16, &str) -> Response<Body>,
    effect: impl AsyncFnOnce(Option<FaultBody>) -> Response<Body>,
) -> Response<Body> {
    if !fault.delay.is_zero() {
        tokio::time::sleep(fault.delay).await;
    }
    if fault.cut == Some(Cut::Before) {
        return cut();
    }
    if fault.body == Some(FaultBody::Errors) {
        let status = fault.status.unwrap_or(200);
        return json_response(status, v1::encode_errors(ASKED_FOR, status));
    }
    if let Some(status) = fault.status {
        let mut response = refuse(status, ASKED_FOR);
        if (300..400).contains(&status) {
            // To where nobody listens; a client that follows has lost its key.
            response.headers_mut().insert(header::LOCATION, header::HeaderValue::from_static("http://127.0.0.1:9/"));
        }
        return response;
    }
    let mut response = effect(fault.body).await;
    if fault.cut == Some(Cut::After) {
        return cut();
    }
    match fault.body {
        None | Some(FaultBody::IntegerIds | FaultBody::LaggingRead | FaultBody::MaskedCode | FaultBody::Errors) => {
            response
        }
        Some(FaultBody::TextHtml) => {
            let label = header::HeaderValue::from_static("text/html; charset=UTF-8");
            response.headers_mut().insert(header::CONTENT_TYPE, label);
            response
        }
        Some(FaultBody::Malformed) => json_response(response.status().as_u16(), b"{\"verifyId\": \"bcc3".to_vec()),
        Some(FaultBody::Huge) => json_response(response.status().as_u16(), vec![b' '; HUGE]),
    }
}

fn cut() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(CutHere);
    response
}
