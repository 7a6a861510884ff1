"""The store as an import sees it: the log, what is staged after it, and claims supposed to be new until checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from psycopg.rows import args_row, scalar_row, tuple_row

from events.errors import Conflict
from service.arrays import TextArray
from service.db import Database
from service.store.postgres import PostgresStore
from service.store.protocol import ErasableText, StoredRecord
from service.transfer.seals import SealDraft
from service.transfer.staging import Staging

_CLAIM = "claim-"


class Ground(PostgresStore):
    """Reads for the decisions of an import.

    The stream of a claim is known only when the claim is decided on, and to ask for each would cost a question per
    line. So it is taken to be new; `mistaken` then asks once for all of a chunk. `wait` is called where all of the
    chunk before has to be staged.
    """

    def __init__(self, database: Database, staging: Staging) -> None:
        super().__init__(database)
        self._staging = staging
        self._is_assuming = True
        self._owners: dict[tuple[str, str], str | None] = {}
        self._erased: set[str] = set()
        self._empty: set[str] = set()
        self.sees_staged = True
        self.wait: Callable[[], None] = lambda: None
        self.assumed: set[str] = set()
        self.asked: list[str] = []

    @contextmanager
    def certainty(self) -> Iterator[None]:
        """Asks for claims as for everything else, for the time of the block."""
        self._is_assuming = False
        try:
            yield
        finally:
            self._is_assuming = True

    def read_streams(self, streams: Collection[str], *, until: int | None = None) -> dict[str, list[StoredRecord]]:
        """The events of several streams, in the log and staged."""
        found: dict[str, list[StoredRecord]] = {stream: [] for stream in streams}
        self.asked += found
        if self._is_assuming:
            new = [stream for stream in found if stream.startswith(_CLAIM)]
            self.assumed.update(new)
            wanted = [stream for stream in found if not stream.startswith(_CLAIM)]
        else:
            wanted = list(found)
        if wanted:
            for record in self._staging.read(
                "read_streams", args_row(StoredRecord), streams=TextArray(wanted), staged=self.sees_staged
            ):
                found[record.stream].append(record)
            self._empty.update(stream for stream in wanted if not found[stream])
        return found

    def mistaken(self) -> list[str]:
        """The streams that were taken to be new and are not. Begins anew."""
        assumed, self.assumed = list(self.assumed), set()
        if not assumed:
            return []
        return self._staging.read("existing", scalar_row, streams=TextArray(assumed), staged=self.sees_staged)

    def next_chunk(self) -> None:
        """Forgets which streams were found empty: from now on they may be there."""
        self.asked, self.assumed, self._empty = [], set(), set()

    def look_up_keys(self, kind: str, keys: Collection[str]) -> None:
        """Finds the owners of keys that will be asked for one by one: one query for all, good for one chunk."""
        found = self._found_keys(kind, keys) if keys else {}
        self._owners = {(kind, key): found.get(key) for key in keys}

    def find_keys(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """The streams that own the keys, in the log and staged."""
        if len(keys) == 1 and (known := (kind, next(iter(keys)))) in self._owners:
            owner = self._owners[known]
            return {known[1]: owner} if owner else {}
        return self._found_keys(kind, keys)

    def _found_keys(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        return dict(
            self._staging.read("find_keys", tuple_row, kind=kind, keys=TextArray(keys), staged=self.sees_staged)
        )

    def find_links(self, kind: str, target: str, *, after: str = "", limit: int | None = None) -> list[str]:
        """The sources that link to a target, in the log and staged; none is still on its way there."""
        self.wait()
        found: list[str] = self._staging.read(
            "find_links", scalar_row, kind=kind, target=target, staged=self.sees_staged
        )
        return [source for source in sorted(found) if source > after][:limit]

    def find_texts(self, texts: Collection[tuple[str, str]]) -> dict[tuple[str, str], ErasableText]:
        """The texts stored, staged or declared for pairs of scope and content. A new stream has none."""
        wanted = [text for text in texts if not self._has_no_texts(text[0])]
        if not wanted:
            return {}
        scopes = TextArray(scope for scope, _ in wanted)
        hashes = [hashlib.sha256(content.encode()).digest() for _, content in wanted]
        found = self._staging.read(
            "find_texts", args_row(ErasableText), scopes=scopes, hashes=hashes, staged=self.sees_staged
        )
        return {(text.scope, text.content): text for text in found}

    def declare(self, draft: SealDraft) -> ErasableText:
        """Takes in which seal a text has, and gives the one that it has here: that of the database goes before.

        Conflict when its reference stands for another text already, in the log or by an earlier line.
        """
        text = self._text_of(draft)
        known = self._staging.read("find_reference", args_row(ErasableText), reference=text.reference)
        if any(other != text for other in known):
            raise Conflict("the reference stands for another text", "/reference")
        self._staging.declare(text)
        self._erased |= {text.scope} if is_erased(text) else set()
        return self.find_texts([(text.scope, text.content)])[text.scope, text.content]

    def _text_of(self, draft: SealDraft) -> ErasableText:
        """The text of a seal, to be stored where it is used; not so one that was erased here since it was exported."""
        if draft.content is None:
            return erased(draft)
        text = draft.text()
        return replace(text, salt=b"") if self.find_erased([text.reference]) else text

    def _has_no_texts(self, scope: str) -> bool:
        is_new = scope in self.assumed or scope in self._empty
        return is_new and scope not in self._erased


def erased(draft: SealDraft) -> ErasableText:
    """The seal of a text that is gone: found under what stands for it, and never stored."""
    seal = draft.text()
    return ErasableText(seal.reference, seal.scope, b"", seal.digest, draft.stands_for)


def is_erased(text: ErasableText) -> bool:
    """Whether only the seal of a text is known."""
    return not text.salt
