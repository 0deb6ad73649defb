//! The engine through its five verbs, with a sender that remembers, on a clock that is moved.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    pub(crate) mod post;
    pub(crate) mod soak;
    pub(crate) mod watched;
}

use std::collections::HashSet;
use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use egoi_verify::machine::Quota;
use egoi_verify::store::{KEY_TAG, MemoryStore, StoreBackend};
use egoi_verify::{
    CallOptions, Clock as _, CodeType, Engine, EngineOptions, Error, ErrorCode, Outcome, OutgoingSms, Reason,
    RequestOptions, SendError, SmsStatus, State, Store, TestClock, ValidateOptions, Verification, Verifier,
    parse_number,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use sha2::Sha256;
use tokio::time::Instant;

use support::post::{Fate, Post};
use support::soak;
use support::watched::{Trouble, Watched};

const NUMBER: &str = "+351 910 000 000";
const OTHER: &str = "+351 910 000 001";
const KEY: [u8; 32] = [7; 32];
const MS: Duration = Duration::from_millis(1);
/// How long a call whose SMS was sent waits for the store.
const RECORDING: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const UNKNOWN: &str = "00000000000000000000000000000000";

struct Setting {
    engine: Engine,
    clock: Arc<TestClock>,
    post: Post,
}

/// An engine on a clock that stands still.
fn set_up(options: EngineOptions) -> Setting {
    let (clock, post) = (stopped(), Post::default());
    let engine = Engine::new(post.clone(), options.clock(clock.clone())).unwrap();
    Setting { engine, clock, post }
}

fn stopped() -> Arc<TestClock> {
    let clock = Arc::new(TestClock::default());
    clock.freeze(true);
    clock
}

fn defaults() -> Setting {
    set_up(EngineOptions::default())
}

/// On a store that remembers, and can be made to fail.
fn set_up_watched() -> (Setting, Arc<Watched>) {
    let (clock, post) = (stopped(), Post::default());
    let store = Arc::new(Watched::new(clock.clone()));
    let options = EngineOptions::default().store(Store::custom(store.clone()).key(KEY)).without_limits();
    (Setting { engine: Engine::new(post.clone(), options).unwrap(), clock, post }, store)
}

/// Options whose SMS is the code alone.
fn code_alone() -> RequestOptions {
    RequestOptions::default().message("{CODE}")
}

fn call() -> CallOptions {
    CallOptions::default()
}

impl Setting {
    /// A request, and the code that was sent.
    async fn request(&self) -> (String, String) {
        let id = self.engine.request(NUMBER, code_alone()).await.unwrap().id;
        (id, self.post.latest())
    }

    async fn validate(&self, id: &str, code: &str) -> Outcome {
        self.engine.validate(id, code, ValidateOptions::default()).await.unwrap()
    }

    async fn guess(&self, id: &str, times: usize) {
        for _ in 0..times {
            assert_eq!(self.validate(id, "wrong").await, Outcome::WrongCode);
        }
    }

    async fn get(&self, id: &str) -> Verification {
        self.engine.get(id, call()).await.unwrap()
    }

    async fn resend_error(&self, id: &str) -> Error {
        self.engine.resend(id, call()).await.unwrap_err()
    }

    async fn request_error(&self, options: RequestOptions) -> Error {
        self.engine.request(NUMBER, options).await.unwrap_err()
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

/// Code, request id, retry after, retry is safe, SMS may be sent.
#[track_caller]
fn assert_fields(error: &Error, code: ErrorCode, id: Option<&str>, after: Option<Duration>, safe: bool, sms: bool) {
    assert_eq!(error.code(), code, "{error:?}");
    assert_eq!(error.request_id(), id, "{error:?}");
    assert_eq!(error.retry_after(), after, "{error:?}");
    assert_eq!(error.retry_is_safe(), safe, "{error:?}");
    assert_eq!(error.sms_possibly_sent(), sms, "{error:?}");
    assert_eq!(error.http_status(), None, "{error:?}");
}

mod request {
    use super::*;

    // Request

    #[tokio::test]
    async fn a_request_sends_one_sms_with_the_code_to_the_number() {
        let setting = defaults();
        setting.engine.request("351-910000000", RequestOptions::default()).await.unwrap();
        let sent = setting.post.sent();
        assert_eq!((sent.len(), sent[0].number.as_str()), (1, "+351910000000"));
        let (code, rest) = sent[0].text.split_at(6);
        assert!(code.bytes().all(|b| b.is_ascii_digit()) && rest == " is your verification code.", "{}", sent[0].text);
    }

    #[tokio::test]
    async fn what_a_request_gives_back_says_everything_but_the_code() {
        let setting = defaults();
        let now = SystemTime::from(setting.clock.now());
        let made =
            setting.engine.request(NUMBER, RequestOptions::default().ttl(Duration::from_secs(60))).await.unwrap();
        assert_eq!(made.state, State::Pending);
        assert_eq!(made.number.as_deref(), Some("+351910000000"));
        assert_eq!(made.created_at, Some(now));
        assert_eq!(made.expires_at, Some(now + Duration::from_secs(60)));
        assert_eq!(made.sms, Some(SmsStatus::Sent));
        assert_eq!(made.attempts_left, Some(5));
    }

    #[tokio::test]
    async fn a_printed_verification_masks_the_number() {
        let setting = defaults();
        let made = setting.engine.request(NUMBER, code_alone()).await.unwrap();
        let printed = format!("{made:?}");
        assert!(printed.contains("+35191*****00") && !printed.contains("910000000"), "{printed}");
        assert!(!printed.contains(&setting.post.latest()), "{printed}");
    }

    #[tokio::test]
    async fn the_code_is_of_the_type_and_size_asked_for() {
        let setting = set_up(EngineOptions::default().without_limits());
        for code_type in CodeType::ALL {
            for size in [4, 20] {
                setting.engine.request(NUMBER, code_alone().code_type(code_type).code_size(size)).await.unwrap();
                let code = setting.post.latest();
                assert_eq!(code.len(), size as usize);
                assert!(code.chars().all(|c| code_type.alphabet().contains(c)), "{code} is {code_type}");
            }
        }
    }

    #[tokio::test]
    async fn ids_are_32_lower_case_hex_digits_and_all_differ() {
        let setting = set_up(EngineOptions::default().without_limits());
        let mut ids = HashSet::new();
        for _ in 0..1000 {
            let (id, _) = setting.request().await;
            assert!(id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{id}");
            assert!(ids.insert(id));
        }
    }

    #[tokio::test]
    async fn every_hand_over_has_an_attempt_id_of_its_own() {
        let setting = set_up(EngineOptions::default().without_limits());
        for _ in 0..2 {
            let (id, _) = setting.request().await;
            for fate in [Fate::NotSent, Fate::PossiblySent, Fate::Sent] {
                setting.post.next(fate);
                let _ = setting.engine.resend(&id, call()).await;
            }
        }
        let ids: HashSet<String> = setting.post.sent().into_iter().map(|sms| sms.attempt_id).collect();
        assert_eq!((ids.len(), setting.post.count()), (8, 8));
    }

    #[tokio::test]
    async fn what_is_refused_sends_nothing_and_names_the_field() {
        let setting = defaults();
        let secs = Duration::from_secs;
        let options = RequestOptions::default;
        for (field, refused) in [
            ("code_size", options().code_size(3)),
            ("code_size", options().code_size(21)),
            ("ttl", options().ttl(secs(0))),
            ("ttl", options().ttl(secs(3601))),
            ("ttl", options().ttl(Duration::from_millis(1500))),
            ("message", options().message("")),
            ("message", options().message("no place")),
            ("message", options().message("{CODE}\u{7}")),
            ("group", options().group("")),
            ("group", options().group("g".repeat(101))),
            ("group", options().group("a\nb")),
            ("idempotency_key", options().idempotency_key("")),
            ("idempotency_key", options().idempotency_key("k".repeat(257))),
            ("idempotency_key", options().idempotency_key("k\0")),
        ] {
            let error = setting.request_error(refused).await;
            assert_fields(&error, ErrorCode::InvalidInput, None, None, false, false);
            assert!(error.detail().starts_with(&format!("`{field}` ")), "{error}");
        }
        let error = setting.engine.request("910000000", options()).await.unwrap_err();
        assert!(error.code() == ErrorCode::InvalidInput && error.detail().starts_with("`number` "), "{error}");
        assert_eq!(setting.post.count(), 0);
    }

    #[tokio::test]
    async fn the_limits_of_labels_are_allowed() {
        let setting = set_up(EngineOptions::default().resend_after(None));
        for options in [
            code_alone().group("g").idempotency_key("k"),
            code_alone().group("é".repeat(100)).idempotency_key("é".repeat(256)),
        ] {
            assert!(setting.engine.request(NUMBER, options).await.is_ok());
        }
    }

    #[tokio::test]
    async fn another_country_is_rejected_and_nothing_sent() {
        let setting = set_up(EngineOptions::default().calling_codes([34, 351]));
        let error = setting.engine.request("+44 7700 900123", RequestOptions::default()).await.unwrap_err();
        assert_fields(&error, ErrorCode::Rejected, None, None, false, false);
        assert!(error.detail().contains("44"), "{error}");
        assert_eq!(setting.post.count(), 0);
        assert!(setting.engine.request(NUMBER, RequestOptions::default()).await.is_ok());
    }

    #[tokio::test]
    async fn past_max_requests_a_request_is_rate_limited() {
        let setting = set_up(EngineOptions::default().max_requests(1));
        setting.request().await;
        let error = setting.engine.request(OTHER, RequestOptions::default()).await.unwrap_err();
        assert_fields(&error, ErrorCode::RateLimited, None, None, true, false);
        assert_eq!(setting.post.count(), 1);
    }
}

mod validate {
    use super::*;

    // Validate

    #[tokio::test]
    async fn the_right_code_is_verified_once_and_then_already() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        assert_eq!(setting.validate(&id, &code).await, Outcome::Verified);
        assert_eq!(setting.get(&id).await.state, State::Verified);
        for given in [code.as_str(), "wrong"] {
            assert_eq!(setting.validate(&id, given).await, Outcome::AlreadyVerified);
        }
    }

    #[tokio::test]
    async fn a_code_may_be_given_with_spaces_hyphens_and_in_another_script() {
        let setting = set_up(EngineOptions::default().without_limits());
        for write in [
            |code: &str| format!(" {} {} ", &code[..3], &code[3..]),
            |code: &str| format!("{}-{}", &code[..3], &code[3..]),
            |code: &str| code.chars().map(|c| char::from_u32(c as u32 - '0' as u32 + '٠' as u32).unwrap()).collect(),
        ] {
            let (id, code) = setting.request().await;
            assert_eq!(setting.validate(&id, &write(&code)).await, Outcome::Verified);
        }
    }

    #[tokio::test]
    async fn letters_may_be_given_in_lower_case() {
        let setting = defaults();
        let id = setting.engine.request(NUMBER, code_alone().code_type(CodeType::Alpha)).await.unwrap().id;
        assert_eq!(setting.validate(&id, &setting.post.latest().to_lowercase()).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn a_wrong_code_leaves_the_request_pending_with_one_attempt_fewer() {
        let setting = defaults();
        let (id, _) = setting.request().await;
        setting.guess(&id, 1).await;
        let now = setting.get(&id).await;
        assert_eq!((now.state, now.attempts_left), (State::Pending, Some(4)));
    }

    #[tokio::test]
    async fn a_code_of_the_wrong_length_or_alphabet_counts() {
        let setting = defaults();
        let (id, _) = setting.request().await;
        for code in ["1", "abcdef", &"1".repeat(64)] {
            assert_eq!(setting.validate(&id, code).await, Outcome::WrongCode);
        }
        assert_eq!(setting.get(&id).await.attempts_left, Some(2));
    }

    #[tokio::test]
    async fn a_code_that_is_refused_does_not_count() {
        let setting = defaults();
        let (id, _) = setting.request().await;
        for code in ["", " - ", &"1".repeat(65)] {
            let error = setting.engine.validate(&id, code, ValidateOptions::default()).await.unwrap_err();
            assert_fields(&error, ErrorCode::InvalidInput, None, None, false, false);
        }
        assert_eq!(setting.get(&id).await.attempts_left, Some(5));
    }

    #[tokio::test]
    async fn a_code_is_good_one_millisecond_before_it_expires() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        setting.pass(Duration::from_secs(600) - MS);
        assert_eq!(setting.get(&id).await.state, State::Pending);
        assert_eq!(setting.validate(&id, &code).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn a_code_is_expired_when_it_expires() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        setting.pass(Duration::from_secs(600));
        assert_eq!(setting.get(&id).await.state, State::Expired);
        assert_eq!(setting.validate(&id, &code).await, Outcome::Expired);
    }

    #[tokio::test]
    async fn one_requests_code_is_wrong_for_another() {
        let setting = defaults();
        let (first, first_code) = setting.request().await;
        let second = setting.engine.request(OTHER, code_alone().code_size(20)).await.unwrap().id;
        let second_code = setting.post.latest();
        assert_eq!(setting.validate(&second, &first_code).await, Outcome::WrongCode);
        assert_eq!(setting.validate(&first, &second_code).await, Outcome::WrongCode);
    }

    #[tokio::test]
    async fn after_five_wrong_codes_not_even_the_right_one_is_looked_at_until_the_request_expires() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        setting.guess(&id, 5).await;
        assert_eq!(setting.validate(&id, &code).await, Outcome::TooManyAttempts);
        let now = setting.get(&id).await;
        assert_eq!((now.state, now.attempts_left), (State::Pending, Some(0)));
        setting.pass(Duration::from_secs(600));
        assert_eq!(setting.validate(&id, &code).await, Outcome::Expired);
    }

    #[tokio::test]
    async fn after_four_wrong_codes_the_right_one_is_verified() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        setting.guess(&id, 4).await;
        assert_eq!(setting.validate(&id, &code).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn twenty_wrong_codes_a_day_for_one_number_are_looked_at() {
        let setting = set_up(EngineOptions::default().sms_per_number(None).resend_after(None));
        for _ in 0..4 {
            let (id, _) = setting.request().await;
            setting.guess(&id, 5).await;
        }
        let (id, code) = setting.request().await;
        assert_eq!(setting.validate(&id, &code).await, Outcome::TooManyAttempts);
        assert_eq!(setting.get(&id).await.attempts_left, Some(5), "nothing was looked at");
        setting.pass(DAY);
        let (id, code) = setting.request().await;
        assert_eq!(setting.validate(&id, &code).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn a_success_clears_the_wrong_codes_of_the_number() {
        let setting = set_up(EngineOptions::default().sms_per_number(None).resend_after(None));
        for _ in 0..10 {
            let (id, code) = setting.request().await;
            setting.guess(&id, 4).await;
            assert_eq!(setting.validate(&id, &code).await, Outcome::Verified);
        }
    }

    #[tokio::test]
    async fn without_limits_a_request_waits_for_the_right_code_until_it_expires() {
        let setting = set_up(EngineOptions::default().without_limits());
        let (id, code) = setting.request().await;
        setting.guess(&id, 1000).await;
        assert_eq!(setting.get(&id).await.attempts_left, None);
        assert_eq!(setting.validate(&id, &code).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn with_the_number_of_the_request_however_written_the_right_code_is_verified() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        let tied = ValidateOptions::default().number("00351 910-000-000");
        assert_eq!(setting.engine.validate(&id, &code, tied).await.unwrap(), Outcome::Verified);
    }

    #[tokio::test]
    async fn with_another_number_the_request_is_not_found_and_no_attempt_counted() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        for given in [code.as_str(), "wrong"] {
            let error =
                setting.engine.validate(&id, given, ValidateOptions::default().number(OTHER)).await.unwrap_err();
            assert_fields(&error, ErrorCode::NotFound, Some(&id), None, false, false);
        }
        let now = setting.get(&id).await;
        assert_eq!((now.state, now.attempts_left), (State::Pending, Some(5)));
        assert_eq!(setting.validate(&id, &code).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn with_a_number_that_is_none_the_validation_is_refused() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        let error = setting.engine.validate(&id, &code, ValidateOptions::default().number("910")).await.unwrap_err();
        assert_fields(&error, ErrorCode::InvalidInput, None, None, false, false);
    }
}

mod cancel {
    use super::*;

    // Cancel, get

    #[tokio::test]
    async fn a_cancelled_request_stays_cancelled_and_its_code_proves_nothing() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        for _ in 0..2 {
            assert_eq!(setting.engine.cancel(&id, call()).await.unwrap(), State::Cancelled);
        }
        assert_eq!(setting.validate(&id, &code).await, Outcome::Cancelled);
        assert_eq!(setting.get(&id).await.state, State::Cancelled);
    }

    #[tokio::test]
    async fn cancelling_too_late_says_what_the_request_is() {
        let setting = set_up(EngineOptions::default().resend_after(None));
        let (verified, code) = setting.request().await;
        assert_eq!(setting.validate(&verified, &code).await, Outcome::Verified);
        let (expired, _) = setting.request().await;
        setting.pass(Duration::from_secs(600));
        assert_eq!(setting.engine.cancel(&verified, call()).await.unwrap(), State::Verified);
        assert_eq!(setting.engine.cancel(&expired, call()).await.unwrap(), State::Expired);
    }
}

mod ids {
    use super::*;

    #[tokio::test]
    async fn an_unknown_id_is_not_found() {
        let Setting { engine, .. } = defaults();
        for id in [UNKNOWN, "another-services-id", &UNKNOWN.replace('0', "A")] {
            for error in [
                engine.validate(id, "123456", ValidateOptions::default()).await.unwrap_err(),
                engine.cancel(id, call()).await.unwrap_err(),
                engine.resend(id, call()).await.unwrap_err(),
                engine.get(id, call()).await.unwrap_err(),
            ] {
                assert_fields(&error, ErrorCode::NotFound, Some(id), None, false, false);
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_id_is_refused() {
        let Setting { engine, .. } = defaults();
        for error in [
            engine.validate("a/b", "123456", ValidateOptions::default()).await.unwrap_err(),
            engine.cancel("..", call()).await.unwrap_err(),
            engine.resend("", call()).await.unwrap_err(),
            engine.get(&"a".repeat(129), call()).await.unwrap_err(),
        ] {
            assert_fields(&error, ErrorCode::InvalidInput, None, None, false, false);
        }
    }

    #[tokio::test]
    async fn a_request_is_not_found_when_keep_is_over() {
        let setting = set_up(EngineOptions::default().store(Store::default().retention(HOUR)));
        let (id, code) = setting.request().await;
        assert_eq!(setting.validate(&id, &code).await, Outcome::Verified);
        setting.pass(Duration::from_secs(600) + HOUR - MS);
        assert_eq!(setting.validate(&id, &code).await, Outcome::AlreadyVerified);
        setting.pass(MS);
        assert_eq!(setting.engine.get(&id, call()).await.unwrap_err().code(), ErrorCode::NotFound);
    }
}

mod resend {
    use super::*;

    // Resend

    #[tokio::test]
    async fn a_resend_sends_a_new_code_and_the_old_one_stops_working() {
        let setting = defaults();
        let id = setting.engine.request(NUMBER, code_alone().code_size(20)).await.unwrap().id;
        let old = setting.post.latest();
        setting.pass(Duration::from_secs(30));
        let resent = setting.engine.resend(&id, call()).await.unwrap();
        assert_eq!(
            (resent.id.as_str(), resent.state, resent.sms),
            (id.as_str(), State::Pending, Some(SmsStatus::Sent))
        );
        assert_eq!(setting.post.count(), 2);
        assert_eq!(setting.validate(&id, &old).await, Outcome::WrongCode);
        assert_eq!(setting.validate(&id, &setting.post.latest()).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn a_resend_has_the_message_code_and_validity_of_the_request() {
        let setting = defaults();
        let options = RequestOptions::default().message("Code {CODE}!").code_type(CodeType::Hex).code_size(8);
        let id = setting.engine.request(NUMBER, options.ttl(Duration::from_secs(100))).await.unwrap().id;
        setting.pass(Duration::from_secs(99));
        let resent = setting.engine.resend(&id, call()).await.unwrap();
        let now = SystemTime::from(setting.clock.now());
        assert_eq!(resent.expires_at, Some(now + Duration::from_secs(100)), "the validity starts again");
        assert_eq!(resent.created_at, Some(now - Duration::from_secs(99)));
        let text = setting.post.latest();
        let code = text.strip_prefix("Code ").and_then(|rest| rest.strip_suffix('!')).unwrap();
        assert!(code.len() == 8 && code.chars().all(|c| CodeType::Hex.alphabet().contains(c)), "{text}");
    }

    #[tokio::test]
    async fn a_resend_gives_no_attempt_back() {
        let setting = defaults();
        let (id, _) = setting.request().await;
        setting.guess(&id, 4).await;
        setting.pass(Duration::from_secs(30));
        assert_eq!(setting.engine.resend(&id, call()).await.unwrap().attempts_left, Some(1));
    }

    #[tokio::test]
    async fn a_resend_of_a_request_without_attempts_is_a_conflict() {
        let setting = defaults();
        let (id, _) = setting.request().await;
        setting.guess(&id, 5).await;
        setting.pass(Duration::from_secs(30));
        assert_fields(&setting.resend_error(&id).await, ErrorCode::Conflict, Some(&id), None, false, false);
        assert_eq!(setting.post.count(), 1);
    }

    #[tokio::test]
    async fn a_resend_of_a_request_that_is_over_is_a_conflict() {
        let setting = set_up(EngineOptions::default().resend_after(None));
        let (verified, code) = setting.request().await;
        assert_eq!(setting.validate(&verified, &code).await, Outcome::Verified);
        let (cancelled, _) = setting.request().await;
        setting.engine.cancel(&cancelled, call()).await.unwrap();
        let (expired, _) = setting.request().await;
        setting.pass(Duration::from_secs(600));
        for id in [verified, cancelled, expired] {
            assert_fields(&setting.resend_error(&id).await, ErrorCode::Conflict, Some(&id), None, false, false);
        }
        assert_eq!(setting.post.count(), 3);
    }

    #[tokio::test]
    async fn a_resend_before_30_s_is_rate_limited_with_the_wait() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        setting.pass(Duration::from_secs(30) - MS);
        let error = setting.resend_error(&id).await;
        assert_fields(&error, ErrorCode::RateLimited, Some(&id), Some(MS), true, false);
        assert_eq!(setting.post.count(), 1);
        assert_eq!(setting.validate(&id, &code).await, Outcome::Verified, "the code is still good");
    }

    #[tokio::test]
    async fn the_fourth_resend_is_rate_limited_and_no_wait_helps() {
        let setting = defaults();
        let (id, _) = setting.request().await;
        for _ in 0..3 {
            setting.pass(Duration::from_secs(30));
            setting.engine.resend(&id, call()).await.unwrap();
        }
        setting.pass(Duration::from_secs(500));
        assert_fields(&setting.resend_error(&id).await, ErrorCode::RateLimited, Some(&id), None, false, false);
        assert_eq!(setting.post.count(), 4);
    }

    #[tokio::test]
    async fn five_sms_an_hour_go_to_one_number_requests_and_resends_together() {
        let setting = defaults();
        let (id, _) = setting.request().await;
        for _ in 0..2 {
            setting.pass(Duration::from_secs(30));
            setting.engine.resend(&id, call()).await.unwrap();
        }
        for _ in 0..2 {
            setting.pass(Duration::from_secs(30));
            setting.request().await;
        }
        setting.pass(Duration::from_secs(30));
        let wait = HOUR - Duration::from_secs(150);
        let error = setting.request_error(RequestOptions::default()).await;
        assert_fields(&error, ErrorCode::RateLimited, None, Some(wait), true, false);
        assert_fields(&setting.resend_error(&id).await, ErrorCode::RateLimited, Some(&id), Some(wait), true, false);
        assert_eq!(setting.post.count(), 5);
        assert!(setting.engine.request(OTHER, RequestOptions::default()).await.is_ok(), "another number has its own");
        setting.pass(wait);
        setting.request().await;
    }
}

/// Begins a call, and drops it where it waits for the first time.
async fn begin_and_drop<T>(call: impl Future<Output = T>) {
    tokio::select! {
        biased;
        _ = call => panic!("it came to an end"),
        () = std::future::ready(()) => {}
    }
}

mod delivery {
    use super::*;

    // Hand-overs that fail

    #[tokio::test]
    async fn a_request_that_was_not_sent_leaves_nothing_behind() {
        let setting =
            set_up(EngineOptions::default().max_requests(1).sms_per_number(Some(Quota { limit: 1, per: HOUR })));
        setting.post.next(Fate::NotSent);
        let error = setting.request_error(code_alone().idempotency_key("k")).await;
        assert_fields(&error, ErrorCode::DeliveryFailed, None, None, true, false);
        assert_eq!(error.source().unwrap().to_string(), "the gateway refused the connection");
        let again = setting.engine.request(OTHER, code_alone().idempotency_key("k")).await;
        assert!(again.is_ok(), "no record, no SMS counted, the key is free: {again:?}");
    }

    #[tokio::test]
    async fn a_request_that_may_have_been_sent_is_pending_and_its_code_counts() {
        let setting = defaults();
        setting.post.next(Fate::PossiblySent);
        let error = setting.request_error(code_alone()).await;
        let id = error.request_id().unwrap().to_owned();
        assert_fields(&error, ErrorCode::DeliveryFailed, Some(&id), None, false, true);
        assert_eq!(error.source().unwrap().to_string(), "the gateway did not respond");
        let left = setting.get(&id).await;
        assert_eq!((left.state, left.sms), (State::Pending, Some(SmsStatus::Unknown)));
        assert_eq!(setting.validate(&id, &setting.post.latest()).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn an_sms_that_may_have_been_sent_counts() {
        let setting = set_up(EngineOptions::default().sms_per_number(Some(Quota { limit: 1, per: HOUR })));
        setting.post.next(Fate::PossiblySent);
        assert_eq!(setting.request_error(code_alone()).await.code(), ErrorCode::DeliveryFailed);
        assert_eq!(setting.request_error(code_alone()).await.code(), ErrorCode::RateLimited);
    }

    #[tokio::test]
    async fn a_resend_that_was_not_sent_leaves_code_validity_and_counts_as_they_were() {
        let quota = Quota { limit: 2, per: HOUR };
        let setting = set_up(EngineOptions::default().sms_per_number(Some(quota)).max_resends(Some(1)));
        let (id, _) = setting.request().await;
        let before = setting.get(&id).await;
        setting.pass(Duration::from_secs(30));
        for _ in 0..3 {
            setting.post.next(Fate::NotSent);
            let error = setting.resend_error(&id).await;
            assert_fields(&error, ErrorCode::DeliveryFailed, Some(&id), None, true, false);
            assert!(setting.get(&id).await == before);
        }
        assert!(
            setting.engine.resend(&id, call()).await.is_ok(),
            "neither a resend, nor an SMS, nor a pause was counted"
        );
    }

    #[tokio::test]
    async fn after_a_resend_that_was_not_sent_the_old_code_is_verified_and_the_new_one_is_not() {
        let setting = defaults();
        let id = setting.engine.request(NUMBER, code_alone().code_size(20)).await.unwrap().id;
        let old = setting.post.latest();
        setting.pass(Duration::from_secs(30));
        setting.post.next(Fate::NotSent);
        setting.resend_error(&id).await;
        assert_eq!(setting.validate(&id, &setting.post.latest()).await, Outcome::WrongCode);
        assert_eq!(setting.validate(&id, &old).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn after_a_resend_that_may_have_been_sent_the_new_code_counts_and_the_old_one_does_not() {
        let setting = defaults();
        let id = setting.engine.request(NUMBER, code_alone().code_size(20)).await.unwrap().id;
        let old = setting.post.latest();
        setting.pass(Duration::from_secs(30));
        setting.post.next(Fate::PossiblySent);
        let error = setting.resend_error(&id).await;
        assert_fields(&error, ErrorCode::DeliveryFailed, Some(&id), None, false, true);
        let left = setting.get(&id).await;
        assert_eq!((left.state, left.sms), (State::Pending, Some(SmsStatus::Unknown)));
        assert_eq!(left.expires_at, Some(SystemTime::from(setting.clock.now()) + Duration::from_secs(600)));
        assert_eq!(setting.validate(&id, &old).await, Outcome::WrongCode);
        assert_eq!(setting.validate(&id, &setting.post.latest()).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn without_a_pause_a_resend_may_follow_at_once_on_one_that_may_have_been_sent() {
        let setting = set_up(EngineOptions::default().resend_after(None));
        let (id, _) = setting.request().await;
        setting.post.next(Fate::PossiblySent);
        setting.resend_error(&id).await;
        assert_eq!(setting.engine.resend(&id, call()).await.unwrap().sms, Some(SmsStatus::Sent));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_runs_out_of_time_while_handing_over_is_pending_and_may_be_sent() {
        let setting = defaults();
        setting.post.next(Fate::Hangs);
        let error = setting.request_error(code_alone().timeout(Duration::from_secs(5))).await;
        let id = error.request_id().unwrap().to_owned();
        assert_fields(&error, ErrorCode::Timeout, Some(&id), None, false, true);
        assert!(error.detail().contains("5000 ms"), "{error}");
        let left = setting.get(&id).await;
        assert_eq!((left.state, left.sms), (State::Pending, Some(SmsStatus::Unknown)));
        assert_eq!(setting.validate(&id, &setting.post.latest()).await, Outcome::Verified);
    }

    #[tokio::test(start_paused = true)]
    async fn a_resend_that_runs_out_of_time_while_handing_over_leaves_the_new_code() {
        let setting = defaults();
        let (id, _) = setting.request().await;
        setting.pass(Duration::from_secs(30));
        setting.post.next(Fate::Hangs);
        let error = setting.engine.resend(&id, call().timeout(Duration::from_secs(5))).await.unwrap_err();
        assert_fields(&error, ErrorCode::Timeout, Some(&id), None, false, true);
        assert_eq!(setting.get(&id).await.sms, Some(SmsStatus::Unknown));
        assert_eq!(setting.validate(&id, &setting.post.latest()).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn a_request_dropped_while_handing_over_is_pending_with_sms_unknown() {
        let setting = defaults();
        setting.post.next(Fate::Hangs);
        begin_and_drop(setting.engine.request(NUMBER, code_alone().idempotency_key("k"))).await;
        let left = setting.engine.request(NUMBER, code_alone().idempotency_key("k")).await.unwrap();
        assert_eq!((left.state, left.sms), (State::Pending, Some(SmsStatus::Unknown)));
        assert_eq!(setting.post.count(), 1);
        assert_eq!(setting.validate(&left.id, &setting.post.latest()).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn a_resend_dropped_while_handing_over_leaves_the_new_code_with_sms_unknown() {
        let setting = defaults();
        let (id, _) = setting.request().await;
        setting.pass(Duration::from_secs(30));
        setting.post.next(Fate::Hangs);
        begin_and_drop(setting.engine.resend(&id, call())).await;
        assert_eq!(setting.get(&id).await.sms, Some(SmsStatus::Unknown));
        assert_eq!(setting.validate(&id, &setting.post.latest()).await, Outcome::Verified);
    }
}

mod idempotency {
    use super::*;

    // Idempotency

    #[tokio::test]
    async fn the_same_key_gives_the_same_request_and_no_second_sms() {
        let setting = defaults();
        let first = setting.engine.request(NUMBER, code_alone().idempotency_key("k")).await.unwrap();
        let again = setting.engine.request("351-910000000", code_alone().idempotency_key("k")).await.unwrap();
        assert!(again == first);
        assert_eq!(setting.post.count(), 1);
    }

    #[tokio::test]
    async fn the_same_key_says_what_became_of_the_request() {
        let setting = defaults();
        let id = setting.engine.request(NUMBER, code_alone().idempotency_key("k")).await.unwrap().id;
        assert_eq!(setting.validate(&id, &setting.post.latest()).await, Outcome::Verified);
        let again = setting.engine.request(NUMBER, code_alone().idempotency_key("k")).await.unwrap();
        assert_eq!((again.id, again.state), (id, State::Verified));
    }

    #[tokio::test]
    async fn the_same_key_for_another_number_is_a_conflict() {
        let setting = defaults();
        setting.engine.request(NUMBER, code_alone().idempotency_key("k")).await.unwrap();
        let error = setting.engine.request(OTHER, code_alone().idempotency_key("k")).await.unwrap_err();
        assert_fields(&error, ErrorCode::Conflict, None, None, false, false);
        assert_eq!(setting.post.count(), 1);
    }

    #[tokio::test]
    async fn the_same_key_sends_no_second_sms_where_the_first_may_have_been_sent() {
        let setting = defaults();
        setting.post.next(Fate::PossiblySent);
        let error = setting.request_error(code_alone().idempotency_key("k")).await;
        let again = setting.engine.request(NUMBER, code_alone().idempotency_key("k")).await.unwrap();
        assert_eq!((Some(again.id.as_str()), again.sms), (error.request_id(), Some(SmsStatus::Unknown)));
        assert_eq!(setting.post.count(), 1);
    }

    #[tokio::test]
    async fn another_key_or_none_makes_another_request() {
        let setting = set_up(EngineOptions::default().resend_after(None));
        for options in
            [code_alone().idempotency_key("k"), code_alone().idempotency_key("l"), code_alone(), code_alone()]
        {
            setting.engine.request(NUMBER, options).await.unwrap();
        }
        assert_eq!(setting.post.count(), 4);
    }

    #[tokio::test]
    async fn a_key_is_free_again_when_keep_is_over() {
        let setting = set_up(EngineOptions::default().store(Store::default().retention(HOUR)));
        let first = setting.engine.request(NUMBER, code_alone().idempotency_key("k")).await.unwrap();
        setting.pass(Duration::from_secs(600) + HOUR - MS);
        assert_eq!(setting.engine.request(NUMBER, code_alone().idempotency_key("k")).await.unwrap().id, first.id);
        setting.pass(MS);
        assert!(setting.engine.request(OTHER, code_alone().idempotency_key("k")).await.unwrap().id != first.id);
    }
}

/// An engine under a key, on a store that others share.
fn under(key: u8, previous: &[u8], store: &Arc<MemoryStore>, post: &Post) -> Engine {
    let store = Store::custom(store.clone()).key([key; 32]).previous_keys(previous.iter().map(|key| vec![*key; 32]));
    Engine::new(post.clone(), EngineOptions::default().store(store)).unwrap()
}

mod keys {
    use super::*;

    // Keys and what the store is given

    #[tokio::test]
    async fn the_store_is_given_an_hmac_of_the_code_bound_to_the_request_and_nothing_else() {
        let (setting, store) = set_up_watched();
        let (id, code) = setting.request().await;
        let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).unwrap();
        mac.update(&u128::from_str_radix(&id, 16).unwrap().to_be_bytes());
        mac.update(code.as_bytes());
        let expected: [u8; 32] = mac.finalize().into_bytes().into();
        let digests = store.digests.lock().unwrap().clone();
        assert_eq!(digests.len(), 1);
        // Its first bytes name the key.
        assert_eq!(digests[0][KEY_TAG..], expected[KEY_TAG..]);
        assert!(!expected.windows(code.len()).any(|window| window == code.as_bytes()));
    }

    #[tokio::test]
    async fn one_code_has_another_digest_for_each_request() {
        let (setting, store) = set_up_watched();
        let (first, _) = setting.request().await;
        let (second, _) = setting.request().await;
        store.digests.lock().unwrap().clear();
        for id in [&first, &first, &second] {
            assert_eq!(setting.validate(id, "123456x").await, Outcome::WrongCode);
        }
        let digests = store.digests.lock().unwrap().clone();
        assert!(digests[0] == digests[1] && digests[1] != digests[2]);
    }

    #[tokio::test]
    async fn the_store_is_given_no_idempotency_key_in_clear() {
        let (setting, store) = set_up_watched();
        let key = "an-idempotency-key-of-32-letters";
        setting.engine.request(NUMBER, code_alone().idempotency_key(key)).await.unwrap();
        assert!(store.digests.lock().unwrap().iter().all(|digest| digest != key.as_bytes()));
    }

    #[tokio::test]
    async fn codes_from_before_a_change_of_keys_still_count() {
        let (store, post) = (Arc::new(MemoryStore::new(1000)), Post::default());
        let id = under(1, &[], &store, &post).request(NUMBER, code_alone()).await.unwrap().id;
        let changed = under(3, &[2, 1], &store, &post);
        assert_eq!(changed.validate(&id, "wrong", ValidateOptions::default()).await.unwrap(), Outcome::WrongCode);
        let outcome = changed.validate(&id, &post.latest(), ValidateOptions::default()).await.unwrap();
        assert_eq!(outcome, Outcome::Verified);
    }

    #[tokio::test]
    async fn an_idempotency_key_from_before_a_change_of_keys_sends_no_second_sms() {
        let (store, post) = (Arc::new(MemoryStore::new(1000)), Post::default());
        let options = || code_alone().idempotency_key("k");
        let first = under(1, &[], &store, &post).request(NUMBER, options()).await.unwrap().id;
        let again = under(3, &[2, 1], &store, &post).request(NUMBER, options()).await.unwrap().id;
        assert_eq!((again, post.count()), (first, 1));
    }

    #[tokio::test]
    async fn a_code_under_a_key_that_is_no_longer_accepted_is_misconfigured_and_no_attempt() {
        let (store, post) = (Arc::new(MemoryStore::new(1000)), Post::default());
        let id = under(1, &[], &store, &post).request(NUMBER, code_alone()).await.unwrap().id;
        let changed = under(3, &[2], &store, &post);
        for number in [None, Some(NUMBER)] {
            let options =
                number.map_or_else(ValidateOptions::default, |number| ValidateOptions::default().number(number));
            let error = changed.validate(&id, &post.latest(), options).await.unwrap_err();
            assert_eq!((error.code(), error.reason()), (ErrorCode::Misconfigured, Some(Reason::WrongKey)), "{error}");
        }
        let right = under(1, &[], &store, &post);
        assert_eq!(right.get(&id, call()).await.unwrap().attempts_left, Some(5));
        assert_eq!(right.validate(&id, &post.latest(), ValidateOptions::default()).await.unwrap(), Outcome::Verified);
    }

    #[tokio::test]
    async fn a_code_after_a_change_of_keys_is_under_the_new_one() {
        let (store, post) = (Arc::new(MemoryStore::new(1000)), Post::default());
        let id = under(2, &[1], &store, &post).request(NUMBER, code_alone()).await.unwrap().id;
        let outcome =
            under(2, &[], &store, &post).validate(&id, &post.latest(), ValidateOptions::default()).await.unwrap();
        assert_eq!(outcome, Outcome::Verified);
    }
}

#[tokio::test]
async fn engines_in_memory_share_nothing() {
    let (first, second) = (defaults(), defaults());
    let (id, _) = first.request().await;
    assert_eq!(second.engine.get(&id, call()).await.unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn clones_are_one_engine() {
    let setting = defaults();
    let (id, _) = setting.request().await;
    assert_eq!(setting.engine.clone().get(&id, call()).await.unwrap().state, State::Pending);
}

/// Awaits what goes on in the background.
async fn until(is_so: impl AsyncFn() -> bool) {
    while !is_so().await {
        tokio::task::yield_now().await;
    }
}

mod store {
    use super::*;

    // A store in trouble

    #[tokio::test]
    async fn where_the_store_fails_before_the_hand_over_nothing_was_sent() {
        let (setting, store) = set_up_watched();
        let (id, _) = setting.request().await;
        *store.trouble.lock().unwrap() = Some(("create", Trouble::Fails));
        assert_fields(&setting.request_error(code_alone()).await, ErrorCode::Storage, None, None, true, false);
        for method in ["terms", "resend"] {
            *store.trouble.lock().unwrap() = Some((method, Trouble::Fails));
            let error = setting.resend_error(&id).await;
            assert_fields(&error, ErrorCode::Storage, None, None, true, false);
        }
        assert_eq!(setting.post.count(), 1);
    }

    #[tokio::test]
    async fn where_the_store_fails_after_the_hand_over_the_request_is_made() {
        let (setting, store) = set_up_watched();
        *store.trouble.lock().unwrap() = Some(("record_delivery", Trouble::Fails));
        let (id, code) = setting.request().await;
        assert_eq!(setting.get(&id).await.sms, Some(SmsStatus::Unknown));
        assert_eq!(setting.validate(&id, &code).await, Outcome::Verified);
    }

    #[tokio::test]
    async fn where_the_store_fails_to_take_back_what_was_not_sent_the_error_names_the_request() {
        let (setting, store) = set_up_watched();
        *store.trouble.lock().unwrap() = Some(("record_delivery", Trouble::Fails));
        setting.post.next(Fate::NotSent);
        let error = setting.request_error(code_alone()).await;
        let id = error.request_id().unwrap().to_owned();
        assert_fields(&error, ErrorCode::Storage, Some(&id), None, false, true);
        assert_eq!(setting.get(&id).await.state, State::Pending);
    }

    #[tokio::test]
    async fn where_the_store_fails_nothing_is_verified() {
        let (setting, store) = set_up_watched();
        let (id, code) = setting.request().await;
        *store.trouble.lock().unwrap() = Some(("validate", Trouble::Fails));
        let error = setting.engine.validate(&id, &code, ValidateOptions::default()).await.unwrap_err();
        assert_fields(&error, ErrorCode::Storage, None, None, false, false);
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_that_never_responds_ends_with_the_engines_own_deadline() {
        let never = |_: OutgoingSms| std::future::pending::<Result<(), SendError>>();
        for (options, ends_after) in
            [(EngineOptions::default(), 15), (EngineOptions::default().timeout(Duration::from_secs(2)), 2)]
        {
            let (engine, started) = (Engine::new(never, options).unwrap(), tokio::time::Instant::now());
            let error = engine.request(NUMBER, RequestOptions::default()).await.unwrap_err();
            assert_eq!((error.code(), error.sms_possibly_sent()), (ErrorCode::Timeout, true), "{error:?}");
            assert_eq!(started.elapsed().as_secs(), ends_after);
        }
    }

    #[tokio::test]
    async fn a_request_that_an_engine_in_memory_does_not_have_may_be_in_another_process() {
        let engine = Engine::new(|_: OutgoingSms| async { Ok(()) }, EngineOptions::default()).unwrap();
        let error = engine.get(&"0".repeat(32), call()).await.unwrap_err();
        assert!(error.code() == ErrorCode::NotFound && error.detail().contains("another"), "{error}");
    }

    #[tokio::test]
    async fn get_and_cancel_may_be_repeated_where_the_store_fails() {
        let (setting, store) = set_up_watched();
        let (id, _) = setting.request().await;
        *store.trouble.lock().unwrap() = Some(("get", Trouble::Fails));
        assert!(setting.engine.get(&id, call()).await.unwrap_err().retry_is_safe());
        *store.trouble.lock().unwrap() = Some(("cancel", Trouble::Fails));
        assert!(setting.engine.cancel(&id, call()).await.unwrap_err().retry_is_safe());
    }

    #[tokio::test(start_paused = true)]
    async fn where_the_store_hangs_a_call_ends_at_its_deadline_and_nothing_was_sent() {
        let (setting, store) = set_up_watched();
        let (id, code) = setting.request().await;
        let second = Duration::from_secs(1);
        for (method, safe) in
            [("create", true), ("terms", true), ("resend", true), ("validate", false), ("cancel", true), ("get", true)]
        {
            *store.trouble.lock().unwrap() = Some((method, Trouble::Hangs));
            let (engine, started) = (&setting.engine, Instant::now());
            let error = match method {
                "create" => engine.request(NUMBER, code_alone().timeout(second)).await.unwrap_err(),
                "terms" | "resend" => engine.resend(&id, call().timeout(second)).await.unwrap_err(),
                "validate" => {
                    engine.validate(&id, &code, ValidateOptions::default().timeout(second)).await.unwrap_err()
                }
                "cancel" => engine.cancel(&id, call().timeout(second)).await.unwrap_err(),
                _ => engine.get(&id, call().timeout(second)).await.unwrap_err(),
            };
            assert_fields(&error, ErrorCode::Storage, None, None, safe, false);
            assert!(error.detail().contains("1000 ms") && started.elapsed() <= second + MS, "{method}: {error}");
        }
        assert_eq!(setting.post.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_stored_after_its_deadline_or_its_drop_leaves_nothing_behind() {
        for is_dropped in [false, true] {
            let (setting, store) = set_up_watched();
            *store.trouble.lock().unwrap() = Some(("create", Trouble::IsLate));
            let late = setting.engine.request(NUMBER, code_alone().idempotency_key("k").timeout(MS));
            if is_dropped {
                begin_and_drop(late).await;
            } else {
                assert_fields(&late.await.unwrap_err(), ErrorCode::Storage, None, None, true, false);
            }
            *store.trouble.lock().unwrap() = None;
            // The retry waits until what came too late is gone.
            let retry = setting.engine.request(OTHER, code_alone().idempotency_key("k"));
            let (retried, ()) = tokio::join!(retry, async { store.goes_on.add_permits(1) });
            assert_eq!((retried.unwrap().sms, setting.post.count()), (Some(SmsStatus::Sent), 1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_resend_that_is_stored_after_its_deadline_or_its_drop_leaves_the_old_code() {
        for is_dropped in [false, true] {
            let (setting, store) = set_up_watched();
            let (id, code) = setting.request().await;
            let before = setting.get(&id).await;
            setting.pass(HOUR / 60);
            *store.trouble.lock().unwrap() = Some(("resend", Trouble::IsLate));
            let late = setting.engine.resend(&id, call().timeout(MS));
            if is_dropped {
                begin_and_drop(late).await;
            } else {
                assert_fields(&late.await.unwrap_err(), ErrorCode::Storage, None, None, true, false);
            }
            store.goes_on.add_permits(1);
            until(async || store.digests.lock().unwrap().len() == 2 && setting.get(&id).await == before).await;
            assert_eq!((setting.validate(&id, &code).await, setting.post.count()), (Outcome::Verified, 1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_is_returned_though_the_store_hangs_afterwards() {
        let (setting, store) = set_up_watched();
        *store.trouble.lock().unwrap() = Some(("record_delivery", Trouble::IsLate));
        let (started, timeout) = (Instant::now(), Duration::from_secs(60));
        let made = setting.engine.request(NUMBER, code_alone().timeout(timeout)).await.unwrap();
        assert!(made.sms == Some(SmsStatus::Sent) && started.elapsed() < 2 * RECORDING, "{:?}", started.elapsed());
        assert_eq!(setting.get(&made.id).await.sms, Some(SmsStatus::Unknown));
        store.goes_on.add_permits(1);
        until(async || setting.get(&made.id).await.sms == Some(SmsStatus::Sent)).await;
        setting.pass(HOUR / 60);
        let resent = setting.engine.resend(&made.id, call().timeout(timeout)).await.unwrap();
        assert_eq!(resent.sms, Some(SmsStatus::Sent));
        // By its deadline, where that is sooner.
        let (started, timeout) = (Instant::now(), RECORDING / 4);
        setting.engine.request(NUMBER, code_alone().timeout(timeout)).await.unwrap();
        assert!(started.elapsed() <= timeout + MS, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_sent_is_removed_though_the_store_goes_on_after_the_deadline() {
        let (setting, store) = set_up_watched();
        *store.trouble.lock().unwrap() = Some(("record_delivery", Trouble::IsLate));
        setting.post.next(Fate::NotSent);
        let error = setting.request_error(code_alone().timeout(MS)).await;
        let id = error.request_id().unwrap().to_owned();
        assert_fields(&error, ErrorCode::Storage, Some(&id), None, false, true);
        assert_eq!(setting.get(&id).await.state, State::Pending);
        store.goes_on.add_permits(1);
        until(async || setting.engine.get(&id, call()).await.is_err()).await;
    }
}

mod options {
    use super::*;

    // Options

    #[test]
    fn options_that_make_no_sense_are_refused() {
        let options = EngineOptions::default;
        let store = || Arc::new(MemoryStore::new(1)) as Arc<dyn StoreBackend>;
        let nothing = Quota { limit: 0, per: HOUR };
        let no_time = Quota { limit: 1, per: Duration::ZERO };
        for (field, limit, refused) in [
            ("key", "has 31 bytes; the minimum is 32 bytes", options().store(Store::default().key([0; 31]))),
            ("key", "has 0 bytes; the minimum is 32 bytes", options().store(Store::default().key([]))),
            (
                "previous_keys",
                "has 31 bytes; the minimum is 32 bytes",
                options().store(Store::default().key([0; 32]).previous_keys([vec![0; 32], vec![0; 31]])),
            ),
            ("previous_keys", "without a `key`", options().store(Store::default().previous_keys([vec![0; 32]]))),
            ("countries", "is empty", options().countries([""; 0])),
            ("countries", "has `ZZ`, which is no country", options().countries(["PT", "ZZ"])),
            ("calling_codes", "is empty", options().calling_codes([])),
            ("calling_codes", "has 999", options().calling_codes([351, 999])),
            ("pool_size", "PostgreSQL only", options().store(Store::default().pool_size(3))),
            ("ca_certificates", "Redis only", options().store(Store::default().ca_certificates(*b"-"))),
            ("key", "is missing", options().store(Store::custom(store()))),
            ("store", "must be `memory:`", options().store(Store::new("mysql://user:secret@host/db"))),
            ("store", "must be `memory:`", options().store(Store::new(""))),
            ("max_attempts", "is 0; the minimum is 1", options().max_attempts(Some(0))),
            ("max_requests", "is 0; the minimum is 1", options().max_requests(0)),
            (
                "wrong_codes_per_number",
                "has a limit of 0; the minimum is 1",
                options().wrong_codes_per_number(Some(nothing)),
            ),
            ("wrong_codes_per_number", "window of 0 s", options().wrong_codes_per_number(Some(no_time))),
            ("sms_per_number", "has a limit of 0; the minimum is 1", options().sms_per_number(Some(nothing))),
            ("sms_per_number", "window of 0 s", options().sms_per_number(Some(no_time))),
        ] {
            let Err(error) = Engine::new(Post::default(), refused) else { panic!("{field} accepted") };
            assert_fields(&error, ErrorCode::InvalidInput, None, None, false, false);
            assert!(error.detail().starts_with(&format!("`{field}` ")) && error.detail().contains(limit), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn options_at_their_limits_are_accepted() {
        let options = EngineOptions::default;
        let one = Some(Quota { limit: 1, per: MS });
        for accepted in [
            options().store(Store::default().key([0; 32]).previous_keys([vec![0; 32]])),
            options().store(Store::new("memory:")),
            options().max_attempts(Some(1)).max_resends(Some(0)).resend_after(Some(Duration::ZERO)).max_requests(1),
            options().max_requests(u64::MAX),
            options().wrong_codes_per_number(one).sms_per_number(one),
            options().store(Store::default().retention(Duration::ZERO)).countries(["US", "PT"]).calling_codes([1]),
            options().store(Store::default().retention(Duration::MAX)),
        ] {
            assert!(Engine::new(Post::default(), accepted).is_ok());
        }
    }
}

// What `Client` and `Engine` share

async fn proves(verifier: &impl Verifier, post: &Post) -> Outcome {
    let id = verifier.request(NUMBER, code_alone()).await.unwrap().id;
    assert_eq!(verifier.get(&id, call()).await.unwrap().state, State::Pending);
    verifier.validate(&id, &post.latest(), ValidateOptions::default()).await.unwrap()
}

#[tokio::test]
async fn code_written_against_a_verifier_runs_on_an_engine() {
    let setting = defaults();
    assert_eq!(proves(&setting.engine, &setting.post).await, Outcome::Verified);
}

/// A verifier of a user's own, which knows no details.
struct Fake;

impl Verifier for Fake {
    async fn request(&self, _: &str, _: RequestOptions) -> Result<Verification, Error> {
        Err(Error::new(ErrorCode::Unsupported, "not in this test"))
    }

    async fn validate(&self, _: &str, _: &str, _: ValidateOptions) -> Result<Outcome, Error> {
        Ok(Outcome::WrongCode)
    }

    async fn cancel(&self, _: &str, _: CallOptions) -> Result<State, Error> {
        Ok(State::Cancelled)
    }

    async fn resend(&self, _: &str, _: CallOptions) -> Result<Verification, Error> {
        self.request("", RequestOptions::default()).await
    }

    async fn get(&self, _: &str, _: CallOptions) -> Result<Verification, Error> {
        self.request("", RequestOptions::default()).await
    }
}

#[tokio::test]
async fn a_verifier_that_knows_no_details_has_the_outcome() {
    let details = Fake.validate_with_details("1", "2", ValidateOptions::default()).await.unwrap();
    assert_eq!(details, Outcome::WrongCode.into());
}

#[tokio::test]
async fn an_async_function_is_a_sender() {
    let engine = Engine::new(|_sms| async { Ok(()) }, EngineOptions::default()).unwrap();
    assert!(engine.request_to(parse_number(NUMBER, None).unwrap(), RequestOptions::default()).await.is_ok());
}

// Random histories

/// Codes are sent, replaced and put back; only the one that counts is ever verified.
#[tokio::test]
async fn over_random_histories_no_code_but_the_latest_sent_is_verified() {
    for history in 0..soak::count(1_000, 100_000) {
        let random = &mut SmallRng::seed_from_u64(history);
        let setting = set_up(EngineOptions::default().without_limits().max_attempts(Some(random.random_range(1..6))));
        let options = code_alone().code_type(CodeType::Alphanumeric).code_size(20);
        let id = setting.engine.request(NUMBER, options).await.unwrap().id;
        let (mut codes, mut good) = (vec![setting.post.latest()], 0);
        for _ in 0..random.random_range(1..12) {
            setting.pass(Duration::from_millis(random.random_range(0..300_000)));
            if random.random_bool(0.5) {
                let fate = [Fate::Sent, Fate::NotSent, Fate::PossiblySent][random.random_range(0..3)];
                let sent = setting.post.count();
                setting.post.next(fate);
                let _ = setting.engine.resend(&id, call()).await;
                if setting.post.count() == sent {
                    break;
                }
                codes.push(setting.post.latest());
                if !matches!(fate, Fate::NotSent) {
                    good = codes.len() - 1;
                }
            } else {
                let given = random.random_range(0..codes.len());
                let pending = setting.get(&id).await;
                let outcome = setting.validate(&id, &codes[given]).await;
                let may = pending.state == State::Pending && pending.attempts_left != Some(0);
                assert_eq!(outcome.is_verified(), may && given == good, "history {history}: {outcome}");
            }
        }
    }
}

mod support_desk {
    use super::*;

    #[tokio::test]
    async fn a_number_is_found_with_its_requests_newest_first_and_its_limits() {
        let setting = defaults();
        let (first, _) = setting.request().await;
        setting.guess(&first, 1).await;
        setting.pass(Duration::from_secs(30));
        let (second, _) = setting.request().await;
        setting.engine.request("351-910000001", code_alone()).await.unwrap();
        let record = setting.engine.find("00351 910 000 000", call()).await.unwrap();
        assert_eq!(record.number, "+351910000000");
        assert_eq!(record.requests.iter().map(|request| &request.id).collect::<Vec<_>>(), [&second, &first]);
        assert_eq!(record.requests[1].attempts_left, Some(4));
        let limits = |limit: &str| record.limits.iter().find(|each| each.limit == limit).unwrap().clone();
        assert_eq!((limits("wrong_codes_per_number").count, limits("wrong_codes_per_number").max), (1, 20));
        assert_eq!((limits("sms_per_number").count, limits("sms_per_number").max), (2, 5));
        assert_eq!((limits("resend_after").count, limits("resend_after").max), (1, 1));
        assert_eq!(record.limits.len(), 3);
        let printed = format!("{record:?}");
        assert!(!printed.contains("910000000"), "{printed}");
        setting.pass(Duration::from_secs(30));
        let later = setting.engine.find(NUMBER, call()).await.unwrap();
        assert_eq!(later.limits.len(), 2, "the pause is over");
    }

    #[tokio::test]
    async fn unlocking_lifts_the_limits_of_a_number() {
        let setting = defaults();
        setting.request().await;
        assert_eq!(setting.request_error(code_alone()).await.limit(), Some("resend_after"));
        setting.engine.unlock(NUMBER, call()).await.unwrap();
        setting.request().await;
    }

    #[tokio::test]
    async fn erasing_leaves_nothing() {
        let setting = defaults();
        let (id, code) = setting.request().await;
        assert_eq!(setting.engine.erase(NUMBER, call()).await.unwrap(), 1);
        let gone = setting.engine.validate(&id, &code, ValidateOptions::default()).await.unwrap_err();
        assert_eq!(gone.code(), ErrorCode::NotFound);
        let record = setting.engine.find(NUMBER, call()).await.unwrap();
        assert_eq!((record.requests.len(), record.limits.len()), (0, 0));
        setting.request().await;
    }

    #[tokio::test]
    async fn what_is_no_number_is_refused() {
        let engine = defaults().engine;
        assert_eq!(engine.find("x", call()).await.unwrap_err().code(), ErrorCode::InvalidInput);
        assert_eq!(engine.unlock("x", call()).await.unwrap_err().code(), ErrorCode::InvalidInput);
        assert_eq!(engine.erase("x", call()).await.unwrap_err().code(), ErrorCode::InvalidInput);
    }

    #[tokio::test]
    async fn a_store_of_ones_own_need_not_have_it() {
        let (setting, _) = set_up_watched();
        assert_eq!(setting.engine.find(NUMBER, call()).await.unwrap_err().code(), ErrorCode::Unsupported);
    }
}
