"""Commands on entities: the events that they give, and why they are refused."""

from __future__ import annotations

from typing import Any

import pytest

from events.commands import EntityCommand, MergeEntity, RegisterEntity, RenameEntity, UnmergeEntity
from events.decide import decide_entity
from events.errors import Conflict, DomainError, Invalid, InvalidDate, TooMany, Unknown
from events.event_types import (
    DomainEvent,
    EntityCorrected,
    EntityMerged,
    EntityRegistered,
    EntityRenamed,
    EntityUnmerged,
)
from events.identity import merge_id
from events.records import EntityRecord, evolve, fold_stream
from events.validation import MOST_NAMES
from events.values import EntityContent
from tests.unit.events.examples import ME, SECRET, entity_content

PLACE: dict[str, Any] = {"originator_id": "entity-ant", "recorder": ME}
REGISTERED = EntityRegistered(**PLACE, originator_version=1, content=entity_content())
MERGE = merge_id("ant", "bee", 2)
MERGED = EntityMerged(**PLACE, originator_version=2, merge=MERGE, into="bee", reason="the same")
UNMERGED = EntityUnmerged(**PLACE, originator_version=3, merge=MERGE, reason="two of them")


def record(*events: DomainEvent) -> EntityRecord | None:
    found = fold_stream(events)
    assert found is None or isinstance(found, EntityRecord)
    return found


def register(**changes: Any) -> RegisterEntity:
    return RegisterEntity("ant", entity_content(**changes), ME)


def content_of(command: RegisterEntity) -> EntityContent:
    (event,) = decide_entity(command, None)
    assert isinstance(event, EntityRegistered)
    return event.content


def rename(name: Any = "Ant & Co", since: str = "2014", article: str | None = None) -> RenameEntity:
    return RenameEntity("ant", name, since, ME, article)


def merge(into: str = "bee", **changes: Any) -> MergeEntity:
    return MergeEntity("ant", into, changes.pop("reason", "the same"), ME, **changes)


def unmerge(name: str = MERGE, reason: str = "two of them") -> UnmergeEntity:
    return UnmergeEntity("ant", name, reason, ME)


def refused(command: EntityCommand, *events: DomainEvent) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        decide_entity(command, record(*events))
    return refusal.value


def test_an_entity_is_registered() -> None:
    assert decide_entity(register(), None) == (REGISTERED,)


def test_an_entity_that_is_registered_as_it_is_gives_no_event() -> None:
    assert decide_entity(register(name=" Ant "), record(REGISTERED)) == ()


def test_an_entity_that_is_registered_with_another_content_is_corrected() -> None:
    (event,) = decide_entity(register(name="ANT"), record(REGISTERED))
    assert event == EntityCorrected(**PLACE, originator_version=2, content=entity_content(name="ANT"))
    assert decide_entity(register(name="ANT"), record(REGISTERED, event)) == ()


def test_a_person_cannot_become_another_kind_nor_the_other_way_round() -> None:
    person = EntityRegistered(**PLACE, originator_version=1, content=entity_content(kind="person", name=SECRET))
    assert refused(register(), person).pointer == "/kind"
    assert isinstance(refused(register(kind="person", name=SECRET), REGISTERED), Conflict)


def test_a_company_can_turn_out_to_be_a_project() -> None:
    (event,) = decide_entity(register(kind="project"), record(REGISTERED))
    assert isinstance(event, EntityCorrected)


def test_aliases_are_kept_once_and_never_equal_the_name() -> None:
    assert content_of(register(aliases=("ANT", " Ant", "ANT "))).aliases == ("ANT",)


def test_the_names_of_a_person_stay_sealed() -> None:
    assert content_of(register(kind="person", name=SECRET, aliases=(SECRET,))) == EntityContent("person", SECRET)


def test_identifiers_are_sorted_and_trimmed() -> None:
    assert list(content_of(register(identifiers={"wikidata": "Q1", "lei": " X "})).identifiers.items()) == [
        ("lei", "X"),
        ("wikidata", "Q1"),
    ]


@pytest.mark.parametrize(
    ("changes", "error", "place"),
    [
        ({"kind": "country"}, Invalid, "/kind"),
        ({"name": ""}, Invalid, "/name"),
        ({"aliases": ("x", "")}, Invalid, "/aliases/1"),
        ({"aliases": tuple(f"a{n}" for n in range(MOST_NAMES + 1))}, TooMany, "/aliases"),
        ({"identifiers": {"Wikidata": "Q1"}}, Invalid, "/identifiers"),
        ({"identifiers": {"wikidata": ""}}, Invalid, "/identifiers/wikidata"),
    ],
)
def test_an_entity_that_is_not_valid_is_refused(changes: dict[str, Any], error: type[Invalid], place: str) -> None:
    refusal = refused(register(**changes))
    assert (type(refusal), refusal.pointer) == (error, place)


@pytest.mark.parametrize("command", [rename(), merge(), unmerge()])
def test_what_is_not_registered_is_unknown(command: EntityCommand) -> None:
    assert isinstance(refused(command), Unknown)


def test_an_entity_takes_a_new_name() -> None:
    (event,) = decide_entity(rename(article="june"), record(REGISTERED))
    assert event == EntityRenamed(**PLACE, originator_version=2, name="Ant & Co", since="2014", article="june")
    assert decide_entity(rename(article="june"), record(REGISTERED, event)) == ()


@pytest.mark.parametrize("other", [rename("Ant Inc"), rename(since="2015"), rename(article="july")])
def test_another_name_day_or_source_is_another_renaming(other: RenameEntity) -> None:
    (first,) = decide_entity(rename(), record(REGISTERED))
    assert len(decide_entity(other, record(REGISTERED, first))) == 1


@pytest.mark.parametrize("since", ["soon", "2014/2015"])
def test_a_name_is_taken_on_a_date(since: str) -> None:
    refusal = refused(rename(since=since), REGISTERED)
    assert (type(refusal), refusal.pointer) == (InvalidDate, "/since")


def test_an_entity_is_merged_into_another_one() -> None:
    assert decide_entity(merge(), record(REGISTERED)) == (MERGED,)


def test_a_merge_that_holds_gives_no_event() -> None:
    assert decide_entity(merge(), record(REGISTERED, MERGED)) == ()


def test_a_merged_entity_cannot_be_merged_into_another_one() -> None:
    assert refused(merge("cat"), REGISTERED, MERGED).detail == "ant is already merged into bee"


@pytest.mark.parametrize("command", [merge("ant"), merge("bee", survivors=("cat", "ant"))])
def test_an_entity_is_never_merged_into_itself_directly_or_not(command: MergeEntity) -> None:
    refusal = refused(command, REGISTERED)
    assert (type(refusal), refusal.pointer) == (Conflict, "/into")


def test_a_merge_needs_a_reason() -> None:
    assert refused(merge(reason=" "), REGISTERED).pointer == "/reason"


def test_a_merge_is_taken_back() -> None:
    assert decide_entity(unmerge(), record(REGISTERED, MERGED)) == (UNMERGED,)
    assert decide_entity(unmerge(), record(REGISTERED, MERGED, UNMERGED)) == ()


def test_a_merge_that_was_taken_back_can_be_made_again_under_another_name() -> None:
    assert decide_entity(merge(), record(REGISTERED, MERGED, UNMERGED)) == ()
    (event,) = decide_entity(merge(reason="the same after all"), record(REGISTERED, MERGED, UNMERGED))
    assert isinstance(event, EntityMerged) and event.merge == merge_id("ant", "bee", 4) != MERGE


def test_a_merge_that_was_not_made_cannot_be_taken_back() -> None:
    refusal = refused(unmerge("other"), REGISTERED, MERGED)
    assert (type(refusal), refusal.pointer) == (Unknown, "/merge")


def test_taking_a_merge_back_needs_a_reason() -> None:
    assert refused(unmerge(reason=""), REGISTERED, MERGED).pointer == "/reason"


# What the records tell at each log position.


def at_positions() -> EntityRecord:
    events = [REGISTERED, MERGED, UNMERGED, rename_event(), EntityCorrected(**PLACE, originator_version=5, content=ANT)]
    found = None
    for position, event in enumerate(events, start=11):
        found = evolve(found, event, position)
    assert isinstance(found, EntityRecord)
    return found


ANT = entity_content(name="ANT")


def rename_event() -> DomainEvent:
    return EntityRenamed(**PLACE, originator_version=4, name="Ant & Co", since="2014")


def test_an_entity_is_not_known_before_it_was_registered() -> None:
    found = {position: at_positions().at(position) for position in (10, 11, 14, 15)}
    assert found == {10: None, 11: entity_content(), 14: entity_content(), 15: ANT}
    assert at_positions().at() == ANT


def test_a_merge_holds_until_it_was_taken_back() -> None:
    merges = [at_positions().merge_at(position) for position in (11, 12, 13)]
    assert [found is not None for found in merges] == [False, True, False]


def test_dated_names_are_kept_with_their_position() -> None:
    (name,) = at_positions().names
    assert (name.position, name.name, name.since, name.article) == (14, "Ant & Co", "2014", None)
