-- name: patient
-- Takes as long as it takes, to the end of the transaction.
SELECT set_config(name, '0', true)
FROM unnest(ARRAY['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) AS given(name);

-- name: columns
-- The columns of all tables in some schemas that are there, in their order.
SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE n.nspname = ANY (%(schemas)s::text[]) AND c.relkind IN ('r', 'p')
GROUP BY n.nspname, c.relname;

-- name: about
-- What a backup of this moment is of: the identity of the log, its last position, whom it follows, and when that is.
SELECT (SELECT epoch FROM log.epoch), (SELECT coalesce(max(position), 0) FROM log.events), clock_timestamp();

-- name: present
-- The schemas of the service that are there, in their order.
SELECT nspname FROM pg_namespace
WHERE nspname = ANY (%(schemas)s::text[]) OR nspname ~ '^read(_[a-z]+_[0-9]+(_next|_old)?)?$' ORDER BY nspname;

-- name: identities
-- The columns of tables that are numbered by the database.
SELECT n.nspname || '.' || c.relname, a.attname
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> '' AND NOT a.attisdropped
WHERE n.nspname || '.' || c.relname = ANY (%(tables)s::text[]);

-- name: look_anew
-- Has the same transaction see who is connected now.
SELECT pg_stat_clear_snapshot();

-- name: users
-- Processes of the service that are connected, this one left out.
SELECT DISTINCT application_name FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'frenemies-%' AND pid <> pg_backend_pid()
ORDER BY application_name;

-- name: head
-- The last position.
SELECT coalesce(max(position), 0) FROM log.events;

-- name: leader
-- Whom the log follows, if anybody.
SELECT leader FROM log.following;

-- name: goes_on
-- Whether anything but a checkpoint was recorded after a position.
SELECT EXISTS (SELECT FROM log.events WHERE position > %(position)s::bigint AND stream <> %(checkpoints)s::text);

-- name: renew
-- Another identity of the log; who signs its checkpoints is told when the service starts.
WITH forgotten AS (UPDATE log.tree SET origin = NULL, key = NULL)
UPDATE log.epoch SET epoch = gen_random_uuid(), started_at = clock_timestamp() RETURNING epoch;

-- name: epoch
-- The identity of the log.
SELECT epoch FROM log.epoch;

-- name: clip_deliveries
-- Forgets what was to be delivered of events that are not there.
DELETE FROM hooks.deliveries WHERE position > %(position)s::bigint;

-- name: clip_subscriptions
-- Puts subscriptions no further than the log reaches, and tells their owners why they may be sent what they had.
UPDATE hooks.subscriptions
SET position = least(position, %(position)s::bigint), edition = edition + 1, reason = concat_ws('; ', reason, %(reason)s::text)
WHERE %(reason)s::text IS NOT NULL OR position > %(position)s::bigint;

-- name: note
-- Remembers that the log was put back.
INSERT INTO log.restores (number, restored_by, made_at, position, vouched, is_lost, from_epoch, epoch)
SELECT coalesce(max(number), 0) + 1, %(by)s::text, %(made_at)s::timestamptz, %(position)s::bigint, %(vouched)s::bigint,
    %(is_lost)s::boolean, %(from_epoch)s::uuid, %(epoch)s::uuid
FROM log.restores;
