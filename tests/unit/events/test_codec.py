"""Events to stored topic and state, and back: generated ones, and those that were stored long ago."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import UnreadableEvent, decode, encode, state_of, topic_of
from events.event_types import (
    CLAIMED,
    EVENT_TYPES,
    ClaimCorrected,
    Claimed,
    ClaimRetracted,
    DomainEvent,
    EntityCorrected,
    EntityRegistered,
)
from events.values import ClaimContent, EntityContent
from events.vocabulary import CLAIM_TYPES
from tests.unit.events.examples import EVIDENCE, ME, claim, entity_content

STORED = Path(__file__).parents[2] / "data" / "events"
FILES = sorted(STORED.glob("v*/*.json"))
PLACE: dict[str, Any] = {"originator_id": "claim-c", "originator_version": 2, "recorder": ME}

texts = st.text(max_size=5)
plain = st.one_of(texts, st.booleans(), st.lists(texts, max_size=2), st.dictionaries(texts, texts, max_size=2))
attributes = st.dictionaries(texts, plain, max_size=3)
contents = st.builds(ClaimContent, attributes=attributes)


def generated(event_type: type[DomainEvent]) -> st.SearchStrategy[DomainEvent]:
    """Events of a class, of any content: what may hold anything is given, the rest follows from the types."""
    fields: dict[str, Any] = {"originator_version": st.integers(1, 1 << 40)}
    if issubclass(event_type, Claimed):
        fields["content"] = contents
    if event_type in (EntityRegistered, EntityCorrected):
        fields["content"] = st.builds(EntityContent, identifiers=st.dictionaries(texts, texts, max_size=2))
    if event_type is ClaimCorrected:
        fields["changes"] = st.builds(_some_fields, contents, st.sets(st.sampled_from(ClaimContent.__struct_fields__)))
    return st.builds(event_type, **fields)


def _some_fields(content: ClaimContent, names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in json.loads(msgspec.json.encode(content)).items() if name in names}


events = st.sampled_from(EVENT_TYPES).flatmap(generated)


def stored(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def read(path: Path) -> DomainEvent:
    record = stored(path)
    return decode(record["topic"], json.dumps(record["state"]).encode(), record["stream"], record["version"])


@given(events)
def test_every_event_that_is_stored_is_read_again(event: DomainEvent) -> None:
    topic, state = encode(event)
    again = decode(topic, state, event.originator_id, event.originator_version)
    assert (type(again), again) == (type(event), event)
    assert encode(again) == (topic, state)


def test_equal_events_have_equal_bytes() -> None:
    one, two = ({"b": "1", "a": "2"}, {"a": "2", "b": "1"})
    first, second = (encode(EntityRegistered(**PLACE, content=entity_content(identifiers=ids))) for ids in (one, two))
    assert first == second


def test_a_topic_names_the_event_and_its_shape_and_no_code() -> None:
    assert topic_of(EntityRegistered) == "EntityRegistered.v2"
    assert topic_of(ClaimRetracted) == "ClaimRetracted.v1"


def test_stream_and_version_are_no_part_of_the_state() -> None:
    assert state_of(ClaimRetracted(**PLACE, reason="wrong")) == {"recorder": {"key": "tester"}, "reason": "wrong"}


@pytest.mark.parametrize(
    "topic", ["", "ClaimRetracted", "ClaimRetracted.v", "ClaimRetracted.v0", "ClaimRetracted.v2", "ClaimRetracted.v1.0"]
)
def test_an_unknown_or_newer_topic_cannot_be_read(topic: str) -> None:
    with pytest.raises(UnreadableEvent, match=r"claim-c@2: there is no event"):
        decode(topic, b"{}", "claim-c", 2)


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("ClaimRetracted.v1", b"not json"),
        ("ClaimRetracted.v1", b"[]"),
        ("ClaimRetracted.v1", b'{"recorder":{"key":"k"}}'),
        ("ClaimRetracted.v1", b'{"recorder":{"key":"k"},"reason":"r","more":1}'),
        ("ClaimRetracted.v1", b'{"recorder":{"key":"k"},"reason":1}'),
        ("ClaimCorrected.v1", b'{"recorder":{"key":"k"},"reason":"r","changes":{"mood":"good"}}'),
        ("ClaimCorrected.v1", b'{"recorder":{"key":"k"},"reason":"r","changes":{"modality":null}}'),
        ("EntityRegistered.v1", b"{}"),
        ("EntityRegistered.v1", b'{"content":{"identifiers":["no scheme"]}}'),
    ],
)
def test_a_state_of_another_shape_cannot_be_read(topic: str, state: bytes) -> None:
    with pytest.raises(UnreadableEvent, match=rf"claim-c@2: {topic} cannot be read"):
        decode(topic, state, "claim-c", 2)


# What was stored once is read for ever. Nobody edits these files; a new shape adds new ones.


def test_every_shape_of_every_event_is_on_file() -> None:
    assert {path.stem for path in FILES} == {
        f"{event_type.__name__}.v{shape}" for event_type in EVENT_TYPES for shape in range(1, event_type.shape + 1)
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stored_event_is_read_for_ever(path: Path) -> None:
    record, event = stored(path), read(path)
    assert record["topic"] == path.stem
    assert (event.originator_id, event.originator_version) == (record["stream"], record["version"])
    assert type(event).__name__ == path.stem.partition(".")[0]


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem in map(topic_of, EVENT_TYPES)], ids=lambda path: path.stem
)
def test_an_event_of_the_current_shape_is_stored_as_it_was(path: Path) -> None:
    topic, state = encode(read(path))
    assert (topic, json.loads(state)) == (stored(path)["topic"], stored(path)["state"])


@pytest.mark.parametrize("name", ["EntityRegistered", "EntityCorrected"])
def test_identifiers_that_were_listed_are_keyed_by_their_scheme(name: str) -> None:
    event = read(STORED / "v1" / f"{name}.v1.json")
    assert state_of(event) == state_of(read(STORED / "v2" / f"{name}.v2.json"))
    assert msgspec.structs.asdict(event)["content"] == EntityContent(
        "company", "Red Hat", ("Red Hat, Inc.",), {"domain": "redhat.com", "url": "https://redhat.com/"}
    )


def test_each_claim_type_has_an_event_of_its_own() -> None:
    assert list(CLAIMED) == list(CLAIM_TYPES)
    event = CLAIMED["customer"](**PLACE, content=claim("customer"), evidence=EVIDENCE)
    assert encode(event)[0] == "CustomerClaimed.v1"
