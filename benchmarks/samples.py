"""The data of all contestants: entities, articles and claims as plain data, the same for everybody.

A claim is as a line of an import file has it, some 600 bytes of JSON. Its numbers make it: equal numbers, equal claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ENTITIES = 300
ARTICLES = 101
"""Has no factor in common with the number of pairs, so that claims repeat only after some nine millions."""

_PAIRS = ENTITIES * (ENTITIES - 1)
_ROLES = (
    ("investment", "investor", "investee"),
    ("partnership", "partner", "partner"),
    ("acquisition", "acquirer", "target"),
)
_SUMMARY = (
    "The report says that both companies have signed an agreement over several years, which covers the development of"
    " common products and their sale, and that further steps are to follow after number {}."
)


def entity(number: int) -> dict[str, Any]:
    """A company, as a line of an import file."""
    return {"record": "entity", "id": f"company-{number}", "kind": "company", "name": f"Company Number {number}"}


def article(number: int) -> dict[str, Any]:
    """An article, as a line of an import file."""
    return {
        "record": "article",
        "url": _url(number),
        "title": f"What was reported on day {number}",
        "publisher": "The Example",
        "authors": [],
        "language": "en",
        "published": f"2024-{1 + number % 12:02d}-{1 + number % 28:02d}",
    }


def claim(number: int) -> dict[str, Any]:
    """A claim, as a line of an import file."""
    first, second, kind = _participants(number)
    return {
        "record": "claim",
        "article": _url(number % ARTICLES),
        "type": kind[0],
        "participants": [{"role": kind[1], "entity": first}, {"role": kind[2], "entity": second}],
        "attributes": {"programme": f"Programme {number % 97}"},
        "asserted_by": {"kind": "speaker", "agent": [first]},
        "modality": "done",
        "polarity": "positive",
        "time": {"kind": "instant", "edtf": f"20{10 + number % 14}-{1 + number % 12:02d}"},
        "evidence": {
            "summary": _SUMMARY.format(number),
            "position": {"start": number % 5_000, "end": number % 5_000 + 180},
        },
    }


def payload(number: int) -> dict[str, Any]:
    """What a claim says, for those who store it as it is."""
    said = claim(number)
    del said["record"]
    return said


def lines(claims: int) -> Iterator[dict[str, Any]]:
    """A whole import file: all entities, all articles, and so many claims."""
    yield from map(entity, range(ENTITIES))
    yield from map(article, range(ARTICLES))
    yield from map(claim, range(claims))


def _participants(number: int) -> tuple[str, str, tuple[str, str, str]]:
    pair = number % _PAIRS
    first = pair % ENTITIES
    second = (first + 1 + pair // ENTITIES) % ENTITIES
    return f"company-{first}", f"company-{second}", _ROLES[number % len(_ROLES)]


def _url(number: int) -> str:
    return f"https://news.example/2024/{number:04d}/what-was-reported-that-day"
