-- name: kept
-- The texts of some scopes, each with its beginning.
SELECT t.reference, t.scope, left(t.content, %(longest)s::integer) AS beginning, length(t.content) AS length
FROM log.texts t WHERE t.scope = ANY (%(scopes)s::text[]) ORDER BY t.scope, t.reference;

-- name: due
-- Those of some references whose text is there, or of which the log does not tell that it was erased.
SELECT r.reference FROM unnest(%(references)s::uuid[]) WITH ORDINALITY AS r(reference, place)
WHERE EXISTS (SELECT FROM log.texts t WHERE t.reference = r.reference)
    OR NOT EXISTS (SELECT FROM log.erased d WHERE d.reference = r.reference)
ORDER BY r.place;

-- name: erase
-- Appends the event that names what is erased, and forgets that; see log.erase.
SELECT log.erase(%(topic)s::text, %(state)s::bytea);

-- name: in_events
-- The streams in whose name or events one of some words stands, with the first position and how many events it is in.
WITH wanted AS (SELECT convert_to(w.word, 'UTF8') AS word FROM unnest(%(words)s::text[]) AS w(word))
SELECT e.stream, min(e.position) AS position, count(*) AS events FROM log.events e
WHERE EXISTS (
    SELECT FROM wanted w WHERE position(w.word IN e.state) > 0 OR position(w.word IN convert_to(e.stream, 'UTF8')) > 0)
GROUP BY e.stream ORDER BY position LIMIT %(limit)s::integer;

-- name: in_texts
-- The scopes of other texts in which one of some words stands, and in how many of them.
SELECT t.scope, count(*) AS texts FROM log.texts t
WHERE t.reference <> ALL (%(references)s::uuid[])
    AND EXISTS (SELECT FROM unnest(%(words)s::text[]) AS w(word) WHERE strpos(t.content, w.word) > 0)
GROUP BY t.scope ORDER BY t.scope LIMIT %(limit)s::integer;

-- name: tables_with_copies
-- The tables that held what was erased or a copy of it, and whether this login may have the server tidy them up.
SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_has_role(current_user, c.relowner, 'USAGE') AS is_ours
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND ((n.nspname = 'log' AND c.relname = 'texts')
    OR (n.nspname ~ '^read_index_' AND c.relname IN ('entities', 'entity_names')))
ORDER BY name;
