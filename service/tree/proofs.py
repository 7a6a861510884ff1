"""What others need to check the log by themselves: checkpoints, keys and proofs."""

from __future__ import annotations

from dataclasses import dataclass

from events.errors import Invalid, Unknown
from events.merkle import Node, consistency_proof, inclusion_proof, leaf_hash, root_at
from service.db import Database
from service.tree.reading import Restore, StoredCheckpoint, TreeReader


@dataclass(frozen=True)
class Inclusion:
    """That the event at a position is in the tree of `size` events, with the leaf that is hashed."""

    position: int
    size: int
    root: bytes
    leaf: bytes
    leaf_hash: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True)
class Consistency:
    """That the tree of `second` events begins with that of `first`."""

    first: int
    second: int
    first_root: bytes
    second_root: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True)
class LogIdentity:
    """The name of the log in checkpoints, and the verifier keys in the order of their use, each with its first size."""

    origin: str | None
    keys: tuple[tuple[str, int], ...]


class LogProofs:
    """Answers from the stored tree; the log is read for the leaf of an inclusion proof only."""

    def __init__(self, database: Database) -> None:
        self._reader = TreeReader(database)

    def identity(self) -> LogIdentity:
        """Whose checkpoints these are. A key that has not signed yet has the size 0."""
        keys, tree = self._reader.verifier_keys(), self._reader.tree()
        if tree.key is not None and tree.key not in [key for key, _ in keys]:
            keys.append((tree.key, 0))
        return LogIdentity(tree.origin, tuple(keys))

    def restores(self) -> list[Restore]:
        """Each time that the log was put back from a copy, the first one first."""
        return self._reader.restores()

    def checkpoint(self, size: int | None = None) -> StoredCheckpoint:
        """The newest checkpoint, or that of a size. Unknown, with the reason, when there is none."""
        found = self._reader.newest_checkpoint() if size is None else self._reader.checkpoint(size)
        if found is not None:
            return found
        if size is not None:
            raise Unknown(f"no checkpoint of size {size} was signed")
        if self._reader.tree().key is None:
            raise Unknown("no checkpoint is signed: the service has no key for it (FRENEMIES_LOG_KEY)")
        raise Unknown("no checkpoint is signed yet: the first one follows some seconds after the first event")

    def inclusion(self, position: int, size: int | None = None) -> Inclusion:
        """The proof for an event; in the tree of the newest checkpoint where no size is given.

        Unknown beyond the tree, Invalid for a position beyond the size.
        """
        size = self._known(size)
        if position > size:
            raise Invalid(f"the tree of {size} events does not hold position {position}", "position")
        event = self._reader.event(position)
        if event is None:
            raise Unknown(f"there is no event at position {position}")

        def wanted(node: Node) -> tuple[bytes, list[bytes]]:
            return root_at(size, node), inclusion_proof(position - 1, size, node)

        root, hashes = self._reader.computed(wanted)
        leaf = event.leaf()
        return Inclusion(position, size, root, leaf, leaf_hash(leaf), tuple(hashes))

    def consistency(self, first: int, second: int | None = None) -> Consistency:
        """The proof that one tree begins with another; `second` is the newest checkpoint where it is not given.

        Unknown beyond the tree, Invalid when `first` is the larger one.
        """
        second = self._known(second)
        if first > second:
            raise Invalid(f"{first} is beyond {second}: a tree begins with smaller ones", "from")

        def wanted(node: Node) -> tuple[bytes, bytes, list[bytes]]:
            return root_at(first, node), root_at(second, node), consistency_proof(first, second, node)

        first_root, second_root, hashes = self._reader.computed(wanted)
        return Consistency(first, second, first_root, second_root, tuple(hashes))

    def _known(self, size: int | None) -> int:
        covered = self._reader.tree().size
        if size is None:
            newest = self._reader.newest_checkpoint()
            return newest.size if newest else covered
        if size > covered:
            raise Unknown(f"the tree covers {covered} events, not {size}")
        return size
