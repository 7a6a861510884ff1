"""Histories in which one day of publication undoes what another said: amendments that rest on articles, one upon the
other, denials of all kinds of claims, authors put right, and merges in between.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.histories import (
    BODY,
    PERSON,
    Draw,
    Story,
    draw_answer,
    draw_article,
    draw_article_correction,
    draw_asserter,
    draw_claim,
    draw_claim_correction,
    draw_merge,
    draw_response,
    draw_retraction,
    draw_time,
)
from tests.oracle import Record


def _filled(*pairs: tuple[str, str]) -> list[Record]:
    return [{"role": role, "entity": entity} for role, entity in dict.fromkeys(pairs)]


def _contents(story: Story) -> Record:
    """Type, participants and attributes of a claim whose matter hangs on who says it, on its sign, or on its seller."""
    one, two = story.pick(*story.companies()), story.pick(*story.companies())
    three = story.pick(*story.companies())
    choice = story.pick("statement", "named", "organization", "lineage", "figure", "round", "seller", "motion")
    match choice:
        case "statement":
            return _content("statement", {"stance": story.pick("friendly", "hostile")}, ("about", one))
        case "named":
            return _content("statement", {"stance": "friendly"}, ("speaker", story.pick(one, PERSON)), ("about", two))
        case "organization":
            said = story.pick({"activity": "steel"}, {"stage": "founded"}, {"activity": "steel", "stage": "ended"})
            return _content("organization", said, ("subject", one))
        case "lineage" if one != two:
            return _content("organization", {"stage": "renamed"}, ("subject", one), ("predecessor", two))
        case "figure":
            return _content("market_fact", {"measure": "share", "value": story.pick(1, 2)}, ("subject", one))
        case "round":
            return _content("investment", story.pick({"round": "A"}, {"stage": "closed"}), ("investee", one))
        case "seller" if len({one, two, three}) > 2:
            return _content("acquisition", {}, ("acquirer", one), ("target", two), ("seller", three))
    return _content("governance_vote", {"motion": "m"}, ("body", story.pick(BODY, "guild")), ("applicant", one))


def _content(kind: str, attributes: Record, *pairs: tuple[str, str]) -> Record:
    return {"type": kind, "participants": _filled(*pairs), "attributes": attributes}


def draw_other_claim(story: Story) -> None:
    """A claim of such a kind."""
    article = story.pick(*story.names("article"))
    ref = f"c{len(story.records) + 1}"
    claim = {
        "record": "claim",
        "ref": ref,
        "article": article,
        **_contents(story),
        "asserted_by": draw_asserter(story),
        "modality": story.pick("done", "done", "done", "opinion", "denied"),
        "polarity": story.pick("positive", "positive", "negative"),
        "time": draw_time(story, article),
        "evidence": {"summary": f"evidence of {ref}"},
    }
    if story.is_new(claim):
        story.add(claim)


def draw_backed_correction(story: Story) -> None:
    """What an article, or seldom the recorder, puts right of a claim: who it is about, who says it, or its sign."""
    ref = story.pick(*story.names("claim"))
    claim = story.current().claims[ref]
    if claim["type"] == "response":
        return
    content = _contents(story)
    changes: Any = story.pick(
        content,
        {"polarity": story.pick("positive", "negative")},
        {"asserted_by": draw_asserter(story)},
        {"participants": content["participants"]} if content["type"] == claim["type"] else {},
    )
    if any(claim.get(k) != v for k, v in changes.items()):
        record = {"record": "correction", "of": ref, "changes": changes, "reason": "was wrong"}
        story.add(record | _mostly_backed(story))


def draw_backed_retraction(story: Story) -> None:
    """A claim withdrawn because of an article."""
    ref = story.pick(*story.names("claim"))
    if ref not in story.current().retracted:
        story.add({"record": "retraction", "of": ref, "reason": "not in the text"} | _mostly_backed(story))


def draw_other_authors(story: Story) -> None:
    """An article of other authors than was thought."""
    article = story.pick(*story.names("article"))
    authors = story.pick([], ["Ada Writer"], ["Bob Writer"], ["Cid Writer"])
    if authors != story.current().articles[article]["authors"]:
        story.add({"record": "correction", "of": article, "changes": {"authors": authors}, "reason": "typing error"})


def draw_denial(story: Story) -> None:
    """A claim denied, mostly as a whole, by another or by an article."""
    claims = story.names("claim")
    by: Any = story.pick(*claims)
    if story.chance(2):
        by = {"article": story.pick(*story.names("article")), "asserted_by": draw_asserter(story)}
    answer = draw_answer(story, None) | {"response": story.pick("deny", "deny", "dispute", "retract")}
    record = {"record": "response", **answer, "by": by}
    if isinstance(by, dict):
        record["ref"] = f"r{len(story.records) + 1}"
    if story.is_new(record):
        story.add(record)


def _draw_dated_article(story: Story, year: int) -> None:
    """An article of that year, so that a day lies between any two of them."""
    draw_article(story)
    story.records[-1]["published"] = f"{year}-06-01"


def _mostly_backed(story: Story) -> Record:
    return {} if story.chance(4) else {"article": story.pick(*story.names("article"))}


_STEPS = (
    *(draw_backed_correction,) * 4, draw_backed_retraction, draw_other_authors, *(draw_denial,) * 3, draw_merge,
    draw_merge, draw_response, draw_retraction, draw_claim_correction, draw_article_correction,
)  # fmt: skip


@st.composite
def tangles(draw: Draw, most_steps: int = 14) -> list[Record]:
    """Such a history, of a few claims and many changes."""
    story = Story(draw, simple=False)
    for number in range(4):
        _draw_dated_article(story, 2012 + number)
    for _ in range(draw(st.integers(1, 3))):
        story.pick(draw_claim, draw_other_claim, draw_other_claim)(story)
    if not story.names("claim"):
        return story.records
    for _ in range(draw(st.integers(3, most_steps))):
        story.pick(*_STEPS, draw_other_claim, draw_other_claim)(story)
    return story.records


PUBLISHED_BY = tuple(f"{year}-12-31" for year in range(2012, 2016))
"""Days between the articles, as they were first dated."""
