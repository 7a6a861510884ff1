-- name: find
-- Keys by their ids, with the seconds until they expire.
SELECT id, digest, name, scopes, revoked_at IS NOT NULL,
    extract(epoch FROM expires_at - clock_timestamp())::double precision
FROM access.keys WHERE id = ANY (%(ids)s::text[]);

-- name: is_any
-- Whether a key was ever made.
SELECT EXISTS (SELECT FROM access.keys);

-- name: note_use
-- Notes that a key is used, unless that was noted so few seconds ago.
UPDATE access.keys SET last_used_at = clock_timestamp()
WHERE id = %(id)s::text
    AND (last_used_at IS NULL OR last_used_at <= clock_timestamp() - make_interval(secs => %(seconds)s::double precision))
RETURNING id;

-- name: create
-- A new key.
INSERT INTO access.keys (id, digest, name, scopes, expires_at)
VALUES (%(id)s::text, %(digest)s::bytea, %(name)s::text, %(scopes)s::text[], %(expires_at)s::timestamptz)
RETURNING id, name, scopes, 'active', created_at, expires_at, revoked_at, last_used_at;

-- name: list
-- All keys, the oldest first.
SELECT id, name, scopes,
    CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'active' END,
    created_at, expires_at, revoked_at, last_used_at
FROM access.keys ORDER BY created_at, id;

-- name: some
-- Keys, at most so many, and how many there are in all: those first that are good, and of these the newest.
SELECT id, name, scopes,
    CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'active' END AS state,
    created_at, expires_at, revoked_at, last_used_at, count(*) OVER () AS total
FROM access.keys
ORDER BY revoked_at IS NOT NULL OR coalesce(expires_at <= clock_timestamp(), false), created_at DESC, id
LIMIT %(limit)s::integer;

-- name: revoke
-- Ends a key; one that was revoked before stays as it is.
UPDATE access.keys SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE id = %(id)s::text
RETURNING id, name, scopes, 'revoked', created_at, expires_at, revoked_at, last_used_at;
