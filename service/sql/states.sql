-- name: tables
-- The tables of the states: what was believed about each matter, from one log position to the next change.
CREATE TABLE beliefs (
    matter uuid   NOT NULL,
    since  bigint NOT NULL,
    kind   text   COLLATE "C" NOT NULL,
    body   bytea  NOT NULL
);
COMMENT ON TABLE beliefs IS 'Beliefs in the form of events/beliefs.py. None is ever changed: the one at a position is the last since then.';

CREATE TABLE places (
    entity text     COLLATE "C" NOT NULL,
    rank   smallint NOT NULL,
    name   text     COLLATE "C" NOT NULL,
    matter uuid     NOT NULL,
    kind   text     COLLATE "C" NOT NULL,
    since  bigint   NOT NULL
);
COMMENT ON TABLE places IS 'Under which entities each matter was ever listed, in the order of answers; whether it still is, its belief says.';

CREATE TABLE bearers (
    matter uuid NOT NULL,
    claim  uuid NOT NULL
);
COMMENT ON TABLE bearers IS 'The claims that ever bore on each matter.';

CREATE TABLE publicity (
    matter uuid    NOT NULL,
    since  bigint  NOT NULL,
    first  integer NOT NULL,
    last   integer NOT NULL
);
COMMENT ON TABLE publicity IS 'By which days of publication each matter is told of (events/publicity.py), from a log position to the next.';

CREATE TABLE entity_beliefs (
    entity text   COLLATE "C" NOT NULL,
    since  bigint NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE entity_beliefs IS 'Since where in the log all that is believed about what is listed under an entity is as it is.';

-- name: indexes
-- The indexes of the tables of the states; each can be made again where it is there.
CREATE UNIQUE INDEX IF NOT EXISTS beliefs_key ON beliefs (matter, since);
CREATE INDEX IF NOT EXISTS beliefs_since ON beliefs (since);
CREATE UNIQUE INDEX IF NOT EXISTS places_key ON places (entity, rank, name) INCLUDE (matter, kind, since);
CREATE UNIQUE INDEX IF NOT EXISTS bearers_key ON bearers (matter, claim);
CREATE UNIQUE INDEX IF NOT EXISTS publicity_key ON publicity (matter, since) INCLUDE (first, last);
CREATE UNIQUE INDEX IF NOT EXISTS entity_beliefs_key ON entity_beliefs (entity);

-- name: place
-- The checkpoint of the tables, and what tells these tables from any others.
SELECT c.position, current_schema()::regnamespace::oid || ' ' || (SELECT epoch FROM log.epoch) FROM checkpoint c;

-- name: held_back
-- The streams that are held back, and since which position.
SELECT stream, position FROM parked;

-- name: newest
-- The newest beliefs about some matters, and their publicity.
SELECT b.matter, b.body, l.first, l.last
FROM unnest(%(matters)b::uuid[]) AS wanted (matter)
CROSS JOIN LATERAL (
    SELECT body, matter FROM beliefs WHERE matter = wanted.matter ORDER BY since DESC LIMIT 1
) b
CROSS JOIN LATERAL (
    SELECT first, last FROM publicity WHERE matter = wanted.matter ORDER BY since DESC LIMIT 1
) l;

-- name: put_beliefs
-- Adds beliefs.
COPY beliefs (matter, since, kind, body) FROM STDIN (FORMAT BINARY);

-- name: put_places
-- Lists matters under entities, where they are not yet.
INSERT INTO places (entity, rank, name, matter, kind, since)
SELECT * FROM unnest(%(entity)b::text[], %(rank)b::smallint[], %(name)b::text[], %(matter)b::uuid[], %(kind)b::text[],
    %(since)b::bigint[])
ON CONFLICT DO NOTHING;

-- name: put_bearers
-- Notes which claims bear on matters.
INSERT INTO bearers (matter, claim)
SELECT * FROM unnest(%(matter)b::uuid[], %(claim)b::uuid[]) ON CONFLICT DO NOTHING;

-- name: put_publicity
-- Adds publicity.
INSERT INTO publicity (matter, since, first, last)
SELECT * FROM unnest(%(matter)b::uuid[], %(since)b::bigint[], %(first)b::integer[], %(last)b::integer[]);

-- name: put_entity_beliefs
-- Notes where something listed under entities was last believed otherwise.
INSERT INTO entity_beliefs AS kept (entity, since)
SELECT * FROM unnest(%(entity)b::text[], %(since)b::bigint[])
ON CONFLICT (entity) DO UPDATE SET since = greatest(kept.since, excluded.since);

-- name: claims_on
-- The claims that ever bore on some matters.
SELECT DISTINCT claim::text FROM bearers WHERE matter = ANY (%(matters)b::uuid[]);

-- name: merges_among
-- The entities among some that were ever merged, and those they were merged into, however indirectly.
WITH RECURSIVE merged (entity) AS (
    SELECT merged FROM merges WHERE merged = ANY (%(entities)b::text[])
    UNION
    SELECT m.into_entity FROM merged JOIN merges m ON m.merged = merged.entity
)
SELECT entity FROM merged;

-- name: claims_in
-- The claims that rest on some articles.
SELECT DISTINCT claim FROM claim_articles WHERE article = ANY (%(articles)b::text[]);

-- name: claims_naming
-- The claims that name some entities, or what was ever merged into one of them, however indirectly.
WITH RECURSIVE moved (entity) AS (
    SELECT unnest(%(entities)b::text[]) COLLATE "C"
    UNION
    SELECT m.merged FROM moved JOIN merges m ON m.into_entity = moved.entity
)
SELECT DISTINCT claim FROM claim_entities WHERE entity IN (SELECT entity FROM moved);

-- name: positions_of
-- Since when there are beliefs about some matters.
SELECT matter, array_agg(since ORDER BY since) FROM beliefs WHERE matter = ANY (%(matters)b::uuid[]) GROUP BY matter;

-- name: belief_at
-- The belief about a matter at a position.
SELECT body FROM beliefs WHERE matter = %(matter)b::uuid AND since <= %(position)b::bigint ORDER BY since DESC LIMIT 1;

-- name: unnoted
-- Those of some entities of which it is not noted that something changed as late as a matter did, up to a position.
SELECT wanted.entity
FROM unnest(%(entities)b::text[]) AS wanted (entity) LEFT JOIN entity_beliefs e ON e.entity = wanted.entity COLLATE "C"
WHERE coalesce(e.since, 0) < (
    SELECT max(since) FROM beliefs WHERE matter = %(matter)b::uuid AND since <= %(position)b::bigint);

-- name: places_of
-- The entities under which a matter was ever listed.
SELECT p.entity FROM places p
WHERE p.entity = ANY (%(entities)b::text[]) AND p.rank = %(rank)b::smallint AND p.name = %(name)b::text
  AND p.matter = %(matter)b::uuid;
