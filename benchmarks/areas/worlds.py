"""A world on the stage, with all who look back into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from functools import partial
from itertools import product
from typing import Any

from benchmarks.areas.rounds import Contestant
from benchmarks.model import Area, NotMeasured, Run
from benchmarks.plan import Plan
from benchmarks.questions import HOT, KINDS, TYPICAL, load, pages
from benchmarks.servers import mariadb, web
from benchmarks.stage import Stage

OURS, AGAIN, KEPT = "ours: as-of, worked out", "ours: as-of, told before", "ours: its rows in the database"
LOOKUP = "as many rows by their key, the limit"
MARIADB = "MariaDB: both times in its tables"
LIBRARY = "eventsourcing: load and fold"
OURS_HTTP, BARE_HTTP = "ours: GET state, worked out", "bare Flask route, one query, same bytes"
AGAIN_HTTP = "ours: GET state, told before"
PEERS = {MARIADB: "MariaDB", LIBRARY: "the library"}
PERSPECTIVES = ("published_by", "according_to")
WEB = "over HTTP"
THREADS = 8


def at(claims: int, what: str) -> str:
    """The setting of what is asked in a world."""
    return f"{claims:,} claims, {what}"


def build_tables(stage: Stage, url: str) -> None:
    """Makes the read tables of a database that was filled."""
    stage.prepare(url)  # what is granted on a database is not copied with it
    _, seconds = stage.frenemies(url, "project", "rebuild")
    stage.say(f"read tables built in {seconds:,.0f} s")


class World:
    """A world on the stage: the databases of all contestants, and the servers that run for as long as the block."""

    def __init__(self, stage: Stage, plan: Plan, area: Area, peers: Sequence[str], claims: int) -> None:
        self._stage, self._plan, self._area, self._peers = stage, plan, area, peers
        self._folder = stage.folder / f"world-{claims}"
        self.claims = claims
        self.companies = 0
        self.template = f"world of {claims:,} claims"
        self.asked = str(self._folder / "asked.json")
        self._told = str(self._folder / "told.ndjson")
        self._keep = ExitStack()

    def __enter__(self) -> World:
        self._folder.mkdir()
        self._folder.chmod(0o755)
        self._url = self._stage.template(self.template, self._stage.ours(), partial(_fill, self._stage, self.claims))
        with ExitStack() as keep:
            self.companies = self._ask()
            self._lookup = keep.enter_context(self._stage.database())
            self._stage.have("lookup", "fill", url=self._lookup, asked=self.asked, companies=self.companies)
            self._stage.settle(self._lookup)
            told = self._tell()
            start = {MARIADB: self._start_maria, LIBRARY: self._start_library}
            self._places = {peer: self._attempt(told or partial(start[peer], keep)) for peer in self._peers}
            self._web = self._attempt(partial(self._start_web, keep))
            self._keep = keep.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._keep.close()

    def contestants(self) -> list[Contestant]:
        """All who run in this world."""
        load_ = {"seconds": self._plan.seconds, "warm_up": self._plan.warm_up}
        asked = {"asked": self.asked, **load_}
        runs: list[Contestant] = []

        def enter(label: str, what: str, run: Callable[[], Run]) -> None:
            runs.append(Contestant(label, at(self.claims, what), run))

        programs = {OURS: "depth", KEPT: "kept", LOOKUP: "lookup", MARIADB: "maria", LIBRARY: "folding"}
        own = {"url": self._url}
        places = {OURS: lambda: own, KEPT: lambda: own, LOOKUP: lambda: {"url": self._lookup}, **self._places}
        for kind, (label, place) in product(KINDS, places.items()):
            run = partial(_contest, self._stage, programs[label], "as_of", place, kind=kind, **asked)
            enter(label, kind, run)
        for kind in KINDS:
            run = partial(self._stage.contest, "depth", "as_of_again", url=self._url, kind=kind, **asked)
            enter(AGAIN, kind, run)
        for by in PERSPECTIVES:
            run = partial(self._stage.contest, "depth", "perspective", url=self._url, by=by, **asked)
            enter(OURS, f"{HOT}, {by}", run)
        for label, port in ((OURS_HTTP, "anew"), (AGAIN_HTTP, "ours"), (BARE_HTTP, "bare")):
            place = partial(_part, self._web, port)
            count = self._plan.depth_connections
            enter(label, WEB, partial(_contest, self._stage, "client", "get", place, count=count, **load_))
        return runs

    def _ask(self) -> int:
        """Has ours answer the questions. Gives the number of companies."""
        self._stage.say(f"asking in a world of {self.claims:,} claims")
        said = self._stage.have(
            "depth", "ask", url=self._url, claims=self.claims, file=self.asked, typical=self._plan.depth_typical,
            hot=self._plan.depth_hot,
        )  # fmt: skip
        if said["refused"]:
            self._note(f"ours refused {len(said['refused'])} questions ({said['refused'][0]}).")
        return int(said["companies"])

    def _tell(self) -> Callable[[], Any] | None:
        """Writes down what relations are. None if that went well, else what raises why not."""
        self._stage.say("working out what relations are")
        try:
            said = self._stage.have(
                "depth", "tell", claims=self.claims, asked=self.asked, file=self._told, most=self._plan.depth_told
            )
        except NotMeasured as error:
            return partial(_raise, error)
        self._note(
            f"MariaDB holds {said['told']:,} relations; the library the companies that are asked for, and others up to"
            f" {self._plan.depth_folded:,} events."
        )
        return None

    def _start_maria(self, keep: ExitStack) -> dict[str, Any]:
        socket, version = keep.enter_context(mariadb(self._folder))
        self._stage.say(f"filling MariaDB {version}")
        place = {"socket": socket, "database": "world"}
        rows = self._stage.contest("maria", "fill", told=self._told, **place).count
        self._stage.have("maria", "check", asked=self.asked, **place)
        self._note(f"MariaDB {version} has {rows:,} rows, history included.")
        return place

    def _start_library(self, keep: ExitStack) -> dict[str, Any]:
        place = {"url": keep.enter_context(self._stage.database()), "told": self._told}
        self._stage.say("filling the library's log")
        self._stage.contest("folding", "fill", asked=self.asked, most=self._plan.depth_folded, **place)
        self._stage.settle(place["url"])
        self._stage.have("folding", "check", asked=self.asked, **place)
        return place

    def _start_web(self, keep: ExitStack) -> dict[str, Any]:
        answers = str(self._folder / "answers.json")
        ours = keep.enter_context(web("service.wsgi:app", THREADS, _environment(self._url)))
        self._stage.have("client", "fetch", port=ours, addresses=self._addresses(), file=answers)
        sizes = [len(body) for _, body in pages(answers)]
        self._note(f"an answer over HTTP has {sum(sizes) / len(sizes):,.0f} bytes on average.")
        url = keep.enter_context(self._stage.database())
        self._stage.have("bare", "fill", url=url, answers=answers)
        bare = keep.enter_context(web("benchmarks.contestants.bare:serve()", THREADS, _environment(url)))
        nothing = _environment(self._url) | {"FRENEMIES_REMEMBERED_MIB": "0"}
        anew = keep.enter_context(web("service.wsgi:app", THREADS, nothing))
        ports = {"ours": ours, "anew": anew, "bare": bare}
        return {name: {"port": port, "answers": answers} for name, port in ports.items()}

    def _addresses(self) -> list[str]:
        asked = load(self.asked, TYPICAL)
        return [f"/v1/entities/{q.entity}/state?as_of={date.fromordinal(q.day)}" for q in asked]

    def _attempt(self, make: Callable[[], Any]) -> Callable[[], Any]:
        """What gives the thing made; or raises, each time, why it could not be made."""
        try:
            made = make()
        except NotMeasured as error:
            return partial(_raise, error)
        return lambda: made

    def _note(self, text: str) -> None:
        self._area.notes.append(f"{self.claims:,} claims: {text}")


def _fill(stage: Stage, claims: int, url: str) -> None:
    run = stage.contest("depth", "fill", url=url, claims=claims)
    stage.say(f"{run.count:,} events recorded, {run.rate:,.0f} a second")
    build_tables(stage, url)


def _contest(stage: Stage, program: str, task: str, place: Callable[[], dict[str, Any]], **parameters: Any) -> Run:
    return stage.contest(program, task, **place(), **parameters)


def _part(whole: Callable[[], dict[str, Any]], name: str) -> Any:
    return whole()[name]


def _raise(error: NotMeasured) -> Any:
    raise error


def _environment(url: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "FRENEMIES_POOL_SIZE": str(THREADS), "FRENEMIES_ONE_CORE": "True"}
