"""Entities over time in answers: the names of the day, what merges mean for an answer, and lineage."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.http import examples
from tests.http.conftest import Service, refused

AGREED = [{"role": "party", "entity": "vmware"}, {"role": "party", "entity": "red-hat"}]
RELATION = "/v1/relations/agreement_with/vmware/red-hat"
NEWS = "https://example.org/new-name"


def register(service: Service, *names: str, **changes: Any) -> int:
    """Registers companies; the last log position."""
    for name in names:
        answer = service.put(f"/v1/entities/{name}", examples.registration(name=name.title(), **changes))
    return int(answer.json["position"])


def rename(service: Service, entity: str, name: str, since: str, **more: str) -> int:
    answer = service.post(f"/v1/entities/{entity}/rename", {"name": name, "since": since, **more})
    assert answer.status_code in (200, 201), answer.json
    return int(answer.json["position"])


def merge(service: Service, entity: str, into: str) -> TestResponse:
    return service.post(f"/v1/entities/{entity}/merge", {"into": into, "reason": "the same"})


def agreement(service: Service, *parties: str, **changes: Any) -> str:
    participants = [{"role": "party", "entity": party} for party in parties]
    return service.claim(type="agreement", participants=participants, attributes={"term": "support"}, **changes)


def split(service: Service, subject: str, *successors: str, **changes: Any) -> str:
    """A claim that a company was split on 1 May 2014."""
    participants = [{"role": "subject", "entity": subject}, *({"role": "successor", "entity": s} for s in successors)]
    usual = {"attributes": {"stage": "split"}, "time": {"kind": "instant", "edtf": "2014-05-01"}}
    return service.claim(type="organization", participants=participants, **(usual | changes))


# names of the day


def test_a_rename_shows_the_name_of_its_day_in_every_answer(service: Service) -> None:
    register(service, "ibm", "lotus")
    agreement(service, "ibm", "lotus")
    body = {"relation": "member_of", "subject": "ibm", "object": "lotus"}
    rename(service, "lotus", "HCL Notes", "2014-06-02")
    for day, name in (("2014-06-01", "Lotus"), ("2014-06-02", "HCL Notes")):
        assert service.get("/v1/entities/lotus", as_of=day).json["name"] == name
        state = service.get("/v1/entities/lotus/state", as_of=day).json
        assert state["entity"]["name"] == state["names"]["lotus"] == name
        assert service.get("/v1/entities/ibm/state", as_of=day).json["names"]["lotus"] == name
        assert service.get("/v1/relations/agreement_with/ibm/lotus", as_of=day).json["names"]["lotus"] == name
        assert service.get("/v1/votes/lotus", as_of=day, **body).json["names"]["lotus"] == name
    found = service.get("/v1/entities", q="lotus").json["entities"]
    assert [(item["id"], item["name"]) for item in found] == [("lotus", "HCL Notes")]


def test_an_uncertain_rename_shows_from_its_latest_day(service: Service) -> None:
    register(service, "sco")
    rename(service, "sco", "TSG", "2014-06")
    names = [service.get("/v1/entities/sco", as_of=day).json["name"] for day in ("2014-06-29", "2014-06-30")]
    assert names == ["Sco", "TSG"]


def test_a_rename_of_the_future_is_not_yet_shown(service: Service) -> None:
    register(service, "twitter")
    rename(service, "twitter", "X", "9999")
    assert service.get("/v1/entities/twitter").json["name"] == "Twitter"
    assert service.get("/v1/entities", q="twitter").json["entities"][0]["name"] == "Twitter"
    assert service.get("/v1/entities", q="x").json["entities"][0]["id"] == "twitter"


def test_a_rename_counts_from_its_recording_on(service: Service) -> None:
    before = register(service, "novell", "attachmate")
    after = rename(service, "novell", "Micro Focus", "2014-01-01")
    asked = {"as_of": "2014-06-01"}
    for position, name, dated in ((before, "Novell", []), (after, "Micro Focus", ["Micro Focus"])):
        entity = service.get("/v1/entities/novell", recorded_by=str(position), **asked).json
        assert (entity["name"], [item["name"] for item in entity["names"]]) == (name, dated)
        path = "/v1/relations/owns/attachmate/novell"
        assert service.get(path, recorded_by=str(position), **asked).json["names"]["novell"] == name


def test_the_history_of_names_does_not_depend_on_the_day(service: Service) -> None:
    register(service, "ximian")
    rename(service, "ximian", "Helix", "2012")
    rename(service, "ximian", "Novell Desktop", "2013")
    entity = service.get("/v1/entities/ximian", as_of="2012-12-31").json
    assert entity["name"] == "Helix"
    assert [item["since"] for item in entity["names"]] == ["2012", "2013"]


def test_a_rename_does_not_count_before_its_article_was_published(service: Service) -> None:
    register(service, "nicira", "avaya")
    service.article(url=NEWS, published="[2014-03-01..2014-03-03]")
    rename(service, "nicira", "NSX", "2013-01-01", article=NEWS)
    for limit, name in (("2014-03-02", "Nicira"), ("2014-03-03", "NSX")):
        asked = {"as_of": "2014-06-01", "published_by": limit}
        assert service.get("/v1/entities/nicira", **asked).json["name"] == name
        told = service.get("/v1/relations/owns/avaya/nicira", **asked).json
        assert told["names"] == {"avaya": "Avaya", "nicira": name}


def test_a_corrected_name_shows_from_its_recording_for_all_days(service: Service) -> None:
    before = register(service, "ubunto", "debian")
    service.put("/v1/entities/ubunto", examples.registration(name="Ubuntu"))
    path = "/v1/relations/owns/debian/ubunto"
    assert service.get(path, as_of="1990-01-01").json["names"]["ubunto"] == "Ubuntu"
    assert service.get(path, recorded_by=str(before)).json["names"]["ubunto"] == "Ubunto"


def test_one_registered_later_goes_by_its_first_name(service: Service) -> None:
    before = register(service, "sun")
    register(service, "oracle")
    rename(service, "oracle", "Oracle Cloud", "2000")
    state = service.get("/v1/entities/oracle/state", recorded_by=str(before)).json
    assert state["entity"]["name"] == state["names"]["oracle"] == "Oracle"
    assert service.get("/v1/relations/owns/oracle/sun", recorded_by=str(before)).json["names"]["oracle"] == "Oracle"


def test_names_of_persons_are_those_of_the_day_too(service: Service) -> None:
    register(service, "sun")
    service.put("/v1/entities/p-7", examples.registration(kind="person", name="Ida Before"))
    rename(service, "p-7", "Ida After", "2014-06-02")
    path = "/v1/relations/holds_position/p-7/sun"
    for day, name in (("2014-06-01", "Ida Before"), ("2014-06-02", "Ida After")):
        assert service.get(path, as_of=day).json["names"]["p-7"] == name
        assert service.get("/v1/entities/p-7", as_of=day).json["name"] == name


# merges


@pytest.fixture(name="merged")
def _merged(own_service: Service) -> tuple[Service, dict[str, Any]]:
    """VM Ware was merged into VMware; both have an agreement with Red Hat."""
    register(own_service, "vm-ware")
    agreement(own_service, "vmware", "red-hat")
    agreement(own_service, "vm-ware", "red-hat", time={"kind": "instant", "edtf": "2012"})
    position = merge(own_service, "vm-ware", "vmware").json["position"]
    made = own_service.get("/v1/entities/vm-ware").json["merge"]
    notice = {"kind": "merged", "asked": "vm-ware", "answered": "vmware", "merge": made, "position": position}
    return own_service, notice


def test_every_answer_about_a_merged_entity_says_so(merged: tuple[Service, dict[str, Any]]) -> None:
    service, notice = merged
    vote = "/v1/votes/red-hat?relation=member_of&subject=vm-ware&object=red-hat"
    relation = "/v1/relations/agreement_with/vm-ware/red-hat"
    for path in ("/v1/entities/vm-ware", "/v1/entities/vm-ware/state", "/v1/entities/vm-ware/timeline"):
        assert service.get(path).json["notices"] == [notice]
    for path in (relation, f"{relation}/claims", vote, "/v1/votes/vm-ware?motion=m"):
        assert service.get(path).json["notices"] == [notice]
    for path in ("/v1/entities/vmware", "/v1/entities/vmware/state", "/v1/entities/vmware/timeline", RELATION):
        assert service.get(path).json["notices"] == []
    assert service.get("/v1/entities/vmware/state", according_to="vm-ware").json["notices"] == [notice]


def test_a_merged_entity_has_the_answers_of_the_one_that_goes_on(merged: tuple[Service, dict[str, Any]]) -> None:
    service, notice = merged

    def told(path: str) -> Any:
        answer = service.get(path).json
        assert answer["names"].pop("vm-ware", "Vm-Ware") == "Vm-Ware"
        return {name: value for name, value in answer.items() if name not in ("notices", "clocks", "token")}

    assert told("/v1/entities/vm-ware/state") == told("/v1/entities/vmware/state")
    assert told("/v1/relations/agreement_with/vm-ware/red-hat") == told(RELATION)
    assert len(told(RELATION)["claims"]) == 2
    claims = service.get("/v1/entities/vm-ware/timeline").json["claims"]
    assert claims == service.get("/v1/entities/vmware/timeline").json["claims"]
    before = service.get("/v1/entities/vm-ware/state", recorded_by=str(notice["position"] - 1)).json
    assert (before["entity"]["id"], before["notices"]) == ("vm-ware", [])


def test_both_ends_of_a_relation_may_be_merged(merged: tuple[Service, dict[str, Any]]) -> None:
    service, notice = merged
    register(service, "redhat")
    merge(service, "redhat", "red-hat")
    told = service.get("/v1/relations/agreement_with/redhat/vm-ware").json
    assert [(n["asked"], n["answered"]) for n in told["notices"]] == [("redhat", "red-hat"), ("vm-ware", "vmware")]
    assert (told["subject"], told["object"], told["status"]) == ("red-hat", "vmware", "holds")


def test_a_chain_of_merges_is_answered_by_its_last(merged: tuple[Service, dict[str, Any]]) -> None:
    service, notice = merged
    register(service, "broadcom")
    merge(service, "vmware", "broadcom")
    assert service.get("/v1/entities/vm-ware/state").json["notices"] == [notice | {"answered": "broadcom"}]
    assert service.get("/v1/entities/vm-ware").json["notices"] == [notice | {"answered": "broadcom"}]


def test_an_unmerge_restores_the_answers(merged: tuple[Service, dict[str, Any]]) -> None:
    service, notice = merged
    kept = ("relations", "votes", "profile", "lineage", "conflicts", "excluded", "notices", "names", "refs")
    positions = {"before": notice["position"] - 1, "between": notice["position"]}
    body = {"merge": notice["merge"], "reason": "they are two"}
    positions["after"] = service.post("/v1/entities/vm-ware/unmerge", body).json["position"]
    for entity in ("vm-ware", "vmware", "red-hat"):
        answers = {
            when: service.get(f"/v1/entities/{entity}/state", recorded_by=str(position)).json
            for when, position in positions.items()
        }
        for part in kept:
            assert answers["before"][part] == answers["after"][part]
        assert answers["between"]["relations"] != answers["after"]["relations"]
    between = service.get("/v1/entities/vm-ware/state", recorded_by=str(positions["between"])).json
    assert between["notices"] == [notice] and between["entity"]["id"] == "vmware"


def test_the_page_says_that_an_entity_was_merged(merged: tuple[Service, dict[str, Any]]) -> None:
    service, _ = merged
    assert "Vm-Ware was merged: this is the answer for VMware." in service.get("/entity/vm-ware").text
    assert "was merged" not in service.get("/entity/vmware").text


def test_an_entity_nobody_knows_is_refused_as_before(service: Service) -> None:
    refused(service.get("/v1/entities/nobody/state"), 404, "unknown")


# lineage


def test_a_split_is_told_of_both_sides(service: Service) -> None:
    register(service, "hp", "hpe", "hp-inc")
    claim = split(service, "hp", "hpe", "hp-inc")
    lineage = service.get("/v1/entities/hp/state", as_of="2014-05-01").json["lineage"]
    assert lineage["predecessors"] == []
    assert [(link["entity"], link["kind"], link["status"]) for link in lineage["successors"]] == [
        ("hp-inc", "split", "holds"),
        ("hpe", "split", "holds"),
    ]
    told = service.get("/v1/entities/hpe/state", as_of="2014-05-01").json
    (link,) = told["lineage"]["predecessors"]
    assert (link["entity"], link["when"]["edtf"], link["claims"]) == ("hp", "2014-05-01", [claim])
    assert link["asserted_by"][0]["kinds"] == ["author"] and link["due"] is None
    assert told["names"]["hp"] == "Hp"
    assert service.get("/v1/entities/hpe/state", as_of="2014-04-30").json["lineage"]["predecessors"] == []


def test_a_retracted_split_is_no_lineage(service: Service) -> None:
    register(service, "agilent", "keysight")
    claim = split(service, "agilent", "keysight")
    before = service.timeline.head()
    service.post(f"/v1/claims/{claim}/retraction", {"reason": "a slip"})
    told = service.get("/v1/entities/agilent/state").json
    assert told["lineage"]["successors"] == [] and told["excluded"][0]["claim"] == claim
    then = service.get("/v1/entities/agilent/state", recorded_by=str(before)).json
    assert [link["entity"] for link in then["lineage"]["successors"]] == ["keysight"]


def test_a_denied_split_is_contested(service: Service) -> None:
    register(service, "symantec", "veritas")
    claim = split(service, "symantec", "veritas")
    service.article(url="https://example.org/no-split", authors=["Bea Byline"])
    by = {"article": "https://example.org/no-split", "asserted_by": {"kind": "author"}}
    service.post(f"/v1/claims/{claim}/responses", {"response": "deny", "by": by})
    told = service.get("/v1/entities/veritas/state").json
    assert [link["status"] for link in told["lineage"]["predecessors"]] == ["contested"]
    assert "Lineage" in service.get("/entity/veritas").text
