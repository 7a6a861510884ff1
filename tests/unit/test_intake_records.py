"""Lines of import files, and what they become."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from events.errors import Invalid
from events.values import AssertedBy, ClaimTime, Participant, Position
from service.intake.errors import Misshapen
from service.intake.records import LINES, draft_of
from service.intake.strict_json import parse
from service.timeline.drafts import (
    ArticleCorrectionDraft,
    ArticleDraft,
    ClaimCorrectionDraft,
    ClaimDraft,
    EntityDraft,
    EvidenceDraft,
    MergeDraft,
    QuoteDraft,
    ReinstatementDraft,
    RenameDraft,
    ResponseDraft,
    RetractionDraft,
    UnmergeDraft,
    Voice,
)

SAMPLE = Path(__file__).parents[2] / "service" / "sample"
URL = "https://example.org/a"
CLAIM = {
    "record": "claim", "article": URL, "type": "investment",
    "participants": [{"role": "investee", "entity": "mirantis"}],
    "attributes": {}, "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
    "time": {"kind": "instant", "edtf": "2013"}, "evidence": {"summary": "s"},
}  # fmt: skip


@pytest.mark.parametrize("name", ["five_articles", "later_reports"])
def test_every_line_of_the_sample_is_a_draft(name: str) -> None:
    for line in (SAMPLE / f"{name}.ndjson").read_bytes().splitlines():
        draft_of(parse(line))


def test_a_claim_is_loaded_whole() -> None:
    body = CLAIM | {
        "ref": "a-1",
        "attributes": {"amount": 1.5},
        "asserted_by": {"kind": "speaker", "agent": ["ann"], "affiliation": ["red-hat"], "chain": ["author", "ann"]},
        "time": {
            "kind": "instant",
            "edtf": "2013",
            "expression": "last year",
            "rule": "years_before(1)",
            "anchor": None,
        },
        "evidence": {"summary": "s", "position": {"start": 1, "end": 2}, "quote": {"exact": "q", "suffix": "."}},
    }
    assert draft_of(parse(json.dumps(body).encode())) == ClaimDraft(
        article=URL,
        type="investment",
        participants=(Participant("investee", "mirantis"),),
        attributes={"amount": Decimal("1.5")},
        asserted_by=AssertedBy("speaker", ("ann",), ("red-hat",), ("author", "ann")),
        modality="done",
        polarity="positive",
        time=ClaimTime("instant", "2013", "last year", None, "years_before(1)"),
        evidence=EvidenceDraft("s", Position(1, 2), QuoteDraft("q", None, ".")),
        ref="a-1",
    )


@pytest.mark.parametrize(
    ("record", "draft"),
    [
        ({"record": "entity", "id": "x", "kind": "company", "name": "X"}, EntityDraft("x", "company", "X")),
        (
            {"record": "article", "url": URL, "title": "A", "publisher": "p", "authors": ["a"], "language": "en",
             "published": "2014"},
            ArticleDraft("A", "p", "en", "2014", ("a",), URL),
        ),
        ({"record": "rename", "of": "x", "name": "Y", "since": "2014"}, RenameDraft("x", "Y", "2014")),
        ({"record": "merge", "of": "x", "into": "y", "reason": "r"}, MergeDraft("x", "y", "r")),
        ({"record": "unmerge", "of": "x", "merge": "m", "reason": "r"}, UnmergeDraft("x", "r", "m")),
        ({"record": "unmerge", "of": "x", "into": "y", "reason": "r"}, UnmergeDraft("x", "r", None, "y")),
        ({"record": "retraction", "of": "a-1", "reason": "r"}, RetractionDraft("a-1", "r")),
        ({"record": "reinstatement", "of": "a-1", "reason": "r"}, ReinstatementDraft("a-1", "r")),
        ({"record": "response", "response": "deny", "target": "a-1", "by": "a-2"}, ResponseDraft("deny", "a-1", "a-2")),
        (
            {"record": "response", "response": "deny", "target": "a-1",
             "by": {"article": URL, "asserted_by": {"kind": "author"}}},
            ResponseDraft("deny", "a-1", Voice(URL, AssertedBy("author"))),
        ),
    ],
)  # fmt: skip
def test_every_kind_of_line(record: dict[str, Any], draft: object) -> None:
    assert draft_of(record) == draft


@pytest.mark.parametrize(
    ("of", "changes", "kind"),
    [
        (URL, {"published": "2014-11-05"}, ArticleCorrectionDraft),
        (URL, {"type": "product"}, None),
        ("0" * 64, {"title": "B"}, ArticleCorrectionDraft),
        ("6f1d9a0e-3f5b-5d0c-9a51-2f3c1e7c7d11", {"title": "B", "authors": []}, ArticleCorrectionDraft),
        ("6f1d9a0e-3f5b-5d0c-9a51-2f3c1e7c7d11", {"modality": "done"}, ClaimCorrectionDraft),
        ("a-1", {"modality": "done"}, ClaimCorrectionDraft),
        ("a-1", {}, ClaimCorrectionDraft),
    ],
)
def test_a_correction_is_of_an_article_or_of_a_claim(of: str, changes: dict[str, Any], kind: type | None) -> None:
    record = {"record": "correction", "of": of, "changes": changes, "reason": "r"}
    if kind is None:
        with pytest.raises(Misshapen):
            draft_of(record)
    else:
        assert type(draft_of(record)) is kind


def test_changes_stay_plain_data() -> None:
    changes = {
        "participants": [{"role": "investee", "entity": "x"}],
        "attributes": {"amount": Decimal("1.50")},
        "time": {"kind": "instant", "edtf": "2013", "rule": None},
    }
    draft = draft_of({"record": "correction", "of": "a-1", "changes": changes, "reason": "r"})
    assert isinstance(draft, ClaimCorrectionDraft)
    assert draft.changes == changes | {"time": {"kind": "instant", "edtf": "2013"}}


@pytest.mark.parametrize(
    "record", [None, [], "claim", 1, {}, {"record": "claims"}, {"record": ["claim"]}, {"record": None}]
)
def test_refuses_what_is_no_record(record: Any) -> None:
    with pytest.raises(Invalid):
        draft_of(record)


@pytest.mark.parametrize("kind", sorted(LINES))
def test_every_kind_refuses_unknown_and_missing_fields(kind: str) -> None:
    with pytest.raises(Misshapen) as caught:
        draft_of({"record": kind, "colour": "red"})
    faults = dict(caught.value.faults)
    assert faults["/colour"] == "Unknown field." and "Missing data for required field." in faults.values()
    assert caught.value.at("/3").pointer.startswith("/3/")


def test_all_faults_are_told_with_their_places() -> None:
    record = CLAIM | {
        "participants": [{"role": 1, "entity": None, "share": 2}],
        "time": {"kind": "instant", "edtf": 2013},
    }
    with pytest.raises(Misshapen) as caught:
        draft_of(record)
    assert {pointer for pointer, _ in caught.value.faults} == {
        "/participants/0/role", "/participants/0/entity", "/participants/0/share", "/time/edtf",
    }  # fmt: skip
