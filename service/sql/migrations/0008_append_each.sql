-- What callers of one process give together is appended at once, or refused as a whole by log.append_all; who is
-- refused is then found by log.append_each. Before, one function did both: it made a subtransaction in which the members
-- were judged, and a row for each of them, and so took three times as long. That one, log.append_group, stays for the
-- processes of the version before, which may go on while this is migrated.

-- The steps are only called by functions that have made these settings, and setting them again takes time.
ALTER FUNCTION log.check_guards RESET ALL;
ALTER FUNCTION log.check_link_counts RESET ALL;
ALTER FUNCTION log.check_versions RESET ALL;
ALTER FUNCTION log.claim_keys RESET ALL;
ALTER FUNCTION log.keep_texts RESET ALL;
ALTER FUNCTION log.keep_links RESET ALL;
ALTER FUNCTION log.insert_events RESET ALL;

CREATE OR REPLACE FUNCTION log.insert_events(
    streams text[], versions integer[], topics text[], states bytea[], head bigint, started_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log.events (position, stream, version, topic, state, recorded_at)
    SELECT head + e.place, e.stream, e.version, e.topic, e.state, started_at + (e.place - 1) * interval '1 microsecond'
    FROM unnest(streams, versions, topics, states) WITH ORDINALITY AS e(stream, version, topic, state, place);
END $$;


-- All of it or nothing; `before` is null where a request was answered before. A request names the place of its first
-- event, from 1, and how many are its own. That the first event of a stream is the first is left to the unique index:
-- the error then names no version.
CREATE FUNCTION log.append_all(
    streams text[], versions integer[], topics text[], states bytea[],
    guard_streams text[], guard_versions integer[],
    count_kinds text[], count_targets text[], count_links integer[],
    key_kinds text[], key_names text[], key_streams text[],
    link_kinds text[], link_sources text[], link_targets text[],
    text_ids uuid[], text_scopes text[], text_salts bytea[], text_digests text[], text_contents text[],
    request_keys text[], request_hashes text[], request_answers text[], request_places integer[],
    request_events integer[],
    OUT before bigint, OUT started_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR007',
            MESSAGE = 'log.append_all needs the isolation level read committed: it has to see what was committed before it';
    END IF;
    PERFORM pg_advisory_xact_lock(7310271027);

    IF cardinality(request_keys) > 0 THEN
        IF EXISTS (
            SELECT FROM unnest(request_places, request_events) AS r(place, events)
            WHERE r.place < 1 OR r.events < 0 OR r.place + r.events - 1 > cardinality(streams)) THEN
            RAISE EXCEPTION USING ERRCODE = 'FR007', MESSAGE = 'a request names events that are not there';
        END IF;
        IF EXISTS (SELECT FROM log.requests r WHERE r.key = ANY (request_keys)) THEN
            RETURN;
        END IF;
    END IF;
    IF cardinality(guard_streams) > 0 THEN
        PERFORM log.check_guards(guard_streams, guard_versions);
    END IF;
    IF cardinality(count_kinds) > 0 THEN
        PERFORM log.check_link_counts(count_kinds, count_targets, count_links);
    END IF;
    IF 1 < ANY (versions) THEN
        PERFORM log.check_versions(streams, versions);
    END IF;
    IF cardinality(text_ids) > 0 THEN
        PERFORM log.keep_texts(text_ids, text_scopes, text_salts, text_digests, text_contents);
    END IF;
    IF cardinality(key_kinds) > 0 THEN
        PERFORM log.claim_keys(key_kinds, key_names, key_streams);
    END IF;
    IF cardinality(link_kinds) > 0 THEN
        PERFORM log.keep_links(link_kinds, link_sources, link_targets);
    END IF;

    -- Taken under the lock, and after the last one even when the clock was set back.
    SELECT e.position, e.recorded_at INTO before, started_at
    FROM log.events e ORDER BY e.position DESC LIMIT 1;
    before := coalesce(before, 0);
    started_at := greatest(clock_timestamp(), started_at + interval '1 microsecond');
    IF cardinality(streams) > 0 THEN
        PERFORM log.insert_events(streams, versions, topics, states, before, started_at);
        PERFORM pg_notify('frenemies_log', (before + cardinality(streams))::text);
    END IF;

    IF cardinality(request_keys) > 0 THEN
        INSERT INTO log.requests (key, body_hash, answer, first_position, event_count, recorded_at)
        SELECT r.key, r.body_hash, r.answer, CASE WHEN r.events > 0 THEN before + r.place END, r.events,
            started_at + (r.place + greatest(r.events, 1) - 2) * interval '1 microsecond'
        FROM unnest(request_keys, request_hashes, request_answers, request_places, request_events)
            AS r(key, body_hash, answer, place, events);
    END IF;
END $$;


-- Each array holds what the members give, one member after the other; the `*_counts` say how much is whose. They are
-- appended one after the other, each in a subtransaction: who is refused is refused alone.
CREATE FUNCTION log.append_each(
    event_counts integer[], streams text[], versions integer[], topics text[], states bytea[],
    guard_counts integer[], guard_streams text[], guard_versions integer[],
    count_counts integer[], count_kinds text[], count_targets text[], count_links integer[],
    key_counts integer[], key_kinds text[], key_names text[], key_streams text[],
    link_counts integer[], link_kinds text[], link_sources text[], link_targets text[],
    text_counts integer[], text_ids uuid[], text_scopes text[], text_salts bytea[], text_digests text[],
    text_contents text[],
    request_keys text[], request_hashes text[], request_answers text[])
RETURNS TABLE (
    first_position bigint, event_count integer, head bigint, recorded_at timestamptz, replayed boolean, answer text,
    error_state text, error_message text, error_detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    events integer := 0;
    guards integer := 0;
    counted integer := 0;
    keys integer := 0;
    links integer := 0;
    texts integer := 0;
BEGIN
    -- Taken here for all: what log.append takes in a subtransaction is given back when that is rolled back.
    PERFORM pg_advisory_xact_lock(7310271027);

    FOR member IN 1 .. cardinality(event_counts) LOOP
        error_state := NULL;
        error_message := NULL;
        error_detail := NULL;
        BEGIN
            SELECT a.first_position, a.event_count, a.head, a.recorded_at, a.replayed, a.answer
            INTO first_position, event_count, head, recorded_at, replayed, answer
            FROM log.append(
                streams[events + 1 : events + event_counts[member]],
                versions[events + 1 : events + event_counts[member]],
                topics[events + 1 : events + event_counts[member]],
                states[events + 1 : events + event_counts[member]],
                guard_streams[guards + 1 : guards + guard_counts[member]],
                guard_versions[guards + 1 : guards + guard_counts[member]],
                count_kinds[counted + 1 : counted + count_counts[member]],
                count_targets[counted + 1 : counted + count_counts[member]],
                count_links[counted + 1 : counted + count_counts[member]],
                key_kinds[keys + 1 : keys + key_counts[member]],
                key_names[keys + 1 : keys + key_counts[member]],
                key_streams[keys + 1 : keys + key_counts[member]],
                link_kinds[links + 1 : links + link_counts[member]],
                link_sources[links + 1 : links + link_counts[member]],
                link_targets[links + 1 : links + link_counts[member]],
                text_ids[texts + 1 : texts + text_counts[member]],
                text_scopes[texts + 1 : texts + text_counts[member]],
                text_salts[texts + 1 : texts + text_counts[member]],
                text_digests[texts + 1 : texts + text_counts[member]],
                text_contents[texts + 1 : texts + text_counts[member]],
                request_keys[member], request_hashes[member], request_answers[member]) a;
        EXCEPTION
            WHEN SQLSTATE 'FR001' OR SQLSTATE 'FR002' OR SQLSTATE 'FR003' OR SQLSTATE 'FR004' OR SQLSTATE 'FR005'
                OR data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
                GET STACKED DIAGNOSTICS
                    error_state = RETURNED_SQLSTATE, error_message = MESSAGE_TEXT, error_detail = PG_EXCEPTION_DETAIL;
                first_position := NULL;
                event_count := 0;
                head := 0;
                recorded_at := clock_timestamp();
                replayed := false;
                answer := NULL;
        END;
        RETURN NEXT;
        events := events + event_counts[member];
        guards := guards + guard_counts[member];
        counted := counted + count_counts[member];
        keys := keys + key_counts[member];
        links := links + link_counts[member];
        texts := texts + text_counts[member];
    END LOOP;
END $$;
