"""A world as the log holds it: the events that recording its lines gives, made without deciding on each line."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.queues import Queue
from typing import Any
from uuid import uuid4

import msgspec
from eventsourcing.persistence import StoredEvent

from benchmarks.stories import CORRECTION, RESPONSE, RETRACTION, Story, ref_of
from benchmarks.wording import article_url
from benchmarks.world import Placed, World
from events import codec
from events.event_types import (
    CLAIMED,
    ArticleRegistered,
    ClaimCorrected,
    Claimed,
    ClaimRetracted,
    DomainEvent,
    EntityRegistered,
)
from events.identity import article_id, article_stream, claim_id, claim_stream, entity_stream
from events.validation import normal_claim
from events.values import ArticleContent, ClaimContent, EntityContent, Evidence, Recorder, Sealed
from service.store.appends import Append
from service.store.protocol import ErasableText, StreamKey, StreamLink
from service.store.texts import digest_of
from service.timeline.brought import ARTICLE, REF
from service.timeline.entities import PERSON

RECORDER = Recorder("benchmark")
AHEAD = 4
"""How many appends a process makes ahead."""
MOST_SECONDS = 60.0


class Recorded:
    """The events of a world. Only the seals of persons are others each time, for they are made by chance."""

    def __init__(self, world: World, recorder: Recorder = RECORDER) -> None:
        self.world = world
        self._recorder = recorder

    def appends(self, size: int) -> Iterator[Append]:
        """All that is recorded, so many events at a time, with the keys, links and texts that go with them."""
        for part in self._parts(size):
            yield _append(map(self._recorded, part))

    def appends_ahead(self, size: int) -> Iterator[Append]:
        """The same, made by other processes while the caller does something with those before."""
        context = get_context("fork")
        queues: list[Queue[Append | None]] = [context.Queue(AHEAD) for _ in os.sched_getaffinity(0)]
        for number, queue in enumerate(queues):
            context.Process(target=self._put, args=(size, queue, number, len(queues)), daemon=True).start()
        for queue in itertools.cycle(queues):
            append = queue.get(timeout=MOST_SECONDS)
            if append is None:
                return
            yield append

    def _put(self, size: int, queue: Queue[Append | None], number: int, of: int) -> None:
        """Puts every so many-th append into a queue, and None behind the last."""
        for part in itertools.islice(self._parts(size), number, None, of):
            queue.put(_append(map(self._recorded, part)))
        queue.put(None)

    def _parts(self, size: int) -> Iterator[list[dict[str, Any] | Placed]]:
        records: Iterator[dict[str, Any] | Placed] = itertools.chain(self.world.entity_lines(), self.world.placed())
        while part := list(itertools.islice(records, size)):
            yield part

    def step(self, story: Story, index: int) -> DomainEvent:
        """The event of one step of a story."""
        step = story.steps[index]
        if step.does not in (CORRECTION, RETRACTION):
            content = self.content(story, index)
            evidence = self.world.said(story, index)["evidence"]
            return CLAIMED[content.type](
                originator_id=claim_stream(claim_id(content)),
                originator_version=1,
                recorder=self._recorder,
                content=content,
                evidence=msgspec.convert(evidence, Evidence),
                ref=ref_of(story, index) if story.is_target(index) else None,
            )
        target = self.content(story, step.target)
        place: dict[str, Any] = {
            "originator_id": claim_stream(claim_id(target)),
            "originator_version": 2,
            "recorder": self._recorder,
        }
        if step.does == RETRACTION:
            return ClaimRetracted(**place, reason=self.world.line(story, index)["reason"])
        line = self.world.line(story, index)
        return ClaimCorrected(**place, changes=line["changes"], reason=line["reason"])

    def content(self, story: Story, index: int) -> ClaimContent:
        """What a claim says, in normal form."""
        said = self.world.said(story, index)
        del said["evidence"]
        step = story.steps[index]
        if step.does == RESPONSE:
            said["attributes"]["target"] = claim_id(self.content(story, step.target))
        if "rule" in said["time"]:
            said["time"]["anchor"] = self.world.day(step.slot).isoformat()
        article = article_id(article_url(self.world.article(story.number, index)), None)
        return normal_claim(msgspec.convert({"article": article, **said}, ClaimContent))

    def _recorded(self, record: dict[str, Any] | Placed) -> tuple[DomainEvent, ErasableText | None]:
        """The event of an entity, or of what is placed, with the text that it seals."""
        if isinstance(record, dict):
            return self._entity(record)
        if record.story < 0:
            return self._article(self.world.article_line(record)), None
        return self.step(self.world.story(record.story), record.step), None

    def _article(self, line: dict[str, Any]) -> DomainEvent:
        content = msgspec.convert({name: line[name] for name in line if name != "record"}, ArticleContent)
        stream = article_stream(article_id(content.url, None))
        return ArticleRegistered(originator_id=stream, originator_version=1, recorder=self._recorder, content=content)

    def _entity(self, line: dict[str, Any]) -> tuple[DomainEvent, ErasableText | None]:
        stream, text = entity_stream(line["id"]), None
        name: str | Sealed = line["name"]
        if line["kind"] == PERSON:
            salt = secrets.token_bytes(16)
            text = ErasableText(uuid4(), stream, salt, digest_of(salt, line["name"]), line["name"])
            name = Sealed(str(text.reference), text.digest)
        content = EntityContent(line["kind"], name)
        place: dict[str, Any] = {"originator_id": stream, "originator_version": 1, "recorder": self._recorder}
        return EntityRegistered(**place, content=content), text


def _append(batch: Iterable[tuple[DomainEvent, ErasableText | None]]) -> Append:
    stored, keys, links, texts = [], [], [], []
    for event, text in batch:
        stream = event.originator_id
        stored.append(StoredEvent(stream, event.originator_version, *codec.encode(event)))
        if text is not None:
            texts.append(text)
        if isinstance(event, Claimed):
            links.append(StreamLink(ARTICLE, stream, article_stream(event.content.article)))
            if event.ref is not None:
                keys.append(StreamKey(REF, event.ref, stream))
    return Append(stored, {}, {}, keys, links, texts, None)
