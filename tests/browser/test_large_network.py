"""A network of 500 entities stays fluid: as many as an answer holds."""

from __future__ import annotations

import json
import random
import re
from datetime import date, timedelta
from typing import Any

from playwright.sync_api import Route, expect

from tests.browser.conftest import READY, Open

ENTITIES, RELATIONS, STEPS = 500, 1_000, 100
WORLD = re.compile('(<script type="application/json" id="world">).*?(</script>)', re.DOTALL)
LIVE = re.compile('<div id="live".*?</div>')
"""Without it nothing is followed: the log knows none of these entities."""
BEGIN = date(2000, 1, 1)
DRAG = """async (steps) => {
    const range = document.querySelector("#day");
    const [first, last] = [Number(range.min), Number(range.max)];
    const begun = performance.now();
    for (let step = 0; step <= steps; step++) {
        range.value = first + Math.round(((last - first) * step) / steps);
        range.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise(requestAnimationFrame);
    }
    return performance.now() - begun;
}"""


def world() -> dict[str, Any]:
    """An answer of /v1/periods: few are in most relations, and each relation comes and goes within fifteen years."""
    drawn = random.Random(7)
    ids = [f"company-{number}" for number in range(ENTITIES)]
    hubs = [ids[int(ENTITIES * drawn.random() ** 3)] for _ in range(RELATIONS)]
    relations = [_relation(drawn, ids[number % ENTITIES], hub) for number, hub in enumerate(hubs)]
    return {
        "nodes": [{"id": one, "kind": "company", "name": one.title()} for one in ids],
        "relations": relations, "votes": [], "stances": [], "notices": [],
        "names": {one: one.title() for one in ids}, "position": 1, "head": 1,
    }  # fmt: skip


def _relation(drawn: random.Random, subject: str, other: str) -> dict[str, Any]:
    begin = BEGIN + timedelta(days=drawn.randrange(5_000))
    days = [None, *(str(begin + timedelta(days=700 * number)) for number in range(4)), None]
    statuses = ("unknown", "planned", "possibly", "holds", "not_held")
    none = dict.fromkeys(("since", "until", "due", "planned_since"))
    periods = [
        {"from": days[number], "to": days[number + 1], "status": status, "contested": False, **none}
        for number, status in enumerate(statuses)
    ]
    return {
        "relation": "partner_of", "subject": subject, "object": other,
        "claim_count": 1, "supported_on": None, "periods": periods,
    }  # fmt: skip


def test_a_network_of_500_entities_stays_fluid(open_page: Open) -> None:
    """A hundred days are shown one after the other, each painted, at least 5 in a second beside other tests."""
    large = json.dumps(world())
    page = open_page("/docs")

    def enlarged(route: Route) -> None:
        answer = route.fetch()
        text = WORLD.sub(lambda found: found[1] + large + found[2], answer.text())
        route.fulfill(response=answer, body=LIVE.sub("", text))

    page.route("**/?large", enlarged)
    page.goto("/?large")
    expect(page.locator(READY)).to_be_attached()
    assert page.locator("#network .node").count() == ENTITIES
    assert page.locator("#network .edge").count() > RELATIONS * 0.9
    assert page.evaluate(DRAG, STEPS) < STEPS / 5 * 1_000
