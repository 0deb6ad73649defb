//! The wire in both directions, without a network.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/words.rs"]
mod all;

use std::time::{Duration, SystemTime};

use all::{OUTCOMES, STATES};
use egoi_verify::wire::words::StatusWords;
use egoi_verify::wire::{Fault, decode_refusal, v1, v2};
use egoi_verify::{CodeType, ErrorCode, Outcome, State};

fn words(more: &[(&str, &str)]) -> Result<StatusWords, egoi_verify::Error> {
    StatusWords::extended(more.iter().map(|(word, means)| ((*word).to_owned(), (*means).to_owned())))
}

#[test]
fn every_status_word_of_the_contract_has_its_meaning() {
    let words = StatusWords::default();
    for (spellings, outcome, state) in [
        (&["Verified", "VERIFIED", "verified"][..], Some(Outcome::Verified), Some(State::Verified)),
        (
            &["Already_Verified", "already-verified", "Already Verified", "AlreadyVerified"],
            Some(Outcome::AlreadyVerified),
            Some(State::Verified),
        ),
        (&["Expired", "expired"], Some(Outcome::Expired), Some(State::Expired)),
        (&["Cancelled", "Canceled", "CANCELED"], Some(Outcome::Cancelled), Some(State::Cancelled)),
        (&["Pending", "pending"], Some(Outcome::WrongCode), Some(State::Pending)),
        (&["Not_Verified", "Wrong_Code", "Invalid_Code", "wrong code"], Some(Outcome::WrongCode), None),
        (&["Too_Many_Attempts"], Some(Outcome::TooManyAttempts), None),
        (&["Ok", "Error", "", "Verified!", "NotExpired", "unverified"], None, None),
    ] {
        for word in spellings {
            assert_eq!(words.outcome(word), outcome, "{word:?} in answer to a validation");
            assert_eq!(words.state(word), state, "{word:?} as a state");
        }
    }
}

#[test]
fn a_users_words_are_added_and_never_change_a_word_of_the_table() {
    let more = words(&[("Validated", "verified"), ("timed out", "Expired"), ("verified", "verified")]).unwrap();
    assert_eq!(more.outcome("VALIDATED"), Some(Outcome::Verified));
    assert_eq!(more.state("Timed_Out"), Some(State::Expired));
    for wrong in [
        &[("Pending", "verified")][..],
        &[("done", "splendid")],
        &[("_", "verified")],
        &[("a", "expired"), ("A", "verified")],
    ] {
        let error = words(wrong).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidInput, "{wrong:?}");
        assert!(error.detail().contains("status_words"), "{error}");
    }
}

#[test]
fn an_answer_of_v1_is_one_object() {
    let answer = v1::decode_answer(br#"{"requestId":"bcc3f46527d44408b434ebc24c229a49","status":"Ok"}"#).unwrap();
    assert_eq!((answer.id.as_deref(), answer.status.as_str()), (Some("bcc3f46527d44408b434ebc24c229a49"), "Ok"));
    let refused = v1::decode_answer(br#"{"status":"Error","error":"no balance"}"#).unwrap();
    assert_eq!((refused.id, refused.error.as_deref()), (None, Some("no balance")));
    for wrong in [
        r#"[{"requestId":"a","status":"Ok"}]"#,
        r#"["a","Ok"]"#,
        r#"{"requestId":"a"}"#,
        r#"{"requestId":"a","status":1}"#,
        r#"{"requestId":"a","status":"Ok","status":"Ok"}"#,
        r#"{"requestId":"a","status":"Ok"} x"#,
        r#"{"requestId":"a","status":"O"#,
        "",
        "null",
    ] {
        assert!(v1::decode_answer(wrong.as_bytes()).is_err(), "{wrong}");
    }
    assert!(v1::decode_answer(b"{\"x\":\"\xff\",\"status\":\"Ok\"}").is_err(), "not UTF-8 in a field nobody reads");
}

#[test]
fn a_verdict_of_v2_is_a_list_of_one_or_the_bare_object() {
    let plain = v2::Done { id: "a".to_owned(), word: None };
    for body in [
        r#"[{"verifyId":"a"}]"#,
        r#"{"verifyId":"a"}"#,
        r#"{"verifyId":"a","status":200}"#,
        r#"{"verifyId":"a","status":null}"#,
    ] {
        assert_eq!(v2::decode_done(body.as_bytes()), Ok(plain.clone()), "{body}");
    }
    let with_word = v2::decode_done(br#"[{"verifyId":"a","status":"verified"}]"#).unwrap();
    assert_eq!(with_word.word.as_deref(), Some("verified"));
    for wrong in [
        "[]",
        "[[]]",
        r#"["a"]"#,
        r#"[{"verifyId":"a"},{"verifyId":"a"}]"#,
        r#"[["a","verified"]]"#,
        "{}",
        r#"{"verifyId":1}"#,
    ] {
        assert!(v2::decode_done(wrong.as_bytes()).is_err(), "{wrong}");
    }
    assert!(v2::decode_requested(br#"[{"verifyId":"a"}]"#).is_err());
    assert!(v2::decode_read(br#"[{"id":"a","status":"pending"}]"#).is_err());
    assert!(v2::decode_senders(br#"{"id":"a"}"#).is_err());
}

#[test]
fn a_read_of_v2_keeps_what_is_used_and_every_field_is_optional() {
    let read = v2::decode_read(
        br#"{"id":"a","messageId":"m","senderId":7,"recipientNumber":"351-910000000","code":"1234","codeTTL":60,
             "status":"pending","createDate":"2020-03-06T11:57:34Z","message":"1234"}"#,
    )
    .unwrap();
    assert_eq!(read.code.as_deref().map(String::as_str), Some("1234"));
    assert_eq!(read.ttl, Some(Duration::from_secs(60)));
    assert_eq!(read.created_at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_583_495_854)));
    let empty = v2::decode_read(b"{}").unwrap();
    assert!(empty.id.is_none() && empty.status.is_none() && empty.code.is_none());
    assert!(v2::decode_read(br#"{"codeTTL":-1}"#).is_err());
    assert!(v2::decode_read(br#"{"code":1234}"#).is_err());
}

#[test]
fn dates_are_read_with_a_space_and_an_offset_too() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_583_495_854);
    for date in [
        "2020-03-06T11:57:34Z",
        "2020-03-06 11:57:34",
        "2020-03-06 11:57:34Z",
        "2020-03-06T11:57:34",
        "2020-03-06T12:57:34+01:00",
        "2020-03-06 12:57:34 +0100",
        "2020-03-06 10:57:34-0100",
    ] {
        assert_eq!(v2::parse_date(date), Some(at), "{date}");
    }
    for wrong in [
        "",
        "2020-03-06",
        "2020-13-06T11:57:34Z",
        "06/03/2020 11:57:34",
        "2020-03-06T11:57:34+é",
        "1960-03-06T11:57:34Z",
    ] {
        assert_eq!(v2::parse_date(wrong), None, "{wrong}");
    }
    assert_eq!(v2::format_date(at).as_deref(), Some("2020-03-06T11:57:34Z"));
}

#[test]
fn what_a_server_answers_a_client_reads() {
    assert_eq!(v1::decode_answer(&v1::encode_requested("a")).unwrap().status, "Ok");
    assert_eq!(v1::decode_answer(&v1::encode_error("no")).unwrap().error.as_deref(), Some("no"));
    assert_eq!(v2::decode_requested(&v2::encode_requested("a")).as_deref(), Ok("a"));
    assert_eq!(v2::decode_done(&v2::encode_done("a", None)).unwrap().word, None);
    let words = StatusWords::default();
    for outcome in OUTCOMES {
        assert_eq!(words.outcome(v1::outcome_word(outcome)), Some(outcome));
        assert_eq!(words.outcome(v2::outcome_word(outcome)), Some(outcome));
    }
    for state in STATES {
        assert_eq!(words.state(v1::cancel_word(state)), Some(state));
        assert_eq!(words.state(v2::state_word(state)), Some(state));
    }
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_583_495_854);
    let read = v2::ReadAnswer {
        id: "a".into(),
        status: "pending",
        create_date: Some(at),
        code: Some("1"),
        ..Default::default()
    };
    let bytes = v2::encode_read(&read);
    assert!(!String::from_utf8_lossy(&bytes).contains("null"));
    assert_eq!(v2::decode_read(&bytes).unwrap().created_at, Some(at));
    let problem = v2::encode_problem(404, "Not Found", "no such request");
    assert_eq!(decode_refusal(&problem).as_deref(), Some("Not Found: no such request"));
    assert_eq!(decode_refusal(b"<html>"), None);
    let sender = v2::Sender { id: "1".to_owned(), name: Some("Acme".to_owned()), number: None, status: None };
    assert_eq!(v2::decode_senders(&v2::encode_senders(std::slice::from_ref(&sender))), Ok(vec![sender]));
}

#[test]
fn a_server_can_say_what_is_wrong_with_a_payload() {
    let whole = r#"{"apikey":"k","number":"351-910000000","senderHash":"s","codeType":"numeric","codeSize":"4",
                    "group":"2FA","codeTTL":"60","message":"Message text: {CODE}"}"#;
    assert_eq!(v1::decode_request(whole.as_bytes()).unwrap().code_size, "4");
    for field in ["apikey", "number", "senderHash", "codeType", "codeSize", "group", "codeTTL", "message"] {
        let other = whole.replace(&format!("\"{field}\":"), "\"x\":");
        assert_eq!(v1::decode_request(other.as_bytes()).err(), Some(Fault::Missing(field)));
    }
    let number = whole.replace("\"4\"", "4");
    assert_eq!(v1::decode_request(number.as_bytes()).err(), Some(Fault::WrongType("codeSize")));
    for not_json in ["", "[]", "{", "\"x\"", r#"{"a":1,"a":2}"#, &"[".repeat(10_000), &"{\"a\":".repeat(10_000)] {
        assert_eq!(v1::decode_cancel(not_json.as_bytes()).err(), Some(Fault::NotJson));
        assert_eq!(v2::decode_validate(not_json.as_bytes()).err(), Some(Fault::NotJson));
    }
    assert_eq!(v2::decode_request(br#"{"senderId":"1"}"#).err(), Some(Fault::Missing("to")));
    let text = br#"{"senderId":"1","to":"351-910000000","codeLength":"6"}"#;
    assert_eq!(v2::decode_request(text).err(), Some(Fault::WrongType("codeLength")));
    assert_eq!(v2::decode_validate(br#"{"code":1234}"#).err(), Some(Fault::WrongType("code")));
    let sms = v2::decode_sms(br#"[{"to":"351-910000000","from":"1","textBody":"x"}]"#).unwrap();
    assert_eq!((sms.len(), sms[0].text_body.as_str()), (1, "x"));
    assert_eq!(v2::decode_sms(br#"{"to":"a"}"#).err(), Some(Fault::NotJson));
}

#[test]
fn ten_thousand_levels_are_refused_without_overflowing_the_stack() {
    for open in ["[", "{\"id\":", "{\"verifyId\":", "[{\"verifyId\":["] {
        let deep = open.repeat(10_000);
        assert!(v1::decode_answer(deep.as_bytes()).is_err());
        assert!(v2::decode_done(deep.as_bytes()).is_err());
        assert!(v2::decode_read(deep.as_bytes()).is_err());
        assert!(v2::decode_requested(deep.as_bytes()).is_err());
        assert!(v2::decode_senders(deep.as_bytes()).is_err());
        assert!(decode_refusal(deep.as_bytes()).is_none());
    }
}

#[test]
fn a_code_type_has_one_word_in_v2() {
    for code_type in CodeType::ALL {
        assert_eq!(v2::code_type(v2::code_type_word(code_type)), Some(code_type));
    }
    assert_eq!(v2::code_type_word(CodeType::Hex), "hexa");
    assert_eq!(v2::code_type("hex"), None);
}

#[test]
fn a_malformed_answer_is_described_without_quoting_it() {
    let answer = br#"{"id":"a","code":731902,"status":"pending"}"#;
    let said = v2::decode_read(answer).err().unwrap().to_string();
    assert!(!said.contains("731902"), "{said}");
}
