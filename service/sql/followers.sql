-- name: hear
-- Notes how far a follower is.
INSERT INTO log.followers (id, name, key, position, head)
SELECT %(id)s::uuid, %(name)s::text, %(key)s::text, %(position)s::bigint, coalesce(max(e.position), 0) FROM log.events e
ON CONFLICT (id) DO UPDATE
SET name = excluded.name, key = excluded.key, position = excluded.position, head = excluded.head,
    heard_at = clock_timestamp()
RETURNING id;

-- name: forget
-- Forgets those not heard of for too long, and of more than so many those heard of longest ago. A statement of its own, that
-- waits for nobody: each of two who forget the other one while they are noted would wait for the other.
DELETE FROM log.followers WHERE id IN (
    SELECT f.id FROM log.followers f
    WHERE f.heard_at < clock_timestamp() - %(kept)s::float8 * interval '1 second'
        OR f.id IN (SELECT o.id FROM log.followers o ORDER BY o.heard_at DESC, o.id OFFSET %(most)s::integer)
    FOR UPDATE SKIP LOCKED)
RETURNING id;

-- name: some
-- Followers, at most so many, with what the key of each is called and what it lacks, and how many there are in all: those
-- first that lack most. What one lacks is that of when it was heard; of one that is silent, that of a follower which is
-- still where it was.
SELECT h.id, h.name, h.key, k.name AS key_name, h.position, h.heard_at, h.is_heard,
    greatest(h.until - h.position, 0) AS lag_events,
    greatest(coalesce(extract(epoch FROM h.at - e.recorded_at)::float8, 0), 0) AS lag_seconds,
    count(*) OVER () AS total
FROM (
    SELECT f.id, f.name, f.key, f.position, f.heard_at, l.is_heard,
        CASE WHEN l.is_heard THEN f.head ELSE (SELECT coalesce(max(o.position), 0) FROM log.events o) END AS until,
        CASE WHEN l.is_heard THEN f.heard_at ELSE clock_timestamp() END AS at
    FROM log.followers f
    CROSS JOIN LATERAL (SELECT f.heard_at > clock_timestamp() - %(lately)s::float8 * interval '1 second' AS is_heard) l
    WHERE f.heard_at > clock_timestamp() - %(kept)s::float8 * interval '1 second'
) h
LEFT JOIN log.events e ON e.position = h.position + 1 AND h.position < h.until
LEFT JOIN access.keys k ON k.id = h.key
ORDER BY lag_events DESC, lag_seconds DESC, h.name, h.id LIMIT %(limit)s::integer;
