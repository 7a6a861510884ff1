"""Our service looking back into a world: filled, asked, and corrected over and over again."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from eventsourcing.persistence import StoredEvent

from benchmarks import facts, questions
from benchmarks.contestants.as_of import AsOf, Perspective
from benchmarks.contestants.kept import Kept
from benchmarks.contestants.task import perform
from benchmarks.load import callers, once, series
from benchmarks.questions import HOT, LIMIT, TYPICAL, Question
from benchmarks.recorded import RECORDER, Recorded
from benchmarks.stories import random_of
from benchmarks.world import DAYS, FIRST_DAY, World
from events import codec
from events.errors import DomainError
from events.event_types import ClaimCorrected
from events.identity import claim_stream
from service.bootstrap import Services, build
from service.cores import keep_to_one_core
from service.errors import ServiceError
from service.intake.records import draft_of
from service.settings import Settings
from service.store.postgres import PostgresStore
from service.timeline.drafts import ClaimCorrectionDraft

FILL = 2_000
FIRST_ASKED, LAST_ASKED = DAYS // 2, DAYS + 730
"""The days that are asked for: once there is something to tell, until some time after the last article."""
TYPICAL_CLAIMS = (25, 80)
"""So many claims name a typical company, about."""
MOST_HOT = 5
CORRECTED_DAYS = 3_650
REASON = "put right once more"


def fill(url: str, claims: int) -> dict[str, Any]:
    """A world in an empty log, through the append of the log itself."""
    world = World(claims)

    def work() -> None:
        appends = Recorded(world).appends_ahead(FILL)
        first = next(appends)  # the processes that make them are there before the threads of the pool
        store = PostgresStore(_services(url).database)
        for append in itertools.chain([first], appends):
            store.append(append.events, keys=append.keys, links=append.links, texts=append.texts)

    return once(world.records, work)


def ask(url: str, claims: int, file: str, typical: int, hot: int) -> dict[str, Any]:
    """Writes questions to a file, with what ours answers. Gives the names of companies, and why some were refused."""
    world, answers, kept = World(claims), AsOf(_services(url)), Kept(url)
    asked = [*_questions(world, TYPICAL, _typical(world), typical), *_questions(world, HOT, _hot(world), hot)]
    answered, refused = [], list[str]()
    for question in asked:
        try:
            answered.append(_answered(answers, kept, question))
        except (DomainError, ServiceError) as error:
            refused.append(f"{question.kind}: {type(error).__name__}: {error}")
    questions.save(file, answered)
    return {"companies": world.companies, "refused": refused}


def tell(claims: int, asked: str, file: str, most: int) -> dict[str, Any]:
    """Writes what the world says of its relations, those of the questions first: see `benchmarks.facts`."""
    entities = {question.entity for question in questions.load(asked)}
    return {"told": facts.write(World(claims), Path(file), entities, most)}


def as_of(url: str, asked: str, kind: str, seconds: float, warm_up: float) -> dict[str, Any]:
    """One question after the other."""
    answers, wanted = AsOf(_one_core(url)), questions.load(asked, kind)

    def call(index: int) -> object:
        question = wanted[index % len(wanted)]
        return answers.rows(question.entity, question.day, question.position, LIMIT)

    return callers(1, seconds, warm_up, lambda _: call)


def as_of_again(url: str, asked: str, kind: str, seconds: float, warm_up: float) -> dict[str, Any]:
    """The same questions, of which each was answered before. ValueError unless they are the same answers."""
    answers, wanted = AsOf(_one_core(url)), questions.load(asked, kind)
    for question in wanted:
        found = json.loads(answers.again(question.entity, question.day, question.position, LIMIT))
        questions.demand_same(question, map(_told, found))

    def call(index: int) -> object:
        question = wanted[index % len(wanted)]
        return answers.again(question.entity, question.day, question.position, LIMIT)

    return callers(1, seconds, warm_up, lambda _: call)


def perspective(url: str, asked: str, by: str, seconds: float, warm_up: float) -> dict[str, Any]:
    """The hot company as published by days, or according to itself."""
    answers, wanted = AsOf(_one_core(url)), questions.load(asked, HOT)

    def call(index: int) -> object:
        question = wanted[index % len(wanted)]
        limits = Perspective(question.day) if by == "published_by" else Perspective(None, question.entity)
        return answers.rows(question.entity, question.day, question.position, LIMIT, limits)

    return callers(1, seconds, warm_up, lambda _: call)


def fill_corrected(url: str, times: list[int], relations: list[int], file: str) -> None:
    """Relations of one claim each, corrected so many times: `relations[i]` of them `times[i]` times."""
    services = _services(url)
    store = PostgresStore(services.database)
    article = {
        "record": "article", "url": "https://news.example/deep", "title": "What was put right", "publisher": "p",
        "language": "en", "published": "2015-06-01",
    }  # fmt: skip
    services.timeline.record([draft_of(article)], recorder=RECORDER)
    made: dict[int, list[dict[str, Any]]] = {}
    for count, many in zip(times, relations, strict=True):
        for number in range(many):
            names = [f"deep-{count}-{number}-{end}" for end in "ab"]
            claim = _deep(services, names)
            first = store.head() + 1
            _correct(store, claim, count)
            made.setdefault(count, []).append(
                {"key": ["partner_of", *names], "claim": claim, "first": first, "last": store.head()}
            )
    Path(file).write_text(json.dumps(made))


def as_of_corrected(url: str, file: str, times: int, seconds: float, warm_up: float) -> dict[str, Any]:
    """A relation that was corrected so many times, on random days at random positions of its history."""
    answers, random = AsOf(_one_core(url)), random_of(times)
    deep = json.loads(Path(file).read_text())[str(times)]

    def call(index: int) -> object:
        one = deep[index % len(deep)]
        day = FIRST_DAY.toordinal() + random.randrange(DAYS)
        return answers.relation(tuple(one["key"]), day, random.randint(one["first"], one["last"]))

    return callers(1, seconds, warm_up, lambda _: call)


def correct(url: str, file: str, times: int, calls: int, seconds: float) -> dict[str, Any]:
    """The next correction of claims that were corrected so many times, in turn."""
    timeline = _one_core(url).timeline
    deep = json.loads(Path(file).read_text())[str(times)]

    def call(index: int) -> object:
        time = {"kind": "instant", "edtf": _corrected_date(index, CORRECTED_DAYS)}
        draft = ClaimCorrectionDraft(deep[index % len(deep)]["claim"], {"time": time}, f"{REASON} {index}")
        return timeline.record([draft], recorder=RECORDER)

    return series(calls, seconds, call)


def _questions(world: World, kind: str, entities: list[str], count: int) -> list[Question]:
    """Half of them as known at the end, half as known before."""
    random = random_of(count)
    asked = []
    for number in range(count):
        day = FIRST_DAY.toordinal() + random.randrange(FIRST_ASKED, LAST_ASKED)
        earlier = random.randint(world.entities + (world.records - world.entities) // 3, world.records)
        position = world.records if number % 2 else earlier
        asked.append(Question(kind, entities[number % len(entities)], day, position))
    return asked


def _typical(world: World) -> list[str]:
    least, most = TYPICAL_CLAIMS
    ranks = [rank for rank in range(1, world.companies + 1) if least <= world.expected_claims(rank) <= most]
    chosen = random_of(1).sample(ranks, min(len(ranks), 200))
    return [f"company-{rank}" for rank in chosen]


def _hot(world: World) -> list[str]:
    named = {f"company-{rank}": 0 for rank in range(1, 31)}
    for number in range(world.stories):
        story = world.story(number)
        for end in {story.first, story.second} & named.keys():
            named[end] += len(story.steps)
    return sorted(named, key=lambda name: -named[name])[:MOST_HOT]


def _answered(answers: AsOf, kept: Kept, question: Question) -> Question:
    rows = answers.rows(question.entity, question.day, question.position, LIMIT)
    answer = map(_told, map(json.loads, rows))
    return Question(
        question.kind, question.entity, question.day, question.position,
        tuple(map(len, kept.rows(question))), questions.digest_of(answer),
    )  # fmt: skip


def _told(row: dict[str, Any]) -> questions.Told:
    return row["relation"], row["subject"], row["object"], facts.told(row)[1]


def _deep(services: Services, names: list[str]) -> str:
    """The id of a claim that two new companies are partners."""
    claim = {
        "record": "claim", "article": "https://news.example/deep", "type": "partnership",
        "participants": [{"role": "partner", "entity": name} for name in names], "attributes": {},
        "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2010-01-01"}, "evidence": {"summary": "both work together"},
    }  # fmt: skip
    entities = [{"record": "entity", "id": name, "kind": "company", "name": name} for name in names]
    outcome = services.timeline.record([draft_of(line) for line in (*entities, claim)], recorder=RECORDER)
    return outcome.items[-1].id


def _correct(store: PostgresStore, claim: str, count: int) -> None:
    events = (_correction(claim, number) for number in range(count))
    while batch := list(itertools.islice(events, FILL)):
        store.append(batch)


def _correction(claim: str, number: int) -> StoredEvent:
    event = ClaimCorrected(
        originator_id=claim_stream(claim),
        originator_version=2 + number,
        recorder=RECORDER,
        changes={"time": {"kind": "instant", "edtf": _corrected_date(number)}},
        reason=f"{REASON} {number}",
    )
    return StoredEvent(event.originator_id, event.originator_version, *codec.encode(event))


def _corrected_date(number: int, later: int = 0) -> str:
    """Another day than that of the number before; `later` by so many days."""
    return date.fromordinal(FIRST_DAY.toordinal() + later + number * 37 % CORRECTED_DAYS).isoformat()


def _services(url: str) -> Services:
    return build(Settings(database_url=url), url)


def _one_core(url: str) -> Services:
    keep_to_one_core()
    return _services(url)


TASKS: dict[str, Callable[..., dict[str, Any] | None]] = {
    "fill": fill,
    "ask": ask,
    "tell": tell,
    "as_of": as_of,
    "as_of_again": as_of_again,
    "perspective": perspective,
    "fill_corrected": fill_corrected,
    "as_of_corrected": as_of_corrected,
    "correct": correct,
}

if __name__ == "__main__":
    perform(TASKS)
