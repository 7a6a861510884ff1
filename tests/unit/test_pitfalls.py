"""Pitfalls of other event stores, by their numbers: what comes late, how deep a history is, and the edges of days.

Those of the store are in `tests/integration/store/test_pitfalls.py`, those of HTTP in `tests/http/test_pitfalls.py`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from events import codec, records
from events.changes import apply, changes
from events.envelope import RecordedEvent
from events.fold import Knowledge, fold
from events.knowledge import Point, hear
from events.records import EVER
from events.relationships import relation_state
from events.state import EntityState, entity_state
from events.temporal import FIRST_DAY, LAST_DAY, format_day, parse_day
from service.projections.index import Reached
from service.store.memory import MemoryStore
from service.store.protocol import StoredRecord
from service.timeline.clocks import ClockReader
from service.timeline.loading import Loader
from tests.generating import some
from tests.histories import COMPANIES, PERSON, histories, reorderings, turning_days
from tests.indexed import PlainIndex
from tests.recorded import Recorded
from tests.unit.events.test_changes import two_points

EVERYBODY = (*COMPANIES, PERSON, "board", "guild", "kit")
URL = "https://news.example/1"


def up_to(recorded: Recorded, position: int) -> Knowledge:
    """What the log held at a position, folded from that part of it alone."""
    rows = recorded.store.read_log(0, 1_000_000, until=position)
    return fold(
        RecordedEvent(r.position, r.recorded_at, codec.decode(r.topic, r.state, r.stream, r.version)) for r in rows
    )


class Told:
    """What is said in a store, without the order of recording: lists sorted, claims by ref, authors by name.

    The id of a response that says no time of its own depends on what its article said then; its ref does not.
    """

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def of(self, value: Any) -> Any:
        return self._plain(msgspec.to_builtins(value, str_keys=True))

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return sorted(map(self._plain, value), key=repr)
        if not isinstance(value, str):
            return value
        return re.sub(r"author:([0-9a-f+-]+)", self._author, self._recorded.ref(value))

    def _author(self, match: re.Match[str]) -> str:
        named = [UUID(name) for name in match[1].split("+")]
        texts = self._recorded.store.read_texts(named)
        return "author:" + "+".join(sorted(texts[name].content if name in texts else str(name) for name in named))


# 8: what is recorded late


@some
@given(st.data())
def test_pitfall_8_two_orders_of_recording_give_equal_states_and_equal_differences(data: st.DataObject) -> None:
    history = data.draw(histories())
    one, two = Recorded(history), Recorded(data.draw(reorderings(history)))
    known = one.knowledge(), two.knowledge()
    told = Told(one), Told(two)
    for _ in range(10):
        entity = data.draw(st.sampled_from(EVERYBODY))
        points = [point._replace(recorded_by=EVER) for point in data.draw(two_points(history, one))]
        note(f"{entity}: {points}")
        states = [[entity_state(knowledge, entity, point) for point in points] for knowledge in known]
        first, second = ([say.of(state) for state in of] for say, of in zip(told, states, strict=True))
        assert first == second
        first, second = (say.of(changes(*of)) for say, of in zip(told, states, strict=True))
        assert first == second


@some
@given(st.data())
def test_pitfall_8_what_arrives_later_changes_no_answer_of_a_position_before(data: st.DataObject) -> None:
    history = data.draw(histories())
    recorded = Recorded(history)
    whole = recorded.knowledge()
    for _ in range(10):
        entity = data.draw(st.sampled_from(EVERYBODY))
        point, _ = data.draw(two_points(history, recorded))
        point = point._replace(recorded_by=data.draw(st.sampled_from(recorded.positions)))
        note(f"{entity}: {point}")
        assert entity_state(whole, entity, point) == entity_state(up_to(recorded, point.recorded_by), entity, point)


@some
@given(st.data())
def test_pitfall_8_differences_from_record_to_record_lead_to_the_newest_state(data: st.DataObject) -> None:
    """Each record's own differences, the one after the other, from nothing: as a follower would take them."""
    history = data.draw(histories())
    recorded = Recorded(history)
    knowledge = recorded.knowledge()
    entity = data.draw(st.sampled_from(EVERYBODY))
    point, _ = data.draw(two_points(history, recorded))
    states = [entity_state(knowledge, entity, point._replace(recorded_by=at)) for at in recorded.positions]
    followed: EntityState = states[0]
    for before, after in zip(states, states[1:], strict=False):
        followed = apply(followed, changes(before, after))
    assert followed == states[-1]


@some
@given(st.data())
def test_pitfall_8_differences_from_day_to_day_lead_through_a_whole_life(data: st.DataObject) -> None:
    history = data.draw(histories())
    recorded = Recorded(history)
    knowledge = recorded.knowledge()
    entity = data.draw(st.sampled_from(EVERYBODY))
    point, _ = data.draw(two_points(history, recorded))
    days = [parse_day(day) for day in turning_days(history)]
    for axis in ("as_of", "published_by"):
        states = [
            entity_state(knowledge, entity, point._replace(**{axis: day})) for day in (FIRST_DAY, *days, LAST_DAY)
        ]
        followed = states[0]
        for before, after in zip(states, states[1:], strict=False):
            followed = apply(followed, changes(before, after))
        assert followed == states[-1]


# 9: what a deep history costs


class Counting(MemoryStore):
    """A store that counts the events that are read of streams."""

    read = 0

    def read_streams(self, streams: Collection[str], *, until: int | None = None) -> dict[str, list[StoredRecord]]:
        found = super().read_streams(streams, until=until)
        self.read += sum(map(len, found.values()))
        return found


def deep(corrections: int) -> Recorded:
    """A partnership of ant and bee that was corrected so often, and beside it one of bee and cat that never was."""
    known = [{"record": "entity", "id": name, "kind": "company", "name": name} for name in COMPANIES]
    history = [*known, article("2013-01-10"), said("hot", "2013-01-01"), said("calm", "2013-01-01", "bee", "cat")]
    recorded = Recorded(history, Counting())
    for number in range(corrections):
        day = format_day(parse_day("2012-01-01") + number % 300)
        changed = {"time": {"kind": "instant", "edtf": day}}
        recorded.record({"record": "correction", "of": "hot", "changes": changed, "reason": f"slip {number}"})
    return recorded


def cost(
    recorded: Recorded, first: str, second: str, position: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, int]:
    """How many events are read, and how many corrections made, for the relation of two at a position."""
    load = Loader(recorded.store, PlainIndex(recorded.knowledge()), 1_000)
    made: list[int] = []
    apply_one = records.corrected

    def counted(*given: Any) -> Any:
        made.append(1)
        return apply_one(*given)

    store = recorded.store
    assert isinstance(store, Counting)
    store.read = 0
    with monkeypatch.context() as patched:
        patched.setattr(records, "corrected", counted)
        key = ("partner_of", first, second)
        point = Point(parse_day("2014-01-01"), None, position)
        assert relation_state(hear(load.between(first, second, position), point), key, point.as_of).status == "holds"
    return store.read, len(made)


@pytest.mark.slow
def test_pitfall_9_a_relation_that_was_never_corrected_costs_the_same_beside_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert cost(deep(10), "bee", "cat", EVER, monkeypatch) == cost(deep(1_000), "bee", "cat", EVER, monkeypatch)


@pytest.mark.slow
def test_pitfall_9_an_answer_of_a_position_before_costs_nothing_for_what_came_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    position = deep(10).store.head()
    assert cost(deep(10), "ant", "bee", position, monkeypatch) == cost(deep(1_000), "ant", "bee", position, monkeypatch)


@pytest.mark.slow
def test_pitfall_9_a_fold_costs_no_more_than_in_proportion_to_the_corrections(monkeypatch: pytest.MonkeyPatch) -> None:
    (few_read, few_made), (many_read, many_made) = (
        cost(deep(n), "ant", "bee", EVER, monkeypatch) for n in (100, 1_000)
    )
    assert many_read <= 10 * few_read and many_made <= 10 * few_made


# 10: the edges of days and instants


def article(published: str) -> dict[str, Any]:
    told = {"record": "article", "url": URL, "title": "T", "publisher": "news", "authors": [], "language": "en"}
    return told | {"published": published}


def said(ref: str, edtf: str, one: str = "ant", other: str = "bee") -> dict[str, Any]:
    return {
        "record": "claim",
        "ref": ref,
        "article": URL,
        "type": "partnership",
        "participants": [{"role": "partner", "entity": one}, {"role": "partner", "entity": other}],
        "attributes": {},
        "asserted_by": {"kind": "author"},
        "modality": "done",
        "polarity": "positive",
        "time": {"kind": "instant", "edtf": edtf},
        "evidence": {"summary": ref},
    }


def status(edtf: str, published: str, day: str, published_by: str | None = None) -> str:
    known = [{"record": "entity", "id": name, "kind": "company", "name": name} for name in ("ant", "bee")]
    recorded = Recorded([*known, article(published), said("a", edtf)])
    point = Point(parse_day(day), published_by and parse_day(published_by))
    return relation_state(hear(recorded.knowledge(), point), ("partner_of", "ant", "bee"), point.as_of).status


@pytest.mark.parametrize(
    ("edtf", "statuses"),
    [
        ("2013-03-10", {"2013-03-09": "not_held", "2013-03-10": "holds", "2013-03-11": "holds"}),
        ("2013-03-10/2013-03-20", {"2013-03-09": "not_held", "2013-03-10": "holds", "2013-03-20": "holds"}),
        ("2013-03-10/2013-03-20", {"2013-03-21": "not_held"}),
        (
            "2013-02",
            {"2013-01-31": "not_held", "2013-02-01": "possibly", "2013-02-27": "possibly", "2013-02-28": "holds"},
        ),
        ("2012-02", {"2012-02-28": "possibly", "2012-02-29": "holds"}),
        ("2012", {"2011-12-31": "not_held", "2012-01-01": "possibly", "2012-12-30": "possibly", "2012-12-31": "holds"}),
        ("0001-01-01", {"0001-01-01": "holds", "9999-12-31": "holds"}),
        ("9999-12-31", {"0001-01-01": "not_held", "9999-12-30": "not_held", "9999-12-31": "holds"}),
        ("0001-01-01/9999-12-31", {"0001-01-01": "holds", "9999-12-31": "holds"}),
        ("../9999-12-31", {"9999-12-31": "holds"}),
        ("0001-12-31/0001-12-31", {"0001-12-31": "holds", "0002-01-01": "not_held"}),
    ],
)
def test_pitfall_10_a_state_begins_on_its_first_day_and_is_over_on_the_day_after_its_last(
    edtf: str, statuses: dict[str, str]
) -> None:
    assert {day: status(edtf, "2013-06-01", day) for day in statuses} == statuses


@pytest.mark.parametrize(
    ("published", "last_unknown", "first_known"),
    [
        ("2013-01-10", "2013-01-09", "2013-01-10"),
        ("2013-02", "2013-02-27", "2013-02-28"),
        ("2012-02", "2012-02-28", "2012-02-29"),
        ("[2013-01-10..2013-01-20]", "2013-01-19", "2013-01-20"),
        ("9999-12-31", "9999-12-30", "9999-12-31"),
        ("0001", "0001-12-30", "0001-12-31"),
    ],
)
def test_pitfall_10_an_article_is_public_on_the_last_day_that_its_date_can_mean_and_not_before(
    published: str, last_unknown: str, first_known: str
) -> None:
    assert status("0001-01-01", published, "9999-12-31", last_unknown) == "unknown"
    assert status("0001-01-01", published, "9999-12-31", first_known) == "holds"


NOON = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def reader(store: MemoryStore) -> ClockReader:
    return ClockReader(store, store.epoch, lambda _: Reached(store.head(), None), 0.0, lambda: NOON + timedelta(days=1))


def stopped(steps: Sequence[float]) -> Recorded:
    """Companies recorded by a clock that shows NOON and so many seconds, step by step."""
    shown = iter([NOON + timedelta(seconds=step) for step in steps])
    names = [f"c{number}" for number in range(len(steps))]
    store = MemoryStore(lambda: next(shown))
    return Recorded([{"record": "entity", "id": name, "kind": "company", "name": name} for name in names], store)


@pytest.mark.parametrize("steps", [(0, 0, 0, 0), (0, -3600, -7200, 5), (10, 0, 10, 10)])
def test_pitfall_10_ties_and_a_clock_that_is_set_back_leave_every_position_an_instant_of_its_own(
    steps: tuple[float, ...],
) -> None:
    store = stopped(steps).store
    instants = [at for position in range(1, 5) if (at := store.recorded_at(position))]
    assert len(instants) == 4 and sorted(set(instants)) == instants
    for position, instant in enumerate(instants, 1):
        for offset, found in ((0, position), (-1, position - 1)):
            text = (instant + timedelta(microseconds=offset)).isoformat()
            assert reader(store).resolve(recorded_by=text).position == found


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-29T01:30:00Z", "2026-03-29T01:30:00+00:00", "2026-03-29T02:30:00+01:00", "2026-03-29T03:30:00+02:00",
        "2026-03-28T20:30:00-05:00", "2026-03-29T15:30:00+14:00", "2026-03-29t01:30:00.000000z",
    ],
)  # fmt: skip
def test_pitfall_10_one_instant_is_one_position_in_whatever_zone_it_is_written(text: str) -> None:
    """Also in the hour that summer time leaves out in Berlin, of which a wall clock alone would be wrong."""
    store = stopped((0, 1)).store
    assert reader(store).resolve(recorded_by=text).position == 1


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin", "UTC"])
def test_pitfall_10_today_is_that_of_utc_wherever_the_process_runs(in_zone: Any, zone: str) -> None:
    in_zone(zone)
    at = [NOON.replace(hour=hour, minute=minute) for hour, minute in ((0, 0), (12, 0), (23, 59))]
    for now in at:
        store = MemoryStore()
        clocks = ClockReader(store, store.epoch, lambda _: Reached(0, None), 0.0, lambda now=now: now).resolve()  # type: ignore[misc]
        assert format_day(clocks.as_of) == "2026-03-29"


@pytest.fixture
def in_zone() -> Iterator[Any]:
    """Puts the process into a time zone, until the end of the test."""
    before = os.environ.get("TZ")

    def put(zone: str | None) -> None:
        os.environ.pop("TZ", None)
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()

    yield put
    put(before)
