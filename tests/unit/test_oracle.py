"""The oracle against examples reasoned from the contract, against itself in other orders, and against the reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.generating import thorough
from tests.histories import Question, histories, orders, questions, reorderings, to_reference
from tests.oracle import Key, Record
from tests.reference import answers_of_reference, comparable, known_to_reference, needs_reference, reference

EXAMPLES = settings(
    thorough,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
QUESTIONS_EACH = 20

JUNE, JULY, AUGUST = "june", "july", "august"
PUBLISHED = {JUNE: "2014-06-01", JULY: "2014-07-01", AUGUST: "[2014-08-01..2014-08-03]"}
ROLES = {
    "acquisition": ("acquirer", "target"),
    "agreement": ("party", "party"),
    "competition": ("competitor", "competitor"),
    "contribution": ("contributor", "project"),
    "customer": ("customer", "vendor"),
    "interoperability": ("provider", "subject"),
    "investment": ("investor", "investee"),
    "membership": ("member", "organization"),
    "partnership": ("partner", "partner"),
    "position": ("holder", "organization"),
    "product": ("producer", "product"),
}
AUTHOR = {"kind": "author"}
HEADLINE = {"kind": "headline"}
ANT_SAYS = {"kind": "speaker", "agent": ["pat"], "affiliation": ["ant"]}
ANT_ALSO_SAYS = {"kind": "speaker", "agent": ["kim"], "affiliation": ["ant"]}
BEE_SAYS = {"kind": "speaker", "agent": ["sam"], "affiliation": ["bee"]}

OWNS: Key = ("owns", "ant", "bee")
MEMBER: Key = ("member_of", "ant", "bee")
PARTNER: Key = ("partner_of", "ant", "bee")
AGREEMENT: Key = ("agreement_with", "ant", "bee")
COMPETES: Key = ("competes_with", "ant", "bee")
INVESTOR: Key = ("investor_of", "ant", "bee")
HOLDS: Key = ("holds_position", "ant", "bee")
OFFERS: Key = ("offers", "ant", "bee")
CONTRIBUTES: Key = ("contributes_to", "ant", "bee")
MOVES = {"relation": "member_of", "subject": "ant", "object": "bee"}


# ---- examples in short


def claim(ref: str, kind: str, edtf: str, article: str = JUNE, **more: Any) -> Record:
    """A claim about ant and bee; what is no field of a claim is an attribute."""
    by = more.pop("by", AUTHOR)
    extra = more.pop("extra", [])
    participants = [{"role": role, "entity": e} for role, e in zip(ROLES.get(kind, ()), ("ant", "bee"), strict=False)]
    time = {"kind": more.pop("seen", "instant"), "edtf": edtf, **more.pop("dated", {})}
    return {
        "record": "claim",
        "ref": ref,
        "article": article,
        "type": kind,
        "participants": participants + [{"role": role, "entity": entity} for role, entity in extra],
        "modality": more.pop("modality", "done"),
        "polarity": more.pop("polarity", "positive"),
        "asserted_by": by,
        "time": time,
        "attributes": more,
        "evidence": {"summary": ref},
    }


def observed(ref: str, kind: str, edtf: str, article: str = JUNE, **more: Any) -> Record:
    """A claim that something was seen to hold."""
    return claim(ref, kind, edtf, article, seen="observed", **more)


def ballot(ref: str, edtf: str, article: str = JUNE, **more: Any) -> Record:
    """A claim about the vote that would make ant a member of bee."""
    return claim(ref, "governance_vote", edtf, article, extra=[("body", "board")], moves=MOVES, **more)


def response(kind: str, by: str, target: str, **more: Any) -> Record:
    """A response of one claim to another."""
    return {"record": "response", "response": kind, "by": by, "target": target, **more}


def correction(of: str, article: str | None = None, **changes: Any) -> Record:
    """A correction of some fields of a claim or article."""
    backing = {"article": article} if article else {}
    return {"record": "correction", "of": of, "changes": changes, "reason": "was wrong", **backing}


def told(*records: Record) -> list[Record]:
    """A history of these records, after the three articles."""
    articles = [
        {"record": "article", "url": url, "title": url, "publisher": "news", "authors": [f"{url} writer"]}
        | {"language": "en", "published": published}
        for url, published in PUBLISHED.items()
    ]
    return articles + list(records)


def status(history: list[Record], key: Key, day: str, **clocks: Any) -> str:
    """Only the status of a relation."""
    return str(oracle.relation(history, key, day, **clocks)["status"])


def vote(history: list[Record], day: str, **clocks: Any) -> dict[str, Any]:
    """The answer for the vote that would make ant a member of bee."""
    return oracle.vote(history, "board", MOVES, day, **clocks)


# ---- the rules of the fold, day by day

Example = tuple[str, list[Record], Key, dict[str, str]]

RULES: list[Example] = [
    (
        "1 a plan is planned from its publication to its last day, then unconfirmed",
        [claim("c", "membership", "2014-06-10", modality="planned")],
        MEMBER,
        {"2014-05-31": "unknown", "2014-06-01": "planned", "2014-06-10": "planned", "2014-06-11": "unconfirmed"},
    ),
    (
        "1 a proposal without a day stays planned",
        [claim("c", "partnership", "2014-05-20", modality="proposed")],
        PARTNER,
        {"2014-05-19": "unknown", "2014-05-20": "planned", "2024-01-01": "planned"},
    ),
    (
        "1 a later start outranks a plan",
        [
            claim("c", "membership", "2014-06-10", modality="planned"),
            claim("d", "membership", "2014-08-01", AUGUST, stage="admitted"),
        ],
        MEMBER,
        {"2014-06-05": "not_held", "2014-07-31": "not_held", "2014-08-01": "holds"},
    ),
    (
        "1 a rejected vote ends its plan, an approved one opens",
        [ballot("c", "2014-06-10", modality="scheduled"), ballot("d", "2014-06-10", JULY, outcome="rejected")],
        MEMBER,
        {"2014-06-09": "planned", "2014-06-10": "not_held", "2014-06-11": "not_held"},
    ),
    (
        "1 an announced deal is a plan with its due day, any other announcement opens",
        [claim("c", "acquisition", "2014-05-01", modality="announced", due="2014-06")],
        OWNS,
        {"2014-04-30": "unknown", "2014-05-01": "planned", "2014-06-30": "planned", "2014-07-01": "unconfirmed"},
    ),
    (
        "1 an announced partnership opens",
        [claim("c", "partnership", "2014-05-01", modality="announced")],
        PARTNER,
        {"2014-04-30": "not_held", "2014-05-01": "holds"},
    ),
    (
        "1 a cancelled deal ends the plan, not what holds",
        [
            claim("c", "acquisition", "2012-01-01", stage="completed"),
            claim("d", "acquisition", "2013-01-01", stage="cancelled"),
        ],
        OWNS,
        {"2012-12-31": "holds", "2013-01-02": "holds"},
    ),
    (
        "2 an opening in a year",
        [claim("c", "investment", "2013")],
        INVESTOR,
        {"2012-12-31": "not_held", "2013-01-01": "possibly", "2013-12-30": "possibly", "2013-12-31": "holds"},
    ),
    (
        "2 a later start reaches back, but not across an end",
        [claim("c", "partnership", "2012-06-01", stage="ended"), claim("d", "partnership", "2013-01-01")],
        PARTNER,
        {"2012-05-31": "unknown", "2012-06-01": "not_held", "2012-12-31": "not_held", "2013-01-01": "holds"},
    ),
    (
        "3 an observation in a range",
        [observed("c", "competition", "[2013-03-01..2013-05-01]")],
        COMPETES,
        {"2013-02-28": "unknown", "2013-03-01": "possibly", "2013-04-30": "possibly", "2013-05-01": "holds"},
    ),
    (
        "3 an observation without a first day",
        [observed("c", "competition", "[..2013-05-01]")],
        COMPETES,
        {"1990-01-01": "possibly", "2013-04-30": "possibly", "2013-05-01": "holds", "2030-01-01": "holds"},
    ),
    (
        "4 starts of what begins once that cannot agree are contested between them",
        [claim("c", "acquisition", "2012-02-01"), claim("d", "acquisition", "2013-02-01", JULY)],
        OWNS,
        {"2012-01-31": "not_held", "2012-02-01": "contested", "2013-01-31": "contested", "2013-02-01": "holds"},
    ),
    (
        "4 elsewhere a later opening says that it goes on",
        [claim("c", "partnership", "2012-02-01"), claim("d", "partnership", "2013-02-01", JULY)],
        PARTNER,
        {"2012-01-31": "not_held", "2012-02-01": "holds", "2013-01-31": "holds"},
    ),
    (
        "4 openings of one spell are intersected",
        [claim("c", "investment", "2013"), claim("d", "investment", "2013-06", JULY)],
        INVESTOR,
        {"2013-05-31": "not_held", "2013-06-01": "possibly", "2013-06-30": "holds"},
    ),
    (
        "4 an observation bounds the start from above",
        [claim("c", "investment", "2013"), observed("d", "investment", "2013-04-10", JULY)],
        INVESTOR,
        {"2012-12-31": "not_held", "2013-04-09": "possibly", "2013-04-10": "holds"},
    ),
    (
        "4 a new title is no second start",
        [
            claim("c", "position", "2012-02-01", title="chair"),
            claim("d", "position", "2013-02-01", JULY, title="director"),
        ],
        HOLDS,
        {"2012-01-31": "not_held", "2012-02-01": "holds", "2013-01-31": "holds"},
    ),
    (
        "4 a contribution is an observation",
        [claim("c", "contribution", "2013-02")],
        CONTRIBUTES,
        {"2013-01-31": "unknown", "2013-02-01": "possibly", "2013-02-28": "holds"},
    ),
    (
        "5 an end in a month",
        [claim("c", "partnership", "2012-01-01"), claim("d", "partnership", "2013-05", stage="ended")],
        PARTNER,
        {"2013-04-30": "holds", "2013-05-01": "possibly", "2013-05-30": "possibly", "2013-05-31": "not_held"},
    ),
    (
        "5 an end alone says nothing before it",
        [claim("d", "partnership", "2013-05", stage="ended")],
        PARTNER,
        {"2013-05-30": "unknown", "2013-05-31": "not_held"},
    ),
    (
        "5 an interval holds on both of its days",
        [claim("c", "partnership", "2012-01-01/2012-12-31")],
        PARTNER,
        {"2011-12-31": "not_held", "2012-12-31": "holds", "2013-01-01": "not_held"},
    ),
    (
        "5 an opening on the day of an end comes after it when it held before",
        [
            claim("c", "partnership", "2012-01-01"),
            claim("d", "partnership", "2013-05-01", stage="ended"),
            claim("e", "partnership", "2013-05-01", JULY),
        ],
        PARTNER,
        {"2013-04-30": "holds", "2013-05-01": "holds", "2013-05-02": "holds"},
    ),
    (
        "5 a product that is withdrawn is no longer offered",
        [claim("c", "product", "2012-01-01", stage="released"), claim("d", "product", "2013-01-01", stage="withdrawn")],
        OFFERS,
        {"2012-12-31": "holds", "2013-01-01": "not_held"},
    ),
    (
        "5 an unscoped end ends the parts",
        [
            claim("c", "agreement", "2012-01-01", term="price"),
            claim("d", "agreement", "2013-01-01", stage="ended"),
        ],
        AGREEMENT,
        {"2012-06-01": "holds", "2013-01-01": "not_held"},
    ),
    (
        "6 seen not to hold: it ended after the last evidence and by that day",
        [claim("c", "partnership", "2012-01-01"), observed("d", "partnership", "2013-01-01", polarity="negative")],
        PARTNER,
        {"2012-01-01": "holds", "2012-01-02": "possibly", "2012-12-31": "possibly", "2013-01-01": "not_held"},
    ),
    (
        "6 seen not to hold after an end: nothing else had ended before that end",
        [
            claim("c", "partnership", "2012-01-01"),
            claim("d", "partnership", "2012-06-01", stage="ended"),
            observed("e", "partnership", "2013-01-01", JULY, polarity="negative"),
        ],
        PARTNER,
        {"2012-05-31": "holds", "2012-06-01": "not_held", "2013-01-01": "not_held"},
    ),
    (
        "6 a negative and positive evidence of the same days",
        [
            observed("c", "partnership", "2013-01-01"),
            observed("d", "partnership", "2013-01-01", JULY, polarity="negative"),
        ],
        PARTNER,
        {"2012-12-31": "unknown", "2013-01-01": "contested", "2014-01-01": "contested"},
    ),
    (
        "6 not to have happened says nothing for a state that already held",
        [claim("c", "partnership", "2012-01-01"), claim("d", "partnership", "2013-01", polarity="negative")],
        PARTNER,
        {"2012-12-31": "holds", "2013-02-01": "holds"},
    ),
    (
        "6 not to have happened, alone, is a no from its last day",
        [claim("d", "partnership", "2013-01", modality="denied")],
        PARTNER,
        {"2013-01-30": "unknown", "2013-01-31": "not_held"},
    ),
    (
        "8 an opinion opens nothing",
        [claim("c", "partnership", "2012-01-01", modality="opinion")],
        PARTNER,
        {"2012-06-01": "unknown"},
    ),
    (
        "9 an acquisition ends no partnership",
        [claim("c", "partnership", "2012-01-01"), claim("d", "acquisition", "2013-01-01")],
        PARTNER,
        {"2013-06-01": "holds"},
    ),
    (
        "9 a partnership ends no competition",
        [observed("c", "competition", "2012-01-01"), claim("d", "partnership", "2013-01-01")],
        COMPETES,
        {"2013-06-01": "holds"},
    ),
]


@pytest.mark.parametrize(("records", "key", "days"), [example[1:] for example in RULES], ids=[e[0] for e in RULES])
def test_each_rule_of_the_fold_gives_the_state_of_each_day(
    records: list[Record], key: Key, days: dict[str, str]
) -> None:
    assert {day: status(told(*records), key, day) for day in days} == days


def test_since_and_until_are_the_ranges_of_start_and_end() -> None:
    history = told(claim("c", "partnership", "2012"), claim("d", "partnership", "2013-05", JULY, stage="ended"))
    held = oracle.relation(history, PARTNER, "2013-01-01")
    assert (held["since"], held["until"]) == (("2012-01-01", "2012-12-31"), ("2013-05-01", "2013-05-31"))
    over = oracle.relation(history, PARTNER, "2013-06-01")
    assert (over["status"], over["since"], over["until"]) == ("not_held", None, ("2013-05-01", "2013-05-31"))


def test_contested_start_returns_both_days() -> None:
    history = told(claim("c", "acquisition", "2012-02-01"), claim("d", "acquisition", "2013-02-01", JULY))
    assert oracle.relation(history, OWNS, "2012-06-01")["since"] == ("2012-02-01", "2013-02-01")


def test_plan_says_when_it_is_due_and_undated_plans_add_nothing() -> None:
    history = told(
        claim("c", "membership", "2014-06-10", modality="planned"),
        claim("d", "membership", "2014-05-01", stage="applied"),
    )
    assert oracle.relation(history, MEMBER, "2014-06-05")["due"] == "2014-06-10"
    assert status(history, MEMBER, "2014-06-11") == "unconfirmed"


def test_intended_end_is_a_part_that_never_touches_the_whole() -> None:
    history = told(
        claim("c", "partnership", "2012-01-01"),
        claim("d", "partnership", "2014-06-10", stage="ended", modality="planned"),
        claim("e", "partnership", "2014-05-01", change="wants out"),
    )
    answer = oracle.relation(history, PARTNER, "2014-07-01")
    assert answer["status"] == "holds"
    assert {part: state["status"] for part, state in answer["parts"].items()} == {
        (("change", "ended"),): "unconfirmed",
        (("change", "wants out"),): "holds",
    }


def test_two_terms_never_narrow_each_other() -> None:
    history = told(
        claim("c", "agreement", "2012-01-01", term="price"), claim("d", "agreement", "2013", JULY, term="scope")
    )
    answer = oracle.relation(history, AGREEMENT, "2012-06-01")
    assert (answer["status"], answer["since"]) == ("holds", ("2012-01-01", "2012-01-01"))
    assert answer["parts"][(("term", "scope"),)]["status"] == "not_held"


def test_completed_acquisition_ends_what_the_seller_owned() -> None:
    sold = claim("d", "acquisition", "2013-01-01", extra=[("seller", "cat")])
    before = claim("c", "acquisition", "2012-01-01")
    before["participants"][0]["entity"] = "cat"
    assert status(told(before, sold), ("owns", "cat", "bee"), "2012-12-31") == "holds"
    assert status(told(before, sold), ("owns", "cat", "bee"), "2013-01-01") == "not_held"
    assert status(told(before, sold), OWNS, "2013-01-01") == "holds"


def test_rivals_compete_with_each_competitor_and_not_with_each_other() -> None:
    history = told(observed("c", "competition", "2012-01-01", extra=[("rival", "cat"), ("rival", "dog")]))
    assert status(history, ("competes_with", "cat", "ant"), "2013-01-01") == "holds"
    assert status(history, ("competes_with", "cat", "dog"), "2013-01-01") == "unknown"
    assert status(history, COMPETES, "2013-01-01") == "unknown"


# ---- rule 7: contested


@pytest.mark.parametrize(
    ("by", "aspect", "expected"),
    [(BEE_SAYS, {}, "contested"), (ANT_ALSO_SAYS, {}, "holds"), (BEE_SAYS, {"aspect": "the price"}, "holds")],
    ids=["another asserter", "the same affiliation", "only an aspect"],
)
def test_denial_contests_the_fact_of_another_asserter_only(by: Record, aspect: Record, expected: str) -> None:
    history = told(
        claim("c", "partnership", "2012-01-01", by=ANT_SAYS),
        claim("d", "statement", "2014-07-01", JULY, by=by),
        response("deny", "d", "c", **aspect),
    )
    assert status(history, PARTNER, "2013-01-01") == expected


def test_denied_end_is_contested_until_a_later_opening() -> None:
    history = told(
        claim("c", "partnership", "2012-01-01"),
        claim("d", "partnership", "2013-01-01", stage="ended", by=ANT_SAYS),
        claim("e", "statement", "2014-07-01", JULY, by=BEE_SAYS),
        response("deny", "e", "d"),
    )
    assert status(history, PARTNER, "2012-12-31") == "holds"
    assert status(history, PARTNER, "2013-01-01") == "contested"
    reopened = [*history, claim("f", "partnership", "2014-01-01", JULY)]
    assert status(reopened, PARTNER, "2014-01-01") == "holds"


def test_disputed_end_is_contested_from_the_first_day_on_which_it_may_have_come() -> None:
    history = told(
        claim("c", "partnership", "2012-01-01"),
        claim("d", "partnership", "2013-05", stage="ended", by=ANT_SAYS),
        claim("e", "statement", "2014-07-01", JULY, by=BEE_SAYS),
        response("dispute", "e", "d"),
    )
    assert [status(history, PARTNER, day) for day in ("2013-04-30", "2013-05-01", "2013-06-01")] == [
        "holds",
        "contested",
        "contested",
    ]


def test_response_of_an_article_in_no_other_claim_contests() -> None:
    by = {"article": JULY, "asserted_by": BEE_SAYS}
    denial = {"record": "response", "ref": "r", "response": "deny", "target": "c", "by": by}
    history = told(claim("c", "partnership", "2012-01-01", by=ANT_SAYS), denial)
    answer = oracle.relation(history, PARTNER, "2013-01-01")
    assert (answer["status"], answer["conflicts"]) == ("contested", [("r", "c", None)])
    assert status(history, PARTNER, "2013-01-01", published_by="2014-06-30") == "holds"


# ---- rules 8 and 10: what leaves the fold


@pytest.mark.parametrize("forth", [True, False], ids=["the body answers", "the headline answers"])
def test_headline_is_silent_while_its_own_article_contradicts_it(forth: bool) -> None:
    ends = ("d", "c") if forth else ("c", "d")
    history = told(
        claim("c", "membership", "2014-05-01", by=HEADLINE, stage="admitted"),
        claim("d", "membership", "2014-06-20", modality="planned"),
        response("contradict", *ends),
    )
    answer = oracle.relation(history, MEMBER, "2014-06-10")
    assert (answer["status"], answer["excluded"], answer["conflicts"]) == (
        "planned",
        [("c", "headline")],
        [(*ends, None)],
    )
    assert status(history[:-1], MEMBER, "2014-06-10") == "holds"


@pytest.mark.parametrize(
    ("kind", "why"), [("correct", "corrected"), ("supersede", "superseded"), ("retract", "retracted")]
)
def test_undone_claim_leaves_the_fold_and_is_listed(kind: str, why: str) -> None:
    history = told(
        claim("c", "membership", "2012-01-01"),
        claim("d", "membership", "2013-01-01", JULY, stage="admitted"),
        response(kind, "d", "c"),
    )
    answer = oracle.relation(history, MEMBER, "2012-06-01")
    assert (answer["status"], answer["excluded"], answer["claims"]) == ("not_held", [("c", why)], ["d"])
    assert status(history, MEMBER, "2012-06-01", recorded_by=len(history) - 1) == "contested"
    assert status(history, MEMBER, "2012-06-01", published_by="2014-06-30") == "holds"


def test_undoing_whose_own_claim_is_undone_stops_counting_along_the_chain() -> None:
    history = told(
        claim("c", "partnership", "2012-01-01"),
        claim("d", "statement", "2014-06-01"),
        claim("e", "statement", "2014-07-01", JULY),
        response("correct", "d", "c"),
        response("correct", "e", "d"),
    )
    assert status(history[:-1], PARTNER, "2013-01-01") == "unknown"
    assert status(history, PARTNER, "2013-01-01") == "holds"
    retracted = {"record": "retraction", "of": "e", "reason": "not said"}
    assert status([*history, retracted], PARTNER, "2013-01-01") == "unknown"


def test_claims_that_undo_each_other_or_themselves_are_undone() -> None:
    two = told(
        claim("c", "partnership", "2012-01-01"),
        observed("d", "partnership", "2012-01-01", JULY),
        response("correct", "c", "d"),
        response("supersede", "d", "c"),
    )
    answer = oracle.relation(two, PARTNER, "2013-01-01")
    assert (answer["status"], answer["excluded"]) == ("unknown", [("c", "superseded"), ("d", "corrected")])
    alone = told(claim("c", "partnership", "2012-01-01"), response("retract", "c", "c"))
    assert oracle.relation(alone, PARTNER, "2013-01-01")["excluded"] == [("c", "retracted")]


def test_retraction_of_the_recorder_counts_from_its_position_until_reinstated() -> None:
    history = told(
        claim("c", "partnership", "2012-01-01"),
        {"record": "retraction", "of": "c", "reason": "not in the text"},
        {"record": "reinstatement", "of": "c", "reason": "it was"},
    )
    assert [status(history, PARTNER, "2013-01-01", recorded_by=n) for n in (3, 4, 5, 6)] == [
        "unknown",
        "holds",
        "unknown",
        "holds",
    ]
    assert status(history[:-1], PARTNER, "2013-01-01", published_by="2014-06-01") == "unknown"


def test_retraction_by_an_article_counts_from_its_latest_day_of_publication() -> None:
    retraction = {"record": "retraction", "of": "c", "reason": "withdrawn", "article": AUGUST}
    history = told(claim("c", "partnership", "2012-01-01"), retraction)
    assert status(history, PARTNER, "2013-01-01", published_by="2014-08-02") == "holds"
    assert status(history, PARTNER, "2013-01-01", published_by="2014-08-03") == "unknown"


# ---- corrections


def test_later_recorded_correction_of_a_field_counts() -> None:
    later, latest = ({"kind": "instant", "edtf": day} for day in ("2013-01-01", "2013-02-01"))
    history = told(claim("c", "investment", "2012-01-01"), correction("c", time=later), correction("c", time=latest))
    starts = [oracle.relation(history, INVESTOR, "2014-01-01", recorded_by=n)["since"][0] for n in (4, 5, 6)]
    assert starts == ["2012-01-01", "2013-01-01", "2013-02-01"]


def test_correction_by_an_article_counts_on_the_publication_clock() -> None:
    history = told(claim("c", "investment", "2012-01-01"), correction("c", AUGUST, polarity="negative"))
    assert status(history, INVESTOR, "2013-01-01", published_by="2014-08-02") == "holds"
    assert status(history, INVESTOR, "2013-01-01", published_by="2014-08-03") == "not_held"


def test_corrected_publication_date_moves_dates_with_a_rule_and_only_those() -> None:
    rule = {"anchor": "2014-06-01", "rule": "months_before(1)"}
    history = told(
        claim("c", "investment", "2014-05", dated=rule),
        claim("d", "partnership", "2014-05"),
        claim("e", "customer", "2014-05", JULY, dated={"rule": "same_as(c)"}),
        correction(JUNE, published="2013-06-01"),
    )
    may, may_before = ("2014-05-01", "2014-05-31"), ("2013-05-01", "2013-05-31")
    customer = ("customer_of", "ant", "bee")
    starts = {key: oracle.relation(history, key, "2015-01-01")["since"] for key in (INVESTOR, PARTNER, customer)}
    assert starts == {INVESTOR: may_before, PARTNER: may, customer: may_before}
    assert oracle.relation(history, INVESTOR, "2015-01-01", recorded_by=6)["since"] == may


def test_corrected_publication_date_moves_the_publication_clock() -> None:
    history = told(claim("c", "investment", "2012"), correction(JUNE, published="2015-01-01"))
    assert status(history, INVESTOR, "2014-01-01", published_by="2014-06-01", recorded_by=4) == "holds"
    assert status(history, INVESTOR, "2014-01-01", published_by="2014-06-01") == "unknown"


@pytest.mark.parametrize(
    ("rule", "anchor", "expected"),
    [
        ("on_publication", "2014-06-01", "2014-06-01"),
        ("on_publication", "[2014-06-01..2014-06-03]", "[2014-06-01..2014-06-03]"),
        ("until_publication", "[2014-06-01..2014-06-03]", "[..2014-06-03]"),
        ("from_publication", "[2014-06-01..2014-06-03]", "[2014-06-01..]"),
        ("days_before(1)", "2014-03-01", "2014-02-28"),
        ("days_after(1)", "2014-02-28", "2014-03-01"),
        ("months_before(1)", "2014-01-31", "2013-12"),
        ("months_before(1)", "[2013-11-05..2013-11-08]", "2013-10"),
        ("years_before(1)", "[2013-12-31..2014-01-02]", "[2012..2013]"),
        ("named_month(6)", "2014-11-04", "2014-06"),
        ("named_month(12)", "2014-11-04", "2013-12"),
        ("named_month(11)", "2014-11-04", "2014-11"),
    ],
)
def test_rule_gives_its_date(rule: str, anchor: str, expected: str) -> None:
    assert oracle.dated(rule, anchor) == expected


@pytest.mark.parametrize(
    ("edtf", "low", "high", "end"),
    [
        ("2013", "2013-01-01", "2013-12-31", None),
        ("2013~", "2012-01-01", "2014-12-31", None),
        ("2013-02?", "2013-01-01", "2013-03-31", None),
        ("2012-03-01~", "2012-02-29", "2012-03-02", None),
        ("9999", "9999-01-01", "9999-12-31", None),
        ("[..2013-02]", "0000", "2013-02-28", None),
        ("[2013..]", "2013-01-01", "9999-99", None),
        ("2013-02/2013-04", "2013-02-01", "2013-02-28", ("2013-04-02", "2013-05-01")),
        ("2013-02/..", "2013-02-01", "2013-02-28", None),
        ("../2013-02", "0000", "2013-02-28", ("2013-02-02", "2013-03-01")),
        ("2013-02-03/2013-02-03", "2013-02-03", "2013-02-03", ("2013-02-04", "2013-02-04")),
    ],
)
def test_date_means_these_days(edtf: str, low: str, high: str, end: tuple[str, str] | None) -> None:
    days = oracle.days_of(edtf)
    assert (oracle.iso(days.low), oracle.iso(days.high), oracle.iso_range(days.end)) == (low, high, end)


@pytest.mark.parametrize("edtf", ["2013-02-30", "0000", "2013-13", "soon", "2014/2013", "[2014..2013]"])
def test_bad_date_is_refused(edtf: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        oracle.days_of(edtf)


# ---- merges


def test_merge_counts_from_its_position_until_it_is_taken_back() -> None:
    merged = {"record": "merge", "entity": "cat", "into": "ant", "reason": "the same"}
    parted = {"record": "unmerge", "entity": "cat", "into": "ant", "reason": "not the same"}
    partner = claim("c", "partnership", "2012-01-01")
    partner["participants"][0]["entity"] = "cat"
    history = told(partner, merged, parted)
    assert [status(history, PARTNER, "2013-01-01", recorded_by=n) for n in (4, 5, 6)] == ["unknown", "holds", "unknown"]
    assert status(history[:-1], ("partner_of", "cat", "bee"), "2013-01-01") == "holds"


def test_merged_partners_are_no_partners_of_themselves() -> None:
    merged = {"record": "merge", "entity": "bee", "into": "ant", "reason": "the same"}
    assert status(told(claim("c", "partnership", "2012-01-01"), merged), PARTNER, "2013-01-01") == "unknown"


# ---- according to


def test_according_to_hears_only_those_who_speak_for_the_entity() -> None:
    history = told(claim("c", "partnership", "2012-01-01", by=ANT_SAYS))
    assert status(history, PARTNER, "2013-01-01", according_to="ant") == "holds"
    assert status(history, PARTNER, "2013-01-01", according_to="pat") == "holds"
    assert status(history, PARTNER, "2013-01-01", according_to="bee") == "unknown"


def test_denial_is_a_negative_for_the_one_who_denies() -> None:
    history = told(
        observed("c", "partnership", "2012-01-01"),
        claim("d", "statement", "2014-07-01", JULY, by=BEE_SAYS),
        response("deny", "d", "c"),
    )
    answer = oracle.relation(history, PARTNER, "2012-01-01", according_to="bee")
    assert (answer["status"], answer["claims"]) == ("not_held", ["d"])
    assert status(history, PARTNER, "2012-01-01", according_to="ant") == "unknown"


def test_denied_intention_says_that_the_relation_goes_on() -> None:
    history = told(
        claim("c", "partnership", "2014-05-01", change="wants out"),
        claim("d", "statement", "2014-07-01", JULY, by=BEE_SAYS),
        response("deny", "d", "c"),
    )
    assert status(history, PARTNER, "2014-07-01", according_to="bee") == "holds"
    assert status(history, PARTNER, "2014-06-30", according_to="bee") == "unknown"


def test_according_to_hears_no_undoing_of_others() -> None:
    history = told(
        claim("c", "partnership", "2012-01-01", by=ANT_SAYS),
        claim("d", "statement", "2014-07-01", JULY, by=BEE_SAYS),
        response("correct", "d", "c"),
    )
    assert status(history, PARTNER, "2013-01-01") == "unknown"
    assert status(history, PARTNER, "2013-01-01", according_to="ant") == "holds"


# ---- votes and stances

VOTES: list[tuple[str, list[Record], dict[str, tuple[str, str | None, str | None]]]] = [
    (
        "scheduled, then unconfirmed",
        [ballot("c", "2014-06-10", modality="scheduled")],
        {
            "2014-05-31": ("unknown", None, None),
            "2014-06-10": ("scheduled", None, "2014-06-10"),
            "2014-06-11": ("unconfirmed", None, "2014-06-10"),
        },
    ),
    (
        "held on some day of a month",
        [ballot("c", "2014-06", JULY, outcome="approved")],
        {
            "2014-05-31": ("unknown", None, None),
            "2014-06-01": ("possibly", "approved", None),
            "2014-06-30": ("occurred", "approved", None),
        },
    ),
    (
        "missed on its due day, held later",
        [
            ballot("c", "2014-06-10", modality="scheduled"),
            ballot("d", "2014-06-10", JULY, polarity="negative"),
            ballot("e", "2014-06-20", JULY, outcome="approved"),
        ],
        {
            "2014-06-09": ("scheduled", None, "2014-06-10"),
            "2014-06-10": ("did_not_occur", None, None),
            "2014-06-20": ("occurred", "approved", None),
        },
    ),
    (
        "missed, but a later date is known",
        [
            ballot("c", "2014-06-10", polarity="negative"),
            ballot("d", "2014-07-10", JUNE, modality="scheduled"),
        ],
        {"2014-06-12": ("scheduled", None, "2014-07-10")},
    ),
    (
        "differing outcomes of one meeting",
        [ballot("c", "2014-06-10", outcome="approved"), ballot("d", "2014-06", JULY, outcome="rejected")],
        {"2014-06-10": ("occurred", "approved/rejected", None)},
    ),
]


@pytest.mark.parametrize(("records", "days"), [example[1:] for example in VOTES], ids=[e[0] for e in VOTES])
def test_vote_on_each_day(records: list[Record], days: dict[str, tuple[str, str | None, str | None]]) -> None:
    answers = {day: vote(told(*records), day) for day in days}
    assert {day: (a["status"], a["outcome"], a["due"]) for day, a in answers.items()} == days


def test_missed_vote_leaves_its_plan_as_it_was() -> None:
    plan = ballot("c", "2014-06-10", modality="scheduled")
    history = told(plan, ballot("d", "2014-06-10", JULY, polarity="negative"))
    assert status(history, MEMBER, "2014-06-10") == "planned"
    assert status(history, MEMBER, "2014-06-11") == "unconfirmed"


def test_reports_of_one_meeting_are_intersected() -> None:
    history = told(ballot("c", "2014-06", outcome="approved"), ballot("d", "[2014-06-20..2014-07-05]", JULY))
    assert vote(history, "2014-08-01")["when"] == ("2014-06-20", "2014-06-30")


def test_same_stance_is_one_point_while_its_ranges_can_mean_one_day() -> None:
    speaks = [("speaker", "ant"), ("about", "bee")]
    history = told(
        claim("c", "statement", "2013", extra=speaks, stance="hostile", modality="opinion"),
        claim("d", "statement", "2013-06", JULY, extra=speaks, stance="hostile"),
        claim("e", "statement", "2014-02-01", JULY, extra=speaks, stance="hostile"),
        claim("f", "statement", "2013-06", JULY, extra=speaks, stance="friendly"),
    )
    assert oracle.stances(history, "bee", "2015-01-01") == {
        ("ant", True, "bee", "hostile", None): [
            ("2013-06-01", "2013-06-30", ["c", "d"]),
            ("2014-02-01", "2014-02-01", ["e"]),
        ],
        ("ant", True, "bee", "friendly", None): [("2013-06-01", "2013-06-30", ["f"])],
    }
    assert list(oracle.stances(history, "bee", "2013-05-31")) == []


# ---- drawn histories


@EXAMPLES
@given(histories())
def test_drawn_record_refers_to_earlier_ones_and_its_rule_gives_its_date(history: list[Record]) -> None:
    for place, record in enumerate(oracle.under_first_names(history)[0]):
        shelf = oracle.shelve(history[:place], lambda _: True)
        known = {*shelf.articles, *shelf.claims, *(r["id"] for r in history[:place] if r["record"] == "entity")}
        time = record.get("changes", record).get("time") or {}
        assert {record[k] for k in ("article", "target", "of", "entity", "into") if k in record} <= known
        if source := oracle.same_as(time):
            assert time["edtf"] == shelf.claims[source]["time"]["edtf"]
        elif rule := time.get("rule"):
            assert time["edtf"] == oracle.dated(rule, time["anchor"])


@EXAMPLES
@given(st.data())
def test_order_of_arrival_does_not_matter(data: st.DataObject) -> None:
    history = data.draw(histories())
    other = data.draw(reorderings(history))
    question = data.draw(questions(history))
    newest = Question(question.about, question.as_of, question.published_by, None, question.according_to)
    assert newest.ask(other) == newest.ask(history)


@EXAMPLES
@given(st.data())
def test_answer_for_a_position_never_changes(data: st.DataObject) -> None:
    history = data.draw(histories())
    question = data.draw(questions(history))
    then = Question(question.about, question.as_of, question.published_by, None, question.according_to)
    assert question.ask(history) == then.ask(history[: question.recorded_by])


@EXAMPLES
@given(st.data())
def test_reordering_keeps_each_record_after_what_it_refers_to(data: st.DataObject) -> None:
    history = data.draw(histories())
    order = [history.index(record) for record in data.draw(reorderings(history))]
    before = orders(history)
    assert sorted(order) == list(range(len(history)))
    assert all(before[n] <= set(order[:place]) for place, n in enumerate(order))


# ---- the reference program


@needs_reference
@EXAMPLES
@given(st.data())
def test_oracle_agrees_with_the_reference(data: st.DataObject) -> None:
    history = data.draw(histories(simple=True))
    claims, responses = to_reference(history)
    drawn = questions(history)
    for _ in range(QUESTIONS_EACH):
        question = known_to_reference(data.draw(drawn), responses)
        ours = comparable(question.ask(history))
        assert ours in answers_of_reference(question, claims, responses)


def truth_as_history(scenario: tuple[list[Record], list[Record]], articles: list[Record]) -> list[Record]:
    """A scenario of the ground truth as a history: the records of each step together, articles first."""
    claims, responses = scenario
    dates = {article["file"]: article["published"] for article in articles}
    history: list[Record] = []
    for step in sorted({c["recorded"] for c in claims}):
        told_now = [c for c in claims if c["recorded"] == step]
        history += [
            {
                "record": "article",
                "url": url,
                "published": dates.get(url) or published_edtf(told_now, url),
                "step": step,
            }
            for url in dict.fromkeys(c["article"] for c in told_now)
        ]
        history += [c | {"record": "claim", "ref": c["id"], "attributes": renamed(c["attributes"])} for c in told_now]
        history += [r | {"record": "response"} for r in responses if r["recorded"] == step]
    return [record | {"step": record.get("step", record.get("recorded"))} for record in history]


def published_edtf(claims: list[Record], article: str) -> str:
    """The publication date of an article that only its claims know."""
    low, high = next(c["published"] for c in claims if c["article"] == article)
    return f"[{low}..{high}]"


def renamed(attributes: Record) -> Record:
    """The attributes, with the target of a response under its name in an import line."""
    return {"target" if name == "target_claim" else name: value for name, value in attributes.items()}


@needs_reference
def test_oracle_answers_the_questions_of_the_ground_truth() -> None:
    check = reference("check")
    wrong = []
    for name, scenario, what, day, clock, expected, since in check.QUESTIONS:
        history = truth_as_history(check.scenario(scenario), check.TRUTH["articles"])
        step = max((s for s, at in check.DAYS.items() if at <= clock.get("recorded", "9999")), default=0)
        clocks = {
            "published_by": clock.get("published"),
            "recorded_by": sum(record["step"] <= step for record in history),
            "according_to": clock.get("according_to"),
        }
        if what == "vote":
            answer = oracle.vote(history, check.BOARD, check.MOTION, day, **clocks)
        else:
            answer = oracle.relation(history, what, day, **clocks)
        if answer["status"] != expected or (since and answer["since"] != since):
            wrong.append((name, what, day, answer["status"], answer.get("since"), expected))
    assert wrong == []
