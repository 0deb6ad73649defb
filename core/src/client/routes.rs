//! The URL of each call, made once.

use url::Url;

use super::options::{Api, ClientOptions};
use super::transport::is_loopback;
use crate::error::{Error, Reason};
use crate::values::RequestId;

/// The base URL of V1's other calls in public clients of E-goi.
const V1_BASE: &str = "https://www51.e-goi.com/api/public";
const V2_BASE: &str = "https://slingshot.egoiapp.com/api";

pub(super) enum Routes {
    V1(Box<V1>),
    V2(Box<V2>),
}

pub(super) struct V1 {
    pub(super) request: Url,
    pub(super) validate: Url,
    pub(super) cancel: Url,
    pub(super) ping: Url,
    pub(super) senders: Url,
    pub(super) send_sms: Url,
}

pub(super) struct V2 {
    pub(super) request: Url,
    pub(super) get: Named,
    pub(super) validate: Named,
    pub(super) cancel: Named,
    pub(super) resend: Named,
    pub(super) ping: Url,
    pub(super) senders: Url,
    pub(super) send_sms: Url,
}

/// A URL with a place for a request's id, in its path or its query. It is parsed once: to parse a URL costs 3 % of a call.
pub(super) struct Named {
    url: Url,
    before: String,
    after: String,
    is_in_query: bool,
}

impl Named {
    /// Stands in the URL that is parsed, and in no path of anybody.
    const MARK: &str = "egoi-verify-request-id";

    /// None where the place is in neither.
    fn new(url: Url) -> Option<Self> {
        let split = |part: &str| {
            let (before, after) = part.split_once(Self::MARK)?;
            Some((before.to_owned(), after.to_owned()))
        };
        let (is_in_query, (before, after)) = match (split(url.path()), url.query().and_then(split)) {
            (Some(path), None) => (false, path),
            (None, Some(query)) => (true, query),
            _ => return None,
        };
        Some(Self { url, before, after, is_in_query })
    }

    pub(super) fn of(&self, id: &RequestId) -> Url {
        let mut url = self.url.clone();
        let part = [self.before.as_str(), id.as_str(), self.after.as_str()].concat();
        if self.is_in_query {
            url.set_query(Some(&part));
        } else {
            url.set_path(&part);
        }
        url
    }
}

/// The base URL, which may not carry the key to strangers.
pub(super) fn checked_base(options: &ClientOptions) -> Result<Url, Error> {
    let refuse = |reason, fault: &str| Error::invalid_input("base_url", reason, fault);
    let given = match (&options.base_url, options.api) {
        (Some(given), _) => given.trim(),
        (None, Api::V2) => V2_BASE,
        (None, Api::V1) => V1_BASE,
    };
    let base =
        Url::parse(given).map_err(|_| refuse(Reason::Malformed, "is not a URL; it must begin with `https://`"))?;
    if !base.username().is_empty() || base.password().is_some() {
        return Err(refuse(Reason::Malformed, "has a user name or password, which is not accepted"));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(refuse(Reason::Malformed, "has a `?` or `#`, which is not accepted"));
    }
    match base.scheme() {
        "https" => Ok(base),
        "http" if options.allow_http || is_loopback(&base) => Ok(base),
        "http" => Err(refuse(
            Reason::NotHttps,
            "is plain HTTP to an address that is not loopback; use `https://`, or allow it with `allow_http` \
             (`EGOI_ALLOW_HTTP=1`)",
        )),
        _ => Err(refuse(Reason::Malformed, "has an unknown scheme; it must begin with `https://`")),
    }
}

impl Routes {
    pub(super) fn new(options: &ClientOptions, base: &Url) -> Result<Self, Error> {
        Ok(match options.api {
            Api::V1 => {
                let fixed = |path: &str| fixed(base, "v1_paths", path);
                let paths = &options.v1_paths;
                Self::V1(Box::new(V1 {
                    request: fixed(&paths.request)?,
                    validate: fixed(&paths.validate)?,
                    cancel: fixed(&paths.cancel)?,
                    ping: fixed(&paths.ping)?,
                    senders: fixed(&paths.senders)?,
                    send_sms: fixed(&paths.send_sms)?,
                }))
            }
            Api::V2 => {
                let fixed = |path: &str| fixed(base, "v2_paths", path);
                let named = |path: &str| named(base, "v2_paths", path);
                let paths = &options.v2_paths;
                Self::V2(Box::new(V2 {
                    request: fixed(&paths.request)?,
                    get: named(&paths.get)?,
                    validate: named(&paths.validate)?,
                    cancel: named(&paths.cancel)?,
                    resend: named(&paths.resend)?,
                    ping: fixed(&paths.ping)?,
                    senders: fixed(&paths.senders)?,
                    send_sms: fixed(&paths.send_sms)?,
                }))
            }
        })
    }
}

fn below(base: &Url, path: &str) -> String {
    format!("{}/{}", base.as_str().trim_end_matches('/'), path.trim_start_matches('/'))
}

fn fixed(base: &Url, field: &str, path: &str) -> Result<Url, Error> {
    let refuse =
        |fault: &str| Error::invalid_input(field, Reason::Malformed, format_args!("has the path {path:?}, {fault}"));
    if path.is_empty() || path.contains(['{', '}', '#', '\\']) || path.chars().any(|c| c.is_control() || c == ' ') {
        return Err(refuse("which is empty or has a character that is not allowed"));
    }
    Url::parse(&below(base, path)).map_err(|_| refuse("which makes no valid URL"))
}

fn named(base: &Url, field: &'static str, path: &str) -> Result<Named, Error> {
    const PLACE: &str = "{id}";
    let refuse = || {
        Error::invalid_input(
            field,
            Reason::NoPlaceholder,
            format_args!("has the path {path:?}; it must have `{PLACE}` exactly once"),
        )
    };
    if path.matches(PLACE).count() != 1 {
        return Err(refuse());
    }
    Named::new(fixed(base, field, &path.replace(PLACE, Named::MARK))?).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::super::options::{V1Paths, V2Paths};
    use super::*;

    #[test]
    fn an_id_gives_the_url_that_parsing_gives() -> Result<(), Box<dyn std::error::Error>> {
        let base = Url::parse("https://example.com/api")?;
        for path in ["v2/verify/{id}", "ä/{id}/code", "x/../{id}.json", "get?full=ü&id={id}", "{id}?a=%2F"] {
            let named = named(&base, "v2_paths", path)?;
            for id in ["9a7c0de1f2b34455", "A-z_0.9", "..."] {
                let parsed = Url::parse(&below(&base, &path.replace("{id}", id)))?;
                assert_eq!(named.of(&RequestId::parse(id)?), parsed, "{path} {id}");
            }
        }
        Ok(())
    }

    #[test]
    fn every_base_url_and_path_has_its_source() {
        let V1Paths { request, validate, cancel, ping, senders, send_sms } = V1Paths::default();
        let mut all = vec![V1_BASE.to_owned(), request, validate, cancel, ping, senders, send_sms];
        let V2Paths { request, get, validate, cancel, resend, ping, senders, send_sms } = V2Paths::default();
        all.extend([V2_BASE.to_owned(), request, get, validate, cancel, resend, ping, senders, send_sms]);
        let sources = include_str!("../wire/sources.md");
        all.retain(|part| !sources.contains(&format!("`{part}`")));
        assert_eq!(all, Vec::<String>::new());
    }
}
