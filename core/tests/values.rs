//! What values are accepted, what is refused at which limit, and what is never printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/words.rs"]
mod words;

use std::path::Path;
use std::time::Duration;

use egoi_verify::{
    ApiKey, Code, CodeSize, CodeType, EngineKey, EngineOptions, Error, ErrorCode, MessageTemplate, NUMBER_METADATA,
    Outcome, OutgoingSms, PhoneNumber, RequestId, SmsStatus, ValidateOptions, Validity, parse_number,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use words::{OUTCOMES, STATES};

#[derive(Deserialize)]
struct File<A, R> {
    accepted: Vec<A>,
    refused: Vec<R>,
}

fn vectors<A: DeserializeOwned, R: DeserializeOwned>(file: &str) -> File<A, R> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The error names the field, the fault and the limit, and nothing was sent.
#[track_caller]
fn assert_refused<T>(result: Result<T, Error>, field: &str, fault: &str, about: &str) {
    let Err(error) = result else { panic!("{about}: accepted") };
    assert_eq!(error.code(), ErrorCode::InvalidInput, "{about}");
    assert!(error.detail().starts_with(&format!("`{field}` ")), "{about}: {error}");
    assert!(error.detail().contains(fault), "{about}: {error}");
    assert!(
        !error.sms_possibly_sent() && !error.retry_is_safe() && error.retry_after().is_none(),
        "{about}: {error:?}"
    );
}

fn joined(pieces: &[(String, usize)]) -> String {
    pieces.iter().map(|(piece, times)| piece.repeat(*times)).collect()
}

mod number {
    use super::*;

    #[derive(Deserialize)]
    struct Number {
        name: String,
        number: String,
        masked: String,
        country: Option<String>,
        r#type: String,
        spellings: Vec<String>,
        #[serde(default)]
        national: Vec<National>,
    }

    #[derive(Deserialize)]
    struct National {
        text: String,
        default_region: String,
    }

    #[derive(Deserialize)]
    struct NoNumber {
        name: String,
        text: String,
        default_region: Option<String>,
        reason: String,
        fault: String,
    }

    fn accepted() -> Vec<Number> {
        vectors::<Number, NoNumber>("numbers.json").accepted
    }

    fn parse(text: &str) -> PhoneNumber {
        parse_number(text, None).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    #[test]
    fn a_number_travels_the_same_however_it_was_written() {
        for v in accepted() {
            for spelling in &v.spellings {
                assert_eq!(parse(spelling).e164(), v.number, "{}, {spelling:?}", v.name);
            }
        }
    }

    #[test]
    fn a_national_number_is_of_its_default_region() {
        for v in accepted() {
            for National { text, default_region } in &v.national {
                let number = parse_number(text, Some(default_region));
                let number = number.unwrap_or_else(|error| panic!("{}, {text:?}: {error}", v.name));
                assert_eq!(number.e164(), v.number, "{}, {text:?}", v.name);
            }
        }
    }

    #[test]
    fn numbers_that_travel_the_same_are_equal() {
        for v in accepted() {
            let number = parse(&v.number);
            assert!(v.spellings.iter().all(|spelling| parse(spelling) == number), "{}", v.name);
        }
    }

    #[test]
    fn a_number_begins_with_its_calling_code() {
        for v in accepted() {
            let calling_code = parse(&v.number).calling_code();
            assert!(v.number.starts_with(&format!("+{calling_code}")), "{}", v.name);
        }
    }

    #[test]
    fn a_number_has_a_type_and_a_country_if_it_tells_one() {
        for v in accepted() {
            let number = parse(&v.number);
            assert_eq!((number.country(), number.number_type().as_str()), (v.country, &*v.r#type), "{}", v.name);
        }
    }

    #[test]
    fn a_printed_number_is_masked() {
        for v in accepted() {
            let number = parse(&v.number);
            assert_eq!(number.to_string(), v.masked, "{}", v.name);
            assert_eq!(format!("{number:?}"), format!("PhoneNumber({})", v.masked), "{}", v.name);
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for v in vectors::<Number, NoNumber>("numbers.json").refused {
            let read = parse_number(&v.text, v.default_region.as_deref());
            assert_eq!(read.as_ref().unwrap_err().reason().unwrap().as_str(), v.reason, "{}: {read:?}", v.name);
            assert_refused(read, "number", &v.fault, &v.name);
        }
    }

    #[test]
    fn the_refusal_of_a_number_says_how_one_is_written() {
        assert_refused(parse_number("910000000", None), "number", "`+351 910 000 000`", "digits alone");
    }

    #[test]
    fn the_refusal_of_a_number_does_not_repeat_it() {
        for text in ["987654321", "+351 98765432", "+999987654321", "+351987654321x", "+351351987654321"] {
            let error = parse_number(text, None).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("987654"), "{error:?}");
        }
    }

    #[test]
    fn a_default_region_without_phone_numbers_is_refused() {
        for (code, fault) in [
            ("ZZ", "has `ZZ`, which is no country"),
            ("AQ", "has `AQ`, which is no country"),
            ("001", "has `…`, which is no country"),
            ("Portugal", "has `…`, which is no country"),
            ("+351910000000", "has `…`, which is no country"),
            ("", "has `…`, which is no country"),
        ] {
            let read = parse_number("910000000", Some(code));
            assert_refused(read, "default_region", fault, code);
        }
    }

    /// libphonenumber's port has its version in its README alone.
    #[test]
    fn the_version_of_the_metadata_is_that_of_the_library() {
        let cargo = std::process::Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--offline", "--locked"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let metadata: serde_json::Value = serde_json::from_slice(&cargo.stdout).unwrap();
        let library =
            metadata["packages"].as_array().unwrap().iter().find(|of| of["name"] == "rlibphonenumber").unwrap();
        let readme = Path::new(library["manifest_path"].as_str().unwrap()).with_file_name("Readme.md");
        let readme = std::fs::read_to_string(readme).unwrap();
        assert!(readme.contains(&format!("**Used metadata version:** `v{NUMBER_METADATA}`")));
    }
}

mod code {
    use super::*;

    #[derive(Deserialize)]
    struct Given {
        name: String,
        given: String,
        code: String,
    }

    #[derive(Deserialize)]
    struct NoCode {
        name: String,
        given: String,
        fault: String,
    }

    #[test]
    fn a_code_is_normalised() {
        for v in vectors::<Given, NoCode>("codes.json").accepted {
            let code = Code::parse(&v.given).unwrap_or_else(|error| panic!("{}: {error}", v.name));
            assert_eq!(code.expose(), v.code, "{}", v.name);
        }
    }

    #[test]
    fn normalising_a_code_again_changes_nothing() {
        for v in vectors::<Given, NoCode>("codes.json").accepted {
            assert_eq!(Code::parse(&v.code).unwrap().expose(), v.code, "{}", v.name);
        }
    }

    #[test]
    fn a_code_that_is_empty_or_too_long_is_refused() {
        for v in vectors::<Given, NoCode>("codes.json").refused {
            assert_refused(Code::parse(&v.given), "code", &v.fault, &v.name);
        }
    }

    #[test]
    fn the_refusal_of_a_code_does_not_repeat_it() {
        let given = "7".repeat(65);
        let Err(error) = Code::parse(&given) else { panic!("accepted") };
        assert!(!format!("{error} {error:?}").contains("77"), "{error:?}");
    }

    #[test]
    fn codes_match_when_they_are_the_same_after_normalising() {
        let code = Code::parse("A1B2C3").unwrap();
        assert!(code.matches(&Code::parse("a1b-2c3").unwrap()));
    }

    #[test]
    fn codes_that_differ_in_one_character_or_in_length_do_not_match() {
        let code = Code::parse("123456").unwrap();
        for other in ["123457", "023456", "12345", "1234567"] {
            assert!(!code.matches(&Code::parse(other).unwrap()), "{other}");
        }
    }
}

mod code_size {
    use super::*;

    #[test]
    fn a_code_size_is_4_to_20() {
        for size in [4, 5, 19, 20] {
            assert_eq!(CodeSize::new(size).unwrap().get(), size as usize);
        }
    }

    #[test]
    fn a_code_size_outside_4_to_20_is_refused() {
        for size in [0, 1, 3, 21, 255, 256 + 6, u32::MAX] {
            assert_refused(
                CodeSize::new(size),
                "code_size",
                &format!(
                    "is {size} characters; the {} characters",
                    if size < 4 { "minimum is 4" } else { "maximum is 20" }
                ),
                "a size",
            );
        }
    }

    #[test]
    fn a_code_has_6_digits_by_default() {
        assert_eq!((CodeType::default(), CodeSize::default().get()), (CodeType::Numeric, 6));
    }
}

mod code_type {
    use super::*;

    #[test]
    fn a_code_type_is_read_from_its_word() {
        for code_type in CodeType::ALL {
            assert_eq!(code_type.as_str().parse::<CodeType>().unwrap(), code_type);
        }
    }

    #[test]
    fn another_word_is_no_code_type() {
        for word in ["", "Numeric", "digits", "numeric "] {
            assert_refused(word.parse::<CodeType>(), "code_type", "`numeric`, `alpha`, `alphanumeric` or `hex`", word);
        }
    }
}

mod validity {
    use super::*;

    #[test]
    fn a_validity_is_1_to_3600_whole_seconds() {
        for seconds in [1, 2, 600, 3599, 3600] {
            assert_eq!(Validity::new(Duration::from_secs(seconds)).unwrap().duration(), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn a_validity_outside_1_to_3600_seconds_is_refused() {
        for seconds in [0, 3601, 65_536 + 600, u64::MAX] {
            let limit = if seconds == 0 { "minimum is 1 s" } else { "maximum is 3600 s" };
            let fault = format!("is {seconds} s; the {limit}");
            assert_refused(Validity::new(Duration::from_secs(seconds)), "ttl", &fault, "a validity");
        }
    }

    #[test]
    fn a_validity_with_a_fraction_of_a_second_is_refused() {
        let fault = "is 1.5 s; it must be a whole number of seconds";
        assert_refused(Validity::new(Duration::from_millis(1500)), "ttl", fault, "a second and a half");
        assert_refused(
            Validity::new(Duration::from_nanos(1)),
            "ttl",
            "it must be a whole number of seconds",
            "a nanosecond",
        );
        assert_refused(
            Validity::new(Duration::new(600, 999_999_999)),
            "ttl",
            "it must be a whole number of seconds",
            "almost 601 seconds",
        );
    }

    #[test]
    fn a_validity_is_600_seconds_by_default() {
        assert_eq!(Validity::default().seconds(), 600);
    }
}

mod message {
    use super::*;

    #[derive(Deserialize)]
    struct Message {
        name: String,
        message: Vec<(String, usize)>,
        code_size: u32,
        code: String,
        text: Vec<(String, usize)>,
    }

    #[derive(Deserialize)]
    struct NoMessage {
        name: String,
        message: Vec<(String, usize)>,
        code_size: u32,
        fault: String,
    }

    #[test]
    fn a_message_is_sent_with_the_code_in_every_place() {
        for v in vectors::<Message, NoMessage>("messages.json").accepted {
            let template = MessageTemplate::new(&joined(&v.message), CodeSize::new(v.code_size).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", v.name));
            assert_eq!(*template.render(&Code::parse(&v.code).unwrap()), joined(&v.text), "{}", v.name);
        }
    }

    #[test]
    fn a_message_past_a_limit_is_refused() {
        for v in vectors::<Message, NoMessage>("messages.json").refused {
            let message = joined(&v.message);
            assert_refused(
                MessageTemplate::new(&message, CodeSize::new(v.code_size).unwrap()),
                "message",
                &v.fault,
                &v.name,
            );
        }
    }

    #[test]
    fn newline_and_tab_are_the_only_control_characters_of_a_message() {
        for c in (0..=0x9f).filter_map(char::from_u32).filter(|c| c.is_control()) {
            let accepted = MessageTemplate::new(&format!("{{CODE}}{c}"), CodeSize::default()).is_ok();
            assert_eq!(accepted, matches!(c, '\n' | '\t'), "{c:?}");
        }
    }

    #[test]
    fn what_a_code_puts_in_place_of_the_place_is_not_replaced_again() {
        let template = MessageTemplate::new("{CODE}{CODE}", CodeSize::default()).unwrap();
        let code = Code::parse("{CODE}").unwrap();
        assert_eq!(*template.render(&code), "{CODE}{CODE}");
    }
}

mod secrets {
    use super::*;

    /// Compiles only where the type does not have the trait: with it there would be two ways to call `ambiguous`.
    macro_rules! assert_has_not {
        ($type:ty: $($trait:path),*) => {
            $({
                struct Marked;
                trait Ambiguous<Mark> {
                    fn ambiguous() {}
                }
                impl<T: ?Sized> Ambiguous<()> for T {}
                impl<T: ?Sized + $trait> Ambiguous<Marked> for T {}
                <$type as Ambiguous<_>>::ambiguous();
            })*
        };
    }

    #[test]
    fn no_secret_can_be_printed_or_serialised() {
        use std::fmt::{Debug, Display};

        use serde::Serialize;

        assert_has_not!(Code: Debug, Display, Serialize);
        assert_has_not!(ApiKey: Debug, Display, Serialize);
        assert_has_not!(EngineKey: Debug, Display, Serialize);
        assert_has_not!(OutgoingSms: Debug, Display, Serialize);
        assert_has_not!(MessageTemplate: Debug, Display, Serialize);
        assert_has_not!(EngineOptions: Debug, Display, Serialize);
        assert_has_not!(ValidateOptions: Debug, Display, Serialize);
    }

    #[test]
    fn secrets_cannot_be_compared_but_in_constant_time() {
        assert_has_not!(Code: PartialEq, PartialOrd, std::hash::Hash);
        assert_has_not!(ApiKey: PartialEq, PartialOrd, std::hash::Hash);
        assert_has_not!(EngineKey: PartialEq, PartialOrd, std::hash::Hash);
    }
}

mod status_strings {
    use super::*;

    #[test]
    fn the_words_of_errors_are_those_of_the_documentation() {
        let words = "invalid_input unauthorized forbidden not_found rejected conflict rate_limited unreachable timeout \
                     interrupted unavailable redirected invalid_response unsupported storage misconfigured delivery_failed \
                     closed forked internal";
        assert_eq!(ErrorCode::ALL.map(|code| code.to_string()).join(" "), words);
    }

    #[test]
    fn an_error_suggests_the_http_status_of_its_code() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/suggested_statuses.json");
        let vectors: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let expected: Vec<_> = vectors["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["name"].as_str().unwrap().to_owned(), row["status"].as_u64().unwrap()))
            .collect();
        let suggested = |code: ErrorCode| (code.to_string(), Error::new(code, "").suggested_status().into());
        assert_eq!(ErrorCode::ALL.map(suggested).to_vec(), expected);
    }

    #[test]
    fn the_words_of_states_outcomes_and_sms_are_those_of_the_documentation() {
        assert_eq!(STATES.map(|state| state.to_string()).join(" "), "pending verified expired cancelled");
        let words = "verified wrong_code expired already_verified cancelled too_many_attempts";
        assert_eq!(OUTCOMES.map(|outcome| outcome.to_string()).join(" "), words);
        assert_eq!([SmsStatus::Sent.as_str(), SmsStatus::Unknown.as_str()], ["sent", "unknown"]);
    }

    #[test]
    fn verified_is_the_only_success() {
        assert_eq!(
            OUTCOMES.into_iter().filter(|outcome| outcome.is_verified()).collect::<Vec<_>>(),
            [Outcome::Verified]
        );
    }
}

mod request_id {
    use super::*;

    #[test]
    fn an_id_is_one_path_segment_of_at_most_128_characters() {
        let longest = "a".repeat(128);
        for id in ["a", "0", "0123456789abcdef0123456789abcdef", "A-Z_a.z", "...", ".a", "-", "_", &longest] {
            assert_eq!(RequestId::parse(id).unwrap().as_str(), id);
        }
    }

    #[test]
    fn what_could_not_stand_in_a_path_is_no_id() {
        let too_long = "a".repeat(129);
        for (id, fault) in
            [("", "is empty"), (".", "relative path"), ("..", "relative path"), (&too_long, "is too long")]
        {
            assert_refused(RequestId::parse(id), "id", fault, id);
            assert_refused(RequestId::parse(id), "id", "it must have 1 to 128 characters of `A-Z a-z 0-9 . _ -`", id);
        }
    }

    #[test]
    fn an_id_has_no_other_character() {
        for c in ('\0'..='\u{17f}').filter(|c| !(c.is_ascii_alphanumeric() || ".-_".contains(*c))) {
            assert_refused(
                RequestId::parse(&format!("a{c}")),
                "id",
                "character that is not allowed",
                &format!("{c:?}"),
            );
        }
    }
}

mod api_key {
    use super::*;

    #[test]
    fn an_api_key_has_1_to_1024_visible_characters() {
        for key in ["k".to_owned(), "k".repeat(1024)] {
            assert_eq!(ApiKey::parse(&key).unwrap().expose(), key);
        }
        for key in [String::new(), " ".to_owned(), "k".repeat(1025)] {
            assert_refused(ApiKey::parse(&key), "api_key", "1024 bytes", "a key");
        }
    }

    #[test]
    fn blanks_around_an_api_key_which_files_and_shells_leave_there_are_dropped() {
        assert_eq!(ApiKey::parse(" key\n").unwrap().expose(), "key");
    }

    #[test]
    fn an_api_key_has_no_control_character() {
        for c in (0..=0x9f).filter_map(char::from_u32).filter(|c| c.is_control()) {
            assert_refused(
                ApiKey::parse(&format!("k{c}k")),
                "api_key",
                "control character, which is not accepted",
                &format!("{c:?}"),
            );
        }
    }

    #[test]
    fn an_api_key_that_no_header_could_carry_is_refused() {
        assert_refused(ApiKey::parse("chave-é"), "api_key", "outside ASCII, which is not accepted", "é");
    }

    #[test]
    fn the_refusal_of_an_api_key_does_not_repeat_it() {
        let Err(error) = ApiKey::parse("secret\0secret") else { panic!("accepted") };
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

mod engine_key {
    use super::*;

    #[test]
    fn an_engine_key_has_at_least_32_bytes() {
        assert!(EngineKey::new(&[0; 32]).is_ok());
        assert_refused(EngineKey::new(&[0; 31]), "key", "has 31 bytes; the minimum is 32 bytes", "31 bytes");
        assert_refused(EngineKey::new(&[]), "key", "has 0 bytes; the minimum is 32 bytes", "no bytes");
    }
}

/// What the bindings are given by languages whose numbers have no type, and what they return.
mod binding_options {
    use std::collections::HashMap;
    use std::time::Duration;

    use egoi_verify::{CodeSize, Error, Store, binding_options};
    use serde::Deserialize;
    use serde_json::Value;

    fn detail<T>(refused: Result<T, Error>) -> String {
        refused.err().unwrap().detail().to_owned()
    }

    #[test]
    fn a_length_of_time_is_at_least_nothing_and_ends() {
        assert_eq!(binding_options::timeout(1.5).unwrap(), Duration::from_millis(1500));
        for given in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert!(detail(binding_options::timeout(given)).starts_with("`timeout` is "), "{given}");
        }
    }

    #[test]
    fn a_refused_number_names_the_limit_of_its_field() {
        assert_eq!(detail(binding_options::ttl(-5.0)), "`ttl` is -5 s; the minimum is 1 s");
        assert_eq!(detail(binding_options::code_size(-6)), "`code_size` is -6 characters; the minimum is 4 characters");
        assert_eq!(
            detail(binding_options::code_size(1 << 40).map(|_| ())),
            "`code_size` is 1099511627776 characters; the maximum is 20 characters"
        );
        assert_eq!(detail(binding_options::whole::<u16>("port", 70_000)), "`port` is 70000; the maximum is 65535");
    }

    #[test]
    fn a_good_number_is_passed_on() {
        assert_eq!(binding_options::code_size(20).unwrap(), CodeSize::MAX.get() as u32);
        assert_eq!(binding_options::whole::<u32>("max_attempts", 3).unwrap(), 3);
        assert_eq!(binding_options::ttl(300.0).unwrap(), Duration::from_secs(300));
    }

    #[test]
    fn every_option_has_a_name_in_camel_case() {
        #[derive(Deserialize)]
        struct Table {
            options: HashMap<String, HashMap<String, Value>>,
        }
        let table: Table = serde_json::from_str(include_str!("../../tests/surface/table.json")).unwrap();
        for name in table.options.values().flat_map(HashMap::keys) {
            let camel = binding_options::camel_case(name);
            assert!(!camel.contains('_') && camel.eq_ignore_ascii_case(&name.replace('_', "")), "{name}: {camel}");
        }
    }

    #[test]
    fn a_name_that_is_no_option_stays_as_it_is() {
        for name in ["EGOI_API_KEY", "wrong_code", "search_path", ""] {
            assert_eq!(binding_options::camel_case(name), name);
        }
    }

    #[test]
    fn a_detail_has_the_names_of_options_in_camel_case() {
        let options = egoi_verify::EngineOptions::default().store(Store::default().previous_keys([[7; 32]]));
        let error = options.open_store().err().unwrap();
        assert_eq!(
            binding_options::detail_in_camel_case(&error),
            "`previousKeys` are given without a `key`; a store needs the key in use"
        );
    }
}
