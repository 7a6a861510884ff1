"""The questions that all contestants of the depth benchmark are asked, and what is needed to compare their answers."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

LIMIT = 100
"""How many relations an answer has at most: a page of the service."""
TYPICAL, HOT = "typical", "hot"
KINDS = (TYPICAL, HOT)


@dataclass(frozen=True, slots=True)
class Question:
    """What an entity was on a day, as known at a log position; `sizes` are those of the rows of the answer."""

    kind: str
    entity: str
    day: int
    position: int
    sizes: tuple[int, ...] = ()
    digest: str = ""


Told = tuple[str, str, str, str]
"""One row of an answer: relation, subject, object, and the fact as JSON."""


def digest_of(answer: Iterable[Told]) -> str:
    """What two equal answers have in common: keys and facts in their order, however the JSON is laid out."""
    plain = [[*row[:3], json.loads(row[3])] for row in answer]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def save(file: str, questions: Iterable[Question]) -> None:
    """Writes questions to a file."""
    Path(file).write_text(json.dumps([asdict(question) for question in questions]), encoding="utf-8")


def of_copies(questions: Iterable[Question], copies: int) -> list[Question]:
    """The same questions, asked of copies in turn: each entity goes by `copy_name` there."""
    return [
        replace(question, entity=copy_name(question.entity, number % copies))
        for number, question in enumerate(questions)
    ]


def copy_name(entity: str, number: int) -> str:
    """What an entity is called in a copy; number 0 is the original."""
    return f"{entity}-copy-{number}" if number else entity


def load(file: str, kind: str | None = None) -> list[Question]:
    """The questions in a file, all or those of one kind. ValueError when there is none."""
    found = [Question(**plain) for plain in json.loads(Path(file).read_text(encoding="utf-8"))]
    chosen = [question for question in found if kind in (None, question.kind)]
    if not chosen:
        raise ValueError("there is no such question that ours answered")
    return chosen


def demand_same(question: Question, answer: Iterable[Told]) -> None:
    """ValueError when an answer is not the one that ours gave."""
    if digest_of(answer) != question.digest:
        raise ValueError(
            f"its answer for {question.entity} on day {question.day} at position {question.position} is another one"
        )


def pages(file: str) -> list[tuple[str, bytes]]:
    """The addresses in a file of HTTP answers, each with its body."""
    found = json.loads(Path(file).read_text(encoding="utf-8"))
    return [(address, base64.b64decode(body)) for address, body in found.items()]
