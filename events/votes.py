"""The answer for one vote, known by its body and what it would open, or failing that by its motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from events.effects import PLAN, Key
from events.facts import POSSIBLY, UNCONFIRMED, UNKNOWN, last_due
from events.knowledge import Heard, Hearing
from events.relationships import Asserter, Conflict, Excluded, asserters, conflicts, excluded, newest_first
from events.temporal import Bounds
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
    conflicts: tuple[Conflict, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    asserted_by: tuple[Asserter, ...] = ()
    claims: tuple[str, ...] = ()


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


def vote_state(hearing: Hearing, key: VoteKey, day: int) -> VoteState:
    """The answer for one vote on one day."""
    about = [heard for heard in hearing.live if vote_key(heard.content) == key]
    touching = {name for name, content in hearing.contents.items() if vote_key(content) == key}
    found = _outcome(key, about, day)
    return VoteState(
        key=key,
        status=found.status,
        motions=tuple(sorted({str(h.content.attributes["motion"]) for h in about if "motion" in h.content.attributes})),
        when=found.when,
        outcomes=found.outcomes,
        due=found.due,
        missed=found.missed,
        cast=_cast(about),
        conflicts=conflicts(hearing, touching),
        excluded=excluded(hearing, touching),
        asserted_by=asserters(about),
        claims=newest_first(about),
    )


def _outcome(key: VoteKey, about: Sequence[Heard], day: int) -> VoteState:
    said = [h for h in about if h.content.modality not in PLANNED_MODALITIES and h.content.modality != "opinion"]
    missed = [h.span.start for h in said if h.content.is_negated and h.span.start.latest <= day]
    plans = [h for h in about if h.effect == PLAN and h.content.modality != "proposed"]
    due = last_due(h.due for h in plans if h.published.earliest <= day)
    past = [m for m in _meetings(said) if m.when.earliest <= day]
    if past:
        meeting = past[-1]
        status = OCCURRED if meeting.when.latest <= day else POSSIBLY
        return VoteState(key, status, when=meeting.when, outcomes=tuple(sorted(meeting.outcomes)), due=due)
    last_missed = max(missed, key=lambda bounds: bounds.latest, default=None)
    if last_missed and (due is None or last_missed.latest >= due.latest):
        return VoteState(key, DID_NOT_OCCUR, missed=last_missed, due=due)
    if due is not None:
        return VoteState(key, SCHEDULED if day <= due.latest else UNCONFIRMED, due=due, missed=last_missed)
    return VoteState(key, UNKNOWN)


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
