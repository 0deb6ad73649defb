//! No key, code, message or whole number in anything that the library prints, logs or says of a failure: through every
//! verb of every verifier, at every level of logging, whatever the service repeats.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    pub(crate) mod canaries;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    pub(crate) mod service;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use egoi_verify::{
    Api, CallOptions, Client, ClientOptions, CodeType, EgoiSms, Engine, EngineOptions, Error, ErrorCode, Fault,
    OutgoingSms, PhoneNumber, RequestOptions, Sandbox, SandboxOptions, Store, TestClock, ValidateOptions, Verification,
};

use support::canaries::{Answer, Looked, Secrets};
use support::post::{Fate, Post};
use support::service::{Arrived, Service, Step, closed_port};
use support::watched::{Trouble, Watched};

// ---- Everything that is logged by this thread

thread_local! {
    static LOGGED: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Logged;

/// Takes everything down, of every crate and at every level, and begins anew.
fn log_everything() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing::subscriber::set_global_default(Logged).unwrap();
        log::set_logger(&Logged).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
    LOGGED.take();
}

impl log::Log for Logged {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LOGGED.with_borrow_mut(|text| writeln!(text, "{} {}", record.target(), record.args()).unwrap());
    }

    fn flush(&self) {}
}

struct Fields<'a>(&'a mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        writeln!(self.0, "{field}={value:?} {value:#?}").unwrap();
    }
}

impl tracing::Subscriber for Logged {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        LOGGED.with_borrow_mut(|text| {
            writeln!(text, "{}", span.metadata().name()).unwrap();
            span.record(&mut Fields(text));
        });
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        LOGGED.with_borrow_mut(|text| values.record(&mut Fields(text)));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        LOGGED.with_borrow_mut(|text| event.record(&mut Fields(text)));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

// ---- Calls

/// What a call gave, all of it as it is printed. The number alone is for the user to read.
type Given = Result<Vec<String>, Error>;

fn printed(verification: Verification) -> Vec<String> {
    vec![format!("{verification:?}"), format!("{verification:#?}")]
}

async fn call(client: &Client, secrets: &Secrets, verb: &str) -> Given {
    let (id, number) = (secrets.id.as_str(), secrets.given("number"));
    let options = CallOptions::default();
    Ok(match verb {
        "request" => {
            let options = RequestOptions::default().message(secrets.given("message")).code_size(12);
            printed(client.request(number, options).await?)
        }
        "validate" => {
            let options = ValidateOptions::default();
            let outcome = client.validate(id, secrets.given("code_of_letters"), options).await?;
            vec![format!("{outcome} {outcome:?}")]
        }
        "cancel" => vec![format!("{:?}", client.cancel(id, options).await?)],
        "resend" => printed(client.resend(id, options).await?),
        "get" => printed(client.get(id, options).await?),
        "ping" => vec![format!("{:?}", client.ping(options).await?)],
        "senders" => vec![format!("{:#?}", client.senders(options).await?)],
        other => panic!("no verb {other}"),
    })
}

fn options(secrets: &Secrets, api: Api, base_url: &str) -> ClientOptions {
    ClientOptions::new(secrets.given("api_key"), "1")
        .api(api)
        .base_url(base_url)
        .store(Store::default().key(secrets.given("engine_key")))
}

fn api_and_verb(call: &str) -> (Api, &str) {
    let (api, verb) = call.split_once(' ').unwrap();
    (api.parse().unwrap(), verb)
}

fn sent(answer: &Answer) -> Vec<Step> {
    let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>();
    support::service::response(answer.status, &headers, answer.body.as_bytes())
}

/// A service that repeats what it should not. Before a validation over V2 it lets itself be read.
async fn hostile(secrets: &Arc<Secrets>, call: &str, steps: impl Fn() -> Vec<Step> + Send + Sync + 'static) -> Service {
    let (secrets, is_validation) = (Arc::clone(secrets), call == "v2 validate");
    Service::start(
        move |arrived: &Arrived| {
            if is_validation && arrived.is_read() { sent(&secrets.before_a_v2_validation) } else { steps() }
        },
    )
    .await
}

thread_local! {
    static PANICS_ON_PURPOSE: Cell<bool> = const { Cell::new(false) };
}

/// What a failure is to whoever unwraps it.
fn panic_of(error: Error) -> String {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !PANICS_ON_PURPOSE.get() {
                loud(panic)
            }
        }));
    });
    PANICS_ON_PURPOSE.set(true);
    fn failed(error: Error) -> Result<(), Error> {
        Err(error)
    }
    let panicked = catch_unwind(AssertUnwindSafe(|| failed(error).unwrap()));
    PANICS_ON_PURPOSE.set(false);
    panicked.unwrap_err().downcast_ref::<String>().unwrap().clone()
}

fn look_at_failure(looked: &mut Looked<'_>, place: &str, error: Error) {
    looked.at_error(place, &error);
    looked.at(place, &panic_of(error));
}

mod client {
    use super::*;

    #[tokio::test]
    async fn whatever_a_service_repeats_no_call_tells_a_secret() {
        let secrets = Arc::new(Secrets::read());
        let mut looked = Looked::new(&secrets);
        let mut codes = BTreeSet::new();
        let mut exchanges = 0;
        for (place, answer) in secrets.answers.iter().enumerate() {
            for call_name in &secrets.calls {
                if answer.calls.as_ref().is_some_and(|calls| !calls.contains(call_name)) {
                    continue;
                }
                let (api, verb) = api_and_verb(call_name);
                let answering = Arc::clone(&secrets);
                let service = hostile(&secrets, call_name, move || sent(&answering.answers[place])).await;
                let client = Client::new(options(&secrets, api, &service.url)).unwrap();
                let row = format!("{call_name}, {}", answer.name);
                log_everything();
                let error = call(&client, &secrets, verb).await.expect_err(&row);
                looked.at(&row, &LOGGED.take());
                assert_eq!(error.code().as_str(), answer.code, "{row}: {error}");
                codes.insert(error.code().as_str());
                look_at_failure(&mut looked, &row, error);
                looked.at_value(&row, &client);
                exchanges += 1;
            }
        }
        assert_eq!(codes.len(), 10, "{codes:?}");
        looked.end("failures of a service that repeats secrets", 7 * exchanges);
        assert!(exchanges >= 200, "{exchanges}");
    }

    #[tokio::test]
    async fn what_breaks_on_the_way_tells_no_secret() {
        let secrets = Arc::new(Secrets::read());
        let mut looked = Looked::new(&secrets);
        let half = "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n";
        let all = secrets.canaries.values().map(|canary| canary.given.as_str()).collect::<Vec<_>>().join(" ");
        let proxy = format!("http://user:{}@127.0.0.1:9", secrets.given("proxy_password"));
        let nobody = closed_port().await;
        for call_name in &secrets.calls {
            let (api, verb) = api_and_verb(call_name);
            for (fault, steps, code) in [
                ("closed", vec![Step::Close], ErrorCode::Interrupted),
                ("reset", vec![Step::Reset], ErrorCode::Interrupted),
                ("cut", vec![Step::Send(format!("{half}{all}").into_bytes()), Step::Close], ErrorCode::Interrupted),
                ("not HTTP", vec![Step::Send(format!("{all}\r\n\r\n").into_bytes())], ErrorCode::InvalidResponse),
                ("silence", vec![Step::Send(format!("{half}{all}").into_bytes()), Step::Stall], ErrorCode::Timeout),
            ] {
                let service = hostile(&secrets, call_name, move || steps.clone()).await;
                let given = options(&secrets, api, &service.url);
                let given = if fault == "silence" { given.timeout(Duration::from_millis(80)) } else { given };
                let row = format!("{call_name}, {fault}");
                log_everything();
                let called = call(&Client::new(given).unwrap(), &secrets, verb).await;
                // A ping has no body to miss.
                let error = match called {
                    Ok(_) if verb == "ping" => continue,
                    called => called.expect_err(&row),
                };
                looked.at(&row, &LOGGED.take());
                assert_eq!(error.code(), code, "{row}: {error}");
                look_at_failure(&mut looked, &row, error);
            }
            for (fault, given) in [
                ("nobody there", options(&secrets, api, &nobody)),
                ("no such name", options(&secrets, api, "http://nowhere.invalid").allow_http(true)),
                ("no proxy", options(&secrets, api, "https://nowhere.invalid").proxy(&*proxy)),
            ] {
                let row = format!("{call_name}, {fault}");
                let given = given.timeout(Duration::from_secs(20));
                looked.at_value(&row, &given);
                log_everything();
                let error = call(&Client::new(given).unwrap(), &secrets, verb).await.expect_err(&row);
                looked.at(&row, &LOGGED.take());
                assert_eq!(error.code(), ErrorCode::Unreachable, "{row}: {error}");
                look_at_failure(&mut looked, &row, error);
            }
        }
        looked.end("failures on the way", 400);
    }

    #[test]
    fn options_of_a_request_are_printed_without_message_and_idempotency_key() {
        let secrets = Secrets::read();
        let mut looked = Looked::new(&secrets);
        let options =
            RequestOptions::default().message(secrets.given("message")).idempotency_key(secrets.given("api_key"));
        looked.at_value("options of a request", &options);
        looked.end("options of a request", 2);
    }

    #[test]
    fn a_number_that_is_refused_is_not_logged() {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let mut shown = Vec::new();
        for refused in [
            "+351 917_305_826",
            "+351 917 305 826 +1",
            "++351 917 305 826 (+1)",
            "+351!917305826",
            "+351 917'305'826",
            "\"+351 917 305 826\" <x>",
            "+351 917 305 826 ½",
            "+351 917\u{2028}305 82",
            "+9999 917305826",
            "+351 9173058261234567890",
            "+1 917305826123456789",
            "00 1 917305826123456789",
            "+351 917305",
            "917 305 826",
            "(917) 305 826 ~ 1",
        ] {
            log_everything();
            let error = PhoneNumber::parse(refused).expect_err(refused);
            let logged = format!("{error:?} {}", LOGGED.take());
            let written = digits(refused);
            if written.as_bytes().windows(6).any(|six| logged.contains(std::str::from_utf8(six).unwrap())) {
                shown.push(format!("{refused}: {logged}"));
            }
        }
        assert_eq!(shown, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_proxy_that_repeats_its_password_does_not_have_it_told() {
        let secrets = Secrets::read();
        let password = secrets.given("proxy_password").to_owned();
        let repeats = format!("Proxy-Authenticate: Basic realm=\"{password}\"\r\n");
        let service = Service::start(move |_| support::service::response(407, &repeats, password.as_bytes())).await;
        let proxy = service.url.replace("http://", &format!("http://user:{}@", secrets.given("proxy_password")));
        let client = options(&secrets, Api::V2, "https://nowhere.invalid").proxy(proxy).build().unwrap();
        let mut looked = Looked::new(&secrets);
        log_everything();
        let error = call(&client, &secrets, "request").await.unwrap_err();
        looked.at("407", &LOGGED.take());
        look_at_failure(&mut looked, "407", error);
        assert_eq!(service.arrived().len(), 1, "a refused password is refused again");
        looked.end("a proxy", 6);
    }

    #[test]
    fn what_is_refused_is_not_repeated() {
        let secrets = Secrets::read();
        let given = |name: &str| secrets.given(name).to_owned();
        let (number, code, key) = (given("number"), given("code_of_letters"), given("api_key"));
        let client = |key: &str| ClientOptions::new(key, "1").base_url("http://127.0.0.1:9");
        let at = |url: String| client("k").base_url(url).build().err();
        let engine = |options: EngineOptions| Engine::new(Post::default(), options).err();
        let request = |options: RequestOptions| {
            let engine = Engine::new(Post::default(), EngineOptions::default()).unwrap();
            block_on(engine.request(&number, options)).err()
        };
        let parsed = |text: String| PhoneNumber::parse(&text).err();
        let refused: Vec<(&str, Option<Error>)> = vec![
            ("a key with a control character", client(&format!("{key}\u{7}")).build().err()),
            ("a key outside ASCII", client(&format!("{key}é")).build().err()),
            ("a key that is too long", client(&key.repeat(40)).build().err()),
            ("an API that is none", key.parse::<Api>().err()),
            (
                "a proxy that is none",
                client("k").proxy(format!("socks9://u:{}@x", given("proxy_password"))).build().err(),
            ),
            (
                "a proxy without a host",
                client("k").proxy(format!("http://u:{}@", given("proxy_password"))).build().err(),
            ),
            ("a base URL with a password", at(format!("https://u:{}@x", given("proxy_password")))),
            ("a base URL with a query", at(format!("https://x/?key={key}"))),
            ("a base URL that is none", at(format!("{key}://"))),
            ("a certificate that is none", client("k").ca_certificates(key.as_bytes()).build().err()),
            (
                "a client's store",
                client("k").store(Store::new(format!("redis9://:{}@x", given("store_password")))).build().err(),
            ),
            (
                "an engine's store",
                engine(EngineOptions::default().store(Store::new(format!("x://:{}@x", given("store_password"))))),
            ),
            (
                "an engine key that is too short",
                engine(EngineOptions::default().store(Store::default().key(&given("engine_key").as_bytes()[..31]))),
            ),
            (
                "a previous key that is too short",
                engine(EngineOptions::default().store(
                    Store::default().key([0; 32]).previous_keys([given("engine_key").as_bytes()[..31].to_vec()]),
                )),
            ),
            ("a number without a calling code", parsed(number.replace("+351 ", ""))),
            ("a number that is too long", parsed(format!("{number}000"))),
            ("a number with letters", parsed(format!("{number}x"))),
            ("a number with a code behind it", parsed(format!("{number};{code}"))),
            ("a code that is too long", egoi_verify::Code::parse(&code.repeat(6)).err()),
            (
                "a message without a place",
                request(RequestOptions::default().message(given("message").replace("{CODE}", &code))),
            ),
            ("a message that is too long", request(RequestOptions::default().message(given("message").repeat(40)))),
            (
                "a message with a control character",
                request(RequestOptions::default().message(given("message") + "\u{7}")),
            ),
            ("an idempotency key", request(RequestOptions::default().idempotency_key(key.repeat(9)))),
            ("an id that is none", egoi_verify::RequestId::parse(&format!("{key} {code}")).err()),
        ];
        let mut looked = Looked::new(&secrets);
        let rows = refused.len();
        for (row, error) in refused {
            let error = error.unwrap_or_else(|| panic!("{row} was taken"));
            assert_eq!(error.code(), ErrorCode::InvalidInput, "{row}: {error}");
            look_at_failure(&mut looked, row, error);
        }
        looked.end("refused input", 4 * rows);
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

mod engine {
    use super::*;

    /// What the user's own function failed with: its words are the user's.
    fn failed() -> Box<dyn std::error::Error + Send + Sync> {
        "the gateway is closed".into()
    }

    #[tokio::test]
    async fn an_engine_tells_no_secret_in_any_state_or_failure() {
        let secrets = Secrets::read();
        let mut looked = Looked::new(&secrets);
        let mut codes = BTreeSet::new();
        let number = secrets.given("number");
        let clock = Arc::new(TestClock::default());
        let store = Arc::new(Watched::new(Arc::<TestClock>::clone(&clock)));
        let post = Post::default();
        let engine_options = || {
            EngineOptions::default()
                .store(Store::custom(Arc::<Watched>::clone(&store)).key(secrets.given("engine_key")))
                .max_resends(Some(1))
                .resend_after(None)
        };
        let engine = Engine::new(post.clone(), engine_options()).unwrap();
        let wanted = || RequestOptions::default().message(secrets.given("message")).code_size(12);
        let any = CallOptions::default;
        log_everything();

        let made = engine.request(number, wanted()).await.unwrap();
        looked.at_value("request", &made);
        let wrong =
            engine.validate(&made.id, secrets.given("code_of_letters"), ValidateOptions::default()).await.unwrap();
        looked.at_value("validate", &wrong);
        looked.at_value("get", &engine.get(&made.id, any()).await.unwrap());
        clock.advance(Duration::from_secs(31));
        looked.at_value("resend", &engine.resend(&made.id, any()).await.unwrap());
        looked.at_value("cancel", &engine.cancel(&made.id, any()).await.unwrap());
        let code = post.latest().rsplit(' ').next().unwrap().to_owned();
        let live = |text: &str| assert!(!text.contains(&code), "the code {code} is in {text}");

        let mut failures: Vec<(&str, Error)> = Vec::new();
        let mut failed_with = |row: &'static str, error: Option<Error>| failures.push((row, error.expect(row)));
        failed_with("resend of what is over", engine.resend(&made.id, any()).await.err());
        failed_with("unknown", engine.get(&secrets.id, any()).await.err());
        let for_another = ValidateOptions::default().number("+351 910 000 000");
        failed_with("for another number", engine.validate(&made.id, &code, for_another).await.err());
        for (row, fate) in [("not sent", Fate::NotSent), ("maybe sent", Fate::PossiblySent)] {
            post.next(fate);
            failed_with(row, engine.request(number, wanted()).await.err());
        }
        post.next(Fate::Hangs);
        failed_with("out of time", engine.request(number, wanted().timeout(Duration::from_millis(20))).await.err());
        let keyed = wanted().idempotency_key(secrets.given("api_key"));
        engine.request(number, keyed.clone()).await.unwrap();
        failed_with("another number's key", engine.request("+351 910 000 000", keyed).await.err());
        let too_many = async {
            loop {
                if let Err(error) = engine.request(number, wanted()).await {
                    break error;
                }
            }
        };
        failed_with("too many SMS", Some(too_many.await));
        for method in ["create", "validate", "cancel", "terms", "get"] {
            *store.trouble.lock().unwrap() = Some((method, Trouble::Fails));
            failed_with(
                "storage",
                match method {
                    "create" => engine.request(number, wanted()).await.err(),
                    "validate" => engine.validate(&made.id, &code, ValidateOptions::default()).await.err(),
                    "cancel" => engine.cancel(&made.id, any()).await.err(),
                    "terms" => engine.resend(&made.id, any()).await.err(),
                    _ => engine.get(&made.id, any()).await.err(),
                },
            );
        }
        *store.trouble.lock().unwrap() = None;
        let only_spain = Engine::new(Post::default(), EngineOptions::default().countries(["ES"])).unwrap();
        failed_with("a country that is not allowed", only_spain.request(number, wanted()).await.err());
        let own = |sms: OutgoingSms| {
            drop(sms);
            async { Err(egoi_verify::SendError::NotSent(failed())) }
        };
        failed_with(
            "the user's own words",
            Engine::new(own, engine_options()).unwrap().request("+34 612 345 678", wanted()).await.err(),
        );
        looked.at_value("the user's own failure", &egoi_verify::SendError::PossiblySent(failed()));
        looked.at_value("a number", &PhoneNumber::parse(number).unwrap());
        looked.at("a number", &PhoneNumber::parse(number).unwrap().to_string());
        for (row, error) in failures {
            live(&format!("{error} {error:?}"));
            codes.insert(error.code().as_str());
            look_at_failure(&mut looked, row, error);
        }
        let expected = ["conflict", "delivery_failed", "not_found", "rate_limited", "rejected", "storage", "timeout"];
        assert_eq!(codes.into_iter().collect::<Vec<_>>(), expected);
        looked.at("log", &format!("- {}", LOGGED.take()));
        looked.end("an engine", 80);
    }

    #[cfg(feature = "redis")]
    #[tokio::test]
    async fn a_redis_server_that_repeats_what_it_was_sent_has_nothing_of_it_told() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        let secrets = Secrets::read();
        let mut looked = Looked::new(&secrets);
        let all = secrets.canaries.values().map(|canary| canary.given.as_str()).collect::<Vec<_>>().join(" ");
        for word in
            ["ERR unknown command", "WRONGPASS invalid", "NOAUTH", "NOPERM", "LOADING", "MOVED 1 host:1", "CANARY"]
        {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let reply = format!("-{word} {all}\r\n");
            let serving = tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let mut asked = [0; 65_536];
                    while matches!(stream.read(&mut asked).await, Ok(1..))
                        && stream.write_all(reply.as_bytes()).await.is_ok()
                    {}
                }
            });
            let url = format!("redis://user:{}@127.0.0.1:{port}/0", secrets.given("store_password"));
            let options = EngineOptions::default().store(Store::new(url).key(secrets.given("engine_key")));
            let engine = Engine::new(Post::default(), options).unwrap();
            let wanted =
                RequestOptions::default().message(secrets.given("message")).timeout(Duration::from_millis(300));
            log_everything();
            let error = engine.request(secrets.given("number"), wanted).await.unwrap_err();
            assert!(matches!(error.code(), ErrorCode::Storage | ErrorCode::Misconfigured), "{word}: {error}");
            look_at_failure(&mut looked, word, error);
            looked.at(word, &format!("- {}", LOGGED.take()));
            serving.abort();
        }
        looked.end("a Redis server", 35);
    }

    #[tokio::test]
    async fn an_engine_with_egois_sms_tells_no_secret_that_the_service_repeats() {
        let secrets = Arc::new(Secrets::read());
        let mut looked = Looked::new(&secrets);
        let mut calls = 0;
        // The message that is repeated of other requests has another code in it.
        let is_of_an_sms = |answer: &&Answer| answer.calls.is_none() || answer.name.starts_with("number and key");
        for answer in secrets.answers.iter().filter(is_of_an_sms) {
            let steps = sent(answer);
            let service = Service::start(move |_| steps.clone()).await;
            let sms = EgoiSms::new(options(&secrets, Api::V2, &service.url)).unwrap();
            let engine =
                Engine::new(sms, EngineOptions::default().store(Store::default().key(secrets.given("engine_key"))))
                    .unwrap();
            let wanted = RequestOptions::default().message(secrets.given("message"));
            log_everything();
            let error = engine.request(secrets.given("number"), wanted).await.unwrap_err();
            looked.at(&answer.name, &LOGGED.take());
            assert_eq!(error.code(), ErrorCode::DeliveryFailed, "{error:?}");
            look_at_failure(&mut looked, &answer.name, error);
            calls += 1;
        }
        assert!(calls >= 15, "{calls}");
        looked.end("E-goi's own SMS", 7 * calls);
    }

    #[tokio::test]
    async fn a_code_of_letters_in_an_sms_of_ones_own_is_not_told_though_the_service_repeats_it() {
        let secrets = Secrets::read();
        let codes: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&codes);
        let service = Service::start(move |arrived: &Arrived| {
            let body: serde_json::Value = serde_json::from_str(&arrived.body).unwrap();
            let text = body["textBody"].as_str().unwrap();
            let code = text.rsplit(' ').next().unwrap();
            seen.lock().unwrap().push(code.to_owned());
            let refusal =
                serde_json::json!({"title": format!("{text} is too long"), "detail": format!("word {code}, ({code})")});
            support::service::json(422, &refusal.to_string())
        })
        .await;
        let sms = EgoiSms::new(options(&secrets, Api::V2, &service.url)).unwrap();
        let engine = Engine::new(sms, EngineOptions::default().sms_per_number(None)).unwrap();
        for code_type in [CodeType::Alpha, CodeType::Alphanumeric, CodeType::Hex, CodeType::Numeric] {
            let wanted = RequestOptions::default().message(secrets.given("message")).code_type(code_type).code_size(8);
            let error = engine.request(secrets.given("number"), wanted).await.unwrap_err();
            let code = codes.lock().unwrap().pop().unwrap();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            let text = format!("{error} {error:?} {cause}");
            assert!(cause.contains("the service responded with 422"), "{cause}");
            assert!(!text.to_uppercase().contains(&code), "{code_type}: {code} is in {text}");
            assert_eq!(secrets.found_in(&text), Vec::<String>::new(), "{text}");
        }
    }
}

mod sandbox {
    use super::*;

    #[tokio::test]
    async fn whole_verifications_tell_no_secret_in_values_logs_or_the_sandboxs_journal() {
        let secrets = Secrets::read();
        let mut looked = Looked::new(&secrets);
        let given = |name: &str| secrets.given(name).to_owned();
        let sandbox =
            Sandbox::start(SandboxOptions::default().code(given("code")).api_key(given("api_key"))).await.unwrap();
        let number = secrets.given("number");
        for api in [Api::V1, Api::V2] {
            let client = Client::new(sandbox.client_options(api)).unwrap();
            let any = CallOptions::default;
            let wanted = || RequestOptions::default().message(given("message"));
            log_everything();
            for outcome in ["verified", "cancelled", "failed"] {
                let made = client.request(number, wanted()).await.unwrap();
                looked.at_value("request", &made);
                looked.at_value(
                    "validate",
                    &client
                        .validate(&made.id, secrets.given("code_of_letters"), ValidateOptions::default())
                        .await
                        .unwrap(),
                );
                if api == Api::V2 {
                    looked.at_value("get", &client.get(&made.id, any()).await.unwrap());
                    looked.at_value("resend", &client.resend(&made.id, any()).await.unwrap());
                    looked.at_value("senders", &client.senders(any()).await.unwrap());
                    client.ping(any()).await.unwrap();
                }
                match outcome {
                    "verified" => {
                        let outcome =
                            client.validate(&made.id, &given("code"), ValidateOptions::default()).await.unwrap();
                        assert!(outcome.is_verified());
                    }
                    "cancelled" => looked.at_value("cancel", &client.cancel(&made.id, any()).await.unwrap()),
                    _ => {
                        for status in [302, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503] {
                            sandbox.fail_next(Fault { status: Some(status), ..Fault::default() }).unwrap();
                            if let Err(error) = client.request(number, wanted()).await {
                                look_at_failure(&mut looked, "a fault", error);
                            }
                        }
                    }
                }
            }
            looked.at_value("options", &sandbox.client_options(api));
            looked.at("log", &LOGGED.take());
        }
        for ending in ["001", "002", "004", "401", "403", "500", "503"] {
            let client = sandbox.client().unwrap();
            match client.request(&format!("44-7700900{ending}"), RequestOptions::default()).await {
                Ok(made) => looked.at_value("a number that plays a part", &made),
                Err(error) => look_at_failure(&mut looked, "a number that plays a part", error),
            }
        }
        let journal = journal(&sandbox).await;
        assert!(journal.matches("\"call\"").count() >= 30, "{journal}");
        looked.at("the journal", &journal);
        looked.end("whole verifications", 100);
    }

    async fn journal(sandbox: &Sandbox) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let address = sandbox.url().replace("http://", "");
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let asked = format!("GET /sandbox/journal HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }
}

mod command_line {
    use super::*;

    #[cfg(feature = "cli")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_command_line_tells_no_secret_that_the_service_repeats() {
        let secrets = Arc::new(Secrets::read());
        let mut looked = Looked::new(&secrets);
        let answers: Arc<Mutex<Vec<Step>>> = Arc::default();
        let answering = Arc::clone(&answers);
        let service = Service::start(move |_| answering.lock().unwrap().clone()).await;
        for answer in secrets.answers.iter().filter(|answer| answer.calls.is_none()) {
            *answers.lock().unwrap() = sent(answer);
            for arguments in [vec!["request", secrets.given("number")], vec!["check"], vec!["check", "--json"]] {
                let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_egoi-verify"));
                let command = command.args(&arguments).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
                let command = command.env("EGOI_API_KEY", secrets.given("api_key")).env("EGOI_SENDER", "1");
                let done = command.env("EGOI_BASE_URL", &service.url).output().await.unwrap();
                assert_ne!(done.status.code(), Some(0), "{arguments:?}, {}", answer.name);
                let output = [done.stdout, done.stderr].concat();
                looked.at(&format!("{arguments:?}, {}", answer.name), &String::from_utf8(output).unwrap());
            }
        }
        looked.end("the command line", 50);
    }
}

mod sender {
    use super::*;

    #[tokio::test]
    async fn a_sender_is_printed_with_its_number_masked() {
        let secrets = Secrets::read();
        let listed = r#"[{"id":"1","name":"Shop","phoneNumber":"+351917305826","senderStatus":"active"}]"#;
        let service = Service::responding([support::service::json(200, listed)]).await;
        let senders = service.client(Api::V2).senders(CallOptions::default()).await.unwrap();
        assert_eq!(senders[0].number.as_deref(), Some("+351917305826"));
        assert_eq!(secrets.found_in(&format!("{senders:?} {senders:#?}")), Vec::<String>::new());
    }
}

mod canaries {
    use super::*;

    #[test]
    fn a_canary_is_found_in_every_spelling() {
        let secrets = Secrets::read();
        let mut spellings = 0;
        for (name, canary) in &secrets.canaries {
            for (spelling, written) in &canary.spellings {
                for text in [format!("<{written}>"), written.to_uppercase(), format!("{:?}", written.to_lowercase())] {
                    assert!(secrets.found_in(&text).contains(&format!("{name}, {spelling}")), "{name} in {text}");
                }
                spellings += 1;
            }
        }
        assert!(spellings >= 70, "{spellings}");
        assert_eq!(secrets.found_in("the key +35191*****26 was refused, 3 of 5"), Vec::<String>::new());
    }

    #[test]
    fn a_leak_is_found_in_what_derives_debug_and_in_an_errors_cause() {
        #[derive(Debug)]
        struct Leaking<'a> {
            #[expect(dead_code, reason = "it is printed")]
            key: &'a [u8],
        }
        let secrets = Secrets::read();
        let leaking = Leaking { key: secrets.given("engine_key").as_bytes() };
        assert_eq!(secrets.found_in(&format!("{leaking:?}")), ["engine_key, bytes as a list"]);
        let error = Error::new(ErrorCode::Internal, "it failed").with_cause(secrets.given("api_key"));
        let mut looked = Looked::new(&secrets);
        looked.at_error("a leaking error", &error);
        let found = catch_unwind(AssertUnwindSafe(|| looked.end("a leaking error", 0)));
        assert!(found.is_err(), "the leak was not found");
    }
}

#[test]
fn every_code_that_every_language_shows_is_one_of_the_libraries() {
    let known: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert!(Secrets::read().codes.iter().all(|code| known.contains(&code.as_str())));
}
