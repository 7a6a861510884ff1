"""Tiles: a tree grown in any steps is the tree of all its leaves, and every proof follows from its tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    perfect_root,
    root_at,
)
from events.tiles import TILE_BYTES, WIDTH, Edge, Place, Tile, computed, nodes_in, split

MOST = 3 * WIDTH
LEAVES = [leaf_hash(n.to_bytes(4, "big")) for n in range(MOST)]
sizes = st.integers(1, MOST)


def grown(size: int) -> tuple[Edge, list[Tile]]:
    edge = Edge()
    return edge, edge.extend(LEAVES[:size])


def stored(size: int) -> dict[Place, bytes]:
    edge, full = grown(size)
    return {tile[:2]: tile.hashes for tile in [*full, *edge.tiles()]}


def defined_root(size: int) -> bytes:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    return frontier.root()


@given(st.lists(st.integers(0, MOST), max_size=5))
def test_it_does_not_matter_in_which_steps_a_tree_grows(stops: list[int]) -> None:
    edge, full = Edge(), []
    for stop in [*sorted(stops), MOST]:
        full += edge.extend(LEAVES[edge.size : stop])
        edge = Edge(edge.size, edge.tiles())
    assert (edge.tiles(), full) == (grown(MOST)[0].tiles(), grown(MOST)[1])


def test_full_tiles_hold_256_hashes_and_their_root_stands_above_them() -> None:
    edge, full = grown(WIDTH + 3)
    assert full == [Tile(0, 0, b"".join(LEAVES[:WIDTH]))]
    assert edge.tiles() == [
        Tile(0, 1, b"".join(LEAVES[WIDTH : WIDTH + 3])),
        Tile(1, 0, perfect_root(LEAVES[:WIDTH])),
    ]


def test_a_tile_of_the_second_level_becomes_full_with_the_256th_below_it() -> None:
    one = leaf_hash(b"")
    edge = Edge()
    full = edge.extend([one] * WIDTH * WIDTH)
    assert [tile[:2] for tile in full[-2:]] == [(0, WIDTH - 1), (1, 0)]
    assert edge.tiles() == [Tile(0, WIDTH, b""), Tile(1, 1, b""), Tile(2, 0, perfect_root([one] * WIDTH * WIDTH))]
    assert edge.root() == perfect_root([one] * WIDTH * WIDTH)


@given(sizes)
def test_the_edge_knows_the_root(size: int) -> None:
    assert grown(size)[0].root() == defined_root(size)


@given(st.data(), sizes)
def test_proofs_follow_from_the_tiles_of_a_larger_tree(data: st.DataObject, size: int) -> None:
    tiles = stored(data.draw(st.integers(size, MOST)))
    node = nodes_in(tiles)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert root_at(size, node) == defined_root(size)
    assert is_included(LEAVES[index], index, size, inclusion_proof(index, size, node), defined_root(size))
    proof = consistency_proof(first, size, node)
    assert is_consistent(first, size, proof, defined_root(first), defined_root(size))


@given(sizes)
def test_only_the_tiles_that_are_needed_are_loaded_and_all_at_once(size: int) -> None:
    tiles, asked = stored(MOST), []

    def load(places: Sequence[Place]) -> Mapping[Place, bytes]:
        asked.append(list(places))
        return {place: tiles[place] for place in places}

    assert computed(lambda node: root_at(size, node), load) == defined_root(size)
    assert len(asked) == 1
    assert len(asked[0]) <= 2


def test_a_node_that_is_not_there_is_missed() -> None:
    node = nodes_in(stored(10))
    with pytest.raises(LookupError):
        node(0, 10)
    with pytest.raises(LookupError):
        node(0, WIDTH)


@pytest.mark.parametrize(
    ("size", "tiles"),
    [(1, []), (0, [Tile(0, 0, bytes(32))]), (2, [Tile(0, 0, bytes(63))]), (WIDTH, [Tile(0, 1, b"")])],
)
def test_an_edge_of_another_tree_is_refused(size: int, tiles: list[Tile]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Edge(size, tiles)


def test_a_tile_is_split_into_its_hashes() -> None:
    assert split(b"".join(LEAVES[:WIDTH])) == LEAVES[:WIDTH]
    assert TILE_BYTES == 32 * WIDTH
