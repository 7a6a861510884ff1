"""By a day of publication and according to somebody, answers from the tables are those of the claims."""

from __future__ import annotations

from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from events import codec
from events.fold import fold
from events.network import EVERYTHING
from service.bootstrap import build
from service.projections.index import Index
from service.settings import Limits, Settings
from service.store.application import TimelineApplication
from service.store.postgres import PostgresStore
from service.timeline.timeline import Timeline
from service.tree.proofs import LogProofs
from tests.histories import turning_days
from tests.integration.projections.test_states import catch_up, demand_same, few, fresh, recorded_in
from tests.tangles import PUBLISHED_BY, tangles

__all__ = ["fresh"]


@few
@given(st.data())
def test_answers_are_the_same_page_by_page_and_from_all_claims(fresh: Any, servers: Any, data: st.DataObject) -> None:
    history = data.draw(tangles())
    url = fresh()
    events = recorded_in(url, history)
    catch_up(url)
    services = build(Settings(pool_size=4), url)
    database = services.database
    application = TimelineApplication(PostgresStore(database), codec)
    folded = Timeline(application, Index(database), None, Limits(), LogProofs(database))
    known = fold(events).entities
    days, positions = st.sampled_from(turning_days(history)), st.integers(1, events[-1].position)
    for _ in range(4):
        clocks = folded.clocks(
            as_of=data.draw(days),
            published_by=data.draw(st.sampled_from((None, *PUBLISHED_BY))),
            recorded_by=str(data.draw(st.one_of(st.just(events[-1].position), positions))),
            according_to=data.draw(st.sampled_from((None, *sorted(known)))),
        )
        note(clocks)
        for entity in known:
            demand_same(services.timeline, folded, entity, clocks, EVERYTHING, data.draw(st.sampled_from((None, 1, 3))))
    services.close()
    servers.drop(url)
