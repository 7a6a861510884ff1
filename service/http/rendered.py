"""Parts of states as they are sent: rendered once, for as long as they are remembered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from service.http.plain import Answer
from service.http.render import around, told
from service.timeline.tokens import answered_state, state_hash
from service.timeline.views import Clocks, EntityStateView, StatePart


class Rendered:
    """What is told in a part of a state, as JSON, and the hashes of the answers that tell it."""

    def __init__(self, part: StatePart, ended: bool) -> None:
        plain = told(part.state, ended)
        self._told = {name: _raw(value) for name, value in plain.items()}
        self._refs = _raw(part.refs)
        self._plain: Answer | None = plain | {"refs": part.refs}
        self._hashes: dict[bytes, bytes] = {}

    @property
    def relations(self) -> bytes:
        """The relations that it tells of, as a JSON array."""
        return bytes(self._told["relations"])

    def answer(self, view: EntityStateView, clocks: Clocks) -> Answer:
        """The answer that tells it at a point."""
        return around(view, self._told, self._refs, clocks)

    def hash(self, answer: Mapping[str, Any]) -> bytes:
        """See `service.timeline.tokens.state_hash`."""
        beside = {name: value for name, value in answer.items() if not isinstance(value, msgspec.Raw)}
        key = msgspec.json.encode(answered_state(beside))
        found = self._hashes.get(key)
        if found is None:
            found = self._hashes[key] = state_hash(beside | self._taken_apart())
        return found

    def _taken_apart(self) -> Answer:
        """As plain data, which is not kept for long."""
        plain, self._plain = self._plain, None
        return plain or {name: msgspec.json.decode(raw) for name, raw in (self._told | {"refs": self._refs}).items()}


_rendered: WeakKeyDictionary[StatePart, dict[bool, Rendered]] = WeakKeyDictionary()


def rendered(part: StatePart, ended: bool) -> Rendered:
    """A part of a state as it is sent. `ended`: also rounds that did not take place."""
    kept = _rendered.setdefault(part, {})
    found = kept.get(ended)
    if found is None:
        found = kept[ended] = Rendered(part, ended)
    return found


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
