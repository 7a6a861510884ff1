"""The read tables of a world beside copies of themselves: as large as those of so many such worlds in one log."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from benchmarks import questions
from benchmarks.areas.rounds import Contestant
from benchmarks.areas.worlds import KEPT, LOOKUP, World, at
from benchmarks.plan import Plan
from benchmarks.questions import KINDS
from benchmarks.stage import Stage


class Copies:
    """A world and its copies, for as long as the block. What is asked is asked of all of them in turn."""

    def __init__(self, stage: Stage, plan: Plan, world: World) -> None:
        self._stage, self._plan, self._world = stage, plan, world
        self._asked = str(stage.folder / f"asked-beside-{world.claims}.json")
        self._keep = ExitStack()

    def __enter__(self) -> Copies:
        count, world = self._plan.depth_copies, self._world
        with ExitStack() as keep:
            self._url = keep.enter_context(self._stage.our_database(world.template))
            self._stage.say(f"putting {count - 1} copies beside a world of {world.claims:,} claims")
            self._stage.have("kept", "multiply", url=self._url, copies=count)
            self._stage.settle(self._url)
            questions.save(self._asked, questions.of_copies(questions.load(world.asked), count))
            self._lookup = keep.enter_context(self._stage.database())
            self._stage.have("lookup", "fill", url=self._lookup, asked=self._asked, companies=count * world.companies)
            self._stage.settle(self._lookup)
            self._keep = keep.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._keep.close()

    def contestants(self) -> list[Contestant]:
        """Who runs here."""
        load = {"asked": self._asked, "seconds": self._plan.seconds, "warm_up": self._plan.warm_up}
        size = self._world.claims * self._plan.depth_copies
        return [
            Contestant(
                label, at(size, kind), partial(self._stage.contest, program, "as_of", url=url, kind=kind, **load)
            )
            for kind in KINDS
            for label, program, url in ((KEPT, "kept", self._url), (LOOKUP, "lookup", self._lookup))
        ]
