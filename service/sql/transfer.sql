-- name: make_tables
-- What is decided and not yet recorded, for as long as this connection lasts. It is looked up by hash from the first row on.
SET enable_seqscan = off;
CREATE TEMPORARY TABLE staged_events (
    batch bigint, place integer, stream text COLLATE "C", version integer, topic text, state bytea);
CREATE INDEX ON staged_events USING hash (stream);
CREATE INDEX ON staged_events (batch, place);
CREATE TEMPORARY TABLE staged_keys (batch bigint, kind text COLLATE "C", key text COLLATE "C", stream text COLLATE "C");
CREATE INDEX ON staged_keys USING hash (key);
CREATE INDEX ON staged_keys (batch);
CREATE TEMPORARY TABLE staged_links (
    batch bigint, kind text COLLATE "C", source text COLLATE "C", target text COLLATE "C");
CREATE INDEX ON staged_links USING hash (target);
CREATE INDEX ON staged_links (batch);
CREATE TEMPORARY TABLE staged_texts (
    batch bigint, reference uuid, scope text COLLATE "C", salt bytea, digest text, content text, content_sha256 bytea);
CREATE INDEX ON staged_texts USING hash (content_sha256);
CREATE INDEX ON staged_texts USING hash (reference);
CREATE INDEX ON staged_texts (batch);
CREATE TEMPORARY TABLE staged_guards (batch bigint, stream text, version integer);
CREATE INDEX ON staged_guards (batch);
CREATE TEMPORARY TABLE staged_counts (batch bigint, kind text, target text, links integer);
CREATE INDEX ON staged_counts (batch);

-- name: stage_events
-- Events for a batch.
COPY staged_events (batch, place, stream, version, topic, state) FROM STDIN (FORMAT binary)

-- name: stage_keys
-- Keys for a batch.
COPY staged_keys (batch, kind, key, stream) FROM STDIN (FORMAT binary)

-- name: stage_links
-- Links for a batch.
COPY staged_links (batch, kind, source, target) FROM STDIN (FORMAT binary)

-- name: stage_texts
-- Texts for a batch; those of no batch are only declared.
COPY staged_texts (batch, reference, scope, salt, digest, content, content_sha256) FROM STDIN (FORMAT binary)

-- name: stage_guards
-- Guards for a batch.
COPY staged_guards (batch, stream, version) FROM STDIN (FORMAT binary)

-- name: stage_counts
-- Counts of links for a batch.
COPY staged_counts (batch, kind, target, links) FROM STDIN (FORMAT binary)

-- name: append_staged
-- Appends a batch, and notes in the same transaction which lines are recorded by that.
WITH appended AS (
    SELECT first_position, event_count, head, recorded_at, replayed, answer FROM log.append(
        ARRAY(SELECT stream FROM staged_events WHERE batch = %(batch)s ORDER BY place),
        ARRAY(SELECT version FROM staged_events WHERE batch = %(batch)s ORDER BY place),
        ARRAY(SELECT topic FROM staged_events WHERE batch = %(batch)s ORDER BY place),
        ARRAY(SELECT state FROM staged_events WHERE batch = %(batch)s ORDER BY place),
        ARRAY(SELECT stream FROM staged_guards WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT version FROM staged_guards WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT kind FROM staged_counts WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT target FROM staged_counts WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT links FROM staged_counts WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT kind FROM staged_keys WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT key FROM staged_keys WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT stream FROM staged_keys WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT kind FROM staged_links WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT source FROM staged_links WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT target FROM staged_links WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT reference FROM staged_texts WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT scope FROM staged_texts WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT salt FROM staged_texts WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT digest FROM staged_texts WHERE batch = %(batch)s ORDER BY ctid),
        ARRAY(SELECT content FROM staged_texts WHERE batch = %(batch)s ORDER BY ctid),
        NULL, NULL, NULL)
    WHERE EXISTS (SELECT FROM staged_events WHERE batch = %(batch)s)
), noted AS (
    INSERT INTO log.import_batches
        (import, first_line, last_line, end_byte, first_position, event_count, recorded, present, refused)
    SELECT %(import)s, %(first_line)s, %(last_line)s, %(end_byte)s,
        (SELECT first_position FROM appended), coalesce((SELECT event_count FROM appended), 0),
        %(recorded)s, %(present)s, %(refused)s
)
SELECT first_position, event_count FROM appended;

-- name: append_prepared
-- Appends a batch that was not staged, and notes in the same transaction which lines are recorded by that.
WITH appended AS (
    SELECT first_position, event_count, head, recorded_at, replayed, answer FROM log.append(
        %(streams)s::text[], %(versions)s::integer[], %(topics)s::text[], %(states)s::bytea[],
        %(guard_streams)s::text[], %(guard_versions)s::integer[],
        %(count_kinds)s::text[], %(count_targets)s::text[], %(count_links)s::integer[],
        %(key_kinds)s::text[], %(key_names)s::text[], %(key_streams)s::text[],
        %(link_kinds)s::text[], %(link_sources)s::text[], %(link_targets)s::text[],
        %(text_ids)s::uuid[], %(text_scopes)s::text[], %(text_salts)s::bytea[], %(text_digests)s::text[],
        %(text_contents)s::text[], NULL, NULL, NULL)
    WHERE cardinality(%(streams)s::text[]) > 0
), noted AS (
    INSERT INTO log.import_batches
        (import, first_line, last_line, end_byte, first_position, event_count, recorded, present, refused)
    SELECT %(import)s, %(first_line)s, %(last_line)s, %(end_byte)s,
        (SELECT first_position FROM appended), coalesce((SELECT event_count FROM appended), 0),
        %(recorded)s, %(present)s, %(refused)s
)
SELECT first_position, event_count FROM appended;

-- name: forget_batch
-- Takes a batch out again.
WITH a AS (DELETE FROM staged_events WHERE batch = %(batch)s), b AS (DELETE FROM staged_keys WHERE batch = %(batch)s),
    c AS (DELETE FROM staged_links WHERE batch = %(batch)s), d AS (DELETE FROM staged_texts WHERE batch = %(batch)s),
    e AS (DELETE FROM staged_guards WHERE batch = %(batch)s)
DELETE FROM staged_counts WHERE batch = %(batch)s;

-- name: read_streams
-- The events of several streams in the log and after it, each stream in order.
SELECT e.position, e.stream, e.version, e.topic, e.state, e.recorded_at
FROM (SELECT DISTINCT unnest(%(streams)s::text[]) COLLATE "C" AS stream) wanted
CROSS JOIN LATERAL (
    SELECT l.position, l.stream, l.version, l.topic, l.state, l.recorded_at
    FROM log.events l WHERE l.stream = wanted.stream
    UNION ALL
    SELECT 0, s.stream, s.version, s.topic, s.state, now()
    FROM staged_events s WHERE s.stream = wanted.stream AND %(staged)s::boolean
) e
ORDER BY e.stream, e.version;

-- name: existing
-- Which of several streams there are, in the log or after it.
SELECT wanted.stream FROM unnest(%(streams)s::text[]) AS wanted(stream)
WHERE EXISTS (SELECT FROM log.events l WHERE l.stream = wanted.stream)
    OR (%(staged)s::boolean AND EXISTS (SELECT FROM staged_events s WHERE s.stream = wanted.stream));

-- name: find_keys
-- The owners of keys of one kind.
SELECT key, stream FROM log.keys WHERE kind = %(kind)s::text AND key = ANY (%(keys)s::text[])
UNION ALL
SELECT key, stream FROM staged_keys
WHERE kind = %(kind)s::text AND key = ANY (%(keys)s::text[]) AND %(staged)s::boolean;

-- name: find_links
-- The sources that link to a target, in order.
SELECT source FROM log.links WHERE kind = %(kind)s::text AND target = %(target)s::text
UNION
SELECT source FROM staged_links WHERE kind = %(kind)s::text AND target = %(target)s::text AND %(staged)s::boolean
ORDER BY source;

-- name: find_texts
-- The texts stored in scopes under the hashes of their content; what is stored goes before what is only declared.
SELECT t.reference, t.scope, t.salt, t.digest, t.content
FROM unnest(%(scopes)s::text[], %(hashes)s::bytea[]) AS wanted(scope, hash)
CROSS JOIN LATERAL (
    SELECT 1 AS rank, reference, scope, salt, digest, content
    FROM log.texts WHERE scope = wanted.scope AND content_sha256 = wanted.hash
    UNION ALL
    SELECT CASE WHEN batch IS NULL THEN 3 ELSE 2 END, reference, scope, salt, digest, content
    FROM staged_texts
    WHERE content_sha256 = wanted.hash AND scope = wanted.scope AND (batch IS NULL OR %(staged)s::boolean)
    ORDER BY rank LIMIT 1
) t;

-- name: find_reference
-- What a reference stands for in the log, staged or declared.
SELECT reference, scope, salt, digest, content FROM log.texts WHERE reference = %(reference)s::uuid
UNION
SELECT reference, scope, salt, digest, content FROM staged_texts WHERE reference = %(reference)s::uuid;

-- name: lock_import
-- Whether nobody else runs this import; it stays taken while the connection lasts.
SELECT pg_try_advisory_lock(7310271, hashtext(%(sha256)s::text || %(mode)s::text));

-- name: unlock_import
-- Lets others run it.
SELECT pg_advisory_unlock_all();

-- name: begin_import
-- The import of a content that is under way, else a new run of it; with the number of those before it.
INSERT INTO log.imports (id, name, sha256, mode, run, lines)
VALUES (%(id)s, %(name)s, %(sha256)s, %(mode)s, %(run)s, %(lines)s);

-- name: newest_run
-- The newest import of a content.
SELECT id, run, state FROM log.imports WHERE sha256 = %(sha256)s::text AND mode = %(mode)s::text
ORDER BY run DESC LIMIT 1;

-- name: import_progress
-- How far an import is: the last line, the byte behind it, and what came of the lines.
SELECT coalesce(max(last_line), 0)::bigint AS line, coalesce(max(end_byte), 0)::bigint AS byte,
    coalesce(sum(recorded), 0)::bigint AS recorded, coalesce(sum(present), 0)::bigint AS present,
    coalesce(sum(refused), 0)::bigint AS refused
FROM log.import_batches WHERE import = %(import)s::uuid;

-- name: end_import
-- Sets the state of an import, and when it ended.
UPDATE log.imports SET state = %(state)s, finished_at = coalesce(finished_at, clock_timestamp()) WHERE id = %(import)s::uuid;

-- name: find_import
-- One import.
SELECT id, name, sha256, mode, run, lines, state, started_at, finished_at FROM log.imports WHERE id = %(import)s::uuid;

-- name: same_content
-- The imports of a content that brought events, the first one first.
SELECT id, name, sha256, mode, run, lines, state, started_at, finished_at FROM log.imports i
WHERE sha256 = %(sha256)s::text
    AND EXISTS (SELECT FROM log.import_batches WHERE import = i.id AND first_position IS NOT NULL)
ORDER BY started_at, id;

-- name: list_imports
-- All imports with what came of them, the newest first.
SELECT i.id, i.name, i.sha256, i.mode, i.run, i.lines, i.state, i.started_at, i.finished_at,
    b.line, b.recorded, b.present, b.refused, b.events, b.first_position, b.last_position
FROM log.imports i
CROSS JOIN LATERAL (
    SELECT coalesce(max(last_line), 0)::bigint AS line, coalesce(sum(recorded), 0)::bigint AS recorded,
        coalesce(sum(present), 0)::bigint AS present, coalesce(sum(refused), 0)::bigint AS refused,
        coalesce(sum(event_count), 0)::bigint AS events, min(first_position) AS first_position,
        max(first_position + event_count - 1) AS last_position
    FROM log.import_batches WHERE import = i.id
) b
ORDER BY i.started_at DESC, i.id;

-- name: import_ranges
-- The parts of the log that an import is, in order.
SELECT first_position, event_count FROM log.import_batches
WHERE import = %(import)s::uuid AND first_position IS NOT NULL ORDER BY first_position;
