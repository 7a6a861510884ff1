"""How a page that is open follows the log: from where on, and what of it bears on what is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlencode

from service.http.elsewhere import cursor_shown
from service.web.question import asked

_MOST_NAMED = 100
"""The feed takes so many entities; where there are more, all events are read."""
_FIXING = ("recorded_by", "cursor")
_OF_A_CLAIM = (
    "ResponseClaimed", "EvidenceAdded", "ClaimRefAdded", "ClaimCorrected", "ClaimRedated", "ClaimRetracted",
    "ClaimReinstated", "ArticleCorrected",
)  # fmt: skip
"""The types of the events that tell something new of a claim."""


class Live(NamedTuple):
    """The position that is shown, its cursor, the question to the feed, and the ids that news of the page name."""

    position: int
    cursor: str
    question: str
    named: str


def live_about(position: int, entities: Iterable[str] = (), *, is_joint: bool = False) -> Live | None:
    """What is recorded of any of some entities; `is_joint`: of all of them at once. None on a page that stays as it is.

    A page stays as it is where its address holds the log at a position, and where nobody streams.
    """
    some = list(dict.fromkeys(entities))
    question = {"entity": ",".join(some)} if 0 < len(some) <= _MOST_NAMED else {}
    return _from(position, question, some if is_joint else ())


def live_picture(position: int) -> Live | None:
    """A picture that knows by itself whom it shows, and whether it stays as it is."""
    cursor = cursor_shown(position)
    return None if cursor is None else Live(position, cursor, "", "")


def live_of_claim(position: int, id: str) -> Live | None:
    """What becomes of a claim."""
    return _from(position, {"type": ",".join(_OF_A_CLAIM)}, [id])


def live_of_article(position: int, id: str) -> Live | None:
    """What becomes of an article and its claims."""
    return _from(position, {}, [id])


def _from(position: int, question: dict[str, str], named: Iterable[str]) -> Live | None:
    cursor = None if any(name in asked() for name in _FIXING) else cursor_shown(position)
    return None if cursor is None else Live(position, cursor, urlencode(question), " ".join(named))
