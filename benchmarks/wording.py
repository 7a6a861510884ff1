"""The words of a world: its entities, its articles and what each step of a story says, as lines of an import file."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from benchmarks.stories import (
    CORRECTION,
    DENIAL,
    END,
    EXTEND,
    OBSERVE,
    OPEN,
    PART,
    PLAN,
    RESPONSE,
    RETRACTION,
    TELL,
    THEMES,
    VOTE,
    Step,
    Story,
    Theme,
    hash_of,
    ref_of,
)  # fmt: skip

_STANCES = ("friendly", "supportive", "neutral", "sceptical", "hostile")
_SUMMARY = (
    "The report tells of step {} of story {}: what both have agreed on, since when it is so, and who has said it."
)


def entity_line(name: str, kind: str, title: str) -> dict[str, Any]:
    """An entity."""
    return {"record": "entity", "id": name, "kind": kind, "name": title}


def article_line(number: int, published: date) -> dict[str, Any]:
    """An article."""
    return {
        "record": "article",
        "url": article_url(number),
        "title": f"What was reported under number {number}",
        "publisher": f"The Example {number % 20}",
        "language": "en",
        "published": published.isoformat(),
    }


def article_url(number: int) -> str:
    """The address of an article."""
    return f"https://news.example/reports/{number}"


def company_name(number: int) -> str:
    """A name for each number."""
    syllables = ("ba", "do", "ka", "lu", "mi", "no", "ra", "su", "te", "vo")
    return "".join(syllables[int(digit)] for digit in str(number)).capitalize() + f" {number}"


def claim_said(story: Story, index: int, day: date, persons: int, random: Random) -> dict[str, Any]:
    """What a claim says that is published on a day, all but its article; a response names its target by its ref."""
    step, theme = story.steps[index], THEMES[story.theme]
    said: dict[str, Any] = {
        "type": theme.type,
        "participants": _participants(theme, story),
        "attributes": {},
        "asserted_by": _voice(story, persons, random),
        "modality": "done",
        "polarity": "positive",
        "time": _time(day, random),
        "evidence": {
            "summary": _SUMMARY.format(index, story.number),
            "position": {"start": story.number % 5_000, "end": story.number % 5_000 + 180},
        },
    }
    _SHAPES[step.does](said, story, step, day, random)
    return said


def correction_line(story: Story, index: int, told: date) -> dict[str, Any]:
    """A correction of what was told on a day: an earlier day, and exactly, so that it never says the same again."""
    day = told - timedelta(days=60 + index)
    return {
        "record": CORRECTION,
        "of": ref_of(story, story.steps[index].target),
        "changes": {"time": {"kind": "instant", "edtf": day.isoformat()}},
        "reason": "a later look",
    }


def retraction_line(story: Story, index: int) -> dict[str, Any]:
    """A retraction."""
    return {"record": RETRACTION, "of": ref_of(story, story.steps[index].target), "reason": "it was read wrongly"}


def _voice(story: Story, persons: int, random: Random) -> dict[str, Any]:
    chance = random.random()
    companies = [end for end in (story.first, story.second) if end.startswith("company-")]
    company = companies[int(random.random() * len(companies))]
    if chance < 0.45:
        return {"kind": "author"}
    if chance < 0.70:
        person = f"person-{1 + hash_of(int(company[8:]), int(random.random() * 3)) % persons}"
        return {"kind": "speaker", "agent": [person], "affiliation": [company]}
    if chance < 0.90:
        return {"kind": "press_release", "agent": [company]}
    return {"kind": "headline"} if chance < 0.94 else {"kind": "unnamed_report"}


def _observe(said: dict[str, Any], _story: Story, _step: Step, day: date, random: Random) -> None:
    said["modality"] = "ongoing"
    said["time"] = {"kind": "observed", "edtf": day.isoformat()[: 10 if random.random() < 0.7 else 7]}
    if said["type"] == "position" and random.random() < 0.3:
        said["attributes"]["title"] = ("Chair", "Director", "Adviser")[int(random.random() * 3)]


def _open(said: dict[str, Any], _story: Story, _step: Step, _day: date, random: Random) -> None:
    stage = {"acquisition": "completed", "membership": "admitted", "product": "released"}.get(said["type"])
    if stage:
        said["attributes"]["stage"] = stage
    if said["type"] == "investment":
        said["attributes"] |= {"amount": 1 + int(random.random() * 900), "currency": "USD"}


def _plan(said: dict[str, Any], _story: Story, _step: Step, day: date, random: Random) -> None:
    said["modality"] = "planned"
    said["time"] = {"kind": "instant", "edtf": str(day.year + 1 + int(random.random() * 2))}


def _extend(said: dict[str, Any], _story: Story, _step: Step, _day: date, _random: Random) -> None:
    said["attributes"]["stage"] = "extended"


def _end(said: dict[str, Any], story: Story, _step: Step, _day: date, _random: Random) -> None:
    said["attributes"]["stage"] = THEMES[story.theme].end


def _denial(said: dict[str, Any], _story: Story, _step: Step, day: date, _random: Random) -> None:
    said["polarity"] = "negative"
    said["time"] = {"kind": "observed", "edtf": day.isoformat()}


def _part(said: dict[str, Any], _story: Story, _step: Step, _day: date, random: Random) -> None:
    names = {"investment": "round", "agreement": "term", "competition": "market", "product": "version"}
    said["attributes"][names[said["type"]]] = f"part {1 + int(random.random() * 4)}"


def _vote(said: dict[str, Any], story: Story, _step: Step, _day: date, random: Random) -> None:
    said["type"] = "governance_vote"
    said["participants"] = [
        {"role": "body", "entity": f"board-{story.second.removeprefix('guild-')}"},
        {"role": "applicant", "entity": story.first},
    ]
    moves = {"relation": "member_of", "subject": story.first, "object": story.second}
    chance = random.random()
    outcome = {"outcome": "approved" if chance < 0.7 else "rejected"} if chance < 0.9 else {}
    said["attributes"] = {"moves": moves, "motion": "to admit the applicant", **outcome}


def _response(said: dict[str, Any], story: Story, step: Step, day: date, random: Random) -> None:
    said["type"], said["participants"] = "response", []
    word = ("deny", "dispute", "contradict", "confirm", "confirm")[int(random.random() * 5)]
    said["attributes"] = {"response": word, "target": ref_of(story, step.target)}
    said["time"] = {"kind": "instant", "edtf": day.isoformat()}


def _tell(said: dict[str, Any], story: Story, _step: Step, _day: date, random: Random) -> None:
    if said["type"] == "statement":
        said["attributes"] = {"stance": _STANCES[int(random.random() * 5)], "wording": f"wording {story.number}"}
    elif said["type"] == "market_fact":
        said["attributes"] = {"measure": f"measure {story.number % 12}", "value": story.number, "unit": "users"}
    else:
        said["attributes"] = {"activity": f"activity {story.number}"}


_SHAPES = {
    OPEN: _open, OBSERVE: _observe, PLAN: _plan, EXTEND: _extend, END: _end, DENIAL: _denial, PART: _part,
    VOTE: _vote, RESPONSE: _response, TELL: _tell,
}  # fmt: skip


def _participants(theme: Theme, story: Story) -> list[dict[str, str]]:
    ends = [{"role": theme.first, "entity": story.first}]
    return [*ends, {"role": theme.second, "entity": story.second}] if theme.second else ends


def _time(day: date, random: Random) -> dict[str, str]:
    """When something happened, of which an article of that day tells."""
    chance = random.random()
    if chance < 0.25:
        return {"kind": "instant", "edtf": day.isoformat(), "rule": "on_publication"}
    happened = day - timedelta(days=int(random.random() * 40))
    if chance < 0.65:
        return {"kind": "instant", "edtf": happened.isoformat()}
    if chance < 0.85:
        return {"kind": "instant", "edtf": happened.isoformat()[:7]}
    return {"kind": "instant", "edtf": f"{happened.year}" if chance < 0.95 else f"{happened.isoformat()[:7]}~"}
