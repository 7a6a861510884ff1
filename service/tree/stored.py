"""The hashes of the stored tree as of one moment, page by page, for who reads the log in order."""

from __future__ import annotations

from events.merkle import HASH_BYTES
from events.tiles import WIDTH, Place
from service.tree.reading import TreeReader


class StoredHashes:
    """A tree of `size` events. The tiles at its edge are taken at the beginning, for they change as it grows."""

    def __init__(self, reader: TreeReader) -> None:
        """TreeDamaged when the edge is not that of a tree of its size."""
        self._reader = reader
        edge = reader.edge()
        self.size = edge.size
        self._edge = {(tile.level, tile.number): tile.hashes for tile in edge.tiles()}
        self._page: dict[Place, bytes] = {}

    def turn_to(self, after: int, until: int) -> None:
        """Loads the tiles over the events after a position and up to another, which lie in one tile of level 1."""
        places = [(0, index) for index in range(after // WIDTH, -(-until // WIDTH))]
        places += [(level, after // WIDTH ** (level + 1)) for level in range(1, len(self._edge))]
        self._page = {**self._reader.tiles(places), **self._edge}

    def row(self, level: int, index: int) -> bytes:
        """What a tile of this page holds; nothing where it is missing."""
        return self._page.get((level, index), b"")

    def entry(self, level: int, index: int) -> bytes | None:
        """The hash of the node (8 * level, index), on this page; None where the tree is too small to have it."""
        if (index + 1) * WIDTH**level > self.size:
            return None
        start = index % WIDTH * HASH_BYTES
        return self.row(level, index // WIDTH)[start : start + HASH_BYTES]
