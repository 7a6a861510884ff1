"""POST /v1/claims, corrections, retraction, reinstatement, responses; GET /v1/claims/{id} and its history."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http import examples
from tests.http.conftest import Service, refused

CLAIMS = "/v1/claims"
UNKNOWN = "6f1d9a0e-3f5b-5d0c-9a51-2f3c1e7c7d11"
ANOTHER = "https://example.org/another"


@pytest.fixture(autouse=True)
def _ready(service: Service) -> None:
    """Companies and articles to speak about."""
    service.known(*examples.COMPANIES)
    service.article()
    service.article(url=ANOTHER, publisher="another", authors=["Bea Byline"])


def test_records_a_claim(service: Service) -> None:
    quote = {"exact": "invested", "prefix": "has ", "suffix": " in"}
    evidence = {"summary": "It says so.", "position": {"start": 3, "end": 11}, "quote": quote}
    body = examples.claim(ref="c-1", evidence=evidence, attributes={"amount": 1_000_000, "currency": "USD"})
    answer = service.post(CLAIMS, body, Frenemies_Note="by hand")
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/claims/{answer.json['id']}"
    assert (answer.json["ref"], answer.json["version"], answer.json["created"]) == ("c-1", 1, True)
    told = service.get(answer.headers["Location"]).json
    assert told["attributes"] == {"amount": "1000000", "currency": "USD"}
    assert told["time"] == {
        "kind": "instant", "edtf": "2013", "earliest": "2013-01-01", "latest": "2013-12-31",
        "expression": None, "anchor": None, "rule": None,
    }  # fmt: skip
    assert told["evidence"][0]["position"] == {"start": 3, "end": 11}
    assert told["evidence"][0]["quote"] == quote
    assert told["recorder"] == {"key": "local", "note": "by hand"}
    assert (told["standing"], told["refs"]) == ("live", ["c-1"])


def test_the_same_claim_again_records_nothing(service: Service) -> None:
    body = examples.claim(time={"kind": "instant", "edtf": "2010"})
    first = service.post(CLAIMS, body)
    turned = body | {"participants": body["participants"][::-1]}
    with service.nothing_recorded():
        again = service.post(CLAIMS, turned)
    assert (again.status_code, again.json["id"], again.json["position"]) == (
        200, first.json["id"], first.json["position"],
    )  # fmt: skip


def test_new_evidence_for_a_claim_is_one_more_event(service: Service) -> None:
    body = examples.claim(time={"kind": "instant", "edtf": "2009"})
    claim = service.post(CLAIMS, body).json["id"]
    more = service.post(CLAIMS, body | {"evidence": {"summary": "Said again further down."}})
    assert (more.status_code, more.json["created"], more.json["changed"], more.json["version"]) == (200, False, True, 2)
    assert len(service.get(f"/v1/claims/{claim}").json["evidence"]) == 2


def test_the_article_may_be_named_by_id(service: Service) -> None:
    body = examples.claim(time={"kind": "instant", "edtf": "2008"})
    by_url = service.post(CLAIMS, body)
    by_id = service.post(CLAIMS, body | {"article": service.article()})
    assert (by_id.status_code, by_id.json["id"]) == (200, by_url.json["id"])


def test_a_batch_is_recorded_in_its_order(service: Service) -> None:
    claims = [examples.claim(ref=f"b-{year}", time={"kind": "instant", "edtf": str(year)}) for year in (2003, 2004)]
    later = examples.claim(ref="b-same", time={"kind": "instant", "edtf": "2004", "rule": "same_as(b-2004)"})
    answer = service.post(CLAIMS, {"claims": [*claims, later]})
    assert (answer.status_code, [c["ref"] for c in answer.json["claims"]]) == (201, ["b-2003", "b-2004", "b-same"])
    assert answer.json["position"] == answer.json["claims"][2]["position"] == service.timeline.head()
    with service.nothing_recorded():
        again = service.post(CLAIMS, {"claims": [*claims, later]})
    assert (again.status_code, again.json["recorded_at"]) == (200, None)


def test_a_batch_is_recorded_whole_or_not_at_all(service: Service) -> None:
    good = examples.claim(time={"kind": "instant", "edtf": "1999"})
    bad = examples.claim(
        participants=[{"role": "investor", "entity": "nobody"}, {"role": "investee", "entity": "vmware"}]
    )
    with service.nothing_recorded():
        answer = service.post(CLAIMS, {"claims": [good, bad]})
        refused(answer, 422, "unknown-reference", "/claims/1/participants/0/entity")
        answer = service.post(CLAIMS, {"claims": [bad]})
        refused(answer, 422, "unknown-reference", "/claims/0/participants/0/entity")
        refused(service.post(CLAIMS, {"claims": [good], "more": 1}), 422, "misshapen", "/more")
        refused(service.post(CLAIMS, {"claims": good}), 422, "misshapen", "/claims")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"type": "rumour"}, "/type"),
        ({"modality": "maybe"}, "/modality"),
        ({"polarity": "neutral"}, "/polarity"),
        ({"article": "https://example.org/none"}, "/article"),
        ({"article": UNKNOWN}, "/article"),
        ({"participants": []}, "/participants"),
        ({"participants": [{"role": "friend", "entity": "vmware"}]}, "/participants/0/role"),
        ({"participants": [{"role": "investee", "entity": "nobody"}]}, "/participants/0/entity"),
        ({"participants": [{"role": "investee", "entity": "No Body"}]}, "/participants/0/entity"),
        ({"participants": [{"role": "investee", "entity": "vmware"}] * 2}, "/participants"),
        ({"asserted_by": {"kind": "oracle"}}, "/asserted_by/kind"),
        ({"asserted_by": {"kind": "speaker", "agent": ["nobody"]}}, "/asserted_by/agent/0"),
        ({"time": {"kind": "never", "edtf": "2013"}}, "/time/kind"),
        ({"time": {"kind": "instant", "edtf": "last year"}}, "/time/edtf"),
        ({"time": {"kind": "instant", "edtf": "2013", "rule": "guess"}}, "/time/rule"),
        ({"time": {"kind": "instant", "edtf": "2012", "rule": "years_before(1)"}}, "/time/rule"),
        ({"time": {"kind": "instant", "edtf": "2013", "rule": "same_as(nothing)"}}, "/time/rule"),
        ({"time": {"kind": "instant", "edtf": "2013", "anchor": "then"}}, "/time/anchor"),
        ({"evidence": {"summary": " "}}, "/evidence/summary"),
        ({"evidence": {"summary": "s", "position": {"start": 9, "end": 2}}}, "/evidence/position"),
        ({"attributes": {"Amount": 1}}, "/attributes"),
        ({"attributes": {"round": ""}}, "/attributes/round"),
        ({"attributes": {"round": {"a": 1}}}, "/attributes/round"),
        ({"attributes": {"stage": "rising"}}, "/attributes/stage"),
        ({"attributes": {"due": "soon"}}, "/attributes/due"),
        ({"ref": ""}, "/ref"),
    ],
)
def test_refuses_what_makes_no_sense(service: Service, changes: dict[str, Any], pointer: str) -> None:
    with service.nothing_recorded():
        refused(service.post(CLAIMS, examples.claim(**changes)), 422, pointer=pointer)


def test_names_every_fault_of_shape_at_once(service: Service) -> None:
    told = refused(service.post(CLAIMS, {"article": 1, "time": {"kind": "instant"}, "x": 0}), 422, "misshapen")
    pointers = {fault["pointer"] for fault in told["errors"]}
    assert {"/article", "/time/edtf", "/x", "/participants"} <= pointers
    assert {fault["in"] for fault in told["errors"]} == {"body"}


def test_a_ref_names_one_claim_only(service: Service) -> None:
    service.claim(ref="mine", time={"kind": "instant", "edtf": "2007"})
    with service.nothing_recorded():
        other = examples.claim(ref="mine", time={"kind": "instant", "edtf": "2006"})
        refused(service.post(CLAIMS, other), 409, "conflict", "/ref")


def test_refuses_a_note_on_two_lines_or_too_long(service: Service) -> None:
    with service.nothing_recorded():
        for note in ("x" * 201, "\x07", " ", "\xff"):
            answer = service.post(CLAIMS, examples.claim(), Frenemies_Note=note)
            refused(answer, 400, "bad-header", "/Frenemies-Note")


# corrections


def test_corrects_a_claim_and_keeps_what_was_known(service: Service) -> None:
    claim = service.claim(time={"kind": "instant", "edtf": "2005"})
    before = service.timeline.head()
    answer = service.post(
        f"/v1/claims/{claim}/corrections",
        {"changes": {"time": {"kind": "instant", "edtf": "2006"}}, "reason": "a slip"},
    )
    assert (answer.status_code, answer.json["id"], answer.json["version"]) == (201, claim, 2)
    assert service.get(f"/v1/claims/{claim}").json["time"]["edtf"] == "2006"
    assert service.get(f"/v1/claims/{claim}", recorded_by=str(before)).json["time"]["edtf"] == "2005"


@pytest.mark.parametrize(
    "changes",
    [
        {"participants": [{"role": "investor", "entity": "vmware"}, {"role": "investee", "entity": "mirantis"}]},
        {"attributes": {"amount": 12.5, "tranches": ["A", "B"]}},
        {"asserted_by": {"kind": "speaker", "agent": ["red-hat"]}},
        {"modality": "announced", "polarity": "negative"},
    ],
)
def test_corrects_every_field_once(service: Service, changes: dict[str, Any]) -> None:
    claim = service.claim(time={"kind": "instant", "edtf": "1998"}, attributes={"round": str(sorted(changes))})
    path, body = f"/v1/claims/{claim}/corrections", {"changes": changes, "reason": "a slip"}
    assert service.post(path, body).status_code == 201
    with service.nothing_recorded():
        assert service.post(path, body).status_code == 200


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({}, "/changes"),
        ({"article": examples.URL}, "/changes/article"),
        ({"evidence": {"summary": "s"}}, "/changes/evidence"),
        ({"type": "rumour"}, "/changes/type"),
        ({"type": None}, "/changes/type"),
        ({"time": {"kind": "instant", "edtf": "2014-02-30"}}, "/changes/time/edtf"),
        ({"time": "2014"}, "/changes/time"),
        ({"participants": [{"role": "friend", "entity": "vmware"}]}, "/changes/participants/0/role"),
        ({"attributes": {"stake": 101}}, "/changes/attributes/stake"),
    ],
)
def test_refuses_an_impossible_correction(service: Service, changes: dict[str, Any], pointer: str) -> None:
    claim = service.claim()
    with service.nothing_recorded():
        body = {"changes": changes, "reason": "a slip"}
        refused(service.post(f"/v1/claims/{claim}/corrections", body), 422, pointer=pointer)


def test_changes_of_unknown_claims_are_404(service: Service) -> None:
    with service.nothing_recorded():
        refused(service.get(f"/v1/claims/{UNKNOWN}"), 404, "unknown")
        refused(service.get(f"/v1/claims/{UNKNOWN}/history"), 404, "unknown")
        bodies = {
            "corrections": {"changes": {"modality": "done"}, "reason": "r"},
            "reinstatement": {"reason": "r"},
            "responses": {"response": "deny", "by": {"article": examples.URL, "asserted_by": {"kind": "author"}}},
        }
        for name, body in bodies.items():
            refused(service.post(f"/v1/claims/{UNKNOWN}/{name}", body), 404, "unknown")


# retractions


def test_retracts_and_reinstates(service: Service) -> None:
    claim = service.claim(time={"kind": "instant", "edtf": "1997"})
    path = f"/v1/claims/{claim}"
    with service.nothing_recorded():
        refused(service.post(f"{path}/reinstatement", {"reason": "r"}), 409, "conflict")
    assert service.post(f"{path}/retraction", {"reason": "never said"}, If_Match='"1"').status_code == 201
    assert service.get(path).json["standing"] == "retracted"
    with service.nothing_recorded():
        assert service.post(f"{path}/retraction", {"reason": "never said"}).status_code == 200
        refused(service.post(f"{path}/reinstatement", {"reason": "r"}, If_Match='"1"'), 412, "stale-version")
    assert service.post(f"{path}/reinstatement", {"reason": "it was said"}).status_code == 201
    assert service.get(path).json["standing"] == "live"


def test_a_retraction_needs_a_reason_and_a_known_article(service: Service) -> None:
    path = f"/v1/claims/{service.claim()}/retraction"
    with service.nothing_recorded():
        refused(service.post(path, {}), 422, "misshapen", "/reason")
        refused(service.post(path, {"reason": "\t"}), 422, "invalid", "/reason")
        unknown = {"reason": "r", "article": "https://example.org/none"}
        refused(service.post(path, unknown), 422, "unknown-reference", "/article")


# responses


def test_a_response_makes_a_claim_contested(service: Service) -> None:
    claim = service.claim(time={"kind": "instant", "edtf": "1996"})
    by = {"article": ANOTHER, "asserted_by": {"kind": "author"}}
    body = {"response": "deny", "by": by, "reason": "They say it never happened.", "ref": "denial"}
    answer = service.post(f"/v1/claims/{claim}/responses", body)
    assert answer.status_code == 201 and answer.headers["Location"] == f"/v1/claims/{answer.json['id']}"
    told = service.get(f"/v1/claims/{claim}").json
    assert (told["standing"], told["responses"]) == ("contested", [answer.json["id"]])
    with service.nothing_recorded():
        for target in (claim, None):
            assert service.post(f"/v1/claims/{claim}/responses", body | {"target": target}).status_code == 200


def test_a_claim_responds_by_its_ref(service: Service) -> None:
    claim = service.claim(time={"kind": "instant", "edtf": "1995"}, ref="target")
    service.claim(article=ANOTHER, time={"kind": "instant", "edtf": "1994"}, ref="speaker")
    body = {"response": "correct", "by": "speaker", "target": "target"}
    assert service.post(f"/v1/claims/{claim}/responses", body).status_code == 201
    assert service.get(f"/v1/claims/{claim}").json["standing"] == "corrected"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"response": "applaud"}, "/response"),
        ({"by": "nobody"}, "/by"),
        ({"by": 5}, "/by"),
        ({"by": {"article": ANOTHER}}, "/by/asserted_by"),
        ({"by": {"article": "https://example.org/none", "asserted_by": {"kind": "author"}}}, "/by/article"),
        ({"by": {"article": ANOTHER, "asserted_by": {"kind": "oracle"}}}, "/by/asserted_by/kind"),
        ({"aspect": ""}, "/aspect"),
        ({"target": UNKNOWN}, "/target"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_refuses_an_impossible_response(service: Service, changes: dict[str, Any], pointer: str) -> None:
    claim = service.claim()
    body = {"response": "deny", "by": {"article": ANOTHER, "asserted_by": {"kind": "author"}}} | changes
    with service.nothing_recorded():
        refused(service.post(f"/v1/claims/{claim}/responses", body), 422, pointer=pointer)


# history


def test_history_tells_every_event(service: Service) -> None:
    evidence = {"summary": "It says so.", "quote": {"exact": "a quote of its own"}}
    claim = service.claim(time={"kind": "instant", "edtf": "1993"}, evidence=evidence)
    service.post(f"/v1/claims/{claim}/retraction", {"reason": "a slip"})
    service.post(f"/v1/claims/{claim}/reinstatement", {"reason": "no slip"})
    whole = service.get(f"/v1/claims/{claim}/history").json
    assert [e["type"] for e in whole["events"]] == ["InvestmentClaimed.v1", "ClaimRetracted.v1", "ClaimReinstated.v1"]
    assert [e["version"] for e in whole["events"]] == [1, 2, 3]
    assert list(whole["texts"].values()) == ["a quote of its own"]
    reference = whole["events"][0]["data"]["evidence"]["quote"]["exact"]["reference"]
    assert list(whole["texts"]) == [reference]
    first = service.get(f"/v1/claims/{claim}/history", limit="2").json
    rest = service.get(first["next"]).json
    assert first["events"] + rest["events"] == whole["events"] and rest["next"] is None
