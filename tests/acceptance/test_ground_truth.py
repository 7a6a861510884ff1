"""The questions of the ground truth, answered exactly, over REST, on the sample alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from service.app import create_app
from service.bootstrap import build, projections
from service.settings import Settings
from tests.acceptance.scenarios import Scenario, part, sides, speakers
from tests.conftest import Servers

Answer = dict[str, Any]
INVESTED = ("investor_of", "red-hat", "mirantis")
JOINED = ("member_of", "vmware", "openstack-foundation")
AGREED = ("agreement_with", "red-hat", "mirantis")
PARTNERS = ("partner_of", "red-hat", "mirantis")
BOARD = "/v1/votes/openstack-foundation-board"
MOVES = {"relation": "member_of", "subject": "vmware", "object": "openstack-foundation"}
IN_2013 = {"edtf": "2013", "earliest": "2013-01-01", "latest": "2013-12-31"}
ON_THE_28TH = {"edtf": "2012-08-28", "earliest": "2012-08-28", "latest": "2012-08-28"}
ON_THE_7TH = {"edtf": "2012-09-07", "earliest": "2012-09-07", "latest": "2012-09-07"}
WANTS_OUT = {"change": "Mirantis wants to end it"}


@pytest.fixture(scope="module")
def scenarios(servers: Servers) -> Iterator[dict[str, Scenario]]:
    """The four scenarios, each in a database of its own."""
    found, services, urls = {}, [], []
    for name in "ABCD":
        url = servers.migrated(18)
        urls.append(url)
        services.append(build(Settings(database_url=url, pool_size=2), url))
        client = create_app(services[-1].timeline, services[-1].settings).test_client()
        found[name] = Scenario(name, services[-1].timeline, client)
        with projections(Settings(database_url=url, pool_size=2), url) as projectors:
            projectors.catch_up()
    yield found
    for service in services:
        service.close()
    for url in urls:
        servers.drop(url)


@pytest.fixture
def a(scenarios: dict[str, Scenario]) -> Scenario:
    return scenarios["A"]


@pytest.fixture
def b(scenarios: dict[str, Scenario]) -> Scenario:
    return scenarios["B"]


@pytest.fixture
def c(scenarios: dict[str, Scenario]) -> Scenario:
    return scenarios["C"]


@pytest.fixture
def d(scenarios: dict[str, Scenario]) -> Scenario:
    return scenarios["D"]


def test_aq01_before_the_year_named_the_investment_is_not_held(a: Scenario) -> None:
    answer = a.relation(*INVESTED, "2012-12-31", "2014-11-04")
    assert answer["status"] == "not_held"
    assert {"000-02", "000-12"} <= set(answer["claims"])


def test_aq02_inside_the_year_named_it_possibly_holds_with_its_bounds(a: Scenario) -> None:
    answer = a.relation(*INVESTED, "2013-07-01", "2014-11-04")
    assert (answer["status"], answer["since"], answer["until"]) == ("possibly", IN_2013, None)
    assert {"000-02", "000-12"} <= set(answer["claims"])


def test_aq03_after_the_year_named_it_holds_uncontested_by_author_and_red_hat(a: Scenario) -> None:
    answer = a.relation(*INVESTED, "2014-01-01", "2014-11-04")
    assert (answer["status"], answer["contested"], answer["since"]) == ("holds", False, IN_2013)
    assert speakers(answer) == {"author", "red-hat"}
    assert [v["agent"] for v in answer["asserted_by"] if v["affiliation"] == ["red-hat"]] == [["paul-cormier"]]
    assert set(answer["claims"]) == {"000-02", "000-12", "000-08"}
    assert part(answer, round="000-07")["status"] == "unknown"
    assert answer["supported_on"] == "2014-11-04"


def test_aq04_before_anything_was_recorded_it_is_unknown(a: Scenario) -> None:
    answer = a.relation(*INVESTED, "2014-01-01", "2013-12-31")
    assert (answer["status"], answer["claims"]) == ("unknown", [])


def test_aq06_on_the_eve_of_the_vote_membership_is_planned_against_the_headline(a: Scenario) -> None:
    answer = a.relation(*JOINED, "2012-08-27", "2012-08-27")
    assert (answer["status"], answer["since"], answer["due"]) == ("planned", None, ON_THE_28TH)
    assert set(answer["claims"]) == {"004-04", "004-05"}
    assert answer["attributes"]["level"] == "gold"
    assert [(item["claim"], item["why"]) for item in answer["excluded"]] == [("004-01", "headline")]
    (conflict,) = answer["conflicts"]
    assert (conflict["why"], sides(conflict)) == (
        "contradict",
        {"headline": {"004-01"}, "author": {"004-04", "004-05"}},
    )
    vote = a.ask(BOARD, "2012-08-27", "2012-08-27", **MOVES)
    assert (vote["status"], vote["due"], vote["claims"]) == ("scheduled", ON_THE_28TH, ["004-04"])


def test_aq07_the_day_after_the_due_date_the_vote_is_unconfirmed(a: Scenario) -> None:
    answer = a.ask(BOARD, "2012-08-29", "2012-08-29", **MOVES)
    assert (answer["status"], answer["due"], answer["when"], answer["outcomes"]) == (
        "unconfirmed",
        ON_THE_28TH,
        None,
        [],
    )
    assert answer["claims"] == ["004-04"]
    by_state = a.state("openstack-foundation-board", "2012-08-29", "2012-08-29")["votes"]
    assert [vote["status"] for vote in by_state if vote["moves"] == MOVES] == ["unconfirmed"]


def test_aq09_the_late_reports_move_vote_and_membership(c: Scenario) -> None:
    vote = c.ask(BOARD, "2012-08-29", "2016-01-15", **MOVES)
    assert (vote["status"], vote["missed"]) == ("did_not_occur", ON_THE_28TH)
    assert "S1" in vote["claims"]
    assert {(e["claim"], e["why"], e["by"]) for e in vote["excluded"]} == {
        ("004-04", "superseded", "S1"),
        ("004-04", "superseded", "S2"),
    }
    for day in ("2012-08-29", "2012-09-06"):
        assert c.relation(*JOINED, day, "2016-01-15")["status"] == "not_held"
    later = c.ask(BOARD, "2012-09-08", "2016-01-15", **MOVES)
    assert (later["status"], later["when"], later["outcomes"]) == ("occurred", ON_THE_7TH, ["approved"])
    member = c.relation(*JOINED, "2012-09-08", "2016-01-15")
    assert (member["status"], member["since"], member["attributes"]) == ("holds", ON_THE_7TH, {"level": "gold"})
    assert {"S2", "S2-vote"} <= set(member["claims"])


def test_aq11_the_corrected_headline_is_listed_and_stays_in_the_log(c: Scenario) -> None:
    answer = c.relation(*JOINED, "2012-08-27", "2016-01-15")
    assert answer["status"] == "not_held"
    assert ("004-01", "corrected", "S2") in {(e["claim"], e["why"], e["by"]) for e in answer["excluded"]}
    assert "004-01" not in answer["claims"]
    claim = c.ask("/v1/claims/" + claim_id(c, "004-01"), "2012-08-27", "2016-01-15")
    assert (claim["standing"], claim["version"], claim["stands_by"]) == ("corrected", 1, ["S2"])


def test_aq12_the_agreement_according_to_mirantis(a: Scenario) -> None:
    answer = a.relation(*AGREED, "2014-11-04", "2014-11-04", according_to="mirantis")
    assert (answer["status"], answer["since"], answer["contested"]) == ("holds", IN_2013, False)
    assert set(answer["claims"]) == {"000-22", "000-23", "000-24", "000-25", "000-28", "000-29"}
    found = {item["scope"]["term"]: (item["status"], item["claims"]) for item in answer["parts"]}
    assert found == {
        "scope": ("holds", ["000-22"]),
        "alliance agreement": ("holds", ["000-23"]),
        "signed as part of the investment": ("holds", ["000-24"]),
        "honoured the alliance agreement": ("not_held", ["000-25"]),
        "lock-in clause": ("not_held", ["000-29"]),
        "lock-in to RHEL": ("planned", ["000-28"]),
    }
    assert part(answer, term="scope")["attributes"]["value"] == "includes software and product"
    assert part(answer, term="alliance agreement")["attributes"]["value"] == "integrate products"
    assert part(answer, term="alliance agreement")["since"] == IN_2013
    partners = a.relation(*PARTNERS, "2014-11-04", "2014-11-04", according_to="mirantis")
    assert (partners["status"], partners["claims"]) == ("holds", ["000-34"])
    assert part(partners, **WANTS_OUT)["status"] == "not_held"


def test_aq14_without_a_perspective_the_scope_is_contested_and_the_breach_is_not(a: Scenario) -> None:
    assert a.relation(*INVESTED, "2014-11-04", "2014-11-04")["status"] == "holds"
    answer = a.relation("agreement_with", "mirantis", "red-hat", "2014-11-04", "2014-11-04")
    assert (answer["status"], answer["since"], answer["contested"]) == ("holds", IN_2013, True)
    scope = part(answer, term="scope")
    assert (scope["status"], set(scope["claims"])) == ("contested", {"000-13", "000-22"})
    contested = [conflict for conflict in answer["conflicts"] if conflict["why"] == "contradict"]
    assert [sides(conflict) for conflict in contested] == [{"red-hat": {"000-13"}, "mirantis": {"000-22", "000-23"}}]
    values = {"+".join(s["asserted_by"]["affiliation"]): s["value"] for s in contested[0]["sides"]}
    assert values["red-hat"] == "consulting partnership"
    assert "includes software and product" in values["mirantis"]
    breach = part(answer, term="honoured the alliance agreement")
    assert (breach["status"], breach["contested"], speakers(breach)) == ("not_held", False, {"mirantis"})


def test_aq15_the_wish_to_end_it_is_contested_and_the_partnership_holds(a: Scenario) -> None:
    answer = a.relation(*PARTNERS, "2014-11-04", "2014-11-04")
    assert (answer["status"], answer["since"]) == ("holds", IN_2013)
    assert set(answer["claims"]) == {"000-03", "000-32", "000-33"}
    wish = part(answer, **WANTS_OUT)
    assert (wish["status"], wish["claims"]) == ("contested", ["000-32"])
    (conflict,) = answer["conflicts"]
    assert (conflict["why"], sides(conflict)) == ("deny", {"unnamed_report": {"000-32"}, "mirantis": {"000-34"}})


def test_aq17_all_relations_of_vmware_with_openstack_and_its_foundation(a: Scenario) -> None:
    answer = a.state("vmware", "2013-11-08", "2013-11-08")
    found = {(r["relation"], r["subject"], r["object"]): r for r in answer["relations"]}
    competes = found["competes_with", "openstack", "vmware"]
    assert competes["status"] == "holds"
    assert {"004-06", "004-08"} <= set(competes["claims"])
    contributes = found["contributes_to", "vmware", "openstack"]
    assert (contributes["status"], set(contributes["claims"])) == ("holds", {"001-07", "001-22"})
    assert found[JOINED]["status"] == "unconfirmed"
    assert found["partner_of", "mirantis", "vmware"]["status"] == "holds"
    stances = {
        (s["stance"], s["when"]["edtf"], tuple(s["claims"]))
        for s in answer["stances"]
        if s["about"] == "openstack" and s["speaker"] in ("vmware", "mathew-lodge", "pat-gelsinger")
    }
    assert {
        ("hostile", "2012-04", ("004-10",)),
        ("sceptical", "[2013-08-01..2013-10-31]", ("001-11",)),
        ("supportive", "[2013-11-05..2013-11-08]", ("001-06",)),
    } <= stances


def test_aq18_the_late_article_counts_from_its_recording_on(b: Scenario) -> None:
    key = ("agreement_with", "microsoft", "red-hat")
    assert b.relation(*key, "2010-01-01", "2015-11-30")["status"] == "unknown"
    answer = b.relation(*key, "2010-01-01", "2015-12-01")
    assert answer["status"] == "holds"
    assert answer["since"] == {"edtf": "[..2009-02-16]", "earliest": None, "latest": "2009-02-16"}
    (conflict,) = answer["conflicts"]
    assert conflict["aspect"] == "the label interoperability"
    assert sides(conflict) == {"red-hat": {"003-01"}, "author": {"003-09"}}
    signed = part(answer, term="interoperability of virtualization platforms")
    assert (signed["status"], signed["claims"]) == ("holds", ["003-01"])
    page = b.client.get("/v1/feed", query_string={"limit": 200}).json
    page += b.client.get("/v1/feed", query_string={"limit": 200, "lastEventId": page[-1]["id"]}).json
    (event,) = [e for e in page if e["data"].get("ref") == "003-01"]
    assert b.position("2015-11-30") < int(event["sequence"]) <= b.position("2015-12-01")
    assert event["data"]["content"]["time"]["edtf"] == "[..2009-02-16]"
    assert event["type"] == "io.frenemies.AgreementClaimed.v1"


def test_aq19_the_publication_clock_tells_what_a_reader_could_know(b: Scenario) -> None:
    key = ("agreement_with", "microsoft", "red-hat")
    answer = b.relation(*key, "2010-01-01", published_by="2010-01-01")
    assert answer["status"] == "holds"
    assert "003-01" in answer["claims"]
    assert not [claim for claim in answer["claims"] if claim.startswith("002")]
    assert b.relation(*key, "2010-01-01", "2010-01-01")["status"] == "unknown"


@pytest.mark.parametrize(
    ("relation", "as_of", "status", "claims"),
    [
        ("partner_of", "2010-01-01", "not_held", {"002-01", "002-02", "002-30"}),
        ("agreement_with", "2010-01-01", "holds", {"003-01"}),
        ("competes_with", "2010-01-01", "possibly", {"002-32"}),
        ("partner_of", "2015-11-03", "not_held", {"002-01"}),
        ("partner_of", "2015-11-04", "holds", {"002-01"}),
        ("competes_with", "2015-11-04", "holds", {"002-32"}),
    ],
)
def test_aq20_microsoft_and_red_hat_before_and_on_the_announcement(
    a: Scenario, relation: str, as_of: str, status: str, claims: set[str]
) -> None:
    answer = a.relation(relation, "microsoft", "red-hat", as_of, "2015-11-05")
    assert answer["status"] == status
    assert claims <= set(answer["claims"])
    assert answer["until"] is None


def test_aq21_the_offer_on_azure_is_planned_and_then_unconfirmed(a: Scenario) -> None:
    for producer in ("microsoft", "red-hat"):
        key = ("offers", producer, "on-demand-rhel-on-azure")
        planned = a.relation(*key, "2015-12-15", "2015-12-15")
        assert (planned["status"], planned["claims"]) == ("planned", ["002-11"])
        assert (planned["due"]["earliest"], planned["due"]["latest"]) == ("2015-11-01", "2016-01-31")
        assert a.relation(*key, "2016-03-01", "2016-03-01")["status"] == "unconfirmed"


def test_aq22_the_validation_programme_of_2009_is_still_a_plan(a: Scenario) -> None:
    agreed = a.relation("agreement_with", "microsoft", "red-hat", "2015-11-05", "2015-11-05")
    for term, claim in (
        ("joint validation/certification program", "003-02"),
        ("coordinated support after testing", "003-06"),
    ):
        plan = part(agreed, term=term)
        assert (plan["status"], plan["planned_since"], plan["due"]) == ("planned", "2009-02-16", None)
        assert plan["claims"] == [claim]
    for key, platform, claim in (
        (("supports", "red-hat", "windows-server"), "red-hat-enterprise-virtualization", "003-04"),
        (("supports", "microsoft", "rhel"), "hyper-v", "003-05"),
    ):
        support = a.relation(*key, "2015-11-05", "2015-11-05")
        assert (support["status"], support["due"], support["planned_since"]) == ("planned", None, "2009-02-16")
        assert part(support, platform=platform)["claims"] == [claim]


def test_aq23_one_position_with_three_titles_on_record(a: Scenario) -> None:
    answer = a.state("paul-cormier", "2015-05-01", "2015-11-05")
    (position,) = answer["positions"]
    assert (position["holder"], position["organization"], position["status"]) == ("paul-cormier", "red-hat", "holds")
    titles = {tuple(title["claims"]): title["title"] for title in position["titles"]}
    assert set(titles) == {("000-14",), ("000-37",), ("002-16",)}
    assert titles[("000-14",)] == "tech chief"


def test_aq25_the_round_of_october_2014_has_an_amount_and_no_known_investor(a: Scenario) -> None:
    (found,) = a.state("mirantis", "2014-11-04", "2014-11-04")["rounds"]
    assert (found["attributes"]["amount"], found["attributes"]["currency"]) == ("100000000", "USD")
    assert found["when"]["edtf"] == "2014-10"
    assert found["claims"] == ["000-07"]
    assert [(i["entity"], i["status"], i["claims"]) for i in found["investors"]] == [
        ("red-hat", "not_held", ["000-08"])
    ]
    assert a.relation("investor_of", "canonical", "mirantis", "2014-11-04", "2014-11-04")["status"] == "unknown"


def test_aq28_two_reports_of_one_remark_narrow_its_date(c: Scenario) -> None:
    def doubt(recorded: str) -> tuple[str, set[str]]:
        points = [
            s
            for s in c.state("pat-gelsinger", "2013-11-08", recorded)["stances"]
            if s["wording"] == "of enterprise success"
        ]
        (point,) = points
        return point["when"]["edtf"], set(point["claims"])

    assert doubt("2013-11-08") == ("[2013-08-01..2013-10-31]", {"001-11"})
    assert doubt("2016-01-15") == ("[2013-08-01..2013-08-16]", {"001-11", "S3"})


def test_scenario_d_a_corrected_date_moves_what_a_rule_derived_and_nothing_else(d: Scenario, a: Scenario) -> None:
    before = d.relation(*INVESTED, "2013-07-01", "2014-11-05")
    assert (before["status"], before["since"]["edtf"]) == ("holds", "2012")
    assert d.relation(*INVESTED, "2012-07-01", "2014-11-05")["status"] == "possibly"
    after = d.relation(*INVESTED, "2013-07-01", "2014-11-06")
    assert (after["status"], after["since"]) == ("possibly", IN_2013)
    for key in (INVESTED, AGREED, PARTNERS, ("owns", "red-hat", "enovance")):
        corrected = d.relation(*key, "2014-11-04", "2014-11-06")
        plain = a.relation(*key, "2014-11-04", "2014-11-04")
        for field in ("status", "since", "until", "parts", "claims", "conflicts"):
            assert orderless(corrected[field]) == orderless(plain[field]), (key, field)
    moved = d.ask("/v1/claims/" + claim_id(d, "000-13"), "2014-11-04", "2014-11-06")
    assert (moved["time"]["edtf"], moved["time"]["rule"]) == ("2013", "same_as(000-02)")
    still = d.ask("/v1/claims/" + claim_id(d, "000-06"), "2014-11-04", "2014-11-06")
    assert (still["time"]["edtf"], still["version"]) == ("[2013..2014-11-04]", 1)


def orderless(value: Any) -> Any:
    """The value with its lists sorted: other dates give other ids, and ids settle the order of equals."""
    if isinstance(value, list):
        return sorted(map(orderless, value), key=str)
    return {name: orderless(item) for name, item in value.items()} if isinstance(value, dict) else value


def claim_id(scenario: Scenario, ref: str) -> str:
    return next(claim for claim, known in scenario.refs.items() if known == ref)
