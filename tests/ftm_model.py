"""The part of the FollowTheMoney model that exports use, written by hand: schemata, properties, what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_THING = {"name": "text", "alias": "text", "wikidataId": "text"}
_LEGAL = _THING | {"leiCode": "text", "website": "url"}
_INTEREST = {
    "role": "text",
    "status": "text",
    "startDate": "date",
    "endDate": "date",
    "summary": "text",
    "recordId": "text",
    "sourceUrl": "url",
    "publisher": "text",
}
PROPERTIES: dict[str, dict[str, str]] = {
    "LegalEntity": _LEGAL,
    "Company": _LEGAL,
    "Organization": _LEGAL,
    "Person": _LEGAL,
    "Project": _THING,
    "Asset": _THING,
    "Ownership": _INTEREST | {"owner": "LegalEntity", "asset": "Asset"},
    "Membership": _INTEREST | {"member": "LegalEntity", "organization": "Organization"},
    "Directorship": _INTEREST | {"director": "LegalEntity", "organization": "Organization"},
    "ProjectParticipant": _INTEREST | {"participant": "LegalEntity", "project": "Project"},
    "UnknownLink": _INTEREST | {"subject": "Thing", "object": "Thing"},
}
IS_A: dict[str, set[str]] = {
    "Company": {"Company", "Organization", "LegalEntity", "Asset", "Thing"},
    "Organization": {"Organization", "LegalEntity", "Thing"},
    "Person": {"Person", "LegalEntity", "Thing"},
    "LegalEntity": {"LegalEntity", "Thing"},
    "Project": {"Project", "Thing"},
    "Asset": {"Asset", "Thing"},
}
ENDS = {schema: [name for name in properties if name not in _INTEREST] for schema, properties in PROPERTIES.items()}


def demand_valid(entities: Iterable[dict[str, Any]]) -> None:
    """Fails where an entity is not what the model has, or names one that is not there or of another schema."""
    known = {entity["id"]: entity for entity in entities}
    for entity in known.values():
        properties = PROPERTIES[entity["schema"]]
        for name, values in entity["properties"].items():
            assert values and all(isinstance(value, str) and value for value in values), entity
            if properties[name] not in ("text", "date", "url"):
                ends = [known[value]["schema"] for value in values]
                assert all(properties[name] in IS_A[schema] for schema in ends), entity
        if entity["schema"] in IS_A:
            assert entity["properties"]["name"], entity
        else:
            assert all(entity["properties"][name] for name in ENDS[entity["schema"]]), entity
