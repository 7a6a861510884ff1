-- The log of events and what is kept beside it. Names are compared by code point, as the service does.

CREATE TABLE log.events (
    position    bigint      PRIMARY KEY CHECK (position > 0),
    stream      text        COLLATE "C" NOT NULL,
    version     integer     NOT NULL CHECK (version > 0),
    topic       text        NOT NULL,
    state       bytea       NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT events_stream_version UNIQUE (stream, version)
);
COMMENT ON TABLE log.events IS 'Every event, in the order of commit; position is dense from 1.';

CREATE TABLE log.epoch (
    only_row   boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch      uuid        NOT NULL DEFAULT gen_random_uuid(),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE log.epoch IS 'The identity of this log; a restore gives it another one.';
INSERT INTO log.epoch DEFAULT VALUES;

CREATE TABLE log.keys (
    kind   text COLLATE "C" NOT NULL,
    key    text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, key)
);
COMMENT ON TABLE log.keys IS 'Names that are unique within their kind, and the stream that claimed each.';

CREATE TABLE log.links (
    kind   text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, target, source)
);
COMMENT ON TABLE log.links IS 'Which streams refer to which.';

CREATE TABLE log.requests (
    key            text        COLLATE "C" PRIMARY KEY,
    body_hash      text        NOT NULL,
    answer         text        NOT NULL,
    first_position bigint,
    event_count    integer     NOT NULL,
    recorded_at    timestamptz NOT NULL
);
COMMENT ON TABLE log.requests IS 'Idempotency keys with the answer given; first_position is null when nothing was appended.';

CREATE TABLE log.texts (
    reference      uuid  PRIMARY KEY,
    scope          text  COLLATE "C" NOT NULL,
    salt           bytea NOT NULL,
    digest         text  NOT NULL,
    content        text  NOT NULL,
    content_sha256 bytea NOT NULL,
    CONSTRAINT texts_scope_content UNIQUE (scope, content_sha256)
);
COMMENT ON TABLE log.texts IS 'Texts that may have to be forgotten: the only table here from which rows may be deleted.';

CREATE VIEW log.readable AS
SELECT position, recorded_at, stream, version, topic, convert_from(state, 'UTF8') AS state
FROM log.events;
COMMENT ON VIEW log.readable IS 'The events for human eyes.';


CREATE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'FR006',
        MESSAGE = format('%s on log.%s: what is recorded cannot be changed', TG_OP, TG_TABLE_NAME);
END $$;

CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON log.events
    FOR EACH ROW EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log.events
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
-- ALWAYS: also while session_replication_role is replica.
ALTER TABLE log.events ENABLE ALWAYS TRIGGER refuse_row_change;
ALTER TABLE log.events ENABLE ALWAYS TRIGGER refuse_change;


-- Each lookup below goes by its index from the first row on (enable_seqscan = off): a plan made while a table was empty
-- is kept by the connection while the table grows.

CREATE FUNCTION log.check_guards(streams text[], versions integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    failed record;
BEGIN
    SELECT g.stream, g.version AS expected, coalesce(last.version, 0) AS actual
    INTO failed
    FROM unnest(streams, versions) WITH ORDINALITY AS g(stream, version, place)
    LEFT JOIN LATERAL (
        SELECT e.version FROM log.events e WHERE e.stream = g.stream ORDER BY e.version DESC LIMIT 1
    ) last ON true
    WHERE g.version IS DISTINCT FROM coalesce(last.version, 0)
    ORDER BY g.place LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR002',
            MESSAGE = 'a guarded stream has moved on',
            DETAIL = json_build_object(
                'stream', failed.stream, 'expected', failed.expected, 'actual', failed.actual)::text;
    END IF;
END $$;


-- The streams that link to a target have to be as many as when they were read: none may have come since.
CREATE FUNCTION log.check_link_counts(kinds text[], targets text[], counts integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    failed record;
BEGIN
    SELECT g.target AS stream, g.links AS expected, found.links AS actual
    INTO failed
    FROM unnest(kinds, targets, counts) WITH ORDINALITY AS g(kind, target, links, place)
    CROSS JOIN LATERAL (
        SELECT count(*)::integer AS links FROM log.links l WHERE l.kind = g.kind AND l.target = g.target
    ) found
    WHERE g.links <> found.links
    ORDER BY g.place LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR002',
            MESSAGE = 'other streams link to a stream than when it was read',
            DETAIL = json_build_object(
                'stream', failed.stream, 'expected', failed.expected, 'actual', failed.actual)::text;
    END IF;
END $$;


CREATE FUNCTION log.check_versions(streams text[], versions integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    failed record;
BEGIN
    WITH given AS (
        SELECT stream, version, place, row_number() OVER (PARTITION BY stream ORDER BY place) AS nth
        FROM unnest(streams, versions) WITH ORDINALITY AS e(stream, version, place)
    ), current AS (
        SELECT s.stream, coalesce(last.version, 0) AS version
        FROM (SELECT DISTINCT stream FROM given) s
        LEFT JOIN LATERAL (
            SELECT e.version FROM log.events e WHERE e.stream = s.stream ORDER BY e.version DESC LIMIT 1
        ) last ON true
    )
    SELECT given.stream, given.version - given.nth AS expected, current.version AS actual
    INTO failed
    FROM given JOIN current ON current.stream = given.stream
    WHERE given.version - given.nth IS DISTINCT FROM current.version
    ORDER BY given.place LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR001',
            MESSAGE = 'a stream is at another version',
            DETAIL = json_build_object(
                'stream', failed.stream, 'expected', failed.expected, 'actual', failed.actual)::text;
    END IF;
END $$;


CREATE FUNCTION log.claim_keys(kinds text[], names text[], streams text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    taken record;
BEGIN
    INSERT INTO log.keys (kind, key, stream)
    SELECT kind, key, stream FROM unnest(kinds, names, streams) WITH ORDINALITY AS k(kind, key, stream, place)
    ORDER BY place
    ON CONFLICT (kind, key) DO NOTHING;

    SELECT k.kind, k.key, owner.stream
    INTO taken
    FROM unnest(kinds, names, streams) WITH ORDINALITY AS k(kind, key, stream, place)
    CROSS JOIN LATERAL (
        SELECT o.stream FROM log.keys o WHERE o.kind = k.kind AND o.key = k.key LIMIT 1
    ) owner
    WHERE owner.stream <> k.stream
    ORDER BY k.place LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR003',
            MESSAGE = 'a key belongs to another stream',
            DETAIL = json_build_object('kind', taken.kind, 'key', taken.key, 'stream', taken.stream)::text;
    END IF;
END $$;


CREATE FUNCTION log.keep_texts(ids uuid[], scopes text[], salts bytea[], digests text[], contents text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    taken record;
BEGIN
    INSERT INTO log.texts (reference, scope, salt, digest, content, content_sha256)
    SELECT reference, scope, salt, digest, content, sha256(convert_to(content, 'UTF8'))
    FROM unnest(ids, scopes, salts, digests, contents) WITH ORDINALITY
        AS t(reference, scope, salt, digest, content, place)
    ORDER BY place
    ON CONFLICT (scope, content_sha256) DO NOTHING;

    SELECT t.scope, kept.reference
    INTO taken
    FROM unnest(ids, scopes, contents) WITH ORDINALITY AS t(reference, scope, content, place)
    CROSS JOIN LATERAL (
        SELECT k.reference FROM log.texts k
        WHERE k.scope = t.scope AND k.content_sha256 = sha256(convert_to(t.content, 'UTF8')) LIMIT 1
    ) kept
    WHERE kept.reference <> t.reference
    ORDER BY t.place LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR004',
            MESSAGE = 'a text is stored under another reference',
            DETAIL = json_build_object('scope', taken.scope, 'reference', taken.reference)::text;
    END IF;
END $$;


-- The only way into the log. One call is one statement in autocommit: it holds the lock until its own commit and
-- nobody holds it while waiting for a client.
CREATE FUNCTION log.append(
    streams text[], versions integer[], topics text[], states bytea[],
    guard_streams text[], guard_versions integer[],
    count_kinds text[], count_targets text[], count_links integer[],
    key_kinds text[], key_names text[], key_streams text[],
    link_kinds text[], link_sources text[], link_targets text[],
    text_ids uuid[], text_scopes text[], text_salts bytea[], text_digests text[], text_contents text[],
    request_key text, request_hash text, request_answer text,
    OUT first_position bigint, OUT event_count integer, OUT head bigint, OUT recorded_at timestamptz,
    OUT replayed boolean, OUT answer text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    earlier log.requests;
    last_recorded_at timestamptz;
    started_at timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR007',
            MESSAGE = 'log.append needs the isolation level read committed: it has to see what was committed before it';
    END IF;

    -- One lock for the whole log: if the order of commit could differ from that of the positions, a reader who has
    -- seen position 2 would skip a position 1 that commits later.
    PERFORM pg_advisory_xact_lock(7310271027);

    SELECT e.position, e.recorded_at INTO head, last_recorded_at
    FROM log.events e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    event_count := cardinality(streams);
    replayed := false;

    IF request_key IS NOT NULL THEN
        SELECT r.* INTO earlier FROM log.requests r WHERE r.key = request_key;
        IF FOUND THEN
            IF earlier.body_hash <> request_hash THEN
                RAISE EXCEPTION USING
                    ERRCODE = 'FR005',
                    MESSAGE = 'a request key was used with another body',
                    DETAIL = json_build_object('key', request_key)::text;
            END IF;
            first_position := earlier.first_position;
            event_count := earlier.event_count;
            recorded_at := earlier.recorded_at;
            replayed := true;
            answer := earlier.answer;
            RETURN;
        END IF;
        answer := request_answer;
    END IF;

    IF cardinality(guard_streams) > 0 THEN
        PERFORM log.check_guards(guard_streams, guard_versions);
    END IF;
    IF cardinality(count_kinds) > 0 THEN
        PERFORM log.check_link_counts(count_kinds, count_targets, count_links);
    END IF;
    IF event_count > 0 THEN
        PERFORM log.check_versions(streams, versions);
    END IF;
    IF cardinality(text_ids) > 0 THEN
        PERFORM log.keep_texts(text_ids, text_scopes, text_salts, text_digests, text_contents);
    END IF;
    IF cardinality(key_kinds) > 0 THEN
        PERFORM log.claim_keys(key_kinds, key_names, key_streams);
    END IF;
    IF cardinality(link_kinds) > 0 THEN
        INSERT INTO log.links (kind, source, target)
        SELECT l.kind, l.source, l.target FROM unnest(link_kinds, link_sources, link_targets) AS l(kind, source, target)
        ON CONFLICT DO NOTHING;
    END IF;

    -- Taken under the lock, and after the last one even when the clock was set back.
    started_at := greatest(clock_timestamp(), last_recorded_at + interval '1 microsecond');
    recorded_at := started_at;
    IF event_count > 0 THEN
        INSERT INTO log.events (position, stream, version, topic, state, recorded_at)
        SELECT head + e.place, e.stream, e.version, e.topic, e.state,
               started_at + (e.place - 1) * interval '1 microsecond'
        FROM unnest(streams, versions, topics, states) WITH ORDINALITY AS e(stream, version, topic, state, place)
        ORDER BY e.place;
        first_position := head + 1;
        head := head + event_count;
        recorded_at := started_at + (event_count - 1) * interval '1 microsecond';
        PERFORM pg_notify('frenemies_log', head::text);
    END IF;

    IF request_key IS NOT NULL THEN
        INSERT INTO log.requests (key, body_hash, answer, first_position, event_count, recorded_at)
        VALUES (request_key, request_hash, request_answer, first_position, event_count, recorded_at);
    END IF;
END $$;


-- Positions are dense and recorded_at grows with them, so halving finds the place without an index of its own.
CREATE FUNCTION log.position_at(instant timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    low bigint := 0;
    high bigint := coalesce((SELECT max(position) FROM log.events), 0);
    middle bigint;
BEGIN
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        IF (SELECT recorded_at FROM log.events WHERE position = middle) <= instant THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END $$;
