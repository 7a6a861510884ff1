"""The answer for one vote, known by its body and what it would open, or failing that by its motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from events.effects import PLAN, Key
from events.facts import POSSIBLY, UNCONFIRMED, UNKNOWN, last_due
from events.grounds import Disputes, Grounds, disputes, grounds
from events.knowledge import Heard, Hearing
from events.temporal import Bounds, next_day
from events.values import ClaimContent
from events.vocabulary import PLANNED_MODALITIES, relation_key

OCCURRED, DID_NOT_OCCUR, SCHEDULED = "occurred", "did_not_occur", "scheduled"


class VoteKey(NamedTuple):
    """Which vote: the body, and what the vote moves or else the text of its motion."""

    body: str
    moves: Key | None
    motion: str | None


@dataclass(frozen=True)
class VoteState:
    """What is known of a vote on a day. `when` is the range of the meeting, `missed` that of a day without one."""

    key: VoteKey
    status: str
    motions: tuple[str, ...] = ()
    when: Bounds | None = None
    outcomes: tuple[str, ...] = ()
    due: Bounds | None = None
    missed: Bounds | None = None
    cast: tuple[tuple[str, str], ...] = ()
    disputes: Disputes = Disputes()
    grounds: Grounds = Grounds()


class _Meeting(NamedTuple):
    """Reports that can mean one day are one meeting."""

    when: Bounds
    outcomes: frozenset[str]


def vote_key(content: ClaimContent) -> VoteKey | None:
    """Which vote a claim is about; None when it is about none."""
    if content.type != "governance_vote":
        return None
    moves = content.attributes.get("moves")
    key = relation_key(moves["relation"], moves["subject"], moves["object"]) if moves else None
    return VoteKey(content.entities("body")[0], key, None if key else content.attributes.get("motion"))


class VoteAccount:
    """The claims about one vote, put in order once and asked for any number of days."""

    def __init__(self, hearing: Hearing, key: VoteKey, about: Sequence[Heard], touching: set[str]) -> None:
        """`about` are the live claims about it, `touching` the names of all."""
        said = [h for h in about if h.content.modality not in PLANNED_MODALITIES and h.content.modality != "opinion"]
        plans = [h for h in about if h.effect == PLAN and h.content.modality != "proposed"]
        motions = {str(h.content.attributes["motion"]) for h in about if "motion" in h.content.attributes}
        self._meetings = _meetings(said)
        self._missed = [h.span.start for h in said if h.content.is_negated]
        self._plans = [(h.published.earliest, h.due) for h in plans]
        self._constant = VoteState(
            key=key,
            status=UNKNOWN,
            motions=tuple(sorted(motions)),
            cast=_cast(about),
            disputes=disputes(hearing, touching),
            grounds=grounds(about),
        )

    def at(self, day: int) -> VoteState:
        """The answer on one day."""
        missed = max((b for b in self._missed if b.latest <= day), key=lambda b: (b.latest, -b.earliest), default=None)
        due = last_due(due for known, due in self._plans if known <= day)
        past = [meeting for meeting in self._meetings if meeting.when.earliest <= day]
        if past:
            when, outcomes = past[-1]
            status = OCCURRED if when.latest <= day else POSSIBLY
            return replace(self._constant, status=status, when=when, outcomes=tuple(sorted(outcomes)), due=due)
        if missed and (due is None or missed.latest >= due.latest):
            return replace(self._constant, status=DID_NOT_OCCUR, missed=missed, due=due)
        if due is not None:
            status = SCHEDULED if day <= due.latest else UNCONFIRMED
            return replace(self._constant, status=status, due=due, missed=missed)
        return self._constant

    def breaks(self) -> set[int]:
        """The days on which the answer can change."""
        days = {day for meeting in self._meetings for day in meeting.when} | {bounds.latest for bounds in self._missed}
        return days | {day for known, due in self._plans for day in (known, next_day(due.latest))}


def vote_state(hearing: Hearing, key: VoteKey, day: int) -> VoteState:
    """The answer for one vote on one day."""
    about = [heard for heard in hearing.live if vote_key(heard.content) == key]
    touching = {name for name, content in hearing.contents.items() if vote_key(content) == key}
    return VoteAccount(hearing, key, about, touching).at(day)


def _meetings(said: Sequence[Heard]) -> list[_Meeting]:
    meetings: list[_Meeting] = []
    reports = [
        (h.span.start.latest, h.span.start.earliest, h.content.attributes.get("outcome"))
        for h in said
        if not h.content.is_negated
    ]
    for high, low, outcome in sorted(reports, key=lambda report: (report[0], report[1], report[2] or "")):
        outcomes = frozenset((outcome,) if outcome else ())
        if meetings and low <= meetings[-1].when.latest:
            last = meetings.pop()
            meetings.append(_Meeting(Bounds(max(low, last.when.earliest), last.when.latest), outcomes | last.outcomes))
        else:
            meetings.append(_Meeting(Bounds(low, high), outcomes))
    return meetings


def _cast(about: Sequence[Heard]) -> tuple[tuple[str, str], ...]:
    """Who is said to have voted how."""
    votes = {
        (v, str(h.content.attributes["vote"]))
        for h in about
        if "vote" in h.content.attributes
        for v in h.content.entities("voter")
    }
    return tuple(sorted(votes))
