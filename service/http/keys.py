"""The key in a header. No web framework: the feed process asks for it as well."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64


def bearer(header: str) -> bytes | None:
    """The key of `Authorization: Bearer`; None for a header of another kind."""
    scheme, _, given = header.partition(" ")
    return given.strip().encode("latin-1", "replace") if scheme.lower() == "bearer" else None


def password(header: str) -> bytes | None:
    """The password of `Authorization: Basic`; None for a header of another kind."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(given, validate=True).partition(b":")[2]
    except (NotBase64, ValueError):
        return b""
