"""Four writers, each with one wish after the other: a unique number appended to one of twenty companies.

A wish is a name put right, or a claim. Its number stands in its event, so that it is known wherever it is stored.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from random import Random
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import httpx2

from tests.faults.history import FAIL, INFO, OK, History, Operation, Try
from tests.readers import BROKEN

WRITERS, COMPANIES = 4, 20
URL = "https://example.org/faults"
PUBLISHED = "2020-06-01"
DAYS = 1_000
_NUMBER = re.compile(rb"#(\d+)#")
_UNKNOWN_AFTER = 30.0
_IMPATIENT = 5
"""Every so manyth wish is asked for once only, whatever is said."""
_FIRST_DAY = date(2010, 1, 1)
_ANSWER_WITHIN = 15.0


def number_in(event: bytes) -> int | None:
    """The number of the wish that an event is about."""
    found = _NUMBER.search(event)
    return int(found[1]) if found else None


def day_of(number: int) -> str:
    """The day of which the claim with a number tells."""
    return str(_FIRST_DAY + timedelta(days=Random(number).randrange(DAYS)))


def next_to(company: str, companies: Sequence[str]) -> str:
    """The company that another one's claims are also about."""
    return companies[(companies.index(company) + 1) % len(companies)]


def claim_of(number: int, company: str, other: str) -> dict[str, Any]:
    """A company invests in another one on a day, says the article; every third claim says that it did not."""
    return {
        "ref": f"n-{number}",
        "article": URL,
        "type": "investment",
        "participants": [{"role": "investor", "entity": company}, {"role": "investee", "entity": other}],
        "attributes": {},
        "asserted_by": {"kind": "author"},
        "modality": "done",
        "polarity": "negative" if number % 3 == 0 else "positive",
        "time": {"kind": "instant", "edtf": day_of(number)},
        "evidence": {"summary": f"Number #{number}#."},
    }


ARTICLE = {
    "url": URL, "title": "Faults", "publisher": "example", "authors": [], "language": "en", "published": PUBLISHED,
}  # fmt: skip


class Load:
    """Writers that can be set to work and stopped. Numbers are never used twice."""

    def __init__(self, base: str, history: History, rate: float, *, has_keys: bool = True) -> None:
        """`rate`: appends per second, of all writers together, at most. Without keys they are wrong clients."""
        self._base, self._history = base, history
        self._pause = WRITERS / rate
        self._has_keys = has_keys
        self._numbers = itertools.count(1)
        self._generations = itertools.count(1)
        self._lock = Lock()
        self.acknowledged = 0
        self.companies: list[str] = []
        self.within = _ANSWER_WITHIN

    def prepare(self) -> None:
        """Registers the article that all claims are from."""
        with self._client() as http:
            http.post("/v1/articles", json=ARTICLE).raise_for_status()

    @contextmanager
    def working(self, companies: int = COMPANIES) -> Iterator[None]:
        """The writers work for the time of the block, on companies of its own; all wishes have ended after it."""
        generation = next(self._generations)
        self.companies = [f"c{generation}-{place}" for place in range(companies)]
        with self._client() as http:
            for company in self.companies:
                self._wish(http, -1, company, "name", Event())
        stopped = Event()
        threads = [Thread(target=self._write, args=(writer, stopped), daemon=True) for writer in range(WRITERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stopped.set()
            for thread in threads:
                thread.join(_UNKNOWN_AFTER + 2 * _ANSWER_WITHIN)
            assert not any(thread.is_alive() for thread in threads), "a writer does not come to an end"

    def _write(self, writer: int, stopped: Event) -> None:
        random = Random(writer)
        with self._client() as http:
            while not stopped.is_set():
                begun = monotonic()
                self._wish(http, writer, random.choice(self.companies), random.choice(("name", "claim")), stopped)
                stopped.wait(max(begun + self._pause - monotonic(), 0))

    def _wish(self, http: httpx2.Client, writer: int, company: str, what: str, stopped: Event) -> None:
        wish = Operation(next(self._numbers), writer, company, what, monotonic())
        self._history.begin(wish)
        while True:
            status, told = self._ask(http, wish)
            if 200 <= status < 300:
                self._history.end(wish, OK, monotonic(), told["position"])
                with self._lock:
                    self.acknowledged += 1
                return
            if 400 <= status < 500 or status == 507:
                return self._history.end(wish, FAIL, monotonic())
            is_over = monotonic() > wish.begun + _UNKNOWN_AFTER
            if is_over or (writer >= 0 and self._has_keys and wish.number % _IMPATIENT == 0):
                return self._history.end(wish, INFO, monotonic())
            Event().wait(0.1)

    def _ask(self, http: httpx2.Client, wish: Operation) -> tuple[int, dict[str, Any]]:
        headers = {"Idempotency-Key": wish.key} if self._has_keys else {}
        at = monotonic()
        status, told = 0, {}
        try:
            if wish.what == "claim":
                claim = claim_of(wish.number, wish.company, next_to(wish.company, self.companies))
                answer = http.post("/v1/claims", json=claim, headers=headers)
            else:
                body = {"kind": "company", "name": f"Company #{wish.number}#"}
                answer = http.put(f"/v1/entities/{wish.company}", json=body, headers=headers)
            status, told = answer.status_code, answer.json()
            self._history.answered(answer)
        except BROKEN:
            pass
        self._history.tried(wish, Try(at, monotonic() - at, status))
        return status, told

    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self._base, timeout=self.within)
