//! The gateway function that JavaScript gave to an engine.

use std::sync::Arc;

use egoi_verify::{OutgoingSms, SendError, SendFuture, SmsGateway};
use serde::Serialize;

use crate::calls::CallTable;

/// Has JavaScript's function send an SMS.
pub(crate) struct JavaScriptGateway(pub(crate) Arc<CallTable>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sms<'a> {
    number: String,
    text: &'a str,
    attempt_id: &'a str,
}

impl SmsGateway for JavaScriptGateway {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        Box::pin(async move {
            let delivery = Sms { number: sms.number.e164(), text: &sms.text, attempt_id: &sms.attempt_id };
            let result = self.0.request_delivery(&delivery).map_err(SendError::NotSent)?;
            result.await.unwrap_or_else(|dropped| Err(SendError::PossiblySent(dropped.into())))
        })
    }
}
