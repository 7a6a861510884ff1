"""The judges of the fault run, each with a history that is as it should be and others that it has to find wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from events.merkle import consistency_proof, leaf_hash, node_hash, root_at
from tests.faults import checkers
from tests.faults.checkers import Delivery, Proof, Row, Sight
from tests.faults.history import FAIL, INFO, OK, Operation

LOG = [Row(1, "entity-a", 1, 11), Row(2, "entity-b", 1, 12), Row(3, "entity-a", 2, 13), Row(4, "tree", 1, None)]
FEED = {position: b"%d" % position for position in range(1, 5)}
SEEN = [Sight(position, digest) for position, digest in FEED.items()]


def operation(number: int, outcome: str, position: int | None = None) -> Operation:
    return Operation(number, 0, "a", "name", 0.0, outcome=outcome, position=position)


WISHES = [operation(11, OK, 1), operation(12, OK, 2), operation(13, INFO), operation(14, FAIL), operation(15, INFO)]


def test_a_log_with_all_that_was_acknowledged_is_in_order() -> None:
    assert list(checkers.lost(WISHES, LOG)) == []


def test_c1_finds_what_was_acknowledged_and_is_not_there() -> None:
    (found,) = checkers.lost([*WISHES, operation(16, OK, 5)], LOG)
    assert "number 16 was acknowledged at 5" in found


def test_c1_finds_what_is_at_another_position_than_was_told() -> None:
    (found,) = checkers.lost([operation(11, OK, 3)], LOG)
    assert "acknowledged at 3 and is at [1]" in found


def test_an_append_of_which_nobody_knows_may_be_there_or_not() -> None:
    assert list(checkers.unasked(WISHES, LOG)) == []


@pytest.mark.parametrize("number", [14, 99])
def test_c2_finds_what_was_refused_or_never_wished_for(number: int) -> None:
    (found,) = checkers.unasked(WISHES, [*LOG, Row(5, "entity-c", 1, number)])
    assert f"number {number} is at position 5" in found


def test_every_number_once_is_in_order() -> None:
    assert list(checkers.doubled(LOG)) == []


def test_c3_finds_a_number_that_is_there_twice() -> None:
    assert list(checkers.doubled([*LOG, Row(5, "entity-b", 2, 11)])) == ["C3: number 11 is in the log 2 times"]


def test_c3_finds_a_position_that_is_there_twice() -> None:
    assert list(checkers.doubled([*LOG, Row(4, "entity-b", 2, 14)])) == ["C3: position 4 is in the log 2 times"]


@pytest.mark.parametrize("until", range(5))
def test_a_reader_that_has_not_come_to_the_end_is_in_order(until: int) -> None:
    assert list(checkers.out_of_step("reader", SEEN[:until], FEED)) == []


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ([SEEN[0], SEEN[0], *SEEN[1:]], "saw 1 after 1"),
        ([SEEN[1], SEEN[0]], "saw 1 after 2"),
        ([SEEN[0], SEEN[2]], "never saw 1 events up to 3: [2]"),
        ([SEEN[0], Sight(2, b"other")], "saw 1 other events than are in the log: [2]"),
        ([*SEEN, Sight(5, b"5")], "saw 1 other events than are in the log: [5]"),
    ],
    ids=["again", "back", "skipped", "other bytes", "not in the log"],
)
def test_c4_finds_a_reader_that_is_out_of_step(seen: list[Sight], told: str) -> None:
    (found,) = checkers.out_of_step("reader", seen, FEED)
    assert told in found


def test_a_log_without_a_gap_is_in_order() -> None:
    assert list(checkers.gaps(LOG)) == []


def test_c5_finds_a_missing_position() -> None:
    assert list(checkers.gaps([LOG[0], *LOG[2:]])) == ["C5: position 3 is the 2th of the log"]


@pytest.mark.parametrize("version", [1, 3])
def test_c5_finds_a_version_that_does_not_follow(version: int) -> None:
    (found,) = checkers.gaps([*LOG[:2], Row(3, "entity-a", version, 13)])
    assert found == f"C5: entity-a has version {version} after 1"


def test_c6_finds_an_answer_that_is_not_that_of_the_log() -> None:
    folded = {"a": "holds", "b": None}
    assert list(checkers.misfolded(dict(folded), folded)) == []
    assert list(checkers.misfolded({"a": "holds", "b": "holds"}, folded)) == [
        "C6: b is answered 'holds', and the log says None"
    ]


def test_c7_finds_tables_that_are_built_otherwise() -> None:
    assert list(checkers.differently_built({"index": [], "states": []})) == []
    (found,) = checkers.differently_built({"index": [], "states": ["a row of told"]})
    assert found == "C7: states, built anew, differs: a row of told"


CAME = [Delivery(sight, f"id-{sight.position}", True) for sight in SEEN]


def test_an_event_may_come_more_than_once() -> None:
    assert list(checkers.undelivered([*CAME, CAME[0]], FEED)) == []


@pytest.mark.parametrize(
    ("came", "told"),
    [
        (CAME[:-1], "1 events never came: [4]"),
        ([*CAME, replace(CAME[0], id="other")], "1 came under 2 ids"),
        ([*CAME, replace(CAME[1], is_signed=False)], "2 came without a valid signature"),
        ([*CAME, replace(CAME[2], sight=Sight(3, b"other"))], "3 came with other bytes"),
    ],
    ids=["missing", "another id", "not signed", "other bytes"],
)
def test_c8_finds_a_delivery_that_is_not_as_promised(came: list[Delivery], told: str) -> None:
    (found,) = checkers.undelivered(came, FEED)
    assert told in found


LEAVES = [leaf_hash(b"%d" % place) for place in range(8)]


def node(level: int, index: int) -> bytes:
    if level == 0:
        return LEAVES[index]
    return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))


PROOF = Proof(3, 8, root_at(3, node), root_at(3, node), root_at(8, node), consistency_proof(3, 8, node))


def test_a_log_that_only_grew_is_consistent() -> None:
    assert list(checkers.inconsistent([PROOF])) == []


@pytest.mark.parametrize(
    "changed",
    [{"kept": LEAVES[0]}, {"second_root": LEAVES[0]}, {"hashes": [LEAVES[0], *PROOF.hashes[1:]]}],
    ids=["another root than was told", "another log", "another proof"],
)
def test_c9_finds_a_log_that_was_changed(changed: dict[str, bytes | list[bytes]]) -> None:
    (found,) = checkers.inconsistent([replace(PROOF, **changed)])  # type: ignore[arg-type]
    assert found == "C9: the log of 8 events does not begin with that of 3"


def test_success_redirects_refusals_and_two_failures_are_proper() -> None:
    assert list(checkers.improper(dict.fromkeys((200, 201, 204, 304, 307, 404, 409, 422, 503, 507), 1), {})) == []


@pytest.mark.parametrize("status", [0, 101, 500, 502, 504])
def test_c10_finds_an_improper_status(status: int) -> None:
    assert list(checkers.improper({200: 9, status: 3}, {})) == [f"C10: 3 answers had the status {status}"]


def test_c10_finds_an_answer_that_does_not_say_when_to_come_back() -> None:
    (found,) = checkers.improper({503: 2}, {"/v1/feed": 1})
    assert found == "C10: 1 answers of /v1/feed were 503 and did not say when to come back"


def test_c11_finds_what_came_back_too_late_or_never() -> None:
    limits = {"writes": 10.0, "lag": 5.0}
    assert list(checkers.late({"writes": 9.9, "lag": 0.1, "red": 60.0}, limits)) == []
    assert list(checkers.late({"writes": 11.0}, limits)) == [
        "C11: writes took 11.0 s, and has 10 s",
        "C11: lag: it did not come back",
    ]


def test_c12_finds_what_grew() -> None:
    before = {"threads": 100.0, "sessions": 10.0}
    slack = {"sessions": 5.0}
    assert list(checkers.grown(before, {"threads": 110.0, "sessions": 16.0}, slack)) == []
    assert list(checkers.grown(before, {"threads": 111.0, "sessions": 17.0}, slack)) == [
        "C12: threads went from 100 to 111",
        "C12: sessions went from 10 to 17",
    ]
