"""What entities are called on a day, and entities as they are shown: names opened, history and merges beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from events.identity import article_stream, entity_stream
from events.records import EVER, EntityRecord
from events.temporal import AFTER_ALL, parse_published
from events.values import Text
from service.projections.index import Index
from service.store.protocol import EventStore
from service.store.texts import Opener
from service.timeline.entities import PERSON
from service.timeline.loading import Loader
from service.timeline.remembering import Memory
from service.timeline.texts import sealed_in
from service.timeline.views import Clocks, DatedName, EntityView, fields_with_gaps


class Naming:
    """Names at a point of the clocks; a name is None once it was erased.

    An entity that was registered later than the point goes by the name it was first registered with: that name never
    changes, so that neither does the answer.
    """

    def __init__(self, store: EventStore, index: Index, load: Loader, memory: Memory) -> None:
        self._store = store
        self._index = index
        self._load = load
        self._memory = memory

    def names_of(self, entities: Collection[str], clocks: Clocks) -> dict[str, str | None]:
        """The names of entities on a day, in the order of ids.

        The log is read only for those of which more than their entry is recorded.
        """
        known = self._memory.recall(clocks.mark, "name", entities, self._index.names_of)
        names = {entity: found.name for entity, found in known.items()}
        changed = [entity_stream(entity) for entity, found in known.items() if found.has_changed]
        if changed:
            records = self._load.fold(changed, EVER).entities.values()
            chosen = self._chosen(records, clocks)
            opener = Opener(self._store, chosen.values())
            names |= {entity: opener.open(name) for entity, name in chosen.items()}
        return dict(sorted(names.items()))

    def views(self, records: Sequence[EntityRecord], clocks: Clocks) -> list[EntityView]:
        """Entities, read up to the position of the clocks."""
        plain = {f"{record.id} {record.version}": record for record in records if _is_plain(record)}

        def find(missing: Collection[str]) -> dict[str, EntityView]:
            return dict(zip(missing, self._views([plain[name] for name in missing], clocks), strict=True))

        known = self._memory.recall(clocks.mark, "view", plain, find)
        views = {view.id: view for view in known.values()}
        views |= {view.id: view for view in self._views([r for r in records if not _is_plain(r)], clocks)}
        return [views[record.id] for record in records]

    def _views(self, records: Sequence[EntityRecord], clocks: Clocks) -> list[EntityView]:
        chosen = self._chosen(records, clocks)
        shown = [(r.contents[-1][1], [n.name for n in r.names]) for r in records]
        opener = Opener(self._store, sealed_in([list(chosen.values()), shown]))
        return [self._view(record, opener.open(chosen[record.id]), opener, clocks) for record in records]

    def _view(self, record: EntityRecord, name: str | None, opener: Opener, clocks: Clocks) -> EntityView:
        content = record.contents[-1][1]
        merge = record.merge_at(clocks.position)
        alike = self._memory.recall(clocks.mark, "look-alikes", [record.id], self._look_alikes)
        aliases = [opener.open(alias) for alias in content.aliases]
        names = tuple(DatedName(opener.open(dated.name), dated.since) for dated in record.names)
        return EntityView(
            id=record.id,
            version=record.version,
            position=record.position,
            kind=content.kind,
            name=name,
            aliases=tuple(alias for alias in aliases if alias is not None),
            identifiers=content.identifiers,
            names=names,
            merged_into=merge.into if merge else None,
            merge=merge.merge if merge else None,
            possible_duplicates=alike[record.id],
            erased=fields_with_gaps(name=[name], aliases=aliases, names=[dated.name for dated in names]),
        )

    def _look_alikes(self, entities: Collection[str]) -> dict[str, tuple[str, ...]]:
        return {entity: tuple(self._index.look_alikes(entity)) for entity in entities}

    def _chosen(self, records: Iterable[EntityRecord], clocks: Clocks) -> dict[str, Text]:
        """The name of each entity, still sealed."""
        records = list(records)
        is_public = self._publicity({n.article for r in records for n in r.names if n.article is not None}, clocks)
        return {
            record.id: record.name_on(clocks.as_of, clocks.position, is_public) or record.contents[0][1].name
            for record in records
        }

    def _publicity(self, articles: Collection[str], clocks: Clocks) -> Callable[[str], bool]:
        """Which of the articles had been published by the limit at the latest, as known at the position.

        One whose stream is held back counts as not published.
        """
        limit = clocks.published_by
        if limit is None:
            return lambda _: True
        known = self._load.fold([article_stream(article) for article in articles], clocks.position).articles
        latest = {name: parse_published(record.contents[-1][1].published).latest for name, record in known.items()}
        return lambda article: latest.get(article, AFTER_ALL) <= limit


def _is_plain(record: EntityRecord) -> bool:
    """Whether nothing shown of an entity depends on the point of the clocks, or may have to be forgotten."""
    return not record.names and not record.merges and record.contents[-1][1].kind != PERSON
