"""The page on the import format: its example is imported as it stands, and shows every kind of record."""

from __future__ import annotations

import json
from pathlib import Path

from service.intake.records import LINES, draft_of
from service.timeline.timeline import Timeline
from tests.recorded import ME

PAGE = Path(__file__).parents[2] / "docs" / "import.md"


def test_the_example_is_recorded_and_shows_every_kind_of_record(timeline: Timeline) -> None:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith('{"record"')]
    assert {json.loads(line)["record"] for line in lines} == {*LINES, "correction"}
    drafts = [draft_of(json.loads(line)) for line in lines]
    assert all(item.changed for item in timeline.record(drafts, recorder=ME).items)
    assert not any(item.changed for item in timeline.record(drafts, recorder=ME).items)
