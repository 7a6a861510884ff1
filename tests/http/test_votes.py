"""GET /v1/votes/{body}."""

from __future__ import annotations

import pytest

from tests.http import examples
from tests.http.conftest import Service, refused

VOTES = "/v1/votes/mirantis"
MOVES = {"relation": "member_of", "subject": "vmware", "object": "red-hat"}


@pytest.fixture(autouse=True)
def _recorded(service: Service) -> None:
    service.claim(**examples.vote())
    service.claim(**examples.vote(attributes={"motion": "a budget", "outcome": "rejected"}))


def test_tells_a_vote_by_what_it_moves(service: Service) -> None:
    told = service.get(VOTES, **MOVES, as_of="2014-06-01").json
    assert (told["status"], told["outcomes"], told["moves"]) == ("occurred", ["approved"], MOVES)
    assert told["when"]["edtf"] == "2014-05-05" and told["motions"] == ["membership of VMware"]
    assert told["claim_count"] == 1 and told["names"]["red-hat"] == "Red Hat"


def test_tells_a_vote_by_its_motion(service: Service) -> None:
    told = service.get(VOTES, motion="a budget", as_of="2014-06-01").json
    assert (told["status"], told["outcomes"], told["motion"], told["moves"]) == (
        "occurred",
        ["rejected"],
        "a budget",
        None,
    )


def test_a_motion_is_found_in_whichever_normal_form_it_is_asked_for(service: Service) -> None:
    vote = examples.vote(attributes={"motion": "a caf\u00e9 for all", "outcome": "approved"})
    service.claim(**vote)
    assert service.get(VOTES, motion=" a cafe\u0301 for all ").json["status"] == "occurred"
    refused(service.get(VOTES, motion="a\0b"), 422, "invalid", "/motion")


def test_nothing_said_is_unknown(service: Service) -> None:
    assert service.get(VOTES, motion="a party").json["status"] == "unknown"
    assert service.get(VOTES, **MOVES, as_of="2013-01-01").json["status"] == "unknown"


def test_refuses_half_a_name(service: Service) -> None:
    for query in ({}, {"relation": "member_of"}, {**MOVES, "motion": "a budget"}, {"relation": "x", "motion": "y"}):
        refused(service.get(VOTES, **query), 422, "bad-query")
    refused(service.get(VOTES, **{**MOVES, "subject": "VM Ware"}), 422, "invalid", "/subject")
    refused(service.get("/v1/votes/nobody", motion="a budget"), 404, "unknown")
