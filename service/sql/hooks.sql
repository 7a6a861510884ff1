-- name: create
-- A new subscription, with its secret if it has one.
WITH made AS (
    INSERT INTO hooks.subscriptions (id, owner, mode, url, description, topics, entities, position)
    VALUES (%(id)s::uuid, %(owner)s::text, %(mode)s::text, %(url)s::text, %(description)s::text, %(topics)s::text[],
        %(entities)s::text[], %(position)s::bigint)
    RETURNING id
)
INSERT INTO hooks.secrets (subscription, secret) SELECT id, %(secret)s::text FROM made WHERE %(secret)s::text IS NOT NULL;

-- name: lock_owner
-- Lets nobody else make a subscription of this owner before the end of the transaction.
SELECT pg_advisory_xact_lock(73102714, hashtext(%(owner)s::text));

-- name: count
-- How many subscriptions an owner has.
SELECT count(*) FROM hooks.subscriptions WHERE owner = %(owner)s::text;

-- name: find
-- One subscription of an owner.
SELECT id, owner, mode, url, description, topics, entities, state, reason, position, created_at,
    (SELECT count(*) FROM hooks.deliveries d WHERE d.subscription = s.id AND d.state IN ('waiting', 'failed', 'leased')) AS pending,
    (SELECT count(*) FROM hooks.deliveries d WHERE d.subscription = s.id AND d.state = 'leased') AS leased,
    (SELECT count(*) FROM hooks.deliveries d WHERE d.subscription = s.id AND d.state = 'parked') AS parked
FROM hooks.subscriptions s WHERE id = %(id)s::uuid AND owner = %(owner)s::text;

-- name: list
-- The subscriptions of an owner in the order of their ids, those after one.
SELECT id, owner, mode, url, description, topics, entities, state, reason, position, created_at,
    (SELECT count(*) FROM hooks.deliveries d WHERE d.subscription = s.id AND d.state IN ('waiting', 'failed', 'leased')) AS pending,
    (SELECT count(*) FROM hooks.deliveries d WHERE d.subscription = s.id AND d.state = 'leased') AS leased,
    (SELECT count(*) FROM hooks.deliveries d WHERE d.subscription = s.id AND d.state = 'parked') AS parked
FROM hooks.subscriptions s
WHERE owner = %(owner)s::text AND (%(after)s::uuid IS NULL OR id > %(after)s::uuid)
ORDER BY id LIMIT %(limit)s::integer;

-- name: change
-- Another edition of a subscription, with those of the columns changed that are named.
UPDATE hooks.subscriptions
SET url = CASE WHEN 'url' = ANY (%(changed)s::text[]) THEN %(url)s::text ELSE url END,
    description = CASE WHEN 'description' = ANY (%(changed)s::text[]) THEN %(description)s::text ELSE description END,
    topics = CASE WHEN 'topics' = ANY (%(changed)s::text[]) THEN %(topics)s::text[] ELSE topics END,
    entities = CASE WHEN 'entities' = ANY (%(changed)s::text[]) THEN %(entities)s::text[] ELSE entities END,
    edition = edition + 1
WHERE id = %(id)s::uuid AND owner = %(owner)s::text
RETURNING id;

-- name: delete
-- Ends a subscription, with all that is kept of it.
DELETE FROM hooks.subscriptions WHERE id = %(id)s::uuid AND owner = %(owner)s::text RETURNING id;

-- name: set_state
-- Pauses a subscription or lets it go on.
UPDATE hooks.subscriptions SET state = %(state)s::text, reason = NULL, edition = edition + 1
WHERE id = %(id)s::uuid AND owner = %(owner)s::text
RETURNING id;

-- name: rewind
-- Puts a subscription after a position: what is pending is dropped, and what is after it forgotten.
WITH moved AS (
    UPDATE hooks.subscriptions SET position = %(position)s::bigint, edition = edition + 1
    WHERE id = %(id)s::uuid AND owner = %(owner)s::text
    RETURNING id
), dropped AS (
    DELETE FROM hooks.deliveries d USING moved
    WHERE d.subscription = moved.id AND (d.position > %(position)s::bigint OR d.state IN ('waiting', 'failed', 'leased'))
)
SELECT id FROM moved;

-- name: lock
-- A subscription of an owner, kept from others until the end of the transaction.
SELECT mode, state FROM hooks.subscriptions WHERE id = %(id)s::uuid AND owner = %(owner)s::text FOR UPDATE;

-- name: forget_secrets
-- Deletes the secrets of a subscription that no longer sign, and counts the others.
WITH gone AS (
    DELETE FROM hooks.secrets WHERE subscription = %(id)s::uuid AND signs_until <= %(now)s::timestamptz RETURNING secret
)
SELECT count(*) FROM hooks.secrets
WHERE subscription = %(id)s::uuid AND secret NOT IN (SELECT secret FROM gone);

-- name: retire_secret
-- Has the present secret of a subscription sign only for a while.
UPDATE hooks.secrets SET signs_until = %(until)s::timestamptz WHERE subscription = %(id)s::uuid AND signs_until IS NULL;

-- name: add_secret
-- The present secret of a subscription from now on.
INSERT INTO hooks.secrets (subscription, secret) VALUES (%(id)s::uuid, %(secret)s::text);

-- name: secrets
-- The secrets that sign for a subscription of an owner, the present one first.
SELECT k.secret FROM hooks.secrets k JOIN hooks.subscriptions s ON s.id = k.subscription
WHERE s.id = %(id)s::uuid AND s.owner = %(owner)s::text
    AND (k.signs_until IS NULL OR k.signs_until > %(now)s::timestamptz)
ORDER BY k.signs_until DESC NULLS FIRST;

-- name: deliveries
-- What came of the events taken for a subscription, the newest event first; those before a position, if one is given.
SELECT d.position, d.state, d.tries, d.due, d.attempts
FROM hooks.deliveries d
WHERE d.subscription = %(id)s::uuid
    AND (%(before)s::bigint IS NULL OR d.position < %(before)s::bigint)
    AND (%(state)s::text IS NULL OR d.state = %(state)s::text)
    AND EXISTS (SELECT FROM hooks.subscriptions s WHERE s.id = %(id)s::uuid AND s.owner = %(owner)s::text)
ORDER BY d.position DESC LIMIT %(limit)s::integer;

-- name: end_secrets
-- Deletes all secrets of a subscription.
DELETE FROM hooks.secrets WHERE subscription = %(id)s::uuid;

-- name: delivery
-- What became of the event at a position, for a subscription of an owner.
SELECT d.state FROM hooks.deliveries d JOIN hooks.subscriptions s ON s.id = d.subscription
WHERE s.id = %(id)s::uuid AND s.owner = %(owner)s::text AND d.position = %(position)s::bigint;

-- name: replay
-- Has events of a subscription tried now, the one at a position or all: parked ones as if they had never been tried,
-- and failed and released ones before their time. An attempt under way is left alone: its event is due already.
WITH changed AS (
    UPDATE hooks.subscriptions SET edition = edition + 1
    WHERE id = %(id)s::uuid AND owner = %(owner)s::text
    RETURNING id, edition
)
UPDATE hooks.deliveries d
SET state = CASE d.state WHEN 'parked' THEN 'waiting' ELSE d.state END,
    tries = CASE d.state WHEN 'parked' THEN 0 ELSE d.tries END,
    edition = changed.edition, due = %(now)s::timestamptz, lease = NULL
FROM changed
WHERE d.subscription = changed.id
    AND (d.state = 'parked' OR (
        (d.state = 'failed' OR (d.state = 'waiting' AND d.lease IS NOT NULL)) AND d.due > %(now)s::timestamptz
    ))
    AND (%(position)s::bigint IS NULL OR d.position = %(position)s::bigint)
RETURNING d.position;

-- name: followed
-- All subscriptions to which events are sent.
SELECT id, state, position, edition, topics, entities FROM hooks.subscriptions WHERE mode = 'webhook' ORDER BY id;

-- name: pending
-- What is to be delivered for a subscription, in the order of the log.
SELECT position, edition, concerns, tries, due FROM hooks.deliveries
WHERE subscription = %(id)s::uuid AND state IN ('waiting', 'failed') ORDER BY position;

-- name: count_parked
-- How many events of a subscription are parked.
SELECT count(*) FROM hooks.deliveries WHERE subscription = %(id)s::uuid AND state = 'parked';

-- name: take
-- Takes events for a subscription and moves it on to where they were looked for, unless it was changed meanwhile.
WITH moved AS (
    UPDATE hooks.subscriptions SET position = %(last)s::bigint
    WHERE id = %(id)s::uuid AND position = %(after)s::bigint AND edition = %(edition)s::bigint AND state = 'active'
    RETURNING id, edition
), entered AS (
    INSERT INTO hooks.deliveries (subscription, position, edition, concerns, due)
    SELECT moved.id, e.position, moved.edition, string_to_array(e.concerns, E'\n'), %(now)s::timestamptz
    FROM moved, unnest(%(positions)s::bigint[], %(concerns)s::text[]) AS e(position, concerns)
    ON CONFLICT (subscription, position) DO UPDATE
    SET edition = excluded.edition, state = 'waiting', concerns = excluded.concerns, tries = 0, due = excluded.due,
        attempts = '[]', lease = NULL, leased_at = NULL
)
SELECT id FROM moved;

-- name: forget_delivered
-- Keeps of the delivered events of a subscription the newest ones only.
DELETE FROM hooks.deliveries WHERE subscription = %(id)s::uuid AND state = 'delivered' AND position <= (
    SELECT position FROM hooks.deliveries WHERE subscription = %(id)s::uuid AND state = 'delivered'
    ORDER BY position DESC OFFSET %(most)s::integer LIMIT 1);

-- name: begin
-- Where to send an event and with which secrets, the present one first; nothing when it is not to be sent any more.
SELECT s.edition, s.url, ARRAY(
    SELECT k.secret FROM hooks.secrets k
    WHERE k.subscription = s.id AND (k.signs_until IS NULL OR k.signs_until > %(now)s::timestamptz)
    ORDER BY k.signs_until DESC NULLS FIRST
) AS secrets
FROM hooks.subscriptions s JOIN hooks.deliveries d ON d.subscription = s.id
WHERE s.id = %(id)s::uuid AND s.state = 'active' AND d.position = %(position)s::bigint
    AND d.edition = %(edition)s::bigint AND d.state IN ('waiting', 'failed')
    AND NOT EXISTS (
        SELECT FROM access.keys k
        WHERE k.id = s.owner AND (k.revoked_at IS NOT NULL OR k.expires_at <= clock_timestamp())
    );

-- name: finish
-- Notes an attempt and what came of it, unless the event is not to be sent any more.
UPDATE hooks.deliveries
SET state = %(state)s::text, tries = %(tries)s::integer, due = %(due)s::timestamptz,
    attempts = CASE WHEN jsonb_array_length(attempts) < %(most)s::integer THEN attempts ELSE attempts - 0 END
        || %(attempt)s::jsonb
WHERE subscription = %(id)s::uuid AND position = %(position)s::bigint AND edition = %(edition)s::bigint
    AND state IN ('waiting', 'failed')
RETURNING position;

-- name: disable
-- Has nothing be sent to a receiver that wants nothing any more, unless the subscription was changed meanwhile.
UPDATE hooks.subscriptions SET state = 'disabled', reason = %(reason)s::text, edition = edition + 1
WHERE id = %(id)s::uuid AND edition = %(edition)s::bigint AND state = 'active'
RETURNING id;

-- name: pause_ownerless
-- Pauses the active subscriptions of keys that have ended.
UPDATE hooks.subscriptions s
SET state = 'paused', edition = s.edition + 1,
    reason = 'the key ' || k.id || CASE WHEN k.revoked_at IS NULL THEN ' has expired' ELSE ' was revoked' END
FROM access.keys k
WHERE k.id = s.owner AND s.state = 'active' AND (k.revoked_at IS NOT NULL OR k.expires_at <= clock_timestamp())
RETURNING s.id, s.reason;

-- name: vitals
-- How many subscriptions are active, paused and disabled, how many events they wait for, how many of these are leased, how
-- many are parked, and for how many seconds an attempt at an active webhook has been due.
SELECT count(*) FILTER (WHERE s.state = 'active'), count(*) FILTER (WHERE s.state = 'paused'),
    count(*) FILTER (WHERE s.state = 'disabled'), coalesce(sum(d.pending), 0)::bigint, coalesce(sum(d.leased), 0)::bigint,
    coalesce(sum(d.parked), 0)::bigint,
    coalesce(extract(epoch FROM clock_timestamp() - min(d.due) FILTER (WHERE s.state = 'active' AND s.mode = 'webhook'))::float8, 0)
FROM hooks.subscriptions s LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state <> 'parked') AS pending, count(*) FILTER (WHERE state = 'leased') AS leased,
        count(*) FILTER (WHERE state = 'parked') AS parked, min(due) FILTER (WHERE state <> 'parked' AND due < clock_timestamp()) AS due
    FROM hooks.deliveries WHERE subscription = s.id AND state <> 'delivered'
) d ON true;

-- name: owner
-- Whose a subscription is.
SELECT owner FROM hooks.subscriptions WHERE id = %(id)s::uuid;

-- name: overseen
-- Subscriptions of all owners, at most so many, with what the key of each is called, how many events each is behind, and
-- how many there are in all: those first with most parked events, then those that are not active.
SELECT s.id, s.owner, k.name AS owner_name, s.mode, s.url, s.description, s.state, s.reason, s.position,
    greatest((SELECT coalesce(max(e.position), 0) FROM log.events e) - s.position, 0) AS lag,
    d.pending, d.leased, d.parked, s.created_at, count(*) OVER () AS total
FROM hooks.subscriptions s
LEFT JOIN access.keys k ON k.id = s.owner
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state <> 'parked') AS pending, count(*) FILTER (WHERE state = 'leased') AS leased,
        count(*) FILTER (WHERE state = 'parked') AS parked
    FROM hooks.deliveries WHERE subscription = s.id AND state <> 'delivered'
) d
ORDER BY d.parked DESC, s.state = 'active', s.id LIMIT %(limit)s::integer;

-- name: given_up
-- Of some subscriptions the newest parked events, at most so many of each, with the last attempt at each.
SELECT s.id, d.position, d.tries, d.attempts -> -1
FROM unnest(%(ids)s::uuid[]) AS s(id)
CROSS JOIN LATERAL (
    SELECT p.position, p.tries, p.attempts FROM hooks.deliveries p
    WHERE p.subscription = s.id AND p.state = 'parked' ORDER BY p.position DESC LIMIT %(limit)s::integer
) d
ORDER BY s.id, d.position DESC;
