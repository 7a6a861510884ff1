"""GET /v1/entities/{id}/state as JSON-LD and as FollowTheMoney, on the sample of five articles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import rdflib

from service.cli.demo import load_sample
from service.exports.jsonld import EDTF, VOCABULARY, entity_iri
from service.exports.media import FTM, JSON_LD
from service.http.context import EXTENSION
from service.settings import Settings
from tests.ftm_model import IS_A, demand_valid
from tests.http.conftest import NewService, Service, refused

STATE = "/v1/entities/red-hat/state"
DAY = "2014-11-04"
FR, PROV = rdflib.Namespace(VOCABULARY), rdflib.Namespace("http://www.w3.org/ns/prov#")
SCHEMA = rdflib.Namespace("https://schema.org/")


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    """A service with the sample; the tests record nothing."""
    with new_service() as made:
        load_sample(Settings(), made.app.extensions[EXTENSION].settings.database_url)
        yield made


def exported(service: Service, media: str, path: str = STATE, **query: str) -> str:
    service.catch_up()
    answer = service.app.test_client().get(path, query_string=query, headers={"Accept": media})
    assert (answer.status_code, answer.content_type) == (200, media)
    assert answer.is_streamed and "Accept" in answer.vary
    return answer.get_data().decode()


def triples(service: Service, **query: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=exported(service, JSON_LD, **query), format="json-ld")


def money(service: Service, **query: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in exported(service, FTM, **query).splitlines()]
    demand_valid(found)
    return found


def test_the_triples_are_the_relations_of_the_state(service: Service) -> None:
    whole = service.get(STATE, as_of=DAY, limit="200").json
    found = triples(service, as_of=DAY, limit="1")
    told = {
        tuple(
            str(found.value(one, FR[name])).rpartition(":")[2] for name in ("relation", "subject", "object", "status")
        )
        for one in found.subjects(rdflib.RDF.type, FR.Relation)
    }
    assert told == {(r["relation"], r["subject"], r["object"], r["status"]) for r in whole["relations"]}
    (state,) = found.subjects(rdflib.RDF.type, FR.State)
    assert len(set(found.objects(state, PROV.hadMember))) == len(told)
    assert (state, FR.position, rdflib.Literal(whole["position"])) in found


def test_every_relation_leads_to_who_says_so_in_which_article(service: Service) -> None:
    found = triples(service, as_of=DAY)
    asked = """
        SELECT ?relation ?claim ?voice ?article WHERE {
            ?relation a fr:Relation ; prov:wasDerivedFrom ?claim .
            ?claim a schema:Claim ; prov:wasAttributedTo ?voice ; schema:appearance ?article .
            ?article a schema:NewsArticle ; schema:headline ?title .
            ?voice a ?kind .
        }"""
    rows = set(found.query(asked, initNs={"fr": FR, "prov": PROV, "schema": SCHEMA}))
    assert {row[0] for row in rows} == set(found.subjects(rdflib.RDF.type, FR.Relation))
    assert {row[1] for row in rows} == set(found.objects(None, PROV.wasDerivedFrom))
    assert rdflib.URIRef(entity_iri("paul-cormier")) in {row[2] for row in rows}


def test_an_agreement_has_its_dates_its_contested_claims_and_its_article(service: Service) -> None:
    found = triples(service, as_of=DAY)
    name = rdflib.URIRef("urn:frenemies:relation:agreement_with:mirantis:red-hat")
    (told,) = found.subjects(PROV.specializationOf, name)
    assert (told, FR.since, rdflib.Literal("2013", datatype=EDTF)) in found
    assert (told, FR.contested, rdflib.Literal(True)) in found
    refs = {str(ref) for claim in found.objects(told, FR.contestedClaim) for ref in found.objects(claim, FR.ref)}
    assert "000-13" in refs
    url = "https://old.gigaom.com/2014/11/04/red-hat-and-mirantis-the-gloves-are-off"
    assert url in {str(url) for url in found.objects(None, SCHEMA.url)}


def test_a_document_is_the_same_though_few_claims_are_looked_at_together(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = triples(service, as_of=DAY)
    monkeypatch.setattr("service.http.formats._FEW_CLAIMS", 1)
    text = exported(service, JSON_LD, as_of=DAY)
    assert set(rdflib.Graph().parse(data=text, format="json-ld")) == set(whole)
    ids = [node["@id"] for node in json.loads(text)["@graph"]]
    assert len(ids) == len(set(ids))


def test_filters_clocks_cursors_and_tokens_count(service: Service) -> None:
    assert set(triples(service, as_of=DAY, relation="owns").objects(None, FR.relation)) == {FR.owns}
    assert not set(triples(service, as_of=DAY, recorded_by="0").objects(None, FR.relation))
    first = service.get(STATE, as_of=DAY, limit="3").json
    cursor = first["next"].rsplit("cursor=", 1)[1]
    whole, rest = (triples(service, as_of=DAY, **more) for more in ({}, {"cursor": cursor}))
    assert len(set(whole.objects(None, FR.subject))) >= len(set(rest.objects(None, FR.subject)))
    assert len(list(rest[: rdflib.RDF.type : FR.Relation])) == len(list(whole[: rdflib.RDF.type : FR.Relation])) - 3
    assert set(triples(service, token=first["token"])) == set(whole)


def test_follow_the_money_tells_the_entity_and_its_links(service: Service) -> None:
    first, *others = money(service, as_of=DAY)
    assert first["id"] == "red-hat" and "Red Hat, Inc." in first["properties"]["alias"]
    links = [one for one in others if one["schema"] not in IS_A]
    whole = service.get(STATE, as_of=DAY, limit="200").json["relations"]
    assert len(links) == len([one for one in whole if one["status"] in ("holds", "possibly")]) > 0
    assert {"Ownership", "Directorship", "UnknownLink"} <= {one["schema"] for one in links}


def test_the_links_of_a_state_are_those_of_the_network(service: Service) -> None:
    client = service.app.test_client()
    network = client.get("/v1/network", query_string={"as_of": DAY}, headers={"Accept": FTM}).get_data().splitlines()
    told = {line for line in exported(service, FTM, as_of=DAY).splitlines() if json.loads(line)["schema"] not in IS_A}
    assert told <= {line.decode() for line in network}


def test_json_is_what_is_answered_otherwise(service: Service) -> None:
    answer = service.get(STATE, headers={"Accept": "application/ld+json;q=0.5, application/json"}, as_of=DAY)
    assert answer.content_type == "application/json" and "Accept" in answer.vary
    # As a library of triples asks, whose second medium has a parameter that is none.
    accept = "application/ld+json, application/json;p=0.9, */*;q=0.1"
    asked = service.app.test_client().get(STATE, query_string={"as_of": DAY}, headers={"Accept": accept})
    assert asked.content_type == JSON_LD


@pytest.mark.parametrize("media", [JSON_LD, FTM])
def test_a_refusal_is_a_problem_in_any_form(service: Service, media: str) -> None:
    answer = service.send("GET", "/v1/entities/nobody/state", headers={"Accept": media})
    refused(answer, 404, "unknown")
