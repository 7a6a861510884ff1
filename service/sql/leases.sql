-- name: mode
-- How events of a subscription of an owner get to their receiver.
SELECT mode FROM hooks.subscriptions WHERE id = %(id)s::uuid AND owner = %(owner)s::text;

-- name: now
-- What time it is: one clock for all processes.
SELECT clock_timestamp();

-- name: filling
-- A subscription to be pulled from, as far as more is to be taken for it: with the time, and how much it has by now.
SELECT s.id, s.state, s.position, s.edition, s.topics, s.entities, clock_timestamp(),
    (SELECT count(*) FROM hooks.deliveries d WHERE d.subscription = s.id AND d.state IN ('waiting', 'failed', 'leased')),
    (SELECT count(*) FROM hooks.deliveries d WHERE d.subscription = s.id AND d.state = 'parked')
FROM hooks.subscriptions s WHERE s.id = %(id)s::uuid;

-- name: open
-- The next events after a position that are to be delivered for a subscription, in the order of the log.
SELECT position, state, concerns, tries, due, lease, leased_at FROM hooks.deliveries
WHERE subscription = %(id)s::uuid AND position > %(after)s::bigint AND state IN ('waiting', 'failed', 'leased')
ORDER BY position LIMIT %(limit)s::integer;

-- name: under_way
-- What the events concern that workers of a subscription have at an instant.
SELECT DISTINCT unnest(concerns) FROM hooks.deliveries
WHERE subscription = %(id)s::uuid AND state = 'leased' AND due > %(now)s::timestamptz;

-- name: is_stirring
-- Whether there may be something to lease: an event that is due, or more in the log.
SELECT s.state = 'active' AND (
    EXISTS (
        SELECT FROM hooks.deliveries d
        WHERE d.subscription = s.id AND d.state IN ('waiting', 'failed', 'leased') AND d.due <= clock_timestamp()
    ) OR s.position < (SELECT max(position) FROM log.events)
)
FROM hooks.subscriptions s WHERE s.id = %(id)s::uuid;

-- name: let_go
-- Has events wait again whose lease ran out, but for the first one of each lease that is not settled.
WITH first AS (
    SELECT lease, min(position) AS position FROM hooks.deliveries
    WHERE subscription = %(id)s::uuid AND state = 'leased' GROUP BY lease
), found AS MATERIALIZED (
    SELECT d.position FROM hooks.deliveries d JOIN first ON first.lease = d.lease
    WHERE d.subscription = %(id)s::uuid AND d.state = 'leased' AND d.due <= %(now)s::timestamptz
        AND d.position > first.position
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE hooks.deliveries d SET state = 'waiting'
FROM found WHERE d.subscription = %(id)s::uuid AND d.position = found.position;

-- name: move
-- Gives events another state, those that are still due in the state and the lease in which they were found and that
-- nobody works on at this moment. What is given for `attempts` is noted with those there are.
WITH found AS MATERIALIZED (
    SELECT d.position, g.tries, g.attempts
    FROM hooks.deliveries d JOIN unnest(
        %(positions)s::bigint[], %(states)s::text[], %(leases)s::uuid[], %(tries)s::integer[], %(attempts)s::text[]
    ) AS g(position, state, lease, tries, attempts) ON g.position = d.position
    WHERE d.subscription = %(id)s::uuid AND d.state = g.state AND d.lease IS NOT DISTINCT FROM g.lease
        AND d.due <= %(now)s::timestamptz
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE hooks.deliveries d
SET state = %(state)s::text, lease = %(lease)s::uuid, leased_at = %(now)s::timestamptz, due = %(due)s::timestamptz,
    tries = found.tries,
    attempts = CASE WHEN jsonb_array_length(d.attempts) < %(most)s::integer OR found.attempts = '[]' THEN d.attempts
        ELSE d.attempts - 0 END || found.attempts::jsonb
FROM found WHERE d.subscription = %(id)s::uuid AND d.position = found.position
RETURNING d.position, d.tries;

-- name: held
-- What became of events of a subscription of an owner, kept from others until the end of the transaction.
SELECT d.position, d.state, d.lease, d.tries, d.leased_at FROM hooks.deliveries d
WHERE d.subscription = %(id)s::uuid AND d.position = ANY (%(positions)s::bigint[])
    AND EXISTS (SELECT FROM hooks.subscriptions s WHERE s.id = %(id)s::uuid AND s.owner = %(owner)s::text)
ORDER BY d.position FOR UPDATE OF d;

-- name: settle
-- Notes what came of leased events, each with the attempt that this was, or none.
UPDATE hooks.deliveries d
SET state = g.state, tries = d.tries + jsonb_array_length(g.attempts::jsonb), due = g.due,
    attempts = CASE WHEN jsonb_array_length(d.attempts) < %(most)s::integer OR g.attempts = '[]' THEN d.attempts
        ELSE d.attempts - 0 END || g.attempts::jsonb
FROM unnest(%(positions)s::bigint[], %(states)s::text[], %(dues)s::timestamptz[], %(attempts)s::text[])
    AS g(position, state, due, attempts)
WHERE d.subscription = %(id)s::uuid AND d.position = g.position;

-- name: overtaken
-- Which of these events, no longer held by their lease, concern what a leased one does. That one may be the later one:
-- a replay put this one before it.
SELECT d.position FROM hooks.deliveries d
WHERE d.subscription = %(id)s::uuid AND d.position = ANY (%(positions)s::bigint[])
    AND (d.state <> 'leased' OR d.due <= %(now)s::timestamptz)
    AND EXISTS (
        SELECT FROM hooks.deliveries o
        WHERE o.subscription = d.subscription AND o.state = 'leased' AND o.due > %(now)s::timestamptz
            AND o.position <> d.position AND o.concerns && d.concerns
    )
ORDER BY d.position;

-- name: extend
-- Has the lease of events end at another time, also of those that it had let go of.
UPDATE hooks.deliveries SET state = 'leased', due = %(due)s::timestamptz
WHERE subscription = %(id)s::uuid AND position = ANY (%(positions)s::bigint[]);
