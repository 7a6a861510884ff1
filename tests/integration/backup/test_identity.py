"""A log that was put back is another one, unless a checkpoint from outside shows that nothing is missing."""

from __future__ import annotations

from typing import Any

import pytest

from service.backup import restoring
from service.backup.errors import BadCheckpoint, InUse, LogDamaged
from service.backup.identity import Proof, Settled
from service.backup.restoring import recovered
from service.db import connect
from tests.integration.backup.conftest import (
    ME,
    OTHER,
    SUBSCRIPTION,
    fill,
    keep_tree,
    quiet,
    restored,
    rows,
    signed,
    written,
)
from tests.integration.backup.test_restoring import schemas
from tests.integration.following.conftest import SIGNER, Site, Sites, take_over

ROOT = bytes(32)


def epoch_of(url: str) -> Any:
    return rows(url, "log.epoch")["log.epoch"][0][1]


def checkpoints(site: Site) -> list[tuple[int, str]]:
    """Those of a service, the newest one first."""
    return [(size, note) for size, note in site.execute("SELECT size, note FROM log.checkpoints ORDER BY number DESC")]


def is_new(settled: Settled, url: str) -> bool:
    """Whether it is another log, and all agree on it."""
    (*_, vouched, is_lost, before, now) = rows(url, "log.restores")["log.restores"][-1]
    assert (vouched, is_lost) == (settled.vouched, settled.is_lost)
    assert (before, now) == (settled.from_epoch, settled.epoch)
    assert epoch_of(url) == settled.epoch
    return settled.epoch != settled.from_epoch


def test_without_a_checkpoint_it_is_another_log(site: Site, sample_backup: bytes, empty_database_url: str) -> None:
    settled = restored(sample_backup, empty_database_url)
    assert is_new(settled, empty_database_url)
    assert settled.from_epoch == epoch_of(site.url)
    assert rows(empty_database_url, "log.tree")["log.tree"][0][2:] == (None, None)


def test_a_checkpoint_of_all_of_it_shows_that_it_is_the_same(
    site: Site, sample_backup: bytes, newest: str, empty_database_url: str
) -> None:
    """Behind it there is nothing but the event that tells of it."""
    settled = restored(sample_backup, empty_database_url, newest)
    assert not is_new(settled, empty_database_url)
    assert settled.position == (settled.vouched or 0) + 1
    assert rows(empty_database_url, "log.tree") == rows(site.url, "log.tree")


def test_a_checkpoint_of_less_shows_nothing_about_what_came_after(
    site: Site, sample_backup: bytes, empty_database_url: str
) -> None:
    size, note = checkpoints(site)[1]
    settled = restored(sample_backup, empty_database_url, note)
    assert is_new(settled, empty_database_url)
    assert (settled.vouched, settled.is_lost) == (size, False)


def test_a_checkpoint_of_more_shows_what_was_lost(site: Site, sample_backup: bytes, empty_database_url: str) -> None:
    site.record({"record": "entity", "id": "later", "kind": "company", "name": "Later"})
    site.keep()
    size, note = checkpoints(site)[0]
    settled = restored(sample_backup, empty_database_url, note)
    assert is_new(settled, empty_database_url)
    assert (settled.vouched, settled.is_lost) == (size, True)
    assert settled.position < size


def test_a_checkpoint_of_all_that_is_there_but_of_which_nothing_tells_shows_a_loss(
    site: Site, empty_database_url: str
) -> None:
    """The event that tells of it came after the backup, and whatever came then."""
    site.record({"record": "entity", "id": "later", "kind": "company", "name": "Later"})
    backup = written(site.url)
    site.keep()
    size, note = checkpoints(site)[0]
    settled = restored(backup, empty_database_url, note)
    assert (settled.position, settled.is_lost) == (size, True)
    assert is_new(settled, empty_database_url)


def test_a_checkpoint_of_other_events_stops_it(site: Site, sample_backup: bytes, empty_database_url: str) -> None:
    """Somebody who has the key signed another history: one of them was tampered with."""
    size, _ = checkpoints(site)[0]
    with pytest.raises(LogDamaged, match=f"the given checkpoint of {size}"):
        restored(sample_backup, empty_database_url, signed(size, ROOT))
    assert schemas(empty_database_url) == []


@pytest.mark.parametrize("note", ["x", "a\n1\n", signed(7, ROOT, OTHER)], ids=["text", "unsigned", "other key"])
def test_a_checkpoint_that_nobody_vouches_for_stops_it(
    note: str, sample_backup: bytes, empty_database_url: str
) -> None:
    with pytest.raises(BadCheckpoint):
        restored(sample_backup, empty_database_url, note)
    assert schemas(empty_database_url) == []


def test_only_the_named_keys_count(sample_backup: bytes, newest: str, empty_database_url: str) -> None:
    with pytest.raises(BadCheckpoint, match="not with a trusted key"):
        restored(sample_backup, empty_database_url, newest, OTHER)
    assert restored(sample_backup, empty_database_url, newest, OTHER, SIGNER).is_same


def test_old_checkpoints_stay_right_and_new_ones_go_on(sample_backup: bytes, empty_database_url: str) -> None:
    restored(sample_backup, empty_database_url)
    keep_tree(empty_database_url, OTHER)
    settled = restored_in_place(empty_database_url)
    assert settled.audit.checkpoints == 3


def restored_in_place(url: str, note: str | None = None) -> Settled:
    return recovered(url, url, Proof(note), ME, quiet)


def test_a_database_that_its_server_recovered_gets_another_identity_in_place(
    servers: Any, sample_with_checkpoints: str
) -> None:
    url = servers.copy(sample_with_checkpoints)
    try:
        before = rows(url, "log.events", "log.tiles", "log.checkpoints")
        settled = restored_in_place(url)
        assert is_new(settled, url)
        assert rows(url, "log.events", "log.tiles", "log.checkpoints") == before
        assert rows(url, "log.restores")["log.restores"][0][3] is None
    finally:
        servers.drop(url)


def test_a_database_in_use_is_left_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring, "LEAVING_SECONDS", 0.0)
    before = epoch_of(site.url)
    site.get("/readyz")
    with pytest.raises(InUse, match="frenemies-api"):
        restored_in_place(site.url)
    assert epoch_of(site.url) == before


def test_subscriptions_go_no_further_than_the_log_and_say_why(site: Site, empty_database_url: str) -> None:
    fill(site)
    ahead = "UPDATE hooks.subscriptions SET position = 1000000"
    with connect(site.url) as connection:
        connection.execute(ahead)
        connection.execute("UPDATE hooks.deliveries SET position = 1000000")
    settled = restored(written(site.url), empty_database_url)
    with connect(empty_database_url) as connection:
        row = connection.execute(
            "SELECT position, edition, reason FROM hooks.subscriptions WHERE id = %s", [SUBSCRIPTION]
        ).fetchone()
    assert row is not None
    assert row[:2] == (settled.position, 2)
    assert f"ends at position {settled.position}" in row[2]
    assert rows(empty_database_url, "hooks.deliveries")["hooks.deliveries"] == []


def test_what_waits_to_be_delivered_waits_on(site: Site, newest: str, empty_database_url: str) -> None:
    fill(site)
    settled = restored(written(site.url), empty_database_url, newest)
    assert settled.is_same
    for table in ("hooks.subscriptions", "hooks.deliveries"):
        assert rows(empty_database_url, table) == rows(site.url, table)


def test_a_follower_is_the_log_of_its_leader_and_goes_on(sites: Sites, site: Site, empty_database_url: str) -> None:
    copy = sites.follower(site.base)
    take_over(copy)
    settled = restored(written(copy.url), empty_database_url)
    assert (settled.leader, settled.is_same) == (site.base, True)
    site.record({"record": "entity", "id": "later", "kind": "company", "name": "Later"})
    again = sites.on(empty_database_url, follow=site.base)
    take_over(again)
    assert again.log("events") == site.log("events")
