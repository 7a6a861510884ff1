"""The values of which claims, articles and entities are made. Immutable; compared by content."""

from __future__ import annotations

from typing import Any

import msgspec

Attributes = dict[str, Any]


class Value(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Base of all values: frozen, and its defaults are not written.

    No value can hold itself, so the garbage collector need not look for it: decoding many is three times as fast.
    """


class Recorder(Value, frozen=True):
    """Who put a record in: the id of the key, and a note of its own."""

    key: str
    note: str | None = None


class Sealed(Value, frozen=True):
    """A text that may have to be forgotten: where it lies, and the salted SHA-256 of it."""

    reference: str
    digest: str


Text = str | Sealed
"""A name that may be public (a string) or that of a person (sealed)."""


class Participant(Value, frozen=True):
    """An entity in a role."""

    role: str
    entity: str


class AssertedBy(Value, frozen=True):
    """Who says it: by which kind of voice, who speaks, for whom, and through whom it came."""

    kind: str
    agent: tuple[str, ...] = ()
    affiliation: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()

    @property
    def voices(self) -> frozenset[str]:
        """The entities according to whom it is."""
        return frozenset(self.agent) | frozenset(self.affiliation)


class ClaimTime(Value, frozen=True):
    """When it was so: an instant or an observed state, as an EDTF date, and how the date was read."""

    kind: str
    edtf: str
    expression: str | None = None
    anchor: str | None = None
    rule: str | None = None


class ClaimContent(Value, frozen=True):
    """What a claim says. Its id is made of this."""

    article: str
    type: str
    participants: tuple[Participant, ...]
    attributes: Attributes
    asserted_by: AssertedBy
    modality: str
    polarity: str
    time: ClaimTime

    def entities(self, *roles: str) -> list[str]:
        """The participants in these roles, in order, each once."""
        found = [p.entity for role in roles for p in self.participants if p.role == role]
        return list(dict.fromkeys(found)) if len(found) > 1 else found

    @property
    def is_negated(self) -> bool:
        """Whether it says that something is not so."""
        return self.polarity == "negative" or self.modality == "denied"


class Position(Value, frozen=True):
    """Where in a text: offsets in characters, the end not included (W3C TextPositionSelector)."""

    start: int
    end: int


class Quote(Value, frozen=True):
    """The words themselves (W3C TextQuoteSelector), each part sealed."""

    exact: Sealed
    prefix: Sealed | None = None
    suffix: Sealed | None = None


class Evidence(Value, frozen=True):
    """Which place of the article says it, and a summary in the recorder's own words."""

    summary: str
    position: Position | None = None
    quote: Quote | None = None


class ArticleContent(Value, frozen=True):
    """What is known about an article; its text is sealed."""

    title: str
    publisher: str
    language: str
    published: str
    authors: tuple[Text, ...] = ()
    url: str | None = None
    sha256: str | None = None
    text: Sealed | None = None


class EntityContent(Value, frozen=True):
    """What is known about an entity; the names of a person are sealed."""

    kind: str
    name: Text
    aliases: tuple[Text, ...] = ()
    identifiers: dict[str, str] = {}


class MovedTime(Value, frozen=True):
    """A date that a corrected publication date moved."""

    before: ClaimTime
    after: ClaimTime


class Subject(Value, frozen=True):
    """Of what texts were forgotten: a kind, and the id of it; of an author, the reference of the name."""

    kind: str
    id: str
