"""Pitfall 12 (restore from backup): whoever has read what is lost is told so, whichever way it reads on.

Each test runs twice: the log that was restored has another identity; or it kept its own, because somebody gave a
checkpoint that was not the newest one, and its readers are ahead of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from frenemies import Client, EpochChanged
from service.app import create_app
from service.bootstrap import projections
from service.db import connect
from service.feeds.beliefs import BeliefFeed
from service.feeds.cursor import OtherEpoch, format_cursor
from service.following.errors import EpochLost
from service.settings import Settings
from service.timeline.beliefs import Spot
from tests.conftest import Servers
from tests.feeding import FeedProcess, feeding
from tests.integration.backup.conftest import restored, written
from tests.integration.following.conftest import Site, Sites, following, nobody_else, take_over
from tests.integration.hooks.conftest import rig_on
from tests.recorded import ME, draft_of

pytestmark = pytest.mark.xdist_group("restored")
NEW = {"record": "entity", "kind": "company", "name": "New"}
NDJSON, STREAM, BATCH = "application/x-ndjson", "text/event-stream", "application/cloudevents-batch+json"
QUESTION = "/v1/entities/red-hat/state?as_of=2014-11-04&recorded_by=200"


@dataclass
class Lost:
    """A service that was restored, and what its readers have kept of before."""

    sites: Sites
    before: Site
    after: Site
    follower: Site
    feed: FeedProcess
    cursor: str
    belief_cursor: str
    token: str
    etag: str
    is_same: bool
    head: int

    def gone(self, path: str, accept: str = BATCH) -> dict[str, Any]:
        """The refusal."""
        status, body = self.after.get(path, Accept=accept)
        assert status == 410, body
        told: dict[str, Any] = msgspec.json.decode(body)
        return told


@pytest.fixture(scope="module", params=["another log", "the same log"])
def lost(
    request: pytest.FixtureRequest, servers: Servers, sample_with_checkpoints: str, sample_backup: bytes
) -> Iterator[Lost]:
    is_same = request.param == "the same log"
    with ExitStack() as keep:
        sites = Sites(servers, keep)
        before = sites.new(sample_with_checkpoints)
        (note,) = before.execute("SELECT note FROM log.checkpoints ORDER BY number DESC LIMIT 1")[0]
        before.record(*(NEW | {"id": f"lost-{number}"} for number in range(5)))
        before.catch_up()
        follower = sites.follower(before.base)
        take_over(follower)
        end = before.services.timeline.feed.end()
        client = before.services
        answered = _answer(before, QUESTION)
        beliefs = BeliefFeed(client.timeline.beliefs, end.epoch, None, None)  # type: ignore[arg-type]
        url = servers.empty(18)
        keep.callback(servers.drop, url)
        settled = restored(sample_backup, url, note if is_same else None)
        with projections(Settings(), url) as projectors:
            projectors.catch_up()
        yield Lost(
            sites,
            before,
            sites.on(url),
            follower,
            keep.enter_context(feeding(url)),
            format_cursor(end.epoch, end.position),
            beliefs.cursor(Spot(end.position, uuid4())),
            answered["token"],
            answered["etag"],
            is_same,
            settled.position,
        )


def _answer(site: Site, path: str) -> dict[str, str]:
    answer = create_app(site.services.timeline, site.services.settings).test_client().get(path)
    return {"token": answer.json["token"], "etag": answer.headers["ETag"]}


FORMS = [
    *((accept, more) for accept in (BATCH, NDJSON) for more in ("", "&type=EntityRegistered", "&entity=red-hat")),
    (BATCH, "&timeout=1000"),
]


@pytest.mark.parametrize(("accept", "more"), FORMS)
def test_pages_and_lines_are_gone(lost: Lost, accept: str, more: str) -> None:
    assert lost.gone(f"/v1/feed?lastEventId={lost.cursor}{more}", accept)["resync"] == "/v1/feed"


@pytest.mark.parametrize("accept", [BATCH, NDJSON])
def test_belief_changes_are_gone(lost: Lost, accept: str) -> None:
    assert lost.gone(f"/v1/beliefs?lastEventId={lost.belief_cursor}", accept)["resync"] == "/v1/beliefs"


@pytest.mark.parametrize("path", ["/v1/feed", "/v1/beliefs"])
@pytest.mark.parametrize("accept", [STREAM, BATCH])
def test_streams_and_waiting_pages_are_gone(lost: Lost, path: str, accept: str) -> None:
    cursor = lost.cursor if path == "/v1/feed" else lost.belief_cursor
    waiting = "&timeout=1" if accept == BATCH else ""
    answer = lost.feed.get(f"lastEventId={cursor}{waiting}", path, Accept=accept)
    assert answer.status == 410
    assert msgspec.json.decode(answer.body)["resync"] == path


def test_an_archive_of_a_feed_reader_is_not_there(lost: Lost) -> None:
    status, _ = lost.after.get(f"/v1/feed.atom?archive={lost.cursor}")
    assert status == (404 if lost.is_same else 410)


def test_the_client_says_so_and_where_to_begin_again(lost: Lost) -> None:
    with Client(lost.after.base) as client:
        with pytest.raises(EpochChanged) as told:
            list(client.feed_lines(lost.cursor))
        assert told.value.resync == "/v1/feed"
        (*_, last) = [line for lines in client.feed_lines() for line in lines]
    assert last.position == lost.head


def test_a_follower_stops_and_keeps_what_it_has(lost: Lost) -> None:
    held = lost.follower.log("events")
    moved = lost.sites.on(lost.follower.url, follow=lost.after.base)
    with following(moved) as made, pytest.raises(EpochLost, match="begin anew with an empty database"):
        made.follow(nobody_else)
    assert lost.follower.log("events") == held


def test_a_webhook_is_rewound_to_nothing_that_is_lost(lost: Lost) -> None:
    with rig_on(lost.after.url) as rig:
        kept = rig.subscribe(after="end")
        for act in (
            lambda: rig.hooks.rewind("me", kept.subscription.id, lost.cursor),
            lambda: rig.subscribe(after=lost.cursor),
        ):
            with pytest.raises(OtherEpoch) as told:
                act()
            assert told.value.pointer == "/after"


def test_a_token_of_what_is_lost_is_refused_plainly(lost: Lost) -> None:
    status, body = lost.after.get(f"{QUESTION.partition('?')[0]}?token={lost.token}")
    told = msgspec.json.decode(body)
    if lost.is_same:
        assert (status, told["token_check"]["status"]) == (200, "same")  # it is of an event that is still there
    else:
        assert (status, told["type"].rpartition(":")[2]) == (410, "token-of-other-epoch")
        assert "restored" in told["detail"]


def test_a_pinned_answer_of_before_is_not_taken_for_one_of_now(lost: Lost) -> None:
    """The tag is made of the answer, and that holds a token, which names the log."""
    status, _ = lost.after.get(QUESTION, **{"If-None-Match": lost.etag})
    assert status == (304 if lost.is_same else 200)


def test_what_is_still_there_is_read_on(lost: Lost) -> None:
    """In the same log; and in another one from the cursor that it gives."""
    with connect(lost.after.url) as connection:
        (epoch,) = connection.execute("SELECT epoch FROM log.epoch").fetchone() or (None,)
    status, body = lost.after.get(f"/v1/feed?lastEventId={format_cursor(epoch, lost.head - 2)}")
    assert status == 200
    assert [int(event["sequence"]) for event in msgspec.json.decode(body)] == [lost.head - 1, lost.head]
    assert lost.after.get(f"/v1/feed?lastEventId={format_cursor(epoch, lost.head)}") == (200, b"[]")


def test_readers_can_look_up_what_happened(lost: Lost) -> None:
    status, body = lost.after.get("/v1/log/restores")
    told = msgspec.json.decode(body)
    (restore,) = told["restores"]
    assert status == 200
    assert told["epoch"] == restore["epoch"]
    assert (restore["position"], restore["epoch"] == restore["from_epoch"]) == (lost.head, lost.is_same)
    assert restore["made_at"] < restore["restored_at"]


def test_a_webhook_goes_on_behind_what_is_there_and_its_owner_sees_why(
    sites: Sites, sample_with_checkpoints: str, empty_database_url: str
) -> None:
    before = sites.new(sample_with_checkpoints)
    with rig_on(before.url) as rig:
        kept = rig.subscribe(after="end")
        backup = written(before.url)
        rig.services.timeline.record([draft_of(NEW | {"id": "lost"})], recorder=ME)
        rig.run()
        seen = [one.id for one in rig.sink.taken]
    settled = restored(backup, empty_database_url)
    with rig_on(empty_database_url) as rig, connect(empty_database_url) as connection:
        connection.execute("UPDATE hooks.subscriptions SET url = %s", [rig.sink.url])
        rig.services.timeline.record([draft_of(NEW | {"id": "other"})], recorder=ME)
        rig.run()
        told = rig.hooks.find("me", kept.subscription.id)
        assert [one.position for one in rig.sink.taken] == [settled.position + 1]
        assert rig.sink.taken[0].event["subject"] == "entity/other"
        assert rig.sink.taken[0].id not in seen
    assert told.state == "active"
    assert f"ends at position {settled.position}" in (told.reason or "")
