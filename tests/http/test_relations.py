"""GET /v1/relations/{relation}/{subject}/{object} and its claims."""

from __future__ import annotations

import pytest

from tests.http import examples
from tests.http.conftest import Service, refused

INVESTOR = "/v1/relations/investor_of/red-hat/mirantis"


@pytest.fixture(autouse=True)
def _recorded(service: Service) -> None:
    """An investment in 2013, and a denial of it."""
    claim = service.claim(ref="r-1", attributes={"amount": 10})
    service.article(url="https://example.org/denial", published="2015-01-01", authors=["Bea Byline"])
    by = {"article": "https://example.org/denial", "asserted_by": {"kind": "author"}}
    service.post(f"/v1/claims/{claim}/responses", {"response": "deny", "by": by})


def test_tells_status_dates_and_who_says_so(service: Service) -> None:
    told = service.get(INVESTOR, as_of="2014-12-31", published_by="2014-12-31").json
    assert (told["relation"], told["subject"], told["object"]) == ("investor_of", "red-hat", "mirantis")
    assert told["status"] == "holds" and not told["contested"]
    assert told["since"] == {"edtf": "2013", "earliest": "2013-01-01", "latest": "2013-12-31"}
    assert told["until"] is None and told["due"] is None and told["planned_since"] is None
    assert told["attributes"] == {"amount": "10"}
    assert (told["claim_count"], told["supported_on"]) == (1, "2014-11-04")
    (claim,) = told["claims"]
    assert told["refs"] == {claim: "r-1"}
    assert told["names"] == {"red-hat": "Red Hat", "mirantis": "Mirantis"}
    assert told["asserted_by"][0]["kinds"] == ["author"]
    assert told["clocks"]["as_of"] == told["clocks"]["published_by"] == "2014-12-31"
    assert told["clocks"]["recorded_by"]["position"] == told["position"] == service.timeline.head()


def test_tells_both_sides_of_a_conflict(service: Service) -> None:
    told = service.get(INVESTOR, as_of="2014-12-31").json
    assert told["status"] == "contested" and told["contested"]
    (conflict,) = told["conflicts"]
    assert (conflict["aspect"], conflict["why"]) == (None, "deny")
    assert len(conflict["sides"]) == 2 and all(side["claims"] for side in conflict["sides"])


@pytest.mark.parametrize(
    ("as_of", "status"), [("2012-12-31", "not_held"), ("2013-06-01", "possibly"), ("2014-01-01", "holds")]
)
def test_the_status_depends_on_the_day(service: Service, as_of: str, status: str) -> None:
    assert service.get(INVESTOR, as_of=as_of, published_by="2014-12-31").json["status"] == status


def test_according_to_an_entity(service: Service) -> None:
    assert service.get(INVESTOR, as_of="2014-12-31", according_to="vmware").json["status"] == "unknown"


def test_a_plan_has_a_due_day(service: Service) -> None:
    service.claim(
        **examples.ownership(
            modality="planned", attributes={"due": "2014-12"}, time={"kind": "instant", "edtf": "2014-11-04"}
        )
    )
    told = service.get("/v1/relations/owns/vmware/mirantis", as_of="2014-12-01").json
    assert (told["status"], told["since"], told["planned_since"]) == ("planned", None, "2014-11-04")
    assert told["due"] == {"edtf": "2014-12", "earliest": "2014-12-01", "latest": "2014-12-31"}


def test_a_scoped_claim_makes_a_part(service: Service) -> None:
    parties = [{"role": "party", "entity": "vmware"}, {"role": "party", "entity": "mirantis"}]
    service.claim(type="agreement", participants=parties, attributes={"term": "support"})
    told = service.get("/v1/relations/agreement_with/vmware/mirantis", as_of="2014-12-31").json
    assert (told["subject"], told["object"]) == ("mirantis", "vmware"), "the ends of a symmetric relation are sorted"
    assert [(p["scope"], p["status"], p["claim_count"]) for p in told["parts"]] == [({"term": "support"}, "holds", 1)]


def test_a_corrected_claim_is_excluded(service: Service) -> None:
    people = [{"role": "customer", "entity": "vmware"}, {"role": "vendor", "entity": "red-hat"}]
    claim = service.claim(type="customer", participants=people)
    service.post(f"/v1/claims/{claim}/retraction", {"reason": "a slip"})
    told = service.get("/v1/relations/customer_of/vmware/red-hat").json
    assert told["status"] == "unknown"
    assert told["excluded"] == [{"claim": claim, "why": "retracted", "by": None}]


def test_at_most_the_newest_20_claims_are_named(service: Service) -> None:
    people = [{"role": "contributor", "entity": "vmware"}, {"role": "project", "entity": "mirantis"}]
    claims = [
        examples.claim(type="contribution", participants=people, time={"kind": "instant", "edtf": str(1980 + n)})
        for n in range(25)
    ]
    service.post("/v1/claims", {"claims": claims})
    path = "/v1/relations/contributes_to/vmware/mirantis"
    told = service.get(path).json
    assert (len(told["claims"]), told["claim_count"]) == (20, 25)
    first = service.get(f"{path}/claims", limit="20").json
    rest = service.get(first["next"]).json
    found = [claim["id"] for claim in first["claims"] + rest["claims"]]
    assert len(found) == len(set(found)) == 25 and set(told["claims"]) <= set(found) and rest["next"] is None


def test_nothing_said_is_unknown_and_an_unknown_entity_404(service: Service) -> None:
    assert service.get("/v1/relations/owns/red-hat/mirantis").json["status"] == "unknown"
    assert service.get("/v1/relations/owns/red-hat/mirantis/claims").json["claims"] == []
    refused(service.get("/v1/relations/owns/red-hat/nobody"), 404, "unknown")
    refused(service.get("/v1/relations/owns/nobody/red-hat/claims"), 404, "unknown")
    refused(service.get("/v1/relations/loves/red-hat/mirantis"), 404, "unknown")
    refused(service.get("/v1/relations/owns/Red Hat/mirantis"), 422, "invalid")
