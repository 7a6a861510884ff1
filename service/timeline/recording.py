"""Recording drafts: references resolved, decisions taken one after the other, everything appended at once or nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from events.codec import decode
from events.commands import (
    CorrectArticle,
    CorrectClaim,
    MergeEntity,
    RecordClaim,
    RegisterArticle,
    RegisterEntity,
    ReinstateClaim,
    RenameEntity,
    RetractClaim,
    UnmergeEntity,
)
from events.decide import decide_article, decide_claim, decide_entity
from events.errors import Conflict, DomainError, Invalid, InvalidDate, StaleVersion, Unknown, UnknownReference
from events.event_types import Claimed, ClaimRefAdded, DomainEvent
from events.identity import (
    article_id,
    article_stream,
    canonical_url,
    claim_id,
    claim_stream,
    entity_stream,
    split_stream,
)
from events.records import ArticleRecord, ClaimRecord, EntityRecord, Record, evolve
from events.redating import redate
from events.rules import SAME_AS, parse_rule
from events.text import clean_id, clean_name, clean_text
from events.validation import normal_new_claim
from events.values import (
    ArticleContent,
    ClaimContent,
    ClaimTime,
    EntityContent,
    Evidence,
    Quote,
    Recorder,
    Sealed,
)
from service.store.protocol import ErasableText, EventStore, StreamKey, StreamLink
from service.timeline.drafts import (
    ArticleCorrectionDraft,
    ArticleDraft,
    ClaimCorrectionDraft,
    ClaimDraft,
    Draft,
    EntityDraft,
    EvidenceDraft,
    MergeDraft,
    ReinstatementDraft,
    RenameDraft,
    ResponseDraft,
    RetractionDraft,
    UnmergeDraft,
    Voice,
)
from service.timeline.texts import AUTHORS, Sealer, sealed_in

REF, SHA256 = "ref", "sha256"
ARTICLE, SAME_DATE = "article", "same_as"
_SHA256 = re.compile("[0-9a-f]{64}")
_LONGEST_REF = 200
AnyRecord = TypeVar("AnyRecord", EntityRecord, ArticleRecord, ClaimRecord)


class Decided(NamedTuple):
    """What one draft came to. `offset` is the place of its last event among those of the recording, None without any."""

    kind: str
    id: str
    version: int
    created: bool
    offset: int | None
    ref: str | None
    also_moved: tuple[str, ...]


class Recording:
    """One recording: what it has read, what it will append, and on which versions its decisions rest."""

    def __init__(self, store: EventStore, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder
        self._sealer = Sealer(store)
        self._records: dict[str, Record | None] = {}
        self._stored_versions: dict[str, int] = {}
        self._stored_positions: dict[str, int] = {}
        self._refs: dict[str, str | None] = {}
        self.events: list[DomainEvent] = []
        self.guards: dict[str, int] = {}
        self.keys: list[StreamKey] = []
        self.links: list[StreamLink] = []
        self.decided: list[Decided] = []

    @property
    def texts(self) -> list[ErasableText]:
        """The erasable texts that the new events refer to."""
        return self._sealer.texts_of(sealed_in(self.events))

    def stored_position(self, decided: Decided) -> int:
        """The last position of the thing that a draft without effect is about."""
        return self._stored_positions.get(f"{decided.kind}-{decided.id}", 0)

    def take(self, draft: Draft, expected: int | None = None) -> None:
        """Decide on one more draft. DomainError when it is refused; StaleVersion when it is at another version."""
        before = len(self.events)
        kind, name, ref, moved = self._decide(draft, expected)
        record = self._records[f"{kind}-{name}"]
        changed = len(self.events) > before
        version = record.version if record else 0
        created = (
            changed
            and self._stored_versions.get(f"{kind}-{name}", 0) == 0
            and self.events[before].originator_version == 1
        )
        offset = self._last_offset(f"{kind}-{name}", before) if changed else None
        self.decided.append(Decided(kind, name, version, created, offset, ref, moved))

    def prefetch(self, drafts: Sequence[Draft]) -> None:
        """Read what a batch will need in few queries instead of one for each draft."""
        self._find_refs({name for draft in drafts for name in _refs_in(draft)})
        self._load(dict.fromkeys(stream for draft in drafts for stream in self._streams_of(draft)))
        self._sealer.look_up(text for draft in drafts for text in _texts_in(draft))

    def _decide(self, draft: Draft, expected: int | None) -> tuple[str, str, str | None, tuple[str, ...]]:
        match draft:
            case EntityDraft() | RenameDraft() | MergeDraft() | UnmergeDraft():
                return "entity", self._change_entity(draft, expected), None, ()
            case ArticleDraft():
                return "article", self._register_article(draft, expected), None, ()
            case ArticleCorrectionDraft():
                article, moved = self._correct_article(draft, expected)
                return "article", article, None, moved
            case ClaimDraft():
                return "claim", self._record_claim(draft, self._claim_of(draft)), draft.ref, ()
            case ResponseDraft():
                claim = self._response_of(draft)
                return "claim", self._record_claim(claim, self._claim_of(claim)), draft.ref, ()
            case ClaimCorrectionDraft() | RetractionDraft() | ReinstatementDraft():
                return "claim", self._amend_claim(draft, expected), None, ()

    # entities

    def _change_entity(self, draft: EntityDraft | RenameDraft | MergeDraft | UnmergeDraft, expected: int | None) -> str:
        name = clean_id(draft.id if isinstance(draft, EntityDraft) else draft.of, "/id")
        record = self._entity(name)
        _demand_version(record, expected)
        match draft:
            case EntityDraft():
                command = RegisterEntity(name, self._entity_content(draft), self._recorder)
                self._append(decide_entity(command, record))
            case RenameDraft():
                kind = record.contents[-1][1].kind if record else ""
                new_name = clean_name(draft.name, "/name")
                text = self._sealer.seal(entity_stream(name), new_name) if kind == "person" else new_name
                article = self._article_id(draft.article, "/article") if draft.article else None
                self._append(decide_entity(RenameEntity(name, text, draft.since, self._recorder, article), record))
            case MergeDraft():
                self._merge(name, draft, record)
            case UnmergeDraft():
                merge = draft.merge or self._merge_into(record, draft)
                self._append(decide_entity(UnmergeEntity(name, merge, draft.reason, self._recorder), record))
        return name

    def _entity_content(self, draft: EntityDraft) -> EntityContent:
        name = clean_name(draft.name, "/name")
        aliases = tuple(clean_name(alias, f"/aliases/{index}") for index, alias in enumerate(draft.aliases))
        if draft.kind != "person":
            return EntityContent(draft.kind, name, aliases, draft.identifiers)
        scope = entity_stream(draft.id)
        self._sealer.look_up((scope, text) for text in (name, *aliases))
        sealed = tuple(self._sealer.seal(scope, alias) for alias in aliases)
        return EntityContent(draft.kind, self._sealer.seal(scope, name), sealed, draft.identifiers)

    def _merge(self, name: str, draft: MergeDraft, record: EntityRecord | None) -> None:
        into = clean_id(draft.into, "/into")
        chain, following = [], self._entity(into)
        if following is None:
            raise UnknownReference(f"there is no entity {into!r}", "/into")
        while following is not None and (merge := following.merge_at()) is not None and merge.into not in chain:
            chain.append(merge.into)
            following = self._entity(merge.into)
        for survivor in (into, *chain):
            self._guard(entity_stream(survivor))
        command = MergeEntity(name, into, draft.reason, self._recorder, tuple(chain))
        self._append(decide_entity(command, record))

    def _merge_into(self, record: EntityRecord | None, draft: UnmergeDraft) -> str:
        merges = [m for m in record.merges if m.into == draft.into] if record else []
        if record is not None and not merges:
            raise Unknown(f"{draft.of} was never merged into {draft.into}", "/into")
        return merges[-1].merge if merges else ""

    # articles

    def _register_article(self, draft: ArticleDraft, expected: int | None) -> str:
        url = canonical_url(draft.url, "/url") if draft.url is not None else None
        sha256 = _sha256_of(draft)
        name = article_id(url, sha256)
        record = self._article(name)
        _demand_version(record, expected)
        content = ArticleContent(
            title=draft.title,
            publisher=draft.publisher,
            language=draft.language,
            published=draft.published,
            authors=self._authors(draft.authors),
            url=url,
            sha256=sha256,
            text=None
            if draft.text is None
            else self._sealer.seal(article_stream(name), clean_text(draft.text, "/text", len(draft.text) * 4)),
        )
        events = decide_article(RegisterArticle(name, content, self._recorder), record)
        self._append(events)
        if events and sha256:
            self._claim_sha256(sha256, name)
        return name

    def _authors(self, names: Iterable[str]) -> tuple[Sealed | str, ...]:
        """Authors by the id of their entity stay as they are; other names are sealed, for they are names of persons."""
        cleaned = [clean_name(name, f"/authors/{index}") for index, name in enumerate(names)]
        known = self._known_entities(cleaned)
        return tuple(name if name in known else self._sealer.seal(AUTHORS, name) for name in cleaned)

    def _known_entities(self, names: Iterable[str]) -> set[str]:
        ids = [name for name in names if re.fullmatch("[a-z0-9]+(?:[._-][a-z0-9]+)*", name)]
        return {name for name in ids if self._entity(name) is not None}

    def _claim_sha256(self, sha256: str, name: str) -> None:
        """The first article with a text is the one found by its hash; another copy elsewhere has a url of its own."""
        owner = self._store.find_keys(SHA256, [sha256]).get(sha256)
        if owner is None:
            self.keys.append(StreamKey(SHA256, sha256, article_stream(name)))

    def _correct_article(self, draft: ArticleCorrectionDraft, expected: int | None) -> tuple[str, tuple[str, ...]]:
        name = self._article_id(draft.of, "/of", missing=Unknown)
        record = self._article(name)
        _demand_version(record, expected)
        changes = self._article_changes(name, draft.changes)
        before = record.contents[-1][1].published if record else ""
        try:
            events = decide_article(CorrectArticle(name, changes, draft.reason, self._recorder), record)
        except DomainError as error:
            raise _under_changes(error, changes) from None
        self._append(events)
        if not events or "published" not in changes or changes["published"] == before:
            return name, ()
        return name, self._move_dates(name, before, changes["published"], events[0])

    def _article_changes(self, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        plain = dict(changes)
        if plain.get("authors") is not None:
            plain["authors"] = msgspec.to_builtins(self._authors(plain["authors"]))
        if plain.get("text") is not None:
            text = clean_text(plain["text"], "/changes/text", len(plain["text"]) * 4)
            plain["text"] = msgspec.to_builtins(self._sealer.seal(article_stream(name), text))
            plain.setdefault("sha256", hashlib.sha256(text.encode()).hexdigest())
        return plain

    def _move_dates(self, article: str, before: str, after: str, cause: DomainEvent) -> tuple[str, ...]:
        """The claims whose dates follow from the publication of the article, and what follows from theirs."""
        claims = self._dated_by(article)
        refs = {name: claim.id for claim in claims for name in (claim.id, *(ref for _, ref in claim.refs))}
        moved = redate(
            claims, refs, article, before, after, self._recorder, f"{cause.originator_id}@{cause.originator_version}"
        )
        self._append(moved)
        return tuple(split_stream(event.originator_id)[1] for event in moved)

    def _dated_by(self, article: str) -> list[ClaimRecord]:
        waiting = self._linked(ARTICLE, article_stream(article))
        found: dict[str, None] = {}
        while waiting:
            found |= dict.fromkeys(waiting)
            self._load(waiting)
            waiting = [s for target in waiting for s in self._linked(SAME_DATE, target) if s not in found]
        return [record for stream in found if isinstance(record := self._record(stream), ClaimRecord)]

    def _linked(self, kind: str, target: str) -> list[str]:
        pending = [link.source for link in self.links if (link.kind, link.target) == (kind, target)]
        return list(dict.fromkeys([*self._store.find_links(kind, target), *pending]))

    # claims

    def _claim_of(self, draft: ClaimDraft) -> ClaimContent:
        """What a draft says, its references resolved to ids."""
        article = self._article_id(draft.article, "/article")
        content = ClaimContent(
            article=article,
            type=draft.type,
            participants=draft.participants,
            attributes=self._resolved(draft),
            asserted_by=draft.asserted_by,
            modality=draft.modality,
            polarity=draft.polarity,
            time=draft.time,
        )
        return normal_new_claim(content, self._published(article), self._date_of_rule(draft.time))

    def _resolved(self, draft: ClaimDraft) -> dict[str, Any]:
        """Attributes with the claims that a response names by id."""
        attributes = dict(draft.attributes)
        if draft.type == "response":
            for name in ("target", "by"):
                if isinstance(attributes.get(name), str):
                    attributes[name] = self._claim_id(attributes[name], f"/attributes/{name}")
        return attributes

    def _record_claim(self, draft: ClaimDraft, content: ClaimContent) -> str:
        self._demand_entities(content)
        name = claim_id(content)
        stream = claim_stream(name)
        ref = self._free_ref(draft.ref, stream)
        same_as = self._date_of_rule(content.time)
        evidence = self._evidence(draft.evidence, stream)
        record = self._claim(name)
        command = RecordClaim(name, content, evidence, self._recorder, self._published(content.article), same_as, ref)
        events = decide_claim(command, record)
        self._append(events)
        if any(isinstance(event, Claimed) for event in events):
            self._guard(article_stream(content.article))
            self.links.append(StreamLink(ARTICLE, stream, article_stream(content.article)))
        self._link_date(content.time, stream)
        if any(isinstance(event, Claimed | ClaimRefAdded) for event in events) and ref is not None:
            self.keys.append(StreamKey(REF, ref, stream))
            self._refs[ref] = stream
        return name

    def _free_ref(self, ref: str | None, stream: str) -> str | None:
        if ref is None:
            return None
        name = clean_name(ref, "/ref", _LONGEST_REF)
        self._find_refs([name])
        owner = self._refs[name]
        if owner is not None and owner != stream:
            raise Conflict(f"the ref {name!r} names another claim", "/ref")
        return name

    def _demand_entities(self, content: ClaimContent) -> None:
        named = {p.entity: f"/participants/{index}/entity" for index, p in enumerate(content.participants)}
        by = content.asserted_by
        for field, voices in (("agent", by.agent), ("affiliation", by.affiliation)):
            named |= {
                voice: f"/asserted_by/{field}/{index}" for index, voice in enumerate(voices) if voice not in named
            }
        moves = content.attributes.get("moves") or {}
        named |= {moves[end]: f"/attributes/moves/{end}" for end in ("subject", "object") if end in moves}
        self._load(map(entity_stream, named))
        for name, pointer in named.items():
            if self._entity(name) is None:
                raise UnknownReference(f"there is no entity {name!r}", pointer)

    def _evidence(self, draft: EvidenceDraft, stream: str) -> Evidence:
        quote = None
        if draft.quote is not None:
            parts = {name: getattr(draft.quote, name) for name in ("exact", "prefix", "suffix")}
            quote = Quote(
                **{
                    name: self._sealer.seal(stream, clean_text(text, f"/evidence/quote/{name}"))
                    for name, text in parts.items()
                    if text is not None
                }
            )
        return Evidence(draft.summary, draft.position, quote)

    def _response_of(self, draft: ResponseDraft) -> ClaimDraft:
        """A response as the claim that it is, dated on the publication of the article that makes it."""
        target = self._claim_id(draft.target, "/target")
        attributes: dict[str, Any] = {"response": draft.response, "target": target, "aspect": draft.aspect}
        if isinstance(draft.by, Voice):
            article, by = self._article_id(draft.by.article, "/by/article"), draft.by.asserted_by
        else:
            speaker = self._claim_id(draft.by, "/by")
            content = self._demand(self._claim(speaker)).current.content
            article, by = content.article, content.asserted_by
            attributes["by"] = speaker
        published = self._published(article)
        return ClaimDraft(
            article=article,
            type="response",
            participants=(),
            attributes={name: value for name, value in attributes.items() if value is not None},
            asserted_by=by,
            modality="done",
            polarity="positive",
            time=ClaimTime("instant", published, anchor=published, rule="on_publication"),
            evidence=EvidenceDraft(draft.reason or f"{draft.response} of another claim"),
            ref=draft.ref,
        )

    def _amend_claim(
        self, draft: ClaimCorrectionDraft | RetractionDraft | ReinstatementDraft, expected: int | None
    ) -> str:
        name = self._claim_id(draft.of, "/of", missing=Unknown)
        record = self._demand(self._claim(name))
        _demand_version(record, expected)
        article = self._article_id(draft.article, "/article") if draft.article else None
        match draft:
            case ClaimCorrectionDraft():
                self._correct_claim(draft, record, article)
            case RetractionDraft():
                self._append(decide_claim(RetractClaim(name, draft.reason, self._recorder, article), record))
            case ReinstatementDraft():
                self._append(decide_claim(ReinstateClaim(name, draft.reason, self._recorder, article), record))
        return name

    def _correct_claim(self, draft: ClaimCorrectionDraft, record: ClaimRecord, article: str | None) -> None:
        own = record.original.article
        changes = dict(draft.changes)
        time = record.current.content.time
        if "time" in changes:
            try:
                time = msgspec.convert(changes["time"], ClaimTime)
            except msgspec.ValidationError as error:
                raise Invalid(str(error), "/changes/time") from None
        command = CorrectClaim(
            record.id, changes, draft.reason, self._recorder, self._published(own), article, self._date_of_rule(time)
        )
        try:
            events = decide_claim(command, record)
        except DomainError as error:
            raise _under_changes(error, changes) from None
        except msgspec.ValidationError as error:
            raise Invalid(str(error), "/changes") from None
        self._append(events)
        if events:
            self._guard(article_stream(own))
            current = self._demand(self._claim(record.id)).current.content
            self._demand_entities(current)
            self._link_date(current.time, claim_stream(record.id))

    def _link_date(self, time: ClaimTime, stream: str) -> None:
        """Note that a date is taken from another claim, so that it can follow."""
        source = self._claim_of_rule(time)
        if source is not None:
            self._guard(claim_stream(source))
            self.links.append(StreamLink(SAME_DATE, stream, claim_stream(source)))

    def _date_of_rule(self, time: ClaimTime) -> str | None:
        """The date of the claim that a rule names."""
        source = self._claim_of_rule(time)
        return None if source is None else self._demand(self._claim(source)).current.content.time.edtf

    def _claim_of_rule(self, time: ClaimTime) -> str | None:
        if time.rule is None or not time.rule.startswith(f"{SAME_AS}("):
            return None
        try:
            return self._claim_id(parse_rule(time.rule).argument, "/time/rule")
        except InvalidDate as error:
            raise error.at("/time/rule") from None

    # references

    def _article_id(self, given: str, pointer: str, missing: type[DomainError] = UnknownReference) -> str:
        """The id of an article given by id, url or sha256."""
        if "://" in given:
            name = article_id(canonical_url(given, pointer), None)
        elif _SHA256.fullmatch(given):
            name = article_id(None, given)
            if self._article(name) is None:
                owner = self._store.find_keys(SHA256, [given]).get(given) or self._pending_owner(SHA256, given)
                name = split_stream(owner)[1] if owner else name
        else:
            name = given
        if not _is_uuid(name) or self._article(name) is None:
            raise missing(f"there is no article {given!r}", pointer)
        return name

    def _claim_id(self, given: str, pointer: str, missing: type[DomainError] = UnknownReference) -> str:
        """The id of a claim given by id or ref."""
        self._find_refs([given])
        stream = self._refs[given] or (claim_stream(given) if _is_uuid(given) else None)
        if stream is None or not isinstance(self._record(stream), ClaimRecord):
            raise missing(f"there is no claim {given!r}", pointer)
        return split_stream(stream)[1]

    def _pending_owner(self, kind: str, key: str) -> str | None:
        return next((k.stream for k in self.keys if (k.kind, k.key) == (kind, key)), None)

    def _find_refs(self, refs: Iterable[str]) -> None:
        missing = [ref for ref in refs if ref not in self._refs]
        if missing:
            found = self._store.find_keys(REF, missing)
            self._refs |= {ref: found.get(ref) for ref in missing}

    def _published(self, article: str) -> str:
        return self._demand(self._article(article)).contents[-1][1].published

    # records

    def _load(self, streams: Iterable[str]) -> None:
        missing = [stream for stream in streams if stream not in self._records]
        if not missing:
            return
        for stream, rows in self._store.read_streams(missing).items():
            record: Record | None = None
            for row in rows:
                record = evolve(record, decode(row.topic, row.state, row.stream, row.version), row.position)
            self._records[stream] = record
            self._stored_versions[stream] = rows[-1].version if rows else 0
            self._stored_positions[stream] = rows[-1].position if rows else 0

    def _record(self, stream: str) -> Record | None:
        self._load([stream])
        return self._records[stream]

    def _entity(self, name: str) -> EntityRecord | None:
        record = self._record(entity_stream(name))
        return record if isinstance(record, EntityRecord) else None

    def _article(self, name: str) -> ArticleRecord | None:
        record = self._record(article_stream(name))
        return record if isinstance(record, ArticleRecord) else None

    def _claim(self, name: str) -> ClaimRecord | None:
        record = self._record(claim_stream(name))
        return record if isinstance(record, ClaimRecord) else None

    def _demand(self, record: AnyRecord | None) -> AnyRecord:
        """A record whose existence was checked before."""
        if record is None:
            raise LookupError("a record was used before its existence was checked")
        return record

    def _append(self, events: Iterable[DomainEvent]) -> None:
        for event in events:
            self._load([event.originator_id])
            self._records[event.originator_id] = evolve(self._records[event.originator_id], event)
            self.events.append(event)

    def _guard(self, stream: str) -> None:
        """Let the append fail if the stream has moved on since it was read."""
        if not any(event.originator_id == stream for event in self.events):
            self._load([stream])
            self.guards[stream] = self._stored_versions[stream]

    def _last_offset(self, stream: str, before: int) -> int:
        return max(i for i in range(before, len(self.events)) if self.events[i].originator_id == stream)

    def _streams_of(self, draft: Draft) -> Iterable[str]:
        """Streams that a draft is sure to need, as far as they can be told before anything is read."""
        if isinstance(draft, EntityDraft):
            yield entity_stream(draft.id)
        elif isinstance(draft, ClaimDraft):
            yield from (entity_stream(p.entity) for p in draft.participants)
            yield from (entity_stream(v) for v in (*draft.asserted_by.agent, *draft.asserted_by.affiliation))
            if _is_uuid(draft.article):
                yield article_stream(draft.article)
        yield from (stream for name in _refs_in(draft) if (stream := self._refs.get(name)))


def _refs_in(draft: Draft) -> Iterable[str]:
    """Names in a draft that may be refs of claims."""
    match draft:
        case ClaimDraft():
            yield from (draft.ref,) if draft.ref else ()
            yield from _refs_of_rule(draft.time)
            yield from (v for n in ("target", "by") if isinstance(v := draft.attributes.get(n), str))
        case ResponseDraft():
            yield draft.target
            yield from (draft.by,) if isinstance(draft.by, str) else ()
        case ClaimCorrectionDraft() | RetractionDraft() | ReinstatementDraft():
            yield draft.of


def _refs_of_rule(time: ClaimTime) -> Iterable[str]:
    match = re.fullmatch(rf"{SAME_AS}\((.+)\)", time.rule or "")
    return (match[1],) if match else ()


def _texts_in(draft: Draft) -> Iterable[tuple[str, str]]:
    """Texts to seal whose scope is known before anything is read."""
    if isinstance(draft, EntityDraft) and draft.kind == "person":
        yield from ((entity_stream(draft.id), text) for text in (draft.name, *draft.aliases))
    elif isinstance(draft, ArticleDraft):
        yield from ((AUTHORS, name) for name in draft.authors)


def _sha256_of(draft: ArticleDraft) -> str | None:
    if draft.text is None:
        return draft.sha256
    computed = hashlib.sha256(draft.text.encode("utf-8", "surrogatepass")).hexdigest()
    if draft.sha256 not in (None, computed):
        raise Invalid("sha256 is not that of the text", "/sha256")
    return computed


def _is_uuid(text: str) -> bool:
    """Whether this is a UUID in its canonical form."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _demand_version(record: Record | None, expected: int | None) -> None:
    if expected is None:
        return
    if expected < 0:
        raise Invalid("a version is not negative")
    version = record.version if record else 0
    if version != expected:
        raise StaleVersion(f"it is at version {version}, not {expected}")


def _under_changes(error: DomainError, changes: Mapping[str, Any]) -> DomainError:
    """The refusal of a changed field, its place given in the correction."""
    field = error.pointer.split("/")[1] if error.pointer.startswith("/") else ""
    return error.at("/changes") if field in changes else error
