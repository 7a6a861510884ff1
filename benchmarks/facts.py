"""What a world says of its relations: the answer for each day, as it was after each record.

It is what those who know nothing of the rules are given to hold. A version of a relation is one line of JSON: the key,
the log position from which it counts, and pieces `[first day, day after the last, status, fact]`; days on which a
relation does not hold have none.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks.recorded import Recorded
from benchmarks.stories import Story
from benchmarks.world import World
from events.courses import course
from events.effects import Key, ends
from events.event_types import Claimed
from events.facts import NOT_HELD, UNKNOWN
from events.fold import Knowledge
from events.knowledge import Point, hear
from events.records import EVER, ArticleRecord, ClaimRecord, evolve
from events.relationships import RelationAccount, RelationState
from events.temporal import AFTER_ALL
from events.values import ArticleContent
from service.http.render import relation

PART = 2_000
_TOLD = ("status", "since", "until", "due")
_NOT_TOLD = (NOT_HELD, UNKNOWN)


class Piece(NamedTuple):
    """What a relation is from a day on, to the day before another one."""

    since: int
    until: int
    status: str
    fact: str


class Version(NamedTuple):
    """What a relation is on all days, from a log position on."""

    key: Key
    position: int
    pieces: tuple[Piece, ...]


def told(answer: dict[str, Any]) -> tuple[str, str]:
    """The status, and the fact as all contestants hold it, of a relation as the service answers it."""
    return answer["status"], msgspec.json.encode({name: answer[name] for name in _TOLD}).decode()


def versions(world: World, story: Story) -> Iterator[Version]:
    """The versions of the relation of a story, each time that it changes."""
    recorded, key = Recorded(world), _key(world, story)
    knowledge, pieces = Knowledge(), tuple[Piece, ...]()
    for index in range(len(story.steps)):
        position = world.position(story.number, index)
        event = recorded.step(story, index)
        name = event.originator_id.partition("-")[2]
        record = evolve(knowledge.claims.get(name), event, position)
        assert isinstance(record, ClaimRecord)  # noqa: S101
        knowledge.claims[name] = record
        if isinstance(event, Claimed):
            article = event.content.article
            published = world.day(story.steps[index].slot).isoformat()
            content = ArticleContent("title", "publisher", "en", published)
            knowledge.articles[article] = ArticleRecord(article, 1, ((0, content),))
        now = _pieces(knowledge, key)
        if now != pieces:
            yield Version(key, position, now)
            pieces = now


def write(world: World, file: Path, first: Collection[str], most: int) -> int:
    """Writes the versions of relations: those of some entities, and of others until so many relations are told.

    Gives how many relations are told.
    """
    chosen = _chosen(world, frozenset(first), most)
    parts = [chosen[at : at + PART] for at in range(0, len(chosen), PART)]
    workers = len(os.sched_getaffinity(0))
    with (
        file.open("wb") as out,
        ProcessPoolExecutor(workers, get_context("fork"), initializer=_keep, initargs=(world,)) as pool,
    ):
        for lines in pool.map(_lines, parts):
            out.write(lines)
    return len(chosen)


def _chosen(world: World, first: frozenset[str], most: int) -> list[int]:
    chosen, others = list[int](), list[int]()
    for number in range(world.stories):
        story = world.story(number)
        if not story.is_relation:
            continue
        if story.first in first or story.second in first:
            chosen.append(number)
        elif len(others) < most:
            others.append(number)
    return chosen + others[: max(most - len(chosen), 0)]


_kept: list[World] = []


def _keep(world: World) -> None:
    _kept.append(world)


def _lines(stories: list[int]) -> bytes:
    world = _kept[0]
    encoder = msgspec.json.Encoder()
    return b"".join(
        encoder.encode(version) + b"\n" for number in stories for version in versions(world, world.story(number))
    )


def _key(world: World, story: Story) -> Key:
    """The key of the relation, from a step that tells of it."""
    recorded = Recorded(world)
    (key,) = ends(recorded.content(story, 0))
    return key


def _pieces(knowledge: Knowledge, key: Key) -> tuple[Piece, ...]:
    hearing = hear(knowledge, Point(0, recorded_by=EVER))
    if key not in hearing.about:
        return ()
    account = RelationAccount(hearing, key)
    found = course(account.breaks(), account.at)
    pieces: list[Piece] = []
    for piece, until in zip(found, [*(following.since for following in found[1:]), AFTER_ALL], strict=True):
        if piece.state.status in _NOT_TOLD:
            continue
        status, fact = _told_of(piece.state)
        last = pieces[-1] if pieces else None
        if last and (last.until, last.status, last.fact) == (piece.since, status, fact):
            pieces[-1] = last._replace(until=until)
        else:
            pieces.append(Piece(piece.since, until, status, fact))
    return tuple(pieces)


def _told_of(state: RelationState) -> tuple[str, str]:
    return told(relation(state))
