-- name: primary
-- Which database this is and which log is in it, up to where its write-ahead log is written, and where the log ends.
SELECT (SELECT system_identifier FROM pg_control_system()) || ' ' || current_database() || ' ' || e.epoch,
    pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint,
    (SELECT coalesce(max(position), 0) FROM log.events)
FROM log.epoch e;

-- name: replica
-- The same of a server that replays the log of another one, up to where it has replayed; and whether it does.
SELECT (SELECT system_identifier FROM pg_control_system()) || ' ' || current_database() || ' ' || e.epoch,
    coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint, 0),
    (SELECT coalesce(max(position), 0) FROM log.events),
    pg_is_in_recovery()
FROM log.epoch e;
