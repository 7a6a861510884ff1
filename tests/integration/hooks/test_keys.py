"""Nothing is sent for a key that has ended, and its subscriptions say why."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

import pytest

from service.hooks.outbox import ACTIVE, PAUSED, Outbox
from service.keys.issuing import Issued
from service.keys.scopes import HOOKS_MANAGE
from tests.feeding import wait_until
from tests.integration.hooks.conftest import ME, Rig
from tests.integration.hooks.test_processes import sending
from tests.keyed import EXPIRED, issued, revoke

SECONDS = 5.0


def key_of(rig: Rig, lasting: timedelta | None = None) -> Issued:
    return issued(rig.services.url, HOOKS_MANAGE, lasting=lasting)


def test_a_revoked_key_is_sent_nothing_more_and_others_go_on(rig: Rig) -> None:
    key, other = key_of(rig), key_of(rig)
    kept = rig.hooks.create(key.key.id, f"{rig.sink.url}/gone", after="start").subscription
    for owner in (ME, other.key.id):
        rig.hooks.create(owner, f"{rig.sink.url}/here", after="start")
    rig.log.append(3)
    rig.run()
    assert len(rig.sink.taken) == 9
    revoke(rig.services.url, key)
    rig.log.append(2)
    rig.run()
    assert [one.path for one in rig.sink.taken[9:]] == ["/hook/here"] * 4
    found = rig.hooks.find(key.key.id, kept.id)
    assert (found.state, found.position) == (PAUSED, 3)
    assert found.reason == f"the key {key.key.id} was revoked"


def test_an_expired_key_is_sent_nothing(rig: Rig) -> None:
    late = key_of(rig, EXPIRED)
    kept = rig.hooks.create(late.key.id, rig.sink.url, after="start").subscription
    rig.log.append(2)
    rig.run()
    found = rig.hooks.find(late.key.id, kept.id)
    assert (found.state, found.reason) == (PAUSED, f"the key {late.key.id} has expired")
    assert not rig.sink.seen


def test_what_is_about_to_be_sent_when_a_key_is_revoked_is_not_sent(rig: Rig) -> None:
    """Between the look at all subscriptions and the attempt."""
    key = key_of(rig)
    rig.sink.behave = lambda received, handler: 500
    kept = rig.hooks.create(key.key.id, rig.sink.url, after="start").subscription
    rig.log.append(1)
    rig.run()
    outbox = Outbox(rig._database)
    (event,) = outbox.pending(kept.id)
    assert outbox.begin(kept.id, event, rig.clock.now) is not None
    revoke(rig.services.url, key)
    assert rig.hooks.find(key.key.id, kept.id).state == ACTIVE
    assert outbox.begin(kept.id, event, rig.clock.now) is None


@pytest.mark.slow
def test_the_process_notices_a_revoked_key_in_time(rig: Rig) -> None:
    key = key_of(rig)
    kept = rig.hooks.create(key.key.id, rig.sink.url, after="start").subscription
    rig.log.append(1)
    with sending(rig):
        rig.sink.wait(lambda: len(rig.sink.taken) == 1)
        begun = monotonic()
        revoke(rig.services.url, key)
        rig.log.append(1)
        wait_until(lambda: rig.hooks.find(key.key.id, kept.id).state == PAUSED, SECONDS)
        assert monotonic() - begun < SECONDS
    assert len(rig.sink.seen) == 1
