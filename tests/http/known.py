"""What there is in a service, for generated requests to name: without it, most of them would find nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import strategies as st

from service.feeds.cursor import format_cursor
from tests.http import examples
from tests.http.conftest import Service

Json = dict[str, Any]
_CLOCKS = {
    "as_of": ("2014-01-01", "2013-06-30", "0001-01-01", "9999-12-31"),
    "published_by": ("2014-11-04", "2014-11-03"),
    "since": ("2026-01-01T00:00:00Z", "2100-01-01T00:00:00.000001+14:00"),
    "from": ("2010-01-01", "0", "5"),
    "to": ("2020-01-01", "9"),
    "min_position": (0, 5),
    "timeout": (0,),
}
_WORDS = {
    "relation": ("investor_of", "owns", "member_of", "investor_of/red-hat/mirantis"),
    "status": ("holds", "planned", "contested"),
    "type": ("investment", "InvestmentClaimed", "io.frenemies.EntityRegistered.v1"),
    "topic": ("InvestmentClaimed.v1", "EntityRegistered.v1", "BeliefChanged.v1"),
    "axis": ("as_of", "published_by", "recorded_by"),
    "kind": ("relation",),
    "q": ("red", "Red Hat"),
    "identifier": ("wikidata:Q485593", "Q485593"),
    "motion": ("a budget",),
    "If-Match": ('"1"', '"2"'),
    "Accept-Datetime": ("Thu, 04 Sep 2014 12:30:00 GMT", "Thu, 04 Sep 2036 12:30:00 GMT"),
    "Idempotency-Key": ("k", "l"),
}


class Known:
    """Values by the names of parameters, and bodies that are taken, by the operation."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[Any, ...]] = {}
        self._ids: dict[str, tuple[str, ...]] = {}
        self._bodies: dict[str, Json] = {}

    def fill(self, service: Service) -> None:
        """Records something of each kind."""
        claims = [service.claim(time={"kind": "instant", "edtf": str(year)}) for year in range(2001, 2005)]
        claims += [service.claim(**examples.ownership()), service.claim(**examples.vote())]
        service.post(f"/v1/claims/{claims[0]}/retraction", {"reason": "a slip"})
        changes = {"changes": {"modality": "reported"}, "reason": "a slip"}
        service.post(f"/v1/claims/{claims[1]}/corrections", changes)
        hook = service.post("/v1/subscriptions", {"url": "http://127.0.0.1:9/", "after": "start"}).json["id"]
        pulled = service.post("/v1/subscriptions", {"mode": "pull", "after": "start"}).json["id"]
        lease = service.post(f"/v1/subscriptions/{pulled}/lease", {"max": 2}).json
        told = service.get("/v1/entities/red-hat/state", limit="1").json
        listed = service.get("/v1/entities", limit="1").json
        entities = tuple(examples.COMPANIES)
        cursors = tuple(format_cursor(service.timeline.epoch(), position) for position in (0, 3, 1_000))
        self._ids = {
            "entities": entities, "claims": tuple(claims), "articles": (service.article(),),
            "subscriptions": (hook, pulled), "timemap": entities,
        }  # fmt: skip
        self._values = {
            **_CLOCKS, **_WORDS,
            **dict.fromkeys(("subject", "object", "center", "entity", "according_to", "body"), entities),
            "entities": (",".join(entities),),
            "token": (told["token"],),
            "cursor": (listed["next"].rpartition("cursor=")[2],),
            "lastEventId": cursors,
            "until": (*cursors, "3", "2026-01-01T00:00:00Z"),
            "recorded_by": ("1", "5", "2100-01-01T00:00:00Z"),
            "position": ("1", "2"),
        }  # fmt: skip
        held = {"lease": lease["lease"], "ids": [one["event"]["id"] for one in lease["deliveries"]]}
        self._bodies = _bodies(claims) | _held(held)

    def named_in(self, case: schemathesis.Case) -> st.SearchStrategy[schemathesis.Case]:
        """The request with some of its values, and of the fields of its body, in the place of generated ones.

        One that is meant to be refused stays as it is.
        """
        meta = case.meta
        if meta is not None and meta.generation.mode.is_negative:
            return st.just(case)
        return st.composite(self._draw)(case)

    def _draw(self, draw: Callable[..., Any], case: schemathesis.Case) -> schemathesis.Case:
        collection = case.path.split("/")[2] if case.path.count("/") > 1 else ""
        for given in (case.path_parameters, case.query, case.headers):
            for name in list(given or ()):
                values = self._ids.get(collection) if name == "id" else self._values.get(name)
                if values and draw(st.booleans()):
                    given[name] = draw(st.sampled_from(values))
        valid = self._bodies.get(f"{case.method} {case.path}")
        if valid is not None and isinstance(case.body, dict) and draw(st.booleans()):
            kept = draw(st.sets(st.sampled_from(sorted(case.body)), max_size=1)) if case.body else set()
            case.body = valid | {name: case.body[name] for name in sorted(kept)}
        return case


def _held(held: Json) -> dict[str, Json]:
    one = "POST /v1/subscriptions/{id}"
    return {
        f"{one}/lease": {"max": 2},
        f"{one}/ack": held,
        f"{one}/nack": held,
        f"{one}/extend": held | {"seconds": 30},
    }


def _bodies(claims: list[str]) -> dict[str, Json]:
    reason = {"reason": "it is so"}
    voice = {"article": examples.URL, "asserted_by": {"kind": "author"}}
    return {
        "PUT /v1/entities/{id}": examples.registration(),
        "POST /v1/entities/{id}/rename": {"name": "Hat", "since": "2014"},
        "POST /v1/entities/{id}/merge": {"into": "mirantis", **reason},
        "POST /v1/entities/{id}/unmerge": {"into": "mirantis", **reason},
        "POST /v1/articles": examples.article(),
        "POST /v1/articles/{id}/corrections": {"changes": {"published": "2014-11-05"}, **reason},
        "POST /v1/claims": examples.claim(),
        "POST /v1/claims/{id}/corrections": {"changes": {"time": {"kind": "instant", "edtf": "2012"}}, **reason},
        "POST /v1/claims/{id}/retraction": reason,
        "POST /v1/claims/{id}/reinstatement": reason,
        "POST /v1/claims/{id}/responses": {"response": "deny", "by": voice},
        "POST /v1/subscriptions": {"url": "http://127.0.0.1:9/"},
        "PATCH /v1/subscriptions/{id}": {"url": "http://127.0.0.1:9/other"},
        "POST /v1/subscriptions/{id}/rewind": {"after": "start"},
        "POST /v1/subscriptions/{id}/rotate": {"old": "signs"},
    }
