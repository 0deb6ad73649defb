//! The rows of the file, read and written whole.

use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension as _, Result, Transaction, params};

use super::super::{Digest, StoredResponse};
use crate::machine::{CounterLimits, Counters, LatestSms, Progress, Record, SmsWait, Timestamp, Window};
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
    pub(super) retention: Duration,
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

/// What a validation needs of a request, and less to read than all of it.
pub(super) struct ValidatedRow {
    rowid: i64,
    pub(super) number: Digest,
    pub(super) code: Digest,
    pub(super) record: Record,
    retention: Duration,
    pub(super) attempts: Vec<u8>,
}

/// What was counted for a number, a client or a prefix.
pub(super) struct Counted {
    pub(super) subject: Digest,
    pub(super) counters: Counters,
    limits: CounterLimits,
    until: Timestamp,
    /// When the row that is there is removed, as the index has it. None where there is no row.
    indexed: Option<Timestamp>,
}

/// An idempotency key.
pub(super) struct Key {
    pub(super) number: Digest,
    /// Of an engine.
    pub(super) request: Option<u128>,
    /// Of a client's claim, or of an attempt.
    pub(super) owner: Option<u128>,
    /// When its SMS, or its attempt, was counted.
    pub(super) counted_at: Option<Timestamp>,
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

const fn progress_of(number: u8) -> Progress {
    match number {
        1 => Progress::Verified,
        2 => Progress::Cancelled,
        _ => Progress::Open,
    }
}

impl Row {
    /// A request that is there still.
    pub(super) fn find(tx: &Transaction<'_>, id: u128, now: Timestamp) -> Result<Option<Self>> {
        tx.prepare_cached(
            "SELECT rowid, sealed, number, code, progress, expires_at, wrong_codes, resends, sent_at, created_at,
                    validity, retention, is_sent, delivery, under_way, idempotency_key, old_code, old_expires_at,
                    old_resends, old_sent_at, old_is_sent, attempts, resend_command
             FROM requests WHERE id = ?1 AND until > ?2",
        )?
        .query_row(params![id.to_be_bytes(), now], |row| {
            let record = Record {
                progress: progress_of(row.get(4)?),
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
                retention: duration(row.get(11)?),
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

    /// The ids of all requests of the number that these stand for.
    pub(super) fn of_number(tx: &Transaction<'_>, numbers: &[Digest]) -> Result<Vec<u128>> {
        let mut all = Vec::new();
        for number in numbers {
            let mut select = tx.prepare_cached("SELECT id FROM requests WHERE number = ?1")?;
            for id in select.query_map([number], |row| row.get(0))? {
                all.push(u128::from_be_bytes(id?));
            }
        }
        Ok(all)
    }

    /// Removes all that is kept of the number that these stand for, and gives back how many requests there were.
    pub(super) fn erase(tx: &Transaction<'_>, numbers: &[Digest]) -> Result<u64> {
        let mut erased = 0;
        for number in numbers {
            erased += tx.prepare_cached("DELETE FROM requests WHERE number = ?1")?.execute([number])?;
            tx.prepare_cached("DELETE FROM idempotency_keys WHERE number = ?1")?.execute([number])?;
        }
        Ok(erased as u64)
    }

    pub(super) fn until(&self) -> Timestamp {
        self.record.expires_at.after(self.retention)
    }

    pub(super) fn insert(&self, tx: &Transaction<'_>) -> Result<()> {
        let Record { expires_at, sent_at, .. } = self.record;
        tx.prepare_cached(
            "INSERT OR REPLACE INTO requests (id, sealed, number, code, progress, expires_at, wrong_codes, resends, sent_at,
                    created_at, validity, retention, is_sent, delivery, under_way, idempotency_key, attempts, until)
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
            millis(self.retention),
            self.idempotency_key,
            self.attempts,
            self.until(),
        ])?;
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

impl ValidatedRow {
    /// A request that is there still.
    pub(super) fn find(tx: &Transaction<'_>, id: u128, now: Timestamp) -> Result<Option<Self>> {
        tx.prepare_cached(
            "SELECT rowid, number, code, progress, expires_at, wrong_codes, resends, sent_at, retention, attempts
             FROM requests WHERE id = ?1 AND until > ?2",
        )?
        .query_row(params![id.to_be_bytes(), now], |row| {
            Ok(Self {
                rowid: row.get(0)?,
                number: row.get(1)?,
                code: row.get(2)?,
                record: Record {
                    progress: progress_of(row.get(3)?),
                    expires_at: row.get(4)?,
                    wrong_codes: row.get(5)?,
                    resends: row.get(6)?,
                    sent_at: row.get(7)?,
                },
                retention: duration(row.get(8)?),
                attempts: row.get(9)?,
            })
        })
        .optional()
    }

    pub(super) fn until(&self) -> Timestamp {
        self.record.expires_at.after(self.retention)
    }

    /// Writes what a validation changes, which no index is made of.
    pub(super) fn count(&self, tx: &Transaction<'_>) -> Result<()> {
        tx.prepare_cached("UPDATE requests SET progress = ?2, wrong_codes = ?3, attempts = ?4 WHERE rowid = ?1")?
            .execute(params![self.rowid, number_of(self.record.progress), self.record.wrong_codes, self.attempts])?;
        Ok(())
    }
}

impl Counted {
    /// What was counted for what these stand for, as the row of the first: rows of the others, from before a change of keys,
    /// are moved there. None where nothing is counted.
    pub(super) fn find(
        tx: &Transaction<'_>,
        subjects: &[Digest],
        now: Timestamp,
        limits: CounterLimits,
    ) -> Result<Option<Self>> {
        let Some(subject) = subjects.first().copied().filter(|_| limits != CounterLimits::default()) else {
            return Ok(None);
        };
        let (counters, indexed) = read(tx, &subject)?.unzip();
        let (counters, until) = (counters.unwrap_or_default(), indexed.unwrap_or_default());
        let mut counted = Self { subject, counters, limits, until, indexed };
        for before in subjects.iter().skip(1) {
            if let Some((counters, until)) = read(tx, before)? {
                counted.counters = counted.counters.merged(counters, now, &limits);
                counted.until = counted.until.max(until);
                tx.prepare_cached("DELETE FROM counters WHERE subject = ?1")?.execute([before])?;
                counted.write(tx)?;
                counted.indexed = Some(counted.until);
            }
        }
        Ok(Some(counted))
    }

    /// Whether a wrong code is counted for what these stand for: less to read than all that is counted.
    pub(super) fn has_wrong_codes(tx: &Transaction<'_>, subjects: &[Digest]) -> Result<bool> {
        let mut select = tx.prepare_cached("SELECT 1 FROM counters WHERE subject = ?1 AND wrong_codes > 0")?;
        for subject in subjects {
            if select.exists([subject])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes what was counted for whom these stand for.
    pub(super) fn remove(tx: &Transaction<'_>, subjects: &[Digest]) -> Result<()> {
        let mut delete = tx.prepare_cached("DELETE FROM counters WHERE subject = ?1")?;
        subjects.iter().try_for_each(|subject| delete.execute([subject]).map(drop))
    }

    /// What stops another SMS.
    pub(super) fn sms_wait(&self, now: Timestamp) -> Option<SmsWait> {
        self.counters.sms_wait(now, &self.limits)
    }

    /// Counts an SMS of a request.
    pub(super) fn count_sms(&mut self, now: Timestamp, request: u128) {
        self.counters.count_sms(now, request, &self.limits);
    }

    /// Writes it; it is kept as long as it counts, and as long as the request that counts here.
    pub(super) fn save(&mut self, tx: &Transaction<'_>, request_until: Timestamp) -> Result<()> {
        self.until = self.counters.end(&self.limits).max(request_until).max(self.until);
        self.write(tx)
    }

    fn write(&self, tx: &Transaction<'_>) -> Result<()> {
        let Counters { wrong_codes, sms, latest } = self.counters;
        // Were `until` among what is set, SQLite would take the row's entry out of the index and put the same one in: two more
        // searches, and a page more to write, which has not been touched since the window began.
        let statement = if self.indexed == Some(self.until) {
            "UPDATE counters
             SET wrong_codes = ?2, wrong_codes_since = ?3, sms = ?4, sms_since = ?5, sms_at = ?6, sms_of = ?7
             WHERE subject = ?1 AND until = ?8"
        } else {
            "INSERT INTO counters (subject, wrong_codes, wrong_codes_since, sms, sms_since, sms_at, sms_of, until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (subject) DO UPDATE
             SET wrong_codes = ?2, wrong_codes_since = ?3, sms = ?4, sms_since = ?5, sms_at = ?6, sms_of = ?7, until = ?8"
        };
        tx.prepare_cached(statement)?.execute(params![
            self.subject,
            wrong_codes.count,
            wrong_codes.started,
            sms.count,
            sms.started,
            latest.map(|latest| latest.at),
            latest.map(|latest| latest.request.to_be_bytes()),
            self.until
        ])?;
        Ok(())
    }

    /// Gives an SMS of a request back to the window that it was counted in.
    pub(super) fn give_sms_back(
        tx: &Transaction<'_>,
        subjects: &[Digest],
        counted_at: Timestamp,
        request: u128,
    ) -> Result<()> {
        Self::give_back(tx, subjects, |counters| {
            let is_it = counters.sms.started <= counted_at;
            counters.give_sms_back(counted_at, request);
            is_it
        })
    }

    /// Gives a wrong code that was none back to the window that it was counted in.
    pub(super) fn give_attempt_back(tx: &Transaction<'_>, subjects: &[Digest], counted_at: Timestamp) -> Result<()> {
        Self::give_back(tx, subjects, |counters| {
            let is_it = counters.wrong_codes.started <= counted_at;
            counters.wrong_codes.give_back(counted_at);
            is_it
        })
    }

    /// Changes the counters of the first of these where they are to be changed.
    fn give_back(
        tx: &Transaction<'_>,
        subjects: &[Digest],
        mut change: impl FnMut(&mut Counters) -> bool,
    ) -> Result<()> {
        for subject in subjects {
            if let Some((mut counters, until)) = read(tx, subject)?
                && change(&mut counters)
            {
                let limits = CounterLimits::default();
                return Self { subject: *subject, counters, limits, until, indexed: Some(until) }.write(tx);
            }
        }
        Ok(())
    }
}

fn read(tx: &Transaction<'_>, subject: &Digest) -> Result<Option<(Counters, Timestamp)>> {
    tx.prepare_cached(
        "SELECT wrong_codes, wrong_codes_since, sms, sms_since, sms_at, sms_of, until FROM counters WHERE subject = ?1",
    )?
    .query_row([subject], |row| {
        let latest = match (row.get(4)?, name(row, 5)?) {
            (Some(at), Some(request)) => Some(LatestSms { at, request }),
            _ => None,
        };
        let counters = Counters {
            wrong_codes: Window { count: row.get(0)?, started: row.get(1)? },
            sms: Window { count: row.get(2)?, started: row.get(3)? },
            latest,
        };
        Ok((counters, row.get(6)?))
    })
    .optional()
}

impl Key {
    pub(super) fn find(tx: &Transaction<'_>, key: &Digest, now: Timestamp) -> Result<Option<Self>> {
        tx.prepare_cached(
            "SELECT number, request, owner, given_id, given_created_at, given_expires_at, until, counted_at
             FROM idempotency_keys WHERE idempotency_key = ?1 AND until > ?2",
        )?
        .query_row(params![key, now], |row| {
            let given = match row.get(3)? {
                None => None,
                Some(id) => Some(StoredResponse { id, created_at: row.get(4)?, expires_at: row.get(5)? }),
            };
            let (request, owner) = (name(row, 1)?, name(row, 2)?);
            Ok(Self { number: row.get(0)?, request, owner, given, until: row.get(6)?, counted_at: row.get(7)? })
        })
        .optional()
    }

    pub(super) fn put(&self, tx: &Transaction<'_>, key: &Digest) -> Result<()> {
        tx.prepare_cached(
            "INSERT OR REPLACE INTO idempotency_keys (idempotency_key, number, request, owner, until, counted_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            key,
            self.number,
            self.request.map(u128::to_be_bytes),
            self.owner.map(u128::to_be_bytes),
            self.until,
            self.counted_at,
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

    /// Removes a claim that was not completed, or an attempt, and gives back when it was counted.
    pub(super) fn release(tx: &Transaction<'_>, key: &Digest, owner: u128) -> Result<Option<Timestamp>> {
        tx.prepare_cached(
            "DELETE FROM idempotency_keys WHERE idempotency_key = ?1 AND owner = ?2 AND given_id IS NULL RETURNING counted_at",
        )?
        .query_row(params![key, owner.to_be_bytes()], |row| row.get(0))
        .optional()
        .map(Option::flatten)
    }

    /// The key of a request that was not sent is free again.
    pub(super) fn remove(tx: &Transaction<'_>, key: &Digest, request: u128) -> Result<()> {
        tx.prepare_cached("DELETE FROM idempotency_keys WHERE idempotency_key = ?1 AND request = ?2")?
            .execute(params![key, request.to_be_bytes()])?;
        Ok(())
    }
}
