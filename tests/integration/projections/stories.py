"""Events that tell of companies, with the rows that follow from them by another way than the projection's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from eventsourcing.persistence import StoredEvent

from events.codec import encode
from events.event_types import (
    ArticleRegistered,
    ClaimCorrected,
    ClaimRetracted,
    DomainEvent,
    EntityMerged,
    EntityRegistered,
    EntityRenamed,
    EvidenceAdded,
    PartnershipClaimed,
    ResponseClaimed,
)
from events.identity import article_stream, claim_stream, entity_stream
from events.values import (
    ArticleContent,
    AssertedBy,
    ClaimContent,
    ClaimTime,
    EntityContent,
    Evidence,
    Participant,
    Recorder,
)
from service.db import Connection
from service.projections.indexing import INDEX, IndexProjection
from service.projections.projection import Difference, History, Load, leave_all
from service.store.protocol import EventStore, StoredRecord

Row = tuple[Any, ...]
POISON = StoredEvent("entity-bad", 1, "NobodyKnows.v1", b"{}")
HOT = "company-0"
_ME = Recorder("tester")
_IDS = UUID("5f4b7a52-0f39-4c3f-9a53-6f6a2d1f0c11")
_WEIGHTS = {
    "claim": 60,
    "article": 8,
    "entity": 8,
    "correction": 10,
    "rename": 4,
    "merge": 2,
    "retraction": 4,
    "more": 4,
}


class Step(NamedTuple):
    """One event, and the rows that it adds, by table; of names, without what is derived from them."""

    event: StoredEvent
    rows: tuple[tuple[str, Row], ...] = ()


class Story:
    """A story of a given length; the same seed tells the same one, and goes on with it when asked again."""

    def __init__(self, seed: int = 7) -> None:
        self._random = Random(seed)
        self._versions: Counter[str] = Counter()
        self._entities: list[str] = []
        self._articles: list[str] = []
        self._claims: list[str] = []
        self.steps: list[Step] = []

    def tell(self, count: int) -> list[StoredEvent]:
        """The next events."""
        first = len(self.steps)
        while len(self.steps) < first + count:
            kind = self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
            if len(self._entities) < 5:
                kind = "entity"
            elif not self._articles:
                kind = "article"
            elif not self._claims and kind in ("correction", "retraction", "more"):
                kind = "claim"
            getattr(self, f"_{kind}")()
        return [step.event for step in self.steps[first:]]

    def rows(self, table: str, until: int | None = None) -> set[Row]:
        """The rows of a table after the first `until` events."""
        return {row for step in self.steps[:until] for name, row in step.rows if name == table}

    def claims_of(self, entity: str) -> list[tuple[int, str]]:
        """At which position which claim began to name an entity."""
        return [
            (position, row[1])
            for position, step in enumerate(self.steps, 1)
            for table, row in step.rows
            if table == "claim_entities" and row[0] == entity
        ]

    def _add(self, stream: str, event: type[DomainEvent], *rows: tuple[str, Row], **content: Any) -> None:
        self._versions[stream] += 1
        version = self._versions[stream]
        told = event(originator_id=stream, originator_version=version, recorder=_ME, **content)
        self.steps.append(Step(StoredEvent(stream, version, *encode(told)), rows))

    def _entity(self) -> None:
        name = f"company-{len(self._entities)}"
        self._entities.append(name)
        row = ("entity_names", (name, f"Company {name}"))
        content = EntityContent(kind="company", name=f"Company {name}")
        self._add(entity_stream(name), EntityRegistered, row, content=content)

    def _article(self) -> None:
        name = str(uuid5(_IDS, f"article {len(self._articles)}"))
        self._articles.append(name)
        content = ArticleContent(title=name, publisher="p", language="en", published="2014-01-02")
        self._add(article_stream(name), ArticleRegistered, content=content)

    def _claim(self) -> None:
        name = str(uuid5(_IDS, f"claim {len(self._claims)}"))
        article, pair = self._random.choice(self._articles), self._pair()
        about = self._random.choice(self._claims) if self._claims and self._random.random() < 0.1 else None
        rows = [("claim_articles", (article, name)), *(("claim_entities", (entity, name)) for entity in pair)]
        if about is not None:
            rows.append(("responses", (name, about)))
        content = ClaimContent(
            article=article,
            type="partnership" if about is None else "response",
            participants=tuple(Participant("partner", entity) for entity in pair),
            attributes={} if about is None else {"target": about},
            asserted_by=AssertedBy("author"),
            modality="done",
            polarity="positive",
            time=ClaimTime("instant", "2014"),
        )
        kind = PartnershipClaimed if about is None else ResponseClaimed
        self._claims.append(name)
        self._add(claim_stream(name), kind, *rows, content=content, evidence=Evidence("in our words"))

    def _correction(self) -> None:
        claim, pair = self._random.choice(self._claims), self._pair()
        rows = (("claim_entities", (entity, claim)) for entity in pair)
        changes = {"participants": [{"role": "partner", "entity": entity} for entity in pair]}
        self._add(claim_stream(claim), ClaimCorrected, *rows, changes=changes, reason="misread")

    def _retraction(self) -> None:
        claim, article = self._random.choice(self._claims), self._random.choice(self._articles)
        row = ("claim_articles", (article, claim))
        self._add(claim_stream(claim), ClaimRetracted, row, reason="wrong", article=article)

    def _more(self) -> None:
        self._add(claim_stream(self._random.choice(self._claims)), EvidenceAdded, evidence=Evidence("once more"))

    def _rename(self) -> None:
        entity, name = self._random.choice(self._entities), f"Name {len(self.steps)}"
        self._add(entity_stream(entity), EntityRenamed, ("entity_names", (entity, name)), name=name, since="2015")

    def _merge(self) -> None:
        merged, into = self._pair()
        row = ("merges", (merged, into))
        self._add(entity_stream(merged), EntityMerged, row, merge=f"m{len(self.steps)}", into=into, reason="the same")

    def _pair(self) -> tuple[str, str]:
        """Two entities, the first of all the most often."""
        first = HOT if self._random.random() < 0.2 else self._random.choice(self._entities)
        return first, self._random.choice([entity for entity in self._entities[:50] if entity != first])


class Counting:
    """How many events began a stream and how many followed: a projection that double work would show in."""

    name = "counting"
    version = 1
    follows = None
    in_order = False
    tables = "CREATE TABLE counts (kind text NOT NULL, events bigint NOT NULL);"
    indexes = "CREATE UNIQUE INDEX IF NOT EXISTS counts_key ON counts (kind);"

    def handle(self, connection: Connection, records: Sequence[StoredRecord], history: History) -> None:
        """Adds the events of a batch."""
        for kind, count in Counter("created" if r.version == 1 else "following" for r in records).items():
            connection.execute(
                "INSERT INTO counts VALUES (%s, %s)"
                " ON CONFLICT (kind) DO UPDATE SET events = counts.events + excluded.events",
                [kind, count],
            )

    def load(self, records: Sequence[StoredRecord], history: History) -> Load:
        """Nothing: a sum cannot be loaded in parts."""
        return leave_all(records)

    def audit(self, connection: Connection, streams: Any, history: History) -> list[Difference]:
        """Nothing: there is no row for one stream."""
        return []


class Sparse(Counting):
    """Handles one kind of event among many; as little as `Counting`, it is told by what it leaves out."""

    name = "sparse"

    def handle(self, connection: Connection, records: Sequence[StoredRecord], history: History) -> None:
        """Adds the unknown events of a batch, of which there are few."""
        super().handle(connection, [record for record in records if record.topic == POISON.topic], history)


class Following:
    """How many events each stream has, whether the index knew of its claim, and how often the category has changed.

    The first would show an event handled twice, the second one handled before the index has, the last another order.
    """

    name = "following"
    version = 1
    follows = "index"
    in_order = True
    tables = """
        CREATE TABLE lengths (stream text NOT NULL, events bigint NOT NULL, is_known boolean NOT NULL);
        CREATE TABLE turns (category text NOT NULL, count bigint NOT NULL);
    """
    indexes = "CREATE UNIQUE INDEX IF NOT EXISTS lengths_key ON lengths (stream);"

    def handle(self, connection: Connection, records: Sequence[StoredRecord], history: History) -> None:
        """Takes one event after the other; it needs its index for that."""
        for record in records:
            category, name = record.stream.split("-", 1)
            connection.execute(
                "INSERT INTO lengths VALUES (%(stream)s, 1,"
                " %(category)s <> 'claim' OR EXISTS (SELECT FROM claim_articles WHERE claim = %(name)s))"
                " ON CONFLICT (stream) DO UPDATE SET events = lengths.events + 1",
                {"stream": record.stream, "category": category, "name": name},
            )
            if connection.execute("SELECT category FROM turns").fetchall() == []:
                connection.execute("INSERT INTO turns VALUES (%s, 0)", [category])
            connection.execute("UPDATE turns SET category = %s, count = count + 1 WHERE category <> %s", [category] * 2)

    def load(self, records: Sequence[StoredRecord], history: History) -> Load:
        """Never called."""
        raise AssertionError

    def audit(self, connection: Connection, streams: Any, history: History) -> list[Difference]:
        """Counts the events of the streams, and asks the index for what it knows of their claims."""
        query = (
            "SELECT events = %(events)s AND is_known AND (NOT starts_with(stream, 'claim-')"
            " OR EXISTS (SELECT FROM claim_articles WHERE claim = substr(stream, 7)))"
            " FROM lengths WHERE stream = %(stream)s"
        )
        return [
            Difference("lengths", stream, "the log says something else")
            for stream, records in streams.items()
            if connection.execute(query, {"events": len(records), "stream": stream}).fetchall()
            != ([(True,)] if records else [])
        ]


class LaterIndex(IndexProjection):
    """The index, as if its tables had changed."""

    version = INDEX.version + 1


COUNTING, SPARSE, LATER, FOLLOWING = Counting(), Sparse(), LaterIndex(), Following()
BOTH = (INDEX, FOLLOWING)


def append(store: EventStore, events: Sequence[StoredEvent], size: int = 500) -> None:
    """Appends events, some at a time."""
    for first in range(0, len(events), size):
        store.append(events[first : first + size])
