"""Which events a command gives, or why it is refused. No events: what it asks for is already so."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from events.commands import (
    ArticleCommand,
    ClaimCommand,
    CorrectArticle,
    CorrectClaim,
    EntityCommand,
    MergeEntity,
    RecordClaim,
    RegisterArticle,
    RegisterEntity,
    ReinstateClaim,
    RenameEntity,
    RetractClaim,
    UnmergeEntity,
)
from events.errors import Conflict, Invalid, InvalidDate, Unknown
from events.event_types import (
    CLAIMED,
    ArticleCorrected,
    ArticleRegistered,
    ClaimCorrected,
    Claimed,
    ClaimRefAdded,
    ClaimReinstated,
    ClaimRetracted,
    DomainEvent,
    EntityCorrected,
    EntityMerged,
    EntityRegistered,
    EntityRenamed,
    EntityUnmerged,
    EvidenceAdded,
)
from events.identity import article_stream, claim_stream, entity_stream, merge_id
from events.records import Amendment, ArticleRecord, ClaimRecord, EntityRecord, corrected
from events.repeats import Recall, amendments, cannot_recall, mark
from events.temporal import parse_published
from events.validation import (
    normal_article,
    normal_claim,
    normal_entity,
    normal_evidence,
    normal_reason,
    normal_time,
)
from events.values import ArticleContent, ClaimContent, Value

Events = tuple[DomainEvent, ...]


def decide_entity(command: EntityCommand, record: EntityRecord | None) -> Events:
    """The events of a command on an entity. Unknown, Invalid or Conflict when it is refused."""
    stream = entity_stream(command.id)
    if isinstance(command, RegisterEntity):
        return _register_entity(command, record, stream)
    if record is None:
        raise Unknown(f"there is no entity {command.id!r}")
    place = {"originator_id": stream, "originator_version": record.version + 1, "recorder": command.recorder}
    if isinstance(command, RenameEntity):
        return _rename(command, record, place)
    if isinstance(command, MergeEntity):
        return _merge(command, record, place)
    return _unmerge(command, record, place)


def _register_entity(command: RegisterEntity, record: EntityRecord | None, stream: str) -> Events:
    content = normal_entity(command.content)
    if record is None:
        return (
            EntityRegistered(originator_id=stream, originator_version=1, recorder=command.recorder, content=content),
        )
    stored = record.contents[-1][1]
    if stored == content or (not command.insists and content in [known for _, known in record.contents]):
        return ()
    if "person" in (stored.kind, content.kind) and stored.kind != content.kind:
        raise Conflict(f"{command.id} is a {stored.kind}: persons cannot become others, nor others persons", "/kind")
    version = record.version + 1
    return (
        EntityCorrected(originator_id=stream, originator_version=version, recorder=command.recorder, content=content),
    )


def _rename(command: RenameEntity, record: EntityRecord, place: dict[str, Any]) -> Events:
    try:
        parse_published(command.since)
    except InvalidDate as error:
        raise error.at("/since") from None
    named = (command.name, command.since, command.article)
    if any((n.name, n.since, n.article) == named for n in record.names):
        return ()
    return (EntityRenamed(**place, name=command.name, since=command.since, article=command.article),)


def _merge(command: MergeEntity, record: EntityRecord, place: dict[str, Any]) -> Events:
    reason, merged = normal_reason(command.reason), record.merge_at()
    if any((m.into, m.reason) == (command.into, reason) for m in record.merges):
        return ()
    if command.id in (command.into, *command.survivors):
        raise Conflict(f"{command.into} is itself merged into {command.id}", "/into")
    if merged is not None:
        raise Conflict(f"{command.id} is already merged into {merged.into}", "/into")
    merge = merge_id(command.id, command.into, record.version + 1)
    return (EntityMerged(**place, merge=merge, into=command.into, reason=reason),)


def _unmerge(command: UnmergeEntity, record: EntityRecord, place: dict[str, Any]) -> Events:
    merge = next((m for m in record.merges if m.merge == command.merge), None)
    if merge is None:
        raise Unknown(f"{command.id} has no merge {command.merge!r}", "/merge")
    if merge.undone is not None:
        return ()
    return (EntityUnmerged(**place, merge=merge.merge, reason=normal_reason(command.reason)),)


def decide_article(command: ArticleCommand, record: ArticleRecord | None) -> Events:
    """The events of a command on an article. Unknown, Invalid or Conflict when it is refused."""
    stream = article_stream(command.id)
    if isinstance(command, RegisterArticle):
        content = normal_article(command.content)
        if record is not None:
            if not any(_is_repeat(stored, content) for _, stored in record.contents):
                _refuse(record.contents[-1][1], content)
            return ()
        return (
            ArticleRegistered(originator_id=stream, originator_version=1, recorder=command.recorder, content=content),
        )
    if record is None:
        raise Unknown(f"there is no article {command.id!r}")
    return _correct_article(command, record, stream)


def _differences(stored: ArticleContent, sent: ArticleContent) -> list[str]:
    """The fields in which a repeat says something else; the text may be left out."""
    left_out = [field for field in ("text", "sha256") if getattr(sent, field) is None]
    return [f for f in stored.__struct_fields__ if getattr(stored, f) != getattr(sent, f) and f not in left_out]


def _is_repeat(stored: ArticleContent, sent: ArticleContent) -> bool:
    return not _differences(stored, sent)


def _refuse(stored: ArticleContent, sent: ArticleContent) -> None:
    field = _differences(stored, sent)[0]
    raise Conflict(
        f"the article is registered with another {field}; send a correction to /v1/articles/{{id}}/corrections",
        f"/{field}",
    )


def _correct_article(command: CorrectArticle, record: ArticleRecord, stream: str) -> Events:
    stored = record.contents[-1][1]
    _check_fields(stored, command.changes, refused=("url",), because="an article is known by its url")
    content = normal_article(msgspec.convert(msgspec.to_builtins(stored) | command.changes, ArticleContent))
    correction = ArticleCorrected(
        originator_id=stream,
        originator_version=record.version + 1,
        recorder=command.recorder,
        content=content,
        changed=tuple(sorted(command.changes)),
        reason=normal_reason(command.reason),
    )
    if content == stored or any(_says_the_same(earlier, correction) for earlier in record.corrections):
        return ()
    return (correction,)


def _says_the_same(earlier: ArticleCorrected, later: ArticleCorrected) -> bool:
    """Whether two corrections put the same fields right in the same way and for the same reason."""
    if (earlier.changed, earlier.reason) != (later.changed, later.reason):
        return False
    return all(getattr(earlier.content, field) == getattr(later.content, field) for field in later.changed)


def _check_fields(stored: Value, changes: dict[str, Any], refused: tuple[str, ...], because: str) -> None:
    if not changes:
        raise Invalid("a correction changes at least one field", "/changes")
    for field in changes:
        if field in refused:
            raise Invalid(f"{field} cannot be corrected: {because}", f"/changes/{field}")
        if field not in stored.__struct_fields__:
            raise Invalid(f"there is no field {field!r}", f"/changes/{field}")


def decide_claim(command: ClaimCommand, record: ClaimRecord | None, recall: Recall = cannot_recall) -> Events:
    """The events of a command on a claim. Unknown, Invalid or Conflict when it is refused.

    `recall` is asked for amendments that the record no longer holds.
    """
    if isinstance(command, RecordClaim):
        return _record_claim(command, record)
    if record is None:
        raise Unknown(f"there is no claim {command.id!r}")
    if isinstance(command, CorrectClaim):
        return _correct_claim(command, record, recall)
    if isinstance(command, RetractClaim):
        return _retract(command, record, recall)
    return _reinstate(command, record, recall)


def _place(command: ClaimCommand, version: int) -> dict[str, Any]:
    return {
        "originator_id": claim_stream(command.id),
        "originator_version": version,
        "recorder": command.recorder,
    }


def _record_claim(command: RecordClaim, record: ClaimRecord | None) -> Events:
    evidence = normal_evidence(command.evidence)
    if record is None:
        claimed: type[Claimed] = CLAIMED[command.content.type]
        return (claimed(**_place(command, 1), content=command.content, evidence=evidence, ref=command.ref),)
    events: Events = ()
    version = record.version + 1
    if command.ref is not None and command.ref not in [ref for _, ref in record.refs]:
        events += (ClaimRefAdded(**_place(command, version), ref=command.ref),)
    if evidence not in [known for _, known in record.evidence]:
        events += (EvidenceAdded(**_place(command, version + len(events)), evidence=evidence),)
    return events


def _correct_claim(command: CorrectClaim, record: ClaimRecord, recall: Recall) -> Events:
    current = record.current.content
    _check_fields(current, command.changes, refused=("article",), because="a claim belongs to its article")
    reason = normal_reason(command.reason)
    wanted = normal_claim(corrected(current, command.changes))
    marked = _mark_of_correction(command, wanted, reason)
    if any(_is_correction_again(event, wanted, command, reason) for event in amendments(record, recall, marked)):
        return ()
    if "time" in command.changes:
        wanted = replace(wanted, time=normal_time(wanted.time, command.published, command.same_as))
    if wanted == current and command.article is None:
        return ()
    changes = {name: value for name, value in msgspec.to_builtins(wanted).items() if name in command.changes}
    place = _place(command, record.version + 1)
    return (ClaimCorrected(**place, changes=changes, reason=reason, article=command.article),)


def _mark_of_correction(command: CorrectClaim, wanted: ClaimContent, reason: str) -> str:
    edtf = wanted.time.edtf if "time" in command.changes else ""
    return mark(reason, command.article, edtf, wanted.attributes if "attributes" in command.changes else None)


def _is_correction_again(event: Amendment, wanted: ClaimContent, command: CorrectClaim, reason: str) -> bool:
    """Whether the correction was made before: same fields, same way, same reason, same article."""
    if not isinstance(event, ClaimCorrected) or (event.reason, event.article) != (reason, command.article):
        return False
    if event.changes.keys() != command.changes.keys():
        return False
    before = corrected(wanted, event.changes)
    if wanted.time.anchor is None:
        before = replace(before, time=replace(before.time, anchor=None))
    return before == wanted


def _retract(command: RetractClaim, record: ClaimRecord, recall: Recall) -> Events:
    reason = normal_reason(command.reason)
    if _was_amended(record, recall, ClaimRetracted, reason, command.article):
        return ()
    if record.current.is_retracted:
        raise Conflict(f"the claim {command.id} is already retracted, for another reason")
    return (ClaimRetracted(**_place(command, record.version + 1), reason=reason, article=command.article),)


def _reinstate(command: ReinstateClaim, record: ClaimRecord, recall: Recall) -> Events:
    reason = normal_reason(command.reason)
    if _was_amended(record, recall, ClaimReinstated, reason, command.article):
        return ()
    if not record.current.is_retracted:
        raise Conflict(f"the claim {command.id} is not retracted")
    return (ClaimReinstated(**_place(command, record.version + 1), reason=reason, article=command.article),)


def _was_amended(
    record: ClaimRecord,
    recall: Recall,
    kind: type[ClaimRetracted | ClaimReinstated],
    reason: str,
    article: str | None,
) -> bool:
    """Whether the same was said before, for the same reason and by the same article."""
    earlier = amendments(record, recall, mark(reason, article))
    return any(isinstance(e, kind) and (e.reason, e.article) == (reason, article) for e in earlier)
