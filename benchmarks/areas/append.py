"""Appending, one event per call, callers in the threads of one process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.areas.rounds import Contestant, take_turns
from benchmarks.model import Area, Bar, Run, figure_or_none
from benchmarks.plan import Plan
from benchmarks.stage import Stage

RECORD = "ours: record"
APPEND = "ours: append"
LIBRARY = "eventsourcing: save()"
UMADB = "UmaDB: append"
UMADB_CONDITION = "UmaDB: append, its stream has to be new"
MESSAGE_DB = "message-db: write_message"
INSERT = "plain INSERT, the limit"
MOST_TAIL = 15.0


def measure(stage: Stage, plan: Plan) -> Area:
    """Ours against the library by the whole way of a claim, and against stores by prepared events."""
    area = Area("append", "Append, one event per call", "events/s")
    contestants = [
        Contestant(label, setting(count), partial(run, stage, plan, count))
        for count in plan.callers
        for label, run in _CONTESTANTS.items()
    ]
    take_turns(stage, area, contestants, plan.rounds)
    most = setting(plan.callers[-1])
    area.bars = [
        Bar("record to the library's save()", area.ratio(RECORD, LIBRARY, most), 5.0, 8.0),
        Bar("append to UmaDB's append", area.ratio(APPEND, UMADB, most), 1.0, 1.3),
        Bar("append to UmaDB's append with a condition", area.ratio(APPEND, UMADB_CONDITION, most), 1.0, 1.3),
        *(_tail(area, label, most) for label in (RECORD, APPEND)),
    ]
    area.notes += [
        "record resolves references, checks the rules, reads the streams that matter and appends. save() stores one new"
        " aggregate with one event that says as much; nothing is checked.",
        "append takes prepared events, each the first of its stream; the version is checked, the order of the log is"
        " that of commit, and a notification goes out. message-db checks the version and orders each category by"
        " itself; UmaDB orders all, and checks where it says so; the plain INSERT does none of it.",
        "Ours keeps its process to one core at a time, as its web workers do; the others run where the system puts"
        " them.",
        "Everything but UmaDB runs on the same PostgreSQL over its local socket. UmaDB has a server of its own on the"
        " same disk, asked over the loopback interface.",
    ]
    return area


def setting(count: int) -> str:
    """How a number of callers is called."""
    return "1 caller" if count == 1 else f"{count} callers"


def _tail(area: Area, label: str, most: str) -> Bar:
    """How far the slow calls of ours are behind the usual ones."""
    series = area.find(label, most)
    tails = [run.p99 / run.p50 for run in series.runs if run.p99 and run.p50] if series else []
    name = label.removeprefix("ours: ")
    return Bar(f"p99 to p50 of {name}", figure_or_none(tails), MOST_TAIL, is_upper=True)


def _load(plan: Plan, count: int) -> dict[str, Any]:
    return {"count": count, "seconds": plan.seconds, "warm_up": plan.warm_up}


def _record(stage: Stage, plan: Plan, count: int) -> Run:
    with stage.our_database() as url:
        return stage.contest("ours", "record", url=url, **_load(plan, count))


def _append(stage: Stage, plan: Plan, count: int) -> Run:
    with stage.our_database() as url:
        return stage.contest("ours", "append", url=url, **_load(plan, count))


def _save(stage: Stage, plan: Plan, count: int) -> Run:
    with stage.database() as url:
        return stage.contest("library", "save", url=url, **_load(plan, count))


def _uma(stage: Stage, plan: Plan, count: int, *, is_conditional: bool) -> Run:
    with stage.umadb() as url:
        return stage.contest("uma", "append", url=url, is_conditional=is_conditional, **_load(plan, count))


def _write_message(stage: Stage, plan: Plan, count: int) -> Run:
    with stage.database(stage.message_store()) as url:
        return stage.contest("sql", "write_message", url=url, **_load(plan, count))


def _insert(stage: Stage, plan: Plan, count: int) -> Run:
    with stage.database() as url:
        return stage.contest("sql", "insert", url=url, **_load(plan, count))


_CONTESTANTS: dict[str, Callable[[Stage, Plan, int], Run]] = {
    RECORD: _record,
    LIBRARY: _save,
    APPEND: _append,
    UMADB: partial(_uma, is_conditional=False),
    UMADB_CONDITION: partial(_uma, is_conditional=True),
    MESSAGE_DB: _write_message,
    INSERT: _insert,
}
