"""Keys cannot be tried out, and that harms nobody who has a good one."""

from __future__ import annotations

import pytest

from service.keys.doorkeeper import UNGUESSABLE, Doorkeeper, WrongKey
from service.keys.errors import NotAuthorized
from service.keys.keyring import Keyring
from service.keys.scopes import BY_SETTINGS, NOBODY_ELSE
from service.rates.errors import QuotaExceeded
from service.rates.rates import Rates

LONG, SHORT = b"k" * UNGUESSABLE, b"secret"
HERE, THERE = "192.0.2.1", "192.0.2.2"


def doorkeeper(key: bytes | None, most: int = 3, requests: int = 1) -> Doorkeeper:
    return Doorkeeper(Keyring(None if key is None else key.decode()), Rates(requests, most))


def try_out(door: Doorkeeper, count: int) -> None:
    for number in range(count):
        with pytest.raises(WrongKey) as wrong:
            door.holder(b"guess %d" % number, HERE)
        assert wrong.value.spent is not None and wrong.value.spent.room.remaining == count - number - 1


def test_after_so_many_wrong_keys_no_other_one_is_looked_at() -> None:
    door = doorkeeper(SHORT)
    try_out(door, 3)
    for key in (b"guess", SHORT):
        with pytest.raises(QuotaExceeded):
            door.holder(key, HERE)
    assert door.holder(SHORT, THERE) == BY_SETTINGS


def test_a_key_that_is_found_by_no_guess_is_let_in_all_the_same() -> None:
    door = doorkeeper(LONG)
    try_out(door, 3)
    assert door.holder(LONG, HERE) == BY_SETTINGS
    with pytest.raises(QuotaExceeded):
        door.holder(LONG + b"x", HERE)


def test_good_keys_and_none_at_all_are_no_tries() -> None:
    door = doorkeeper(SHORT, most=1)
    for _ in range(5):
        assert door.holder(SHORT, HERE) == BY_SETTINGS
        with pytest.raises(NotAuthorized) as without:
            door.holder(None, HERE)
        assert not isinstance(without.value, WrongKey)


def test_where_no_key_is_needed_nothing_is_limited() -> None:
    door = doorkeeper(None, most=1)
    for _ in range(5):
        assert door.holder(b"anything", HERE) == NOBODY_ELSE
        assert door.count(NOBODY_ELSE) is None
    assert door.count(BY_SETTINGS) is not None
    with pytest.raises(QuotaExceeded):
        door.count(BY_SETTINGS)
