//! The service's own words, without the secrets that it may repeat.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::sms::MessageTemplate;
use crate::values::{Code, PhoneNumber};
use crate::wire::v2;

/// How many characters are shown.
const LONGEST: usize = 300;

/// How many characters of what a service says are looked at: removing secrets from 1 MiB takes half a second.
const LOOKED_AT: usize = 8 * 1024;

/// How many characters the longest secret takes, a message or a key of 1,000 bytes with every byte percent-encoded.
const LONGEST_SECRET: usize = 3 * 1024;

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
        let (words, is_cut) = match words.char_indices().nth(LOOKED_AT) {
            Some((end, _)) => (&words[..end], true),
            None => (words, false),
        };
        let shown = self.removed_from_all(words);
        // Where so much was removed that the end of what was looked at comes near, half a secret may stand there.
        if is_cut && shown.chars().count() <= LONGEST + LONGEST_SECRET {
            return REMOVED.to_owned();
        }
        shown.chars().take(LONGEST).collect()
    }

    /// The text of a web page, which a proxy, a firewall or another server sends in place of the service.
    pub(super) fn web_page(&self, body: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let begins = |with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
        (begins("<!doctype html") || begins("<html")).then(|| {
            let shown = self.beginning_of(body).unwrap_or_default();
            format!("a web page and not E-goi's interface; a firewall, a proxy or a wrong base URL answered: {shown}")
        })
    }

    /// How something begins that is no JSON: without tags, and only as far as no JSON begins, which can hold a code.
    pub(super) fn beginning_of(&self, body: &[u8]) -> Option<String> {
        const SHOWN: usize = 60;
        let text = String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with('"') {
            return None;
        }
        let mut in_tag = false;
        let plain: String = text
            .chars()
            .take_while(|c| !matches!(c, '{' | '['))
            .map(|c| {
                let was_in_tag = in_tag;
                in_tag = c == '<' || (in_tag && c != '>');
                if in_tag || was_in_tag { ' ' } else { c }
            })
            .collect();
        let words = self.removed_from(&plain.split_whitespace().collect::<Vec<_>>().join(" "));
        // What could be a code of which this call knows nothing.
        let looks_like_a_code = |word: &str| {
            word.chars().filter(|c| c.is_alphanumeric()).count() >= 4 && !word.chars().any(char::is_lowercase)
        };
        let words: Vec<_> = words.split(' ').map(|word| if looks_like_a_code(word) { REMOVED } else { word }).collect();
        let shown: String = words.join(" ").chars().take(SHOWN).collect();
        (!shown.is_empty()).then_some(shown)
    }

    fn removed_from_all(&self, words: &str) -> String {
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
            // An SMS of one's own has its code in place: a word of digits and capitals.
            for word in message.replace(MessageTemplate::PLACE, " ").split(|c: char| !c.is_alphanumeric()) {
                if word.len() >= 4 && !word.chars().any(char::is_lowercase) {
                    words = without(words, word);
                }
            }
        }
        if let Some(code) = self.code {
            words = without(words, code.expose());
        }
        if let Some(number) = self.number {
            words = without(words, &number.on_the_wire());
        }
        let national = self.number.map(PhoneNumber::national);
        let spelled = [Some(self.key), self.code.map(Code::expose), national.as_deref()].map(Option::unwrap_or_default);
        let words: Vec<&str> =
            words.split(' ').map(|word| if spells_any(word, &spelled) { REMOVED } else { word }).collect();
        without_long_numbers(&words.join(" "))
    }
}

/// Whether a word is one of the secrets in another spelling: with something between its characters, percent-encoded, in
/// hexadecimal or base64, by itself or within something longer.
fn spells_any(word: &str, secrets: &[&str]) -> bool {
    /// A shorter one is found in too much that is none.
    const SHORTEST: usize = 4;
    let bare = |text: &[u8]| -> Vec<u8> {
        text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
    };
    let secrets: Vec<Vec<u8>> =
        secrets.iter().map(|secret| bare(secret.as_bytes())).filter(|secret| secret.len() >= SHORTEST).collect();
    let is_one = |text: &[u8]| {
        let text = bare(text);
        secrets.iter().any(|secret| text.windows(secret.len()).any(|part| part == secret))
    };
    let in_base64 = |run: &str| {
        let run = run.replace('-', "+").replace('_', "/");
        (0..4.min(run.len())).any(|from| {
            let part = &run[from..];
            // One character alone stands for no byte.
            let whole = if part.len() % 4 == 1 { &part[..part.len() - 1] } else { part };
            BASE64.decode(whole).is_ok_and(|bytes| is_one(&bytes))
        })
    };
    let in_hex = |run: &str| (0..2).any(|from| is_one(&from_hex(run.get(from..).unwrap_or_default())));
    // Digits alone are found further down, whoever they are of.
    let has_letters = word.contains(char::is_alphabetic);
    (has_letters && is_one(word.as_bytes()))
        || (word.contains('%') && is_one(&percent_encoding::percent_decode_str(word).collect::<Vec<u8>>()))
        || word.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/' | '-' | '_')).any(in_base64)
        || word.split(|c: char| !c.is_ascii_hexdigit()).any(in_hex)
}

/// Who repeats a secret pads it or not, and cuts it off anywhere.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of pairs of hexadecimal digits; a last one alone is left out.
fn from_hex(run: &str) -> Vec<u8> {
    let digits: Vec<u8> = run.chars().filter_map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
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
    const MAX_DIGITS: usize = 3;
    let mut kept = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(c) if c.is_numeric() || (!run.is_empty() && matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')) => {
                run.push(c)
            }
            c => {
                if run.chars().filter(|c| c.is_numeric()).count() > MAX_DIGITS {
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
    use rand::rngs::SmallRng;
    use rand::{RngExt as _, SeedableRng as _};

    use super::*;

    #[test]
    fn what_the_service_repeats_is_removed_in_any_form() -> Result<(), crate::error::Error> {
        let code = Code::parse("ABC123")?;
        let secrets = Secrets {
            key: "canary-key",
            code: Some(&code),
            number: Some(PhoneNumber::parse("351-910000000")?),
            message: Some("Your code for Acme is {CODE}\nThank you, XK7Q"),
        };
        for (text, shown) in [
            ("key CANARY-KEY refused", "key [removed] refused"),
            ("code abc123 is wrong", "code [removed] is wrong"),
            ("to 351-910000000.", "to [removed]."),
            ("to +351910000000", "to +[removed]"),
            ("to +351 910 000 000, twice", "to +[removed], twice"),
            ("to (351) 91-00.00-000", "to ([removed]"),
            ("to 910000000", "to [removed]"),
            ("the code is 9876", "the code is [removed]"),
            ("Your code for Acme is Q7X9\nThank you, XK7Q", "[removed] Q7X9 [removed]"),
            ("no code may be xk7q", "no code may be [removed]"),
            ("a\tb\u{7}c", "a bc"),
        ] {
            assert_eq!(secrets.removed_from(text), shown, "{text}");
        }
        for text in [
            "Basic dXNlcjpjYW5hcnkta2V5",      // user:canary-key
            "Basic dXNlcjpjYW5hcnkta2V5Og==,", // user:canary-key:
            "key=MTpjYW5hcnkta2V5MQ",          // 1:canary-key1
            "x63616e6172792D6b6579;",          // canary-key
            "%63anary%2Dkey",
            "cana-ry-key",
            "(A-B-C-1-2-3)",
            "QUJDMTIz",             // ABC123
            "KzM1MTkxMDAwMDAwMA==", // +351910000000
        ] {
            assert!(secrets.removed_from(text).ends_with(REMOVED), "{text}");
        }
        assert_eq!(
            secrets.removed_from("Senders are /v2/sms/senders, see docs"),
            "Senders are /v2/sms/senders, see docs"
        );
        assert_eq!(secrets.removed_from("at most 20 of 400"), "at most 20 of 400");
        assert_eq!(secrets.removed_from(&"x".repeat(1000)).len(), 300);
        assert_eq!(secrets.removed_from(&"word ".repeat(1 << 18)), "word ".repeat(60));
        // What is looked at ends in the middle of the key, near enough to be shown.
        let cut = format!("{}{}", "9".repeat(LOOKED_AT - 5), "canary-key");
        assert_eq!(secrets.removed_from(&cut), REMOVED);
        Ok(())
    }

    #[test]
    fn a_key_is_removed_in_every_spelling_whatever_is_around_it() {
        let mut random = SmallRng::seed_from_u64(1);
        for round in 0..4_000 {
            let key: String = (0..24).map(|_| char::from(random.random_range(b'!'..=b'~'))).collect();
            let mut some = || (0..random.random_range(0..6)).map(|_| random.random()).collect::<Vec<u8>>();
            let within = [some(), key.clone().into_bytes(), some()].concat();
            let written = |form: fn(&u8) -> String| within.iter().map(form).collect::<String>();
            let spelled = match round % 4 {
                0 => BASE64.encode(&within),
                1 => written(|byte| format!("{byte:02x}")),
                2 => written(|byte| format!("%{byte:02X}")),
                _ => key.chars().map(|c| format!("{c}-")).collect(),
            };
            let around = ["", "(", "key=", "\"", ":", "/", "Q", "7"];
            let [before, after] = [0, 0].map(|_| around[random.random_range(0..around.len())]);
            let secrets = Secrets { key: &key, ..Secrets::default() };
            let shown = secrets.removed_from(&format!("not {before}{spelled}{after} again"));
            assert_eq!(shown, format!("not {REMOVED} again"), "{key:?} as {before}{spelled}{after}");
        }
    }
}
