"""Recording what is known about entities: names, corrections, renames, merges and their undoing."""

from __future__ import annotations

from events.commands import MergeEntity, RegisterEntity, RenameEntity, UnmergeEntity
from events.decide import decide_entity
from events.errors import Conflict, Unknown, UnknownReference
from events.event_types import DomainEvent
from events.identity import entity_stream
from events.records import EntityRecord
from events.text import clean_id, clean_name
from events.values import EntityContent, Text
from service.timeline.drafts import EntityChange, EntityDraft, MergeDraft, RenameDraft, UnmergeDraft
from service.timeline.texts import has_erased
from service.timeline.workspace import Workspace, demand_version

PERSON = "person"


def change_entity(work: Workspace, draft: EntityChange, expected: int | None) -> str:
    """Decide on a change of an entity, and give its id."""
    name = clean_id(draft.id, "/id") if isinstance(draft, EntityDraft) else clean_id(draft.of, "/of")
    record = work.entity(name)
    demand_version(record, expected)
    match draft:
        case EntityDraft():
            command = RegisterEntity(name, _content(work, draft), work.recorder, draft.insists)
            _append_names(work, decide_entity(command, record), record, expected)
        case RenameDraft():
            _append_names(work, decide_entity(_rename(work, name, draft, record), record), record, expected)
        case MergeDraft():
            work.append(decide_entity(_merge(work, name, draft), record))
        case UnmergeDraft():
            merge = draft.merge or _merge_into(record, draft)
            work.append(decide_entity(UnmergeEntity(name, merge, draft.reason, work.recorder), record))
    return name


def _append_names(
    work: Workspace, events: tuple[DomainEvent, ...], record: EntityRecord | None, expected: int | None
) -> None:
    """Appends what gives an entity names. Conflict where names of it were erased, and nobody names its version.

    What is sent again is not recognised once it is erased. So it would come back by itself with the next import.
    """
    known = [[content for _, content in record.contents], [n.name for n in record.names]] if record else []
    if events and expected is None and has_erased(work.store, known):
        detail = "names of it were erased: to record names of it anew, send its version as If-Match"
        raise Conflict(detail, "/name")
    work.append(events)


def _content(work: Workspace, draft: EntityDraft) -> EntityContent:
    """What is known about an entity; the names of a person sealed."""
    name: Text = clean_name(draft.name, "/name")
    aliases: tuple[Text, ...] = tuple(clean_name(a, f"/aliases/{index}") for index, a in enumerate(draft.aliases))
    if draft.kind == PERSON:
        name, *others = (work.sealer.seal(entity_stream(draft.id), str(text)) for text in (name, *aliases))
        aliases = tuple(others)
    return EntityContent(draft.kind, name, aliases, draft.identifiers)


def _rename(work: Workspace, name: str, draft: RenameDraft, record: EntityRecord | None) -> RenameEntity:
    text: Text = clean_name(draft.name, "/name")
    if record is not None and record.contents[-1][1].kind == PERSON:
        text = work.sealer.seal(entity_stream(name), str(text))
    article = work.article_id(draft.article, "/article") if draft.article else None
    return RenameEntity(name, text, draft.since, work.recorder, article)


def _merge(work: Workspace, name: str, draft: MergeDraft) -> MergeEntity:
    """The merge, with the chain of entities that the other one is itself merged into; all of them are guarded."""
    into = clean_id(draft.into, "/into")
    following = work.entity(into)
    if following is None:
        raise UnknownReference(f"there is no entity {into!r}", "/into")
    chain: list[str] = []
    while following is not None and (merge := following.merge_at()) is not None and merge.into not in chain:
        chain.append(merge.into)
        following = work.entity(merge.into)
    for survivor in (into, *chain):
        work.guard(entity_stream(survivor))
    return MergeEntity(name, into, draft.reason, work.recorder, tuple(chain))


def _merge_into(record: EntityRecord | None, draft: UnmergeDraft) -> str:
    """The id of the last merge of an entity into another one."""
    merges = [merge for merge in record.merges if merge.into == draft.into] if record else []
    if not merges:
        raise Unknown(f"{draft.of} was never merged into {draft.into}", "/into")
    return merges[-1].merge
