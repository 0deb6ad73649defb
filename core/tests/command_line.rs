//! The command line, run as a script runs it: against `egoi-verify sandbox --json`.

#![cfg(feature = "cli")]

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use serde_json::{Value, json};

#[cfg(feature = "sqlite")]
mod support {
    #[allow(dead_code, clippy::unwrap_used, reason = "of the tests of SQLite")]
    pub(crate) mod files;
}

type Anything<T = ()> = Result<T, Box<dyn Error>>;

const KEY: &str = "a-key-that-nobody-may-see-0123456789";
const NUMBER: &str = "+351910000000";

mod sandbox {
    use super::*;

    #[test]
    fn the_sandboxs_first_line_is_its_url_on_loopback() -> Anything {
        let service = Service::start(&[])?;
        let port = service.url.strip_prefix("http://127.0.0.1:").ok_or("not on loopback")?;
        assert_ne!(port.parse::<u16>()?, 0);
        assert_eq!(service.first_line, format!("{{\"url\":\"http://127.0.0.1:{port}\"}}\n"));
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn the_sandbox_ends_with_0_when_it_is_terminated() -> Anything {
        assert_eq!(Service::start(&[])?.ended_by("TERM")?, Some(0));
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn the_sandbox_ends_with_0_on_ctrl_c() -> Anything {
        assert_eq!(Service::start(&[])?.ended_by("INT")?, Some(0));
        Ok(())
    }

    #[test]
    fn the_sandbox_listens_on_the_port_that_was_asked_for_and_a_taken_one_is_bad_input() -> Anything {
        let service = Service::start(&[])?;
        let port = service.url.rsplit(':').next().ok_or("no port")?;
        let done = alone(&["sandbox", "--json", "--port", port]).output()?;
        assert_eq!(code(&done), 2);
        assert!(
            error(&done)?["detail"]
                .as_str()
                .is_some_and(|detail| detail.starts_with("`port` ") && detail.contains(port))
        );
        Ok(())
    }

    #[test]
    fn the_sandbox_makes_every_code_the_one_that_was_given() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.request()?;
        assert_eq!(code(&service.run(&["validate", &id, "1234"])?), 0);
        Ok(())
    }

    #[test]
    fn the_same_seed_draws_the_same_codes() -> Anything {
        let codes = |seed| -> Anything<(String, String)> {
            let service = Service::start(&["--seed", seed])?;
            service.request()?;
            let first = service.code()?;
            service.request()?;
            Ok((first, service.code()?))
        };
        let once = codes("7")?;
        assert_eq!(once, codes("7")?);
        assert_ne!(once, codes("8")?);
        Ok(())
    }

    #[test]
    fn the_sandbox_responds_with_status_words_and_400_where_that_is_asked_for() -> Anything {
        let service = Service::start(&["--v2-words", "--v2-wrong", "400", "--code", "1234"])?;
        let id = service.request()?;
        let path = format!("/api/v2/verify/{id}/validate");
        assert!(service.http("POST", &path, "{\"code\":\"9999\"}")?.starts_with("HTTP/1.1 400 "));
        assert!(service.http("POST", &path, "{\"code\":\"1234\"}")?.contains("\"status\":\"verified\""));
        Ok(())
    }

    #[test]
    fn the_sandbox_tells_people_what_to_set() -> Anything {
        let mut child = alone(&["sandbox"]).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let first: Vec<_> = lines.by_ref().take(4).collect::<Result<_, _>>()?;
        child.kill()?;
        child.wait()?;
        assert!(first.iter().any(|line| line.contains("EGOI_BASE_URL=http://127.0.0.1:") && line.ends_with("/api")));
        assert!(first.iter().any(|line| line.contains("EGOI_API=v1") && line.ends_with("/api/public")));
        Ok(())
    }
}

mod request {
    use super::*;

    #[test]
    fn a_request_gives_a_whole_verification() -> Anything {
        let service = Service::start(&[])?;
        let made = out(&service.run(&["request", NUMBER, "--ttl", "60"])?)?;
        assert_eq!(fields(&made), ["attempts_left", "created_at", "expires_at", "id", "number", "sms", "state"]);
        assert_eq!(
            (&made["state"], &made["number"], &made["sms"]),
            (&json!("pending"), &json!(NUMBER), &json!("sent"))
        );
        assert_eq!(made["attempts_left"], Value::Null);
        assert!(made["expires_at"].as_str().is_some_and(|at| at.len() == 24 && at.ends_with('Z')));
        assert!(made["expires_at"].as_str() > made["created_at"].as_str());
        Ok(())
    }

    #[test]
    fn what_a_request_was_given_reaches_the_phone() -> Anything {
        let service = Service::start(&[])?;
        let mut arguments = vec!["request", "+351 910 000 000", "--message", "Olá {CODE}!", "--group", "Login"];
        arguments.extend(["--code-type", "hex", "--code-size", "9", "--ttl", "3600"]);
        assert_eq!(code(&service.run(&arguments)?), 0);
        let message = service.message()?;
        let sent = message["code"].as_str().ok_or("no code")?;
        assert_eq!((sent.len(), &message["number"]), (9, &json!(NUMBER)));
        assert!(sent.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte)));
        assert_eq!(message["text"], json!(format!("Olá {sent}!")));
        Ok(())
    }

    #[test]
    fn for_people_the_number_is_masked() -> Anything {
        let service = Service::start(&[])?;
        let done = service.command(&["request", NUMBER]).output()?;
        let text = String::from_utf8(done.stdout)?;
        assert!(text.contains("+35191*****00") && text.contains("pending") && !text.contains("910000000"), "{text}");
        Ok(())
    }
}

mod get {
    use super::*;

    #[test]
    fn a_request_is_read() -> Anything {
        let service = Service::start(&[])?;
        let id = service.request()?;
        let done = service.run(&["get", &id])?;
        let read = out(&done)?;
        assert_eq!((code(&done), &read["id"], &read["state"]), (0, &json!(id), &json!("pending")));
        assert_eq!(read["number"], json!(NUMBER));
        Ok(())
    }

    #[test]
    fn reading_never_shows_the_code() -> Anything {
        let service = Service::start(&["--code", "86420975"])?;
        let id = service.request()?;
        let done = service.run(&["get", &id])?;
        assert!(!all_of(&done).contains("86420975"));
        Ok(())
    }
}

mod resend {
    use super::*;

    #[test]
    fn a_resend_sends_another_code_and_the_old_one_stops_working() -> Anything {
        let service = Service::start(&["--seed", "1"])?;
        let id = service.request()?;
        let old = service.code()?;
        let done = service.run(&["resend", &id])?;
        assert_eq!((code(&done), &out(&done)?["state"]), (0, &json!("pending")));
        let new = service.code()?;
        assert_ne!(old, new);
        assert_eq!(code(&service.run(&["validate", &id, &old])?), 3);
        assert_eq!(code(&service.run(&["validate", &id, &new])?), 0);
        Ok(())
    }
}

mod cancel {
    use super::*;

    #[test]
    fn a_cancelled_request_is_cancelled_the_second_time_too() -> Anything {
        let service = Service::start(&[])?;
        let id = service.request()?;
        for _ in 0..2 {
            let done = service.run(&["cancel", &id])?;
            assert_eq!((code(&done), out(&done)?), (0, json!({"id": id, "state": "cancelled"})));
        }
        Ok(())
    }

    #[test]
    fn cancelling_an_expired_request_exits_4() -> Anything {
        let service = Service::start(&[])?;
        let id = service.expired()?;
        let done = service.run(&["cancel", &id])?;
        assert_eq!((code(&done), &out(&done)?["state"]), (4, &json!("expired")));
        Ok(())
    }

    #[test]
    fn cancelling_a_verified_request_exits_5() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.request()?;
        service.run(&["validate", &id, "1234"])?;
        let done = service.run(&["cancel", &id])?;
        assert_eq!((code(&done), &out(&done)?["state"]), (5, &json!("verified")));
        Ok(())
    }
}

mod validate {
    use super::*;

    #[test]
    fn the_right_code_exits_0() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.request()?;
        let done = service.run(&["validate", &id, "1234"])?;
        assert_eq!((code(&done), out(&done)?), (0, json!({"id": id, "outcome": "verified", "verified": true})));
        Ok(())
    }

    #[test]
    fn a_wrong_code_exits_3() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.request()?;
        let done = service.run(&["validate", &id, "4321"])?;
        assert_eq!((code(&done), out(&done)?), (3, json!({"id": id, "outcome": "wrong_code", "verified": false})));
        Ok(())
    }

    #[test]
    fn an_expired_code_exits_4() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.expired()?;
        let done = service.run(&["validate", &id, "1234"])?;
        assert_eq!((code(&done), &out(&done)?["outcome"]), (4, &json!("expired")));
        Ok(())
    }

    #[test]
    fn a_code_that_was_used_exits_5() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.request()?;
        service.run(&["validate", &id, "1234"])?;
        let done = service.run(&["validate", &id, "1234"])?;
        assert_eq!((code(&done), &out(&done)?["outcome"]), (5, &json!("already_verified")));
        Ok(())
    }

    #[test]
    fn the_code_of_a_cancelled_request_exits_6() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.request()?;
        service.run(&["cancel", &id])?;
        let done = service.run(&["validate", &id, "1234"])?;
        assert_eq!((code(&done), &out(&done)?["outcome"]), (6, &json!("cancelled")));
        Ok(())
    }

    #[test]
    fn too_many_attempts_exit_7() -> Anything {
        let url = responds_once("200 OK", "{\"requestId\":\"abc\",\"status\":\"Too_Many_Attempts\"}")?;
        let done = at(&url, &["validate", "abc", "1234"]).env("EGOI_API", "v1").arg("--json").output()?;
        assert_eq!((code(&done), &out(&done)?["outcome"]), (7, &json!("too_many_attempts")));
        Ok(())
    }

    #[test]
    fn the_code_is_a_line_of_standard_input_where_it_is_no_argument() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.request()?;
        let done = fed(service.command(&["validate", &id, "--json"]), "12 34\nnot read\n")?;
        assert_eq!((code(&done), &out(&done)?["outcome"]), (0, &json!("verified")));
        Ok(())
    }

    #[test]
    fn without_a_code_on_standard_input_nothing_is_submitted() -> Anything {
        let service = Service::start(&[])?;
        let id = service.request()?;
        let done = fed(service.command(&["validate", &id, "--json"]), "")?;
        assert_eq!(code(&done), 2);
        assert!(error(&done)?["detail"].as_str().is_some_and(|detail| detail.starts_with("`code` ")));
        Ok(())
    }

    #[test]
    fn with_the_number_of_another_request_nothing_is_verified() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.request()?;
        let done = service.run(&["validate", &id, "1234", "--number", "+351 910 000 001"])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (8, &json!("not_found")));
        assert_eq!(code(&service.run(&["validate", &id, "1234", "--number", NUMBER])?), 0);
        Ok(())
    }

    #[test]
    fn everything_works_over_v1_too() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let run = |arguments: &[&str]| {
            let base_url = format!("{}/api/public", service.url);
            at(&base_url, arguments).env("EGOI_API", "v1").arg("--json").output()
        };
        let id = out(&run(&["request", NUMBER])?)?["id"].as_str().ok_or("no id")?.to_owned();
        assert_eq!(code(&run(&["validate", &id, "9999"])?), 3);
        assert_eq!(code(&run(&["validate", &id, "1234"])?), 0);
        assert_eq!(code(&run(&["validate", &id, "1234"])?), 5);
        Ok(())
    }
}

/// Bad input: the field and its limit are named, and it exits 2.
mod input {
    use super::*;

    #[test]
    fn a_code_size_beyond_its_limit_is_named() -> Anything {
        refused_with(&["request", NUMBER, "--code-size", "3"], &["`code_size`", "the minimum is 4 characters"])
    }

    #[test]
    fn a_validity_beyond_its_limit_is_named() -> Anything {
        refused_with(&["request", NUMBER, "--ttl", "3601"], &["`ttl` is 3601 s; the maximum is 3600 s"])
    }

    #[test]
    fn a_validity_of_part_of_a_second_is_named() -> Anything {
        refused_with(&["request", NUMBER, "--ttl", "1.5"], &["`ttl`", "a whole number of seconds"])
    }

    #[test]
    fn a_validity_below_nothing_is_named() -> Anything {
        refused_with(&["request", NUMBER, "--ttl", "-1"], &["`ttl` is -1 s; the minimum is 1 s"])
    }

    #[test]
    fn a_message_without_a_place_for_the_code_is_named() -> Anything {
        refused_with(&["request", NUMBER, "--message", "hello"], &["`message`", "{CODE}"])
    }

    #[test]
    fn a_number_without_its_country_is_named() -> Anything {
        refused_with(&["request", "910000000"], &["`number`", "international number"])
    }

    #[test]
    fn an_id_that_is_no_path_segment_is_named() -> Anything {
        refused_with(&["get", "../x"], &["`id`", "1 to 128 characters"])
    }

    #[test]
    fn a_timeout_of_nothing_is_named() -> Anything {
        refused_with(&["check", "--timeout", "0"], &["`timeout`", "more than 0"])
    }

    #[test]
    fn a_missing_key_is_named() -> Anything {
        let done = at("http://127.0.0.1:9", &["check", "--json"]).env("EGOI_API_KEY", "").output()?;
        assert_eq!((code(&done), &error(&done)?["code"]), (2, &json!("invalid_input")));
        assert!(all_of(&done).contains("`EGOI_API_KEY`") && all_of(&done).contains("--key-stdin"));
        Ok(())
    }

    #[test]
    fn a_missing_sender_is_named_by_a_request_and_by_nothing_else() -> Anything {
        let service = Service::start(&[])?;
        let id = service.request()?;
        let run = |arguments: &[&str]| service.command(arguments).env_remove("EGOI_SENDER").output();
        let done = run(&["request", NUMBER])?;
        assert_eq!(code(&done), 2);
        assert!(all_of(&done).contains("`EGOI_SENDER`"));
        for arguments in [&["get", &id][..], &["check"], &["cancel", &id]] {
            assert_eq!(code(&run(arguments)?), 0, "{arguments:?}");
        }
        Ok(())
    }

    #[test]
    fn an_unknown_version_of_the_interface_is_named() -> Anything {
        let done = at("http://127.0.0.1:9", &["check", "--json"]).env("EGOI_API", "v3").output()?;
        assert_eq!(code(&done), 2);
        assert!(all_of(&done).contains("EGOI_API") && all_of(&done).contains("`v1` or `v2`"));
        Ok(())
    }

    #[test]
    fn plain_http_to_another_machine_is_refused() -> Anything {
        let done = at("http://example.com/api", &["check", "--json"]).output()?;
        assert_eq!((code(&done), &error(&done)?["code"]), (2, &json!("invalid_input")));
        Ok(())
    }

    #[test]
    fn wrong_usage_is_json_too() -> Anything {
        let done = alone(&["validate", "--json"]).output()?;
        assert_eq!((code(&done), &error(&done)?["code"]), (2, &json!("invalid_input")));
        assert!(error(&done)?["detail"].as_str().is_some_and(|detail| detail.contains("<ID>")));
        Ok(())
    }

    #[test]
    fn wrong_usage_is_told_to_people_too() -> Anything {
        let done = alone(&["validate"]).output()?;
        assert_eq!(code(&done), 2);
        assert!(String::from_utf8(done.stderr)?.contains("Usage: egoi-verify validate"));
        Ok(())
    }

    #[test]
    fn the_key_is_no_argument() -> Anything {
        let done = alone(&["request", NUMBER, "--api-key", KEY]).output()?;
        assert_eq!(code(&done), 2);
        assert!(!all_of(&done).contains(KEY));
        Ok(())
    }
}

/// Errors: every field, and the exit code.
mod errors {
    use super::*;

    #[test]
    fn an_error_has_every_field() -> Anything {
        let done = failing("{\"call\":\"request\",\"status\":503}", &["request", NUMBER])?;
        let error = error(&done)?;
        let all = [
            "code",
            "detail",
            "field",
            "hint",
            "http_status",
            "reason",
            "request_id",
            "retry_after",
            "retry_is_safe",
            "sms_possibly_sent",
        ];
        assert_eq!(fields(&error), all);
        assert_eq!((&error["http_status"], &error["sms_possibly_sent"]), (&json!(503), &json!(true)));
        assert_eq!((&error["retry_is_safe"], &error["retry_after"]), (&json!(false), &Value::Null));
        assert!(done.stdout.is_empty());
        Ok(())
    }

    #[test]
    fn an_error_names_its_request() -> Anything {
        let service = Service::start(&[])?;
        let done = service.run(&["get", "0123456789abcdef0123456789abcdef"])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (8, &json!("not_found")));
        assert_eq!(error(&done)?["request_id"], json!("0123456789abcdef0123456789abcdef"));
        Ok(())
    }

    #[test]
    fn people_are_told_that_an_sms_may_have_been_sent() -> Anything {
        let service = Service::start(&[])?;
        service.fail("{\"call\":\"request\",\"cut\":\"after\"}")?;
        let done = service.command(&["request", NUMBER]).output()?;
        assert_eq!(code(&done), 10);
        assert!(String::from_utf8(done.stderr)?.contains("An SMS may have been sent"));
        Ok(())
    }

    #[test]
    fn a_wrong_key_exits_8() -> Anything {
        let service = Service::start(&["--api-key", "another-key"])?;
        let done = service.run(&["check"])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (8, &json!("unauthorized")));
        Ok(())
    }

    #[test]
    fn resending_what_is_over_exits_8() -> Anything {
        let service = Service::start(&[])?;
        let id = service.request()?;
        service.run(&["cancel", &id])?;
        let done = service.run(&["resend", &id])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (8, &json!("conflict")));
        Ok(())
    }

    #[test]
    fn a_refused_request_exits_8() -> Anything {
        let done = failing("{\"call\":\"request\",\"status\":422}", &["request", NUMBER])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (8, &json!("rejected")));
        Ok(())
    }

    #[test]
    fn what_v1_cannot_do_exits_8() -> Anything {
        for arguments in [&["get", "abc"][..], &["resend", "abc"]] {
            let done = at("http://127.0.0.1:9", arguments).env("EGOI_API", "v1").arg("--json").output()?;
            assert_eq!((code(&done), &error(&done)?["code"]), (8, &json!("unsupported")), "{arguments:?}");
        }
        Ok(())
    }

    #[test]
    fn an_idempotency_key_without_a_store_exits_8() -> Anything {
        let service = Service::start(&[])?;
        let done = service.run(&["request", NUMBER, "--idempotency-key", "a"])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (8, &json!("unsupported")));
        Ok(())
    }

    #[test]
    fn too_many_calls_exit_9() -> Anything {
        let done = failing("{\"call\":\"request\",\"status\":429}", &["request", NUMBER])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (9, &json!("rate_limited")));
        Ok(())
    }

    #[test]
    fn where_nobody_listens_exits_10() -> Anything {
        let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let done = at(&format!("http://{free}/api"), &["request", NUMBER, "--json"]).output()?;
        assert_eq!((code(&done), &error(&done)?["code"]), (10, &json!("unreachable")));
        assert_eq!(error(&done)?["sms_possibly_sent"], json!(false));
        Ok(())
    }

    #[test]
    fn no_response_in_time_exits_10() -> Anything {
        let arguments = ["request", NUMBER, "--timeout", "0.2"];
        let done = failing("{\"call\":\"request\",\"delay_ms\":60000}", &arguments)?;
        assert_eq!((code(&done), &error(&done)?["code"]), (10, &json!("timeout")));
        Ok(())
    }

    #[test]
    fn a_broken_connection_exits_10() -> Anything {
        let done = failing("{\"call\":\"request\",\"cut\":\"before\"}", &["request", NUMBER])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (10, &json!("interrupted")));
        Ok(())
    }

    #[test]
    fn a_service_that_fails_exits_10() -> Anything {
        let done = failing("{\"call\":\"request\",\"status\":500}", &["request", NUMBER])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (10, &json!("unavailable")));
        Ok(())
    }

    #[test]
    fn a_redirection_exits_10() -> Anything {
        let done = failing("{\"call\":\"request\",\"status\":307}", &["request", NUMBER])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (10, &json!("redirected")));
        Ok(())
    }

    #[test]
    fn a_response_that_is_not_the_contract_exits_10() -> Anything {
        let done = failing("{\"call\":\"request\",\"body\":\"malformed\"}", &["request", NUMBER])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (10, &json!("invalid_response")));
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_result_that_cannot_be_written_exits_1() -> Anything {
        let service = Service::start(&[])?;
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full")?;
        let done = service.command(&["check", "--json"]).stdout(full).output()?;
        assert_eq!((code(&done), &error(&done)?["code"]), (1, &json!("internal")));
        Ok(())
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure() -> Anything {
        let mut child = alone(&["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        drop(child.stdout.take());
        let done = child.wait_with_output()?;
        assert_eq!((code(&done), &*done.stderr), (0, &b""[..]));
        Ok(())
    }
}

mod key {
    use super::*;

    #[test]
    fn the_key_of_the_environment_is_in_no_output() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.request()?;
        for arguments in [
            &["request", NUMBER][..],
            &["request", NUMBER, "--code-size", "1"],
            &["validate", &id, "1234"],
            &["get", &id],
            &["resend", &id],
            &["cancel", &id],
            &["check"],
            &["get", "unknown"],
            &["nonsense"],
            &["--help"],
            &["request", "--help"],
        ] {
            for done in [service.run(arguments)?, service.command(arguments).output()?] {
                assert!(!all_of(&done).contains(KEY), "{arguments:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_key_that_the_service_repeats_is_in_no_output() -> Anything {
        let url = responds_once("400 Bad Request", &format!("{{\"title\":\"Bad\",\"detail\":\"{KEY} is not good\"}}"))?;
        let done = at(&url, &["request", NUMBER, "--json"]).output()?;
        assert_eq!((code(&done), &error(&done)?["code"]), (8, &json!("rejected")));
        assert!(!all_of(&done).contains(KEY));
        Ok(())
    }

    /// `script` gives the program a terminal, and what the terminal shows.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_typed_at_a_prompt_for_a_secret_is_not_shown() -> Anything {
        let service = Service::start(&["--code", "731902"])?;
        let id = service.request()?;
        let program = env!("CARGO_BIN_EXE_egoi-verify");
        let command = service.command(&[]);
        let inner = format!("{program} validate {id} --key-stdin");
        let environment = command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)));
        let environment: Vec<_> = environment.collect();
        let mut terminal = Command::new("script");
        terminal.args(["--quiet", "--return", "--command", &inner, "/dev/null"]);
        for (name, value) in environment {
            match value {
                Some(value) => terminal.env(name, value),
                None => terminal.env_remove(name),
            };
        }
        let mut child = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (mut typed, mut shown) = (child.stdin.take().ok_or("no input")?, child.stdout.take().ok_or("no output")?);
        let mut text = Vec::new();
        let mut until = |end: &str| -> Anything {
            let mut byte = [0];
            while !text.ends_with(end.as_bytes()) && shown.read(&mut byte)? == 1 {
                text.push(byte[0]);
            }
            if text.ends_with(end.as_bytes()) { Ok(()) } else { Err(String::from_utf8_lossy(&text).into()) }
        };
        until("API key: ")?;
        typed.write_all(format!("{KEY}\n").as_bytes())?;
        until("Code: ")?;
        typed.write_all(b"731902\n")?;
        until("verified: ")?;
        let text = String::from_utf8(text)?;
        assert!(!text.contains(KEY) && !text.contains("731902"), "{text}");
        assert!(child.wait()?.success());
        Ok(())
    }

    #[test]
    fn the_key_is_the_first_line_of_standard_input_where_that_is_asked_for() -> Anything {
        let service = Service::start(&["--api-key", "the-right-key"])?;
        let done = fed(service.command(&["check", "--json", "--key-stdin"]), "the-right-key\n")?;
        assert_eq!((code(&done), &out(&done)?["key"]), (0, &json!("good")));
        assert!(!all_of(&done).contains("the-right-key"));
        Ok(())
    }

    #[test]
    fn the_key_comes_before_the_code_on_standard_input() -> Anything {
        let service = Service::start(&["--code", "1234"])?;
        let id = service.request()?;
        let mut command = service.command(&["validate", &id, "--json", "--key-stdin"]);
        command.env_remove("EGOI_API_KEY");
        let done = fed(command, "a-key\r\n1234")?;
        assert_eq!((code(&done), &out(&done)?["outcome"]), (0, &json!("verified")));
        Ok(())
    }

    #[test]
    fn a_wrong_key_of_standard_input_is_in_no_output() -> Anything {
        let service = Service::start(&["--api-key", "the-right-key"])?;
        for arguments in [&["check", "--key-stdin"][..], &["check", "--key-stdin", "--json"]] {
            let done = fed(service.command(arguments), "a-wrong-key\n")?;
            assert_eq!(code(&done), 8);
            assert!(!all_of(&done).contains("a-wrong-key"));
        }
        Ok(())
    }
}

mod check {
    use super::*;

    #[test]
    fn a_check_tells_that_all_is_well_and_which_senders_there_are() -> Anything {
        let service = Service::start(&[])?;
        let done = service.run(&["check"])?;
        let checked = json!({
            "service": "up",
            "key": "good",
            "senders": [{"id": "1", "name": "Sandbox", "number": null, "status": "active"}],
            "sender_is_listed": true,
        });
        assert_eq!((code(&done), out(&done)?), (0, checked));
        Ok(())
    }

    #[test]
    fn a_check_tells_people_the_same() -> Anything {
        let service = Service::start(&[])?;
        let text = String::from_utf8(service.command(&["check"]).output()?.stdout)?;
        assert_eq!(text, "service  up\nkey      good\nsenders  1  Sandbox, active  ← EGOI_SENDER\n");
        Ok(())
    }

    #[test]
    fn a_check_tells_of_a_sender_that_is_not_the_accounts() -> Anything {
        let service = Service::start(&[])?;
        let run = |json: &[&str]| service.command(&["check"]).args(json).env("EGOI_SENDER", "2").output();
        assert_eq!(out(&run(&["--json"])?)?["sender_is_listed"], json!(false));
        assert!(String::from_utf8(run(&[])?.stdout)?.contains("EGOI_SENDER is 2, which is not one of them"));
        Ok(())
    }

    #[test]
    fn a_check_explains_forbidden() -> Anything {
        let done = failing("{\"call\":\"senders\",\"status\":403}", &["check"])?;
        let error = error(&done)?;
        assert_eq!((code(&done), &error["code"]), (8, &json!("forbidden")));
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("transactional service is not activated")));
        Ok(())
    }

    #[test]
    fn a_check_tells_that_the_service_is_down() -> Anything {
        let done = failing("{\"call\":\"ping\",\"status\":503,\"count\":null}", &["check"])?;
        assert_eq!((code(&done), &error(&done)?["code"]), (10, &json!("unavailable")));
        Ok(())
    }
}

#[cfg(feature = "sqlite")]
mod store {
    use std::time::Duration;

    use egoi_verify::{Engine, EngineOptions, OutgoingSms, RequestOptions, SendError, Store};

    use super::*;
    use crate::support::files::Folder;

    const STORE_KEY: &str = "the-key-of-a-store-of-32-bytes-and-more";

    /// A store that has one request of the number.
    fn with_a_request() -> Anything<(String, String)> {
        let url = Folder::new_url_here();
        let send = |_: OutgoingSms| async { Ok::<(), SendError>(()) };
        let engine = Engine::new(send, EngineOptions::default().store(Store::new(&url).key(STORE_KEY)))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let made = runtime.block_on(engine.request(NUMBER, RequestOptions::default().ttl(Duration::from_secs(60))))?;
        Ok((url, made.id))
    }

    fn run(url: &str, arguments: &[&str]) -> Anything<Output> {
        Ok(alone(arguments).env("EGOI_STORE", url).env("EGOI_STORE_KEY", STORE_KEY).output()?)
    }

    #[test]
    fn a_number_is_found() -> Anything {
        let (url, id) = with_a_request()?;
        let done = run(&url, &["--json", "store", "find", NUMBER])?;
        assert_eq!(code(&done), 0);
        let found: Value = serde_json::from_slice(&done.stdout)?;
        assert_eq!((&found["number"], &found["requests"][0]["id"]), (&json!(NUMBER), &json!(id)));
        assert_eq!(found["limits"][0]["limit"], "sms_per_number");
        let printed = String::from_utf8(run(&url, &["store", "find", NUMBER])?.stdout)?;
        assert!(
            printed.contains(&id) && printed.contains("sms_per_number  1 of 5") && !printed.contains(NUMBER),
            "{printed}"
        );
        Ok(())
    }

    #[test]
    fn a_number_is_unlocked() -> Anything {
        let (url, _) = with_a_request()?;
        assert_eq!(code(&run(&url, &["store", "unlock", NUMBER])?), 0);
        let found: Value = serde_json::from_slice(&run(&url, &["--json", "store", "find", NUMBER])?.stdout)?;
        assert_eq!(
            (found["limits"].as_array().map(Vec::len), found["requests"].as_array().map(Vec::len)),
            (Some(0), Some(1))
        );
        Ok(())
    }

    #[test]
    fn a_number_is_erased() -> Anything {
        let (url, _) = with_a_request()?;
        let done = run(&url, &["--json", "store", "erase", NUMBER])?;
        assert_eq!(serde_json::from_slice::<Value>(&done.stdout)?, json!({"number": NUMBER, "erased": 1}));
        let printed = String::from_utf8(run(&url, &["store", "find", NUMBER])?.stdout)?;
        assert_eq!(printed, "nothing is kept of this number\n");
        Ok(())
    }

    #[test]
    fn a_variable_that_is_missing_is_named() -> Anything {
        let done = alone(&["--json", "store", "find", NUMBER]).env_remove("EGOI_STORE").output()?;
        assert_eq!(code(&done), 2);
        assert!(error(&done)?["detail"].as_str().is_some_and(|detail| detail.contains("`EGOI_STORE`")));
        Ok(())
    }
}

mod help {
    use super::*;

    #[test]
    fn there_are_completions_for_bash_zsh_and_fish() -> Anything {
        for shell in ["bash", "zsh", "fish"] {
            let done = alone(&["completions", shell]).output()?;
            let script = String::from_utf8(done.stdout)?;
            for word in ["egoi-verify", "validate", "key-stdin", "alphanumeric"] {
                assert!(script.contains(word), "{word} in {shell}");
            }
        }
        Ok(())
    }

    #[test]
    fn help_explains_every_exit_code_and_every_variable() -> Anything {
        let done = alone(&["--help"]).output()?;
        assert_eq!(code(&done), 0);
        let help = String::from_utf8(done.stdout)?;
        for exit in 0..=10 {
            assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{exit}  "))), "{exit}");
        }
        for variable in ["EGOI_API_KEY", "EGOI_SENDER", "EGOI_API ", "EGOI_BASE_URL", "EGOI_ALLOW_HTTP"] {
            assert!(help.contains(variable), "{variable}");
        }
        Ok(())
    }
}

// ---- What the facts are shown with

/// A sandbox that runs as its own process.
struct Service {
    child: Child,
    first_line: String,
    url: String,
}

impl Service {
    fn start(flags: &[&str]) -> Anything<Self> {
        let mut child = alone(&["sandbox", "--json"]).args(flags).stdout(Stdio::piped()).spawn()?;
        let mut first_line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut first_line)?;
        let url = serde_json::from_str::<Value>(&first_line)?["url"].as_str().ok_or("no url")?.to_owned();
        Ok(Self { child, first_line, url })
    }

    /// A call of it over V2.
    fn command(&self, arguments: &[&str]) -> Command {
        at(&format!("{}/api", self.url), arguments)
    }

    /// The same, responding in JSON.
    fn run(&self, arguments: &[&str]) -> Anything<Output> {
        Ok(self.command(arguments).arg("--json").output()?)
    }

    fn request(&self) -> Anything<String> {
        let done = self.run(&["request", NUMBER])?;
        Ok(out(&done)?["id"].as_str().ok_or("no id")?.to_owned())
    }

    /// A request whose validity has run out.
    fn expired(&self) -> Anything<String> {
        let id = self.request()?;
        assert!(self.http("POST", "/sandbox/clock", "{\"advance\":601}")?.starts_with("HTTP/1.1 200 "));
        Ok(id)
    }

    fn fail(&self, fault: &str) -> Anything {
        let response = self.http("POST", "/sandbox/faults", fault)?;
        if response.starts_with("HTTP/1.1 204 ") { Ok(()) } else { Err(response.into()) }
    }

    /// The newest message.
    fn message(&self) -> Anything<Value> {
        let response = self.http("GET", "/sandbox/messages", "")?;
        let (_, body) = response.split_once("\r\n\r\n").ok_or("no body")?;
        Ok(serde_json::from_str::<Value>(body)?["messages"][0].clone())
    }

    /// The newest code.
    fn code(&self) -> Anything<String> {
        Ok(self.message()?["code"].as_str().ok_or("no code")?.to_owned())
    }

    /// The whole response to a call of the server.
    fn http(&self, method: &str, path: &str, body: &str) -> Anything<String> {
        let mut connection = TcpStream::connect(self.url.trim_start_matches("http://"))?;
        let length = body.len();
        write!(
            connection,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nApiKey: any\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )?;
        let mut response = String::new();
        connection.read_to_string(&mut response)?;
        Ok(response)
    }

    /// What it exits with after a signal.
    #[cfg(unix)]
    fn ended_by(mut self, signal: &str) -> Anything<Option<i32>> {
        Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status()?;
        Ok(self.child.wait()?.code())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command line without any settings.
fn alone(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egoi-verify"));
    for variable in ["EGOI_API_KEY", "EGOI_SENDER", "EGOI_API", "EGOI_BASE_URL", "EGOI_ALLOW_HTTP"] {
        command.env_remove(variable);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The command line with this service.
fn at(base_url: &str, arguments: &[&str]) -> Command {
    let mut command = alone(arguments);
    command.env("EGOI_API_KEY", KEY).env("EGOI_SENDER", "1").env("EGOI_BASE_URL", base_url);
    command
}

/// What comes of a call that meets this failure.
fn failing(fault: &str, arguments: &[&str]) -> Anything<Output> {
    let service = Service::start(&[])?;
    service.fail(fault)?;
    service.run(arguments)
}

/// Refused before anything was sent, in words with each of these in them.
fn refused_with(arguments: &[&str], words: &[&str]) -> Anything {
    let done = at("http://127.0.0.1:9/api", arguments).arg("--json").output()?;
    let error = error(&done)?;
    assert_eq!((code(&done), &error["code"], &error["sms_possibly_sent"]), (2, &json!("invalid_input"), &json!(false)));
    let detail = error["detail"].as_str().ok_or("no detail")?;
    for word in words {
        if !detail.contains(word) {
            return Err(format!("{word} is not in: {detail}").into());
        }
    }
    Ok(())
}

/// A service that responds to one call with this.
fn responds_once(status: &str, body: &str) -> Anything<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    let response = head + body;
    thread::spawn(move || -> std::io::Result<()> {
        let (mut connection, _) = listener.accept()?;
        let mut asked = BufReader::new(connection.try_clone()?);
        let (mut line, mut length) = (String::new(), 0);
        while asked.read_line(&mut line)? > 2 {
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        std::io::copy(&mut asked.take(length), &mut std::io::sink())?;
        connection.write_all(response.as_bytes())
    });
    Ok(url)
}

/// What comes of it with this on standard input.
fn fed(mut command: Command, input: &str) -> Anything<Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().ok_or("no input")?.write_all(input.as_bytes())?;
    Ok(child.wait_with_output()?)
}

fn code(done: &Output) -> i32 {
    done.status.code().unwrap_or(-1)
}

/// The one line of JSON on standard output.
fn out(done: &Output) -> Anything<Value> {
    let text = std::str::from_utf8(&done.stdout)?;
    serde_json::from_str(text).map_err(|error| format!("{error}: {}", all_of(done)).into())
}

/// The error on standard error.
fn error(done: &Output) -> Anything<Value> {
    let text = std::str::from_utf8(&done.stderr)?;
    let whole: Value = serde_json::from_str(text).map_err(|error| format!("{error}: {}", all_of(done)))?;
    Ok(whole["error"].clone())
}

fn all_of(done: &Output) -> String {
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

fn fields(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}
