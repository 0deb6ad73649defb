//! V2: the payloads of E-goi's published SDKs.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use zeroize::Zeroizing;

use super::fields::Fields;
use super::{
    Fault, Malformed, decode_list, decode_object, decode_one, encode, encode_secret, text_only, text_or_number,
};
use crate::error::Error;
use crate::sms::{MessageTemplate, Sending, SmsEncoding};
use crate::values::{Code, CodeType, PhoneNumber};
use crate::verification::{Outcome, State, Terms};

/// Where the code goes in a message.
pub const PLACE: &str = "{{ code }}";

/// The word for a code type, which differs from the library's in `hexa`.
pub const fn code_type_word(code_type: CodeType) -> &'static str {
    match code_type {
        CodeType::Hex => "hexa",
        other => other.as_str(),
    }
}

/// The code type that a word stands for.
pub fn code_type(word: &str) -> Option<CodeType> {
    CodeType::ALL.into_iter().find(|each| code_type_word(*each) == word)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    sender_id: &'a str,
    to: String,
    message: String,
    code_length: usize,
    code_validity: u16,
    code_type: &'a str,
}

pub(crate) fn encode_request(sender: &str, number: PhoneNumber, terms: &Terms) -> Result<Zeroizing<Vec<u8>>, Error> {
    let message = terms.message.as_str().replace(MessageTemplate::PLACE, PLACE);
    let texts = sender.len() + message.len();
    let payload = Request {
        sender_id: sender,
        to: number.on_the_wire(),
        message,
        code_length: terms.code_size.get(),
        code_validity: terms.validity.seconds(),
        code_type: code_type_word(terms.code_type),
    };
    encode_secret(&payload, texts)
}

pub(crate) fn encode_validate(code: &Code) -> Result<Zeroizing<Vec<u8>>, Error> {
    #[derive(Serialize)]
    struct Submit<'a> {
        code: &'a str,
    }
    encode_secret(&Submit { code: code.expose() }, code.expose().len())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sms<'a> {
    to: String,
    from: &'a str,
    text_body: &'a str,
    encoding: &'a str,
    max_count: u32,
    priority: &'a str,
}

/// An SMS of one's own text, which holds a code: alone, or in a list of one.
pub(crate) fn encode_sms(
    sender: &str,
    number: PhoneNumber,
    text: &str,
    sending: &Sending,
    in_a_list: bool,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let sms = Sms {
        to: number.on_the_wire(),
        from: sender,
        text_body: text,
        encoding: match sending.encoding {
            SmsEncoding::Gsm7 => "gsm0338",
            SmsEncoding::Ucs2 => "unicode",
        },
        max_count: sending.max_count,
        priority: if sending.urgent { "urgent" } else { "non-urgent" },
    };
    let texts = sender.len() + text.len();
    if in_a_list { encode_secret(&[sms], texts) } else { encode_secret(&sms, texts) }
}

/// Reads the response to a request: its id.
pub fn decode_requested(body: &[u8]) -> Result<String, Malformed> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "verifyId", deserialize_with = "text_or_number")]
        id: Option<String>,
    }
    decode_object::<Body>(body)?.id.ok_or(NO_ID)
}

const NO_ID: Malformed = Malformed("has no `verifyId` that is a string or a whole number");

/// A response to a validation, a cancellation or a resend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The request it is about.
    pub id: String,
    /// The status word, where there is one.
    pub word: Option<String>,
}

/// Reads the response to a validation, a cancellation or a resend: a list of one, or the bare object.
pub fn decode_done(body: &[u8]) -> Result<Done, Malformed> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "verifyId", deserialize_with = "text_or_number")]
        id: Option<String>,
        #[serde(default, deserialize_with = "text_only")]
        status: Option<String>,
    }
    let Body { id, status } = decode_one(body)?;
    Ok(Done { id: id.ok_or(NO_ID)?, word: status })
}

/// A request as the service says it is. The message, which can hold the code, is not kept; nor is `codeTTL`, which does not say
/// from when it counts: `createDate` does not move at a resend.
#[derive(Clone, PartialEq, Eq)]
pub struct Read {
    /// Its id.
    pub id: Option<String>,
    /// The recipient's number as the service writes it.
    pub number: Option<String>,
    /// The live code: only ever compared with what was submitted. None too where it is a number, which has lost its zeros.
    pub code: Option<Zeroizing<String>>,
    /// The status word.
    pub status: Option<String>,
    /// When it was made; none too where the service writes it in a way that cannot be read.
    pub created_at: Option<SystemTime>,
}

/// Reads the response to a read. A field that is of another type than documented is as good as none.
pub fn decode_read(body: &[u8]) -> Result<Read, Malformed> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        #[serde(default, deserialize_with = "text_or_number")]
        id: Option<String>,
        #[serde(default, deserialize_with = "text_or_number")]
        recipient_number: Option<String>,
        #[serde(default, deserialize_with = "wiped")]
        code: Option<Zeroizing<String>>,
        #[serde(default, deserialize_with = "text_only")]
        status: Option<String>,
        #[serde(default, deserialize_with = "text_only")]
        create_date: Option<String>,
    }
    let body: Body = decode_object(body)?;
    Ok(Read {
        id: body.id,
        number: body.recipient_number,
        code: body.code,
        status: body.status,
        created_at: body.create_date.as_deref().and_then(parse_date),
    })
}

fn wiped<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Ok(text_only(deserializer)?.map(Zeroizing::new))
}

/// Reads `2020-03-06T11:57:34Z`, also with a space for the `T`, with an offset, and without either, which is UTC.
pub fn parse_date(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| parse_other_date(text))?;
    let seconds = u64::try_from(moment.unix_timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, moment.nanosecond()))
}

/// A date in another form than the documented one.
fn parse_other_date(text: &str) -> Option<OffsetDateTime> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let time = time.replace(' ', "");
    Some(match time.find(['Z', 'z', '+', '-']) {
        None => PrimitiveDateTime::parse(
            &format!("{date}T{time}"),
            format_description!(version = 2, "[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]"),
        )
        .ok()?
        .assume_utc(),
        Some(at) => {
            let (time, offset) = time.split_at(at);
            let offset = match offset.as_bytes() {
                [b'Z' | b'z'] => "Z".to_owned(),
                [sign, h1, h2, m1, m2] => [*sign, *h1, *h2, b':', *m1, *m2].map(char::from).into_iter().collect(),
                _ => offset.to_owned(),
            };
            OffsetDateTime::parse(&format!("{date}T{time}{offset}"), &Rfc3339).ok()?
        }
    })
}

/// The time as the service writes it, `2020-03-06T11:57:34Z`; nothing for a year after 9999.
pub fn format_date(at: SystemTime) -> Option<String> {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let moment = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
    moment.format(&Rfc3339).ok()
}

/// A sender of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Its id, which a request takes.
    pub id: String,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its number, if it has one.
    pub number: Option<String>,
    /// Its state in the service's word, if the service reports it.
    pub status: Option<String>,
}

/// Reads the list of senders. One that has no id or cannot be read is left out.
pub fn decode_senders(body: &[u8]) -> Result<Vec<Sender>, Malformed> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        #[serde(default, deserialize_with = "text_or_number")]
        id: Option<String>,
        #[serde(default, deserialize_with = "text_or_number")]
        name: Option<String>,
        #[serde(default, deserialize_with = "text_or_number")]
        phone_number: Option<String>,
        #[serde(default, deserialize_with = "text_or_number")]
        sender_status: Option<String>,
    }
    let read = |Body { id, name, phone_number, sender_status }| {
        Some(Sender { id: id?, name, number: phone_number, status: sender_status })
    };
    Ok(decode_list(body)?.into_iter().filter_map(read).collect())
}

/// Whether the response to a ping says that the service is down. Any other body says that it is up.
pub fn decode_is_down(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "apiStatus", default, deserialize_with = "text_only")]
        status: Option<String>,
    }
    decode_object::<Body>(body)
        .is_ok_and(|body| body.status.is_some_and(|status| !status.trim().eq_ignore_ascii_case("up")))
}

/// A request as a client sends it.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the SDKs' fields")]
pub struct RequestPayload {
    pub sender_id: String,
    pub to: String,
    pub message: Option<String>,
    pub code_length: Option<i64>,
    pub code_validity: Option<i64>,
    pub code_type: Option<String>,
}

/// Reads a request.
pub fn decode_request(body: &[u8]) -> Result<RequestPayload, Fault> {
    let mut fields = Fields::decode(body)?;
    Ok(RequestPayload {
        sender_id: fields.text("senderId")?,
        to: fields.text("to")?,
        message: fields.text_or_none("message")?,
        code_length: fields.integer_or_none("codeLength")?,
        code_validity: fields.integer_or_none("codeValidity")?,
        code_type: fields.text_or_none("codeType")?,
    })
}

/// Reads a validation: the code.
pub fn decode_validate(body: &[u8]) -> Result<String, Fault> {
    Fields::decode(body)?.text("code")
}

/// An SMS as a client sends it.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the SDKs' fields")]
pub struct SmsPayload {
    pub to: String,
    pub from: String,
    pub text_body: String,
}

impl SmsPayload {
    fn read(mut fields: Fields) -> Result<Self, Fault> {
        Ok(Self { to: fields.text("to")?, from: fields.text("from")?, text_body: fields.text("textBody")? })
    }
}

/// Reads a list of SMS.
pub fn decode_sms(body: &[u8]) -> Result<Vec<SmsPayload>, Fault> {
    Fields::decode_list(body)?.into_iter().map(SmsPayload::read).collect()
}

/// Reads one SMS.
pub fn decode_single_sms(body: &[u8]) -> Result<SmsPayload, Fault> {
    SmsPayload::read(Fields::decode(body)?)
}

/// The response to a request that was taken.
pub fn encode_requested(id: &(impl Serialize + ?Sized)) -> Vec<u8> {
    encode(&json!({ "verifyId": id }))
}

/// The response to a validation, a cancellation or a resend.
pub fn encode_done(id: &(impl Serialize + ?Sized), word: Option<&str>) -> Vec<u8> {
    encode(&match word {
        Some(word) => json!([{ "verifyId": id, "status": word }]),
        None => json!([{ "verifyId": id }]),
    })
}

/// A request as a server says it is.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "the names of the SDKs' fields")]
pub struct ReadResponse<'a> {
    pub id: Value,
    pub message_id: Option<&'a str>,
    pub sender_id: Option<&'a str>,
    pub recipient_number: Option<&'a str>,
    pub code: Option<&'a str>,
    pub code_ttl: Option<u64>,
    pub status: &'a str,
    pub create_date: Option<SystemTime>,
    pub message: Option<&'a str>,
}

/// The response to a read; what is none is left out.
pub fn encode_read(read: &ReadResponse<'_>) -> Vec<u8> {
    encode(&without_null(json!({
        "id": read.id,
        "messageId": read.message_id,
        "senderId": read.sender_id,
        "recipientNumber": read.recipient_number,
        "code": read.code,
        "codeTTL": read.code_ttl,
        "status": read.status,
        "createDate": read.create_date.and_then(format_date),
        "message": read.message,
    })))
}

/// A problem document.
pub fn encode_problem(status: u16, title: &str, detail: &str) -> Vec<u8> {
    encode(&json!({
        "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html",
        "title": title,
        "status": status,
        "detail": detail,
    }))
}

/// The list of senders.
pub fn encode_senders(senders: &[Sender]) -> Vec<u8> {
    let list = senders.iter().map(|sender| {
        without_null(json!({
            "id": sender.id,
            "name": sender.name,
            "phoneNumber": sender.number,
            "senderStatus": sender.status,
        }))
    });
    encode(&Value::Array(list.collect()))
}

/// The response to an SMS: its message id.
pub fn encode_single_sms_sent(id: &str) -> Vec<u8> {
    encode(&json!({ "messageId": id }))
}

/// The response to a list of SMS: their message ids.
pub fn encode_sms_sent(ids: &[String]) -> Vec<u8> {
    encode(&ids.iter().map(|id| json!({ "messageId": id })).collect::<Value>())
}

/// The response to a ping, at this time: `Fri Jan 17 11:20:07 UTC 2020`.
pub fn encode_ping(now: SystemTime) -> Vec<u8> {
    let date = format_description!(
        version = 2,
        "[weekday repr:short] [month repr:short] [day] [hour]:[minute]:[second] UTC [year]"
    );
    encode(&without_null(json!({
        "apiStatus": "Up",
        "date": OffsetDateTime::from(now).format(date).ok(),
    })))
}

/// A text that is no number is left out.
fn without_null(mut object: Value) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.retain(|_, value| !value.is_null());
    }
    object
}

/// The word for an outcome in a response that has words: assumed.
pub const fn outcome_word(outcome: Outcome) -> &'static str {
    outcome.as_str()
}

/// The word for a state; only `pending` is published.
pub const fn state_word(state: State) -> &'static str {
    state.as_str()
}
