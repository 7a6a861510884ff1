"""GET /v1/network in the forms of other tools, on the sample of five articles."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import networkx
import pytest

from service.cli.demo import load_sample
from service.exports import chapters
from service.exports.media import CSV, FTM, GRAPHML, NDJSON
from service.http.context import EXTENSION
from service.settings import Settings
from tests.ftm_model import IS_A, demand_valid
from tests.http import examples
from tests.http.conftest import NewService, Service, refused

NETWORK = "/v1/network"
DAY = "2014-11-04"
PARTS: list[dict[str, str]] = [{}, {"center": "mirantis", "depth": "2"}, {"entities": "red-hat,mirantis,vmware"}]
TYPES = {CSV: "text/csv; charset=utf-8", GRAPHML: GRAPHML, FTM: FTM, NDJSON: NDJSON}


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    """A service with the sample; the tests record nothing."""
    with new_service() as made:
        load_sample(Settings(), made.app.extensions[EXTENSION].settings.database_url)
        yield made


def exported(service: Service, media: str, **query: str) -> str:
    """The network in a form of another tool."""
    service.catch_up()
    answer = service.app.test_client().get(NETWORK, query_string=query, headers={"Accept": media})
    assert (answer.status_code, answer.content_type) == (200, TYPES[media])
    assert answer.is_streamed and "Accept" in answer.vary
    return answer.get_data().decode()


def rows(service: Service, **query: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(service, CSV, **query), newline="")))


def graph(service: Service, **query: str) -> Any:
    return networkx.parse_graphml(exported(service, GRAPHML, **query), force_multigraph=True)


def money(service: Service, **query: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in exported(service, FTM, **query).splitlines()]
    demand_valid(found)
    return found


@pytest.mark.parametrize("part", PARTS)
def test_a_table_has_every_relation_of_the_network(service: Service, part: dict[str, str]) -> None:
    whole = service.get(NETWORK, as_of=DAY, limit="200", **part).json
    told = rows(service, as_of=DAY, limit="2", **part)
    names = {node["id"]: (node["name"], node["kind"]) for node in whole["nodes"]}
    assert len(told) == len(whole["edges"]) > 0
    for row, edge in zip(told, whole["edges"], strict=True):
        assert [row[field] for field in ("relation", "subject", "object", "status", "claim_count")] == [
            str(edge[field]) for field in ("relation", "subject", "object", "status", "claim_count")
        ]
        assert (row["subject_name"], row["subject_kind"]) == names[edge["subject"]]
        assert (row["object_name"], row["object_kind"]) == names[edge["object"]]
        for name in ("since", "until", "due"):
            when = edge[name] or {"edtf": "", "earliest": "", "latest": ""}
            assert [row[name], row[f"{name}_earliest"], row[f"{name}_latest"]] == [
                when[bound] or "" for bound in ("edtf", "earliest", "latest")
            ]
        assert (row["as_of"], row["position"]) == (DAY, str(whole["position"]))
        assert row["recorded_at"] == whole["clocks"]["recorded_by"]["recorded_at"]


@pytest.mark.parametrize("part", PARTS)
def test_a_graph_has_every_entity_and_relation_of_the_network(service: Service, part: dict[str, str]) -> None:
    whole = service.get(NETWORK, as_of=DAY, limit="200", **part).json
    told = graph(service, as_of=DAY, **part)
    assert {name: data["label"] for name, data in told.nodes(data=True)} == {n["id"]: n["name"] for n in whole["nodes"]}
    assert {name: (data["status"], data["claim_count"]) for *_, name, data in told.edges(keys=True, data=True)} == {
        f"{e['relation']}:{e['subject']}:{e['object']}": (e["status"], e["claim_count"]) for e in whole["edges"]
    }
    assert told.graph["position"] == whole["position"]


@pytest.mark.parametrize("part", PARTS)
def test_follow_the_money_has_what_holds_or_possibly_holds(service: Service, part: dict[str, str]) -> None:
    whole = service.get(NETWORK, as_of=DAY, limit="200", include="ended", **part).json
    told = money(service, as_of=DAY, include="ended", **part)
    entities = {one["id"] for one in told if one["schema"] in IS_A}
    assert entities == {node["id"] for node in whole["nodes"]}
    holding = [edge for edge in whole["edges"] if edge["status"] in ("holds", "possibly")]
    assert 0 < len(holding) < len(whole["edges"])
    assert len(told) - len(entities) == len(holding)


def test_links_name_the_articles_behind_them(service: Service) -> None:
    (link,) = [one for one in money(service, as_of=DAY, relation="investor_of") if one["schema"] == "Ownership"]
    told = link["properties"]
    assert (told["owner"], told["asset"], told["startDate"]) == (["red-hat"], ["mirantis"], ["2013"])
    assert told["sourceUrl"] == ["https://old.gigaom.com/2014/11/04/red-hat-and-mirantis-the-gloves-are-off"]
    assert told["publisher"] == ["gigaom"]


@pytest.mark.parametrize("media", [CSV, GRAPHML, FTM])
def test_a_form_is_the_same_though_each_page_is_short(
    service: Service, media: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = exported(service, media, as_of=DAY)
    monkeypatch.setattr("service.http.network._MOST_AT_ONCE", 3)
    if media == CSV:
        assert exported(service, media, as_of=DAY) == whole
    assert sorted(exported(service, media, as_of=DAY).splitlines()) == sorted(whole.splitlines())


def test_a_form_goes_on_behind_a_cursor(service: Service) -> None:
    cursor = service.get(NETWORK, as_of=DAY, limit="40").json["next"].rsplit("cursor=", 1)[1]
    assert [row["relation"] for row in rows(service, as_of=DAY, cursor=cursor)] == [
        row["relation"] for row in rows(service, as_of=DAY)
    ][40:]


def test_a_form_is_that_of_a_token(service: Service) -> None:
    token = service.get(NETWORK, as_of=DAY, recorded_by="200", relation="owns").json["token"]
    assert rows(service, token=token) == rows(service, as_of=DAY, recorded_by="200", relation="owns") != []


def test_nothing_is_a_form_too(service: Service) -> None:
    assert rows(service, recorded_by="0") == []
    assert not graph(service, recorded_by="0").nodes
    assert money(service, recorded_by="0") == []


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/json"),
        ("image/png", "application/json"),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("application/json, text/csv;q=0.5", "application/json"),
        ("text/csv;q=0", "application/json"),
        ("text/csv", TYPES[CSV]),
        ("text/csv; charset=utf-8; header=present", TYPES[CSV]),
        ("application/json;q=0.1, application/graphml+xml", GRAPHML),
        ("application/json+ftm, */*;q=0.1", FTM),
        ("text/csv;q=x", "application/json"),
        (",;=\x7f", "application/json"),
    ],
)
def test_the_client_says_which_form_it_likes(service: Service, accept: str, expected: str) -> None:
    answer = service.app.test_client().get(NETWORK, query_string={"as_of": DAY}, headers={"Accept": accept})
    assert (answer.status_code, answer.content_type) == (200, expected)
    assert "Accept" in answer.vary


@pytest.mark.parametrize("media", [CSV, GRAPHML, FTM])
def test_a_refusal_is_a_problem_in_any_form(service: Service, media: str) -> None:
    answer = service.send("GET", NETWORK, query_string={"center": "nobody"}, headers={"Accept": media})
    refused(answer, 404, "unknown")
    answer = service.send("GET", NETWORK, query_string={"as_of": "2014-02-30"}, headers={"Accept": media})
    refused(answer, 422, "invalid-date", "/as_of")


def test_too_many_entities_for_a_graph_are_refused_or_cut_it_off(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chapters, "MOST_ENTITIES", 5)
    assert len(rows(service, as_of=DAY)) == 45
    with pytest.raises(Exception, match="at most 5 entities"):
        exported(service, GRAPHML, as_of=DAY)


@pytest.mark.case(number=63)
def test_a_name_that_could_be_a_formula_or_markup_is_harmless(own_service: Service) -> None:
    name = '=HYPERLINK("https://evil.example","x")</data>'
    own_service.put("/v1/entities/vmware", examples.registration(name=name))
    own_service.put("/v1/entities/mirantis", examples.registration(name="Mirantis"))
    own_service.article()
    own_service.post("/v1/claims", examples.ownership())
    (row,) = rows(own_service, as_of="2014-12-01")
    assert row["subject_name"] == f"'{name}"
    assert graph(own_service, as_of="2014-12-01").nodes["vmware"]["label"] == name
    assert {"name": [name]} in [one["properties"] for one in money(own_service, as_of="2014-12-01")]
