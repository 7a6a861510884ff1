"""The event of a checkpoint is about the log itself: it tells nothing of entities, articles and claims."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

from events.codec import decode, encode
from events.envelope import RecordedEvent
from events.event_types import EntityRegistered, LogCheckpointed
from events.fold import fold
from events.identity import CHECKPOINTS_STREAM
from service.feeds.events import EventWriter
from service.store.protocol import StoredRecord
from tests.unit.events.examples import ME, entity_content

AT = datetime(2026, 11, 20, tzinfo=UTC)
CHECKPOINTED = LogCheckpointed(
    originator_id=CHECKPOINTS_STREAM, originator_version=1, recorder=ME, size=1, root="cm9vdA==", note="a note\n"
)


def test_it_is_passed_over_where_everything_is_folded() -> None:
    entity = EntityRegistered(
        originator_id="entity-a", originator_version=1, recorder=ME, content=entity_content(name="A")
    )
    events = [RecordedEvent(1, AT, entity), RecordedEvent(2, AT, CHECKPOINTED)]
    assert fold(events) == fold(events[:1])


def test_it_is_stored_and_read_like_any_other() -> None:
    topic, state = encode(CHECKPOINTED)
    assert topic == "LogCheckpointed.v1"
    assert decode(topic, state, CHECKPOINTS_STREAM, 1) == CHECKPOINTED


def test_in_the_feed_it_is_about_the_checkpoints_of_the_log() -> None:
    topic, state = encode(CHECKPOINTED)
    told = json.loads(EventWriter(uuid4()).event(StoredRecord(2, CHECKPOINTS_STREAM, 1, topic, state, AT)))
    assert (told["type"], told["subject"]) == ("io.frenemies.LogCheckpointed.v1", "log/checkpoints")
    assert told["data"] == {
        "id": "checkpoints", "recorder": {"key": "tester"}, "size": 1, "root": "cm9vdA==", "note": "a note\n",
    }  # fmt: skip
