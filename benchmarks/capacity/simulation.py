"""The traffic of many followers at one leader, beside what the model says of it; and two on cores of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.capacity.costs import STATE, Claims, addresses, fetched, have, spent
from benchmarks.capacity.model import Cost, Costs, of_leader, times, total
from benchmarks.capacity.plan import Plan
from benchmarks.capacity.site import Site, site
from benchmarks.capacity.tailing import tailing
from benchmarks.figures import Figure, figure
from benchmarks.programs import kept_to
from benchmarks.world import World

MOST_CORES = 2
"""Followers that are measured beside each other."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """So many followers at a leader that records so many events a second: the cores that were busy, and what the model
    says. Each follower got `events`, each once and in order.
    """

    followers: int
    rate: float
    seconds: float
    events: int
    measured: Cost
    reckoned: Cost

    @property
    def off(self) -> float:
        """By how much of itself the model was off."""
        return abs(total(self.measured) / total(self.reckoned) - 1)


@dataclass(frozen=True, slots=True)
class Round:
    """Questions a second that a follower answers alone, in the mean of the two, and that both answer together."""

    alone: float
    both: float

    @property
    def added(self) -> float:
        """How much of what one does the other one adds."""
        return (self.both - self.alone) / self.alone


def simulate(leader: Site, claims: Claims, plan: Plan, costs: Costs) -> Simulated:
    """NotMeasured where a follower misses an event, or gets one twice."""
    with tailing(leader.base, plan.followers) as tails:

        def load() -> list[int]:
            claims.steadily(plan.simulated_rate, plan.simulated_seconds)
            head = leader.head()
            for tail in tails:
                tail.reach(head)
            return [tail.events for tail in tails]

        found = spent(leader, load)
    rate = found.events / found.seconds
    return Simulated(
        followers=plan.followers,
        rate=rate,
        seconds=found.seconds,
        events=min(found.said),
        measured=times(found.cost, 1 / found.seconds),
        reckoned=of_leader(costs, rate, plan.followers),
    )


@contextmanager
def follower(leader: Site, folder: Path, core: int) -> Iterator[Site]:
    """A follower on a core of its own, which has all that its leader has."""
    with site(folder, ["--follow", leader.base], cores={core}) as found:
        found.reach(leader.head())
        yield found


def compare(followers: Sequence[Site], cores: Sequence[int], world: World, plan: Plan) -> list[Round]:
    """Each follower is asked by a client on its own core."""
    asked = addresses(world, STATE, plan.questions)
    answers = [fetched(one, asked, one.folder / "answers.json") for one in followers]
    _together(followers, answers, cores, plan)  # what is cold is warm then
    rounds = []
    for _ in range(plan.rounds):
        # Two cores are not quite alike, so each is the one alone for a time.
        alone = [
            _together([one], [file], [core], plan)[0] for one, file, core in zip(followers, answers, cores, strict=True)
        ]
        rounds.append(Round(sum(alone) / len(alone), sum(_together(followers, answers, cores, plan))))
    return rounds


def added(rounds: Sequence[Round]) -> Figure:
    """What a second follower adds, of what one does alone."""
    return figure([one.added for one in rounds])


def _together(followers: Sequence[Site], answers: Sequence[str], cores: Sequence[int], plan: Plan) -> list[float]:
    def ask(follower: Site, file: str, core: int) -> float:
        with kept_to({core}):
            said = have(
                "client", "get", port=follower.port, answers=file, count=plan.connections, seconds=plan.round_seconds,
                warm_up=0.5,
            )  # fmt: skip
        return float(said["rate"])

    with ThreadPoolExecutor(len(followers)) as clients:
        return list(clients.map(ask, followers, answers, cores))
