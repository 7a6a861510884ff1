-- When the log was put back from a copy, and what became of its identity: in every later backup as well.

CREATE TABLE log.restores (
    number      integer     PRIMARY KEY CHECK (number > 0),
    restored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    restored_by text        NOT NULL,
    made_at     timestamptz,
    position    bigint      NOT NULL CHECK (position >= 0),
    vouched     bigint      CHECK (vouched > 0),
    is_lost     boolean     NOT NULL CHECK (vouched IS NOT NULL OR NOT is_lost),
    from_epoch  uuid        NOT NULL,
    epoch       uuid        NOT NULL
);
COMMENT ON TABLE log.restores IS 'Each time that the log was put back: when the backup was made (null where the server recovered itself), the last position then, the size of the checkpoint that was given and whether it shows that events were lost, and the identity before and after.';

CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON log.restores
    FOR EACH ROW EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log.restores
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
-- ALWAYS: also while session_replication_role is replica.
ALTER TABLE log.restores ENABLE ALWAYS TRIGGER refuse_row_change;
ALTER TABLE log.restores ENABLE ALWAYS TRIGGER refuse_change;
