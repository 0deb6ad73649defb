//! A service that does what the wire contract says, as far as a client can see: what it keeps, and its right responses.

use std::collections::HashMap;

use serde_json::{Value, json};

/// A request of HTTP.
pub(crate) struct Arrived {
    pub(crate) method: String,
    /// Below the base URL.
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// What a client asks for.
pub(crate) enum Asked {
    Request {
        number: String,
    },
    Validate {
        id: String,
        code: String,
    },
    Cancel {
        id: String,
    },
    Resend {
        id: String,
    },
    Get {
        id: String,
    },
    Ping,
    Senders,
    /// An SMS of the client's own text, alone or in a list.
    Sms {
        in_a_list: bool,
    },
}

impl Asked {
    /// Which call it is, and whether it is one of V2; nothing where no version has such a call.
    pub(crate) fn read(arrived: &Arrived) -> Option<(Self, bool)> {
        let body: Value = serde_json::from_slice(&arrived.body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let path: Vec<&str> = arrived.path.trim_matches('/').split('/').collect();
        Some(match (arrived.method.as_str(), path.as_slice()) {
            ("POST", ["verify", "request"]) => (Self::Request { number: text("number") }, false),
            ("POST", ["verify", "validate"]) => (Self::Validate { id: text("requestId"), code: text("code") }, false),
            ("POST", ["verify", "cancel"]) => (Self::Cancel { id: text("requestId") }, false),
            ("POST", ["v2", "verify", "request"]) => (Self::Request { number: text("to") }, true),
            ("POST", ["v2", "verify", id, "validate"]) => {
                (Self::Validate { id: (*id).to_owned(), code: text("code") }, true)
            }
            ("POST", ["v2", "verify", id, "cancel"]) => (Self::Cancel { id: (*id).to_owned() }, true),
            ("POST", ["v2", "verify", id, "resend"]) => (Self::Resend { id: (*id).to_owned() }, true),
            ("GET", ["v2", "verify", id]) => (Self::Get { id: (*id).to_owned() }, true),
            ("POST", ["commons", "ping"]) => (Self::Ping, false),
            ("POST", ["sms", "senders"]) => (Self::Senders, false),
            ("POST", ["sms", "send"]) => (Self::Sms { in_a_list: false }, false),
            ("POST", ["v2", "sms", "messages", "action", "send"]) => (Self::Sms { in_a_list: true }, true),
            ("POST", ["v2", "sms", "messages", "action", "send", "single"]) => (Self::Sms { in_a_list: false }, true),
            ("GET", ["v2", "ping"]) => (Self::Ping, true),
            ("GET", ["v2", "sms", "senders"]) => (Self::Senders, true),
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Verified,
    Cancelled,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Cancelled => "cancelled",
        }
    }
}

#[derive(Clone)]
struct Request {
    state: State,
    number: String,
}

/// How V2 responds to a validation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ways {
    /// With a status word.
    pub(crate) words: bool,
    /// A wrong code with a 400.
    pub(crate) wrong_is_400: bool,
    /// Whatever is resent with a 400.
    pub(crate) refuses_resends: bool,
}

#[derive(Clone)]
pub(crate) struct World {
    ways: Ways,
    /// Every request's.
    code: String,
    requests: HashMap<String, Request>,
}

/// A right response.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// How many SMS it sent.
    pub(crate) sms: u32,
    /// Whether it says that a request is verified.
    pub(crate) says_verified: bool,
}

impl World {
    /// One with a pending request.
    pub(crate) fn new(ways: Ways, id: &str, number: &str, code: &str) -> Self {
        let request = Request { state: State::Pending, number: number.to_owned() };
        Self { ways, code: code.to_owned(), requests: HashMap::from([(id.to_owned(), request)]) }
    }

    pub(crate) fn response(&mut self, asked: &Asked, is_v2: bool) -> Reply {
        let reply = |status, body| Reply { status, body, sms: 0, says_verified: false };
        match asked {
            Asked::Request { number } => {
                let id = format!("{:032x}", self.requests.len());
                self.requests.insert(id.clone(), Request { state: State::Pending, number: number.clone() });
                let (status, body) = if is_v2 {
                    (201, json!({"verifyId": id}))
                } else {
                    (200, json!({"requestId": id, "status": "Ok"}))
                };
                Reply { sms: 1, ..reply(status, body) }
            }
            Asked::Sms { .. } if !is_v2 => Reply { sms: 1, ..reply(200, json!({})) },
            Asked::Sms { in_a_list: true } => Reply { sms: 1, ..reply(201, json!([{"messageId": "1"}])) },
            Asked::Sms { in_a_list: false } => Reply { sms: 1, ..reply(201, json!({"messageId": "1"})) },
            Asked::Ping => reply(200, json!({})),
            Asked::Senders => reply(200, json!([{"id": "1234", "senderHash": "1234", "name": "Acme"}])),
            Asked::Validate { id, .. } | Asked::Cancel { id } | Asked::Resend { id } | Asked::Get { id } => {
                let Some(request) = self.requests.get_mut(id) else {
                    return reply(404, json!({"title": "Not Found", "status": 404}));
                };
                if is_v2 { v2(self.ways, &self.code, id, request, asked) } else { v1(&self.code, id, request, asked) }
            }
        }
    }
}

fn v1(right: &str, id: &str, request: &mut Request, asked: &Asked) -> Reply {
    let (before, word) = (request.state, |state: State| match state {
        State::Pending => "Not_Verified",
        State::Verified => "Already_Verified",
        State::Cancelled => "Cancelled",
    });
    let word = match (asked, before) {
        (Asked::Validate { code, .. }, State::Pending) if code == right => {
            request.state = State::Verified;
            "Verified"
        }
        (Asked::Cancel { .. }, State::Pending) => {
            request.state = State::Cancelled;
            "Cancelled"
        }
        (_, before) => word(before),
    };
    Reply { status: 200, body: json!({"requestId": id, "status": word}), sms: 0, says_verified: word == "Verified" }
}

fn v2(ways: Ways, right: &str, id: &str, request: &mut Request, asked: &Asked) -> Reply {
    let reply = |status, body| Reply { status, body, sms: 0, says_verified: false };
    let refused = || reply(400, json!({"title": "Bad Request", "status": 400}));
    let done = || reply(200, json!([{"verifyId": id}]));
    match (asked, request.state) {
        (Asked::Get { .. }, state) => {
            let body = json!({
                "id": id, "recipientNumber": request.number, "code": right, "codeTTL": 600, "status": state.word(),
                "createDate": "2020-03-06T11:57:34Z",
            });
            Reply { says_verified: state == State::Verified, ..reply(200, body) }
        }
        (Asked::Validate { code, .. }, State::Pending) => {
            let is_right = code == right;
            if is_right {
                request.state = State::Verified;
            } else if ways.wrong_is_400 {
                return refused();
            }
            if !ways.words {
                return done();
            }
            let word = if is_right { "verified" } else { "wrong_code" };
            Reply { says_verified: is_right, ..reply(200, json!([{"verifyId": id, "status": word}])) }
        }
        (Asked::Cancel { .. }, state) => {
            if state == State::Pending {
                request.state = State::Cancelled;
            }
            done()
        }
        (Asked::Resend { .. }, State::Pending) if !ways.refuses_resends => Reply { sms: 1, ..done() },
        _ => refused(),
    }
}
