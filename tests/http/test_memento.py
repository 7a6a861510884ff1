"""Time travel on the recorded clock by the means of HTTP (RFC 7089)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.http import http_date, parse_date

from tests.http import examples
from tests.http.conftest import Service, refused

STATE = "/v1/entities/vmware/state"
TIMEMAP = "/v1/timemap/entities/vmware/state"
RELATION = "/v1/relations/owns/vmware/mirantis"
LONG_AGO = "Thu, 04 Sep 2014 12:30:00 GMT"


@pytest.fixture(scope="module")
def claim(service: Service) -> str:
    """VMware owns Mirantis; the id of the claim."""
    return service.claim(**examples.ownership())


def at(instant: datetime) -> dict[str, str]:
    return {"Accept_Datetime": http_date(instant)}


def recorded_at(service: Service, position: int) -> datetime:
    found = service.timeline._store.recorded_at(position)
    assert found is not None
    return found


def links(answer: Any) -> dict[str, str]:
    """The targets of the links of an answer, by relation."""
    found = re.findall('<([^>]*)>; rel="([^"]*)"', ", ".join(answer.headers.getlist("Link")))
    return {relation: target for target, names in found for relation in names.split()}


def test_every_address_with_clocks_is_a_timegate(service: Service, claim: str) -> None:
    for path in (STATE, RELATION, f"{RELATION}/claims", f"/v1/claims/{claim}", "/v1/entities/vmware"):
        plain = service.get(path, as_of="2014-06-01")
        assert "Accept-Datetime" in plain.vary and "Memento-Datetime" not in plain.headers
        assert links(plain)["timegate"] == links(plain)["original"] == f"{path}?as_of=2014-06-01"
        now = recorded_at(service, service.timeline.head())
        gate = service.get(path, headers=at(now), as_of="2014-06-01")
        assert (gate.status_code, gate.data, gate.headers["Vary"]) == (302, b"", "Accept-Datetime")
        assert gate.headers["Location"] == f"{path}?as_of=2014-06-01&recorded_by={service.timeline.head()}"
        memento = service.send("GET", gate.headers["Location"])
        assert memento.headers["Memento-Datetime"] == http_date(now) and "Accept-Datetime" not in memento.vary
        assert links(memento)["memento"] == gate.headers["Location"]
        assert links(memento)["original"] == f"{path}?as_of=2014-06-01"


def test_a_second_means_its_end(service: Service, claim: str) -> None:
    head = service.timeline.head()
    second = recorded_at(service, head).replace(microsecond=0)
    last = max(p for p in range(1, head + 1) if recorded_at(service, p) < second + timedelta(seconds=1))
    assert service.get(STATE, headers=at(second)).headers["Location"] == f"{STATE}?recorded_by={last}"
    before = [p for p in range(1, head + 1) if recorded_at(service, p) < second]
    gate = service.get(STATE, headers=at(second - timedelta(seconds=1)))
    assert gate.headers["Location"] == f"{STATE}?recorded_by={max(before, default=last)}"


def test_before_the_first_record_the_first_memento_is_the_nearest(service: Service, claim: str) -> None:
    gate = service.get(STATE, headers={"Accept_Datetime": LONG_AGO})
    memento = service.send("GET", gate.headers["Location"])
    first = recorded_at(service, 1)
    assert memento.status_code == 200 and memento.headers["Memento-Datetime"] == http_date(first)
    assert gate.headers["Location"] == service.get(STATE, headers=at(first)).headers["Location"]


def test_where_nothing_was_recorded_there_is_no_memento(own_service: Service) -> None:
    gate = own_service.get("/v1/entities/acme/state", headers={"Accept_Datetime": LONG_AGO})
    assert gate.headers["Location"] == "/v1/entities/acme/state?recorded_by=0"
    refused(own_service.send("GET", gate.headers["Location"]), 404, "unknown")


def test_at_position_0_nothing_was_known_and_it_is_no_memento(service: Service, claim: str) -> None:
    answer = service.get(STATE, recorded_by="0")
    assert answer.status_code == 200 and answer.json["relations"] == []
    assert "Memento-Datetime" not in answer.headers


def test_between_two_log_positions_there_is_no_instant_to_choose(service: Service, claim: str) -> None:
    asked = {"axis": "recorded_by", "from_": "1", "to": str(service.timeline.head()), "limit": "1"}
    plain = service.get("/v1/entities/mirantis/changes", **asked)
    for date in (LONG_AGO, "no date"):
        answer = service.get("/v1/entities/mirantis/changes", headers={"Accept_Datetime": date}, **asked)
        assert (answer.status_code, answer.data) == (200, plain.data)
    for answer in (plain, service.get("/v1/entities/mirantis/changes", token=plain.json["token"])):
        assert answer.status_code == 200 and "Memento-Datetime" not in answer.headers
        assert "Accept-Datetime" not in answer.vary
        assert "timegate" not in links(answer)


def test_along_the_other_clocks_differences_are_those_of_the_instant(service: Service, claim: str) -> None:
    asked = {"axis": "published_by", "from_": "2014-01-01", "to": "2015-01-01"}
    gate = service.get("/v1/entities/mirantis/changes", headers={"Accept_Datetime": LONG_AGO}, **asked)
    assert service.send("GET", gate.headers["Location"]).headers["Memento-Datetime"]


def test_the_future_is_now(service: Service, claim: str) -> None:
    gate = service.get(STATE, headers=at(datetime.now(UTC) + timedelta(days=400)))
    assert gate.headers["Location"] == f"{STATE}?recorded_by={service.timeline.head()}"


def test_a_memento_does_not_negotiate(service: Service, claim: str) -> None:
    token = service.get(STATE).json["token"]
    for asked in ({"recorded_by": "1"}, {"token": token}):
        answer = service.get(STATE, headers={"Accept_Datetime": LONG_AGO}, **asked)
        assert answer.status_code == 200 and "Memento-Datetime" in answer.headers


def test_a_memento_that_did_not_change_is_not_sent_again(service: Service, claim: str) -> None:
    first = service.get(STATE, recorded_by="3", as_of="2014-06-01")
    again = service.get(STATE, recorded_by="3", as_of="2014-06-01", headers={"If_None_Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.headers["Memento-Datetime"] == first.headers["Memento-Datetime"]


@pytest.mark.parametrize(
    "date",
    [
        "", "now", "2014-09-04T12:30:00Z", "Thu, 04 Sep 2014 12:30:00 +0000", "Thursday, 04-Sep-14 12:30:00 GMT",
        "Thu Sep  4 12:30:00 2014", "Fri, 04 Sep 2014 12:30:00 GMT", "Thu, 31 Feb 2014 12:30:00 GMT",
        "Thu, 04 Sep 0000 12:30:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 04 Sep 2014 25:30:00 GMT",
        "Thu, 04 Sep 2014 12:30:60 GMT", "Thu, 4 Sep 2014 12:30:00 GMT",
    ],
)  # fmt: skip
def test_what_is_no_date_of_http_is_refused(service: Service, claim: str, date: str) -> None:
    told = refused(service.get(STATE, headers={"Accept_Datetime": date}), 400, "bad-header", "/Accept-Datetime")
    assert told["errors"][0]["in"] == "header"


def test_an_address_that_needs_encoding_is_sent_encoded(service: Service, claim: str) -> None:
    gate = service.get("/v1/entities/é%3E/state", headers={"Accept_Datetime": LONG_AGO})
    assert gate.status_code == 302 and gate.headers["Location"].startswith("/v1/entities/%C3%A9%3E/state?")


def test_the_timemap_lists_when_something_about_the_entity_was_recorded(own_service: Service) -> None:
    claim = own_service.claim(**examples.ownership())
    own_service.known("stranger")
    listed = own_service.get(TIMEMAP, as_of="2014-06-01")
    assert listed.content_type == "application/link-format"
    found = re.findall('<([^>]*)>; rel="memento"; datetime="([^"]*)"', listed.text)
    assert found and '; rel="original timegate"' in listed.text and f"<{STATE}?as_of=2014-06-01>" in listed.text
    assert [parse_date(date) for _, date in found] == sorted(parse_date(date) for _, date in found)
    for target, date in found:
        answer = own_service.send("GET", target)
        assert answer.status_code == 200 and answer.headers["Memento-Datetime"] == date
    newest = own_service.send("GET", found[-1][0]).json
    assert newest["relations"][0]["claims"] == [claim]
    assert newest["position"] < own_service.timeline.head(), "what is about others is not listed"


def test_the_timemap_has_pages(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    own_service.claim(**examples.ownership())
    monkeypatch.setattr("service.timeline.mementos._last_of_seconds", sorted)
    whole = re.findall("recorded_by=([0-9]+)", own_service.get(TIMEMAP).text)
    answer, paged = own_service.get(TIMEMAP, limit="1"), list[str]()
    for _ in whole:
        paged += re.findall("recorded_by=([0-9]+)", answer.text)
        following = links(answer).get("next")
        if following is None:
            break
        assert f'<{following}>; rel="timemap next"' in answer.text
        answer = own_service.send("GET", following)
    assert paged == whole and len(whole) > 1


def test_the_timemap_refuses_what_it_does_not_know(service: Service, claim: str) -> None:
    refused(service.get("/v1/timemap/entities/nobody/state"), 404, "unknown")
    refused(service.get(TIMEMAP, recorded_by="1"), 422, "bad-query", "/recorded_by")
    refused(service.get(TIMEMAP, as_of="never"), 422, pointer="/as_of")
    refused(service.get(TIMEMAP, cursor="x"), 400, "bad-cursor", "/cursor")
    assert links(service.get(STATE))["timemap"] == TIMEMAP
