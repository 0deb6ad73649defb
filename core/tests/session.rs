//! The session of a screen goes as `tests/vectors/session.json` says, which Kotlin and Swift read too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/words.rs"]
mod words;

use std::time::{Duration, SystemTime};

use egoi_verify::session::{CodeSent, Moment, Problem, Session, SessionState, Submission};
use egoi_verify::{Outcome, State};
use serde_json::{Value, json};
use words::{OUTCOMES, STATES};

#[test]
fn sessions_go_as_the_vectors_say() {
    let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors/session.json")).unwrap();
    let sessions = vectors["sessions"].as_array().unwrap();
    assert!(sessions.len() >= 70);
    for session in sessions {
        let name = session["name"].as_str().unwrap();
        let mut device = Device::default();
        for step in session["steps"].as_array().unwrap() {
            device.go(step, &format!("{name}: {step}"));
        }
    }
}

mod saved {
    use super::*;

    #[test]
    fn what_is_no_saved_session_is_refused() {
        let device = Device::default();
        for saved in ["", "{}", "null", "[]", "\"idle\"", r#"{"version":2}"#] {
            assert_eq!(Session::restore(saved, device.now()).unwrap_err().code().as_str(), "invalid_input", "{saved}");
        }
    }

    #[test]
    fn what_is_no_saved_session_is_restored_as_a_new_one_that_says_so() {
        let device = Device::default();
        let mut session = Session::restore_or_restart("{}", device.now());
        assert_eq!(
            shown(session.state(device.now())),
            json!({"state": "failed", "code": "invalid_input", "advice": "start_over", "awaiting": null})
        );
        session.start("+351 910 000 000", device.now()).unwrap();
    }

    #[test]
    fn a_session_of_a_newer_version_is_refused() {
        let device = Device::default();
        let newer = Session::default().save(device.now()).replace(r#""version":1"#, r#""version":2"#);
        assert!(Session::restore(&newer, device.now()).is_err());
    }

    #[test]
    fn neither_number_nor_id_nor_code_is_printed() {
        let mut device = Device::default();
        let number = "351-910000000";
        device.session.start(number, device.now()).unwrap();
        device.session.sent(device.sent(600), device.now());
        device.session.submit("948271", device.now()).unwrap();
        let printed = format!("{:?} {:?}", device.session, device.session.state(device.now()));
        assert!(
            !printed.contains("910000000") && !printed.contains("canary-id") && !printed.contains("948271"),
            "{printed}"
        );
    }

    #[test]
    fn no_code_is_saved() {
        let mut device = Device::default();
        device.session.start("351-910000000", device.now()).unwrap();
        device.session.sent(device.sent(600), device.now());
        device.session.submit("948271", device.now()).unwrap();
        assert!(!device.session.save(device.now()).contains("948271"));
    }
}

mod calls {
    use super::*;

    #[test]
    fn while_a_call_is_under_way_no_other_is_made() {
        let mut device = Device::default();
        device.session.start("351-910000000", device.now()).unwrap();
        let now = device.now();
        for refused in [
            device.session.start("351-910000000", now).err(),
            device.session.submit("1", now).err(),
            device.session.resend(now).err(),
            device.session.cancel(now).err(),
            device.session.reset().err(),
        ] {
            assert_eq!(refused.unwrap().code().as_str(), "conflict");
        }
    }

    #[test]
    fn an_answer_to_what_was_not_asked_changes_nothing() {
        let mut device = Device::default();
        device.session.sent(device.sent(600), device.now());
        device.session.checked(Outcome::Verified, None, device.now());
        device.session.ended(State::Verified, device.now());
        device.session.cancelled(device.now());
        assert_eq!(device.session.state(device.now()), SessionState::Idle);
        device.session.start("351-910000000", device.now()).unwrap();
        device.session.checked(Outcome::Verified, None, device.now());
        device.session.ended(State::Verified, device.now());
        assert_eq!(device.session.state(device.now()), SessionState::Sending);
    }

    #[test]
    fn a_cancellation_is_not_answered_by_an_outcome() {
        let mut device = Device::default();
        device.session.start("351-910000000", device.now()).unwrap();
        device.session.sent(device.sent(600), device.now());
        device.session.cancel(device.now()).unwrap();
        device.session.checked(Outcome::Verified, None, device.now());
        assert_eq!(device.session.state(device.now()), SessionState::Checking);
    }
}

mod state {
    use super::*;

    #[test]
    fn the_next_change_is_the_resend_and_then_the_expiry() {
        let mut device = Device::default();
        assert_eq!(device.session.next_change(device.now()), None);
        device.session.start("351-910000000", device.now()).unwrap();
        device.session.sent(device.sent(600), device.now());
        assert_eq!(device.session.next_change(device.now()), Some(Duration::from_secs(30)));
        device.on_for += Duration::from_secs(30);
        assert_eq!(device.session.next_change(device.now()), Some(Duration::from_secs(570)));
        device.on_for += Duration::from_secs(570);
        assert_eq!(device.session.next_change(device.now()), None);
    }

    #[test]
    fn the_number_is_shown_whole_until_another_is_tried() {
        let mut device = Device::default();
        assert_eq!(device.session.number(), None);
        device.session.start("+351 910 000 000", device.now()).unwrap();
        assert_eq!(device.session.number().as_deref(), Some("+351910000000"));
    }
}

/// A phone, its clocks and the session that it shows.
struct Device {
    session: Session,
    on_for: Duration,
    wall: SystemTime,
}

impl Default for Device {
    fn default() -> Self {
        Self {
            session: Session::default(),
            on_for: Duration::from_secs(1000),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        }
    }
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs_f64(value.as_f64().unwrap_or_default())
}

impl Device {
    fn now(&self) -> Moment {
        Moment { since_boot: self.on_for, wall: self.wall }
    }

    fn sent(&self, seconds: u64) -> CodeSent {
        CodeSent {
            id: "canary-id".to_owned(),
            expires_in: Duration::from_secs(seconds),
            resend_in: Some(Duration::from_secs(30)),
            attempts_left: None,
        }
    }

    fn pass(&mut self, time: Duration) {
        self.on_for += time;
        self.wall += time;
    }

    fn change_wall_clock(&mut self, by: &Value) {
        let by = by.as_i64().unwrap_or_default();
        let span = Duration::from_secs(by.unsigned_abs());
        self.wall = if by < 0 { self.wall - span } else { self.wall + span };
    }

    fn go(&mut self, step: &Value, at: &str) {
        let now = self.now();
        let call = match step["do"].as_str().unwrap() {
            "look" => None,
            "start" => {
                let number = self.session.start(step["number"].as_str().unwrap(), now);
                Some(number.map(|number| json!({"call": "request", "number": number.e164()})))
            }
            "submit" => {
                let submitted = self.session.submit(step["code"].as_str().unwrap(), now);
                Some(
                    submitted
                        .map(|Submission { id, code }| json!({"call": "validate", "id": id, "code": code.expose()})),
                )
            }
            "resend" => Some(self.session.resend(now).map(|id| json!({"call": "resend", "id": id}))),
            "cancel" => Some(self.session.cancel(now).map(|id| json!({"call": "cancel", "id": id}))),
            "reset" => {
                self.session.reset().unwrap();
                None
            }
            "advance" => {
                self.pass(seconds(&step["seconds"]));
                None
            }
            "change_wall_clock" => {
                self.change_wall_clock(&step["seconds"]);
                None
            }
            "save_and_restore" => {
                self.save_and_restore(step);
                None
            }
            other => panic!("{other} is no step"),
        };
        match call {
            None => {}
            Some(Err(error)) => assert_eq!(json!(error.code().as_str()), step["refused"], "{at}"),
            Some(Ok(asked)) => {
                assert_eq!(asked, step["asks"], "{at}");
                if !step["during"].is_null() {
                    assert_eq!(shown(self.session.state(now)), step["during"], "{at}");
                }
                self.pass(seconds(&step["takes"]));
                self.answer(&step["server"]);
            }
        }
        assert_eq!(shown(self.session.state(self.now())), step["state"], "{at}");
    }

    fn save_and_restore(&mut self, step: &Value) {
        let saved = self.session.save(self.now());
        self.pass(seconds(&step["after"]));
        self.change_wall_clock(&step["wall_clock_changed_by"]);
        if !step["restarted_for"].is_null() {
            self.on_for = seconds(&step["restarted_for"]);
        }
        self.session = Session::restore(&saved, self.now()).unwrap();
    }

    fn answer(&mut self, server: &Value) {
        let now = self.now();
        let whole = |value: &Value| value.as_u64().map(|value| u32::try_from(value).unwrap());
        if server == "cancelled" {
            self.session.cancelled(now);
        } else if server == "app_ended" {
            self.save_and_restore(&Value::Null);
        } else if let Value::Object(_) = &server["sent"] {
            let sent = &server["sent"];
            let sent = CodeSent {
                id: sent["id"].as_str().unwrap().to_owned(),
                expires_in: seconds(&sent["expires_in"]),
                resend_in: sent["resend_in"].as_f64().map(Duration::from_secs_f64),
                attempts_left: whole(&sent["attempts_left"]),
            };
            self.session.sent(sent, now);
        } else if let Some(word) = server["outcome"].as_str() {
            let outcome = OUTCOMES.into_iter().find(|outcome| outcome.as_str() == word).unwrap();
            self.session.checked(outcome, whole(&server["attempts_left"]), now);
        } else if let Some(word) = server["ended"].as_str() {
            self.session.ended(STATES.into_iter().find(|state| state.as_str() == word).unwrap(), now);
        } else {
            let failed = &server["failed"];
            let problem = Problem {
                code: failed["code"].as_str().unwrap().to_owned(),
                detail: failed["detail"].as_str().unwrap().to_owned(),
                retry_after: failed["retry_after"].as_f64().map(Duration::from_secs_f64),
                sms_possibly_sent: failed["sms_possibly_sent"].as_bool().unwrap(),
            };
            self.session.failed(problem, now);
        }
    }
}

fn shown(state: SessionState) -> Value {
    let awaiting = |awaiting: egoi_verify::session::AwaitingCode| {
        json!({
            "state": "awaiting_code",
            "expires_in": awaiting.expires_in.as_secs(),
            "resend_in": awaiting.resend_in.map(|wait| wait.as_secs()),
            "attempts_left": awaiting.attempts_left,
            "reason": awaiting.reason,
        })
    };
    match state {
        SessionState::Idle => json!({"state": "idle"}),
        SessionState::Sending => json!({"state": "sending"}),
        SessionState::AwaitingCode(code) => awaiting(code),
        SessionState::Checking => json!({"state": "checking"}),
        SessionState::Verified => json!({"state": "verified"}),
        SessionState::Expired => json!({"state": "expired"}),
        SessionState::Cancelled => json!({"state": "cancelled"}),
        SessionState::Failed { problem, advice, awaiting: live } => {
            json!({"state": "failed", "code": problem.code, "advice": advice, "awaiting": live.map(awaiting)})
        }
    }
}
