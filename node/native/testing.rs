//! What only the tests of this package call.

use napi_derive::napi;

use crate::calls::Calls;
use crate::guard::guarded;

/// Panics, so that a test sees what becomes of it: at once, or in a call.
#[napi]
#[allow(clippy::panic, reason = "that is what it is for")]
pub fn panic_for_test(calls: Option<&Calls>, call: Option<u32>, is_inline: Option<bool>) -> napi::Result<()> {
    guarded(|| match (calls, call) {
        (Some(calls), Some(call)) => {
            let is_inline = is_inline.unwrap_or_default();
            calls.table().start::<()>(call, is_inline, async { panic!("a test asked for it") });
            Ok(())
        }
        _ => panic!("a test asked for it"),
    })
}
