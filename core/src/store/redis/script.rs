//! The scripts, and what they are called with.

use std::sync::OnceLock;

use redis::{Cmd, Script};

use super::milliseconds;
use super::spread::Part;
use crate::machine::{CounterLimits, Quota};
use crate::store::sealed::Tags;
use crate::store::{Digest, Limits};

/// How what the scripts keep is laid out; part of every key, so that scripts of another layout never read it.
pub(super) const LAYOUT: u32 = 1;

/// A script of these files, one after the other.
macro_rules! source {
    ($($file:literal)+) => {
        Source { code: concat!(include_str!("begin.lua"), $("\n", include_str!($file)),+), hash: OnceLock::new() }
    };
}

pub(super) static OPEN: Source = source!("lists.lua" "open.lua");
pub(super) static PING: Source = source!("ping.lua");
pub(super) static CREATE: Source = source!("lists.lua" "put.lua" "sms.lua" "record.lua" "create.lua");
pub(super) static VALIDATE: Source = source!("put.lua" "counters.lua" "validate.lua");
/// The same where nothing is counted for a number or a client.
pub(super) static VALIDATE_UNCOUNTED: Source = source!("validate.lua");
pub(super) static CANCEL: Source = source!("put.lua" "record.lua" "cancel.lua");
pub(super) static GET: Source = source!("put.lua" "record.lua" "get.lua");
pub(super) static RESEND: Source = source!("lists.lua" "put.lua" "sms.lua" "record.lua" "resend.lua");
pub(super) static SETTLE: Source = source!("lists.lua" "give_back.lua" "put.lua" "record.lua" "record_delivery.lua");
pub(super) static CLAIM: Source = source!("lists.lua" "put.lua" "sms.lua" "claim.lua");
pub(super) static COMPLETE: Source = source!("owned.lua" "complete.lua");
pub(super) static RELEASE: Source = source!("lists.lua" "give_back.lua" "put.lua" "owned.lua" "release.lua");
pub(super) static COUNT_ATTEMPT: Source = source!("put.lua" "counters.lua" "count_attempt.lua");
pub(super) static GIVE_ATTEMPT_BACK: Source = source!("give_attempt_back.lua");

pub(super) static FIND: Source = source!("lists.lua" "put.lua" "record.lua" "scan.lua" "find.lua");
pub(super) static UNLOCK: Source = source!("lists.lua" "unlock.lua");
pub(super) static ERASE: Source = source!("lists.lua" "put.lua" "record.lua" "scan.lua" "erase.lua");

// What a cluster takes instead, where a command is about more than one part of it, or has to name its keys.
pub(super) static OPEN_CLUSTER: Source = source!("lists.lua" "open_cluster.lua");
pub(super) static VALIDATE_IN_PART: Source = source!("counters_of_part.lua" "validate.lua");
pub(super) static COUNT_SMS: Source = source!("lists.lua" "put.lua" "sms.lua" "count_sms.lua");
pub(super) static GIVE_SMS_BACK: Source = source!("lists.lua" "give_back.lua" "give_sms_back.lua");
pub(super) static CLAIM_FOR_REQUEST: Source = source!("put.lua" "claim_for_request.lua");
pub(super) static READ_CLAIM: Source = source!("read_claim.lua");
pub(super) static FORGET_CLAIM: Source = source!("forget_claim.lua");
pub(super) static LOCK: Source = source!("lock.lua");
pub(super) static RELEASE_LOCK: Source = source!("release_lock.lua");
pub(super) static COUNTED_IN_PART: Source = source!("lists.lua" "counted_in_part.lua");
pub(super) static FIND_IN_PART: Source = source!("lists.lua" "put.lua" "record.lua" "find_in_part.lua");
pub(super) static ERASE_IN_PART: Source = source!("lists.lua" "put.lua" "record.lua" "erase_in_part.lua");
pub(super) static UNLOCK_IN_PART: Source = source!("lists.lua" "unlock_in_part.lua");

/// A script.
pub(super) struct Source {
    code: &'static str,
    /// By what a server that knows it finds it.
    hash: OnceLock<String>,
}

/// A script with what it is called with, in the order in which it says that it takes it.
pub(super) struct Call {
    code: &'static str,
    by_hash: Cmd,
    /// Where its keys are; None in a server that is no cluster.
    part: Option<Part>,
}

impl Call {
    pub(super) fn new(source: &'static Source, part: Option<Part>, keys: &[impl AsRef<[u8]>]) -> Self {
        let hash = source.hash.get_or_init(|| Script::new(source.code).get_hash().to_owned());
        let mut by_hash = redis::cmd("EVALSHA");
        by_hash.arg(hash).arg(keys.len());
        for key in keys {
            by_hash.arg(key.as_ref());
        }
        Self { code: source.code, by_hash, part }
    }

    pub(super) fn part(&self) -> Option<Part> {
        self.part
    }

    pub(super) fn arg(mut self, arg: impl AsRef<[u8]>) -> Self {
        self.by_hash.arg(arg.as_ref());
        self
    }

    /// A limit; -1 is none.
    pub(super) fn limit(self, max: Option<u32>) -> Self {
        match max {
            Some(max) => self.arg(max.to_string()),
            None => self.arg("-1"),
        }
    }

    pub(super) fn quota(self, quota: Option<Quota>) -> Self {
        let per = quota.map(|quota| quota.per).unwrap_or_default();
        self.limit(quota.map(|quota| quota.limit)).arg(milliseconds(per))
    }

    /// Whom an SMS is counted for, each with its limits.
    pub(super) fn counted(self, tags: &Tags, limits: &Limits) -> Self {
        let of = |call: Self, limits: CounterLimits, tags: &[Digest]| {
            let tags = if limits.count_sms() { tags } else { &[] };
            call.quota(limits.sms).arg(milliseconds(limits.pause.unwrap_or_default())).list(tags)
        };
        let call = of(self, limits.of_number(), &tags.number);
        of(of(call, limits.of_client(), &tags.client), limits.of_prefix(), &tags.prefix)
    }

    /// How many, then each.
    pub(super) fn list(self, items: &[impl AsRef<[u8]>]) -> Self {
        items.iter().fold(self.arg(items.len().to_string()), Self::arg)
    }

    /// For a server that knows the script.
    pub(super) fn by_hash(&self) -> &Cmd {
        &self.by_hash
    }

    /// For one that does not, and knows it then.
    pub(super) fn by_code(&self) -> Cmd {
        let mut by_code = redis::cmd("EVAL");
        by_code.arg(self.code);
        for arg in self.by_hash.args_iter().skip(2) {
            if let redis::Arg::Simple(arg) = arg {
                by_code.arg(arg);
            }
        }
        by_code
    }
}

#[cfg(test)]
mod tests {
    use super::RESEND;
    use crate::store::DELIVERY_TIMEOUT;

    #[test]
    fn a_hand_over_is_taken_to_have_died_when_it_is_in_the_other_stores() {
        let line = format!("\nlocal DELIVERY_TIMEOUT = {}\n", DELIVERY_TIMEOUT.as_millis());
        assert!(RESEND.code.contains(&line));
    }
}
