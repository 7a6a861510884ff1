"""The state of an entity as JSON-LD 1.1: relations as they are at one point, the claims behind them, and who says so.

What a relation is depends on the point, and so do its node and all that depends on the point with it: in one triple
store two states do not mix. The words are those of PROV-O and schema.org, else those of `urn:frenemies:vocabulary:`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

import msgspec

from events.facts import CONTESTED
from service.exports.chapters import Answer, Chapter, Told

VOCABULARY = "urn:frenemies:vocabulary:"
EDTF = "http://id.loc.gov/datatypes/edtf/EDTF"
_DATES = [f"{name}{bound}" for name in ("since", "until", "due") for bound in ("Earliest", "Latest")]


def _iri(name: str) -> dict[str, str]:
    return {"@id": name, "@type": "@id"}


def _typed(name: str, datatype: str) -> dict[str, str]:
    return {"@id": name, "@type": datatype}


CONTEXT: Mapping[str, Any] = MappingProxyType(
    {
        "@version": 1.1,
        "prov": "http://www.w3.org/ns/prov#",
        "schema": "https://schema.org/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "fr": VOCABULARY,
        "generatedAtTime": _typed("prov:generatedAtTime", "xsd:dateTime"),
        "wasDerivedFrom": _iri("prov:wasDerivedFrom"),
        "wasAttributedTo": _iri("prov:wasAttributedTo"),
        "specializationOf": _iri("prov:specializationOf"),
        "hadPrimarySource": _iri("prov:hadPrimarySource"),
        "contestedClaim": _iri("fr:contestedClaim"),
        "memberOf": {"@reverse": "prov:hadMember", "@type": "@id"},
        "about": _iri("schema:about"),
        "appearance": _iri("schema:appearance"),
        "sameAs": _iri("schema:sameAs"),
        "url": _typed("schema:url", "xsd:anyURI"),
        **{name: f"schema:{name}" for name in ("name", "alternateName", "identifier", "description", "headline")},
        **{name: f"schema:{name}" for name in ("datePublished", "publisher", "inLanguage")},
        **{name: _iri(f"fr:{name}") for name in ("relation", "subject", "object", "status", "accordingTo")},
        **{name: _iri(f"fr:{name}") for name in ("claimType", "modality", "polarity", "voice", "kind")},
        "voiceOf": _iri("fr:voiceOf"),
        "contested": _typed("fr:contested", "xsd:boolean"),
        "position": _typed("fr:position", "xsd:integer"),
        "claimCount": _typed("fr:claimCount", "xsd:integer"),
        "recordedAt": _typed("fr:recordedAt", "xsd:dateTime"),
        "ref": "fr:ref",
        **{name: _typed(f"fr:{name}", EDTF) for name in ("since", "until", "due", "validTime", "published")},
        **{name: _typed(f"fr:{name}", "xsd:date") for name in (*_DATES, "asOf", "publishedBy", "supportedOn")},
    }
)
"""What the words mean; written into every document, so that nothing has to be fetched."""

_ORGANIZATION = ("schema:Organization", "prov:Organization")
TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("company", "organization", "body", "group", "publisher"), _ORGANIZATION),
        "person": ("schema:Person", "prov:Person"),
        "project": ("schema:Project", "prov:Organization"),
        "product": ("schema:Product",),
    }
)
"""The types of each kind of entity."""
_WHOLE_DATE = re.compile("[0-9]{4}(-[0-9]{2}){0,2}")
_WIKIDATA = re.compile("Q[1-9][0-9]*")


def lines(entity: Answer, chapters: Iterable[Chapter], clocks: Answer, epoch: UUID) -> Iterator[bytes]:
    """The document, a node a line. `epoch` is the identity of the log, by which nodes of two services are apart."""
    yield b'{"@context":' + msgspec.json.encode(dict(CONTEXT)) + b',"@graph":[\n'
    state = _State(entity, clocks, epoch)
    yield msgspec.json.encode(state.node())
    for node in state.nodes(chapters):
        yield b",\n" + msgspec.json.encode(_without_empty(node))
    yield b"\n]}\n"


def entity_iri(name: str) -> str:
    """The IRI of an entity, the same at every point."""
    return f"urn:frenemies:entity:{name}"


class _State:
    """The nodes of one state."""

    def __init__(self, entity: Answer, clocks: Answer, epoch: UUID) -> None:
        self._entity = entity
        self._epoch = epoch
        accordingly = clocks["according_to"]
        self._point = {
            "asOf": clocks["as_of"],
            "publishedBy": clocks["published_by"],
            "accordingTo": entity_iri(accordingly) if accordingly else None,
            "position": clocks["recorded_by"]["position"],
            "generatedAtTime": clocks["recorded_by"]["recorded_at"],
        }
        at = (clocks["as_of"], clocks["published_by"], accordingly, clocks["recorded_by"]["position"])
        self._at = "/".join("" if part is None else str(part) for part in at)
        self._id = self._own_iri("state", entity["id"])

    def node(self) -> Answer:
        """The state itself, a collection of relations."""
        types = ("prov:Entity", "prov:Collection", "fr:State")
        about = {"about": entity_iri(self._entity["id"])}
        return _without_empty({"@id": self._id, "@type": types, **about, **self._point})

    def nodes(self, chapters: Iterable[Chapter]) -> Iterator[Answer]:
        """Everything else, each once."""
        entities, records, voices = Told(), Told(), Told()
        entities.new((self._entity,))
        yield {**_entity(self._entity), **_identity(self._entity)}
        for chapter in chapters:
            yield from map(_entity, entities.new(chapter.nodes))
            contested = {claim["id"] for claim in chapter.claims if claim["standing"] == CONTESTED}
            yield from (self._relation(relation, contested) for relation in chapter.relations)
            yield from map(_claim, records.new(chapter.claims))
            yield from map(_article, records.new(chapter.articles.values()))
            yield from map(_voice, voices.new(voice for claim in chapter.claims for voice in _unnamed(claim)))

    def _relation(self, relation: Answer, contested: set[str]) -> Answer:
        key = (relation["relation"], relation["subject"], relation["object"])
        return {
            "@id": self._own_iri("relation", *key),
            "@type": ("prov:Entity", "fr:Relation"),
            "memberOf": self._id,
            "specializationOf": f"urn:frenemies:relation:{':'.join(key)}",
            "relation": f"fr:{key[0]}",
            "subject": entity_iri(key[1]),
            "object": entity_iri(key[2]),
            "status": f"fr:{relation['status']}",
            "contested": relation["contested"],
            **_dated("since", relation["since"]),
            **_dated("until", relation["until"]),
            **_dated("due", relation["due"]),
            "supportedOn": relation["supported_on"],
            "claimCount": relation["claim_count"],
            "wasDerivedFrom": [_uuid(claim) for claim in relation["claims"]],
            "contestedClaim": [_uuid(claim) for claim in relation["claims"] if claim in contested],
            **self._point,
        }

    def _own_iri(self, *name: str) -> str:
        """An IRI for what is so at this point only."""
        return f"urn:uuid:{uuid5(self._epoch, '/'.join((*name, self._at)))}"


def _entity(entity: Answer) -> Answer:
    kind = entity["kind"]
    return {
        "@id": entity_iri(entity["id"]),
        "@type": TYPES.get(kind, ("schema:Thing",)),
        "kind": f"fr:{kind}" if kind else None,
        "name": entity["name"],
    }


def _identity(entity: Answer) -> Answer:
    """By what else the entity is known."""
    wikidata = entity["identifiers"].get("wikidata", "")
    return {
        "alternateName": entity["aliases"],
        "identifier": [f"{scheme}:{value}" for scheme, value in sorted(entity["identifiers"].items())],
        "sameAs": f"http://www.wikidata.org/entity/{wikidata}" if _WIKIDATA.fullmatch(wikidata) else None,
    }


def _claim(claim: Answer) -> Answer:
    by, article = claim["asserted_by"], _uuid(claim["article"])
    voices = [entity_iri(name) for name in dict.fromkeys((*by["agent"], *by["affiliation"]))]
    return {
        "@id": _uuid(claim["id"]),
        "@type": ("prov:Entity", "schema:Claim"),
        "claimType": f"fr:{claim['type']}",
        "modality": f"fr:{claim['modality']}",
        "polarity": f"fr:{claim['polarity']}",
        "ref": claim["refs"],
        "description": list(dict.fromkeys(item["summary"] for item in claim["evidence"])),
        "validTime": claim["time"]["edtf"],
        "recordedAt": claim["recorded_at"],
        "voice": f"fr:{by['kind']}",
        "wasAttributedTo": voices or [voice["id"] for voice in _unnamed(claim)],
        "appearance": article,
        "hadPrimarySource": article,
    }


def _unnamed(claim: Answer) -> list[Answer]:
    """The voice of a claim of which no entity is named: it is one of its article, like its author."""
    by = claim["asserted_by"]
    if by["agent"] or by["affiliation"]:
        return []
    article = _uuid(claim["article"])
    return [{"id": f"{article}#{by['kind']}", "kind": by["kind"], "article": article}]


def _voice(voice: Answer) -> Answer:
    return {"@id": voice["id"], "@type": "prov:Agent", "voice": f"fr:{voice['kind']}", "voiceOf": voice["article"]}


def _article(article: Answer) -> Answer:
    edtf = article["published"]
    return {
        "@id": _uuid(article["id"]),
        "@type": ("prov:Entity", "schema:NewsArticle"),
        "headline": article["title"],
        "publisher": article["publisher"],
        "inLanguage": article["language"],
        "url": article["url"],
        "published": edtf,
        "datePublished": edtf if _WHOLE_DATE.fullmatch(edtf) else None,
    }


def _dated(name: str, when: Answer | None) -> Answer:
    if when is None:
        return {}
    return {name: when["edtf"], f"{name}Earliest": when["earliest"], f"{name}Latest": when["latest"]}


def _uuid(name: str) -> str:
    return f"urn:uuid:{name}"


def _without_empty(node: Answer) -> Answer:
    return {name: value for name, value in node.items() if value is not None and value != []}
