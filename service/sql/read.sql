-- name: merge_class
-- An entity with all that were ever merged with it, in any direction.
WITH RECURSIVE same (entity) AS (
    SELECT %(entity)s::text COLLATE "C"
    UNION
    SELECT CASE WHEN m.merged = same.entity THEN m.into_entity ELSE m.merged END
    FROM same JOIN merges m ON same.entity IN (m.merged, m.into_entity)
)
SELECT entity FROM same;

-- name: merge_classes
-- Some entities with all that were ever merged with one of them, in any direction.
WITH RECURSIVE same (entity) AS (
    SELECT unnest(%(entities)s::text[]) COLLATE "C"
    UNION
    SELECT CASE WHEN m.merged = same.entity THEN m.into_entity ELSE m.merged END
    FROM same JOIN merges m ON same.entity IN (m.merged, m.into_entity)
)
SELECT entity FROM same;

-- name: streams_about
-- The streams in which something is recorded of entities: their own, those merged into them, claims that name them, and
-- responses to these.
WITH RECURSIVE bearing (claim) AS (
    SELECT claim FROM claim_entities WHERE entity = ANY (%(entities)s::text[])
    UNION
    SELECT r.claim FROM bearing b JOIN responses r ON r.other = b.claim
)
SELECT 'entity-' || entity FROM unnest(%(entities)s::text[]) AS asked(entity)
UNION
SELECT 'entity-' || merged FROM merges WHERE into_entity = ANY (%(entities)s::text[])
UNION
SELECT 'claim-' || claim FROM bearing
LIMIT %(limit)s::integer;

-- name: claims_of
-- The claims that name all of some groups of entities, with the responses that bear on them, however indirectly.
WITH RECURSIVE named (claim) AS (
    SELECT claim FROM claim_entities WHERE entity = ANY (%(first)s::text[])
    INTERSECT
    SELECT claim FROM claim_entities WHERE entity = ANY (%(second)s::text[])
), bearing (claim) AS (
    SELECT claim FROM named
    UNION
    SELECT CASE WHEN r.claim = b.claim THEN r.other ELSE r.claim END
    FROM bearing b JOIN responses r ON b.claim IN (r.claim, r.other)
)
SELECT claim FROM bearing LIMIT %(limit)s::integer;

-- name: claims_among
-- The claims that name at least two of some entities, with the responses that bear on them, however indirectly.
WITH RECURSIVE named (claim) AS (
    SELECT claim FROM claim_entities WHERE entity = ANY (%(entities)s::text[]) GROUP BY claim HAVING count(*) > 1
), bearing (claim) AS (
    SELECT claim FROM named
    UNION
    SELECT CASE WHEN r.claim = b.claim THEN r.other ELSE r.claim END
    FROM bearing b JOIN responses r ON b.claim IN (r.claim, r.other)
)
SELECT claim FROM bearing LIMIT %(limit)s::integer;

-- name: claims_about
-- Some claims with the responses that bear on them, however indirectly; all of them without a limit.
WITH RECURSIVE bearing (claim) AS (
    SELECT unnest(%(claims)s::text[]) COLLATE "C"
    UNION
    SELECT CASE WHEN r.claim = b.claim THEN r.other ELSE r.claim END
    FROM bearing b JOIN responses r ON b.claim IN (r.claim, r.other)
)
SELECT claim FROM bearing LIMIT %(limit)s::integer;

-- name: articles_of
-- The articles on which claims rest.
SELECT DISTINCT article FROM claim_articles WHERE claim = ANY (%(claims)s::text[]);

-- name: unsettled
-- The claims that name some entities and are answered by responses or open: what an open one says at some point of the
-- clocks may never have been believed. For what the log held when a claim was sent and last changed is believed then;
-- but an amendment that rests on an article may count without those before it, a claim that was undone may count after
-- all, and then for whom a merge made of it, or for authors that its article got later.
WITH named AS MATERIALIZED (
    SELECT c.claim,
        coalesce((SELECT true FROM responses r WHERE r.claim = c.claim LIMIT 1),
            (SELECT true FROM responses r WHERE r.other = c.claim LIMIT 1), false) AS is_answered
    FROM (SELECT DISTINCT claim FROM unsettled WHERE entity = ANY (%(entities)s::text[])) c
), told AS (
    SELECT n.claim, n.is_answered, coalesce(
        (SELECT true FROM log.events e
            WHERE e.stream = 'claim-' || n.claim AND e.version = CASE WHEN n.is_answered THEN 2 ELSE 3 END),
        (SELECT true FROM claim_entities c JOIN merges m ON m.merged = c.entity WHERE c.claim = n.claim LIMIT 1),
        (SELECT true FROM claim_articles a CROSS JOIN LATERAL (
            SELECT FROM log.events e WHERE e.stream = 'article-' || a.article AND e.version = 2 OFFSET 0) corrected
            WHERE a.claim = n.claim LIMIT 1),
        false) AS is_open
    FROM named n
)
SELECT claim, is_answered, is_open FROM told WHERE is_answered OR is_open LIMIT %(limit)s::integer;

-- name: heard_from
-- Those of some claims that stand in a response with a claim that names one of some entities: itself or another.
SELECT DISTINCT wanted.claim
FROM unnest(%(claims)s::text[]) AS wanted (claim)
JOIN responses mine ON wanted.claim COLLATE "C" IN (mine.claim, mine.other)
JOIN responses joined ON joined.claim = mine.claim
JOIN claim_entities c ON c.claim IN (joined.claim, joined.other)
WHERE c.entity = ANY (%(entities)s::text[]);

-- name: claims_in
-- The claims of an article, also those that only an amendment rests on it.
SELECT claim FROM claim_articles WHERE article = %(article)s::text ORDER BY claim;

-- name: merged_among
-- The entities that claims name and that were ever merged, and those they were merged into, however indirectly.
WITH RECURSIVE merged (entity) AS (
    SELECT m.merged FROM merges m
    WHERE m.merged IN (SELECT entity FROM claim_entities WHERE claim = ANY (%(claims)s::text[]))
       OR m.merged = ANY (%(entities)s::text[])
    UNION
    SELECT m.into_entity FROM merged JOIN merges m ON m.merged = merged.entity
)
SELECT entity FROM merged;

-- name: entities_from
-- Entities from one on, in the order of their ids, each with how many claims name it (`most` stands for more).
SELECT e.entity, (SELECT count(*) FROM (
    SELECT FROM claim_entities c WHERE c.entity = e.entity LIMIT %(most)s::integer) few)
FROM entities e
WHERE e.entity >= %(first)s::text
ORDER BY e.entity LIMIT %(limit)s::integer;

-- name: names_of
-- The newest names of entities, and whether more is recorded of an entity than that it was registered. A scalar subquery is
-- asked for each entity by the index of the log; EXISTS may become one hash of it all.
SELECT e.entity, e.name, (
    SELECT true FROM log.events later WHERE later.stream = wanted.stream AND later.version = 2
) IS NOT NULL AS has_changed
FROM entities e JOIN unnest(%(entities)s::text[], %(streams)s::text[]) AS wanted (entity, stream) USING (entity)
WHERE e.entity = ANY (%(entities)s::text[]);

-- name: reached
-- How far the tables of all schemas are, which tables the index has, where something was last recorded about any entity, how
-- often texts were forgotten (twice that, and one more once the tables have taken in the last erasure: until then they held
-- copies), and the identity of the log: a restored one has the same tables, and other events at their positions. Every
-- request asks this first, so it is one flat join of tables of one row.
SELECT least({positions}) AS position, {built} AS is_built, 'entity_events'::regclass::oid::bigint AS tables,
    (SELECT coalesce(max(position), 0) FROM entity_events) AS last, 2 * erasures.count + (least({positions}) >= erasures.position)::integer AS erasures, epoch.epoch
FROM {checkpoints} CROSS JOIN log.epoch LEFT JOIN log.erasures ON true;

-- name: reached_about
-- The same, and since when all that is believed about an entity is as it is, in which tables.
SELECT least({positions}) AS position, {built} AS is_built, 'entity_events'::regclass::oid::bigint AS tables,
    (SELECT coalesce(max(position), 0) FROM entity_events) AS last, 2 * erasures.count + (least({positions}) >= erasures.position)::integer AS erasures, epoch.epoch,
    'entity_beliefs'::regclass::oid::bigint AS state_tables,
    coalesce((SELECT since FROM entity_beliefs WHERE entity = %(entity)s::text), 0) AS since
FROM {checkpoints} CROSS JOIN log.epoch LEFT JOIN log.erasures ON true;

-- name: look_alikes
-- Other entities with a name that looks like one of an entity.
SELECT DISTINCT other.entity
FROM entity_names mine JOIN entity_names other ON other.skeleton = mine.skeleton
WHERE mine.entity = %(entity)s::text AND other.entity <> mine.entity
ORDER BY other.entity LIMIT 20;

-- name: search
-- Entities by the start of a name or of a word in it, by id, or by identifier, in the order of their ids.
SELECT e.entity FROM entities e
WHERE e.entity > %(after)s::text
  AND (%(folded)s::text IS NULL OR e.entity = %(folded)s::text OR EXISTS (
      SELECT FROM entity_names n WHERE n.entity = e.entity
      AND (starts_with(n.folded, %(folded)s::text) OR strpos(n.folded, ' ' || %(folded)s::text) > 0)))
  AND (%(value)s::text IS NULL OR EXISTS (
      SELECT FROM entity_identifiers i WHERE i.entity = e.entity AND i.value = %(value)s::text
      AND (%(scheme)s::text IS NULL OR i.scheme = %(scheme)s::text)))
ORDER BY e.entity LIMIT %(limit)s::integer;
