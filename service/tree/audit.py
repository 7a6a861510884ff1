"""The audit: every event read and hashed again, and compared with the stored tree and with every checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from events.merkle import HASH_BYTES, Frontier, perfect_root
from events.tiles import WIDTH, split
from service.tree.blame import Finding, Suspect, blame, difference, told_wrongly
from service.tree.errors import BadNote
from service.tree.notes import Checkpoint, SignedNote, VerifierKey
from service.tree.reading import Raw, StoredCheckpoint, TreeReader
from service.tree.stored import StoredHashes

PAGE = 16 * WIDTH


class Witness(NamedTuple):
    """A checkpoint that vouches for the beginning of the log, and how to speak of it."""

    checkpoint: Checkpoint
    name: str


class Result(NamedTuple):
    """What the audit saw. `finding` is the first thing that is wrong; None where all is whole.

    `head`: events of the log when it began; `covered`: those in the tree; `checkpoints`: stored ones found right;
    `vouched`: events under the last right checkpoint.
    """

    head: int
    covered: int
    checkpoints: int
    vouched: int
    finding: Finding | None


class Audit:
    """One pass over the log as it is at the beginning; it may grow meanwhile. Memory does not depend on its length.

    `keys` are those whose signatures count. `given` is a checkpoint kept elsewhere that the log has to agree with.
    """

    def __init__(self, reader: TreeReader, keys: Sequence[VerifierKey], given: Checkpoint | None = None) -> None:
        """TreeDamaged when the tree is not even one of its own size."""
        self._reader = reader
        self._keys = keys
        self._given = given and Witness(given, f"the given checkpoint of {given.size}")
        # In this order: each of them covers the one before, also while the log grows.
        self._newest = self._reader.newest_checkpoint()
        self._stored = StoredHashes(self._reader)
        self._head = self._reader.tree().head
        self._frontier = Frontier()
        self._rows: list[list[bytes]] = []
        self._last_instant: int | None = None
        self._suspect: Suspect | None = None
        self._checkpoints = 0
        self._vouched = 0

    def run(self, progress: Callable[[int, int], None]) -> Result:
        """Checks everything up to the first thing that is wrong. `progress` is told the events done, and how many."""
        finding = self._outside() or self._scan(progress)
        if self._suspect is not None and (finding is None or finding.position > self._suspect.last):
            finding = self._suspect.unsettled(self._vouched)
        return Result(self._head, self._stored.size, self._checkpoints, self._vouched, finding or self._at_end())

    def _scan(self, progress: Callable[[int, int], None]) -> Finding | None:
        for after in range(0, self._head, PAGE):
            until = min(after + PAGE, self._head)
            finding = self._page(after, until)
            if finding is not None:
                return finding
            progress(until, self._head)
        return None

    def _outside(self) -> Finding | None:
        found = self._reader.outside()
        if found is None:
            return None
        (position,) = found
        if position is None:
            return Finding(0, "there is an event without a position")
        return Finding(position, "there is an event before the first one")

    def _page(self, after: int, until: int) -> Finding | None:
        events = self._reader.events(after, until)
        bad = self._by_columns(events, after, until)
        sound = _hashes(events, bad)
        self._stored.turn_to(after, until)
        witnesses = self._witnesses(after, until)
        for start in range(after, until, WIDTH):
            hashes = sound[start - after : start - after + WIDTH]
            finding = self._against_stored(start, hashes)
            if finding is not None:
                return finding
            if bad is not None and bad.position <= start + WIDTH:
                return bad
            finding = self._grow(hashes, witnesses)
            if finding is not None:
                return finding
        return None

    # what the columns say

    def _by_columns(self, events: Sequence[Raw], after: int, until: int) -> Finding | None:
        """The first event of a page that cannot be right, whatever was hashed."""
        position = self._reader.out_of_turn(after, until)
        told = told_wrongly(events, self._reader.announced(after, until))
        found = [
            self._out_of_order(events, after, until),
            position and Finding(position, "its version does not follow the one before it in its stream"),
            told and Finding(told, "the log tells of another checkpoint here than is stored"),
        ]
        return min((one for one in found if one), default=None, key=lambda one: one.position)

    def _out_of_order(self, events: Sequence[Raw], after: int, until: int) -> Finding | None:
        for expected, event in enumerate(events, after + 1):
            if event.position > expected:
                return Finding(expected, "there is no event")
            if event.position < expected:
                return Finding(event.position, "there is more than one event")
            instant = event.instant
            if self._last_instant is not None and instant <= self._last_instant:
                return Finding(expected, "it was recorded no later than the event before it")
            self._last_instant = instant
        missing = after + len(events) + 1
        return Finding(missing, "there is no event") if missing <= until else None

    # what the tree says

    def _against_stored(self, start: int, hashes: Sequence[bytes]) -> Finding | None:
        """The first of the events after `start` that the tree knows by another hash."""
        covered = hashes[: max(self._stored.size - start, 0)]
        row = self._stored.row(0, start // WIDTH)
        if row.startswith(b"".join(covered)):
            return None
        stored = split(row)
        offset = next(i for i, mine in enumerate(covered) if i >= len(stored) or mine != stored[i])
        position = start + offset + 1
        if offset >= len(stored) or len(stored[offset]) < HASH_BYTES:
            return Finding(position, f"its hash is missing from the tree (tile {start // WIDTH} of level 0)")
        return blame(self._reader, position, hashes[offset], stored[offset], self._witness_of(position))

    def _witness_of(self, position: int) -> Checkpoint | None:
        if self._given is not None and self._given.checkpoint.size >= position:
            return self._given.checkpoint
        stored = self._reader.next_checkpoint(position)
        opened = stored and self._opened(stored)
        return opened.checkpoint if isinstance(opened, Witness) else None

    def _grow(self, hashes: Sequence[bytes], witnesses: Mapping[int, Sequence[Witness | Finding]]) -> Finding | None:
        """Goes on with the events of one tile, and hears each witness at its size."""
        start = self._frontier.size
        is_full = len(hashes) == WIDTH
        whole = perfect_root(hashes) if is_full else b""
        if is_full and not any(size in witnesses for size in range(start + 1, start + WIDTH + 1)):
            self._frontier.append(whole, 8)
            self._roll_up(1, start // WIDTH, whole)
            return None
        if is_full:
            self._roll_up(1, start // WIDTH, whole)
        for leaf in hashes:
            self._frontier.append(leaf)
            for witness in witnesses.get(self._frontier.size, ()):
                finding = witness if isinstance(witness, Finding) else self._heard(witness)
                if finding is not None:
                    return finding
        return None

    def _roll_up(self, level: int, index: int, root: bytes) -> None:
        """Compares a hash above the leaves, and those above it that are complete now."""
        stored = self._stored.entry(level, index)
        if stored is not None and stored != root and self._suspect is None:
            self._suspect = Suspect(level, index)
        if level > len(self._rows):
            self._rows.append([])
        row = self._rows[level - 1]
        row.append(root)
        if len(row) == WIDTH:
            above = perfect_root(row)
            row.clear()
            self._roll_up(level + 1, index // WIDTH, above)

    # what the checkpoints say

    def _witnesses(self, after: int, until: int) -> dict[int, list[Witness | Finding]]:
        """Who is to be heard on a page, by size."""
        found: dict[int, list[Witness | Finding]] = {}
        for stored in self._reader.checkpoints(after, until):
            found.setdefault(stored.size, []).append(self._opened(stored))
        if self._given is not None and after < self._given.checkpoint.size <= until:
            found.setdefault(self._given.checkpoint.size, []).append(self._given)
        return found

    def _opened(self, stored: StoredCheckpoint) -> Witness | Finding:
        """A stored checkpoint; what is wrong with it where it is not worth hearing."""
        name = f"the checkpoint of {stored.size}"
        try:
            checkpoint, _ = SignedNote.parse(stored.note).opened(self._keys)
        except BadNote as error:
            return Finding(stored.position, f"{name}, of which the log tells here, is not valid. {error.detail}")
        if checkpoint[1:] != (stored.size, stored.root):
            return Finding(stored.position, f"{name}, of which the log tells here, is stored with another note")
        return Witness(checkpoint, name)

    def _heard(self, witness: Witness) -> Finding | None:
        """Whether the events up to here are those of a checkpoint."""
        size, suspect = witness.checkpoint.size, self._suspect
        if self._frontier.root() != witness.checkpoint.root:
            # Whoever has the key can have signed the stored ones after a change; the given one stands by itself.
            return difference(0 if witness is self._given else self._vouched, witness.name, size, suspect)
        if suspect is not None and suspect.last <= size:
            return suspect.acquitted_events(witness.name)
        self._checkpoints += witness is not self._given
        self._vouched = size
        return None

    def _at_end(self) -> Finding | None:
        """Whether the log is as long as the tree and the checkpoints say."""
        newest, covered = self._newest, self._stored.size
        longer = [
            self._given and (self._given.checkpoint.size, "the given checkpoint"),
            newest and (newest.size, "the last checkpoint"),
            (covered, "the tree"),
        ]
        for size, name in filter(None, longer):
            if size > self._head:
                return Finding(self._head + 1, f"the log ends at {self._head}, {name} covers {size}")
        if newest is not None and newest.size > covered:
            return Finding(covered + 1, f"the tree ends at {covered}, the last checkpoint covers {newest.size}")
        return None


def _hashes(events: Sequence[Raw], bad: Finding | None) -> list[bytes]:
    """The hashes up to the first bad event; without it where there are two, for none of them is known to be the one."""
    if bad is None:
        return [event.hash() for event in events]
    before = [event.hash() for event in events if event.position < bad.position]
    last = [event.hash() for event in events if event.position == bad.position]
    return before + last if len(last) == 1 else before
