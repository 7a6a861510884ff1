"""Telling the leader how far a follower is: once in a while, whatever comes of it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from service.following import telling
from service.following.errors import LeaderUnreachable
from service.following.telling import Teller

ID, EPOCH = UUID(int=1), UUID(int=2)
LONGEST = 10.0


class Leader:
    """Says what it is to say, and remembers what it was told."""

    def __init__(self, answer: Callable[[int], bool]) -> None:
        self.told: list[str] = []
        self.enough = Event()
        self._answer = answer

    def hear(self, name: UUID, called: str, cursor: str) -> bool:
        assert name == ID and 0 < len(called) <= 200
        self.told.append(cursor)
        if len(self.told) == 5:
            self.enough.set()
        return self._answer(len(self.told))


@pytest.fixture(autouse=True)
def _told_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "EVERY_SECONDS", 0.001)


def teller_of(leader: Leader) -> Teller:
    return Teller(leader)  # type: ignore[arg-type]


def test_nothing_is_told_before_it_is_known() -> None:
    leader = Leader(lambda _: True)
    teller = teller_of(leader)
    teller.reached(7)
    with teller.telling():
        assert not leader.enough.wait(0.05)
    assert leader.told == []


def test_the_newest_is_told_again_and_again() -> None:
    leader = Leader(lambda _: True)
    teller = teller_of(leader)
    teller.begin(ID, EPOCH, 1)
    teller.reached(2)
    with teller.telling():
        assert leader.enough.wait(LONGEST)
    assert set(leader.told) == {telling.format_cursor(EPOCH, 2)}


def test_what_goes_wrong_is_said_once_until_it_goes_right() -> None:
    def answer(number: int) -> bool:
        if number != 3:
            raise LeaderUnreachable("It is away.")
        return True

    leader = Leader(answer)
    teller = teller_of(leader)
    teller.begin(ID, EPOCH, 1)
    with capture_logs() as said, teller.telling():
        assert leader.enough.wait(LONGEST)
    assert [one["log_level"] for one in said] == ["warning", "warning"]


def test_a_leader_that_wants_to_hear_nothing_is_left_alone_for_good() -> None:
    leader = Leader(lambda _: False)
    teller = teller_of(leader)
    teller.begin(ID, EPOCH, 1)
    with capture_logs() as said:
        for _ in range(2):
            with teller.telling():
                leader.enough.wait(0.05)
    assert len(leader.told) == 1 and len(said) == 1
