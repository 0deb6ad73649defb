//! The code of the guides in `docs/guides`, run. The site shows the sections between two markers.

#![cfg(all(feature = "sandbox", feature = "sqlite"))]
#![allow(clippy::unwrap_used, unreachable_pub, reason = "what a reader copies is public")]

mod support {
    pub(crate) mod files;
}

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use egoi_verify::{
    CallOptions, Client, Engine, EngineOptions, ErrorCode, Fault, Outcome, OutgoingSms, RequestOptions, Sandbox,
    SandboxOptions, SendError, State, TestClock, ValidateOptions, Verification,
};

const NUMBER: &str = "+351 910 000 000";
const PATIENCE: Duration = Duration::from_secs(5);

/// What a reader sends SMS with.
#[derive(Clone, Default)]
pub struct Gateway {
    texts: Arc<Mutex<Vec<String>>>,
    refuses: bool,
}

impl Gateway {
    async fn deliver(&self, _number: &str, text: &str, _reference: &str) -> io::Result<()> {
        if self.refuses {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        self.texts.lock().unwrap().push(text.to_owned());
        Ok(())
    }

    /// The code of the last SMS: "123456 is your verification code."
    fn code(&self) -> String {
        self.texts.lock().unwrap().last().unwrap()[..6].to_owned()
    }
}

mod first {
    // --8<-- [start:first]
    use std::time::Duration;

    use egoi_verify::{Error, RequestOptions, Sandbox, SandboxOptions, ValidateOptions};

    pub async fn prove(number: &str) -> Result<bool, Error> {
        let sandbox = Sandbox::start(SandboxOptions::default()).await?;
        let client = sandbox.client()?;

        let verification = client.request(number, RequestOptions::default()).await?;
        let code = sandbox.wait_for_code(number, Duration::from_secs(5)).await?;
        let outcome = client.validate(&verification.id, &code, ValidateOptions::default().number(number)).await?;

        Ok(outcome.is_verified())
    }
    // --8<-- [end:first]
}

mod client {
    // --8<-- [start:client]
    use egoi_verify::{Client, ClientOptions, Error};

    /// Once, when your server starts: the client holds the pool of connections.
    pub fn connect(api_key: &str, sender: &str) -> Result<Client, Error> {
        Client::new(ClientOptions::new(api_key, sender))
    }
    // --8<-- [end:client]
}

mod outcomes {
    // --8<-- [start:outcomes]
    use egoi_verify::{Error, Outcome, ValidateOptions, Verifier};

    /// What to tell the person. `id` and `number` come from your session, `given` from the form.
    pub async fn check(verifier: &impl Verifier, id: &str, number: &str, given: &str) -> Result<&'static str, Error> {
        Ok(match verifier.validate(id, given, ValidateOptions::default().number(number)).await? {
            Outcome::Verified => "the number is proved",
            Outcome::WrongCode => "not that code; try again",
            Outcome::Expired | Outcome::Cancelled | Outcome::TooManyAttempts => "ask for a new code",
            Outcome::AlreadyVerified => "verified before, which proves nothing now",
        })
    }
    // --8<-- [end:outcomes]
}

mod engine {
    use std::io;

    use super::Gateway;

    // --8<-- [start:engine]
    use egoi_verify::{Engine, EngineOptions, Error, OutgoingSms, SendError};

    pub fn engine(gateway: Gateway) -> Result<Engine, Error> {
        let send = move |sms: OutgoingSms| {
            let gateway = gateway.clone();
            async move {
                match gateway.deliver(&sms.number.e164(), &sms.text, &sms.attempt_id).await {
                    Ok(()) => Ok(()),
                    // Only if it is certain that nothing was sent.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                        Err(SendError::NotSent(error.into()))
                    }
                    Err(error) => Err(SendError::PossiblySent(error.into())),
                }
            }
        };
        Engine::new(send, EngineOptions::default())
    }
    // --8<-- [end:engine]
}

mod store {
    // --8<-- [start:store]
    use egoi_verify::{CallOptions, Engine, EngineOptions, Error, SmsGateway, Store};

    /// `url` is `sqlite:PATH`, `postgres://…` or `redis://…`. Make the key once: `openssl rand -hex 32`.
    pub async fn with_a_store(gateway: impl SmsGateway + 'static, url: &str, key: String) -> Result<Engine, Error> {
        let store = Store::new(url).key(key);
        let engine = Engine::new(gateway, EngineOptions::default().store(store))?;
        engine.ping(CallOptions::default()).await?; // Fails if the store cannot be used.
        Ok(engine)
    }
    // --8<-- [end:store]
}

mod limits {
    // --8<-- [start:limits]
    use std::time::Duration;

    use egoi_verify::{Engine, EngineOptions, Error, PrefixQuota, Quota, RequestOptions, SmsGateway, Verification};

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    pub fn for_production(gateway: impl SmsGateway + 'static) -> Result<Engine, Error> {
        let options = EngineOptions::default()
            .countries(["PT", "ES"])
            .sms_per_client(Some(Quota { limit: 5, per: DAY }))
            .wrong_codes_per_client(Some(Quota { limit: 20, per: DAY }))
            .sms_per_prefix(Some(PrefixQuota { limit: 20, per: DAY, last_digits: 4 }));
        Engine::new(gateway, options)
    }

    /// `caller` is an address, a session or a device.
    pub async fn request_for(engine: &Engine, caller: &str, number: &str) -> Result<Verification, Error> {
        engine.request(number, RequestOptions::default().client(caller)).await
    }
    // --8<-- [end:limits]
}

mod resend {
    // --8<-- [start:resend]
    use std::time::{Duration, SystemTime};

    use egoi_verify::{CallOptions, Error, State, Verification, Verifier};

    /// For "Send again in 24 s". At zero the button works.
    pub fn until_resend(verification: &Verification) -> Duration {
        let Some(at) = verification.resend_at else { return Duration::ZERO };
        at.duration_since(SystemTime::now()).unwrap_or_default()
    }

    /// The old code stops working, and the validity starts again.
    pub async fn send_again(verifier: &impl Verifier, id: &str) -> Result<Verification, Error> {
        verifier.resend(id, CallOptions::default()).await
    }

    /// `Cancelled`; `Verified` or `Expired` if it was too late.
    pub async fn give_up(verifier: &impl Verifier, id: &str) -> Result<State, Error> {
        verifier.cancel(id, CallOptions::default()).await
    }
    // --8<-- [end:resend]
}

mod errors {
    // --8<-- [start:errors]
    use egoi_verify::{Error, ErrorCode};

    /// What to do after a `request` failed.
    pub fn advice(error: &Error) -> String {
        match error.code() {
            ErrorCode::InvalidInput | ErrorCode::Rejected => format!("correct the number: {}", error.detail()),
            _ if error.retry_is_safe() => match error.retry_after() {
                Some(wait) => format!("try again in {} s", wait.as_secs_f64().ceil()),
                None => "try again".to_owned(),
            },
            _ if error.sms_possibly_sent() => "an SMS may arrive: wait for it before you try again".to_owned(),
            _ => format!("tell an operator: {error}"),
        }
    }
    // --8<-- [end:errors]
}

mod log {
    // --8<-- [start:log]
    use egoi_verify::Error;

    /// One line for your log. It contains no key, no code and no full number.
    pub fn log_line(error: &Error) -> String {
        let reason = error.reason().map(|reason| reason.to_string()).unwrap_or_default();
        format!(
            "code={} reason={reason} limit={} status={} request_id={} sms_possibly_sent={}",
            error.code(),
            error.limit().unwrap_or_default(),
            error.http_status().map(|status| status.to_string()).unwrap_or_default(),
            error.request_id().unwrap_or_default(),
            error.sms_possibly_sent(),
        )
    }
    // --8<-- [end:log]
}

// --8<-- [start:testing]
#[tokio::test]
async fn a_code_that_comes_too_late_is_expired() -> Result<(), egoi_verify::Error> {
    let sandbox = Sandbox::start(SandboxOptions::default()).await?;
    let client = sandbox.client()?;
    let options = RequestOptions::default().ttl(Duration::from_secs(60));
    let verification = client.request("+351 910 000 000", options).await?;
    let code = sandbox.wait_for_code("+351 910 000 000", Duration::from_secs(5)).await?;

    sandbox.clock().advance(Duration::from_secs(60)); // Nobody waits.

    let outcome = client.validate(&verification.id, &code, ValidateOptions::default()).await?;
    assert_eq!(outcome, Outcome::Expired);
    Ok(())
}
// --8<-- [end:testing]

mod autofill {
    // --8<-- [start:autofill]
    use egoi_verify::{Error, RequestOptions, Verification, Verifier, with_origin};

    /// The last line of the SMS names your site, and the phone fills the code in there only.
    pub async fn request_with_autofill(verifier: &impl Verifier, number: &str) -> Result<Verification, Error> {
        let message = with_origin("{CODE} is your code.", "example.com")?;
        verifier.request(number, RequestOptions::default().message(message)).await
    }
    // --8<-- [end:autofill]
}

#[tokio::test]
async fn first_proves_a_number() {
    assert!(first::prove(NUMBER).await.unwrap());
}

#[tokio::test]
async fn client_connects_without_a_call() {
    let client: Client = client::connect("key", "1234").unwrap();
    drop(client);
}

#[tokio::test]
async fn outcomes_say_what_to_do() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let client = sandbox.client().unwrap();
    let id = client.request(NUMBER, RequestOptions::default()).await.unwrap().id;
    let code = sandbox.wait_for_code(NUMBER, PATIENCE).await.unwrap();
    let mut told = vec![];
    for given in ["no", &code, &code] {
        told.push(outcomes::check(&client, &id, NUMBER, given).await.unwrap());
    }
    assert_eq!(told, ["not that code; try again", "the number is proved", "verified before, which proves nothing now"]);
}

async fn proves(engine: &Engine, gateway: &Gateway, verification: &Verification) -> bool {
    engine.validate(&verification.id, &gateway.code(), ValidateOptions::default()).await.unwrap().is_verified()
}

#[tokio::test]
async fn engine_sends_by_the_gateway() {
    let gateway = Gateway::default();
    let engine = engine::engine(gateway.clone()).unwrap();
    let verification = engine.request(NUMBER, RequestOptions::default()).await.unwrap();
    assert!(proves(&engine, &gateway, &verification).await);
}

#[tokio::test]
async fn engine_says_that_nothing_was_sent() {
    let engine = engine::engine(Gateway { refuses: true, ..Gateway::default() }).unwrap();
    let error = engine.request(NUMBER, RequestOptions::default()).await.unwrap_err();
    assert_eq!((error.code(), error.sms_possibly_sent()), (ErrorCode::DeliveryFailed, false));
}

#[tokio::test]
async fn store_outlives_the_engine() {
    let url = support::files::Folder::new_url_here();
    let send = |_sms| async { Ok(()) };
    let before = store::with_a_store(send, &url, "0".repeat(64)).await.unwrap();
    let id = before.request(NUMBER, RequestOptions::default()).await.unwrap().id;
    drop(before);
    let after = store::with_a_store(send, &url, "0".repeat(64)).await.unwrap();
    assert_eq!(after.get(&id, CallOptions::default()).await.unwrap().state, State::Pending);
}

#[tokio::test]
async fn limits_stop_a_caller_and_a_country() {
    let engine = limits::for_production(|_sms| async { Ok(()) }).unwrap();
    for last in 0..5 {
        limits::request_for(&engine, "203.0.113.1", &format!("+35191000000{last}")).await.unwrap();
    }
    let sixth = limits::request_for(&engine, "203.0.113.1", "+351910000005").await.unwrap_err();
    assert_eq!(sixth.limit(), Some("sms_per_client"));
    let abroad = limits::request_for(&engine, "203.0.113.2", "+447911123456").await.unwrap_err();
    assert_eq!(abroad.code(), ErrorCode::Rejected);
}

#[tokio::test]
async fn resend_counts_down_and_sends_a_new_code() {
    let gateway = Gateway::default();
    let sending = gateway.clone();
    let clock = Arc::new(TestClock::default());
    let send = move |sms: OutgoingSms| {
        let gateway = sending.clone();
        async move { gateway.deliver("", &sms.text, "").await.map_err(|error| SendError::NotSent(error.into())) }
    };
    let engine = Engine::new(send, EngineOptions::default().clock(clock.clone())).unwrap();
    let verification = engine.request(NUMBER, RequestOptions::default()).await.unwrap();
    let wait = resend::until_resend(&verification);
    assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(30), "{wait:?}");
    clock.advance(Duration::from_secs(30));
    let mut again = resend::send_again(&engine, &verification.id).await.unwrap();
    assert!(proves(&engine, &gateway, &again).await);
    assert_eq!(resend::give_up(&engine, &again.id).await.unwrap(), State::Verified);
    again.resend_at = Some(SystemTime::UNIX_EPOCH);
    assert_eq!(resend::until_resend(&again), Duration::ZERO);
}

#[tokio::test]
async fn errors_say_what_to_do() {
    let gateway = Gateway::default();
    let engine = engine::engine(gateway).unwrap();
    let wrong = engine.request("12", RequestOptions::default()).await.unwrap_err();
    assert!(errors::advice(&wrong).starts_with("correct the number: "));
    engine.request(NUMBER, RequestOptions::default()).await.unwrap();
    let early = engine.request(NUMBER, RequestOptions::default()).await.unwrap_err();
    assert_eq!(errors::advice(&early), "try again in 30 s");
    let line = log::log_line(&early);
    assert!(line.starts_with("code=rate_limited reason= limit=resend_after status= request_id="), "{line}");
    assert!(!line.contains("910000000"));

    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    sandbox.fail_next(Fault { status: Some(500), ..Fault::default() }).unwrap();
    let broken = sandbox.client().unwrap().request(NUMBER, RequestOptions::default()).await.unwrap_err();
    assert_eq!(errors::advice(&broken), "an SMS may arrive: wait for it before you try again");
    sandbox.fail_next(Fault { status: Some(401), ..Fault::default() }).unwrap();
    let unknown = sandbox.client().unwrap().request(NUMBER, RequestOptions::default()).await.unwrap_err();
    assert!(errors::advice(&unknown).starts_with("tell an operator: unauthorized: "));
}

#[tokio::test]
async fn autofill_ends_the_message_with_the_site() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let client = sandbox.client().unwrap();
    autofill::request_with_autofill(&client, NUMBER).await.unwrap();
    let code = sandbox.wait_for_code(NUMBER, PATIENCE).await.unwrap();
    let text = sandbox.messages(Some(NUMBER)).unwrap().remove(0).text;
    assert!(text.ends_with(&format!("@example.com #{code}")), "{text}");
}
