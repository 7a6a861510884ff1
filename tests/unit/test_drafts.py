"""Claims brought into normal form before the log is asked."""

from __future__ import annotations

from decimal import Decimal
from importlib import resources
from typing import Any

import pytest

from service.intake.records import draft_of, read_line
from service.timeline.claims import normalised
from service.timeline.drafts import ClaimDraft, Draft, NormalClaimDraft
from service.transfer.lines import Place
from service.transfer.parsing import Item, Parsing, packed, unpacked
from tests.recorded import Recorded

FIVE = resources.files("service.sample").joinpath("five_articles.ndjson").read_bytes().splitlines()
CLAIM: dict[str, Any] = {
    "record": "claim",
    "article": "https://example.org/a",
    "type": "investment",
    "participants": [{"role": "investor", "entity": "red-hat"}, {"role": "investee", "entity": "mirantis"}],
    "attributes": {"currency": "USD", "amount": "1.50", "share": Decimal("2.50"), "note": None},
    "asserted_by": {"kind": "author", "agent": [], "affiliation": [], "chain": ["author"]},
    "modality": "done",
    "polarity": "positive",
    "time": {"kind": "instant", "edtf": "2013"},
    "evidence": {"summary": "s"},
}


def claim(**changes: Any) -> ClaimDraft:
    draft = draft_of({**CLAIM, **changes})
    assert isinstance(draft, ClaimDraft)
    return draft


def of_lines() -> list[Draft]:
    return [read_line(line) for line in FIVE]


def test_the_same_is_recorded_of_a_claim_in_normal_form() -> None:
    plain, normal = Recorded([]), Recorded([])
    for draft in of_lines():
        plain.record_draft(draft)
        normal.record_draft(normalised(draft) if isinstance(draft, ClaimDraft) else draft)
    assert unsealed(plain) == unsealed(normal)
    assert len(unsealed(plain)) > len(FIVE) / 2


def unsealed(recorded: Recorded) -> list[tuple[str, str, bytes]]:
    """What is stored; seals differ each time, for their salt."""
    rows = recorded.store.read_log(0, 10_000)
    return [(row.stream, row.topic, row.state) for row in rows if b'"digest"' not in row.state]


def test_a_claim_is_brought_into_normal_form_once() -> None:
    normal = normalised(claim())
    assert isinstance(normal, NormalClaimDraft)
    assert normal.attributes == {"amount": "1.5", "currency": "USD", "share": "2.5"}


@pytest.mark.parametrize(
    "changes",
    [{"type": "courtship"}, {"participants": []}, {"attributes": {"amount": [[1]]}}, {"modality": "dreamt"}],
)
def test_what_is_refused_is_left_as_it_is(changes: dict[str, Any]) -> None:
    draft = claim(**changes)
    assert normalised(draft) is draft


def test_what_names_another_claim_is_left_as_it_is() -> None:
    draft = claim(type="response", attributes={"response": "denies", "target": "a-1"})
    assert normalised(draft) is draft


def test_drafts_come_to_another_process_as_they_are() -> None:
    drafts: list[Draft] = [*of_lines(), claim(), normalised(claim())]
    parsing = Parsing(Place(1, 0), Place(2, 9), [Item(n, n, draft) for n, draft in enumerate(drafts)])
    assert unpacked(packed(parsing)) == parsing
