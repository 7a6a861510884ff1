"""Keys as they are written: `frn_<id>_<secret>`."""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b32encode

PREFIX = "frn_"
_ID_BYTES, _SECRET_BYTES = 8, 32
_ID_LENGTH = 10
_KEY = re.compile(b"frn_([a-z2-7]{10})_[A-Za-z0-9_-]{43}")
_ID = re.compile("[a-z2-7]{10}")


def new_key() -> tuple[str, str]:
    """A new id, and a key with it."""
    name = b32encode(secrets.token_bytes(_ID_BYTES)).decode().lower()[:_ID_LENGTH]
    return name, f"{PREFIX}{name}_{secrets.token_urlsafe(_SECRET_BYTES)}"


def id_in(given: bytes) -> str | None:
    """The id that is written in a key; None for what is not written like one."""
    match = _KEY.fullmatch(given)
    return None if match is None else match[1].decode()


def is_id(text: str) -> bool:
    """Whether a key could have this id."""
    return _ID.fullmatch(text) is not None


def digest_of(given: bytes) -> bytes:
    """What is kept of a key. Its secret is random and long, so it needs no salt and no slow hash."""
    return hashlib.sha256(given).digest()
