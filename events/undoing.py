"""Which claims are undone by others: corrected, superseded or retracted by responses that count themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from typing import NamedTuple

from events.values import ClaimContent
from events.vocabulary import UNDOING


class Response(NamedTuple):
    """A response: its own claim, the claim in whose name it speaks, and what it does to which claim."""

    claim: str
    by: str
    target: str
    kind: str
    aspect: str | None


class Undone(NamedTuple):
    """A claim that left the fold, why, and the claim that undid it (None: the recorder)."""

    claim: str
    why: str
    by: str | None


def response_of(claim: str, content: ClaimContent) -> Response | None:
    """The response that a claim is; None where it is none, or says that there was none."""
    if content.type != "response" or content.polarity != "positive":
        return None
    said = content.attributes
    return Response(claim, str(said.get("by") or claim), str(said["target"]), str(said["response"]), said.get("aspect"))


def undone(claims: Set[str], retracted: Set[str], undoings: Sequence[Response]) -> list[Undone]:
    """What is undone of `claims` and `retracted` by undoings that count: one does not when its own claim is undone.

    The grounded labelling of an argumentation framework (Dung 1995), but that claims in a circle are all undone.
    """
    judgement = _Judgement(claims, undoings)
    judgement.judge_all()
    counting = [u for u in undoings if u in judgement.circular or judgement.stand(u)]
    fallen = retracted | {name for name in claims if not judgement.stands[name]}
    return [Undone(u.target, UNDOING[u.kind], u.by) for u in counting if u.target in fallen]


class _Judgement:
    """Which claims stand against the undoings of others."""

    def __init__(self, claims: Set[str], undoings: Iterable[Response]) -> None:
        self.claims = claims
        self.attacks: dict[str, list[Response]] = defaultdict(list)
        for undoing in undoings:
            self.attacks[undoing.target].append(undoing)
        self.stands = {name: True for name in claims if name not in self.attacks}
        self.stands |= {name: False for name in self.attacks if name not in claims}
        self.circular: list[Response] = []

    def judge_all(self) -> None:
        """Judge what hangs on judged claims only, then the circles that hang on nothing else, until all is judged."""
        while waiting := [name for name in self.attacks if name not in self.stands]:
            judged = {name: verdict for name in waiting if (verdict := self._verdict(name)) is not None}
            self.stands |= judged or self._circles(waiting)

    def stand(self, undoing: Response) -> bool | None:
        """Whether both claims behind an undoing stand; None while that is not judged."""
        verdicts = [self.stands.get(name, None if name in self.claims else False) for name in _behind(undoing)]
        return False if False in verdicts else None if None in verdicts else True

    def _verdict(self, name: str) -> bool | None:
        """Whether a claim stands; None while that hangs on claims not yet judged."""
        attacks = {self.stand(attack) for attack in self.attacks[name]}
        return False if True in attacks else None if None in attacks else True

    def _circles(self, waiting: list[str]) -> dict[str, bool]:
        """The claims that hang, at any distance, only on claims that hang on them."""
        above = {name: self._reached(name) for name in waiting}
        fallen = {name for name in waiting if all(name in above[other] for other in above[name])}
        self.circular += [
            a for name in fallen for a in self.attacks[name] if self.stand(a) is None and fallen & set(_behind(a))
        ]
        return dict.fromkeys(fallen, False)

    def _reached(self, name: str) -> set[str]:
        """The claims not yet judged on which one hangs."""
        found: set[str] = set()
        fresh = {name}
        while fresh:
            behind = {b for n in fresh for a in self.attacks[n] if self.stand(a) is None for b in _behind(a)}
            fresh = {b for b in behind if b not in self.stands} - found
            found |= fresh
        return found


def _behind(undoing: Response) -> tuple[str, str]:
    """The claims that have to stand for an undoing to count."""
    return undoing.claim, undoing.by
