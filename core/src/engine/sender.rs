//! Handing an SMS over.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use zeroize::Zeroizing;

use crate::client::{Client, ClientOptions};
use crate::error::{Error, ErrorCode};
use crate::values::PhoneNumber;
use crate::verification::CallOptions;

/// An SMS to hand over. Its text holds the code: it cannot be printed.
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

/// What a hand-over gives, later.
pub type SendFuture<'a> = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;

/// Hands SMS over: an async function of an [`OutgoingSms`], or [`EgoiSms`].
pub trait SmsGateway: Send + Sync {
    /// Hands one SMS over. It is never called twice for the same one.
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_>;
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

/// E-goi's own SMS call (V2).
pub struct EgoiSms(Client);

impl EgoiSms {
    /// From a `Client`'s options; V1 has no such call: `unsupported`.
    pub fn new(options: ClientOptions) -> Result<Self, Error> {
        let client = Client::new(options)?;
        if client.sends_sms() {
            Ok(Self(client))
        } else {
            Err(Error::new(ErrorCode::Unsupported, "V1 has no call that sends an SMS of one's own; use V2"))
        }
    }
}

impl SmsGateway for EgoiSms {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        Box::pin(async move {
            self.0.send_sms(sms.number, &sms.text, CallOptions::default()).await.map_err(|error| {
                if error.sms_possibly_sent() {
                    SendError::PossiblySent(error.into())
                } else {
                    SendError::NotSent(error.into())
                }
            })
        })
    }
}
