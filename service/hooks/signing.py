"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 over id, time and body, by every secret that signs."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """A secret as receivers take it."""
    return PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed(name: str, at: datetime, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """The headers that sign a body sent at an instant in UTC under the id of its event, once with each secret."""
    text = body.decode()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(name, at, text) for key in keys),
    }
