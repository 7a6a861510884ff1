"""A Merkle tree cut into tiles, as it is stored (C2SP tlog-tiles): 256 hashes of one level, side by side.

The tile (level, number) holds the hashes of the node (8 * level, 256 * number) and the 255 after it. A tile with all of
them is full and never changes; those at the right edge of the tree are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from events.merkle import HASH_BYTES, Node, perfect_root, root_at

WIDTH = 256
HEIGHT = 8
TILE_BYTES = WIDTH * HASH_BYTES
Place = tuple[int, int]
"""Level and number of a tile."""
Result = TypeVar("Result")


class Tile(NamedTuple):
    """A tile with the hashes that it holds, one after the other."""

    level: int
    number: int
    hashes: bytes


class Edge:
    """The tiles at the right edge of a tree, one for each level, that are not full."""

    def __init__(self, size: int = 0, tiles: Iterable[Tile] = ()) -> None:
        """The edge of a tree of `size` leaves. ValueError when the tiles are not those of such a tree."""
        self.size = size
        self._rows = [bytearray(tile.hashes) for tile in sorted(tiles)]
        while WIDTH ** len(self._rows) <= size:
            self._rows.append(bytearray())
        expected = [size // WIDTH**level % WIDTH * HASH_BYTES for level in range(len(self._rows))]
        if [len(row) for row in self._rows] != expected:
            raise ValueError(f"the edge does not fit a tree of {size} leaves")

    def extend(self, hashes: Iterable[bytes]) -> list[Tile]:
        """Adds leaf hashes, and gives the tiles that became full."""
        full: list[Tile] = []
        for leaf in hashes:
            self._push(0, leaf, full)
            self.size += 1
        return full

    def tiles(self) -> list[Tile]:
        """The tiles of the edge, the lowest level first."""
        return [Tile(level, self.size // WIDTH ** (level + 1), bytes(row)) for level, row in enumerate(self._rows)]

    def root(self) -> bytes:
        """The root of the tree."""
        return root_at(self.size, nodes_in({tile[:2]: tile.hashes for tile in self.tiles()}))

    def _push(self, level: int, found: bytes, full: list[Tile]) -> None:
        if level == len(self._rows):
            self._rows.append(bytearray())
        row = self._rows[level]
        row += found
        if len(row) == TILE_BYTES:
            hashes = bytes(row)
            full.append(Tile(level, self.size // WIDTH ** (level + 1), hashes))
            row.clear()
            self._push(level + 1, perfect_root(split(hashes)), full)


def split(hashes: bytes) -> list[bytes]:
    """The single hashes of a tile."""
    return [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]


def nodes_in(tiles: Mapping[Place, bytes]) -> Node:
    """The nodes that stand in these tiles or follow from them; LookupError for any other."""

    def node(level: int, index: int) -> bytes:
        place, first, count = _where(level, index)
        hashes = tiles[place][first * HASH_BYTES : (first + count) * HASH_BYTES]
        if len(hashes) != count * HASH_BYTES:
            raise LookupError(f"the tile {place} does not hold the node ({level}, {index})")
        return perfect_root(split(hashes))

    return node


def computed(wanted: Callable[[Node], Result], load: Callable[[Sequence[Place]], Mapping[Place, bytes]]) -> Result:
    """What `wanted` makes of the nodes of a stored tree, with the tiles for it loaded all at once."""
    places: set[Place] = set()

    def note(level: int, index: int) -> bytes:
        places.add(_where(level, index)[0])
        return bytes(HASH_BYTES)

    wanted(note)
    return wanted(nodes_in(load(sorted(places))))


def _where(level: int, index: int) -> tuple[Place, int, int]:
    """The tile of a node, and which of its hashes lie below the node: the first, and how many."""
    below = level % HEIGHT
    first = index << below
    return (level // HEIGHT, first // WIDTH), first % WIDTH, 1 << below
