//! Options as JavaScript gives them. TypeScript has looked at their types, the library looks at the rest.

pub(crate) use egoi_verify::binding_options::call_options;
use egoi_verify::binding_options::{RequestSettings, ValidateSettings};
use egoi_verify::{Error, ErrorCode};
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
    /// 0 to 2.
    pub retries: Option<i64>,
}

impl ValidateOptions {
    pub(crate) fn read(self) -> Result<egoi_verify::ValidateOptions, Error> {
        let Self { number, client, default_region, timeout, retries } = self;
        ValidateSettings { number, client, default_region, timeout, retries }
            .set(egoi_verify::ValidateOptions::default())
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
    /// 0 to 2.
    pub retries: Option<i64>,
}

impl RequestOptions {
    pub(crate) fn read(self) -> Result<egoi_verify::RequestOptions, Error> {
        let Self {
            message,
            code_type,
            code_size,
            ttl,
            group,
            idempotency_key,
            client,
            default_region,
            timeout,
            retries,
        } = self;
        let settings = RequestSettings {
            message,
            code_type,
            code_size,
            ttl,
            group,
            idempotency_key,
            client,
            default_region,
            timeout,
            retries,
        };
        settings.set(egoi_verify::RequestOptions::default())
    }
}
