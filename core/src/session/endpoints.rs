//! The endpoints `/request`, `/validate` and `/resend` of this library's routers for web frameworks: the bodies that an app sends, and
//! the reading of the responses. Such a server keeps the request's id in its own session and sends no id.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{CodeSent, Problem};
use crate::error::ErrorCode;
use crate::verification::Outcome;

/// The id of every request: the server finds the request by its session.
const ID: &str = "session";

const OUTCOMES: [Outcome; 6] = [
    Outcome::Verified,
    Outcome::WrongCode,
    Outcome::Expired,
    Outcome::AlreadyVerified,
    Outcome::Cancelled,
    Outcome::TooManyAttempts,
];

/// The values for a server that does not report them.
#[derive(Debug, Clone, Copy)]
pub struct Unstated {
    /// The validity of a code.
    pub expires_in: Duration,
    /// How long until a resend is possible. `None` if the server has no resend.
    pub resend_in: Option<Duration>,
}

#[derive(Deserialize)]
struct Sent {
    expires_in: Option<f64>,
    resend_in: Option<f64>,
    resends_left: Option<u32>,
    attempts_left: Option<u32>,
}

#[derive(Deserialize)]
struct Checked {
    outcome: String,
    attempts_left: Option<u32>,
}

#[derive(Deserialize)]
struct Refusal {
    error: Refused,
}

#[derive(Deserialize)]
struct Refused {
    code: String,
    detail: String,
    retry_after: Option<f64>,
    sms_possibly_sent: Option<bool>,
}

/// The body of `/request`.
pub fn number_body(number: &str) -> String {
    json!({ "number": number }).to_string()
}

/// The body of `/validate`.
pub fn code_body(code: &str) -> String {
    json!({ "code": code }).to_string()
}

/// Reads the response of `/request` or `/resend`.
///
/// # Errors
///
/// The server's refusal, or `invalid_response` for a response that is not of these endpoints.
pub fn code_sent(status: u16, body: &str, unstated: Unstated) -> Result<CodeSent, Problem> {
    let sent: Sent = response(status, body)?;
    let resend_in = match (sent.resends_left, sent.resend_in) {
        (Some(0), _) => None,
        (_, Some(wait)) => span(wait),
        (_, None) => unstated.resend_in,
    };
    Ok(CodeSent {
        id: ID.to_owned(),
        expires_in: sent.expires_in.and_then(span).unwrap_or(unstated.expires_in),
        resend_in,
        attempts_left: sent.attempts_left,
    })
}

/// Reads the response of `/validate`: the outcome, and how many more wrong codes are accepted, if the server reports it.
///
/// # Errors
///
/// See [`code_sent`].
pub fn checked(status: u16, body: &str) -> Result<(Outcome, Option<u32>), Problem> {
    let checked: Checked = response(status, body)?;
    let outcome = OUTCOMES.into_iter().find(|outcome| outcome.as_str() == checked.outcome);
    Ok((outcome.ok_or_else(not_understood)?, checked.attempts_left))
}

fn response<T: DeserializeOwned>(status: u16, body: &str) -> Result<T, Problem> {
    if (200..300).contains(&status) {
        return serde_json::from_str(body).map_err(|_| not_understood());
    }
    Err(match serde_json::from_str::<Refusal>(body) {
        Ok(Refusal { error }) => Problem {
            code: error.code,
            detail: error.detail,
            retry_after: error.retry_after.and_then(span),
            sms_possibly_sent: error.sms_possibly_sent.unwrap_or(true),
        },
        // Of whatever stands before these endpoints: a proxy, a sign-in.
        Err(_) => {
            let (code, sms_possibly_sent) = match status {
                401 => (ErrorCode::Unauthorized, false),
                403 => (ErrorCode::Forbidden, false),
                429 => (ErrorCode::RateLimited, false),
                500.. => (ErrorCode::Unavailable, true),
                _ => (ErrorCode::InvalidResponse, true),
            };
            Problem::new(code, format!("the app's server responded with status {status}"), sms_possibly_sent)
        }
    })
}

fn not_understood() -> Problem {
    Problem::new(ErrorCode::InvalidResponse, "the response of the app's server was not understood", true)
}

fn span(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::Value;

    use super::*;

    const UNSTATED: Unstated =
        Unstated { expires_in: Duration::from_secs(300), resend_in: Some(Duration::from_secs(30)) };

    fn sent(body: &Value) -> CodeSent {
        code_sent(202, &body.to_string(), UNSTATED).unwrap()
    }

    fn problem(status: u16, body: &str) -> Problem {
        checked(status, body).unwrap_err()
    }

    #[test]
    fn the_bodies_are_json() {
        assert_eq!(number_body("+351910000000"), r#"{"number":"+351910000000"}"#);
        assert_eq!(code_body("1\"2"), r#"{"code":"1\"2"}"#);
    }

    #[test]
    fn what_the_server_states_holds() {
        let sent = sent(&json!({"expires_in": 299.5, "resend_in": 29.5, "resends_left": 2, "attempts_left": 5}));
        assert_eq!((sent.id.as_str(), sent.expires_in), ("session", Duration::from_millis(299_500)));
        assert_eq!((sent.resend_in, sent.attempts_left), (Some(Duration::from_millis(29_500)), Some(5)));
    }

    #[test]
    fn what_the_server_does_not_state_is_the_apps() {
        let sent = sent(&json!({"expires_in": null, "resend_in": null, "resends_left": null}));
        assert_eq!((sent.expires_in, sent.resend_in), (UNSTATED.expires_in, UNSTATED.resend_in));
    }

    #[test]
    fn a_server_without_resends_left_sends_no_other() {
        assert_eq!(sent(&json!({"expires_in": 300, "resend_in": null, "resends_left": 0})).resend_in, None);
    }

    #[test]
    fn every_outcome_is_read() {
        for outcome in OUTCOMES {
            let body = json!({ "outcome": outcome.as_str() }).to_string();
            assert_eq!(checked(200, &body).unwrap(), (outcome, None));
        }
        assert_eq!(checked(200, r#"{"outcome":"wrong_code","attempts_left":4}"#).unwrap().1, Some(4));
    }

    #[test]
    fn a_refusal_keeps_the_words_of_the_server() {
        let refused = problem(
            429,
            r#"{"error":{"code":"rate_limited","detail":"5 an hour","limit":"sms_per_number","retry_after":60.5,"sms_possibly_sent":false}}"#,
        );
        assert_eq!((refused.code.as_str(), refused.detail.as_str()), ("rate_limited", "5 an hour"));
        assert_eq!((refused.retry_after, refused.sms_possibly_sent), (Some(Duration::from_millis(60_500)), false));
    }

    #[test]
    fn what_stands_before_the_server_is_told_by_its_status() {
        let codes = [(401, "unauthorized"), (403, "forbidden"), (429, "rate_limited"), (502, "unavailable")];
        for (status, code) in codes.into_iter().chain([(422, "invalid_response"), (302, "invalid_response")]) {
            assert_eq!(problem(status, "<html>").code, code, "{status}");
        }
        assert!(problem(502, "").sms_possibly_sent && !problem(401, "").sms_possibly_sent);
    }

    #[test]
    fn what_is_no_response_of_these_endpoints_is_not_understood() {
        for body in ["", "[]", "{}", r#"{"outcome":"perhaps"}"#] {
            assert_eq!(problem(200, body).code, "invalid_response", "{body}");
        }
    }
}
