"""What is refused of a claim, an article or an entity, and the normal form of what is taken."""

from __future__ import annotations

import re
from collections import Counter

from msgspec.structs import replace

from events.attributes import normal_attributes
from events.effects import ends
from events.errors import Invalid, InvalidDate, TooMany
from events.rules import ON_PUBLICATION, SAME_AS, gives, parse_rule
from events.temporal import parse_edtf, parse_published
from events.text import LONGEST_NAME, clean_id, clean_name, clean_text, is_id
from events.values import (
    ArticleContent,
    AssertedBy,
    ClaimContent,
    ClaimTime,
    EntityContent,
    Evidence,
    Participant,
    Sealed,
    Text,
)
from events.vocabulary import (
    ASSERTER_KINDS,
    CLAIM_TYPES,
    ENTITY_KINDS,
    MODALITIES,
    POLARITIES,
    TIME_KINDS,
    ClaimType,
)

MOST_PARTICIPANTS = 50
MOST_RELATIONS = 300
MOST_NAMES = 200
LONGEST_TITLE = 500
_IDENTIFIER_SCHEME = re.compile("[a-z][a-z0-9_-]{0,31}")
_LANGUAGE = re.compile("[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_SHA256 = re.compile("[0-9a-f]{64}")
_STEP = re.compile("[a-z0-9]+(?:[ ._+-][a-z0-9]+)*")


def normal_new_claim(content: ClaimContent, published: str, same_as: str | None) -> ClaimContent:
    """A claim as it is first recorded, in normal form.

    `published` is the date of its article, `same_as` the date of the claim that its rule names. Invalid with the place.
    """
    return with_checked_time(normal_claim(content), published, same_as)


def with_checked_time(normal: ClaimContent, published: str, same_as: str | None) -> ClaimContent:
    """A claim that is in normal form but for its time, which is checked and anchored (`anchored`)."""
    time = normal_time(normal.time, published, same_as)
    return normal if time == normal.time else replace(normal, time=time)


def normal_claim(content: ClaimContent) -> ClaimContent:
    """What a claim says, all but its time, in normal form and checked with the vocabulary. Invalid with the place."""
    claim_type = CLAIM_TYPES.get(content.type)
    if claim_type is None:
        raise Invalid(f"a type is one of: {', '.join(CLAIM_TYPES)}", "/type")
    _expect(content.modality, MODALITIES, "/modality")
    _expect(content.polarity, POLARITIES, "/polarity")
    normal = replace(
        content,
        participants=_normal_participants(claim_type, content.participants),
        attributes=normal_attributes(claim_type, content.attributes),
        asserted_by=_normal_asserter(content.asserted_by),
    )
    _check_relations(normal)
    return normal


def normal_evidence(evidence: Evidence) -> Evidence:
    """The evidence in normal form; Invalid when its summary is empty or its position runs backwards."""
    summary = clean_text(evidence.summary, "/evidence/summary").strip()
    if not summary:
        raise Invalid("a summary may not be empty", "/evidence/summary")
    place = evidence.position
    if place is not None and not 0 <= place.start < place.end:
        raise Invalid("a position runs from its start to an end behind it", "/evidence/position")
    return replace(evidence, summary=summary)


def normal_entity(content: EntityContent) -> EntityContent:
    """The entity in normal form: names trimmed, aliases each once and without the name itself."""
    _expect(content.kind, ENTITY_KINDS, "/kind")
    name = _name(content.name, "/name")
    aliases = [_name(alias, f"/aliases/{index}") for index, alias in enumerate(content.aliases)]
    if len(aliases) > MOST_NAMES:
        raise TooMany(f"an entity has at most {MOST_NAMES} aliases", "/aliases")
    identifiers = {}
    for scheme, value in sorted(content.identifiers.items()):
        if not _IDENTIFIER_SCHEME.fullmatch(scheme):
            raise Invalid("the scheme of an identifier is made of lower-case letters, digits, _ and -", "/identifiers")
        identifiers[scheme] = clean_name(value, f"/identifiers/{scheme}")
    others = tuple(alias for alias in dict.fromkeys(aliases) if alias != name)
    return replace(content, name=name, aliases=others, identifiers=identifiers)


def normal_article(content: ArticleContent) -> ArticleContent:
    """The article in normal form; Invalid without a url, a text or the hash of a text to know it by."""
    try:
        parse_published(content.published)
    except InvalidDate as error:
        raise error.at("/published") from None
    if not _LANGUAGE.fullmatch(content.language):
        raise Invalid("a language is a tag like en or pt-BR (BCP 47)", "/language")
    if content.sha256 is not None and not _SHA256.fullmatch(content.sha256):
        raise Invalid("sha256 is 64 lower-case hexadecimal digits", "/sha256")
    if content.url is None and content.sha256 is None:
        raise Invalid("an article is known by its url, or by its text or the sha256 of its text", "/url")
    if len(content.authors) > MOST_NAMES:
        raise TooMany(f"an article has at most {MOST_NAMES} authors", "/authors")
    authors = tuple(_name(author, f"/authors/{index}") for index, author in enumerate(content.authors))
    return replace(
        content,
        title=clean_name(content.title, "/title", LONGEST_TITLE),
        publisher=clean_name(content.publisher, "/publisher"),
        authors=authors,
    )


def normal_reason(reason: str) -> str:
    """A reason, trimmed; Invalid when empty."""
    text = clean_text(reason, "/reason").strip()
    if not text:
        raise Invalid("a reason may not be empty", "/reason")
    return text


def _name(value: Text, pointer: str) -> Text:
    return value if isinstance(value, Sealed) else clean_name(value, pointer)


def _expect(value: str, known: tuple[str, ...], pointer: str) -> None:
    if value not in known:
        raise Invalid(f"this is one of: {', '.join(known)}", pointer)


def _normal_participants(claim_type: ClaimType, participants: tuple[Participant, ...]) -> tuple[Participant, ...]:
    if len(participants) > MOST_PARTICIPANTS:
        raise TooMany(f"a claim has at most {MOST_PARTICIPANTS} participants", "/participants")
    for index, participant in enumerate(participants):
        if participant.role not in claim_type.roles:
            raise Invalid(
                f"a claim of type {claim_type.name} has the roles {', '.join(claim_type.roles)}",
                f"/participants/{index}/role",
            )
        if not is_id(participant.entity):
            clean_id(participant.entity, f"/participants/{index}/entity")
    if len(set(participants)) < len(participants):
        twice = next(p for p, count in Counter(participants).items() if count > 1)
        raise Invalid(f"{twice.entity} has the role {twice.role} twice", "/participants")
    roles = [participant.role for participant in participants]
    if not any(all(roles.count(role) >= n for role, n in need.items()) for need in claim_type.needs):
        wanted = " or ".join(", ".join(f"{n} {role}" for role, n in need.items()) for need in claim_type.needs)
        raise Invalid(f"a claim of type {claim_type.name} needs at least {wanted}", "/participants")
    return participants


def _normal_asserter(by: AssertedBy) -> AssertedBy:
    _expect(by.kind, ASSERTER_KINDS, "/asserted_by/kind")
    for name in ("agent", "affiliation", "chain"):
        voices: tuple[str, ...] = getattr(by, name)
        if len(voices) > MOST_PARTICIPANTS:
            raise TooMany(f"at most {MOST_PARTICIPANTS} voices", f"/asserted_by/{name}")
        for index, voice in enumerate(voices):
            pointer = f"/asserted_by/{name}/{index}"
            _check_step(voice, pointer) if name == "chain" else clean_id(voice, pointer)
    return by


def _check_step(step: str, pointer: str) -> None:
    """A step is no place for the name of a person: the log keeps it for ever."""
    if len(step) > LONGEST_NAME or not _STEP.fullmatch(step):
        raise Invalid("a step is the id of an entity, several ids joined by +, or a word like author", pointer)


def anchored(time: ClaimTime, published: str) -> ClaimTime:
    """The time with the publication as its anchor, where its rule needs one and none is named."""
    needs_anchor = time.rule is not None and not time.rule.startswith(f"{SAME_AS}(")
    return replace(time, anchor=published) if needs_anchor and time.anchor is None else time


def normal_time(time: ClaimTime, published: str, same_as: str | None) -> ClaimTime:
    """A time whose rule, if it has one, gives the date sent; the publication is the anchor where none is named."""
    _expect(time.kind, TIME_KINDS, "/time/kind")
    try:
        parse_edtf(time.edtf)
    except InvalidDate as error:
        raise error.at("/time/edtf") from None
    try:
        if time.anchor is not None:
            parse_published(time.anchor)
    except InvalidDate as error:
        raise error.at("/time/anchor") from None
    if time.rule is None:
        return time
    try:
        return _checked_rule(time, time.rule, published, same_as)
    except InvalidDate as error:
        raise error.at("/time/rule") from None


def _checked_rule(time: ClaimTime, text: str, published: str, same_as: str | None) -> ClaimTime:
    rule = parse_rule(text)
    if rule.name == SAME_AS:
        if same_as is None or parse_edtf(same_as)[1:] != parse_edtf(time.edtf)[1:]:
            raise InvalidDate(f"{text} gives {same_as}, not {time.edtf}")
        return time
    anchor = time.anchor or published
    if rule.name in ON_PUBLICATION and parse_published(anchor) != parse_published(published):
        raise InvalidDate(f"{text} is anchored on the publication, {published}, not on {anchor}")
    if not gives(rule, anchor, time.edtf):
        raise InvalidDate(f"{text} on {anchor} does not give {time.edtf}")
    return replace(time, anchor=anchor)


def _check_relations(content: ClaimContent) -> None:
    keys = ends(content)
    if len(keys) > MOST_RELATIONS:
        raise TooMany(f"a claim speaks about at most {MOST_RELATIONS} relations", "/participants")
    loop = next((key for key in keys if key[1] == key[2]), None)
    if loop:
        raise Invalid(f"{loop[1]} has no relation with itself", "/participants")
