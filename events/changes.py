"""What differs between two states of one entity, item by item, and how two answers about one thing differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from events.facts import FactState
from events.grounds import Conflict, Disputes, Excluded
from events.lineage import Lineage, Link, in_order
from events.matters import DISPUTES, MARKET_FACT, POSITION, PROFILE, RELATION, STANCE, VOTE
from events.positions import PositionState, Title, is_position
from events.profile import Observation, ProfileItem, observation_order, profile_order
from events.relationships import PartState, RelationState
from events.rounds import Round, RoundInvestor, round_order
from events.stances import StancePoint, stance_order
from events.state import EntityState
from events.temporal import AFTER_ALL, ANY_DAY, BEFORE_ALL, Bounds, format_day
from events.votes import VoteKey, VoteState

ROUND, PREDECESSOR, SUCCESSOR = "round", "predecessor", "successor"
CONFLICT, EXCLUDED, ENTITY = "conflict", "excluded", "entity"
KINDS = (
    CONFLICT, DISPUTES, ENTITY, EXCLUDED, MARKET_FACT, POSITION, PREDECESSOR, PROFILE, RELATION, ROUND, STANCE,
    SUCCESSOR, VOTE,
)  # fmt: skip
"""The kinds of items: those of matters that are one item each, and those of what other matters are made of.

A position is its relation and its titles; `entity` is the one that goes on. `disputes` are what is left of that matter
without its conflicts and excluded claims: their numbers, where there are more than are named.
"""

Item = (
    RelationState | PositionState | VoteState | Round | ProfileItem | Observation | Link | StancePoint
    | Conflict | Excluded | Disputes | str
)  # fmt: skip
_NOTHING: tuple[Any, ...] = (None, False, (), [], {})


class Subject(NamedTuple):
    """What an item is about: its kind, and what tells it from the others of this kind."""

    kind: str
    key: tuple[str, ...]


class Change(NamedTuple):
    """An item that is not the same in two states; None where there is none. `changed` are the fields that differ.

    Without a changed field it differs only in what no answer shows.
    """

    subject: Subject
    before: Item | None
    after: Item | None
    changed: tuple[str, ...]


def changes(before: EntityState, after: EntityState) -> tuple[Change, ...]:
    """What is different in `after`, in the order of kinds and keys. Applied to `before` it gives `after`."""
    old, new = items_of(before), items_of(after)
    return tuple(
        Change(subject, old.get(subject), new.get(subject), differing(old.get(subject), new.get(subject)))
        for subject in sorted(old.keys() | new.keys())
        if old.get(subject) != new.get(subject)
    )


def apply(before: EntityState, found: Iterable[Change]) -> EntityState:
    """The state that `before` becomes by these changes."""
    items = items_of(before)
    for change in found:
        if change.after is None:
            del items[change.subject]
        else:
            items[change.subject] = change.after
    return state_of(items)


def differing(before: Item | None, after: Item | None) -> tuple[str, ...]:
    """The names of the fields in which two answers about one thing differ; all that say something where one is None.

    Fields are named as in the answers of the service, and differ where these would.
    """
    old, new = _fields(before), _fields(after)
    if before is None or after is None:
        return tuple(name for name, value in (new or old).items() if value not in _NOTHING)
    return tuple(name for name in new if old[name] != new[name])


# a state as items


def items_of(state: EntityState) -> dict[Subject, Item]:
    """Every item of a state. A position is not listed again as a relation, nor a clash of a relation as conflict."""
    found: dict[Subject, Item] = {}
    for subject, item in _listed(state):
        number, free = 1, subject
        while free in found:
            number, free = number + 1, Subject(subject.kind, (*subject.key, str(number + 1)))
        found[free] = item
    return found


def state_of(items: Mapping[Subject, Item]) -> EntityState:
    """The state that has these items."""
    kinds: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for subject, item in items.items():
        kinds[subject.kind].append(item)
    positions = sorted(kinds[POSITION], key=lambda position: position.relation.key)
    relations = [*kinds[RELATION], *(position.relation for position in positions)]
    relations.sort(key=lambda relation: relation.key)
    return EntityState(
        entity=next(iter(kinds[ENTITY]), ""),
        relations=tuple(relations),
        votes=tuple(sorted(kinds[VOTE], key=lambda vote: str(vote.key))),
        positions=tuple(positions),
        rounds=tuple(sorted(kinds[ROUND], key=round_order)),
        profile=tuple(sorted(kinds[PROFILE], key=profile_order)),
        lineage=Lineage(in_order(kinds[PREDECESSOR]), in_order(kinds[SUCCESSOR])),
        observations=tuple(sorted(kinds[MARKET_FACT], key=observation_order)),
        stances=tuple(sorted(kinds[STANCE], key=stance_order)),
        disputes=_disputes(kinds[CONFLICT], kinds[EXCLUDED], next(iter(kinds[DISPUTES]), None)),
    )


def _listed(state: EntityState) -> Iterator[tuple[Subject, Item]]:
    yield Subject(ENTITY, ()), state.entity
    for relation in state.relations:
        if not is_position(relation.key):
            yield Subject(RELATION, relation.key), relation
    for position in state.positions:
        yield Subject(POSITION, position.relation.key), position
    for vote in state.votes:
        yield Subject(VOTE, _key_of_vote(vote.key)), vote
    for money in state.rounds:
        yield Subject(ROUND, (money.round,)), money
    for said in state.profile:
        yield Subject(PROFILE, (said.name, str(said.value), _sign(said.is_negated), *_given(said.stage))), said
    for figure in state.observations:
        yield Subject(MARKET_FACT, figure.grounds.claims), figure
    for kind, links in ((PREDECESSOR, state.lineage.predecessors), (SUCCESSOR, state.lineage.successors)):
        for link in links:
            yield Subject(kind, (link.entity, link.kind)), link
    for stance in state.stances:
        yield Subject(STANCE, _key_of_stance(stance)), stance
    for conflict in state.disputes.conflicts:
        yield Subject(CONFLICT, _key_of_conflict(conflict)), conflict
    for excluded in state.disputes.excluded:
        yield Subject(EXCLUDED, (excluded.claim, excluded.why, *_given(excluded.by))), excluded
    counts = state.disputes._replace(conflicts=(), excluded=())
    if counts != _disputes(state.disputes.conflicts, state.disputes.excluded)._replace(conflicts=(), excluded=()):
        yield Subject(DISPUTES, ()), counts


def _key_of_vote(key: VoteKey) -> tuple[str, ...]:
    return (key.body, "moves", *key.moves) if key.moves else (key.body, "motion", *_given(key.motion))


def _key_of_stance(point: StancePoint) -> tuple[str, ...]:
    """Points of one stance never have the same last day."""
    key, day = point.key, format_day(point.when.latest)
    speaker = "entity" if key.is_named else "voice"
    return (day or "", key.speaker, speaker, key.about, key.stance, _sign(point.is_negated), *_given(key.wording))


def _key_of_conflict(conflict: Conflict) -> tuple[str, ...]:
    aspect = ("whole",) if conflict.aspect is None else ("aspect", conflict.aspect)
    return (*aspect, *(side.asserted_by.asserter for side in conflict.sides))


def _sign(is_negated: bool) -> str:
    return "denied" if is_negated else "said"


def _given(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)


def _disputes(conflicts: Sequence[Conflict], excluded: Sequence[Excluded], counts: Disputes | None = None) -> Disputes:
    """The disputes that are named, in order, with the given numbers of all or their own."""
    named, gone = tuple(sorted(conflicts, key=str)), tuple(sorted(excluded, key=str))
    if counts is not None:
        return counts._replace(conflicts=named, excluded=gone)
    return Disputes(named, len(named), gone, len(gone))


# an item as fields


def _fields(item: Item | PartState | Title | RoundInvestor | None) -> dict[str, Any]:
    """What an answer shows of an item, by the names that it has there, without what the item is about."""
    match item:
        case None:
            return {}
        case str():
            return {"id": item}
        case RelationState():
            return _fields_of_relation(item)
        case PartState():
            told = {"scope": item.scope, **_fields_of_fact(item.state), "attributes": item.attributes}
            return told | item.grounds._asdict()
        case PositionState():
            title, titles = item.relation.attributes.get("title"), [_fields(title) for title in item.titles]
            return _fields_of_relation(item.relation) | {"title": title, "titles": titles}
        case Conflict() | Excluded():
            return item._asdict()
        case Disputes():
            return {"conflict_count": item.conflict_count, "excluded_count": item.excluded_count}
    return _fields_of_record(item)


def _fields_of_record(
    item: VoteState | Round | RoundInvestor | ProfileItem | Observation | Link | StancePoint | Title,
) -> dict[str, Any]:
    told = {field.name: _shown(getattr(item, field.name)) for field in fields(item) if field.name != "key"}
    for name in ("grounds", "disputes"):
        if name in told:
            told |= told.pop(name)._asdict()
    if "is_negated" in told:
        told["negated"] = told.pop("is_negated")
    if isinstance(item, Round):
        told |= {name: item.attributes.get(name) for name in ("amount", "currency")}
        told["investors"] = [_fields(investor) for investor in item.investors]
    return told


def _fields_of_relation(state: RelationState) -> dict[str, Any]:
    return {
        **_fields_of_fact(state.state),
        "attributes": state.attributes,
        "parts": [_fields(part) for part in state.parts],
        "contested": state.is_contested,
        **state.disputes._asdict(),
        **state.grounds._asdict(),
        "supported_on": _day(state.supported_on),
    }


def _fields_of_fact(state: FactState) -> dict[str, Any]:
    return {
        "status": state.status,
        "since": _shown(state.since),
        "until": _shown(state.until),
        "due": _shown(state.due),
        "planned_since": _day(state.planned_since),
    }


def _shown(value: Any) -> Any:
    """A range without any bound is shown like none."""
    return None if isinstance(value, Bounds) and value == ANY_DAY else value


def _day(day: int | None) -> int | None:
    return None if day in (BEFORE_ALL, AFTER_ALL) else day
