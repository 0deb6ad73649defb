//! The latest validations of a request that counted, so that one that is repeated after a lost response counts once.

use crate::verification::Outcome;

/// As many as the default limit of wrong codes can make, with their success, and some.
const MAX: usize = 8;
/// An id, and its outcome.
const ONE: usize = 17;
/// Room for the first, which a row has from the start: rows are appended until a page is full, and one that grew would split it.
pub(super) const ROOM: [u8; ONE] = [0; ONE];

/// The outcome of this attempt, if it is one of these.
pub(super) fn find(attempts: &[u8], id: u128) -> Option<Outcome> {
    attempts.chunks_exact(ONE).find(|one| one[..16] == id.to_be_bytes()).map(|one| match one[16] {
        1 => Outcome::Verified,
        _ => Outcome::WrongCode,
    })
}

/// Adds one to them, in the place of the oldest where there are too many.
pub(super) fn remember(attempts: &mut Vec<u8>, id: u128, outcome: Outcome) {
    if *attempts == ROOM {
        attempts.clear();
    } else if attempts.len() >= MAX * ONE {
        attempts.drain(..attempts.len() - (MAX - 1) * ONE);
    }
    attempts.extend(id.to_be_bytes());
    attempts.push(u8::from(outcome.is_verified()));
}
