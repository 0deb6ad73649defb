//! Numbers and codes as a person gives them. What cannot be read is none, and no error.

use egoi_verify::{Code, binding_options};
use egoi_verify_runtime::guarded;

use crate::failure::NativeError;
use crate::values::NativeCodeType;

/// A number in its parts.
#[derive(uniffi::Record)]
pub struct NativePhoneNumber {
    /// `+351910000000`.
    pub e164: String,
    /// As it may be printed.
    pub masked: String,
    /// For example `PT`.
    pub country: Option<String>,
    /// For example 351.
    pub calling_code: u16,
    /// The word of core's `NumberType`.
    pub number_type: String,
}

/// See core's `parse_number`.
#[uniffi::export]
pub fn native_parse_number(
    text: &str,
    default_region: Option<String>,
) -> Result<Option<NativePhoneNumber>, NativeError> {
    Ok(guarded(|| {
        let number = egoi_verify::parse_number(text, default_region.as_deref()).ok();
        Ok(number.map(|number| NativePhoneNumber {
            e164: number.e164(),
            masked: number.to_string(),
            country: number.country(),
            calling_code: number.calling_code(),
            number_type: number.number_type().as_str().to_owned(),
        }))
    })?)
}

/// See core's `code_in_sms`.
#[uniffi::export]
pub fn native_code_in_sms(
    text: &str,
    code_type: Option<NativeCodeType>,
    code_size: Option<i64>,
) -> Result<Option<String>, NativeError> {
    Ok(guarded(|| {
        let Ok(size) = code_size.map(binding_options::code_size).transpose() else { return Ok(None) };
        let code = egoi_verify::code_in_sms(text, code_type.map(Into::into), size);
        Ok(code.map(|code| code.expose().to_owned()))
    })?)
}

/// A code as a person gives it, normalised.
#[uniffi::export]
pub fn native_normalised_code(given: &str) -> Result<Option<String>, NativeError> {
    Ok(guarded(|| Ok(Code::parse(given).ok().map(|code| code.expose().to_owned())))?)
}

/// A call that panics, for the tests of what becomes of one.
#[uniffi::export]
pub fn native_panicking() -> Result<(), NativeError> {
    #[allow(clippy::panic, reason = "it is what this is for")]
    fn panics() -> Result<(), egoi_verify::Error> {
        panic!("on purpose, by the tests of egoi-verify")
    }
    Ok(guarded(panics)?)
}
