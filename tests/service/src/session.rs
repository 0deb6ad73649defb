//! What one client sees: a world of its own, and what goes wrong there.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::steps::{Action, Texts, actions};
use crate::table::{Fault, Table};
use crate::world::{Arrived, Asked, Ways, World};

/// How likely it is that something goes wrong with an exchange, and with a connection before any.
const FAULT: f64 = 0.5;
const GREETING: f64 = 0.05;

pub(crate) struct Session {
    world: World,
    script: Script,
    /// Whether something was submitted, so that a read is one of what came of it.
    is_submitted: bool,
    struck: u32,
    seen: Seen,
    /// The calls for an SMS.
    sms_calls: Vec<Value>,
}

pub(crate) enum Script {
    /// Nothing goes wrong.
    Good,
    /// This fault strikes this exchange.
    Fault { fault: usize, on: String },
    /// Anything may go wrong.
    Random(Box<StdRng>),
}

/// What the service saw since it was last asked.
#[derive(Default)]
struct Seen {
    requests: u32,
    /// How often the exchange that a fault strikes arrived, and how often somebody connected where none can.
    tries: u32,
    submits: u32,
    sms: u32,
    /// How often it said clearly that a request is verified.
    verified: u32,
}

impl Session {
    pub(crate) fn new(table: &Table, script: Script) -> Self {
        let refuses_resends = matches!(&script, Script::Fault { on, .. } if on == "reread");
        let ways = Ways { words: false, wrong_is_400: false, refuses_resends };
        Self::with(table, script, ways)
    }

    fn with(table: &Table, script: Script, ways: Ways) -> Self {
        Self {
            world: World::new(ways, &table.id, &table.number, &table.code),
            script,
            is_submitted: false,
            struck: 0,
            seen: Seen::default(),
            sms_calls: Vec::new(),
        }
    }

    /// A session of this seed, and the calls that are to be made in it.
    pub(crate) fn random(table: &Table, seed: u64) -> (Self, Value) {
        let mut random = StdRng::seed_from_u64(seed);
        let is_v2 = random.random_bool(0.6);
        let ways =
            Ways { words: random.random_bool(0.3), wrong_is_400: random.random_bool(0.3), refuses_resends: false };
        let verbs: &[&str] = if is_v2 {
            &["request", "validate", "validate", "validate", "cancel", "resend", "resend", "get", "ping", "senders"]
        } else {
            &["request", "validate", "validate", "cancel"]
        };
        let first = std::iter::once("request");
        let more = random.random_range(3..8);
        let calls: Vec<Value> = first
            .chain((0..more).map(|_| verbs.choose(&mut random).copied().unwrap_or("request")).collect::<Vec<_>>())
            .map(|verb| match verb {
                "validate" if random.random_bool(0.7) => json!({"verb": verb, "code": table.code}),
                "validate" => json!({"verb": verb, "code": "000000"}),
                _ => json!({"verb": verb}),
            })
            .collect();
        let api = if is_v2 { "v2" } else { "v1" };
        (Self::with(table, Script::Random(Box::new(random)), ways), json!({"api": api, "calls": calls}))
    }

    /// Somebody connected where nothing is asked.
    pub(crate) fn connected(&mut self) {
        self.seen.tries += 1;
    }

    /// What is done to a connection before any request.
    pub(crate) fn greeting(&mut self) -> Option<Action> {
        let Script::Random(random) = &mut self.script else { return None };
        let strikes = random.random_bool(GREETING);
        let greeting = if random.random_bool(0.5) { Action::Close } else { Action::Reset };
        strikes.then_some(greeting)
    }

    /// What is done in response to a request.
    pub(crate) fn response(&mut self, table: &Table, arrived: &Arrived, url: &str) -> Vec<Action> {
        self.seen.requests += 1;
        let Some((asked, is_v2)) = Asked::read(arrived) else {
            return actions(&[], &Texts::new(table, 404, &json!({}), url));
        };
        let name = match &asked {
            Asked::Request { .. } => "request",
            Asked::Validate { .. } => "validate",
            Asked::Cancel { .. } => "cancel",
            Asked::Resend { .. } => "resend",
            Asked::Get { .. } if self.is_submitted => "reread",
            Asked::Get { .. } => "read",
            Asked::Ping => "ping",
            Asked::Senders => "senders",
            Asked::Sms { .. } => "sms",
        };
        if name == "sms" {
            self.sms_calls.push(sms_call(arrived));
        }
        self.is_submitted |= matches!(name, "validate" | "cancel" | "resend");
        self.seen.submits += u32::from(name == "validate");
        let fault = self.strikes(table, name);
        let mut after = self.world.clone();
        let reply = after.response(&asked, is_v2);
        if fault.is_none_or(|fault| fault.accepts) {
            self.world = after;
            self.seen.sms += reply.sms;
        }
        if fault.is_none_or(Fault::is_good) {
            self.seen.verified += u32::from(reply.says_verified);
        }
        let texts = Texts::new(table, reply.status, &reply.body, url);
        actions(fault.map_or(&[], |fault| &fault.does), &texts)
    }

    fn strikes<'a>(&mut self, table: &'a Table, name: &str) -> Option<&'a Fault> {
        let at = match &mut self.script {
            Script::Good => None,
            Script::Fault { fault, on } if on == name => {
                self.seen.tries += 1;
                let is_over = table.faults[*fault].times.is_some_and(|times| self.struck >= times);
                self.struck += 1;
                (!is_over).then_some(*fault)
            }
            Script::Fault { .. } => None,
            Script::Random(random) => {
                if random.random_bool(FAULT) {
                    table.drawn().choose(random).copied()
                } else {
                    None
                }
            }
        };
        at.map(|at| &table.faults[at])
    }

    /// What was seen since this was last asked.
    pub(crate) fn seen(&mut self) -> Value {
        let Seen { requests, tries, submits, sms, verified } = std::mem::take(&mut self.seen);
        json!({"requests": requests, "tries": tries, "submits": submits, "sms": sms, "verified": verified})
    }

    /// The calls for an SMS since this was last asked.
    pub(crate) fn sms_calls(&mut self) -> Value {
        json!({"sms_calls": std::mem::take(&mut self.sms_calls)})
    }
}

/// Without its text, which has a code that is drawn, and without the key.
fn sms_call(arrived: &Arrived) -> Value {
    let mut body: Value = serde_json::from_slice(&arrived.body).unwrap_or_default();
    let each = match &mut body {
        Value::Array(list) => list.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    for sms in each.iter_mut().filter_map(Value::as_object_mut) {
        sms.remove("textBody");
        sms.remove("message");
        sms.remove("apikey");
    }
    json!({"path": arrived.path.trim_matches('/'), "body": body})
}
