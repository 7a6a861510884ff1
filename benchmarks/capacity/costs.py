"""What each thing costs: seconds of a core that a service uses for it, beyond those that it uses anyway."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks import samples
from benchmarks.capacity import usage
from benchmarks.capacity.model import FEED, POSTGRES, WEB, Cost, Paced, less, net, times
from benchmarks.capacity.plan import Plan
from benchmarks.capacity.site import PATIENCE, Site
from benchmarks.capacity.tailing import Tail, tailing
from benchmarks.programs import answer, contestant, run
from benchmarks.stories import random_of
from benchmarks.world import DAYS, FIRST_DAY, World
from frenemies import Client
from service.following.leader import Leader

LOAD_PATIENCE = 300.0
STATE, TIMELINE = "/v1/entities/{}/state?as_of={}", "/v1/entities/{}/timeline?as_of={}"
_ANSWERING, _TELLING = (WEB, POSTGRES), (FEED, POSTGRES)
"""The processes that answer questions, and those that tell followers of what is recorded."""
_PAUSE = 0.05


@dataclass(frozen=True)
class Spent:
    """What a service used while something was done: in how many seconds, and for how many events of its log.

    `said` is what came of doing it.
    """

    cost: Cost
    seconds: float
    events: int
    said: Any

    def net(self, idle: Cost) -> Cost:
        """Without what it would have used anyway."""
        return net(self.cost, idle, self.seconds)

    def each(self, idle: Cost) -> Cost:
        """For an event."""
        return times(self.net(idle), 1 / self.events)


def spent_by(sites: Sequence[Site], act: Callable[[], object]) -> list[Spent]:
    """What services used while something was done, and until the tables of all held it. The others follow the first."""
    _reach_end(sites)
    before = [(site.head(), site.used()) for site in sites]
    begun = perf_counter()
    said = act()
    _reach_end(sites)
    seconds = perf_counter() - begun
    return [
        Spent({kind: now - used[kind] for kind, now in site.used().items()}, seconds, site.head() - was, said)
        for site, (was, used) in zip(sites, before, strict=True)
    ]


def spent(site: Site, act: Callable[[], object]) -> Spent:
    """The same of one."""
    return spent_by([site], act)[0]


def at_rest(sites: Sequence[Site], seconds: float) -> list[Cost]:
    """Cores that they keep busy with nothing to do."""
    return [times(one.cost, 1 / one.seconds) for one in spent_by(sites, lambda: sleep(seconds))]


def have(program: str, task: str, **parameters: Any) -> Any:
    """What a program says that gives a load."""
    return answer(run(contestant(Path(sys.executable), program, task, parameters), {}, LOAD_PATIENCE))


class Claims:
    """Claims that are recorded, each of them once."""

    def __init__(self, site: Site, plan: Plan) -> None:
        """The articles that they are in are recorded first, and the one company that no world has."""
        self._site, self._plan = site, plan
        self._next = 0
        self._import([samples.entity(0), *map(samples.article, range(samples.ARTICLES))])

    def steadily(self, rate: float, seconds: float) -> None:
        """One after the other, so many a second."""
        count = round(rate * seconds)
        have("recording", "steadily", port=self._site.port, first=self._take(count), count=count, rate=rate)

    def at_once(self) -> None:
        """As fast as they are answered."""
        count = self._plan.recorded
        have(
            "recording", "at_once", port=self._site.port, first=self._take(count), count=count,
            connections=self._plan.connections,
        )  # fmt: skip

    def imported(self) -> None:
        """As lines of one request."""
        first = self._take(self._plan.imported)
        self._import(map(samples.claim, range(first, first + self._plan.imported)))

    def _import(self, lines: Iterable[dict[str, Any]]) -> None:
        with Client(self._site.base, timeout=PATIENCE) as client:
            client.import_lines(json.dumps(line).encode() for line in lines)

    def _take(self, count: int) -> int:
        first, self._next = self._next, self._next + count
        return first


def addresses(world: World, form: str, count: int) -> list[str]:
    """Questions about companies, each as often as it is spoken of, on days of the second half."""
    random = random_of(count, len(form))
    chosen = (world.story(random.randrange(world.stories)).first for _ in range(count))
    days = (FIRST_DAY.toordinal() + random.randrange(DAYS // 2, DAYS) for _ in range(count))
    return [form.format(entity, FIRST_DAY.fromordinal(day)) for entity, day in zip(chosen, days, strict=True)]


def fetched(site: Site, asked: Sequence[str], file: Path) -> str:
    """The name of the file, with the answers to addresses in it."""
    have("client", "fetch", port=site.port, addresses=list(asked), file=str(file))
    return str(file)


def of_question(site: Site, world: World, form: str, plan: Plan, idle: Cost) -> Cost:
    """What a question costs."""
    answers = fetched(site, addresses(world, form, plan.questions), site.folder / "answers.json")
    found = spent(
        site,
        lambda: have(
            "client", "get", port=site.port, answers=answers, count=plan.connections, seconds=plan.seconds, warm_up=0.0
        ),
    )
    return times(less(found.net(idle), {}, _ANSWERING), 1 / found.said["count"])


def memory_of_stream(site: Site, plan: Plan) -> float:
    """MiB that a stream takes for itself."""
    worker = usage.last_born(site.roots()[FEED])
    few, many = (
        have("listening", "idle", port=site.port, streams=count, worker=worker)["own"] for count in (1, plan.streams)
    )
    return float(many - few) / (plan.streams - 1)


def of_stream(site: Site, plan: Plan, idle: Cost, recorded: Paced) -> Cost:
    """What an event costs on each stream."""
    found = spent(
        site,
        lambda: have(
            "listening", "listen", port=site.port, streams=plan.streams, events=plan.stream_events, pause=_PAUSE
        ),
    )
    return times(less(found.net(idle), times(recorded.alone, found.events), [FEED]), 1 / (found.events * plan.streams))


def of_recording(site: Site, claims: Claims, plan: Plan, idle: Cost) -> tuple[Paced, Cost, float]:
    """What a claim costs over HTTP and by import, and how many events a second the tables take in."""
    alone = spent(site, lambda: claims.steadily(plan.rate, plan.seconds)).each(idle)
    together = spent(site, claims.at_once).each(idle)
    imported = spent(site, claims.imported)
    return Paced(alone, together), imported.each(idle), imported.events / imported.seconds


def of_telling(
    site: Site, claims: Claims, plan: Plan, idle: Cost, recorded: Paced, imported: Cost
) -> tuple[Cost, Paced]:
    """What a follower costs its leader: each second while nothing comes, and each event."""
    with tailing(site.base, plan.tails) as tails:
        (used,) = at_rest([site], plan.seconds)
        waiting = times(less(used, idle, used), 1 / plan.tails)
        alone = spent(site, lambda: _told(site, tails, lambda: claims.steadily(plan.rate, plan.seconds))).each(idle)
        together = spent(site, lambda: _told(site, tails, claims.imported)).each(idle)
    share = 1 / plan.tails
    return waiting, Paced(
        times(less(alone, recorded.alone, _TELLING), share), times(less(together, imported, _TELLING), share)
    )


def of_fetching(site: Site, idle: Cost) -> Cost:
    """What an event costs that a follower fetches which has nothing yet."""

    def fetch() -> int:
        with Leader(site.base, None) as leader, leader.lines(leader.epoch(), 0, live=False) as lists:
            return sum(map(len, lists))

    found = spent(site, fetch)
    return times(less(found.net(idle), {}, _ANSWERING), 1 / found.said)


def of_taking(leader: Site, follower: Site, claims: Claims, plan: Plan, idle: Cost) -> Paced:
    """What an event costs a follower."""
    sites = [leader, follower]
    alone = spent_by(sites, lambda: claims.steadily(plan.rate, plan.seconds))[1].each(idle)
    together = spent_by(sites, claims.imported)[1].each(idle)
    return Paced(alone, together)


def of_lock(url: str, plan: Plan) -> dict[int, float]:
    """Seconds that an append holds the lock of the log, by how many callers share it."""
    sizes, appends = zip(*plan.grouped, strict=True)
    world = max(plan.claims // 4, sum(itertools.starmap(int.__mul__, plan.grouped)))
    said = have("holding", "hold", url=url, claims=world, sizes=sizes, appends=appends)
    return {int(size): seconds for size, seconds in said.items()}


def _reach_end(sites: Sequence[Site]) -> None:
    head = sites[0].head()
    for site in sites:
        site.reach(head)


def _told(site: Site, tails: Sequence[Tail], record: Callable[[], None]) -> None:
    record()
    head = site.head()
    for tail in tails:
        tail.reach(head)
