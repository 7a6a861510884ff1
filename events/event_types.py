"""The domain events: frozen facts in the past tense, one class and one registered name each.

`version` counts the stored shapes of an event; `upcasting` lifts older ones. `originator_id` is the stream
(`entity-red-hat`), `originator_version` the position in it from 1: the names that the event sourcing library asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec

from events.values import (
    ArticleContent,
    ClaimContent,
    EntityContent,
    Evidence,
    MovedTime,
    Recorder,
    Subject,
    Text,
)


class DomainEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """What every event carries: its stream, its position there, and who recorded it (`gc`: see `values.Value`)."""

    shape: ClassVar[int] = 1

    originator_id: str
    originator_version: int
    recorder: Recorder


class EntityRegistered(DomainEvent, frozen=True, kw_only=True):
    """An entity was entered."""

    shape: ClassVar[int] = 2

    content: EntityContent


class EntityCorrected(DomainEvent, frozen=True, kw_only=True):
    """Name, aliases or identifiers of an entity were put right: it had always been so."""

    shape: ClassVar[int] = 2

    content: EntityContent


class EntityRenamed(DomainEvent, frozen=True, kw_only=True):
    """An entity took a new name on a day."""

    name: Text
    since: str
    article: str | None = None


class EntityMerged(DomainEvent, frozen=True, kw_only=True):
    """The record turned out to be about the same entity as another one, which goes on."""

    merge: str
    into: str
    reason: str


class EntityUnmerged(DomainEvent, frozen=True, kw_only=True):
    """A merge was wrong and is taken back."""

    merge: str
    reason: str


class ArticleRegistered(DomainEvent, frozen=True, kw_only=True):
    """An article was entered."""

    content: ArticleContent


class ArticleCorrected(DomainEvent, frozen=True, kw_only=True):
    """What was recorded about an article was put right; `content` is what is known now."""

    content: ArticleContent
    changed: tuple[str, ...]
    reason: str


class Claimed(DomainEvent, frozen=True, kw_only=True):
    """An article makes a statement. Each claim type has a class of its own below."""

    content: ClaimContent
    evidence: Evidence
    ref: str | None = None


class InvestmentClaimed(Claimed, frozen=True, kw_only=True):
    """Somebody is said to have put money into somebody."""


class AcquisitionClaimed(Claimed, frozen=True, kw_only=True):
    """Somebody is said to have bought somebody."""


class PartnershipClaimed(Claimed, frozen=True, kw_only=True):
    """Some are said to be partners."""


class AgreementClaimed(Claimed, frozen=True, kw_only=True):
    """Some are said to have agreed on something."""


class MembershipClaimed(Claimed, frozen=True, kw_only=True):
    """Somebody is said to be a member."""


class GovernanceVoteClaimed(Claimed, frozen=True, kw_only=True):
    """A body is said to vote on a motion."""


class PositionClaimed(Claimed, frozen=True, kw_only=True):
    """A person is said to hold a position."""


class OrganizationClaimed(Claimed, frozen=True, kw_only=True):
    """Something is said about what an entity is."""


class ProductClaimed(Claimed, frozen=True, kw_only=True):
    """Somebody is said to offer a product."""


class InteroperabilityClaimed(Claimed, frozen=True, kw_only=True):
    """Somebody is said to make something work with something."""


class ContributionClaimed(Claimed, frozen=True, kw_only=True):
    """Somebody is said to contribute to a project."""


class CompetitionClaimed(Claimed, frozen=True, kw_only=True):
    """Some are said to compete."""


class CustomerClaimed(Claimed, frozen=True, kw_only=True):
    """Somebody is said to buy from somebody."""


class StatementClaimed(Claimed, frozen=True, kw_only=True):
    """Somebody is said to stand to somebody in some way."""


class MarketFactClaimed(Claimed, frozen=True, kw_only=True):
    """A figure about somebody is given."""


class ResponseClaimed(Claimed, frozen=True, kw_only=True):
    """Something is said about another claim."""


class EvidenceAdded(DomainEvent, frozen=True, kw_only=True):
    """A further place that makes the same claim was found."""

    evidence: Evidence


class ClaimRefAdded(DomainEvent, frozen=True, kw_only=True):
    """A further name of a sender's own was given to the claim."""

    ref: str


_ClaimChanges = msgspec.defstruct(
    "_ClaimChanges",
    [(field.name, field.type | msgspec.UnsetType, msgspec.UNSET) for field in msgspec.structs.fields(ClaimContent)],
    forbid_unknown_fields=True,
)


class ClaimCorrected(DomainEvent, frozen=True, kw_only=True):
    """What the claim says was put right. Each field in `changes` replaces that field of the content."""

    changes: dict[str, Any]
    reason: str
    article: str | None = None

    def __post_init__(self) -> None:
        """Changes that no claim can take are none: an event with such cannot be read."""
        msgspec.convert(self.changes, _ClaimChanges)


class ClaimRedated(DomainEvent, frozen=True, kw_only=True):
    """A corrected publication date moved the dates that a rule derived from it."""

    moved: tuple[MovedTime, ...]
    cause: str


class ClaimRetracted(DomainEvent, frozen=True, kw_only=True):
    """The claim was withdrawn."""

    reason: str
    article: str | None = None


class ClaimReinstated(DomainEvent, frozen=True, kw_only=True):
    """A retraction was taken back."""

    reason: str
    article: str | None = None


class LogCheckpointed(DomainEvent, frozen=True, kw_only=True):
    """A checkpoint of the log was signed: `note` says that its first `size` events have this root, in base64."""

    size: int
    root: str
    note: str


class TextsErased(DomainEvent, frozen=True, kw_only=True):
    """Texts about a subject were forgotten. `references` are where they lay; nobody is told them again."""

    subject: Subject
    references: tuple[str, ...]
    reason: str


CLAIMED: Mapping[str, type[Claimed]] = MappingProxyType(
    {
        "investment": InvestmentClaimed,
        "acquisition": AcquisitionClaimed,
        "partnership": PartnershipClaimed,
        "agreement": AgreementClaimed,
        "membership": MembershipClaimed,
        "governance_vote": GovernanceVoteClaimed,
        "position": PositionClaimed,
        "organization": OrganizationClaimed,
        "product": ProductClaimed,
        "interoperability": InteroperabilityClaimed,
        "contribution": ContributionClaimed,
        "competition": CompetitionClaimed,
        "customer": CustomerClaimed,
        "statement": StatementClaimed,
        "market_fact": MarketFactClaimed,
        "response": ResponseClaimed,
    }
)
"""The event of each claim type."""

EVENT_TYPES: tuple[type[DomainEvent], ...] = (
    EntityRegistered,
    EntityCorrected,
    EntityRenamed,
    EntityMerged,
    EntityUnmerged,
    ArticleRegistered,
    ArticleCorrected,
    *CLAIMED.values(),
    EvidenceAdded,
    ClaimRefAdded,
    ClaimCorrected,
    ClaimRedated,
    ClaimRetracted,
    ClaimReinstated,
    LogCheckpointed,
    TextsErased,
)

ABOUT_THE_LOG = (LogCheckpointed, TextsErased)
"""The events that tell of the log itself and are no records: nothing that was claimed follows from them."""
