//! What the client does when all goes as the contract says: payloads, V2's validation, tries, deadlines, spans.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/service.rs"]
mod service;
#[allow(dead_code, reason = "each program of tests needs some of it")]
#[path = "support/watched.rs"]
mod watched;

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

use egoi_verify::store::{MemoryStore, StoreBackend};
use egoi_verify::{
    Api, CallOptions, Client, ClientOptions, CodeType, EgoiSms, Engine, EngineOptions, ErrorCode, Outcome, PhoneNumber,
    RequestOptions, State, Store, TestClock, V1Paths, V2Paths, ValidateOptions,
};
use service::{Arrived, CODE, ID, KEY, NUMBER, Service, Step, closed_port, json, response};
use watched::{Trouble, Watched};

fn any() -> CallOptions {
    CallOptions::default()
}

fn read(state: &str) -> Vec<Step> {
    json(200, &format!(r#"{{"id":"{ID}","status":"{state}"}}"#))
}

fn with_code(state: &str, code: &str) -> Vec<Step> {
    json(200, &format!(r#"{{"id":"{ID}","status":"{state}","code":"{code}","message":"{code}"}}"#))
}

fn done() -> Vec<Step> {
    json(200, &format!(r#"[{{"verifyId":"{ID}"}}]"#))
}

fn done_with(word: &str) -> Vec<Step> {
    json(200, &format!(r#"[{{"verifyId":"{ID}","status":"{word}"}}]"#))
}

fn made() -> Vec<Step> {
    json(201, &format!(r#"{{"verifyId":"{ID}"}}"#))
}

#[tokio::test]
async fn a_v1_request_is_the_articles_payload() {
    let service = Service::responding([json(200, &format!(r#"{{"requestId":"{ID}","status":"Ok"}}"#))]).await;
    let options = RequestOptions::default().message("Message text: {CODE}").code_size(4).ttl(Duration::from_secs(60));
    let made = service.client(Api::V1).request("+351 910 000 000", options).await.unwrap();
    assert_eq!((made.id.as_str(), made.state, made.number.as_deref()), (ID, State::Pending, Some("+351910000000")));
    let sent = &service.arrived()[0];
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/verify/request"));
    assert_eq!(
        sent.body,
        format!(
            r#"{{"apikey":"{KEY}","number":"351-910000000","senderHash":"1234","codeType":"numeric","codeSize":"4","group":"2FA","codeTTL":"60","message":"Message text: {{CODE}}"}}"#
        )
    );
    assert!(!sent.head.contains(KEY), "V1's key is in the body alone");
}

#[tokio::test]
async fn a_v2_request_is_the_sdks_payload() {
    let service = Service::responding([made()]).await;
    let options = RequestOptions::default().code_type(CodeType::Hex).message("{CODE}\n\"{CODE}\"");
    let made = service.client(Api::V2).request(NUMBER, options).await.unwrap();
    assert_eq!(made.expires_at.unwrap().duration_since(made.created_at.unwrap()).unwrap(), Duration::from_secs(600));
    let sent = &service.arrived()[0];
    assert_eq!(sent.path, "/v2/verify/request");
    let body = r#"{"senderId":"1234","to":"351-910000000","message":"{{ code }}\n\"{{ code }}\"","codeLength":6,"codeValidity":600,"codeType":"hexa"}"#;
    assert_eq!(sent.body, body);
    let head = sent.head.to_lowercase();
    for header in [&format!("apikey: {KEY}"), "content-type: application/json", "accept: application/json"] {
        assert!(head.contains(header), "{header} in {head}");
    }
    assert!(head.contains(concat!("user-agent: egoi-verify/", env!("CARGO_PKG_VERSION"), " (rust ")), "{head}");
    assert!(!head.contains("accept-encoding") && !head.contains("referer"));
}

mod validate {
    use super::*;

    #[tokio::test]
    async fn v1s_verdicts_are_its_words() {
        for (word, outcome) in [
            ("Verified", Outcome::Verified),
            ("Expired", Outcome::Expired),
            ("Already_Verified", Outcome::AlreadyVerified),
            ("Not_Verified", Outcome::WrongCode),
            ("Canceled", Outcome::Cancelled),
            ("Too_Many_Attempts", Outcome::TooManyAttempts),
        ] {
            let service =
                Service::responding([json(200, &format!(r#"{{"requestId":"{ID}","status":"{word}"}}"#))]).await;
            let result = service.client(Api::V1).validate(ID, " 731-902 ", ValidateOptions::default()).await;
            assert_eq!(result.unwrap(), outcome);
            let sent = &service.arrived()[0];
            assert_eq!(sent.path, "/verify/validate");
            assert_eq!(sent.body, format!(r#"{{"apikey":"{KEY}","requestId":"{ID}","code":"731902"}}"#));
        }
        for (word, state) in
            [("Cancelled", State::Cancelled), ("Already_Verified", State::Verified), ("Expired", State::Expired)]
        {
            let service =
                Service::responding([json(200, &format!(r#"{{"requestId":"{ID}","status":"{word}"}}"#))]).await;
            assert_eq!(service.client(Api::V1).cancel(ID, any()).await.unwrap(), state);
            assert_eq!(service.arrived()[0].body, format!(r#"{{"apikey":"{KEY}","requestId":"{ID}"}}"#));
        }
    }

    /// Every combination of what the service can say around a validation over V2, against what it has to mean.
    #[tokio::test]
    async fn the_truth_table_of_a_v2_validation() {
        let is = |outcome: Outcome| Ok(outcome);
        let error = |code: ErrorCode| Err(code);
        // Step 1: what is no longer pending is the outcome, and no code is submitted.
        for (state, expected) in [
            ("verified", is(Outcome::AlreadyVerified)),
            ("expired", is(Outcome::Expired)),
            ("cancelled", is(Outcome::Cancelled)),
            ("Canceled", is(Outcome::Cancelled)),
            ("too_many_attempts", error(ErrorCode::InvalidResponse)),
            ("perhaps", error(ErrorCode::InvalidResponse)),
        ] {
            let service = Service::responding([read(state)]).await;
            let result = service.client(Api::V2).validate(ID, CODE, ValidateOptions::default()).await;
            assert_eq!(result.map_err(|error| error.code()), expected, "{state}");
            assert_eq!(service.arrived().len(), 1, "{state}");
        }
        // Step 2: a word decides, and nothing is read again.
        for (word, expected) in [
            ("verified", is(Outcome::Verified)),
            ("Wrong_Code", is(Outcome::WrongCode)),
            ("pending", is(Outcome::WrongCode)),
            ("expired", is(Outcome::Expired)),
            ("already_verified", is(Outcome::AlreadyVerified)),
            ("cancelled", is(Outcome::Cancelled)),
            ("too_many_attempts", is(Outcome::TooManyAttempts)),
            ("perhaps", error(ErrorCode::InvalidResponse)),
        ] {
            for first in [true, false] {
                let responses = first.then(|| read("pending")).into_iter().chain([done_with(word)]);
                let service = Service::responding(responses).await;
                let client = Client::new(service.options(Api::V2).check_state_first(first)).unwrap();
                let result = client.validate(ID, CODE, ValidateOptions::default()).await;
                assert_eq!(result.map_err(|error| error.code()), expected, "{word}, read first: {first}");
                assert_eq!(service.arrived().len(), 1 + usize::from(first));
            }
        }
        // Step 3: the state afterwards decides, and a shown code that differs is a wrong one.
        let bad_request = || json(400, r#"{"status":400,"title":"No"}"#);
        for (state, shown, after_200, after_400) in [
            ("pending", Some("111111"), Outcome::WrongCode, Outcome::WrongCode),
            ("verified", None, Outcome::Verified, Outcome::AlreadyVerified),
            ("verified", Some(CODE), Outcome::Verified, Outcome::AlreadyVerified),
            ("verified", Some("111111"), Outcome::WrongCode, Outcome::WrongCode),
            ("expired", None, Outcome::Expired, Outcome::Expired),
            ("cancelled", Some(CODE), Outcome::Cancelled, Outcome::Cancelled),
        ] {
            for (submitted, expected) in [(done(), after_200), (bad_request(), after_400)] {
                let after = shown.map_or_else(|| read(state), |code| with_code(state, code));
                let service = Service::responding([read("pending"), submitted, after]).await;
                let result = service.client(Api::V2).validate(ID, CODE, ValidateOptions::default()).await.unwrap();
                assert_eq!(result, expected, "{state}, shown {shown:?}");
                let arrived = service.arrived();
                assert_eq!(arrived.len(), 3);
                assert_eq!(arrived[1].path, format!("/v2/verify/{ID}/validate"));
                assert_eq!(arrived[1].body, format!(r#"{{"code":"{CODE}"}}"#));
            }
        }
        for shown in [None, Some(CODE)] {
            let after = shown.map_or_else(|| read("pending"), |code| with_code("pending", code));
            let service = Service::responding([read("pending"), bad_request(), after]).await;
            let result = service.client(Api::V2).validate(ID, CODE, ValidateOptions::default()).await.unwrap();
            assert_eq!(result, Outcome::WrongCode, "a 400 and pending, shown {shown:?}");
        }
        // Step 8: where the last read fails the call fails, and is not to be repeated.
        for submitted in [done(), json(400, "{}")] {
            for (after, code) in [
                (json(404, "{}"), ErrorCode::NotFound),
                (response(503, "Retry-After: 9999\r\n", b""), ErrorCode::Unavailable),
                (response(429, "Retry-After: 9999\r\n", b""), ErrorCode::RateLimited),
                (read("perhaps"), ErrorCode::InvalidResponse),
                (json(200, "{}"), ErrorCode::InvalidResponse),
            ] {
                let service = Service::responding([read("pending"), submitted.clone(), after]).await;
                let failed = service.client(Api::V2).validate(ID, CODE, ValidateOptions::default()).await.unwrap_err();
                assert_eq!((failed.code(), failed.retry_is_safe()), (code, false), "{failed:?}");
            }
        }
        // Without step 1 only a word decides.
        for (submitted, code) in [(done(), ErrorCode::InvalidResponse), (json(400, "{}"), ErrorCode::Rejected)] {
            let service = Service::responding([submitted]).await;
            let client = Client::new(service.options(Api::V2).check_state_first(false)).unwrap();
            let failed = client.validate(ID, CODE, ValidateOptions::default()).await.unwrap_err();
            assert_eq!((failed.code(), service.arrived().len()), (code, 1));
        }
    }

    #[tokio::test]
    async fn a_read_that_lags_behind_the_submission_is_made_again() {
        let validated = async |responses: Vec<Vec<Step>>| {
            let exchanges = responses.len();
            let service = Service::responding(responses).await;
            let result = service.client(Api::V2).validate(ID, CODE, ValidateOptions::default()).await.unwrap();
            assert_eq!(service.arrived().len(), exchanges);
            result
        };
        // The code that was submitted is shown: until the state is another.
        let lags = with_code("pending", CODE);
        let caught_up = with_code("verified", CODE);
        let responses = vec![lags.clone(), done(), lags.clone(), lags.clone(), caught_up];
        assert_eq!(validated(responses).await, Outcome::Verified);
        // No code is shown: once more.
        assert_eq!(
            validated(vec![read("pending"), done(), read("pending"), read("verified")]).await,
            Outcome::Verified
        );
        assert_eq!(
            validated(vec![read("pending"), done(), read("pending"), read("pending")]).await,
            Outcome::WrongCode
        );
    }

    #[tokio::test]
    async fn a_read_that_never_catches_up_is_an_error_and_no_wrong_code() {
        let service =
            Service::start(|arrived| if arrived.is_read() { with_code("pending", CODE) } else { done() }).await;
        let started = Instant::now();
        let options = ValidateOptions::default().timeout(Duration::from_secs(2));
        let failed = service.client(Api::V2).validate(ID, CODE, options).await.unwrap_err();
        assert_eq!((failed.code(), failed.retry_is_safe()), (ErrorCode::InvalidResponse, false), "{failed}");
        assert!(started.elapsed() <= Duration::from_secs(2));
        // Before, the submission, and after 0, 100, 300, 700 and 1,500 ms where the machine is quick.
        assert!((5..=7).contains(&service.arrived().len()), "{}", service.arrived().len());
    }

    #[tokio::test]
    async fn what_cannot_be_the_code_is_not_compared_with_it() {
        for masked in ["******", "", "73****", "7319", "7319020", "731 902!"] {
            let responses = [with_code("pending", CODE), done(), with_code("verified", masked)];
            let service = Service::responding(responses).await;
            let result = service.client(Api::V2).validate(ID, CODE, ValidateOptions::default()).await.unwrap();
            assert_eq!(result, Outcome::Verified, "{masked:?}");
        }
    }

    #[tokio::test]
    async fn after_a_submission_without_a_response_a_read_that_says_verified_proves_nothing() {
        const WRONG: &str = "000000";
        // The right code, of which nobody knows what became.
        for fault in [vec![Step::Stall], vec![Step::Close], json(503, "{}"), json(500, "{}"), json(200, "{")] {
            for (verified, expected) in [
                (read("verified"), Err(ErrorCode::InvalidResponse)),
                (with_code("verified", "******"), Err(ErrorCode::InvalidResponse)),
                (with_code("verified", CODE), Ok(Outcome::WrongCode)),
                (with_code("verified", WRONG), Ok(Outcome::Verified)),
            ] {
                let service =
                    Service::responding([read("pending"), fault.clone(), read("pending"), done(), verified]).await;
                let client = service.client(Api::V2);
                let soon = ValidateOptions::default().timeout(Duration::from_millis(300));
                client.validate(ID, CODE, soon).await.unwrap_err();
                let result = client.validate(ID, WRONG, ValidateOptions::default()).await;
                assert_eq!(result.map_err(|error| error.code()), expected, "{fault:?}");
            }
        }
        // The caller cancelled it.
        let responses = [read("pending"), vec![Step::Stall], read("pending"), done(), read("verified")];
        let service = Service::responding(responses).await;
        let client = service.client(Api::V2);
        let call = {
            let client = client.clone();
            tokio::spawn(async move { client.validate(ID, CODE, ValidateOptions::default()).await.map(drop) })
        };
        service.until(|service| service.arrived().len() == 2).await;
        call.abort();
        let result = client.validate(ID, WRONG, ValidateOptions::default()).await;
        assert_eq!(result.unwrap_err().code(), ErrorCode::InvalidResponse);
    }

    #[tokio::test]
    async fn a_refused_submission_leaves_nothing_unresolved() {
        for status in [401, 403, 404, 409, 429] {
            let responses = [read("pending"), json(status, "{}"), read("pending"), done(), read("verified")];
            let service = Service::responding(responses).await;
            let client = service.client(Api::V2);
            client.validate(ID, CODE, ValidateOptions::default()).await.unwrap_err();
            assert_eq!(
                client.validate(ID, CODE, ValidateOptions::default()).await.unwrap(),
                Outcome::Verified,
                "{status}"
            );
        }
    }

    #[tokio::test]
    async fn a_request_that_this_client_has_seen_verified_is_verified_once_whatever_a_lagging_read_says() {
        let responses = [read("pending"), done(), read("verified"), read("pending"), done(), read("verified")];
        let service = Service::responding(responses).await;
        let client = service.client(Api::V2);
        for expected in [Outcome::Verified, Outcome::AlreadyVerified] {
            assert_eq!(client.validate(ID, CODE, ValidateOptions::default()).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn with_a_number_no_code_is_submitted_for_another() {
        let for_number = |number: &str| json(200, &format!(r#"{{"id":"{ID}","status":"pending"{number}}}"#));
        for first in [true, false] {
            for (recipient, expected) in [
                (r#","recipientNumber":"351-910000000""#, Ok(Outcome::Verified)),
                (r#","recipientNumber":"+351910000000""#, Ok(Outcome::Verified)),
                (r#","recipientNumber":"351910000000""#, Ok(Outcome::Verified)),
                (r#","recipientNumber":351910000000"#, Ok(Outcome::Verified)),
                (r#","recipientNumber":351910000001"#, Err(ErrorCode::NotFound)),
                (r#","recipientNumber":"351-910000001""#, Err(ErrorCode::NotFound)),
                (r#","recipientNumber":"?""#, Err(ErrorCode::InvalidResponse)),
                ("", Err(ErrorCode::InvalidResponse)),
            ] {
                let service = Service::responding([for_number(recipient), done_with("verified")]).await;
                let client = Client::new(service.options(Api::V2).check_state_first(first)).unwrap();
                let result = client.validate(ID, CODE, ValidateOptions::default().number("00351 910 000 000")).await;
                let is_submitted = expected.is_ok();
                assert_eq!(result.map_err(|error| error.code()), expected, "{recipient}, read first: {first}");
                assert_eq!(service.arrived().len(), 1 + usize::from(is_submitted));
            }
        }
        let service = Service::responding([]).await;
        let refused = service.client(Api::V1).validate(ID, CODE, ValidateOptions::default().number(NUMBER)).await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::Unsupported);
        assert!(service.arrived().is_empty());
    }

    #[tokio::test]
    async fn of_many_validations_of_one_request_at_once_one_is_verified() {
        let state = Mutex::new("pending");
        let service = Service::start(move |arrived| {
            let mut state = state.lock().unwrap();
            if arrived.is_read() {
                return read(*state);
            }
            *state = "verified";
            done()
        })
        .await;
        let client = service.client(Api::V2);
        let racers: Vec<_> = (0..16)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.validate(ID, CODE, ValidateOptions::default()).await.unwrap() })
            })
            .collect();
        let mut verified = 0;
        for racer in racers {
            match racer.await.unwrap() {
                Outcome::Verified => verified += 1,
                other => assert_eq!(other, Outcome::AlreadyVerified),
            }
        }
        assert_eq!(verified, 1);
    }
}

#[tokio::test]
async fn cancelling_over_v2_reads_where_the_response_says_nothing() {
    for (responses, expected) in [
        (vec![done_with("Canceled")], State::Cancelled),
        (vec![done(), read("cancelled")], State::Cancelled),
        (vec![done(), read("verified")], State::Verified),
        (vec![json(400, "{}"), read("expired")], State::Expired),
        (vec![json(400, "{}"), read("verified")], State::Verified),
    ] {
        let exchanges = responses.len();
        let service = Service::responding(responses).await;
        assert_eq!(service.client(Api::V2).cancel(ID, any()).await.unwrap(), expected);
        assert_eq!(service.arrived().len(), exchanges);
    }
}

mod resend {
    use super::*;

    #[tokio::test]
    async fn a_resend_reads_only_after_a_400() {
        let service = Service::responding([done()]).await;
        let resent = service.client(Api::V2).resend(ID, any()).await.unwrap();
        assert_eq!((resent.state, resent.expires_at, service.arrived().len()), (State::Pending, None, 1));
        for (state, code) in [
            ("expired", ErrorCode::Conflict),
            ("verified", ErrorCode::Conflict),
            ("cancelled", ErrorCode::Conflict),
            ("pending", ErrorCode::Rejected),
        ] {
            let service = Service::responding([json(400, r#"{"detail":"too soon"}"#), read(state)]).await;
            let refused = service.client(Api::V2).resend(ID, any()).await.unwrap_err();
            assert_eq!(
                (refused.code(), refused.sms_possibly_sent(), refused.retry_is_safe()),
                (code, false, false),
                "{state}"
            );
        }
    }

    #[tokio::test]
    async fn a_resend_that_succeeded_with_the_word_of_another_state_may_have_sent_an_sms() {
        for word in ["verified", "expired", "cancelled"] {
            let service = Service::responding([done_with(word)]).await;
            let refused = service.client(Api::V2).resend(ID, any()).await.unwrap_err();
            assert_eq!((refused.code(), refused.sms_possibly_sent()), (ErrorCode::Conflict, true), "{word}");
        }
    }
}

#[tokio::test]
async fn what_a_read_says_is_given_back_without_code_and_message() {
    let body = format!(
        r#"{{"id":"{ID}","recipientNumber":"351-910000000","code":"{CODE}","codeTTL":60,"status":"pending","createDate":"2020-03-06 12:57:34+01:00","message":"{CODE}"}}"#
    );
    let service = Service::responding([json(200, &body), json(200, "{}")]).await;
    let client = service.client(Api::V2);
    let read = client.get(ID, any()).await.unwrap();
    assert_eq!(read.number.as_deref(), Some("+351910000000"));
    assert!(read.created_at.is_some() && read.expires_at.is_none(), "a resend does not move the date of the request");
    let printed = format!("{read:?}");
    assert!(!printed.contains(CODE) && !printed.contains("910000000"), "{printed}");
    assert_eq!(client.get(ID, any()).await.unwrap_err().code(), ErrorCode::InvalidResponse, "without status");
}

#[tokio::test]
async fn ping_needs_no_key_and_senders_are_listed() {
    let list = r#"[{"id":"1234","name":"Acme","phoneNumber":"351-910000000","senderStatus":"active"},{"id":"5"}]"#;
    let service = Service::responding([response(200, "Content-Type: text/plain\r\n", b"pong"), json(200, list)]).await;
    let client = service.client(Api::V2);
    client.ping(any()).await.unwrap();
    let senders = client.senders(any()).await.unwrap();
    assert_eq!(
        (senders.len(), senders[0].name.as_deref(), senders[0].status.as_deref()),
        (2, Some("Acme"), Some("active"))
    );
    let arrived = service.arrived();
    assert_eq!((arrived[0].path.as_str(), arrived[1].path.as_str()), ("/v2/ping", "/v2/sms/senders"));
    assert!(!arrived[0].head.contains(KEY) && arrived[1].head.contains(KEY));
}

#[tokio::test]
async fn what_v1_does_not_have_is_unsupported() {
    let service = Service::responding([]).await;
    let client = service.client(Api::V1);
    assert_eq!(client.get(ID, any()).await.unwrap_err().code(), ErrorCode::Unsupported);
    assert_eq!(client.resend(ID, any()).await.unwrap_err().code(), ErrorCode::Unsupported);
    assert!(service.arrived().is_empty());
}

#[tokio::test]
async fn v1s_ping_and_senders_are_the_calls_of_its_integrators() {
    let list = r#"[{"senderHash":"abc","name":"Acme","deleted":false},{"senderHash":"old","deleted":true}]"#;
    let service =
        Service::responding([json(200, "{}"), json(200, list), json(200, r#"{"errors":["NO_ACCESS"]}"#)]).await;
    let client = service.client(Api::V1);
    client.ping(any()).await.unwrap();
    let senders = client.senders(any()).await.unwrap();
    assert_eq!((senders.len(), senders[0].id.as_str(), senders[0].name.as_deref()), (1, "abc", Some("Acme")));
    let refused = client.senders(any()).await.unwrap_err();
    assert!(refused.code() == ErrorCode::Rejected && refused.detail().contains("NO_ACCESS"), "{refused}");
    let sent: Vec<_> = service.arrived().into_iter().map(|sent| (sent.method, sent.path, sent.body)).collect();
    let post = |path: &str, body: &str| ("POST".to_owned(), path.to_owned(), body.to_owned());
    assert_eq!(sent[0], post("/commons/ping", "{}"));
    assert_eq!(sent[1], post("/sms/senders", &format!(r#"{{"apikey":"{KEY}"}}"#)));
}

/// What E-goi's own SMS call sends of a message, and what becomes of the response.
async fn sms(
    options: impl Fn(ClientOptions) -> ClientOptions,
    api: Api,
    responses: Vec<Step>,
    message: &str,
) -> (String, Option<(ErrorCode, bool)>) {
    let service = Service::responding([responses]).await;
    let gateway = EgoiSms::new(options(service.options(api))).unwrap();
    let engine = Engine::new(gateway, EngineOptions::default()).unwrap();
    let done = engine.request(NUMBER, RequestOptions::default().message(message)).await;
    let failed = done.err().map(|error| (error.cause_code().unwrap(), error.sms_possibly_sent()));
    let sent = service.arrived().remove(0);
    let digits: String = sent.body.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    (format!("{} {digits}", sent.path), failed)
}

mod sms_call {
    use super::*;

    #[tokio::test]
    async fn e_gois_sms_call_is_urgent_and_says_encoding_and_parts() {
        let made = || json(201, r#"{"messageId":"m"}"#);
        let plain = |options: ClientOptions| options;
        let (sent, failed) = sms(plain, Api::V2, made(), "{CODE}").await;
        assert_eq!(failed, None);
        assert_eq!(
            sent,
            r#"/v2/sms/messages/action/send/single {"to":"000-000000000","from":"0000","textBody":"000000","encoding":"gsm0000","maxCount":0,"priority":"urgent"}"#
        );
        let (sent, _) = sms(plain, Api::V2, made(), &format!("{}{{CODE}}", "ж".repeat(70))).await;
        assert!(sent.contains(r#""encoding":"unicode","maxCount":0,"#), "{sent}");
        let list = |options: ClientOptions| {
            options.v2_paths(V2Paths { send_sms: "v2/sms/messages/action/send".to_owned(), ..V2Paths::default() })
        };
        let (sent, failed) = sms(list, Api::V2, json(201, r#"[{"messageId":"m"}]"#), "{CODE}").await;
        assert!(
            sent.starts_with("/v0/sms/messages/action/send [{") || sent.starts_with("/v2/sms/messages/action/send [{"),
            "{sent}"
        );
        assert_eq!(failed, None);
        // What is no JSON says nothing of an SMS.
        let (_, failed) = sms(plain, Api::V2, response(200, "", b"<html>Sign in</html>"), "{CODE}").await;
        assert_eq!(failed, Some((ErrorCode::InvalidResponse, true)));
    }

    #[tokio::test]
    async fn v1_sends_an_sms_as_its_integrators_do() {
        let plain = |options: ClientOptions| options;
        let (sent, failed) = sms(plain, Api::V1, json(200, r#"{"id":17}"#), "{CODE}").await;
        assert_eq!(
            sent,
            format!(
                r#"/sms/send {{"apikey":"{}","mobile":"000-000000000","senderHash":"0000","message":"000000","options":{{"gsm0000":true,"maxCount":0}}}}"#,
                KEY.replace(|c: char| c.is_ascii_digit(), "0")
            )
        );
        assert_eq!(failed, None);
        assert_eq!(sms(plain, Api::V1, response(200, "", b""), "{CODE}").await.1, None);
        for (refused, code) in [
            (json(200, r#"{"errors":["NO_BALANCE"],"errorCode":9}"#), ErrorCode::Rejected),
            (json(401, r#"{"errors":["NO_KEY"]}"#), ErrorCode::Unauthorized),
            (json(400, r#"{"errors":["BAD_NUMBER"]}"#), ErrorCode::Rejected),
        ] {
            assert_eq!(sms(plain, Api::V1, refused, "{CODE}").await.1, Some((code, false)));
        }
    }
}

#[tokio::test]
async fn what_the_service_said_of_a_failure_is_told() {
    for (response, expected) in [
        (json(400, r#"{"errors":["SENDER_NOT_FOUND"],"errorCode":12}"#), "responded with 400: 12: SENDER_NOT_FOUND"),
        (json(200, r#"{"errors":["NO_BALANCE"]}"#), "refused: NO_BALANCE"),
        (
            response(403, "Content-Type: text/plain\r\n", b"not from this network"),
            "responded with 403: not from this network",
        ),
        (
            response(
                403,
                "Content-Type: text/html\r\n",
                b"<!DOCTYPE html><html><title>Blocked by policy</title></html>",
            ),
            "a firewall, a proxy or a wrong base URL answered: Blocked by policy",
        ),
        (
            response(200, "", b"<br />\n<b>Notice</b>: Undefined index: x in /srv/api.php<br />\n{\"status\":\"Ok\"}"),
            "is not JSON, it begins with: Notice : Undefined index: x in /srv/api.php",
        ),
    ] {
        let service = Service::responding([response]).await;
        let failed = service.client(Api::V1).request(NUMBER, RequestOptions::default()).await.unwrap_err();
        assert!(failed.detail().contains(expected), "{failed}");
    }
}

#[test]
fn a_client_is_made_without_a_runtime_and_refuses_what_is_wrong() {
    let v2 = || ClientOptions::new(KEY, "1234");
    assert!(Client::new(v2()).is_ok());
    let wrong = |path: &str| V2Paths { get: path.to_owned(), ..V2Paths::default() };
    for (options, field) in [
        (ClientOptions::new("", "1"), "api_key"),
        (ClientOptions::new("a\nb", "1"), "api_key"),
        (ClientOptions::new(KEY, "a\u{7}b"), "sender"),
        (v2().base_url("http://example.com"), "base_url"),
        (v2().base_url("ftp://example.com"), "base_url"),
        (v2().base_url("https://user@example.com"), "base_url"),
        (v2().base_url("https://example.com?x"), "base_url"),
        (v2().base_url("example.com"), "base_url"),
        (v2().base_url("http://127.0.0.1.example.com"), "base_url"),
        (v2().proxy("ftp://127.0.0.1"), "proxy"),
        (v2().ca_certificates("no PEM"), "ca_certificates"),
        (v2().status_words([("done", "well")]), "status_words"),
        (v2().v2_paths(wrong("v2/verify")), "v2_paths"),
        (v2().v2_paths(wrong("v2/{id}/{id}")), "v2_paths"),
        (
            v2().api(Api::V1)
                .base_url("https://x.pt")
                .v1_paths(V1Paths { cancel: String::new(), ..V1Paths::default() }),
            "v1_paths",
        ),
        (v2().app_name("naïve"), "app_name"),
        (v2().store(Store::default()), "key"),
        (v2().store(Store::default().key(*b"short")), "key"),
    ] {
        let error = Client::new(options).err().unwrap_or_else(|| panic!("{field} is not refused"));
        assert_eq!(error.code(), ErrorCode::InvalidInput, "{error}");
        assert!(error.detail().starts_with(&format!("`{field}`")), "{field}: {error}");
    }
    let plain = Client::new(v2().base_url("http://sandbox:8080")).err().unwrap();
    assert!(plain.detail().contains("EGOI_ALLOW_HTTP=1"), "{plain}");
    let unknown = Client::new(v2().store(Store::new("mysql://u:secret@localhost/db").key([0; 32]))).unwrap_err();
    assert!(unknown.detail().starts_with("`store`") && !unknown.detail().contains("secret"), "{unknown}");
    for base in ["http://localhost:1", "http://127.0.0.2", "http://[::1]:5", "https://example.com/api/"] {
        assert!(Client::new(v2().base_url(base)).is_ok(), "{base}");
    }
    assert!(Client::new(v2().base_url("http://example.com").allow_http(true)).is_ok());
    assert!(Client::new(v2().api(Api::V1)).is_ok(), "V1 has a base URL by default");
    let printed = format!("{:?} {:?}", v2(), Client::new(v2()).unwrap());
    assert!(!printed.contains(KEY));
}

#[tokio::test]
async fn refused_input_reaches_no_wire() {
    let service = Service::responding([]).await;
    let client = service.client(Api::V2);
    let id = "x/../y";
    for error in [
        client.request("910000000", RequestOptions::default()).await.err(),
        client.request(NUMBER, RequestOptions::default().message("no place")).await.err(),
        client.validate(id, CODE, ValidateOptions::default()).await.err(),
        client.validate(ID, " - ", ValidateOptions::default()).await.err(),
        client.cancel(id, any()).await.err(),
        client.resend("..", any()).await.err(),
        client.get("", any()).await.err(),
    ] {
        assert_eq!(error.unwrap().code(), ErrorCode::InvalidInput);
    }
    assert_eq!(service.connections(), 0);
}

mod retries {
    use super::*;

    #[tokio::test]
    async fn reads_are_tried_three_times_and_what_may_act_once() {
        for status in [429, 502, 503, 504] {
            let service = Service::start(move |_| json(status, "{}")).await;
            let client = service.client(Api::V2);
            for (tries, verb) in [(3, 0), (3, 1), (3, 2), (3, 3), (1, 4), (1, 5)] {
                let before = service.arrived().len();
                let failed = match verb {
                    0 => client.get(ID, any()).await.map(drop),
                    1 => client.cancel(ID, any()).await.map(drop),
                    2 => client.ping(any()).await,
                    3 => client.senders(any()).await.map(drop),
                    4 => client.request(NUMBER, RequestOptions::default()).await.map(drop),
                    _ => client.resend(ID, any()).await.map(drop),
                };
                assert_eq!(failed.unwrap_err().http_status(), Some(status));
                assert_eq!(service.arrived().len() - before, tries, "{status}, verb {verb}");
            }
        }
        // 500 is not in the list, and a submitted code is never submitted again.
        let service = Service::responding([json(500, "{}"), read("pending")]).await;
        let client = service.client(Api::V2);
        assert_eq!(client.get(ID, any()).await.unwrap_err().code(), ErrorCode::Unavailable);
        let service = Service::start(|arrived| if arrived.is_read() { read("pending") } else { json(503, "{}") }).await;
        let failed = service.client(Api::V2).validate(ID, CODE, ValidateOptions::default()).await.unwrap_err();
        assert_eq!((failed.code(), failed.retry_is_safe()), (ErrorCode::Unavailable, false));
        assert_eq!(service.arrived().iter().filter(|arrived| !arrived.is_read()).count(), 1);
    }

    #[tokio::test]
    async fn the_caller_says_how_often_for_a_client_and_for_a_call_and_the_error_says_how_often_it_was() {
        let service = Service::start(|_| json(503, "{}")).await;
        for (of_client, of_call, tries) in
            [(None, None, 3), (Some(0), None, 1), (Some(0), Some(1), 2), (None, Some(0), 1)]
        {
            let options = service.options(Api::V2);
            let client = Client::new(match of_client {
                Some(retries) => options.retries(retries),
                None => options,
            })
            .unwrap();
            let call = of_call.map_or_else(any, |retries| any().retries(retries));
            let before = service.arrived().len();
            let failed = client.get(ID, call).await.unwrap_err();
            assert_eq!(service.arrived().len() - before, tries);
            assert_eq!(failed.retries() as usize, tries - 1);
        }
        assert_eq!(Client::new(service.options(Api::V2).retries(3)).unwrap_err().field(), Some("retries"));
        let before = service.arrived().len();
        let client = service.client(Api::V2);
        for refused in [
            client.get(ID, any().retries(3)).await.err(),
            client.request(NUMBER, RequestOptions::default().retries(3)).await.err(),
            client.validate(ID, CODE, ValidateOptions::default().retries(3)).await.err(),
        ] {
            let refused = refused.unwrap();
            assert_eq!((refused.code(), refused.field()), (ErrorCode::InvalidInput, Some("retries")));
            assert_eq!(refused.detail(), "`retries` is 3; the maximum is 2");
        }
        assert_eq!(service.arrived().len(), before);
    }

    #[tokio::test]
    async fn more_retries_repeat_nothing_that_may_have_sent_an_sms_or_used_an_attempt() {
        let service = Service::start(|arrived| if arrived.is_read() { read("pending") } else { json(503, "{}") }).await;
        let client = Client::new(service.options(Api::V2).retries(2)).unwrap();
        let request = client.request(NUMBER, RequestOptions::default().retries(2)).await.map(drop);
        let resend = client.resend(ID, any().retries(2)).await.map(drop);
        let validate = client.validate(ID, CODE, ValidateOptions::default().retries(2)).await.map(drop);
        for failed in [request, resend, validate] {
            assert_eq!(failed.unwrap_err().retries(), 0);
        }
        assert_eq!(service.arrived().iter().filter(|arrived| !arrived.is_read()).count(), 3);
    }

    #[tokio::test]
    async fn a_connection_that_is_refused_is_tried_again_as_often_as_the_caller_says() {
        let url = closed_port().await;
        let client = Client::new(ClientOptions::new(KEY, "1").base_url(url.as_str())).unwrap();
        for retries in 0..=2 {
            let failed = client.request(NUMBER, RequestOptions::default().retries(retries)).await.unwrap_err();
            assert_eq!((failed.code(), failed.retries()), (ErrorCode::Unreachable, retries));
        }
        let sms = EgoiSms::new(ClientOptions::new(KEY, "1").base_url(url.as_str()).retries(1)).unwrap();
        let engine = Engine::new(sms, EngineOptions::default()).unwrap();
        let failed = engine.request(NUMBER, RequestOptions::default()).await.unwrap_err();
        assert_eq!((failed.code(), failed.retries()), (ErrorCode::DeliveryFailed, 1));
    }

    #[tokio::test]
    async fn a_try_that_comes_through_is_the_calls_response() {
        let service = Service::responding([json(503, "{}"), vec![Step::Close], read("pending")]).await;
        assert_eq!(service.client(Api::V2).get(ID, any()).await.unwrap().state, State::Pending);
    }

    #[tokio::test]
    async fn a_request_is_tried_again_when_there_never_was_a_connection() {
        let url = closed_port().await;
        let client = Client::new(ClientOptions::new(KEY, "1").base_url(url.as_str())).unwrap();
        Seen::start();
        let failed = client.request(NUMBER, RequestOptions::default()).await.unwrap_err();
        let text = Seen::end();
        assert_eq!((failed.code(), failed.sms_possibly_sent()), (ErrorCode::Unreachable, false));
        assert!(text.contains("retries=2"), "{text}");
    }

    #[tokio::test]
    async fn a_failing_service_sees_at_most_a_fifth_more() {
        let service = Service::start(|_| json(503, "{}")).await;
        // A thousand connections at once take more than the default 3.1 s where the machine is slow, and who gives up before
        // has sent nothing.
        let enough = Duration::from_secs(60);
        let client = Client::new(service.options(Api::V2).connect_timeout(enough).timeout(enough)).unwrap();
        let calls: Vec<_> = (0..1000)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.get(ID, any()).await.map(drop).unwrap_err() })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().code(), ErrorCode::Unavailable);
        }
        let arrived = service.arrived().len();
        assert!((1000..=1200).contains(&arrived), "{arrived}");
    }

    #[tokio::test]
    async fn a_retry_after_past_the_deadline_ends_the_call_now() {
        let service = Service::start(|_| response(429, "Retry-After: 60\r\n", b"{}")).await;
        let started = Instant::now();
        let failed = service.client(Api::V2).get(ID, any()).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!((failed.code(), failed.retry_after()), (ErrorCode::RateLimited, Some(Duration::from_secs(60))));
        assert!(failed.retry_is_safe());
        assert_eq!(service.arrived().len(), 1);
    }

    #[tokio::test]
    async fn a_retry_after_within_the_deadline_is_waited_for() {
        let service = Service::responding([response(503, "Retry-After: 1\r\n", b"{}"), read("pending")]).await;
        let started = Instant::now();
        service.client(Api::V2).get(ID, any()).await.unwrap();
        assert!(started.elapsed() >= Duration::from_secs(1));
    }

    #[tokio::test]
    async fn all_tries_are_inside_the_one_deadline() {
        let service = Service::start(|_| vec![Step::Stall]).await;
        let started = Instant::now();
        let failed = service.client(Api::V2).get(ID, any().timeout(Duration::from_millis(200))).await.unwrap_err();
        assert_eq!(failed.code(), ErrorCode::Timeout);
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[tokio::test]
    async fn dropping_the_future_drops_the_connection() {
        let service = Service::start(|_| vec![Step::Stall]).await;
        let client = service.client(Api::V2);
        let call = tokio::spawn(async move { client.get(ID, any()).await.map(drop) });
        service.until(|service| service.arrived().len() == 1).await;
        call.abort();
        service.until(|service| service.closed() == 1).await;
    }
}

mod connection {
    use super::*;

    #[tokio::test]
    async fn one_client_has_one_pool() {
        let service = Service::start(|_| read("pending")).await;
        let client = service.client(Api::V2);
        for _ in 0..20 {
            client.clone().get(ID, any()).await.unwrap();
        }
        assert_eq!(service.connections(), 1);
    }

    #[tokio::test]
    async fn a_proxy_is_used_when_it_is_named_and_paths_can_be_changed() {
        let proxy = Service::responding([read("pending")]).await;
        let options = ClientOptions::new(KEY, "1").base_url("http://service.example/api").allow_http(true);
        let paths = V2Paths { get: "/other/{id}?full=1".to_owned(), ..V2Paths::default() };
        let client = Client::new(options.proxy(proxy.url.as_str()).v2_paths(paths).app_name("shop 2")).unwrap();
        client.get(ID, any()).await.unwrap();
        let arrived = &proxy.arrived()[0];
        assert_eq!(arrived.path, format!("http://service.example/api/other/{ID}?full=1"));
        assert!(arrived.head.contains(") shop 2"), "{}", arrived.head);
    }

    #[tokio::test]
    async fn a_loopback_address_is_called_past_any_proxy() {
        let (proxy, service) = (Service::responding([]).await, Service::responding([read("pending")]).await);
        let client = Client::new(service.options(Api::V2).proxy(proxy.url.as_str())).unwrap();
        assert_eq!(client.get(ID, any()).await.unwrap().state, State::Pending);
        assert_eq!(proxy.connections(), 0);
    }

    #[tokio::test]
    async fn a_name_below_localhost_is_this_machine_whatever_a_resolver_says() {
        let service = Service::start(|_| read("pending")).await;
        for name in ["localhost", "nobody-knows-it.localhost"] {
            let base = service.url.replace("127.0.0.1", name);
            let client = Client::new(ClientOptions::new(KEY, "1").base_url(base)).unwrap();
            assert_eq!(client.get(ID, any()).await.unwrap().state, State::Pending, "{name}");
        }
    }
}

#[tokio::test]
async fn a_wait_beyond_a_year_is_a_year() {
    for given in ["99999999999", "18446744073709551615", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let service = Service::responding([response(429, &format!("Retry-After: {given}\r\n"), b"{}")]).await;
        let failed = service.client(Api::V2).request(NUMBER, RequestOptions::default()).await.unwrap_err();
        assert_eq!(failed.retry_after(), Some(Duration::from_secs(365 * 24 * 60 * 60)), "{given}");
    }
}

fn keyed() -> RequestOptions {
    RequestOptions::default().idempotency_key("order 7")
}

/// A client whose idempotency keys are in this store.
fn with_store(options: ClientOptions, store: &Arc<impl StoreBackend + 'static>) -> Client {
    Client::new(options.store(Store::custom(Arc::clone(store) as Arc<dyn StoreBackend>).key([1; 32]))).unwrap()
}

mod idempotency {
    use super::*;

    #[tokio::test]
    async fn an_idempotency_key_gives_the_same_request_and_one_sms() {
        let service = Service::start(|_| made()).await;
        let refused = service.client(Api::V2).request(NUMBER, keyed()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Unsupported);
        let store = Arc::new(MemoryStore::new(1000));
        let with = |key: [u8; 32], previous: Vec<[u8; 32]>| {
            let options = service.options(Api::V2).store(Store::custom(store.clone()).key(key).previous_keys(previous));
            Client::new(options).unwrap()
        };
        let client = with([1; 32], vec![]);
        let first = client.request(NUMBER, keyed()).await.unwrap();
        let second = client.request(NUMBER, keyed()).await.unwrap();
        assert_eq!((first.id == second.id, service.sms()), (true, 1));
        let rotated = with([2; 32], vec![[1; 32]]);
        assert_eq!(rotated.request(NUMBER, keyed()).await.unwrap().id, first.id);
        assert_eq!(service.sms(), 1);
        let other = client.request("351-910000001", keyed()).await.unwrap_err();
        assert_eq!((other.code(), other.sms_possibly_sent()), (ErrorCode::Conflict, false));
    }

    #[tokio::test]
    async fn an_idempotency_key_is_free_again_only_when_no_sms_was_sent() {
        let (refused, conflict) = (json(401, "{}"), json(409, "{}"));
        for (fault, is_free) in
            [(refused, true), (conflict, true), (json(500, "{}"), false), (vec![Step::Close], false)]
        {
            let service = Service::responding([fault, made()]).await;
            let options = service.options(Api::V2).store(Store::default().key([1; 32]));
            let client = Client::new(options).unwrap();
            let failed = client.request(NUMBER, keyed()).await.unwrap_err();
            assert_eq!(failed.sms_possibly_sent(), !is_free);
            match client.request(NUMBER, keyed()).await {
                Ok(_) => assert!(is_free),
                Err(error) => {
                    assert!(!is_free);
                    assert_eq!((error.code(), error.sms_possibly_sent()), (ErrorCode::Conflict, true));
                }
            }
            assert_eq!(service.sms(), 1 + usize::from(is_free));
        }
    }

    #[tokio::test]
    async fn an_idempotency_key_is_of_one_account_at_one_address() {
        let (one, two) = (Service::start(|_| made()).await, Service::start(|_| made()).await);
        let store = Arc::new(MemoryStore::new(1000));
        let account = |service: &Service, api_key: &str, sender: &str| {
            let options = ClientOptions::new(api_key, sender).base_url(format!("{}/", service.url));
            with_store(options, &store)
        };
        with_store(one.options(Api::V2), &store).request(NUMBER, keyed()).await.unwrap();
        account(&one, KEY, "1234").request(NUMBER, keyed()).await.unwrap();
        assert_eq!(one.sms(), 1, "a `/` at the end of the address makes no other");
        account(&one, "another account", "1234").request(NUMBER, keyed()).await.unwrap();
        account(&one, KEY, "another sender").request(NUMBER, keyed()).await.unwrap();
        account(&two, KEY, "1234").request(NUMBER, keyed()).await.unwrap();
        assert_eq!((one.sms(), two.sms()), (3, 1));
    }

    #[test]
    fn an_idempotency_key_that_is_forgotten_at_once_is_refused() {
        let options = |seconds| {
            let store = Store::default().key([1; 32]).retention(Duration::from_secs(seconds));
            Client::new(ClientOptions::new(KEY, "1234").store(store))
        };
        let error = options(59).err().unwrap();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidInput, Some("retention")));
        assert!(error.detail().contains("is 59 s; the minimum is 60 s"), "{error}");
        assert!(options(0).is_err() && options(60).is_ok());
    }

    /// The last call of the store that a request makes, where the service accepts it and where it is not reached.
    #[tokio::test]
    async fn what_the_service_said_is_returned_though_the_store_hangs_afterwards() {
        for (method, is_accepted) in [("complete", true), ("release", false)] {
            let service = Service::start(move |_| if is_accepted { made() } else { json(401, "{}") }).await;
            let store = Arc::new(Watched::new(Arc::new(TestClock::default())));
            let client = with_store(service.options(Api::V2), &store);
            *store.trouble.lock().unwrap() = Some((method, Trouble::IsLate));
            let timeout = Duration::from_millis(300);
            let started = Instant::now();
            let done = client.request(NUMBER, keyed().timeout(timeout)).await;
            assert!(started.elapsed() < 3 * timeout, "{:?}", started.elapsed());
            match done {
                Ok(made) => assert!(is_accepted && made.id == ID),
                Err(error) => assert!(!is_accepted && error.code() == ErrorCode::Unauthorized, "{error}"),
            }
            // The retry waits for what is done in the background.
            store.goes_on.add_permits(1);
            *store.trouble.lock().unwrap() = None;
            assert_eq!(client.request(NUMBER, keyed()).await.is_ok(), is_accepted);
            assert_eq!(service.sms(), if is_accepted { 1 } else { 2 });
        }
    }

    #[tokio::test]
    async fn a_claim_after_the_deadline_or_the_drop_of_its_call_is_released() {
        for is_dropped in [false, true] {
            let service = Service::start(|_| made()).await;
            let store = Arc::new(Watched::new(Arc::new(TestClock::default())));
            let client = with_store(service.options(Api::V2), &store);
            *store.trouble.lock().unwrap() = Some(("claim", Trouble::IsLate));
            let late = client.request(NUMBER, keyed().timeout(Duration::from_millis(100)));
            if is_dropped {
                assert!(tokio::time::timeout(Duration::from_millis(10), late).await.is_err());
            } else {
                let error = late.await.unwrap_err();
                assert_eq!((error.code(), error.retry_is_safe()), (ErrorCode::Storage, true), "{error}");
                assert!(!error.sms_possibly_sent());
            }
            *store.trouble.lock().unwrap() = None;
            let (retried, ()) = tokio::join!(client.request(NUMBER, keyed()), async { store.goes_on.add_permits(1) });
            assert_eq!((retried.unwrap().id.as_str(), service.sms()), (ID, 1));
        }
    }
}

mod limits {
    use egoi_verify::machine::{PrefixQuota, Quota};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn quota(limit: u32) -> Option<Quota> {
        Some(Quota { limit, per: HOUR })
    }

    fn asked_by(client: &str) -> RequestOptions {
        RequestOptions::default().client(client)
    }

    fn submitted_by(client: &str) -> ValidateOptions {
        ValidateOptions::default().client(client)
    }

    /// A store whose clock stands still.
    fn store() -> (Arc<Watched>, Arc<TestClock>) {
        let clock = Arc::new(TestClock::default());
        clock.freeze(true);
        (Arc::new(Watched::new(clock.clone())), clock)
    }

    /// A service that accepts everything but codes.
    async fn accepting() -> Service {
        Service::start(|arrived: &Arrived| match arrived.path.as_str() {
            path if path.ends_with("/request") => made(),
            path if path.ends_with("/validate") => json(400, "{}"),
            path if path.ends_with("/resend") => done(),
            _ => json(200, &format!(r#"{{"id":"{ID}","status":"pending","recipientNumber":"{NUMBER}"}}"#)),
        })
        .await
    }

    fn submissions(service: &Service) -> usize {
        service.arrived().iter().filter(|arrived| arrived.path.ends_with("/validate")).count()
    }

    #[tokio::test]
    async fn a_window_ends_and_clients_with_one_store_count_together() {
        let (service, (store, clock)) = (accepting().await, store());
        let options = || service.options(Api::V2).sms_per_client(quota(2)).wrong_codes_per_client(quota(2));
        let (one, two) = (with_store(options(), &store), with_store(options(), &store));
        one.request(NUMBER, asked_by("a")).await.unwrap();
        two.request(NUMBER, asked_by("a")).await.unwrap();
        assert_eq!(one.validate(ID, CODE, submitted_by("a")).await.unwrap(), Outcome::WrongCode);
        assert_eq!(two.validate(ID, CODE, submitted_by("a")).await.unwrap(), Outcome::WrongCode);
        clock.advance(HOUR - Duration::from_millis(1));
        for client in [&one, &two] {
            let limited = client.request(NUMBER, asked_by("a")).await.unwrap_err();
            assert_eq!((limited.code(), limited.limit()), (ErrorCode::RateLimited, Some("sms_per_client")));
            assert_eq!(limited.retry_after(), Some(Duration::from_millis(1)));
            assert_eq!(client.validate(ID, CODE, submitted_by("a")).await.unwrap(), Outcome::TooManyAttempts);
        }
        assert_eq!((service.sms(), submissions(&service)), (2, 2));
        clock.advance(Duration::from_millis(1));
        one.request(NUMBER, asked_by("a")).await.unwrap();
        assert_eq!(two.validate(ID, CODE, submitted_by("a")).await.unwrap(), Outcome::WrongCode);
    }

    #[tokio::test]
    async fn nothing_is_sent_and_no_code_submitted_that_was_not_counted() {
        for trouble in [Trouble::Fails, Trouble::Hangs] {
            let (service, (store, _)) = (accepting().await, store());
            let options = service.options(Api::V2).sms_per_number(quota(9)).wrong_codes_per_client(quota(9));
            let client = with_store(options, &store);
            let timeout = Duration::from_millis(100);
            *store.trouble.lock().unwrap() = Some(("claim", trouble));
            let request = client.request(NUMBER, asked_by("a").timeout(timeout)).await.unwrap_err();
            let resend = client.resend(ID, CallOptions::default().timeout(timeout)).await.unwrap_err();
            *store.trouble.lock().unwrap() = Some(("count_attempt", trouble));
            let validate = client.validate(ID, CODE, submitted_by("a").timeout(timeout)).await.unwrap_err();
            for error in [request, resend, validate] {
                assert_eq!((error.code(), error.retry_is_safe()), (ErrorCode::Storage, true), "{error}");
                assert!(!error.sms_possibly_sent());
            }
            assert_eq!((service.sms(), submissions(&service)), (0, 0));
        }
    }

    #[tokio::test]
    async fn what_is_counted_too_late_for_its_call_is_given_back() {
        for (method, is_dropped) in
            [("claim", false), ("claim", true), ("count_attempt", false), ("count_attempt", true)]
        {
            let (service, (store, _)) = (accepting().await, store());
            let options = service.options(Api::V2).sms_per_client(quota(1)).wrong_codes_per_client(quota(1));
            let client = with_store(options, &store);
            *store.trouble.lock().unwrap() = Some((method, Trouble::IsLate));
            let timeout = Duration::from_millis(100);
            let late = async {
                match method {
                    "claim" => client.request(NUMBER, asked_by("a").timeout(timeout)).await.err(),
                    _ => client.validate(ID, CODE, submitted_by("a").timeout(timeout)).await.err(),
                }
            };
            if is_dropped {
                assert!(tokio::time::timeout(Duration::from_millis(10), late).await.is_err());
            } else {
                assert_eq!(late.await.unwrap().code(), ErrorCode::Storage);
            }
            store.goes_on.add_permits(1);
            // It is counted, and given back, in the background.
            let again = async {
                while match method {
                    "claim" => client.request(NUMBER, asked_by("a")).await.is_err(),
                    _ => client.validate(ID, CODE, submitted_by("a")).await.unwrap() == Outcome::TooManyAttempts,
                } {
                    tokio::task::yield_now().await;
                }
            };
            *store.trouble.lock().unwrap() = None;
            tokio::time::timeout(Duration::from_secs(5), again).await.expect("it was not given back");
        }
    }

    #[tokio::test]
    async fn a_resend_reads_the_number_and_is_counted_before_it_is_sent() {
        let (service, (store, _)) = (accepting().await, store());
        let prefix = Some(PrefixQuota { limit: 2, per: HOUR, last_digits: 2 });
        let client = with_store(service.options(Api::V2).sms_per_number(quota(2)).sms_per_prefix(prefix), &store);
        client.request(NUMBER, RequestOptions::default()).await.unwrap();
        client.resend(ID, any()).await.unwrap();
        assert!(service.arrived()[1].is_read() && service.arrived()[2].sends_sms(), "{:?}", service.arrived());
        let limited = client.resend(ID, any()).await.unwrap_err();
        assert_eq!((limited.limit(), limited.request_id()), (Some("sms_per_number"), Some(ID)));
        let limited = client.request("351-910000099", RequestOptions::default()).await.unwrap_err();
        assert_eq!(limited.limit(), Some("sms_per_prefix"));
        assert_eq!(service.sms(), 2);
        // Without a limit of SMS nothing is read.
        let client = with_store(service.options(Api::V2).wrong_codes_per_client(quota(1)), &store);
        let before = service.arrived().len();
        client.resend(ID, any()).await.unwrap();
        assert_eq!(service.arrived().len(), before + 1);
    }

    #[tokio::test]
    async fn a_resend_counts_for_the_client_of_its_request_until_its_number_is_erased() {
        let (service, (store, _)) = (accepting().await, store());
        let client = || with_store(service.options(Api::V2).sms_per_client(quota(2)), &store);
        client().request(NUMBER, asked_by("a")).await.unwrap();
        client().resend(ID, any()).await.unwrap();
        let limited = client().resend(ID, any()).await.unwrap_err();
        assert_eq!((limited.limit(), limited.request_id()), (Some("sms_per_client"), Some(ID)));
        let limited = client().request(NUMBER, asked_by("a")).await.unwrap_err();
        assert_eq!((limited.limit(), service.sms()), (Some("sms_per_client"), 2));
        // Whom the request was for is erased with its number.
        store.erase(PhoneNumber::parse(NUMBER).unwrap()).await.unwrap();
        client().resend(ID, any()).await.unwrap();
    }

    #[tokio::test]
    async fn a_resend_that_was_not_sent_is_given_back_to_the_client_of_its_request() {
        let service = Service::start(|arrived: &Arrived| match arrived.path.as_str() {
            path if path.ends_with("/request") => made(),
            path if path.ends_with("/resend") => json(404, "{}"),
            _ => json(200, &format!(r#"{{"id":"{ID}","status":"pending","recipientNumber":"{NUMBER}"}}"#)),
        });
        let (service, (store, _)) = (service.await, store());
        let client = with_store(service.options(Api::V2).sms_per_client(quota(2)), &store);
        client.request(NUMBER, asked_by("a")).await.unwrap();
        for _ in 0..3 {
            assert_eq!(client.resend(ID, any()).await.unwrap_err().code(), ErrorCode::NotFound);
        }
        client.request(NUMBER, asked_by("a")).await.unwrap();
    }

    #[tokio::test]
    async fn a_request_does_not_wait_until_its_client_is_kept() {
        let (service, (store, _)) = (accepting().await, store());
        let client = with_store(service.options(Api::V2).sms_per_client(quota(2)), &store);
        *store.trouble.lock().unwrap() = Some(("complete", Trouble::Hangs));
        let (started, timeout) = (Instant::now(), Duration::from_millis(300));
        client.request(NUMBER, asked_by("a").timeout(timeout)).await.unwrap();
        assert!(started.elapsed() < 3 * timeout, "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn a_resend_that_was_not_sent_is_given_back_and_one_without_a_number_is_not_sent() {
        let pending =
            |number: &str| json(200, &format!(r#"{{"id":"{ID}","status":"pending","recipientNumber":{number}}}"#));
        let of = || pending(&format!("\"{NUMBER}\""));
        let service = Service::responding([of(), json(404, "{}"), of(), json(500, "{}"), of(), pending("null")]).await;
        let (store, _) = store();
        let client = with_store(service.options(Api::V2).sms_per_number(quota(1)), &store);
        assert_eq!(client.resend(ID, any()).await.unwrap_err().code(), ErrorCode::NotFound);
        assert_eq!(client.resend(ID, any()).await.unwrap_err().code(), ErrorCode::Unavailable);
        assert_eq!(client.resend(ID, any()).await.unwrap_err().limit(), Some("sms_per_number"));
        let unknown = client.resend(ID, any()).await.unwrap_err();
        assert_eq!((unknown.code(), unknown.sms_possibly_sent()), (ErrorCode::InvalidResponse, false), "{unknown}");
        assert_eq!(service.sms(), 2);
    }

    #[tokio::test]
    async fn of_64_codes_of_one_client_at_once_no_more_than_its_limit_are_submitted() {
        let (service, (store, _)) = (accepting().await, store());
        let client = with_store(service.options(Api::V2).wrong_codes_per_client(quota(5)), &store);
        let calls = (0..64).map(|i| {
            let client = client.clone();
            tokio::spawn(async move { client.validate(&format!("{ID}{i}"), CODE, submitted_by("a")).await })
        });
        let mut outcomes = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            // The service names another id, which is another failure of those that were submitted.
            outcomes.push(call.await.unwrap());
        }
        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::TooManyAttempts))).count();
        assert_eq!(64 - refused, 5, "{outcomes:?}");
    }

    #[tokio::test]
    async fn a_right_code_is_given_back_and_its_outcome_does_not_wait_for_the_store() {
        let service = Service::start(|arrived: &Arrived| match arrived.method.as_str() {
            "POST" => done_with("verified"),
            _ => read("pending"),
        });
        let (service, (store, _)) = (service.await, store());
        let client = with_store(service.options(Api::V2).wrong_codes_per_client(quota(1)), &store);
        for _ in 0..3 {
            assert_eq!(client.validate(ID, CODE, submitted_by("a")).await.unwrap(), Outcome::Verified);
        }
        *store.trouble.lock().unwrap() = Some(("give_attempt_back", Trouble::IsLate));
        let (started, timeout) = (Instant::now(), Duration::from_millis(300));
        let outcome = client.validate(ID, CODE, submitted_by("a").timeout(timeout)).await.unwrap();
        assert!(outcome == Outcome::Verified && started.elapsed() < 3 * timeout, "{:?}", started.elapsed());
        assert_eq!(client.validate(ID, CODE, submitted_by("a")).await.unwrap(), Outcome::TooManyAttempts);
    }

    #[test]
    fn e_gois_sms_call_takes_no_limit_of_a_client() {
        let options = ClientOptions::new(KEY, "1234").store(Store::default().key([1; 32]));
        let error = EgoiSms::new(options.clone().sms_per_client(quota(1))).err().unwrap();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidInput, Some("sms_per_client")));
        assert!(EgoiSms::new(options).is_ok());
    }
}

/// Writes down everything that is said, for each thread: a test's runtime has one. It is the whole process's, because
/// `tracing` asks only the thread that reaches a call site first whether anybody listens.
struct Seen;

thread_local! {
    static SEEN: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Seen {
    fn start() {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
        SEEN.take();
    }

    fn end() -> String {
        SEEN.take()
    }
}

struct Writer<'a>(&'a mut String);

impl tracing::field::Visit for Writer<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl tracing::Subscriber for Seen {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        SEEN.with_borrow_mut(|text| {
            write!(text, "{} ", span.metadata().name()).unwrap();
            span.record(&mut Writer(text));
        });
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        SEEN.with_borrow_mut(|text| values.record(&mut Writer(text)));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        SEEN.with_borrow_mut(|text| event.record(&mut Writer(text)));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn a_span_says_what_happened_and_no_secret() {
    let refusal = format!(r#"{{"detail":"key {KEY} code {CODE} number {NUMBER} canary message"}}"#);
    let service = Service::start(move |arrived: &Arrived| match arrived.path.as_str() {
        path if path.ends_with("/request") => made(),
        path if path.ends_with("/validate") => json(403, &refusal),
        _ => with_code("pending", CODE),
    })
    .await;
    let client = service.client(Api::V2);
    Seen::start();
    client.request(NUMBER, RequestOptions::default().message("canary message {CODE}")).await.unwrap();
    let failed = client.validate(ID, CODE, ValidateOptions::default()).await.unwrap_err();
    client.get(ID, any()).await.unwrap();
    let text = Seen::end();
    for expected in [
        "egoi_verify",
        "verb=\"request\"",
        "number=+35191*****00",
        "outcome=\"pending\"",
        "status=201",
        "retries=0",
        "duration_ms=",
        "verb=\"validate\"",
        "outcome=\"forbidden\"",
        "status=403",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    for secret in [KEY, CODE, NUMBER, "910000000", "canary message"] {
        assert!(!text.contains(secret), "{secret} in {text}");
        if secret != "canary message" {
            assert!(!failed.to_string().contains(secret), "{failed}");
        }
    }
}
