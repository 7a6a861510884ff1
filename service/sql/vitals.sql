-- name: log
-- The last position; how many sessions wait for the lock of the log, for how long the longest of them, and how long the
-- transaction that holds it has lasted (null when that is hidden from this login).
SELECT (SELECT coalesce(max(position), 0) FROM log.events),
    count(*) FILTER (WHERE NOT l.granted),
    coalesce(extract(epoch FROM clock_timestamp() - min(l.waitstart))::float8, 0),
    CASE WHEN bool_or(l.granted)
        THEN extract(epoch FROM clock_timestamp() - min(a.xact_start) FILTER (WHERE l.granted))::float8
        ELSE 0 END
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objsubid = 1
    AND (l.classid::bigint << 32) + l.objid::bigint = 7310271027
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());

-- name: database
-- How large the database is, how many sessions the server has, and how many it takes from those who are no superuser.
SELECT pg_database_size(current_database()),
    (SELECT sum(numbackends) FROM pg_stat_database)::integer,
    current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer;

-- name: unsigned
-- The age of the first event that no signed checkpoint covers, but that which tells of the last one; nothing without a
-- key to sign with.
SELECT coalesce(extract(epoch FROM clock_timestamp() - (
    SELECT e.recorded_at FROM log.events e
    WHERE e.position > coalesce(c.size, 0) AND e.position IS DISTINCT FROM c.position
    ORDER BY e.position LIMIT 1))::float8, 0)
FROM log.tree t
LEFT JOIN LATERAL (SELECT size, position FROM log.checkpoints ORDER BY number DESC LIMIT 1) c ON true
WHERE t.key IS NOT NULL;

-- name: tables
-- How far the tables in a schema are, how many events they lack and the age of the first of these, how
-- many streams they hold back, and whether they have ever been complete.
SELECT c.position, greatest(head.position - c.position, 0),
    coalesce(extract(epoch FROM clock_timestamp() - following.recorded_at)::float8, 0),
    (SELECT count(*) FROM {schema}.parked),
    c.built_at IS NOT NULL
FROM {schema}.checkpoint c
CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM log.events) head
LEFT JOIN log.events following ON following.position = c.position + 1;
