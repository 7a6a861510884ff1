"""Tokens of answers: the same question again at the same point, and plain words where that cannot be."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from events.fold import RULES_VERSION
from service.db import connect
from service.http import pinning
from service.timeline.tokens import answered_state, format_token, parse_token
from tests.http import examples
from tests.http.conftest import Service, refused, surroundings_of

STATE = "/v1/entities/vmware/state"
RELATION = "/v1/relations/owns/vmware/mirantis"
VOTE = {"relation": "member_of", "subject": "vmware", "object": "red-hat"}
LATER = {"kind": "instant", "edtf": "2014-06-01"}


@pytest.fixture(scope="module")
def claim(service: Service) -> str:
    """Two relations of VMware, a vote, and a claim of which the id is given."""
    service.claim(**examples.vote())
    service.claim(time={"kind": "instant", "edtf": "2014"})
    return service.claim(**examples.ownership())


@pytest.fixture
def addresses(service: Service, claim: str) -> dict[str, dict[str, str]]:
    """Every address that gives tokens, with what it is asked."""
    return {
        STATE: {"as_of": "2014-06-01", "include": "ended"},
        RELATION: {"as_of": "2014-06-01", "published_by": "2014-12-31"},
        f"{RELATION}/claims": {},
        "/v1/votes/mirantis": {**VOTE, "as_of": "2014-06-01"},
        "/v1/entities/vmware/timeline": {"from": "2013-01-01", "type": "acquisition"},
        f"/v1/claims/{claim}": {"according_to": "vmware"},
        "/v1/entities/vmware": {},
        f"/v1/articles/{service.article()}": {},
    }


def without_check(answer: Any) -> dict[str, Any]:
    """The answer apart from what only the question with a token has, and hints about today."""
    told = {name: value for name, value in answer.items() if name not in ("token_check", "possible_duplicates")}
    told.get("entity", {}).pop("possible_duplicates", None)
    return told


def test_every_answer_comes_again_by_its_token_after_more_was_recorded(
    service: Service, addresses: dict[str, dict[str, str]], claim: str
) -> None:
    first = {path: service.get(path, **asked).json for path, asked in addresses.items()}
    service.post(f"/v1/claims/{claim}/retraction", {"reason": "a slip"})
    service.claim(**examples.ownership(attributes={"stage": "divested"}, time=LATER))
    for path, answer in first.items():
        again = service.get(path, token=answer["token"])
        assert again.status_code == 200, again.json
        assert without_check(again.json) == without_check(answer), path
        check = again.json["token_check"]
        assert (check["status"], check["why"]) == ("same", None)
        assert check["expected"] == check["found"] == answer["state_hash"]
    assert service.get(RELATION, **addresses[RELATION]).json["state_hash"] != first[RELATION]["state_hash"]
    service.post(f"/v1/claims/{claim}/reinstatement", {"reason": "no slip"})


def test_a_token_is_the_same_text_for_the_same_answer(service: Service, claim: str) -> None:
    asked = {"as_of": "2014-06-01", "recorded_by": str(service.timeline.head())}
    assert service.get(STATE, **asked).json["token"] == service.get(STATE, **asked).json["token"]


def test_the_hash_is_that_of_canonical_json(service: Service, addresses: dict[str, dict[str, str]]) -> None:
    for path, asked in addresses.items():
        answer = json.loads(service.get(path, **asked).text)
        state = answered_state(answer)
        plain = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(plain.encode()).hexdigest() == answer["state_hash"], path


def test_a_token_of_one_page_gives_that_page_and_leads_to_the_next(service: Service, claim: str) -> None:
    asked = {"limit": "1", "include": "ended", "published_by": "2020-01-01"}
    first = service.get(STATE, **asked)
    second = service.send("GET", first.json["next"])
    tokens = [answer.json["token"] for answer in (first, second)]
    assert service.get(STATE, token=tokens[0]).json["relations"] == first.json["relations"]
    again = service.get(STATE, token=tokens[1])
    assert again.json["relations"] == second.json["relations"] != first.json["relations"]
    assert again.json["token"] == tokens[1]
    following = service.send("GET", service.get(STATE, token=tokens[0]).json["next"])
    assert following.json["relations"] == second.json["relations"]


@pytest.mark.parametrize("more", ["as_of", "published_by", "recorded_by", "according_to", "cursor", "limit", "status"])
def test_what_the_token_says_is_refused_beside_it(service: Service, claim: str, more: str) -> None:
    token = service.get(STATE).json["token"]
    value = {"limit": "3", "status": "holds", "according_to": "vmware"}.get(more, "2014-01-01")
    refused(service.get(STATE, token=token, **{more: value}), 422, "bad-query", f"/{more}")


def test_a_token_may_wait_for_the_read_side(service: Service, claim: str) -> None:
    token = service.get(STATE).json["token"]
    assert service.get(STATE, token=token, min_position="1").json["token"] == token


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 200, "=", "AAAA", "🙂"])
def test_what_is_no_token_is_refused(service: Service, claim: str, token: str) -> None:
    refused(service.get(STATE, token=token), 400, "bad-token", "/token")


def test_a_token_changed_anywhere_is_refused(service: Service, claim: str) -> None:
    token = service.get(STATE).json["token"]
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        refused(service.get(STATE, token=changed), 400, "bad-token", "/token")


def test_a_token_of_another_address_is_refused(service: Service, claim: str) -> None:
    refused(service.get(RELATION, token=service.get(STATE).json["token"]), 400, "bad-token", "/token")


def test_a_token_of_another_log_is_gone(service: Service, claim: str) -> None:
    token = parse_token(service.get(STATE).json["token"])
    other = format_token(replace(token, epoch=uuid4().bytes))
    refused(service.get(STATE, token=other), 410, "token-of-other-epoch", "/token")


def test_the_log_is_asked_for_its_identity_by_whoever_checks_a_token_and_not_by_every_answer(
    own_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_service.claim(**examples.ownership())
    token = own_service.get(STATE).json["token"]
    asked: list[str] = []
    store = own_service.timeline._store
    epoch = store.epoch

    def counted() -> UUID:
        asked.append("epoch")
        return epoch()

    monkeypatch.setattr(store, "epoch", counted)
    monkeypatch.setattr("service.timeline.records.OLDEST", 1_000.0)
    assert [own_service.get(STATE).status_code for _ in range(3)] == [200] * 3 and not asked
    monkeypatch.setattr(store, "epoch", uuid4)
    refused(own_service.get(STATE, token=token), 410, "token-of-other-epoch", "/token")


@pytest.mark.parametrize(
    "changes",
    [
        {"position": 2**40, "records": 1},
        {"question": (("as_of", "never"),)},
        {"question": (("nonsense", "1"),)},
        {"question": (("limit", "0"),)},
        {"question": (("token", "x"),)},
    ],
)
def test_a_token_made_up_with_a_right_check_sum_does_no_harm(
    service: Service, claim: str, changes: dict[str, Any]
) -> None:
    token = parse_token(service.get(STATE, as_of="2014-06-01").json["token"])
    answer = service.get(STATE, token=format_token(replace(token, **changes)))
    assert answer.status_code in (200, 400, 422)
    if answer.status_code != 200:
        refused(answer, answer.status_code, pointer="/token")


def test_an_answer_that_became_another_says_so(service: Service, claim: str) -> None:
    token = parse_token(service.get(STATE).json["token"])
    answer = service.get(STATE, token=format_token(replace(token, state=bytes(32)))).json
    check = answer["token_check"]
    assert check["status"] == "changed" and check["expected"] == "00" * 32 and check["found"] == answer["state_hash"]
    assert "erased" in check["why"]


def test_other_rules_are_named_where_they_gave_another_state(
    service: Service, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = service.get(STATE).json["token"]
    other = format_token(replace(parse_token(given), state=bytes(32)))
    monkeypatch.setattr(pinning, "RULES_VERSION", 7)
    check = service.get(STATE, token=other).json["token_check"]
    assert check["status"] == "changed" and "version 7" in check["why"] and f"version {RULES_VERSION}" in check["why"]
    assert service.get(STATE, token=given).json["token_check"]["status"] == "same"


def test_an_erased_quote_is_told(own_service: Service) -> None:
    evidence = {"summary": "s", "quote": {"exact": "put money into"}}
    path = f"/v1/claims/{own_service.claim(evidence=evidence)}"
    token = own_service.get(path).json["token"]
    assert own_service.get(path, token=token).json["token_check"]["status"] == "same"
    with connect(str(surroundings_of(own_service).settings.database_url)) as superuser:
        superuser.execute("DELETE FROM log.texts")
    answer = own_service.get(path, token=token).json
    assert answer["evidence"][0]["quote"]["exact"] is None
    assert answer["token_check"]["status"] == "changed" and "erased" in answer["token_check"]["why"]


def test_a_backdated_claim_changes_the_answer_of_now_and_none_of_before(own_service: Service) -> None:
    own_service.claim(**examples.ownership())
    before = own_service.get(RELATION, as_of="2013-06-01").json
    own_service.claim(**examples.ownership(time={"kind": "instant", "edtf": "2013-01-01"}))
    assert own_service.get(RELATION, as_of="2013-06-01").json["state_hash"] != before["state_hash"]
    again = own_service.get(RELATION, token=before["token"]).json
    assert without_check(again) == without_check(before) and again["token_check"]["status"] == "same"


def test_an_entity_registered_after_the_position_has_no_part_in_the_state(own_service: Service) -> None:
    own_service.known("red-hat")
    position = str(own_service.timeline.head())
    own_service.known("suse")
    path = "/v1/entities/suse/state"
    token = own_service.get(path, recorded_by=position).json["token"]
    own_service.put("/v1/entities/suse", examples.registration(name="SUSE Group"))
    assert own_service.get(path, token=token).json["token_check"]["status"] == "same"
