"""The catalogue of events: what was ever stored has its schema there, and no shape changes under its old name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from events.codec import decode, encode, topic_of
from events.envelope import RecordedEvent
from events.event_types import EVENT_TYPES, DomainEvent, EntityRenamed
from events.fold import fold
from events.identity import split_stream
from service.feeds import schemas
from service.feeds.schemas import SHAPES, event_schema, event_types
from tests.generating import some
from tests.test_docs import generator
from tests.unit.events.test_codec import FILES, generated, read, stored

AT = datetime(2026, 11, 20, tzinfo=UTC)
STREAMS = {"entity": "entities", "article": "articles", "claim": "claims"}


validator_of = cache(lambda topic: Draft202012Validator(event_schema(topic)))


def problems(topic: str, stream: str, state: dict[str, Any]) -> list[str]:
    """What a schema has against an event as the feed shows it."""
    _, name = split_stream(stream)
    return [error.message for error in validator_of(topic).iter_errors({"id": name, **state})]


def stored_before(path: Path) -> list[Path]:
    """One stored event for each version of the stream before this one."""
    record = stored(path)
    found = {}
    for other in FILES:
        about = stored(other)
        if about["stream"] == record["stream"] and about["version"] < record["version"]:
            found.setdefault(about["version"], other)
    assert sorted(found) == list(range(1, record["version"]))
    return [found[version] for version in sorted(found)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stored_event_has_the_shape_of_its_own_version(path: Path) -> None:
    record = stored(path)
    assert problems(record["topic"], record["stream"], record["state"]) == []
    assert problems(record["topic"], record["stream"], record["state"] | {"more": 1})
    assert problems(record["topic"], record["stream"], {})


@pytest.mark.parametrize("name", ["EntityRegistered", "EntityCorrected"])
def test_an_event_of_an_older_version_has_not_the_shape_of_the_newer_one_until_it_is_lifted(name: str) -> None:
    (path,) = [path for path in FILES if path.stem == f"{name}.v1"]
    record = stored(path)
    assert problems(f"{name}.v2", record["stream"], record["state"])
    topic, lifted = encode(read(path))
    assert topic == f"{name}.v2"
    assert problems(topic, record["stream"], json.loads(lifted)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stored_event_is_lifted_and_folds(path: Path) -> None:
    history = [read(each) for each in [*stored_before(path), path]]
    knowledge = fold(RecordedEvent(place, AT, event) for place, event in enumerate(history, start=1))
    category, name = split_stream(stored(path)["stream"])
    if category in STREAMS:
        assert getattr(knowledge, STREAMS[category])[name].version == len(history)


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda event_type: event_type.__name__)
@some
@given(data=st.data())
def test_events_of_every_type_are_read_as_they_were_and_fit_their_schema(
    event_type: type[DomainEvent], data: st.DataObject
) -> None:
    event = data.draw(generated(event_type))
    topic, state = encode(event)
    again = decode(topic, state, event.originator_id, event.originator_version)
    assert (type(again), again) == (type(event), event)
    assert problems(topic, "claim-x", json.loads(state)) == []


def test_every_version_is_listed_and_only_the_newest_is_not_superseded() -> None:
    listed = {item["type"].removeprefix("io.frenemies."): item for item in event_types()}
    assert set(listed) == {path.stem for path in FILES} == set(SHAPES)
    current = {topic for topic, item in listed.items() if item["superseded_by"] is None}
    assert current == set(map(topic_of, EVENT_TYPES))
    assert all((item["lifted_by"] is None) == (topic in current) for topic, item in listed.items())
    assert all(event_schema(topic).get("deprecated", False) == (topic not in current) for topic in listed)


class _Renamed(EntityRenamed, frozen=True, kw_only=True):
    """An entity took a new name on a day."""

    why: str = ""


class _Reworded(EntityRenamed, frozen=True, kw_only=True):
    """In other words."""


Changed = msgspec.defstruct("EntityRenamed", [], bases=(_Renamed,), frozen=True, kw_only=True)
Reworded = msgspec.defstruct("EntityRenamed", [], bases=(_Reworded,), frozen=True, kw_only=True)


def with_shape(monkeypatch: pytest.MonkeyPatch, shape: Any) -> Any:
    """The generator of the documents, after somebody has edited a class."""
    monkeypatch.setattr(schemas, "SHAPES", SHAPES | {"EntityRenamed.v1": shape})
    return generator()


def test_a_shape_that_changes_without_a_new_version_is_found_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = with_shape(monkeypatch, Changed)
    assert made.changed_shapes() == ["EntityRenamed.v1"]
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: pytest.fail("something was written"))
    with pytest.raises(SystemExit, match=r"EntityRenamed\.v1 .* add a version"):
        made.main()


def test_other_words_are_no_other_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    made = with_shape(monkeypatch, Reworded)
    assert made.changed_shapes() == []
    name = "EntityRenamed.v1.json"
    assert made.event_schemas()[name] != (made.EVENT_SCHEMAS / name).read_text("utf-8")
