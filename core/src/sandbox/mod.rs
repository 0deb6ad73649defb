//! E-goi's interface on localhost: an [`Engine`] behind V1 and V2, with an inbox instead of a phone network.

mod control;
mod faults;
mod inbox;
mod response;
mod server;
mod state;
mod v1;
mod v2;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use faults::{Cut, Fault, FaultBody, FaultCall};
pub use inbox::Message;

use crate::client::{Api, Client, ClientOptions};
use crate::error::{Error, ErrorCode, Reason};
use crate::store::{Clock as _, TestClock};
use crate::values::{ApiKey, Code, PhoneNumber};
use state::SandboxState;

/// The options of a sandbox. An option that is not set has its default.
///
/// ```
/// use egoi_verify::{Error, Sandbox, SandboxOptions};
///
/// async fn with_one_code() -> Result<Sandbox, Error> {
///     Sandbox::start(SandboxOptions::default().code("1234")).await
/// }
/// ```
#[derive(Clone)]
pub struct SandboxOptions {
    host: IpAddr,
    port: u16,
    seed: Option<u64>,
    code: Option<String>,
    api_key: Option<String>,
    pub(crate) v2_words: bool,
    v2_wrong: u16,
    pub(crate) senders: Vec<String>,
    pub(crate) own_limits: bool,
    pub(crate) allowed_hosts: Vec<String>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            seed: None,
            code: None,
            api_key: None,
            v2_words: false,
            v2_wrong: 200,
            senders: vec!["1".to_owned()],
            own_limits: true,
            allowed_hosts: Vec::new(),
        }
    }
}

impl SandboxOptions {
    /// The address to listen on. Default: 127.0.0.1, which no other machine reaches.
    #[must_use]
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// The port. Default: 0, a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// A seed: the sandbox then draws the same codes in every run. Default: the operating system's randomness.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The code of every request, also if a request asks for another size. Default: a random code for each request.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The only API key that is accepted. Default: any key.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Whether V2's response to a validation has a status word in each item. Default: no, as published.
    #[must_use]
    pub fn v2_words(mut self, words: bool) -> Self {
        self.v2_words = words;
        self
    }

    /// The HTTP status of V2's response to a wrong code: 200 or 400. Default: 200, as for a right code.
    #[must_use]
    pub fn v2_wrong(mut self, status: u16) -> Self {
        self.v2_wrong = status;
        self
    }

    /// The senders of the account: V2's ids, V1's hashes. A request of another sender is 400. Default: `1`.
    #[must_use]
    pub fn senders<S: Into<String>>(mut self, senders: impl IntoIterator<Item = S>) -> Self {
        self.senders = senders.into_iter().map(Into::into).collect();
        self
    }

    /// Whether the sandbox applies the library's own limits: a code of at least 4 characters, a message of at most 1,000 characters
    /// and 6 SMS parts. E-goi documents no such limits. Default: yes.
    #[must_use]
    pub fn own_limits(mut self, hold: bool) -> Self {
        self.own_limits = hold;
        self
    }

    /// More host names that programs may use, for example `sandbox` for `http://sandbox:8080`. Default: `localhost` and addresses.
    /// Other names are refused, because a web page can point a name of its own to this machine.
    #[must_use]
    pub fn allow_hosts<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.allowed_hosts = names.into_iter().map(Into::into).collect();
        self
    }
}

/// E-goi's interface on localhost, with an inbox instead of a phone network. It is for tests, and not for the public. It ends when
/// it is dropped. It needs a tokio runtime with time and I/O.
///
/// ```
/// use std::time::Duration;
/// use egoi_verify::{Error, RequestOptions, Sandbox, SandboxOptions};
///
/// async fn code_of(number: &str) -> Result<String, Error> {
///     let sandbox = Sandbox::start(SandboxOptions::default()).await?;
///     sandbox.client()?.request(number, RequestOptions::default()).await?;
///     sandbox.wait_for_code(number, Duration::from_secs(5)).await
/// }
/// ```
pub struct Sandbox {
    state: Arc<SandboxState>,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a sandbox on loopback.
    ///
    /// # Errors
    ///
    /// `invalid_input` for an option that is not accepted, for example a port that is taken.
    pub async fn start(options: SandboxOptions) -> Result<Self, Error> {
        if !matches!(options.v2_wrong, 200 | 400) {
            let fault = format_args!("is {}; it must be 200 or 400", options.v2_wrong);
            return Err(Error::invalid_input("v2_wrong", Reason::UnknownValue, fault));
        }
        let code = options.code.as_deref().map(Code::parse).transpose()?;
        let key = options.api_key.as_deref().map(ApiKey::parse).transpose()?;
        let state = SandboxState::new(&options, code, key)?;
        let wanted = SocketAddr::new(options.host, options.port);
        let cannot = |error: std::io::Error| {
            Error::invalid_input(
                "port",
                Reason::PortUnavailable,
                format_args!("cannot be used: listening on {wanted} failed: {error}"),
            )
            .with_cause(error)
        };
        let listener = TcpListener::bind(wanted).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&state)));
        Ok(Self { state, address, serving })
    }

    /// The address of the sandbox, `http://127.0.0.1:PORT`. V2's base URL is `URL/api`, V1's is `URL/api/public`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The options of a client of this sandbox.
    pub fn client_options(&self, api: Api) -> ClientOptions {
        let base_url = match api {
            Api::V1 => format!("{}/api/public", self.url()),
            Api::V2 => format!("{}/api", self.url()),
        };
        let key = self.state.key.as_ref().map_or("sandbox", ApiKey::expose);
        // Whoever has a sandbox listen beyond loopback knows what they do.
        ClientOptions::new(key, "1").api(api).base_url(base_url).allow_http(true)
    }

    /// Makes a client of this sandbox over V2. For V1 or other options, see [`Sandbox::client_options`].
    ///
    /// # Errors
    ///
    /// `closed` if the sandbox is closed, `forked` in a forked child.
    pub fn client(&self) -> Result<Client, Error> {
        Client::new(self.client_options(Api::V2))
    }

    /// Returns the SMS that were sent to a number, or to all numbers, the newest first.
    ///
    /// # Errors
    ///
    /// `invalid_input` if the text is not a number, `forked` in a forked child.
    pub fn messages(&self, number: Option<&str>) -> Result<Vec<Message>, Error> {
        let number = number.map(PhoneNumber::parse).transpose()?;
        Ok(self.state.gateway.inbox.list(number.map(PhoneNumber::e164).as_deref()))
    }

    /// Waits for a new SMS to a number and returns its code. Each code is returned once.
    ///
    /// # Errors
    ///
    /// `timeout` if no SMS comes in time. `invalid_input` if the text is not a number.
    pub async fn wait_for_code(&self, number: &str, timeout: Duration) -> Result<String, Error> {
        let number = PhoneNumber::parse(number)?;
        let found = self.state.gateway.inbox.wait_for_unseen(&number.e164(), timeout).await;
        found.map(|message| message.code).ok_or_else(|| {
            Error::new(ErrorCode::Timeout, format!("no new SMS to {number} came in {} ms", timeout.as_millis()))
        })
    }

    /// The sandbox's clock.
    pub fn clock(&self) -> SandboxClock<'_> {
        SandboxClock(&self.state)
    }

    /// Injects a failure into the next calls that match it.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a fault that is not accepted.
    pub fn fail_next(&self, fault: Fault) -> Result<(), Error> {
        self.state.faults.add(fault)
    }

    /// Forgets every request, message, failure and journal entry. The clock goes on.
    pub fn reset(&self) {
        self.state.reset();
    }

    /// Stops the sandbox and closes its connections. It has stopped listening when this returns.
    pub async fn close(mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The clock of a sandbox. Advance it instead of waiting for a code to expire.
///
/// ```
/// use std::time::Duration;
/// use egoi_verify::Sandbox;
///
/// fn an_hour_later(sandbox: &Sandbox) {
///     sandbox.clock().advance(Duration::from_secs(3600));
/// }
/// ```
pub struct SandboxClock<'a>(&'a SandboxState);

impl SandboxClock<'_> {
    /// Advances the time.
    pub fn advance(&self, by: Duration) {
        self.change(|clock| clock.advance(by));
    }

    /// Stops the time, or lets it continue.
    pub fn freeze(&self, frozen: bool) {
        self.change(|clock| clock.freeze(frozen));
    }

    /// The time now.
    pub fn now(&self) -> std::time::SystemTime {
        self.0.gateway.clock.now().into()
    }

    /// The same clock, for [`EngineOptions::clock`](crate::EngineOptions::clock).
    pub fn for_engine(&self) -> Arc<TestClock> {
        Arc::clone(&self.0.gateway.clock)
    }

    fn change(&self, change: impl FnOnce(&TestClock)) {
        change(&self.0.gateway.clock);
        self.0.publish_clock();
    }
}
