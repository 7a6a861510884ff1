"""Lines that only an export writes: the seal of a text, and an entity that is again as it was before.

Authors that are no entities are known by the reference under which their name is sealed. A line `seal` tells which
reference a name has, so that an export says the same in another database. Where the text was erased, the line has none,
and `urn:uuid:<reference>` stands for it in later lines.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from events.errors import Invalid
from events.text import clean_text
from events.values import Value
from service.intake.errors import Misshapen
from service.intake.records import draft_of
from service.intake.strict_json import escaped
from service.store.protocol import ErasableText
from service.store.texts import digest_of
from service.timeline.drafts import Draft, EntityDraft

SEAL, INSISTS = b'"seal"', b'"insists"'
_FIELDS = ("scope", "reference", "digest")
_LATER = ("content", "salt")


class SealDraft(Value, frozen=True):
    """Which seal a text has; without content and salt for one that was erased. The salt is in base64."""

    scope: str
    reference: str
    digest: str
    content: str | None = None
    salt: str | None = None

    @property
    def stands_for(self) -> str:
        """What later lines say for the text."""
        return placeholder(self.reference) if self.content is None else self.content

    def text(self) -> ErasableText:
        """The text as it is stored."""
        salt = b64decode(self.salt or "")
        return ErasableText(UUID(self.reference), self.scope, salt, self.digest, self.content or "")


def placeholder(reference: str) -> str:
    """What stands in a line for a text that was erased."""
    return f"urn:uuid:{reference}"


def seal_line(reference: str, digest: str, scope: str, text: ErasableText | None) -> dict[str, Any]:
    """The line that tells of a seal."""
    line = {"record": "seal", "scope": scope, "reference": reference, "digest": digest}
    if text is None:
        return line
    return line | {"content": text.content, "salt": b64encode(text.salt).decode()}


def read_seal(record: Mapping[str, Any]) -> SealDraft:
    """The seal of a line. Misshapen or Invalid when it is none, or when the digest is not that of salt and text."""
    unknown = next((name for name in record if name not in ("record", *_FIELDS, *_LATER)), None)
    if unknown is not None:
        raise Misshapen("Unknown field.", f"/{escaped(unknown)}")
    for name in (*_FIELDS, *(name for name in _LATER if name in record)):
        if not isinstance(record.get(name), str):
            raise Misshapen("Not a valid string.", f"/{name}")
    if ("content" in record) != ("salt" in record):
        raise Misshapen("A text comes with its salt, and a salt with its text.", "/salt")
    draft = SealDraft(**{name: record[name] for name in (*_FIELDS, *_LATER) if name in record})
    _check(draft)
    return draft


def read_insisting(record: Mapping[str, Any]) -> Draft:
    """An entity that is again what it was at an earlier time."""
    draft = draft_of({name: value for name, value in record.items() if name != "insists"})
    return replace(draft, insists=True) if isinstance(draft, EntityDraft) else draft


def _check(draft: SealDraft) -> None:
    try:
        if str(UUID(draft.reference)) != draft.reference or UUID(draft.reference).int == 0:
            raise ValueError
    except ValueError:
        raise Invalid("a reference is a UUID of lower-case hexadecimal digits and hyphens", "/reference") from None
    if draft.content is None:
        return
    try:
        digest = digest_of(b64decode(draft.salt or "", validate=True), clean_text(draft.content, "/content"))
    except NotBase64:
        raise Invalid("a salt is in base64", "/salt") from None
    if digest != draft.digest:
        raise Invalid("the digest is not that of salt and content", "/digest")
