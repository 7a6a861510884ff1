"""Entities and links of FollowTheMoney, one JSON object a line: what holds or possibly holds, and nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from events.facts import HOLDS, POSSIBLY
from events.vocabulary import SYMMETRIC
from service.exports.chapters import Answer, Chapter, Told

TELLING = (HOLDS, POSSIBLY)
SCHEMATA: Mapping[str, str] = MappingProxyType(
    {
        "company": "Company",
        "organization": "Organization",
        "body": "Organization",
        "group": "Organization",
        "publisher": "Organization",
        "project": "Project",
        "product": "Asset",
        "person": "Person",
    }
)
"""The schema of each kind of entity."""
ANY_SCHEMA = "LegalEntity"
"""The schema of an entity of which not even the kind can be told."""
KINDS_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Thing": frozenset(("Company", "Organization", "Project", "Asset", "Person", ANY_SCHEMA)),
        "LegalEntity": frozenset(("Company", "Organization", "Person", ANY_SCHEMA)),
        "Organization": frozenset(("Company", "Organization")),
        "Asset": frozenset(("Company", "Asset")),
        "Project": frozenset(("Project",)),
    }
)
"""Which of these schemata may stand where a link asks for one."""
_IDENTIFIERS = (
    ("wikidata", "wikidataId", re.compile("Q[1-9][0-9]*"), "{}"),
    ("lei", "leiCode", re.compile("[A-Z0-9]{18}[0-9]{2}"), "{}"),
    ("domain", "website", re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+"), "https://{}/"),
)


class Link(NamedTuple):
    """The schema of a link, what it calls its two ends and which schemata these have to be, and what is lost."""

    schema: str
    ends: tuple[str, str]
    ranges: tuple[str, str]
    lossy: str


UNKNOWN_LINK = Link("UnknownLink", ("subject", "object"), ("Thing", "Thing"), "only `role` says what relation it is")
LINKS: Mapping[str, Link] = MappingProxyType(
    {
        "owns": Link("Ownership", ("owner", "asset"), ("LegalEntity", "Asset"), ""),
        "investor_of": Link(
            "Ownership",
            ("owner", "asset"),
            ("LegalEntity", "Asset"),
            "a share of unknown size; there is no schema for having put money in, and rounds are left out",
        ),
        "member_of": Link("Membership", ("member", "organization"), ("LegalEntity", "Organization"), ""),
        "holds_position": Link(
            "Directorship",
            ("director", "organization"),
            ("LegalEntity", "Organization"),
            "also positions that are none of a director: the title is in `role`",
        ),
        "contributes_to": Link(
            "ProjectParticipant", ("participant", "project"), ("LegalEntity", "Project"), "what is contributed is lost"
        ),
        "partner_of": UNKNOWN_LINK._replace(lossy="no schema for partners that are no persons; it has no direction"),
        "agreement_with": UNKNOWN_LINK._replace(lossy="no schema for agreements; terms are left out"),
        "competes_with": UNKNOWN_LINK._replace(lossy="no schema for competitors; it has no direction"),
        "customer_of": UNKNOWN_LINK._replace(lossy="no schema for customers without a payment or a contract"),
        "offers": UNKNOWN_LINK._replace(lossy="no schema for products, which are an Asset; offering is no owning"),
        "supports": UNKNOWN_LINK._replace(lossy="no schema for what works with what"),
    }
)
"""The link for each relation; where an end is not what its link asks for, it is an UnknownLink."""


def lines(chapters: Iterable[Chapter], clocks: Answer, entity: Answer | None = None) -> Iterator[bytes]:
    """The entities, each once, and the links between them. `entity`: one that is told with all that is known of it."""
    told = Told()
    if entity is not None:
        told.new((entity,))
        yield _line(entity["id"], _schema(entity), _names(entity) | _identifiers(entity))
    for chapter in chapters:
        kinds = {node["id"]: _schema(node) for node in chapter.nodes}
        for node in told.new(chapter.nodes):
            yield _line(node["id"], kinds[node["id"]], _names(node))
        for relation in chapter.relations:
            if relation["status"] in TELLING:
                yield _link(relation, kinds, chapter.articles, clocks)


def link_for(relation: str, subject: str, other: str) -> Link:
    """The link for a relation between entities of two schemata."""
    link = LINKS[relation]
    fits = subject in KINDS_OF[link.ranges[0]] and other in KINDS_OF[link.ranges[1]]
    return link if fits else UNKNOWN_LINK


def partial_date(when: Answer | None) -> str | None:
    """The longest of `YYYY-MM-DD`, `YYYY-MM` and `YYYY` that is certain; None where not even the year is."""
    if when is None or when["earliest"] is None or when["latest"] is None:
        return None
    return next(
        (when["earliest"][:size] for size in (10, 7, 4) if when["earliest"][:size] == when["latest"][:size]), None
    )


def _link(relation: Answer, kinds: Mapping[str, str], articles: Mapping[str, Answer], clocks: Answer) -> bytes:
    name, subject, other = relation["relation"], relation["subject"], relation["object"]
    link = link_for(name, kinds[subject], kinds[other])
    behind = [articles[a] for by in relation["asserted_by"] for a in by["articles"] if a in articles]
    title = relation["attributes"].get("title") if name == "holds_position" else None
    properties = {
        link.ends[0]: [subject],
        link.ends[1]: [other],
        "role": _texts(title) or [name],
        "status": [relation["status"]],
        "startDate": _given(partial_date(relation["since"])),
        "endDate": _given(partial_date(relation["until"])),
        "summary": [_summary(relation, clocks)],
        "recordId": list(relation["claims"]),
        "sourceUrl": _given(*(article["url"] for article in behind)),
        "publisher": _given(*(article["publisher"] for article in behind)),
    }
    return _line(_link_id(name, subject, other), link.schema, properties)


def _link_id(*key: str) -> str:
    return hashlib.sha256("/".join(key).encode()).hexdigest()[:40]


def _summary(relation: Answer, clocks: Answer) -> str:
    """In words what the properties have no place for."""
    sign = "-" if relation["relation"] in SYMMETRIC else ">"
    said = [f"{relation['relation']} {relation['subject']} {sign} {relation['object']}: {relation['status']}"]
    said += [f"{name} {relation[name]['edtf']}" for name in ("since", "until") if relation[name]]
    said += ["contested in part"] if relation["contested"] else []
    said += [f"{relation['claim_count']} {'claim' if relation['claim_count'] == 1 else 'claims'}"]
    said += [f"as of {clocks['as_of']}, position {clocks['recorded_by']['position']}"]
    return "; ".join(said)


def _schema(entity: Answer) -> str:
    return SCHEMATA.get(entity["kind"], ANY_SCHEMA)


def _names(entity: Answer) -> dict[str, list[str]]:
    """An entity whose name was erased goes by its id: none may be without."""
    return {"name": [entity["name"] or entity["id"]], "alias": _given(*entity.get("aliases", ()))}


def _identifiers(entity: Answer) -> dict[str, list[str]]:
    is_legal = _schema(entity) in KINDS_OF["LegalEntity"]
    found = {}
    for scheme, name, form, pattern in _IDENTIFIERS:
        value = entity["identifiers"].get(scheme, "")
        if form.fullmatch(value) and (is_legal or name == "wikidataId"):
            found[name] = [pattern.format(value)]
    return found


def _texts(value: Any) -> list[str]:
    """The texts of an attribute, which may have several equally new values."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _given(*values: str | None) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _line(name: str, schema: str, properties: Mapping[str, list[str]]) -> bytes:
    given = {key: values for key, values in properties.items() if values}
    return msgspec.json.encode({"id": name, "schema": schema, "properties": given}) + b"\n"
