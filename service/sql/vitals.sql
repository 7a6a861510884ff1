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
