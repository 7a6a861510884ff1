-- name: begin
-- Has an empty log follow the one of an epoch; see log.begin_following.
SELECT log.begin_following(%(leader)s::text, %(epoch)s::uuid);

-- name: take_over
-- Takes over the next events; see log.take_over.
SELECT log.take_over(
    %(first)s::bigint, %(streams)s::text[], %(versions)s::integer[], %(topics)s::text[], %(states)s::bytea[],
    %(instants)s::timestamptz[],
    %(key_kinds)s::text[], %(key_names)s::text[], %(key_streams)s::text[],
    %(link_kinds)s::text[], %(link_sources)s::text[], %(link_targets)s::text[],
    %(dated_kinds)s::text[], %(dated_sources)s::text[], %(dated_refs)s::text[],
    %(text_ids)s::uuid[], %(text_scopes)s::text[], %(text_salts)s::bytea[], %(text_digests)s::text[],
    %(text_contents)s::text[],
    %(checkpoint_places)s::integer[], %(checkpoint_sizes)s::bigint[], %(checkpoint_roots)s::bytea[],
    %(checkpoint_keys)s::text[], %(checkpoint_notes)s::text[],
    %(full_levels)s::smallint[], %(full_tiles)s::bigint[], %(full_hashes)s::bytea[],
    %(edge_levels)s::smallint[], %(edge_tiles)s::bigint[], %(edge_hashes)s::bytea[],
    %(leader_head)s::bigint, %(is_even)s::boolean);

-- name: hear
-- Notes that the leader was heard of, and how far it is; null is as far as before.
UPDATE log.following SET
    heard_at = clock_timestamp(), leader_position = greatest(leader_position, %(leader_head)s::bigint),
    even_at = CASE WHEN %(is_even)s::boolean THEN clock_timestamp() ELSE even_at END,
    error = CASE WHEN %(is_even)s::boolean THEN NULL ELSE error END,
    is_halted = is_halted AND NOT %(is_even)s::boolean
RETURNING leader;

-- name: fail
-- Notes what went wrong, and whether it ended the taking over.
UPDATE log.following SET error = %(error)s::text, is_halted = %(is_halted)s::boolean RETURNING leader;

-- name: trust
-- Notes which keys are trusted for the checkpoints of the leader.
UPDATE log.following SET keys = %(keys)s::text[] RETURNING leader;

-- name: introduce
-- Notes under which name, and with which key if any, the leader signs checkpoints.
UPDATE log.tree SET origin = %(origin)s::text, key = %(key)s::text
WHERE (origin, key) IS DISTINCT FROM (%(origin)s::text, %(key)s::text)
RETURNING size;

-- name: following
-- Whom the log follows, if anybody, and how far that is: the seconds since everything the leader was known to have was
-- here (0 while it is, and the leader was heard of lately), and the size of the last checkpoint that was checked; what the
-- leader knows it by, and whether everything was ever here.
SELECT f.leader, h.position, greatest(f.leader_position, h.position) AS leader_position,
    CASE WHEN f.leader_position <= h.position AND f.heard_at > clock_timestamp() - %(lately)s::float8 * interval '1 second'
        AND f.even_at IS NOT NULL THEN 0
        ELSE extract(epoch FROM clock_timestamp() - coalesce(f.even_at, f.began_at))::float8 END AS lag_seconds,
    (SELECT coalesce(max(c.size), 0) FROM log.checkpoints c) AS verified_size, f.error, f.is_halted, f.keys,
    f.id, f.even_at IS NOT NULL AS was_even
FROM log.following f
CROSS JOIN (SELECT coalesce(max(e.position), 0) AS position FROM log.events e) h;
