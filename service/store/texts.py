"""Opening what is sealed: a text is shown only where it is the one that the event was recorded with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from uuid import UUID

from events.values import Sealed, Text
from service.store.protocol import ErasableText, EventStore

REFERENCE = b'"reference"'
"""What the JSON of each event that refers to a text holds; most hold none, and reading them takes time."""


class Opener:
    """Opens seals; a text that was erased is None, and so is one that is not what was sealed."""

    def __init__(self, store: EventStore, seals: Iterable[Text | None]) -> None:
        references = {UUID(seal.reference) for seal in seals if isinstance(seal, Sealed)}
        self._texts = store.read_texts(references) if references else {}

    def open(self, text: Text | None) -> str | None:
        """The text behind a seal; a public text is itself."""
        if not isinstance(text, Sealed):
            return text
        found = self.text(text)
        return found.content if found else None

    def text(self, seal: Sealed) -> ErasableText | None:
        """The text behind a seal, as it is stored."""
        found = self._texts.get(UUID(seal.reference))
        return found if found and digest_of(found.salt, found.content) == seal.digest else None


def digest_of(salt: bytes, content: str) -> str:
    """What an event keeps of a text: the SHA-256 of salt and content, in hexadecimal digits."""
    return hashlib.sha256(salt + content.encode()).hexdigest()
