"""Old stored shapes, lifted step by step."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from events.event_types import EVENT_TYPES
from events.upcasting import OLD_SHAPES, STEPS, upcast


def entity(identifiers: list[str] | None) -> dict[str, Any]:
    content = {"kind": "company", "name": "Ant"} | ({} if identifiers is None else {"identifiers": identifiers})
    return {"recorder": {"key": "k"}, "content": content}


@pytest.mark.parametrize(
    ("listed", "keyed"),
    [
        (None, {}),
        ([], {}),
        (["wikidata:Q1"], {"wikidata": "Q1"}),
        (["lei:X", "url:https://ant.example/"], {"lei": "X", "url": "https://ant.example/"}),
    ],
)
def test_identifiers_are_keyed_by_their_scheme(listed: list[str] | None, keyed: dict[str, str]) -> None:
    assert upcast("EntityRegistered", 1, 2, entity(listed))["content"]["identifiers"] == keyed


def test_the_stored_state_stays_as_it_is() -> None:
    state = entity(["wikidata:Q1"])
    before = copy.deepcopy(state)
    upcast("EntityCorrected", 1, 2, state)
    assert state == before


def test_a_state_of_the_current_shape_is_not_touched() -> None:
    state = entity(["not a current shape"])
    assert upcast("EntityRegistered", 2, 2, state) is state


def test_there_is_a_step_from_every_old_shape() -> None:
    old = {(event.__name__, shape) for event in EVENT_TYPES for shape in range(1, event.shape)}
    assert set(STEPS) == set(OLD_SHAPES) == old
