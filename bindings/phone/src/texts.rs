//! See core's `session::texts`.

use std::time::Duration;

use egoi_verify::session::SessionState;
use egoi_verify::session::texts::{Button, Text, of_button, of_state};
use egoi_verify_runtime::guarded;

use crate::failure::NativeError;
use crate::session::NativeSessionState;

/// See core's `Text`.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeText {
    pub text: String,
    pub hint: String,
}

impl From<Text> for NativeText {
    fn from(Text { text, hint }: Text) -> Self {
        Self { text, hint }
    }
}

/// See core's `Button`.
#[derive(Clone, Copy, uniffi::Enum)]
#[expect(missing_docs, reason = "the variants of core's")]
pub enum NativeButton {
    Send,
    Check,
    Resend,
    ChangeNumber,
}

impl From<NativeButton> for Button {
    fn from(button: NativeButton) -> Self {
        match button {
            NativeButton::Send => Self::Send,
            NativeButton::Check => Self::Check,
            NativeButton::Resend => Self::Resend,
            NativeButton::ChangeNumber => Self::ChangeNumber,
        }
    }
}

/// See core's `of_state`.
#[uniffi::export]
pub fn native_text_of_state(state: NativeSessionState, language: &str) -> Result<NativeText, NativeError> {
    Ok(guarded(|| Ok(of_state(&SessionState::from(state), language).into()))?)
}

/// See core's `of_button`.
#[uniffi::export]
pub fn native_text_of_button(
    button: NativeButton,
    wait: Option<Duration>,
    language: &str,
) -> Result<NativeText, NativeError> {
    Ok(guarded(|| Ok(of_button(button.into(), wait, language).into()))?)
}
