"""The key in a header. No web framework: the feed process asks for it as well."""

from __future__ import annotations

import hashlib
import hmac


def bearer(header: str) -> bytes | None:
    """The key of `Authorization: Bearer`; None for a header of another kind."""
    scheme, _, given = header.partition(" ")
    return given.strip().encode("latin-1", "replace") if scheme.lower() == "bearer" else None


def is_key(given: bytes, key: str) -> bool:
    """Whether this is the key; how long it takes tells nothing of it."""
    return hmac.compare_digest(hashlib.sha256(given).digest(), hashlib.sha256(key.encode()).digest())


def not_let_in(has_key: bool) -> str:
    """What is said to somebody who has not shown the key: another one, or none."""
    how = "send the key as Authorization: Bearer <key>"
    return f"the key that was sent is not the right one: {how}" if has_key else how
