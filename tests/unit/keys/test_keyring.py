"""The keyring: how long it goes by what it knows, and what it does when the table cannot be asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from service.errors import StoreUnavailable
from service.keys.errors import NotAuthorized
from service.keys.keyring import NOTED_SECONDS, REMEMBERED_SECONDS, Kept, Keyring, NotRemembered
from service.keys.scopes import ADMIN_ID, BY_SETTINGS, FEED_READ, LOCAL_ID, NOBODY_ELSE, STATE_READ
from service.keys.text import digest_of, new_key


class FakeTable:
    """Keys in memory, that can be out of reach."""

    def __init__(self) -> None:
        self.keys: dict[str, Kept] = {}
        self.asked: list[str] = []
        self.used: list[str] = []
        self.is_away = False

    def make(self, *scopes: str, left: float | None = None) -> tuple[str, bytes]:
        name, key = new_key()
        self.keys[name] = Kept(name, digest_of(key.encode()), "tester", scopes or (STATE_READ,), False, left)
        return name, key.encode()

    def revoke(self, name: str) -> None:
        self.keys[name] = replace(self.keys[name], is_revoked=True)

    def find(self, ids: Collection[str]) -> list[Kept]:
        self._come()
        self.asked += ids
        return [self.keys[name] for name in ids if name in self.keys]

    def is_any(self) -> bool:
        self._come()
        self.asked.append("any")
        return bool(self.keys)

    def note_use(self, name: str) -> None:
        self._come()
        self.used.append(name)

    def _come(self) -> None:
        if self.is_away:
            raise StoreUnavailable


class Ticks:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def table() -> FakeTable:
    return FakeTable()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def ring(table: FakeTable, ticks: Ticks) -> Keyring:
    return Keyring(None, table, ticks=ticks)


@pytest.fixture
def watched(table: FakeTable, ticks: Ticks) -> Keyring:
    return Keyring(None, table, is_watched=True, ticks=ticks)


def test_a_key_of_the_table_has_the_scopes_of_the_table(ring: Keyring, table: FakeTable) -> None:
    name, key = table.make(FEED_READ)
    found = ring.holder(key)
    assert (found.id, found.name, found.scopes) == (name, "tester", {FEED_READ})
    assert ring.holder_named(name) == found


def test_another_secret_under_the_same_id_is_none(ring: Keyring, table: FakeTable) -> None:
    _, key = table.make()
    _, other = new_key()
    for wrong in (key[:15] + other.encode()[15:], key[:-1], b"", key.upper()):
        with pytest.raises(NotAuthorized):
            ring.holder(wrong)


def test_it_is_asked_again_after_two_seconds_and_not_before(ring: Keyring, table: FakeTable, ticks: Ticks) -> None:
    name, key = table.make()
    ring.holder(key)
    table.revoke(name)
    ticks.now += REMEMBERED_SECONDS - 0.001
    assert ring.holder(key).id == name and table.asked == [name]
    ticks.now += 0.001
    with pytest.raises(NotAuthorized, match="was revoked"):
        ring.holder(key)
    assert REMEMBERED_SECONDS < 5


def test_a_key_expires_to_the_moment_although_it_is_remembered(ring: Keyring, table: FakeTable, ticks: Ticks) -> None:
    _, key = table.make(left=1.5)
    ring.holder(key)
    ticks.now += 1.499
    ring.holder(key)
    ticks.now += 0.002
    with pytest.raises(NotAuthorized, match="has expired"):
        ring.holder(key)


def test_a_key_that_is_remembered_is_asked_for_again_even_when_the_table_is_away(
    ring: Keyring, table: FakeTable, ticks: Ticks
) -> None:
    _, key = table.make()
    ring.holder(key)
    table.is_away = True
    ticks.now += 1
    ring.holder(key)
    ticks.now += 1
    with pytest.raises(StoreUnavailable):
        ring.holder(key)


def test_the_key_of_the_settings_needs_no_table(table: FakeTable) -> None:
    table.is_away = True
    ring = Keyring("schl\u00fcssel", table)
    assert ring.holder("schl\u00fcssel".encode()) == BY_SETTINGS
    for wrong in (None, b"", b"schluessel"):
        with pytest.raises(NotAuthorized):
            ring.holder(wrong)
    assert ring.ended([ADMIN_ID]) == set()


def test_without_any_key_everybody_is_let_in_until_one_is_made(ring: Keyring, table: FakeTable, ticks: Ticks) -> None:
    for given in (None, b"", b"nonsense"):
        assert ring.holder(given) == NOBODY_ELSE
    assert table.asked == ["any"]
    name, key = table.make()
    assert ring.holder(key).id == name
    with pytest.raises(NotAuthorized):
        ring.holder(None)


def test_the_first_key_of_somebody_else_shuts_the_door_within_two_seconds(
    ring: Keyring, table: FakeTable, ticks: Ticks
) -> None:
    ring.holder(None)
    name, _ = table.make()
    ticks.now += REMEMBERED_SECONDS
    with pytest.raises(NotAuthorized):
        ring.holder(None)
    table.revoke(name)
    ticks.now += 100
    with pytest.raises(NotAuthorized):
        ring.holder(None)


def test_who_does_not_know_whether_a_key_is_needed_lets_nobody_in(ring: Keyring, table: FakeTable) -> None:
    table.is_away = True
    with pytest.raises(StoreUnavailable):
        ring.holder(None)


def test_use_is_noted_once_a_minute_and_nobody_is_kept_out_when_that_fails(
    ring: Keyring, table: FakeTable, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, key = table.make()
    for _ in range(3):
        ring.holder(key)
    assert table.used == [name]
    ticks.now += NOTED_SECONDS
    ring.holder(key)
    assert table.used == [name, name]
    ticks.now += NOTED_SECONDS

    def refuse(name: str) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(table, "note_use", refuse)
    assert ring.holder(key).id == name


def test_who_may_not_ask_is_told_so(ring: Keyring, table: FakeTable, ticks: Ticks) -> None:
    name, key = table.make()
    for ask in (lambda: ring.holder(key, may_ask=False), lambda: ring.holder(None, may_ask=False)):
        with pytest.raises(NotRemembered):
            ask()
    ring.holder(key)
    assert ring.holder(key, may_ask=False) == ring.holder_named(name, may_ask=False)
    with pytest.raises(NotAuthorized):
        ring.holder(None, may_ask=False)
    ticks.now += REMEMBERED_SECONDS
    with pytest.raises(NotRemembered):
        ring.holder_named(name, may_ask=False)
    assert table.asked == [name]


def test_who_was_let_in_with_a_key_that_is_gone_is_told(ring: Keyring, table: FakeTable) -> None:
    name, _ = table.make()
    with pytest.raises(NotAuthorized):
        ring.holder_named("bbbbbbbbbb")
    assert ring.holder_named(ADMIN_ID) == BY_SETTINGS
    table.revoke(name)
    for gone in (name, LOCAL_ID):
        with pytest.raises(NotAuthorized):
            ring.holder_named(gone)


def test_a_watch_tells_which_keys_have_ended(watched: Keyring, table: FakeTable, ticks: Ticks) -> None:
    (good, key), (gone, other), (late, third) = table.make(), table.make(), table.make(left=60)
    for one in (key, other, third):
        watched.holder(one)
    names = [good, gone, late, ADMIN_ID]
    assert watched.ended(names) == set()
    table.revoke(gone)
    assert watched.ended(names) == {gone}
    ticks.now += 60
    del table.keys[late]
    assert watched.ended(names) == {gone, late}


def test_an_outage_ends_no_good_key_but_one_that_expires_meanwhile(
    watched: Keyring, table: FakeTable, ticks: Ticks
) -> None:
    (good, key), (late, other) = table.make(), table.make(left=5)
    for one in (key, other):
        watched.holder(one)
    table.is_away = True
    ticks.now += 3
    assert watched.ended([good, late]) == set()
    ticks.now += 3
    assert watched.ended([good, late]) == {late}


def test_an_outage_shuts_no_door_that_was_open_and_the_first_key_ends_those_without(
    watched: Keyring, table: FakeTable, ticks: Ticks
) -> None:
    assert watched.ended([]) == set()
    table.is_away = True
    ticks.now += 100
    assert watched.ended([LOCAL_ID]) == set()
    assert watched.holder(None, may_ask=False) == NOBODY_ELSE
    table.is_away = False
    table.make()
    assert watched.ended([LOCAL_ID]) == {LOCAL_ID}
    with pytest.raises(NotAuthorized):
        watched.holder(None, may_ask=False)


def test_the_use_of_a_key_whose_stream_stays_open_is_noted(watched: Keyring, table: FakeTable, ticks: Ticks) -> None:
    name, key = table.make()
    watched.holder(key)
    ticks.now += NOTED_SECONDS
    watched.ended([name])
    assert table.used == [name, name]
