"""The client of Frenemies: follow the feed, and ask who is with whom, since when, and who says so."""

from frenemies.client import Client
from frenemies.errors import (
    EpochChanged,
    FrenemiesError,
    Gap,
    LeaseLost,
    Malformed,
    NotAuthorized,
    Refused,
    Unreachable,
)
from frenemies.event import CAUGHT_UP, CHECKPOINT, EVENT, TEXTS, Event, Line, Text
from frenemies.events import Events
from frenemies.feed import FeedLines
from frenemies.work import Task, Work

__all__ = [
    "CAUGHT_UP",
    "CHECKPOINT",
    "EVENT",
    "TEXTS",
    "Client",
    "EpochChanged",
    "Event",
    "Events",
    "FeedLines",
    "FrenemiesError",
    "Gap",
    "LeaseLost",
    "Line",
    "Malformed",
    "NotAuthorized",
    "Refused",
    "Task",
    "Text",
    "Unreachable",
    "Work",
]
