"""One fault on a rig: what is written down while it lasts, and what the judges say of it in the end."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from itertools import chain
from random import Random
from threading import Event
from time import monotonic
from typing import Any

from service.bootstrap import rebuild
from service.errors import AppendRefused
from service.projections.catalog import PROJECTIONS
from service.projections.rebuild import Wish
from service.settings import Settings
from tests import oracle
from tests.faults import checkers
from tests.faults.checkers import Proof, Row
from tests.faults.history import OK, Operation, latencies, share
from tests.faults.load import ARTICLE, claim_of, next_to
from tests.faults.pace import slowed
from tests.faults.results import Result, Results, plainly
from tests.faults.rig import LONGEST, QUICK, Rig
from tests.feeding import wait_until

NOISE = 2.0
"""By how much a time may be longer than is promised, for the clients run on the same machine."""
PROMISED: Mapping[str, float] = {"writes": 10.0, "lag": 5.0}
"""Seconds after a fault is over."""
FOLLOWING = ("Pages", "Lines", "Stream")
"""Readers that wait for what comes; who reads Atom looks now and then."""
QUESTIONS = 20
SLACK: Mapping[str, float] = {"file descriptors": 60, "threads": 30, "memory, MiB": 150, "processes": 1, "sessions": 40}
"""What may be used besides a tenth more: Python warms up, and pools fill up when all have to connect anew. Those of two
web workers, two projectors, keeper, sender and feed process hold 8 to 10 sessions each, and nine listen or follow.
"""
BROKEN_OFF = "it was broken off"
_LATEST = date(2014, 1, 1)
_PAUSE = 0.02


class Trial:
    """A fault under way."""

    def __init__(self, rig: Rig, name: str, what: str) -> None:
        self.rig = rig
        self.slowed = 1.0
        self.begun = monotonic()
        self.times: dict[str, float | None] = {}
        self.result = Result(name, what)
        self.wrong: list[str] = [BROKEN_OFF]
        """What is wrong, of which this is true until it was judged."""
        self._statuses = Counter(rig.history.statuses)
        self._unannounced = Counter(rig.history.unannounced)

    def goes_on(self, appends: int) -> None:
        """Waits until that many more are acknowledged."""
        enough = self.rig.load.acknowledged + appends
        wait_until(lambda: self.rig.load.acknowledged >= enough, LONGEST, "nothing more is acknowledged")

    def over(self, within: float = LONGEST, *, broken: float | None = None) -> None:
        """The fault is over: measures how long it takes until writers and readers are back.

        That of writers is counted from `broken`, where they had to wait for the end of the fault as well.
        """
        moment = monotonic()
        head = max((one.position or 0 for one in self.operations), default=0)
        waited_for: dict[str, Callable[[], bool]] = {
            "writes": lambda: any(one.outcome == OK and one.tries[-1].at > moment for one in self.operations),
            "questions": lambda: self.rig.read_position() >= head,
            **{name: partial(self.rig.has_seen, name, head) for name in FOLLOWING},
        }
        came: dict[str, float] = {}
        while len(came) < len(waited_for) and monotonic() < moment + within:
            for what in waited_for.keys() - came.keys():
                if waited_for[what]():
                    came[what] = monotonic() - moment
            Event().wait(_PAUSE)
        writes = came.pop("writes", None)
        self._keep_longest("writes", None if writes is None else writes + moment - (broken or moment))
        self._keep_longest("lag", max(came.values()) if len(came) == len(waited_for) - 1 else None)
        self.slowed = max(self.slowed, slowed())
        late = {what: f"{took:.1f} s" for what, took in came.items() if took > PROMISED["lag"]}
        if late:
            self.note(f"later than promised: {late}.")

    def allowed(self, promised: float) -> float:
        """What is promised for a machine that has nothing else to do, for this one as it is."""
        return promised * NOISE * self.slowed

    @property
    def limits(self) -> dict[str, float]:
        """What is allowed until all is back."""
        return {what: self.allowed(seconds) for what, seconds in PROMISED.items()}

    def within(self, promised: float, took: float, what: str) -> None:
        """Something that may not take longer."""
        self.note(f"{what} took {took:.2f} s; {promised:g} s are promised.")
        self.demand(took <= self.allowed(promised), f"{what} took {took:.2f} s, and has {self.allowed(promised):.2f} s")

    def _told(self) -> Counter[int]:
        """The statuses of all answers since it began."""
        return self.rig.history.statuses - self._statuses

    def _keep_longest(self, what: str, took: float | None) -> None:
        known = self.times.get(what, 0.0)
        self.times[what] = None if took is None or known is None else max(took, known)

    def demand(self, holds: bool, otherwise: str) -> None:
        """Something that has to hold during this fault."""
        if not holds:
            self.wrong.append(otherwise)

    def note(self, text: str) -> None:
        """Something to tell beside the table."""
        self.result.notes.append(text)

    @property
    def operations(self) -> list[Operation]:
        return self.rig.history.since(self.begun)

    def judge(self, marks: list[tuple[int, bytes]], baseline: Mapping[str, float]) -> None:
        """Everything that has to hold after it."""
        rig = self.rig
        head = rig.head()
        awaited: dict[str, Callable[[], bool]] = {
            "the read side": lambda: rig.read_position() >= head,
            "the sink": lambda: rig.replay() >= 0 and rig.taken() >= head,
            **{name: partial(rig.has_seen, name, head) for name in QUICK},
        }
        for what, is_there in awaited.items():
            wait_until(is_there, LONGEST, f"{what} does not come to {head}")
        wait_until(lambda: len(rig.feed()) >= head, LONGEST, "the feed does not tell all of the log")
        came = [one for one in rig.deliveries() if one.sight.position <= head]
        found = self.wrong_so_far()
        upto = {position: digest for position, digest in rig.feed().items() if position <= head}
        found += chain(
            checkers.misfolded(*self._answers(rig.log())),
            checkers.differently_built(self.differences()),
            checkers.undelivered(came, upto),
            checkers.inconsistent(self._proofs(marks)),
            checkers.improper(self._told(), rig.history.unannounced - self._unannounced),
            checkers.late(self.times, self.limits),
            checkers.grown(baseline, rig.resources(), SLACK) if baseline else (),
        )
        self.wrong.remove(BROKEN_OFF)
        self.wrong += found

    def wrong_so_far(self) -> list[str]:
        """What is wrong already, whoever is still at work: what was told is looked at before what there is."""
        rig = self.rig
        told = [one for one in rig.history.operations if one.ended]
        sights = {name: rig.sights(name) for name in rig.readers}
        log, feed = rig.log(), rig.feed()
        return [
            *checkers.lost(told, log),
            *checkers.unasked(rig.history.operations, log),
            *checkers.doubled(log),
            *chain.from_iterable(checkers.out_of_step(name, seen, feed) for name, seen in sights.items()),
            *checkers.gaps(log),
        ]

    def finish(self) -> None:
        """Fills in the line of the table."""
        took = latencies(self.operations)
        self.result.seconds = monotonic() - self.begun
        self.result.outcomes = dict(Counter(one.outcome for one in self.operations))
        self.result.appends = (share(took, 0.5), share(took, 0.99), took[-1] if took else 0.0)
        self.result.times = self.times
        self.result.slowed = self.slowed
        self.result.statuses = dict(self._told())
        self.result.wrong = self.wrong

    def _answers(self, log: list[Row]) -> tuple[dict[str, object], dict[str, object]]:
        """What the service says to some questions, and what a plain fold of the log says, which shares no code."""
        random = Random(len(log))
        live: dict[str, object] = {}
        folded: dict[str, object] = {}
        wishes = {one.number: one for one in self.operations}
        numbers = [row.number for row in log if row.number in wishes]
        companies = self.rig.load.companies
        told: list[dict[str, Any]] = [{"record": "article", **ARTICLE}]
        told += [{"record": "entity", "id": one, "kind": "company", "name": one} for one in companies]
        for company in companies:
            mine = [number for number in numbers if number is not None and wishes[number].company == company]
            names = [number for number in mine if wishes[number].what == "name"]
            folded[f"the name of {company}"] = f"Company #{names[-1]}#"
            live[f"the name of {company}"] = self.rig.get(f"/v1/entities/{company}").json().get("name")
        for _ in range(QUESTIONS):
            company = random.choice(companies)
            other = next_to(company, companies)
            day = str(_LATEST - timedelta(days=random.randrange(1_500)))
            claims = [
                {"record": "claim", **claim_of(number, company, other)}
                for number in numbers
                if number is not None and (wishes[number].company, wishes[number].what) == (company, "claim")
            ]
            question = f"/v1/relations/investor_of/{company}/{other}?as_of={day}"
            answer = self.rig.get(f"/v1/relations/investor_of/{company}/{other}", as_of=day).json()
            meant = oracle.relation([*told, *claims], ("investor_of", company, other), day)
            live[question] = (answer.get("status"), answer.get("claim_count"))
            folded[question] = (meant["status"], len(meant["claims"]))
        return live, folded

    def differences(self) -> dict[str, list[str]]:
        """What differs between the live tables and others that are built anew from the log, row by row."""
        settings = Settings(database_url=self.rig.url)
        found = {}
        for one in PROJECTIONS:
            try:
                report = rebuild(settings, self.rig.url, one).run(Wish("the fault run", 1, is_to_switch=False))
            except AppendRefused as error:  # what follows by their position is in the live tables already
                found[one.name] = [str(error)]
            else:
                found[one.name] = list(map(str, report.differences))
        return found

    def _proofs(self, marks: list[tuple[int, bytes]]) -> Iterator[Proof]:
        """That the newest checkpoint goes on from each that was kept, this one included from now on."""
        marks.append(self._checkpoint())
        for size, root in marks[:-1]:
            proof = self.rig.get("/v1/log/proofs/consistency", **{"from": str(size), "to": str(marks[-1][0])}).json()
            roots = b64decode(proof["from_root"]), b64decode(proof["to_root"])
            yield Proof(size, marks[-1][0], root, *roots, [b64decode(one) for one in proof["hashes"]])

    def _checkpoint(self) -> tuple[int, bytes]:
        answer = wait_until(lambda: _answered(self.rig, "/v1/log/checkpoint"), LONGEST, "there is no checkpoint")
        _, size, root, *_ = answer.splitlines()
        return int(size), b64decode(root)


def _answered(rig: Rig, path: str) -> str:
    answer = rig.get(path)
    return answer.text if answer.status_code == 200 else ""


class Stage:
    """Faults on one rig, one after the other."""

    def __init__(self, rig: Rig, results: Results, companies: int) -> None:
        self.rig = rig
        self._results = results
        self._companies = companies
        self._marks: list[tuple[int, bytes]] = []
        self._baseline: Mapping[str, float] = {}

    def left_out(self, name: str, what: str, why: str) -> None:
        """A fault that cannot be had here."""
        self._results.add(Result(name, what, wrong=[f"not run: {why}"]))

    @contextmanager
    def fault(self, name: str, what: str) -> Iterator[Trial]:
        """A fault while the writers work. What is wrong after it fails the test."""
        trial = Trial(self.rig, name, what)
        try:
            with self.rig.load.working(self._companies):
                yield trial
                if not trial.times:
                    trial.over()
            trial.judge(self._marks, self._baseline)
        finally:
            trial.finish()
            self._results.add(trial.result)
        self._baseline = self._baseline or self.rig.resources()
        assert not trial.wrong, plainly(trial.wrong)
