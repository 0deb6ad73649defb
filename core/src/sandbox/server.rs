//! The server behind all of it: connections, cuts, the journal.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower_service::Service as _;

use super::faults::{Cut, Fault, FaultBody, FaultCall};
use super::world::{Entry, Part, World, rfc3339};
use super::{control, v1, v2};
use crate::engine::Clock as _;
use crate::values::PhoneNumber;

pub(crate) type Router = axum::Router<Arc<World>>;

/// The largest body that a call may have. No call needs a hundredth of it.
pub(crate) const LARGEST_BODY: usize = 256 * 1024;

/// What a huge body has: 100 MiB.
const HUGE: usize = 100 << 20;

/// The connection ends here, without an answer.
#[derive(Debug, Clone, Copy)]
struct CutHere;

impl fmt::Display for CutHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for CutHere {}

/// What a call turned out to be, for the journal.
#[derive(Clone)]
struct Called {
    call: FaultCall,
    number: Option<PhoneNumber>,
}

pub(crate) async fn serve(listener: TcpListener, world: Arc<World>) {
    let router = control::routes().merge(v1::routes()).merge(v2::routes()).with_state(Arc::clone(&world));
    // Dropped with this task, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), Arc::clone(&world)));
                }
                // Out of file descriptors, most likely: they come back when connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: axum::Router, world: Arc<World>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let (mut router, world) = (router.clone(), Arc::clone(&world));
        async move {
            let request = with_single_slashes(request.map(Body::new));
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let response = if is_of_another_page(&request) {
                json_answer(403, b"{\"error\": \"only the sandbox's own page may call it from a browser\"}".to_vec())
            } else {
                router.call(request).await.unwrap_or_else(|never| match never {})
            };
            let cut = response.extensions().get::<CutHere>().copied();
            if path.starts_with("/api") {
                let called = response.extensions().get::<Called>();
                world.write_down(Entry {
                    at: rfc3339(world.post.clock.now()),
                    method: method.to_string(),
                    path,
                    call: called.map(|called| called.call.as_str()),
                    number: called.and_then(|called| called.number).map(|number| number.to_string()),
                    status: cut.is_none().then(|| response.status().as_u16()),
                });
            }
            cut.map_or(Ok(response), Err)
        }
    });
    // A client that goes away in mid-call is its own business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Whether a web page of another origin calls, which could read codes and empty the inbox; one whose name was made to
/// point to this machine included. Programs send no `Origin`, and name the sandbox by its address.
fn is_of_another_page(request: &Request<Body>) -> bool {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = header(header::HOST).unwrap_or_default();
    let other_origin = header(header::ORIGIN).is_some_and(|origin| origin.strip_prefix("http://") != Some(host));
    let name = host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(host, |(name, _)| name);
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    other_origin || !(name.is_empty() || name == "localhost" || is_address)
}

/// E-goi's own Go and Java clients join a base URL that ends in a slash and paths that begin with one.
fn with_single_slashes(mut request: Request<Body>) -> Request<Body> {
    let path = request.uri().path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default();
    if path.contains("//") {
        let (path, query) = path.split_once('?').map_or((path.as_str(), None), |(path, query)| (path, Some(query)));
        let mut single: String = path.split('/').filter(|part| !part.is_empty()).flat_map(|part| ["/", part]).collect();
        if let Some(query) = query {
            single.extend(["?", query]);
        }
        if let Ok(uri) = single.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// A body as far as it is allowed to go; none where it is larger.
pub(crate) async fn whole_body(body: Body) -> Option<Vec<u8>> {
    axum::body::to_bytes(body, LARGEST_BODY).await.ok().map(Into::into)
}

pub(crate) fn json_answer(status: u16, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// Lets a call have its effect, unless a failure strikes it.
pub(crate) async fn strike(
    world: &World,
    call: FaultCall,
    number: Option<PhoneNumber>,
    refuse: fn(u16, &str) -> Response<Body>,
    effect: impl Future<Output = Response<Body>>,
) -> Response<Body> {
    let mut fault = world.faults.strike(call, number.map(PhoneNumber::whole).as_deref()).unwrap_or_default();
    if matches!(call, FaultCall::Request | FaultCall::Resend) {
        match number.and_then(Part::of) {
            Some(Part::Slow) => fault.delay_ms += 3_000,
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
    effect: impl Future<Output = Response<Body>>,
) -> Response<Body> {
    if fault.delay_ms > 0 {
        tokio::time::sleep(fault.delay()).await;
    }
    if fault.cut == Some(Cut::Before) {
        return cut();
    }
    if let Some(status) = fault.status {
        let mut response = refuse(status, "a failure that was asked for");
        if (300..400).contains(&status) {
            // To where nobody listens; a client that follows has lost its key.
            response.headers_mut().insert(header::LOCATION, header::HeaderValue::from_static("http://127.0.0.1:9/"));
        }
        return response;
    }
    let response = effect.await;
    if fault.cut == Some(Cut::After) {
        return cut();
    }
    match fault.body {
        None => response,
        Some(FaultBody::Malformed) => json_answer(response.status().as_u16(), b"{\"verifyId\": \"bcc3".to_vec()),
        Some(FaultBody::Huge) => json_answer(response.status().as_u16(), vec![b' '; HUGE]),
    }
}

fn cut() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(CutHere);
    response
}
