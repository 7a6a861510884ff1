-- name: append_all
-- Appends what callers give together, all of it or nothing; see log.append_all.
SELECT before, started_at FROM log.append_all(
    %(streams)s::text[], %(versions)s::integer[], %(topics)s::text[], %(states)s::bytea[],
    %(guard_streams)s::text[], %(guard_versions)s::integer[],
    %(count_kinds)s::text[], %(count_targets)s::text[], %(count_links)s::integer[],
    %(key_kinds)s::text[], %(key_names)s::text[], %(key_streams)s::text[],
    %(link_kinds)s::text[], %(link_sources)s::text[], %(link_targets)s::text[],
    %(text_ids)s::uuid[], %(text_scopes)s::text[], %(text_salts)s::bytea[],
    %(text_digests)s::text[], %(text_contents)s::text[],
    %(request_keys)s::text[], %(request_hashes)s::text[], %(request_answers)s::text[],
    %(request_places)s::integer[], %(request_events)s::integer[]);

-- name: append_each
-- Appends what callers give, each all of it or nothing; see log.append_each.
SELECT first_position, event_count, head, recorded_at, replayed, answer, error_state, error_message, error_detail
FROM log.append_each(
    %(event_counts)s::integer[], %(streams)s::text[], %(versions)s::integer[], %(topics)s::text[],
    %(states)s::bytea[],
    %(guard_counts)s::integer[], %(guard_streams)s::text[], %(guard_versions)s::integer[],
    %(count_counts)s::integer[], %(count_kinds)s::text[], %(count_targets)s::text[], %(count_links)s::integer[],
    %(key_counts)s::integer[], %(key_kinds)s::text[], %(key_names)s::text[], %(key_streams)s::text[],
    %(link_counts)s::integer[], %(link_kinds)s::text[], %(link_sources)s::text[], %(link_targets)s::text[],
    %(text_counts)s::integer[], %(text_ids)s::uuid[], %(text_scopes)s::text[], %(text_salts)s::bytea[],
    %(text_digests)s::text[], %(text_contents)s::text[],
    %(request_keys)s::text[], %(request_hashes)s::text[], %(request_answers)s::text[]);

-- name: read_stream
-- The next events of one stream in order, after a version and up to a position. `+ 0` keeps the planner from the index of
-- positions: before the table is analysed it takes a stream for a large part of the log, and reads half of that index.
SELECT position, stream, version, topic, state, recorded_at FROM log.events
WHERE stream = %(stream)s::text AND version > %(after)s::integer AND position + 0 <= %(until)s::bigint
ORDER BY version LIMIT %(limit)s::bigint;

-- name: read_streams
-- The events of several streams, each in order, up to a position.
SELECT e.position, e.stream, e.version, e.topic, e.state, e.recorded_at
FROM (SELECT DISTINCT unnest(%(streams)s::text[]) COLLATE "C" AS stream) wanted
CROSS JOIN LATERAL (
    SELECT * FROM log.events e WHERE e.stream = wanted.stream AND e.position + 0 <= %(until)s::bigint ORDER BY e.version
) e
ORDER BY e.stream, e.version;

-- name: read_recent
-- The snapshots of several streams, each followed by the events from its own on; where there is none, by all of them.
WITH wanted AS MATERIALIZED (
    SELECT given.stream, kept.version, kept.position, kept.body, kept.digest
    FROM (SELECT DISTINCT unnest(%(streams)s::text[]) COLLATE "C" AS stream) given
    LEFT JOIN LATERAL (
        SELECT * FROM log.snapshots s WHERE s.stream = given.stream AND s.form = %(form)s::integer LIMIT 1
    ) kept ON true
)
SELECT digest, position, stream, version, NULL AS topic, body AS state, NULL::timestamptz AS recorded_at
FROM wanted WHERE digest IS NOT NULL
UNION ALL
SELECT NULL, e.position, e.stream, e.version, e.topic, e.state, e.recorded_at
FROM wanted
CROSS JOIN LATERAL (
    SELECT * FROM log.events e
    WHERE e.stream = wanted.stream AND e.version >= coalesce(wanted.version, 0) ORDER BY e.version
) e
ORDER BY stream, version, topic NULLS FIRST;

-- name: read_marked
-- The amendments in a stream up to a version that have a mark. `+ 0` keeps the planner from reading all up to there.
SELECT position, stream, version, topic, state, recorded_at FROM log.events
WHERE stream = %(stream)s::text AND topic ~ '^Claim(Corrected|Retracted|Reinstated)[.]'
  AND log.mark_of(state) = hashtextextended(%(mark)s::text COLLATE "C", 0) AND version + 0 <= %(until)s::integer;

-- name: keep_snapshot
-- Keeps a snapshot of a stream, in place of the one that there is.
INSERT INTO log.snapshots (stream, version, position, form, body, digest)
VALUES (%(stream)s::text, %(version)s::integer, %(position)s::bigint, %(form)s::integer, %(body)s::bytea,
    %(digest)s::bytea)
ON CONFLICT (stream) DO UPDATE SET version = excluded.version, position = excluded.position, form = excluded.form,
    body = excluded.body, digest = excluded.digest
RETURNING stream;

-- name: read_snapshots
-- The next snapshots in a form, by the names of their streams.
SELECT stream, version, position, form, body, digest FROM log.snapshots
WHERE form = %(form)s::integer AND stream > %(after)s::text ORDER BY stream LIMIT %(limit)s::integer;

-- name: read_log
-- The next events of the log after a position and up to one; none where it is not the one of an epoch that is named.
SELECT position, stream, version, topic, state, recorded_at FROM log.events
WHERE position > %(after)s::bigint AND position <= %(until)s::bigint
  AND (%(of)s::uuid IS NULL OR EXISTS (SELECT FROM log.epoch WHERE epoch = %(of)s::uuid))
ORDER BY position LIMIT %(limit)s::integer;

-- name: read_positions
-- The events at some positions, in the order of the log.
SELECT position, stream, version, topic, state, recorded_at FROM log.events
WHERE position = ANY (%(positions)s::bigint[]) ORDER BY position;

-- name: read_topics
-- The next events of some topics after a position and up to one; of any topic where none are named.
SELECT position, stream, version, topic, state, recorded_at FROM log.events
WHERE position > %(after)s::bigint AND position <= %(until)s::bigint
  AND (%(topics)s::text[] IS NULL OR topic = ANY (%(topics)s::text[]))
ORDER BY position LIMIT %(limit)s::integer;

-- name: read_log_of_streams
-- The next events of some streams after a position and up to one, in the order of the log, and of some topics. `+ 0`
-- keeps the planner from reading the whole log between the positions.
SELECT e.position, e.stream, e.version, e.topic, e.state, e.recorded_at
FROM (SELECT DISTINCT unnest(%(streams)s::text[]) COLLATE "C" AS stream) wanted
CROSS JOIN LATERAL (
    SELECT * FROM log.events e
    WHERE e.stream = wanted.stream AND e.position + 0 > %(after)s::bigint AND e.position + 0 <= %(until)s::bigint
) e
WHERE %(topics)s::text[] IS NULL OR e.topic = ANY (%(topics)s::text[])
ORDER BY e.position LIMIT %(limit)s::integer;

-- name: read_topics_back
-- The last events of some topics up to a position and after one, the last of them first; of any topic where none are named.
SELECT position, stream, version, topic, state, recorded_at FROM log.events
WHERE position > %(after)s::bigint AND position <= %(until)s::bigint
  AND (%(topics)s::text[] IS NULL OR topic = ANY (%(topics)s::text[]))
ORDER BY position DESC LIMIT %(limit)s::integer;

-- name: read_log_of_streams_back
-- The last events of some streams up to a position and after one, the last of them first, and of some topics. `+ 0` as above.
SELECT e.position, e.stream, e.version, e.topic, e.state, e.recorded_at
FROM (SELECT DISTINCT unnest(%(streams)s::text[]) COLLATE "C" AS stream) wanted
CROSS JOIN LATERAL (
    SELECT * FROM log.events e
    WHERE e.stream = wanted.stream AND e.position + 0 > %(after)s::bigint AND e.position + 0 <= %(until)s::bigint
) e
WHERE %(topics)s::text[] IS NULL OR e.topic = ANY (%(topics)s::text[])
ORDER BY e.position DESC LIMIT %(limit)s::integer;

-- name: select_events
-- The events of one stream between two versions, for the event sourcing library.
SELECT position, stream, version, topic, state, recorded_at FROM log.events
WHERE stream = %(stream)s::text AND version > %(gt)s::integer AND version <= %(lte)s::integer
ORDER BY CASE WHEN %(desc)s::boolean THEN -version ELSE version END LIMIT %(limit)s::integer;

-- name: head
-- The last position.
SELECT coalesce(max(position), 0) FROM log.events;

-- name: position_at
-- The last position recorded at or before an instant.
SELECT log.position_at(%(instant)s::timestamptz);

-- name: recorded_at
-- When the event at a position was recorded.
SELECT recorded_at FROM log.events WHERE position = %(position)s::bigint;

-- name: find_keys
-- The owners of keys of one kind.
SELECT key, stream FROM log.keys WHERE kind = %(kind)s::text AND key = ANY (%(keys)s::text[]);

-- name: find_links
-- The sources that link to a target, in order, after one.
SELECT source FROM log.links
WHERE kind = %(kind)s::text AND target = %(target)s::text AND source > %(after)s::text
ORDER BY source LIMIT %(limit)s::integer;

-- name: find_request
-- The request answered under a key.
SELECT key, body_hash, answer, first_position, event_count, recorded_at FROM log.requests WHERE key = %(key)s::text;

-- name: find_texts
-- The texts stored in scopes under the hashes of their content.
SELECT t.reference, t.scope, t.salt, t.digest, t.content
FROM unnest(%(scopes)s::text[], %(hashes)s::bytea[]) AS wanted(scope, hash)
JOIN log.texts t ON t.scope = wanted.scope AND t.content_sha256 = wanted.hash;

-- name: read_texts
-- The texts behind references.
SELECT reference, scope, salt, digest, content FROM log.texts WHERE reference = ANY (%(references)s::uuid[]);

-- name: find_erased
-- The references among some whose text was erased.
SELECT reference FROM log.erased WHERE reference = ANY (%(references)s::uuid[]);

-- name: text_sizes
-- How many bytes the texts behind references have.
SELECT reference, octet_length(content) FROM log.texts WHERE reference = ANY (%(references)s::uuid[]);

-- name: epoch
-- The identity of the log.
SELECT epoch FROM log.epoch;

-- name: end
-- The identity of the log, its last position, and whether it was put back from a copy since it has this identity.
SELECT e.epoch, coalesce((SELECT max(position) FROM log.events), 0),
    EXISTS (SELECT FROM log.restores r WHERE r.epoch = e.epoch AND r.from_epoch = e.epoch)
    AND NOT EXISTS (SELECT FROM log.following)
FROM log.epoch e;

-- name: switched_off
-- What has to be on for a commit to survive a crash of the server or its machine, and is not.
SELECT name FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name;
