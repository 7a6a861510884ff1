"""GET /v1/entities/{id}/changes, on the sample of five articles and on small logs of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from service.cli.demo import load_sample
from service.settings import Settings
from tests.conftest import Servers
from tests.http import examples
from tests.http.conftest import NewService, Service, refused

RED_HAT = "/v1/entities/red-hat"
YEAR = {"from_": "2014-01-01", "to": "2015-01-01"}
LATE = "2016-01-01"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def sample(servers: Servers, new_service: NewService) -> Iterator[Service]:
    """The five articles."""
    with new_service() as made:
        url = made.app.extensions["frenemies"].settings.database_url
        load_sample(Settings(), url)
        yield made


def changes(service: Service, path: str = RED_HAT, **query: str) -> Json:
    answer = service.get(f"{path}/changes", **query)
    assert answer.status_code == 200, answer.json
    found: Json = answer.json
    return found


def by_key(told: Json) -> dict[tuple[str, ...], Json]:
    return {(change["kind"], *change["key"]): change for change in told["changes"]}


def items(service: Service, path: str = RED_HAT, **query: str) -> list[tuple[str, Json]]:
    """The items of a state, each with its kind."""
    told = service.get(f"{path}/state", include="ended", limit="200", **query).json
    found = [("relation", item) for item in told["relations"] if item["relation"] != "holds_position"]
    for kind, name in (("vote", "votes"), ("position", "positions"), ("round", "rounds"), ("stance", "stances")):
        found += [(kind, item) for item in told[name]]
    found += [("profile", item) for item in told["profile"]["attributes"]]
    found += [("predecessor", item) for item in told["lineage"]["predecessors"]]
    found += [("successor", item) for item in told["lineage"]["successors"]]
    found += [("conflict", item) for item in told["conflicts"] if item["why"] != "clash"]
    found += [("excluded", item) for item in told["excluded"]]
    return found + [("market_fact", item) for item in told["profile"]["market_facts"]]


def differences_of_states(service: Service, first: Json, last: Json, path: str = RED_HAT) -> tuple[Any, Any]:
    """The items that are in one of two states only."""
    before, after = items(service, path, **first), items(service, path, **last)
    return [i for i in before if i not in after], [i for i in after if i not in before]


def refs(told: Json, change: Json) -> list[str]:
    return [told["refs"].get(cause["id"], cause["id"]) for cause in change["cause"]]


# along each clock


def test_tells_what_changed_within_a_year_and_which_claims_did_it(sample: Service) -> None:
    told = changes(sample, **YEAR)
    assert (told["axis"], told["entity"]["id"], told["next"]) == ("as_of", "red-hat", None)
    assert [told["points"][end]["as_of"] for end in ("from", "to")] == ["2014-01-01", "2015-01-01"]
    bought = by_key(told)["relation", "owns", "red-hat", "enovance"]
    assert [bought[end]["status"] for end in ("before", "after")] == ["not_held", "holds"]
    assert bought["changed"] == ["status", "since"]
    (cause,) = bought["cause"]
    assert (cause["kind"], cause["type"], bought["cause_count"]) == ("claim", "AcquisitionClaimed.v1", 1)
    assert cause["position"] == sample.get(f"/v1/claims/{cause['id']}").json["last_changed"]
    assert told["refs"][cause["id"]] == "000-09"
    assert told["names"]["enovance"] == "eNovance"


@pytest.mark.parametrize(
    ("axis", "first", "last", "fixed"),
    [
        ("as_of", "2014-01-01", "2015-01-01", {}),
        ("as_of", "2009-01-01", "2016-01-01", {"published_by": "2014-12-31"}),
        ("as_of", "2015-12-31", "2014-11-04", {"recorded_by": "220"}),
        ("published_by", "2014-11-03", "2014-11-04", {"as_of": LATE}),
        ("published_by", "2009-01-01", "2016-01-01", {"as_of": LATE}),
        ("published_by", "2015-11-05", "2009-02-15", {"as_of": "2014-11-04"}),
        ("recorded_by", "163", "204", {"as_of": LATE}),
        ("recorded_by", "0", "259", {"as_of": LATE}),
        ("recorded_by", "259", "163", {"as_of": LATE, "according_to": "red-hat"}),
    ],
)
def test_what_changed_leads_from_one_state_to_the_other(
    sample: Service, axis: str, first: str, last: str, fixed: dict[str, str]
) -> None:
    told = changes(sample, axis=axis, from_=first, to=last, limit="200", **fixed)
    gone, new = differences_of_states(sample, {axis: first, **fixed}, {axis: last, **fixed})
    listed = told["changes"]
    assert [(c["kind"], c["before"]) for c in listed if c["before"]] == in_order_of(listed, gone, "before")
    assert [(c["kind"], c["after"]) for c in listed if c["after"]] == in_order_of(listed, new, "after")
    assert listed or not (gone or new)
    assert all(change["cause"] for change in told["changes"])
    order = [(change["kind"], change["key"]) for change in told["changes"]]
    assert order == sorted(order)
    for change in told["changes"]:
        if change["before"] and change["after"]:
            differ = {name for name in change["after"] if change["after"][name] != change["before"][name]}
            assert differ == set(change["changed"])


def in_order_of(listed: list[Json], found: list[Any], end: str) -> list[Any]:
    """The items in the order in which they are listed; those that are not come last."""
    order = [(change["kind"], change[end]) for change in listed]
    return sorted(found, key=lambda item: order.index(item) if item in order else len(order))


def test_along_publication_the_claims_of_the_new_article_did_it(sample: Service) -> None:
    told = changes(sample, axis="published_by", from_="2014-11-03", to="2014-11-04", as_of="2014-12-31")
    assert told["changes"]
    named = {ref for change in told["changes"] for ref in refs(told, change)} & set(told["refs"].values())
    assert {ref[:4] for ref in named} == {"000-"}
    assert {end: told["points"][end]["published_by"] for end in ("from", "to")} == {
        "from": "2014-11-03", "to": "2014-11-04",
    }  # fmt: skip


def test_along_the_log_every_cause_lies_between_the_two_positions(sample: Service) -> None:
    told = changes(sample, axis="recorded_by", from_="170", to="190", as_of="2014-12-31")
    assert told["changes"]
    causes = [cause for change in told["changes"] for cause in change["cause"]]
    assert all(170 < cause["position"] <= 190 for cause in causes)
    assert (told["position"], told["clocks"]["as_of"]) == (190, "2014-12-31")


def test_along_the_log_instants_are_taken_as_well(sample: Service) -> None:
    ends = [
        sample.get("/v1/entities/red-hat", recorded_by=at).json["clocks"]["recorded_by"]["recorded_at"]
        for at in ("170", "190")
    ]
    one = changes(sample, axis="recorded_by", from_=ends[0], to=ends[1], as_of="2014-12-31")
    two = changes(sample, axis="recorded_by", from_="170", to="190", as_of="2014-12-31")
    assert (one["changes"], one["points"]) == (two["changes"], two["points"])


@pytest.mark.parametrize(
    ("axis", "point"), [("as_of", "2014-11-04"), ("published_by", "2014-11-04"), ("recorded_by", "200")]
)
def test_the_same_point_twice_has_no_changes(sample: Service, axis: str, point: str) -> None:
    assert changes(sample, axis=axis, from_=point, to=point)["changes"] == []


def test_from_after_to_is_the_inverse(sample: Service) -> None:
    there, back = changes(sample, **YEAR), changes(sample, from_=YEAR["to"], to=YEAR["from_"])
    turned = [c | {"before": c["after"], "after": c["before"]} for c in back["changes"]]
    unordered = [c | {"changed": sorted(c["changed"])} for c in there["changes"]]
    for change in turned:
        change["changed"] = sorted(change["changed"])
    assert turned == unordered


# pages and tokens


def test_all_pages_are_of_one_answer(sample: Service) -> None:
    whole = changes(sample, **YEAR)["changes"]
    told = changes(sample, **YEAR, limit="5")
    found = told["changes"]
    while told["next"] is not None:
        answer = sample.get(told["next"])
        told = answer.json
        found = found + told["changes"]
    assert found == whole and len(whole) > 5


@pytest.mark.parametrize("axis", ["as_of", "recorded_by"])
def test_a_token_gives_the_same_answer(sample: Service, axis: str) -> None:
    points = YEAR if axis == "as_of" else {"from_": "170", "to": "190"}
    told = changes(sample, axis=axis, **points, limit="4")
    again = changes(sample, token=told["token"])
    assert again["token_check"]["status"] == "same"
    assert (again["changes"], again["points"]) == (told["changes"], told["points"])
    assert sample.get(again["next"]).json["changes"] == sample.get(told["next"]).json["changes"]


@pytest.mark.parametrize("cursor", ["", "x", "bnVsbA"])
def test_refuses_a_forged_cursor(sample: Service, cursor: str) -> None:
    refused(sample.get(f"{RED_HAT}/changes", **YEAR, cursor=cursor), 400, "bad-cursor", "/cursor")


# what was done to the records


def test_along_the_log_a_correction_a_retraction_and_a_merge_did_it(own_service: Service) -> None:
    service = own_service
    claim = service.claim(**examples.ownership())
    start = service.timeline.head()
    steps = [
        ("claim", claim, "ClaimCorrected.v1", f"/v1/claims/{claim}/corrections",
         {"changes": {"time": {"kind": "instant", "edtf": "2014-02-02"}}, "reason": "a slip"}),
        ("claim", claim, "ClaimRetracted.v1", f"/v1/claims/{claim}/retraction", {"reason": "not in the text"}),
        ("claim", claim, "ClaimReinstated.v1", f"/v1/claims/{claim}/reinstatement", {"reason": "it is"}),
    ]  # fmt: skip
    for kind, name, event, path, body in steps:
        position = service.post(path, body).json["position"]
        told = changes(service, "/v1/entities/vmware", axis="recorded_by", from_=str(start), to=str(position))
        found = by_key(told)["relation", "owns", "vmware", "mirantis"]
        assert found["cause"] == [{"kind": kind, "id": name, "position": position, "type": event}]
        start = position
    service.known("vm-ware")
    start = service.timeline.head()
    position = service.post("/v1/entities/vmware/merge", {"into": "vm-ware", "reason": "the same"}).json["position"]
    told = changes(service, "/v1/entities/vmware", axis="recorded_by", from_=str(start), to=str(position))
    found = by_key(told)
    assert [found["entity",][end] for end in ("before", "after")] == [{"id": "vmware"}, {"id": "vm-ware"}]
    assert found["relation", "owns", "vmware", "mirantis"]["after"] is None
    assert found["relation", "owns", "vm-ware", "mirantis"]["before"] is None
    assert {cause["kind"] for change in told["changes"] for cause in change["cause"]} == {"merge"}
    assert [notice["answered"] for notice in told["notices"]] == ["vm-ware"]


def test_along_the_log_the_corrected_date_of_an_article_is_one_cause_of_many_changes(own_service: Service) -> None:
    service = own_service
    when = {"kind": "instant", "edtf": "2014-11-04", "anchor": "2014-11-04", "rule": "on_publication"}
    service.claim(time=when)
    service.claim(**examples.ownership(time=when))
    before, article = service.timeline.head(), service.article()
    body = {"changes": {"published": "2014-11-05"}, "reason": "typing error"}
    position = service.post(f"/v1/articles/{article}/corrections", body).json["position"]
    points = {"axis": "recorded_by", "from_": str(before), "to": str(service.timeline.head())}
    told = changes(service, "/v1/entities/mirantis", **points)
    assert [change["key"][0] for change in told["changes"]] == ["investor_of", "owns"]
    named = [cause for change in told["changes"] for cause in change["cause"]]
    assert {(c["kind"], c["id"], c["type"]) for c in named} == {("article", article, "ArticleCorrected.v1")}
    assert {c["position"] for c in named} == {before + 1} and position >= before + 1


# refusals


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ({"to": "2015-01-01"}, "bad-query", "/from"),
        ({"from_": "2015-01-01"}, "bad-query", "/to"),
        ({**YEAR, "axis": "according_to"}, "bad-query", "/axis"),
        ({**YEAR, "from_": "2014-02-30"}, "invalid-date", "/from"),
        ({**YEAR, "to": "2015"}, "invalid-date", "/to"),
        ({**YEAR, "to": "tomorrow", "axis": "published_by"}, "invalid-date", "/to"),
        ({"from_": "1", "to": "99999999", "axis": "recorded_by"}, "invalid", "/to"),
        ({"from_": "2999-01-01T00:00:00Z", "to": "1", "axis": "recorded_by"}, "invalid", "/from"),
        ({"from_": "2014-01-01", "to": "1", "axis": "recorded_by"}, "invalid-date", "/from"),
        ({**YEAR, "as_of": "2014-05-05"}, "bad-query", "/as_of"),
        ({**YEAR, "axis": "published_by", "published_by": "2014-05-05"}, "bad-query", "/published_by"),
        ({**YEAR, "limit": "0"}, "bad-query", "/limit"),
        ({**YEAR, "limit": "201"}, "bad-query", "/limit"),
        ({**YEAR, "published_by": "x"}, "invalid-date", "/published_by"),
    ],
)
def test_refuses_what_is_no_question(sample: Service, query: dict[str, str], code: str, pointer: str) -> None:
    refused(sample.get(f"{RED_HAT}/changes", **query), 422, code, pointer)


def test_an_unknown_entity_is_404(sample: Service) -> None:
    refused(sample.get("/v1/entities/nobody/changes", **YEAR), 404, "unknown")


def test_more_claims_than_one_answer_may_cost_are_refused(new_service: NewService) -> None:
    from service.settings import Limits

    with new_service(limits=Limits(fold_claims=1)) as service:
        service.claim()
        service.claim(time={"kind": "instant", "edtf": "2014"})
        refused(service.get(f"{RED_HAT}/changes", **YEAR), 422, "query-too-expensive")
