//! One exchange with the service: deadlines, limits, tries, and what became of it when it failed.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Method;
use reqwest::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::ClientOptions;
use super::budget::{self, Budget};
use super::redact::Secrets;
use crate::error::{Error, ErrorCode, Reason};
use crate::events::{Exchanges, Observers};
use crate::values::ApiKey;
use crate::{tls, wire};

/// The most that is read of a response.
const MAX_RESPONSE: usize = 1024 * 1024;

/// Shorter than the 5 s after which Apache's default `KeepAliveTimeout` drops an idle connection: a request that goes
/// out on one that is just being dropped is lost, and nobody knows whether it was read.
const IDLE: Duration = Duration::from_secs(4);

/// What an exchange may do to the world, which decides what may be done after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It changes nothing.
    Read = 1,
    /// Doing it twice is doing it once.
    Cancel = 2,
    /// It may spend an attempt or use the code up.
    Submit = 3,
    /// It may send an SMS.
    Send = 4,
}

impl Kind {
    const fn is_repeatable(self) -> bool {
        matches!(self, Self::Read | Self::Cancel)
    }

    const fn may_send_sms(self) -> bool {
        matches!(self, Self::Send)
    }

    const fn of(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Read,
            2 => Self::Cancel,
            3 => Self::Submit,
            4 => Self::Send,
            _ => return None,
        })
    }

    /// The failure of an exchange of this kind after bytes may have gone out.
    pub(super) fn failed(self, code: ErrorCode, detail: impl Into<String>) -> Error {
        use ErrorCode::{Interrupted, InvalidResponse, Redirected, Timeout, Unavailable};
        let is_passing = matches!(code, Timeout | Interrupted | Unavailable);
        let error = Error::new(code, detail).with_sms_possibly_sent(
            self.may_send_sms() && (is_passing || matches!(code, Redirected | InvalidResponse)),
        );
        if is_passing { error.with_retry_is_safe(self.is_repeatable()) } else { error }
    }
}

/// How far a call has come, for its span and for what a deadline means. Atomic because a deadline drops the future that
/// writes it.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) exchanges: Exchanges,
    /// The kind of exchange that is under way; none where the last one never got a connection.
    under_way: AtomicU8,
    /// Repeating the call could now spend another attempt or send another SMS.
    pub(super) is_spent: AtomicBool,
}

/// What to send.
pub(super) struct Exchange {
    pub(super) kind: Kind,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Bytes>,
    /// V1 has the key in the body, and a ping needs none.
    pub(super) with_key: bool,
}

impl Exchange {
    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

/// A complete response.
pub(super) struct HttpResponse {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
    pub(super) retry_after: Option<Duration>,
}

impl HttpResponse {
    pub(super) const fn is_success(&self) -> bool {
        matches!(self.status, 200..300)
    }

    /// The failure that a status which is no success means.
    pub(super) fn failure(&self, kind: Kind, secrets: &Secrets<'_>) -> Error {
        let code = match self.status {
            300..400 => ErrorCode::Redirected,
            401 => ErrorCode::Unauthorized,
            403 => ErrorCode::Forbidden,
            404 => ErrorCode::NotFound,
            // Of a proxy: the request went no further.
            407 => ErrorCode::Unreachable,
            408 => ErrorCode::Timeout,
            409 => ErrorCode::Conflict,
            429 => ErrorCode::RateLimited,
            400..500 => ErrorCode::Rejected,
            500..600 => ErrorCode::Unavailable,
            _ => ErrorCode::InvalidResponse,
        };
        let status = self.status;
        let words = wire::decode_refusal(&self.body).map(|words| secrets.removed_from(&words));
        let page = secrets.web_page(&self.body);
        if status == 407 {
            let detail = wants_password("http");
            return Error::new(code, detail).with_status(status).with_reason(Reason::Proxy).with_retry_is_safe(false);
        }
        let where_to = "check that the base URL ends in `/api`, or over V1 in `/api/public`";
        let is_elsewhere = code == ErrorCode::NotFound && (page.is_some() || words.is_none());
        let detail = match words.or_else(|| page.clone()).or_else(|| secrets.beginning_of(&self.body)) {
            _ if code == ErrorCode::Redirected => {
                format!(
                    "the service responded with {status}, a redirect, which is not followed: it would send the key there"
                )
            }
            Some(words) if is_elsewhere => format!("the service responded with {status}: {words}; {where_to}"),
            Some(words) => format!("the service responded with {status}: {words}"),
            None if is_elsewhere => format!("the service responded with {status} and nothing else: {where_to}"),
            None => format!("the service responded with {status}"),
        };
        let error = kind.failed(code, detail).with_status(status).with_retry_after(self.retry_after);
        if page.is_some() { error.with_reason(Reason::Proxy) } else { error }
    }

    /// The failure that a success which is not the contract means.
    pub(super) fn unexpected(&self, kind: Kind, what: impl std::fmt::Display) -> Error {
        let detail = format!("the service's response {what}");
        kind.failed(ErrorCode::InvalidResponse, detail).with_status(self.status)
    }
}

/// The way to the service.
pub(super) struct Transport {
    http: reqwest::Client,
    key: HeaderValue,
    connected: Arc<AtomicBool>,
    budget: Budget,
    is_loopback: bool,
    /// Plain HTTP by way of a proxy: then it is the proxy that is connected to, without a word of it in the error.
    is_plain_by_proxy: bool,
}

impl Transport {
    /// `base` is the checked base URL.
    pub(super) fn new(options: &ClientOptions, key: &ApiKey, base: &Url) -> Result<Self, Error> {
        let connected = Arc::new(AtomicBool::new(false));
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(options.trust, &options.ca_certificates, &[b"http/1.1"])?)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(IDLE)
            .user_agent(user_agent(options)?)
            .default_headers(HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]))
            .connector_layer(NoteConnections(Arc::clone(&connected)));
        if let Some(Host::Domain(name)) = base.host()
            && is_loopback(base)
        {
            // Whatever a resolver says of that name, plain HTTP and the key stay on this machine.
            builder =
                builder.resolve_to_addrs(name, &[(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()]);
        }
        if let Some(proxy) = &options.proxy {
            let is_http = Url::parse(proxy).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") && url.has_host()
            });
            let refuse = || {
                Error::invalid_input(
                    "proxy",
                    Reason::Malformed,
                    "is not the URL of a proxy; it must begin with `http://`, `https://`, `socks5://` or `socks5h://`",
                )
            };
            let proxy = is_http.then(|| reqwest::Proxy::all(proxy.as_str())).ok_or_else(refuse)?;
            builder = builder.proxy(proxy.map_err(|_| refuse())?);
        }
        if is_loopback(base) {
            // The named one neither: it would see the key.
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| {
            Error::new(ErrorCode::Internal, "the HTTP client could not be set up").with_cause(error.without_url())
        })?;
        // In memory that is wiped, which a header's own copy would not be.
        let key = Bytes::from_owner(Zeroizing::new(key.expose().as_bytes().to_vec()));
        let mut key = HeaderValue::from_maybe_shared(key).map_err(|_| {
            Error::invalid_input("api_key", Reason::BadCharacter, "has a character that no header can carry")
        })?;
        key.set_sensitive(true);
        let is_loopback = is_loopback(base);
        let from_environment = || {
            let base = base.as_str().parse().ok();
            base.is_some_and(|base| Matcher::from_env().intercept(&base).is_some())
        };
        let is_plain_by_proxy =
            base.scheme() == "http" && !is_loopback && (options.proxy.is_some() || from_environment());
        Ok(Self { http, key, connected, budget: Budget::default(), is_loopback, is_plain_by_proxy })
    }

    /// Makes the exchange, and again where that is safe and may help.
    pub(super) async fn exchange(
        &self,
        exchange: Exchange,
        progress: &Progress,
        observers: &Observers,
        max_retries: u32,
        deadline: Instant,
    ) -> Result<HttpResponse, Error> {
        if !self.is_loopback && std::env::var_os("EGOI_VERIFY_OFFLINE").is_some_and(|value| value == "1") {
            return Err(Error::invalid_input(
                "base_url",
                Reason::Unsuitable,
                "is not a loopback address; `EGOI_VERIFY_OFFLINE=1` allows no other",
            ));
        }
        self.budget.call();
        let kind = exchange.kind;
        let mut failed = 0;
        loop {
            let tried = self.once(&exchange, progress, observers).await;
            let wait = match &tried {
                // A refused certificate is refused again.
                Err(error) if error.code() == ErrorCode::Unreachable && error.retry_is_safe() => Duration::ZERO,
                Err(error) if error.code() == ErrorCode::Interrupted && kind.is_repeatable() => Duration::ZERO,
                Ok(response) if matches!(response.status, 429 | 502..=504) && kind.is_repeatable() => {
                    response.retry_after.unwrap_or_default()
                }
                _ => return tried,
            };
            failed += 1;
            let again = Instant::now().checked_add(wait + budget::jitter(failed));
            match again.filter(|again| *again < deadline && failed <= max_retries && self.budget.take()) {
                Some(again) => {
                    progress.exchanges.retries.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep_until(again).await;
                }
                None => return tried,
            }
        }
    }

    async fn once(
        &self,
        exchange: &Exchange,
        progress: &Progress,
        observers: &Observers,
    ) -> Result<HttpResponse, Error> {
        let kind = exchange.kind;
        progress.under_way.store(kind as u8, Ordering::Relaxed);
        let mut request = reqwest::Request::new(exchange.method.clone(), exchange.url.clone());
        if exchange.with_key {
            request.headers_mut().insert(API_KEY, self.key.clone());
        }
        if let Some(body) = &exchange.body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.clone().into());
        }
        if let Some(traceparent) = observers.traceparent().and_then(|value| HeaderValue::try_from(value).ok()) {
            request.headers_mut().insert(TRACEPARENT, traceparent);
        }
        let response =
            self.http.execute(request).await.map_err(|error| self.failure(kind, progress, exchange.host(), error))?;
        let status = response.status().as_u16();
        progress.exchanges.status.store(status, Ordering::Relaxed);
        let mut whole = HttpResponse {
            status,
            body: Zeroizing::default(),
            retry_after: response
                .headers()
                .get(RETRY_AFTER)
                .and_then(|value| wire::retry_after(value.to_str().ok()?, SystemTime::now())),
        };
        // Who redirects says nothing that matters.
        if matches!(status, 300..400) {
            return Ok(whole);
        }
        if is_compressed(response.headers()) {
            return if whole.is_success() { Err(whole.unexpected(kind, "is compressed")) } else { Ok(whole) };
        }
        match read(response).await {
            Ok(body) => whole.body = body,
            // The status of a refusal says what happened; its words are a help for people.
            Err(_) if !whole.is_success() => {}
            Err(Broken::TooLong) => return Err(whole.unexpected(kind, "is longer than 1 MiB")),
            Err(Broken::Lost(error)) => {
                return Err(self.failure(kind, progress, exchange.host(), error).with_status(status));
            }
        }
        Ok(whole)
    }

    /// What it means that an exchange broke.
    fn failure(&self, kind: Kind, progress: &Progress, host: &str, error: reqwest::Error) -> Error {
        let error = error.without_url();
        if error.is_connect() {
            progress.under_way.store(0, Ordering::Relaxed);
            return unreachable(host, self.is_plain_by_proxy, error);
        }
        if in_chain::<hyper::Error>(&error).is_some_and(hyper::Error::is_parse) {
            return kind.failed(ErrorCode::InvalidResponse, "the service's response is not HTTP/1.1").with_cause(error);
        }
        kind.failed(ErrorCode::Interrupted, "the connection broke before the service's complete response")
            .with_cause(error)
    }

    /// The error of a call that met its deadline.
    pub(super) fn out_of_time(&self, progress: &Progress) -> Error {
        // Sound because a request stays with our task until there is a connection to write it to: while this client
        // never had one, nothing of it can have gone out. To know it for each single request, hyper-util's
        // `capture_connection` would be needed, which reqwest does not pass on.
        let kind =
            Kind::of(progress.under_way.load(Ordering::Relaxed)).filter(|_| self.connected.load(Ordering::SeqCst));
        match kind {
            Some(kind) => {
                let is_safe = kind.is_repeatable() && !progress.is_spent.load(Ordering::Relaxed);
                kind.failed(ErrorCode::Timeout, "the deadline came before the service's complete response")
                    .with_retry_is_safe(is_safe)
            }
            None => Error::new(ErrorCode::Unreachable, "the deadline came before a connection to the service")
                .with_reason(Reason::ConnectTimeout),
        }
    }
}

const API_KEY: HeaderName = HeaderName::from_static("apikey");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

fn user_agent(options: &ClientOptions) -> Result<HeaderValue, Error> {
    let mut agent = format!("egoi-verify/{} ({})", env!("CARGO_PKG_VERSION"), options.language);
    if let Some(name) = &options.app_name {
        let is_plain = name.bytes().all(|b| matches!(b, b' '..=b'~'));
        if !is_plain || name.trim().is_empty() || name.len() > 100 {
            return Err(Error::invalid_input(
                "app_name",
                Reason::BadCharacter,
                "is not valid; it must have 1 to 100 visible ASCII characters and spaces",
            ));
        }
        agent.push(' ');
        agent.push_str(name.trim());
    }
    HeaderValue::try_from(agent)
        .map_err(|_| Error::invalid_input("language", Reason::BadCharacter, "has a character that is not allowed"))
}

/// Whether the URL's host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether the body is, which was not asked for. What its type is called decides nothing.
fn is_compressed(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

enum Broken {
    TooLong,
    Lost(reqwest::Error),
}

/// The whole body, in memory that is wiped: it can hold a live code.
async fn read(mut response: reqwest::Response) -> Result<Zeroizing<Vec<u8>>, Broken> {
    let announced = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_RESPONSE) {
        return Err(Broken::TooLong);
    }
    let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(1024)));
    while let Some(chunk) = response.chunk().await.map_err(Broken::Lost)? {
        let length = body.len() + chunk.len();
        if length > MAX_RESPONSE {
            return Err(Broken::TooLong);
        }
        if length > body.capacity() {
            // Growing in place would leave an unwiped copy behind.
            let mut larger = Zeroizing::new(Vec::with_capacity(2 * length));
            larger.extend_from_slice(&body);
            body = larger;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why there is no connection, and what to do about it.
fn unreachable(host: &str, is_plain_by_proxy: bool, error: reqwest::Error) -> Error {
    let (reason, detail, retry_is_safe) = cause_of(host, is_plain_by_proxy, &error);
    let detail = format!("no connection to {host}: {detail}");
    let unreachable = Error::new(ErrorCode::Unreachable, detail).with_retry_is_safe(retry_is_safe).with_cause(error);
    match reason {
        Some(reason) => unreachable.with_reason(reason),
        None => unreachable,
    }
}

/// What a proxy means by a 407, or by refusing a password over SOCKS.
fn wants_password(scheme: &str) -> String {
    format!(
        "the proxy wants a user name and a password, or refuses the ones in its URL: `{scheme}://USER:PASSWORD@HOST:PORT`"
    )
}

/// How a SOCKS5 proxy refuses to connect, in the HTTP library's words.
const SOCKS_RESPONSES: [&str; 6] = [
    "general server failure",
    "connection not allowed",
    "network unreachable",
    "host unreachable",
    "connection refused",
    "ttl expired",
];

fn cause_of(host: &str, is_plain_by_proxy: bool, error: &reqwest::Error) -> (Option<Reason>, String, bool) {
    if let Some(refused) = in_chain::<rustls::Error>(error) {
        return (Some(Reason::Tls), refused_certificate(host, refused), false);
    }
    // The HTTP library does not export the types of these.
    let says = |words: &str| chain(error).any(|cause| cause.to_string().contains(words));
    let proxy = Some(Reason::Proxy);
    let text = |text: &str| text.to_owned();
    if says("proxy authorization required") {
        return (proxy, wants_password("http"), false);
    }
    if says("SOCKS error: credentials not accepted")
        || says("SOCKS error: server does not support user/pass authentication")
        || says("SOCKS error: server implements authentication incorrectly")
    {
        return (proxy, wants_password("socks5h"), false);
    }
    if says("tunnel error: unsuccessful") {
        return (proxy, text("the proxy refused to connect there: allow that host and port in it"), true);
    }
    if let Some(words) = SOCKS_RESPONSES.iter().find(|words| says(&format!("SOCKS error: {words}"))) {
        let fault = format!("the proxy refused to connect there ({words}): allow that host and port in it");
        return (proxy, fault, true);
    }
    if says("error resolving for socks proxy") {
        let fault = "the name has no address: check `base_url`, or with `socks5h://` let the proxy look it up";
        return (Some(Reason::Dns), text(fault), true);
    }
    if says("tunnel error") || says("socks proxy") {
        return (proxy, text("the proxy could not be reached or does not work: check its URL, or HTTPS_PROXY"), true);
    }
    if is_plain_by_proxy {
        return (proxy, text("the proxy could not be reached or does not work: check its URL, or HTTP_PROXY"), true);
    }
    if error.is_dns() {
        return (
            Some(Reason::Dns),
            text("the name has no address: check `base_url`, or the DNS of this machine"),
            true,
        );
    }
    if error.is_timeout() {
        let fault = "it was not made in time (`connect_timeout`): a firewall may drop its packets";
        return (Some(Reason::ConnectTimeout), text(fault), true);
    }
    // One of another kind wraps the one that says why.
    let mut kinds = chain(error).filter_map(|cause| cause.downcast_ref()).map(io::Error::kind);
    match kinds.find(|kind| *kind != io::ErrorKind::Other) {
        Some(io::ErrorKind::ConnectionRefused) => {
            (Some(Reason::Refused), text("nothing listens there: check the host and port of `base_url`"), true)
        }
        Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
            (Some(Reason::Tls), text("the other side ended the TLS handshake: a firewall may be in between"), true)
        }
        Some(kind) => (None, kind.to_string(), true),
        None => (None, text("it could not be made"), true),
    }
}

/// Why TLS failed, and what to do about it.
fn refused_certificate(host: &str, refused: &rustls::Error) -> String {
    use rustls::CertificateError as Fault;
    match refused {
        rustls::Error::InvalidCertificate(Fault::Expired | Fault::ExpiredContext { .. }) => {
            "its certificate has expired, or the clock of this machine is wrong".to_owned()
        }
        rustls::Error::InvalidCertificate(Fault::NotValidYet | Fault::NotValidYetContext { .. }) => {
            "its certificate is not valid yet, or the clock of this machine is wrong".to_owned()
        }
        rustls::Error::InvalidCertificate(Fault::NotValidForName | Fault::NotValidForNameContext { .. }) => {
            format!("its certificate is for another host than {host}: check `base_url`")
        }
        // The latter where another authority has the name of a trusted one.
        rustls::Error::InvalidCertificate(Fault::UnknownIssuer | Fault::BadSignature) => {
            "its certificate is signed by an authority that is not trusted, for example a proxy that reads TLS: give the \
             authority's certificate as `ca_certificates` or in the file that SSL_CERT_FILE names (NODE_EXTRA_CA_CERTS \
             and REQUESTS_CA_BUNDLE are not read)"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(other) => format!("its certificate cannot be used: {other}"),
        rustls::Error::InvalidMessage(_) => {
            "the other side does not speak TLS: check the port of `base_url`, and whether a proxy is in between".to_owned()
        }
        other => format!("the TLS handshake failed: {other}"),
    }
}

/// An error and its causes.
fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        // An I/O error passes over the error that it wraps when it is asked for its source.
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    })
}

/// The first error of this type among an error's causes.
fn in_chain<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// Notes that a connection was made.
#[derive(Clone)]
struct NoteConnections(Arc<AtomicBool>);

impl<S> Layer<S> for NoteConnections {
    type Service = Noting<S>;

    fn layer(&self, connector: S) -> Noting<S> {
        Noting { connector: Arc::new(connector), connected: Arc::clone(&self.0) }
    }
}

/// The HTTP library clones its connector for every request, and uses few of the clones.
struct Noting<S> {
    connector: Arc<S>,
    connected: Arc<AtomicBool>,
}

impl<S> Clone for Noting<S> {
    fn clone(&self) -> Self {
        Self { connector: Arc::clone(&self.connector), connected: Arc::clone(&self.connected) }
    }
}

impl<S, To> Service<To> for Noting<S>
where
    S: Service<To> + Clone + Send + Sync + 'static,
    S::Future: Send,
    To: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: To) -> Self::Future {
        let mut connector = S::clone(&self.connector);
        let connected = Arc::clone(&self.connected);
        Box::pin(async move {
            poll_fn(|context| connector.poll_ready(context)).await?;
            let connection = connector.call(to).await;
            if connection.is_ok() {
                connected.store(true, Ordering::SeqCst);
            }
            connection
        })
    }
}
