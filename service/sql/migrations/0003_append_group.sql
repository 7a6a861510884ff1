-- Several callers' appends in one call, so that they share one flush to disk. What one append does, and what many do at
-- once, is made of the same steps.

CREATE FUNCTION log.keep_links(kinds text[], sources text[], targets text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO log.links (kind, source, target)
    SELECT l.kind, l.source, l.target FROM unnest(kinds, sources, targets) AS l(kind, source, target)
    ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION log.insert_events(
    streams text[], versions integer[], topics text[], states bytea[], head bigint, started_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO log.events (position, stream, version, topic, state, recorded_at)
    SELECT head + e.place, e.stream, e.version, e.topic, e.state, started_at + (e.place - 1) * interval '1 microsecond'
    FROM unnest(streams, versions, topics, states) WITH ORDINALITY AS e(stream, version, topic, state, place)
    ORDER BY e.place;
END $$;


CREATE OR REPLACE FUNCTION log.append(
    streams text[], versions integer[], topics text[], states bytea[],
    guard_streams text[], guard_versions integer[],
    count_kinds text[], count_targets text[], count_links integer[],
    key_kinds text[], key_names text[], key_streams text[],
    link_kinds text[], link_sources text[], link_targets text[],
    text_ids uuid[], text_scopes text[], text_salts bytea[], text_digests text[], text_contents text[],
    request_key text, request_hash text, request_answer text,
    OUT first_position bigint, OUT event_count integer, OUT head bigint, OUT recorded_at timestamptz,
    OUT replayed boolean, OUT answer text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    earlier log.requests;
    last_recorded_at timestamptz;
    started_at timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR007',
            MESSAGE = 'log.append needs the isolation level read committed: it has to see what was committed before it';
    END IF;

    -- One lock for the whole log: if the order of commit could differ from that of the positions, a reader who has
    -- seen position 2 would skip a position 1 that commits later.
    PERFORM pg_advisory_xact_lock(7310271027);

    SELECT e.position, e.recorded_at INTO head, last_recorded_at
    FROM log.events e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    event_count := cardinality(streams);
    replayed := false;

    IF request_key IS NOT NULL THEN
        SELECT r.* INTO earlier FROM log.requests r WHERE r.key = request_key;
        IF FOUND THEN
            IF earlier.body_hash <> request_hash THEN
                RAISE EXCEPTION USING
                    ERRCODE = 'FR005',
                    MESSAGE = 'a request key was used with another body',
                    DETAIL = json_build_object('key', request_key)::text;
            END IF;
            first_position := earlier.first_position;
            event_count := earlier.event_count;
            recorded_at := earlier.recorded_at;
            replayed := true;
            answer := earlier.answer;
            RETURN;
        END IF;
        answer := request_answer;
    END IF;

    IF cardinality(guard_streams) > 0 THEN
        PERFORM log.check_guards(guard_streams, guard_versions);
    END IF;
    IF cardinality(count_kinds) > 0 THEN
        PERFORM log.check_link_counts(count_kinds, count_targets, count_links);
    END IF;
    IF event_count > 0 THEN
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
    started_at := greatest(clock_timestamp(), last_recorded_at + interval '1 microsecond');
    recorded_at := started_at;
    IF event_count > 0 THEN
        PERFORM log.insert_events(streams, versions, topics, states, head, started_at);
        first_position := head + 1;
        head := head + event_count;
        recorded_at := started_at + (event_count - 1) * interval '1 microsecond';
        PERFORM pg_notify('frenemies_log', head::text);
    END IF;

    IF request_key IS NOT NULL THEN
        INSERT INTO log.requests (key, body_hash, answer, first_position, event_count, recorded_at)
        VALUES (request_key, request_hash, request_answer, first_position, event_count, recorded_at);
    END IF;
END $$;

-- Each array holds what the members give, one member after the other; the `*_counts` say how much is whose. Usually
-- everything is judged and stored at once. When anything is refused, or members bear on each other, that is taken back
-- and they are appended one after the other, each in a subtransaction: who is refused is refused alone.
CREATE FUNCTION log.append_group(
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
#variable_conflict use_column
DECLARE
    members integer := cardinality(event_counts);
    last_position bigint;
    started_at timestamptz;
    events integer := 0;
    guards integer := 0;
    counted integer := 0;
    keys integer := 0;
    links integer := 0;
    texts integer := 0;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR007',
            MESSAGE = 'log.append_group needs the isolation level read committed: it has to see what was committed before it';
    END IF;
    PERFORM pg_advisory_xact_lock(7310271027);

    IF log.bear_on_each_other(streams, guard_streams, count_kinds, request_keys) THEN
        started_at := NULL;
    ELSE
        BEGIN
            IF cardinality(guard_streams) > 0 THEN
                PERFORM log.check_guards(guard_streams, guard_versions);
            END IF;
            PERFORM log.check_versions(streams, versions);
            IF cardinality(text_ids) > 0 THEN
                PERFORM log.keep_texts(text_ids, text_scopes, text_salts, text_digests, text_contents);
            END IF;
            IF cardinality(key_kinds) > 0 THEN
                PERFORM log.claim_keys(key_kinds, key_names, key_streams);
            END IF;
            IF cardinality(link_kinds) > 0 THEN
                PERFORM log.keep_links(link_kinds, link_sources, link_targets);
            END IF;
            SELECT e.position, greatest(clock_timestamp(), e.recorded_at + interval '1 microsecond')
            INTO last_position, started_at
            FROM log.events e ORDER BY e.position DESC LIMIT 1;
            last_position := coalesce(last_position, 0);
            started_at := coalesce(started_at, clock_timestamp());
            PERFORM log.insert_events(streams, versions, topics, states, last_position, started_at);
        EXCEPTION
            WHEN SQLSTATE 'FR001' OR SQLSTATE 'FR002' OR SQLSTATE 'FR003' OR SQLSTATE 'FR004'
                OR data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
                started_at := NULL;
        END;
    END IF;

    FOR member IN 1 .. members LOOP
        error_state := NULL;
        error_message := NULL;
        error_detail := NULL;
        IF started_at IS NOT NULL THEN
            first_position := CASE WHEN event_counts[member] > 0 THEN last_position + events + 1 END;
            event_count := event_counts[member];
            head := last_position + cardinality(streams);
            recorded_at := started_at + (events + greatest(event_counts[member], 1) - 1) * interval '1 microsecond';
            replayed := false;
            answer := request_answers[member];
            IF request_keys[member] IS NOT NULL THEN
                INSERT INTO log.requests (key, body_hash, answer, first_position, event_count, recorded_at)
                VALUES (request_keys[member], request_hashes[member], answer, first_position, event_count, recorded_at);
            END IF;
        ELSE
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
        END IF;
        RETURN NEXT;
        events := events + event_counts[member];
        guards := guards + guard_counts[member];
        counted := counted + count_counts[member];
        keys := keys + key_counts[member];
        links := links + link_counts[member];
        texts := texts + text_counts[member];
    END LOOP;

    IF started_at IS NOT NULL AND cardinality(streams) > 0 THEN
        PERFORM pg_notify('frenemies_log', head::text);
    END IF;
END $$;


-- Whether members have to be judged one after the other: one guards a stream that another one appends to, one counts
-- links, or a request was answered before or is there twice.
CREATE FUNCTION log.bear_on_each_other(streams text[], guard_streams text[], count_kinds text[], request_keys text[])
RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    given text[] := array_remove(request_keys, NULL);
BEGIN
    IF cardinality(count_kinds) > 0 OR guard_streams && streams THEN
        RETURN true;
    END IF;
    RETURN cardinality(given) > 0 AND (
        EXISTS (SELECT FROM log.requests r WHERE r.key = ANY (given))
        OR cardinality(given) > (SELECT count(DISTINCT key) FROM unnest(given) AS key));
END $$;
