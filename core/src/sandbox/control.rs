//! The inbox page, and what a test does over HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::{Stream, StreamExt as _};

use super::faults::Fault;
use super::response::Router;
use super::state::SandboxState;
use crate::error::Error;
use crate::values::PhoneNumber;

type Shared = State<Arc<SandboxState>>;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/", get(|| page("text/html; charset=utf-8", include_str!("page/index.html"))))
        .route("/page.css", get(|| page("text/css; charset=utf-8", include_str!("page/page.css"))))
        .route("/page.js", get(|| page("text/javascript; charset=utf-8", include_str!("page/page.js"))))
        .route("/favicon.svg", get(|| page("image/svg+xml", include_str!("page/favicon.svg"))))
        .route("/sandbox/messages", get(messages).delete(empty))
        .route("/sandbox/messages/next", get(next_message))
        .route("/sandbox/reset", post(reset))
        .route("/sandbox/requests", get(requests))
        .route("/sandbox/clock", get(clock).post(set_clock))
        .route("/sandbox/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/sandbox/journal", get(journal))
        .route("/sandbox/events", get(events))
}

async fn page(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text)
}

/// A refusal of the sandbox's own calls.
struct Refused(Error);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({"error": self.0.detail()}))).into_response()
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// A number in E.164; a plus in a query string is a space by the time it gets here.
fn e164(number: Option<String>) -> Result<Option<String>, Refused> {
    let number = number.map(|number| {
        let digits = number.trim_start();
        let lost_its_plus = digits.len() < number.len() && !digits.starts_with('+');
        PhoneNumber::parse(&if lost_its_plus { format!("+{digits}") } else { number })
    });
    Ok(number.transpose()?.map(PhoneNumber::e164))
}

#[derive(Deserialize)]
struct Filter {
    number: Option<String>,
}

async fn messages(State(state): Shared, Query(filter): Query<Filter>) -> Result<impl IntoResponse, Refused> {
    let number = e164(filter.number)?;
    Ok(Json(json!({"messages": state.gateway.inbox.list(number.as_deref())})))
}

#[derive(Deserialize)]
struct Next {
    number: Option<String>,
    #[serde(default)]
    after: u64,
    timeout: Option<f64>,
}

async fn next_message(State(state): Shared, Query(next): Query<Next>) -> Result<Response, Refused> {
    let seconds = next.timeout.unwrap_or(10.0);
    let timeout = Duration::try_from_secs_f64(seconds).ok().filter(|timeout| *timeout <= Duration::from_secs(300));
    let timeout = timeout.ok_or_else(|| Error::out_of_range("timeout", seconds, 0.0..=300.0, " s"))?;
    let number = e164(next.number)?;
    Ok(match state.gateway.inbox.wait_for(number.as_deref(), next.after, timeout).await {
        Some(message) => Json(message).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

async fn empty(State(state): Shared) -> StatusCode {
    state.empty_inbox();
    StatusCode::NO_CONTENT
}

async fn reset(State(state): Shared) -> StatusCode {
    state.reset();
    StatusCode::NO_CONTENT
}

async fn requests(State(state): Shared) -> impl IntoResponse {
    Json(json!({"requests": state.requests()}))
}

async fn clock(State(state): Shared) -> impl IntoResponse {
    Json(state.clock())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetClock {
    /// Seconds.
    advance: Option<f64>,
    freeze: Option<bool>,
}

async fn set_clock(State(state): Shared, Json(set): Json<SetClock>) -> Result<impl IntoResponse, Refused> {
    if let Some(seconds) = set.advance {
        let by = Duration::try_from_secs_f64(seconds)
            .map_err(|_| Error::out_of_range("advance", seconds, 0.0..=Duration::MAX.as_secs_f64(), " s"))?;
        state.gateway.clock.advance(by);
    }
    if let Some(frozen) = set.freeze {
        state.gateway.clock.freeze(frozen);
    }
    state.publish_clock();
    Ok(Json(state.clock()))
}

async fn faults(State(state): Shared) -> impl IntoResponse {
    Json(json!({"faults": state.faults.list()}))
}

async fn add_fault(State(state): Shared, Json(fault): Json<Fault>) -> Result<StatusCode, Refused> {
    state.faults.add(fault)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(State(state): Shared) -> StatusCode {
    state.faults.clear();
    StatusCode::NO_CONTENT
}

async fn journal(State(state): Shared) -> impl IntoResponse {
    Json(json!({"journal": state.journal()}))
}

async fn events(State(state): Shared) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    // A page that fell behind is cut off: it connects again and reads everything anew.
    let events = BroadcastStream::new(state.gateway.events())
        .map_while(Result::ok)
        .map(|event| Ok(sse::Event::default().event(event.name).data(event.data)));
    Sse::new(events).keep_alive(KeepAlive::default())
}
