-- Each version of a projection lives in a schema of its own (read_<name>_<version>), which the service makes, fills,
-- and swaps. Here is what outlives them. What was in `read` is made anew from the log.
DROP SCHEMA read CASCADE;
CREATE SCHEMA projections;

CREATE TABLE projections.rebuilds (
    schema      text        PRIMARY KEY,
    phase       text        NOT NULL,
    started_by  text        NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    done        bigint      NOT NULL DEFAULT 0,
    total       bigint      NOT NULL DEFAULT 0,
    rate        double precision NOT NULL DEFAULT 0,
    is_to_end   boolean     NOT NULL DEFAULT false,
    note        text        NOT NULL DEFAULT ''
);
COMMENT ON TABLE projections.rebuilds IS 'The last rebuild of each schema and how far it is; rate is per second, is_to_end asks it to end.';

CREATE TABLE projections.acts (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    done_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_by    text        NOT NULL,
    act        text        NOT NULL CHECK (act IN ('retry', 'skip')),
    projection text        NOT NULL,
    stream     text        COLLATE "C" NOT NULL,
    position   bigint      NOT NULL,
    event_type text        NOT NULL,
    reason     text        NOT NULL,
    outcome    text        NOT NULL
);
CREATE INDEX acts_skipped ON projections.acts (projection, position) WHERE act = 'skip';
COMMENT ON TABLE projections.acts IS 'What operators did with parked events. A skipped event stays skipped in every later view of that projection.';

CREATE FUNCTION projections.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'FR006',
        MESSAGE = format('%s on projections.%s: what was done cannot be changed', TG_OP, TG_TABLE_NAME);
END $$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON projections.acts
    FOR EACH STATEMENT EXECUTE FUNCTION projections.refuse_change();
ALTER TABLE projections.acts ENABLE ALWAYS TRIGGER refuse_change;
