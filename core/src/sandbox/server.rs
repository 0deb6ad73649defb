//! The server behind all of it: connections, cuts, the journal.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, Uri, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower_service::Service as _;

use super::response::{Called, CutHere, json_response};
use super::state::{Entry, SandboxState, rfc3339};
use super::{control, v1, v2};
use crate::store::Clock as _;

pub(crate) async fn serve(listener: TcpListener, state: Arc<SandboxState>) {
    let router = control::routes().merge(v1::routes()).merge(v2::routes()).with_state(Arc::clone(&state));
    // Dropped with this task, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), Arc::clone(&state)));
                }
                // Out of file descriptors, most likely: they come back when connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: axum::Router, state: Arc<SandboxState>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let (mut router, state) = (router.clone(), Arc::clone(&state));
        async move {
            let request = with_single_slashes(request.map(Body::new));
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let response = match stranger(&request, &state.allowed_hosts) {
                Some(refusal) => refusal,
                None => router.call(request).await.unwrap_or_else(|never| match never {}),
            };
            let cut = response.extensions().get::<CutHere>().copied();
            if path.starts_with("/api") {
                let called = response.extensions().get::<Called>();
                state.write_down(Entry {
                    at: rfc3339(state.gateway.clock.now()),
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

/// The refusal of a web page of another origin, which could read codes and empty the inbox; one whose name was made to
/// point to this machine included. Programs send no `Origin`, and name the sandbox by its address or an allowed name.
fn stranger(request: &Request<Body>, allowed: &[String]) -> Option<Response<Body>> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = header(header::HOST).unwrap_or_default();
    if header(header::ORIGIN).is_some_and(|origin| origin.strip_prefix("http://") != Some(host)) {
        return Some(refused(403, "only the sandbox's own page may call it from a browser"));
    }
    let name = host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(host, |(name, _)| name);
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let is_allowed = allowed.iter().any(|known| known.eq_ignore_ascii_case(name));
    if name.is_empty() || name.eq_ignore_ascii_case("localhost") || is_address || is_allowed {
        return None;
    }
    // Not 403, which says that an account lacks the service.
    let why = "the sandbox does not know the host name that it was called by: call it by its address, or start it with \
               that name allowed (`--allow-host NAME`, in a program the option `allow_hosts`)";
    Some(refused(421, why))
}

/// In the words of the sandbox's own calls and of both wires.
fn refused(status: u16, why: &str) -> Response<Body> {
    json_response(status, json!({ "error": why, "detail": why, "status": "Error" }).to_string().into_bytes())
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
