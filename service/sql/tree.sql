-- name: introduce
-- Notes under which name, and with which key if any, checkpoints are signed from now on.
UPDATE log.tree SET origin = %(origin)s::text, key = %(key)s::text
WHERE (origin, key) IS DISTINCT FROM (%(origin)s::text, %(key)s::text)
RETURNING size;

-- name: tree
-- How far the tree and the log are, the name of the log, and the key of checkpoints to come.
SELECT t.size, (SELECT coalesce(max(position), 0) FROM log.events) AS head, t.origin, t.key FROM log.tree t;

-- name: edge
-- The size of the tree with the tiles at its right edge.
SELECT t.size, e.level, e.tile, e.hashes FROM log.tree t LEFT JOIN log.tree_edge e ON true ORDER BY e.level;

-- name: lock
-- The size of the tree, held until the end of the transaction.
SELECT size FROM log.tree FOR UPDATE;

-- name: put_tiles
-- Enters tiles that are full.
INSERT INTO log.tiles (level, tile, hashes)
SELECT * FROM unnest(%(levels)s::smallint[], %(tiles)s::bigint[], %(hashes)s::bytea[]);

-- name: put_edge
-- Enters the tiles at the right edge as they are now.
INSERT INTO log.tree_edge (level, tile, hashes)
SELECT * FROM unnest(%(levels)s::smallint[], %(tiles)s::bigint[], %(hashes)s::bytea[])
ON CONFLICT (level) DO UPDATE SET tile = excluded.tile, hashes = excluded.hashes
WHERE (tree_edge.tile, tree_edge.hashes) IS DISTINCT FROM (excluded.tile, excluded.hashes);

-- name: advance
-- Notes the new size.
UPDATE log.tree SET size = %(size)s::bigint;

-- name: tiles
-- Some tiles, full or at the edge.
WITH wanted AS (SELECT * FROM unnest(%(levels)s::smallint[], %(tiles)s::bigint[]) AS w(level, tile))
SELECT t.level, t.tile, t.hashes FROM log.tiles t JOIN wanted USING (level, tile)
UNION ALL
SELECT e.level, e.tile, e.hashes FROM log.tree_edge e JOIN wanted USING (level, tile);

-- name: events
-- The next events of the log as the bytes that they are hashed from, up to a position; one more than can be right.
SELECT position, convert_to(stream, 'UTF8'), version, convert_to(topic, 'UTF8'), state, timestamptz_send(recorded_at)
FROM log.events WHERE position > %(after)s::bigint AND position <= %(until)s::bigint
ORDER BY position LIMIT %(until)s::bigint - %(after)s::bigint + 1;

-- name: event
-- One event as the bytes that it is hashed from.
SELECT position, convert_to(stream, 'UTF8'), version, convert_to(topic, 'UTF8'), state, timestamptz_send(recorded_at)
FROM log.events WHERE position = %(position)s::bigint;

-- name: outside
-- The first event that is at no position of the log, if any: the constraints do not let one in.
SELECT position FROM log.events WHERE position IS NULL OR position < 1 ORDER BY position LIMIT 1;

-- name: out_of_turn
-- The first event between two positions that does not follow the version before it in its stream, if any.
SELECT min(e.position) FROM log.events e
LEFT JOIN LATERAL (
    SELECT b.position FROM log.events b WHERE b.stream = e.stream AND b.version = e.version - 1 LIMIT 1
) earlier ON true
WHERE e.position > %(after)s::bigint AND e.position <= %(until)s::bigint
    AND e.version > 1 AND (earlier.position IS NULL OR earlier.position >= e.position);

-- name: publish
-- Stores a checkpoint and appends the event that tells of it; see log.publish_checkpoint.
SELECT log.publish_checkpoint(
    %(number)s::integer, %(size)s::bigint, %(root)s::bytea, %(key)s::text, %(note)s::text,
    %(topic)s::text, %(state)s::bytea);

-- name: newest_checkpoint
-- The last checkpoint.
SELECT number, size, root, key, note, position FROM log.checkpoints ORDER BY number DESC LIMIT 1;

-- name: checkpoint
-- The checkpoint of one size.
SELECT number, size, root, key, note, position FROM log.checkpoints WHERE size = %(size)s::bigint;

-- name: next_checkpoint
-- The first checkpoint that covers a position.
SELECT number, size, root, key, note, position FROM log.checkpoints
WHERE size >= %(position)s::bigint ORDER BY size LIMIT 1;

-- name: checkpoints
-- The checkpoints of sizes between two.
SELECT number, size, root, key, note, position FROM log.checkpoints
WHERE size > %(after)s::bigint AND size <= %(until)s::bigint ORDER BY size;

-- name: announced
-- The checkpoints of which the log tells between two positions, or should.
SELECT position, note FROM log.checkpoints
WHERE position > %(after)s::bigint AND position <= %(until)s::bigint;

-- name: checkpoint_keys
-- The verifier keys of all checkpoints, in the order of their first use, each with the size from which it was used.
SELECT k.key, min(c.size) FROM log.checkpoint_keys k JOIN log.checkpoints c ON c.key = k.key
GROUP BY k.number, k.key ORDER BY k.number;

-- name: epoch
-- The identity of the log.
SELECT epoch FROM log.epoch;

-- name: restores
-- Each time that the log was put back, the first one first.
SELECT number, restored_at, restored_by, made_at, position, vouched, is_lost, from_epoch, epoch
FROM log.restores ORDER BY number;
