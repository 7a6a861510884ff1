"""The sample data: complete, consistent in itself, equal to the ground truth, and in our own words."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

Line = dict[str, Any]

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
STEPS_OF_A_CHAIN = {"author", "headline", "unnamed report"}  # all others are entities
KINDS = {"company", "organization", "body", "project", "product", "person", "publisher", "group"}
STANCES = {"friendly", "supportive", "neutral", "sceptical", "hostile"}
LONGEST_TEXT = 6_000

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the articles and the ground truth are not here")


def read(name: str) -> list[Line]:
    text = (ROOT / "service" / "sample" / f"{name}.ndjson").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


FIVE, LATER = read("five_articles"), read("later_reports")
ALL = FIVE + LATER


def of(kind: str, lines: list[Line] = ALL) -> list[Line]:
    return [line for line in lines if line["record"] == kind]


CLAIMS = {claim["ref"]: claim for claim in of("claim")}
ARTICLES = {name: article for article in of("article") for name in (article.get("url"), article.get("sha256")) if name}


def entities_of_claim(claim: Line) -> set[str]:
    by, moves = claim["asserted_by"], claim["attributes"].get("moves", {})
    steps = {part for step in by["chain"] for part in step.split("+")}
    return (
        {p["entity"] for p in claim["participants"]}
        | {*by["agent"], *by["affiliation"]}
        | (steps - STEPS_OF_A_CHAIN)
        | {moves[end] for end in ("subject", "object") if moves}
    )


def on_day(rule: str, argument: str, day: date) -> str:
    """The EDTF date that a rule gives on one anchor day."""
    if rule in ("days_before", "days_after"):
        return str(day + timedelta(days=int(argument) * (1 if rule == "days_after" else -1)))
    if rule == "months_before":
        year, month = divmod(day.year * 12 + day.month - 1 - int(argument), 12)
        return f"{year:04d}-{month + 1:02d}"
    if rule == "named_month":
        return f"{day.year - (int(argument) > day.month):04d}-{int(argument):02d}"
    if rule == "years_before":
        return f"{day.year - int(argument):04d}"
    return {"on_publication": f"{day}", "until_publication": f"[..{day}]", "from_publication": f"[{day}..]"}[rule]


def resolve(time: Line) -> str:
    """The EDTF date that the rule of a time gives; on an uncertain anchor the set from its first to its last day."""
    rule, argument = re.fullmatch(r"(\w+)(?:\((.+)\))?", time["rule"]).groups()
    if rule == "same_as":
        return CLAIMS[argument]["time"]["edtf"]
    days = [date.fromisoformat(day) for day in time["anchor"].strip("[]").split("..")]
    first, last = (on_day(rule, argument, day) for day in (days[0], days[-1]))
    if first == last or first.endswith("..]"):
        return first
    return last if last.startswith("[..") else f"[{first}..{last}]"


def test_counts():
    assert Counter(line["record"] for line in FIVE) == {"entity": 82, "article": 5, "claim": 168, "response": 4}
    assert Counter(line["record"] for line in LATER) == {"article": 3, "claim": 4, "response": 3}
    claims_of_article = Counter(claim["ref"][:3] for claim in of("claim", FIVE))
    assert claims_of_article == {"000": 38, "001": 29, "002": 54, "003": 19, "004": 28}
    published = [article["published"].strip("[]")[:4] for article in of("article", FIVE)]
    assert published == ["2009", "2012", "2013", "2014", "2015"]


def test_refs_and_entity_ids_are_unique():
    assert len(CLAIMS) == len(of("claim"))
    assert max(Counter(entity["id"] for entity in of("entity")).values()) == 1


def test_entities_are_well_formed():
    for entity in of("entity"):
        assert list(entity) == ["record", "id", "kind", "name", "aliases", "identifiers"]
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entity["id"]) and entity["kind"] in KINDS
        assert entity["name"] not in entity["aliases"] and entity["identifiers"] == {}


def test_every_entity_used_is_registered_and_every_registered_one_is_used():
    registered = {entity["id"] for entity in of("entity", FIVE)}
    used = set().union(*map(entities_of_claim, CLAIMS.values()))
    assert used <= registered
    named = {author for article in of("article") for author in article["authors"]}
    named |= {article["publisher"] for article in of("article")}
    assert registered <= used | named
    assert {author for article in of("article") for author in article["authors"]} <= registered


def test_references_go_backwards_only():
    seen: set[str] = set()
    for line in ALL:
        if line["record"] == "entity":
            seen.add(line["id"])
        elif line["record"] == "article":
            seen |= {line[key] for key in ("url", "sha256") if key in line}
        elif line["record"] == "claim":
            same = re.findall(r"same_as\((.+)\)", line["time"].get("rule", ""))
            target = [line["attributes"]["target"]] if line["type"] == "response" else []
            assert {line["article"], *entities_of_claim(line), *same, *target} <= seen, line["ref"]
            seen.add(line["ref"])
        else:
            assert {line["target"], line["by"]} <= seen
            assert line["by"] in CLAIMS and line["target"] in CLAIMS and line["by"] != line["target"]


def test_claims_have_the_agreed_shape():
    order = "record ref article type participants attributes asserted_by modality polarity time evidence"
    for ref, claim in CLAIMS.items():
        assert " ".join(claim) == order and None not in claim["attributes"].values(), ref
        assert list(claim["asserted_by"]) == ["kind", "agent", "affiliation", "chain"], ref
        assert claim["evidence"]["summary"].strip().endswith("."), ref
        assert set(claim["evidence"]) == ({"position", "summary"} if claim in FIVE else {"summary"}), ref
        if claim["type"] == "statement":
            assert claim["attributes"]["stance"] in STANCES, ref
    assert len({claim["evidence"]["summary"] for claim in CLAIMS.values()}) == len(CLAIMS)


def test_positions_are_sane():
    for claim in of("claim", FIVE):
        position = claim["evidence"]["position"]
        assert 0 <= position["start"] < position["end"] <= LONGEST_TEXT, claim["ref"]
        assert position["end"] - position["start"] < 200, claim["ref"]


def test_each_rule_gives_its_date_and_each_anchor_has_a_use():
    for ref, claim in CLAIMS.items():
        time, published = claim["time"], ARTICLES[claim["article"]]["published"]
        assert list(time) == [key for key in ("kind", "edtf", "expression", "anchor", "rule") if key in time], ref
        assert ("anchor" in time) == ("rule" in time or "expression" in time), ref
        if "rule" in time:
            assert resolve(time) == time["edtf"], ref
            if time["rule"].endswith("publication"):
                assert time["anchor"] == published, ref


def test_the_same_remark_has_the_same_stance_and_wording():
    remark = {"stance": "sceptical", "wording": "of enterprise success"}
    assert CLAIMS["S3"]["attributes"] == CLAIMS["001-11"]["attributes"] == remark


def test_disputes_within_an_article_are_claims_of_type_response():
    responses = {ref: claim["attributes"] for ref, claim in CLAIMS.items() if claim["type"] == "response"}
    told = {ref: (said["response"], said["target"]) for ref, said in responses.items()}
    assert told == {"000-21": ("dispute", "000-13"), "000-34": ("deny", "000-32"), "003-09": ("dispute", "003-01")}
    assert {(r["response"], r["by"], r["target"]) for r in of("response")} == {
        ("contradict", "000-13", "000-22"),
        ("contradict", "000-13", "000-23"),
        ("contradict", "004-04", "004-01"),
        ("contradict", "004-05", "004-01"),
        ("supersede", "S1", "004-04"),
        ("supersede", "S2", "004-04"),
        ("correct", "S2", "004-01"),
    }


# Against the ground truth and the articles, where they are at hand.


def truth() -> Line:
    return json.loads((SHARED / "ground_truth" / "seed_claims.json").read_text(encoding="utf-8"))


def article_texts() -> dict[str, str]:
    """The texts of the five articles by the number that their claims begin with."""
    return {path.name[:3]: path.read_text(encoding="utf-8") for path in (SHARED / "articles").glob("*.txt")}


def picked(of_line: Line, *keys: str) -> list[Any]:
    return [of_line[key] for key in keys]


@needs_shared
def test_spans_and_texts_equal_the_ground_truth():
    texts = article_texts()
    for expected in truth()["claims"]:
        position = CLAIMS[expected["id"]]["evidence"]["position"]
        assert [position["start"], position["end"]] == expected["span"], expected["id"]
        assert texts[expected["id"][:3]][position["start"] : position["end"]] == expected["quote"], expected["id"]


@needs_shared
def test_articles_carry_the_hash_of_their_text_and_their_title():
    published = {article["file"][:3]: article["published"] for article in truth()["articles"]}
    for number, text in article_texts().items():
        article = ARTICLES[CLAIMS[f"{number}-01"]["article"]]
        assert article["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert article["published"] == published[number]
        assert article["title"] in text[:150]


@needs_shared
def test_claims_equal_the_ground_truth():
    expected = truth()
    claims = expected["claims"] + expected["supplementary_evidence"]
    assert {claim["id"] for claim in expected["claims"]} == {claim["ref"] for claim in of("claim", FIVE)}
    assert {claim["id"] for claim in claims} == set(CLAIMS)
    for claim in claims:
        ours = CLAIMS[claim["id"]]
        assert picked(ours, "type", "modality", "polarity") == picked(claim, "type", "modality", "polarity"), claim[
            "id"
        ]
        assert picked(ours["time"], "kind", "edtf") == picked(claim["time"], "kind", "edtf"), claim["id"]
        assert {p["entity"] for p in claim["participants"]} <= {p["entity"] for p in ours["participants"]}, claim["id"]
        assert ours["asserted_by"] == {key: value or [] for key, value in claim["asserted_by"].items()}, claim["id"]
    kinds = {entity["id"]: entity["kind"] for entity in of("entity")}
    assert {entity["id"]: entity["kind"] for entity in expected["entities"]}.items() <= kinds.items()


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9$']+", text.lower().replace("\u2019", "'"))


def runs_of_nine(text: str) -> set[tuple[str, ...]]:
    spoken = words(text)
    return {tuple(spoken[i : i + 9]) for i in range(len(spoken) - 8)}


def body_runs(text: str) -> set[tuple[str, ...]]:
    """The runs of nine words of an article, without those of its titles."""
    titles = [line for line in text.splitlines()[:8] if 0 < len(words(line)) <= 14]
    return runs_of_nine(text) - set().union(*map(runs_of_nine, titles))


@needs_shared
def test_no_nine_words_in_a_row_are_those_of_an_article():
    known = set().union(*map(body_runs, article_texts().values()))
    for path in (ROOT / "service" / "sample").iterdir():
        assert not runs_of_nine(path.read_text(encoding="utf-8")) & known, path.name
