-- Version 1. Times are milliseconds since 1970. Numbers and messages are sealed; codes, numbers and keys to be found again
-- are HMACs.

-- The latest time that anything was written at: time does not go back behind it.
CREATE TABLE clock (latest INTEGER NOT NULL);
INSERT INTO clock VALUES (0);

-- What asking whether the store can be used writes: more than a request does, so that a full disk is noticed.
CREATE TABLE room (taken BLOB NOT NULL);
INSERT INTO room VALUES (randomblob(49152));

-- By what the keys that this store is used with are known again.
CREATE TABLE keys (key_check BLOB PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE requests (
    id BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL,
    -- What stands for its number under the key that was in use when it was made or resent.
    number BLOB NOT NULL,
    code BLOB NOT NULL,
    progress INTEGER NOT NULL, -- 0 open, 1 verified, 2 cancelled
    expires_at INTEGER NOT NULL,
    wrong_codes INTEGER NOT NULL,
    resends INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    validity INTEGER NOT NULL,
    retention INTEGER NOT NULL,
    is_sent INTEGER NOT NULL,
    delivery INTEGER NOT NULL,
    under_way INTEGER NOT NULL,
    -- By what the latest resend is known again.
    resend_command BLOB,
    idempotency_key BLOB,
    -- What a resend replaced, until its hand-over has ended.
    old_code BLOB,
    old_expires_at INTEGER,
    old_resends INTEGER,
    old_sent_at INTEGER,
    old_is_sent INTEGER,
    -- The latest validations that counted: 16 bytes of id and one of outcome each.
    attempts BLOB NOT NULL,
    -- When it is removed.
    until INTEGER NOT NULL
);
CREATE INDEX requests_until ON requests (until);

-- All requests of a number, for who looks for them or removes them.
CREATE INDEX requests_number ON requests (number);

-- What is counted for a number, for a client, or for the numbers that share all but their last digits.
CREATE TABLE counters (
    subject BLOB PRIMARY KEY,
    wrong_codes INTEGER NOT NULL,
    wrong_codes_since INTEGER NOT NULL,
    sms INTEGER NOT NULL,
    sms_since INTEGER NOT NULL,
    -- The latest SMS to a number: when, and its request.
    sms_at INTEGER,
    sms_of BLOB,
    until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX counters_until ON counters (until);

-- The idempotency keys, and the attempts of clients whose codes somebody else checks: of those by a random name, and no number.
CREATE TABLE idempotency_keys (
    idempotency_key BLOB PRIMARY KEY,
    number BLOB NOT NULL,
    -- An engine's request, or none for a client's key.
    request BLOB,
    -- Who owns a client's claim, or an attempt.
    owner BLOB,
    -- When the SMS of the claim, or the attempt, was counted.
    counted_at INTEGER,
    -- What a client's request gave.
    given_id TEXT,
    given_created_at INTEGER,
    given_expires_at INTEGER,
    until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_until ON idempotency_keys (until);
