"""What can be claimed: the claim types with their roles and effects, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

ENTITY_KINDS = ("company", "organization", "body", "project", "product", "person", "publisher", "group")
ASSERTER_KINDS = ("author", "headline", "speaker", "collective", "press_release", "unnamed_report")
MODALITIES = ("done", "ongoing", "announced", "scheduled", "planned", "proposed", "opinion", "reported", "denied")
POLARITIES = ("positive", "negative")
TIME_KINDS = ("instant", "observed")

OPPOSING = ("deny", "dispute", "contradict")
UNDOING = MappingProxyType({"correct": "corrected", "supersede": "superseded", "retract": "retracted"})
RESPONSES = ("deny", "dispute", "confirm", "contradict", "correct", "retract", "supersede")
OUTCOMES = ("approved", "rejected")
VOTES = ("for", "against", "abstain")

ENDING_STAGES = frozenset("ended left exited divested withdrawn dropped dissolved cancelled suspended".split())
PLANNING_STAGES = frozenset(("agreed", "applied"))
OPENING_STAGES = frozenset(("completed", "closed", "released", "admitted"))
STAGES = (
    ENDING_STAGES
    | PLANNING_STAGES
    | OPENING_STAGES
    | frozenset(("announced", "extended", "founded", "renamed", "merged", "split"))
)
LINEAGE_STAGES = ("merged", "split", "renamed")
"""Stages of an organization that make its predecessors and successors what it came from and what became of it."""
PLANNED_MODALITIES = frozenset(("planned", "scheduled", "proposed"))
DUE_MODALITIES = frozenset(("planned", "scheduled"))

SCOPES = ("round", "term", "change", "platform", "market")
"""Attributes and roles that make a claim speak about a part of a relation."""

VARIANTS = ("title", "level", "version", "release")
"""Attributes of which a new value changes a state and does not open a second one."""

CONTROL_ATTRIBUTES = frozenset(("stage", "due", "moves", "response", "target", "aspect", *SCOPES))
"""Attributes that say what a claim does, not what it tells about its relation."""


@dataclass(frozen=True)
class RelationRule:
    """Which relation a claim type speaks about, and between which of its roles."""

    relation: str
    subjects: tuple[str, ...]
    objects: tuple[str, ...] = ()
    symmetric: bool = False
    begins_once: bool = False
    planned_when_announced: bool = False


@dataclass(frozen=True)
class ClaimType:
    """A claim type: the roles it takes, how many of which it needs (any of the alternatives), and its relation."""

    name: str
    roles: tuple[str, ...]
    needs: tuple[Mapping[str, int], ...]
    about: RelationRule | None = None
    required: tuple[str, ...] = ()
    summary: str = ""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _types(*types: ClaimType) -> Mapping[str, ClaimType]:
    return MappingProxyType({claim_type.name: claim_type for claim_type in types})


CLAIM_TYPES = _types(
    ClaimType(
        "investment",
        ("investor", "investee", "issuer", "lead"),
        ({"investee": 1}, {"issuer": 1}),
        RelationRule("investor_of", ("investor", "lead"), ("investee", "issuer")),
        summary="somebody put money into somebody; without an investor it is a round of the investee",
    ),
    ClaimType(
        "acquisition",
        ("acquirer", "target", "seller"),
        ({"acquirer": 1, "target": 1}, {"seller": 1, "target": 1}),
        RelationRule("owns", ("acquirer",), ("target",), begins_once=True, planned_when_announced=True),
        summary="somebody bought somebody; ends what the seller owned",
    ),
    ClaimType(
        "partnership",
        ("partner", "lead"),
        ({"partner": 2},),
        RelationRule("partner_of", ("partner",), symmetric=True),
        summary="two or more work together",
    ),
    ClaimType(
        "agreement",
        ("party", "obligor", "obligee"),
        ({"party": 2}, {"obligor": 1, "obligee": 1}),
        RelationRule("agreement_with", ("party", "obligor", "obligee"), symmetric=True),
        summary="two or more agreed on something; each term is a part of its own",
    ),
    ClaimType(
        "membership",
        ("member", "organization"),
        ({"member": 1, "organization": 1},),
        RelationRule("member_of", ("member",), ("organization",), begins_once=True),
        summary="somebody is, asks to be or ceases to be a member",
    ),
    ClaimType(
        "governance_vote",
        ("body", "applicant", "voter"),
        ({"body": 1},),
        required=("motion|moves",),
        values={"outcome": OUTCOMES, "vote": VOTES},
        summary="a body votes, will vote or voted on a motion",
    ),
    ClaimType(
        "position",
        ("holder", "organization"),
        ({"holder": 1, "organization": 1},),
        RelationRule("holds_position", ("holder",), ("organization",), begins_once=True),
        summary="a person holds, takes or leaves a position",
    ),
    ClaimType(
        "organization",
        ("subject", "founder", "predecessor", "successor", "incubator"),
        ({"subject": 1},),
        summary="what an entity is: its foundation, activity, headquarters, its end",
    ),
    ClaimType(
        "product",
        ("producer", "product"),
        ({"product": 1},),
        RelationRule("offers", ("producer",), ("product",), planned_when_announced=True),
        summary="somebody offers a product; without a producer it tells about the product",
    ),
    ClaimType(
        "interoperability",
        ("provider", "subject", "platform"),
        ({"provider": 1, "subject": 1},),
        RelationRule("supports", ("provider",), ("subject",), planned_when_announced=True),
        summary="somebody makes something work with something",
    ),
    ClaimType(
        "contribution",
        ("contributor", "project"),
        ({"contributor": 1, "project": 1},),
        RelationRule("contributes_to", ("contributor",), ("project",)),
        summary="somebody contributes to a project",
    ),
    ClaimType(
        "competition",
        ("competitor", "rival", "market", "product"),
        ({"competitor": 2}, {"competitor": 1, "rival": 1}),
        RelationRule("competes_with", ("competitor",), ("rival",), symmetric=True),
        summary="two or more compete; with rivals, each competitor competes with each rival only",
    ),
    ClaimType(
        "customer",
        ("customer", "vendor", "product"),
        ({"customer": 1, "vendor": 1},),
        RelationRule("customer_of", ("customer",), ("vendor",)),
        summary="somebody buys from somebody",
    ),
    ClaimType(
        "statement",
        ("speaker", "about"),
        ({"speaker": 1}, {"about": 1}),
        required=("stance",),
        summary="how a speaker, or the author, stands to somebody",
    ),
    ClaimType(
        "market_fact",
        ("subject",),
        ({"subject": 1},),
        required=("measure", "value"),
        summary="a measured or estimated fact about somebody",
    ),
    ClaimType(
        "response",
        ("responder",),
        ({},),
        required=("response", "target"),
        values={"response": RESPONSES},
        summary="a statement about another claim: it denies, disputes, confirms, corrects or withdraws it",
    ),
)

RELATIONS: Mapping[str, ClaimType] = MappingProxyType(
    {claim_type.about.relation: claim_type for claim_type in CLAIM_TYPES.values() if claim_type.about}
)
SYMMETRIC = frozenset(rule.about.relation for rule in RELATIONS.values() if rule.about and rule.about.symmetric)

COOPERATIVE = frozenset("partner_of investor_of agreement_with member_of contributes_to supports customer_of".split())
"""Relations between two who work together."""
RIVAL = frozenset(("competes_with",))
"""Relations between two who work against each other."""
DISPUTABLE = frozenset(("agreement_with",))
"""Relations in which two work against each other once they are contested."""
OPPOSED_STANCES = frozenset(("hostile", "sceptical"))
FAVOURABLE_STANCES = frozenset(("friendly", "supportive"))


def relation_key(relation: str, subject: str, other: str) -> tuple[str, str, str]:
    """The one key of a relation between two entities: the ends of a symmetric relation are sorted."""
    if relation in SYMMETRIC and other < subject:
        subject, other = other, subject
    return relation, subject, other
