-- The Merkle tree over the log, in tiles, and the checkpoints that were signed of it.

CREATE TABLE log.tree (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    size     bigint  NOT NULL DEFAULT 0 CHECK (size >= 0),
    origin   text,
    key      text
);
COMMENT ON TABLE log.tree IS 'How many events the tree holds, the name of the log in checkpoints, and the verifier key of those to come, if any.';
INSERT INTO log.tree DEFAULT VALUES;

CREATE TABLE log.tiles (
    level  smallint NOT NULL CHECK (level >= 0),
    tile   bigint   NOT NULL CHECK (tile >= 0),
    hashes bytea    NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (level, tile)
);
-- Hashes cannot be compressed, so nothing is tried.
ALTER TABLE log.tiles ALTER hashes SET STORAGE EXTERNAL;
COMMENT ON TABLE log.tiles IS 'Full tiles: 256 hashes of every eighth level of the tree, side by side. They never change.';

CREATE TABLE log.tree_edge (
    level  smallint PRIMARY KEY CHECK (level >= 0),
    tile   bigint   NOT NULL CHECK (tile >= 0),
    hashes bytea    NOT NULL CHECK (octet_length(hashes) < 8192 AND octet_length(hashes) % 32 = 0)
);
ALTER TABLE log.tree_edge ALTER hashes SET STORAGE EXTERNAL;
COMMENT ON TABLE log.tree_edge IS 'The tiles at the right edge, one for each level, which are not full yet.';

CREATE TABLE log.checkpoints (
    number    integer     PRIMARY KEY CHECK (number > 0),
    size      bigint      NOT NULL UNIQUE CHECK (size > 0),
    root      bytea       NOT NULL CHECK (octet_length(root) = 32),
    key       text        NOT NULL,
    note      text        NOT NULL,
    position  bigint      NOT NULL UNIQUE,
    signed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE log.checkpoints IS 'The signed checkpoints: the size and root of the tree, the verifier key, the note as it is handed out, and where the log tells of it.';

CREATE TABLE log.checkpoint_keys (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key    text   NOT NULL UNIQUE
);
COMMENT ON TABLE log.checkpoint_keys IS 'The verifier keys of all checkpoints, in the order of their first use.';

CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON log.tiles
    FOR EACH ROW EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log.tiles
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON log.checkpoints
    FOR EACH ROW EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
-- ALWAYS: also while session_replication_role is replica.
ALTER TABLE log.tiles ENABLE ALWAYS TRIGGER refuse_row_change;
ALTER TABLE log.tiles ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE log.checkpoints ENABLE ALWAYS TRIGGER refuse_row_change;
ALTER TABLE log.checkpoints ENABLE ALWAYS TRIGGER refuse_change;


-- Stores a checkpoint and appends the event that tells of it, both or neither. All that the keeper may append: the
-- stream is given here, and the number of the checkpoint is the version of its event.
CREATE FUNCTION log.publish_checkpoint(
    number integer, size bigint, root bytea, key text, note text, topic text, state bytea)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    position bigint;
BEGIN
    SELECT appended.first_position INTO position
    FROM log.append(
        streams => ARRAY['log-checkpoints'], versions => ARRAY[number], topics => ARRAY[topic], states => ARRAY[state],
        guard_streams => '{}', guard_versions => '{}',
        count_kinds => '{}', count_targets => '{}', count_links => '{}',
        key_kinds => '{}', key_names => '{}', key_streams => '{}',
        link_kinds => '{}', link_sources => '{}', link_targets => '{}',
        text_ids => '{}', text_scopes => '{}', text_salts => '{}', text_digests => '{}', text_contents => '{}',
        request_key => NULL, request_hash => NULL, request_answer => NULL) AS appended;

    INSERT INTO log.checkpoints (number, size, root, key, note, position)
    VALUES (number, size, root, key, note, position);
    INSERT INTO log.checkpoint_keys (key) VALUES (key) ON CONFLICT DO NOTHING;
    RETURN position;
END $$;
