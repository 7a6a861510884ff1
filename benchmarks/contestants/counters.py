"""The counters of the library's tutorial as a projection of ours: events that began a stream, and later ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from service.db import Connection
from service.projections.projection import Difference, History, Load, leave_all
from service.store.protocol import StoredRecord
from service.store.rows import recorded

_ADD = """
INSERT INTO event_counters (name, count) SELECT * FROM unnest(%(names)s::text[], %(counts)s::bigint[])
ON CONFLICT (name) DO UPDATE SET count = event_counters.count + excluded.count
"""


class Counters:
    """See `service.projections.projection.Projection`. Each event is decoded, as the library does it."""

    name = "counters"
    version = 1
    follows = None
    in_order = False
    tables = "CREATE TABLE event_counters (name text PRIMARY KEY, count bigint NOT NULL);"
    indexes = ""

    def handle(self, connection: Connection, records: Sequence[StoredRecord], history: History) -> None:
        """Adds the events."""
        versions = (recorded(record).event.originator_version for record in records)
        counts = Counter("created" if version == 1 else "subsequent" for version in versions)
        connection.execute(_ADD, {"names": list(counts), "counts": list(counts.values())})

    def load(self, records: Sequence[StoredRecord], history: History) -> Load:
        """Nothing: it is never rebuilt."""
        return leave_all(records)

    def audit(
        self, connection: Connection, streams: Mapping[str, Sequence[StoredRecord]], history: History
    ) -> list[Difference]:
        """Nothing: it is never compared."""
        return []
