"""What the forms for claims offer: of each type its attributes and stages, and words for what there is to choose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from events.vocabulary import (
    CLAIM_TYPES,
    FAVOURABLE_STANCES,
    OPPOSED_STANCES,
    RELATIONS,
    ClaimType,
)

RESPONSE = "response"
TYPES = tuple(name for name in CLAIM_TYPES if name != RESPONSE)
"""The types of claims about the world; a response has a form of its own."""
STANCES = (*sorted(FAVOURABLE_STANCES), "neutral", *sorted(OPPOSED_STANCES))
DUE, MOVES, STAGE = "due", "moves", "stage"
MOVES_PARTS = ("relation", "subject", "object")

TIMES = {
    "instant": "it happened once; the date says when, as well as that is known",
    "observed": "it was so on that date; when it began and ended is not said",
}
RULES = {
    "on_publication": "on the day of publication",
    "until_publication": "some day up to publication",
    "from_publication": "some day from publication on",
    "days_before": "so many days before",
    "days_after": "so many days after",
    "months_before": "so many months before (last month: 1)",
    "years_before": "so many years before (last year: 1)",
    "named_month": "the last month of this name (March: 3)",
    "same_as": "the same date as another claim (its name or id)",
}
RESPONSES = {
    "deny": "denies it",
    "dispute": "disputes it",
    "confirm": "confirms it",
    "contradict": "contradicts it",
    "correct": "corrects it",
    "retract": "withdraws it",
    "supersede": "takes its place",
}
HINTS = {
    "amount": "a number, like 100000000",
    "price": "a number",
    "stake": "percent, 0 to 100",
    "currency": "ISO 4217, like USD",
    "country": "ISO 3166, like US",
    "value": "a number or a text",
    "unit": "like percent, USD, people",
    "measure": "what was counted, like revenue",
    "round": "like A, B, seed",
    "term": "what was agreed on",
    "kind": "like support, certification, validation, integration, code",
    "wording": "the words that show the stance",
    "change": "what shall be changed; leave it out for the whole",
    "motion": "what is voted on",
    DUE: "when it should happen, where it is planned",
}

_ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        "investment": "stage round amount currency stake due",
        "acquisition": "stage price currency stake due",
        "partnership": "stage scope change due",
        "agreement": "stage term value condition exclusivity change due",
        "membership": "stage level due",
        "governance_vote": "motion moves outcome vote due",
        "position": "stage title due",
        "organization": "stage activity headquarters country due",
        "product": "stage version licence kind due",
        "interoperability": "stage kind due",
        "contribution": "stage kind release due",
        "competition": "stage market product",
        "customer": "stage product due",
        "statement": "stance wording",
        "market_fact": "measure value unit population",
        "response": "response target by aspect",
    }
)
_STAGES: Mapping[str, str] = MappingProxyType(
    {
        "investment": "announced closed exited",
        "acquisition": "announced agreed completed cancelled divested",
        "partnership": "announced extended ended",
        "agreement": "announced extended ended",
        "membership": "applied admitted suspended left",
        "position": "announced left",
        "organization": "founded renamed merged split dissolved",
        "product": "announced released withdrawn",
        "interoperability": "announced released dropped",
        "contribution": "ended",
        "competition": "ended",
        "customer": "announced extended ended",
    }
)


@dataclass(frozen=True)
class Choice:
    """What a claim of one type may be given."""

    type: ClaimType
    attributes: tuple[str, ...]
    stages: tuple[str, ...]

    @property
    def needs(self) -> str:
        """How many of which roles it needs, in words."""
        wanted = (" and ".join(f"{n} {role}" for role, n in need.items()) for need in self.type.needs if need)
        return " or ".join(wanted)

    @property
    def required(self) -> tuple[str, ...]:
        """The attributes that it needs, in words."""
        return tuple(needed.replace("|", " or ") for needed in self.type.required)

    def words(self, attribute: str) -> tuple[str, ...]:
        """The words among which an attribute is chosen; empty where anything may be typed."""
        if attribute == STAGE:
            return self.stages
        return STANCES if attribute == "stance" else self.type.values.get(attribute, ())

    def missing(self, roles: list[str]) -> Iterator[str]:
        """The roles that a form still offers a row for: as many as are needed, and one of each other."""
        offered = dict.fromkeys(self.type.roles, 1) | dict(self.type.needs[0])
        yield from (Counter(offered) - Counter(roles)).elements()


CHOICES: Mapping[str, Choice] = MappingProxyType(
    {
        name: Choice(claim_type, tuple(_ATTRIBUTES[name].split()), tuple(_STAGES.get(name, "").split()))
        for name, claim_type in CLAIM_TYPES.items()
    }
)
RELATION_NAMES = tuple(sorted(RELATIONS))
