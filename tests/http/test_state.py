"""GET /v1/entities/{id}/state and /timeline."""

from __future__ import annotations

from typing import Any

import pytest

from service.db import connect
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.projections.states import STATES
from tests.http import examples
from tests.http.conftest import Service, refused, surroundings_of

STATE = "/v1/entities/vmware/state"
AGREED = [{"role": "party", "entity": "vmware"}, {"role": "party", "entity": "red-hat"}]


@pytest.fixture(autouse=True)
def _recorded(service: Service) -> None:
    """VMware owned Mirantis until 2015, has an agreement with Red Hat, somebody's approval, and a figure."""
    service.known("pat")
    service.claim(**examples.ownership())
    service.claim(
        **examples.ownership(attributes={"stage": "divested"}, time={"kind": "instant", "edtf": "2015-01-01"})
    )
    service.claim(type="agreement", participants=AGREED, attributes={"term": "support"})
    service.claim(**examples.vote())
    about = [{"role": "speaker", "entity": "red-hat"}, {"role": "about", "entity": "vmware"}]
    service.claim(type="statement", participants=about, attributes={"stance": "friendly"}, modality="opinion")
    figure = {"measure": "revenue", "value": "6", "unit": "billion USD"}
    service.claim(type="market_fact", participants=[{"role": "subject", "entity": "vmware"}], attributes=figure)
    service.claim(
        type="organization",
        participants=[{"role": "subject", "entity": "vmware"}],
        attributes={"headquarters": "Palo Alto"},
    )
    service.claim(participants=[{"role": "investee", "entity": "vmware"}], attributes={"round": "A", "amount": 20})
    holder = [{"role": "holder", "entity": "pat"}, {"role": "organization", "entity": "vmware"}]
    service.claim(type="position", participants=holder, attributes={"title": "chief"})


def names(answer: Any) -> list[str]:
    return [item["relation"] for item in answer.json["relations"]]


def test_tells_everything_about_an_entity(service: Service) -> None:
    answer = service.get(STATE, as_of="2014-12-01")
    told = answer.json
    assert told["entity"]["id"] == "vmware" and told["next"] is None
    assert names(answer) == ["agreement_with", "holds_position", "member_of", "owns"]
    assert [vote["status"] for vote in told["votes"]] == ["occurred"]
    assert [(p["holder"], p["organization"], p["title"]) for p in told["positions"]] == [("pat", "vmware", "chief")]
    assert [title["title"] for title in told["positions"][0]["titles"]] == ["chief"]
    assert [(r["round"], r["status"], r["amount"]) for r in told["rounds"]] == [("A", "occurred", "20")]
    assert [(i["name"], i["value"]) for i in told["profile"]["attributes"]] == [("headquarters", "Palo Alto")]
    assert [(i["measure"], i["value"]) for i in told["profile"]["market_facts"]] == [("revenue", "6")]
    assert [(s["speaker"], s["stance"], s["about"]) for s in told["stances"]] == [("red-hat", "friendly", "vmware")]
    assert told["names"]["red-hat"] == "Red Hat"


def test_what_is_over_has_to_be_asked_for(service: Service) -> None:
    assert "owns" not in names(service.get(STATE, as_of="2015-06-01"))
    assert "owns" in names(service.get(STATE, as_of="2015-06-01", include="ended"))
    over = service.get(STATE, as_of="2015-06-01", status="not_held")
    assert names(over) == ["owns"] and over.json["relations"][0]["until"]["edtf"] == "2015-01-01"


def test_filters_by_status_and_relation(service: Service) -> None:
    assert names(service.get(STATE, as_of="2014-12-01", relation="owns")) == ["owns"]
    assert names(service.get(STATE, as_of="2014-12-01", status="planned")) == []
    assert service.get(STATE, as_of="2014-12-01", relation="owns").json["positions"] == []


def test_all_pages_are_of_one_answer(service: Service) -> None:
    whole = names(service.get(STATE, as_of="2014-12-01"))
    first = service.get(STATE, as_of="2014-12-01", limit="1")
    position = first.json["position"]
    customers = [{"role": "customer", "entity": "vmware"}, {"role": "vendor", "entity": "red-hat"}]
    claim = service.claim(type="customer", participants=customers)
    found, answer = names(first), first
    while answer.json["next"] is not None:
        assert answer.headers["Link"] == f'<{answer.json["next"]}>; rel="next"'
        answer = service.get(answer.json["next"])
        assert answer.json["position"] == position and answer.json["clocks"] == first.json["clocks"]
        found += names(answer)
    assert found == whole
    service.post(f"/v1/claims/{claim}/retraction", {"reason": "for this test only"})


@pytest.mark.parametrize("cursor", ["", "x", "!!", "bnVsbA", "W10", "WyJhIiwxLDIsMyw0XQ", "\u00e9", "A" * 1_999])
def test_refuses_a_forged_cursor(service: Service, cursor: str) -> None:
    refused(service.get(STATE, cursor=cursor), 400, "bad-cursor", "/cursor")


def test_refuses_the_cursor_of_another_list(service: Service) -> None:
    following = service.get(STATE, as_of="2014-12-01", limit="1").json["next"]
    cursor = following.rsplit("cursor=", 1)[1]
    for path in ("/v1/entities/red-hat/state", "/v1/entities/vmware/timeline", "/v1/entities"):
        refused(service.get(path, cursor=cursor), 400, "bad-cursor", "/cursor")
    refused(service.get(STATE, as_of="2014-12-02", cursor=cursor), 400, "bad-cursor", "/cursor")
    assert service.get(STATE, as_of="2014-12-01", cursor=cursor, limit="3").status_code == 200


def test_an_unknown_entity_is_404(service: Service) -> None:
    refused(service.get("/v1/entities/nobody/state"), 404, "unknown")
    refused(service.get("/v1/entities/nobody/timeline"), 404, "unknown")


def test_a_merged_entity_answers_as_the_one_that_goes_on(service: Service) -> None:
    service.known("vm-ware")
    service.post("/v1/entities/vm-ware/merge", {"into": "vmware", "reason": "the same"})
    told = service.get("/v1/entities/vm-ware/state", as_of="2014-12-01").json
    assert told["entity"]["id"] == "vmware" and told["relations"]


def test_a_page_ends_after_so_much_that_was_looked_at_also_where_nothing_is_listed_any_more(
    own_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = own_service
    for name in ("other", "one", "two", "three"):
        service.known(name)
    for name in ("one", "two", "three"):
        ends = [{"role": "partner", "entity": end} for end in ("other", name)]
        service.claim(type="partnership", participants=ends)
    service.claim(**examples.ownership())
    service.post("/v1/entities/other/merge", {"into": "vmware", "reason": "the same"})
    service.post("/v1/entities/other/unmerge", {"into": "vmware", "reason": "another"})
    service.catch_up()
    whole = service.get(STATE, as_of="2014-12-01", status="holds").json  # another question: this one is remembered
    assert [(r["relation"], r["subject"]) for r in whole["relations"]] == [("owns", "vmware")]
    monkeypatch.setattr("service.timeline.parts.MOST_LOOKED_AT", 2)
    pages = [service.get(STATE, as_of="2014-12-01", limit="99").json]
    while pages[-1]["next"] is not None:
        pages.append(service.get(pages[-1]["next"]).json)
    assert len(pages) == 2 and [r for page in pages for r in page["relations"]] == whole["relations"]


def test_an_answer_that_was_given_before_follows_what_is_recorded(own_service: Service) -> None:
    service, ends = own_service, [{"role": "partner", "entity": name} for name in ("one", "two")]
    for name in ("one", "two", "three"):
        service.known(name)
    first = service.claim(type="partnership", participants=ends, time={"kind": "instant", "edtf": "2010-03-01"})
    service.catch_up()

    position = str(service.get("/v1/entities/one/state").json["position"])

    def told(entity: str, **asked: str) -> tuple[list[Any], str]:
        answer = service.get(f"/v1/entities/{entity}/state", as_of="2014-12-01", **asked).json
        assert service.get(f"/v1/entities/{entity}/state", as_of="2014-12-01", **asked).json == answer
        return [(r["object"], r["since"]["edtf"], r["claims"]) for r in answer["relations"]], answer["state_hash"]

    before, other = told("one"), told("three")
    assert before[0] == [("two", "2010-03-01", [first])] and other[0] == []
    again = {"kind": "instant", "edtf": "2011-03-01"}
    service.post(f"/v1/claims/{first}/corrections", {"changes": {"time": again}, "reason": "misread"})
    service.catch_up()
    assert told("one")[0] == [("two", "2011-03-01", [first])]
    assert told("one", recorded_by=position) == before and told("three") == other
    service.post("/v1/entities/two/merge", {"into": "three", "reason": "the same"})
    service.catch_up()
    assert told("one")[0] == [("three", "2011-03-01", [first])]
    assert told("three")[0] == [("three", "2011-03-01", [first])]
    service.post(f"/v1/claims/{first}/retraction", {"reason": "it was another one"})
    service.catch_up()
    assert told("one")[0] == told("three")[0] == []


def test_a_forgotten_name_is_not_told_from_memory(own_service: Service) -> None:
    service, ends = own_service, [{"role": "holder", "entity": "ann"}, {"role": "organization", "entity": "vmware"}]
    service.put("/v1/entities/ann", examples.registration(name="Ann Example", kind="person"))
    service.claim(type="position", participants=ends, attributes={"title": "chief"})
    service.catch_up()
    assert [service.get(STATE).json["names"]["ann"] for _ in range(2)] == ["Ann Example"] * 2
    with connect(str(surroundings_of(service).settings.database_url)) as superuser, superuser.transaction():
        superuser.execute("DELETE FROM log.texts")
        superuser.execute(f"UPDATE {schema_of(INDEX)}.entities SET name = NULL WHERE reference IS NOT NULL")  # noqa: S608
    assert service.get(STATE).json["names"]["ann"] is None


def test_nothing_is_remembered_of_another_log(own_service: Service) -> None:
    """A log that was restored counts its positions anew."""
    service = own_service
    service.claim(**examples.ownership())
    service.catch_up()
    assert all(service.get(STATE).json["relations"] for _ in range(2))
    with connect(str(surroundings_of(service).settings.database_url)) as superuser:
        superuser.execute("UPDATE log.epoch SET epoch = gen_random_uuid()")
        superuser.execute(f"DELETE FROM {schema_of(STATES)}.places")  # noqa: S608
    assert service.get(STATE).json["relations"] == []


def test_recorded_by_an_instant(service: Service) -> None:
    now = service.get(STATE).json["clocks"]["recorded_by"]
    told = service.get(STATE, recorded_by=now["recorded_at"]).json
    assert told["clocks"]["recorded_by"] == now
    assert service.get(STATE, recorded_by="0", include="ended").json["relations"] == []


def test_waits_for_a_position(service: Service) -> None:
    position = service.put("/v1/entities/awaited", examples.registration(name="Awaited")).json["position"]
    assert service.get("/v1/entities/awaited", min_position=str(position)).json["position"] >= position


# timeline


def test_timeline_is_in_the_order_of_valid_time(service: Service) -> None:
    told = service.get("/v1/entities/vmware/timeline").json
    latest = [claim["time"]["latest"] for claim in told["claims"]]
    assert latest == sorted(latest) and len(latest) >= 8
    pages, path = [], "/v1/entities/vmware/timeline?limit=3"
    while path is not None:
        page = service.get(path).json
        pages += page["claims"]
        path = page["next"]
    assert pages == told["claims"]


def test_timeline_is_filtered(service: Service) -> None:
    path = "/v1/entities/vmware/timeline"
    assert {c["type"] for c in service.get(path, type="agreement").json["claims"]} == {"agreement"}
    assert [c["time"]["edtf"] for c in service.get(path, from_="2015-01-01").json["claims"]] == ["2015-01-01"]
    assert {c["time"]["edtf"] for c in service.get(path, to="2013-12-31").json["claims"]} == {"2013"}
    assert service.get(path, published_by="2014-11-03").json["claims"] == []
