"""What the capacity model makes of costs, and how they are taken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.capacity import page, usage
from benchmarks.capacity.measuring import Found
from benchmarks.capacity.model import (
    FEED,
    LATEST,
    MOST_STREAMS,
    POSTGRES,
    WEB,
    Costs,
    Machine,
    Paced,
    added_share,
    delay,
    ends_of_writer,
    fleet,
    less,
    most_by_lock,
    most_direct,
    net,
    of_follower,
    of_leader,
    partitioned,
    plus,
    times,
    total,
)
from benchmarks.capacity.plan import QUICK
from benchmarks.capacity.simulation import Round, Simulated, added
from benchmarks.capacity.tailing import Tail
from benchmarks.machine import Flushes
from benchmarks.model import NotMeasured
from benchmarks.programs import kept_to, run
from service.following.leader import Leader
from service.store.protocol import StoredRecord

FOLLOWER, STATES = "follower", "projector-states"
EIGHT = Machine(cores=8, busy=0.75)
RATES = st.floats(0.01, 5_000)
COSTS = Costs(
    idle={WEB: 0.01, POSTGRES: 0.01},
    idle_follower={WEB: 0.01, POSTGRES: 0.02},
    waiting={WEB: 0.001},
    recorded=Paced(
        alone={WEB: 0.002, POSTGRES: 0.001, STATES: 0.001}, together={WEB: 0.001, POSTGRES: 0.0005, STATES: 0.0005}
    ),
    imported={WEB: 0.0002, POSTGRES: 0.0003, STATES: 0.0005},
    streamed={FEED: 0.00005},
    told=Paced(alone={FEED: 0.001, POSTGRES: 0.0005}, together={FEED: 0.0001, POSTGRES: 0.0001}),
    fetched={WEB: 0.00003},
    taken=Paced(
        alone={FOLLOWER: 0.002, POSTGRES: 0.002, STATES: 0.001},
        together={FOLLOWER: 0.0001, POSTGRES: 0.0003, STATES: 0.0005},
    ),
    state={WEB: 0.004, POSTGRES: 0.002},
    timeline={WEB: 0.003, POSTGRES: 0.001},
    projected=1_500.0,
    hold={1: 0.0004, 8: 0.0008, 100: 0.004},
    stream_mib=0.04,
)


def found(costs: Costs = COSTS, *, measured: float = 0.3, load: float = 0.1) -> Found:
    simulated = Simulated(50, 5.0, 30.0, 150, {FEED: measured}, {FEED: 0.25})
    return Found(
        plan=QUICK,
        when="2026-01-02",
        took=70.0,
        machine={"processor": "2 cores, Some Make"},
        flushes=Flushes("ext4", 1_000.0, 0.9, 2.5),
        loads=(load, 1.8),
        events=20_123,
        costs=costs,
        simulated=simulated,
        rounds=(Round(100.0, 190.0), Round(100.0, 170.0), Round(90.0, 175.5)),
    )


def test_costs_are_added_and_taken_from_each_other_by_kind() -> None:
    assert plus({WEB: 1.0}, {WEB: 2.0, FEED: 3.0}) == {WEB: 3.0, FEED: 3.0}
    assert times({WEB: 1.0}, 4) == {WEB: 4.0}
    assert less({WEB: 3.0, FEED: 1.0}, {WEB: 1.0, FEED: 2.0}, [WEB, FEED]) == {WEB: 2.0, FEED: 0.0}
    assert total({WEB: 1.0, FEED: 0.5}) == 1.5


def test_what_is_used_anyway_is_not_a_cost() -> None:
    assert net({WEB: 3.0, FEED: 0.1}, {WEB: 0.1, FEED: 0.1}, 10.0) == {WEB: 2.0, FEED: 0.0}


def test_events_that_come_now_and_then_cost_what_each_by_itself_does() -> None:
    assert COSTS.told.used(100.0) == pytest.approx({FEED: 0.1, POSTGRES: 0.05})


def test_a_process_that_is_busy_all_the_time_takes_more_at_once() -> None:
    at_end = COSTS.told.used(2_000.0)
    assert at_end[FEED] == pytest.approx(1.0)
    assert 2_000 * 0.0001 < at_end[POSTGRES] < 2_000 * 0.0005


def test_beyond_its_end_a_process_would_need_more_than_a_core() -> None:
    assert COSTS.told.most() == pytest.approx(10_000)
    assert COSTS.told.used(20_000.0)[FEED] == pytest.approx(2.0)


@given(RATES, RATES)
def test_more_events_never_use_less_of_a_process(one: float, other: float) -> None:
    few, many = sorted((one, other))
    for kind in (FOLLOWER, STATES):
        assert COSTS.taken.used(few)[kind] <= COSTS.taken.used(many)[kind] * (1 + 1e-9)


@given(RATES)
def test_a_process_that_can_keep_up_never_needs_more_than_a_core(rate: float) -> None:
    for kind, cores in COSTS.taken.used(rate).items():
        if kind != POSTGRES and rate * COSTS.taken.together[kind] <= 1:
            assert cores <= 1 + 1e-9


def test_one_machine_reads_with_what_recording_leaves() -> None:
    alone = fleet(COSTS, EIGHT, 1, 100.0)
    assert alone is not None
    used = 0.02 + 100 * 0.004
    assert alone.reads == pytest.approx((6 - used) / 0.005)
    assert (alone.direct, alone.delay, alone.recording) == (0, 0.0, pytest.approx(used / 6))


@pytest.mark.parametrize("claims", [1.0, 10.0, 100.0])
def test_machines_together_read_what_the_leader_and_each_follower_has_left(claims: float) -> None:
    ten = fleet(COSTS, EIGHT, 10, claims)
    assert ten is not None
    left = 6 - total(of_leader(COSTS, claims, 9)) + 9 * (6 - total(of_follower(COSTS, claims)))
    assert ten.reads == pytest.approx(left / COSTS.read)
    assert ten.direct == 9


def test_a_follower_adds_nearly_what_it_reads_itself() -> None:
    share = added_share(COSTS, EIGHT, 10, 10.0)
    assert share is not None
    assert 0.99 < share < 1


def test_a_follower_that_is_dear_to_tell_adds_less() -> None:
    dear = replace(COSTS, told=Paced({POSTGRES: 0.05}, {POSTGRES: 0.05}))
    share = added_share(dear, EIGHT, 3, 10.0)
    own = 6 - total(of_follower(dear, 10.0))
    assert share == pytest.approx((own - 0.5) / own)


def test_claims_that_the_tables_cannot_take_in_are_not_carried() -> None:
    assert fleet(COSTS, Machine(1_000), 10, COSTS.projected + 1) is None
    assert added_share(COSTS, Machine(1_000), 10, COSTS.projected + 1) is None


def test_a_leader_that_records_nothing_tells_as_many_as_it_may_have_streams() -> None:
    assert most_direct(COSTS, EIGHT, 0.0) == MOST_STREAMS


def test_a_follower_hears_later_the_more_are_told() -> None:
    waits = [delay(COSTS, 100.0, count) for count in (0, 1, 10, 50, 99)]
    assert all(one < other for one, other in pairwise(waits))
    assert delay(COSTS, 100.0, 100) == float("inf")


def test_no_leader_has_more_followers_than_hear_in_time() -> None:
    count = most_direct(COSTS, EIGHT, 100.0)
    assert delay(COSTS, 100.0, count) <= LATEST < delay(COSTS, 100.0, count + 1)


def test_more_followers_than_a_leader_tells_follow_each_other() -> None:
    dear = replace(COSTS, told=Paced({POSTGRES: 0.05}, {POSTGRES: 0.05}))
    carried = fleet(dear, EIGHT, 100, 10.0)
    assert carried is not None
    assert carried.direct == most_direct(dear, EIGHT, 10.0) == 11
    assert carried.steps == 2
    # Each follower is told by somebody, so all of them cost the same as if the leader did it.
    used = total(of_leader(dear, 10.0, 11)) + 99 * total(of_follower(dear, 10.0)) + 88 * 0.5
    assert carried.reads == pytest.approx((600 - used) / dear.read)


def test_the_lock_carries_more_the_more_callers_share_an_append() -> None:
    assert most_by_lock(COSTS) == pytest.approx({1: 2_500, 8: 10_000, 100: 25_000})


def test_a_leader_ends_at_its_lock_its_tables_a_process_or_its_cores() -> None:
    ends = ends_of_writer(COSTS, EIGHT, 8, 9)
    assert list(ends.values())[:4] == pytest.approx([10_000, COSTS.projected, 2_000, 2_000])
    by_cores = ends["8 cores of a leader and 9 followers"]
    assert total(of_leader(COSTS, by_cores, 9)) == pytest.approx(EIGHT.room)
    assert by_cores < ends_of_writer(COSTS, EIGHT, 8)["8 cores of a leader"]


def test_several_logs_record_more_and_a_node_that_has_all_takes_in_all() -> None:
    one, four = partitioned(COSTS, 1_000.0, (1, 4))
    assert (one.claims, four.claims) == (1_000, 4_000)
    assert four.of_one == one.of_one == one.of_all == pytest.approx(total(COSTS.taken.used(1_000)))
    assert four.of_all == pytest.approx(4 * one.of_one)


def test_a_second_follower_adds_what_both_do_more_than_one() -> None:
    assert (added(found().rounds).median, added(found().rounds).low) == pytest.approx((0.9, 0.7))


def test_the_page_holds_every_figure_and_its_bars() -> None:
    text = page.page(found())
    assert "measured on two cores | 0.9 x (0.7 to 0.95)" in text
    assert "| how far the model is off with 50 followers | 0.2 x | at most 0.25 x |  | met |" in text
    assert "| a claim over HTTP, each by itself | 4,000 | 2,000 | 1,000 | 1,000 |  |  |" in text
    assert "| the lock of the log, with 8 callers to an append | 10,000 |" in text
    assert not re.search(r"None|\bnan\b|\binf\b|\$", text)
    assert "Others were using the machine" not in text


def test_the_page_says_where_the_model_is_wrong_and_that_others_were_at_work() -> None:
    text = page.page(found(measured=0.4, load=6.0))
    assert "off by 60%; the bar is 25%. Most of it is at `feed`, 150 thousandths more." in text
    assert "Others were using the machine when it began (load average 6.0)." in text


def test_a_bar_that_two_cores_are_needed_for_is_told_as_not_measured() -> None:
    alone = replace(found(), rounds=())
    assert [bar.verdict for bar in page.bars(alone)] == ["met", "not measured", "met"]
    assert json.loads(page.raw(alone))["bars"][1]["verdict"] == "not measured"
    assert "not measured" in page.summary(alone)


def test_the_work_of_a_process_counts_that_of_what_it_started_and_has_ended() -> None:
    before = usage.by_kind({"me": os.getpid()})["me"]
    subprocess.run([sys.executable, "-c", "sum(range(5_000_000))"], check=True)
    assert usage.by_kind({"me": os.getpid()})["me"] >= before + 0.02


def test_the_work_of_a_process_that_is_gone_is_not_measured() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    with pytest.raises(NotMeasured, match="the process web ended"):
        usage.by_kind({WEB: gone.pid})


def test_what_is_started_meanwhile_keeps_to_the_chosen_cores() -> None:
    before = os.sched_getaffinity(0)
    with kept_to({min(before)}):
        said = run([sys.executable, "-c", "import os; print(*os.sched_getaffinity(0))"], {}, 20.0)
    assert [int(core) for core in said.split()] == [min(before)]
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("position", [5, 7])
def test_an_event_that_is_missing_or_comes_twice_is_found(position: int) -> None:
    with Leader("http://127.0.0.1:1", None) as leader:
        tail = Tail(leader, position=4)
        tail.take([_record(5)])
        with pytest.raises(ValueError, match="came after 5"):
            tail.take([_record(position)])
        with pytest.raises(NotMeasured, match="stayed at 5: .* came after 5"):
            tail.reach(6)


def _record(position: int) -> StoredRecord:
    return StoredRecord(position, "claim-1", 1, "ClaimRetracted.v1", b"{}", datetime(2026, 1, 2, tzinfo=UTC))
