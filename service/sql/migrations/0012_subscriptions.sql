-- Webhooks: who is sent which events, how far that is, and what came of it. No part of the log.

CREATE SCHEMA hooks;

CREATE TABLE hooks.subscriptions (
    id          uuid        PRIMARY KEY,
    owner       text        NOT NULL,
    url         text        NOT NULL,
    description text,
    topics      text[],
    entities    text[],
    state       text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
    reason      text,
    position    bigint      NOT NULL CHECK (position >= 0),
    edition     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX subscriptions_of_owner ON hooks.subscriptions (owner, id);
COMMENT ON TABLE hooks.subscriptions IS 'Subscriptions: all events up to `position` were taken for them or left out. Each change of one is another edition; topics and entities are null where all are wanted.';

CREATE TABLE hooks.secrets (
    subscription uuid        NOT NULL REFERENCES hooks.subscriptions ON DELETE CASCADE,
    secret       text        NOT NULL,
    signs_until  timestamptz,
    PRIMARY KEY (subscription, secret)
);
CREATE UNIQUE INDEX secrets_present ON hooks.secrets (subscription) WHERE signs_until IS NULL;
COMMENT ON TABLE hooks.secrets IS 'The secrets that sign: the present one of each subscription, and those that it replaced for a while.';

CREATE TABLE hooks.deliveries (
    subscription uuid        NOT NULL REFERENCES hooks.subscriptions ON DELETE CASCADE,
    position     bigint      NOT NULL,
    edition      bigint      NOT NULL,
    state        text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'failed', 'delivered', 'parked')),
    concerns     text[]      NOT NULL,
    tries        integer     NOT NULL DEFAULT 0,
    due          timestamptz NOT NULL,
    attempts     jsonb       NOT NULL DEFAULT '[]',
    PRIMARY KEY (subscription, position)
);
CREATE INDEX deliveries_by_state ON hooks.deliveries (subscription, state, position);
COMMENT ON TABLE hooks.deliveries IS 'Events taken for a subscription, in the edition in which they were taken, with the attempts to deliver them. `concerns`: what keeps the order among them.';
