"""What is wrong, where, and what was changed: the event, its hash in the tree, or both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from events.codec import UnreadableEvent, decode
from events.event_types import LogCheckpointed
from events.identity import CHECKPOINTS_STREAM
from events.merkle import inclusion_proof, is_included
from events.tiles import WIDTH
from service.tree.errors import TreeDamaged
from service.tree.notes import Checkpoint
from service.tree.reading import Raw, TreeReader

_STREAM = CHECKPOINTS_STREAM.encode()


class Finding(NamedTuple):
    """The first position at which something is wrong, or may be, and what."""

    position: int
    what: str


@dataclass(frozen=True)
class Suspect:
    """A hash of the tree above the leaves that does not follow from the events below it.

    These fit their own hashes. Whether they were changed together with them, or the hash above was, the next checkpoint
    tells.
    """

    level: int
    index: int

    @property
    def first(self) -> int:
        """The first position below it."""
        return int(self.index * WIDTH**self.level) + 1

    @property
    def last(self) -> int:
        """The last position below it."""
        return int((self.index + 1) * WIDTH**self.level)

    def acquitted_events(self, name: str) -> Finding:
        """When the events below it turn out to be those of a checkpoint."""
        what = f"{self._hash()} was changed: the events {self._range()} are those of {name}"
        return Finding(self.first, what)

    def unsettled(self, vouched: int) -> Finding:
        """When no checkpoint says which of both it was."""
        what = f"{self._hash()} does not follow from the events {self._range()}; the last checkpoint is of {vouched}"
        return Finding(self.first, what)

    def _hash(self) -> str:
        return f"the hash {self.index % WIDTH} in tile {self.index // WIDTH} of level {self.level}"

    def _range(self) -> str:
        return f"at positions {self.first} to {self.last}"


def difference(before: int, name: str, after: int, suspect: Suspect | None) -> Finding:
    """The events are not those of a checkpoint, while they were those of one before (0: there is none before)."""
    first = suspect.first if suspect and suspect.first > before else before + 1
    last = min(suspect.last, after) if suspect else after
    since = f"the checkpoint of {before}" if before else "the beginning"
    what = (
        f"the events and their hashes were changed together: the first difference lies between {since} and {name},"
        f" at positions {first} to {last}"
    )
    return Finding(first, what)


def blame(reader: TreeReader, position: int, event: bytes, stored: bytes, witness: Checkpoint | None) -> Finding:
    """An event and its hash in the tree do not fit. A checkpoint that covers it tells which of them was changed."""
    if witness is None:
        return Finding(position, "the event or its hash in the tree was changed; no checkpoint covers it yet")
    index, size = position - 1, witness.size
    try:
        proof = reader.computed(lambda node: inclusion_proof(index, size, node))
    except TreeDamaged as error:
        return Finding(position, f"the event does not fit its hash in the tree. {error}")
    if is_included(stored, index, size, proof, witness.root):
        return Finding(position, f"the event is not the one of the checkpoint of {size}: it was changed")
    if is_included(event, index, size, proof, witness.root):
        return Finding(position, f"its hash in the tree was changed: the event is the one of the checkpoint of {size}")
    return Finding(position, f"neither the event nor its hash in the tree is the one of the checkpoint of {size}")


def told_wrongly(events: Iterable[Raw], announced: Mapping[int, str]) -> int | None:
    """The first position at which the log does not tell of the checkpoint that is stored as told there."""
    told = {event.position: _note_of(event) for event in events if event.stream == _STREAM}
    wrong = [place for place in told.keys() | announced.keys() if told.get(place) != announced.get(place)]
    return min(wrong, default=None)


def _note_of(event: Raw) -> str:
    try:
        read = decode(event.topic.decode(), event.state, CHECKPOINTS_STREAM, event.version)
    except (UnreadableEvent, UnicodeDecodeError):
        return ""
    return read.note if isinstance(read, LogCheckpointed) else ""
