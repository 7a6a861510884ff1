"""Signatures are those of Standard Webhooks: its own library verifies them, and nothing that was changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from service.hooks.signing import new_secret, signed

BODY = '{"type":"io.frenemies.PersonNamed.v1","data":{"id":"é"}}'.encode()
NAME = "43qsQEj7QAKHo2omR_6sqQAAAAAAAAAB"


def headers(*secrets: str, at: datetime | None = None) -> dict[str, str]:
    return signed(NAME, at or datetime.now(UTC), BODY, secrets)


def test_the_library_verifies_what_was_signed() -> None:
    secret = new_secret()
    assert Webhook(secret).verify(BODY, headers(secret)) == {
        "type": "io.frenemies.PersonNamed.v1",
        "data": {"id": "é"},
    }


def test_a_secret_is_of_32_bytes_that_nobody_else_has() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in (new_secret(),))


def test_while_a_secret_is_replaced_both_verify() -> None:
    present, before = new_secret(), new_secret()
    told = headers(present, before)
    assert len(told["webhook-signature"].split(" ")) == 2
    Webhook(present).verify(BODY, told)
    Webhook(before).verify(BODY, told)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": NAME[:-1] + "C"},
        {"webhook-timestamp": str(int(datetime.now(UTC).timestamp()) - 60)},
        {"webhook-signature": "v1," + "A" * 43 + "="},
    ],
)
def test_a_changed_header_is_found(change: dict[str, str]) -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers(secret) | change)


def test_a_changed_body_and_another_secret_are_found() -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY.replace(b"Person", b"person"), headers(secret))
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers(secret))


def test_what_was_captured_cannot_be_sent_again_after_five_minutes() -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers(secret, at=datetime.now(UTC) - timedelta(minutes=6)))
