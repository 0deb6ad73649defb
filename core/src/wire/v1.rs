//! V1: the article's payloads.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::fields::Fields;
use super::{Fault, Malformed, Refusals, decode_list, decode_object, encode, encode_secret, text_only, text_or_number};
use crate::error::Error;
use crate::sms::{Sending, SmsEncoding};
use crate::values::{ApiKey, Code, PhoneNumber, RequestId};
use crate::verification::{Outcome, State, Terms};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    apikey: &'a str,
    number: String,
    sender_hash: &'a str,
    code_type: &'a str,
    code_size: String,
    group: &'a str,
    #[serde(rename = "codeTTL")]
    code_ttl: String,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Named<'a> {
    apikey: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
}

pub(crate) fn encode_request(
    key: &ApiKey,
    sender: &str,
    number: PhoneNumber,
    terms: &Terms,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let message = terms.message.as_str();
    let payload = Request {
        apikey: key.expose(),
        number: number.on_the_wire(),
        sender_hash: sender,
        code_type: terms.code_type.as_str(),
        code_size: terms.code_size.get().to_string(),
        group: &terms.group,
        code_ttl: terms.validity.seconds().to_string(),
        message,
    };
    encode_secret(&payload, key.expose().len() + sender.len() + terms.group.len() + message.len())
}

/// A validation with a code, a cancellation without.
pub(crate) fn encode_named(key: &ApiKey, id: &RequestId, code: Option<&Code>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let code = code.map(Code::expose);
    let texts = key.expose().len() + id.as_str().len() + code.map_or(0, str::len);
    encode_secret(&Named { apikey: key.expose(), request_id: id.as_str(), code }, texts)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sms<'a> {
    apikey: &'a str,
    mobile: String,
    sender_hash: &'a str,
    message: &'a str,
    options: SmsOptions,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SmsOptions {
    gsm0338: bool,
    max_count: u32,
}

/// An SMS of one's own text, which holds a code.
pub(crate) fn encode_sms(
    key: &ApiKey,
    sender: &str,
    number: PhoneNumber,
    message: &str,
    sending: &Sending,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let payload = Sms {
        apikey: key.expose(),
        mobile: number.on_the_wire(),
        sender_hash: sender,
        message,
        options: SmsOptions { gsm0338: sending.encoding == SmsEncoding::Gsm7, max_count: sending.max_count },
    };
    encode_secret(&payload, key.expose().len() + sender.len() + message.len())
}

/// A call that has the API key alone.
pub(crate) fn encode_key(key: &ApiKey) -> Result<Zeroizing<Vec<u8>>, Error> {
    #[derive(Serialize)]
    struct Key<'a> {
        apikey: &'a str,
    }
    encode_secret(&Key { apikey: key.expose() }, key.expose().len())
}

/// A response to any call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusResponse {
    /// The request it is about; the service may leave it out when it refuses.
    pub id: Option<String>,
    /// The service's word.
    pub status: Option<String>,
    /// Whether it lists errors.
    pub has_errors: bool,
}

/// Reads a response to any call.
pub fn decode_response(body: &[u8]) -> Result<StatusResponse, Malformed> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "requestId", default, deserialize_with = "text_or_number")]
        id: Option<String>,
        #[serde(default, deserialize_with = "text_only")]
        status: Option<String>,
        #[serde(default)]
        errors: Refusals,
    }
    let Body { id, status, errors } = decode_object(body)?;
    Ok(StatusResponse { id, status, has_errors: errors.has_some() })
}

/// Whether the response to an SMS, or to whatever else succeeds with any body, lists errors.
pub fn has_errors(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        errors: Refusals,
    }
    decode_object::<Body>(body).is_ok_and(|body| body.errors.has_some())
}

/// Reads the list of senders. One that is deleted, that has no hash or that cannot be read is left out.
pub fn decode_senders(body: &[u8]) -> Result<Vec<super::v2::Sender>, Malformed> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        #[serde(default, deserialize_with = "text_or_number")]
        sender_hash: Option<String>,
        #[serde(default, deserialize_with = "text_or_number")]
        name: Option<String>,
        #[serde(default)]
        deleted: Value,
    }
    let read = |Body { sender_hash, name, deleted }| {
        let is_deleted = !matches!(deleted, Value::Null | Value::Bool(false)) && deleted != 0 && deleted != "0";
        let id = sender_hash.filter(|_| !is_deleted)?;
        Some(super::v2::Sender { id, name, number: None, status: None })
    };
    Ok(decode_list(body)?.into_iter().filter_map(read).collect())
}

/// A request as a client sends it; every value is a string.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the article's fields")]
pub struct RequestPayload {
    pub apikey: String,
    pub number: String,
    pub sender_hash: String,
    pub code_type: String,
    pub code_size: String,
    pub group: String,
    pub code_ttl: String,
    pub message: String,
}

/// Reads a request.
pub fn decode_request(body: &[u8]) -> Result<RequestPayload, Fault> {
    let mut fields = Fields::decode(body)?;
    Ok(RequestPayload {
        apikey: fields.text("apikey")?,
        number: fields.text("number")?,
        sender_hash: fields.text("senderHash")?,
        code_type: fields.text("codeType")?,
        code_size: fields.text("codeSize")?,
        group: fields.text("group")?,
        code_ttl: fields.text("codeTTL")?,
        message: fields.text("message")?,
    })
}

/// A validation as a client sends it.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the article's fields")]
pub struct ValidatePayload {
    pub apikey: String,
    pub request_id: String,
    pub code: String,
}

/// Reads a validation.
pub fn decode_validate(body: &[u8]) -> Result<ValidatePayload, Fault> {
    let mut fields = Fields::decode(body)?;
    Ok(ValidatePayload {
        apikey: fields.text("apikey")?,
        request_id: fields.text("requestId")?,
        code: fields.text("code")?,
    })
}

/// A cancellation as a client sends it.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the article's fields")]
pub struct CancelPayload {
    pub apikey: String,
    pub request_id: String,
}

/// Reads a cancellation.
pub fn decode_cancel(body: &[u8]) -> Result<CancelPayload, Fault> {
    let mut fields = Fields::decode(body)?;
    Ok(CancelPayload { apikey: fields.text("apikey")?, request_id: fields.text("requestId")? })
}

/// The response to a request that was taken: [`encode_status`] with `Ok`.
pub fn encode_requested(id: &str) -> Vec<u8> {
    encode_status(id, "Ok")
}

/// A response with a status word.
pub fn encode_status(id: &str, word: &str) -> Vec<u8> {
    encode(&json!({ "requestId": id, "status": word }))
}

/// The response to what is refused.
pub fn encode_error(error: &str) -> Vec<u8> {
    encode(&json!({ "status": "Error", "error": error }))
}

/// The response to what is refused, as integrators of E-goi read it: a list of texts and a code.
pub fn encode_errors(error: &str, code: u16) -> Vec<u8> {
    encode(&json!({ "errors": [error], "errorCode": code }))
}

/// The senders of an account.
pub fn encode_senders(senders: &[super::v2::Sender]) -> Vec<u8> {
    let sender = |sender: &super::v2::Sender| json!({ "senderHash": sender.id, "name": sender.name, "deleted": false });
    encode(&senders.iter().map(sender).collect::<Value>())
}

/// An SMS as a client sends it.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the wire's fields")]
pub struct SmsPayload {
    pub apikey: String,
    pub mobile: String,
    pub sender_hash: String,
    pub message: String,
}

/// Reads an SMS.
pub fn decode_sms(body: &[u8]) -> Result<SmsPayload, Fault> {
    let mut fields = Fields::decode(body)?;
    Ok(SmsPayload {
        apikey: fields.text("apikey")?,
        mobile: fields.text("mobile")?,
        sender_hash: fields.text("senderHash")?,
        message: fields.text("message")?,
    })
}

/// Reads a call that has the API key alone.
pub fn decode_key(body: &[u8]) -> Result<String, Fault> {
    Fields::decode(body)?.text("apikey")
}

/// The word for an outcome. `Not_Verified`, `Cancelled` and `Too_Many_Attempts` are assumed.
pub const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "Verified",
        Outcome::WrongCode => "Not_Verified",
        Outcome::Expired => "Expired",
        Outcome::AlreadyVerified => "Already_Verified",
        Outcome::Cancelled => "Cancelled",
        Outcome::TooManyAttempts => "Too_Many_Attempts",
    }
}

/// The word for the state that a cancellation leaves a request in. All but `Expired` are assumed.
pub const fn cancel_word(state: State) -> &'static str {
    match state {
        State::Pending => "Pending",
        State::Verified => "Already_Verified",
        State::Expired => "Expired",
        State::Cancelled => "Cancelled",
    }
}
