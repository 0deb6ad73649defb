//! Sending an SMS by a gateway.

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
///
/// ```
/// use egoi_verify::{OutgoingSms, SendError};
///
/// async fn send(sms: OutgoingSms) -> Result<(), SendError> {
///     println!("to {}: {}", sms.number, *sms.text); // Your provider's call.
///     Ok(())
/// }
/// ```
pub struct OutgoingSms {
    /// The number of the recipient.
    pub number: PhoneNumber,
    /// The text, with the code.
    pub text: Zeroizing<String>,
    /// The id of this delivery attempt, 32 hex digits. A gateway may drop a second SMS with the same id.
    pub attempt_id: String,
    #[cfg(feature = "sandbox")]
    pub(crate) request_id: crate::values::RequestId,
    #[cfg(feature = "sandbox")]
    pub(crate) code: crate::values::Code,
}

/// The failure of a gateway to send an SMS.
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
    /// It is certain that nothing was sent. The engine keeps no request and counts nothing.
    NotSent(Box<dyn std::error::Error + Send + Sync>),
    /// The SMS may have been sent. The code counts.
    PossiblySent(Box<dyn std::error::Error + Send + Sync>),
}

/// Prints only the text of the cause, which is the user's own.
impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(cause) => write!(f, "NotSent({cause})"),
            Self::PossiblySent(cause) => write!(f, "PossiblySent({cause})"),
        }
    }
}

/// The future result of [`SmsGateway::ping`].
pub type PingFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// The future result of [`SmsGateway::send`].
pub type SendFuture<'a> = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;

/// Sends SMS. An async function of an [`OutgoingSms`] implements it, and so does [`EgoiSms`].
///
/// ```
/// use egoi_verify::{Engine, EngineOptions, Error, OutgoingSms};
///
/// fn engine() -> Result<Engine, Error> {
///     Engine::new(
///         |sms: OutgoingSms| async move {
///             println!("to {}: {}", sms.number, *sms.text); // Your provider's call.
///             Ok(())
///         },
///         EngineOptions::default(),
///     )
/// }
/// ```
pub trait SmsGateway: Send + Sync {
    /// Sends one SMS. The engine never calls it twice for the same SMS.
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_>;

    /// Checks, for [`Engine::ping`](crate::Engine::ping), that the gateway can be used. Default: checks nothing.
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

/// E-goi's own SMS call, as the gateway of an engine. By default an SMS is urgent (only V2), and has the encoding and the parts that
/// its text needs.
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

    /// Whether E-goi sends the SMS before those that are not urgent. Only V2. Default: yes.
    #[must_use]
    pub fn urgent(mut self, urgent: bool) -> Self {
        self.urgent = urgent;
        self
    }

    /// The encoding of every text. Default: GSM 7-bit, or UCS-2 for a text that needs it.
    #[must_use]
    pub fn encoding(mut self, encoding: SmsEncoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// The maximum of SMS parts of one text. Default: the parts that the text takes.
    #[must_use]
    pub fn max_parts(mut self, parts: NonZeroU32) -> Self {
        self.max_parts = Some(parts);
        self
    }

    /// Checks that the service is up. It does not check the key.
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

    /// V2's `ping` accepts any key: the senders are read instead. Only one public client reads V1's senders: V1 is asked by `ping`.
    fn ping(&self) -> PingFuture<'_> {
        Box::pin(async move {
            match self.client.api() {
                Api::V1 => self.ping(CallOptions::default()).await,
                Api::V2 => self.senders(CallOptions::default()).await.map(drop),
            }
        })
    }
}
