"""What machines carry, reckoned from what each thing costs. Nothing here measures, or asks anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil

Cost = Mapping[str, float]
"""Seconds of a core, by kind of process."""
WEB, FEED, POSTGRES = "web", "feed", "postgres"
OF_MANY = frozenset((WEB, POSTGRES))
"""The kinds that have as many processes as are needed. Each of the others is one process, and so one core at most."""
MOST_STREAMS = 1_000
"""`FRENEMIES_STREAMS`, as it is unless it was set."""
LATEST = 1.0
"""Within so many seconds each follower has to hear of an event."""
QUIET = 5.0
"""A follower that has heard nothing for so many seconds asks its leader how far it is."""
_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Paced:
    """What an event costs where each comes alone, and where many come together."""

    alone: Cost
    together: Cost

    def used(self, rate: float) -> dict[str, float]:
        """Cores that so many a second keep busy.

        A process that is busy all the time finds more than one event when it looks, and takes them together: as many
        as it needs to keep up. Those that work for others gain by it as much as these do, all in all.
        """
        shares = {kind: self._share_alone(kind, rate) for kind in self.alone if kind not in OF_MANY}
        theirs = sum(self.alone[kind] for kind in shares)
        share = sum(share * self.alone[kind] for kind, share in shares.items()) / theirs if theirs else 1.0
        return {kind: rate * self._each(kind, shares.get(kind, share)) for kind in self.alone}

    def most(self) -> float:
        """Events a second at which one of the processes is busy all the time, however many it takes together."""
        longest = max((cost for kind, cost in self.together.items() if kind not in OF_MANY), default=0.0)
        return 1 / longest if longest else float("inf")

    def _each(self, kind: str, share: float) -> float:
        return share * self.alone[kind] + (1 - share) * self.together.get(kind, 0.0)

    def _share_alone(self, kind: str, rate: float) -> float:
        alone, together = self.alone[kind], self.together.get(kind, 0.0)
        if rate * alone <= 1:
            return 1.0
        return max((1 / rate - together) / (alone - together), 0.0) if alone > together else 0.0


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured.

    Of a second: `idle` of a leader without anything to do, `idle_follower` of a follower, `waiting` of a leader for
    each follower that has all. Of an event at the leader: `recorded` over HTTP, `imported`, `streamed` to each stream,
    `told` to each follower, `fetched` by one that catches up. Of an event at a follower: `taken`. Of a question:
    `state` and `timeline`.

    `projected`: events a second that the slowest projection takes in. `hold`: seconds that an append holds the lock of
    the log, by how many events it has. `stream_mib`: what a stream takes for itself.
    """

    idle: Cost
    idle_follower: Cost
    waiting: Cost
    recorded: Paced
    imported: Cost
    streamed: Cost
    told: Paced
    fetched: Cost
    taken: Paced
    state: Cost
    timeline: Cost
    projected: float
    hold: Mapping[int, float]
    stream_mib: float

    @property
    def question(self) -> Cost:
        """Of a question: half of them are states, half timelines."""
        return times(plus(self.state, self.timeline), 0.5)

    @property
    def read(self) -> float:
        """The same of all kinds together."""
        return total(self.question)


@dataclass(frozen=True, slots=True)
class Machine:
    """So many cores, which are to be busy for that share of the time, all together."""

    cores: int
    busy: float = 0.7

    @property
    def room(self) -> float:
        """Cores that may be busy."""
        return self.cores * self.busy


@dataclass(frozen=True, slots=True)
class Fleet:
    """What so many machines carry at so many claims a second: a leader, and followers on all others.

    `direct` of them follow the leader itself, the others follow those, in so many `steps`. `recording` and `taking` are
    the shares of the room of the leader, and of a follower that nobody follows, that go into what is not reading;
    `delay` how long the last follower waits for an event while feed processes tell the others.
    """

    machines: int
    claims: float
    reads: float
    direct: int
    steps: int
    recording: float
    taking: float
    delay: float


@dataclass(frozen=True, slots=True)
class Parts:
    """A log in several, each with a leader and positions of its own.

    `claims` a second that all of them record, `of_one` the cores that are busy with taking in one part on a node that
    holds one, `of_all` those on a node that holds them all.
    """

    parts: int
    claims: float
    of_one: float
    of_all: float


def total(cost: Cost) -> float:
    """Of all kinds together."""
    return sum(cost.values())


def plus(*costs: Cost) -> dict[str, float]:
    """One and the other."""
    kinds = dict.fromkeys(kind for cost in costs for kind in cost)
    return {kind: sum(cost.get(kind, 0.0) for cost in costs) for kind in kinds}


def times(cost: Cost, count: float) -> dict[str, float]:
    """So often."""
    return {kind: seconds * count for kind, seconds in cost.items()}


def net(used: Cost, idle: Cost, seconds: float) -> dict[str, float]:
    """What was used within some seconds, without what is used there anyway; never less than nothing."""
    return {kind: max(used[kind] - idle.get(kind, 0.0) * seconds, 0.0) for kind in used}


def less(cost: Cost, other: Cost, kinds: Iterable[str]) -> dict[str, float]:
    """One without the other, of some kinds only; never less than nothing."""
    return {kind: max(cost.get(kind, 0.0) - other.get(kind, 0.0), 0.0) for kind in kinds}


def of_leader(
    costs: Costs, claims: float, followers: int = 0, streams: int = 0, reads: float = 0.0
) -> dict[str, float]:
    """Cores that a leader keeps busy with so many claims and reads a second, and so many who listen."""
    return plus(
        costs.idle,
        costs.recorded.used(claims),
        _telling(costs, claims, followers),
        times(costs.streamed, claims * streams),
        times(costs.question, reads),
    )


def of_follower(costs: Costs, claims: float, followers: float = 0) -> dict[str, float]:
    """Cores that a follower keeps busy with all but reading; others may follow it in turn."""
    return plus(costs.idle_follower, costs.taken.used(claims), _telling(costs, claims, followers))


def delay(costs: Costs, claims: float, followers: int) -> float:
    """How long a follower waits for an event at most, while the feed process tells the others.

    Once that is busy all the time it tells each follower of several events at once. Endless where even that does not
    help.
    """
    event = costs.told.together.get(FEED, 0.0)
    look = costs.told.alone.get(FEED, 0.0) - event
    left = 1 - followers * claims * event
    return max(followers * look / left, 0.0) if left > 0 else float("inf")


def most_direct(costs: Costs, machine: Machine, claims: float) -> int:
    """How many followers a leader tells by itself, in time and within its room."""
    return _most_told(costs, machine, claims, lambda count: of_leader(costs, claims, count))


def fleet(costs: Costs, machine: Machine, machines: int, claims: float) -> Fleet | None:
    """What so many machines carry, or None where they do not take in so many claims a second."""
    direct = min(machines - 1, most_direct(costs, machine, claims))
    used = total(of_leader(costs, claims, direct))
    levels = _levels(costs, machine, machines - 1, direct, claims)
    is_taken_in = claims <= min(costs.projected, costs.recorded.most(), costs.taken.most())
    if not is_taken_in or used > machine.room or levels is None:
        return None
    of_each = [(nodes, total(of_follower(costs, claims, told))) for nodes, told in levels]
    if any(used_by_one > machine.room for _, used_by_one in of_each):
        return None
    left = machine.room - used + sum(nodes * (machine.room - used_by_one) for nodes, used_by_one in of_each)
    return Fleet(
        machines=machines,
        claims=claims,
        reads=left / costs.read,
        direct=direct,
        steps=len(levels),
        recording=used / machine.room,
        taking=total(of_follower(costs, claims)) / machine.room,
        delay=delay(costs, claims, direct) + sum(delay(costs, claims, ceil(told)) for _, told in levels),
    )


def _telling(costs: Costs, claims: float, followers: float) -> dict[str, float]:
    asking = followers * max(1 - claims * QUIET, 0.0)
    return plus(costs.told.used(claims * followers), times(costs.waiting, asking))


def _levels(
    costs: Costs, machine: Machine, followers: int, direct: int, claims: float
) -> list[tuple[int, float]] | None:
    """How many followers there are at each step from the leader, and how many each of these tells in turn.

    None where the leader, or a follower, tells nobody.
    """
    if followers == 0:
        return []
    most = _most_told(costs, machine, claims, lambda count: of_follower(costs, claims, count))
    levels, nodes, rest = list[tuple[int, float]](), direct, followers - direct
    while rest and nodes and most:
        told = min(rest, nodes * most)
        levels.append((nodes, told / nodes))
        nodes, rest = told, rest - told
    return None if rest or not nodes else [*levels, (nodes, 0.0)]


def _most_told(costs: Costs, machine: Machine, claims: float, used: Callable[[int], Cost]) -> int:
    """How many followers a node tells in time, and within its room, given what it uses then."""

    def carries(count: int) -> bool:
        return total(used(count)) <= machine.room and delay(costs, claims, count) <= LATEST

    return max((count for count in range(MOST_STREAMS + 1) if carries(count)), default=0)


def added_share(costs: Costs, machine: Machine, machines: int, claims: float) -> float | None:
    """How much of the reads that a follower does the last of so many machines adds to what the others do together."""
    before, after = fleet(costs, machine, machines - 1, claims), fleet(costs, machine, machines, claims)
    if before is None or after is None:
        return None
    own = (machine.room - total(of_follower(costs, claims))) / costs.read
    return (after.reads - before.reads) / own


def most_by_lock(costs: Costs) -> dict[int, float]:
    """Claims a second at which the lock of the log is always held, by how many callers share an append."""
    return {count: count / seconds for count, seconds in costs.hold.items()}


def most_by_cores(costs: Costs, machine: Machine, followers: int) -> float:
    """Claims a second that fill the room of a leader, and leave none for reading."""
    return _largest(lambda claims: total(of_leader(costs, claims, followers)) <= machine.room)


def ends_of_writer(costs: Costs, machine: Machine, callers: int, followers: int = 0) -> dict[str, float]:
    """Claims a second at which each part of one leader is at its end, or of a follower of it."""
    shared = f"{callers} callers" if callers > 1 else "one caller"
    told = f" and {followers} followers" if followers else ""
    return {
        f"the lock of the log, with {shared} to an append": most_by_lock(costs)[callers],
        "the slowest of its tables": costs.projected,
        "its busiest process of which there is one": costs.recorded.most(),
        "the busiest process of a follower": costs.taken.most(),
        f"{machine.cores} cores of a leader{told}": most_by_cores(costs, machine, followers),
    }


def partitioned(costs: Costs, claims: float, counts: Iterable[int]) -> list[Parts]:
    """What several logs record of which each takes so many claims a second."""
    of_one = total(costs.taken.used(claims))
    return [Parts(count, count * claims, of_one, count * of_one) for count in counts]


def _largest(holds: Callable[[float], bool]) -> float:
    """The largest rate for which something holds that holds for all smaller ones."""
    low, high = 0.0, 1.0
    while holds(high):
        low, high = high, high * 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
