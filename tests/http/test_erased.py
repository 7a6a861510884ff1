"""What is recorded after an erasure: what was erased does not come back by a repeat, and can be recorded anew."""

from __future__ import annotations

from typing import Any

import pytest

from events.values import Recorder
from service.erasure.bootstrap import erasing
from service.erasure.finding import Finder, Plan
from service.settings import Settings
from tests.http import examples
from tests.http.conftest import Service, refused, surroundings_of

PAT = "/v1/entities/pat"
PERSON = examples.registration(kind="person", name="Pat Doe", aliases=["Patricia"])
QUOTED = {"summary": "Red Hat put money into Mirantis.", "quote": {"exact": "put money into", "suffix": "."}}


@pytest.fixture
def service(own_service: Service) -> Service:
    return own_service


def erase(service: Service, find: Any) -> int:
    """Erases what is found, and gives the position that tells of it."""
    service.catch_up()
    url = str(surroundings_of(service).settings.database_url)
    with erasing(Settings(), url) as (_, finder, eraser):
        plan: Plan = find(finder)
        ((position, texts),) = eraser.erase(plan.subject, plan.references, "asked for", Recorder("local"))
        assert texts == len(plan.texts) > 0
    return position


def names_of_pat(finder: Finder) -> Plan:
    return finder.entity("pat", with_quotes=False)


def test_a_person_whose_names_were_erased_gets_others_only_at_a_named_version(service: Service) -> None:
    service.put(PAT, PERSON)
    service.post(f"{PAT}/rename", {"name": "Pat Roe", "since": "2014-01-01"})
    erase(service, names_of_pat)
    with service.nothing_recorded():
        refused(service.put(PAT, PERSON), 409, "conflict", "/name")
        refused(service.post(f"{PAT}/rename", {"name": "Pat Roe", "since": "2014-01-01"}), 409, "conflict", "/name")
    assert service.get(PAT).json["name"] is None
    assert service.put(PAT, PERSON, If_Match='"2"').json["changed"]
    again = service.get(PAT).json
    assert (again["aliases"], again["erased"]) == (["Patricia"], ["name", "names"])  # it still goes by the later name
    with service.nothing_recorded():
        assert service.put(PAT, PERSON).status_code == 200


def test_a_company_is_put_right_as_before(service: Service) -> None:
    service.put(PAT, PERSON)
    service.known("red-hat")
    erase(service, names_of_pat)
    assert service.put("/v1/entities/red-hat", examples.registration(aliases=["RHT"])).json["changed"]


def test_an_article_with_the_same_text_is_a_repeat_and_its_text_stays_erased(service: Service) -> None:
    sent = examples.article(text="Red Hat put money into Mirantis.")
    name = service.post("/v1/articles", sent).json["id"]
    erase(service, lambda finder: finder.article(name))
    with service.nothing_recorded():
        assert service.post("/v1/articles", sent).status_code == 200
    told = service.get(f"/v1/articles/{name}").json
    assert (told["text"], told["erased"]) == (None, ["text"])
    put_right = {"changes": {"text": sent["text"]}, "reason": "it may be shown again"}
    assert service.post(f"/v1/articles/{name}/corrections", put_right).json["changed"]
    told = service.get(f"/v1/articles/{name}").json
    assert (told["text"], told["erased"]) == (sent["text"], [])


def test_a_claim_with_the_same_quote_is_a_repeat_and_the_quote_stays_erased(service: Service) -> None:
    claim = service.claim(evidence=QUOTED)
    erase(service, lambda finder: finder.claim(claim))
    with service.nothing_recorded():
        assert service.post("/v1/claims", examples.claim(evidence=QUOTED)).json["changed"] is False
    assert service.get(f"/v1/claims/{claim}").json["evidence"][0]["quote"]["exact"] is None
    anew = QUOTED | {"summary": "It is said again that Red Hat put money into Mirantis."}
    assert service.post("/v1/claims", examples.claim(evidence=anew)).json["changed"]
    told = [item["quote"]["exact"] for item in service.get(f"/v1/claims/{claim}").json["evidence"]]
    assert told == [None, "put money into"]


def test_an_author_whose_name_was_erased_is_left_out_and_named_anew_in_a_new_article(service: Service) -> None:
    name = service.post("/v1/articles", examples.article()).json["id"]
    erase(service, lambda finder: finder.author("Ann Author"))
    told = service.get(f"/v1/articles/{name}").json
    assert (told["authors"], told["erased"]) == ([], ["authors"])
    refused(service.post("/v1/articles", examples.article()), 409, "conflict", "/authors")
    other = service.post("/v1/articles", examples.article(url="https://example.org/other")).json["id"]
    assert service.get(f"/v1/articles/{other}").json["authors"] == ["Ann Author"]
    assert service.get(f"/v1/articles/{name}").json["authors"] == []


def test_the_feed_of_an_entity_tells_what_was_erased_about_it(service: Service) -> None:
    service.put(PAT, PERSON)
    claim = service.claim(evidence=QUOTED)
    positions = [erase(service, names_of_pat), erase(service, lambda finder: finder.claim(claim))]
    for entity, position in zip(("pat", "red-hat"), positions, strict=True):
        events = service.get("/v1/feed", entity=entity, type="TextsErased.v1").get_json(force=True)
        told = [int(event["sequence"]) for event in events if event["type"].endswith("TextsErased.v1")]
        assert told == [position], entity


def test_a_name_that_was_asked_for_while_the_read_tables_still_had_it_is_not_remembered(service: Service) -> None:
    service.put(PAT, PERSON)
    ends = [{"role": "holder", "entity": "pat"}, {"role": "organization", "entity": "red-hat"}]
    service.claim(type="position", participants=ends, attributes={"title": "chief"})
    state = "/v1/entities/red-hat/state"
    assert service.get(state).json["names"]["pat"] == "Pat Doe"
    erase(service, names_of_pat)
    assert [service.send("GET", state).json["names"]["pat"] for _ in range(2)] == ["Pat Doe"] * 2
    assert service.get(state).json["names"]["pat"] is None


def test_tags_and_tokens_notice_it_and_the_tokens_of_others_stay_the_same(service: Service) -> None:
    service.put(PAT, PERSON)
    service.known("red-hat")
    before = {path: service.get(path) for path in (PAT, "/v1/entities/red-hat")}
    erase(service, names_of_pat)
    checks = {path: service.get(path, token=asked.json["token"]).json["token_check"] for path, asked in before.items()}
    assert [check["status"] for check in checks.values()] == ["changed", "same"]
    assert "erased" in checks[PAT]["why"]
    stale = service.get(PAT, headers={"If_None_Match": before[PAT].headers["ETag"]})
    assert stale.status_code == 200 and stale.headers["Cache-Control"] == "no-cache"


def test_events_about_the_log_itself_are_no_records(service: Service) -> None:
    service.put(PAT, PERSON)
    erase(service, names_of_pat)
    service.known("red-hat")
    epoch = service.timeline.epoch()
    assert [service.timeline.count_records(position, epoch) for position in (1, 2, 3)] == [1, 1, 2]
