//! The functions of the library.

use std::collections::HashMap;

use egoi_verify::{ErrorCode, PhoneNumber, binding_options};
use egoi_verify_runtime::{guarded, run};

use crate::failure::NativeError;
use crate::values::{NativeCodeType, NativeSmsEncoding};

/// See core's `generate_code`.
#[uniffi::export]
pub fn native_generate_code(code_type: NativeCodeType, code_size: i64) -> Result<String, NativeError> {
    Ok(guarded(|| {
        let code = egoi_verify::generate_code(code_type.into(), binding_options::code_size(code_size)?)?;
        Ok(code.expose().to_owned())
    })?)
}

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
pub fn native_parse_number(text: &str, default_region: Option<String>) -> Result<NativePhoneNumber, NativeError> {
    Ok(guarded(|| {
        let number = egoi_verify::parse_number(text, default_region.as_deref())?;
        Ok(NativePhoneNumber {
            e164: number.e164(),
            masked: number.to_string(),
            country: number.country(),
            calling_code: number.calling_code(),
            number_type: number.number_type().as_str().to_owned(),
        })
    })?)
}

/// A number as it may be printed.
#[uniffi::export]
pub fn native_masked(number: &str) -> Result<String, NativeError> {
    Ok(guarded(|| Ok(PhoneNumber::parse(number).map_or_else(|_| "*".to_owned(), |number| number.to_string())))?)
}

/// See core's `SmsParts`.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeSmsParts {
    pub encoding: NativeSmsEncoding,
    pub characters: u32,
    pub parts: u32,
}

/// See core's `sms_parts`.
#[uniffi::export]
pub fn native_sms_parts(text: &str) -> Result<NativeSmsParts, NativeError> {
    Ok(guarded(|| {
        let parts = egoi_verify::sms_parts(text);
        Ok(NativeSmsParts { encoding: parts.encoding.into(), characters: parts.characters, parts: parts.parts })
    })?)
}

/// See core's `with_origin`.
#[uniffi::export]
pub fn native_with_origin(text: &str, host: &str) -> Result<String, NativeError> {
    Ok(guarded(|| egoi_verify::with_origin(text, host))?)
}

/// See core's `with_app_hash`.
#[uniffi::export]
pub fn native_with_app_hash(text: &str, hash: &str) -> Result<String, NativeError> {
    Ok(guarded(|| egoi_verify::with_app_hash(text, hash))?)
}

/// See core's `code_in_sms`.
#[uniffi::export]
pub fn native_code_in_sms(
    text: &str,
    code_type: Option<NativeCodeType>,
    code_size: Option<i64>,
) -> Result<Option<String>, NativeError> {
    Ok(guarded(|| {
        let code_size = code_size.map(binding_options::code_size).transpose()?;
        Ok(egoi_verify::code_in_sms(text, code_type.map(Into::into), code_size).map(|code| code.expose().to_owned()))
    })?)
}

/// A code as a person gives it, normalised; what is no code is `invalid_input`.
#[uniffi::export]
pub fn native_normalised_code(given: &str) -> Result<String, NativeError> {
    Ok(guarded(|| egoi_verify::Code::parse(given).map(|code| code.expose().to_owned()))?)
}

/// Every word that an error's `code` can be, with its HTTP status.
#[uniffi::export]
pub fn native_error_codes() -> HashMap<String, i32> {
    ErrorCode::ALL.iter().map(|code| (code.as_str().to_owned(), code.suggested_status().into())).collect()
}

/// The address of the page of a code.
#[uniffi::export]
pub fn native_docs_url(code: &str) -> String {
    egoi_verify::binding_options::docs_url(code)
}

/// A call that panics, for the tests of what becomes of one.
#[uniffi::export]
pub async fn native_panicking() -> Result<(), NativeError> {
    #[allow(clippy::panic, reason = "it is what this is for")]
    async fn panics() -> Result<(), egoi_verify::Error> {
        panic!("on purpose, by the tests of egoi-verify")
    }
    Ok(run(None, panics()).await?)
}
