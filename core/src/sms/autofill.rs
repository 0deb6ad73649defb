//! The last lines of an SMS, which tell a phone the site or the app of the code.

use super::parts::{SmsEncoding, sms_parts};
use crate::error::{Error, Reason};

const CODE: &str = "{CODE}";

/// Adds the line `@host #{CODE}`. Browsers and iOS then offer the code only to this site.
///
/// The format is WICG's [Origin-bound one-time codes delivered via SMS](https://wicg.github.io/sms-one-time-codes/). The line must
/// stay the last one: add an app hash before it. `host` is a domain name of at most 253 characters and at least two labels,
/// without scheme, port or path. It is lower-cased. Give an international name as punycode (`xn--…`).
///
/// ```
/// use egoi_verify::with_origin;
///
/// # fn main() -> Result<(), egoi_verify::Error> {
/// let message = with_origin("Your code is {CODE}", "shop.example")?;
/// assert!(message.ends_with("\n@shop.example #{CODE}"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// `invalid_input` of `host` if it is not such a name. `invalid_input` of `message` if it has no `{CODE}`, already ends with such a
/// line, or ends with an app hash and would exceed the limit of [`with_app_hash`].
pub fn with_origin(message: &str, host: &str) -> Result<String, Error> {
    let host = domain_name(host)?;
    check_template(message)?;
    let text = format!("{message}\n@{host} #{CODE}");
    if is_app_hash(last_line(message)) {
        check_retriever_size(&text)?;
    }
    Ok(text)
}

/// Adds the 11-character hash of an app as the last line. Android's SMS Retriever then gives the SMS only to this app.
///
/// Google's rule ([Perform SMS verification on a server](https://developers.google.com/identity/sms-retriever/verify)) is an SMS
/// of at most 140 bytes with the hash. The prefix `<#>` is not required any more. The page does not define a byte. Here a GSM 7-bit
/// septet is one byte, and a UTF-16 unit is two. Each `{CODE}` counts as 6 characters: leave room for a longer code.
///
/// ```
/// use egoi_verify::with_app_hash;
///
/// # fn main() -> Result<(), egoi_verify::Error> {
/// assert!(with_app_hash("Your code is {CODE}", "FA+9qCX9VSu")?.ends_with("\nFA+9qCX9VSu"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// `invalid_input` of `hash` if it is not 11 characters of `A-Z a-z 0-9 + /`. `invalid_input` of `message` if it has no `{CODE}`,
/// is too long, or already ends with a hash or with an origin-bound line, which must stay the last line.
pub fn with_app_hash(message: &str, hash: &str) -> Result<String, Error> {
    if !is_app_hash(hash) {
        return Err(Error::invalid_input(
            "hash",
            Reason::Malformed,
            "is not an app hash; it must have 11 characters of `A-Z a-z 0-9 + /`",
        ));
    }
    check_template(message)?;
    if is_app_hash(last_line(message)) {
        return Err(Error::invalid_input(
            "message",
            Reason::AlreadyThere,
            "already ends with an app hash; one is allowed",
        ));
    }
    let text = format!("{message}\n{hash}");
    check_retriever_size(&text)?;
    Ok(text)
}

/// The host and the code of an origin-bound last line. Line ends and spaces that a carrier added are ignored.
pub(super) fn origin_line(text: &str) -> Option<(&str, &str)> {
    let (host, rest) = last_line(text).strip_prefix('@')?.split_once(' ')?;
    let code = rest.strip_prefix('#')?.split(|c: char| c.is_ascii_whitespace()).next()?;
    let is_token = |token: &str| !token.is_empty() && !token.contains(|c: char| c.is_ascii_whitespace());
    (is_token(host) && is_token(code)).then_some((host, code))
}

/// Whether this is 11 characters of the base64 alphabet.
pub(super) fn is_app_hash(line: &str) -> bool {
    line.len() == 11 && line.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

/// The last line that is not empty.
pub(super) fn last_line(text: &str) -> &str {
    text.trim_end().rsplit(['\n', '\r']).next().unwrap_or_default()
}

fn check_template(message: &str) -> Result<(), Error> {
    if !message.contains(CODE) {
        return Err(Error::invalid_input(
            "message",
            Reason::NoPlaceholder,
            "has no `{CODE}`; it must have at least one",
        ));
    }
    if origin_line(message).is_some() {
        return Err(Error::invalid_input(
            "message",
            Reason::AlreadyThere,
            "already ends with an origin-bound line; that line must stay the last",
        ));
    }
    Ok(())
}

fn check_retriever_size(text: &str) -> Result<(), Error> {
    let sms = sms_parts(&text.replace(CODE, "000000"));
    let bytes = match sms.encoding {
        SmsEncoding::Gsm7 => sms.characters,
        SmsEncoding::Ucs2 => sms.characters.saturating_mul(2),
    };
    if bytes > 140 {
        let fault = format_args!(
            "has {bytes} bytes with the app hash and a code of 6 characters; the maximum of SMS Retriever is 140 bytes"
        );
        return Err(Error::invalid_input("message", Reason::TooLong, fault));
    }
    Ok(())
}

fn domain_name(host: &str) -> Result<String, Error> {
    let fault = |reason, fault: &str| Err(Error::invalid_input("host", reason, fault));
    if !host.is_ascii() {
        return fault(
            Reason::BadCharacter,
            "has characters outside ASCII; write an international name as punycode (xn--…)",
        );
    }
    if host.len() > 253 {
        return fault(Reason::TooLong, "is too long; the maximum is 253 characters");
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !host.split('.').all(is_label) {
        return fault(Reason::Malformed, "is not a domain name; it must have no scheme, port, path or spaces");
    }
    // No top-level domain begins with a digit, and every notation of an IPv4 address ends in a part that does.
    match host.rsplit_once('.') {
        Some((_, top)) if top.starts_with(|c: char| c.is_ascii_alphabetic()) => Ok(host.to_ascii_lowercase()),
        _ => fault(
            Reason::Malformed,
            "is not a domain name such as example.com; an IP address or a single label is not allowed",
        ),
    }
}
