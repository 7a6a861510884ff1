"""The sample, recorded step by step as in the scenarios of the ground truth, and asked over REST."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from events.rules import SAME_AS, parse_rule, resolve
from service.timeline.timeline import Timeline
from tests.recorded import ME, draft_of

SAMPLE = Path(__file__).parents[2] / "service" / "sample"
Record = dict[str, Any]
STEPS = {
    "A": {"003": "2009-02-16", "004": "2012-08-27", "001": "2013-11-08", "000": "2014-11-04", "002": "2015-11-05"},
    "B": {"004": "2012-08-27", "001": "2013-11-08", "000": "2014-11-04", "002": "2015-11-05", "003": "2015-12-01"},
    "D": {"003": "2009-02-16", "004": "2012-08-27", "001": "2013-11-08", "000": "2014-11-04", "002": "2015-11-05"},
}
STEPS["C"] = STEPS["A"] | {"S": "2016-01-15"}
MISTYPED, RIGHT = "2013-11-04", "2014-11-04"


def read(file: str) -> list[Record]:
    return [json.loads(line) for line in (SAMPLE / file).read_text("utf-8").splitlines()]


def by_article() -> tuple[list[Record], dict[str, list[Record]]]:
    """The entities, and the lines of each article under its number; the later reports under S."""
    entities, articles, current = [], {}, ""
    lines = read("five_articles.ndjson")
    for place, line in enumerate(lines):
        if line["record"] == "entity":
            entities.append(line)
            continue
        if line["record"] == "article":
            current = next(later["ref"][:3] for later in lines[place:] if later["record"] == "claim")
        articles.setdefault(current, []).append(line)
    articles["S"] = read("later_reports.ndjson")
    return entities, articles


def mistyped(lines: list[Record]) -> list[Record]:
    """The lines of article 000 as they would have been recorded with the typing error: dates by rule from it."""
    dates: dict[str, str] = {}
    found = copy.deepcopy(lines)
    for line in found:
        if line["record"] == "article":
            line["published"] = MISTYPED
        elif line["record"] == "claim":
            time = line["time"]
            if "rule" in time:
                rule = parse_rule(time["rule"])
                time["anchor"] = MISTYPED
                time["edtf"] = dates[rule.argument] if rule.name == SAME_AS else resolve(rule, MISTYPED)
            dates[line["ref"]] = time["edtf"]
    return found


class Scenario:
    """A scenario recorded in a database of its own; `position(day)` is the log position after that day's step."""

    def __init__(self, name: str, timeline: Timeline, client: FlaskClient) -> None:
        self.client = client
        self.refs: dict[str, str] = {}
        entities, articles = by_article()
        self.positions = {"0001-01-01": self._record(timeline, entities)}
        for article, day in STEPS[name].items():
            lines = articles[article]
            self.positions[day] = self._record(timeline, mistyped(lines) if (name, article) == ("D", "000") else lines)
            if (name, article) == ("D", "000"):
                url = next(line["url"] for line in lines if line["record"] == "article")
                corrected = {
                    "record": "correction",
                    "of": url,
                    "changes": {"published": RIGHT},
                    "reason": "typing error",
                }
                self.positions["2014-11-06"] = self._record(timeline, [corrected])

    def _record(self, timeline: Timeline, lines: list[Record]) -> int:
        outcome = timeline.record([draft_of(line) for line in lines], recorder=ME)
        for item, line in zip(outcome.items, lines, strict=True):
            if item.kind == "claim" and "ref" in line:
                self.refs[item.id] = line["ref"]
        return outcome.position

    def position(self, day: str) -> int:
        """The log position after the last step on or before a day."""
        asked = date.fromisoformat(day)
        return max(position for at, position in self.positions.items() if date.fromisoformat(at) <= asked)

    def ask(self, path: str, as_of: str, recorded: str | None = None, **query: str) -> Record:
        """An answer over REST, claims named by their refs."""
        query["as_of"] = as_of
        if recorded is not None:
            query["recorded_by"] = str(self.position(recorded))
        query["min_position"] = str(max(self.positions.values()))
        response = self.client.get(path, query_string=query)
        assert response.status_code == 200, response.text
        text = response.text
        for claim, ref in self.refs.items():
            text = text.replace(claim, ref)
        answer: Record = json.loads(text)
        return answer

    def relation(
        self, relation: str, subject: str, other: str, as_of: str, recorded: str | None = None, **query: str
    ) -> Record:
        return self.ask(f"/v1/relations/{relation}/{subject}/{other}", as_of, recorded, **query)

    def state(self, entity: str, as_of: str, recorded: str | None = None, **query: str) -> Record:
        return self.ask(f"/v1/entities/{entity}/state", as_of, recorded, **query)


def part(answer: Record, **scope: str) -> Record:
    """The part of a relation with this scope."""
    return next(found for found in answer["parts"] if found["scope"] == scope)


def speakers(answer: Record) -> set[str]:
    """Who asserts it: entities, or the kind of a voice without a name."""
    return {"+".join(voice["affiliation"] or voice["agent"] or voice["kinds"]) for voice in answer["asserted_by"]}


def sides(conflict: Record) -> dict[str, set[str]]:
    """The claims of each side of a conflict."""
    return {
        "+".join(side["asserted_by"]["affiliation"] or side["asserted_by"]["kinds"]): set(side["claims"])
        for side in conflict["sides"]
    }
