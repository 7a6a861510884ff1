-- name: tables
-- The tables of the index: where to find what an answer needs. They get their indexes once they are loaded.
CREATE TABLE entities (
    entity    text COLLATE "C" NOT NULL,
    kind      text NOT NULL,
    name      text,
    reference uuid
);
COMMENT ON TABLE entities IS 'Entities with the name they go by; reference is set where the name may have to be forgotten.';

CREATE TABLE entity_names (
    entity    text COLLATE "C" NOT NULL,
    name      text COLLATE "C" NOT NULL,
    folded    text COLLATE "C" NOT NULL,
    skeleton  text COLLATE "C" NOT NULL,
    reference uuid
);
COMMENT ON TABLE entity_names IS 'Every name and alias; folded is for search, skeleton is what names that look alike share.';

CREATE TABLE entity_identifiers (
    scheme text COLLATE "C" NOT NULL,
    value  text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL
);

CREATE TABLE entity_events (
    entity   text   COLLATE "C" NOT NULL,
    position bigint NOT NULL
);
COMMENT ON TABLE entity_events IS 'Where in the log something was recorded about entities: after the last one, nothing here changes.';

CREATE TABLE merges (
    merged      text COLLATE "C" NOT NULL,
    into_entity text COLLATE "C" NOT NULL
);
COMMENT ON TABLE merges IS 'Every merge there ever was, also those taken back.';

CREATE TABLE claim_entities (
    entity text COLLATE "C" NOT NULL,
    claim  text COLLATE "C" NOT NULL
);
COMMENT ON TABLE claim_entities IS 'The entities that any version of a claim names, as participant, in a motion or as a voice.';

CREATE TABLE claim_articles (
    article text COLLATE "C" NOT NULL,
    claim   text COLLATE "C" NOT NULL
);
COMMENT ON TABLE claim_articles IS 'The articles on which any version of a claim rests.';

CREATE TABLE responses (
    claim text COLLATE "C" NOT NULL,
    other text COLLATE "C" NOT NULL
);
COMMENT ON TABLE responses IS 'A response, and the claims it is about or speaks for.';

CREATE TABLE unsettled (
    entity text COLLATE "C" NOT NULL,
    claim  text COLLATE "C" NOT NULL
);
COMMENT ON TABLE unsettled IS 'The claims that stand in a response or rest on several articles, by the entities that they name.';

-- name: indexes
-- The indexes of the index's tables; each can be made again where it is there.
CREATE UNIQUE INDEX IF NOT EXISTS claim_entities_key ON claim_entities (entity, claim);
CREATE INDEX IF NOT EXISTS claim_entities_claim ON claim_entities (claim, entity);
CREATE UNIQUE INDEX IF NOT EXISTS claim_articles_key ON claim_articles (article, claim);
CREATE INDEX IF NOT EXISTS claim_articles_claim ON claim_articles (claim, article);
CREATE UNIQUE INDEX IF NOT EXISTS entities_key ON entities (entity);
CREATE UNIQUE INDEX IF NOT EXISTS entity_names_key ON entity_names (entity, name);
CREATE INDEX IF NOT EXISTS entity_names_folded ON entity_names (folded, entity);
CREATE INDEX IF NOT EXISTS entity_names_skeleton ON entity_names (skeleton);
CREATE UNIQUE INDEX IF NOT EXISTS entity_identifiers_key ON entity_identifiers (scheme, value, entity);
CREATE INDEX IF NOT EXISTS entity_identifiers_value ON entity_identifiers (value, entity);
CREATE INDEX IF NOT EXISTS entity_identifiers_entity ON entity_identifiers (entity);
CREATE UNIQUE INDEX IF NOT EXISTS entity_events_key ON entity_events (position);
CREATE INDEX IF NOT EXISTS entity_events_entity ON entity_events (entity);
CREATE UNIQUE INDEX IF NOT EXISTS merges_key ON merges (merged, into_entity);
CREATE INDEX IF NOT EXISTS merges_into ON merges (into_entity);
CREATE UNIQUE INDEX IF NOT EXISTS responses_key ON responses (claim, other);
CREATE INDEX IF NOT EXISTS responses_other ON responses (other, claim);
CREATE UNIQUE INDEX IF NOT EXISTS unsettled_key ON unsettled (entity, claim);
CREATE INDEX IF NOT EXISTS unsettled_claim ON unsettled (claim);

-- name: forget_entities
-- Forgets what is to be entered anew of some entities.
WITH names AS (DELETE FROM entity_names WHERE entity = ANY (%(entities)b::text[])),
     identifiers AS (DELETE FROM entity_identifiers WHERE entity = ANY (%(entities)b::text[]))
DELETE FROM entities WHERE entity = ANY (%(entities)b::text[]);

-- name: put_entities
-- Enters entities.
INSERT INTO entities (entity, kind, name, reference)
SELECT * FROM unnest(%(entity)b::text[], %(kind)b::text[], %(name)b::text[], %(reference)b::uuid[]);

-- name: put_entity_names
-- Enters names.
INSERT INTO entity_names (entity, name, folded, skeleton, reference)
SELECT * FROM unnest(
    %(entity)b::text[], %(name)b::text[], %(folded)b::text[], %(skeleton)b::text[], %(reference)b::uuid[]);

-- name: put_entity_identifiers
-- Enters identifiers.
INSERT INTO entity_identifiers (scheme, value, entity)
SELECT * FROM unnest(%(scheme)b::text[], %(value)b::text[], %(entity)b::text[]);

-- name: put_entity_events
-- Enters where something was recorded about entities.
INSERT INTO entity_events (entity, position)
SELECT * FROM unnest(%(entity)b::text[], %(position)b::bigint[]) ON CONFLICT DO NOTHING;

-- name: put_merges
-- Enters merges.
INSERT INTO merges (merged, into_entity)
SELECT * FROM unnest(%(merged)b::text[], %(into_entity)b::text[]) ON CONFLICT DO NOTHING;

-- name: put_claim_entities
-- Enters which entities claims name.
INSERT INTO claim_entities (entity, claim)
SELECT * FROM unnest(%(entity)b::text[], %(claim)b::text[]) ON CONFLICT DO NOTHING;

-- name: put_claim_articles
-- Enters on which articles claims rest.
INSERT INTO claim_articles (article, claim)
SELECT * FROM unnest(%(article)b::text[], %(claim)b::text[]) ON CONFLICT DO NOTHING;

-- name: put_responses
-- Enters which claims responses are about or speak for.
INSERT INTO responses (claim, other)
SELECT * FROM unnest(%(claim)b::text[], %(other)b::text[]) ON CONFLICT DO NOTHING;

-- name: put_unsettled
-- Enters, of some claims, those that stand in a response or rest on several articles.
INSERT INTO unsettled (entity, claim)
SELECT e.entity, e.claim
FROM claim_entities e
WHERE e.claim = ANY (%(claims)b::text[]) AND (
    EXISTS (SELECT FROM responses r WHERE r.claim = e.claim)
    OR EXISTS (SELECT FROM responses r WHERE r.other = e.claim)
    OR (SELECT count(*) FROM (SELECT FROM claim_articles a WHERE a.claim = e.claim LIMIT 2) few) = 2)
ON CONFLICT DO NOTHING;

-- name: entities
-- What is entered of some entities.
SELECT entity, kind, name, reference FROM entities WHERE entity = ANY (%(ids)b::text[]);

-- name: entity_names
-- The names entered of some entities.
SELECT entity, name, folded, skeleton, reference FROM entity_names WHERE entity = ANY (%(ids)b::text[]);

-- name: entity_identifiers
-- The identifiers entered of some entities.
SELECT scheme, value, entity FROM entity_identifiers WHERE entity = ANY (%(ids)b::text[]);

-- name: entity_events
-- Where something was recorded about some entities.
SELECT entity, position FROM entity_events WHERE entity = ANY (%(ids)b::text[]);

-- name: merges
-- What some entities were merged into.
SELECT merged, into_entity FROM merges WHERE merged = ANY (%(ids)b::text[]);

-- name: claim_entities
-- The entities that some claims name.
SELECT entity, claim FROM claim_entities WHERE claim = ANY (%(ids)b::text[]);

-- name: claim_articles
-- The articles on which some claims rest.
SELECT article, claim FROM claim_articles WHERE claim = ANY (%(ids)b::text[]);

-- name: responses
-- What some responses are about.
SELECT claim, other FROM responses WHERE claim = ANY (%(ids)b::text[]);

-- name: unsettled
-- Which of some claims are entered as unsettled.
SELECT entity, claim FROM unsettled WHERE claim = ANY (%(ids)b::text[]);
