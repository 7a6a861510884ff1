"""The shape of everything that can be sent. What the words and dates in it mean is for the domain to check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from events.identity import LONGEST_URL
from events.text import LONGEST_NAME
from events.validation import LONGEST_TITLE, MOST_NAMES, MOST_PARTICIPANTS
from events.values import AssertedBy, ClaimTime, Participant, Position
from events.vocabulary import (
    ASSERTER_KINDS,
    CLAIM_TYPES,
    ENTITY_KINDS,
    MODALITIES,
    POLARITIES,
    RESPONSES,
    TIME_KINDS,
)
from service.intake.errors import Fault, Misshapen
from service.intake.fields import LIMITS, Attributes, Items, Optional, Shape, Text, Texts, Whole, Word
from service.intake.strict_json import escaped
from service.timeline.drafts import EvidenceDraft, QuoteDraft, Voice

_SAID_AGAIN = "The body may repeat what the path says, and nothing else."


def load(shape: type[Shape], data: Any, partial: bool = False) -> dict[str, Any]:
    """The fields of an object, nested values made; if partial, none is needed. Misshapen with every fault and place."""
    try:
        loaded: dict[str, Any] = _loader(shape).load(data, partial=partial)
    except ValidationError as error:
        faults = tuple(_faults(error.messages, ""))
        raise Misshapen(faults[0].detail, faults[0].pointer, faults) from None
    return loaded


@cache
def _loader(shape: type[Shape]) -> Shape:
    """One for all: making it costs several times what loading does, and loading leaves nothing in it."""
    return shape()


def _faults(messages: Any, pointer: str) -> Iterator[Fault]:
    if isinstance(messages, Mapping):
        for step, inner in messages.items():
            yield from _faults(inner, pointer if step == "_schema" else f"{pointer}/{escaped(str(step))}")
    else:
        yield from (Fault(pointer, str(message)) for message in messages)


# entities


class RegistrationBody(Shape):
    """What is known about an entity."""

    id: Text = Optional(metadata={"description": _SAID_AGAIN})
    kind = Word(ENTITY_KINDS, required=True)
    name = Text(required=True)
    aliases = Texts(MOST_NAMES)
    identifiers = fields.Dict(
        keys=Text(), values=Text(), validate=validate.Length(max=MOST_NAMES),
        metadata={"description": "By scheme, like `wikidata`, `lei` or `domain`."},
    )  # fmt: skip


class EntityLine(RegistrationBody):
    """An entity in a file."""

    id = Text(required=True)


class RenameBody(Shape):
    """A new name from a date on."""

    name = Text(required=True)
    since = Text(required=True, metadata={"description": "EDTF."})
    article = Optional(metadata={"description": "The id, url or sha256 of the article that tells of it."})


class MergeBody(Shape):
    """The entity turned out to be another one, which goes on."""

    into = Text(required=True)
    reason = Text(required=True)


class UnmergeBody(Shape):
    """A merge to take back, known by its id or by the entity merged into."""

    merge = Optional()
    into = Optional()
    reason = Text(required=True)

    @validates_schema
    def _name_the_merge(self, data: Mapping[str, Any], **_: Any) -> None:
        if (data.get("merge") is None) == (data.get("into") is None):
            raise ValidationError("Either merge or into says which merge is meant.", "merge")


# articles


class ArticleBody(Shape):
    """An article to register; known by its url, or by its text or the hash of its text."""

    url = Optional(LONGEST_URL)
    title = Text(LONGEST_TITLE * 4, required=True)
    publisher = Text(required=True)
    authors = Texts(MOST_NAMES)
    language = Text(required=True, metadata={"description": "BCP 47."})
    published = Text(required=True, metadata={"description": "EDTF, one date or a set."})
    text = Optional(LIMITS.article_text)
    sha256 = Optional(metadata={"description": "SHA-256 of the text in UTF-8, in lower-case hexadecimal digits."})


class ArticleChanges(Shape):
    """Fields of an article to put right; the url is what it is known by and cannot be."""

    url = Optional(LONGEST_URL)
    title = Text(LONGEST_TITLE * 4)
    publisher = Text()
    authors = Texts(MOST_NAMES)
    language = Text()
    published = Text(metadata={"description": "Dates that a rule derived from it follow."})
    text = Optional(LIMITS.article_text)
    sha256 = Optional()


class ArticleCorrectionBody(Shape):
    """What to put right about an article, and why."""

    changes = fields.Nested(ArticleChanges, required=True)
    reason = Text(required=True)


# claims


class ParticipantShape(Shape):
    """An entity in a role."""

    role = Text(required=True)
    entity = Text(required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Participant:
        return Participant(**data)


class AssertedByShape(Shape):
    """Who says it, for whom, and through whom it came."""

    kind = Word(ASSERTER_KINDS, required=True)
    agent = Texts(MOST_PARTICIPANTS)
    affiliation = Texts(MOST_PARTICIPANTS)
    chain = Texts(MOST_PARTICIPANTS)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> AssertedBy:
        return AssertedBy(**data)


class TimeShape(Shape):
    """When it was so, and how the date was read."""

    kind = Word(TIME_KINDS, required=True)
    edtf = Text(required=True)
    expression = Optional(metadata={"description": "What the article calls it, like `last month`."})
    anchor = Optional(metadata={"description": "The day from which the rule counts."})
    rule = Optional(metadata={"description": "How the date follows from the anchor, like `years_before(1)`."})

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> ClaimTime:
        return ClaimTime(**data)


class PositionShape(Shape):
    """Where in the text, in characters, the end not included."""

    start = Whole(required=True)
    end = Whole(required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Position:
        return Position(**data)


class QuoteShape(Shape):
    """The words of the article, and what stands around them."""

    exact = Text(required=True)
    prefix = Optional()
    suffix = Optional()

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> QuoteDraft:
        return QuoteDraft(**data)


class EvidenceShape(Shape):
    """Where the article says it, and a summary in the sender's own words."""

    summary = Text(required=True)
    position = fields.Nested(PositionShape, allow_none=True)
    quote = fields.Nested(QuoteShape, allow_none=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> EvidenceDraft:
        return EvidenceDraft(**data)


def _participants(**options: Any) -> Items:
    return Items(fields.Nested(ParticipantShape), validate=validate.Length(max=MOST_PARTICIPANTS), **options)


class ClaimBody(Shape):
    """One statement that an article makes."""

    article = Text(required=True, metadata={"description": "The id, the url or the sha256 of a registered article."})
    ref = Optional(LONGEST_NAME * 4, metadata={"description": "A name of the sender's own, unique in the service."})
    type = Word(CLAIM_TYPES, required=True)
    participants = _participants(required=True)
    attributes = Attributes(load_default=dict)
    asserted_by = fields.Nested(AssertedByShape, required=True)
    modality = Word(MODALITIES, required=True)
    polarity = Word(POLARITIES, required=True)
    time = fields.Nested(TimeShape, required=True)
    evidence = fields.Nested(EvidenceShape, required=True)


class ClaimChanges(Shape):
    """Fields of a claim to put right; each replaces that field."""

    type = Word(CLAIM_TYPES)
    participants = _participants()
    attributes = Attributes()
    asserted_by = fields.Nested(AssertedByShape)
    modality = Word(MODALITIES)
    polarity = Word(POLARITIES)
    time = fields.Nested(TimeShape)


class ClaimCorrectionBody(Shape):
    """What to put right about a claim, and why; with the article that puts it right, if one does."""

    changes = fields.Nested(ClaimChanges, required=True)
    reason = Text(required=True)
    article = Optional()


class ReasonBody(Shape):
    """Why, and which article says so."""

    reason = Text(required=True)
    article = Optional()


class VoiceShape(Shape):
    """Who responds, in which article."""

    article = Text(required=True)
    asserted_by = fields.Nested(AssertedByShape, required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Voice:
        return Voice(**data)


class By(fields.Field[str | Voice]):
    """Who responds: a claim, by id or ref, or a voice in an article."""

    def __init__(self, **options: Any) -> None:
        shapes = [{"type": "string"}, {"$ref": "#/components/schemas/VoiceShape"}]
        super().__init__(metadata={"oneOf": shapes, "description": "A claim by id or ref, or a voice."}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | Voice:
        if isinstance(value, str):
            text: str = Text().deserialize(value)
            return text
        if not isinstance(value, dict):
            raise ValidationError("Neither the name of a claim nor an object.")
        voice: Voice = VoiceShape().load(value)
        return voice


class ResponseBody(Shape):
    """What one claim, or a voice in an article, says about another claim."""

    response = Word(RESPONSES, required=True)
    target: Text = Optional(metadata={"description": _SAID_AGAIN})
    by = By(required=True)
    aspect = Optional()
    reason = Optional()
    ref = Optional(LONGEST_NAME * 4)


# lines of a file that name their thing


class _OfLine(Shape):
    of = Text(required=True)


class RenameLine(RenameBody, _OfLine):
    """A rename in a file."""


class MergeLine(MergeBody, _OfLine):
    """A merge in a file."""


class UnmergeLine(UnmergeBody, _OfLine):
    """The end of a merge in a file."""


class ArticleCorrectionLine(ArticleCorrectionBody, _OfLine):
    """The correction of an article in a file."""


class ClaimCorrectionLine(ClaimCorrectionBody, _OfLine):
    """The correction of a claim in a file."""


class ReasonLine(ReasonBody, _OfLine):
    """A retraction or its end in a file."""


class ResponseLine(ResponseBody):
    """A response in a file."""

    target = Text(required=True)
