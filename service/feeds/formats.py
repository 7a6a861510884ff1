"""An event of the log as a CloudEvent (1.0.2, JSON format)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from events.codec import state_of, topic_of
from events.envelope import RecordedEvent
from events.identity import split_stream
from service.feeds.cursor import format_cursor

CLOUDEVENTS_BATCH = "application/cloudevents-batch+json"
SOURCE = "/v1/feed"
TYPE_PREFIX = "io.frenemies."
SCHEMAS = "/v1/event-types/"


def cloud_event(recorded: RecordedEvent, epoch: UUID) -> dict[str, Any]:
    """The event with its context; `id` is the cursor after which the next event comes."""
    event = recorded.event
    category, name = split_stream(event.originator_id)
    topic = topic_of(type(event))
    return {
        "specversion": "1.0",
        "id": format_cursor(epoch, recorded.position),
        "source": SOURCE,
        "type": TYPE_PREFIX + topic,
        "subject": f"{category}/{name}",
        "time": recorded.recorded_at,
        "dataschema": SCHEMAS + topic,
        "datacontenttype": "application/json",
        "sequence": str(recorded.position),
        "data": {"id": name, **state_of(event)},
    }
