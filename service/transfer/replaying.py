"""An export recorded anew in memory: the same records at the same places, for checking answers without a database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from events import codec
from events.errors import DomainError, Invalid
from events.values import Recorder
from service.store.application import TimelineApplication
from service.store.memory import MemoryStore
from service.store.protocol import ErasableText
from service.timeline.recording import decide_on
from service.timeline.workspace import Workspace
from service.transfer.ground import erased, is_erased
from service.transfer.lines import BEGINNING, Chunk, Line
from service.transfer.parsing import Item, parse_chunk
from service.transfer.seals import SealDraft

RECORDER = Recorder("replay")


def replayed(chunks: Iterable[Chunk], longest: int) -> MemoryStore:
    """A store with the records of an export that begins with the first one. Invalid names the line that is refused."""
    store = _Declaring()
    application = TimelineApplication(store, codec)
    for chunk in chunks:
        for item in parse_chunk(chunk, longest).items:
            _take(store, application, item)
    return store


def chunks_of(lines: Iterable[Mapping[str, Any]]) -> Iterator[Chunk]:
    """The lines of an exporter, each as a chunk of its own."""
    for number, line in enumerate(lines, 1):
        yield Chunk(BEGINNING, BEGINNING, [Line(number, 0, msgspec.json.encode(line))])


class _Declaring(MemoryStore):
    """A store that is told which seals texts have before they are stored."""

    def __init__(self) -> None:
        super().__init__()
        self._declared: dict[tuple[str, str], ErasableText] = {}

    def declare(self, draft: SealDraft) -> None:
        """The text has this seal."""
        text = draft.text() if draft.content is not None else erased(draft)
        self._declared[text.scope, text.content] = text

    def find_texts(self, texts: Collection[tuple[str, str]]) -> dict[tuple[str, str], ErasableText]:
        """Those declared and those stored."""
        declared = {text: self._declared[text] for text in texts if text in self._declared}
        return super().find_texts(texts) | declared


def _take(store: _Declaring, application: TimelineApplication, item: Item) -> None:
    if isinstance(item.parsed, list):
        raise Invalid(f"line {item.line}: {item.parsed[0].detail}", item.parsed[0].pointer)
    if isinstance(item.parsed, SealDraft):
        store.declare(item.parsed)
        return
    work = Workspace(store, RECORDER)
    try:
        decide_on(work, item.parsed)
    except DomainError as error:
        raise Invalid(f"line {item.line}: {error.detail}", error.pointer) from None
    texts = [text for text in work.texts if not is_erased(text)]
    application.append(work.events, guards=work.guards, keys=work.keys, links=work.links, texts=texts)
