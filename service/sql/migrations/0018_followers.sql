-- Followers of this service, as they say how far they are. No part of the log: what is here they say again within seconds,
-- so nothing is written ahead of it, and after a crash it is empty.

CREATE UNLOGGED TABLE log.followers (
    id       uuid        PRIMARY KEY,
    name     text        NOT NULL,
    key      text        NOT NULL,
    position bigint      NOT NULL CHECK (position >= 0),
    head     bigint      NOT NULL CHECK (head >= 0),
    heard_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE log.followers IS 'Who follows this log, with the id of the key that was shown: the last position there, and the last one here, when that was heard.';

ALTER TABLE log.following ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
COMMENT ON COLUMN log.following.id IS 'What the leader knows this follower by.';
