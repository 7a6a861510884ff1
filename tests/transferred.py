"""What tests of imports and exports share: logs compared, files made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from events import codec
from events.event_types import ArticleCorrected, ArticleRegistered
from events.values import Sealed
from service.bootstrap import importer
from service.db import Database
from service.settings import DatabaseSettings, Settings
from service.store.postgres import PostgresStore
from service.store.protocol import EventStore
from service.timeline.texts import sealed_in
from service.transfer.exporter import Exporter
from service.transfer.importer import Outcome
from service.transfer.lines import Lines
from tests.recorded import ME

LONGEST = 2 << 20
SAMPLE = Path(__file__).parents[1] / "service" / "sample"


def entity(id: str, **changes: Any) -> dict[str, Any]:
    return {"record": "entity", "id": id, "kind": "company", "name": id.title()} | changes


def article(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "record": "article", "url": f"https://example.org/{number}", "title": f"Article {number}", "publisher": "p",
        "authors": [], "language": "en", "published": f"2014-01-{1 + number % 28:02}",
    } | changes  # fmt: skip


def claim(number: int, of: int, one: str, other: str, **changes: Any) -> dict[str, Any]:
    return {
        "record": "claim", "ref": f"c-{number}", "article": f"https://example.org/{of}", "type": "partnership",
        "participants": [{"role": "partner", "entity": one}, {"role": "partner", "entity": other}],
        "attributes": {}, "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2013"},
        "evidence": {"summary": f"claim {number}", "position": {"start": number, "end": number + 1}},
    } | changes  # fmt: skip


def many(claims: int, entities: int = 50) -> list[dict[str, Any]]:
    """Records of a file of this size: entities, then articles of ten claims each, some of which are changed later."""
    records = [entity(f"e-{n}") for n in range(entities)]
    for number in range(claims):
        if number % 10 == 0:
            records.append(article(number // 10, authors=[f"Writer {number % 7}"]))
        one, other = number % entities, (number * 7 + 1 + number % entities) % entities
        other = other if other != one else (one + 1) % entities
        records.append(claim(number, number // 10, f"e-{one}", f"e-{other}"))
        if number % 97 == 50:
            records.append({"record": "retraction", "of": f"c-{number // 2}", "reason": f"a slip {number}"})
    return records


def write(path: Path, records: list[dict[str, Any]]) -> Lines:
    """A file of records."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return Lines(str(path), path, LONGEST)


def imported(url: str, lines: Lines) -> Outcome:
    """Records a file as a whole."""
    return importer(Settings(), url).record(lines, ME)


def log_of(url: str) -> list[tuple[Any, ...]]:
    """The log of a database, as `content_of` gives it."""
    with Database(DatabaseSettings(url, pool_timeout=5.0)) as database:
        return content_of(PostgresStore(database))


def same_authors(url: str) -> list[tuple[Any, ...]]:
    """The log of a database, with the seals of authors."""
    with Database(DatabaseSettings(url, pool_timeout=5.0)) as database:
        return content_of(PostgresStore(database), is_same_author=True)


def exported(url: str, path: Path) -> Lines:
    """A file with the export of a database."""
    with Database(DatabaseSettings(url, pool_timeout=5.0)) as database:
        return write(path, list(Exporter(PostgresStore(database)).lines()))


def content_of(store: EventStore, is_same_author: bool = False) -> list[tuple[Any, ...]]:
    """What every event says, without recorder and time; texts stand for their seals.

    `is_same_author`: the seals of authors have to be the same as well, for they are who the author is.
    """
    told = []
    for row in store.read_log(0, 10_000_000):
        event = codec.decode(row.topic, row.state, row.stream, row.version)
        texts = store.read_texts([UUID(seal.reference) for seal in sealed_in(event)])
        plain = json.loads(row.state)
        plain.pop("recorder")
        keep = is_same_author and isinstance(event, ArticleRegistered | ArticleCorrected)
        opened = {str(reference): text.content for reference, text in texts.items()}
        told.append((row.stream, row.version, row.topic, plain if keep else _opened(plain, opened)))
    return told


def _opened(value: Any, texts: dict[str, str]) -> Any:
    if isinstance(value, dict):
        if set(value) == set(Sealed.__struct_fields__):
            return texts.get(value["reference"], "erased")
        return {name: _opened(item, texts) for name, item in value.items()}
    return [_opened(item, texts) for item in value] if isinstance(value, list) else value
