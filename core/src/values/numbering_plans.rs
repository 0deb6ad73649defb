//! Phones with more than one spelling: a country changed its numbering plan, or its plan has an optional digit. Each phone has one
//! number here, or its old spelling is refused.
//!
//! A new row needs the notice of a regulator or of the ITU, and two lines in `tests/vectors/numbers.json`.

/// A national number that is not written as E.164 has it today.
pub(super) struct Spelling {
    calling_code: u16,
    digits: usize,
    /// The digits that each of the first places may have.
    begins: &'static [&'static str],
    change: Change,
    pub(super) meaning: Meaning,
}

/// Behind the first `keep` digits, `cut` digits go and `put` comes.
struct Change {
    keep: usize,
    cut: usize,
    put: &'static str,
}

#[derive(Clone, Copy)]
pub(super) enum Meaning {
    /// The spelling is unambiguous: it is read as today's number.
    Today,
    /// An incomplete number of today looks the same: the spelling is refused. The year of the change.
    DeadSince(u16),
}

const ANY: &str = "0123456789";

/// A number of `digits` digits that begins so. After its first `keep` digits, `put` replaces `cut` digits.
const fn today(
    calling_code: u16,
    digits: usize,
    begins: &'static [&'static str],
    (keep, cut, put): (usize, usize, &'static str),
) -> Spelling {
    Spelling { calling_code, digits, begins, change: Change { keep, cut, put }, meaning: Meaning::Today }
}

const fn dead(
    year: u16,
    calling_code: u16,
    digits: usize,
    begins: &'static [&'static str],
    change: (usize, usize, &'static str),
) -> Spelling {
    Spelling { meaning: Meaning::DeadSince(year), ..today(calling_code, digits, begins, change) }
}

const SPELLINGS: [Spelling; 48] = [
    // Argentina: a mobile has a 9 from abroad, a 15 at home, and neither in an SMS at home. The FAQ of libphonenumber
    // (`mx_and_ar`) has a sign-up add the 9.
    today(54, 10, &["123"], (0, 0, "9")),
    // Benin, 30 November 2024: ARCEP, "migration du plan national de numérotation"; ITU, T0202000017. What begins with 8
    // did not change.
    today(229, 8, &["24569"], (0, 0, "01")),
    // Brazil, 2012 to 2016: Anatel, Resolução 553/2010, the ninth digit of mobiles. The eight digits that begin with 7
    // were Nextel's, whose network ended in 2018.
    dead(2016, 55, 10, &[ANY, ANY, "6789"], (2, 0, "9")),
    // Colombia, 1 September 2021: CRC, Resolución 5826 of 2019, fixed lines. 46 is of another service.
    today(57, 8, &["125678", "23456789"], (0, 0, "60")),
    today(57, 8, &["4", "2345789"], (0, 0, "60")),
    // Gabon, 15 November 2019, the old form until 6 April 2024: ARCEP, "plan national de numérotation à neuf chiffres".
    dead(2024, 241, 8, &["0", "256"], (0, 1, "6")),
    dead(2024, 241, 8, &["0", "47"], (0, 1, "7")),
    dead(2024, 241, 8, &["0", "1"], (0, 1, "1")),
    dead(2024, 241, 7, &["256"], (0, 0, "6")),
    dead(2024, 241, 7, &["47"], (0, 0, "7")),
    // Ivory Coast, 31 January 2021: ARTCI, "passage de 8 à 10 chiffres"; ITU, T0202000031. The prefix is of the operator
    // that had the old number: Moov, MTN, Orange.
    dead(2021, 225, 8, &["04567", "0123"], (0, 0, "01")),
    dead(2021, 225, 8, &["0456789", "456"], (0, 0, "05")),
    dead(2021, 225, 8, &["0456789", "789"], (0, 0, "07")),
    dead(2021, 225, 8, &["23", ANY, "8"], (0, 0, "21")),
    dead(2021, 225, 8, &["23", ANY, "0"], (0, 0, "25")),
    dead(2021, 225, 8, &["23", ANY, "12345679"], (0, 0, "27")),
    // Mexico, 3 August 2019: IFT, "Plan Técnico Fundamental de Numeración". The 1 of mobiles from abroad ended.
    today(52, 11, &["1"], (0, 1, "")),
    // Nigeria, 1 January 2024: NCC, "Fixed-Lines Numbering Format". What begins with 7, 8 or 9 looks like a mobile with
    // digits left out.
    dead(2024, 234, 8, &["123456"], (0, 0, "20")),
    // South Korea, 30 June 2021: the last 2G networks ended, and with them what does not begin with 010. Ministry of Information and
    // Communication, the rules of 24 December 2003 for the change to 010, which put a digit before an exchange of three digits and
    // another in place of the first of four.
    today(82, 9, &["1", "1", "234"], (0, 2, "105")),
    today(82, 9, &["1", "1", "5678"], (0, 2, "103")),
    today(82, 9, &["1", "6", "234"], (0, 2, "103")),
    today(82, 9, &["1", "6", "5678"], (0, 2, "102")),
    today(82, 9, &["1", "7", "234"], (0, 2, "106")),
    today(82, 9, &["1", "7", "5678"], (0, 2, "104")),
    today(82, 9, &["1", "8", "234"], (0, 2, "104")),
    today(82, 9, &["1", "8", "5678"], (0, 2, "106")),
    today(82, 9, &["1", "9", "234"], (0, 2, "102")),
    today(82, 9, &["1", "9", "5678"], (0, 2, "105")),
    today(82, 10, &["1", "1", "9", "01234"], (0, 2, "10")),
    today(82, 10, &["1", "1", "9", "56789"], (0, 3, "108")),
    today(82, 10, &["1", "1", "1", "7"], (0, 4, "1071")),
    today(82, 10, &["1", "6", "9", "01234"], (0, 3, "107")),
    today(82, 10, &["1", "6", "9", "56789"], (0, 2, "10")),
    today(82, 10, &["1", "9", "9", "01234"], (0, 3, "108")),
    today(82, 10, &["1", "9", "9", "56789"], (0, 3, "107")),
    // Vietnam, 15 September 2018: MIC, Quyết định 798/QĐ-BTTTT, mobiles of eleven digits.
    today(84, 10, &["1", "2", "0"], (0, 3, "70")),
    today(84, 10, &["1", "2", "1"], (0, 3, "79")),
    today(84, 10, &["1", "2", "2"], (0, 3, "77")),
    today(84, 10, &["1", "2", "3"], (0, 3, "83")),
    today(84, 10, &["1", "2", "4"], (0, 3, "84")),
    today(84, 10, &["1", "2", "5"], (0, 3, "85")),
    today(84, 10, &["1", "2", "6"], (0, 3, "76")),
    today(84, 10, &["1", "2", "7"], (0, 3, "81")),
    today(84, 10, &["1", "2", "8"], (0, 3, "78")),
    today(84, 10, &["1", "2", "9"], (0, 3, "82")),
    today(84, 10, &["1", "6", "23456789"], (0, 2, "3")),
    today(84, 10, &["1", "8", "68"], (0, 2, "5")),
    today(84, 10, &["1", "9", "9"], (0, 2, "5")),
];

impl Spelling {
    /// The old spelling that this national number is, if it is one.
    pub(super) fn of(
        calling_code: u16,
        digits: usize,
        national: impl FnOnce() -> String,
    ) -> Option<(&'static Self, String)> {
        let mut candidates =
            SPELLINGS.iter().filter(|known| known.calling_code == calling_code && known.digits == digits).peekable();
        candidates.peek()?;
        let national = national();
        let known =
            candidates.find(|known| national.chars().zip(known.begins).all(|(digit, may)| may.contains(digit)))?;
        Some((known, known.change.made(&national)))
    }

    /// The spelling of today, for a person.
    pub(super) fn advice(&self) -> String {
        let Change { keep, cut, put } = self.change;
        match (keep, cut) {
            (0, 0) => format!("write `{put}` in front of it"),
            (0, _) => format!("write `{put}` in place of its first {}", if cut == 1 { "digit" } else { "digits" }),
            _ => format!("write `{put}` behind its area code"),
        }
    }
}

impl Change {
    fn made(&self, national: &str) -> String {
        let (kept, rest) = national.split_at_checked(self.keep).unwrap_or((national, ""));
        format!("{kept}{}{}", self.put, rest.get(self.cut..).unwrap_or_default())
    }
}

/// Whether the number is in Ofcom's range of mobile numbers for drama, "Telephone numbers for use in TV and radio drama
/// programmes". A sandbox gives these numbers special behaviour. libphonenumber does not know the range.
pub(super) const fn is_for_drama(calling_code: u16, national: u64) -> bool {
    calling_code == 44 && matches!(national, 7_700_900_000..=7_700_900_999)
}
