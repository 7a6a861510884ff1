"""Looking back: what a company was on a day, as known at a log position, in small and in large worlds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from itertools import product

from benchmarks.areas.copies import Copies
from benchmarks.areas.rounds import Contestant, take_turns
from benchmarks.areas.worlds import (
    AGAIN,
    AGAIN_HTTP,
    BARE_HTTP,
    KEPT,
    LIBRARY,
    LOOKUP,
    MARIADB,
    OURS,
    OURS_HTTP,
    PEERS,
    PERSPECTIVES,
    WEB,
    World,
    at,
    build_tables,
)  # fmt: skip
from benchmarks.figures import Figure, ratios
from benchmarks.model import Area, Bar, Run, figure_or_none
from benchmarks.plan import Plan
from benchmarks.questions import HOT, KINDS, LIMIT, TYPICAL
from benchmarks.servers import has_mariadb
from benchmarks.stage import Stage

TOLD, WORKED_OUT = "told before", "worked out"
_WAYS = ((AGAIN, TOLD), (OURS, WORKED_OUT))
AS_OF, CORRECT = "ours: as-of of one relation", "ours: its next correction"


def measure(stage: Stage, plan: Plan) -> Area:
    """Ours against the cheapest lookup, against those who keep both times or fold, and against a bare web server."""
    area = Area("depth", "Looking back", "answers/s")
    peers = _peers(area)
    for claims in plan.depth_claims:
        with World(stage, plan, area, peers, claims) as world:
            take_turns(stage, area, world.contestants(), plan.depth_rounds)
        if plan.depth_copies > 1 and claims == max(plan.depth_claims):
            with Copies(stage, plan, world) as copies:
                take_turns(stage, area, copies.contestants(), plan.depth_rounds)
            area.notes.append(
                f"{claims * plan.depth_copies:,} claims are the tables of {plan.depth_copies} worlds of {claims:,}, row"
                " by row in the order of one log: as many rows in one index, and more companies."
            )
    _measure_corrected(stage, plan, area)
    area.bars = [
        *(bar for claims in plan.depth_claims for bar in _bars_of_world(area, peers, claims)),
        *_bars_of_growth(area, {*plan.depth_claims, max(plan.depth_claims) * plan.depth_copies}),
        *_bars_of_corrections(area, plan.depth_corrected),
    ]
    area.notes += [
        f"A question names a company, a day and a log position; the answer is a page of at most {LIMIT} relations. A"
        " typical company is named by 25 to 80 claims, a hot one by the most of all. Half of the questions are about"
        " what is known at the end, half about an earlier position. One caller.",
        "Worked out: from beliefs, of which 5,000 short ones are kept decoded. Told before: all questions were asked"
        " before and nothing changed since, which one query finds out. Both give whole relations; MariaDB and the"
        " library give their status and dates.",
        "Its rows in the database are the beliefs about a page of relations, whatever they say of the day; the limit"
        " returns as many rows of the same size, by primary key, from one table. Whole answers decode these, choose the"
        " piece of the day and write JSON.",
        "MariaDB and the library are told what ours worked out: for each relation its pieces over the days, each time"
        " that they changed, with status and dates only. Both gave the answers of ours.",
        "MariaDB has one system-versioned table with an application-time period, each relation under both ends in its"
        " primary key, and buffers of 2 GiB.",
        "The library has one aggregate per company, and knows beforehand which version a question is about.",
        "HTTP: one worker with 8 threads, each server with the same settings; one client on the same cores.",
    ]
    return area


def _peers(area: Area) -> list[str]:
    """Whom ours is compared with: MariaDB only where it is."""
    if has_mariadb():
        return [MARIADB, LIBRARY]
    area.notes.append("MariaDB is left out: it is not installed (Debian: mariadb-server).")
    return [LIBRARY]


def times(count: int) -> str:
    """The setting of a relation that was corrected so many times."""
    return f"corrected {count:,} times"


def _measure_corrected(stage: Stage, plan: Plan, area: Area) -> None:
    file = str(stage.folder / "corrected.json")
    name = "relations corrected many times"

    def fill(url: str) -> None:
        stage.have(
            "depth", "fill_corrected", url=url, times=plan.depth_corrected, relations=plan.depth_relations, file=file
        )
        build_tables(stage, url)

    def as_of(count: int) -> Run:
        url = stage.template(name, stage.ours(), fill)
        return stage.contest(
            "depth", "as_of_corrected", url=url, file=file, times=count, seconds=plan.seconds, warm_up=plan.warm_up
        )

    def correct(count: int) -> Run:
        stage.template(name, stage.ours(), fill)
        with stage.our_database(name) as url:
            return stage.contest(
                "depth", "correct", url=url, file=file, times=count, calls=plan.depth_corrections,
                seconds=10 * plan.seconds,
            )  # fmt: skip

    contestants = [
        Contestant(label, times(count), partial(run, count))
        for (label, run), count in product(((AS_OF, as_of), (CORRECT, correct)), plan.depth_corrected)
    ]
    take_turns(stage, area, contestants, plan.depth_rounds)


def _bars_of_world(area: Area, peers: Sequence[str], claims: int) -> list[Bar]:
    typical, hot, web_ = (at(claims, what) for what in (TYPICAL, HOT, WEB))
    bars = [
        Bar(f"{typical}: p50 to the limit", _ratio(area, "p50", (KEPT, typical), (LOOKUP, typical)), 2.0, 1.5, True),
        Bar(f"{hot}: p99 to the limit", _ratio(area, "p99", (KEPT, hot), (LOOKUP, hot)), 8.0, 4.0, True),
        Bar(f"{hot}: p99", figure_or_none(_values(area, "p99", KEPT, hot)), 3.0, is_upper=True, unit="ms"),
    ]
    bars += [
        Bar(f"{setting}: answers a second to {PEERS[peer]}, {how}", area.ratio(label, peer, setting), 1.0)
        for peer, setting, (label, how) in product(peers, (typical, hot), _WAYS)
    ]
    for by in PERSPECTIVES:
        p99 = figure_or_none(_values(area, "p99", OURS, at(claims, f"{HOT}, {by}")))
        bars.append(Bar(f"{hot}, {by}: p99", p99, 50.0, is_upper=True, unit="ms"))
    bars += [
        Bar(f"{web_}: requests a second to the bare route, {how}", area.ratio(label, BARE_HTTP, web_), 0.6, 0.8)
        for label, how in ((AGAIN_HTTP, TOLD), (OURS_HTTP, WORKED_OUT))
    ]
    return bars


def _bars_of_growth(area: Area, sizes: Collection[int]) -> list[Bar]:
    """The largest world against the smallest."""
    small, large = min(sizes), max(sizes)
    return [
        Bar(
            f"{kind}: p99 with {large:,} claims to that with {small:,}",
            _ratio(area, "p99", (KEPT, at(large, kind)), (KEPT, at(small, kind))),
            1.5,
            is_upper=True,
        )
        for kind in KINDS
        if small < large
    ]


def _bars_of_corrections(area: Area, counts: Sequence[int]) -> list[Bar]:
    few, many = times(counts[0]), times(counts[-1])
    return [
        Bar(f"as-of, p99, {many} to {few}", _ratio(area, "p99", (AS_OF, many), (AS_OF, few)), 2.0, is_upper=True),
        Bar(f"correcting, p50, {many} to {few}", _ratio(area, "p50", (CORRECT, many), (CORRECT, few)), 3.0, None, True),
    ]


def _values(area: Area, name: str, label: str, setting: str) -> list[float]:
    found = area.find(label, setting)
    return [getattr(run, name) for run in found.runs] if found else []


def _ratio(area: Area, name: str, one: tuple[str, str], other: tuple[str, str]) -> Figure | None:
    """How many times the other's time the one's is, round by round; None where one was not measured in all rounds."""
    ours, theirs = _values(area, name, *one), _values(area, name, *other)
    return ratios(ours, theirs) if ours and len(ours) == len(theirs) else None
