//! How what is kept is spread over a cluster: in parts, each of which is one slot.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::store::{ClientHash, Digest};
use crate::values::PhoneNumber;

/// Which of the parts. It is the hash tag of its keys, in octal.
pub(super) type Part = u16;

/// There are as many parts as this has bits for: few enough that a million numbers fill them evenly.
const PART_BITS: u32 = 11;
pub(super) const PARTS: Part = 1 << PART_BITS;

/// The bits of an id that are random. The others are its part, masked.
const RANDOM_BITS: u32 = u128::BITS - PART_BITS;

/// Chooses parts by a secret of the database, which stays the same when the engine's keys change.
pub(super) struct Spread {
    secret: Hmac<Sha256>,
}

impl Spread {
    pub(super) fn new(secret: Hmac<Sha256>) -> Self {
        Self { secret }
    }

    fn hash(&self, parts: &[&[u8]]) -> Part {
        let mut mac = self.secret.clone();
        parts.iter().for_each(|part| mac.update(part));
        let [.., a, b]: [u8; 32] = mac.finalize().into_bytes().into();
        u16::from_be_bytes([a, b]) % PARTS
    }

    pub(super) fn of_number(&self, number: PhoneNumber) -> Part {
        let (calling_code, leading_zeros, national) = number.parts();
        self.hash(&[b"number", &calling_code.to_be_bytes(), &[leading_zeros], &national.to_be_bytes()])
    }

    pub(super) fn of_client(&self, client: ClientHash) -> Part {
        self.hash(&[b"client", &client])
    }

    pub(super) fn of_prefix(&self, prefix: u64) -> Part {
        self.hash(&[b"prefix", &prefix.to_be_bytes()])
    }

    /// The part of the request's number.
    pub(super) fn of_id(&self, id: u128) -> Part {
        let masked = (id >> RANDOM_BITS) as Part;
        masked ^ self.mask(id)
    }

    /// An id with these random bits for a request of a number. To somebody without the secret all of it is random.
    pub(super) fn id(&self, number: PhoneNumber, random: u128) -> u128 {
        let masked = self.of_number(number) ^ self.mask(random);
        u128::from(masked) << RANDOM_BITS | random_bits(random)
    }

    fn mask(&self, id: u128) -> Part {
        self.hash(&[b"id", &random_bits(id).to_be_bytes()])
    }
}

fn random_bits(id: u128) -> u128 {
    id & (u128::MAX >> PART_BITS)
}

/// The part of an idempotency key, whose digest is under a secret key already.
pub(super) fn of_key(key: &Digest) -> Part {
    let [.., a, b] = *key;
    u16::from_be_bytes([a, b]) % PARTS
}

/// What the keys of a part have behind the prefix.
pub(super) fn hash_tag(part: Part) -> String {
    format!("{{{part:04o}}}")
}

/// The part whose keys have this behind the prefix.
pub(super) fn of_hash_tag(key: &[u8]) -> Option<Part> {
    let digits = std::str::from_utf8(key.strip_prefix(b"{")?.get(..4)?).ok()?;
    Part::from_str_radix(digits, 8).ok().filter(|part| *part < PARTS)
}

/// The slot of a part: the cluster's CRC16 of the hash tag.
pub(super) fn slot(part: Part) -> u16 {
    let crc = format!("{part:04o}").bytes().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| crc << 1 ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 })
    });
    crc % SLOTS
}

/// The slots of every cluster.
const SLOTS: u16 = 1 << 14;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;

    use hmac::KeyInit as _;

    use super::*;

    fn spread() -> Spread {
        Spread::new(Hmac::new_from_slice(&[7; 32]).unwrap())
    }

    fn number(i: u32) -> PhoneNumber {
        PhoneNumber::parse(&format!("351-{}", 910_000_000 + i)).unwrap()
    }

    #[test]
    fn a_slot_is_what_a_server_says() {
        // `CLUSTER KEYSLOT {0000}` and the others, of Redis 7.0.15.
        assert_eq!([0, 1, 0o1234, PARTS - 1].map(slot), [6794, 2731, 6025, 11702]);
    }

    #[test]
    fn the_parts_are_as_far_from_one_another_as_can_be() {
        let eights: HashSet<_> = (0..PARTS).map(|part| slot(part) / 8).collect();
        assert_eq!(eights.len(), usize::from(PARTS));
    }

    #[test]
    fn an_id_leads_to_the_part_of_its_number() {
        let spread = spread();
        for i in 0..1000 {
            let id = spread.id(number(i), rand::random());
            assert_eq!(spread.of_id(id), spread.of_number(number(i)));
        }
    }

    #[test]
    fn an_id_keeps_117_of_the_random_bits() {
        let random = rand::random();
        assert_eq!(random_bits(spread().id(number(0), random)), random_bits(random));
        assert_eq!(random_bits(u128::MAX).count_ones(), 117);
    }

    /// Were the part there unmasked, it would be the same in all of them.
    #[test]
    fn the_ids_of_one_number_have_nothing_in_common() {
        let spread = spread();
        let parts: HashSet<_> = (0..1000).map(|_| spread.id(number(0), rand::random()) >> RANDOM_BITS).collect();
        assert!(parts.len() > 700, "{}", parts.len());
    }

    /// With `EGOI_SOAK=1` a million numbers, of which no part has more than a fifth over the mean.
    #[test]
    fn numbers_fill_the_parts_evenly() {
        let is_full = std::env::var_os("EGOI_SOAK").is_some_and(|set| set == "1");
        let (many, most) = if is_full { (1_000_000, 1.2) } else { (50_000, 2.2) };
        let spread = spread();
        let mut numbers = vec![0_u32; PARTS.into()];
        for i in 0..many {
            numbers[usize::from(spread.of_number(number(i)))] += 1;
        }
        let fullest = f64::from(*numbers.iter().max().unwrap()) * f64::from(PARTS) / f64::from(many);
        assert!(fullest < most, "{fullest}");
    }
}
