"""The text of tokens, and the hash of answered states."""

from __future__ import annotations

import json
import random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.temporal import FIRST_DAY, LAST_DAY
from service.store.memory import MemoryStore
from service.timeline.records import OLDEST, RecentEpoch, RecordCount
from service.timeline.tokens import (
    BadToken,
    Token,
    TokenOfOtherEpoch,
    answered_state,
    format_token,
    hash_of_path,
    parse_token,
    state_hash,
)
from tests.recorded import Recorded

DAYS = st.integers(FIRST_DAY, LAST_DAY)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ROUTE = "/v1/entities/a/state"
ENTITY = {"record": "entity", "id": "acme", "kind": "company", "name": "Acme"}


@st.composite
def tokens(draw: st.DrawFn) -> Token:
    position = draw(st.integers(0, 2**53 - 1))
    return Token(
        epoch=draw(st.uuids()).bytes,
        rules=draw(st.integers(0, 1_000)),
        path=hash_of_path(draw(TEXTS)),
        question=tuple(sorted(draw(st.dictionaries(TEXTS, TEXTS, max_size=4)).items())),
        as_of=draw(DAYS),
        published_by=draw(st.none() | DAYS),
        position=position,
        records=draw(st.integers(0, position)),
        according_to=draw(st.none() | TEXTS),
        after=draw(st.none() | TEXTS),
        state=draw(st.binary(min_size=32, max_size=32)),
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)
ANSWERS = st.dictionaries(TEXTS.filter(lambda name: name not in ("entity", "claims", "evidence")), VALUES, max_size=6)


def shuffled(value: Any, order: random.Random) -> Any:
    """The same JSON with the keys of every object in another order."""
    if isinstance(value, dict):
        names = list(value)
        order.shuffle(names)
        return {name: shuffled(value[name], order) for name in names}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


@given(tokens())
def test_a_token_means_what_it_was_made_of(token: Token) -> None:
    text = format_token(token)
    assert parse_token(text) == token and format_token(parse_token(text)) == text
    assert all(character.isascii() and (character.isalnum() or character in "-_") for character in text)


@given(tokens(), st.data())
def test_a_token_changed_in_one_character_is_found_out(token: Token, data: st.DataObject) -> None:
    text = format_token(token)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_=.é ").filter(lambda character: character != text[place]))
    for changed in (text[:place] + other + text[place + 1 :], text[:place], text + other):
        with pytest.raises(BadToken):
            parse_token(changed)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.hex()))
def test_anything_else_is_no_token(text: str) -> None:
    with pytest.raises(BadToken) as refused:
        parse_token(text)
    assert refused.value.pointer == "token"


@pytest.mark.parametrize(
    "changes",
    [
        {"epoch": b"short"},
        {"path": b""},
        {"state": bytes(31)},
        {"as_of": 0},
        {"as_of": LAST_DAY + 1},
        {"published_by": -1},
        {"position": -1, "records": -1},
        {"records": 6},
        {"position": 2**60, "records": 0},
        {"rules": -1},
        {"version": 2},
    ],
)
def test_what_no_service_would_pin_is_no_token(changes: dict[str, Any]) -> None:
    good = Token(bytes(16), 1, hash_of_path("/"), (), FIRST_DAY, None, 5, 5, None, None, bytes(32))
    assert parse_token(format_token(good)) == good
    with pytest.raises(BadToken):
        parse_token(format_token(replace(good, **changes)))


def test_a_token_knows_its_address_and_its_log() -> None:
    epoch = uuid4()
    token = Token(epoch.bytes, 1, hash_of_path(ROUTE), (), FIRST_DAY, None, 5, 5, None, None, bytes(32))
    token.demand_path(ROUTE)
    token.demand_epoch(epoch)
    with pytest.raises(BadToken):
        token.demand_path("/v1/entities/b/state")
    with pytest.raises(TokenOfOtherEpoch):
        token.demand_epoch(uuid4())


@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_hash_does_not_depend_on_the_order_of_keys(answer: dict[str, Any], order: random.Random) -> None:
    assert state_hash(answer) == state_hash(shuffled(answer, order))


@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_hash_is_that_of_what_json_carries(answer: dict[str, Any], order: random.Random) -> None:
    assert state_hash(json.loads(json.dumps(answer))) == state_hash(answer)


def test_the_hash_does_not_cover_what_another_installation_has_otherwise() -> None:
    claim = {
        "id": "c", "version": 1, "last_changed": 7, "recorded_at": "then", "recorder": {"key": "a"},
        "attributes": {"version": "2.0"}, "evidence": [{"summary": "s", "recorded_at_position": 7}],
    }  # fmt: skip
    other = claim | {
        "version": 2, "last_changed": 8, "recorded_at": "later", "recorder": {"key": "b"},
        "evidence": [{"summary": "s", "recorded_at_position": 9}],
    }  # fmt: skip
    page, others = {"claims": [claim], "position": 7, "next": "/a"}, {"claims": [other], "position": 9, "next": None}
    assert state_hash(page) == state_hash(others)
    assert state_hash(claim | {"position": 7}) == state_hash(other | {"position": 9})
    assert state_hash(page) != state_hash({"claims": [claim | {"attributes": {"version": "2.1"}}]})


def test_of_an_entity_that_came_later_only_the_id_counts() -> None:
    entity = {"id": "e", "name": "E", "version": 1, "last_changed": 9, "possible_duplicates": []}
    assert answered_state({"entity": entity, "position": 8}) == {"entity": {"id": "e"}}
    assert answered_state({"entity": entity, "position": 9}) == {"entity": {"id": "e", "name": "E"}}


def test_records_are_counted_anew_when_the_log_is_another_one() -> None:
    store = Recorded([ENTITY]).store
    count = RecordCount(store)
    assert [count.up_to(1, store.epoch()), count.up_to(0, store.epoch())] == [1, 0]
    count._store = MemoryStore()
    assert count.up_to(5, count._store.epoch()) == 5


def test_the_identity_of_the_log_is_asked_for_once_a_second_and_another_log_is_noticed() -> None:
    store, now = _Restored(), [100.0]
    recent = RecentEpoch(store, lambda: now[0])
    first = store.epochs[0]
    for now[0] in (100.0, 100.5, 100.0 + OLDEST - 0.01):
        assert recent.get() == first
    assert store.asked == 1
    store.restore()
    assert recent.get() == first
    now[0] = 100.0 + OLDEST
    assert recent.get() == store.epochs[1] != first
    assert store.asked == 2


class _Restored(MemoryStore):
    """A store that tells how often its identity was asked for, and takes another one."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs = [uuid4()]
        self.asked = 0

    def epoch(self) -> UUID:
        self.asked += 1
        return self.epochs[-1]

    def restore(self) -> None:
        self.epochs.append(uuid4())
