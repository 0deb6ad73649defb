//! The store in Redis or Valkey: one script for each operation, whose time is the server's.

mod cluster;
mod connection;
mod failure;
mod in_cluster;
mod script;
mod sentinel;
mod server;
mod spread;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use self::connection::Connections;
use self::failure::unexpected;
use self::script::{Call, Source};
use self::spread::Part;
use super::sealed::{Seal, Tags};
use super::{
    ATTEMPT_KEPT, Attempt, ClientAttempt, ClientHash, Clock, ClockShift, Counted, CreateResult, DeliveryStatus,
    Detachable, Digest, FoundNumber, IdempotencyClaim, Limits, NewClaim, NewRequest, NewResend, OpenOptions,
    ResendResult, SmsLimit, StoreBackend, StoreFuture, StoredRequest, StoredResponse, StoredTerms, details_said,
    wrong_key,
};
use crate::error::Error;
use crate::machine::{Counters, LatestSms, Progress, Quota, Record, Timestamp, Window};
use crate::values::PhoneNumber;
use crate::verification::{OutcomeDetails, SmsStatus, State};

/// Requests in a Redis or Valkey server, which any number of processes share.
///
/// The server is called for the first time when it is first needed. It must keep what it was given: a server that may
/// evict keys is refused.
#[derive(Clone)]
pub(crate) struct RedisStore {
    connections: Arc<Connections>,
    seal: Arc<Seal>,
    clock: Arc<dyn Clock>,
    prefix: Vec<u8>,
}

impl RedisStore {
    /// The store of a URL like `redis://USER:PASSWORD@HOST:PORT/DATABASE?prefix=NAME`, or `rediss://…` over TLS, of a cluster
    /// like `redis+cluster://HOST,HOST`, or of Sentinels like `redis+sentinel://HOST,HOST/MASTER`. A URL that is not one is
    /// `invalid_input`.
    pub(crate) fn open(url: &str, opening: OpenOptions<'_>) -> Result<Self, Error> {
        let OpenOptions { keys, clock, ca_certificates, .. } = opening;
        let seal = Arc::new(Seal::new(keys)?);
        let connections = Arc::new(Connections::new(url, ca_certificates, Arc::clone(&seal))?);
        let prefix = connections.prefix();
        Ok(Self { connections, seal, clock, prefix })
    }

    fn call(&self, part: Option<Part>, script: &'static Source, kind: &str, name: &[u8]) -> Call {
        let prefix = self.prefix_of(part);
        let key = [&prefix, kind.as_bytes(), name].concat();
        self.call_of(part, script, &prefix, &[key])
    }

    fn call_of(&self, part: Option<Part>, script: &'static Source, prefix: &[u8], keys: &[Vec<u8>]) -> Call {
        let shift = match self.clock.shift() {
            ClockShift::By(by) => format!("{by:+}"),
            ClockShift::To(at) => format!("={}", at.0),
        };
        Call::new(script, part, keys).arg(shift).arg(prefix)
    }

    fn about(&self, part: Option<Part>, script: &'static Source, id: u128) -> Call {
        self.call(part, script, "r:", &id.to_be_bytes())
    }

    /// What every key begins with; in a cluster the hash tag is the end of it.
    fn prefix_of(&self, part: Option<Part>) -> Vec<u8> {
        let tag = part.map(spread::hash_tag).unwrap_or_default();
        [&self.prefix, tag.as_bytes()].concat()
    }

    /// Where a request is: its part of a cluster.
    async fn part_of(&self, id: u128) -> Result<Option<Part>, Error> {
        Ok(self.connections.spread().await?.map(|spread| spread.of_id(id)))
    }

    async fn part_of_key(&self, key: &Digest) -> Result<Option<Part>, Error> {
        Ok(self.connections.spread().await?.map(|_| spread::of_key(key)))
    }

    async fn part_of_client(&self, client: ClientHash) -> Result<Option<Part>, Error> {
        Ok(self.connections.spread().await?.map(|spread| spread.of_client(client)))
    }

    async fn request_id(&self, number: PhoneNumber, random: u128) -> Result<u128, Error> {
        Ok(self.connections.spread().await?.map_or(random, |spread| spread.id(number, random)))
    }

    async fn read(&self, id: u128) -> Result<Option<(StoredRequest, StoredTerms)>, Error> {
        let part = self.part_of(id).await?;
        let response = self.connections.run(self.about(part, &script::GET, id)).await?;
        let Some(response) = Reply::of(response)? else { return Ok(None) };
        let terms = self.seal.open(id, response.bytes(10)?)?;
        Ok(Some((response.stored(terms.number)?, terms)))
    }

    /// By what the counters of a request's number are found, which under a single key the request itself says.
    async fn tags(&self, id: u128) -> Result<Option<Vec<Digest>>, Error> {
        if self.seal.has_one_key() {
            return Ok(Some(Vec::new()));
        }
        Ok(self.read(id).await?.map(|(stored, _)| self.seal.number_tags(stored.number)))
    }

    async fn create(&self, request: NewRequest) -> Result<CreateResult, Error> {
        if let Some(spread) = self.connections.spread().await? {
            return self.create_in(&spread, &request).await;
        }
        let keys: Vec<_> = request.idempotency_key.iter().chain(&request.previous_idempotency_keys).collect();
        let tags = self.seal.counted_tags(&request.limits.counted(request.number, request.terms.client));
        let about = self.about(None, &script::CREATE, request.id);
        let call = self.creating(about, &request, &keys, &tags.number)?.list(&[""; 0]).counted(&tags, &request.limits);
        let response = self.connections.run(call).await?;
        created(&Reply::of(response)?.ok_or_else(unexpected)?, request.number)
    }

    fn creating(
        &self,
        about: Call,
        request: &NewRequest,
        keys: &[impl AsRef<[u8]>],
        number_tags: &[Digest],
    ) -> Result<Call, Error> {
        Ok(about
            .arg(request.id.to_be_bytes())
            .arg(request.code)
            .arg(&self.seal.seal(request.id, &request.terms)?)
            .arg(milliseconds(request.terms.validity()))
            .arg(milliseconds(request.retention))
            .list(number_tags)
            .list(keys))
    }

    async fn validate(&self, id: u128, attempt: Attempt<'_>) -> Result<Option<OutcomeDetails>, Error> {
        match (self.connections.spread().await?, attempt.client.zip(attempt.limits.wrong_codes_per_client)) {
            (Some(spread), Some((client, quota))) => {
                let codes = attempt.codes.to_vec();
                let attempt = Attempt { codes: &[], ..attempt };
                let counted = ClientAttempt { id: attempt.id, client, quota };
                let (number, limits, attempt_id) = (attempt.number, attempt.limits, attempt.id);
                let store = self.clone();
                // Dropped between its commands, it would leave an attempt counted.
                Detachable::kept(async move {
                    let attempt = Attempt { id: attempt_id, codes: &codes, number, client: Some(client), limits };
                    store.validate_of_client(spread.of_id(id), id, attempt, counted).await
                })
                .await
            }
            (Some(spread), None) => self.validate_in(Some(spread.of_id(id)), id, attempt, None).await,
            (None, of_client) => self.validate_in(None, id, attempt, of_client).await,
        }
    }

    /// In a cluster a client is counted elsewhere.
    async fn validate_in(
        &self,
        part: Option<Part>,
        id: u128,
        attempt: Attempt<'_>,
        of_client: Option<(ClientHash, Quota)>,
    ) -> Result<Option<OutcomeDetails>, Error> {
        let tags = match attempt.number {
            Some(number) => self.seal.number_tags(number),
            None => match self.tags(id).await? {
                Some(tags) => tags,
                None => return Ok(None),
            },
        };
        let [.., a, b, c, d, e, f, g, h] = attempt.id.to_be_bytes();
        let is_counted = of_client.is_some() || attempt.limits.wrong_codes_per_number.is_some();
        let call = match part {
            Some(_) if is_counted => {
                let prefix = self.prefix_of(part);
                let keys = [[&prefix, &b"r:"[..], &id.to_be_bytes()].concat(), [&prefix, &b"w"[..]].concat()];
                self.call_of(part, &script::VALIDATE_IN_PART, &prefix, &keys)
            }
            _ => self.about(part, if is_counted { &script::VALIDATE } else { &script::VALIDATE_UNCOUNTED }, id),
        };
        let mut call = call
            .arg([a, b, c, d, e, f, g, h])
            .arg(attempt.codes.as_flattened())
            .limit(attempt.limits.request.max_attempts)
            .arg(tags.as_flattened());
        if is_counted {
            call = call.quota(attempt.limits.wrong_codes_per_number);
        }
        if let Some((client, quota)) = of_client {
            call = call.quota(Some(quota)).arg(self.seal.client_tags(client).as_flattened());
        }
        let response = self.connections.run(call).await?;
        match &response {
            Value::Nil => Ok(None),
            Value::BulkString(said) if said == b"wrong_key" => Err(wrong_key()),
            Value::BulkString(said) => {
                let said = std::str::from_utf8(said).map_err(|_| unexpected())?;
                details_said(said).map(Some).ok_or_else(unexpected)
            }
            _ => Err(unexpected()),
        }
    }

    async fn cancel(&self, id: u128) -> Result<Option<State>, Error> {
        let part = self.part_of(id).await?;
        match self.connections.run(self.about(part, &script::CANCEL, id)).await? {
            Value::Nil => Ok(None),
            Value::BulkString(word) => match &*word {
                b"verified" => Ok(Some(State::Verified)),
                b"cancelled" => Ok(Some(State::Cancelled)),
                b"expired" => Ok(Some(State::Expired)),
                _ => Err(unexpected()),
            },
            _ => Err(unexpected()),
        }
    }

    async fn resend(&self, id: u128, resend: NewResend) -> Result<Option<ResendResult>, Error> {
        if let Some(spread) = self.connections.spread().await? {
            return self.resend_in(&spread, id, &resend).await;
        }
        let limits = &resend.limits;
        let tags = self.seal.counted_tags(&limits.counted(resend.terms.number, resend.terms.client));
        let about = self.about(None, &script::RESEND, id);
        let call = self.resending(about, id, &resend, &tags.number)?.arg("").counted(&tags, limits);
        self.resent(id, self.connections.run(call).await?)
    }

    fn resending(&self, about: Call, id: u128, resend: &NewResend, number_tags: &[Digest]) -> Result<Call, Error> {
        let limits = &resend.limits.request;
        Ok(about
            .arg(resend.command.to_be_bytes())
            .arg(resend.code)
            .limit(limits.max_attempts)
            .limit(limits.max_resends)
            .arg(milliseconds(limits.resend_after.unwrap_or_default()))
            .arg(id.to_be_bytes())
            .arg(number_tags.first().copied().unwrap_or_default())
            .arg(self.seal.seal_anew(id, &resend.terms)?.unwrap_or_default()))
    }

    fn resent(&self, id: u128, response: Value) -> Result<Option<ResendResult>, Error> {
        let Some(response) = Reply::of(response)? else { return Ok(None) };
        Ok(Some(match response.word()? {
            "ready" => ResendResult::Ready {
                delivery: response.number(9)?,
                stored: response.stored(self.seal.open(id, response.bytes(10)?)?.number)?,
            },
            "conflict" => ResendResult::Conflict,
            // Waiting does not help against the first of them, and its word comes alone.
            limit => {
                let wait = response.duration(1).unwrap_or_default();
                ResendResult::RateLimited(SmsLimit::named(limit, wait).ok_or_else(unexpected)?)
            }
        }))
    }

    async fn record_delivery(
        &self,
        id: u128,
        delivery: u32,
        end: DeliveryStatus,
        counted: Counted,
    ) -> Result<(), Error> {
        // Only one that was not sent is given back.
        let is_not_sent = end == DeliveryStatus::NotSent;
        if let Some(spread) = self.connections.spread().await?.filter(|_| is_not_sent) {
            return self.take_back_in(&spread, id, delivery, counted).await;
        }
        let tags = if is_not_sent { self.seal.counted_tags(&counted) } else { Tags::default() };
        let call = self.about(self.part_of(id).await?, &script::SETTLE, id);
        let call = settling(call, id, delivery, end).list(&tags.number).list(&tags.client).list(&tags.prefix);
        self.connections.run(call).await.map(drop)
    }

    async fn claim(&self, claim: NewClaim) -> Result<IdempotencyClaim, Error> {
        if let Some(spread) = self.connections.spread().await? {
            return self.claim_in(&spread, &claim).await;
        }
        let tags = self.seal.counted_tags(&claim.limits.counted(claim.number, claim.client));
        let call = self
            .call(None, &script::CLAIM, "k:", &claim.key)
            .arg(claim.owner.to_be_bytes())
            .arg(milliseconds(claim.retention))
            .list(&tags.number)
            .list(&claim.previous_keys)
            .counted(&tags, &claim.limits);
        claimed(&Reply::of(self.connections.run(call).await?)?.ok_or_else(unexpected)?)
    }

    async fn find(&self, number: PhoneNumber, limits: Limits) -> Result<FoundNumber, Error> {
        if let Some(spread) = self.connections.spread().await? {
            return self.find_in(spread.of_number(number), number, limits).await;
        }
        let tags = self.seal.number_tags(number);
        let mut requests = HashMap::new();
        let mut cursor = b"0".to_vec();
        loop {
            let call = self.call(None, &script::FIND, "r:", b"").arg(&cursor).list(&tags);
            let response = Reply::of(self.connections.run(call).await?)?.ok_or_else(unexpected)?;
            // One that the server shows twice is one.
            requests.extend(found(response.list(3)?, number)?);
            cursor = response.bytes(0)?.to_vec();
            if cursor == b"0" {
                let now = response.time(1)?;
                let counters = response.all_counters(2, now, &limits)?;
                return Ok(FoundNumber { requests: requests.into_iter().collect(), counters, now });
            }
        }
    }

    async fn unlock(&self, number: PhoneNumber) -> Result<(), Error> {
        if let Some(spread) = self.connections.spread().await? {
            return self.unlock_in(spread.of_number(number), number).await;
        }
        let call = self.call(None, &script::UNLOCK, "s:", b"").list(&self.seal.number_tags(number));
        self.connections.run(call).await.map(drop)
    }

    async fn erase(&self, number: PhoneNumber) -> Result<u64, Error> {
        if let Some(spread) = self.connections.spread().await? {
            return self.erase_in(spread.of_number(number), number).await;
        }
        let tags = self.seal.number_tags(number);
        let (mut cursor, mut erased) = (b"0".to_vec(), 0);
        loop {
            let call = self.call(None, &script::ERASE, "r:", b"").arg(&cursor).list(&tags);
            let response = Reply::of(self.connections.run(call).await?)?.ok_or_else(unexpected)?;
            cursor = response.bytes(0)?.to_vec();
            erased += response.number::<u64>(1)?;
            if cursor == b"0" {
                break;
            }
        }
        self.unlock(number).await?;
        Ok(erased)
    }

    async fn complete(&self, key: Digest, owner: u128, response: StoredResponse) -> Result<(), Error> {
        let call = self
            .call(self.part_of_key(&key).await?, &script::COMPLETE, "k:", &key)
            .arg(owner.to_be_bytes())
            .arg(response.id.as_bytes())
            .arg(response.created_at.0.to_string())
            .arg(response.expires_at.0.to_string());
        self.connections.run(call).await.map(drop)
    }

    async fn release(&self, claim: NewClaim) -> Result<(), Error> {
        if let Some(spread) = self.connections.spread().await? {
            return self.release_in(&spread, &claim).await;
        }
        let tags = self.seal.claimed_tags(&claim);
        let call = self
            .call(None, &script::RELEASE, "k:", &claim.key)
            .arg(claim.owner.to_be_bytes())
            .list(&tags.number)
            .list(&tags.client)
            .list(&tags.prefix);
        self.connections.run(call).await.map(drop)
    }

    async fn count_attempt(&self, attempt: ClientAttempt) -> Result<Option<Duration>, Error> {
        Ok(match self.count_of_client(attempt).await? {
            OfClient::Stopped(wait) => Some(wait),
            OfClient::Counted { .. } => None,
        })
    }

    async fn count_of_client(&self, attempt: ClientAttempt) -> Result<OfClient, Error> {
        let call = self
            .about_attempt(&script::COUNT_ATTEMPT, &attempt)
            .await?
            .quota(Some(attempt.quota))
            .arg(milliseconds(ATTEMPT_KEPT))
            .arg(self.seal.client_tags(attempt.client).as_flattened());
        match self.connections.run(call).await? {
            Value::Nil => Ok(OfClient::Counted { left: None }),
            Value::Int(after @ ..0) => {
                Ok(OfClient::Counted { left: Some(u32::try_from(-1 - after).map_err(|_| unexpected())?) })
            }
            Value::Int(wait) => {
                Ok(OfClient::Stopped(u64::try_from(wait).map(Duration::from_millis).map_err(|_| unexpected())?))
            }
            _ => Err(unexpected()),
        }
    }

    async fn give_attempt_back(&self, attempt: ClientAttempt) -> Result<(), Error> {
        let call = self
            .about_attempt(&script::GIVE_ATTEMPT_BACK, &attempt)
            .await?
            .arg(self.seal.client_tags(attempt.client).as_flattened());
        self.connections.run(call).await.map(drop)
    }

    async fn about_attempt(&self, script: &'static Source, attempt: &ClientAttempt) -> Result<Call, Error> {
        let part = self.part_of_client(attempt.client).await?;
        let prefix = self.prefix_of(part);
        let mut keys = vec![[&prefix, &b"a:"[..], &attempt.token()].concat()];
        if part.is_some() {
            keys.extend(named(&prefix, "w:", &self.seal.client_tags(attempt.client)));
        }
        Ok(self.call_of(part, script, &prefix, &keys))
    }
}

/// What became of an attempt of a client.
enum OfClient {
    /// It is counted. So many more may be, unless the command was repeated.
    Counted { left: Option<u32> },
    /// The limit lasts for so long.
    Stopped(Duration),
}

/// The keys of these names.
fn named<'a>(prefix: &'a [u8], kind: &'a str, names: &'a [Digest]) -> impl Iterator<Item = Vec<u8>> + 'a {
    names.iter().map(move |name| [prefix, kind.as_bytes(), name].concat())
}

fn settling(call: Call, id: u128, delivery: u32, end: DeliveryStatus) -> Call {
    let end = match end {
        DeliveryStatus::Sent => "sent",
        DeliveryStatus::NotSent => "not_sent",
        DeliveryStatus::PossiblySent => "maybe",
    };
    call.arg(id.to_be_bytes()).arg(delivery.to_string()).arg(end)
}

/// The requests that a script found of a number.
fn found(requests: &[Value], number: PhoneNumber) -> Result<Vec<(u128, StoredRequest)>, Error> {
    let found = |each: &Value| {
        let each = Reply::of(each.clone())?.ok_or_else(unexpected)?;
        Ok((each.id(11)?, each.stored(number)?))
    };
    requests.iter().map(found).collect()
}

/// What became of a request.
fn created(response: &Reply, number: PhoneNumber) -> Result<CreateResult, Error> {
    Ok(match response.word()? {
        "new" => CreateResult::New(response.stored(number)?),
        "known" => CreateResult::Known(Box::new((response.id(11)?, response.stored(number)?))),
        "other_number" => CreateResult::OtherNumber,
        limit => {
            let limit = SmsLimit::named(limit, response.duration(1)?).ok_or_else(unexpected)?;
            CreateResult::RateLimited { limit, pending: response.id(2).ok() }
        }
    })
}

/// What became of a claim.
fn claimed(response: &Reply) -> Result<IdempotencyClaim, Error> {
    Ok(match response.word()? {
        "new" => IdempotencyClaim::New,
        "known" => IdempotencyClaim::Known(response.given(1)?),
        "under_way" => IdempotencyClaim::UnderWay,
        "other_number" => IdempotencyClaim::OtherNumber,
        limit => {
            let limit = SmsLimit::named(limit, response.duration(1)?).ok_or_else(unexpected)?;
            IdempotencyClaim::RateLimited(limit)
        }
    })
}

impl StoreBackend for RedisStore {
    fn request_id(&self, number: PhoneNumber, random: u128) -> StoreFuture<'_, u128> {
        Box::pin(self.request_id(number, random))
    }

    fn create(&self, request: NewRequest) -> StoreFuture<'_, CreateResult> {
        Box::pin(self.create(request))
    }

    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<OutcomeDetails>> {
        Box::pin(self.validate(id, attempt))
    }

    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>> {
        Box::pin(self.cancel(id))
    }

    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>> {
        Box::pin(async move { Ok(self.read(id).await?.map(|(_, terms)| terms)) })
    }

    fn resend(&self, id: u128, resend: NewResend) -> StoreFuture<'_, Option<ResendResult>> {
        Box::pin(self.resend(id, resend))
    }

    fn record_delivery(&self, id: u128, delivery: u32, end: DeliveryStatus, counted: Counted) -> StoreFuture<'_, ()> {
        Box::pin(self.record_delivery(id, delivery, end, counted))
    }

    fn get(&self, id: u128) -> StoreFuture<'_, Option<StoredRequest>> {
        Box::pin(async move { Ok(self.read(id).await?.map(|(stored, _)| stored)) })
    }

    fn claim(&self, claim: NewClaim) -> StoreFuture<'_, IdempotencyClaim> {
        Box::pin(self.claim(claim))
    }

    fn complete(&self, key: Digest, owner: u128, response: StoredResponse) -> StoreFuture<'_, ()> {
        Box::pin(self.complete(key, owner, response))
    }

    fn release(&self, claim: NewClaim) -> StoreFuture<'_, ()> {
        Box::pin(self.release(claim))
    }

    fn count_attempt(&self, attempt: ClientAttempt) -> StoreFuture<'_, Option<Duration>> {
        Box::pin(self.count_attempt(attempt))
    }

    fn give_attempt_back(&self, attempt: ClientAttempt) -> StoreFuture<'_, ()> {
        Box::pin(self.give_attempt_back(attempt))
    }

    fn find(&self, number: PhoneNumber, limits: Limits) -> StoreFuture<'_, FoundNumber> {
        Box::pin(self.find(number, limits))
    }

    fn unlock(&self, number: PhoneNumber) -> StoreFuture<'_, ()> {
        Box::pin(self.unlock(number))
    }

    fn erase(&self, number: PhoneNumber) -> StoreFuture<'_, u64> {
        Box::pin(self.erase(number))
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let parts = match self.connections.spread().await? {
                Some(_) => self.connections.a_part_of_each().await?.into_iter().map(Some).collect(),
                None => vec![None],
            };
            for part in parts {
                self.connections.run(self.call(part, &script::PING, "p", b"")).await?;
            }
            self.connections.check().await
        })
    }
}

/// Whole milliseconds; the length of a life where it is more, which doubles hold exactly and times do not overflow by.
fn milliseconds(span: Duration) -> String {
    const LONGEST: u128 = 1 << 51;
    span.as_millis().min(LONGEST).to_string()
}

/// What a script returns: a word, then what belongs to it.
struct Reply(Vec<Value>);

impl Reply {
    /// None where the script found no such request.
    fn of(response: Value) -> Result<Option<Self>, Error> {
        match response {
            Value::Nil => Ok(None),
            Value::Array(items) => Ok(Some(Self(items))),
            _ => Err(unexpected()),
        }
    }

    fn bytes(&self, at: usize) -> Result<&[u8], Error> {
        match self.0.get(at) {
            Some(Value::BulkString(bytes)) => Ok(bytes),
            _ => Err(unexpected()),
        }
    }

    fn list(&self, at: usize) -> Result<&[Value], Error> {
        match self.0.get(at) {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(unexpected()),
        }
    }

    fn id(&self, at: usize) -> Result<u128, Error> {
        self.bytes(at)?.try_into().map(u128::from_be_bytes).map_err(|_| unexpected())
    }

    /// The service's response, from here on.
    fn given(&self, at: usize) -> Result<StoredResponse, Error> {
        Ok(StoredResponse {
            id: String::from_utf8(self.bytes(at)?.to_vec()).map_err(|_| unexpected())?,
            created_at: self.time(at + 1)?,
            expires_at: self.time(at + 2)?,
        })
    }

    /// What is counted for a number under all keys.
    fn all_counters(&self, at: usize, now: Timestamp, limits: &Limits) -> Result<Counters, Error> {
        let mut counters = Counters::default();
        for counted in self.list(at)? {
            let counted = Self::of(counted.clone())?.ok_or_else(unexpected)?;
            counters = counters.merged(counted.counters()?, now, &limits.of_number());
        }
        Ok(counters)
    }

    /// What `find` says is counted.
    fn counters(&self) -> Result<Counters, Error> {
        let latest = match self.number(4)? {
            0 => None,
            at => {
                let request = self.bytes(5)?.try_into().map_err(|_| unexpected())?;
                Some(LatestSms { at: Timestamp(at), request: u128::from_be_bytes(request) })
            }
        };
        Ok(Counters {
            wrong_codes: Window { count: self.number(0)?, started: self.time(1)? },
            sms: Window { count: self.number(2)?, started: self.time(3)? },
            latest,
        })
    }

    fn word(&self) -> Result<&str, Error> {
        std::str::from_utf8(self.bytes(0)?).map_err(|_| unexpected())
    }

    fn number<T: TryFrom<i64>>(&self, at: usize) -> Result<T, Error> {
        match self.0.get(at) {
            Some(Value::Int(number)) => T::try_from(*number).map_err(|_| unexpected()),
            _ => Err(unexpected()),
        }
    }

    fn time(&self, at: usize) -> Result<Timestamp, Error> {
        self.number(at).map(Timestamp)
    }

    fn duration(&self, at: usize) -> Result<Duration, Error> {
        self.number(at).map(Duration::from_millis)
    }

    /// What `stored` of the scripts gives back, of a request for this number.
    fn stored(&self, number: PhoneNumber) -> Result<StoredRequest, Error> {
        let progress = match self.number(2)? {
            0 => Progress::Open,
            1 => Progress::Verified,
            2 => Progress::Cancelled,
            _ => return Err(unexpected()),
        };
        let record = Record {
            progress,
            expires_at: self.time(3)?,
            wrong_codes: self.number(4)?,
            resends: self.number(5)?,
            sent_at: self.time(6)?,
        };
        let sms = match self.number(8)? {
            0 => SmsStatus::Unknown,
            1 => SmsStatus::Sent,
            _ => return Err(unexpected()),
        };
        Ok(StoredRequest { record, number, created_at: self.time(7)?, sms, now: self.time(1)? })
    }
}
