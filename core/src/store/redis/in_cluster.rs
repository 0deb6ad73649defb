//! What is about more than one part of a cluster. A request and what is counted for its number are in one part, and change in one
//! script. Idempotency keys and what is counted for clients and prefixes are in others: each is claimed before the request changes,
//! and given back where it does not. Every command may be repeated. Where a process dies in between, what was claimed stays counted.

use std::collections::HashMap;
use std::time::Duration;

use redis::Value;
use tokio::time::{Instant, sleep};

use super::failure::unexpected;
use super::script::{self, Call, Source};
use super::spread::{self, Part, Spread};
use super::{OfClient, RedisStore, Reply, claimed, created, found, milliseconds, named, settling};
use crate::error::{Error, ErrorCode};
use crate::generate;
use crate::machine::Quota;
use crate::store::sealed::Tags;
use crate::store::{
    ATTEMPT_KEPT, Attempt, ClientAttempt, Counted, CreateResult, DeliveryStatus, Digest, FoundNumber, IdempotencyClaim,
    Limits, NewClaim, NewRequest, NewResend, ResendResult, SmsLimit, StoredRequest, storage,
};
use crate::values::PhoneNumber;
use crate::verification::{Outcome, OutcomeDetails, State};

/// How long after its claim of an idempotency key a request may be made.
const MADE_WITHIN: Duration = Duration::from_secs(12);

/// How long after it another request may take the key of one that is not there. In between is room for clocks that differ.
const TAKEN_AFTER: Duration = Duration::from_secs(20);

/// How long a call waits for a key that another one has, and at most between two looks.
const WAITS: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);

/// How long a lock is held at most.
const LOCKED: Duration = Duration::from_secs(15);

/// How many keys a script looks at.
const AT_ONCE: usize = 500;

/// Whom an SMS counts for in a part of its own.
struct CountedIn {
    /// What tells it from the others that may be in the same part.
    kind: &'static str,
    part: Part,
    tags: Tags,
}

/// What became of an idempotency key.
enum KeyClaim {
    /// The request has it, since then.
    Claimed(u64),
    /// Another one has it.
    Decided(CreateResult),
    /// Another one may be about to be made, or its request is gone.
    Taken { by: u128, may_come: bool },
}

impl RedisStore {
    // Requests

    pub(super) async fn create_in(&self, spread: &Spread, request: &NewRequest) -> Result<CreateResult, Error> {
        if spread.of_id(request.id) != spread.of_number(request.number) {
            return Err(Error::new(ErrorCode::Internal, "the id was not made for the number by `request_id`"));
        }
        let claimed_at = match self.claim_for_request(request).await? {
            Some(KeyClaim::Claimed(at)) => Some(at),
            Some(KeyClaim::Decided(result)) => return Ok(result),
            Some(KeyClaim::Taken { .. }) => {
                return Err(storage("another request with the same idempotency key is under way"));
            }
            None => None,
        };
        let counted = request.limits.counted(request.number, request.terms.client);
        let elsewhere = self.elsewhere(spread, &counted);
        let result = self.create_counted(request, claimed_at, &elsewhere).await;
        if !matches!(result, Ok(CreateResult::New(_))) {
            // Whoever gets this sends nothing. What cannot be given back stays counted.
            let _ = self.give_all_back(&elsewhere, request.id).await;
            if let Some(key) = &request.idempotency_key {
                let _ = self.forget_claim(key, request.id).await;
            }
        }
        result
    }

    async fn create_counted(
        &self,
        request: &NewRequest,
        claimed_at: Option<u64>,
        elsewhere: &[CountedIn],
    ) -> Result<CreateResult, Error> {
        if !elsewhere.is_empty() {
            let looked = self.create_once(request, claimed_at, true).await?;
            if looked.word()? != "free" && looked.word()? != "new" {
                return self.not_created(&looked, request.number).await;
            }
            if let Some(limit) = self.count_all(elsewhere, request.id, &request.limits).await? {
                return Ok(CreateResult::RateLimited { limit, pending: None });
            }
        }
        let response = self.create_once(request, claimed_at, false).await?;
        match response.word()? {
            "new" => created(&response, request.number),
            _ => self.not_created(&response, request.number).await,
        }
    }

    async fn create_once(&self, request: &NewRequest, claimed_at: Option<u64>, looks: bool) -> Result<Reply, Error> {
        let tags = Tags { number: self.seal.number_tags(request.number), ..Tags::default() };
        let before = claimed_at.map(|at| (at + MADE_WITHIN.as_millis() as u64).to_string()).unwrap_or_default();
        let key = request.idempotency_key.as_ref().map_or(&[][..], |key| &key[..]);
        let claimed = [key, before.as_bytes(), if looks { b"look" } else { b"" }];
        let about = self.about_sms(request.id, &script::CREATE, &tags.number, &[]).await?;
        let call =
            self.creating(about, request, &[""; 0], &tags.number)?.list(&claimed).counted(&tags, &request.limits);
        Reply::of(self.connections.run(call).await?)?.ok_or_else(unexpected)
    }

    /// A request, with what is counted for its number.
    async fn about_sms(
        &self,
        id: u128,
        script: &'static Source,
        number_tags: &[Digest],
        more: &[(&str, Vec<u8>)],
    ) -> Result<Call, Error> {
        let part = self.part_of(id).await?;
        let prefix = self.prefix_of(part);
        let mut keys = vec![[&prefix, &b"r:"[..], &id.to_be_bytes()].concat()];
        keys.extend(more.iter().map(|(kind, name)| [&prefix, kind.as_bytes(), name].concat()));
        keys.extend(named(&prefix, "s:", number_tags));
        Ok(self.call_of(part, script, &prefix, &keys))
    }

    async fn not_created(&self, response: &Reply, number: PhoneNumber) -> Result<CreateResult, Error> {
        if response.word()? == "late" {
            return Err(storage("the request was not made in time: do the clocks of the Redis servers agree?"));
        }
        match created(response, number)? {
            CreateResult::RateLimited { limit, pending: Some(after) } => {
                let latest = self.read(after).await?;
                let pending = latest.filter(|(stored, _)| stored.record.state(stored.now) == State::Pending);
                Ok(CreateResult::RateLimited { limit, pending: pending.map(|_| after) })
            }
            result => Ok(result),
        }
    }

    // Idempotency keys of requests

    async fn claim_for_request(&self, request: &NewRequest) -> Result<Option<KeyClaim>, Error> {
        let Some(key) = &request.idempotency_key else { return Ok(None) };
        let ends = Instant::now() + WAITS;
        let mut gone = None;
        loop {
            let claim = async {
                for previous in &request.previous_idempotency_keys {
                    let Some(read) = self.read_claim(previous).await? else { continue };
                    if read.bytes(1)? == b"engine"
                        && let taken @ (KeyClaim::Decided(_) | KeyClaim::Taken { may_come: true, .. }) =
                            self.taken(read.id(2)?, read.number::<u8>(3)? == 1, request.number).await?
                    {
                        return Ok(taken);
                    }
                }
                self.claim_once(key, request, gone).await
            };
            let keys = (key, &request.previous_idempotency_keys[..]);
            let claim = self.locked(keys, request.id, ends, claim).await?;
            match claim {
                KeyClaim::Taken { by, may_come: false } if gone != Some(by) => gone = Some(by),
                KeyClaim::Taken { .. } if Instant::now() < ends => sleep(generate::up_to(LOOK)).await,
                claim => return Ok(Some(claim)),
            }
        }
    }

    async fn claim_once(&self, key: &Digest, request: &NewRequest, gone: Option<u128>) -> Result<KeyClaim, Error> {
        let tag = self.seal.number_tags(request.number).first().copied().unwrap_or_default();
        let kept = request.terms.validity().saturating_add(request.retention);
        let call = self
            .call(Some(spread::of_key(key)), &script::CLAIM_FOR_REQUEST, "k:", key)
            .arg(request.id.to_be_bytes())
            .arg(milliseconds(kept))
            .arg(tag)
            .arg(gone.map(u128::to_be_bytes).map_or(Vec::new(), Vec::from))
            .arg(milliseconds(TAKEN_AFTER));
        let response = Reply::of(self.connections.run(call).await?)?.ok_or_else(unexpected)?;
        match response.word()? {
            "claimed" => Ok(KeyClaim::Claimed(response.number(1)?)),
            "taken" => self.taken(response.id(1)?, response.number::<u8>(2)? == 1, request.number).await,
            _ => Err(unexpected()),
        }
    }

    /// What it means that this request has the key.
    async fn taken(&self, by: u128, may_come: bool, number: PhoneNumber) -> Result<KeyClaim, Error> {
        Ok(match self.read(by).await? {
            Some((stored, _)) if stored.number == number => {
                KeyClaim::Decided(CreateResult::Known(Box::new((by, stored))))
            }
            Some(_) => KeyClaim::Decided(CreateResult::OtherNumber),
            None => KeyClaim::Taken { by, may_come },
        })
    }

    async fn read_claim(&self, key: &Digest) -> Result<Option<Reply>, Error> {
        let part = Some(spread::of_key(key));
        let call = self.call(part, &script::READ_CLAIM, "k:", key).arg(milliseconds(TAKEN_AFTER));
        Reply::of(self.connections.run(call).await?)
    }

    async fn forget_claim(&self, key: &Digest, id: u128) -> Result<(), Error> {
        let call = self.call(Some(spread::of_key(key)), &script::FORGET_CLAIM, "k:", key).arg(id.to_be_bytes());
        self.connections.run(call).await.map(drop)
    }

    /// While the engine's keys change, a key is in one part under each of them. Who looks into the others and then claims one does
    /// so alone.
    async fn locked<T>(
        &self,
        (key, previous): (&Digest, &[Digest]),
        owner: u128,
        ends: Instant,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Some(first) = previous.iter().chain([key]).min().filter(|_| !previous.is_empty()) else {
            return work.await;
        };
        let lock = |script| {
            let call = self.call(Some(spread::of_key(first)), script, "l:", first);
            call.arg(owner.to_be_bytes())
        };
        while self.connections.run(lock(&script::LOCK).arg(milliseconds(LOCKED))).await? == Value::Nil {
            if Instant::now() >= ends {
                return Err(storage("the idempotency key is in use: try again soon"));
            }
            sleep(generate::up_to(LOOK)).await;
        }
        let done = work.await;
        // It ends by itself otherwise.
        let _ = self.connections.run(lock(&script::RELEASE_LOCK)).await;
        done
    }

    // What is counted in other parts

    /// The client and the prefix, where they are counted.
    fn elsewhere(&self, spread: &Spread, counted: &Counted) -> Vec<CountedIn> {
        let tags = self.seal.counted_tags(counted);
        let client = counted.client.map(|client| CountedIn {
            kind: "c:c",
            part: spread.of_client(client),
            tags: Tags { client: tags.client, ..Tags::default() },
        });
        let prefix = counted.prefix.map(|prefix| CountedIn {
            kind: "c:p",
            part: spread.of_prefix(prefix),
            tags: Tags { prefix: tags.prefix, ..Tags::default() },
        });
        client.into_iter().chain(prefix).collect()
    }

    /// Counts an SMS for all of them, or says which limit is in the way.
    async fn count_all(&self, all: &[CountedIn], by: u128, limits: &Limits) -> Result<Option<SmsLimit>, Error> {
        for one in all {
            let call = self
                .about_counted(one, &script::COUNT_SMS, by)
                .arg(milliseconds(ATTEMPT_KEPT))
                .counted(&one.tags, limits);
            let response = Reply::of(self.connections.run(call).await?)?.ok_or_else(unexpected)?;
            if response.word()? != "counted" {
                return SmsLimit::named(response.word()?, response.duration(1)?).map(Some).ok_or_else(unexpected);
            }
        }
        Ok(None)
    }

    async fn give_all_back(&self, all: &[CountedIn], by: u128) -> Result<(), Error> {
        for one in all {
            let call = self.about_counted(one, &script::GIVE_SMS_BACK, by).list(one.tags());
            self.connections.run(call).await?;
        }
        Ok(())
    }

    fn about_counted(&self, one: &CountedIn, script: &'static Source, by: u128) -> Call {
        let part = Some(one.part);
        let prefix = self.prefix_of(part);
        let mut keys = vec![[&prefix, one.kind.as_bytes(), &by.to_be_bytes()].concat()];
        keys.extend(named(&prefix, "s:", one.tags()));
        self.call_of(part, script, &prefix, &keys).arg(by.to_be_bytes())
    }

    // Later SMS

    pub(super) async fn resend_in(
        &self,
        spread: &Spread,
        id: u128,
        resend: &NewResend,
    ) -> Result<Option<ResendResult>, Error> {
        let counted = resend.limits.counted(resend.terms.number, resend.terms.client);
        let elsewhere = self.elsewhere(spread, &counted);
        if !elsewhere.is_empty() {
            let looked = self.resend_once(id, resend, true).await?;
            match Reply::of(looked.clone())? {
                Some(looked) if looked.word()? == "free" => {}
                _ => return self.resent(id, looked),
            }
            if let Some(limit) = self.count_all(&elsewhere, resend.command, &resend.limits).await? {
                self.give_all_back(&elsewhere, resend.command).await?;
                return Ok(Some(ResendResult::RateLimited(limit)));
            }
        }
        let result = self.resent(id, self.resend_once(id, resend, false).await?)?;
        if !matches!(result, Some(ResendResult::Ready { .. })) {
            self.give_all_back(&elsewhere, resend.command).await?;
        }
        Ok(result)
    }

    async fn resend_once(&self, id: u128, resend: &NewResend, looks: bool) -> Result<Value, Error> {
        let tags = Tags { number: self.seal.number_tags(resend.terms.number), ..Tags::default() };
        let about = self.about_sms(id, &script::RESEND, &tags.number, &[]).await?;
        let call = self.resending(about, id, resend, &tags.number)?.arg(if looks { "look" } else { "" });
        self.connections.run(call.counted(&tags, &resend.limits)).await
    }

    /// The SMS was not sent.
    pub(super) async fn take_back_in(
        &self,
        spread: &Spread,
        id: u128,
        delivery: u32,
        counted: Counted,
    ) -> Result<(), Error> {
        let number_tags = self.seal.number_tags(counted.number);
        let name = [&id.to_be_bytes()[..], &delivery.to_be_bytes()].concat();
        let about = self.about_sms(id, &script::SETTLE, &number_tags, &[("d:", name)]).await?;
        let none: [Digest; 0] = [];
        let call = settling(about, id, delivery, DeliveryStatus::NotSent).list(&number_tags).list(&none).list(&none);
        let Some(response) = Reply::of(self.connections.run(call).await?)? else { return Ok(()) };
        let key: Option<Digest> = response.bytes(1)?.try_into().ok();
        if let Some(key) = key {
            self.forget_claim(&key, id).await?;
        }
        self.give_all_back(&self.elsewhere(spread, &counted), response.id(0)?).await
    }

    // Validations

    /// The attempt is counted for its client before the code is looked at, and given back where it was not wrong.
    pub(super) async fn validate_of_client(
        &self,
        part: Part,
        id: u128,
        attempt: Attempt<'_>,
        counted: ClientAttempt,
    ) -> Result<Option<OutcomeDetails>, Error> {
        let OfClient::Counted { left } = self.count_of_client(counted).await? else {
            // What the request and its number say comes first. A client without any attempts has the last word, so that no code is
            // looked at.
            let nothing = Quota { limit: 0, ..counted.quota };
            return self.validate_in(Some(part), id, attempt, Some((counted.client, nothing))).await;
        };
        let mut validated = self.validate_in(Some(part), id, attempt, None).await;
        match &mut validated {
            Ok(Some(details)) if details.outcome == Outcome::WrongCode => {
                let all_left = [details.attempts_left, left];
                details.attempts_left = all_left.into_iter().flatten().min();
            }
            Err(error) if error.code() == ErrorCode::Storage => {}
            _ => {
                // The code may be used up: what cannot be given back stays counted.
                let _ = self.give_attempt_back(counted).await;
            }
        }
        validated
    }

    // Idempotency keys of clients

    pub(super) async fn claim_in(&self, spread: &Spread, claim: &NewClaim) -> Result<IdempotencyClaim, Error> {
        let number_tags = self.seal.number_tags(claim.number);
        let ends = Instant::now() + WAITS;
        let claim_key = async {
            for previous in &claim.previous_keys {
                if let Some(read) = self.read_claim(previous).await? {
                    return Ok(match read.bytes(1)? {
                        _ if !number_tags.iter().any(|tag| read.bytes(0).is_ok_and(|kept| kept == tag)) => {
                            IdempotencyClaim::OtherNumber
                        }
                        b"given" => IdempotencyClaim::Known(read.given(2)?),
                        _ => IdempotencyClaim::UnderWay,
                    });
                }
            }
            let none: [Digest; 0] = [];
            let call = self
                .call(Some(spread::of_key(&claim.key)), &script::CLAIM, "k:", &claim.key)
                .arg(claim.owner.to_be_bytes())
                .arg(milliseconds(claim.retention))
                .list(&number_tags)
                .list(&none)
                .counted(&Tags::default(), &claim.limits);
            claimed(&Reply::of(self.connections.run(call).await?)?.ok_or_else(unexpected)?)
        };
        let claimed = self.locked((&claim.key, &claim.previous_keys), claim.owner, ends, claim_key).await?;
        if claimed != IdempotencyClaim::New {
            return Ok(claimed);
        }
        let all = self.counted_by_claim(spread, claim);
        match self.count_all(&all, claim.owner, &claim.limits).await? {
            None => Ok(IdempotencyClaim::New),
            Some(limit) => {
                self.release_in(spread, claim).await?;
                Ok(IdempotencyClaim::RateLimited(limit))
            }
        }
    }

    /// Of a claim the number is counted by itself too.
    fn counted_by_claim(&self, spread: &Spread, claim: &NewClaim) -> Vec<CountedIn> {
        let counted = claim.limits.counted(claim.number, claim.client);
        let number = claim.limits.of_number().count_sms().then(|| CountedIn {
            kind: "c:n",
            part: spread.of_number(claim.number),
            tags: Tags { number: self.seal.number_tags(claim.number), ..Tags::default() },
        });
        number.into_iter().chain(self.elsewhere(spread, &counted)).collect()
    }

    pub(super) async fn release_in(&self, spread: &Spread, claim: &NewClaim) -> Result<(), Error> {
        let part = Some(spread::of_key(&claim.key));
        let prefix = self.prefix_of(part);
        let keys =
            [[&prefix, &b"k:"[..], &claim.key].concat(), [&prefix, &b"d:"[..], &claim.owner.to_be_bytes()].concat()];
        let none: [Digest; 0] = [];
        let call = self
            .call_of(part, &script::RELEASE, &prefix, &keys)
            .arg(claim.owner.to_be_bytes())
            .list(&none)
            .list(&none)
            .list(&none);
        if self.connections.run(call).await? == Value::Nil {
            return Ok(());
        }
        self.give_all_back(&self.counted_by_claim(spread, claim), claim.owner).await
    }

    // What a support desk asks

    pub(super) async fn find_in(&self, part: Part, number: PhoneNumber, limits: Limits) -> Result<FoundNumber, Error> {
        let tags = self.seal.number_tags(number);
        let mut requests: HashMap<u128, StoredRequest> = HashMap::new();
        for keys in self.keys_of_requests(part).await?.chunks(AT_ONCE) {
            let call = self.call_of(Some(part), &script::FIND_IN_PART, &self.prefix_of(Some(part)), keys).list(&tags);
            match self.connections.run(call).await? {
                Value::Array(each) => requests.extend(found(&each, number)?),
                _ => return Err(unexpected()),
            }
        }
        let response =
            Reply::of(self.connections.run(self.about_number(part, &script::COUNTED_IN_PART, &tags)).await?)?;
        let response = response.ok_or_else(unexpected)?;
        let now = response.time(0)?;
        let counters = response.all_counters(1, now, &limits)?;
        Ok(FoundNumber { requests: requests.into_iter().collect(), counters, now })
    }

    pub(super) async fn unlock_in(&self, part: Part, number: PhoneNumber) -> Result<(), Error> {
        let call = self.about_number(part, &script::UNLOCK_IN_PART, &self.seal.number_tags(number));
        self.connections.run(call).await.map(drop)
    }

    /// What is counted for a number.
    fn about_number(&self, part: Part, script: &'static Source, tags: &[Digest]) -> Call {
        let prefix = self.prefix_of(Some(part));
        let mut keys = vec![[&prefix, &b"w"[..]].concat()];
        keys.extend(named(&prefix, "s:", tags));
        self.call_of(Some(part), script, &prefix, &keys).list(tags)
    }

    pub(super) async fn erase_in(&self, part: Part, number: PhoneNumber) -> Result<u64, Error> {
        let tags = self.seal.number_tags(number);
        let mut erased = self.erase_these(part, &self.keys_of_requests(part).await?, &tags).await?;
        // Its idempotency keys may be in any part.
        loop {
            let before = self.connections.settled().await?;
            for master in self.connections.masters().await? {
                let any_part = [&escaped(&self.prefix), &b"{????}k:*"[..]].concat();
                let mut of_parts: HashMap<Part, Vec<Vec<u8>>> = HashMap::new();
                for key in self.connections.keys_of(&master, &any_part).await? {
                    if let Some(part) = key.get(self.prefix.len()..).and_then(spread::of_hash_tag) {
                        of_parts.entry(part).or_default().push(key);
                    }
                }
                for (part, keys) in of_parts {
                    erased += self.erase_these(part, &keys, &tags).await?;
                }
            }
            if self.connections.settled().await? == before {
                break;
            }
        }
        self.unlock_in(part, number).await?;
        Ok(erased)
    }

    async fn erase_these(&self, part: Part, keys: &[Vec<u8>], tags: &[Digest]) -> Result<u64, Error> {
        let mut erased = 0;
        for keys in keys.chunks(AT_ONCE) {
            let call = self.call_of(Some(part), &script::ERASE_IN_PART, &self.prefix_of(Some(part)), keys).list(tags);
            match self.connections.run(call).await? {
                Value::Int(some) => erased += u64::try_from(some).map_err(|_| unexpected())?,
                _ => return Err(unexpected()),
            }
        }
        Ok(erased)
    }

    /// The keys of all requests of a part, none of which is being moved.
    async fn keys_of_requests(&self, part: Part) -> Result<Vec<Vec<u8>>, Error> {
        let pattern = [&escaped(&self.prefix_of(Some(part))), &b"r:*"[..]].concat();
        loop {
            let before = self.connections.settled().await?;
            let keys = self.connections.keys_beside(part, &pattern).await?;
            if self.connections.settled().await? == before {
                return Ok(keys);
            }
        }
    }
}

impl CountedIn {
    fn tags(&self) -> &[Digest] {
        let Tags { number, client, prefix } = &self.tags;
        [number, client, prefix].into_iter().find(|tags| !tags.is_empty()).map_or(&[], Vec::as_slice)
    }
}

/// A pattern that only this matches.
fn escaped(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|byte| if b"*?[]^-\\".contains(byte) { vec![b'\\', *byte] } else { vec![*byte] }).collect()
}
