"""The whole measurement, step by step."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import machine
from benchmarks.capacity import costs as of
from benchmarks.capacity.model import Cost, Costs, Paced
from benchmarks.capacity.plan import Plan
from benchmarks.capacity.simulation import MOST_CORES, Round, Simulated, compare, follower, simulate
from benchmarks.capacity.site import Site, site
from benchmarks.machine import Flushes
from benchmarks.servers import ACCOUNT
from benchmarks.stage import DURABLE
from benchmarks.world import World
from service.bootstrap import prepare
from service.db import connect
from service.embedded import EmbeddedServer
from service.settings import Settings
from service.tree.keys import new_signer

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """One run. `when` is a day, `took` seconds, `loads` the load average before and after, `events` those of the log
    when questions were asked. `rounds` is empty where there are not two cores.
    """

    plan: Plan
    when: str
    took: float
    machine: dict[str, str]
    flushes: Flushes
    loads: tuple[float, float]
    events: int
    costs: Costs
    simulated: Simulated
    rounds: tuple[Round, ...]


def measure(plan: Plan, parent: Path | None, say: Say) -> Found:
    """NotMeasured where a part of it could not be had."""
    begun, load = time.monotonic(), machine.load_average()
    folder = Path(tempfile.mkdtemp(prefix="frenemies-capacity-", dir=parent))
    folder.chmod(0o755)
    try:
        flushes = machine.measure_flushes(folder)
        events, costs, simulated, rounds = _measure(plan, folder, say)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Found(
        plan=plan,
        when=datetime.now(UTC).date().isoformat(),
        took=time.monotonic() - begun,
        machine=machine.describe(),
        flushes=flushes,
        loads=(load, machine.load_average()),
        events=events,
        costs=costs,
        simulated=simulated,
        rounds=rounds,
    )


def _measure(plan: Plan, folder: Path, say: Say) -> tuple[int, Costs, Simulated, tuple[Round, ...]]:
    say("how long an append holds the lock")
    hold = _lock(plan, folder / "lock")
    world = World(plan.claims)
    key = {"FRENEMIES_LOG_KEY": new_signer("capacity").secret()}
    say(f"a leader with {plan.claims:,} claims")
    with site(folder / "leader", environment=key, fill=partial(_fill, plan)) as leader, ExitStack() as keep:
        (idle,) = of.at_rest([leader], plan.seconds)
        events = leader.head()
        say("questions")
        state, timeline = (of.of_question(leader, world, form, plan, idle) for form in (of.STATE, of.TIMELINE))
        mib = of.memory_of_stream(leader, plan)
        say("claims")
        claims = of.Claims(leader, plan)
        recorded, imported, projected = of.of_recording(leader, claims, plan, idle)
        say("streams")
        streamed = of.of_stream(leader, plan, idle, recorded)
        say("followers at their leader")
        waiting, told = of.of_telling(leader, claims, plan, idle, recorded, imported)
        fetched = of.of_fetching(leader, idle)
        say("followers")
        cores = sorted(os.sched_getaffinity(0))[:MOST_CORES]
        followers = [keep.enter_context(follower(leader, folder / f"follower-{core}", core)) for core in cores]
        idle_follower, taken = _following(leader, followers[0], claims, plan)
        say("what a follower adds")
        rounds = compare(followers, cores, world, plan) if len(cores) == MOST_CORES else []
        keep.close()
        costs = Costs(
            idle=idle,
            idle_follower=idle_follower,
            waiting=waiting,
            recorded=recorded,
            imported=imported,
            streamed=streamed,
            told=told,
            fetched=fetched,
            taken=taken,
            state=state,
            timeline=timeline,
            projected=projected,
            hold=hold,
            stream_mib=mib,
        )
        say(f"{plan.followers} followers")
        return events, costs, simulate(leader, claims, plan, costs), tuple(rounds)


def _lock(plan: Plan, folder: Path) -> dict[int, float]:
    folder.mkdir()
    folder.chmod(0o755)
    with EmbeddedServer(folder, account=ACCOUNT, settings=DURABLE) as server:
        prepare(Settings(database_url=server.url), server.url)
        return of.of_lock(server.url, plan)


def _fill(plan: Plan, url: str) -> None:
    of.have("depth", "fill", url=url, claims=plan.claims)
    with connect(url) as connection:
        connection.execute("VACUUM (ANALYZE)")


def _following(leader: Site, follower: Site, claims: of.Claims, plan: Plan) -> tuple[Cost, Paced]:
    _, idle = of.at_rest([leader, follower], plan.seconds)
    return idle, of.of_taking(leader, follower, claims, plan, idle)
