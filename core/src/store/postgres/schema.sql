-- Version 1. Times are milliseconds since 1970, lengths of time milliseconds. Numbers and messages are sealed; codes, and
-- numbers and keys that have to be found again, are HMACs.
--
-- Every call is one statement that calls one function, which has locked the rows that it decides by before it reads the
-- time: the request's, then the number's, the client's and the prefix's, then the key's, so that no two calls wait for each other.
--
-- Those functions have settings of the planner: what they do is planned once a connection, and never reads a table through,
-- however empty it was then.
--
-- Each function in PL/pgSQL goes by the path of the migration, which is this schema and nothing of others. The four in SQL have
-- none, so that they are inlined where they are called: in the others. A function that takes any type of array is named with its
-- schema: one that takes ours would be preferred, whosever it is.

CREATE TABLE egoi_verify_version (version integer NOT NULL);
INSERT INTO egoi_verify_version VALUES (1);

-- By what the keys that this store is used with are known again.
CREATE TABLE egoi_verify_keys (key_check bytea PRIMARY KEY);

CREATE TABLE egoi_verify_requests (
    id bytea PRIMARY KEY,
    sealed bytea NOT NULL,
    -- What stands for its number under the key that was in use when it was made or resent.
    number bytea NOT NULL,
    code bytea NOT NULL,
    progress smallint NOT NULL DEFAULT 0, -- 0 open, 1 verified, 2 cancelled
    expires_at bigint NOT NULL,
    wrong_codes bigint NOT NULL DEFAULT 0,
    resends bigint NOT NULL DEFAULT 0,
    sent_at bigint NOT NULL,
    created_at bigint NOT NULL,
    validity bigint NOT NULL,
    retention bigint NOT NULL,
    is_sent boolean NOT NULL DEFAULT false,
    delivery bigint NOT NULL DEFAULT 0,
    under_way boolean NOT NULL DEFAULT true,
    -- By what the latest resend is known again.
    resend_command bytea,
    idempotency_key bytea,
    -- What a resend replaced, until its hand-over has ended.
    old_code bytea,
    old_expires_at bigint,
    old_resends bigint,
    old_sent_at bigint,
    old_is_sent boolean,
    -- The latest eight validations that counted: 16 bytes of id and one of outcome each.
    attempts bytea NOT NULL DEFAULT '',
    -- When it is removed.
    until bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX egoi_verify_requests_until ON egoi_verify_requests (until);

-- All requests of a number, for who looks for them or removes them.
CREATE INDEX egoi_verify_requests_number ON egoi_verify_requests (number);

-- What is counted for a number, for a client, or for the numbers that share all but their last digits.
CREATE TABLE egoi_verify_counters (
    subject bytea PRIMARY KEY,
    wrong_codes bigint NOT NULL DEFAULT 0,
    wrong_codes_since bigint NOT NULL DEFAULT 0,
    sms bigint NOT NULL DEFAULT 0,
    sms_since bigint NOT NULL DEFAULT 0,
    -- The latest SMS to a number: when, and its request.
    sms_at bigint,
    sms_of bytea,
    until bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE INDEX egoi_verify_counters_until ON egoi_verify_counters (until);

-- The idempotency keys, and the attempts of clients whose codes somebody else checks: of those by a random name, and no number.
CREATE TABLE egoi_verify_idempotency_keys (
    idempotency_key bytea PRIMARY KEY,
    number bytea NOT NULL,
    -- An engine's request, or none for a client's key.
    request bytea,
    -- Who owns a client's claim, or an attempt.
    owner bytea,
    -- When the SMS of the claim, or the attempt, was counted.
    counted_at bigint,
    -- What a client's request gave.
    given_id text,
    given_created_at bigint,
    given_expires_at bigint,
    until bigint NOT NULL
);
CREATE INDEX egoi_verify_idempotency_keys_until ON egoi_verify_idempotency_keys (until);

-- The limits of an engine; null is no limit.
CREATE TYPE egoi_verify_limits AS (
    max_attempts bigint,
    max_resends bigint,
    resend_after bigint,
    wrong_codes bigint,
    wrong_codes_per bigint,
    sms bigint,
    sms_per bigint,
    client_wrong_codes bigint,
    client_wrong_codes_per bigint,
    client_sms bigint,
    client_sms_per bigint,
    prefix_sms bigint,
    prefix_sms_per bigint
);

-- The result of a call about a request, and how the request stands.
CREATE TYPE egoi_verify_result AS (
    result text,
    wait bigint,
    id bytea,
    sealed bytea,
    progress smallint,
    expires_at bigint,
    wrong_codes bigint,
    resends bigint,
    sent_at bigint,
    created_at bigint,
    is_sent boolean,
    delivery bigint,
    now bigint
);

-- The time now, moved on by so much, or standing still at `stopped`: zero and null but in tests.
CREATE FUNCTION egoi_verify_now(moved bigint, stopped bigint) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(stopped, floor(extract(epoch FROM clock_timestamp()) * 1000.0)::bigint + moved)
$$;

CREATE FUNCTION egoi_verify_of(result text, r egoi_verify_requests, now bigint) RETURNS egoi_verify_result
LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(result, NULL, r.id, r.sealed, r.progress, r.expires_at, r.wrong_codes, r.resends, r.sent_at, r.created_at,
               r.is_sent, r.delivery, now)::egoi_verify_result
$$;

CREATE FUNCTION egoi_verify_only(result text, wait bigint) RETURNS egoi_verify_result LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(result, wait, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::egoi_verify_result
$$;

-- How many events of a window are valid still.
CREATE FUNCTION egoi_verify_valid(events bigint, since bigint, per bigint, now bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN now < since + per THEN events ELSE 0 END
$$;

-- Writes what was counted for a number; it is kept as long as it counts, and as long as the request that counts there. In
-- PL/pgSQL, as below, since what is written in SQL is planned in each call.
CREATE FUNCTION egoi_verify_save(n egoi_verify_counters, l egoi_verify_limits, request_until bigint) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE egoi_verify_counters
    SET wrong_codes = n.wrong_codes, wrong_codes_since = n.wrong_codes_since,
        until = greatest(n.until, request_until, CASE WHEN n.wrong_codes > 0 THEN n.wrong_codes_since + l.wrong_codes_per END)
    WHERE subject = n.subject;
END
$$;

-- Adds a wrong code of a client to those that are valid still.
CREATE FUNCTION egoi_verify_count_wrong_code(c egoi_verify_counters, valid bigint, per bigint, now bigint) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    since bigint := CASE WHEN valid = 0 THEN now ELSE c.wrong_codes_since END;
BEGIN
    UPDATE egoi_verify_counters
        SET wrong_codes = valid + 1, wrong_codes_since = since, until = greatest(until, since + per)
        WHERE subject = c.subject;
END
$$;

-- Removes a few rows of each kind whose time is over. How few stands in each statement, as the planner takes a limit that it
-- does not know for a tenth of the table.
CREATE FUNCTION egoi_verify_sweep(now bigint) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM egoi_verify_requests WHERE id IN
        (SELECT id FROM egoi_verify_requests WHERE until <= now ORDER BY until LIMIT 4 FOR UPDATE SKIP LOCKED);
    DELETE FROM egoi_verify_counters WHERE subject IN
        (SELECT subject FROM egoi_verify_counters WHERE until <= now ORDER BY until LIMIT 4 FOR UPDATE SKIP LOCKED);
    DELETE FROM egoi_verify_idempotency_keys WHERE idempotency_key IN
        (SELECT idempotency_key FROM egoi_verify_idempotency_keys WHERE until <= now ORDER BY until LIMIT 4
         FOR UPDATE SKIP LOCKED);
END
$$;

-- Makes calls with the same idempotency key wait for each other, under every key of the engine that it has a name under.
CREATE FUNCTION egoi_verify_lock(names bytea[]) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    place bigint;
BEGIN
    FOR place IN SELECT ('x' || encode(substr(name, 1, 8), 'hex'))::bit(64)::bigint FROM pg_catalog.unnest(names) name ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock(place);
    END LOOP;
END
$$;

-- Two counts of the same together, of which one or both may count no more.
CREATE FUNCTION egoi_verify_merge(
    one bigint, one_since bigint, other bigint, other_since bigint, per bigint, now bigint, OUT both_ bigint, OUT since bigint
)
LANGUAGE plpgsql IMMUTABLE SET search_path FROM CURRENT AS $$
BEGIN
    IF other = 0 OR now >= other_since + per THEN
        both_ := one;
        since := one_since;
    ELSIF one = 0 OR now >= one_since + per THEN
        both_ := other;
        since := other_since;
    ELSE
        both_ := one + other;
        since := least(one_since, other_since);
    END IF;
END
$$;

-- Locks what was counted for whom these names stand for, as the row of the first, which is made where there is none. Rows of the
-- others, from before a change of keys, are moved there.
CREATE FUNCTION egoi_verify_counters(
    names bytea[], wrong_codes_per bigint, sms_per bigint, moved bigint, stopped bigint
) RETURNS egoi_verify_counters
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    n egoi_verify_counters;
    before egoi_verify_counters;
    now bigint;
BEGIN
    IF pg_catalog.cardinality(names) > 1 THEN
        -- Two that count it first at the same time may each have another name for it.
        PERFORM egoi_verify_lock(names);
    END IF;
    LOOP
        SELECT * INTO n FROM egoi_verify_counters WHERE subject = names[1] FOR UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO egoi_verify_counters (subject) VALUES (names[1]) ON CONFLICT DO NOTHING;
    END LOOP;
    IF pg_catalog.cardinality(names) > 1 THEN
        FOR before IN SELECT * FROM egoi_verify_counters WHERE subject = ANY (names[2:]) ORDER BY subject FOR UPDATE LOOP
            now := egoi_verify_now(moved, stopped);
            SELECT * INTO n.wrong_codes, n.wrong_codes_since FROM egoi_verify_merge(
                n.wrong_codes, n.wrong_codes_since, before.wrong_codes, before.wrong_codes_since, wrong_codes_per, now);
            SELECT * INTO n.sms, n.sms_since
                FROM egoi_verify_merge(n.sms, n.sms_since, before.sms, before.sms_since, sms_per, now);
            IF before.sms_at > n.sms_at OR n.sms_at IS NULL THEN
                n.sms_at := before.sms_at;
                n.sms_of := before.sms_of;
            END IF;
            DELETE FROM egoi_verify_counters WHERE subject = before.subject;
            UPDATE egoi_verify_counters
                SET wrong_codes = n.wrong_codes, wrong_codes_since = n.wrong_codes_since, sms = n.sms, sms_since = n.sms_since,
                    sms_at = n.sms_at, sms_of = n.sms_of, until = greatest(until, before.until)
                WHERE subject = n.subject RETURNING * INTO n;
        END LOOP;
    END IF;
    RETURN n;
END
$$;

-- Counts an SMS of a request for whom these names stand for, or says how long it has to wait and, where that is for the pause,
-- after which request. Null is no limit.
CREATE FUNCTION egoi_verify_count_sms(
    names bytea[], of_request bytea, max_sms bigint, per bigint, pause bigint, wrong_codes_per bigint, kept bigint, moved bigint,
    stopped bigint, OUT wait bigint, OUT after bytea
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    n egoi_verify_counters;
    now bigint;
BEGIN
    IF pg_catalog.cardinality(names) > 1 THEN
        PERFORM egoi_verify_counters(names, wrong_codes_per, per, moved, stopped);
    END IF;
    now := egoi_verify_now(moved, stopped);
    INSERT INTO egoi_verify_counters AS c (subject, sms, sms_since, sms_at, sms_of, until)
        VALUES (names[1], CASE WHEN max_sms IS NULL THEN 0 ELSE 1 END, now, CASE WHEN pause IS NOT NULL THEN now END,
                CASE WHEN pause IS NOT NULL THEN of_request END,
                now + greatest(kept, per, pause))
        ON CONFLICT (subject) DO UPDATE
        SET sms = CASE WHEN max_sms IS NULL THEN c.sms WHEN c.sms = 0 OR now >= c.sms_since + per THEN 1 ELSE c.sms + 1 END,
            sms_since = CASE WHEN max_sms IS NULL OR c.sms > 0 AND now < c.sms_since + per THEN c.sms_since ELSE now END,
            sms_at = coalesce(excluded.sms_at, c.sms_at), sms_of = coalesce(excluded.sms_of, c.sms_of),
            -- The same within a window, so that no index changes with each SMS of a client or a prefix.
            until = greatest(
                c.until, now + kept, now + pause,
                CASE WHEN c.sms > 0 AND now < c.sms_since + per THEN c.sms_since ELSE now END + per)
        WHERE (max_sms IS NULL OR c.sms = 0 OR c.sms < max_sms OR now >= c.sms_since + per)
            AND (pause IS NULL OR c.sms_at IS NULL OR now >= c.sms_at + pause);
    IF NOT FOUND THEN
        -- It is locked.
        SELECT * INTO n FROM egoi_verify_counters WHERE subject = names[1];
        wait := n.sms_at + pause - now;
        IF wait > 0 THEN
            after := n.sms_of;
        ELSE
            wait := n.sms_since + per - now;
        END IF;
    END IF;
END
$$;

-- Gives an SMS of a request, counted by then, back to whom one of these names stands for: to the window that it was counted in.
CREATE FUNCTION egoi_verify_give_back(names bytea[], of_request bytea, counted_at bigint) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE egoi_verify_counters
        SET sms = greatest(sms - 1, 0),
            sms_at = CASE WHEN sms_of = of_request AND sms_at <= counted_at THEN NULL ELSE sms_at END
        WHERE subject =
            (SELECT subject FROM egoi_verify_counters
             WHERE subject = ANY (names) AND sms_since <= counted_at
             ORDER BY pg_catalog.array_position(names, subject) LIMIT 1 FOR UPDATE);
END
$$;

-- Counts an SMS for all that it counts for, or for none of them and says which limit is in the way, and how long. `clients` and
-- `prefixes` are empty where nothing is counted for them.
CREATE FUNCTION egoi_verify_count_all(
    names bytea[], clients bytea[], prefixes bytea[], of_request bytea, l egoi_verify_limits, kept bigint, moved bigint,
    stopped bigint, OUT result text, OUT wait bigint, OUT after bytea
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    counted bytea[];
BEGIN
    IF l.wrong_codes IS NOT NULL OR l.sms IS NOT NULL OR l.resend_after IS NOT NULL THEN
        counted := names;
        SELECT * INTO wait, after FROM egoi_verify_count_sms(
            names, of_request, l.sms, l.sms_per, l.resend_after, l.wrong_codes_per, kept, moved, stopped);
        IF wait IS NOT NULL THEN
            result := CASE WHEN after IS NULL THEN 'sms_per_number' ELSE 'resend_after' END;
            RETURN;
        END IF;
    END IF;
    IF pg_catalog.cardinality(clients) > 0 THEN
        SELECT * INTO wait FROM egoi_verify_count_sms(
            clients, of_request, l.client_sms, l.client_sms_per, NULL, l.client_wrong_codes_per, NULL, moved, stopped);
        IF wait IS NOT NULL THEN
            result := 'sms_per_client';
            PERFORM egoi_verify_give_back(counted, of_request, egoi_verify_now(moved, stopped));
            RETURN;
        END IF;
    END IF;
    IF pg_catalog.cardinality(prefixes) > 0 THEN
        SELECT * INTO wait FROM egoi_verify_count_sms(
            prefixes, of_request, l.prefix_sms, l.prefix_sms_per, NULL, NULL, NULL, moved, stopped);
        IF wait IS NOT NULL THEN
            result := 'sms_per_prefix';
            PERFORM egoi_verify_give_back(counted, of_request, egoi_verify_now(moved, stopped));
            PERFORM egoi_verify_give_back(clients, of_request, egoi_verify_now(moved, stopped));
        END IF;
    END IF;
END
$$;

-- `names` are what stands for the number under each key, `clients` and `prefixes` what stands for those, `keys` what stands for
-- the idempotency key; of each the first is written.
CREATE FUNCTION egoi_verify_create(
    new_id bytea, new_sealed bytea, names bytea[], clients bytea[], prefixes bytea[], new_code bytea, new_validity bigint,
    new_keep bigint, keys bytea[], l egoi_verify_limits, moved bigint, stopped bigint
) RETURNS egoi_verify_result
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    r egoi_verify_requests;
    known bytea;
    known_number bytea;
    refusal egoi_verify_result;
    limited text;
    waits bigint;
    after bytea;
    now bigint;
BEGIN
    IF pg_catalog.cardinality(keys) > 0 THEN
        PERFORM egoi_verify_lock(keys);
    END IF;
    -- The same command once more, whose response was lost. Locked, as what is found below: a transaction that writes nothing does
    -- not wait until a synchronous standby has what it found.
    SELECT * INTO r FROM egoi_verify_requests WHERE id = new_id FOR UPDATE;
    IF FOUND THEN
        RETURN egoi_verify_of('new', r, r.created_at);
    END IF;
    IF pg_catalog.cardinality(keys) > 0 THEN
        now := egoi_verify_now(moved, stopped);
        SELECT k.request, k.number INTO known, known_number
            FROM egoi_verify_idempotency_keys k JOIN egoi_verify_requests q ON q.id = k.request
            WHERE k.idempotency_key = ANY (keys) AND k.until > now AND q.until > now
            ORDER BY pg_catalog.array_position(keys, k.idempotency_key) LIMIT 1;
        IF FOUND THEN
            IF known_number <> ALL (names) THEN
                RETURN egoi_verify_only('other number', NULL);
            END IF;
            SELECT * INTO r FROM egoi_verify_requests WHERE id = known FOR UPDATE;
            IF FOUND THEN
                RETURN egoi_verify_of('known', r, now);
            END IF;
        END IF;
    END IF;
    SELECT * INTO limited, waits, after FROM egoi_verify_count_all(
        names, clients, prefixes, new_id, l, new_validity + new_keep, moved, stopped);
    now := egoi_verify_now(moved, stopped);
    IF limited IS NOT NULL THEN
        refusal := egoi_verify_only(limited, waits);
        SELECT id INTO refusal.id FROM egoi_verify_requests WHERE id = after AND progress = 0 AND now < expires_at;
        RETURN refusal;
    END IF;
    INSERT INTO egoi_verify_requests
            (id, sealed, number, code, expires_at, sent_at, created_at, validity, retention, idempotency_key, until)
        VALUES (new_id, new_sealed, names[1], new_code, now + new_validity, now, now, new_validity, new_keep, keys[1],
                now + new_validity + new_keep)
        RETURNING * INTO r;
    IF pg_catalog.cardinality(keys) > 0 THEN
        INSERT INTO egoi_verify_idempotency_keys (idempotency_key, number, request, until)
            VALUES (keys[1], names[1], new_id, r.until)
            ON CONFLICT (idempotency_key) DO UPDATE
            SET number = excluded.number, request = excluded.request, owner = NULL, given_id = NULL, until = excluded.until;
    END IF;
    PERFORM egoi_verify_sweep(now);
    RETURN egoi_verify_of('new', r, now);
END
$$;

-- `names` are what stands for the number under each key: null where only the request says it, which takes one key. `clients` are
-- what stands for the client, empty where none is counted. Returns an outcome's string; null is no request.
CREATE FUNCTION egoi_verify_validate(
    of_id bytea, attempt bytea, codes bytea[], names bytea[], clients bytea[], l egoi_verify_limits, moved bigint, stopped bigint
) RETURNS text
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    of_request bytea;
    its_code bytea;
    its_progress smallint;
    its_end bigint;
    its_wrong_codes bigint;
    its_attempts bytea;
    its_until bigint;
    n egoi_verify_counters;
    c egoi_verify_counters;
    valid bigint;
    is_right boolean;
    now bigint;
    outcome text;
BEGIN
    -- PL/pgSQL prepares each expression anew in each transaction, so a right code meets few of them: variables and no row, a
    -- condition before those that it does not need.
    SELECT number, code, progress, expires_at, wrong_codes, attempts, until
        INTO of_request, its_code, its_progress, its_end, its_wrong_codes, its_attempts, its_until
        FROM egoi_verify_requests WHERE id = of_id FOR UPDATE;
    is_right := its_code = ANY (codes);
    IF is_right IS NOT TRUE THEN
        IF is_right IS NULL THEN
            RETURN NULL;
        END IF;
        -- The first four bytes of a code name the key that it was made under. Two conditions, as PL/pgSQL runs one with a query
        -- in it as a query, whatever is decided before.
        IF substr(codes[1], 1, 4) <> substr(its_code, 1, 4) THEN
            IF NOT EXISTS (SELECT FROM pg_catalog.unnest(codes) code WHERE substr(code, 1, 4) = substr(its_code, 1, 4)) THEN
                RETURN 'wrong_key';
            END IF;
        END IF;
    END IF;
    IF of_request <> ALL (names) THEN
        RETURN NULL;
    END IF;
    IF its_progress = 0 AND (l.wrong_codes IS NOT NULL OR pg_catalog.cardinality(clients) > 0) THEN
        IF l.wrong_codes IS NOT NULL THEN
            IF pg_catalog.cardinality(names) > 1 THEN
                n := egoi_verify_counters(names, l.wrong_codes_per, l.sms_per, moved, stopped);
            ELSE
                -- Nearly always it is there.
                SELECT * INTO n FROM egoi_verify_counters WHERE subject = of_request FOR UPDATE;
                IF NOT FOUND THEN
                    n := egoi_verify_counters(ARRAY[of_request], l.wrong_codes_per, l.sms_per, moved, stopped);
                END IF;
            END IF;
        END IF;
        IF pg_catalog.cardinality(clients) > 0 THEN
            c := egoi_verify_counters(clients, l.client_wrong_codes_per, l.client_sms_per, moved, stopped);
        END IF;
    END IF;
    now := egoi_verify_now(moved, stopped);
    IF its_until <= now OR its_attempts <> '' THEN
        IF its_until <= now THEN
            RETURN NULL;
        END IF;
        FOR i IN 0 .. length(its_attempts) / 17 - 1 LOOP
            -- The same command once more, whose response was lost.
            IF substr(its_attempts, i * 17 + 1, 16) = attempt THEN
                RETURN CASE get_byte(its_attempts, i * 17 + 16) WHEN 1 THEN 'verified' ELSE 'wrong_code' END;
            END IF;
        END LOOP;
    END IF;
    outcome := CASE
        WHEN its_progress = 1 THEN 'already_verified'
        WHEN its_progress = 2 THEN 'cancelled'
        WHEN now >= its_end THEN 'expired'
        WHEN its_wrong_codes >= l.max_attempts THEN 'max_attempts'
        WHEN egoi_verify_valid(n.wrong_codes, n.wrong_codes_since, l.wrong_codes_per, now) >= l.wrong_codes
            THEN 'wrong_codes_per_number'
        WHEN egoi_verify_valid(c.wrong_codes, c.wrong_codes_since, l.client_wrong_codes_per, now) >= l.client_wrong_codes
            THEN 'wrong_codes_per_client'
        WHEN is_right THEN 'verified'
        ELSE 'wrong_code'
    END;
    IF outcome IN ('verified', 'wrong_code') THEN
        IF NOT is_right OR n.wrong_codes > 0 THEN
            valid := egoi_verify_valid(n.wrong_codes, n.wrong_codes_since, l.wrong_codes_per, now);
            IF l.wrong_codes IS NOT NULL AND (valid > 0 OR NOT is_right) THEN
                IF valid = 0 THEN
                    n.wrong_codes_since := now;
                END IF;
                n.wrong_codes := CASE WHEN is_right THEN 0 ELSE valid + 1 END;
                PERFORM egoi_verify_save(n, l, its_until);
            END IF;
            IF c.subject IS NOT NULL AND NOT is_right THEN
                -- A success may be for another number: it clears nothing.
                PERFORM egoi_verify_count_wrong_code(
                    c, egoi_verify_valid(c.wrong_codes, c.wrong_codes_since, l.client_wrong_codes_per, now),
                    l.client_wrong_codes_per, now);
            END IF;
            IF NOT is_right THEN
                -- The attempts that are left, where a limit counts them. What is counted for the number has this one already.
                outcome := outcome || coalesce(' ' || least(
                    l.max_attempts - its_wrong_codes - 1,
                    l.wrong_codes - n.wrong_codes,
                    CASE WHEN c.subject IS NOT NULL THEN l.client_wrong_codes - 1
                        - egoi_verify_valid(c.wrong_codes, c.wrong_codes_since, l.client_wrong_codes_per, now) END), '');
            END IF;
        END IF;
        UPDATE egoi_verify_requests
            SET progress = CASE WHEN is_right THEN 1 ELSE 0 END,
                wrong_codes = wrong_codes + CASE WHEN is_right THEN 0 ELSE 1 END,
                attempts = substr(attempts, greatest(length(attempts) - 7 * 17, 0) + 1) || attempt
                    || CASE WHEN is_right THEN '\x01'::bytea ELSE '\x00'::bytea END
            WHERE id = of_id;
    END IF;
    RETURN outcome;
END
$$;

CREATE FUNCTION egoi_verify_cancel(of_id bytea, moved bigint, stopped bigint) RETURNS SETOF egoi_verify_result
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    r egoi_verify_requests;
    now bigint;
BEGIN
    SELECT * INTO r FROM egoi_verify_requests WHERE id = of_id FOR UPDATE;
    now := egoi_verify_now(moved, stopped);
    IF NOT FOUND OR r.until <= now THEN
        RETURN;
    END IF;
    IF r.progress = 0 AND now < r.expires_at THEN
        UPDATE egoi_verify_requests SET progress = 2 WHERE id = of_id RETURNING * INTO r;
    END IF;
    RETURN NEXT egoi_verify_of('cancelled', r, now);
END
$$;

-- Whether the store can be used: what cannot be seen of its tables.
CREATE FUNCTION egoi_verify_ping() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF current_setting('transaction_read_only')::boolean THEN
        RAISE read_only_sql_transaction;
    ELSIF EXISTS (
        SELECT FROM pg_catalog.unnest(ARRAY['egoi_verify_requests', 'egoi_verify_counters', 'egoi_verify_idempotency_keys']) held,
            pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) right_to
        WHERE NOT has_table_privilege(held, right_to)
    ) THEN
        RAISE insufficient_privilege;
    END IF;
END
$$;

CREATE FUNCTION egoi_verify_get(of_id bytea, moved bigint, stopped bigint) RETURNS SETOF egoi_verify_result
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    r egoi_verify_requests;
    now bigint;
BEGIN
    IF current_setting('transaction_read_only')::boolean THEN
        -- A standby, or a primary of before: it may not have heard of what was decided since.
        RAISE read_only_sql_transaction;
    END IF;
    SELECT * INTO r FROM egoi_verify_requests WHERE id = of_id;
    now := egoi_verify_now(moved, stopped);
    IF FOUND AND r.until > now THEN
        RETURN NEXT egoi_verify_of('there', r, now);
    END IF;
END
$$;

-- `names`, `clients` and `prefixes` are as above; `new_sealed` is the request sealed under the first key, or null where it is that
-- already.
CREATE FUNCTION egoi_verify_resend(
    of_id bytea, command bytea, new_code bytea, names bytea[], clients bytea[], prefixes bytea[], new_sealed bytea,
    l egoi_verify_limits, moved bigint, stopped bigint
) RETURNS SETOF egoi_verify_result
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    r egoi_verify_requests;
    is_delivering boolean;
    limited text;
    waits bigint;
    now bigint;
BEGIN
    SELECT * INTO r FROM egoi_verify_requests WHERE id = of_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    now := egoi_verify_now(moved, stopped);
    -- A hand-over that has not ended after 30 s is taken to have died.
    is_delivering := r.old_code IS NOT NULL AND now < r.sent_at + 30000;
    IF r.until <= now THEN
        RETURN;
    ELSIF is_delivering AND r.resend_command = command THEN
        -- The same command once more, whose response was lost.
        RETURN NEXT egoi_verify_of('ready', r, now);
    ELSIF r.progress <> 0 OR now >= r.expires_at OR coalesce(r.wrong_codes >= l.max_attempts, false) THEN
        RETURN NEXT egoi_verify_only('conflict', NULL);
    ELSIF r.resends >= l.max_resends THEN
        RETURN NEXT egoi_verify_only('max_resends', NULL);
    ELSIF now < r.sent_at + l.resend_after THEN
        RETURN NEXT egoi_verify_only('resend_after', r.sent_at + l.resend_after - now);
    ELSIF is_delivering THEN
        -- Two at once: were the second certainly not sent, it would not be known which code counts.
        RETURN NEXT egoi_verify_only('resend_after', 1000);
    ELSE
        SELECT count_all.result, wait INTO limited, waits FROM egoi_verify_count_all(
            names, clients, prefixes, of_id, l, r.validity + r.retention, moved, stopped) count_all;
        IF limited IS NOT NULL THEN
            RETURN NEXT egoi_verify_only(limited, waits);
            RETURN;
        END IF;
        -- It may have waited for others.
        now := egoi_verify_now(moved, stopped);
        UPDATE egoi_verify_requests
            SET old_code = r.code, old_expires_at = r.expires_at, old_resends = r.resends, old_sent_at = r.sent_at,
                old_is_sent = r.is_sent, code = new_code, expires_at = now + r.validity, resends = r.resends + 1,
                sent_at = now, is_sent = false, delivery = r.delivery + 1, under_way = true, resend_command = command,
                -- It lives longer now, perhaps than a previous key.
                number = names[1], sealed = coalesce(new_sealed, r.sealed),
                until = now + r.validity + r.retention
            WHERE id = of_id RETURNING * INTO r;
        RETURN NEXT egoi_verify_of('ready', r, now);
    END IF;
END
$$;

-- `ended` is `sent`, `not sent` or `maybe sent`; `names`, `clients` and `prefixes` are as above.
CREATE FUNCTION egoi_verify_record_delivery(
    of_id bytea, of_delivery bigint, ended text, names bytea[], clients bytea[], prefixes bytea[], moved bigint, stopped bigint
) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    r egoi_verify_requests;
BEGIN
    SELECT * INTO r FROM egoi_verify_requests WHERE id = of_id FOR UPDATE;
    IF NOT FOUND OR r.until <= egoi_verify_now(moved, stopped) OR r.delivery <> of_delivery OR NOT r.under_way THEN
        RETURN;
    END IF;
    IF ended = 'not sent' AND r.old_code IS NULL THEN
        DELETE FROM egoi_verify_requests WHERE id = of_id;
    ELSIF ended = 'not sent' THEN
        -- Attempts made and a cancellation in the meantime stay.
        UPDATE egoi_verify_requests
            SET code = r.old_code, expires_at = r.old_expires_at, resends = r.old_resends, sent_at = r.old_sent_at,
                is_sent = r.old_is_sent, until = r.old_expires_at + r.retention, under_way = false, old_code = NULL
            WHERE id = of_id;
    ELSE
        UPDATE egoi_verify_requests
            SET is_sent = r.is_sent OR ended = 'sent', under_way = false, old_code = NULL
            WHERE id = of_id;
    END IF;
    IF ended = 'not sent' THEN
        PERFORM egoi_verify_give_back(names, of_id, r.sent_at);
        PERFORM egoi_verify_give_back(clients, of_id, r.sent_at);
        PERFORM egoi_verify_give_back(prefixes, of_id, r.sent_at);
        IF r.old_code IS NULL THEN
            DELETE FROM egoi_verify_idempotency_keys WHERE idempotency_key = r.idempotency_key AND request = of_id;
        END IF;
    END IF;
END
$$;

-- Claims a client's idempotency key for an owner and counts the SMS of its request; `keys` are what stands for it, `names` what
-- stands for the number, of both the first is written. `clients` and `prefixes` are as above.
CREATE FUNCTION egoi_verify_claim(
    keys bytea[], of_owner bytea, names bytea[], clients bytea[], prefixes bytea[], retention bigint, l egoi_verify_limits,
    moved bigint, stopped bigint,
    OUT result text, OUT wait bigint, OUT given_id text, OUT given_created_at bigint, OUT given_expires_at bigint
)
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    k egoi_verify_idempotency_keys;
    now bigint;
BEGIN
    PERFORM egoi_verify_lock(keys);
    now := egoi_verify_now(moved, stopped);
    SELECT * INTO k FROM egoi_verify_idempotency_keys WHERE idempotency_key = ANY (keys) AND until > now
        ORDER BY pg_catalog.array_position(keys, idempotency_key) LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN
        SELECT count_all.result, count_all.wait INTO result, wait FROM egoi_verify_count_all(
            names, clients, prefixes, of_owner, l, NULL, moved, stopped) count_all;
        IF result IS NOT NULL THEN
            RETURN;
        END IF;
        -- It may have waited for others.
        now := egoi_verify_now(moved, stopped);
        INSERT INTO egoi_verify_idempotency_keys (idempotency_key, number, owner, counted_at, until)
            VALUES (keys[1], names[1], of_owner, now, now + retention)
            ON CONFLICT (idempotency_key) DO UPDATE
            SET number = excluded.number, request = NULL, owner = excluded.owner, counted_at = excluded.counted_at,
                given_id = NULL, until = excluded.until;
        PERFORM egoi_verify_sweep(now);
        result := 'new';
    ELSIF k.number <> ALL (names) THEN
        result := 'other number';
    ELSIF k.given_id IS NOT NULL THEN
        result := 'known';
        given_id := k.given_id;
        given_created_at := k.given_created_at;
        given_expires_at := k.given_expires_at;
    ELSIF k.owner = of_owner THEN
        -- The same command once more, whose response was lost.
        result := 'new';
    ELSE
        result := 'under way';
    END IF;
END
$$;

-- Stores what a client's request gave.
CREATE FUNCTION egoi_verify_complete(of_key bytea, of_owner bytea, id text, created_at bigint, expires_at bigint)
RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE egoi_verify_idempotency_keys
        SET given_id = id, given_created_at = created_at, given_expires_at = expires_at
        WHERE idempotency_key = of_key AND owner = of_owner AND given_id IS NULL;
END
$$;

-- Removes a client's claim that was not completed, and gives its SMS back to whom it was counted for; `names` are empty where it
-- was not for the number.
CREATE FUNCTION egoi_verify_release(of_key bytea, of_owner bytea, names bytea[], clients bytea[], prefixes bytea[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    counted bigint;
BEGIN
    -- A claim that comes at once has locked the counters first.
    PERFORM egoi_verify_lock(ARRAY[of_key]);
    DELETE FROM egoi_verify_idempotency_keys
        WHERE idempotency_key = of_key AND owner = of_owner AND given_id IS NULL
        RETURNING counted_at INTO counted;
    IF FOUND THEN
        PERFORM egoi_verify_give_back(names, of_owner, counted);
        PERFORM egoi_verify_give_back(clients, of_owner, counted);
        PERFORM egoi_verify_give_back(prefixes, of_owner, counted);
    END IF;
END
$$;

-- Counts a wrong code of the client that these names stand for, before somebody else checks it, or says how long it has to wait.
CREATE FUNCTION egoi_verify_count_attempt(
    token bytea, of_owner bytea, clients bytea[], max_wrong_codes bigint, per bigint, kept bigint, moved bigint, stopped bigint
) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    c egoi_verify_counters;
    valid bigint;
    now bigint;
BEGIN
    PERFORM egoi_verify_lock(ARRAY[token]);
    c := egoi_verify_counters(clients, per, NULL, moved, stopped);
    IF EXISTS (SELECT FROM egoi_verify_idempotency_keys WHERE idempotency_key = token) THEN
        -- The same command once more, whose response was lost.
        RETURN NULL;
    END IF;
    now := egoi_verify_now(moved, stopped);
    valid := egoi_verify_valid(c.wrong_codes, c.wrong_codes_since, per, now);
    IF valid >= max_wrong_codes THEN
        RETURN c.wrong_codes_since + per - now;
    END IF;
    PERFORM egoi_verify_count_wrong_code(c, valid, per, now);
    INSERT INTO egoi_verify_idempotency_keys (idempotency_key, number, owner, counted_at, until)
        VALUES (token, '', of_owner, now, now + kept);
    PERFORM egoi_verify_sweep(now);
    RETURN NULL;
END
$$;

-- Gives an attempt back that was no wrong code.
CREATE FUNCTION egoi_verify_give_attempt_back(token bytea, of_owner bytea, clients bytea[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    counted bigint;
BEGIN
    PERFORM egoi_verify_lock(ARRAY[token]);
    DELETE FROM egoi_verify_idempotency_keys WHERE idempotency_key = token AND owner = of_owner RETURNING counted_at INTO counted;
    UPDATE egoi_verify_counters
        SET wrong_codes = greatest(wrong_codes - 1, 0)
        WHERE subject =
            (SELECT subject FROM egoi_verify_counters
             WHERE subject = ANY (clients) AND wrong_codes_since <= counted
             ORDER BY pg_catalog.array_position(clients, subject) LIMIT 1 FOR UPDATE);
END
$$;

-- The requests of the number that these names stand for.
CREATE FUNCTION egoi_verify_find(names bytea[], moved bigint, stopped bigint) RETURNS SETOF egoi_verify_result
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    r egoi_verify_requests;
    now bigint := egoi_verify_now(moved, stopped);
BEGIN
    FOR r IN SELECT * FROM egoi_verify_requests WHERE number = ANY (names) AND until > now LOOP
        RETURN NEXT egoi_verify_of('there', r, now);
    END LOOP;
END
$$;

-- What is counted for it, by each of its names, and the time.
CREATE FUNCTION egoi_verify_counted(
    names bytea[], moved bigint, stopped bigint, OUT wrong_codes bigint, OUT wrong_codes_since bigint, OUT sms bigint,
    OUT sms_since bigint, OUT sms_at bigint, OUT sms_of bytea, OUT now bigint
) RETURNS SETOF record
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
    c egoi_verify_counters;
BEGIN
    FOR c IN SELECT * FROM egoi_verify_counters WHERE subject = ANY (names) LOOP
        wrong_codes := c.wrong_codes;
        wrong_codes_since := c.wrong_codes_since;
        sms := c.sms;
        sms_since := c.sms_since;
        sms_at := c.sms_at;
        sms_of := c.sms_of;
        now := egoi_verify_now(moved, stopped);
        RETURN NEXT;
    END LOOP;
END
$$;

-- Forgets what is counted for the number that these names stand for.
CREATE FUNCTION egoi_verify_unlock(names bytea[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM egoi_verify_counters WHERE subject = ANY (names);
END
$$;

-- Removes everything about it, and gives back how many requests there were. The keys are read through: nothing else looks for
-- one by its number.
CREATE FUNCTION egoi_verify_erase(names bytea[]) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    erased bigint;
BEGIN
    DELETE FROM egoi_verify_requests WHERE number = ANY (names);
    GET DIAGNOSTICS erased = ROW_COUNT;
    DELETE FROM egoi_verify_counters WHERE subject = ANY (names);
    DELETE FROM egoi_verify_idempotency_keys WHERE number = ANY (names);
    RETURN erased;
END
$$;
