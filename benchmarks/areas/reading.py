"""Reading the whole log in order."""

from __future__ import annotations

from functools import partial

from benchmarks.areas.rounds import Contestant, take_turns
from benchmarks.model import Area, Bar, Run
from benchmarks.plan import Plan
from benchmarks.stage import Stage

OURS = "ours: pages, decoded"
LIBRARY = "eventsourcing: ApplicationSubscription, decoded"
UMADB = "UmaDB: read, not decoded"
MESSAGE_DB = "message-db: get_category_messages, not decoded"


def measure(stage: Stage, plan: Plan) -> Area:
    """Each reads a log that it was filled with by its own means, all of the same claims."""
    area = Area("read", "Reading the log in order", "events/s")
    setting = f"{plan.read_events:,} events"
    claims = plan.read_events

    def read_messages() -> Run:
        return stage.contest("sql", "read_messages", url=_messages(stage, claims))

    with stage.umadb() as uma:
        stage.contest("uma", "fill", url=uma, claims=claims)
        ours, theirs = filled(stage, claims), filled_library(stage, claims)
        contestants = [
            Contestant(OURS, setting, partial(stage.contest, "ours", "read", url=ours)),
            Contestant(LIBRARY, setting, partial(stage.contest, "library", "read", url=theirs)),
            Contestant(UMADB, setting, partial(stage.contest, "uma", "read", url=uma)),
            Contestant(MESSAGE_DB, setting, read_messages),
        ]
        take_turns(stage, area, contestants, plan.rounds)
    area.bars = [Bar("reading to the library's subscription", area.ratio(OURS, LIBRARY, setting), 2.0, 4.0)]
    area.notes.append("Decoded: objects of the domain. The others hand over the bytes or the text as stored.")
    return area


def filled(stage: Stage, claims: int) -> str:
    """The URL of a template with our log of so many claims."""
    return stage.template(
        filled_name(claims), stage.ours(), lambda url: stage.contest("ours", "fill", url=url, claims=claims)
    )


def filled_name(claims: int) -> str:
    """The name of that template."""
    return f"ours, {claims} claims"


def filled_library(stage: Stage, claims: int) -> str:
    """The URL of a template with the library's log of so many claims."""
    return stage.template(
        library_name(claims), None, lambda url: stage.contest("library", "fill", url=url, claims=claims)
    )


def library_name(claims: int) -> str:
    """The name of that template."""
    return f"library, {claims} claims"


def _messages(stage: Stage, claims: int) -> str:
    return stage.template(
        f"message-db, {claims} claims",
        stage.message_store(),
        lambda url: stage.contest("sql", "fill_messages", url=url, claims=claims),
    )
