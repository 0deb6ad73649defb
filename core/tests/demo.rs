//! The demo, as `make demo` runs it.

#![cfg(feature = "cli")]

use std::error::Error;
use std::process::{Command, Output};

use serde_json::Value;

type Anything<T = ()> = Result<T, Box<dyn Error>>;

const KEY: &str = "a-key-that-the-demo-must-not-touch";

#[test]
fn the_demo_exits_0_and_says_that_all_was_as_it_should_be() -> Anything {
    let done = demo(&[])?;
    assert_eq!(done.status.code(), Some(0), "{}", text(&done)?);
    assert!(text(&done)?.contains("✓ All as the article and the published clients say"));
    assert!(done.stderr.is_empty());
    Ok(())
}

#[test]
fn v1_is_played_from_the_request_to_the_code_that_comes_too_late() -> Anything {
    let outcomes = outcomes(0)?;
    assert_eq!(outcomes, ["pending", "wrong_code", "verified", "already_verified", "cancelled", "expired"]);
    Ok(())
}

#[test]
fn v2_is_played_with_a_read_and_a_resend_in_between() -> Anything {
    let expected = [
        "pending",
        "pending",
        "wrong_code",
        "pending",
        "wrong_code",
        "verified",
        "already_verified",
        "cancelled",
        "expired",
    ];
    assert_eq!(outcomes(1)?, expected);
    Ok(())
}

#[test]
fn v1_comes_first() -> Anything {
    let text = text(&demo(&[])?)?;
    assert!(text.find("━━ V1").ok_or("no V1")? < text.find("━━ V2").ok_or("no V2")?);
    Ok(())
}

#[test]
fn the_articles_own_payload_is_shown() -> Anything {
    let text = text(&demo(&[])?)?;
    let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let payload = "{ \"apikey\": \"********\", \"number\": \"351-910000000\", \"senderHash\": \"b2f8d1c4\", \
                   \"codeType\": \"numeric\", \"codeSize\": \"4\", \"group\": \"2FA\", \"codeTTL\": \"60\", \
                   \"message\": \"Message text: {CODE}\" }";
    assert!(squeezed.contains(payload), "{squeezed}");
    Ok(())
}

#[test]
fn every_word_of_the_article_is_shown_as_a_response() -> Anything {
    let text = text(&demo(&[])?)?;
    for word in ["\"Ok\"", "\"Verified\"", "\"Expired\"", "\"Already_Verified\""] {
        assert!(text.contains(word), "{word}");
    }
    Ok(())
}

#[test]
fn the_sms_that_is_shown_has_the_code_that_is_then_given() -> Anything {
    let played = json()?;
    for part in 0..2 {
        let steps = &played["parts"][part]["steps"];
        let sms = steps[0]["messages"][0]["text"].as_str().ok_or("no SMS")?;
        let code = sms.strip_prefix("Message text: ").ok_or("another text")?;
        assert_eq!(code.len(), 4);
        assert!(steps.to_string().contains(&format!("\"code\":\"{code}\"")));
    }
    Ok(())
}

#[test]
fn no_key_is_shown() -> Anything {
    for flags in [&[][..], &["--json"]] {
        let text = text(&demo(flags)?)?;
        assert!(!text.contains(KEY));
        let mut keys = 0;
        for name in ["\"apikey\":", "ApiKey:"] {
            for (at, _) in text.match_indices(name) {
                let value = text[at + name.len()..].trim_start().trim_start_matches('"');
                assert!(value.starts_with("********"), "{value:.60}");
                keys += 1;
            }
        }
        assert!(keys >= 9, "{keys}");
        let longest = text.split(|c: char| !c.is_ascii_alphanumeric()).map(str::len).max();
        assert_eq!(longest, Some(32), "an id has 32 characters, the demo's key has more");
    }
    Ok(())
}

#[test]
fn there_are_no_colours_where_there_is_no_terminal() -> Anything {
    assert!(!text(&demo(&[])?)?.contains('\x1b'));
    Ok(())
}

#[test]
fn it_fits_a_terminal_of_80_columns() -> Anything {
    let text = text(&demo(&[])?)?;
    let longest = text.lines().max_by_key(|line| line.chars().count()).unwrap_or_default();
    assert!(longest.chars().count() <= 80, "{longest}");
    Ok(())
}

/// What each step of a part came to.
fn outcomes(part: usize) -> Anything<Vec<String>> {
    let played = json()?;
    let steps = played["parts"][part]["steps"].as_array().ok_or("no steps")?;
    let word = |step: &Value| Some(step["meaning"].as_str()?.split(':').next()?.to_owned());
    steps.iter().map(|step| word(step).ok_or_else(|| "a step without a meaning".into())).collect()
}

fn json() -> Anything<Value> {
    let played: Value = serde_json::from_slice(&demo(&["--json"])?.stdout)?;
    assert_eq!((&played["ok"], &played["fault"]), (&Value::Bool(true), &Value::Null));
    Ok(played)
}

fn text(done: &Output) -> Anything<String> {
    Ok(String::from_utf8(done.stdout.clone())?)
}

fn demo(flags: &[&str]) -> Anything<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egoi-verify"));
    Ok(command.arg("demo").args(flags).env("EGOI_API_KEY", KEY).output()?)
}
