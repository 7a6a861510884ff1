"""Texts that may have to be forgotten: kept beside the log, with a salt each; events hold a reference and a digest."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from uuid import UUID, uuid4

from events.values import Sealed
from service.store.protocol import ErasableText, EventStore
from service.store.texts import digest_of

AUTHORS = "authors"
"""The scope of the names of authors: one name has one reference, so that an author is the same in all articles."""


class Sealer:
    """Seals the texts of one recording. The same text in the same scope gets the same seal, as long as it is kept."""

    def __init__(self, store: EventStore, known: Mapping[tuple[str, str], ErasableText] = MappingProxyType({})) -> None:
        self._store = store
        self._known = dict(known)
        self._looked_up = set(known)
        self._empty: set[str] = set()

    def look_up(self, texts: Iterable[tuple[str, str]]) -> None:
        """Finds the seals that these texts, pairs of scope and content, already have: one query for all."""
        missing = {text for text in texts if text not in self._looked_up and text[0] not in self._empty}
        if missing:
            self._known |= self._store.find_texts(missing)
            self._looked_up |= missing

    def suppose_none(self, scope: str) -> None:
        """Take a scope for one in which no text is stored."""
        self._empty.add(scope)

    def forget(self, scopes: Iterable[str]) -> None:
        """Forgets the seals of scopes, in which there turned out to be texts: they are looked up again."""
        gone = frozenset(scopes)
        self._known = {text: seal for text, seal in self._known.items() if text[0] not in gone}
        self._looked_up = {text for text in self._looked_up if text[0] not in gone}

    def seal(self, scope: str, content: str) -> Sealed:
        """The seal of a text."""
        self.look_up([(scope, content)])
        text = self._known.get((scope, content))
        if text is None:
            salt = secrets.token_bytes(16)
            digest = digest_of(salt, content)
            text = self._known[scope, content] = ErasableText(uuid4(), scope, salt, digest, content)
        return Sealed(str(text.reference), text.digest)

    def know(self, text: ErasableText) -> None:
        """Takes in the seal of a text, unless it has one."""
        self._known.setdefault((text.scope, text.content), text)
        self._looked_up.add((text.scope, text.content))

    def known(self) -> dict[tuple[str, str], ErasableText]:
        """The seals found or made so far, by scope and content."""
        return dict(self._known)

    def texts_of(self, used: Iterable[Sealed]) -> list[ErasableText]:
        """What to store for the seals that were used."""
        if not self._known:
            return []
        references = {UUID(seal.reference) for seal in used}
        return [text for text in self._known.values() if text.reference in references]


def has_erased(store: EventStore, value: object) -> bool:
    """Whether the log tells of one of the seals in a value that its text was erased."""
    references = {UUID(seal.reference) for seal in sealed_in(value)}
    return bool(references) and bool(store.find_erased(references))


def sealed_in(value: object) -> Iterable[Sealed]:
    """All seals in plain values, lists, and structs."""
    if isinstance(value, Sealed):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from sealed_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from sealed_in(item)
    elif hasattr(value, "__struct_fields__"):
        for field in value.__struct_fields__:
            yield from sealed_in(getattr(value, field))
