"""Keys as they are written, and what they allow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.keys.errors import Forbidden
from service.keys.scopes import ADMIN, ADMIN_ID, CLAIMS_WRITE, FEED_READ, LOCAL_ID, SCOPES, STATE_READ, Holder
from service.keys.text import digest_of, id_in, new_key


def holder(*scopes: str) -> Holder:
    return Holder("aaaaaaaaaa", "tester", frozenset(scopes))


def test_a_new_key_tells_its_id_and_nothing_else() -> None:
    made = [new_key() for _ in range(200)]
    for name, key in made:
        assert id_in(key.encode()) == name and key.startswith(f"frn_{name}_") and len(key) == 58
    assert len({name for name, _ in made}) == len({key[15:] for _, key in made}) == 200
    assert not {name for name, _ in made} & {ADMIN_ID, LOCAL_ID}


def test_what_is_kept_does_not_tell_the_key() -> None:
    _, key = new_key()
    kept = digest_of(key.encode())
    assert len(kept) == 32 and key.encode() not in kept and kept != digest_of(key.encode() + b"x")


@given(st.integers(0, 57), st.characters(codec="ascii", exclude_characters="_-", exclude_categories=("L", "N")))
def test_a_key_with_a_character_that_cannot_be_in_one_is_none(place: int, other: str) -> None:
    _, key = new_key()
    assert id_in((key[:place] + other + key[place + 1 :]).encode()) is None


@pytest.mark.parametrize(
    "given", [b"", b"frn_", b"frn_aaaaaaaaaa_", b"frn_AAAAAAAAAA_" + b"x" * 43, b"frn_aaaaaaaaaa_" + b"x" * 44, b"\xff"]
)
def test_what_is_not_written_like_a_key_is_none(given: bytes) -> None:
    assert id_in(given) is None
    assert id_in(b" frn_aaaaaaaaaa_" + b"x" * 43) is None
    assert id_in(b"frn_aaaaaaaaaa_" + b"x" * 43 + b"\n") is None


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_allows_itself_and_admin_everything(scope: str) -> None:
    assert {one for one in SCOPES if holder(scope).may(one)} == (set(SCOPES) if scope == ADMIN else {scope})
    holder(ADMIN).demand(*SCOPES)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(Forbidden) as raised:
        holder(STATE_READ).demand(STATE_READ, FEED_READ, CLAIMS_WRITE)
    assert raised.value.missing == (FEED_READ, CLAIMS_WRITE)
    assert "feed:read and claims:write" in raised.value.detail and "has state:read" in raised.value.detail
