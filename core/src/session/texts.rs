//! The texts of a screen in English, Portuguese and Spanish, with hints for a screen reader. `texts.json` has the texts.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;

use super::{Advice, AskedAgain, SessionState};

/// The languages of the texts. The first is used for any other language.
pub const LANGUAGES: [&str; 3] = ["en", "pt", "es"];

/// A text, and its hint for a screen reader.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Text {
    /// The text for the screen.
    pub text: String,
    /// The hint for a screen reader: what the person can do now.
    pub hint: String,
}

/// A button of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    /// Asks for a code.
    Send,
    /// Submits the code.
    Check,
    /// Asks for a new code.
    Resend,
    /// Goes back to enter another number.
    ChangeNumber,
}

static TEXTS: LazyLock<HashMap<String, HashMap<String, Text>>> =
    LazyLock::new(|| serde_json::from_str(include_str!("texts.json")).unwrap_or_default());

/// The text for a state. `language` is a language tag of the system, for example `pt-PT`.
pub fn of_state(state: &SessionState, language: &str) -> Text {
    match state {
        SessionState::Idle => find(&["idle"], language, None),
        SessionState::Sending => find(&["sending"], language, None),
        SessionState::AwaitingCode(awaiting) => {
            let key = match awaiting.reason {
                None => "awaiting_code",
                Some(AskedAgain::WrongCode) => "awaiting_code.wrong_code",
                Some(AskedAgain::Resent) => "awaiting_code.resent",
            };
            find(&[key], language, None)
        }
        SessionState::Checking => find(&["checking"], language, None),
        SessionState::Verified => find(&["verified"], language, None),
        SessionState::Expired => find(&["expired"], language, None),
        SessionState::Cancelled => find(&["cancelled"], language, None),
        SessionState::Failed { problem, advice, .. } => {
            let advice = match advice {
                Advice::TryAgain => "try_again",
                Advice::Wait if problem.retry_after.is_some() => "wait.known",
                Advice::Wait => "wait",
                Advice::EnterCode => "enter_code",
                Advice::ChangeNumber => "change_number",
                Advice::StartOver => "start_over",
                Advice::ContactSupport => "contact_support",
            };
            let (of_code, of_advice) = (format!("failed.{}.{advice}", problem.code), format!("failed.{advice}"));
            find(&[&of_code, &of_advice], language, problem.retry_after)
        }
    }
}

/// The text of a button. The text for a new code counts down during a wait.
pub fn of_button(button: Button, wait: Option<Duration>, language: &str) -> Text {
    let key = match button {
        Button::Send => "button.send",
        Button::Check => "button.check",
        Button::Resend if wait.is_some_and(|wait| !wait.is_zero()) => "button.resend.wait",
        Button::Resend => "button.resend",
        Button::ChangeNumber => "button.change_number",
    };
    find(&[key], language, wait)
}

fn find(keys: &[&str], language: &str, wait: Option<Duration>) -> Text {
    let language = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let texts = TEXTS.get(&language).or_else(|| TEXTS.get(LANGUAGES[0]));
    let found = texts.and_then(|texts| keys.iter().find_map(|key| texts.get(*key)));
    let Some(Text { text, hint }) = found else { return Text { text: String::new(), hint: String::new() } };
    let wait = wait.map(in_words).unwrap_or_default();
    Text { text: text.replace("{wait}", &wait), hint: hint.replace("{wait}", &wait) }
}

/// The wait in units with the same signs in all these languages, rounded up.
fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5400 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{AwaitingCode, Problem};
    use super::*;

    const ADVICE: [Advice; 6] = [
        Advice::TryAgain,
        Advice::Wait,
        Advice::EnterCode,
        Advice::ChangeNumber,
        Advice::StartOver,
        Advice::ContactSupport,
    ];

    fn failed(code: &str, advice: Advice, retry_after: Option<Duration>) -> SessionState {
        let problem = Problem { code: code.to_owned(), detail: String::new(), retry_after, sms_possibly_sent: false };
        SessionState::Failed { problem, advice, awaiting: None }
    }

    fn awaiting(reason: Option<AskedAgain>) -> SessionState {
        let expires_in = Duration::from_secs(300);
        SessionState::AwaitingCode(AwaitingCode { expires_in, resend_in: None, attempts_left: None, reason })
    }

    fn every_text(language: &str) -> Vec<Text> {
        let wait = Some(Duration::from_secs(30));
        let mut states = vec![
            SessionState::Idle,
            SessionState::Sending,
            SessionState::Checking,
            SessionState::Verified,
            SessionState::Expired,
            SessionState::Cancelled,
            awaiting(None),
            awaiting(Some(AskedAgain::WrongCode)),
            awaiting(Some(AskedAgain::Resent)),
        ];
        states.extend(ADVICE.map(|advice| failed("interrupted", advice, None)));
        states.push(failed("rate_limited", Advice::Wait, wait));
        states.push(failed("invalid_input", Advice::ChangeNumber, None));
        states.push(failed("invalid_input", Advice::EnterCode, None));
        states.push(failed("unreachable", Advice::TryAgain, None));
        states.push(failed("too_many_attempts", Advice::StartOver, None));
        let buttons = [Button::Send, Button::Check, Button::Resend, Button::ChangeNumber];
        states
            .iter()
            .map(|state| of_state(state, language))
            .chain(buttons.map(|button| of_button(button, None, language)))
            .chain([of_button(Button::Resend, wait, language)])
            .collect()
    }

    #[test]
    fn every_state_and_button_has_a_text_of_its_own_in_every_language() {
        for language in LANGUAGES {
            let mut texts = every_text(language);
            assert_eq!(texts.len(), TEXTS[language].len(), "{language}");
            for Text { text, hint } in &texts {
                assert!(!text.is_empty() && !hint.is_empty() && !text.contains('{') && !hint.contains('{'), "{text}");
            }
            texts.sort_by(|one, other| one.text.cmp(&other.text));
            texts.dedup_by(|one, other| one.text == other.text);
            assert_eq!(texts.len(), TEXTS[language].len(), "{language}");
        }
    }

    #[test]
    fn a_language_is_found_by_its_tag_and_any_other_is_english() {
        let of = |language| of_state(&SessionState::Verified, language).text;
        assert_eq!(of("pt-PT"), of("pt"));
        assert_eq!(of("ES_mx"), of("es"));
        assert_eq!((of("de"), of("")), (of("en"), of("en")));
        assert_ne!(of("pt"), of("es"));
    }

    #[test]
    fn a_wait_is_said_in_whole_units_and_never_too_short() {
        let said = [(29_001, "30 s"), (90_000, "90 s"), (90_001, "2 min"), (3_600_000, "60 min"), (7_200_001, "3 h")];
        for (millis, words) in said {
            assert_eq!(in_words(Duration::from_millis(millis)), words);
        }
        let text = of_button(Button::Resend, Some(Duration::from_secs(24)), "en").text;
        assert!(text.contains("24 s"), "{text}");
    }

    #[test]
    fn an_unknown_code_is_said_by_its_advice() {
        let of = |code| of_state(&failed(code, Advice::TryAgain, None), "en");
        assert_eq!(of("of a later version"), of("interrupted"));
        assert_ne!(of("unreachable"), of("interrupted"));
    }
}
