"""The ledger: what every record says now, and what each event may change."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings

from events.courses import course
from events.effects import Key
from events.fold import fold
from events.knowledge import Hearing, Point, hear
from events.ledger import Ledger
from events.relationships import RelationAccount
from events.temporal import LAST_DAY
from service.store.rows import readable
from tests.histories import histories
from tests.recorded import Recorded

EXAMPLES = int(os.environ.get("FRENEMIES_EXAMPLES", "100"))
relaxed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def answers(hearing: Hearing) -> dict[Key, Any]:
    accounts = [RelationAccount(hearing, key) for key in hearing.touching]
    return {account.key: course(account.breaks(), account.at) for account in accounts}


@relaxed
@given(histories())
def test_after_each_event_it_says_what_the_fold_says(history: list[dict[str, Any]]) -> None:
    """And no answer changes but those that it names."""
    events = list(readable(Recorded(history).store.read_log(0, 1_000_000)))
    ledger = Ledger()
    before: dict[Key, Any] = {}
    for count, recorded in enumerate(events, 1):
        named = ledger.take(recorded.event, recorded.position)
        after = answers(hear(fold(events[:count]), Point(LAST_DAY)))
        for key in named:
            account = ledger.account(key)
            found = course(account.breaks(), account.at)
            assert found == after.get(key, found)
        unchanged = {key for key in before.keys() | after.keys() if before.get(key) == after.get(key)}
        assert (before.keys() | after.keys()) - named <= unchanged
        before = after
