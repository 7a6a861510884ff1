-- name: listed
-- The next beliefs at a position about matters that were ever listed under an entity, in the order of answers.
SELECT p.rank, p.name, p.kind, b.body
FROM places p
CROSS JOIN LATERAL (
    SELECT body FROM beliefs
    WHERE matter = p.matter AND since <= %(position)s::bigint ORDER BY since DESC LIMIT 1
) b
WHERE p.entity = %(entity)s::text AND (p.rank, p.name) > (%(rank)s::smallint, %(name)s::text)
  AND p.rank = ANY (%(ranks)s::smallint[]) AND p.since <= %(position)s::bigint
ORDER BY p.rank, p.name LIMIT %(limit)s::integer;

-- name: placed
-- The next places of matters that were ever listed under an entity up to a position, in the order of answers.
SELECT p.rank, p.name, p.matter::text, p.kind, l.first, l.last
FROM places p
CROSS JOIN LATERAL (
    SELECT first, last FROM publicity
    WHERE matter = p.matter AND since <= %(position)s::bigint ORDER BY since DESC LIMIT 1
) l
WHERE p.entity = %(entity)s::text AND (p.rank, p.name) > (%(rank)s::smallint, %(name)s::text)
  AND p.rank = ANY (%(ranks)s::smallint[]) AND p.since <= %(position)s::bigint
ORDER BY p.rank, p.name LIMIT %(limit)s::integer;

-- name: bodies
-- The beliefs at a position about some matters.
SELECT b.matter::text, b.body
FROM unnest(%(matters)s::uuid[]) AS wanted (matter)
CROSS JOIN LATERAL (
    SELECT matter, body FROM beliefs
    WHERE matter = wanted.matter AND since <= %(position)s::bigint ORDER BY since DESC LIMIT 1
) b;

-- name: bearers
-- The claims that ever bore on some matters.
SELECT DISTINCT claim::text FROM bearers WHERE matter = ANY (%(matters)s::uuid[]) LIMIT %(limit)s::integer;

-- name: listed_under
-- The beliefs at a position about matters that were ever listed under at least so many of some entities.
SELECT p.rank, p.name, p.kind, b.body
FROM (
    SELECT rank, name, kind, matter FROM places
    WHERE entity = ANY (%(entities)s::text[]) AND rank = ANY (%(ranks)s::smallint[]) AND since <= %(position)s::bigint
    GROUP BY rank, name, kind, matter HAVING count(*) >= %(least)s::integer
    LIMIT %(limit)s::integer
) p
CROSS JOIN LATERAL (
    SELECT body FROM beliefs
    WHERE matter = p.matter AND since <= %(position)s::bigint ORDER BY since DESC LIMIT 1
) b;

-- name: about
-- The belief at a position about a matter.
SELECT 0 AS rank, '' AS name, kind, body FROM beliefs
WHERE matter = %(matter)s::uuid AND since <= %(position)s::bigint ORDER BY since DESC LIMIT 1;

-- name: turns
-- The next places where beliefs began: from a log position and matter on, up to a position.
SELECT since, matter, kind FROM beliefs
WHERE since >= %(since)s::bigint AND (since, matter) >= (%(since)s::bigint, %(matter)s::uuid)
  AND since <= %(until)s::bigint
ORDER BY since, matter LIMIT %(limit)s::integer;

-- name: turns_of
-- The same for some matters.
SELECT v.since, wanted.matter, v.kind
FROM unnest(%(matters)s::uuid[]) AS wanted (matter)
CROSS JOIN LATERAL (
    SELECT since, kind FROM beliefs b
    WHERE b.matter = wanted.matter AND since >= %(since)s::bigint AND since <= %(until)s::bigint
      AND (since, b.matter) >= (%(since)s::bigint, %(matter)s::uuid)
    ORDER BY since LIMIT %(limit)s::integer
) v
ORDER BY v.since, wanted.matter LIMIT %(limit)s::integer;

-- name: turns_under
-- The same for the matters of some kinds that were ever listed under one of some entities, since they are. So many
-- matters have a turn up to `far` that none behind it is on the page: of the others no more is read than where they begin.
WITH begun AS MATERIALIZED (
    SELECT p.matter, p.kind, v.since
    FROM (
        SELECT matter, kind, min(since) AS listed FROM places
        WHERE entity = ANY (%(entities)s::text[]) AND kind = ANY (%(kinds)s::text[]) AND since <= %(until)s::bigint
        GROUP BY matter, kind
    ) p
    CROSS JOIN LATERAL (
        SELECT since FROM beliefs b
        WHERE b.matter = p.matter AND since >= greatest(p.listed, %(since)s::bigint) AND since <= %(until)s::bigint
          AND (since, b.matter) >= (%(since)s::bigint, %(matter)s::uuid)
        ORDER BY since LIMIT 1
    ) v
), far AS MATERIALIZED (
    SELECT since FROM begun ORDER BY since OFFSET %(limit)s::integer - 1 LIMIT 1
)
SELECT v.since, begun.matter, begun.kind
FROM begun
CROSS JOIN LATERAL (
    SELECT since FROM beliefs b
    WHERE b.matter = begun.matter AND since >= begun.since
      AND since <= coalesce((SELECT since FROM far), %(until)s::bigint)
    ORDER BY since LIMIT %(limit)s::integer
) v
ORDER BY v.since, begun.matter LIMIT %(limit)s::integer;

-- name: turns_back
-- The last places where beliefs began, up to a log position and matter, the last of them first.
SELECT since, matter, kind FROM beliefs
WHERE since <= %(position)s::bigint AND (since, matter) <= (%(position)s::bigint, %(matter)s::uuid)
ORDER BY since DESC, matter DESC LIMIT %(limit)s::integer;

-- name: turns_of_back
-- The same for some matters.
SELECT v.since, wanted.matter, v.kind
FROM unnest(%(matters)s::uuid[]) AS wanted (matter)
CROSS JOIN LATERAL (
    SELECT since, kind FROM beliefs b
    WHERE b.matter = wanted.matter AND since <= %(position)s::bigint
      AND (since, b.matter) <= (%(position)s::bigint, %(matter)s::uuid)
    ORDER BY since DESC LIMIT %(limit)s::integer
) v
ORDER BY v.since DESC, wanted.matter DESC LIMIT %(limit)s::integer;

-- name: turns_under_back
-- The same for the matters of some kinds that were ever listed under one of some entities, since they are; as in
-- turns_under no more is read of a matter than what may be among the last.
WITH ended AS MATERIALIZED (
    SELECT p.matter, p.kind, p.listed, v.since
    FROM (
        SELECT matter, kind, min(since) AS listed FROM places
        WHERE entity = ANY (%(entities)s::text[]) AND kind = ANY (%(kinds)s::text[]) AND since <= %(position)s::bigint
        GROUP BY matter, kind
    ) p
    CROSS JOIN LATERAL (
        SELECT since FROM beliefs b
        WHERE b.matter = p.matter AND since >= p.listed AND since <= %(position)s::bigint
          AND (since, b.matter) <= (%(position)s::bigint, %(matter)s::uuid)
        ORDER BY since DESC LIMIT 1
    ) v
), far AS MATERIALIZED (
    SELECT since FROM ended ORDER BY since DESC OFFSET %(limit)s::integer - 1 LIMIT 1
)
SELECT v.since, ended.matter, ended.kind
FROM ended
CROSS JOIN LATERAL (
    SELECT since FROM beliefs b
    WHERE b.matter = ended.matter AND since <= ended.since
      AND since >= greatest(ended.listed, coalesce((SELECT since FROM far), 0))
    ORDER BY since DESC LIMIT %(limit)s::integer
) v
ORDER BY v.since DESC, ended.matter DESC LIMIT %(limit)s::integer;

-- name: turned
-- Beliefs that began somewhere, each with the one before it.
SELECT b.since, b.matter, b.kind, b.body AS after,
    (SELECT body FROM beliefs WHERE matter = b.matter AND since < b.since ORDER BY since DESC LIMIT 1) AS before
FROM unnest(%(since)s::bigint[], %(matters)s::uuid[]) AS wanted (since, matter)
JOIN beliefs b ON b.matter = wanted.matter AND b.since = wanted.since
ORDER BY b.since, b.matter;

-- name: first
-- The first belief about a matter.
SELECT body FROM beliefs WHERE matter = %(matter)s::uuid ORDER BY since LIMIT 1;

-- name: events_at
-- The events at some log positions.
SELECT position, stream, version, topic, state, recorded_at FROM log.events
WHERE position = ANY (%(positions)s::bigint[]);

-- name: places_in_log
-- Where some versions of streams are in the log.
SELECT e.stream, e.version, e.position
FROM unnest(%(streams)s::text[], %(versions)s::integer[]) AS wanted (stream, version)
JOIN log.events e ON e.stream = wanted.stream COLLATE "C" AND e.version = wanted.version;
