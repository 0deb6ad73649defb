//! The store in PostgreSQL, for processes on any machines.

mod connection;
mod connections;
mod failure;
mod schema;
mod url;

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};

use self::connections::Connections;
use super::sealed::{Seal, Tags};
use super::{
    ATTEMPT_KEPT, Attempt, ClientAttempt, Clock, ClockShift, Counted, CreateResult, DeliveryStatus, Digest,
    FoundNumber, IdempotencyClaim, Limits, NewClaim, NewRequest, NewResend, OpenOptions, ResendResult, SmsLimit,
    StoreBackend, StoreFuture, StoredRequest, StoredResponse, StoredTerms, details_said, storage, wrong_key,
};
use crate::error::Error;
use crate::machine::{Counters, LatestSms, Progress, Quota, Record, Timestamp, Window};
use crate::values::PhoneNumber;
use crate::verification::{OutcomeDetails, SmsStatus, State};

/// Requests in PostgreSQL. Each call is one statement, which calls one function that the migrations made; the time is the
/// server's.
pub(super) struct PostgresStore {
    connections: Connections,
    seal: Arc<Seal>,
    clock: Arc<dyn Clock>,
}

/// A request as it is kept.
struct SealedRequest {
    id: u128,
    sealed: Vec<u8>,
    record: Record,
    created_at: Timestamp,
    sms: SmsStatus,
    now: Timestamp,
}

/// In the order of `egoi_verify_limits`.
fn limits(limits: &Limits) -> [Option<i64>; 13] {
    let (request, client) = (limits.request, limits.of_client());
    let quota =
        |quota: Option<Quota>| (quota.map(|quota| i64::from(quota.limit)), quota.map(|quota| millis(quota.per)));
    let (wrong, wrong_per) = quota(limits.wrong_codes_per_number);
    let (sms, sms_per) = quota(limits.sms_per_number);
    let (client_wrong, client_wrong_per) = quota(client.wrong_codes);
    let (client_sms, client_sms_per) = quota(client.sms);
    let (prefix_sms, prefix_sms_per) = quota(limits.of_prefix().sms);
    [
        request.max_attempts.map(i64::from),
        request.max_resends.map(i64::from),
        request.resend_after.map(millis),
        wrong,
        wrong_per,
        sms,
        sms_per,
        client_wrong,
        client_wrong_per,
        client_sms,
        client_sms_per,
        prefix_sms,
        prefix_sms_per,
    ]
}

/// So far off that nothing comes near, and that a sum of a few does not overflow.
const NEVER: i64 = i64::MAX / 8;

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(NEVER).min(NEVER)
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp(millis.unsigned_abs())
}

fn sql_timestamp(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(NEVER).min(NEVER)
}

fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, Error> {
    row.try_get(column).map_err(|_| unreadable())
}

fn unreadable() -> Error {
    storage("the database's response does not match the store's functions: another program changed them")
}

fn count(row: &Row, column: &str) -> Result<u32, Error> {
    u32::try_from(get::<i64>(row, column)?).map_err(|_| unreadable())
}

fn wait(row: &Row) -> Result<Option<Duration>, Error> {
    Ok(get::<Option<i64>>(row, "wait")?.map(|millis| Duration::from_millis(millis.unsigned_abs())))
}

/// The limit of this name that stopped an SMS.
fn limit(name: &str, row: &Row) -> Result<SmsLimit, Error> {
    SmsLimit::named(name, wait(row)?.unwrap_or_default()).ok_or_else(unreadable)
}

impl SealedRequest {
    fn read(row: &Row) -> Result<Self, Error> {
        let id: &[u8] = get(row, "id")?;
        let time = |column| get(row, column).map(timestamp);
        Ok(Self {
            id: u128::from_be_bytes(id.try_into().map_err(|_| unreadable())?),
            sealed: get(row, "sealed")?,
            record: Record {
                progress: match get::<i16>(row, "progress")? {
                    0 => Progress::Open,
                    1 => Progress::Verified,
                    _ => Progress::Cancelled,
                },
                expires_at: time("expires_at")?,
                wrong_codes: count(row, "wrong_codes")?,
                resends: count(row, "resends")?,
                sent_at: time("sent_at")?,
            },
            created_at: time("created_at")?,
            sms: if get(row, "is_sent")? { SmsStatus::Sent } else { SmsStatus::Unknown },
            now: time("now")?,
        })
    }
}

impl PostgresStore {
    /// Reads the URL; the server is called when it is first needed.
    pub(super) fn open(url: &str, opening: &OpenOptions<'_>) -> Result<Self, Error> {
        let seal = Arc::new(Seal::new(opening.keys)?);
        let mut database = url::parse(url)?;
        if let Some(connections) = opening.pool_size {
            database.connections = connections;
        }
        let connections = Connections::new(database, Arc::clone(&seal));
        Ok(Self { connections, seal, clock: Arc::clone(&opening.clock) })
    }

    /// How the server's time is moved: by this much, or to stand still.
    fn shift(&self) -> (i64, Option<i64>) {
        match self.clock.shift() {
            ClockShift::By(by) => (by, None),
            ClockShift::To(at) => (0, Some(sql_timestamp(at))),
        }
    }

    fn stored(&self, request: &SealedRequest) -> Result<StoredRequest, Error> {
        let SealedRequest { id, sealed, record, created_at, sms, now } = request;
        let number = self.seal.open(*id, sealed)?.number;
        Ok(StoredRequest { record: *record, number, created_at: *created_at, sms: *sms, now: *now })
    }

    async fn read(&self, id: u128) -> Result<Option<SealedRequest>, Error> {
        let (moved, stopped) = self.shift();
        let rows = self
            .connections
            .call(
                "SELECT * FROM egoi_verify_get($1, $2, $3)",
                vec![Box::new(id.to_be_bytes().to_vec()), Box::new(moved), Box::new(stopped)],
            )
            .await?;
        rows.first().map(SealedRequest::read).transpose()
    }
}

impl PostgresStore {
    /// What stands for a request's number under each key: nothing under a single one, where the request says it. None where
    /// there is no such request.
    async fn names(&self, id: u128) -> Result<Option<Option<Vec<Vec<u8>>>>, Error> {
        if self.seal.has_one_key() {
            return Ok(Some(None));
        }
        let Some(request) = self.read(id).await? else { return Ok(None) };
        let number = self.seal.open(id, &request.sealed)?.number;
        Ok(Some(Some(all_bytes(&self.seal.number_tags(number)))))
    }
}

/// The parameters of a call, which has to outlive its caller: it is made in a thread of its own.
type Parameters = Vec<Box<dyn Parameter>>;

fn boxed<const N: usize>(limits: [Option<i64>; N]) -> [Box<dyn Parameter>; N] {
    limits.map(|limit| Box::new(limit) as _)
}

/// A value whose type the server need not be asked for.
trait Parameter: ToSql + Send + Sync {
    fn kind(&self) -> Type;
}

macro_rules! parameters {
    ($($type:ty: $kind:ident,)*) => {
        $(impl Parameter for $type {
            fn kind(&self) -> Type {
                Type::$kind
            }
        })*
    };
}

parameters! {
    Vec<u8>: BYTEA,
    Option<Vec<u8>>: BYTEA,
    Vec<Vec<u8>>: BYTEA_ARRAY,
    Option<Vec<Vec<u8>>>: BYTEA_ARRAY,
    i64: INT8,
    Option<i64>: INT8,
    String: TEXT,
    &'static str: TEXT,
}

fn bytes(digest: &Digest) -> Vec<u8> {
    digest.to_vec()
}

fn all_bytes(digests: &[Digest]) -> Vec<Vec<u8>> {
    digests.iter().map(bytes).collect()
}

impl StoreBackend for PostgresStore {
    fn create(&self, request: NewRequest) -> StoreFuture<'_, CreateResult> {
        Box::pin(async move {
            let keys: Vec<Vec<u8>> =
                request.idempotency_key.iter().chain(&request.previous_idempotency_keys).map(bytes).collect();
            let (moved, stopped) = self.shift();
            let tags = self.seal.counted_tags(&request.limits.counted(request.number, request.terms.client));
            let mut parameters: Parameters = vec![
                Box::new(request.id.to_be_bytes().to_vec()),
                Box::new(self.seal.seal(request.id, &request.terms)?),
                Box::new(all_bytes(&tags.number)),
                Box::new(all_bytes(&tags.client)),
                Box::new(all_bytes(&tags.prefix)),
                Box::new(bytes(&request.code)),
                Box::new(millis(request.terms.validity())),
                Box::new(millis(request.retention)),
                Box::new(keys),
                Box::new(moved),
                Box::new(stopped),
            ];
            parameters.extend(boxed(limits(&request.limits)));
            let statement = "SELECT * FROM egoi_verify_create($1, $2, $3, $4, $5, $6, $7, $8, $9,
                ROW($12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)::egoi_verify_limits, $10, $11)";
            let rows = self.connections.call(statement, parameters).await?;
            let row = rows.first().ok_or_else(unreadable)?;
            let stored = || {
                let request = SealedRequest::read(row)?;
                Ok::<_, Error>((request.id, self.stored(&request)?))
            };
            match get(row, "result")? {
                "new" => Ok(CreateResult::New(stored()?.1)),
                "known" => Ok(CreateResult::Known(Box::new(stored()?))),
                "other number" => Ok(CreateResult::OtherNumber),
                limit => {
                    let pending: Option<&[u8]> = get(row, "id")?;
                    let pending = pending.map(|id| id.try_into().map(u128::from_be_bytes)).transpose();
                    Ok(CreateResult::RateLimited {
                        limit: self::limit(limit, row)?,
                        pending: pending.map_err(|_| unreadable())?,
                    })
                }
            }
        })
    }

    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<OutcomeDetails>> {
        Box::pin(async move {
            let names = match attempt.number {
                Some(number) => Some(all_bytes(&self.seal.number_tags(number))),
                None => match self.names(id).await? {
                    Some(names) => names,
                    None => return Ok(None),
                },
            };
            let counted = attempt.client.filter(|_| attempt.limits.wrong_codes_per_client.is_some());
            let clients = counted.map(|client| all_bytes(&self.seal.client_tags(client))).unwrap_or_default();
            let (moved, stopped) = self.shift();
            let mut parameters: Parameters = vec![
                Box::new(id.to_be_bytes().to_vec()),
                Box::new(attempt.id.to_be_bytes().to_vec()),
                Box::new(all_bytes(attempt.codes)),
                Box::new(names),
                Box::new(clients),
                Box::new(moved),
                Box::new(stopped),
            ];
            // Each parameter is read anew in each call: only those by which a validation is decided.
            let [
                max_attempts,
                _,
                _,
                wrong,
                wrong_per,
                _,
                sms_per,
                client_wrong,
                client_wrong_per,
                _,
                client_sms_per,
                ..,
            ] = limits(&attempt.limits);
            let decisive = [max_attempts, wrong, wrong_per, sms_per, client_wrong, client_wrong_per, client_sms_per];
            parameters.extend(boxed(decisive));
            let statement = "SELECT egoi_verify_validate($1, $2, $3, $4, $5,
                ROW($8, NULL, NULL, $9, $10, NULL, $11, $12, $13, NULL, $14, NULL, NULL)::egoi_verify_limits, $6, $7)";
            let rows = self.connections.call(statement, parameters).await?;
            let row = rows.first().ok_or_else(unreadable)?;
            match get(row, "egoi_verify_validate")? {
                None => Ok(None),
                Some("wrong_key") => Err(wrong_key()),
                Some(said) => details_said(said).map(Some).ok_or_else(unreadable),
            }
        })
    }

    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>> {
        Box::pin(async move {
            let (moved, stopped) = self.shift();
            let parameters: Parameters = vec![Box::new(id.to_be_bytes().to_vec()), Box::new(moved), Box::new(stopped)];
            let statement = "SELECT * FROM egoi_verify_cancel($1, $2, $3)";
            let rows = self.connections.call(statement, parameters).await?;
            let request = rows.first().map(SealedRequest::read).transpose()?;
            Ok(request.map(|request| request.record.state(request.now)))
        })
    }

    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>> {
        Box::pin(async move {
            let request = self.read(id).await?;
            request.map(|request| self.seal.open(id, &request.sealed)).transpose()
        })
    }

    fn resend(&self, id: u128, resend: NewResend) -> StoreFuture<'_, Option<ResendResult>> {
        Box::pin(async move {
            let (moved, stopped) = self.shift();
            let tags = self.seal.counted_tags(&resend.limits.counted(resend.terms.number, resend.terms.client));
            let mut parameters: Parameters = vec![
                Box::new(id.to_be_bytes().to_vec()),
                Box::new(resend.command.to_be_bytes().to_vec()),
                Box::new(bytes(&resend.code)),
                Box::new(all_bytes(&tags.number)),
                Box::new(all_bytes(&tags.client)),
                Box::new(all_bytes(&tags.prefix)),
                Box::new(self.seal.seal_anew(id, &resend.terms)?),
                Box::new(moved),
                Box::new(stopped),
            ];
            parameters.extend(boxed(limits(&resend.limits)));
            let statement = "SELECT * FROM egoi_verify_resend($1, $2, $3, $4, $5, $6, $7,
                ROW($10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)::egoi_verify_limits, $8, $9)";
            let rows = self.connections.call(statement, parameters).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            Ok(Some(match get(row, "result")? {
                "ready" => ResendResult::Ready {
                    delivery: count(row, "delivery")?,
                    stored: self.stored(&SealedRequest::read(row)?)?,
                },
                "conflict" => ResendResult::Conflict,
                limit => ResendResult::RateLimited(self::limit(limit, row)?),
            }))
        })
    }

    fn record_delivery(&self, id: u128, delivery: u32, end: DeliveryStatus, counted: Counted) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let (moved, stopped) = self.shift();
            let ended = match end {
                DeliveryStatus::Sent => "sent",
                DeliveryStatus::NotSent => "not sent",
                DeliveryStatus::PossiblySent => "maybe sent",
            };
            // Only one that was not sent is given back.
            let tags = if end == DeliveryStatus::NotSent { self.seal.counted_tags(&counted) } else { Tags::default() };
            let parameters: Parameters = vec![
                Box::new(id.to_be_bytes().to_vec()),
                Box::new(i64::from(delivery)),
                Box::new(ended),
                Box::new(all_bytes(&tags.number)),
                Box::new(all_bytes(&tags.client)),
                Box::new(all_bytes(&tags.prefix)),
                Box::new(moved),
                Box::new(stopped),
            ];
            let statement = "SELECT egoi_verify_record_delivery($1, $2, $3, $4, $5, $6, $7, $8)";
            self.connections.call(statement, parameters).await.map(drop)
        })
    }

    fn get(&self, id: u128) -> StoreFuture<'_, Option<StoredRequest>> {
        Box::pin(async move { self.read(id).await?.map(|request| self.stored(&request)).transpose() })
    }

    fn claim(&self, claim: NewClaim) -> StoreFuture<'_, IdempotencyClaim> {
        Box::pin(async move {
            let (moved, stopped) = self.shift();
            let keys: Vec<Vec<u8>> = [&claim.key].into_iter().chain(&claim.previous_keys).map(bytes).collect();
            let tags = self.seal.counted_tags(&claim.limits.counted(claim.number, claim.client));
            let mut parameters: Parameters = vec![
                Box::new(keys),
                Box::new(claim.owner.to_be_bytes().to_vec()),
                Box::new(all_bytes(&tags.number)),
                Box::new(all_bytes(&tags.client)),
                Box::new(all_bytes(&tags.prefix)),
                Box::new(millis(claim.retention)),
                Box::new(moved),
                Box::new(stopped),
            ];
            parameters.extend(boxed(limits(&claim.limits)));
            let statement = "SELECT * FROM egoi_verify_claim($1, $2, $3, $4, $5, $6,
                ROW($9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)::egoi_verify_limits, $7, $8)";
            let rows = self.connections.call(statement, parameters).await?;
            let row = rows.first().ok_or_else(unreadable)?;
            match get(row, "result")? {
                "new" => Ok(IdempotencyClaim::New),
                "under way" => Ok(IdempotencyClaim::UnderWay),
                "other number" => Ok(IdempotencyClaim::OtherNumber),
                "known" => Ok(IdempotencyClaim::Known(StoredResponse {
                    id: get(row, "given_id")?,
                    created_at: timestamp(get(row, "given_created_at")?),
                    expires_at: timestamp(get(row, "given_expires_at")?),
                })),
                limit => Ok(IdempotencyClaim::RateLimited(self::limit(limit, row)?)),
            }
        })
    }

    fn complete(&self, key: Digest, owner: u128, response: StoredResponse) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let parameters: Parameters = vec![
                Box::new(bytes(&key)),
                Box::new(owner.to_be_bytes().to_vec()),
                Box::new(response.id),
                Box::new(sql_timestamp(response.created_at)),
                Box::new(sql_timestamp(response.expires_at)),
            ];
            let statement = "SELECT egoi_verify_complete($1, $2, $3, $4, $5)";
            self.connections.call(statement, parameters).await.map(drop)
        })
    }

    fn release(&self, claim: NewClaim) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let tags = self.seal.claimed_tags(&claim);
            let parameters: Parameters = vec![
                Box::new(bytes(&claim.key)),
                Box::new(claim.owner.to_be_bytes().to_vec()),
                Box::new(all_bytes(&tags.number)),
                Box::new(all_bytes(&tags.client)),
                Box::new(all_bytes(&tags.prefix)),
            ];
            let statement = "SELECT egoi_verify_release($1, $2, $3, $4, $5)";
            self.connections.call(statement, parameters).await.map(drop)
        })
    }

    fn count_attempt(&self, attempt: ClientAttempt) -> StoreFuture<'_, Option<Duration>> {
        Box::pin(async move {
            let (moved, stopped) = self.shift();
            let parameters: Parameters = vec![
                Box::new(bytes(&attempt.token())),
                Box::new(attempt.id.to_be_bytes().to_vec()),
                Box::new(all_bytes(&self.seal.client_tags(attempt.client))),
                Box::new(i64::from(attempt.quota.limit)),
                Box::new(millis(attempt.quota.per)),
                Box::new(millis(ATTEMPT_KEPT)),
                Box::new(moved),
                Box::new(stopped),
            ];
            let statement = "SELECT egoi_verify_count_attempt($1, $2, $3, $4, $5, $6, $7, $8) AS wait";
            let rows = self.connections.call(statement, parameters).await?;
            wait(rows.first().ok_or_else(unreadable)?)
        })
    }

    fn give_attempt_back(&self, attempt: ClientAttempt) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let parameters: Parameters = vec![
                Box::new(bytes(&attempt.token())),
                Box::new(attempt.id.to_be_bytes().to_vec()),
                Box::new(all_bytes(&self.seal.client_tags(attempt.client))),
            ];
            let statement = "SELECT egoi_verify_give_attempt_back($1, $2, $3)";
            self.connections.call(statement, parameters).await.map(drop)
        })
    }

    fn find(&self, number: PhoneNumber, limits: Limits) -> StoreFuture<'_, FoundNumber> {
        Box::pin(async move {
            let (moved, stopped) = self.shift();
            let names = all_bytes(&self.seal.number_tags(number));
            let parameters = || -> Parameters { vec![Box::new(names.clone()), Box::new(moved), Box::new(stopped)] };
            let rows = self.connections.call("SELECT * FROM egoi_verify_find($1, $2, $3)", parameters()).await?;
            let requests = rows.iter().map(|row| {
                let request = SealedRequest::read(row)?;
                Ok((request.id, self.stored(&request)?))
            });
            let requests: Vec<_> = requests.collect::<Result<_, Error>>()?;
            let rows = self.connections.call("SELECT * FROM egoi_verify_counted($1, $2, $3)", parameters()).await?;
            let mut found = FoundNumber { requests, counters: Counters::default(), now: Timestamp::default() };
            for row in &rows {
                found.now = timestamp(get(row, "now")?);
                let window = |events, since| {
                    Ok::<_, Error>(Window { count: count(row, events)?, started: timestamp(get(row, since)?) })
                };
                let latest = match (get::<Option<i64>>(row, "sms_at")?, get::<Option<&[u8]>>(row, "sms_of")?) {
                    (Some(at), Some(of)) => {
                        let request = u128::from_be_bytes(of.try_into().map_err(|_| unreadable())?);
                        Some(LatestSms { at: timestamp(at), request })
                    }
                    _ => None,
                };
                let counters = Counters {
                    wrong_codes: window("wrong_codes", "wrong_codes_since")?,
                    sms: window("sms", "sms_since")?,
                    latest,
                };
                found.counters = found.counters.merged(counters, found.now, &limits.of_number());
            }
            Ok(found)
        })
    }

    fn unlock(&self, number: PhoneNumber) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let names: Parameters = vec![Box::new(all_bytes(&self.seal.number_tags(number)))];
            self.connections.call("SELECT egoi_verify_unlock($1)", names).await.map(drop)
        })
    }

    fn erase(&self, number: PhoneNumber) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let names: Parameters = vec![Box::new(all_bytes(&self.seal.number_tags(number)))];
            let rows = self.connections.call("SELECT egoi_verify_erase($1)", names).await?;
            let row = rows.first().ok_or_else(unreadable)?;
            Ok(get::<i64>(row, "egoi_verify_erase")?.unsigned_abs())
        })
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.connections.call("SELECT egoi_verify_ping()", Vec::new()).await.map(drop) })
    }
}
