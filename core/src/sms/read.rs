//! Finding the code in an SMS, for tests and for apps that fill it in.

use std::ops::Range;

use zeroize::Zeroizing;

use super::autofill::{is_app_hash, last_line, origin_line};
use crate::values::{Code, CodeType};

/// The number of characters that are read. It bounds the work on hostile input, and few SMS are longer: this library's limit is 6
/// parts.
const LOOKED_AT: usize = 2_000;

/// The maximum distance between a word for "code" and its code.
const NEIGHBOURHOOD: i64 = 60;

/// The maximum length of a word for "code", compounds included.
const LONGEST_WORD: usize = 40;

/// Beginnings and ends of the word "code" in the languages of Europe and around, lower case, compounds included.
const CODE_WORD_STARTS: [&str; 7] = ["cod", "cód", "kod", "kód", "код", "κωδικ", "קוד"];
const CODE_WORD_ENDS: [&str; 6] = ["code", "kode", "kod", "kód", "код", "رمز"];
const CODE_WORDS: [&str; 5] = ["otp", "pin", "tan", "senha", "token"];

/// Between "code" and the code itself, or between the code and "your code".
const LINK_WORDS: [&str; 9] = ["is", "é", "e", "es", "è", "est", "ist", "jest", "este"];

/// A number with one of these units is not a code.
const UNITS: [&str; 17] = [
    "eur", "euro", "euros", "usd", "gbp", "brl", "pln", "chf", "aoa", "s", "sec", "seconds", "seg", "segundos", "min",
    "minutes", "minutos",
];

/// Finds the code in the text of an SMS. Returns `None` if no part of the text looks like a code.
///
/// If the last line is an origin-bound line (`@example.com #123456`), its code is returned. Otherwise it searches for characters of
/// `code_type` (default: any type), `code_size` of them (default: 4 to 20). Digits may be of any script, letters are upper case,
/// and groups as in `123-456` or `123 456` are one code. Phone numbers, dates, times, amounts, addresses, the app hash and parts of
/// longer words are skipped. If several parts qualify, the one nearest to a word for "code" wins, or else the first. A code
/// of only letters needs such a word nearby, or `code_size`.
///
/// Except with an origin-bound line the result is a guess: only the verifier knows the code. It reads the first 2,000 characters and
/// the last line.
///
/// ```
/// use egoi_verify::code_in_sms;
///
/// let code = code_in_sms("123456 is your verification code.", None, None);
/// assert_eq!(code.map(|code| code.expose().to_owned()).as_deref(), Some("123456"));
/// ```
pub fn code_in_sms(text: &str, code_type: Option<CodeType>, code_size: Option<u32>) -> Option<Code> {
    let wanted = Wanted { alphabet: code_type.unwrap_or(CodeType::Alphanumeric).alphabet(), size: code_size };
    if let Some((_, code)) = origin_line(text) {
        return Code::parse(code).ok().filter(|code| wanted.is(code.expose()));
    }
    let sms = Sms::new(text, wanted);
    // One code of four letters in thousands begins or ends like a word for "code".
    let best = sms.best(false).or_else(|| code_size.and_then(|_| sms.best(true)))?;
    let mut code = Zeroizing::new(String::with_capacity(best.span.len()));
    code.extend(sms.chars.get(best.span)?.iter());
    Code::parse(&code).ok()
}

#[derive(Clone, Copy)]
struct Wanted {
    alphabet: &'static str,
    size: Option<u32>,
}

impl Wanted {
    fn has(self, c: char) -> bool {
        self.alphabet.contains(c)
    }

    fn is(self, code: &str) -> bool {
        code.chars().all(|c| self.has(c)) && self.fits(code.len())
    }

    fn fits(self, size: usize) -> bool {
        self.size.map_or((4..=20).contains(&size), |wanted| usize::try_from(wanted) == Ok(size))
    }
}

/// A maximal run of letters and digits.
struct Run {
    span: Range<usize>,
    /// All of the wanted alphabet.
    fits_alphabet: bool,
    digits_only: bool,
    letters_only: bool,
    /// Part of a number with a point, a time, an address, an amount: none of its characters are a code's.
    part_of_other: bool,
    code_word: bool,
    link_word: bool,
    unit: bool,
}

struct Candidate {
    span: Range<usize>,
    first_run: usize,
    last_run: usize,
}

struct Sms {
    wanted: Wanted,
    /// Without direction marks, with ASCII digits, spaces and hyphens.
    chars: Zeroizing<Vec<char>>,
    runs: Vec<Run>,
    /// How many sentences and lines end before each character.
    breaks: Vec<i64>,
}

impl Sms {
    fn new(text: &str, wanted: Wanted) -> Self {
        let hash = last_line(text);
        // A code of just that size on a line of its own cannot be told from a hash in upper case.
        let is_hash = is_app_hash(hash) && wanted.size != Some(11) && !hash.bytes().all(|b| b.is_ascii_digit());
        let text = text.trim_end().strip_suffix(hash).filter(|_| is_hash).unwrap_or(text);
        // Room for all of it from the start: a vector that grew would leave unwiped copies of the code behind.
        let mut chars = Zeroizing::new(Vec::with_capacity(LOOKED_AT));
        chars.extend(text.chars().take(LOOKED_AT).filter_map(simplified));
        let mut breaks = Vec::with_capacity(chars.len());
        let mut seen = 0;
        for (i, c) in chars.iter().enumerate() {
            breaks.push(seen);
            let ends_sentence =
                matches!(c, '.' | '!' | '?' | ';') && chars.get(i + 1).is_none_or(|next| next.is_whitespace());
            seen += i64::from(ends_sentence || matches!(c, '\n' | '\r' | '。'));
        }
        let mut sms = Self { wanted, chars, runs: Vec::new(), breaks };
        for word in spans(&sms.chars, |c| !c.is_whitespace() && spaced_script(c)) {
            let word_chars = sms.chars.get(word.clone()).unwrap_or_default();
            let address = word_chars.iter().any(|c| "/\\@_%+&$£".contains(*c));
            let found: Vec<Run> = spans(word_chars, |c| c.is_alphanumeric())
                .map(|run| sms.run(run.start + word.start..run.end + word.start, address))
                .collect();
            sms.runs.extend(found);
        }
        sms
    }

    fn run(&self, span: Range<usize>, address: bool) -> Run {
        let chars = self.chars.get(span.clone()).unwrap_or_default();
        let letters_only = chars.iter().all(|c| c.is_alphabetic());
        let mut word = Zeroizing::new(String::with_capacity(LONGEST_WORD * 12));
        if letters_only {
            word.extend(chars.iter().take(LONGEST_WORD).flat_map(|c| c.to_lowercase()));
        }
        let (before, before2) = (self.back(span.start, 1), self.back(span.start, 2));
        let (after, after2) = (self.at(span.end), self.at(span.end + 1));
        let money = |near: char, next: char| "€$£¥₹".contains(near) || near == ' ' && "€$£¥₹%".contains(next);
        Run {
            fits_alphabet: chars.iter().all(|c| self.wanted.has(*c)),
            digits_only: chars.iter().all(|c| c.is_ascii_digit()),
            letters_only,
            part_of_other: address
                || ".,:'".contains(before) && before2.is_ascii_digit()
                || ".,:'".contains(after) && after2.is_ascii_digit()
                || after == '.' && after2.is_ascii_lowercase()
                || money(before, before2)
                || money(after, after2),
            code_word: CODE_WORDS.contains(&word.as_str())
                || CODE_WORD_STARTS.iter().any(|start| word.starts_with(start))
                || CODE_WORD_ENDS.iter().any(|end| word.ends_with(end)),
            link_word: LINK_WORDS.contains(&word.as_str()),
            unit: UNITS.contains(&word.as_str()),
            span,
        }
    }

    /// The character at `i`; beyond the text, a line end.
    fn at(&self, i: usize) -> char {
        self.chars.get(i).copied().unwrap_or('\n')
    }

    fn back(&self, i: usize, by: usize) -> char {
        i.checked_sub(by).map_or('\n', |i| self.at(i))
    }

    /// The one character between a run and the next, or nothing where there are more or none.
    fn joint(&self, left: usize) -> Option<char> {
        let (left, right) = (self.runs.get(left)?, self.runs.get(left + 1)?);
        (left.span.end + 1 == right.span.start).then(|| self.at(left.span.end))
    }

    /// The likeliest candidate. A word for "code" is one alone where nothing else is.
    fn best(&self, code_words: bool) -> Option<Candidate> {
        let candidates = self.candidates(code_words).into_iter();
        // The first of equals is kept, as `min_by_key` does.
        candidates.filter_map(|c| Some((self.cost(&c)?, c))).min_by_key(|(cost, _)| *cost).map(|(_, best)| best)
    }

    fn candidates(&self, code_words: bool) -> Vec<Candidate> {
        let mut found = Vec::new();
        let mut first = 0;
        while first < self.runs.len() {
            let mut last = first;
            while self.joins(last) {
                last += 1;
            }
            if !self.is_phone_number(first, last) {
                self.split(first, last, code_words, &mut found);
            }
            first = last + 1;
        }
        found
    }

    /// Whether a run belongs together with the next: a hyphen, or a space between digits.
    fn joins(&self, left: usize) -> bool {
        let digits = |i: usize| self.runs.get(i).is_some_and(|run| run.digits_only);
        match self.joint(left) {
            Some('-') => true,
            Some(' ') => digits(left) && digits(left + 1),
            _ => false,
        }
    }

    fn is_phone_number(&self, first: usize, last: usize) -> bool {
        let Some(run) = self.runs.get(first) else { return false };
        let before = self.back(run.span.start, 1);
        // One code in a hundred begins with 00 too; the shortest international number has 9 digits with its prefix.
        let digits: usize = self.runs.get(first..=last).unwrap_or_default().iter().map(|run| run.span.len()).sum();
        let zeros = self.at(run.span.start) == '0' && self.at(run.span.start + 1) == '0';
        let exit_code = zeros && digits >= 9 && !(self.wanted.size.is_some() && self.wanted.fits(digits));
        // An area or calling code: "(21) 1234-5678", "(+1) 4155550123"; no list number: "(1) 123456".
        let area = first.checked_sub(1).and_then(|i| self.runs.get(i)).is_some_and(|area| {
            let between = self.chars.get(area.span.end..run.span.start).unwrap_or_default();
            let called = self.back(area.span.start, 1) == '+' || (2..=3).contains(&area.span.len());
            area.digits_only && called && matches!(between, [')'] | [')', ' '])
        });
        run.digits_only && (before == '+' || exit_code || area)
    }

    /// The candidates of the groups `first..=last`: all of them together, else the parts between spaces.
    fn split(&self, first: usize, last: usize, code_words: bool, found: &mut Vec<Candidate>) {
        let joints = || (first..last).filter_map(|i| self.joint(i));
        let (Some(start), Some(end)) = (self.runs.get(first), self.runs.get(last)) else {
            return;
        };
        let candidate = Candidate { span: start.span.start..end.span.end, first_run: first, last_run: last };
        if self.is_code(first, last, code_words) {
            found.push(candidate);
        } else if joints().all(|joint| joint == ' ') && last - first >= 2 {
            // Three groups and more that are no code together are a phone, card or account number.
        } else if let Some(space) = (first..last).find(|i| self.joint(*i) == Some(' ')) {
            self.split(first, space, code_words, found);
            self.split(space + 1, last, code_words, found);
        }
    }

    fn is_code(&self, first: usize, last: usize, code_words: bool) -> bool {
        let Some(groups) = self.runs.get(first..=last) else {
            return false;
        };
        let size = groups.iter().map(|run| run.span.len()).sum();
        let unit = |i: Option<usize>| i.and_then(|i| self.runs.get(i)).is_some_and(|run| run.unit);
        if !self.wanted.fits(size)
            || groups.iter().any(|run| !run.fits_alphabet || run.part_of_other)
            || !code_words && groups.iter().any(|run| run.letters_only && run.code_word)
            || unit(Some(last + 1)) && self.joint(last) == Some(' ')
            || unit(first.checked_sub(1)) && first.checked_sub(1).and_then(|i| self.joint(i)) == Some(' ')
        {
            return false;
        }
        let sizes = || groups.iter().map(|run| run.span.len());
        let (shortest, longest) = (sizes().min().unwrap_or_default(), sizes().max().unwrap_or_default());
        let joint = self.joint(first);
        let same_joints = (first..last).all(|i| self.joint(i) == joint);
        match groups.len() {
            1 => true,
            // Uneven groups are postal codes and ranges, unless the size says otherwise.
            2 if self.wanted.size.is_some() => longest - shortest <= 1,
            2 => longest == shortest && shortest >= 3,
            // "12-10-25" is a date; other even groups are codes when the size says so.
            _ => {
                same_joints
                    && self.wanted.size.is_some()
                    && longest == shortest
                    && !(longest == 2 && joint == Some('-'))
            }
        }
    }

    /// How far a candidate is from looking like the code, the less the better; nothing where it is not plausible.
    fn cost(&self, candidate: &Candidate) -> Option<i64> {
        let letters = self.runs.get(candidate.first_run..=candidate.last_run)?.iter().all(|run| run.letters_only);
        let lower = |i: usize| self.breaks.get(i).copied().unwrap_or_default();
        let distance = |from: usize, to: usize| to.abs_diff(from) as i64 + 40 * (lower(to) - lower(from));
        let colon = self.chars.get(..candidate.span.start).and_then(|text| text.iter().rev().find(|c| **c != ' '));
        let link = |i: Option<usize>| i.and_then(|i| self.runs.get(i)).is_some_and(|run| run.link_word);
        let introduced = matches!(colon, Some(':' | '=' | '：')) || link(candidate.first_run.checked_sub(1));
        let followed = link(Some(candidate.last_run + 1));
        let near = self.runs.iter().filter(|run| run.code_word).map(|word| {
            if word.span.end <= candidate.span.start {
                distance(word.span.end, candidate.span.start)
            } else {
                distance(candidate.span.end.saturating_sub(1), word.span.start) + 9 - 15 * i64::from(followed)
            }
        });
        let near = near.min().filter(|near| *near <= NEIGHBOURHOOD);
        if letters && near.is_none() && self.wanted.size.is_none() {
            return None;
        }
        let near = near.map(|near| near - 20 * i64::from(introduced));
        Some(near.unwrap_or(NEIGHBOURHOOD * 2) + 25 * i64::from(letters))
    }
}

/// The character to look at instead, or nothing for a direction mark. What [`Code::parse`] drops or maps is decided there.
fn simplified(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c);
    }
    if c.is_whitespace() {
        return Some(' ');
    }
    if c.is_alphabetic() {
        return Some(c);
    }
    match Code::parse(c.encode_utf8(&mut [0; 4])) {
        Ok(code) => Some(code.expose().chars().next().filter(char::is_ascii_digit).unwrap_or(c)),
        Err(_) if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}') => Some('-'),
        Err(_) => None,
    }
}

/// Whether words of its script have spaces between them: from Thai on, in the order of Unicode, a code can touch a word.
fn spaced_script(c: char) -> bool {
    c < '\u{e00}' || ('\u{1e00}'..'\u{3000}').contains(&c)
}

/// The maximal runs of characters that `belongs` holds for.
fn spans(chars: &[char], belongs: impl Fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + chars.get(from..)?.iter().position(|c| belongs(*c))?;
        let rest = chars.get(start..)?;
        from = start + rest.iter().position(|c| !belongs(*c)).unwrap_or(rest.len());
        Some(start..from)
    })
}
