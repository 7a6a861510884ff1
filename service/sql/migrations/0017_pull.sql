-- Subscriptions that workers pull from: what is leased to whom, and until when.

ALTER TABLE hooks.subscriptions ADD COLUMN mode text NOT NULL DEFAULT 'webhook' CHECK (mode IN ('webhook', 'pull'));
ALTER TABLE hooks.subscriptions ALTER COLUMN url DROP NOT NULL;
ALTER TABLE hooks.subscriptions ADD CONSTRAINT subscriptions_address CHECK ((url IS NOT NULL) = (mode = 'webhook'));
COMMENT ON COLUMN hooks.subscriptions.mode IS 'webhook: its events are sent to an address; pull: workers lease them.';

ALTER TABLE hooks.deliveries DROP CONSTRAINT deliveries_state_check;
ALTER TABLE hooks.deliveries ADD CONSTRAINT deliveries_state_check
    CHECK (state IN ('waiting', 'failed', 'leased', 'delivered', 'parked'));
ALTER TABLE hooks.deliveries ADD COLUMN lease uuid, ADD COLUMN leased_at timestamptz;
ALTER TABLE hooks.deliveries ADD CONSTRAINT deliveries_leased
    CHECK (state <> 'leased' OR (lease IS NOT NULL AND leased_at IS NOT NULL));
COMMENT ON COLUMN hooks.deliveries.lease IS 'The last lease; it holds the event while the state is leased, until `due` at least.';

CREATE INDEX deliveries_open ON hooks.deliveries (subscription, position) WHERE state IN ('waiting', 'failed', 'leased');
