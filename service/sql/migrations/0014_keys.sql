-- Keys: who may do what, for how long. No part of the log.

CREATE SCHEMA access;

CREATE TABLE access.keys (
    id           text        PRIMARY KEY CHECK (id ~ '^[a-z2-7]{10}$'),
    digest       bytea       NOT NULL CHECK (octet_length(digest) = 32),
    name         text        NOT NULL,
    scopes       text[]      NOT NULL CHECK (
        cardinality(scopes) > 0
        AND scopes <@ ARRAY['claims:write', 'state:read', 'feed:read', 'hooks:manage', 'admin']
    ),
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
COMMENT ON TABLE access.keys IS 'All keys that were ever made, with the SHA-256 of each. None is deleted: that there was one is why a key is needed.';
