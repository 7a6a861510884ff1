"""Atom (RFC 4287) with archives (RFC 5005): the events for readers of feeds, who want to see what is new.

An entry holds its event byte for byte as the other forms tell it: in base64, as RFC 4287 has it for what is neither
text nor XML.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

ATOM_NAMESPACE = "http://www.w3.org/2005/Atom"
HISTORY_NAMESPACE = "http://purl.org/syndication/history/1.0"
SELF, CURRENT, ALTERNATE = "self", "current", "alternate"
PREVIOUS, NEXT = "prev-archive", "next-archive"
AUTHOR = "Frenemies"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed without events changed last: it has to say something."""
_NOT_OF_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES = {SELF: "application/atom+xml", ALTERNATE: "text/html"}


class Entry(NamedTuple):
    """An event: its id, what it is in words, when it was recorded, its type, the page about it, and itself."""

    id: UUID
    title: str
    time: datetime
    category: str
    event: bytes
    page: str | None = None
    summary: str | None = None


class Document(NamedTuple):
    """A part of a feed, the newest entry first. `base` is the address that those of links begin at."""

    id: UUID
    title: str
    base: str
    updated: datetime
    links: Mapping[str, str]
    entries: Sequence[Entry]
    is_archive: bool


def written(document: Document) -> bytes:
    """The document in UTF-8."""
    return "".join(_document(document)).encode()


def _document(document: Document) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<feed xmlns="{ATOM_NAMESPACE}" xmlns:fh="{HISTORY_NAMESPACE}" xml:base={_quoted(document.base)}>\n'
    yield from _element("id", document.id.urn)
    yield from _element("title", document.title)
    yield from _element("updated", _instant(document.updated))
    yield f"<author><name>{AUTHOR}</name></author>\n"
    for rel, address in document.links.items():
        yield _link(rel, address)
    if document.is_archive:
        yield "<fh:archive/>\n"
    for entry in document.entries:
        yield from _entry(entry)
    yield "</feed>\n"


def _entry(entry: Entry) -> Iterator[str]:
    yield "<entry>\n"
    yield from _element("id", entry.id.urn)
    yield from _element("title", entry.title)
    for name in ("published", "updated"):
        yield from _element(name, _instant(entry.time))
    yield f"<category term={_quoted(entry.category)}/>\n"
    if entry.page is not None:
        yield _link(ALTERNATE, entry.page)
    if entry.summary is not None:
        yield from _element("summary", entry.summary, ' type="text"')
    yield from _element("content", b64encode(entry.event).decode(), ' type="application/json"')
    yield "</entry>\n"


def _link(rel: str, address: str) -> str:
    return f"<link rel={_quoted(rel)} type={_quoted(_TYPES.get(rel, _TYPES[SELF]))} href={_quoted(address)}/>\n"


def _element(name: str, text: str, attributes: str = "") -> Iterator[str]:
    yield f"<{name}{attributes}>{escape(_possible(text))}</{name}>\n"


def _quoted(text: str) -> str:
    return quoteattr(_possible(text))


def _possible(text: str) -> str:
    """The text without what XML 1.0 has no way to write."""
    return _NOT_OF_XML.sub("\ufffd", text)


def _instant(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
