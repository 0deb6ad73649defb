//! What a sandbox knows.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::{StdRng, SysRng};
use serde::{Serialize, Serializer};
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::sync::broadcast;
use zeroize::Zeroizing;

use super::SandboxOptions;
use super::faults::Faults;
use super::inbox::{Inbox, Message};
use crate::engine::{DrawCode, Engine, EngineOptions, OutgoingSms};
use crate::error::{Error, Reason};
use crate::generate::{draw_bits, draw_code, fill};
use crate::machine::Timestamp;
use crate::sms::{MessageTemplate, code_in_sms, sms_parts};
use crate::store::{Clock as _, MemoryStore, Store, StoredRequest, TestClock};
use crate::values::{ApiKey, Code, CodeSize, CodeType, PhoneNumber, RequestId, Validity};
use crate::verification::{Outcome, Terms, ValidateOptions};
use crate::wire::v2::Sender;

/// Long enough to be for ever: a sandbox keeps finished requests until it is reset.
const FOR_EVER: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// Integers that stand for ids count up from here.
const FIRST_INTEGER_ID: u64 = 1000;

/// A load test must not fill the memory: older entries go.
const MAX_JOURNALED: usize = 10_000;

tokio::task_local! {
    /// Who asked for the request whose SMS is being sent.
    static ASKED_BY: String;
}

/// What a sandbox knows.
pub(crate) struct SandboxState {
    pub(crate) engine: Engine,
    store: Arc<MemoryStore>,
    pub(crate) gateway: Arc<SandboxGateway>,
    pub(crate) faults: Faults,
    pub(crate) key: Option<ApiKey>,
    pub(crate) v2_words: bool,
    /// Whether V2's status for a wrong code is 400, or 200 as for a right one.
    pub(crate) v2_wrong_is_400: bool,
    /// The senders of the account.
    pub(crate) senders: Vec<String>,
    pub(crate) own_limits: bool,
    /// Requests that have an integer in the place of their id: the first is [`FIRST_INTEGER_ID`].
    integer_ids: Mutex<Vec<String>>,
    /// Host names that programs may call it by, beside `localhost` and addresses.
    pub(crate) allowed_hosts: Vec<String>,
    seeded: Option<Arc<Seeded>>,
    journal: Mutex<VecDeque<Entry>>,
}

/// The gateway of the sandbox's engine: an inbox in place of a network.
pub(crate) struct SandboxGateway {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) inbox: Inbox,
    latest_sms: Mutex<HashMap<String, LatestSms>>,
    events: broadcast::Sender<Event>,
}

/// The same codes in every run.
struct Seeded {
    seed: u64,
    generator: Mutex<StdRng>,
}

/// What a read of V2 says of a request beyond its state.
#[derive(Clone)]
pub(crate) struct LatestSms {
    pub(crate) message_id: String,
    pub(crate) sender: String,
    pub(crate) code: String,
    pub(crate) text: String,
}

/// What a wire asks for.
pub(crate) struct RequestFields {
    pub(crate) message: String,
    /// Where the code goes in the message.
    pub(crate) place: &'static str,
    pub(crate) code_type: CodeType,
    pub(crate) code_size: Option<u32>,
    /// In seconds.
    pub(crate) ttl: Option<u64>,
    pub(crate) group: String,
}

/// A request, and how its caller names it.
pub(crate) struct NamedRequest {
    pub(crate) id: String,
    integer: Option<u64>,
}

impl NamedRequest {
    pub(crate) fn by_id(id: String) -> Self {
        Self { id, integer: None }
    }
}

impl Serialize for NamedRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.integer {
            Some(integer) => serializer.serialize_u64(integer),
            None => serializer.serialize_str(&self.id),
        }
    }
}

/// A call that was made. No key, no code, no message; the number masked.
#[derive(Clone, Serialize)]
pub(crate) struct Entry {
    pub(crate) at: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) call: Option<&'static str>,
    pub(crate) number: Option<String>,
    pub(crate) status: Option<u16>,
}

/// A server-sent event.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) data: String,
}

/// A request as the inbox page and scripts see it.
#[derive(Serialize)]
pub(crate) struct RequestView {
    id: String,
    number: String,
    state: &'static str,
    sms: &'static str,
    created_at: String,
    expires_at: String,
    attempts: u32,
    resends: u32,
}

#[derive(Serialize)]
pub(crate) struct ClockView {
    now: String,
    frozen: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SandboxState {
    pub(crate) fn new(options: &SandboxOptions, code: Option<Code>, key: Option<ApiKey>) -> Result<Arc<Self>, Error> {
        let clock = Arc::new(TestClock::default());
        let store = Arc::new(MemoryStore::with_clock(u64::MAX, Arc::<TestClock>::clone(&clock)));
        let gateway = Arc::new(SandboxGateway {
            clock,
            inbox: Inbox::default(),
            latest_sms: Mutex::default(),
            events: broadcast::Sender::new(1024),
        });
        let seeded =
            options.seed.map(|seed| Arc::new(Seeded { seed, generator: Mutex::new(StdRng::seed_from_u64(seed)) }));
        let draw: Box<DrawCode> = {
            let seeded = seeded.clone();
            Box::new(move |terms| match (&code, &seeded) {
                (Some(code), _) => Ok(code.clone()),
                (None, Some(seeded)) => draw_code(terms.code_type, terms.code_size, &mut *lock(&seeded.generator)),
                (None, None) => draw_code(terms.code_type, terms.code_size, &mut SysRng),
            })
        };
        let mut engine_key = Zeroizing::new([0; 32]);
        fill(&mut SysRng, &mut *engine_key)?;
        let engine_options = EngineOptions::default()
            .without_limits()
            .store(Store::custom(Arc::<MemoryStore>::clone(&store)).key(*engine_key).retention(FOR_EVER));
        let deliver = {
            let gateway = Arc::clone(&gateway);
            move |sms: OutgoingSms| {
                gateway.deliver(&sms);
                std::future::ready(Ok(()))
            }
        };
        Ok(Arc::new(Self {
            engine: Engine::drawing(deliver, engine_options, draw)?,
            store,
            gateway,
            faults: Faults::default(),
            key,
            v2_words: options.v2_words,
            v2_wrong_is_400: options.v2_wrong == 400,
            senders: options.senders.clone(),
            own_limits: options.own_limits,
            integer_ids: Mutex::default(),
            allowed_hosts: options.allowed_hosts.clone(),
            seeded,
            journal: Mutex::default(),
        }))
    }

    /// Runs a request on behalf of a sender, whom its SMS then names.
    pub(crate) async fn request(&self, sender: String, number: PhoneNumber, terms: Terms) -> Result<String, Error> {
        let made = ASKED_BY.scope(sender, self.engine.request_with(number, terms)).await?;
        self.publish_request(&made.id);
        Ok(made.id)
    }

    /// The terms of a request; the errors name the library's options.
    pub(crate) fn terms(&self, asked: RequestFields) -> Result<Terms, Error> {
        let size = |size| if self.own_limits { CodeSize::new(size) } else { CodeSize::documented(size) };
        let code_size = asked.code_size.map_or(Ok(CodeSize::default()), size)?;
        if self.own_limits {
            // What is checked is how long it is and what it consists of, wherever the code goes.
            MessageTemplate::new(&asked.message.replace(asked.place, MessageTemplate::PLACE), code_size)?;
        }
        Ok(Terms {
            message: MessageTemplate::with_place(asked.message, asked.place),
            code_type: asked.code_type,
            code_size,
            validity: asked.ttl.map_or(Ok(Validity::default()), |ttl| Validity::new(Duration::from_secs(ttl)))?,
            group: asked.group,
        })
    }

    pub(crate) fn list_senders(&self) -> Vec<Sender> {
        let sender = |id: &String| Sender {
            id: id.clone(),
            name: Some("Sandbox".to_owned()),
            number: None,
            status: Some("active".to_owned()),
        };
        self.senders.iter().map(sender).collect()
    }

    /// Refuses a sender that the account does not have; `field` is the wire's name for it.
    pub(crate) fn check_sender(&self, field: &str, sender: &str) -> Result<(), Error> {
        if self.senders.iter().any(|known| known == sender) {
            return Ok(());
        }
        Err(Error::invalid_input(field, Reason::UnknownValue, "is not a sender of the account"))
    }

    /// From now on this request goes by an integer.
    pub(crate) fn name_by_integer(&self, id: String) -> NamedRequest {
        let mut integers = lock(&self.integer_ids);
        integers.push(id.clone());
        NamedRequest { id, integer: Some(FIRST_INTEGER_ID + integers.len() as u64 - 1) }
    }

    /// The request that a path names, which may be by an integer.
    pub(crate) fn named(&self, path: &str) -> NamedRequest {
        let integer = path.parse::<u64>().ok();
        let at = integer.and_then(|integer| usize::try_from(integer.checked_sub(FIRST_INTEGER_ID)?).ok());
        let id = at.and_then(|at| lock(&self.integer_ids).get(at).cloned());
        NamedRequest { integer: integer.filter(|_| id.is_some()), id: id.unwrap_or_else(|| path.to_owned()) }
    }

    /// Submits a code.
    pub(crate) async fn validate(&self, id: &str, code: &str) -> Result<Outcome, Error> {
        // No code is made of an exclamation mark.
        let every_code_is_wrong = self.number_of(id).and_then(Part::of) == Some(Part::EveryCodeWrong);
        let code = if every_code_is_wrong { "!" } else { code };
        let outcome = self.engine.validate(id, code, ValidateOptions::default()).await;
        self.publish_request(id);
        outcome
    }

    /// Whether a key is accepted: any but an empty one, unless there is one that it must be.
    pub(crate) fn accepts(&self, key: &str) -> bool {
        self.key.as_ref().map_or(!key.is_empty(), |right| right.expose().as_bytes().ct_eq(key.as_bytes()).into())
    }

    /// The number that a request is for.
    pub(crate) fn number_of(&self, id: &str) -> Option<PhoneNumber> {
        self.view(id).map(|stored| stored.number)
    }

    /// What the latest SMS of a request said.
    pub(crate) fn latest_sms(&self, id: &str) -> Option<LatestSms> {
        lock(&self.gateway.latest_sms).get(id).cloned()
    }

    /// A request as it stands.
    pub(crate) fn view(&self, id: &str) -> Option<StoredRequest> {
        self.store.peek(RequestId::parse(id).ok()?.bits()?)
    }

    pub(crate) fn requests(&self) -> Vec<RequestView> {
        self.store.list().iter().map(|(id, stored)| RequestView::new(&RequestId::from_bits(*id), stored)).collect()
    }

    pub(crate) fn journal(&self) -> Vec<Entry> {
        lock(&self.journal).iter().cloned().collect()
    }

    pub(crate) fn write_down(&self, entry: Entry) {
        let mut journal = lock(&self.journal);
        journal.push_back(entry);
        if journal.len() > MAX_JOURNALED {
            journal.pop_front();
        }
    }

    pub(crate) fn reset(&self) {
        self.store.clear();
        self.faults.clear();
        lock(&self.journal).clear();
        lock(&self.integer_ids).clear();
        self.gateway.inbox.clear();
        lock(&self.gateway.latest_sms).clear();
        if let Some(seeded) = &self.seeded {
            *lock(&seeded.generator) = StdRng::seed_from_u64(seeded.seed);
        }
        self.gateway.publish("reset", &());
    }

    pub(crate) fn empty_inbox(&self) {
        self.gateway.inbox.clear();
        self.gateway.publish("emptied", &());
    }

    pub(crate) fn clock(&self) -> ClockView {
        ClockView { now: rfc3339(self.gateway.clock.now()), frozen: self.gateway.clock.is_frozen() }
    }

    pub(crate) fn publish_clock(&self) {
        self.gateway.publish("clock", &self.clock());
    }

    pub(crate) fn publish_request(&self, id: &str) {
        if let (Some(stored), Ok(id)) = (self.view(id), RequestId::parse(id)) {
            self.gateway.publish("request", &RequestView::new(&id, &stored));
        }
    }
}

impl SandboxGateway {
    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    fn publish(&self, name: &'static str, data: &impl Serialize) {
        // Nobody listens as long as no page is open.
        let _ = self.events.send(Event { name, data: serde_json::to_string(data).unwrap_or_default() });
    }

    fn deliver(&self, sms: &OutgoingSms) {
        let request_id = sms.request_id.as_str();
        let mut latest = lock(&self.latest_sms);
        let known = latest.get(request_id).map(|before| before.sender.clone());
        let sender = known.or_else(|| ASKED_BY.try_with(Clone::clone).ok()).unwrap_or_default();
        let code = sms.code.expose().to_owned();
        let text = sms.text.to_string();
        latest.insert(
            request_id.to_owned(),
            LatestSms { message_id: message_id(), sender: sender.clone(), code: code.clone(), text: text.clone() },
        );
        drop(latest);
        if Part::of(sms.number) == Some(Part::NeverDelivered) {
            return;
        }
        let message = self.inbox.put(Message {
            id: 0,
            number: sms.number.e164(),
            sender,
            parts: sms_parts(&text).parts,
            text,
            code,
            request_id: request_id.to_owned(),
            sent_at: rfc3339(self.clock.now()),
        });
        self.publish("message", &message);
    }

    /// Takes an SMS of a sender's own text in, and returns its message id.
    pub(crate) fn deliver_text(&self, sender: String, number: PhoneNumber, text: String) -> String {
        let message = self.inbox.put(Message {
            id: 0,
            number: number.e164(),
            sender,
            parts: sms_parts(&text).parts,
            code: code_in_sms(&text, None, None).map(|code| code.expose().to_owned()).unwrap_or_default(),
            text,
            request_id: String::new(),
            sent_at: rfc3339(self.clock.now()),
        });
        self.publish("message", &message);
        message_id()
    }
}

/// What names an SMS: never what names a request.
fn message_id() -> String {
    draw_bits().map_or_else(|_| String::new(), |bits| RequestId::from_bits(bits).to_string())
}

impl RequestView {
    fn new(id: &RequestId, stored: &StoredRequest) -> Self {
        Self {
            id: id.to_string(),
            number: stored.number.e164(),
            state: stored.record.state(stored.now).as_str(),
            sms: stored.sms.as_str(),
            created_at: rfc3339(stored.created_at),
            expires_at: rfc3339(stored.record.expires_at),
            attempts: stored.record.wrong_codes,
            resends: stored.record.resends,
        }
    }
}

/// The part that a number of the range reserved for fiction plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    NeverDelivered,
    EveryCodeWrong,
    Slow,
    CutAfterAcceptance,
    Status(u16),
}

impl Part {
    pub(crate) fn of(number: PhoneNumber) -> Option<Self> {
        match number.e164().strip_prefix("+447700900")? {
            "001" => Some(Self::NeverDelivered),
            "002" => Some(Self::EveryCodeWrong),
            "003" => Some(Self::Slow),
            "004" => Some(Self::CutAfterAcceptance),
            "401" => Some(Self::Status(401)),
            "403" => Some(Self::Status(403)),
            "500" => Some(Self::Status(500)),
            "503" => Some(Self::Status(503)),
            _ => None,
        }
    }
}

/// UTC with milliseconds.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    let format =
        format_description!(version = 2, "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000)
        .ok()
        .and_then(|at| at.format(format).ok())
        .unwrap_or_default()
}
