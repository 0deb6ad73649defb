//! The story of the demo, with the expected results.

use std::fmt::Debug;
use std::time::Duration;

use egoi_verify::{
    Api, CallOptions, Client, CodeType, Error, Message, Outcome, RequestOptions, Sandbox, SandboxOptions, State,
    ValidateOptions,
};
use serde_json::{Value, json};

use super::printer::{KEY, Printer, Show};
use super::recorder::{Exchange, Recorder};

/// The article's own request.
pub(super) const NUMBER: &str = "+351910000000";
/// The same number on the wire.
const WIRE_NUMBER: &str = "351-910000000";
const SIZE: u32 = 4;
const TTL: Duration = Duration::from_secs(60);
const GROUP: &str = "2FA";
const MESSAGE: &str = "Message text: {CODE}";

const SENDER_HASH: &str = "b2f8d1c4";
const SENDER_ID: &str = "1";

/// The account of the demo.
pub(super) fn account() -> SandboxOptions {
    SandboxOptions::default().api_key(KEY).senders([SENDER_HASH, SENDER_ID])
}

const PATIENCE: Duration = Duration::from_secs(10);

/// A result that is not as expected.
pub(super) struct Fault(pub(super) String);

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(format!("a call failed with {error}"))
    }
}

/// One version's part.
pub(super) struct Story<'a> {
    api: Api,
    sandbox: &'a Sandbox,
    recorder: Recorder,
    client: Client,
    printer: &'a mut Printer,
}

/// A request, with the code of its SMS.
struct Asked {
    id: String,
    code: String,
}

impl<'a> Story<'a> {
    pub(super) async fn new(api: Api, sandbox: &'a Sandbox, printer: &'a mut Printer) -> Result<Self, Fault> {
        let url = sandbox.url();
        let server = url.trim_start_matches("http://").parse();
        let recorder = Recorder::start(server.map_err(|_| Fault(format!("{url} has no address")))?).await?;
        let (path, sender) = match api {
            Api::V1 => ("/api/public", SENDER_HASH),
            Api::V2 => ("/api", SENDER_ID),
        };
        let options = egoi_verify::ClientOptions::new(KEY, sender).api(api).base_url(recorder.url() + path);
        Ok(Self { api, sandbox, recorder, client: Client::new(options)?, printer })
    }

    pub(super) async fn v1(mut self) -> Result<(), Fault> {
        self.printer.step("The business asks for a verification");
        let asked = self.ask(Show::Whole).await?;
        self.printer.meaning("pending", "E-goi made a code, valid for 60 seconds. The business got only the id.");

        self.printer.step("The person mistypes the code");
        self.validate(&asked.id, &wrong(&asked.code), Outcome::WrongCode).await?;
        self.printer.meaning(
            "wrong_code",
            "E-goi waits for the right code. (The article shows no word for this: \
                                          Not_Verified is assumed.)",
        );

        self.printer.step("The person gives the code of the SMS");
        self.validate(&asked.id, &asked.code, Outcome::Verified).await?;
        self.printer.meaning("verified", "the number belongs to this person.");

        self.printer.step("The person gives the same code again");
        self.validate(&asked.id, &asked.code, Outcome::AlreadyVerified).await?;
        self.printer.meaning("already_verified", "a code proves a number only once.");

        self.printer.step("Another request, which the business cancels");
        let asked = self.ask(Show::SamePayload).await?;
        self.cancel(&asked.id).await?;
        self.printer.aside("… and the person gives the code of the SMS all the same.");
        self.validate(&asked.id, &asked.code, Outcome::Cancelled).await?;
        self.printer.meaning(
            "cancelled",
            "even the right code does not work now. (The article shows no cancellation: this \
                                         one is assumed.)",
        );

        self.printer.step("Another request, whose code comes too late");
        let asked = self.ask(Show::SamePayload).await?;
        self.let_it_expire();
        self.validate(&asked.id, &asked.code, Outcome::Expired).await?;
        self.printer.meaning("expired", "the right code, 60 seconds after the request, is too late.");
        Ok(())
    }

    pub(super) async fn v2(mut self) -> Result<(), Fault> {
        self.printer.step("The business asks for a verification");
        let asked = self.ask(Show::Whole).await?;
        self.printer.meaning("pending", "the same request in V2's words. The key travels in a header.");

        self.printer.step("The business reads the request");
        self.get(&asked.id, State::Pending, Show::Whole).await?;
        self.printer.meaning("pending", "the response shows the code itself. The library never returns it.");

        self.printer.step("The person mistypes the code");
        self.validate(&asked.id, &wrong(&asked.code), Outcome::WrongCode).await?;
        self.printer.meaning(
            "wrong_code",
            "V2's 200 does not tell whether the code was right. The library reads the \
                                          request before and after. Status 200 by itself proves nothing.",
        );

        self.printer.step("The SMS is lost: the business asks for another one");
        let resent = self.resend(&asked.id).await?;
        self.printer.meaning("pending", "a new code for the same request, valid for 60 seconds from now.");

        self.printer.step("The person gives the code of the first SMS");
        self.validate(&asked.id, &asked.code, Outcome::WrongCode).await?;
        self.printer.meaning("wrong_code", "the new code replaced the old one.");

        self.printer.step("The person gives the code of the second SMS");
        self.validate(&asked.id, &resent, Outcome::Verified).await?;
        self.printer
            .meaning("verified", "it was pending before, and is verified now: the number belongs to this person.");

        self.printer.step("The person gives the same code again");
        self.validate(&asked.id, &resent, Outcome::AlreadyVerified).await?;
        self.printer.meaning("already_verified", "the read shows it, and the library submits no code.");

        self.printer.step("Another request, which the business cancels");
        let asked = self.ask(Show::SamePayload).await?;
        self.cancel(&asked.id).await?;
        self.printer.aside("… and the person gives the code of the SMS all the same.");
        self.validate(&asked.id, &asked.code, Outcome::Cancelled).await?;
        self.printer.meaning("cancelled", "even the right code does not work now.");

        self.printer.step("Another request, whose code comes too late");
        let asked = self.ask(Show::SamePayload).await?;
        self.let_it_expire();
        self.validate(&asked.id, &asked.code, Outcome::Expired).await?;
        self.printer.meaning("expired", "the right code, 60 seconds after the request, is too late.");
        Ok(())
    }

    /// Makes the article's request and takes its SMS.
    async fn ask(&mut self, show: Show) -> Result<Asked, Fault> {
        let options = RequestOptions::default()
            .message(MESSAGE)
            .code_type(CodeType::Numeric)
            .code_size(SIZE)
            .ttl(TTL)
            .group(GROUP);
        let made = self.client.request(NUMBER, options).await?;
        let [exchange] = self.exchanges(&[show])?;
        let payload = match self.api {
            Api::V1 => json!({
                "apikey": KEY, "number": WIRE_NUMBER, "senderHash": SENDER_HASH, "codeType": "numeric", "codeSize": "4",
                "group": GROUP, "codeTTL": "60", "message": MESSAGE,
            }),
            Api::V2 => json!({
                "senderId": SENDER_ID, "to": WIRE_NUMBER, "message": "Message text: {{ code }}", "codeLength": 4,
                "codeValidity": 60, "codeType": "numeric",
            }),
        };
        let response = match self.api {
            Api::V1 => json!({ "requestId": made.id, "status": "Ok" }),
            Api::V2 => json!({ "verifyId": made.id }),
        };
        same("the request's payload", &value(&exchange.asked), &payload)?;
        same("the request's status", &exchange.status, &if self.api == Api::V1 { 200 } else { 201 })?;
        same("the response to the request", &value(&exchange.response), &response)?;
        let id_is_hex = made.id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        same("whether the id has 32 hex digits", &(made.id.len(), id_is_hex), &(32, true))?;
        same("the state of a new request", &made.state, &State::Pending)?;
        let code = self.sms(&made.id).await?;
        Ok(Asked { id: made.id, code })
    }

    /// The code of the SMS that arrives.
    async fn sms(&mut self, id: &str) -> Result<String, Fault> {
        let code = self.sandbox.wait_for_code(NUMBER, PATIENCE).await?;
        let Some(message) = self.sandbox.messages(Some(NUMBER))?.into_iter().next() else {
            return Err(Fault("no SMS arrived".to_owned()));
        };
        self.printer.phone(&message);
        let Message { number, text, request_id, .. } = message;
        same("the text of the SMS", &text, &MESSAGE.replace("{CODE}", &code))?;
        same("the number of the SMS", &number.as_str(), &NUMBER)?;
        same("the request of the SMS", &request_id.as_str(), &id)?;
        let code_is_numeric = code.bytes().all(|byte| byte.is_ascii_digit());
        same("whether the code has 4 digits", &(code.len(), code_is_numeric), &(SIZE as usize, true))?;
        Ok(code)
    }

    /// Submits a code.
    async fn validate(&mut self, id: &str, code: &str, right: Outcome) -> Result<(), Fault> {
        let outcome = self.client.validate(id, code, ValidateOptions::default()).await?;
        match (self.api, right) {
            (Api::V1, _) => {
                let [exchange] = self.exchanges(&[Show::Whole])?;
                let word = match right {
                    Outcome::Verified => "Verified",
                    Outcome::WrongCode => "Not_Verified",
                    Outcome::Expired => "Expired",
                    Outcome::AlreadyVerified => "Already_Verified",
                    Outcome::Cancelled => "Cancelled",
                    Outcome::TooManyAttempts => "Too_Many_Attempts",
                };
                let payload = json!({ "apikey": KEY, "requestId": id, "code": code });
                same("the validation's payload", &value(&exchange.asked), &payload)?;
                same("the response's word", &word_of(&exchange), &json!(word))?;
            }
            (Api::V2, Outcome::Verified | Outcome::WrongCode) => {
                let [before, submitted, after] = self.exchanges(&[Show::StatusWord, Show::Whole, Show::StatusWord])?;
                same("the validation's payload", &value(&submitted.asked), &json!({ "code": code }))?;
                same("the validation's status", &submitted.status, &200)?;
                same("the response to the validation", &value(&submitted.response), &json!([{ "verifyId": id }]))?;
                same("the state before", &word_of(&before), &json!("pending"))?;
                let state = if right.is_verified() { "verified" } else { "pending" };
                same("the state after", &word_of(&after), &json!(state))?;
            }
            (Api::V2, _) => {
                let [read] = self.exchanges(&[Show::StatusWord])?;
                let state = if right == Outcome::AlreadyVerified { "verified" } else { right.as_str() };
                same("the state", &word_of(&read), &json!(state))?;
            }
        }
        same("the outcome", &outcome, &right)
    }

    async fn cancel(&mut self, id: &str) -> Result<(), Fault> {
        let state = self.client.cancel(id, CallOptions::default()).await?;
        match self.api {
            Api::V1 => {
                let [exchange] = self.exchanges(&[Show::Whole])?;
                let payload = json!({ "apikey": KEY, "requestId": id });
                same("the cancellation's payload", &value(&exchange.asked), &payload)?;
                same("the response's word", &word_of(&exchange), &json!("Cancelled"))?;
            }
            Api::V2 => {
                let [cancelled, read] = self.exchanges(&[Show::Whole, Show::StatusWord])?;
                same("the cancellation's payload", &cancelled.asked.as_str(), &"")?;
                same("the response to the cancellation", &value(&cancelled.response), &json!([{ "verifyId": id }]))?;
                same("the state", &word_of(&read), &json!("cancelled"))?;
            }
        }
        same("the state after cancelling", &state, &State::Cancelled)
    }

    async fn resend(&mut self, id: &str) -> Result<String, Fault> {
        let resent = self.client.resend(id, CallOptions::default()).await?;
        let [exchange] = self.exchanges(&[Show::Whole])?;
        same("the resend's payload", &exchange.asked.as_str(), &"")?;
        same("the response to the resend", &value(&exchange.response), &json!([{ "verifyId": id }]))?;
        same("what was resent", &(resent.id.as_str(), resent.state), &(id, State::Pending))?;
        self.sms(id).await
    }

    async fn get(&mut self, id: &str, right: State, show: Show) -> Result<(), Fault> {
        let read = self.client.get(id, CallOptions::default()).await?;
        let [exchange] = self.exchanges(&[show])?;
        let response = value(&exchange.response);
        let shown = [&response["id"], &response["recipientNumber"], &response["status"], &response["codeTTL"]];
        same("what the read shows", &shown, &[&json!(id), &json!(WIRE_NUMBER), &json!(right.as_str()), &json!(60)])?;
        same("what the library says", &(read.state, read.number.as_deref()), &(right, Some(NUMBER)))
    }

    fn let_it_expire(&mut self) {
        self.sandbox.clock().advance(TTL);
        self.printer.aside("… 60 seconds pass. (The sandbox's clock is advanced: no one waits.)");
    }

    /// Shows the exchanges of the latest call, and returns them.
    fn exchanges<const N: usize>(&mut self, show: &[Show; N]) -> Result<[Exchange; N], Fault> {
        let taken =
            self.recorder.take().ok_or_else(|| Fault("what went over the wire is not whole HTTP/1.1".to_owned()))?;
        for (place, exchange) in taken.iter().enumerate() {
            self.printer.exchange(exchange, show.get(place).copied().unwrap_or(Show::Whole));
        }
        if self.api == Api::V2 {
            let with_key = taken.iter().filter(|exchange| exchange.key.as_deref() == Some(KEY)).count();
            same("how many exchanges carry the key in a header", &with_key, &taken.len())?;
        }
        let count = taken.len();
        taken.try_into().map_err(|_| Fault(format!("there were {count} exchanges, not {N}")))
    }
}

fn same<T: PartialEq + Debug>(what: &str, is: &T, should: &T) -> Result<(), Fault> {
    if is == should { Ok(()) } else { Err(Fault(format!("{what} is {is:?}, and should be {should:?}"))) }
}

fn value(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| json!(body))
}

fn word_of(exchange: &Exchange) -> Value {
    value(&exchange.response)["status"].clone()
}

/// The code with its last digit mistyped.
fn wrong(code: &str) -> String {
    let mut digits: Vec<char> = code.chars().collect();
    if let Some(last) = digits.last_mut() {
        *last = if *last == '9' { '0' } else { '9' };
    }
    digits.into_iter().collect()
}
