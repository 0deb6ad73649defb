//! Everything that can go wrong between client and service: for each fault the error code, whether an SMS may have been
//! sent, whether repeating is safe, and how many SMS the service counted.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/service.rs"]
mod service;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use egoi_verify::ErrorCode::{self, *};
use egoi_verify::{Api, CallOptions, Client, Error, Reason, RequestOptions, ValidateOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use service::{Arrived, CODE, Greeting, ID, NUMBER, Service, Step, closed_port, full_port, json, response};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Request,
    Validate,
    Cancel,
    Resend,
    Get,
}

use Verb::{Cancel, Get, Request, Resend, Validate};

/// Every verb over both versions where it makes sense.
const CALLS: [(Api, Verb); 8] = [
    (Api::V1, Request),
    (Api::V1, Validate),
    (Api::V1, Cancel),
    (Api::V2, Request),
    (Api::V2, Validate),
    (Api::V2, Cancel),
    (Api::V2, Resend),
    (Api::V2, Get),
];

async fn call(client: &Client, verb: Verb) -> Result<String, Error> {
    let options = CallOptions::default();
    match verb {
        Request => client.request(NUMBER, RequestOptions::default()).await.map(|made| made.state.to_string()),
        Validate => client.validate(ID, CODE, ValidateOptions::default()).await.map(|outcome| outcome.to_string()),
        Cancel => client.cancel(ID, options).await.map(|state| state.to_string()),
        Resend => client.resend(ID, options).await.map(|made| made.state.to_string()),
        Get => client.get(ID, options).await.map(|read| read.state.to_string()),
    }
}

/// Whether repeating the call is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Safe {
    Never,
    /// Of `get` and `cancel` alone: here every validation has submitted its code.
    Readers,
    Always,
}

/// A failure as it has to be expected: the code, whether `request` and `resend` may have sent an SMS, whether repeating is
/// safe.
type Expected = (ErrorCode, bool, Safe);

const INTERRUPTED: Expected = (Interrupted, true, Safe::Readers);
const TIMEOUT: Expected = (Timeout, true, Safe::Readers);
const UNEXPECTED: Expected = (InvalidResponse, true, Safe::Never);
const UNREACHABLE: Expected = (Unreachable, false, Safe::Always);
const REDIRECTED: Expected = (Redirected, true, Safe::Never);

fn assert_failed(fault: &str, api: Api, verb: Verb, result: Result<String, Error>, expected: Expected, sms: usize) {
    let (code, sms_possibly_sent, safe) = expected;
    let row = format!("{fault}, {verb:?} over {api:?}");
    let error = match result {
        Err(error) => error,
        Ok(result) => panic!("{row}: no error but {result}"),
    };
    assert_eq!(error.code(), code, "{row}: {error:?}");
    let sends = matches!(verb, Request | Resend);
    assert_eq!(error.sms_possibly_sent(), sends && sms_possibly_sent, "{row}, sms_possibly_sent: {error:?}");
    let is_safe = match safe {
        Safe::Never => false,
        Safe::Readers => matches!(verb, Get | Cancel),
        Safe::Always => true,
    };
    assert_eq!(error.retry_is_safe(), is_safe, "{row}, retry_is_safe: {error:?}");
    assert!(sms <= 1, "{row}: {sms} SMS");
    assert!(sms == 0 || error.sms_possibly_sent() || is_certain(code), "{row}: an SMS was counted and denied");
    assert_eq!(error.request_id(), (verb != Request).then_some(ID), "{row}");
    let printed = format!("{error} {error:?}");
    for secret in [service::KEY, CODE, NUMBER, "910000000"] {
        assert!(!printed.contains(secret), "{row} shows {secret}: {printed}");
    }
}

/// Refusals, after which the service sends nothing although a request arrived.
fn is_certain(code: ErrorCode) -> bool {
    matches!(code, Unauthorized | Forbidden | NotFound | Rejected | Conflict | RateLimited)
}

/// The read before a V2 validation's submission is answered well; everything else gets the fault.
fn faulty(verb: Verb, fault: Vec<Step>) -> impl Fn(&Arrived) -> Vec<Step> + Send + Sync + 'static {
    move |arrived| if verb == Validate && arrived.is_read() { pending() } else { fault.clone() }
}

fn pending() -> Vec<Step> {
    json(200, &format!(r#"{{"id":"{ID}","status":"pending"}}"#))
}

/// All that a verb of either version needs.
fn good() -> String {
    format!(r#"{{"verifyId":"{ID}","requestId":"{ID}","id":"{ID}","status":"pending"}}"#)
}

fn raw(text: &str) -> Vec<Step> {
    vec![Step::Send(text.as_bytes().to_vec())]
}

fn then(mut steps: Vec<Step>, step: Step) -> Vec<Step> {
    steps.push(step);
    steps
}

async fn assert_fault(
    name: &str,
    fault: Vec<Step>,
    expected: Expected,
    calls: impl Fn(Api, Verb) -> bool,
    timeout: Duration,
) {
    for (api, verb) in CALLS.into_iter().filter(|(api, verb)| calls(*api, *verb)) {
        let service = Service::start(faulty(verb, fault.clone())).await;
        let client = Client::new(service.options(api).timeout(timeout)).unwrap();
        let result = call(&client, verb).await;
        assert_failed(name, api, verb, result, expected, service.sms());
    }
}

const LONG: Duration = Duration::from_secs(20);
/// For what can only be seen by waiting.
const SHORT: Duration = Duration::from_millis(300);

fn every(_: Api, _: Verb) -> bool {
    true
}

fn assert_reason(fault: &str, error: &Error, reason: Reason, remedy: &str) {
    assert_eq!((error.code(), error.reason()), (Unreachable, Some(reason)), "{fault}: {error:?}");
    assert!(error.detail().contains(remedy), "{fault}: {error}");
}

mod response {
    use super::*;

    #[tokio::test]
    async fn a_response_that_is_not_the_contract_is_unexpected() {
        let good = good();
        let with = |headers: &str| response(200, headers, good.as_bytes());
        let json200 = |body: &str| json(200, body);
        let bytes200 = |body: &[u8]| response(200, "Content-Type: application/json\r\n", body);
        let rows: Vec<(&str, Vec<Step>)> = vec![
            ("truncated", json200(&good[..good.len() - 4])),
            ("empty", json200("")),
            ("no content", raw("HTTP/1.1 204 X\r\n\r\n")),
            ("null", json200("null")),
            ("more after the end", json200(&format!("{good}{good}"))),
            (
                "not UTF-8",
                bytes200(b"{\"verifyId\":\"\xff\",\"requestId\":\"\xff\",\"id\":\"\xff\",\"status\":\"pending\"}"),
            ),
            (
                "not UTF-8 where nobody looks",
                bytes200(&[&good.as_bytes()[..good.len() - 1], b",\"x\":\"\xff\"}"].concat()),
            ),
            ("a web page", response(200, "Content-Type: text/html\r\n", b"<html><title>Sign in</title></html>")),
            ("a notice before the JSON", json200(&format!("<br />\n<b>Notice</b>: undefined index<br />\n{good}"))),
            ("gzip", with("Content-Encoding: gzip\r\nContent-Type: application/json\r\n")),
            ("br without a type", with("Content-Encoding: br\r\n")),
            (
                "duplicate keys",
                json200(&format!(
                    r#"{{"verifyId":"{ID}","verifyId":"{ID}","requestId":"{ID}","requestId":"{ID}","id":"{ID}","id":"{ID}","status":"pending"}}"#
                )),
            ),
            ("10^4 deep", json200(&"[".repeat(10_000))),
            ("10^4 deep in an object", json200(&r#"{"verifyId":"#.repeat(10_000))),
            ("an array of the fields", json200(&format!(r#"["{ID}","pending"]"#))),
            ("an array of an array", json200(&format!(r#"[["{ID}"]]"#))),
            ("two objects", json200(&format!("[{good},{good}]"))),
            ("a string", json200(&format!("\"{ID}\""))),
            ("ids of another type", json200(r#"{"verifyId":[],"requestId":{},"id":1,"status":"pending"}"#)),
            (
                "10^4 headers",
                raw(&format!("HTTP/1.1 200 X\r\n{}Content-Length: 0\r\n\r\n", "X-Y: z\r\n".repeat(10_000))),
            ),
            (
                "100 MiB announced",
                then(
                    raw("HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n"),
                    Step::Flood(104_857_600),
                ),
            ),
            (
                "100 MiB to the end of the connection",
                then(raw("HTTP/1.1 200 X\r\nContent-Type: application/json\r\n\r\n"), Step::Flood(104_857_600)),
            ),
            ("not HTTP", raw("220 smtp.example.com ESMTP\r\n\r\n")),
            ("HTTP/9.9", raw("HTTP/9.9 200 X\r\n\r\n")),
            ("a status of its own", raw("HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n")),
        ];
        for (name, fault) in rows {
            assert_fault(name, fault, UNEXPECTED, every, LONG).await;
        }
    }

    #[tokio::test]
    async fn a_response_about_another_request_is_unexpected() {
        let other = r#"{"verifyId":"other","requestId":"other","id":"other","status":"verified"}"#;
        assert_fault("another id", json(200, other), UNEXPECTED, |_, verb| verb != Request, LONG).await;
        let pathlike = r#"{"verifyId":"../x","requestId":"../x","status":"Ok"}"#;
        assert_fault("an id that is a path", json(200, pathlike), UNEXPECTED, |_, verb| verb == Request, LONG).await;
    }

    #[tokio::test]
    async fn an_unknown_status_word_and_one_about_no_request_are_never_a_success_and_are_told() {
        for word in ["Perhaps", "Error", "verified!", ""] {
            let body = good().replace("pending", word);
            // A request over V2 has no status.
            let has_status = |api, verb| (api, verb) != (Api::V2, Request) && !(verb == Request && word == "Error");
            assert_fault(word, json(200, &body), UNEXPECTED, has_status, LONG).await;
        }
        let unknown = good().replace("pending", "Perhaps");
        for (body, expected) in [
            (unknown.as_str(), "`Perhaps`"),
            (r#"{"status":"Perhaps"}"#, "`Perhaps`"),
            (r#"{"status":"Verified"}"#, "no request id"),
        ] {
            let service = Service::responding([json(200, body)]).await;
            let error = call(&service.client(Api::V1), Validate).await.unwrap_err();
            assert!(error.code() == InvalidResponse && error.detail().contains(expected), "{body}: {error}");
        }
    }

    #[tokio::test]
    async fn a_v1_request_that_is_answered_error_is_rejected_with_the_services_words() {
        let body = format!(r#"{{"status":"Error","error":"no balance for {NUMBER}"}}"#);
        let service = Service::responding([json(200, &body)]).await;
        let result = call(&service.client(Api::V1), Request).await;
        let error = result.as_ref().unwrap_err();
        assert!(error.detail().contains("no balance for [removed]"), "{error}");
        assert_failed("Error", Api::V1, Request, result, (Rejected, false, Safe::Never), service.sms());
    }

    #[tokio::test]
    async fn every_status_has_its_code() {
        let refused = |code| (code, false, Safe::Never);
        for (status, expected) in [
            (401, refused(Unauthorized)),
            (402, refused(Rejected)),
            (403, refused(Forbidden)),
            (404, refused(NotFound)),
            (405, refused(Rejected)),
            (408, TIMEOUT),
            (409, refused(Conflict)),
            (413, refused(Rejected)),
            (418, refused(Rejected)),
            (422, refused(Rejected)),
            (429, (RateLimited, false, Safe::Always)),
            (500, (Unavailable, true, Safe::Readers)),
            (501, (Unavailable, true, Safe::Readers)),
            (502, (Unavailable, true, Safe::Readers)),
            (503, (Unavailable, true, Safe::Readers)),
            (504, (Unavailable, true, Safe::Readers)),
            (300, REDIRECTED),
            (304, REDIRECTED),
        ] {
            for body in ["", r#"{"title":"No","detail":"no code 731902 for 351-910000000"}"#] {
                // Tries again would be slow and are tested below: the response says to come back too late.
                let fault = response(
                    status,
                    "Content-Type: application/problem+json\r\nRetry-After: 9999\r\n",
                    body.as_bytes(),
                );
                let fault = if status == 304 { raw("HTTP/1.1 304 X\r\n\r\n") } else { fault };
                assert_fault(&status.to_string(), fault, expected, every, LONG).await;
            }
        }
        // A 400 that a V2 validation, cancellation or resend does not read again for.
        let plain = |api, verb| api == Api::V1 || matches!(verb, Request | Get);
        assert_fault("400", json(400, r#"{"title":"No"}"#), refused(Rejected), plain, LONG).await;
    }
}

mod connection {
    use super::*;

    #[tokio::test]
    async fn a_broken_connection_is_interrupted() {
        let head = "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n";
        let chunked = "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (name, fault) in [
            ("closed after the request", vec![Step::Close]),
            ("reset after the request", vec![Step::Reset]),
            ("closed in the headers", then(raw("HTTP/1.1 200 X\r\nConte"), Step::Close)),
            ("cut body", then(raw(&format!("{head}{{\"")), Step::Close)),
            ("reset body", then(raw(&format!("{head}{{\"")), Step::Reset)),
            ("cut chunked body", then(raw(&format!("{chunked}5\r\n{{\"ver\r\n")), Step::Close)),
            ("chunks that are none", then(raw(&format!("{chunked}zz\r\n")), Step::Close)),
        ] {
            assert_fault(name, fault, INTERRUPTED, every, LONG).await;
        }
    }

    #[tokio::test]
    async fn a_connection_that_is_reset_before_the_request_is_interrupted() {
        for (api, verb) in CALLS {
            let service = Service::greeting(Greeting::Reset, |_| panic!("no request can arrive")).await;
            let result = call(&service.client(api), verb).await;
            // The validation's read never came through, so no code was submitted.
            let expected =
                if (api, verb) == (Api::V2, Validate) { (Interrupted, true, Safe::Always) } else { INTERRUPTED };
            assert_failed("reset before", api, verb, result, expected, service.sms());
        }
    }

    #[tokio::test]
    async fn a_service_that_stops_in_the_middle_is_a_timeout() {
        let head = "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n";
        for (name, fault) in [
            ("no response", vec![Step::Stall]),
            ("slow headers", then(raw("HTTP/1.1 200 X\r\nConte"), Step::Stall)),
            ("slow body", then(raw(&format!("{head}{{\"")), Step::Stall)),
        ] {
            assert_fault(name, fault, TIMEOUT, every, SHORT).await;
        }
        // Before the code was submitted nothing is lost.
        let service = Service::start(|_| vec![Step::Stall]).await;
        let client = Client::new(service.options(Api::V2).timeout(SHORT)).unwrap();
        let error = call(&client, Validate).await.unwrap_err();
        assert_eq!((error.code(), error.retry_is_safe()), (Timeout, true));
    }

    #[tokio::test]
    async fn nobody_there_is_unreachable_and_certain() {
        for (api, verb) in CALLS {
            let options = egoi_verify::ClientOptions::new(service::KEY, "1").api(api);
            let refused = Client::new(options.clone().base_url(closed_port().await)).unwrap();
            assert_failed("refused", api, verb, call(&refused, verb).await, UNREACHABLE, 0);
        }
        let (url, _socket, _held) = full_port().await;
        for (api, verb) in [(Api::V1, Request), (Api::V2, Request), (Api::V2, Validate), (Api::V2, Resend)] {
            let options = egoi_verify::ClientOptions::new(service::KEY, "1").api(api).base_url(url.as_str());
            let deadline = Client::new(options.clone().timeout(Duration::from_millis(80))).unwrap();
            assert_failed("a deadline before a connection", api, verb, call(&deadline, verb).await, UNREACHABLE, 0);
            let connect = Client::new(options.connect_timeout(Duration::from_millis(20))).unwrap();
            assert_failed("connect timeout", api, verb, call(&connect, verb).await, UNREACHABLE, 0);
        }
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_is_unreachable() {
        let options =
            egoi_verify::ClientOptions::new(service::KEY, "1").base_url("http://nowhere.invalid").allow_http(true);
        let client = Client::new(options).unwrap();
        assert_failed("DNS", Api::V2, Request, call(&client, Request).await, UNREACHABLE, 0);
    }

    #[tokio::test]
    async fn once_there_was_a_connection_a_deadline_no_longer_says_that_nothing_was_sent() {
        let service = Service::start(|arrived| if arrived.sends_sms() { vec![Step::Stall] } else { pending() }).await;
        let client = Client::new(service.options(Api::V2).timeout(SHORT)).unwrap();
        assert_eq!(call(&client, Get).await.unwrap(), "pending");
        assert_failed("stall", Api::V2, Request, call(&client, Request).await, TIMEOUT, service.sms());
        assert_eq!(service.sms(), 1);
    }

    #[tokio::test]
    async fn a_connection_closed_while_idle_costs_no_call() {
        for (api, verb) in CALLS {
            let service = Service::start(|arrived| {
                let status = if arrived.sends_sms() { "Ok" } else { "pending" };
                then(
                    json(200, &good().replace("pending", if arrived.path.contains("v2") { "pending" } else { status })),
                    Step::Close,
                )
            })
            .await;
            let client = service.client(api);
            call(&client, verb).await.unwrap_or_else(|error| panic!("{verb:?} over {api:?}: {error:?}"));
            let (exchanges, sms) = (service.connections(), service.sms());
            service.until(|service| service.closed() == exchanges).await;
            // The client has seen the end of the connection once it had the chance to run.
            tokio::time::sleep(Duration::from_millis(20)).await;
            call(&client, verb).await.unwrap_or_else(|error| panic!("{verb:?} over {api:?}: {error:?}"));
            assert_eq!(service.sms(), 2 * sms, "one SMS for each call");
        }
    }

    #[tokio::test]
    async fn http_1_0_is_understood() {
        let old = |arrived: &Arrived| {
            let body = good().replace("pending", if arrived.path == "/verify/request" { "Ok" } else { "pending" });
            then(raw(&format!("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{body}")), Step::Close)
        };
        for (api, verb) in CALLS {
            let service = Service::start(old).await;
            let result = call(&service.client(api), verb).await.unwrap();
            assert_eq!(result, if verb == Validate { "wrong_code" } else { "pending" });
            assert_eq!(service.sms(), usize::from(matches!(verb, Request | Resend)));
        }
    }

    #[tokio::test]
    async fn a_response_before_the_request_is_taken_or_told_and_never_denied() {
        const EARLY: &str = "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n";
        for (api, verb) in CALLS {
            let service = Service::greeting(Greeting::Early(EARLY), |_| vec![Step::Close]).await;
            let error = call(&service.client(api), verb).await.unwrap_err();
            assert!(matches!(error.code(), Unavailable | Interrupted | InvalidResponse), "{error:?}");
            assert_eq!(error.sms_possibly_sent(), matches!(verb, Request | Resend), "{error:?}");
            assert!(service.sms() <= 1);
        }
    }

    #[tokio::test]
    async fn a_response_left_over_on_a_connection_is_not_the_next_calls() {
        let verified = format!(r#"{{"id":"{ID}","status":"verified"}}"#);
        let service = Service::start(move |arrived| {
            if arrived.connection == 0 { [json(200, &good()), json(200, &verified)].concat() } else { pending() }
        })
        .await;
        let client = service.client(Api::V2);
        assert_eq!(call(&client, Get).await.unwrap(), "pending");
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(call(&client, Get).await.unwrap(), "pending");
    }
}

mod redirect {
    use super::*;

    #[tokio::test]
    async fn no_redirection_is_followed_and_not_one_byte_arrives_elsewhere() {
        let elsewhere = Service::start(|_| json(200, &good())).await;
        for status in [301, 302, 303, 307, 308] {
            let fault = response(status, &format!("Location: {}/x\r\n", elsewhere.url), b"");
            assert_fault(&status.to_string(), fault, REDIRECTED, every, LONG).await;
        }
        assert_eq!(elsewhere.connections(), 0);
    }
}

mod tls {
    use super::*;

    struct Authority {
        issuer: CertifiedIssuer<'static, KeyPair>,
    }

    impl Authority {
        fn new() -> Self {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
        }

        fn acceptor(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
            change(&mut params);
            let certificate = params.signed_by(&key, &self.issuer).unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
                .unwrap();
            TlsAcceptor::from(Arc::new(config))
        }
    }

    #[tokio::test]
    async fn a_certificate_that_is_expired_unknown_or_for_another_host_stops_everything() {
        let (ours, theirs) = (Authority::new(), Authority::new());
        let expired = |params: &mut CertificateParams| params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        for (fault, acceptor, remedy) in [
            ("expired", ours.acceptor("127.0.0.1", expired), "has expired, or the clock"),
            ("unknown", theirs.acceptor("127.0.0.1", |_| ()), "not trusted, for example a proxy that reads TLS"),
            ("for another host", ours.acceptor("example.com", |_| ()), "for another host than 127.0.0.1"),
        ] {
            let tried = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&tried);
            let service = Service::with_tls(Some(acceptor), Greeting::Wait, move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                json(200, &good())
            })
            .await;
            for (api, verb) in CALLS {
                let options = service.options(api).ca_certificates(ours.issuer.pem());
                let connections = service.connections();
                let result = call(&Client::new(options).unwrap(), verb).await;
                assert_reason(fault, result.as_ref().unwrap_err(), Reason::Tls, remedy);
                assert_failed(fault, api, verb, result, (Unreachable, false, Safe::Never), service.sms());
                assert_eq!(service.connections(), connections + 1, "a refused certificate is not tried again");
            }
            assert_eq!(tried.load(Ordering::SeqCst), 0, "{fault}: a request arrived");
        }
        let acceptor = ours.acceptor("127.0.0.1", |_| ());
        let service = Service::with_tls(Some(acceptor), Greeting::Wait, |_| json(200, &good())).await;
        let client = Client::new(service.options(Api::V2).ca_certificates(ours.issuer.pem())).unwrap();
        assert_eq!(call(&client, Get).await.unwrap(), "pending", "the right certificate is accepted");
    }

    /// `openssl req -new -x509 -nodes`, with or without a name: it is its own root, and may sign others.
    fn made_by_openssl(names: Vec<String>) -> (String, TlsAcceptor) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        (certificate.pem(), TlsAcceptor::from(Arc::new(config)))
    }

    #[tokio::test]
    async fn a_self_signed_certificate_is_good_where_it_was_given_as_trusted() {
        let here = || "127.0.0.1".to_owned();
        for (names, given, accepted) in [
            (vec![here()], true, true),
            (vec![], true, true),
            (vec!["example.com".to_owned()], true, false),
            (vec![here()], false, false),
        ] {
            let (pem, acceptor) = made_by_openssl(names.clone());
            let (other, _) = made_by_openssl(vec![here()]);
            let service = Service::with_tls(Some(acceptor), Greeting::Wait, |_| json(200, &good())).await;
            let options = service.options(Api::V2).ca_certificates(if given { pem } else { other });
            let done = call(&Client::new(options).unwrap(), Get).await;
            assert_eq!(done.is_ok(), accepted, "{names:?}, given: {given}: {done:?}");
        }
    }

    /// The environment belongs to a process, so this test runs itself in another one.
    #[tokio::test]
    async fn ssl_cert_file_is_believed_and_the_environments_proxy_is_never_used_for_loopback() {
        const URL: &str = "EGOI_VERIFY_TEST_URL";
        const NAME: &str = "tls::ssl_cert_file_is_believed_and_the_environments_proxy_is_never_used_for_loopback";
        if let Ok(url) = std::env::var(URL) {
            let client = Client::new(egoi_verify::ClientOptions::new(service::KEY, "1").base_url(url)).unwrap();
            assert_eq!(call(&client, Get).await.unwrap(), "pending");
            return;
        }
        let authority = Authority::new();
        let service =
            Service::with_tls(Some(authority.acceptor("127.0.0.1", |_| ())), Greeting::Wait, |_| json(200, &good()))
                .await;
        let folder = std::env::temp_dir().join(format!("egoi-verify-{}", std::process::id()));
        let (pem, missing) = (folder.join("root.pem"), folder.join("missing.pem"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&pem, authority.issuer.pem()).unwrap();
        std::fs::write(folder.join("README"), "no certificate").unwrap();
        let dead_proxy = closed_port().await;
        for (variable, path, is_trusted) in [
            ("SSL_CERT_FILE", Some(&pem), true),
            ("SSL_CERT_DIR", Some(&folder), true),
            ("SSL_CERT_FILE", None, false),
            ("SSL_CERT_FILE", Some(&missing), false),
        ] {
            let mut again = std::process::Command::new(std::env::current_exe().unwrap());
            again.args(["--exact", NAME]).env(URL, &service.url).env("HTTPS_PROXY", &dead_proxy).env_remove("NO_PROXY");
            again.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
            if let Some(path) = path {
                again.env(variable, path);
            }
            let done = tokio::task::spawn_blocking(move || again.output()).await.unwrap().unwrap();
            let output = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            assert_eq!(done.status.success(), is_trusted, "{output}");
            assert!(path != Some(&missing) || output.contains("missing.pem"), "the path is named: {output}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(service.arrived().len(), 2);
    }
}
