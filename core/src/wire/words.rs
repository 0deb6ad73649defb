//! The service's status words, in one table.

use std::sync::Arc;

use crate::error::{Error, Reason};
use crate::verification::{Outcome, State};

/// What a status word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Pending,
    WrongCode,
    Verified,
    AlreadyVerified,
    Expired,
    Cancelled,
    TooManyAttempts,
}

/// Normalised words. `sources.md` says which are assumed.
const TABLE: [(&str, Meaning); 10] = [
    ("pending", Meaning::Pending),
    ("notverified", Meaning::WrongCode),
    ("wrongcode", Meaning::WrongCode),
    ("invalidcode", Meaning::WrongCode),
    ("verified", Meaning::Verified),
    ("alreadyverified", Meaning::AlreadyVerified),
    ("expired", Meaning::Expired),
    ("cancelled", Meaning::Cancelled),
    ("canceled", Meaning::Cancelled),
    ("toomanyattempts", Meaning::TooManyAttempts),
];

/// The status strings of the service, and what they mean. Compared without case and without `_`, `-` and spaces.
#[derive(Debug, Clone, Default)]
pub struct StatusWords {
    more: Arc<[(String, Meaning)]>,
}

impl StatusWords {
    /// The table with more words of the service, each with the word of the table that it means: `("validated",
    /// "verified")`. A meaning that the table does not have, and another meaning for a word that it has, are
    /// `invalid_input`.
    pub fn extended(words: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let mut more: Vec<(String, Meaning)> = Vec::new();
        for (word, means) in words {
            let refuse = |fault: &str| {
                Error::invalid_input(
                    "status_words",
                    Reason::UnknownValue,
                    format_args!("has the word {word:?}, {fault}"),
                )
            };
            let word = normalised(&word);
            let Some(meaning) = built_in(&normalised(&means)) else {
                return Err(refuse(
                    "whose meaning is unknown; it must be `pending`, `wrong_code`, `verified`, `already_verified`, `expired`, \
                     `cancelled` or `too_many_attempts`",
                ));
            };
            if word.is_empty() {
                return Err(refuse("which is empty"));
            }
            let known =
                built_in(&word).or_else(|| more.iter().find(|(each, _)| *each == word).map(|(_, known)| *known));
            match known {
                Some(known) if known != meaning => return Err(refuse("which already has another meaning")),
                Some(_) => {}
                None => more.push((word, meaning)),
            }
        }
        Ok(Self { more: more.into() })
    }

    /// What a word means in response to a validation.
    pub fn outcome(&self, word: &str) -> Option<Outcome> {
        Some(match self.meaning(word)? {
            Meaning::Pending | Meaning::WrongCode => Outcome::WrongCode,
            Meaning::Verified => Outcome::Verified,
            Meaning::AlreadyVerified => Outcome::AlreadyVerified,
            Meaning::Expired => Outcome::Expired,
            Meaning::Cancelled => Outcome::Cancelled,
            Meaning::TooManyAttempts => Outcome::TooManyAttempts,
        })
    }

    /// What a word means as the state of a request.
    pub fn state(&self, word: &str) -> Option<State> {
        match self.meaning(word)? {
            Meaning::Pending => Some(State::Pending),
            Meaning::Verified | Meaning::AlreadyVerified => Some(State::Verified),
            Meaning::Expired => Some(State::Expired),
            Meaning::Cancelled => Some(State::Cancelled),
            Meaning::WrongCode | Meaning::TooManyAttempts => None,
        }
    }

    fn meaning(&self, word: &str) -> Option<Meaning> {
        built_in(word).or_else(|| {
            let word = normalised(word);
            built_in(&word).or_else(|| self.more.iter().find(|(each, _)| *each == word).map(|(_, meaning)| *meaning))
        })
    }
}

fn built_in(word: &str) -> Option<Meaning> {
    TABLE.iter().find(|(each, _)| *each == word).map(|(_, meaning)| *meaning)
}

/// The word without case, `_`, `-` and spaces.
pub(crate) fn normalised(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-') && !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_source() {
        let words: Vec<_> = include_str!("sources.md").split('`').skip(1).step_by(2).map(normalised).collect();
        let without: Vec<_> =
            TABLE.iter().map(|(word, _)| *word).filter(|word| !words.contains(&(*word).to_owned())).collect();
        assert_eq!(without, Vec::<&str>::new());
    }
}
