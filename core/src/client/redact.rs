//! The service's own words, without the secrets that it may repeat.

use crate::sms::MessageTemplate;
use crate::values::{Code, PhoneNumber};
use crate::wire::v2;

const LONGEST: usize = 300;
const REMOVED: &str = "[removed]";

/// What a call knows that must not be shown.
#[derive(Default, Clone, Copy)]
pub(super) struct Secrets<'a> {
    pub(super) key: &'a str,
    pub(super) code: Option<&'a Code>,
    pub(super) number: Option<PhoneNumber>,
    pub(super) message: Option<&'a str>,
}

impl Secrets<'_> {
    /// The words with the secrets removed, at most 300 characters on one line.
    pub(super) fn removed_from(&self, words: &str) -> String {
        let words: String =
            words.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control()).collect();
        let mut words = without(words, self.key);
        if let Some(message) = self.message {
            let message = message.replace('\n', " ");
            words = without(words, &message);
            words = without(words, &message.replace(MessageTemplate::PLACE, v2::PLACE));
            // With a code in place neither is there, but the text around the code is.
            for piece in message.split(MessageTemplate::PLACE).map(str::trim).filter(|piece| piece.len() >= 4) {
                words = without(words, piece);
            }
        }
        if let Some(code) = self.code {
            words = without(words, code.expose());
        }
        if let Some(number) = self.number {
            words = without(words, &number.whole());
        }
        without_long_numbers(&words).chars().take(LONGEST).collect()
    }
}

/// Without a secret, in whatever case it is written.
fn without(text: String, secret: &str) -> String {
    if secret.is_empty() {
        return text;
    }
    // Only ASCII changes its case here, so that places in the one are places in the other.
    let (folded, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut rest = 0;
    let mut kept = String::with_capacity(text.len());
    for (at, _) in folded.match_indices(&secret) {
        kept.push_str(&text[rest..at]);
        kept.push_str(REMOVED);
        rest = at + secret.len();
    }
    kept.push_str(&text[rest..]);
    kept
}

/// Without what could be a phone number or a code, in any way of writing: four digits and more, whatever is between them.
fn without_long_numbers(text: &str) -> String {
    const MOST_DIGITS: usize = 3;
    let mut kept = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(c) if c.is_numeric() || (!run.is_empty() && matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')) => {
                run.push(c)
            }
            c => {
                if run.chars().filter(|c| c.is_numeric()).count() > MOST_DIGITS {
                    let digits = run.trim_end_matches(|c: char| !c.is_numeric()).len();
                    kept.push_str(REMOVED);
                    run.drain(..digits);
                }
                kept.push_str(&run);
                run.clear();
                kept.extend(c);
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_repeats_is_removed_in_any_form() -> Result<(), crate::Error> {
        let code = Code::parse("ABC123")?;
        let secrets = Secrets {
            key: "canary-key",
            code: Some(&code),
            number: Some(PhoneNumber::parse("351-910000000")?),
            message: Some("Your code for Acme is {CODE}\nThank you"),
        };
        for (said, shown) in [
            ("key CANARY-KEY refused", "key [removed] refused"),
            ("code abc123 is wrong", "code [removed] is wrong"),
            ("to 351-910000000.", "to [removed]."),
            ("to +351910000000", "to +[removed]"),
            ("to +351 910 000 000, twice", "to +[removed], twice"),
            ("to (351) 91-00.00-000", "to ([removed]"),
            ("to 910000000", "to [removed]"),
            ("the code is 9876", "the code is [removed]"),
            ("Your code for Acme is Q7X9\nThank you", "[removed] Q7X9 [removed]"),
            ("a\tb\u{7}c", "a bc"),
        ] {
            assert_eq!(secrets.removed_from(said), shown, "{said}");
        }
        assert_eq!(secrets.removed_from("at most 20 of 400"), "at most 20 of 400");
        assert_eq!(secrets.removed_from(&"x".repeat(1000)).len(), 300);
        Ok(())
    }
}
