-- Erasing: an event in the log says of which texts nobody is told again, and with it they are gone. One transaction does both.

CREATE TABLE log.erased (
    reference uuid   PRIMARY KEY,
    position  bigint NOT NULL
);
COMMENT ON TABLE log.erased IS 'The references of texts that were erased, with the event that says so. No text comes back under one of them.';

CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON log.erased
    FOR EACH ROW EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log.erased
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
-- ALWAYS: also while session_replication_role is replica.
ALTER TABLE log.erased ENABLE ALWAYS TRIGGER refuse_row_change;
ALTER TABLE log.erased ENABLE ALWAYS TRIGGER refuse_change;

ALTER TABLE log.erasures ADD COLUMN position bigint NOT NULL DEFAULT 0;
COMMENT ON TABLE log.erasures IS 'How many statements have changed or deleted texts, and the last event that tells of it: copies of names are in the read tables until these have taken it in.';


-- Forgets the texts of which events after a position say that they were erased.
CREATE FUNCTION log.forget_told(after bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    told record;
    ids uuid[];
BEGIN
    FOR told IN
        SELECT e.position, e.state FROM log.events e
        WHERE e.stream = 'log-erasures' AND e.position + 0 > after AND e.topic ~ '^TextsErased[.]'
        ORDER BY e.version
    LOOP
        SELECT array_agg(r.reference::uuid) INTO ids
        FROM json_array_elements_text(convert_from(told.state, 'UTF8')::json -> 'references') AS r(reference);
        INSERT INTO log.erased (reference, position)
        SELECT DISTINCT i.reference, told.position FROM unnest(ids) AS i(reference)
        ON CONFLICT DO NOTHING;
        DELETE FROM log.texts t WHERE t.reference = ANY (ids);
        UPDATE log.erasures SET position = told.position;
    END LOOP;
END $$;


-- All that who erases may do: append the event that names what is erased, and with it forget that. It gives its position.
CREATE FUNCTION log.erase(topic text, state bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_variable
DECLARE
    version integer;
    position bigint;
BEGIN
    IF topic !~ '^TextsErased[.]v[0-9]+$' OR coalesce(
        json_array_length(convert_from(state, 'UTF8')::json -> 'references'), 0) = 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'FR012', MESSAGE = 'this event erases nothing';
    END IF;
    PERFORM pg_advisory_xact_lock(7310271027);
    SELECT coalesce(max(e.version), 0) + 1 INTO version FROM log.events e WHERE e.stream = 'log-erasures';
    SELECT appended.first_position INTO position
    FROM log.append(
        streams => ARRAY['log-erasures'], versions => ARRAY[version], topics => ARRAY[topic], states => ARRAY[state],
        guard_streams => '{}', guard_versions => '{}',
        count_kinds => '{}', count_targets => '{}', count_links => '{}',
        key_kinds => '{}', key_names => '{}', key_streams => '{}',
        link_kinds => '{}', link_sources => '{}', link_targets => '{}',
        text_ids => '{}', text_scopes => '{}', text_salts => '{}', text_digests => '{}', text_contents => '{}',
        request_key => NULL, request_hash => NULL, request_answer => NULL) AS appended;
    PERFORM log.forget_told(position - 1);
    RETURN position;
END $$;


-- A text that comes under the reference of one that was erased was decided on before that: it is decided on anew.
CREATE OR REPLACE FUNCTION log.keep_texts(ids uuid[], scopes text[], salts bytea[], digests text[], contents text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    taken record;
BEGIN
    SELECT t.scope, t.reference
    INTO taken
    FROM unnest(ids, scopes) WITH ORDINALITY AS t(reference, scope, place)
    WHERE EXISTS (SELECT FROM log.erased d WHERE d.reference = t.reference)
    ORDER BY t.place LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR004',
            MESSAGE = 'a text with this reference was erased',
            DETAIL = json_build_object('scope', taken.scope, 'reference', taken.reference)::text;
    END IF;

    INSERT INTO log.texts (reference, scope, salt, digest, content, content_sha256)
    SELECT reference, scope, salt, digest, content, sha256(convert_to(content, 'UTF8'))
    FROM unnest(ids, scopes, salts, digests, contents) WITH ORDINALITY
        AS t(reference, scope, salt, digest, content, place)
    ORDER BY place
    ON CONFLICT (scope, content_sha256) DO NOTHING;

    SELECT t.scope, kept.reference
    INTO taken
    FROM unnest(ids, scopes, contents) WITH ORDINALITY AS t(reference, scope, content, place)
    CROSS JOIN LATERAL (
        SELECT k.reference FROM log.texts k
        WHERE k.scope = t.scope AND k.content_sha256 = sha256(convert_to(t.content, 'UTF8')) LIMIT 1
    ) kept
    WHERE kept.reference <> t.reference
    ORDER BY t.place LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR004',
            MESSAGE = 'a text is stored under another reference',
            DETAIL = json_build_object('scope', taken.scope, 'reference', taken.reference)::text;
    END IF;
END $$;


-- As before; what is erased is forgotten here, too, and does not come back.
CREATE OR REPLACE FUNCTION log.take_over(
    first bigint, streams text[], versions integer[], topics text[], states bytea[], instants timestamptz[],
    key_kinds text[], key_names text[], key_streams text[],
    link_kinds text[], link_sources text[], link_targets text[],
    dated_kinds text[], dated_sources text[], dated_refs text[],
    text_ids uuid[], text_scopes text[], text_salts bytea[], text_digests text[], text_contents text[],
    checkpoint_places integer[], checkpoint_sizes bigint[], checkpoint_roots bytea[], checkpoint_keys text[],
    checkpoint_notes text[],
    full_levels smallint[], full_tiles bigint[], full_hashes bytea[],
    edge_levels smallint[], edge_tiles bigint[], edge_hashes bytea[],
    leader_head bigint, is_even boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    head bigint;
    last_recorded_at timestamptz;
    after bigint := first - 1 + cardinality(streams);
BEGIN
    PERFORM pg_advisory_xact_lock(7310271027);
    IF NOT EXISTS (SELECT FROM log.following) THEN
        RAISE EXCEPTION USING ERRCODE = 'FR009', MESSAGE = 'the log follows nobody';
    END IF;
    SELECT e.position, e.recorded_at INTO head, last_recorded_at
    FROM log.events e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    IF first <> head + 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR009', MESSAGE = format('the log is at %s, so %s is not the next position', head, first);
    END IF;
    IF EXISTS (
        SELECT FROM (
            SELECT i.instant, lag(i.instant, 1, last_recorded_at) OVER (ORDER BY i.place) AS before
            FROM unnest(instants) WITH ORDINALITY AS i(instant, place)
        ) told WHERE told.instant <= told.before) THEN
        RAISE EXCEPTION USING ERRCODE = 'FR012', MESSAGE = 'an event was recorded no later than the one before it';
    END IF;
    PERFORM log.check_versions(streams, versions);

    INSERT INTO log.events (position, stream, version, topic, state, recorded_at)
    SELECT first - 1 + e.place, e.stream, e.version, e.topic, e.state, e.instant
    FROM unnest(streams, versions, topics, states, instants) WITH ORDINALITY
        AS e(stream, version, topic, state, instant, place);

    INSERT INTO log.keys (kind, key, stream)
    SELECT k.kind, k.key, k.stream FROM unnest(key_kinds, key_names, key_streams) WITH ORDINALITY
        AS k(kind, key, stream, place)
    ORDER BY k.place
    ON CONFLICT (kind, key) DO NOTHING;
    INSERT INTO log.links (kind, source, target)
    SELECT l.kind, l.source, l.target FROM unnest(link_kinds, link_sources, link_targets) AS l(kind, source, target)
    UNION ALL
    SELECT d.kind, d.source, k.stream
    FROM unnest(dated_kinds, dated_sources, dated_refs) AS d(kind, source, ref)
    CROSS JOIN LATERAL (SELECT o.stream FROM log.keys o WHERE o.kind = 'ref' AND o.key = d.ref LIMIT 1) k
    ON CONFLICT DO NOTHING;

    IF cardinality(text_ids) > 0 THEN
        PERFORM log.take_over_texts(text_ids, text_scopes, text_salts, text_digests, text_contents);
    END IF;
    PERFORM log.forget_told(head);

    INSERT INTO log.checkpoints (number, size, root, key, note, position, signed_at)
    SELECT versions[c.place], c.size, c.root, c.key, c.note, first - 1 + c.place, instants[c.place]
    FROM unnest(checkpoint_places, checkpoint_sizes, checkpoint_roots, checkpoint_keys, checkpoint_notes)
        AS c(place, size, root, key, note)
    ORDER BY c.place;
    INSERT INTO log.checkpoint_keys (key)
    SELECT k.key FROM unnest(checkpoint_keys) WITH ORDINALITY AS k(key, place)
    WHERE NOT EXISTS (SELECT FROM log.checkpoint_keys o WHERE o.key = k.key)
    GROUP BY k.key ORDER BY min(k.place);

    INSERT INTO log.tiles (level, tile, hashes) SELECT * FROM unnest(full_levels, full_tiles, full_hashes);
    INSERT INTO log.tree_edge (level, tile, hashes) SELECT * FROM unnest(edge_levels, edge_tiles, edge_hashes)
    ON CONFLICT (level) DO UPDATE SET tile = excluded.tile, hashes = excluded.hashes
    WHERE (tree_edge.tile, tree_edge.hashes) IS DISTINCT FROM (excluded.tile, excluded.hashes);
    UPDATE log.tree SET size = after WHERE size = head;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'FR012', MESSAGE = 'the tree of the log is not that of its events';
    END IF;

    UPDATE log.following SET
        leader_position = greatest(leader_position, leader_head, after), heard_at = clock_timestamp(), error = NULL, is_halted = false,
        even_at = CASE WHEN is_even THEN clock_timestamp() ELSE even_at END;
    PERFORM pg_notify('frenemies_log', after::text);
END $$;


-- A text that comes under another reference than before was forgotten by the leader in between.
CREATE OR REPLACE FUNCTION log.take_over_texts(ids uuid[], scopes text[], salts bytea[], digests text[], contents text[])
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(ids, scopes, contents) AS t(reference, scope, content)
        JOIN log.texts k ON k.scope = t.scope AND k.content_sha256 = sha256(convert_to(t.content, 'UTF8'))
        WHERE k.reference <> t.reference) THEN
        DELETE FROM log.texts k USING unnest(ids, scopes, contents) AS t(reference, scope, content)
        WHERE k.scope = t.scope AND k.content_sha256 = sha256(convert_to(t.content, 'UTF8'))
            AND k.reference <> t.reference;
    END IF;
    INSERT INTO log.texts (reference, scope, salt, digest, content, content_sha256)
    SELECT reference, scope, salt, digest, content, sha256(convert_to(content, 'UTF8'))
    FROM unnest(ids, scopes, salts, digests, contents) AS t(reference, scope, salt, digest, content)
    WHERE NOT EXISTS (SELECT FROM log.erased d WHERE d.reference = t.reference)
    ON CONFLICT DO NOTHING;
END $$;
