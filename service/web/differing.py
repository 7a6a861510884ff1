"""Answers in words: how two answers about one thing differ, and what those are called who say it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from events.facts import CONTESTED
from events.matters import DISPUTES
from events.temporal import format_day, parse_day
from service.web.wording import KINDS

_EVIDENCE = frozenset(("asserted_by", "asserter_count", "claims", "claim_count", "supported_on"))
_IN_TITLE = frozenset(
    "name value measure unit negated round motions aspect why sides claim by id".split(),
)
"""What the heading of an item says already, where there was none before, or is none any more."""
_COUNTS = frozenset(("conflict_count", "excluded_count"))
"""They tell something only where not all of them are named."""
_TOLD_APART = frozenset(("title", "amount", "currency"))
"""Attributes that are fields of their own."""
_WORDS = frozenset(("status", "why", "kind", "outcomes"))
"""Fields that hold words of ours, which are written with spaces."""
_STATES = {"conflict": CONTESTED, "excluded": "excluded"}
SAID, NOTHING = "said", "nothing"


class Difference(NamedTuple):
    """A field that is not the same, before and after, in words."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Voice:
    """What the ones are called who say something and are no entities."""

    titles: Mapping[str, str]
    names: Mapping[str, str | None]

    def __call__(self, asserter: str) -> str:
        """The author, or whoever else, of an article; the entities that say it together."""
        kind, colon, who = asserter.partition(":")
        if not colon:
            return self.of(kind.split("+"))
        title = self.titles.get(who)
        return f"{KINDS.get(kind, kind)} of “{title}”" if title else self.names.get(who) or who

    def of(self, entities: Iterable[str]) -> str:
        """Some entities that say it together."""
        return " and ".join(self.names.get(one) or one for one in entities)

    def behind(self, by: Mapping[str, Any]) -> str:
        """Who says a claim: for whom somebody speaks, who speaks, or what kind of voice it is."""
        return self.of(by["affiliation"] or by["agent"] or ()) or KINDS.get(by["kind"], str(by["kind"]))


def state_of(kind: str, item: Mapping[str, Any] | None) -> str:
    """The one word for how it stands with an item."""
    if item is None:
        return NOTHING
    return str(item.get("status") or _STATES.get(kind, SAID))


def differences(change: Mapping[str, Any], voice: Voice) -> list[Difference]:
    """The fields in which an answer differs from the one before, apart from its evidence."""
    before, after = change["before"], change["after"]
    is_whole = before is None or after is None
    found: list[Difference] = []
    for name in change["changed"]:
        if name in _EVIDENCE or name == "status" or (is_whole and name in _IN_TITLE):
            continue
        if name in _COUNTS and change["kind"] != DISPUTES:
            continue
        old, new = (item.get(name) if item else None for item in (before, after))
        if name == "parts":
            found += _of_parts(old, new)
        else:
            found.append(Difference(_label(name), _told(name, old, voice), _told(name, new, voice)))
    return [item for item in found if item.before != item.after]


def days(since: str | None, until: str | None) -> str:
    """The days from one on, and before another one."""
    last = None if until is None else format_day(parse_day(until) - 1)
    if since is None:
        return "on all days" if last is None else f"to {last}"
    if last is None:
        return f"from {since}"
    return f"on {since}" if since == last else f"{since} to {last}"


def _of_parts(old: Any, new: Any) -> Iterator[Difference]:
    """The parts that stand otherwise, each by its scope."""
    before, after = ({_listed(part["scope"]): _fact(part) for part in parts or ()} for parts in (old, new))
    for scope in sorted(before.keys() | after.keys()):
        yield Difference(scope, before.get(scope, ""), after.get(scope, ""))


def _fact(part: Mapping[str, Any]) -> str:
    dates = [f"{name} {part[name]['edtf']}" for name in ("since", "until", "due") if part[name]]
    return " ".join([part["status"].replace("_", " "), *dates])


def _label(name: str) -> str:
    return {"when": "on", "titles": "titles seen", "cast": "votes cast", "missed": "not held"}.get(
        name, name.replace("_", " ")
    )


def _told(name: str, value: Any, voice: Voice) -> str:
    match value:
        case None | () | []:
            return ""
        case bool():
            return "yes" if value else "no"
        case {"edtf": edtf}:
            return str(edtf)
        case dict():
            return _listed({key: item for key, item in value.items() if key not in _TOLD_APART})
        case list() | tuple():
            return "; ".join(_item(item, voice) if isinstance(item, Mapping) else _word(name, item) for item in value)
    return _word(name, value)


def _item(item: Mapping[str, Any], voice: Voice) -> str:
    """One of a list: a title, an investor, a vote cast, a conflict, an excluded claim, a side."""
    match item:
        case {"title": title}:
            return str(title)
        case {"entity": entity, "status": status}:
            return f"{voice.of([entity])} {status.replace('_', ' ')}"
        case {"voter": voter, "vote": vote}:
            return f"{voice.of([voter])} {vote}"
        case {"aspect": aspect, "why": why}:
            return f"{aspect or 'as a whole'} ({why})"
        case {"why": why}:
            return str(why)
        case {"asserted_by": {"asserter": asserter}, "value": value}:
            return f"{voice(asserter)}: {value}" if value else voice(asserter)
    return _listed(item)


def _listed(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {_word(name, value)}" for name, value in fields.items())


def _word(name: str, value: Any) -> str:
    return str(value).replace("_", " ") if name in _WORDS else str(value)
