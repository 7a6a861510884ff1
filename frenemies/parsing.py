"""Bytes as they come, put together to lines and to messages of an event stream. What was cut off is left out."""

from __future__ import annotations

from typing import NamedTuple


class LineParser:
    """Puts lines together."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def feed(self, block: bytes) -> list[bytes]:
        """The lines that are whole now, without their ends."""
        first, *more = block.split(b"\n")
        self._parts.append(first)
        if not more:
            return []
        lines = [b"".join(self._parts), *more[:-1]]
        self._parts = [more[-1]]
        return lines


class Message(NamedTuple):
    """A message of an event stream: its name, empty for an event; and what it says."""

    name: str
    data: bytes


class StreamParser:
    """Puts messages together (WHATWG HTML, 9.2). They may be of any size; their bytes stay as they are."""

    def __init__(self) -> None:
        self._lines = LineParser()
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, block: bytes) -> list[Message]:
        """The messages that are whole now."""
        messages = []
        for line in self._lines.feed(block):
            bare = line.removesuffix(b"\r")
            if bare:
                self._take(bare)
            else:
                messages += self._message()
        return messages

    def _take(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode(errors="replace")

    def _message(self) -> list[Message]:
        name, data = self._name, self._data
        self._name, self._data = "", []
        return [Message(name, b"\n".join(data))] if data else []
