"""What belongs to a subject: the texts kept for it, and what the command has to say about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import args_row

from events.errors import Conflict, Unknown
from events.identity import ARTICLE, AUTHOR, CLAIM, ENTITY, article_stream, claim_stream, entity_stream
from events.text import clean_id, clean_name
from events.values import Recorder, Subject
from service.db import Database
from service.errors import NotBuilt
from service.projections.index import Index
from service.sql import load_queries
from service.store.postgres import PostgresStore
from service.timeline import brought
from service.timeline.entities import PERSON
from service.timeline.texts import AUTHORS
from service.timeline.workspace import Workspace

MOST_STREAMS = 100_000
"""As long as an entity has no more streams, the quotes of its claims are found."""
LONGEST_SHOWN = 1_000
"""Of a text, so many characters are shown and looked for elsewhere."""
_QUERIES = load_queries("erasing")


class Kept(NamedTuple):
    """A text that is kept: where, how it begins, and how many characters it has."""

    reference: UUID
    scope: str
    beginning: str
    length: int

    @property
    def is_whole(self) -> bool:
        """Whether the beginning is all of it."""
        return len(self.beginning) == self.length


class Plan(NamedTuple):
    """What is to be erased, of what; `notes` say what belongs to it and stays."""

    subject: Subject
    texts: Sequence[Kept]
    notes: Sequence[str] = ()

    @property
    def references(self) -> list[UUID]:
        """Where the texts lie."""
        return [text.reference for text in self.texts]


class Finder:
    """Finds the texts of subjects. Unknown for what was never recorded.

    The quotes of claims that name an entity are those that the read tables know; all else is asked of the log.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = PostgresStore(database)
        self._index = Index(database)

    def entity(self, name: str, *, with_quotes: bool) -> Plan:
        """The names, dated names and aliases that a person ever had; with the quotes of the claims that name it."""
        record = self._workspace().entity(clean_id(name))
        if record is None:
            raise Unknown(f"there is no entity {name!r}")
        kind = record.contents[-1][1].kind
        scopes = [entity_stream(name)]
        notes = [f"the id {name}: it is in claims and addresses"]
        if kind != PERSON:
            notes.append(f"its names: it is a {kind}, and only names of persons are kept apart from the log")
        if any(content.identifiers for _, content in record.contents):
            notes.append("its identifiers")
        notes += [f"what is recorded of {other}, with which it was merged" for other in self._merged_with(name)]
        if with_quotes:
            scopes += self._claims_naming(name)
        return Plan(Subject(ENTITY, name), self._kept(scopes), notes)

    def author(self, name: str) -> Plan | None:
        """The name of an author who is no entity, in all articles; None where no such name is kept."""
        found = self._store.find_texts([(AUTHORS, clean_name(name))])
        for text in found.values():
            kept = Kept(text.reference, text.scope, text.content, len(text.content))
            return Plan(Subject(AUTHOR, str(text.reference)), [kept])
        return None

    def article(self, given: str) -> Plan:
        """The text of an article in all its versions, and the quotes of its claims."""
        name = self._workspace().article_id(given, "", missing=Unknown)
        stream = article_stream(name)
        scopes = [stream, *self._store.find_links(brought.ARTICLE, stream)]
        notes = ["its title, publisher, address and the hash of its text", "its authors: --author erases a name"]
        return Plan(Subject(ARTICLE, name), self._kept(scopes), notes)

    def claim(self, given: str) -> Plan:
        """The quotes of a claim."""
        name = self._workspace().claim_id(clean_name(given), "", missing=Unknown)
        notes = ["the summaries of its evidence, in the words of who recorded them"]
        return Plan(Subject(CLAIM, name), self._kept([claim_stream(name)]), notes)

    def _workspace(self) -> Workspace:
        return Workspace(self._store, Recorder("local"))

    def _merged_with(self, name: str) -> list[str]:
        with suppress(NotBuilt):
            return sorted(set(self._index.merge_class(name)) - {name})
        return []

    def _claims_naming(self, name: str) -> list[str]:
        streams = self._index.streams_about([name], MOST_STREAMS + 1)
        if len(streams) > MOST_STREAMS:
            raise Conflict(f"more than {MOST_STREAMS:,} streams tell of {name}: erase quotes by --article or --claim")
        return [stream for stream in streams if stream.startswith(claim_stream(""))]

    def _kept(self, scopes: Collection[str]) -> list[Kept]:
        about = {"scopes": list(scopes), "longest": LONGEST_SHOWN}
        return self._database.read(_QUERIES["kept"], about, args_row(Kept))
