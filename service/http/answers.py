"""The shapes of the answers, as schemas of OpenAPI 3.1. Shapes may grow, never shrink."""

from __future__ import annotations

from events.vocabulary import (
    ASSERTER_KINDS,
    CLAIM_TYPES,
    ENTITY_KINDS,
    LINEAGE_STAGES,
    MODALITIES,
    POLARITIES,
    TIME_KINDS,
)
from service.http.query import STATUSES
from service.http.shapes import (
    ANYTHING,
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    TEXT,
    UUID,
    Json,
    items,
    mapping,
    maybe,
    obj,
    one_of,
    ref,
)

REFS = mapping(TEXT, "The senders' own names of the claims that the answer names, by id.")
NAMES = mapping(maybe(TEXT), "The names of the entities that the answer names, by id; null once erased.")
NEXT = maybe(TEXT | {"description": "The address of the next page; null on the last one."})
ENVELOPE: Json = {"position": COUNT, "clocks": ref("Clocks")}
PINNED: Json = {
    **ENVELOPE,
    "token": TEXT | {"description": "Asks this question again at this point: `?token=`."},
    "state_hash": TEXT | {"description": "SHA-256 of the answered state (docs/as-of.md), in hexadecimal digits."},
    "token_check": maybe(ref("TokenCheck")),
}
NOTICES: Json = {"notices": items(ref("Notice"), "The merged entities that were asked for; empty where there is none.")}
BEHIND: Json = {
    "asserted_by": items(ref("Asserter"), "At most 20: those with the newest claims."),
    "asserter_count": COUNT,
    "claims": items(UUID, "The newest 20 claims behind it."),
    "claim_count": COUNT,
}
DISPUTES: Json = {
    "conflicts": items(ref("Conflict"), "At most 20."),
    "conflict_count": COUNT,
    "excluded": items(ref("Excluded"), "At most 20."),
    "excluded_count": COUNT,
}
RANGE = maybe(ref("Range"))
FACT: Json = {
    "status": one_of(*STATUSES),
    "since": RANGE,
    "until": RANGE,
    "due": RANGE,
    "planned_since": maybe(DAY),
    "attributes": mapping(ANYTHING),
    "contested": FLAG,
}
RELATION: Json = {
    "relation": TEXT,
    "subject": TEXT,
    "object": TEXT,
    **FACT,
    "parts": items(ref("RelationPart")),
    **DISPUTES,
    **BEHIND,
    "supported_on": maybe(DAY),
}
VOTE: Json = {
    "body": TEXT,
    "moves": maybe(ref("Moves")),
    "motion": maybe(TEXT),
    "motions": items(TEXT),
    "status": one_of("occurred", "possibly", "did_not_occur", "scheduled", "unconfirmed", "unknown"),
    "when": RANGE,
    "outcomes": items(TEXT),
    "due": RANGE,
    "missed": RANGE,
    "cast": items(obj("A vote cast.", voter=TEXT, vote=TEXT)),
    **DISPUTES,
    **BEHIND,
}
ENTITY: Json = {
    "id": TEXT,
    "version": COUNT,
    "last_changed": COUNT,
    "kind": one_of(*ENTITY_KINDS),
    "name": maybe(TEXT),
    "aliases": items(TEXT),
    "identifiers": mapping(TEXT),
    "names": items(obj("A name taken on a date.", name=maybe(TEXT), since=TEXT)),
    "merged_into": maybe(TEXT),
    "merge": maybe(TEXT),
    "possible_duplicates": items(TEXT, "Entities with a name that looks the same."),
    "erased": items(one_of("name", "aliases", "names"), "The fields in which something was erased."),
}
ARTICLE: Json = {
    "id": UUID,
    "version": COUNT,
    "last_changed": COUNT,
    "url": maybe(TEXT),
    "title": TEXT,
    "publisher": TEXT,
    "authors": items(TEXT),
    "language": TEXT,
    "published": ref("SentDate"),
    "sha256": maybe(TEXT),
    "text": maybe(TEXT),
    "erased": items(one_of("authors", "text"), "The fields in which something was erased."),
    "claims": items(UUID),
}
CLAIM: Json = {
    "id": UUID,
    "refs": items(TEXT, "The senders' own names of it."),
    "version": COUNT,
    "last_changed": COUNT,
    "recorded_at": INSTANT,
    "recorder": ref("Recorder"),
    "article": UUID,
    "type": one_of(*CLAIM_TYPES),
    "participants": items(obj("An entity in a role.", role=TEXT, entity=TEXT)),
    "attributes": mapping(ANYTHING),
    "asserted_by": obj(
        "Who says it.",
        kind=one_of(*ASSERTER_KINDS), agent=items(TEXT), affiliation=items(TEXT), chain=items(TEXT),
    ),
    "modality": one_of(*MODALITIES),
    "polarity": one_of(*POLARITIES),
    "time": obj(
        "When it was so.",
        kind=one_of(*TIME_KINDS), edtf=TEXT, earliest=maybe(DAY), latest=maybe(DAY),
        expression=maybe(TEXT), anchor=maybe(TEXT), rule=maybe(TEXT),
    ),
    "published": RANGE,
    "standing": one_of("live", "contested", "corrected", "superseded", "retracted", "headline"),
    "stands_by": items(UUID, "The claims that made the standing."),
    "responses": items(UUID),
    "evidence": items(ref("Evidence")),
}  # fmt: skip
WRITTEN: Json = {
    "id": TEXT,
    "ref": maybe(TEXT),
    "version": COUNT,
    "position": COUNT,
    "created": FLAG,
    "changed": FLAG,
}

SCHEMAS: Json = {
    "Clocks": obj(
        "The point of the clocks that the answer is for.",
        as_of=DAY,
        published_by=maybe(DAY),
        recorded_by=obj("A log position and its instant.", position=COUNT, recorded_at=maybe(INSTANT)),
        according_to=maybe(TEXT),
    ),
    "TokenCheck": obj(
        "Whether the answer to a token is the one that it was made for; null where no token was given.",
        status=one_of("same", "changed"), expected=TEXT, found=TEXT, why=maybe(TEXT),
    ),
    "TimeMap": TEXT | {"description": "A TimeMap (RFC 7089) in the link format of RFC 6690."},
    "Range": obj(
        "An uncertain date: EDTF, and the earliest and latest day it can mean; null without a bound.",
        edtf=TEXT, earliest=maybe(DAY), latest=maybe(DAY),
    ),
    "SentDate": obj("A date as it was sent.", edtf=TEXT, earliest=maybe(DAY), latest=maybe(DAY)),
    "Recorder": obj("Who recorded it.", key=TEXT, note=maybe(TEXT)),
    "Moves": obj("What a vote would open.", relation=TEXT, subject=TEXT, object=TEXT),
    "Asserter": obj(
        "Somebody who says it.",
        asserter=TEXT, kinds=items(TEXT), agent=items(TEXT), affiliation=items(TEXT),
        articles=items(UUID, "At most 20."), article_count=COUNT,
    ),
    "Conflict": obj(
        "Claims of different asserters that oppose each other.",
        aspect=maybe(TEXT),
        why=TEXT,
        sides=items(
            obj(
                "One side.",
                asserted_by=ref("Asserter"), claims=items(UUID, "At most 20."), claim_count=COUNT, value=maybe(TEXT),
            ),
            "At most 20.",
        ),
    ),
    "Notice": obj(
        "`asked` was merged by `merge`, recorded at `position`; `answered` is the entity that goes on.",
        kind=one_of("merged"), asked=TEXT, answered=TEXT, merge=TEXT, position=COUNT,
    ),
    "Excluded": obj("A claim that does not count.", claim=UUID, why=TEXT, by=maybe(UUID)),
    "Evidence": obj(
        "Where an article says it.",
        article=UUID,
        summary=TEXT,
        position=maybe(obj("Characters of the text.", start=COUNT, end=COUNT)),
        quote=maybe(obj("The words; null once erased.", exact=maybe(TEXT), prefix=maybe(TEXT), suffix=maybe(TEXT))),
        recorded_at_position=COUNT,
    ),
    "RelationPart": obj("A part of a relation.", scope=mapping(TEXT), **FACT, **BEHIND),
    "RelationItem": obj("One relation on one day.", **RELATION),
    "RelationAnswer": obj(
        "One relation on one day. `circle` flags owners in a circle: the entities on it, from the subject on.",
        **RELATION,
        circle=items(TEXT),
        names=NAMES,
        refs=REFS,
        **NOTICES,
        **PINNED,
    ),
    "Vote": obj("One vote.", **VOTE),
    "VoteAnswer": obj("One vote on one day.", **VOTE, names=NAMES, refs=REFS, **NOTICES, **PINNED),
    "Position": obj(
        "A position, with every title under which it was seen.",
        **RELATION,
        holder=TEXT,
        organization=TEXT,
        title=ANYTHING,
        titles=items(obj("A title.", title=TEXT, when=RANGE, **BEHIND)),
    ),
    "Round": obj(
        "A round in which the entity took money.",
        round=TEXT,
        status=TEXT,
        when=RANGE,
        due=RANGE,
        amount=ANYTHING,
        currency=ANYTHING,
        attributes=mapping(ANYTHING),
        investors=items(obj("Who took part, or did not.", entity=TEXT, status=TEXT, **BEHIND)),
        **BEHIND,
    ),
    "ProfileItem": obj(
        "One thing said about the entity.",
        name=TEXT, value=ANYTHING, stage=maybe(TEXT), negated=FLAG, when=RANGE, **BEHIND,
    ),
    "MarketFact": obj(
        "A figure about the entity.",
        measure=ANYTHING, value=ANYTHING, unit=ANYTHING, population=ANYTHING, negated=FLAG, when=RANGE, **BEHIND,
    ),
    "Link": obj(
        "The entity at the other end of a merger, a split or a renaming.",
        entity=TEXT, kind=one_of(*LINEAGE_STAGES), status=one_of(*STATUSES), when=RANGE, due=RANGE, **BEHIND,
    ),
    "Stance": obj(
        "How somebody stands to somebody.",
        speaker=TEXT, speaker_is_entity=FLAG, about=TEXT, stance=TEXT, wording=ANYTHING, negated=FLAG,
        affiliation=items(TEXT), when=RANGE, **BEHIND,
    ),
    "EntityItem": obj("An entity.", **ENTITY),
    "EntityAnswer": obj("An entity.", **ENTITY, **NOTICES, **PINNED),
    "Entities": obj("Some entities.", entities=items(ref("EntityItem")), next=NEXT, **ENVELOPE),
    "EntityState": obj(
        "Everything about one entity on one day.",
        entity=ref("EntityItem"),
        relations=items(ref("RelationItem")),
        next=NEXT,
        votes=items(ref("Vote")),
        positions=items(ref("Position")),
        rounds=items(ref("Round")),
        profile=obj(
            "What it is.", attributes=items(ref("ProfileItem")), market_facts=items(ref("MarketFact"))
        ),
        lineage=obj(
            "What it came from, and what became of it.", predecessors=items(ref("Link")), successors=items(ref("Link"))
        ),
        stances=items(ref("Stance")),
        **DISPUTES,
        names=NAMES,
        refs=REFS,
        **NOTICES,
        **PINNED,
    ),
    "ArticleAnswer": obj("An article with its claims.", **ARTICLE, refs=REFS, **PINNED),
    "ClaimItem": obj("A claim at a point of the clocks.", **CLAIM),
    "ClaimAnswer": obj("A claim at a point of the clocks.", **CLAIM, **PINNED),
    "Claims": obj("Some claims.", claims=items(ref("ClaimItem")), next=NEXT, **NOTICES, **PINNED),
    "History": obj(
        "Some events of a claim.",
        events=items(
            obj("One event.", position=COUNT, recorded_at=INSTANT, version=COUNT, type=TEXT, data=mapping(ANYTHING))
        ),
        texts=mapping(maybe(TEXT), "What the references in the events stand for; null once erased."),
        next=NEXT,
        **ENVELOPE,
    ),
    "Written": obj("What was recorded, or was there already.", **WRITTEN, recorded_at=maybe(INSTANT)),
    "WrittenArticle": obj(
        "What was recorded of an article, and the claims whose dates moved with it.",
        **WRITTEN, recorded_at=maybe(INSTANT), also_moved=items(UUID),
    ),
    "WrittenClaims": obj(
        "What was recorded, or was there already, in the order in which it was sent.",
        claims=items(obj("One claim.", **WRITTEN)), position=COUNT, recorded_at=maybe(INSTANT),
    ),
    "WrittenClaim": {"anyOf": [ref("Written"), ref("WrittenClaims")]},
    "Problem": {
        "type": "object",
        "description": "Why not (RFC 9457).",
        "properties": {
            "type": TEXT,
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "instance": TEXT,
            "request_id": TEXT,
            "resync": TEXT,
            "leader": TEXT | {"description": "Of a follower: the service that records."},
            "scope": TEXT | {"description": "What the key lacks: scopes, with spaces between."},
            "retry_after": {"type": "integer", "minimum": 1, "description": "In so many seconds there is room again."},
            "following": maybe(ref("Following")),
            "replica": maybe(ref("Replica")),
            "import": UUID,
            "recorded": COUNT,
            "present": COUNT,
            "refused": COUNT,
            "errors": items(
                {
                    "type": "object",
                    "properties": {
                        "in": one_of("body", "query", "path", "header"),
                        "pointer": TEXT | {"description": "JSON Pointer into that part of the request."},
                        "detail": TEXT,
                        "offset": COUNT,
                        "line": COUNT,
                        "column": COUNT,
                        "code": TEXT | {"description": "The name of the problem of a line of an import."},
                    },
                    "required": ["detail", "in", "pointer"],
                }
            ),
        },
        "required": ["detail", "instance", "request_id", "status", "title", "type"],
    },
}  # fmt: skip
"""The components of the document."""
