"""Decisions on claims that are summed up are those on all that was ever done to them."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events import codec
from events.errors import DomainError
from events.event_types import ClaimCorrected, ClaimReinstated, ClaimRetracted
from events.identity import split_stream
from events.records import ClaimRecord
from events.repeats import mark
from events.snapshots import FORM, UnreadableSnapshot, decode_snapshot, encode_snapshot, summed_up
from service.errors import StoreUnavailable
from service.store import snapshots
from service.store.memory import MemoryStore
from service.store.protocol import Snapshot, StoredRecord
from service.store.rows import event_of, folded
from service.store.snapshots import audit_snapshots, opened, read_present, snapshot_of
from tests.generating import some
from tests.histories import histories
from tests.recorded import Recorded

URL = "https://news.example/1"
SCENE: list[dict[str, Any]] = [
    {"record": "entity", "id": name, "kind": "company", "name": name} for name in ("ant", "bee", "cat")
] + [
    {
        "record": "article", "url": URL, "title": "News", "publisher": "news", "language": "en",
        "published": "2014-11-04",
    },
    {
        "record": "claim", "ref": "c1", "article": URL, "type": "investment",
        "participants": [{"role": "investor", "entity": "ant"}, {"role": "investee", "entity": "bee"}],
        "attributes": {}, "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2013", "rule": "years_before(1)"}, "evidence": {"summary": "s"},
    },
]  # fmt: skip
CLAIM = SCENE[-1]
CHANGES: list[dict[str, Any]] = [
    {"modality": "reported"},
    {"modality": "done"},
    {"attributes": {"round": "seed", "stake": 5}},
    {"attributes": {"stake": "5", "round": "seed"}},
    {"attributes": {}},
    {"attributes": {"round": '☁ "second"'}, "polarity": "negative"},
    {"time": {"kind": "instant", "edtf": "2012"}},
    {"time": {"kind": "instant", "edtf": "2013", "rule": "years_before(1)"}},
    {"time": {"kind": "instant", "edtf": "2014", "rule": "years_before(1)"}},
    {"time": {"kind": "instant", "edtf": "2012"}, "modality": "reported"},
    {"participants": [{"role": "investor", "entity": "cat"}, {"role": "investee", "entity": "bee"}]},
]


def amendments() -> st.SearchStrategy[dict[str, Any]]:
    """What can be done to the one claim: few ways and few reasons, so that they repeat each other."""
    reason = st.sampled_from(("slip", " slip", "misread"))
    about = {"of": st.just("c1"), "reason": reason}
    by = {"article": st.just(URL)}
    published = st.sampled_from(("2014-11-04", "2015-02-03", "2013-01-01"))
    return st.one_of(
        st.fixed_dictionaries(
            {"record": st.just("correction"), "changes": st.sampled_from(CHANGES), **about}, optional=by
        ),
        st.fixed_dictionaries({"record": st.sampled_from(("retraction", "reinstatement")), **about}, optional=by),
        st.fixed_dictionaries(
            {
                "record": st.just("correction"),
                "of": st.just(URL),
                "reason": reason,
                "changes": st.fixed_dictionaries({"published": published}),
            },
        ),  # fmt: skip
        st.fixed_dictionaries({"summary": st.sampled_from(("s", "more"))}).map(lambda said: CLAIM | {"evidence": said}),
        st.sampled_from(("c1", "c2")).map(lambda ref: CLAIM | {"ref": ref}),
    )


class MarkedStore(MemoryStore):
    """Gives back no more than what has the mark, as a database does."""

    def read_marked(self, stream: str, mark: str, until: int) -> list[StoredRecord]:
        return [row for row in super().read_marked(stream, mark, until) if marked(row) == mark]


class ForgetfulStore(MemoryStore):
    """Keeps no snapshot, as if somebody deleted each of them at once."""

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        raise StoreUnavailable


class DamagingStore(MarkedStore):
    """Every second snapshot that it keeps is a wrong one: of another moment, or with other bytes."""

    kept = 0

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        wrong = [
            {}, {"version": snapshot.version - 1}, {}, {"position": snapshot.position - 1}, {}, {"body": b"{}"}, {},
            {"digest": b""}, {}, {"version": snapshot.version + 1},
        ]  # fmt: skip
        self.kept += 1
        super().keep_snapshot(replace(snapshot, **wrong[self.kept % len(wrong)]))


def marked(row: StoredRecord) -> str | None:
    match event_of(row):
        case ClaimCorrected() as event:
            edtf = event.changes.get("time", {}).get("edtf", "")
            return mark(event.reason, event.article, edtf, event.changes.get("attributes"))
        case ClaimRetracted() | ClaimReinstated() as event:
            return mark(event.reason, event.article)
    return None


def told(history: list[dict[str, Any]], store: MemoryStore) -> list[Any]:
    """What came of each record, and what was done to the claims in the end."""
    recorded = Recorded([], store)
    outcomes: list[Any] = []
    for record in history:
        try:
            recorded.record(record)
            outcomes.append(store.head())
        except DomainError as error:
            outcomes.append((type(error), str(error), error.pointer))
    events = [event_of(row) for row in store.read_log(0, 10_000)]
    amended = [codec.encode(e) for e in events if isinstance(e, ClaimCorrected | ClaimRetracted | ClaimReinstated)]
    return [*outcomes, [(e.originator_id, e.originator_version, type(e)) for e in events], amended]


@pytest.fixture(params=[1, 2, 5])
def tail(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """After so few events a claim is summed up."""
    monkeypatch.setattr(snapshots, "LONGEST_TAIL", request.param)
    length: int = request.param
    return length


# The fixture says the same for all examples.
examples = settings(some, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@examples
@given(steps=st.lists(amendments(), min_size=3, max_size=24))
def test_decisions_are_the_same_with_and_without_snapshots(tail: int, steps: list[dict[str, Any]]) -> None:
    history = [*SCENE, *steps, *steps[::-1]]
    expected = told(history, ForgetfulStore())
    for store in (MemoryStore(), MarkedStore(), DamagingStore()):
        assert told(history, store) == expected


@examples
@given(history=histories())
def test_any_history_recorded_twice_gives_the_same_with_and_without_snapshots(
    tail: int, history: list[dict[str, Any]]
) -> None:
    expected = told(history + history, ForgetfulStore())
    note(str(Counter(type(outcome) for outcome in expected)))
    assert told(history + history, MarkedStore()) == expected


@examples
@given(steps=st.lists(amendments(), min_size=3, max_size=24), at=st.integers(1, 40))
def test_a_claim_read_from_a_snapshot_is_as_it_is_now(tail: int, steps: list[dict[str, Any]], at: int) -> None:
    store = MemoryStore()
    told([*SCENE, *steps], store)
    (stream,) = {row.stream for row in store.read_log(0, 1_000) if row.stream.startswith("claim-")}
    rows = store.read_stream(stream)
    before = folded(rows[:at])
    assert isinstance(before, ClaimRecord)
    assert decode_snapshot(encode_snapshot(before)) == summed_up(before)
    store.keep_snapshot(snapshot_of(before, rows[:at][-1]))
    found, whole = read_present(store, [stream])[stream], folded(rows)
    assert isinstance(found.record, ClaimRecord)
    assert isinstance(whole, ClaimRecord)
    assert summed_up(found.record) == summed_up(whole)
    assert (found.version, found.position) == (rows[-1].version, rows[-1].position)
    assert split_stream(stream)[1] == found.record.id
    assert audit_snapshots(store) == (1, ())


def corrected(times: int, store: MemoryStore) -> list[StoredRecord]:
    reasons = [f"slip {number}" for number in range(times)]
    changes = [CHANGES[number % 2] for number in range(times)]
    steps = [
        {"record": "correction", "of": "c1", "changes": change, "reason": reason}
        for change, reason in zip(changes, reasons, strict=True)
    ]
    told([*SCENE, *steps], store)
    return [row for row in store.read_log(0, 10_000) if row.stream.startswith("claim-")]


class CountingStore(MarkedStore):
    """Counts the rows that are read of claims."""

    rows = 0

    def read_recent(self, streams: Any, form: int) -> Any:
        found = super().read_recent(streams, form)
        self.rows += sum(len(recent.records) for stream, recent in found.items() if stream.startswith("claim-"))
        return found

    def read_marked(self, stream: str, mark: str, until: int) -> list[StoredRecord]:
        found = super().read_marked(stream, mark, until)
        self.rows += len(found)
        return found


def test_no_correction_reads_more_than_what_came_since_the_last_snapshot() -> None:
    store = CountingStore()
    recorded = Recorded(SCENE, store)
    for number in range(500):
        before = store.rows
        recorded.record(
            {"record": "correction", "of": "c1", "changes": CHANGES[number % 2], "reason": f"slip {number}"}
        )
        assert store.rows - before <= snapshots.LONGEST_TAIL + 2
    assert len(store.read_snapshots(FORM, "", 10)) == 1


def test_a_wrong_snapshot_is_found_by_the_audit(tail: int) -> None:
    store = MemoryStore()
    rows = corrected(9, store)
    other = folded(rows[:4])
    assert isinstance(other, ClaimRecord)
    forged = snapshot_of(other, rows[-1])
    assert opened(forged, rows[-1]) is not None
    store.keep_snapshot(forged)
    assert audit_snapshots(store) == (1, (forged,))


def test_a_snapshot_is_opened_only_beside_the_event_that_it_was_made_at(tail: int) -> None:
    rows = corrected(3, MemoryStore())
    record = folded(rows)
    assert isinstance(record, ClaimRecord)
    snapshot = snapshot_of(record, rows[-1])
    assert opened(snapshot, rows[-1]) == summed_up(record)
    assert opened(snapshot, rows[-2]) is None
    wrong = {"state": b"{}", "topic": "Other.v1", "position": 1, "version": 1, "stream": "claim-b"}
    for field, value in wrong.items():
        assert opened(snapshot, replace(rows[-1], **{field: value})) is None, field
    assert opened(replace(snapshot, body=b"{}"), rows[-1]) is None
    with pytest.raises(UnreadableSnapshot):
        decode_snapshot(b"{}")


def test_a_record_without_its_past_answers_no_question_about_it(tail: int) -> None:
    record = folded(corrected(3, MemoryStore()))
    assert isinstance(record, ClaimRecord)
    short = summed_up(record)
    assert short.current == record.current
    for question in (short.versions, lambda: list(short.contents()), short.demand_whole):
        with pytest.raises(LookupError, match="not at hand"):
            question()


def test_a_snapshot_of_too_many_bytes_is_not_kept(tail: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "LARGEST", 10)
    store = MemoryStore()
    assert len(corrected(9, store)) == 10
    assert store.read_snapshots(FORM, "", 10) == []


def test_the_bytes_of_a_form_stay_as_they_are() -> None:
    """Where this fails, FORM has to be raised: snapshots made before would be read as what they are not."""
    record = folded(corrected(3, MemoryStore()))
    assert isinstance(record, ClaimRecord)
    assert (FORM, sha256(encode_snapshot(record)).hexdigest()) == (
        1,
        "504ed5d923a275e7f0ffe3292c9562af37c2ff6fcf2357d5109b0bb6a435f57c",
    )
