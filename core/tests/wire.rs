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

mod status_words {
    use super::*;

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
                assert_eq!(words.outcome(word), outcome, "{word:?} in response to a validation");
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
}

mod decoding_v1 {
    use super::*;

    #[test]
    fn a_response_of_v1_is_one_object() {
        let response =
            v1::decode_response(br#"{"requestId":"bcc3f46527d44408b434ebc24c229a49","status":"Ok"}"#).unwrap();
        assert_eq!(
            (response.id.as_deref(), response.status.as_deref(), response.has_errors),
            (Some("bcc3f46527d44408b434ebc24c229a49"), Some("Ok"), false)
        );
        let refused = v1::decode_response(br#"{"status":"Error","error":"no balance"}"#).unwrap();
        assert_eq!((refused.id, refused.status.as_deref()), (None, Some("Error")));
        let numeric = v1::decode_response(br#"{"requestId":17,"status":1,"errors":[]}"#).unwrap();
        assert_eq!((numeric.id.as_deref(), numeric.status, numeric.has_errors), (Some("17"), None, false));
        for errors in [r#"["NO_BALANCE"]"#, r#"{"mobile":["bad"]}"#, "\"no\"", "true", "7"] {
            let body = format!(r#"{{"errors":{errors},"errorCode":12}}"#);
            assert!(
                v1::decode_response(body.as_bytes()).unwrap().has_errors && v1::has_errors(body.as_bytes()),
                "{errors}"
            );
        }
        for none in ["null", "[]", "{}", "\"\"", "false"] {
            assert!(!v1::has_errors(format!(r#"{{"errors":{none}}}"#).as_bytes()), "{none}");
        }
        for wrong in [
            r#"[{"requestId":"a","status":"Ok"}]"#,
            r#"["a","Ok"]"#,
            r#"{"requestId":"a","status":"Ok","status":"Ok"}"#,
            r#"{"requestId":"a","status":"Ok"} x"#,
            r#"{"requestId":"a","status":"O"#,
            "",
            "null",
        ] {
            assert!(v1::decode_response(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(
            v1::decode_response(b"{\"x\":\"\xff\",\"status\":\"Ok\"}").is_err(),
            "not UTF-8 in a field nobody reads"
        );
    }
}

mod decoding_v2 {
    use super::*;

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
            r#"{"verifyId":1.5}"#,
            r#"{"verifyId":null}"#,
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
        assert_eq!(read.created_at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_583_495_854)));
        let empty = v2::decode_read(b"{}").unwrap();
        assert!(empty.id.is_none() && empty.status.is_none() && empty.code.is_none());
        for twice in
            [r#"{"id":"a","id":"a"}"#, r#"{"status":"pending","status":"verified"}"#, r#"{"code":"1","code":"2"}"#]
        {
            assert!(v2::decode_read(twice.as_bytes()).is_err(), "{twice}");
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
}

mod decoding {
    use super::*;

    #[test]
    fn a_field_that_decides_nothing_may_be_of_another_type() {
        let read = v2::decode_read(
            "\u{feff}{\"id\":7,\"senderId\":7,\"recipientNumber\":351910000000,\"code\":1234,\"codeTTL\":\"600\",\"status\":\"pending\",
             \"createDate\":{\"date\":\"2020-03-06 11:57:34\",\"timezone\":\"UTC\"},\"message\":[],\"more\":{\"x\":[1]}}"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!((read.id.as_deref(), read.number.as_deref()), (Some("7"), Some("351910000000")));
        assert_eq!(read.status.as_deref(), Some("pending"));
        assert!(read.created_at.is_none() && read.code.is_none(), "a code that is a number may have lost a zero");
        for odd in
            [r#"{"codeTTL":-1}"#, r#"{"codeTTL":"soon"}"#, r#"{"codeTTL":6.5}"#, r#"{"codeTTL":[]}"#, r#"{"id":{}}"#]
        {
            let read = v2::decode_read(odd.as_bytes()).unwrap();
            assert!(read.id.is_none(), "{odd}");
        }
        assert_eq!(v2::decode_requested(br#"{"verifyId":12}"#).as_deref(), Ok("12"));
        let done = v2::decode_done(br#"[{"verifyId":12,"status":200}]"#).unwrap();
        assert_eq!((done.id.as_str(), done.word), ("12", None));
        let ids = |senders: Vec<v2::Sender>| senders.into_iter().map(|sender| sender.id).collect::<Vec<_>>();
        let list = br#"[{"id":"1"},{"name":"no id"},7,null,{"id":{}},{"id":2,"name":3,"phoneNumber":351910000000,"senderStatus":1}]"#;
        assert_eq!(ids(v2::decode_senders(list).unwrap()), ["1", "2"]);
        let list =
            br#"[{"senderHash":"a","name":"Acme","deleted":false},{"senderHash":"b","deleted":true},{"deleted":0},
                        {"senderHash":"c","deleted":"0"},"x"]"#;
        assert_eq!(ids(v1::decode_senders(list).unwrap()), ["a", "c"]);
        for nothing in [r#"["a","b"]"#, "[[{}]]", "[7]"] {
            assert!(
                v2::decode_senders(nothing.as_bytes()).is_err() && v1::decode_senders(nothing.as_bytes()).is_err(),
                "{nothing}"
            );
        }
        assert!(v2::decode_is_down(br#"{"apiStatus":"Down"}"#));
        for up in
            [r#"{"apiStatus":"Up","date":"Fri Jan 17 11:20:07 WET 2020"}"#, "{}", "pong", "", r#"{"apiStatus":1}"#]
        {
            assert!(!v2::decode_is_down(up.as_bytes()), "{up}");
        }
    }

    #[test]
    fn every_word_that_a_refusal_says_is_kept() {
        for (body, words) in [
            (r#"{"errors":["SENDER_NOT_FOUND","check it"],"errorCode":"E12"}"#, "E12: SENDER_NOT_FOUND: check it"),
            (r#"{"errorCode":403,"status":"error"}"#, "403"),
            (r#"{"message":"bad key"}"#, "bad key"),
            (r#"{"error":{"code":7,"message":"no"}}"#, "7: no"),
            (
                r#"{"title":"Violation","detail":"to: no","violations":[{"propertyPath":"to","message":"no"}]}"#,
                "Violation: to: no: no: to",
            ),
            (r#"[{"title":"No"}]"#, "No"),
            (r#"["one","two"]"#, "one: two"),
            (r#""just words""#, "just words"),
            (r#"{"status":"Error"}"#, "Error"),
            ("\u{feff}{\"error\":\"no\"}", "no"),
        ] {
            assert_eq!(decode_refusal(body.as_bytes()).as_deref(), Some(words), "{body}");
        }
        for nothing in ["", "{}", "[]", "null", r#"{"status":400}"#, r#"{"errors":[]}"#, "<html>"] {
            assert_eq!(decode_refusal(nothing.as_bytes()), None, "{nothing}");
        }
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
    fn what_a_server_sends_a_client_reads() {
        assert_eq!(v1::decode_response(&v1::encode_requested("a")).unwrap().status.as_deref(), Some("Ok"));
        assert_eq!(decode_refusal(&v1::encode_error("no")).as_deref(), Some("no"));
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
        let read = v2::ReadResponse {
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
            assert!(v1::decode_response(deep.as_bytes()).is_err());
            assert!(v2::decode_done(deep.as_bytes()).is_err());
            assert!(v2::decode_read(deep.as_bytes()).is_err());
            assert!(v2::decode_requested(deep.as_bytes()).is_err());
            assert!(v2::decode_senders(deep.as_bytes()).is_err());
            assert!(decode_refusal(deep.as_bytes()).is_none());
        }
    }

    #[test]
    fn a_malformed_response_is_described_without_quoting_it() {
        let response = br#"{"id":"a","code":731902,"status":"pending","id":"b"}"#;
        let fault = v2::decode_read(response).err().unwrap().to_string();
        assert!(!fault.contains("731902"), "{fault}");
    }
}

mod sources {
    use std::collections::BTreeSet;

    use super::all::{OUTCOMES, STATES};
    use super::{CodeType, v1, v2};

    const TABLE: &str = include_str!("../src/wire/sources.md");

    /// Without case, `_` and `-`, as the service's words are compared.
    fn plain(word: &str) -> String {
        word.replace(['_', '-'], "").to_lowercase()
    }

    /// The words in the rows of an API, those of a path apart.
    fn words_of_the_rows(api: &str) -> BTreeSet<String> {
        let rows = TABLE.lines().filter(|row| row.starts_with(&format!("| {api} |")) || row.starts_with("| both |"));
        let quoted = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).filter(|part| !part.contains('/'));
        quoted.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && !"_-".contains(c))).map(plain).collect()
    }

    fn is_word(text: &str) -> bool {
        let mut characters = text.chars();
        characters.next().is_some_and(char::is_alphabetic)
            && text.len() > 1
            && characters.all(|c| c.is_alphanumeric() || "_-".contains(c))
    }

    /// The words of the wire in a source file: the fields of what serde reads or writes, and every text of one word.
    fn words_in(source: &str) -> BTreeSet<String> {
        let (mut words, mut is_of_serde, mut is_renamed) = (BTreeSet::new(), false, false);
        let lines = source.split("#[cfg(test)]").next().unwrap().lines().map(str::trim);
        for line in lines.filter(|line| !line.starts_with("//") && !line.starts_with("#!")) {
            let texts = || line.split('"').skip(1).step_by(2);
            if line.starts_with("#[") {
                is_of_serde |= line.starts_with("#[derive(") && line.contains("erialize");
                if line.contains("rename = ") {
                    words.extend(texts().take(1).map(str::to_owned));
                    is_renamed = true;
                }
                continue;
            }
            words.extend(texts().filter(|text| is_word(text)).map(str::to_owned));
            match line.split_once(':') {
                _ if line.starts_with('}') || line.ends_with(';') => is_of_serde = false,
                Some((field, kind)) if is_of_serde && kind.ends_with(',') && is_word(field) => {
                    words.extend((!is_renamed).then(|| field.to_owned()));
                    is_renamed = false;
                }
                _ => {}
            }
        }
        words
    }

    #[test]
    fn every_word_on_the_wire_has_a_row() {
        let v1_words = words_in(include_str!("../src/wire/v1.rs"));
        let v2_words = words_in(include_str!("../src/wire/v2.rs"));
        assert!(v1_words.contains("max_count"), "fields are found: {v1_words:?}");
        assert!(v2_words.contains("unicode") && v2_words.contains("verifyId"), "texts are found: {v2_words:?}");
        let types = CodeType::ALL.map(CodeType::as_str).map(str::to_owned);
        let types_of_v2 = CodeType::ALL.map(v2::code_type_word).map(str::to_owned);
        let outcomes = OUTCOMES.map(|outcome| [v1::outcome_word(outcome), v2::outcome_word(outcome)]);
        let states = STATES.map(|state| [v1::cancel_word(state), v2::state_word(state)]);
        let [said_by_v1, said_by_v2] = [0, 1].map(|at| {
            let outcomes = outcomes.iter().map(move |words| words[at]);
            outcomes.chain(states.iter().map(move |words| words[at])).map(str::to_owned).collect::<Vec<_>>()
        });
        let rows = |apis: &[&str]| apis.iter().flat_map(|api| words_of_the_rows(api)).collect::<BTreeSet<_>>();
        for (words, rows) in [
            (v1_words.into_iter().chain(types).chain(said_by_v1).collect::<Vec<_>>(), rows(&["V1"])),
            (v2_words.into_iter().chain(types_of_v2).chain(said_by_v2).collect(), rows(&["V2"])),
            (words_in(include_str!("../src/wire/mod.rs")).into_iter().collect(), rows(&["V1", "V2"])),
        ] {
            let without: Vec<_> = words.iter().filter(|word| !rows.contains(&plain(word))).collect();
            assert!(without.is_empty(), "core/src/wire/sources.md has no row with {without:?}");
        }
    }

    #[test]
    fn the_page_of_the_wire_has_the_table_of_the_code() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/wire.md")).unwrap();
        assert!(page.ends_with(TABLE), "docs/wire.md has another table");
    }

    #[test]
    fn each_part_is_documented_seen_at_integrators_or_assumed() {
        for row in TABLE.lines().skip(2) {
            let source = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
            let is_known = ["documented (", "integrators", "assumed"].iter().any(|known| source.starts_with(known));
            assert!(is_known, "{row}");
        }
    }
}
