"""An event stream read as the standard says (WHATWG HTML, 9.2.6), written without a look at what writes it."""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """What a browser would hand to the page: the name of the event, its data, and the last id by then."""

    name: str
    data: str
    last_id: str


def messages(stream: bytes) -> list[Message]:
    """What a stream dispatches. What is not ended by an empty line is not dispatched."""
    told: list[Message] = []
    data: list[str] = []
    name, last_id = "", ""
    text = stream.decode().removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for line in text.split("\n")[:-1]:
        if not line:
            if data:
                told.append(Message(name or "message", "\n".join(data), last_id))
            data, name = [], ""
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id" and "\0" not in value:
            last_id = value
    return told
