//! The events of calls.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use egoi_verify::{
    Api, CallEvent, CallObserver, CallOptions, Client, EgoiSms, Engine, EngineOptions, ErrorCode, Fault, FaultCall,
    OutgoingSms, Quota, RequestOptions, Sandbox, SandboxOptions, SendFuture, SmsGateway, ValidateOptions,
};

const NUMBER: &str = "+351 910 000 000";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[derive(Default)]
struct Told(Mutex<Vec<CallEvent>>);

impl CallObserver for Told {
    fn ended(&self, event: &CallEvent) {
        self.0.lock().unwrap().push(event.clone());
    }

    fn traceparent(&self) -> Option<String> {
        Some(TRACEPARENT.to_owned())
    }
}

impl Told {
    fn take(&self) -> Vec<CallEvent> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    #[track_caller]
    fn only(&self) -> CallEvent {
        let mut events = self.take();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }
}

/// Sends nothing.
struct Nowhere;

impl SmsGateway for Nowhere {
    fn send(&self, _: OutgoingSms) -> SendFuture<'_> {
        Box::pin(async { Ok(()) })
    }
}

async fn sandbox() -> Sandbox {
    Sandbox::start(SandboxOptions::default()).await.unwrap()
}

fn client(sandbox: &Sandbox, told: &Arc<Told>) -> Client {
    Client::new(sandbox.client_options(Api::V2).observer(told.clone())).unwrap()
}

fn engine(options: EngineOptions, told: &Arc<Told>) -> Engine {
    Engine::new(Nowhere, options.observer(told.clone())).unwrap()
}

#[tokio::test]
async fn a_call_of_a_client_is_one_event_with_what_it_did() {
    let (sandbox, told) = (sandbox().await, Arc::new(Told::default()));
    let made = client(&sandbox, &told).request(NUMBER, RequestOptions::default()).await.unwrap();
    let event = told.only();
    assert_eq!((event.verb, event.outcome, event.error, event.limit), ("request", "pending", None, None));
    assert_eq!((event.http_status, event.retries), (Some(201), 0));
    assert_eq!((event.request_id, event.number.as_deref()), (Some(made.id), Some("+35191*****00")));
    assert_eq!(event.country.as_deref(), Some("PT"));
    assert!(event.duration > Duration::ZERO);
}

#[tokio::test]
async fn a_call_that_was_repeated_says_how_often() {
    let (sandbox, told) = (sandbox().await, Arc::new(Told::default()));
    sandbox.fail_next(Fault { call: Some(FaultCall::Senders), status: Some(503), ..Fault::default() }).unwrap();
    client(&sandbox, &told).senders(CallOptions::default()).await.unwrap();
    let event = told.only();
    assert_eq!((event.verb, event.outcome, event.http_status, event.retries), ("senders", "ok", Some(200), 1));
}

#[tokio::test]
async fn a_failure_has_its_code_and_the_status() {
    let (sandbox, told) = (sandbox().await, Arc::new(Told::default()));
    sandbox.fail_next(Fault { call: Some(FaultCall::Request), status: Some(500), ..Fault::default() }).unwrap();
    client(&sandbox, &told).request(NUMBER, RequestOptions::default()).await.unwrap_err();
    let event = told.only();
    assert_eq!((event.outcome, event.error), ("unavailable", Some(ErrorCode::Unavailable)));
    assert_eq!(event.http_status, Some(500));
}

#[tokio::test]
async fn what_was_refused_before_anything_was_sent_is_an_event_without_what_was_given() {
    let (sandbox, told) = (sandbox().await, Arc::new(Told::default()));
    let (client, engine) = (client(&sandbox, &told), engine(EngineOptions::default(), &told));
    client.request("910000000", RequestOptions::default()).await.unwrap_err();
    engine.request("910000000", RequestOptions::default()).await.unwrap_err();
    client.get("+351910000000", CallOptions::default()).await.unwrap_err();
    engine.get("+351910000000", CallOptions::default()).await.unwrap_err();
    for event in told.take() {
        assert_eq!(event.error, Some(ErrorCode::InvalidInput));
        assert_eq!((event.request_id, event.number, event.http_status), (None, None, None));
    }
}

#[tokio::test]
async fn a_limit_of_an_engine_is_named() {
    let told = Arc::new(Told::default());
    let quota = Quota { limit: 1, per: Duration::from_secs(60) };
    let engine = engine(EngineOptions::default().resend_after(None).sms_per_number(Some(quota)), &told);
    engine.request(NUMBER, RequestOptions::default()).await.unwrap();
    engine.request(NUMBER, RequestOptions::default()).await.unwrap_err();
    let [sent, refused] = &*told.take() else { panic!("not two events") };
    assert_eq!((sent.outcome, sent.country.as_deref(), sent.http_status), ("pending", Some("PT"), None));
    assert_eq!((refused.outcome, refused.limit), ("rate_limited", Some("sms_per_number")));
}

#[tokio::test]
async fn a_limit_that_stopped_a_code_is_named() {
    let told = Arc::new(Told::default());
    let engine = engine(EngineOptions::default().max_attempts(Some(1)), &told);
    let id = engine.request(NUMBER, RequestOptions::default()).await.unwrap().id;
    for _ in 0..2 {
        let _ = engine.validate(&id, "WRONG", ValidateOptions::default()).await.unwrap();
    }
    let [_, wrong, stopped] = &*told.take() else { panic!("not three events") };
    assert_eq!((wrong.verb, wrong.outcome, wrong.limit), ("validate", "wrong_code", None));
    assert_eq!((stopped.outcome, stopped.limit), ("too_many_attempts", Some("max_attempts")));
}

#[tokio::test]
async fn every_call_has_its_name() {
    let told = Arc::new(Told::default());
    let engine = engine(EngineOptions::default().resend_after(None), &told);
    let id = engine.request(NUMBER, RequestOptions::default()).await.unwrap().id;
    let _ = engine.validate(&id, "000000", ValidateOptions::default()).await.unwrap();
    engine.resend(&id, CallOptions::default()).await.unwrap();
    engine.get(&id, CallOptions::default()).await.unwrap();
    engine.cancel(&id, CallOptions::default()).await.unwrap();
    engine.ping(CallOptions::default()).await.unwrap();
    engine.find(NUMBER, CallOptions::default()).await.unwrap();
    engine.unlock(NUMBER, CallOptions::default()).await.unwrap();
    engine.erase(NUMBER, CallOptions::default()).await.unwrap();
    let events = told.take();
    let verbs: Vec<_> = events.iter().map(|event| event.verb).collect();
    assert_eq!(verbs, ["request", "validate", "resend", "get", "cancel", "ping", "find", "unlock", "erase"]);
    assert!(events[..5].iter().all(|event| event.request_id.as_deref() == Some(&id)), "{events:?}");
}

#[tokio::test]
async fn the_sms_of_egoi_sms_is_an_event_of_its_own() {
    let (sandbox, told) = (sandbox().await, Arc::new(Told::default()));
    let options = sandbox.client_options(Api::V2).observer(told.clone());
    let engine = Engine::new(EgoiSms::new(options).unwrap(), EngineOptions::default().observer(told.clone())).unwrap();
    engine.request(NUMBER, RequestOptions::default()).await.unwrap();
    assert_eq!(told.take().iter().map(|event| event.verb).collect::<Vec<_>>(), ["send_sms", "request"]);
}

#[tokio::test]
async fn the_requests_of_a_call_carry_its_traceparent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let length = stream.read(&mut head).await.unwrap();
        stream.write_all(b"HTTP/1.1 500 \r\ncontent-length: 0\r\n\r\n").await.unwrap();
        String::from_utf8(head[..length].to_vec()).unwrap()
    });
    let told = Arc::new(Told::default());
    let options = egoi_verify::ClientOptions::new("key", "1").base_url(format!("http://{address}/api"));
    let client = Client::new(options.observer(told.clone())).unwrap();
    client.ping(CallOptions::default()).await.unwrap_err();
    assert!(asked.await.unwrap().contains(&format!("traceparent: {TRACEPARENT}\r\n")));
}

#[tokio::test]
async fn a_call_whose_future_is_dropped_is_aborted() {
    let (sandbox, told) = (sandbox().await, Arc::new(Told::default()));
    sandbox.fail_next(Fault { delay: Duration::from_secs(30), ..Fault::default() }).unwrap();
    let client = client(&sandbox, &told);
    let call = client.request(NUMBER, RequestOptions::default());
    assert!(tokio::time::timeout(Duration::from_millis(10), call).await.is_err());
    let event = told.only();
    assert_eq!((event.outcome, event.error, event.number.as_deref()), ("aborted", None, Some("+35191*****00")));
}

#[tokio::test]
async fn a_panic_of_an_observer_does_not_reach_the_call() {
    struct Panics;

    impl CallObserver for Panics {
        fn ended(&self, _: &CallEvent) {
            panic!("on purpose");
        }

        fn traceparent(&self) -> Option<String> {
            panic!("on purpose")
        }
    }

    let sandbox = sandbox().await;
    let client = Client::new(sandbox.client_options(Api::V2).observer(Arc::new(Panics))).unwrap();
    client.request(NUMBER, RequestOptions::default()).await.unwrap();
}

#[cfg(feature = "tracing")]
#[test]
fn with_the_feature_a_call_is_a_span_with_the_same_fields() {
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};

    #[derive(Default, Clone)]
    struct Fields(Arc<Mutex<Vec<(String, String)>>>);

    impl Visit for &Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            self.0.lock().unwrap().push((field.name().to_owned(), format!("{value:?}")));
        }
    }

    impl tracing::Subscriber for Fields {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, span: &Attributes<'_>) -> Id {
            if span.metadata().name() == "egoi_verify" {
                span.record(&mut &*self);
            }
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, values: &Record<'_>) {
            values.record(&mut &*self);
        }

        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &tracing::Event<'_>) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    let fields = Fields::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(fields.clone(), || {
        runtime.block_on(async {
            let engine = Engine::new(Nowhere, EngineOptions::default()).unwrap();
            engine.request(NUMBER, RequestOptions::default()).await.unwrap();
        });
    });
    let fields = fields.0.lock().unwrap();
    for (name, value) in
        [("verb", "\"request\""), ("outcome", "\"pending\""), ("number", "+35191*****00"), ("country", "PT")]
    {
        assert!(fields.contains(&(name.to_owned(), value.to_owned())), "{name} in {fields:?}");
    }
}
