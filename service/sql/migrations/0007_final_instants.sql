-- What was recorded by an instant is final once nobody can record something that bears an earlier one. An append bears the
-- clock of the moment in which it got the lock, so whoever asks about an instant after the last event waits for the append
-- that is under way. VOLATILE, so that what was committed meanwhile is seen.
CREATE OR REPLACE FUNCTION log.position_at(instant timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
BEGIN
    IF instant > coalesce((SELECT recorded_at FROM log.events ORDER BY position DESC LIMIT 1), '-infinity') THEN
        PERFORM pg_advisory_xact_lock_shared(7310271027);
    END IF;
    high := coalesce((SELECT max(position) FROM log.events), 0);
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        IF (SELECT recorded_at FROM log.events WHERE position = middle) <= instant THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END $$;
