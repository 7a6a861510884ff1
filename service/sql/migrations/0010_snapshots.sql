-- What a claim has come to, so that a decision on it need not read all that was ever done to it.

CREATE TABLE log.snapshots (
    stream   text    COLLATE "C" PRIMARY KEY,
    version  integer NOT NULL CHECK (version > 0),
    position bigint  NOT NULL CHECK (position > 0),
    form     integer NOT NULL,
    body     bytea   NOT NULL,
    digest   bytea   NOT NULL
);
COMMENT ON TABLE log.snapshots IS 'Streams summed up at a version, in the form of events/snapshots.py. No part of the log: every row can be deleted at any time.';

-- What an amendment and its repeat have in common (events/repeats.py). One that cannot be read is like no other. The cost
-- says that it is better looked up than worked out.
CREATE FUNCTION log.mark_of(state bytea) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
DECLARE
    said json;
BEGIN
    said := convert_from(state, 'UTF8')::json;
    RETURN hashtextextended(
        coalesce(said ->> 'reason', '') || E'\n' || coalesce(said ->> 'article', '') || E'\n'
        || coalesce(said -> 'changes' -> 'time' ->> 'edtf', '') || E'\n'
        || coalesce((said -> 'changes' -> 'attributes')::text, '') COLLATE "C", 0);
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;

CREATE INDEX events_marks ON log.events (stream, log.mark_of(state))
WHERE topic ~ '^Claim(Corrected|Retracted|Reinstated)[.]';
