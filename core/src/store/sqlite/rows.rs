//! The rows of the file, read and written whole.

use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension as _, Result, Transaction, params};

use super::super::{Digest, Limits, StoredResponse};
use crate::machine::{Progress, Quota, Record, Timestamp, Window};
use crate::verification::SmsStatus;

/// A request.
pub(super) struct Row {
    /// Of no use before it is inserted.
    pub(super) rowid: i64,
    pub(super) id: u128,
    pub(super) sealed: Vec<u8>,
    pub(super) number: Digest,
    pub(super) code: Digest,
    pub(super) record: Record,
    pub(super) created_at: Timestamp,
    pub(super) validity: Duration,
    pub(super) keep: Duration,
    pub(super) sms: SmsStatus,
    pub(super) delivery: u32,
    /// Its latest hand-over has not ended.
    pub(super) under_way: bool,
    /// By what the latest resend is known again.
    pub(super) resend_command: Option<u128>,
    pub(super) idempotency_key: Option<Digest>,
    /// What a resend replaced, until its hand-over has ended.
    pub(super) replaced: Option<(Digest, Record, SmsStatus)>,
    pub(super) attempts: Vec<u8>,
}

/// What was counted for a number.
pub(super) struct Counters {
    pub(super) number: Digest,
    pub(super) wrong_codes: Window,
    sms: Window,
    until: Timestamp,
}

/// An idempotency key.
pub(super) struct Key {
    pub(super) number: Digest,
    /// Of an engine.
    pub(super) request: Option<u128>,
    /// Of a client's claim.
    pub(super) owner: Option<u128>,
    pub(super) given: Option<StoredResponse>,
    pub(super) until: Timestamp,
}

/// A time beyond what SQLite holds, which nothing reaches, is as good as the last that it does.
impl ToSql for Timestamp {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u64::try_from(value.as_i64()?).map(Self).map_err(|_| FromSqlError::InvalidType)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(millis.unsigned_abs())
}

fn sms(is_sent: bool) -> SmsStatus {
    if is_sent { SmsStatus::Sent } else { SmsStatus::Unknown }
}

const fn is_sent(sms: SmsStatus) -> bool {
    matches!(sms, SmsStatus::Sent)
}

fn name(row: &rusqlite::Row<'_>, column: usize) -> Result<Option<u128>> {
    row.get::<_, Option<[u8; 16]>>(column).map(|name| name.map(u128::from_be_bytes))
}

const fn number_of(progress: Progress) -> u8 {
    match progress {
        Progress::Open => 0,
        Progress::Verified => 1,
        Progress::Cancelled => 2,
    }
}

impl Row {
    /// A request that is there still.
    pub(super) fn find(tx: &Transaction<'_>, id: u128, now: Timestamp) -> Result<Option<Self>> {
        tx.prepare_cached(
            "SELECT rowid, sealed, number, code, progress, expires_at, wrong_codes, resends, sent_at, created_at,
                    validity, keep, is_sent, delivery, under_way, idempotency_key, old_code, old_expires_at,
                    old_resends, old_sent_at, old_is_sent, attempts, resend_command
             FROM requests WHERE id = ?1 AND until > ?2",
        )?
        .query_row(params![id.to_be_bytes(), now], |row| {
            let record = Record {
                progress: match row.get(4)? {
                    1 => Progress::Verified,
                    2 => Progress::Cancelled,
                    _ => Progress::Open,
                },
                expires_at: row.get(5)?,
                wrong_codes: row.get(6)?,
                resends: row.get(7)?,
                sent_at: row.get(8)?,
            };
            let replaced = match row.get(16)? {
                None => None,
                Some(code) => {
                    let (expires_at, resends, sent_at) = (row.get(17)?, row.get(18)?, row.get(19)?);
                    Some((code, Record { expires_at, resends, sent_at, ..record }, sms(row.get(20)?)))
                }
            };
            Ok(Self {
                rowid: row.get(0)?,
                id,
                sealed: row.get(1)?,
                number: row.get(2)?,
                code: row.get(3)?,
                record,
                created_at: row.get(9)?,
                validity: duration(row.get(10)?),
                keep: duration(row.get(11)?),
                sms: sms(row.get(12)?),
                delivery: row.get(13)?,
                under_way: row.get(14)?,
                idempotency_key: row.get(15)?,
                replaced,
                attempts: row.get(21)?,
                resend_command: name(row, 22)?,
            })
        })
        .optional()
    }

    pub(super) fn until(&self) -> Timestamp {
        self.record.expires_at.after(self.keep)
    }

    pub(super) fn insert(&self, tx: &Transaction<'_>) -> Result<()> {
        let Record { expires_at, sent_at, .. } = self.record;
        tx.prepare_cached(
            "INSERT OR REPLACE INTO requests (id, sealed, number, code, progress, expires_at, wrong_codes, resends, sent_at,
                    created_at, validity, keep, is_sent, delivery, under_way, idempotency_key, attempts, until)
             VALUES (?1, ?2, ?3, ?4, 0, ?5, 0, 0, ?6, ?7, ?8, ?9, 0, 0, 1, ?10, ?11, ?12)",
        )?
        .execute(params![
            self.id.to_be_bytes(),
            self.sealed,
            self.number,
            self.code,
            expires_at,
            sent_at,
            self.created_at,
            millis(self.validity),
            millis(self.keep),
            self.idempotency_key,
            self.attempts,
            self.until(),
        ])?;
        Ok(())
    }

    /// Writes what a validation changes, which no index is made of.
    pub(super) fn count(&self, tx: &Transaction<'_>) -> Result<()> {
        tx.prepare_cached("UPDATE requests SET progress = ?2, wrong_codes = ?3, attempts = ?4 WHERE rowid = ?1")?
            .execute(params![self.rowid, number_of(self.record.progress), self.record.wrong_codes, self.attempts])?;
        Ok(())
    }

    /// Writes what calls change.
    pub(super) fn update(&self, tx: &Transaction<'_>) -> Result<()> {
        let Record { progress, expires_at, wrong_codes, resends, sent_at } = self.record;
        let old = self.replaced.as_ref();
        tx.prepare_cached(
            "UPDATE requests SET code = ?2, progress = ?3, expires_at = ?4, wrong_codes = ?5, resends = ?6, sent_at = ?7,
                    is_sent = ?8, delivery = ?9, under_way = ?10, old_code = ?11, old_expires_at = ?12, old_resends = ?13,
                    old_sent_at = ?14, old_is_sent = ?15, attempts = ?16, until = ?17, number = ?18, sealed = ?19,
                    resend_command = ?20
             WHERE rowid = ?1",
        )?
        .execute(params![
            self.rowid,
            self.code,
            number_of(progress),
            expires_at,
            wrong_codes,
            resends,
            sent_at,
            is_sent(self.sms),
            self.delivery,
            self.under_way,
            old.map(|(code, ..)| code),
            old.map(|(_, record, _)| record.expires_at),
            old.map(|(_, record, _)| record.resends),
            old.map(|(_, record, _)| record.sent_at),
            old.map(|(.., sms)| is_sent(*sms)),
            self.attempts,
            self.until(),
            self.number,
            self.sealed,
            self.resend_command.map(u128::to_be_bytes),
        ])?;
        Ok(())
    }

    pub(super) fn delete(&self, tx: &Transaction<'_>) -> Result<()> {
        tx.prepare_cached("DELETE FROM requests WHERE rowid = ?1")?.execute([self.rowid])?;
        Ok(())
    }
}

impl Counters {
    /// What was counted for the number that these stand for, as the row of the first: rows of the others, from before a change
    /// of keys, are moved there.
    pub(super) fn find(tx: &Transaction<'_>, numbers: &[Digest], now: Timestamp, limits: &Limits) -> Result<Self> {
        let number = numbers.first().copied().unwrap_or_default();
        let none = Self { number, wrong_codes: Window::default(), sms: Window::default(), until: Timestamp::default() };
        let mut counters = Self::read(tx, number)?.unwrap_or(none);
        for before in numbers.iter().skip(1) {
            if let Some(before) = Self::read(tx, *before)? {
                counters.wrong_codes =
                    merged(counters.wrong_codes, before.wrong_codes, now, limits.wrong_codes_per_number);
                counters.sms = merged(counters.sms, before.sms, now, limits.sms_per_number);
                counters.until = counters.until.max(before.until);
                tx.prepare_cached("DELETE FROM numbers WHERE number = ?1")?.execute([before.number])?;
                counters.write(tx)?;
            }
        }
        Ok(counters)
    }

    fn read(tx: &Transaction<'_>, number: Digest) -> Result<Option<Self>> {
        tx.prepare_cached(
            "SELECT wrong_codes, wrong_codes_since, sms, sms_since, until FROM numbers WHERE number = ?1",
        )?
        .query_row([number], |row| {
            Ok(Self {
                number,
                wrong_codes: Window { count: row.get(0)?, started: row.get(1)? },
                sms: Window { count: row.get(2)?, started: row.get(3)? },
                until: row.get(4)?,
            })
        })
        .optional()
    }

    /// Counts an SMS, or says how long it has to wait.
    pub(super) fn count_sms(&mut self, now: Timestamp, limits: &Limits) -> std::result::Result<(), Duration> {
        let Some(quota) = limits.sms_per_number else { return Ok(()) };
        self.sms.wait(now, &quota).map_or(Ok(()), Err)?;
        self.sms = self.sms.counted(now, &quota);
        Ok(())
    }

    /// Writes them; they are kept as long as they count, and as long as the request that counts here.
    pub(super) fn save(&mut self, tx: &Transaction<'_>, limits: &Limits, request_until: Timestamp) -> Result<()> {
        let end = |window: Window, quota: Option<Quota>| match quota {
            Some(quota) if window.count > 0 => window.started.after(quota.per),
            _ => Timestamp::default(),
        };
        self.until = end(self.wrong_codes, limits.wrong_codes_per_number)
            .max(end(self.sms, limits.sms_per_number))
            .max(request_until)
            .max(self.until);
        self.write(tx)
    }

    fn write(&self, tx: &Transaction<'_>) -> Result<()> {
        tx.prepare_cached(
            "INSERT INTO numbers (number, wrong_codes, wrong_codes_since, sms, sms_since, until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (number) DO UPDATE SET wrong_codes = ?2, wrong_codes_since = ?3, sms = ?4, sms_since = ?5, until = ?6",
        )?
        .execute(params![
            self.number,
            self.wrong_codes.count,
            self.wrong_codes.started,
            self.sms.count,
            self.sms.started,
            self.until
        ])?;
        Ok(())
    }

    /// Gives an SMS back to the window that it was counted in.
    pub(super) fn give_sms_back(tx: &Transaction<'_>, numbers: &[Digest], counted_at: Timestamp) -> Result<()> {
        for number in numbers {
            let mut update = tx
                .prepare_cached("UPDATE numbers SET sms = sms - 1 WHERE number = ?1 AND sms > 0 AND sms_since <= ?2")?;
            if update.execute(params![number, counted_at])? > 0 {
                break;
            }
        }
        Ok(())
    }
}

/// Both together, where both count still; without a limit nobody asks.
fn merged(one: Window, other: Window, now: Timestamp, quota: Option<Quota>) -> Window {
    let counts = |window: Window| window.count > 0 && quota.is_none_or(|quota| now < window.started.after(quota.per));
    match (counts(one), counts(other)) {
        (true, true) => {
            Window { started: one.started.min(other.started), count: one.count.saturating_add(other.count) }
        }
        (false, true) => other,
        _ => one,
    }
}

impl Key {
    pub(super) fn find(tx: &Transaction<'_>, key: &Digest, now: Timestamp) -> Result<Option<Self>> {
        tx.prepare_cached(
            "SELECT number, request, owner, given_id, given_created_at, given_expires_at, until
             FROM idempotency_keys WHERE idempotency_key = ?1 AND until > ?2",
        )?
        .query_row(params![key, now], |row| {
            let given = match row.get(3)? {
                None => None,
                Some(id) => Some(StoredResponse { id, created_at: row.get(4)?, expires_at: row.get(5)? }),
            };
            let (request, owner) = (name(row, 1)?, name(row, 2)?);
            Ok(Self { number: row.get(0)?, request, owner, given, until: row.get(6)? })
        })
        .optional()
    }

    pub(super) fn put(&self, tx: &Transaction<'_>, key: &Digest) -> Result<()> {
        tx.prepare_cached(
            "INSERT OR REPLACE INTO idempotency_keys (idempotency_key, number, request, owner, until)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            key,
            self.number,
            self.request.map(u128::to_be_bytes),
            self.owner.map(u128::to_be_bytes),
            self.until
        ])?;
        Ok(())
    }

    /// Stores what the request of a claim gave.
    pub(super) fn complete(tx: &Transaction<'_>, key: &Digest, owner: u128, given: &StoredResponse) -> Result<()> {
        tx.prepare_cached(
            "UPDATE idempotency_keys SET given_id = ?3, given_created_at = ?4, given_expires_at = ?5
             WHERE idempotency_key = ?1 AND owner = ?2 AND given_id IS NULL",
        )?
        .execute(params![key, owner.to_be_bytes(), given.id, given.created_at, given.expires_at])?;
        Ok(())
    }

    /// Removes a claim that was not completed.
    pub(super) fn release(tx: &Transaction<'_>, key: &Digest, owner: u128) -> Result<()> {
        tx.prepare_cached(
            "DELETE FROM idempotency_keys WHERE idempotency_key = ?1 AND owner = ?2 AND given_id IS NULL",
        )?
        .execute(params![key, owner.to_be_bytes()])?;
        Ok(())
    }

    /// The key of a request that was not sent is free again.
    pub(super) fn remove(tx: &Transaction<'_>, key: &Digest, request: u128) -> Result<()> {
        tx.prepare_cached("DELETE FROM idempotency_keys WHERE idempotency_key = ?1 AND request = ?2")?
            .execute(params![key, request.to_be_bytes()])?;
        Ok(())
    }
}
