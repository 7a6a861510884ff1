-- name: reached
-- The identity and the end of the log, how far the tables have taken it in, and whether they have ever been complete.
SELECT (SELECT epoch FROM log.epoch)::text AS log_epoch, (SELECT coalesce(max(position), 0) FROM log.events) AS log_head,
    c.position, (SELECT recorded_at FROM log.events WHERE position = c.position) AS recorded_at,
    c.built_at IS NOT NULL AS is_built
FROM checkpoint c;

-- name: beliefs
-- All beliefs about matters of some kinds up to a position, those about a matter together and in the order of the log.
SELECT b.matter, b.kind, b.since, e.recorded_at, b.body
FROM beliefs b JOIN log.events e ON e.position = b.since
WHERE b.kind = ANY (%(kinds)s::text[]) AND b.since <= %(position)s::bigint
ORDER BY b.matter, b.since;

-- name: name_of
-- The name of a matter that was ever listed under an entity.
SELECT name FROM places
WHERE entity = %(entity)s::text AND rank = %(rank)s::smallint AND matter = %(matter)s::uuid;
