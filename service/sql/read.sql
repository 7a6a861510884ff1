-- name: checkpoint
-- The last position that a projection has fully handled.
SELECT position FROM read.checkpoints WHERE projection = %(projection)s::text;

-- name: lock_checkpoint
-- The checkpoint, held until the end of the transaction.
SELECT position FROM read.checkpoints WHERE projection = %(projection)s::text FOR UPDATE;

-- name: advance
-- Moves a checkpoint.
UPDATE read.checkpoints SET position = %(position)s::bigint WHERE projection = %(projection)s::text;

-- name: lead
-- Takes the lock of a projection's only runner, or says that another one has it.
SELECT pg_try_advisory_lock(73102710, hashtext(%(projection)s::text));

-- name: parked_streams
-- Those of the given streams that are held back.
SELECT stream FROM read.parked WHERE projection = %(projection)s::text AND stream = ANY (%(streams)s::text[]);

-- name: park
-- Holds a stream back from one of its events on.
INSERT INTO read.parked (projection, stream, position, error)
VALUES (%(projection)s::text, %(stream)s::text, %(position)s::bigint, %(error)s::text)
ON CONFLICT DO NOTHING;

-- name: count_parked
-- How many streams a projection holds back.
SELECT count(*) FROM read.parked WHERE projection = %(projection)s::text;

-- name: put_entities
-- Enters entities, or the names they go by now.
INSERT INTO read.entities (entity, kind, name, reference)
SELECT * FROM unnest(%(entities)s::text[], %(kinds)s::text[], %(names)s::text[], %(references)s::uuid[])
ON CONFLICT (entity) DO UPDATE SET kind = excluded.kind, name = excluded.name, reference = excluded.reference;

-- name: drop_names
-- Forgets the names of entities that are about to be entered anew.
DELETE FROM read.entity_names WHERE entity = ANY (%(entities)s::text[]);

-- name: drop_identifiers
-- Forgets the identifiers of entities that are about to be entered anew.
DELETE FROM read.entity_identifiers WHERE entity = ANY (%(entities)s::text[]);

-- name: put_names
-- Enters names.
INSERT INTO read.entity_names (entity, name, folded, skeleton, reference)
SELECT * FROM unnest(
    %(entities)s::text[], %(names)s::text[], %(folded)s::text[], %(skeletons)s::text[], %(references)s::uuid[])
ON CONFLICT DO NOTHING;

-- name: put_identifiers
-- Enters identifiers.
INSERT INTO read.entity_identifiers (scheme, value, entity)
SELECT * FROM unnest(%(schemes)s::text[], %(values)s::text[], %(entities)s::text[])
ON CONFLICT DO NOTHING;

-- name: put_merges
-- Enters merges.
INSERT INTO read.merges (merged, into_entity)
SELECT * FROM unnest(%(merged)s::text[], %(into)s::text[]) ON CONFLICT DO NOTHING;

-- name: put_claim_entities
-- Enters which entities claims name.
INSERT INTO read.claim_entities (entity, claim)
SELECT * FROM unnest(%(entities)s::text[], %(claims)s::text[]) ON CONFLICT DO NOTHING;

-- name: put_claim_articles
-- Enters on which articles claims rest.
INSERT INTO read.claim_articles (article, claim)
SELECT * FROM unnest(%(articles)s::text[], %(claims)s::text[]) ON CONFLICT DO NOTHING;

-- name: put_responses
-- Enters which claims responses are about or speak for.
INSERT INTO read.responses (claim, other)
SELECT * FROM unnest(%(claims)s::text[], %(others)s::text[]) ON CONFLICT DO NOTHING;

-- name: merge_class
-- An entity with all that were ever merged with it, in any direction.
WITH RECURSIVE same (entity) AS (
    SELECT %(entity)s::text COLLATE "C"
    UNION
    SELECT CASE WHEN m.merged = same.entity THEN m.into_entity ELSE m.merged END
    FROM same JOIN read.merges m ON same.entity IN (m.merged, m.into_entity)
)
SELECT entity FROM same;

-- name: claims_of
-- The claims that name all of some groups of entities, with the responses that bear on them, however indirectly.
WITH RECURSIVE named (claim) AS (
    SELECT claim FROM read.claim_entities WHERE entity = ANY (%(first)s::text[])
    INTERSECT
    SELECT claim FROM read.claim_entities WHERE entity = ANY (%(second)s::text[])
), bearing (claim) AS (
    SELECT claim FROM named
    UNION
    SELECT CASE WHEN r.claim = b.claim THEN r.other ELSE r.claim END
    FROM bearing b JOIN read.responses r ON b.claim IN (r.claim, r.other)
)
SELECT claim FROM bearing LIMIT %(limit)s::integer;

-- name: claims_about
-- Some claims with the responses that bear on them, however indirectly.
WITH RECURSIVE bearing (claim) AS (
    SELECT unnest(%(claims)s::text[]) COLLATE "C"
    UNION
    SELECT CASE WHEN r.claim = b.claim THEN r.other ELSE r.claim END
    FROM bearing b JOIN read.responses r ON b.claim IN (r.claim, r.other)
)
SELECT claim FROM bearing LIMIT %(limit)s::integer;

-- name: articles_of
-- The articles on which claims rest.
SELECT DISTINCT article FROM read.claim_articles WHERE claim = ANY (%(claims)s::text[]);

-- name: claims_in
-- The claims of an article, also those that only an amendment rests on it.
SELECT claim FROM read.claim_articles WHERE article = %(article)s::text ORDER BY claim;

-- name: merged_among
-- The entities that claims name and that were ever merged, and those they were merged into, however indirectly.
WITH RECURSIVE merged (entity) AS (
    SELECT m.merged FROM read.merges m
    WHERE m.merged IN (SELECT entity FROM read.claim_entities WHERE claim = ANY (%(claims)s::text[]))
       OR m.merged = ANY (%(entities)s::text[])
    UNION
    SELECT m.into_entity FROM merged JOIN read.merges m ON m.merged = merged.entity
)
SELECT entity FROM merged;

-- name: names_of
-- The names that entities go by.
SELECT entity, name FROM read.entities WHERE entity = ANY (%(entities)s::text[]);

-- name: look_alikes
-- Other entities with a name that looks like one of an entity.
SELECT DISTINCT other.entity
FROM read.entity_names mine JOIN read.entity_names other ON other.skeleton = mine.skeleton
WHERE mine.entity = %(entity)s::text AND other.entity <> mine.entity
ORDER BY other.entity LIMIT 20;

-- name: search
-- Entities by the start of a name or of a word in it, by id, or by identifier, in the order of their ids.
SELECT e.entity FROM read.entities e
WHERE e.entity > %(after)s::text
  AND (%(folded)s::text IS NULL OR e.entity = %(folded)s::text OR EXISTS (
      SELECT FROM read.entity_names n WHERE n.entity = e.entity
      AND (starts_with(n.folded, %(folded)s::text) OR strpos(n.folded, ' ' || %(folded)s::text) > 0)))
  AND (%(value)s::text IS NULL OR EXISTS (
      SELECT FROM read.entity_identifiers i WHERE i.entity = e.entity AND i.value = %(value)s::text
      AND (%(scheme)s::text IS NULL OR i.scheme = %(scheme)s::text)))
ORDER BY e.entity LIMIT %(limit)s::integer;
