"""GET /v1/beliefs, on the sample of five articles and on small logs of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from events import beliefs as kept
from service.cli.demo import load_sample
from service.settings import Settings
from service.timeline import beliefs as use_case
from tests.conftest import Servers
from tests.http import examples
from tests.http.conftest import NewService, Service, refused

PATH = "/v1/beliefs"
MEMBER = "member_of/vmware/openstack-foundation"
YEAR = "max-age=31536000, immutable"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def sample(servers: Servers, new_service: NewService) -> Iterator[Service]:
    """The five articles."""
    with new_service() as made:
        url = made.app.extensions["frenemies"].settings.database_url
        load_sample(Settings(), url)
        yield made


def page(service: Service, **query: str) -> Json:
    answer = service.get(PATH, **query)
    assert answer.status_code == 200, answer.json
    found: Json = answer.json
    return found


def changes(service: Service, **query: str) -> list[Json]:
    """The changes of all pages; one that goes on on the next page is one for each."""
    told = page(service, **query)
    found: list[Json] = told["beliefs"]
    while told["next"] is not None:
        told = service.get(told["next"]).json
        found = found + told["beliefs"]
    return found


def statuses(change: Json) -> list[tuple[Any, ...]]:
    """The days of the periods of a change, with the status before and after."""
    return [
        (p["from"], p["to"], *(p[end] and p[end]["status"] for end in ("before", "after"))) for p in change["periods"]
    ]


# they are the states


def replayed(found: list[Json], day: str) -> list[tuple[str, Json]]:
    """The items on a day that changes come to, each by its kind."""
    items: dict[Any, Any] = {}
    for change in found:
        for period in change["periods"]:
            if (period["from"] or "") <= day < (period["to"] or "a"):
                place = (change["matter"], period["kind"], *period["key"])
                assert items.get(place) == period["before"]
                items[place] = period["after"]
    return [(place[1], item) for place, item in items.items() if item is not None]


def items_of(state: Json) -> list[tuple[str, Json]]:
    """The items of a state, each with its kind."""
    found = [("relation", item) for item in state["relations"] if item["relation"] != "holds_position"]
    for kind, name in (("vote", "votes"), ("position", "positions"), ("round", "rounds"), ("stance", "stances")):
        found += [(kind, item) for item in state[name]]
    found += [("profile", item) for item in state["profile"]["attributes"]]
    found += [("market_fact", item) for item in state["profile"]["market_facts"]]
    found += [("predecessor", item) for item in state["lineage"]["predecessors"]]
    found += [("successor", item) for item in state["lineage"]["successors"]]
    found += [("conflict", item) for item in state["conflicts"] if item["why"] != "clash"]
    return found + [("excluded", item) for item in state["excluded"]]


@pytest.mark.parametrize("position", [0, 110, 164, 203, 240, 259])
@pytest.mark.parametrize("entity", ["red-hat", "vmware", "mirantis", "openstack-foundation"])
def test_all_of_them_up_to_a_position_give_the_state_at_it(sample: Service, entity: str, position: int) -> None:
    found = changes(sample, entity=entity, until=str(position), include="evidence", limit="200")
    for day in ("2009-06-01", "2012-08-28", "2014-11-04", "2026-01-01"):
        state = sample.get(
            f"/v1/entities/{entity}/state", as_of=day, recorded_by=str(position), include="ended", limit="200"
        ).json
        told, expected = replayed(found, day), items_of(state)
        assert sorted(map(json.dumps, told)) == sorted(map(json.dumps, expected))


def test_without_evidence_they_say_what_was_believed(sample: Service) -> None:
    some, every = (changes(sample, entity="red-hat", limit="200", **more) for more in ({}, {"include": "evidence"}))
    assert sum(map(len, (c["periods"] for c in some))) < sum(map(len, (c["periods"] for c in every)))
    assert not [p for c in some for p in c["periods"] if p["evidence_changed"]]
    assert [p for c in every for p in c["periods"] if p["evidence_changed"]]


def test_all_of_everything_in_the_order_of_the_log(sample: Service) -> None:
    found = changes(sample, limit="200")
    places = [(change["position"], change["matter"]) for change in found]
    assert places == sorted(places)
    kinds = {change["kind"] for change in found}
    assert {"relation", "vote", "position", "stance", "rounds", "profile", "market_fact", "disputes"} <= kinds
    whole = {(place, len(change["periods"])) for place, change in zip(places, found, strict=True)}
    own = changes(sample, entity="vmware", limit="200")
    assert {((c["position"], c["matter"]), len(c["periods"])) for c in own} <= whole


# one question


def test_tells_when_the_belief_about_a_vote_changed_and_what_did_it(sample: Service) -> None:
    told = page(sample, entity="vmware", kind="vote")
    first, *later = [change for change in told["beliefs"] if change["about"]["moves"]]
    assert (first["first"], [change["first"] for change in later]) == (True, [False] * len(later))
    assert first["about"] == {
        "body": "openstack-foundation-board",
        "moves": {"relation": "member_of", "subject": "vmware", "object": "openstack-foundation"},
        "motion": None,
    }
    assert statuses(first) == [
        (None, "2012-08-27", None, "unknown"),
        ("2012-08-27", "2012-08-29", None, "scheduled"),
        ("2012-08-29", None, None, "unconfirmed"),
    ]
    assert first["cause"]["type"] == "GovernanceVoteClaimed.v1"
    assert first["cause"]["position"] == first["position"]
    assert told["refs"][first["cause"]["id"]]
    assert all(change["cause"]["position"] <= change["position"] for change in later)
    only = page(sample, matter=first["matter"])
    assert [c["position"] for c in only["beliefs"]] == [c["position"] for c in (first, *later)]


def test_one_relation_may_be_named_from_either_end_where_it_has_no_direction(sample: Service) -> None:
    one, other = (
        page(sample, relation=f"agreement_with/{ends}")["beliefs"]
        for ends in ("red-hat/microsoft", "microsoft/red-hat")
    )
    assert one == other != []
    assert page(sample, relation="member_of/openstack-foundation/vmware")["beliefs"] == []
    assert page(sample, relation=MEMBER)["beliefs"] != []


def test_only_a_part_of_the_log(sample: Service) -> None:
    whole = changes(sample, relation=MEMBER)
    last = whole[-1]["position"]
    assert [c["position"] for c in whole] == sorted({c["position"] for c in whole}) and len(whole) > 1
    assert changes(sample, relation=MEMBER, after=str(last - 1)) == whole[-1:]
    assert changes(sample, relation=MEMBER, after=str(last)) == []
    assert changes(sample, relation=MEMBER, until=str(last - 1)) == whole[:-1]
    instant = whole[-1]["recorded_at"]
    assert changes(sample, relation=MEMBER, until=instant) == whole
    assert changes(sample, relation=MEMBER, after=instant) == []
    told = page(sample, relation=MEMBER, until=str(last))
    assert told["until"] == {"position": last, "recorded_at": instant} and told["position"] == last


# what was done to the records


def test_a_correction_a_retraction_and_a_merge_did_it(own_service: Service) -> None:
    service = own_service
    claim = service.claim(**examples.ownership())
    for path, body, event in (
        ("corrections", {"changes": {"time": {"kind": "instant", "edtf": "2014-02-02"}}, "reason": "a slip"},
         "ClaimCorrected.v1"),
        ("retraction", {"reason": "not in the text"}, "ClaimRetracted.v1"),
        ("reinstatement", {"reason": "it is"}, "ClaimReinstated.v1"),
    ):  # fmt: skip
        position = service.post(f"/v1/claims/{claim}/{path}", body).json["position"]
        told = page(service, relation="owns/vmware/mirantis", after=str(position - 1))
        (change,) = told["beliefs"]
        assert change["cause"] == {"kind": "claim", "id": claim, "position": position, "type": event}
        assert (change["position"], change["first"]) == (position, False)
    service.known("vm-ware")
    position = service.post("/v1/entities/vmware/merge", {"into": "vm-ware", "reason": "the same"}).json["position"]
    for name in ("vmware", "vm-ware"):
        told = page(service, relation=f"owns/{name}/mirantis", after=str(position - 1))
        assert [c["about"]["subject"] for c in told["beliefs"]] == sorted(
            ("vmware", "vm-ware"), key=[c["about"]["subject"] for c in told["beliefs"]].index
        )
        assert {c["cause"]["type"] for c in told["beliefs"]} == {"EntityMerged.v1"}
        ends = {c["about"]["subject"]: [p["after"] is None for p in c["periods"]] for c in told["beliefs"]}
        assert all(ends["vmware"]) and not any(ends["vm-ware"])
        assert [(n["asked"], n["answered"], n["position"]) for n in told["notices"]] == [
            ("vmware", "vm-ware", position)
        ]
        assert changes(service, entity=name) == changes(service, entity="vm-ware")
    before = page(service, entity="vmware", until=str(position - 1))
    assert before["notices"] == [] and before["beliefs"]


def test_one_corrected_date_of_an_article_is_one_cause_of_many_changes(own_service: Service) -> None:
    service = own_service
    when = {"kind": "instant", "edtf": "2014-11-04", "anchor": "2014-11-04", "rule": "on_publication"}
    service.claim(time=when)
    service.claim(**examples.ownership(time=when))
    article, start = service.article(), service.timeline.head()
    body = {"changes": {"published": "2014-11-05"}, "reason": "typing error"}
    assert service.post(f"/v1/articles/{article}/corrections", body).status_code == 201
    found = [c for c in changes(service, after=str(start)) if c["position"] > start + 1]
    assert {c["kind"] for c in found} == {"relation"} and len(found) == 2
    corrected = {"kind": "article", "id": article, "position": start + 1, "type": "ArticleCorrected.v1"}
    assert [c["cause"] for c in found] == [corrected] * 2


# pages, and what may be kept


@pytest.mark.parametrize("limit", ["1", "2", "7"])
def test_pages_count_periods_and_a_change_may_go_on_on_the_next(sample: Service, limit: str) -> None:
    asked = {"entity": "vmware", "until": "259"}
    whole, parts = changes(sample, **asked, limit="200"), changes(sample, **asked, limit=limit)
    found: dict[Any, Json] = {}
    for part in parts:
        change = found.setdefault((part["position"], part["matter"]), part | {"periods": []})
        change["periods"] = [*change["periods"], *part["periods"]]
        assert change["period_count"] == part["period_count"]
    assert list(found.values()) == whole
    assert all(len(change["periods"]) == change["period_count"] for change in whole)
    assert len(page(sample, **asked, limit=limit)["beliefs"]) <= int(limit)


@pytest.mark.parametrize(
    ("name", "most", "query"), [("MOST_LOOKED_AT", 40, {"kind": "vote"}), ("MOST_BYTES", 0, {"entity": "red-hat"})]
)
def test_a_page_ends_after_so_much_that_was_looked_at(
    sample: Service, monkeypatch: pytest.MonkeyPatch, name: str, most: int, query: dict[str, str]
) -> None:
    whole = changes(sample, **query, limit="200")
    monkeypatch.setattr(use_case, name, most)
    told = page(sample, **query, limit="200")
    assert told["next"] is not None and len(told["beliefs"]) < len(whole)
    assert changes(sample, **query, limit="200") == whole


def test_a_part_of_the_log_that_is_over_is_kept_for_ever(own_service: Service) -> None:
    service = own_service
    service.claim(**examples.ownership())
    position = service.timeline.head()
    closed = service.get(PATH, until=str(position), limit="1")
    assert closed.headers["Cache-Control"] == f"public, {YEAR}"
    assert service.get(PATH).headers["Cache-Control"] == "no-cache"
    instant = closed.json["until"]["recorded_at"]
    assert service.get(PATH, until=instant).headers["Cache-Control"] == "no-cache"
    second = service.get(closed.json["next"])
    assert second.headers["Cache-Control"] == f"public, {YEAR}" and second.json["beliefs"]
    retracted = changes(service)[0]["cause"]["id"]
    service.post(f"/v1/claims/{retracted}/retraction", {"reason": "a slip"})
    again = service.get(PATH, until=str(position), limit="1")
    assert (again.data, again.headers["ETag"]) == (closed.data, closed.headers["ETag"])
    assert service.get(closed.json["next"]).data == second.data
    assert service.get(PATH, until=instant).headers["Cache-Control"] == f"public, {YEAR}"
    same = service.get(PATH, until=str(position), limit="1", headers={"If_None_Match": closed.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    assert page(service, after=str(position))["beliefs"]


def test_what_changes_too_often_is_said_not_to_be_kept(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service = own_service
    claim = service.claim(**examples.ownership())
    start = service.timeline.head()

    def corrected(day: str) -> None:
        body = {"changes": {"time": {"kind": "instant", "edtf": day}}, "reason": "a slip"}
        assert service.post(f"/v1/claims/{claim}/corrections", body).status_code == 201
        service.catch_up()

    service.catch_up()
    with monkeypatch.context() as patch:
        patch.setattr(kept, "MOST_BREAKS", 0)
        corrected("2014-01-02")
    corrected("2014-01-03")
    found = changes(service, relation="owns/vmware/mirantis", after=str(start))
    assert [tuple(change["kept"].values()) for change in found] == [(True, False), (False, True)]
    assert [change["about"]["subject"] for change in found] == ["vmware"] * 2
    assert [p["after"] for p in found[0]["periods"]] == [None] * 2
    assert [p["before"] for p in found[1]["periods"]] == [None] * 2


# refusals


@pytest.mark.parametrize(
    ("query", "status", "code", "pointer"),
    [
        ({"entity": "Not An Id"}, 422, "invalid", "/entity"),
        ({"relation": "member_of/vmware"}, 422, "bad-query", "/relation"),
        ({"relation": "likes/vmware/red-hat"}, 422, "bad-query", "/relation"),
        ({"relation": "owns/VM ware/red-hat"}, 422, "invalid", "/relation"),
        ({"matter": "x"}, 422, "bad-query", "/matter"),
        ({"entity": "vmware", "relation": MEMBER}, 422, "bad-query", "/relation"),
        ({"kind": "money"}, 422, "bad-query", "/kind"),
        ({"include": "ended"}, 422, "bad-query", "/include"),
        ({"until": "999999"}, 422, "invalid", "/until"),
        ({"after": "999999"}, 422, "invalid", "/after"),
        ({"until": "yesterday"}, 422, "invalid-date", "/until"),
        ({"after": "2012-01-01"}, 422, "invalid-date", "/after"),
        ({"until": "2999-01-01T00:00:00Z"}, 422, "invalid", "/until"),
        ({"after": "20", "until": "10"}, 422, "bad-query", "/until"),
        ({"limit": "0"}, 422, "bad-query", "/limit"),
        ({"limit": "201"}, 422, "bad-query", "/limit"),
        ({"as_of": "2012-01-01"}, 422, "bad-query", "/as_of"),
        ({"cursor": "x"}, 400, "bad-cursor", "/cursor"),
        ({"min_position": "999999"}, 422, "invalid", "/min_position"),
    ],
)
def test_a_wrong_question_is_refused_by_its_place(
    sample: Service, query: dict[str, str], status: int, code: str, pointer: str
) -> None:
    refused(sample.get(PATH, **query), status, code, pointer)


@pytest.mark.parametrize("query", [{"entity": "nobody-knows"}, {"relation": "owns/nobody-knows/vmware"}])
def test_an_entity_that_nobody_registered_is_unknown(sample: Service, query: dict[str, str]) -> None:
    refused(sample.get(PATH, **query), 404, "unknown")


def test_a_matter_about_which_nothing_was_ever_believed_has_no_changes(sample: Service) -> None:
    assert page(sample, matter="00000000-0000-5000-8000-000000000000")["beliefs"] == []


@pytest.mark.parametrize("after", ["", "1", "1/2/3", "x/00000000-0000-0000-0000-000000000000/0", "-1/a/b"])
def test_a_forged_cursor_is_refused(sample: Service, monkeypatch: pytest.MonkeyPatch, after: str) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("service.http.beliefs._text", lambda mark: after)
        following = page(sample, limit="1")["next"]
    refused(sample.get(following), 400, "bad-cursor", "/cursor")
