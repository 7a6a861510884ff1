"""Roots and proofs, against the definition of RFC 6962 (section 2.1) written down as it stands there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    peaks,
    perfect_root,
    root_at,
)

MOST = 70
LEAVES = [leaf_hash(bytes([n])) for n in range(MOST)]
sizes = st.integers(1, MOST)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(count: int) -> int:
    """The largest power of two smaller than the count."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of the RFC, over leaf hashes."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:]))


def defined_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of the RFC."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*defined_path(index, leaves[:k]), defined_root(leaves[k:])]
    return [*defined_path(index - k, leaves[k:]), defined_root(leaves[:k])]


def defined_proof(first: int, leaves: Sequence[bytes], is_whole: bool = True) -> list[bytes]:
    """SUBPROOF of the RFC."""
    if first == len(leaves):
        return [] if is_whole else [defined_root(leaves)]
    k = split(len(leaves))
    if first <= k:
        return [*defined_proof(first, leaves[:k], is_whole), defined_root(leaves[k:])]
    return [*defined_proof(first - k, leaves[k:], False), defined_root(leaves[:k])]


def nodes_of(leaves: Sequence[bytes]) -> Node:
    """Nodes, each of which stands over leaves that all exist."""

    def node(level: int, index: int) -> bytes:
        below = leaves[index << level : (index + 1) << level]
        assert len(below) == 1 << level
        return defined_root(below)

    return node


def test_leaves_and_nodes_are_hashed_apart() -> None:
    assert leaf_hash(b"abc") == sha256(b"\x00abc")
    assert node_hash(b"a" * 32, b"b" * 32) == sha256(b"\x01" + b"a" * 32 + b"b" * 32)


# The first leaves of the test data of Certificate Transparency, and the root after each.
KNOWN = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
]


def test_known_trees_have_their_roots() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    frontier = Frontier()
    for leaf, root in KNOWN:
        frontier.append(leaf_hash(bytes.fromhex(leaf)))
        assert frontier.root().hex() == root


@given(st.integers(0, MOST))
def test_a_frontier_has_the_root_of_all_its_leaves(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    assert frontier.size == size
    assert frontier.root() == defined_root(LEAVES[:size]) == root_at(size, nodes_of(LEAVES))


@given(st.lists(st.integers(0, 4), max_size=12))
def test_whole_subtrees_can_be_appended_where_they_fit(levels: list[int]) -> None:
    frontier, leaves = Frontier(), [leaf_hash(bytes([n, n])) for n in range(256)]
    for level in levels:
        if frontier.size % (1 << level) == 0:
            frontier.append(perfect_root(leaves[frontier.size : frontier.size + (1 << level)]), level)
    assert frontier.root() == defined_root(leaves[: frontier.size])


@given(sizes)
def test_a_frontier_goes_on_from_its_peaks(size: int) -> None:
    node = nodes_of(LEAVES)
    frontier = Frontier(size, [node(*peak) for peak in peaks(size)])
    frontier.append(leaf_hash(b"next"))
    assert frontier.root() == defined_root([*LEAVES[:size], leaf_hash(b"next")])


@given(st.data(), sizes)
def test_inclusion_is_proved_as_defined(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, nodes_of(LEAVES))
    assert proof == defined_path(index, LEAVES[:size])
    assert is_included(LEAVES[index], index, size, proof, defined_root(LEAVES[:size]))


@given(st.data(), sizes)
def test_consistency_is_proved_as_defined(data: st.DataObject, second: int) -> None:
    first = data.draw(st.integers(1, second))
    proof = consistency_proof(first, second, nodes_of(LEAVES))
    assert proof == defined_proof(first, LEAVES[:second])
    assert is_consistent(first, second, proof, defined_root(LEAVES[:first]), defined_root(LEAVES[:second]))


def broken(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    """The proof with one step changed, left out, or put in."""
    other = leaf_hash(b"other")
    place = data.draw(st.integers(0, len(proof)))
    changed = [*proof[:place], other, *proof[place + 1 :]]
    return data.draw(st.sampled_from([changed, [*proof[:place], other, *proof[place:]], proof[:-1] or [other]]))


@given(st.data(), st.integers(2, MOST))
def test_a_broken_proof_of_inclusion_is_refused(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root = defined_path(index, LEAVES[:size]), defined_root(LEAVES[:size])
    assert not is_included(LEAVES[index], index, size, broken(proof, data), root)
    assert not is_included(leaf_hash(b"other"), index, size, proof, root)
    assert not is_included(LEAVES[index], index, size, proof, leaf_hash(b"other"))
    other = data.draw(st.integers(0, size - 1).filter(lambda found: found != index))
    assert not is_included(LEAVES[index], other, size, proof, root)


@given(st.data(), st.integers(2, MOST))
def test_a_broken_proof_of_consistency_is_refused(data: st.DataObject, second: int) -> None:
    first = data.draw(st.integers(1, second - 1))
    older, newer = defined_root(LEAVES[:first]), defined_root(LEAVES[:second])
    proof = defined_proof(first, LEAVES[:second])
    assert not is_consistent(first, second, broken(proof, data), older, newer)
    assert not is_consistent(first, second, proof, leaf_hash(b"other"), newer)
    assert not is_consistent(first, second, proof, older, leaf_hash(b"other"))
    assert not is_consistent(first, second, [], older, newer)


def test_a_tree_is_consistent_with_itself_only() -> None:
    assert is_consistent(3, 3, [], LEAVES[0], LEAVES[0])
    assert not is_consistent(3, 3, [], LEAVES[0], LEAVES[1])
    assert not is_consistent(3, 3, [LEAVES[0]], LEAVES[0], LEAVES[0])


@pytest.mark.parametrize(("first", "second"), [(0, 5), (5, 3), (-1, 2)])
def test_nothing_is_consistent_with_no_tree_or_a_smaller_one(first: int, second: int) -> None:
    assert not is_consistent(first, second, [LEAVES[0]], LEAVES[0], LEAVES[0])


@pytest.mark.parametrize(("index", "size"), [(5, 5), (-1, 5), (0, 0)])
def test_nothing_is_included_outside_of_the_tree(index: int, size: int) -> None:
    assert not is_included(LEAVES[0], index, size, [], LEAVES[0])
