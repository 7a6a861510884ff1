"""GET /v1/periods, on the sample of five articles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from service.cli.demo import load_sample
from service.http.context import EXTENSION
from service.settings import Limits, Settings
from tests.http.conftest import NewService, Service, refused, surroundings_of

PERIODS = "/v1/periods"
DAYS = ("2008-01-01", "2012-08-27", "2012-08-30", "2013-06-01", "2013-11-08", "2014-09-04", "2014-11-04", "2016-03-01")
SHOWN = ("status", "contested", "since", "until", "due", "planned_since")


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    """A service with the sample; the tests record nothing."""
    with new_service() as made:
        load_sample(Settings(), made.app.extensions[EXTENSION].settings.database_url)
        yield made


def on(item: Any, day: str) -> Any:
    """The one period that a day lies in."""
    (found,) = [p for p in item["periods"] if (p["from"] or "") <= day and (p["to"] is None or day < p["to"])]
    return found


def told(service: Service, day: str, **query: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What the periods say of the relations on a day, but for those of which nothing is known or that are over."""
    answer = service.get(PERIODS, **query).json
    found = {(r["relation"], r["subject"], r["object"]): on(r, day) for r in answer["relations"]}
    return {
        key: {name: period[name] for name in SHOWN}
        for key, period in found.items()
        if period["status"] not in ("unknown", "not_held")
    }


def network(service: Service, day: str, **query: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The same as the network of the day has it."""
    edges = service.get("/v1/network", as_of=day, limit="200", **query).json["edges"]
    return {(e["relation"], e["subject"], e["object"]): {name: e[name] for name in SHOWN} for e in edges}


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"published_by": "2012-12-31"},
        {"according_to": "red-hat"},
        {"published_by": "2014-09-30", "according_to": "mirantis"},
        {"recorded_by": "120"},
        {"entities": "red-hat,mirantis,vmware,microsoft"},
        {"relation": "competes_with"},
    ],
)
def test_on_every_day_it_is_what_the_network_of_that_day_is(service: Service, query: dict[str, str]) -> None:
    for day in DAYS:
        assert told(service, day, **query) == network(service, day, **query)


@pytest.mark.parametrize("depth", ["1", "2", "3"])
def test_a_neighbourhood_holds_all_that_are_ever_so_near(service: Service, depth: str) -> None:
    near: set[str] = set()
    for day in DAYS:
        found = service.get("/v1/network", center="mirantis", depth=depth, as_of=day, limit="200").json
        near |= {node["id"] for node in found["nodes"]}
    answer = service.get(PERIODS, center="mirantis", depth=depth).json
    ids = {node["id"] for node in answer["nodes"]}
    assert near <= ids
    assert all({r["subject"], r["object"]} <= ids for r in answer["relations"])


def test_periods_follow_each_other_without_gaps_and_none_is_as_the_one_before(service: Service) -> None:
    answer = service.get(PERIODS).json
    for item in (*answer["relations"], *answer["votes"]):
        periods = item["periods"]
        assert periods[0]["from"] is None and periods[-1]["to"] is None
        for one, other in zip(periods, periods[1:], strict=False):
            assert one["to"] == other["from"]
            assert {**one, "from": 0, "to": 0} != {**other, "from": 0, "to": 0}


def test_votes_and_stances_come_with_those_who_are_asked_for(service: Service) -> None:
    answer = service.get(PERIODS, center="vmware").json
    (vote,) = [v for v in answer["votes"] if v["moves"]]
    assert (vote["moves"]["subject"], vote["moves"]["object"]) == ("vmware", "openstack-foundation")
    for day in ("2012-08-27", "2014-01-01"):
        asked = {"relation": "member_of", "subject": "vmware", "object": "openstack-foundation"}
        one = service.get(f"/v1/votes/{vote['body']}", as_of=day, **asked).json
        assert {name: on(vote, day)[name] for name in ("status", "when", "due", "missed", "outcomes")} == {
            name: one[name] for name in ("status", "when", "due", "missed", "outcomes")
        }
    state = service.get("/v1/entities/vmware/state", as_of="9999-12-31", limit="200").json
    assert answer["stances"] == state["stances"] and answer["stances"]


def test_a_token_gives_the_same_answer_again(service: Service) -> None:
    answer = service.get(PERIODS, center="mirantis", published_by="2014-10-01").json
    again = service.get(PERIODS, token=answer["token"]).json
    assert again["token_check"]["status"] == "same" and again["relations"] == answer["relations"]


@pytest.mark.parametrize(
    ("query", "status", "code", "pointer"),
    [
        ({"center": "nobody"}, 404, "unknown", None),
        ({"center": "mirantis", "entities": "red-hat"}, 422, "bad-query", "/entities"),
        ({"depth": "2"}, 422, "bad-query", "/depth"),
        ({"center": "mirantis", "depth": "4"}, 422, "bad-query", "/depth"),
        ({"relation": "friend_of"}, 422, "bad-query", "/relation"),
        ({"as_of": "2014-02-30"}, 422, "", "/as_of"),
    ],
)
def test_refusals(service: Service, query: dict[str, str], status: int, code: str, pointer: str | None) -> None:
    refused(service.get(PERIODS, **query), status, code, pointer)


@pytest.mark.limit(name="period_relations")
def test_more_entities_than_an_answer_holds_are_refused_with_a_cheaper_way(new_service: NewService) -> None:
    with new_service(limits=replace(Limits(), graph_nodes=3, period_relations=2)) as made:
        load_sample(Settings(), surroundings_of(made).settings.database_url)
        for query in ({}, {"center": "red-hat"}, {"entities": "red-hat,mirantis,vmware,microsoft"}):
            problem = refused(made.get(PERIODS, **query), 422, "query-too-expensive")
            assert "at most 3 entities" in problem["detail"]
        among = {"entities": "red-hat,mirantis"}
        assert "at most 2 relations" in refused(made.get(PERIODS, **among), 422, "query-too-expensive")["detail"]
        assert len(made.get(PERIODS, relation="investor_of", **among).json["relations"]) == 1
