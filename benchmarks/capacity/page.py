"""The page: what machines carry, from which figures, and what was not measured. Its words are in `page.md`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from string import Template

from benchmarks.capacity.measuring import Found
from benchmarks.capacity.model import (
    FEED,
    LATEST,
    MOST_STREAMS,
    POSTGRES,
    WEB,
    Cost,
    Fleet,
    Machine,
    added_share,
    delay,
    ends_of_writer,
    fleet,
    most_direct,
    of_leader,
    partitioned,
    total,
)
from benchmarks.capacity.plan import FULL
from benchmarks.capacity.simulation import added
from benchmarks.figures import figure
from benchmarks.model import Bar
from benchmarks.report import aligned, bar_row, circumstances, number, shown, table, warnings

MACHINE = Machine(cores=8)
OTHER_SIZES = (2, 8, 32)
MACHINES = (1, 10, 100)
CLAIMS = (1.0, 10.0, 100.0, 1_000.0)
USUAL = 10.0
"""Claims a second where one figure has to do."""
CALLERS = 8
"""Those who share an append where a leader ends: as many as a web process answers at once."""
PARTS = (1, 4, 16)
MIXES = ((1.0, 100, 100, 1), (10.0, 200, 1_000, 9), (50.0, 0, 1_000, 9), (10.0, 0, 0, 99))
"""Claims a second, reads a second, streams, followers."""
LEAST_ADDED, MOST_OFF = 0.8, 0.25
_LEAST_SHOWN = 0.001
_KINDS = ("all", "web", "PostgreSQL", "tables", "feed", "follower")
_PAGE = Template(Path(__file__).with_name("page.md").read_text(encoding="utf-8"))


def bars(found: Found) -> list[Bar]:
    """What is asked of the model, and of what was measured beside it."""
    share = added_share(found.costs, MACHINE, MACHINES[1], USUAL)
    return [
        Bar(
            f"reads that the last of {MACHINES[1]} machines adds, of a follower's own, in the model",
            None if share is None else figure([share]),
            LEAST_ADDED,
        ),
        Bar(
            "reads that a second follower adds, of what one does, measured on two cores",
            added(found.rounds) if found.rounds else None,
            LEAST_ADDED,
        ),
        Bar(
            f"how far the model is off with {found.simulated.followers} followers",
            figure([found.simulated.off]),
            MOST_OFF,
            is_upper=True,
        ),
    ]


def summary(found: Found) -> str:
    """The bars, for a terminal."""
    return "\n".join([*aligned(map(bar_row, bars(found))), *warnings(found.flushes, found.loads[0])])


def raw(found: Found) -> str:
    """All that was measured, as JSON; bars with their verdicts."""
    told = [{**asdict(bar), "verdict": bar.verdict} for bar in bars(found)]
    return json.dumps({**asdict(found), "bars": told}, indent=1) + "\n"


def page(found: Found) -> str:
    """The page in Markdown."""
    costs, simulated, plan = found.costs, found.simulated, found.plan
    ends = ends_of_writer(costs, MACHINE, CALLERS)
    first_end = min(ends, key=lambda what: ends[what])
    return _PAGE.substitute(
        command="python -m benchmarks.capacity" + ("" if plan.name == FULL.name else f" --{plan.name}"),
        when=found.when,
        form=plan.name,
        minutes=f"{found.took / 60:.0f}",
        warnings="".join(f"{line}\n" for line in warnings(found.flushes, found.loads[0])),
        bars=_table(("what", "measured", "at least", "aim", ""), map(bar_row, bars(found))),
        cores=MACHINE.cores,
        busy=f"{MACHINE.busy:.0%}",
        carried=_carried(found),
        usual=number(USUAL),
        sizes=_sizes(found),
        costs=_costs(found),
        always=_always(found),
        stream_kib=f"{costs.stream_mib * 1_024:,.0f}",
        projected=number(costs.projected),
        these_cores=found.machine["processor"].partition(",")[0],
        mixes=_mixes(found),
        latest=number(LATEST),
        followers=_table(("claims/s", "followers", "what ends it"), (_direct(found, claims) for claims in CLAIMS)),
        ends=_ends(found),
        end=number(ends[first_end]),
        end_why=first_end,
        parts=_parts(found, ends[first_end]),
        simulated_followers=simulated.followers,
        simulated_rate=f"{simulated.rate:.1f}",
        simulated_seconds=f"{simulated.seconds:.0f}",
        simulated_events=f"{simulated.events:,}",
        simulated=_simulated(found),
        off=_off(found),
        two_followers=_two_followers(found),
        events=f"{found.events:,}",
        questions=f"{plan.questions:,}",
        tails=plan.tails,
        machine=_table(("what", "which"), [*found.machine.items(), *circumstances(found.flushes, found.loads)]),
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(table(heads, rows))


def _carried(found: Found) -> str:
    heads = (
        "claims/s", "machines", "reads/s", "follow the leader itself", "the leader records and tells",
        "a follower takes in", "a follower waits for others",
    )  # fmt: skip
    return _table(heads, (_carried_row(found, machines, claims) for claims in CLAIMS for machines in MACHINES))


def _carried_row(found: Found, machines: int, claims: float) -> tuple[str, ...]:
    carried = fleet(found.costs, MACHINE, machines, claims)
    name = (number(claims), str(machines))
    if carried is None:
        return (*name, "", "", "", "", "")
    recording = f"{carried.recording:.1%} of its time"
    if machines == 1:
        return (*name, _reads(carried), "", recording, "", "")
    taking, waits = f"{carried.taking:.1%} of its time", f"{carried.delay * 1_000:,.0f} ms"
    return (*name, _reads(carried), _arranged(carried), recording, taking, waits)


def _arranged(carried: Fleet) -> str:
    return str(carried.direct) + (f", the rest in {carried.steps - 1} more steps" if carried.steps > 1 else "")


def _reads(carried: Fleet | None) -> str:
    return "" if carried is None else f"{carried.reads:,.0f}"


def _sizes(found: Found) -> str:
    return _table(
        ("cores each", *(f"reads/s of {count}" for count in MACHINES)),
        (
            (str(cores), *(_reads(fleet(found.costs, Machine(cores), count, USUAL)) for count in MACHINES))
            for cores in OTHER_SIZES
        ),
    )


def _costs(found: Found) -> str:
    costs = found.costs
    each = {
        "a claim over HTTP, each by itself": costs.recorded.alone,
        "a claim over HTTP, as many as are answered": costs.recorded.together,
        "a claim by import": costs.imported,
        "a state of an entity on a day": costs.state,
        "a timeline as of a day": costs.timeline,
        "an event to a stream": costs.streamed,
        "an event to a follower, each by itself": costs.told.alone,
        "an event to a follower, of many": costs.told.together,
        "an event to a follower that catches up": costs.fetched,
        "at the follower: an event, each by itself": costs.taken.alone,
        "at the follower: an event, of many": costs.taken.together,
    }
    return _table(("what", *_KINDS), ((name, *_spent(cost, 1e6)) for name, cost in each.items()))


def _always(found: Found) -> str:
    always = {
        "a leader with nothing to do": found.costs.idle,
        "a follower with nothing to do": found.costs.idle_follower,
        "at the leader: a follower while nothing comes": found.costs.waiting,
    }
    return _table(("what", *_KINDS), ((name, *_spent(cost, 1e3)) for name, cost in always.items()))


def _mixes(found: Found) -> str:
    rows = (
        (number(claims), number(reads), f"{streams:,}", str(followers), *_spent(mixed, 1.0)[:-1])
        for claims, reads, streams, followers in MIXES
        for mixed in [of_leader(found.costs, claims, followers, streams, reads)]
    )
    return _table(("claims/s", "reads/s", "streams", "followers", *_KINDS[:-1]), rows)


def _spent(cost: Cost, unit: float) -> tuple[str, ...]:
    tables = sum(seconds for kind, seconds in cost.items() if kind.startswith("projector-"))
    parts = (total(cost), *(cost.get(kind, 0.0) for kind in (WEB, POSTGRES)), tables, cost.get(FEED, 0.0))
    parts = (*parts, cost.get("follower", 0.0))
    return tuple(number(seconds * unit) if seconds * unit >= _LEAST_SHOWN else "" for seconds in parts)


def _direct(found: Found, claims: float) -> tuple[str, str, str]:
    count = most_direct(found.costs, MACHINE, claims)
    return number(claims), f"{count:,}", _why(found, claims, count)


def _why(found: Found, claims: float, count: int) -> str:
    if count == MOST_STREAMS:
        return "the streams of the feed process (`FRENEMIES_STREAMS`)"
    if total(of_leader(found.costs, claims)) > MACHINE.room:
        return "the leader is full without any"
    if delay(found.costs, claims, count + 1) > LATEST:
        return "the feed process: an event would come later"
    return "the cores of the leader"


def _ends(found: Found) -> str:
    costs = found.costs
    ends = dict[str, float]()
    for callers in costs.hold:
        ends |= ends_of_writer(costs, MACHINE, callers) | ends_of_writer(costs, MACHINE, callers, MACHINES[1] - 1)
    ordered = sorted(ends.items(), key=lambda one: one[1])
    return _table(("what", "claims/s"), ((what, number(rate)) for what, rate in ordered))


def _parts(found: Found, claims: float) -> str:
    heads = ("logs", "claims/s of all", "cores that take in one log, on a node", "cores that take in all, on a node")
    rows = (
        (str(part.parts), number(part.claims), f"{part.of_one:.1f}", f"{part.of_all:.1f}")
        for part in partitioned(found.costs, claims, PARTS)
    )
    return _table(heads, rows)


def _simulated(found: Found) -> str:
    measured, reckoned = found.simulated.measured, found.simulated.reckoned
    rows = (("all", total(measured), total(reckoned)), *((k, measured[k], reckoned.get(k, 0.0)) for k in measured))
    return _table(("process", "measured", "reckoned"), ((name, _milli(one), _milli(two)) for name, one, two in rows))


def _off(found: Found) -> str:
    told = f"{found.simulated.off:.0%}; the bar is {MOST_OFF:.0%}"
    return told if found.simulated.off <= MOST_OFF else f"{told}. {_where(found)}"


def _where(found: Found) -> str:
    """Which of the processes the model is most wrong about."""
    measured, reckoned = found.simulated.measured, found.simulated.reckoned
    by = {kind: measured[kind] - reckoned.get(kind, 0.0) for kind in measured}
    kind = max(by, key=lambda one: abs(by[one]))
    return f"Most of it is at `{kind}`, {_milli(abs(by[kind]))} thousandths {'more' if by[kind] > 0 else 'less'}"


def _milli(cores: float) -> str:
    return f"{cores * 1_000:,.0f}"


def _two_followers(found: Found) -> str:
    if not found.rounds:
        return "Two followers on cores of their own were not measured: this machine has one core."
    alone, both = (figure(values) for values in zip(*((one.alone, one.both) for one in found.rounds), strict=True))
    return "\n".join(_told_of_two(found, shown(alone), shown(both)))


def _told_of_two(found: Found, alone: str, both: str) -> Iterator[str]:
    yield "**Two followers**, each with its PostgreSQL and the client that asks it on a core of its own, while the"
    yield f"leader is idle: one alone answers {alone} states a second (the mean of the two), both {both}. The second"
    yield f"adds {shown(added(found.rounds), ' x')} of what one does; {len(found.rounds)} rounds of one, the"
    yield "other and both."
