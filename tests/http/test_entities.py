"""PUT and GET /v1/entities/{id}, rename, merge, unmerge, and the search."""

from __future__ import annotations

import pytest

from service.db import connect
from service.http.context import EXTENSION
from tests.http import examples
from tests.http.conftest import Service, refused


def test_registers_an_entity(service: Service) -> None:
    answer = service.put("/v1/entities/suse", examples.registration(name="SUSE", aliases=["S.u.S.E."], id="suse"))
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/v1/entities/suse"
    assert answer.json["id"] == "suse" and answer.json["version"] == 1 and answer.json["created"]
    known = service.get("/v1/entities/suse").json
    assert (known["name"], known["aliases"], known["kind"]) == ("SUSE", ["S.u.S.E."], "company")
    assert known["position"] >= answer.json["position"] == known["last_changed"]


def test_registering_the_same_again_records_nothing(service: Service) -> None:
    first = service.put("/v1/entities/oracle", examples.registration(name="Oracle"))
    with service.nothing_recorded():
        again = service.put("/v1/entities/oracle", examples.registration(name="Oracle"))
    assert (again.status_code, again.json["position"]) == (200, first.json["position"])
    assert (again.json["changed"], again.json["recorded_at"]) == (False, None)


def test_puts_an_entity_right(service: Service) -> None:
    service.put("/v1/entities/idc", examples.registration(name="ICD"))
    answer = service.put("/v1/entities/idc", examples.registration(name="IDC", identifiers={"wikidata": "Q1"}))
    assert (answer.status_code, answer.json["version"], answer.json["created"]) == (200, 2, False)
    assert service.get("/v1/entities/idc").json["identifiers"] == {"wikidata": "Q1"}


def test_answers_as_of_a_log_position(service: Service) -> None:
    before = service.put("/v1/entities/fico", examples.registration(name="Fico")).json["position"]
    service.put("/v1/entities/fico", examples.registration(name="FICO"))
    assert service.get("/v1/entities/fico", recorded_by=str(before)).json["name"] == "Fico"
    refused(service.get("/v1/entities/fico", recorded_by=str(before - 1)), 404, "unknown")


def test_names_of_persons_can_be_read_and_stay_out_of_the_feed(service: Service) -> None:
    service.put("/v1/entities/p-1", examples.registration(kind="person", name="Petra Person", aliases=["P. P."]))
    assert service.get("/v1/entities/p-1").json["name"] == "Petra Person"
    assert "Petra" not in service.get("/v1/feed", limit="200").text


def test_a_name_that_is_not_what_was_sealed_is_not_shown(own_service: Service) -> None:
    own_service.put("/v1/entities/p-1", examples.registration(kind="person", name="Petra Person"))
    with connect(own_service.app.extensions[EXTENSION].settings.database_url) as connection:
        connection.execute("UPDATE log.texts SET content = 'Mallory'")
    known = own_service.get("/v1/entities/p-1")
    assert (known.json["name"], "Mallory" in known.text) == (None, False)
    assert own_service.get("/v1/entities", q="Mallory").json["entities"] == []


@pytest.mark.parametrize("name", ["Red-Hat", "red hat", "-red", "red--hat", "r\u00e9d", "x" * 201])
def test_refuses_an_id_of_another_form(service: Service, name: str) -> None:
    with service.nothing_recorded():
        refused(service.put(f"/v1/entities/{name}", examples.registration()), 422, "bad-path", "/id")
        refused(service.get(f"/v1/entities/{name}"), 422, "invalid")


def test_refuses_an_unknown_kind(service: Service) -> None:
    with service.nothing_recorded():
        refused(service.put("/v1/entities/x", examples.registration(kind="planet")), 422, "invalid", "/kind")


def test_refuses_to_make_a_person_of_a_company(service: Service) -> None:
    service.known("red-hat")
    with service.nothing_recorded():
        refused(service.put("/v1/entities/red-hat", examples.registration(kind="person")), 409, "conflict")


def test_an_unknown_entity_is_404(service: Service) -> None:
    refused(service.get("/v1/entities/nobody"), 404, "unknown")
    refused(service.post("/v1/entities/nobody/rename", {"name": "N", "since": "2014"}), 404, "unknown")


# renaming


def test_dates_a_new_name(service: Service) -> None:
    service.put("/v1/entities/piston", examples.registration(name="Piston"))
    answer = service.post("/v1/entities/piston/rename", {"name": "Piston Cloud", "since": "2011-07"})
    assert (answer.status_code, answer.headers["Location"]) == (201, "/v1/entities/piston")
    assert service.get("/v1/entities/piston").json["names"] == [{"name": "Piston Cloud", "since": "2011-07"}]
    again = service.post("/v1/entities/piston/rename", {"name": "Piston Cloud", "since": "2011-07"})
    assert (again.status_code, again.json["changed"]) == (200, False)


def test_refuses_a_rename_without_a_proper_date_or_article(service: Service) -> None:
    service.known("red-hat")
    path, body = "/v1/entities/red-hat/rename", {"name": "IBM", "since": "2019"}
    with service.nothing_recorded():
        refused(service.post(path, body | {"since": "soon"}), 422, "invalid-date", "/since")
        refused(service.post(path, body | {"name": " "}), 422, "invalid", "/name")
        refused(service.post(path, body | {"article": "https://example.org/none"}), 422, pointer="/article")
        refused(service.post(path, {"name": "IBM"}), 422, "misshapen", "/since")


# merging


def test_merges_and_unmerges(service: Service) -> None:
    for name in ("aws", "amazon-web-services"):
        service.put(f"/v1/entities/{name}", examples.registration(name=name))
    merge = {"into": "amazon-web-services", "reason": "the same company"}
    assert service.post("/v1/entities/aws/merge", merge).status_code == 201
    assert service.post("/v1/entities/aws/merge", merge).status_code == 200
    merged = service.get("/v1/entities/aws").json
    assert merged["merged_into"] == "amazon-web-services"
    assert service.get("/v1/entities/aws/state").json["entity"]["id"] == "amazon-web-services"
    unmerge = {"merge": merged["merge"], "reason": "they are not"}
    assert service.post("/v1/entities/aws/unmerge", unmerge).status_code == 201
    assert service.post("/v1/entities/aws/unmerge", unmerge).status_code == 200
    assert service.get("/v1/entities/aws").json["merged_into"] is None


def test_unmerges_by_the_name_of_the_other(service: Service) -> None:
    for name in ("ms", "microsoft"):
        service.put(f"/v1/entities/{name}", examples.registration(name=name))
    service.post("/v1/entities/ms/merge", {"into": "microsoft", "reason": "the same"})
    assert service.post("/v1/entities/ms/unmerge", {"into": "microsoft", "reason": "no"}).status_code == 201


def test_refuses_impossible_merges(service: Service) -> None:
    service.known("red-hat", "vmware")
    path = "/v1/entities/red-hat/merge"
    with service.nothing_recorded():
        refused(service.post(path, {"into": "nobody", "reason": "r"}), 422, "unknown-reference", "/into")
        refused(service.post(path, {"into": "red-hat", "reason": "r"}), 409, "conflict", "/into")
        refused(service.post(path, {"into": "vmware", "reason": " "}), 422, "invalid", "/reason")
        refused(service.post("/v1/entities/nobody/merge", {"into": "vmware", "reason": "r"}), 404, "unknown")
        both = {"merge": "x", "into": "vmware", "reason": "r"}
        refused(service.post("/v1/entities/red-hat/unmerge", both), 422, "misshapen", "/merge")
        refused(service.post("/v1/entities/red-hat/unmerge", {"reason": "r"}), 422, "misshapen", "/merge")
        refused(service.post("/v1/entities/red-hat/unmerge", {"merge": "x", "reason": "r"}), 404, "unknown")


# search


def test_finds_by_name_alias_prefix_word_and_identifier(service: Service) -> None:
    body = examples.registration(name="Deutsche Telekom", aliases=["DTAG"], identifiers={"lei": "549300V9QSIG4WX4GJ96"})
    service.put("/v1/entities/telekom", body)
    for q in ("Deutsche Telekom", "deut", "TELEK", "dtag", "telekom"):
        assert [e["id"] for e in service.get("/v1/entities", q=q).json["entities"]] == ["telekom"]
    for identifier in ("lei:549300V9QSIG4WX4GJ96", "549300V9QSIG4WX4GJ96"):
        assert [e["id"] for e in service.get("/v1/entities", identifier=identifier).json["entities"]] == ["telekom"]
    for query in (
        {"q": "elekom"},
        {"identifier": "wikidata:549300V9QSIG4WX4GJ96"},
        {"q": "telekom", "identifier": "x"},
    ):
        assert service.get("/v1/entities", **query).json["entities"] == []


def test_search_has_pages(service: Service) -> None:
    for n in range(5):
        service.put(f"/v1/entities/paged-{n}", examples.registration(name=f"Paged {n}"))
    found, path = [], "/v1/entities?q=paged&limit=2"
    while path is not None:
        answer = service.get(path)
        found.append([e["id"] for e in answer.json["entities"]])
        path = answer.json["next"]
        assert answer.headers.get("Link") == (f'<{path}>; rel="next"' if path else None)
    assert found == [["paged-0", "paged-1"], ["paged-2", "paged-3"], ["paged-4"]]
