//! The store in a file of SQLite, for the processes of one machine.

mod connection;
mod replayed;
mod rows;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Transaction;
use subtle::{Choice, ConstantTimeEq as _};

use self::connection::Connection;
use self::rows::{Counted, Key, Row, ValidatedRow};
use super::sealed::{Seal, Tags};
use super::{
    ATTEMPT_KEPT, Attempt, ClientAttempt, ClientHash, CreateResult, DELIVERY_TIMEOUT, DeliveryStatus, Digest,
    FoundNumber, IdempotencyClaim, Limits, NewClaim, NewRequest, NewResend, OpenOptions, ResendResult, SmsLimit,
    StoreBackend, StoreFuture, StoredRequest, StoredResponse, StoredTerms, details_of, is_key_known, wrong_key,
};
use crate::error::{Error, Reason};
use crate::machine::{CounterLimits, Event, EventResult, Quota, Record, Timestamp, Window};
use crate::values::PhoneNumber;
use crate::verification::{Outcome, OutcomeDetails, SmsStatus, State};

/// Requests in a file. Every call is made by one thread of each process, and what waits is written down together: one
/// `BEGIN IMMEDIATE` that takes the lock before anything is read, the pure machine, one commit.
pub(super) struct SqliteStore {
    connection: Connection,
    seal: Arc<Seal>,
}

/// A request as it is kept, not opened yet.
struct SealedRequest {
    id: u128,
    sealed: Vec<u8>,
    record: Record,
    created_at: Timestamp,
    sms: SmsStatus,
    now: Timestamp,
}

enum Made {
    New(SealedRequest),
    Known(SealedRequest),
    OtherNumber,
    RateLimited { limit: SmsLimit, pending: Option<u128> },
}

enum Validated {
    Outcome(OutcomeDetails),
    NoRequest,
    WrongKey,
}

enum Resent {
    Ready(u32, SealedRequest),
    Conflict,
    RateLimited(SmsLimit),
}

impl SqliteStore {
    /// `sqlite:PATH`. The file is made where there is none; its folder has to be there.
    pub(super) fn open(url: &str, opening: &OpenOptions<'_>) -> Result<Self, Error> {
        let path = url.split_once(':').map_or("", |(_, path)| path);
        if path.is_empty() || path.starts_with(':') {
            return Err(Error::invalid_input("store", Reason::Missing, "names no file; it must be `sqlite:PATH`"));
        }
        let seal = Arc::new(Seal::new(opening.keys)?);
        let connection = Connection::open(PathBuf::from(path), Arc::clone(&opening.clock), Arc::clone(&seal))?;
        Ok(Self { connection, seal })
    }

    fn stored(&self, request: SealedRequest) -> Result<StoredRequest, Error> {
        let SealedRequest { id, sealed, record, created_at, sms, now } = request;
        let number = self.seal.open(id, &sealed)?.number;
        Ok(StoredRequest { record, number, created_at, sms, now })
    }
}

impl Row {
    fn read(&self, now: Timestamp) -> SealedRequest {
        let Self { id, record, created_at, sms, .. } = *self;
        SealedRequest { id, sealed: self.sealed.clone(), record, created_at, sms, now }
    }
}

fn create(
    tx: &Transaction<'_>,
    now: Timestamp,
    request: &NewRequest,
    sealed: &[u8],
    tags: &Tags,
) -> rusqlite::Result<Made> {
    let numbers = &tags.number;
    // The same command once more, whose response was lost.
    if let Some(row) = Row::find(tx, request.id, now)? {
        return Ok(Made::New(row.read(now)));
    }
    for key in request.idempotency_key.iter().chain(&request.previous_idempotency_keys) {
        if let Some(Key { number, request: Some(id), .. }) = Key::find(tx, key, now)?
            && let Some(row) = Row::find(tx, id, now)?
        {
            return Ok(if numbers.contains(&number) { Made::Known(row.read(now)) } else { Made::OtherNumber });
        }
    }
    let record = Record::new(now, request.terms.validity());
    let until = record.expires_at.after(request.retention);
    if let Err((limit, latest)) = count_sms(tx, now, request.id, &request.limits, tags, until)? {
        let pending = match latest {
            Some(id) => Row::find(tx, id, now)?.filter(|row| row.record.state(now) == State::Pending).map(|row| row.id),
            None => None,
        };
        return Ok(Made::RateLimited { limit, pending });
    }
    let number = numbers.first().copied().unwrap_or_default();
    let row = Row {
        rowid: 0,
        id: request.id,
        sealed: sealed.to_vec(),
        number,
        code: request.code,
        record,
        created_at: now,
        validity: request.terms.validity(),
        retention: request.retention,
        sms: SmsStatus::Unknown,
        delivery: 0,
        under_way: true,
        resend_command: None,
        idempotency_key: request.idempotency_key,
        replaced: None,
        attempts: replayed::ROOM.to_vec(),
    };
    row.insert(tx)?;
    if let Some(key) = &request.idempotency_key {
        Key { number, request: Some(request.id), owner: None, counted_at: None, given: None, until }.put(tx, key)?;
    }
    Ok(Made::New(row.read(now)))
}

/// Counts an SMS of a request for all that it counts for, or for none of them and says which limit is in the way, and the
/// request that the pause is after.
fn count_sms(
    tx: &Transaction<'_>,
    now: Timestamp,
    request: u128,
    limits: &Limits,
    tags: &Tags,
    request_until: Timestamp,
) -> rusqlite::Result<Result<(), (SmsLimit, Option<u128>)>> {
    let number = Counted::find(tx, &tags.number, now, limits.of_number())?;
    let client = Counted::find(tx, &tags.client, now, limits.of_client())?;
    let prefix = Counted::find(tx, &tags.prefix, now, limits.of_prefix())?;
    let wait = number.as_ref().and_then(|number| number.sms_wait(now)).map(SmsLimit::of_number);
    let wait = wait.or_else(|| client.as_ref()?.sms_wait(now).map(SmsLimit::of_client));
    if let Some(limit) = wait.or_else(|| prefix.as_ref()?.sms_wait(now).map(SmsLimit::of_prefix)) {
        let latest = number.and_then(|number| number.counters.latest).map(|latest| latest.request);
        return Ok(Err((limit, latest.filter(|_| matches!(limit, SmsLimit::ResendAfter(_))))));
    }
    // A number's is kept as long as its requests, whose validations count there.
    for (counted, until) in [(number, request_until), (client, now), (prefix, now)] {
        if let Some(mut counted) = counted {
            counted.count_sms(now, request);
            counted.save(tx, until)?;
        }
    }
    Ok(Ok(()))
}

/// What a validation is given, but for the request's id.
struct Submitted {
    attempt: u128,
    codes: Vec<Digest>,
    number: Option<PhoneNumber>,
    client: Option<ClientHash>,
    limits: Limits,
}

/// What stands for a request's number under each key. A request that is readable under none of them counts where it did.
fn numbers(
    tx: &Transaction<'_>,
    now: Timestamp,
    id: u128,
    number: Digest,
    seal: &Seal,
) -> rusqlite::Result<Vec<Digest>> {
    if !seal.has_one_key()
        && let Some(row) = Row::find(tx, id, now)?
        && let Ok(terms) = seal.open(id, &row.sealed)
    {
        return Ok(seal.number_tags(terms.number));
    }
    Ok(vec![number])
}

fn validate(
    tx: &Transaction<'_>,
    now: Timestamp,
    id: u128,
    submitted: &Submitted,
    seal: &Seal,
) -> rusqlite::Result<Validated> {
    let Submitted { attempt, codes, number, client, limits } = submitted;
    let Some(mut row) = ValidatedRow::find(tx, id, now)? else { return Ok(Validated::NoRequest) };
    if !is_key_known(codes, &row.code) {
        return Ok(Validated::WrongKey);
    }
    if number.is_some_and(|number| !seal.number_tags(number).contains(&row.number)) {
        return Ok(Validated::NoRequest);
    }
    if let Some(outcome) = replayed::find(&row.attempts, *attempt) {
        return Ok(Validated::Outcome(outcome.into()));
    }
    let is_right = codes.iter().fold(Choice::from(0), |found, code| found | code.ct_eq(&row.code));
    let (record, result) = row.record.step(Event::Validate { code_is_right: is_right.into() }, now, &limits.request);
    let EventResult::Outcome(outcome) = result else { return Ok(Validated::NoRequest) };
    let mut details = details_of(outcome, &record, &limits.request);
    if !matches!(outcome, Outcome::Verified | Outcome::WrongCode) {
        return Ok(Validated::Outcome(details));
    }
    let is_right = outcome.is_verified();
    let mut counted = Vec::new();
    if let Some(quota) = limits.wrong_codes_per_number {
        let numbers = numbers(tx, now, id, row.number, seal)?;
        // A right code clears what was counted for its number, which is nothing for most.
        if !is_right || Counted::has_wrong_codes(tx, &numbers)? {
            let number = Counted::find(tx, &numbers, now, limits.of_number())?;
            counted.extend(number.map(|number| (number, quota, row.until(), "wrong_codes_per_number")));
        }
    }
    if let (Some(quota), Some(client)) = (limits.wrong_codes_per_client, client) {
        let client = Counted::find(tx, &seal.client_tags(*client), now, limits.of_client())?;
        counted.extend(client.map(|client| (client, quota, now, "wrong_codes_per_client")));
    }
    let is_full =
        |(counted, quota, ..): &&(Counted, Quota, _, _)| counted.counters.wrong_codes.wait(now, quota).is_some();
    if let Some((.., limit)) = counted.iter().find(is_full) {
        return Ok(Validated::Outcome(OutcomeDetails::stopped_by(limit)));
    }
    for (mut counted, quota, until, limit) in counted {
        let before = counted.counters.wrong_codes;
        counted.counters.wrong_codes = match (is_right, limit) {
            (true, "wrong_codes_per_number") => Window::default(),
            (true, _) => before,
            (false, _) => before.counted(now, &quota),
        };
        if !is_right {
            let left = counted.counters.wrong_codes.left(now, &quota);
            details = OutcomeDetails::wrong_code([details.attempts_left, Some(left)]);
        }
        if counted.counters.wrong_codes != before {
            counted.save(tx, until)?;
        }
    }
    row.record = record;
    replayed::remember(&mut row.attempts, *attempt, outcome);
    row.count(tx)?;
    Ok(Validated::Outcome(details))
}

fn resend(
    tx: &Transaction<'_>,
    now: Timestamp,
    id: u128,
    resend: &NewResend,
    sealed: Option<&[u8]>,
    tags: &Tags,
) -> rusqlite::Result<Option<Resent>> {
    let NewResend { command, code, limits, .. } = resend;
    let Some(mut row) = Row::find(tx, id, now)? else { return Ok(None) };
    let is_delivering = row.replaced.is_some() && now < row.record.sent_at.after(DELIVERY_TIMEOUT);
    // The same command once more, whose response was lost.
    if is_delivering && row.resend_command == Some(*command) {
        return Ok(Some(Resent::Ready(row.delivery, row.read(now))));
    }
    let (record, result) = row.record.step(Event::Resend { validity: row.validity }, now, &limits.request);
    match result {
        EventResult::Resend => {}
        EventResult::RateLimited { retry_after } => return Ok(Some(Resent::RateLimited(SmsLimit::of(retry_after)))),
        _ => return Ok(Some(Resent::Conflict)),
    }
    // Two hand-overs at once: were the second certainly not sent, it would not be known which code counts.
    if is_delivering {
        return Ok(Some(Resent::RateLimited(SmsLimit::ResendAfter(Duration::from_secs(1)))));
    }
    let until = record.expires_at.after(row.retention);
    if let Err((limit, _)) = count_sms(tx, now, id, limits, tags, until)? {
        return Ok(Some(Resent::RateLimited(limit)));
    }
    row.replaced = Some((row.code, row.record, row.sms));
    row.record = record;
    row.code = *code;
    row.number = tags.number.first().copied().unwrap_or(row.number);
    if let Some(sealed) = sealed {
        row.sealed = sealed.to_vec();
    }
    row.resend_command = Some(*command);
    row.sms = SmsStatus::Unknown;
    row.delivery = row.delivery.saturating_add(1);
    row.under_way = true;
    row.update(tx)?;
    Ok(Some(Resent::Ready(row.delivery, row.read(now))))
}

fn record_delivery(
    tx: &Transaction<'_>,
    now: Timestamp,
    id: u128,
    delivery: u32,
    end: DeliveryStatus,
    tags: &Tags,
) -> rusqlite::Result<()> {
    let is_it = |row: &Row| row.delivery == delivery && row.under_way;
    let Some(mut row) = Row::find(tx, id, now)?.filter(is_it) else { return Ok(()) };
    let sent_at = row.record.sent_at;
    row.under_way = false;
    match (end, row.replaced.take()) {
        (DeliveryStatus::Sent, _) => row.sms = SmsStatus::Sent,
        (DeliveryStatus::PossiblySent, _) => {}
        (DeliveryStatus::NotSent, Some((code, record, sms))) => {
            row.code = code;
            row.sms = sms;
            // Attempts made and a cancellation in the meantime stay.
            row.record = Record { wrong_codes: row.record.wrong_codes, progress: row.record.progress, ..record };
        }
        (DeliveryStatus::NotSent, None) => {
            row.delete(tx)?;
            if let Some(key) = &row.idempotency_key {
                Key::remove(tx, key, id)?;
            }
        }
    }
    row.update(tx)?;
    if end == DeliveryStatus::NotSent {
        for subjects in [&tags.number, &tags.client, &tags.prefix] {
            Counted::give_sms_back(tx, subjects, sent_at, id)?;
        }
    }
    Ok(())
}

fn claim(
    tx: &Transaction<'_>,
    now: Timestamp,
    claim: &NewClaim,
    numbers: &[Digest],
    counted: &Tags,
) -> rusqlite::Result<IdempotencyClaim> {
    for key in [&claim.key].into_iter().chain(&claim.previous_keys) {
        if let Some(known) = Key::find(tx, key, now)? {
            return Ok(match known {
                Key { number, .. } if !numbers.contains(&number) => IdempotencyClaim::OtherNumber,
                Key { given: Some(given), .. } => IdempotencyClaim::Known(given),
                Key { owner, .. } if owner == Some(claim.owner) => IdempotencyClaim::New,
                _ => IdempotencyClaim::UnderWay,
            });
        }
    }
    if let Err((limit, _)) = count_sms(tx, now, claim.owner, &claim.limits, counted, now)? {
        return Ok(IdempotencyClaim::RateLimited(limit));
    }
    let number = numbers.first().copied().unwrap_or_default();
    let (until, counted_at) = (now.after(claim.retention), Some(now));
    Key { number, request: None, owner: Some(claim.owner), counted_at, given: None, until }.put(tx, &claim.key)?;
    Ok(IdempotencyClaim::New)
}

fn release(tx: &Transaction<'_>, claim: &NewClaim, counted: &Tags) -> rusqlite::Result<()> {
    let Some(counted_at) = Key::release(tx, &claim.key, claim.owner)? else { return Ok(()) };
    for subjects in [&counted.number, &counted.client, &counted.prefix] {
        Counted::give_sms_back(tx, subjects, counted_at, claim.owner)?;
    }
    Ok(())
}

fn count_attempt(
    tx: &Transaction<'_>,
    now: Timestamp,
    attempt: &ClientAttempt,
    clients: &[Digest],
) -> rusqlite::Result<Option<Duration>> {
    // The same command once more, whose response was lost.
    if Key::find(tx, &attempt.token(), now)?.is_some() {
        return Ok(None);
    }
    let limits = CounterLimits { wrong_codes: Some(attempt.quota), ..CounterLimits::default() };
    let Some(mut counted) = Counted::find(tx, clients, now, limits)? else { return Ok(None) };
    let wrong_codes = counted.counters.wrong_codes;
    if let Some(wait) = wrong_codes.wait(now, &attempt.quota) {
        return Ok(Some(wait));
    }
    counted.counters.wrong_codes = wrong_codes.counted(now, &attempt.quota);
    counted.save(tx, now)?;
    let until = now.after(ATTEMPT_KEPT);
    Key {
        number: Digest::default(),
        request: None,
        owner: Some(attempt.id),
        counted_at: Some(now),
        given: None,
        until,
    }
    .put(tx, &attempt.token())?;
    Ok(None)
}

impl StoreBackend for SqliteStore {
    fn create(&self, request: NewRequest) -> StoreFuture<'_, CreateResult> {
        Box::pin(async move {
            let sealed = self.seal.seal(request.id, &request.terms)?;
            let tags = self.seal.counted_tags(&request.limits.counted(request.number, request.terms.client));
            Ok(match self.connection.write(move |tx, now| create(tx, now, &request, &sealed, &tags)).await? {
                Made::New(request) => CreateResult::New(self.stored(request)?),
                Made::Known(request) => CreateResult::Known(Box::new((request.id, self.stored(request)?))),
                Made::OtherNumber => CreateResult::OtherNumber,
                Made::RateLimited { limit, pending } => CreateResult::RateLimited { limit, pending },
            })
        })
    }

    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<OutcomeDetails>> {
        Box::pin(async move {
            let seal = Arc::clone(&self.seal);
            let Attempt { id: attempt, codes, number, client, limits } = attempt;
            let submitted = Submitted { attempt, codes: codes.to_vec(), number, client, limits };
            let validating = move |tx: &Transaction<'_>, now| validate(tx, now, id, &submitted, &seal);
            match self.connection.write(validating).await? {
                Validated::Outcome(details) => Ok(Some(details)),
                Validated::NoRequest => Ok(None),
                Validated::WrongKey => Err(wrong_key()),
            }
        })
    }

    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>> {
        Box::pin(self.connection.write(move |tx, now| {
            let Some(mut row) = Row::find(tx, id, now)? else { return Ok(None) };
            let before = row.record;
            // A cancellation is bound by no limit.
            row.record = before.step(Event::Cancel, now, &Limits::NONE.request).0;
            if row.record != before {
                row.update(tx)?;
            }
            Ok(Some(row.record.state(now)))
        }))
    }

    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>> {
        Box::pin(async move {
            let row = self.connection.read(move |tx, now| Row::find(tx, id, now)).await?;
            row.map(|row| self.seal.open(id, &row.sealed)).transpose()
        })
    }

    fn resend(&self, id: u128, new: NewResend) -> StoreFuture<'_, Option<ResendResult>> {
        Box::pin(async move {
            let sealed = self.seal.seal_anew(id, &new.terms)?;
            let tags = self.seal.counted_tags(&new.limits.counted(new.terms.number, new.terms.client));
            let call = move |tx: &Transaction<'_>, now| resend(tx, now, id, &new, sealed.as_deref(), &tags);
            let resent = self.connection.write(call).await?;
            let resending = |resent| match resent {
                Resent::Ready(delivery, request) => Ok(ResendResult::Ready { delivery, stored: self.stored(request)? }),
                Resent::Conflict => Ok(ResendResult::Conflict),
                Resent::RateLimited(limit) => Ok(ResendResult::RateLimited(limit)),
            };
            resent.map(resending).transpose()
        })
    }

    fn record_delivery(
        &self,
        id: u128,
        delivery: u32,
        end: DeliveryStatus,
        counted: super::Counted,
    ) -> StoreFuture<'_, ()> {
        // Only one that was not sent is given back.
        let tags = if end == DeliveryStatus::NotSent { self.seal.counted_tags(&counted) } else { Tags::default() };
        Box::pin(self.connection.write(move |tx, now| record_delivery(tx, now, id, delivery, end, &tags)))
    }

    fn get(&self, id: u128) -> StoreFuture<'_, Option<StoredRequest>> {
        Box::pin(async move {
            let read =
                self.connection.read(move |tx, now| Ok(Row::find(tx, id, now)?.map(|row| row.read(now)))).await?;
            read.map(|request| self.stored(request)).transpose()
        })
    }

    fn claim(&self, new: NewClaim) -> StoreFuture<'_, IdempotencyClaim> {
        let (numbers, counted) = (self.seal.number_tags(new.number), self.seal.claimed_tags(&new));
        Box::pin(self.connection.write(move |tx, now| claim(tx, now, &new, &numbers, &counted)))
    }

    fn complete(&self, key: Digest, owner: u128, response: StoredResponse) -> StoreFuture<'_, ()> {
        Box::pin(self.connection.write(move |tx, _| Key::complete(tx, &key, owner, &response)))
    }

    fn release(&self, claim: NewClaim) -> StoreFuture<'_, ()> {
        let counted = self.seal.claimed_tags(&claim);
        Box::pin(self.connection.write(move |tx, _| release(tx, &claim, &counted)))
    }

    fn count_attempt(&self, attempt: ClientAttempt) -> StoreFuture<'_, Option<Duration>> {
        let clients = self.seal.client_tags(attempt.client);
        Box::pin(self.connection.write(move |tx, now| count_attempt(tx, now, &attempt, &clients)))
    }

    fn give_attempt_back(&self, attempt: ClientAttempt) -> StoreFuture<'_, ()> {
        let clients = self.seal.client_tags(attempt.client);
        Box::pin(self.connection.write(move |tx, _| match Key::release(tx, &attempt.token(), attempt.id)? {
            Some(counted_at) => Counted::give_attempt_back(tx, &clients, counted_at),
            None => Ok(()),
        }))
    }

    fn find(&self, number: PhoneNumber, limits: Limits) -> StoreFuture<'_, FoundNumber> {
        Box::pin(async move {
            let tags = self.seal.number_tags(number);
            let finding = move |tx: &Transaction<'_>, now| {
                let mut requests = Vec::new();
                for id in Row::of_number(tx, &tags)? {
                    requests.extend(Row::find(tx, id, now)?.map(|row| (id, row.read(now))));
                }
                // A row of another key is moved.
                let counted = Counted::find(tx, &tags, now, limits.of_number())?;
                Ok((requests, counted.map(|counted| counted.counters).unwrap_or_default(), now))
            };
            let (requests, counters, now) = self.connection.write(finding).await?;
            let requests = requests.into_iter().map(|(id, request)| Ok((id, self.stored(request)?)));
            Ok(FoundNumber { requests: requests.collect::<Result<_, Error>>()?, counters, now })
        })
    }

    fn unlock(&self, number: PhoneNumber) -> StoreFuture<'_, ()> {
        let tags = self.seal.number_tags(number);
        Box::pin(self.connection.write(move |tx, _| Counted::remove(tx, &tags)))
    }

    fn erase(&self, number: PhoneNumber) -> StoreFuture<'_, u64> {
        let tags = self.seal.number_tags(number);
        Box::pin(self.connection.write(move |tx, _| {
            Counted::remove(tx, &tags)?;
            Row::erase(tx, &tags)
        }))
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.connection.write(|tx, _| {
            tx.prepare_cached("UPDATE room SET taken = randomblob(length(taken))")?.execute([]).map(drop)
        }))
    }
}
