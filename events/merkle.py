"""Merkle trees over a growing sequence (RFC 6962, section 2.1; the same in RFC 9162): roots, proofs, and their checks.

Hashes are SHA-256, 32 bytes each. Leaves are counted from 0. A node is named by its level and index: the node
(level, i) stands for the leaves from i * 2**level up to, and without, (i + 1) * 2**level, all of which exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
Node = Callable[[int, int], bytes]
"""The hash of the node (level, index)."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes whose number is a power of two."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


class Frontier:
    """The right edge of a tree: the roots of its perfect subtrees, the largest first. All that is needed to go on."""

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        """The edge of a tree of `size` leaves, of which `roots` are the perfect subtrees (see `peaks`)."""
        self.size = size
        self._roots = list(roots)

    def append(self, root: bytes, level: int = 0) -> None:
        """Adds the root of a perfect subtree of 2**level leaves; the size so far is a multiple of their number."""
        self.size += 1 << level
        full = self.size >> level
        while full % 2 == 0:
            root = node_hash(self._roots.pop(), root)
            full >>= 1
        self._roots.append(root)

    def copy(self) -> Frontier:
        """Another one that grows by itself."""
        return Frontier(self.size, self._roots)

    def root(self) -> bytes:
        """The root of the whole tree."""
        return _joined(self._roots)


def peaks(size: int) -> list[tuple[int, int]]:
    """The perfect subtrees that a tree of this size is made of, from left to right, as (level, index)."""
    return _perfect(0, size)


def root_at(size: int, node: Node) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _joined([node(*peak) for peak in peaks(size)])


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The hashes that lead from the leaf at `index` to the root of the first `size` leaves (0 <= index < size)."""
    proof = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_range_root(middle, high, node))
            high = middle
        else:
            proof.append(_range_root(low, middle, node))
            low = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, node: Node) -> list[bytes]:
    """The hashes that show the tree of `first` leaves to be the beginning of that of `second` (0 < first <= second)."""
    proof = []
    low, high, is_whole = 0, second, True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            proof.append(_range_root(middle, high, node))
            high = middle
        else:
            proof.append(_range_root(low, middle, node))
            low, is_whole = middle, False
    if not is_whole:
        proof.append(_range_root(low, high, node))
    return proof[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf hash at `index` to the root of `size` leaves (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node_hash(step, found)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Whether the proof shows the one root to be of the beginning of the other's leaves (RFC 9162, 2.1.4.2)."""
    if first == second:
        return not proof and first_root == second_root
    if not 0 < first < second or not proof:
        return False
    steps = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    place, last = first - 1, second - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        place, last = place >> 1, last >> 1
    return last == 0 and older == first_root and newer == second_root


def _split(size: int) -> int:
    """The largest power of two below the size: as many leaves go to the left."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_root(low: int, high: int, node: Node) -> bytes:
    return _joined([node(*place) for place in _perfect(low, high)])


def _perfect(low: int, high: int) -> list[tuple[int, int]]:
    """The perfect subtrees of the leaves from `low` to `high`, where `low` begins a subtree at least that large."""
    found = []
    while low < high:
        level = (high - low).bit_length() - 1
        found.append((level, low >> level))
        low += 1 << level
    return found


def _joined(roots: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees that become smaller from left to right."""
    if not roots:
        return EMPTY_ROOT
    found = roots[-1]
    for root in reversed(roots[:-1]):
        found = node_hash(root, found)
    return found
