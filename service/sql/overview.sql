-- name: log
-- The last position, the identity of the log, how many events no signed checkpoint covers, but for the one that tells of
-- the last, and that checkpoint.
SELECT h.position, e.epoch, greatest(h.position - coalesce(c.size + 1, 0), 0) AS uncovered, c.size, c.root, c.signed_at
FROM log.epoch e
CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM log.events) h
LEFT JOIN LATERAL (SELECT size, root, signed_at FROM log.checkpoints ORDER BY number DESC LIMIT 1) c ON true;
