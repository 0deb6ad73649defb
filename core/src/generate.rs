//! Codes and ids. All come from the operating system's randomness: with a generator in the process, a forked child would draw
//! the same codes as its parent.

use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorCode};
use crate::values::{Code, CodeSize, CodeType};

/// Draws a code from the operating system's randomness. `code_size` is 4 to 20 characters.
///
/// ```
/// use egoi_verify::{CodeType, generate_code};
///
/// # fn main() -> Result<(), egoi_verify::Error> {
/// assert_eq!(generate_code(CodeType::Hex, 8)?.expose().len(), 8);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// `invalid_input` for a size that is not 4 to 20; `internal` if the operating system has no randomness.
pub fn generate_code(code_type: CodeType, code_size: u32) -> Result<Code, Error> {
    draw_code(code_type, CodeSize::new(code_size)?, &mut SysRng)
}

/// Draws a code from any source of bytes.
pub(crate) fn draw_code<R: TryRng>(code_type: CodeType, size: CodeSize, source: &mut R) -> Result<Code, Error> {
    let mut code = Zeroizing::new(String::with_capacity(size.get()));
    let mut bytes = Zeroizing::new([0u8; 32]);
    while code.len() < size.get() {
        fill(source, &mut *bytes)?;
        let wanted = size.get() - code.len();
        take_from(code_type, &mut code, &*bytes, wanted);
    }
    Ok(Code::from_generated(code))
}

/// Adds what the bytes stand for, up to `wanted` characters.
fn take_from(code_type: CodeType, code: &mut String, bytes: &[u8], wanted: usize) {
    // With the number of characters known to the compiler, a division is a multiplication.
    match code_type {
        CodeType::Numeric => extend::<10>(code, bytes, code_type, wanted),
        CodeType::Alpha => extend::<26>(code, bytes, code_type, wanted),
        CodeType::Alphanumeric => extend::<36>(code, bytes, code_type, wanted),
        CodeType::Hex => extend::<16>(code, bytes, code_type, wanted),
    }
}

fn extend<const N: usize>(code: &mut String, bytes: &[u8], code_type: CodeType, wanted: usize) {
    let alphabet = code_type.alphabet().as_bytes();
    let drawn = bytes.iter().filter_map(|byte| alphabet.get(sample::<N>(*byte)?));
    code.extend(drawn.take(wanted).map(|character| char::from(*character)));
}

/// Which of N characters a random byte stands for. `None` for a byte that would make some characters more likely.
fn sample<const N: usize>(byte: u8) -> Option<usize> {
    let byte = usize::from(byte);
    (byte < 256 - 256 % N).then_some(byte % N)
}

/// 128 random bits: a request id, or an attempt's.
pub(crate) fn draw_bits() -> Result<u128, Error> {
    let mut bytes = [0; 16];
    fill(&mut SysRng, &mut bytes)?;
    Ok(u128::from_le_bytes(bytes))
}

/// Anything from nothing to this long.
pub(crate) fn up_to(longest: Duration) -> Duration {
    let mut bytes = [0; 2];
    // Without randomness the longest is as good as any.
    let share = match fill(&mut SysRng, &mut bytes) {
        Ok(()) => u32::from(u16::from_le_bytes(bytes)),
        Err(_) => u32::from(u16::MAX),
    };
    longest * share / u32::from(u16::MAX)
}

pub(crate) fn fill<R: TryRng>(source: &mut R, bytes: &mut [u8]) -> Result<(), Error> {
    source.try_fill_bytes(bytes).map_err(|_| {
        Error::new(ErrorCode::Internal, "the operating system gave no randomness, so no code was generated")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_every_byte_value_each_character_comes_equally_often() {
        for code_type in CodeType::ALL {
            let every_byte: Vec<u8> = (0..=255).collect();
            let mut drawn = String::new();
            take_from(code_type, &mut drawn, &every_byte, usize::MAX);
            let characters = code_type.alphabet().len();
            for c in code_type.alphabet().chars() {
                assert_eq!(drawn.matches(c).count(), 256 / characters, "{c} of {code_type}");
            }
            assert_eq!(drawn.len(), 256 / characters * characters, "{code_type} throws away more than it must");
        }
    }

    #[test]
    fn a_code_has_the_size_asked_for_and_characters_of_its_alphabet_alone() {
        for code_type in CodeType::ALL {
            for size in 4..=20 {
                let code = generate_code(code_type, size).map(|code| code.expose().to_owned()).unwrap_or_default();
                assert_eq!(code.len(), size as usize);
                assert!(code.chars().all(|c| code_type.alphabet().contains(c)), "{code_type}");
            }
        }
    }
}
