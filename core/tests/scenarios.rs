//! Every file of `tests/scenarios` on every verifier that it names, a test each; its README says what a file holds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egoi_verify::binding_options::{ClientSettings, EngineSettings, code_size, timeout, ttl};
use egoi_verify::{
    CallOptions, Client, ClientOptions, Code, CodeType, Engine, EngineOptions, Error, ErrorCode, Fault, Message,
    OutcomeDetails, OutgoingSms, RequestOptions, Sandbox, SandboxOptions, SendError, TestClock, ValidateOptions,
    Verification, code_in_sms, generate_code, parse_number, sms_parts, with_app_hash, with_origin,
};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

const NUMBER: &str = "+351 910 000 000";

fn main() {
    let scenarios = scenarios();
    assert!(!scenarios.is_empty(), "there is no scenario");
    let mut trials = Vec::new();
    for (name, scenario) in &scenarios {
        let all: Vec<String> = serde_json::from_value(scenario["on"].clone()).expect(name);
        assert!(!all.is_empty(), "{name} is on nothing");
        for on in all {
            let (name, scenario) = (name.clone(), scenario.clone());
            trials.push(Trial::test(format!("{name} on {on}"), move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(Run::play(&name, &on, Fields(scenario.as_object().unwrap().clone())))
            }));
        }
    }
    trials.sort_by(|one, other| one.name().cmp(other.name()));
    trials.push(Trial::test("every error code has a scenario, or the reason why there is none", move || {
        every_error_code_is_shown(&scenarios);
        Ok(())
    }));
    let mut arguments = Arguments::from_args();
    // More than there are processors: some wait for deadlines.
    arguments.test_threads.get_or_insert(16);
    libtest_mimic::run(&arguments, trials).exit();
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests")
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap_or_else(|error| panic!("{file:?}: {error}"))
}

fn scenarios() -> Vec<(String, Value)> {
    let files = tests().join("scenarios").read_dir().unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), read(&file))).collect()
}

/// By a scenario, or by the tests that `errors-without-scenario.json` names, of which none may be gone.
fn every_error_code_is_shown(scenarios: &[(String, Value)]) {
    fn codes<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("error").and_then(Value::as_str));
                object.values().for_each(|each| codes(each, found));
            }
            Value::Array(list) => list.iter().for_each(|each| codes(each, found)),
            _ => {}
        }
    }

    let mut shown = BTreeSet::new();
    scenarios.iter().for_each(|(_, scenario)| codes(&scenario["steps"], &mut shown));
    let mut elsewhere = Fields(read(&tests().join("errors-without-scenario.json")).as_object().unwrap().clone());
    elsewhere.text("about");
    let all = ErrorCode::ALL.map(ErrorCode::as_str);
    let without: Vec<_> = all.into_iter().filter(|code| !shown.contains(code)).collect();
    for code in without {
        let mut code = Fields(elsewhere.take(code).unwrap_or_else(|| panic!("{code} has no scenario")));
        code.text("why");
        for language in ["rust", "python", "node", "kotlin", "swift"] {
            if let Value::Array(named) = code.take(language).unwrap_or_else(|| panic!("nothing of {language}")) {
                let [file, test] = [0, 1].map(|at| named[at].as_str().unwrap());
                let source = std::fs::read_to_string(tests().join("..").join(file)).unwrap();
                assert!(source.contains(test), "{file} has no {test}");
            }
        }
        code.done();
    }
    elsewhere.done();
}

/// What is taken out of an object; what is left over nobody knows.
struct Fields(Map<String, Value>);

impl Fields {
    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        self.0.remove(name).map(|value| serde_json::from_value(value).expect(name))
    }

    fn text(&mut self, name: &str) -> String {
        self.take(name).unwrap_or_else(|| panic!("{name} is missing"))
    }

    /// The options, those of the store in an object of their own.
    fn settings<T: DeserializeOwned>(mut self) -> T {
        let of_the_store =
            [("store", "url"), ("key", "key"), ("previous_keys", "previous_keys"), ("retention", "retention")];
        let store: Map<_, _> = of_the_store
            .into_iter()
            .filter_map(|(name, inside)| Some((inside.to_owned(), self.0.remove(name)?)))
            .collect();
        if !store.is_empty() {
            self.0.insert("store".to_owned(), store.into());
        }
        serde_json::from_value(self.0.into()).unwrap()
    }

    fn done(&self) {
        assert!(self.0.is_empty(), "unknown: {:?}", self.0.keys());
    }
}

enum Verifier {
    Client(Client),
    Engine(Engine),
}

macro_rules! on {
    ($run:ident, $verb:ident($($argument:expr),*)) => {
        match $run.verifier.as_ref().unwrap() {
            Verifier::Client(client) => client.$verb($($argument),*).await,
            Verifier::Engine(engine) => engine.$verb($($argument),*).await,
        }
    };
}

/// What an engine handed over, and how the next hand-over fails.
#[derive(Default)]
struct Outbox {
    sent: Vec<(String, String)>,
    fails: Option<String>,
}

struct Run {
    on: String,
    name: String,
    sandbox: Sandbox,
    clock: Arc<TestClock>,
    outbox: Arc<Mutex<Outbox>>,
    verifier: Option<Verifier>,
    kept: HashMap<String, String>,
}

impl Run {
    async fn play(name: &str, on: &str, mut scenario: Fields) -> Result<(), Failed> {
        let mut options = SandboxOptions::default();
        let mut given = Fields(scenario.take("sandbox").unwrap_or_default());
        if let Some(code) = given.take::<String>("code") {
            options = options.code(code);
        }
        if let Some(key) = given.take::<String>("api_key") {
            options = options.api_key(key);
        }
        if let Some(seed) = given.take("seed") {
            options = options.seed(seed);
        }
        if let Some(senders) = given.take::<Vec<String>>("senders") {
            options = options.senders(senders);
        }
        given.done();
        options = match on {
            "client-v1" | "client-v2" | "engine" => options,
            "client-v2-words" => options.v2_words(true),
            "client-v2-400" => options.v2_wrong(400),
            _ => panic!("there is no verifier {on}"),
        };
        let mut run = Self {
            on: on.to_owned(),
            name: name.to_owned(),
            sandbox: Sandbox::start(options).await.unwrap(),
            clock: Arc::default(),
            outbox: Arc::default(),
            verifier: None,
            kept: HashMap::new(),
        };
        run.sandbox.clock().freeze(true);
        run.clock.freeze(true);
        let (client, engine) = (scenario.take::<Value>("client"), scenario.take("engine"));
        let options = run.resolved(&if on == "engine" { engine } else { client }.unwrap_or_else(|| json!({})));
        assert_eq!(run.make(Fields(options.as_object().unwrap().clone())), json!("made"));
        let steps: Vec<Value> = scenario.take("steps").unwrap();
        scenario.take::<String>("about").unwrap();
        let on: Vec<String> = scenario.take("on").unwrap();
        scenario.done();
        for step in steps {
            let text = step.to_string();
            let mut step = Fields(step.as_object().unwrap().clone());
            let some: Vec<String> = step.take("on").unwrap_or_else(|| on.clone());
            assert!(some.iter().all(|each| on.contains(each)), "{text} is on what the file is not on");
            if !some.contains(&run.on) {
                continue;
            }
            let gives = step.0.remove("gives");
            // Dropped: a call of it does not compile.
            if run.verifier.is_none() && gives.as_ref().is_some_and(|gives| gives["error"] == "closed") {
                continue;
            }
            for _ in 0..step.take("times").unwrap_or(1) {
                let gave = run.step(Fields(run.resolved(&step.0.clone().into()).as_object().unwrap().clone())).await;
                let right = match &gives {
                    Some(gives) => is(&run.resolved(gives), &gave),
                    None => gave.get("error").is_none(),
                };
                if !right {
                    return Err(format!("{text}\ngave {gave}").into());
                }
            }
        }
        Ok(())
    }

    /// A value with what earlier steps kept in the place of `<name>`, and with texts that are described made.
    fn resolved(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.filled(text).into(),
            Value::Array(list) => list.iter().map(|each| self.resolved(each)).collect(),
            Value::Object(object) if object.contains_key("pieces") => {
                assert_eq!(object.len(), 1, "{object:?}");
                let pieces: Vec<(String, usize)> = serde_json::from_value(object["pieces"].clone()).unwrap();
                pieces.iter().map(|(piece, times)| self.filled(piece).repeat(*times)).collect::<String>().into()
            }
            Value::Object(object) if object.contains_key("characters_of") => {
                let mut how = Fields(object.clone());
                let text = self.filled(&how.take::<String>("characters_of").unwrap());
                let [from, to] = how.take("become").unwrap_or_else(|| ["".to_owned(), "".to_owned()]);
                let between: String = how.take("between").unwrap_or_default();
                how.done();
                let become_of = |c| from.chars().zip(to.chars()).find(|pair| pair.0 == c).map_or(c, |pair| pair.1);
                text.chars().map(|c| become_of(c).to_string()).collect::<Vec<_>>().join(&between).into()
            }
            Value::Object(object) => {
                object.iter().map(|(name, each)| (name.clone(), self.resolved(each))).collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }

    fn filled(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, kept) in &self.kept {
            filled = filled.replace(&format!("<{name}>"), kept);
        }
        filled
    }

    async fn step(&mut self, mut step: Fields) -> Value {
        let kind: String = step.take("do").unwrap();
        let keep_as = step.take::<String>("as");
        let id = |step: &mut Fields| step.take("id").unwrap_or_else(|| self.kept["id"].clone());
        let call = |step: &mut Fields| match step.take("timeout") {
            Some(timeout) => CallOptions::default().timeout(Duration::from_secs_f64(timeout)),
            None => CallOptions::default(),
        };
        let mut keep = keep_as.clone();
        let gave = match kind.as_str() {
            "request" => {
                keep = keep_as.or(Some("id".to_owned()));
                let number: String = step.take("number").unwrap_or_else(|| NUMBER.to_owned());
                match request_options(&mut step) {
                    Ok(options) => reported(on!(self, request(&number, options)), |made| verification(&made)),
                    Err(error) => failure(&error),
                }
            }
            "validate" | "validate_with_details" => {
                let (id, code) = (id(&mut step), step.take("code").unwrap_or_else(|| self.kept["code"].clone()));
                let mut options = ValidateOptions::default();
                if let Some(number) = step.take::<String>("number") {
                    options = options.number(number);
                }
                if let Some(client) = step.take::<String>("client") {
                    options = options.client(client);
                }
                if let Some(country) = step.take::<String>("default_region") {
                    options = options.default_region(country);
                }
                if let Some(seconds) = step.take("timeout") {
                    options = options.timeout(Duration::from_secs_f64(seconds));
                }
                let details = |details: OutcomeDetails| {
                    json!({
                        "outcome": details.outcome.as_str(),
                        "attempts_left": details.attempts_left,
                        "limit": details.limit,
                    })
                };
                if kind == "validate" {
                    reported(on!(self, validate(&id, &code, options)), |outcome| outcome.as_str().into())
                } else {
                    reported(on!(self, validate_with_details(&id, &code, options)), details)
                }
            }
            "cancel" => {
                let (id, options) = (id(&mut step), call(&mut step));
                reported(on!(self, cancel(&id, options)), |state| state.as_str().into())
            }
            "resend" => {
                let (id, options) = (id(&mut step), call(&mut step));
                reported(on!(self, resend(&id, options)), |resent| verification(&resent))
            }
            "get" => {
                let (id, options) = (id(&mut step), call(&mut step));
                reported(on!(self, get(&id, options)), |read| verification(&read))
            }
            "ping" => reported(self.client().ping(call(&mut step)).await, |()| "up".into()),
            "senders" => reported(self.client().senders(call(&mut step)).await, |senders| {
                let row = |sender: &egoi_verify::SenderInfo| json!({"id": sender.id, "name": sender.name, "number": sender.number, "status": sender.status});
                senders.iter().map(row).collect()
            }),
            "make" => self.make(Fields(step.take("options").unwrap_or_default())),
            "close" => {
                self.verifier = None;
                Value::Null
            }
            "read" => {
                keep = keep_as.or(Some("code".to_owned()));
                self.messages(&mut step).into_iter().next().unwrap_or_default()
            }
            "count" => self.messages(&mut step).len().into(),
            "advance" => {
                let by = Duration::from_secs_f64(step.take("seconds").unwrap());
                self.sandbox.clock().advance(by);
                self.clock.advance(by);
                Value::Null
            }
            "reset" => {
                self.sandbox.reset();
                Value::Null
            }
            "fail" => {
                let delay: f64 = step.take("delay").unwrap_or_default();
                step.0.insert("delay_ms".to_owned(), json!((delay * 1000.0).round() as u64));
                let fault: Fault = serde_json::from_value(std::mem::take(&mut step.0).into()).unwrap();
                reported(self.sandbox.fail_next(fault), |()| Value::Null)
            }
            "send_fails" => {
                self.outbox.lock().unwrap().fails = step.take("with");
                Value::Null
            }
            "parse_number" => {
                reported(parse_number(&step.text("text"), step.take::<String>("default_region").as_deref()), |number| {
                    number.e164().into()
                })
            }
            "generate_code" => {
                let code_type = code_type(&mut step).unwrap_or_default();
                let size = code_size(step.take("code_size").unwrap_or(6));
                reported(size.and_then(|size| generate_code(code_type, size)), |code| code.expose().into())
            }
            "sms_parts" => {
                let parts = sms_parts(&step.text("text"));
                json!({"encoding": parts.encoding.as_str(), "characters": parts.characters, "parts": parts.parts})
            }
            "with_origin" => reported(with_origin(&step.text("text"), &step.text("host")), Value::String),
            "with_app_hash" => reported(with_app_hash(&step.text("text"), &step.text("hash")), Value::String),
            "code_in_sms" => code_of(&step.text("text"), code_type(&mut step), step.take("code_size")),
            _ => panic!("there is no step {kind}"),
        };
        step.done();
        let kept = ["id", "code"].iter().find_map(|name| gave.get(name)).unwrap_or(&gave);
        if let (Some(name), Some(kept)) = (keep, kept.as_str()) {
            self.kept.insert(name, kept.to_owned());
        }
        gave
    }

    fn client(&self) -> &Client {
        match self.verifier.as_ref().unwrap() {
            Verifier::Client(client) => client,
            Verifier::Engine(_) => panic!("an engine has no such call"),
        }
    }

    /// What the recipients got, newest first.
    fn messages(&self, step: &mut Fields) -> Vec<Value> {
        let number = step.take::<String>("number").map(|number| parse_number(&number, None).unwrap().e164());
        let (code_type, code_size) = (code_type(step), step.take("code_size"));
        if self.on == "engine" {
            let outbox = self.outbox.lock().unwrap();
            let sent = outbox.sent.iter().filter(|(to, _)| number.as_ref().is_none_or(|number| number == to));
            let row = |(number, text): &(String, String)| {
                json!({
                    "number": number, "text": text, "code": code_of(text, code_type, code_size),
                    "parts": sms_parts(text).parts,
                })
            };
            return sent.rev().map(row).collect();
        }
        let row = |sms: &Message| {
            json!({
                "number": sms.number, "text": sms.text, "code": sms.code, "parts": sms.parts, "sender": sms.sender,
            })
        };
        self.sandbox.messages(number.as_deref()).unwrap().iter().map(row).collect()
    }

    fn make(&mut self, options: Fields) -> Value {
        let made = if self.on == "engine" {
            self.engine(options).map(Verifier::Engine)
        } else {
            self.client_of(options).map(Verifier::Client)
        };
        reported(made, |verifier| {
            self.verifier = Some(verifier);
            "made".into()
        })
    }

    fn client_of(&self, mut given: Fields) -> Result<Client, Error> {
        let (api, path) = if self.on == "client-v1" { ("v1", "/api/public") } else { ("v2", "/api") };
        let key: String = given.take("api_key").unwrap_or_else(|| "key".to_owned());
        let sender: String = given.take("sender").unwrap_or_else(|| "1".to_owned());
        given.0.entry("base_url").or_insert_with(|| (self.sandbox.url() + path).into());
        given.0.insert("api".to_owned(), api.into());
        let settings: ClientSettings = given.settings();
        Client::new(settings.set(ClientOptions::new(key, sender))?)
    }

    fn engine(&self, mut given: Fields) -> Result<Engine, Error> {
        let store = std::env::var("EGOI_SCENARIOS_STORE").ok().map(|url| url.replace("<name>", &self.name));
        let key: Option<String> = given.take("key").or(store.as_ref().map(|_| "k".repeat(32)));
        if let Some(key) = key {
            given.0.insert("key".to_owned(), key.into());
        }
        if let Some(url) = store.or_else(|| given.0.contains_key("retention").then(|| "memory:".to_owned())) {
            given.0.entry("store").or_insert_with(|| url.into());
        }
        let settings: EngineSettings = given.settings();
        let outbox = Arc::clone(&self.outbox);
        let options = EngineOptions::default().clock(Arc::<TestClock>::clone(&self.clock));
        Engine::new(
            move |sms: OutgoingSms| std::future::ready(outbox.lock().unwrap().take(&sms)),
            settings.set(options)?,
        )
    }
}

impl Outbox {
    fn take(&mut self, sms: &OutgoingSms) -> Result<(), SendError> {
        match self.fails.take().as_deref() {
            Some("not_sent") => Err(SendError::NotSent("no credit".into())),
            fails => {
                self.sent.push((sms.number.e164(), sms.text.to_string()));
                match fails {
                    None => Ok(()),
                    Some("maybe") => Err(SendError::PossiblySent("the gateway went away".into())),
                    Some(other) => panic!("a hand-over does not fail with {other}"),
                }
            }
        }
    }
}

fn request_options(step: &mut Fields) -> Result<RequestOptions, Error> {
    let mut options = RequestOptions::default();
    if let Some(country) = step.take::<String>("default_region") {
        options = options.default_region(country);
    }
    if let Some(message) = step.take::<String>("message") {
        options = options.message(message);
    }
    if let Some(code_type) = code_type(step) {
        options = options.code_type(code_type);
    }
    if let Some(size) = step.take("code_size") {
        options = options.code_size(code_size(size)?);
    }
    if let Some(validity) = step.take("ttl") {
        options = options.ttl(ttl(validity)?);
    }
    if let Some(group) = step.take::<String>("group") {
        options = options.group(group);
    }
    if let Some(key) = step.take::<String>("idempotency_key") {
        options = options.idempotency_key(key);
    }
    if let Some(client) = step.take::<String>("client") {
        options = options.client(client);
    }
    if let Some(seconds) = step.take("timeout") {
        options = options.timeout(timeout(seconds)?);
    }
    Ok(options)
}

fn code_type(step: &mut Fields) -> Option<CodeType> {
    step.take::<String>("code_type").map(|word| word.parse().unwrap())
}

fn code_of(text: &str, code_type: Option<CodeType>, code_size: Option<u32>) -> Value {
    code_in_sms(text, code_type, code_size).as_ref().map(Code::expose).into()
}

fn reported<T>(result: Result<T, Error>, value: impl FnOnce(T) -> Value) -> Value {
    result.map_or_else(|error| failure(&error), value)
}

fn verification(of: &Verification) -> Value {
    let lives = of.created_at.zip(of.expires_at).map(|(from, to)| to.duration_since(from).unwrap().as_secs_f64());
    let resend_in = of.created_at.zip(of.resend_at).map(|(from, to)| to.duration_since(from).unwrap().as_secs_f64());
    json!({
        "id": of.id, "state": of.state.as_str(), "number": of.number, "sms": of.sms.map(egoi_verify::SmsStatus::as_str),
        "attempts_left": of.attempts_left, "lives": lives, "resends_left": of.resends_left, "resend_in": resend_in,
    })
}

fn failure(error: &Error) -> Value {
    json!({
        "error": error.code().as_str(), "detail": error.detail(), "http_status": error.http_status(),
        "request_id": error.request_id(), "retry_after": error.retry_after().map(|wait| wait.as_secs_f64()),
        "retry_is_safe": error.retry_is_safe(), "sms_possibly_sent": error.sms_possibly_sent(),
        "field": error.field(), "reason": error.reason().map(|reason| reason.as_str()), "limit": error.limit(),
        "cause_code": error.cause_code().map(ErrorCode::as_str),
    })
}

/// Whether what a step gave is what it must give.
fn is(expected: &Value, given: &Value) -> bool {
    match (expected, given) {
        (Value::Object(about), Value::String(text)) => {
            let mut about = Fields(about.clone());
            let has = about.take::<String>("has").is_none_or(|part| text.contains(&part));
            let starts = about.take::<String>("starts").is_none_or(|start| text.starts_with(&start));
            let made_of = about.take::<String>("made_of").is_none_or(|all| text.chars().all(|c| all.contains(c)));
            let size = about.take::<usize>("size").is_none_or(|size| text.chars().count() == size);
            about.done();
            has && starts && made_of && size
        }
        (Value::Object(expected), Value::Object(given)) => {
            expected.iter().all(|(name, expected)| given.get(name).is_some_and(|given| is(expected, given)))
        }
        (Value::Array(range), Value::Number(given)) => {
            let [from, to] = [0, 1].map(|end| range[end].as_f64().unwrap());
            given.as_f64().is_some_and(|given| from <= given && given <= to)
        }
        (Value::Array(expected), Value::Array(given)) => {
            expected.len() == given.len() && expected.iter().zip(given).all(|(expected, given)| is(expected, given))
        }
        (Value::Number(expected), Value::Number(given)) => {
            (expected.as_f64().unwrap() - given.as_f64().unwrap()).abs() < 1e-6
        }
        _ => expected == given,
    }
}
