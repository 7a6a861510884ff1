"""Chunks of lines to batches of events, decided one line after the other as the API decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from events.codec import encode
from events.errors import DomainError, Unknown, UnknownReference
from events.values import Recorder
from service.intake.strict_json import parse
from service.timeline.recording import decide_on
from service.transfer.ground import Ground
from service.transfer.parsing import Item, Parsing
from service.transfer.refusals import Refusal, refusals_of
from service.transfer.seals import SealDraft
from service.transfer.staging import Prepared
from service.transfer.work import ImportWork

MOST_NAMES = 100_000
"""Names brought by refused lines that are remembered, to tell later lines why these do not know them.

A refused name has any length, so its hash is kept: two names with one hash would at worst name the wrong line.
"""

Content = Callable[[int], bytes]
"""The line that starts at a byte."""


class Decision(NamedTuple):
    """A chunk as it would be recorded, and what is refused of it."""

    prepared: Prepared
    refusals: list[Refusal]


class Decider:
    """Decides on chunks. Each decision rests on those before it, recorded or not yet."""

    def __init__(self, ground: Ground, recorder: Recorder, content: Content) -> None:
        self._ground = ground
        self._recorder = recorder
        self._content = content
        self._missing: dict[int, int] = {}
        self._work = ImportWork(ground, recorder)

    def begin_anew(self) -> None:
        """Forgets all that was read and decided: it is to be read again."""
        self._work = ImportWork(self._ground, self._recorder)
        self._ground.next_chunk()

    def prepare(self, chunk: Parsing) -> None:
        """Reads what the chunk will need."""
        self._work.prepare([item.parsed for item in chunk.items if not isinstance(item.parsed, list | SealDraft)])

    def attempt(self, chunk: Parsing) -> Decision:
        """Decides on a prepared chunk, its claims taken to be new; to be followed by `confirmed`."""
        return self._decided(chunk)

    def confirmed(self, chunk: Parsing, decision: Decision) -> Decision:
        """The decision, made again where a claim was taken to be new and is not. Goes on behind the chunk."""
        while wrong := self._ground.mistaken():
            self._work.go_back_to_start()
            self._work.load_surely(wrong)
            decision = self._decided(chunk)
        for refusal in decision.refusals:
            self._remember(refusal)
        self._work.settle()
        return decision

    def decide(self, chunk: Parsing) -> Decision:
        """All three at once."""
        self.prepare(chunk)
        return self.confirmed(chunk, self.attempt(chunk))

    def _decided(self, chunk: Parsing) -> Decision:
        refusals: list[Refusal] = []
        missing: dict[int, int] = {}
        recorded = present = refused = 0
        for item in chunk.items:
            found = self._refused(item, missing)
            if isinstance(found, bool):
                recorded, present = recorded + found, present + (not found)
            elif found:
                refusals += found
                refused += 1
        work = self._work
        events = [(e.originator_id, e.originator_version, *encode(e)) for e in work.events]
        prepared = Prepared(
            chunk.begin, chunk.end, events, dict(work.guards), dict(work.link_counts), list(work.keys),
            list(work.links), work.texts, recorded, present, refused,
        )  # fmt: skip
        return Decision(prepared, refusals)

    def _refused(self, item: Item, missing: dict[int, int]) -> bool | list[Refusal]:
        """Whether the line brings something new; what is wrong with it where it is refused."""
        if isinstance(item.parsed, list):
            self._note(item, missing)
            return item.parsed
        before = self._work.before()
        try:
            if isinstance(item.parsed, SealDraft):
                self._work.sealer.know(self._ground.declare(item.parsed))
                return []
            return decide_on(self._work, item.parsed).is_changed
        except DomainError as error:
            self._work.go_back(before)
            refusals = refusals_of(item.line, item.start, error)
            if isinstance(error, Unknown | UnknownReference) and (missing or self._missing):
                refusals = [self._explained(refusal, missing) for refusal in refusals]
            self._note(item, missing)
            return refusals

    def _note(self, item: Item, missing: dict[int, int]) -> None:
        """Keeps in mind what a refused line would have brought."""
        for name in _names_in(self._content(item.start)):
            missing.setdefault(hash(name), item.line)

    def _remember(self, refusal: Refusal) -> None:
        if len(self._missing) < MOST_NAMES:
            for name in _names_in(self._content(refusal.start)):
                self._missing.setdefault(hash(name), refusal.line)

    def _explained(self, refusal: Refusal, missing: dict[int, int]) -> Refusal:
        """The refusal, with the refused line that would have brought what it names."""
        named = _value_at(self._content(refusal.start), refusal.pointer or "/of")
        line = missing.get(hash(named)) or self._missing.get(hash(named))
        if line is None:
            return refusal
        return Refusal(
            refusal.line, refusal.start, refusal.pointer, refusal.code,
            f"{refusal.detail}: line {line}, which brings it, is refused",
        )  # fmt: skip


def _names_in(raw: bytes) -> list[str]:
    """The names under which later lines speak of what a line brings."""
    try:
        record = parse(raw)
    except DomainError:
        return []
    if not isinstance(record, dict):
        return []
    fields = {"entity": ("id",), "article": ("url", "sha256"), "claim": ("ref",), "response": ("ref",)}
    kind = record.get("record")
    names = fields.get(kind, ()) if isinstance(kind, str) else ()
    return [record[name] for name in names if isinstance(record.get(name), str)]


def _value_at(raw: bytes, pointer: str) -> str:
    """The text that a JSON Pointer names; of a rule, the claim in it."""
    value = parse(raw)
    for step in pointer.split("/")[1:]:
        if isinstance(value, list):
            value = value[int(step)] if step.isdecimal() and int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    text = value if isinstance(value, str) else ""
    return text.removeprefix("same_as(").removesuffix(")") if text.startswith("same_as(") else text
