//! What needs no verifier.

use std::collections::BTreeMap;

use egoi_verify::{CodeSize, CodeType, Error, ErrorCode, binding_options};
use napi_derive::napi;

use crate::guard::guarded;

/// Every code of an error, with its HTTP status.
#[napi]
#[must_use]
pub fn error_codes() -> BTreeMap<&'static str, u16> {
    ErrorCode::ALL.iter().map(|code| (code.as_str(), code.suggested_status())).collect()
}

fn code_type(word: Option<&str>) -> Result<Option<CodeType>, Error> {
    word.map(str::parse).transpose()
}

/// See the crate's function.
#[napi]
pub fn generate_code(word: Option<String>, size: Option<i64>) -> napi::Result<String> {
    guarded(|| {
        let size = binding_options::code_size(size.unwrap_or(CodeSize::default().get() as i64))?;
        let code = egoi_verify::generate_code(code_type(word.as_deref())?.unwrap_or_default(), size)?;
        Ok(code.expose().to_owned())
    })
}

/// A phone number.
#[napi(object, object_from_js = false)]
pub struct PhoneNumber {
    /// `+351910000000`.
    pub e164: String,
    /// `PT`.
    pub country: Option<String>,
    /// `351`.
    pub calling_code: u32,
    /// `mobile`.
    #[napi(js_name = "type")]
    pub number_type: String,
    /// `+35191*****00`.
    pub masked: String,
}

/// See the crate's function.
#[napi]
pub fn parse_number(text: String, default_region: Option<String>) -> napi::Result<PhoneNumber> {
    guarded(|| {
        let number = egoi_verify::parse_number(&text, default_region.as_deref())?;
        Ok(PhoneNumber {
            e164: number.e164(),
            country: number.country(),
            calling_code: number.calling_code().into(),
            number_type: number.number_type().as_str().to_owned(),
            masked: number.masked(),
        })
    })
}

/// The number as it is printed.
#[napi]
pub fn masked_number(number: String) -> napi::Result<String> {
    guarded(|| Ok(egoi_verify::parse_number(&number, None)?.to_string()))
}

/// What a text takes.
#[napi(object, object_from_js = false)]
pub struct SmsParts {
    /// `gsm7` or `ucs2`.
    pub encoding: String,
    /// Septets or UTF-16 code units.
    pub characters: u32,
    /// How many SMS.
    pub parts: u32,
}

/// See the crate's function.
#[napi]
pub fn sms_parts(text: String) -> napi::Result<SmsParts> {
    guarded(|| {
        let sms = egoi_verify::sms_parts(&text);
        Ok(SmsParts { encoding: sms.encoding.as_str().to_owned(), characters: sms.characters, parts: sms.parts })
    })
}

/// See the crate's function.
#[napi]
pub fn with_origin(message: String, host: String) -> napi::Result<String> {
    guarded(|| egoi_verify::with_origin(&message, &host))
}

/// See the crate's function.
#[napi]
pub fn with_app_hash(message: String, hash: String) -> napi::Result<String> {
    guarded(|| egoi_verify::with_app_hash(&message, &hash))
}

/// See the crate's function.
#[napi]
pub fn code_in_sms(text: String, word: Option<String>, size: Option<i64>) -> napi::Result<Option<String>> {
    guarded(|| {
        let size = size.map(|size| binding_options::whole("code_size", size)).transpose()?;
        let code = egoi_verify::code_in_sms(&text, code_type(word.as_deref())?, size);
        Ok(code.map(|code| code.expose().to_owned()))
    })
}
