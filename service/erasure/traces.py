"""Where words that are erased stand elsewhere: in events, which stay, and in other texts."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from psycopg.rows import args_row

from service.db import Database
from service.erasure.finding import Kept, Plan
from service.sql import load_queries

SHORTEST, LONGEST = 3, 200
"""Only words of so many characters are looked for: shorter ones stand everywhere, longer ones nowhere else."""
MOST = 100
"""So many places of each kind are named."""
_QUERIES = load_queries("erasing")
_NOT_OF_IDS = re.compile("[^a-z0-9]+")


class Trace(NamedTuple):
    """A stream whose name or events hold such a word: the first position, and in how many events."""

    stream: str
    position: int
    events: int


class OtherText(NamedTuple):
    """Texts kept for something else that hold such a word."""

    scope: str
    texts: int


class Traces(NamedTuple):
    """What was found, at most `MOST` of each kind."""

    events: Sequence[Trace]
    texts: Sequence[OtherText]


def find_traces(database: Database, plan: Plan) -> Traces:
    """Where the words of a plan stand as they are written or as an id would be made of them. It reads the whole log."""
    words = [text.beginning for text in plan.texts if is_looked_for(text)]
    if not words:
        return Traces([], [])
    in_events = {variant for word in words for variant in (_in_json(word), _as_id(word)) if len(variant) >= SHORTEST}
    about = {"words": sorted(in_events), "limit": MOST}
    others = {"words": sorted(set(words)), "references": plan.references, "limit": MOST}
    return Traces(
        database.read(_QUERIES["in_events"], about, args_row(Trace)),
        database.read(_QUERIES["in_texts"], others, args_row(OtherText)),
    )


def is_looked_for(text: Kept) -> bool:
    """Whether the words of a text are looked for elsewhere."""
    return text.is_whole and SHORTEST <= text.length <= LONGEST


def holds_any(said: str, texts: Iterable[Kept]) -> bool:
    """Whether one of the words that are looked for stands in what is said, in capitals or not."""
    return any(text.beginning.casefold() in said.casefold() for text in texts if is_looked_for(text))


def _in_json(word: str) -> str:
    return json.dumps(word, ensure_ascii=False)[1:-1]


def _as_id(word: str) -> str:
    """The id that the page would make of a name."""
    plain = unicodedata.normalize("NFKD", word.casefold()).encode("ascii", "ignore").decode()
    return _NOT_OF_IDS.sub("-", plain).strip("-")
