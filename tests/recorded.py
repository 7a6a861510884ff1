"""Histories of import lines, recorded through the use cases into a store in memory, and folded."""

from __future__ import annotations

from typing import Any

from events import codec
from events.envelope import RecordedEvent
from events.fold import Knowledge, fold
from events.identity import article_id, canonical_url
from events.values import Recorder
from service.intake.records import draft_of as draft_of_line
from service.store.application import TimelineApplication
from service.store.memory import MemoryStore
from service.timeline.drafts import Draft
from service.timeline.recording import Decided, decide_on
from service.timeline.workspace import Workspace

ME = Recorder("tester")


def draft_of(record: dict[str, Any]) -> Draft:
    """The draft of an import line; histories name what a merge is about `entity`."""
    if record["record"] in ("merge", "unmerge") and "entity" in record:
        record = {("of" if name == "entity" else name): value for name, value in record.items()}
    return draft_of_line(record)


class Recorded:
    """A history in a store, record by record. `positions[n]` is the head of the log after n records."""

    def __init__(self, history: list[dict[str, Any]], store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.application = TimelineApplication(self.store, codec)
        self.positions = [0]
        self.refs: dict[str, str] = {}
        for record in history:
            self.record(record)

    def record(self, record: dict[str, Any]) -> None:
        """Record one more."""
        decided = self.record_draft(draft_of(record))
        if decided.kind == "claim":
            summary = record.get("evidence", {}).get("summary")
            name = record.get("ref") or summary or f"{record.get('by')}>{record.get('target')}"
            self.refs.setdefault(decided.id, name)

    def record_draft(self, draft: Draft) -> Decided:
        """Record one more, its shape checked."""
        work = Workspace(self.store, ME)
        decided = decide_on(work, draft)
        self.application.append(work.events, guards=work.guards, keys=work.keys, links=work.links, texts=work.texts)
        self.positions.append(self.store.head())
        return decided

    def knowledge(self) -> Knowledge:
        """Everything recorded, folded from the stored bytes."""
        rows = self.store.read_log(0, 1_000_000)
        return fold(
            RecordedEvent(r.position, r.recorded_at, codec.decode(r.topic, r.state, r.stream, r.version)) for r in rows
        )

    def ref(self, claim: str) -> str:
        """The ref of a claim, or its id."""
        return self.refs.get(claim, claim)


def id_of_article(url: str) -> str:
    """The id of the article at an address."""
    return article_id(canonical_url(url), None)
