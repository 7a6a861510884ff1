"""GET /v1/network, /v1/path and /v1/frenemies, on the sample of five articles."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from events.relationships import relation_state
from service.cli.demo import load_sample
from service.http.context import EXTENSION
from service.settings import Limits, Settings
from tests.http import examples
from tests.http.conftest import NewService, Service, refused

NETWORK, PATH, FRENEMIES = "/v1/network", "/v1/path", "/v1/frenemies"
DAY = "2014-11-04"
NDJSON = "application/x-ndjson"
NETWORK_MODULE = "service.timeline.network"
SOURCE_MODULE = "service.timeline.source"

Key = tuple[str, str, str]


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    """A service with the sample; the tests record nothing."""
    with new_service() as made:
        url = made.app.extensions[EXTENSION].settings.database_url
        load_sample(Settings(), url)
        yield made


def key(edge: Any) -> Key:
    return edge["relation"], edge["subject"], edge["object"]


def keys(answer: Any) -> list[Key]:
    return [key(edge) for edge in answer.json["edges"]]


def ids(answer: Any) -> list[str]:
    return [node["id"] for node in answer.json["nodes"]]


def pairs(answer: Any) -> list[list[str]]:
    return [pair["entities"] for pair in answer.json["pairs"]]


def all_pages(service: Service, items: str, path: str, **query: str) -> list[Any]:
    """The items of all pages, one after the other."""
    answer = service.get(path, **query)
    found = list(answer.json[items])
    while answer.json["next"] is not None:
        assert answer.headers["Link"].startswith(f'<{answer.json["next"]}>; rel="next"')
        position, clocks = answer.json["position"], answer.json["clocks"]
        answer = service.get(answer.json["next"])
        assert (answer.json["position"], answer.json["clocks"]) == (position, clocks)
        found += answer.json[items]
    return found


def every_state(service: Service, **query: str) -> dict[Key, Any]:
    """The relations of every entity, asked for one by one."""
    entities = [item["id"] for item in all_pages(service, "entities", "/v1/entities")]
    states = [service.get(f"/v1/entities/{name}/state", limit="200", **query).json for name in entities]
    return {key(item): item for state in states for item in state["relations"]}


# the whole


@pytest.mark.parametrize(
    "query",
    [
        {"as_of": DAY},
        {"as_of": DAY, "include": "ended"},
        {"as_of": DAY, "status": "planned"},
        {"as_of": DAY, "relation": "offers"},
        {"as_of": "2015-12-01", "published_by": "2014-12-01"},
        {"as_of": DAY, "recorded_by": "200"},
        {"as_of": DAY, "according_to": "mirantis"},
    ],
)
def test_the_network_is_the_relations_of_all_states(service: Service, query: dict[str, str]) -> None:
    states = every_state(service, **query)
    answer = service.get(NETWORK, limit="200", **query)
    assert {key(edge): edge for edge in answer.json["edges"]} == states
    assert keys(answer) == sorted(states, key=lambda k: (k[1], k[0], k[2])) and states
    assert ids(answer) == sorted({end for k in states for end in k[1:]})
    assert answer.json["next"] is None


def test_nodes_are_told_with_kind_and_name(service: Service) -> None:
    told = service.get(NETWORK, as_of=DAY, limit="200").json
    assert {"id": "red-hat", "kind": "company", "name": "Red Hat"} in told["nodes"]
    assert told["names"]["red-hat"] == "Red Hat"
    assert {claim for edge in told["edges"] for claim in edge["claims"]} <= told["refs"].keys()


@pytest.mark.parametrize("limit", ["1", "7", "44", "45", "46"])
def test_the_pages_together_are_the_whole(service: Service, limit: str) -> None:
    whole = service.get(NETWORK, as_of=DAY, limit="200").json["edges"]
    assert len(whole) == 45
    assert all_pages(service, "edges", NETWORK, as_of=DAY, limit=limit) == whole


def test_pages_are_the_whole_though_each_looks_at_little(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = service.get(NETWORK, as_of=DAY, limit="200").json["edges"]
    friends = service.get(FRENEMIES, as_of=DAY).json["pairs"]
    monkeypatch.setattr(f"{SOURCE_MODULE}.BATCH_CLAIMS", 1)
    monkeypatch.setattr(f"{NETWORK_MODULE}.PAGE_COST", 30)
    short = service.get(NETWORK, as_of=DAY).json
    assert len(short["edges"]) < 45 and short["next"] is not None
    assert all_pages(service, "edges", NETWORK, as_of=DAY, limit="3") == whole
    assert all_pages(service, "pairs", FRENEMIES, as_of=DAY, limit="1") == friends
    assert _lines(service, as_of=DAY)[:-1] == whole


def _lines(service: Service, **query: str) -> list[Any]:
    """The lines of a network that is asked for as lines."""
    answer = service.app.test_client().get(NETWORK, query_string=query, headers={"Accept": NDJSON})
    assert (answer.status_code, answer.content_type) == (200, NDJSON)
    assert answer.is_streamed and "Accept" in answer.vary
    return [json.loads(line) for line in answer.get_data().splitlines()]


@pytest.mark.parametrize("form", [{}, {"center": "mirantis", "depth": "2"}, {"entities": "red-hat,mirantis"}])
def test_lines_are_the_whole_with_their_count_at_the_end(service: Service, form: dict[str, str]) -> None:
    whole = service.get(NETWORK, as_of=DAY, limit="200", **form).json
    *lines, last = _lines(service, as_of=DAY, limit="2", **form)
    assert lines == whole["edges"]
    assert last == {"count": len(lines), "next": None, "position": whole["position"], "clocks": whole["clocks"]}


def test_lines_go_on_behind_a_cursor(service: Service) -> None:
    first = service.get(NETWORK, as_of=DAY, limit="40").json
    cursor = first["next"].rsplit("cursor=", 1)[1]
    *lines, last = _lines(service, as_of=DAY, cursor=cursor)
    assert first["edges"] + lines == service.get(NETWORK, as_of=DAY, limit="200").json["edges"]
    assert last["count"] == 5


@pytest.mark.limit(name="stream_lines")
@pytest.mark.limit(name="stream_seconds")
@pytest.mark.parametrize("limits", [{"stream_lines": 2}, {"stream_seconds": 0.0}])
def test_lines_end_at_a_limit_and_say_where_the_rest_is(
    new_service: NewService, monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any]
) -> None:
    with new_service(limits=replace(Limits(), **limits)) as made:
        _chain(made, "ab", "bc", "cd", "de", "ef")
        whole = keys(made.get(NETWORK, as_of=DAY))
        monkeypatch.setattr(f"{SOURCE_MODULE}.BATCH_CLAIMS", 1)
        monkeypatch.setattr(f"{NETWORK_MODULE}.PAGE_COST", 3)
        found, path, parts = [], f"{NETWORK}?as_of={DAY}&relation=customer_of", 0
        while path is not None:
            *lines, last = _lines_at(made, path)
            assert last["count"] == len(lines) <= 2
            found, path, parts = found + lines, last["next"], parts + 1
        assert [key(line) for line in found] == whole and len(whole) == 5
        assert parts > 1


def test_what_is_refused_on_the_way_is_told_in_the_last_line(
    new_service: NewService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{SOURCE_MODULE}.BATCH_CLAIMS", 1)
    monkeypatch.setattr(f"{NETWORK_MODULE}.PAGE_COST", 2)
    with new_service(limits=replace(Limits(), fold_claims=2)) as made:
        _chain(made, "ab", "ed", "fe", "ge")
        *lines, last = _lines_at(made, f"{NETWORK}?as_of={DAY}")
        assert [key(line)[1:] for line in lines] == [("a", "b")]
        assert last["count"] == 1 and last["problem"]["type"] == "urn:frenemies:problem:query-too-expensive"
        refused(made.send("GET", last["next"]), 422, "query-too-expensive")


def _lines_at(service: Service, path: str) -> list[Any]:
    service.catch_up()
    answer = service.app.test_client().get(path, headers={"Accept": NDJSON})
    assert (answer.status_code, answer.content_type) == (200, NDJSON)
    return [json.loads(line) for line in answer.get_data().splitlines()]


def _chain(service: Service, *pairs: str) -> None:
    """Customers and vendors, each a company of one letter."""
    for number, (one, other) in enumerate(pairs):
        service.known(one, other)
        service.article()
        claim = examples.claim(type="customer", participants=_customer(one, other), ref=f"r{number}")
        assert service.post("/v1/claims", claim).status_code == 201


def test_a_page_looks_only_at_the_relations_that_it_shows(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = service.get(NETWORK, as_of=DAY).json
    made: list[Any] = []

    def counting(hearing: Any, key: Any, day: int) -> Any:
        made.append(key)
        return relation_state(hearing, key, day)

    monkeypatch.setattr(f"{SOURCE_MODULE}.relation_state", counting)
    for limit in ("1", "10"):
        made.clear()
        answer = service.get(NETWORK, as_of=DAY, limit=limit)
        assert keys(answer) == [key(edge) for edge in whole["edges"]][: int(limit)]
        assert len(made) < int(limit) + 10


def test_a_refusal_of_lines_is_a_problem(service: Service) -> None:
    answer = service.send("GET", NETWORK, query_string={"center": "nobody"}, headers={"Accept": NDJSON})
    refused(answer, 404, "unknown")


# a part


def test_a_neighbourhood_is_the_part_of_the_network_that_is_near(service: Service) -> None:
    whole = service.get(NETWORK, as_of=DAY, limit="200").json["edges"]
    near = {"mirantis"}
    for depth in ("1", "2", "3"):
        near |= {end for edge in whole for end in key(edge)[1:] if near & {*key(edge)[1:]}}
        answer = service.get(NETWORK, as_of=DAY, center="mirantis", depth=depth, limit="200")
        assert answer.json["edges"] == [edge for edge in whole if near.issuperset(key(edge)[1:])]
        assert ids(answer) == sorted(near)


def test_depth_is_one_unless_it_is_given(service: Service) -> None:
    assert keys(service.get(NETWORK, as_of=DAY, center="canonical")) == [("partner_of", "canonical", "mirantis")]


def test_only_wanted_relations_lead_further(service: Service) -> None:
    answer = service.get(NETWORK, as_of=DAY, center="red-hat", depth="3", relation="owns")
    assert keys(answer) == [("owns", "red-hat", "enovance")]


def test_the_network_among_some_has_the_relations_between_them(service: Service) -> None:
    whole = service.get(NETWORK, as_of=DAY, limit="200").json["edges"]
    some = ["vmware", "mirantis", "red-hat", "canonical"]
    answer = service.get(NETWORK, as_of=DAY, entities=",".join(some))
    assert answer.json["edges"] == [edge for edge in whole if set(some).issuperset(key(edge)[1:])]
    assert len(answer.json["edges"]) == 5 and ids(answer) == sorted(some)


def test_parts_have_pages_too(service: Service) -> None:
    for form in ({"center": "mirantis", "depth": "2"}, {"entities": "vmware,mirantis,red-hat"}):
        whole = service.get(NETWORK, as_of=DAY, limit="200", **form).json["edges"]
        assert len(whole) > 2
        assert all_pages(service, "edges", NETWORK, as_of=DAY, limit="2", **form) == whole


def test_an_entity_without_relations_stands_alone(service: Service) -> None:
    answer = service.get(NETWORK, as_of="1990-01-01", center="mirantis", depth="3", status="holds")
    assert (ids(answer), keys(answer)) == (["mirantis"], [])


# paths


def test_a_path_goes_step_by_step_through_the_network(service: Service) -> None:
    told = service.get(PATH, as_of="2015-12-01", from_="mirantis", to="microsoft").json
    assert (told["from"], told["to"], told["found"], told["length"]) == ("mirantis", "microsoft", True, 2)
    assert [(step["from"], step["to"]) for step in told["steps"]] == [
        ("mirantis", "canonical"),
        ("canonical", "microsoft"),
    ]
    named = [key(item) for step in told["steps"] for item in step["relations"]]
    assert sorted(named) == sorted(map(key, told["edges"]))
    assert [node["id"] for node in told["nodes"]] == ["canonical", "microsoft", "mirantis"]


def test_a_path_goes_only_by_the_wanted_relations(service: Service) -> None:
    told = service.get(PATH, as_of=DAY, from_="vmware", to="enovance", relation="owns").json
    assert (told["found"], told["length"], told["steps"], told["edges"]) == (False, None, [], [])
    assert [node["id"] for node in told["nodes"]] == ["enovance", "vmware"]
    assert service.get(PATH, as_of=DAY, from_="vmware", to="enovance").json["length"] == 3


def test_the_path_of_an_entity_to_itself_has_no_steps(service: Service) -> None:
    told = service.get(PATH, from_="vmware", to="vmware").json
    assert (told["found"], told["length"], told["steps"]) == (True, 0, [])


def test_no_path_is_known_before_anything_was_recorded(service: Service) -> None:
    told = service.get(PATH, as_of=DAY, from_="red-hat", to="mirantis", recorded_by="0").json
    assert told["found"] is False


# frenemies


def test_red_hat_and_mirantis_are_frenemies_in_november_2014(service: Service) -> None:
    answer = service.get(FRENEMIES, as_of=DAY)
    assert pairs(answer) == [["microsoft", "red-hat"], ["mirantis", "red-hat"], ["openstack", "vmware"]]
    pair = answer.json["pairs"][1]
    cooperate = [(item["relation"], item["status"]) for item in pair["cooperate"]["relations"]]
    assert cooperate == [("agreement_with", "holds"), ("partner_of", "holds"), ("investor_of", "holds")]
    (opposing,) = pair["oppose"]["relations"]
    assert (opposing["relation"], opposing["contested"]) == ("agreement_with", True)
    assert pair["oppose"]["stances"] == []
    assert all(item["claims"] for side in pair.values() if isinstance(side, dict) for item in side["relations"])


def test_stances_are_told_with_their_claims(service: Service) -> None:
    answer = service.get(FRENEMIES, as_of=DAY, entity="vmware")
    (pair,) = answer.json["pairs"]
    stances = [(s["speaker"], s["stance"], s["status"]) for s in pair["oppose"]["stances"]]
    assert ("pat-gelsinger", "sceptical", "holds") in stances and ("vmware", "hostile", "holds") in stances
    refs = {answer.json["refs"][claim] for s in pair["oppose"]["stances"] for claim in s["claims"]}
    assert {"001-04", "001-11"} <= refs
    assert answer.json["names"]["pat-gelsinger"] == "Pat Gelsinger"


def test_frenemies_of_one_entity_are_those_of_all_with_it(service: Service) -> None:
    whole = service.get(FRENEMIES, as_of=DAY).json["pairs"]
    for entity in ("red-hat", "mirantis", "openstack", "canonical"):
        told = service.get(FRENEMIES, as_of=DAY, entity=entity).json["pairs"]
        assert told == [pair for pair in whole if entity in pair["entities"]]
    one_by_one = all_pages(service, "pairs", FRENEMIES, as_of=DAY, entity="red-hat", limit="1")
    assert one_by_one == [pair for pair in whole if "red-hat" in pair["entities"]]


def test_the_pages_of_frenemies_together_are_the_whole(service: Service) -> None:
    whole = service.get(FRENEMIES, as_of=DAY).json["pairs"]
    assert all_pages(service, "pairs", FRENEMIES, as_of=DAY, limit="1") == whole


@pytest.mark.parametrize(
    ("clocks", "expected"),
    [
        ({"as_of": "2012-12-31", "published_by": "2014-12-31"}, []),
        ({"as_of": DAY, "published_by": "2013-12-31"}, [["openstack", "vmware"]]),
        ({"as_of": DAY, "according_to": "mirantis"}, []),
        ({"as_of": DAY, "recorded_by": "0"}, []),
    ],
)
def test_frenemies_are_those_of_the_point(service: Service, clocks: dict[str, str], expected: list[list[str]]) -> None:
    assert [pair for pair in pairs(service.get(FRENEMIES, **clocks)) if "microsoft" not in pair] == expected


def test_answers_are_the_same_where_none_is_kept(
    service: Service, new_service: NewService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.beliefs.MOST_BYTES", 0)
    with new_service() as other:
        load_sample(Settings(), other.app.extensions[EXTENSION].settings.database_url)
        for path in (FRENEMIES, NETWORK, "/v1/entities/openstack/state"):
            found, expected = (one.get(path, as_of=DAY, limit="200").json for one in (other, service))
            for name in {"pairs", "edges", "relations", "votes", "stances", "profile", "refs"} & expected.keys():
                assert found[name] == expected[name]


# merges and the clock of recording


def test_a_merged_entity_is_listed_under_the_one_that_goes_on(own_service: Service) -> None:
    own_service.known("a-vm-ware")
    other = [{"role": "acquirer", "entity": "a-vm-ware"}, {"role": "target", "entity": "red-hat"}]
    own_service.claim(**examples.ownership())
    own_service.claim(**examples.ownership(participants=other))
    own_service.claim(**examples.claim(type="competition", participants=_both("mirantis", "a-vm-ware", "competitor")))
    own_service.claim(**examples.claim(type="partnership", participants=_both("mirantis", "vmware", "partner")))
    before = own_service.timeline.head()
    own_service.post("/v1/entities/a-vm-ware/merge", {"into": "vmware", "reason": "the same"})

    def told(path: str, **query: str) -> Any:
        return own_service.get(path, as_of="2014-12-01", **query)

    merged = [
        "competes_with mirantis vmware",
        "owns vmware mirantis",
        "owns vmware red-hat",
        "partner_of mirantis vmware",
    ]
    for form in ({}, {"center": "a-vm-ware"}, {"entities": "a-vm-ware,mirantis,red-hat"}):
        answer = told(NETWORK, **form)
        assert sorted(" ".join(k) for k in keys(answer)) == merged
        notices = [(notice["asked"], notice["answered"]) for notice in answer.json["notices"]]
        assert notices == ([("a-vm-ware", "vmware")] if form else [])
    assert all_pages(own_service, "edges", NETWORK, as_of="2014-12-01", limit="1") == told(NETWORK).json["edges"]
    assert told(PATH, from_="red-hat", to="mirantis").json["length"] == 2
    assert told(PATH, from_="a-vm-ware", to="vmware").json["length"] == 0
    assert pairs(told(FRENEMIES)) == pairs(told(FRENEMIES, entity="a-vm-ware")) == [["mirantis", "vmware"]]
    assert pairs(told(FRENEMIES, recorded_by=str(before))) == []
    assert told(PATH, from_="red-hat", to="vmware", recorded_by=str(before)).json["length"] == 3


def _both(one: str, other: str, role: str) -> list[dict[str, str]]:
    return [{"role": role, "entity": one}, {"role": role, "entity": other}]


def test_pages_stay_at_the_position_of_the_first(own_service: Service) -> None:
    own_service.claim(**examples.ownership())
    own_service.claim(**examples.claim(time={"kind": "instant", "edtf": "2013"}))
    first = own_service.get(NETWORK, as_of="2014-12-01", limit="1")
    own_service.claim(**examples.claim(type="partnership", participants=_both("red-hat", "vmware", "partner")))
    second = own_service.get(first.json["next"])
    assert keys(first) + keys(second) == [("investor_of", "red-hat", "mirantis"), ("owns", "vmware", "mirantis")]
    assert second.json["next"] is None


# limits and bad input


@pytest.fixture
def narrow(new_service: NewService) -> Iterator[Service]:
    """A service whose answers hold at most three entities."""
    with new_service(limits=replace(Limits(), graph_nodes=3, path_steps=2)) as made:
        _chain(made, "ab", "bc", "cd", "de", "ef")
        yield made


def _customer(one: str, other: str) -> list[dict[str, str]]:
    return [{"role": "customer", "entity": one}, {"role": "vendor", "entity": other}]


@pytest.mark.limit(name="graph_nodes")
def test_more_entities_than_an_answer_holds_are_refused_with_a_cheaper_way(narrow: Service) -> None:
    assert ids(narrow.get(NETWORK, center="a", depth="2")) == ["a", "b", "c"]
    told = refused(narrow.get(NETWORK, center="a", depth="3"), 422, "query-too-expensive")
    assert "smaller depth" in told["detail"] and "at most 3 entities" in told["detail"]
    told = refused(narrow.get(NETWORK, entities="a,b,c,d"), 422, "query-too-expensive")
    assert "fewer entities" in told["detail"]
    assert len(all_pages(narrow, "edges", NETWORK, limit="2")) == 5


@pytest.mark.limit(name="path_steps")
def test_a_path_has_no_more_steps_than_allowed(narrow: Service) -> None:
    assert narrow.get(PATH, from_="a", to="c").json["length"] == 2
    assert narrow.get(PATH, from_="a", to="d").json["found"] is False


@pytest.mark.limit(name="fold_claims")
def test_more_claims_than_an_answer_may_cost_are_refused(new_service: NewService) -> None:
    with new_service(limits=replace(Limits(), fold_claims=2)) as made:
        _chain(made, "ab", "bc", "cd")
        assert len(keys(made.get(NETWORK, center="a"))) == 1
        refused(made.get(NETWORK, center="a", depth="2"), 422, "query-too-expensive")
        refused(made.get(PATH, from_="a", to="d"), 422, "query-too-expensive")
        assert len(keys(made.get(NETWORK))) == 3
        assert pairs(made.get(FRENEMIES)) == []


@pytest.mark.parametrize(
    ("path", "query", "code", "pointer"),
    [
        (NETWORK, {"depth": "0", "center": "mirantis"}, "bad-query", "/depth"),
        (NETWORK, {"depth": "4", "center": "mirantis"}, "bad-query", "/depth"),
        (NETWORK, {"depth": "two", "center": "mirantis"}, "bad-query", "/depth"),
        (NETWORK, {"depth": "1"}, "bad-query", "/depth"),
        (NETWORK, {"center": "mirantis", "entities": "red-hat"}, "bad-query", "/entities"),
        (NETWORK, {"center": "No Id"}, "invalid", "/center"),
        (NETWORK, {"center": "x\0"}, "invalid", "/center"),
        (NETWORK, {"center": "x" * 201}, "bad-query", "/center"),
        (NETWORK, {"entities": ""}, "invalid", "/entities"),
        (NETWORK, {"entities": "red-hat,,mirantis"}, "invalid", "/entities"),
        (NETWORK, {"status": "married"}, "bad-query", "/status"),
        (NETWORK, {"relation": "loves"}, "bad-query", "/relation"),
        (NETWORK, {"include": "all"}, "bad-query", "/include"),
        (NETWORK, {"limit": "201"}, "bad-query", "/limit"),
        (NETWORK, {"as_of": "2014-02-30"}, "invalid-date", "/as_of"),
        (NETWORK, {"colour": "red"}, "bad-query", "/colour"),
        (PATH, {"from": "red-hat"}, "bad-query", "/to"),
        (PATH, {"to": "red-hat"}, "bad-query", "/from"),
        (PATH, {"from": "red-hat", "to": "?"}, "invalid", "/to"),
        (PATH, {"from": "red-hat", "to": "mirantis", "cursor": "x"}, "bad-query", "/cursor"),
        (FRENEMIES, {"entity": "Red Hat"}, "invalid", "/entity"),
        (FRENEMIES, {"limit": "0"}, "bad-query", "/limit"),
        (FRENEMIES, {"relation": "owns"}, "bad-query", "/relation"),
    ],
)
def test_a_wrong_question_is_refused_by_name(
    service: Service, path: str, query: dict[str, str], code: str, pointer: str
) -> None:
    refused(service.send("GET", path, query_string=query), 422, code, pointer)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (NETWORK, {"center": "nobody"}),
        (NETWORK, {"entities": "red-hat,nobody"}),
        (PATH, {"from": "nobody", "to": "red-hat"}),
        (PATH, {"from": "red-hat", "to": "nobody"}),
        (FRENEMIES, {"entity": "nobody"}),
        (NETWORK, {"according_to": "nobody"}),
    ],
)
def test_an_unknown_entity_is_404(service: Service, path: str, query: dict[str, str]) -> None:
    assert "nobody" in refused(service.send("GET", path, query_string=query), 404, "unknown")["detail"]


@pytest.mark.parametrize("cursor", ["", "x", "!!", "bnVsbA", "A" * 1_999])
def test_a_forged_cursor_is_refused(service: Service, cursor: str) -> None:
    refused(service.get(NETWORK, cursor=cursor), 400, "bad-cursor", "/cursor")
    refused(service.get(FRENEMIES, cursor=cursor), 400, "bad-cursor", "/cursor")


@pytest.mark.parametrize("place", ["", "a/b/\0", "A", "a//b", "/", "\ud7ff"])
def test_a_cursor_with_a_forged_place_is_refused(service: Service, place: str) -> None:
    for path in (NETWORK, FRENEMIES):
        cursor = service.get(path, as_of=DAY, limit="1").json["next"].rsplit("cursor=", 1)[1]
        forged = _with_place(cursor, place)
        refused(service.get(path, as_of=DAY, cursor=forged), 422, "invalid", "/cursor")


@pytest.mark.parametrize("place", ["", "a/b", "4/a\0b", "100/a", "-1/a", "\u0663/a"])
def test_a_cursor_of_a_state_with_a_forged_place_is_refused(service: Service, place: str) -> None:
    path = "/v1/entities/openstack/state"
    cursor = service.get(path, as_of=DAY, limit="1").json["next"].rsplit("cursor=", 1)[1]
    query = {"as_of": DAY, "limit": "1", "cursor": _with_place(cursor, place)}
    refused(service.get(path, **query), 422, "invalid", "/cursor")


def _with_place(cursor: str, place: str) -> str:
    *kept, _ = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return urlsafe_b64encode(json.dumps([*kept, place]).encode()).decode().rstrip("=")


def test_the_cursor_of_another_question_is_refused(service: Service) -> None:
    cursor = service.get(NETWORK, as_of=DAY, limit="1").json["next"].rsplit("cursor=", 1)[1]
    refused(service.get(NETWORK, as_of=DAY, relation="owns", cursor=cursor), 400, "bad-cursor", "/cursor")
    refused(service.get(FRENEMIES, as_of=DAY, cursor=cursor), 400, "bad-cursor", "/cursor")
