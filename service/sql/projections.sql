-- name: tables
-- What every schema of a projection holds besides its own tables.
CREATE TABLE checkpoint (
    only_row boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint      NOT NULL CHECK (position >= 0),
    built_at timestamptz
);
COMMENT ON TABLE checkpoint IS 'The last log position fully handled; built_at is set once the end of the log was reached.';
CREATE TABLE parked (
    stream     text        COLLATE "C" PRIMARY KEY,
    position   bigint      NOT NULL,
    event_type text        NOT NULL,
    error      text        NOT NULL,
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE parked IS 'Streams held back since an event that could not be handled.';

-- name: load_tables
-- What a schema holds besides, as long as it is being loaded.
CREATE TABLE load_ranges (
    first_position bigint  PRIMARY KEY,
    last_position  bigint  NOT NULL,
    is_done        boolean NOT NULL DEFAULT false
);
CREATE TABLE load_later (position bigint PRIMARY KEY);
COMMENT ON TABLE load_later IS 'Events that change what an earlier one entered: handled in order, once everything is loaded.';

-- name: begin
-- Sets the checkpoint of a new schema; of an empty log there is nothing to build.
INSERT INTO checkpoint (position, built_at)
SELECT %(position)s::bigint, CASE WHEN NOT EXISTS (SELECT FROM log.events) THEN clock_timestamp() END;

-- name: plan_ranges
-- Divides the log up to the checkpoint.
INSERT INTO load_ranges (first_position, last_position)
SELECT first, least(first + %(size)s::bigint - 1, c.position)
FROM checkpoint c, generate_series(1, c.position, %(size)s::bigint) AS first;

-- name: share
-- Lets the service read the schema of the connection, where there are roles.
DO $$
BEGIN
    IF to_regrole('frenemies_api') IS NOT NULL THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO frenemies_api', current_schema());
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO frenemies_api', current_schema());
    END IF;
END $$;

-- name: exists
-- Whether there is a schema.
SELECT to_regnamespace(%(schema)s::text) IS NOT NULL;

-- name: schemas_like
-- The schemas whose name begins so.
SELECT nspname::text FROM pg_namespace WHERE starts_with(nspname::text, %(prefix)s::text) ORDER BY nspname;

-- name: tables_of
-- The tables of a schema that a projection fills.
SELECT relname::text FROM pg_class
WHERE relnamespace = to_regnamespace(%(schema)s::text) AND relkind = 'r'
  AND relname NOT IN ('checkpoint', 'parked', 'load_ranges', 'load_later')
ORDER BY relname;

-- name: position
-- The last position fully handled.
SELECT position FROM checkpoint;

-- name: state
-- How far the tables of all these schemas are, whether each has ever been complete, and how many streams are held back.
SELECT min(position) AS position, bool_and(is_built) AS is_built, sum(parked)::bigint AS parked FROM ({states}) AS states;

-- name: state_of
-- The same of one schema.
SELECT position, built_at IS NOT NULL AS is_built, (SELECT count(*) FROM {schema}.parked) AS parked FROM {schema}.checkpoint

-- name: held_back_by
-- Those of the given streams that a schema holds back, and since when.
SELECT stream, position FROM {schema}.parked WHERE stream = ANY (%(streams)s::text[])

-- name: work
-- Only who holds this lock may change the tables of a schema, or swap it; to the end of the transaction.
SELECT pg_advisory_xact_lock(73102711, hashtext(%(schema)s::text));

-- name: stay
-- Keeps a schema from being swapped while a connection looks at one moment, which would not hold the rows of the new one.
SELECT pg_advisory_lock_shared(73102713, hashtext(%(schema)s::text));

-- name: move
-- Waits until nobody keeps a schema from being swapped, to the end of the transaction.
SELECT pg_advisory_xact_lock(73102713, hashtext(%(schema)s::text));

-- name: relax
-- The tables can be made again from the log and their checkpoint goes with them, so a commit need not wait for the disk.
SET LOCAL synchronous_commit = off;

-- name: resume
-- Where to go on, whether anything is held back, which events are skipped, and of which streams the first one is.
SELECT c.position, EXISTS (SELECT FROM parked),
    ARRAY(SELECT a.position FROM projections.acts a WHERE a.act = 'skip' AND a.projection = %(projection)s::text),
    ARRAY(SELECT a.stream FROM projections.acts a JOIN log.events e USING (position)
          WHERE a.act = 'skip' AND a.projection = %(projection)s::text AND e.version = 1)
FROM checkpoint c;

-- name: advance
-- Moves the checkpoint.
UPDATE checkpoint SET position = %(position)s::bigint;

-- name: mark_built
-- The end of the log was reached.
UPDATE checkpoint SET built_at = clock_timestamp() WHERE built_at IS NULL;

-- name: is_led
-- Whether anybody keeps a schema current.
SELECT EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 73102710 AND granted
    AND objid::bigint = hashtext(%(schema)s::text)::bigint & 4294967295
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()));

-- name: parked_streams
-- Those of the given streams that are held back.
SELECT stream FROM parked WHERE stream = ANY (%(streams)s::text[]);

-- name: park
-- Holds a stream back from one of its events on; from the earliest one, where several are named.
INSERT INTO parked (stream, position, event_type, error)
VALUES (%(stream)s::text, %(position)s::bigint, %(event_type)s::text, %(error)s::text)
ON CONFLICT (stream) DO UPDATE
SET position = excluded.position, event_type = excluded.event_type, error = excluded.error
WHERE excluded.position < parked.position;

-- name: list_parked
-- What is held back, the oldest first.
SELECT stream, position, event_type, error, parked_at FROM parked ORDER BY position;

-- name: some_parked
-- Some of what a schema holds back, the oldest first.
SELECT stream, position, event_type, error, parked_at FROM {schema}.parked ORDER BY position LIMIT %(limit)s::integer

-- name: find_parked
-- Since which event a stream is held back.
SELECT stream, position, event_type, error, parked_at FROM parked WHERE stream = %(stream)s::text;

-- name: release
-- Lets a stream go on.
DELETE FROM parked WHERE stream = %(stream)s::text;

-- name: note_act
-- Remembers what an operator did.
INSERT INTO projections.acts (done_by, act, projection, stream, position, event_type, reason, outcome)
VALUES (%(done_by)s::text, %(act)s::text, %(projection)s::text, %(stream)s::text, %(position)s::bigint,
        %(event_type)s::text, %(reason)s::text, %(outcome)s::text);

-- name: acts
-- What operators did, the latest first.
SELECT done_at, done_by, act, projection, stream, position, event_type, reason, outcome
FROM projections.acts WHERE projection = %(projection)s::text ORDER BY id DESC LIMIT %(limit)s::integer;

-- name: lock_rebuild
-- Takes the lock of a schema's only rebuild for this connection, or says that another one has it.
SELECT pg_try_advisory_lock(73102712, hashtext(%(schema)s::text));

-- name: try_rebuild
-- Keeps rebuilds of a schema out to the end of the transaction, or says that one is at work.
SELECT pg_try_advisory_xact_lock(73102712, hashtext(%(schema)s::text));

-- name: rebuild
-- The last rebuild of a schema, and whether it runs.
SELECT phase, started_by, started_at, updated_at, done, total, rate, whole_seconds_left AS reckoned, is_to_end, note, EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 73102712 AND granted
    AND objid::bigint = hashtext(%(schema)s::text)::bigint & 4294967295
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS is_running
FROM projections.rebuilds WHERE schema = %(schema)s::text;

-- name: start_rebuild
-- Notes that a rebuild begins or goes on.
INSERT INTO projections.rebuilds (schema, phase, started_by) VALUES (%(schema)s::text, 'loading', %(by)s::text)
ON CONFLICT (schema) DO UPDATE
SET phase = 'loading', started_by = excluded.started_by, started_at = clock_timestamp(), updated_at = clock_timestamp(),
    done = 0, total = 0, rate = 0, whole_seconds_left = NULL, is_to_end = false, note = '';

-- name: note_rebuild
-- Notes how far a rebuild is, and says whether it is asked to end.
UPDATE projections.rebuilds
SET phase = %(phase)s::text, done = %(done)s::bigint, total = %(total)s::bigint, rate = %(rate)s::double precision,
    whole_seconds_left = %(whole_seconds_left)s::double precision, note = %(note)s::text, updated_at = clock_timestamp()
WHERE schema = %(schema)s::text RETURNING is_to_end;

-- name: cancel_rebuild
-- Asks the rebuild to end.
UPDATE projections.rebuilds SET is_to_end = true WHERE schema = %(schema)s::text;

-- name: claim_range
-- A range that nobody loads; its lock goes with the transaction.
SELECT first_position, last_position FROM load_ranges WHERE NOT is_done
ORDER BY first_position LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: await_range
-- A range that is not loaded, once whoever loads it has ended without it.
SELECT first_position, last_position FROM load_ranges WHERE NOT is_done
ORDER BY first_position LIMIT 1 FOR UPDATE;

-- name: finish_range
-- A range is loaded.
UPDATE load_ranges SET is_done = true WHERE first_position = %(first)s::bigint;

-- name: put_later
-- Leaves events for later.
INSERT INTO load_later SELECT unnest(%(positions)s::bigint[]);

-- name: loaded
-- How many positions are loaded, of how many.
SELECT coalesce(sum(last_position - first_position + 1) FILTER (WHERE is_done), 0)::bigint,
       coalesce(sum(last_position - first_position + 1), 0)::bigint
FROM load_ranges;

-- name: later_left
-- How many events are left for later.
SELECT count(*) FROM load_later;

-- name: later_records
-- The first of the events that were left for later.
SELECT e.position, e.stream, e.version, e.topic, e.state, e.recorded_at
FROM (SELECT position FROM load_later ORDER BY position LIMIT %(limit)s::integer) l
JOIN log.events e USING (position) ORDER BY e.position;

-- name: drop_later
-- They were handled, up to a position.
DELETE FROM load_later WHERE position <= %(position)s::bigint;

-- name: read_only
-- One moment of the database for the whole transaction.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: sample_streams
-- Some streams, drawn by events up to a position.
SELECT DISTINCT stream FROM log.events WHERE position = ANY (ARRAY(
    SELECT ceil(random() * %(until)s::bigint)::bigint FROM generate_series(1, %(size)s::integer)));

-- name: schemas_with_names
-- The schemas that hold names of entities: the index, of whatever version, live or not.
SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = 'entity_names' AND c.relkind = 'r' AND n.nspname ~ '^read_index_';

-- name: forget_names
-- Takes names that were erased out of a schema, and tells how many there were.
WITH names AS (
    DELETE FROM {schema}.entity_names n USING log.erased d WHERE d.reference = n.reference RETURNING 1
), entities AS (
    UPDATE {schema}.entities e SET name = NULL, reference = NULL FROM log.erased d WHERE d.reference = e.reference RETURNING 1
)
SELECT (SELECT count(*) FROM names) + (SELECT count(*) FROM entities);
