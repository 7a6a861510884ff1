"""The reference program, where it is at hand: a second opinion on simple histories."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.histories import Question
from tests.oracle import Record

REFERENCE = Path(__file__).parents[1].parent / "shared" / "reference"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference program is not here")


def reference(name: str) -> ModuleType:
    """A module of the reference program."""
    if str(REFERENCE) not in sys.path:
        sys.path.append(str(REFERENCE))
    return importlib.import_module(name)


def ask_reference(question: Question, claims: list[Record], responses: list[Record]) -> dict[str, Any]:
    """The answer of the reference program."""
    asked = question.about if question.is_vote else (question.about,)
    answer = reference("answers").vote if question.is_vote else reference("answers").relation
    return dict(answer(claims, responses, *asked, question.as_of, **question.clocks))


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """What both programs answer, of a relation or a vote."""
    parts = {
        part: (state["status"], state.get("since"), state["asserted_by"])
        for part, state in answer.get("parts", {}).items()
    }
    same = {name: answer.get(name) for name in ("status", "since", "due", "when", "outcome")}
    claims, conflicts = sorted(set(answer["claims"])), set(answer.get("conflicts", ()))
    return same | {"parts": parts, "claims": claims, "conflicts": conflicts}


def answers_of_reference(question: Question, claims: list[Record], responses: list[Record]) -> list[dict[str, Any]]:
    """Its answers to the claims in two orders: of equally early openings it takes the first, and any is right."""
    return [comparable(ask_reference(question, given, responses)) for given in (claims, claims[::-1])]


def known_to_reference(question: Question, responses: list[Record]) -> Question:
    """The question, without a perspective where responses would count for it: the reference does not know these."""
    if all(r["response"] in ("confirm", "contradict", "dispute") for r in responses):
        return question
    return Question(question.about, question.as_of, question.published_by, question.recorded_by)
