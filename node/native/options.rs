//! Options as JavaScript gives them. TypeScript has looked at their types, the library looks at the rest.

use egoi_verify::{CallOptions, CodeType, Error, ErrorCode, binding_options};
use napi_derive::napi;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// Reads the settings of an object: JSON with the names of the core, whose types TypeScript has checked.
pub(crate) fn settings<T: DeserializeOwned>(json: String) -> Result<T, Error> {
    let json = Zeroizing::new(json);
    // What serde says of a fault may repeat a secret.
    serde_json::from_str(&json)
        .map_err(|_| Error::new(ErrorCode::Internal, "an option has a type that was not checked"))
}

/// The options that every call has.
pub(crate) fn call_options(seconds: Option<f64>) -> Result<CallOptions, Error> {
    let options = CallOptions::default();
    Ok(match seconds {
        Some(seconds) => options.timeout(binding_options::timeout(seconds)?),
        None => options,
    })
}

/// The options of `validate`.
#[napi(object, object_to_js = false)]
pub struct ValidateOptions {
    /// The number that the request must be for.
    pub number: Option<String>,
    /// Who submits the code.
    pub client: Option<String>,
    /// A country's code.
    pub default_region: Option<String>,
    /// Seconds.
    pub timeout: Option<f64>,
}

impl ValidateOptions {
    pub(crate) fn read(self) -> Result<egoi_verify::ValidateOptions, Error> {
        let mut options = egoi_verify::ValidateOptions::default();
        if let Some(number) = self.number {
            options = options.number(number);
        }
        if let Some(client) = self.client {
            options = options.client(client);
        }
        if let Some(country) = self.default_region {
            options = options.default_region(country);
        }
        if let Some(seconds) = self.timeout {
            options = options.timeout(binding_options::timeout(seconds)?);
        }
        Ok(options)
    }
}

/// The options of `request`.
#[napi(object, object_to_js = false)]
pub struct RequestOptions {
    /// The text of the SMS.
    pub message: Option<String>,
    /// The word of a code type.
    pub code_type: Option<String>,
    /// Characters.
    pub code_size: Option<i64>,
    /// Seconds.
    pub ttl: Option<f64>,
    /// A label.
    pub group: Option<String>,
    /// A key.
    pub idempotency_key: Option<String>,
    /// Who asks.
    pub client: Option<String>,
    /// A country's code.
    pub default_region: Option<String>,
    /// Seconds.
    pub timeout: Option<f64>,
}

impl RequestOptions {
    pub(crate) fn read(self) -> Result<egoi_verify::RequestOptions, Error> {
        let mut options = egoi_verify::RequestOptions::default();
        if let Some(message) = self.message {
            options = options.message(message);
        }
        if let Some(word) = self.code_type {
            options = options.code_type(word.parse::<CodeType>()?);
        }
        if let Some(characters) = self.code_size {
            options = options.code_size(binding_options::code_size(characters)?);
        }
        if let Some(seconds) = self.ttl {
            options = options.ttl(binding_options::ttl(seconds)?);
        }
        if let Some(group) = self.group {
            options = options.group(group);
        }
        if let Some(key) = self.idempotency_key {
            options = options.idempotency_key(key);
        }
        if let Some(client) = self.client {
            options = options.client(client);
        }
        if let Some(country) = self.default_region {
            options = options.default_region(country);
        }
        if let Some(seconds) = self.timeout {
            options = options.timeout(binding_options::timeout(seconds)?);
        }
        Ok(options)
    }
}
