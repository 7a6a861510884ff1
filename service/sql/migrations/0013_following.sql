-- A log that is taken over from another service, its leader, event by event as they stand there. It takes no others.

CREATE TABLE log.following (
    only_row        boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    leader          text        NOT NULL,
    began_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    keys            text[]      NOT NULL DEFAULT '{}',
    leader_position bigint      NOT NULL DEFAULT 0,
    heard_at        timestamptz,
    even_at         timestamptz,
    error           text,
    is_halted       boolean     NOT NULL DEFAULT false
);
COMMENT ON TABLE log.following IS 'The leader, the verifier keys that are trusted for its checkpoints, its head as last heard of, when that was and when all up to it was here; what went wrong last, and whether it ended the taking over. Without a row the log follows nobody.';


-- All that is appended passes here; what is taken over does not.
CREATE OR REPLACE FUNCTION log.insert_events(
    streams text[], versions integer[], topics text[], states bytea[], head bigint, started_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM log.following) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'FR008',
            MESSAGE = 'the log follows another one and takes no events of its own',
            DETAIL = (SELECT json_build_object('leader', f.leader)::text FROM log.following f);
    END IF;
    INSERT INTO log.events (position, stream, version, topic, state, recorded_at)
    SELECT head + e.place, e.stream, e.version, e.topic, e.state, started_at + (e.place - 1) * interval '1 microsecond'
    FROM unnest(streams, versions, topics, states) WITH ORDINALITY AS e(stream, version, topic, state, place);
END $$;


-- Has an empty log follow the one of an epoch; one that follows it already goes on, wherever that is found now.
CREATE FUNCTION log.begin_following(leader text, wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    own uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(7310271027);
    SELECT e.epoch INTO own FROM log.epoch e;
    IF EXISTS (SELECT FROM log.following) THEN
        IF own <> wanted THEN
            RAISE EXCEPTION USING
                ERRCODE = 'FR010',
                MESSAGE = 'the log follows one of another epoch',
                DETAIL = json_build_object('own', own, 'wanted', wanted)::text;
        END IF;
        UPDATE log.following f SET leader = begin_following.leader;
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM log.events) THEN
        RAISE EXCEPTION USING ERRCODE = 'FR011', MESSAGE = 'the log has events of its own';
    END IF;
    UPDATE log.epoch SET epoch = wanted;
    INSERT INTO log.following (leader) VALUES (leader);
END $$;


-- The next events of the leader, each at its position and with the instant at which it was recorded there, with all that
-- goes with them; all of it or nothing. A date that a claim takes from another one (`dated_*`) may name that one by its
-- ref. The tree is that over all events up to the last of these.
CREATE FUNCTION log.take_over(
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
CREATE FUNCTION log.take_over_texts(ids uuid[], scopes text[], salts bytea[], digests text[], contents text[])
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
    ON CONFLICT DO NOTHING;
END $$;
