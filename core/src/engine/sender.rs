//! Handing an SMS over.

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;

use zeroize::Zeroizing;

use crate::client::{Api, Client, ClientOptions, SenderInfo};
use crate::error::{Error, Reason};
use crate::sms::{Sending, SmsEncoding, sms_parts};
use crate::values::PhoneNumber;
use crate::verification::CallOptions;

/// An SMS to send. Its text holds the code: it cannot be printed.
pub struct OutgoingSms {
    /// The number.
    pub number: PhoneNumber,
    /// The text.
    pub text: Zeroizing<String>,
    /// What names this hand-over, 32 hex digits: a gateway that is given the same one twice may drop the second.
    pub attempt_id: String,
    #[cfg(feature = "sandbox")]
    pub(crate) request_id: crate::values::RequestId,
    #[cfg(feature = "sandbox")]
    pub(crate) code: crate::values::Code,
}

/// Why an SMS was not, or may not have been, handed over.
///
/// ```
/// use egoi_verify::SendError;
///
/// fn judged(error: std::io::Error) -> SendError {
///     match error.kind() {
///         // Only if it is certain that nothing was sent.
///         std::io::ErrorKind::ConnectionRefused => SendError::NotSent(error.into()),
///         _ => SendError::PossiblySent(error.into()),
///     }
/// }
/// ```
pub enum SendError {
    /// Nothing went out, for certain: no request is left behind and nothing is counted.
    NotSent(Box<dyn std::error::Error + Send + Sync>),
    /// It may have gone out: the code counts.
    PossiblySent(Box<dyn std::error::Error + Send + Sync>),
}

/// The text of the cause alone, which is the user's own.
impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(cause) => write!(f, "NotSent({cause})"),
            Self::PossiblySent(cause) => write!(f, "PossiblySent({cause})"),
        }
    }
}

/// The result of asking a gateway whether it can be used.
pub type PingFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// What a hand-over gives, later.
pub type SendFuture<'a> = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;

/// Hands SMS over: an async function of an [`OutgoingSms`], or [`EgoiSms`].
pub trait SmsGateway: Send + Sync {
    /// Hands one SMS over. It is never called twice for the same one.
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_>;

    /// Asks, for [`Engine::ping`](crate::Engine::ping), whether SMS can be handed over. Default: it cannot be asked.
    fn ping(&self) -> PingFuture<'_> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl<F, Later> SmsGateway for F
where
    F: Fn(OutgoingSms) -> Later + Send + Sync,
    Later: Future<Output = Result<(), SendError>> + Send + 'static,
{
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        Box::pin(self(sms))
    }
}

/// E-goi's own SMS call. Over V2 it is sent as urgent; over both, in the encoding that the text needs and as the parts
/// that it takes.
///
/// ```
/// use egoi_verify::{ClientOptions, EgoiSms, Engine, EngineOptions, Error};
///
/// fn engine(api_key: &str, sender: &str) -> Result<Engine, Error> {
///     Engine::new(EgoiSms::new(ClientOptions::new(api_key, sender))?, EngineOptions::default())
/// }
/// ```
#[derive(Clone)]
pub struct EgoiSms {
    client: Client,
    urgent: bool,
    encoding: Option<SmsEncoding>,
    max_parts: Option<NonZeroU32>,
}

impl EgoiSms {
    /// Makes a gateway from a `Client`'s options, without its limits: the engine has its own.
    ///
    /// # Errors
    ///
    /// See [`Client::new`](crate::Client::new).
    pub fn new(options: ClientOptions) -> Result<Self, Error> {
        if let Some(limit) = options.limit() {
            let fault = "is given for `EgoiSms`; set the limit of the engine";
            return Err(Error::invalid_input(limit, Reason::Conflicting, fault));
        }
        Ok(Self { client: Client::new(options)?, urgent: true, encoding: None, max_parts: None })
    }

    /// Whether it is sent before other SMS (V2). Default: yes.
    #[must_use]
    pub fn urgent(mut self, urgent: bool) -> Self {
        self.urgent = urgent;
        self
    }

    /// The encoding of every text. Default: what the text needs.
    #[must_use]
    pub fn encoding(mut self, encoding: SmsEncoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// The maximum of parts that E-goi sends of a text. Default: as many as the text takes.
    #[must_use]
    pub fn max_parts(mut self, parts: NonZeroU32) -> Self {
        self.max_parts = Some(parts);
        self
    }

    /// Asks whether the service is up. It needs no valid key.
    ///
    /// # Errors
    ///
    /// See [`Client::ping`].
    pub async fn ping(&self, options: CallOptions) -> Result<(), Error> {
        self.client.ping(options).await
    }

    /// Lists the account's senders. It is the cheapest call that proves a key, and it sends no SMS.
    ///
    /// # Errors
    ///
    /// See [`Client::senders`].
    pub async fn senders(&self, options: CallOptions) -> Result<Vec<SenderInfo>, Error> {
        self.client.senders(options).await
    }
}

impl SmsGateway for EgoiSms {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        Box::pin(async move {
            let needed = sms_parts(&sms.text);
            let sending = Sending {
                encoding: self.encoding.unwrap_or(needed.encoding),
                max_count: self.max_parts.map_or(needed.parts, NonZeroU32::get),
                urgent: self.urgent,
            };
            self.client.send_sms(sms.number, &sms.text, sending).await.map_err(|error| {
                if error.sms_possibly_sent() {
                    SendError::PossiblySent(error.into())
                } else {
                    SendError::NotSent(error.into())
                }
            })
        })
    }

    /// V2 accepts its own `ping` with any key, so that its senders are asked for. That V1 has senders is seen at one
    /// integrator only; there it is `ping`.
    fn ping(&self) -> PingFuture<'_> {
        Box::pin(async move {
            match self.client.api() {
                Api::V1 => self.ping(CallOptions::default()).await,
                Api::V2 => self.senders(CallOptions::default()).await.map(drop),
            }
        })
    }
}
