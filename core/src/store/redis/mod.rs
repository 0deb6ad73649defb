//! The store in Redis or Valkey: one script for each operation, whose time is the server's.

mod connection;
mod failure;
mod script;
mod sentinel;
mod server;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use self::connection::Connections;
use self::failure::unexpected;
use self::script::{Call, Source};
use super::sealed::{Seal, Tags};
use super::{
    ATTEMPT_KEPT, Attempt, ClientAttempt, Clock, ClockShift, Counted, CreateResult, DeliveryStatus, Digest,
    FoundNumber, IdempotencyClaim, Limits, NewClaim, NewRequest, NewResend, OpenOptions, ResendResult, SmsLimit,
    StoreBackend, StoreFuture, StoredRequest, StoredResponse, StoredTerms, details_said, wrong_key,
};
use crate::error::Error;
use crate::machine::{Counters, LatestSms, Progress, Record, Timestamp, Window};
use crate::values::PhoneNumber;
use crate::verification::{OutcomeDetails, SmsStatus, State};

/// Requests in a Redis or Valkey server, which any number of processes share.
///
/// The server is called for the first time when it is first needed. It must keep what it was given: a server that may
/// evict keys is refused.
pub(crate) struct RedisStore {
    connections: Connections,
    seal: Arc<Seal>,
    clock: Arc<dyn Clock>,
    prefix: Vec<u8>,
}

impl RedisStore {
    /// The store of a URL like `redis://USER:PASSWORD@HOST:PORT/DATABASE?prefix=NAME`, or `rediss://…` over TLS, or of Sentinels
    /// like `redis+sentinel://HOST,HOST/MASTER`. A URL that is not one is `invalid_input`.
    pub(crate) fn open(url: &str, opening: OpenOptions<'_>) -> Result<Self, Error> {
        let OpenOptions { keys, clock, ca_certificates, .. } = opening;
        let seal = Arc::new(Seal::new(keys)?);
        let connections = Connections::new(url, ca_certificates, Arc::clone(&seal))?;
        let prefix = connections.prefix();
        Ok(Self { connections, seal, clock, prefix })
    }

    fn call(&self, script: &'static Source, kind: &str, name: &[u8]) -> Call {
        let shift = match self.clock.shift() {
            ClockShift::By(by) => format!("{by:+}"),
            ClockShift::To(at) => format!("={}", at.0),
        };
        let key = [&self.prefix, kind.as_bytes(), name].concat();
        Call::new(script, &[&key]).arg(shift).arg(&self.prefix)
    }

    fn about(&self, script: &'static Source, id: u128) -> Call {
        self.call(script, "r:", &id.to_be_bytes())
    }

    async fn read(&self, id: u128) -> Result<Option<(StoredRequest, StoredTerms)>, Error> {
        let response = self.connections.run(self.about(&script::GET, id)).await?;
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
        let NewRequest { id, number, code, terms, idempotency_key, previous_idempotency_keys, retention, limits } =
            request;
        let keys: Vec<_> = idempotency_key.into_iter().chain(previous_idempotency_keys).collect();
        let tags = self.seal.counted_tags(&limits.counted(number, terms.client));
        let call = self
            .about(&script::CREATE, id)
            .arg(id.to_be_bytes())
            .arg(code)
            .arg(&self.seal.seal(id, &terms)?)
            .arg(milliseconds(terms.validity()))
            .arg(milliseconds(retention))
            .list(&tags.number)
            .list(&keys)
            .counted(&tags, &limits);
        let response = self.connections.run(call).await?;
        let response = Reply::of(response)?.ok_or_else(unexpected)?;
        Ok(match response.word()? {
            "new" => CreateResult::New(response.stored(number)?),
            "known" => {
                let id = response.bytes(11)?.try_into().map_err(|_| unexpected())?;
                CreateResult::Known(Box::new((u128::from_be_bytes(id), response.stored(number)?)))
            }
            "other_number" => CreateResult::OtherNumber,
            limit => {
                let limit = SmsLimit::named(limit, response.duration(1)?).ok_or_else(unexpected)?;
                let pending = response.bytes(2).ok().and_then(|id| id.try_into().ok()).map(u128::from_be_bytes);
                CreateResult::RateLimited { limit, pending }
            }
        })
    }

    async fn validate(&self, id: u128, attempt: Attempt<'_>) -> Result<Option<OutcomeDetails>, Error> {
        let tags = match attempt.number {
            Some(number) => self.seal.number_tags(number),
            None => match self.tags(id).await? {
                Some(tags) => tags,
                None => return Ok(None),
            },
        };
        let [.., a, b, c, d, e, f, g, h] = attempt.id.to_be_bytes();
        let of_client = attempt.client.zip(attempt.limits.wrong_codes_per_client);
        let is_counted = of_client.is_some() || attempt.limits.wrong_codes_per_number.is_some();
        let mut call = self
            .about(if is_counted { &script::VALIDATE } else { &script::VALIDATE_UNCOUNTED }, id)
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
        match self.connections.run(self.about(&script::CANCEL, id)).await? {
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
        let NewResend { command, code, terms, limits } = resend;
        let tags = self.seal.counted_tags(&limits.counted(terms.number, terms.client));
        let tag = tags.number.first().copied().unwrap_or_default();
        let call = self
            .about(&script::RESEND, id)
            .arg(command.to_be_bytes())
            .arg(code)
            .limit(limits.request.max_attempts)
            .limit(limits.request.max_resends)
            .arg(milliseconds(limits.request.resend_after.unwrap_or_default()))
            .arg(id.to_be_bytes())
            .arg(tag)
            .arg(self.seal.seal_anew(id, &terms)?.unwrap_or_default())
            .counted(&tags, &limits);
        let response = self.connections.run(call).await?;
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
        let tags = if end == DeliveryStatus::NotSent { self.seal.counted_tags(&counted) } else { Tags::default() };
        let end = match end {
            DeliveryStatus::Sent => "sent",
            DeliveryStatus::NotSent => "not_sent",
            DeliveryStatus::PossiblySent => "maybe",
        };
        let call = self
            .about(&script::SETTLE, id)
            .arg(id.to_be_bytes())
            .arg(delivery.to_string())
            .arg(end)
            .list(&tags.number)
            .list(&tags.client)
            .list(&tags.prefix);
        self.connections.run(call).await.map(drop)
    }

    async fn claim(&self, claim: NewClaim) -> Result<IdempotencyClaim, Error> {
        let tags = self.seal.counted_tags(&claim.limits.counted(claim.number, claim.client));
        let call = self
            .call(&script::CLAIM, "k:", &claim.key)
            .arg(claim.owner.to_be_bytes())
            .arg(milliseconds(claim.retention))
            .list(&tags.number)
            .list(&claim.previous_keys)
            .counted(&tags, &claim.limits);
        let response = Reply::of(self.connections.run(call).await?)?.ok_or_else(unexpected)?;
        Ok(match response.word()? {
            "new" => IdempotencyClaim::New,
            "known" => IdempotencyClaim::Known(StoredResponse {
                id: String::from_utf8(response.bytes(1)?.to_vec()).map_err(|_| unexpected())?,
                created_at: response.time(2)?,
                expires_at: response.time(3)?,
            }),
            "under_way" => IdempotencyClaim::UnderWay,
            "other_number" => IdempotencyClaim::OtherNumber,
            limit => {
                let limit = SmsLimit::named(limit, response.duration(1)?).ok_or_else(unexpected)?;
                IdempotencyClaim::RateLimited(limit)
            }
        })
    }

    async fn find(&self, number: PhoneNumber, limits: Limits) -> Result<FoundNumber, Error> {
        let tags = self.seal.number_tags(number);
        let mut requests = HashMap::new();
        let mut cursor = b"0".to_vec();
        loop {
            let call = self.call(&script::FIND, "r:", b"").arg(&cursor).list(&tags);
            let response = Reply::of(self.connections.run(call).await?)?.ok_or_else(unexpected)?;
            // One that the server shows twice is one.
            for each in response.list(3)? {
                let each = Reply::of(each.clone())?.ok_or_else(unexpected)?;
                let id = each.bytes(11)?.try_into().map_err(|_| unexpected())?;
                requests.insert(u128::from_be_bytes(id), each.stored(number)?);
            }
            cursor = response.bytes(0)?.to_vec();
            if cursor == b"0" {
                let now = response.time(1)?;
                let mut counters = Counters::default();
                for counted in response.list(2)? {
                    let counted = Reply::of(counted.clone())?.ok_or_else(unexpected)?;
                    counters = counters.merged(counted.counters()?, now, &limits.of_number());
                }
                return Ok(FoundNumber { requests: requests.into_iter().collect(), counters, now });
            }
        }
    }

    async fn unlock(&self, number: PhoneNumber) -> Result<(), Error> {
        let call = self.call(&script::UNLOCK, "s:", b"").list(&self.seal.number_tags(number));
        self.connections.run(call).await.map(drop)
    }

    async fn erase(&self, number: PhoneNumber) -> Result<u64, Error> {
        let tags = self.seal.number_tags(number);
        let (mut cursor, mut erased) = (b"0".to_vec(), 0);
        loop {
            let call = self.call(&script::ERASE, "r:", b"").arg(&cursor).list(&tags);
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
            .call(&script::COMPLETE, "k:", &key)
            .arg(owner.to_be_bytes())
            .arg(response.id.as_bytes())
            .arg(response.created_at.0.to_string())
            .arg(response.expires_at.0.to_string());
        self.connections.run(call).await.map(drop)
    }

    async fn release(&self, claim: NewClaim) -> Result<(), Error> {
        let tags = self.seal.claimed_tags(&claim);
        let call = self
            .call(&script::RELEASE, "k:", &claim.key)
            .arg(claim.owner.to_be_bytes())
            .list(&tags.number)
            .list(&tags.client)
            .list(&tags.prefix);
        self.connections.run(call).await.map(drop)
    }

    async fn count_attempt(&self, attempt: ClientAttempt) -> Result<Option<Duration>, Error> {
        let call = self
            .call(&script::COUNT_ATTEMPT, "a:", &attempt.token())
            .quota(Some(attempt.quota))
            .arg(milliseconds(ATTEMPT_KEPT))
            .arg(self.seal.client_tags(attempt.client).as_flattened());
        match self.connections.run(call).await? {
            Value::Nil => Ok(None),
            Value::Int(wait) => u64::try_from(wait).map(Duration::from_millis).map(Some).map_err(|_| unexpected()),
            _ => Err(unexpected()),
        }
    }

    async fn give_attempt_back(&self, attempt: ClientAttempt) -> Result<(), Error> {
        let call = self
            .call(&script::GIVE_ATTEMPT_BACK, "a:", &attempt.token())
            .arg(self.seal.client_tags(attempt.client).as_flattened());
        self.connections.run(call).await.map(drop)
    }
}

impl StoreBackend for RedisStore {
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
            self.connections.run(self.call(&script::PING, "p", b"")).await?;
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
