//! The functions of the library.

use std::collections::BTreeMap;

use egoi_verify::{CodeType, Error, ErrorCode, PhoneNumber, binding_options};
use pyo3::prelude::*;

use crate::convert::{Value, Whole, optional, read};
use crate::failure::guarded;
use crate::job::Job;
use crate::runtime::Runtime;

#[pyfunction]
pub(crate) fn generate_code(
    py: Python<'_>,
    code_type: &Bound<'_, PyAny>,
    code_size: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let (code_type, code_size): (String, Whole) = (read("code_type", code_type)?, read("code_size", code_size)?);
    guarded(py, || {
        let code = egoi_verify::generate_code(code_type.parse()?, binding_options::code_size(code_size.0)?)?;
        Ok(code.expose().to_owned())
    })
}

/// The number in E.164, its country, its calling code and its type.
#[pyfunction]
pub(crate) fn parse_number(
    py: Python<'_>,
    text: &Bound<'_, PyAny>,
    default_region: &Bound<'_, PyAny>,
) -> PyResult<(String, Option<String>, u16, &'static str)> {
    let text: String = read("text", text)?;
    let default_region: Option<String> = optional("default_region", default_region)?;
    guarded(py, || {
        let number = egoi_verify::parse_number(&text, default_region.as_deref())?;
        Ok((number.e164(), number.country(), number.calling_code(), number.number_type().as_str()))
    })
}

/// A number as it may be printed.
#[pyfunction]
pub(crate) fn masked(py: Python<'_>, number: &str) -> PyResult<String> {
    guarded(py, || Ok(PhoneNumber::parse(number).map_or_else(|_| "*".to_owned(), |number| number.to_string())))
}

/// Encoding, characters, parts.
#[pyfunction]
pub(crate) fn sms_parts(py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<(&'static str, u32, u32)> {
    let text: String = read("text", text)?;
    guarded(py, || {
        let parts = egoi_verify::sms_parts(&text);
        Ok((parts.encoding.as_str(), parts.characters, parts.parts))
    })
}

#[pyfunction]
pub(crate) fn with_origin(py: Python<'_>, message: &Bound<'_, PyAny>, host: &Bound<'_, PyAny>) -> PyResult<String> {
    let (message, host): (String, String) = (read("message", message)?, read("host", host)?);
    guarded(py, || egoi_verify::with_origin(&message, &host))
}

#[pyfunction]
pub(crate) fn with_app_hash(py: Python<'_>, message: &Bound<'_, PyAny>, hash: &Bound<'_, PyAny>) -> PyResult<String> {
    let (message, hash): (String, String) = (read("message", message)?, read("hash", hash)?);
    guarded(py, || egoi_verify::with_app_hash(&message, &hash))
}

#[pyfunction]
pub(crate) fn code_in_sms(
    py: Python<'_>,
    text: &Bound<'_, PyAny>,
    code_type: &Bound<'_, PyAny>,
    code_size: &Bound<'_, PyAny>,
) -> PyResult<Option<String>> {
    let text: String = read("text", text)?;
    let (code_type, code_size): (Option<String>, Option<Whole>) =
        (optional("code_type", code_type)?, optional("code_size", code_size)?);
    guarded(py, || {
        let code_type = code_type.map(|code_type| code_type.parse::<CodeType>()).transpose()?;
        let code_size = code_size.map(|Whole(size)| binding_options::code_size(size)).transpose()?;
        Ok(egoi_verify::code_in_sms(&text, code_type, code_size).map(|code| code.expose().to_owned()))
    })
}

/// Every word that an error's `code` can be, with its HTTP status.
#[pyfunction]
pub(crate) fn error_codes() -> BTreeMap<&'static str, u16> {
    ErrorCode::ALL.iter().map(|code| (code.as_str(), code.suggested_status())).collect()
}

/// The address of the page of a code.
#[pyfunction]
pub(crate) fn docs_url(code: &str) -> String {
    binding_options::docs_url(code)
}

/// A call that panics, for the tests of what becomes of one.
#[pyfunction]
#[pyo3(signature = (is_async, is_at_hand=false))]
pub(crate) fn panicking(py: Python<'_>, is_async: bool, is_at_hand: bool) -> PyResult<Job> {
    #[allow(clippy::panic, reason = "it is what this is for")]
    async fn panics() -> Result<Value, Error> {
        panic!("on purpose, by the tests of egoi-verify")
    }
    guarded(py, || Ok(Job::new(Runtime::new(py, is_async)?, None, is_at_hand, None, panics())))
}
