"""What a follower does not take over, and what it does not take at all."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from events.codec import encode
from events.event_types import LogCheckpointed
from events.identity import CHECKPOINTS_STREAM
from events.leaf import instant_of, leaf_of
from events.merkle import Frontier, leaf_hash
from events.values import Recorder
from service.bootstrap import followed
from service.errors import OtherLog, OwnLog, ReadOnly
from service.following.errors import CheckpointWrong, FeedBroken, Halted, LeaderUnreachable, TypeUnknown
from service.tree.notes import Checkpoint, Signer
from tests.integration.following.conftest import SIGNER, Site, Sites, following, nobody_else, take_over

ANT = {"record": "entity", "id": "ant", "kind": "company", "name": "Ant"}
OTHER = Signer(SIGNER.verifier.name, bytes(32))


def change(site: Site, statement: str) -> None:
    """Changes the log behind the back of the service."""
    site.execute("ALTER TABLE log.events DISABLE TRIGGER USER")
    site.execute(statement)


def refused(site: Site, error: type[Halted]) -> str:
    """What is said when something is not taken over; nothing more is recorded then."""
    with following(site) as made, pytest.raises(error) as raised:
        made.follow(nobody_else)
    return str(raised.value)


@pytest.mark.parametrize(
    "tampering",
    [
        "state = convert_to(replace(convert_from(state, 'UTF8'), 'a', 'b'), 'UTF8') WHERE position = 5",
        "recorded_at = recorded_at - interval '1 second' WHERE position = 1",
        "topic = 'EntityRenamed.v1' WHERE position = 7",
    ],
    ids=["state", "recorded_at", "topic"],
)
def test_an_event_that_was_changed_is_found_by_the_next_checkpoint_and_nothing_is_recorded(
    sites: Sites, leader: Site, tampering: str
) -> None:
    change(leader, f"UPDATE log.events SET {tampering}")  # noqa: S608
    site = sites.follower(leader.base)
    assert "their root is another one" in refused(site, CheckpointWrong)
    assert site.log("events")["events"] == []


def test_a_change_of_what_was_taken_over_already_is_found_as_well(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base)
    take_over(site)
    before = site.log()
    change(leader, "UPDATE log.events SET state = '{}' WHERE position = 5")
    frontier = Frontier()
    for row in leader.services.timeline.feed.page(0, 1_000).records:
        stream, topic, instant = row.stream.encode(), row.topic.encode(), instant_of(row.recorded_at)
        frontier.append(leaf_hash(leaf_of(row.position, stream, row.version, topic, row.state, instant)))
    announce(leader, Checkpoint(SIGNER.verifier.name, frontier.size, frontier.root()), SIGNER)
    assert "their root is another one" in refused(site, CheckpointWrong)
    assert site.log() == before


def announce(site: Site, checkpoint: Checkpoint, signer: Signer, **changes: Any) -> None:
    """Has the log tell of a checkpoint."""
    (version,) = site.execute("SELECT count(*) + 1 FROM log.events WHERE stream = 'log-checkpoints'")[0]
    told = {"size": checkpoint.size, "root": b64encode(checkpoint.root).decode(), "note": signer.sign(checkpoint)}
    event = LogCheckpointed(
        originator_id=CHECKPOINTS_STREAM, originator_version=version, recorder=Recorder("keeper"), **told | changes
    )
    topic, state = encode(event)
    site.execute(
        "INSERT INTO log.events"
        " SELECT max(position) + 1, 'log-checkpoints', %s, %s, %s, clock_timestamp() FROM log.events",
        version,
        topic,
        state,
    )


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (lambda size, root: (Checkpoint("x", size, root), OTHER, {}), "not with a trusted key"),
        (lambda size, root: (Checkpoint("x", size, bytes(32)), SIGNER, {}), "their root is another one"),
        (lambda size, root: (Checkpoint("x", size, root), SIGNER, {"size": size - 1}), "not the one that was signed"),
        (lambda size, root: (Checkpoint("x", size + 9, root), SIGNER, {}), "not the one that was signed"),
        (lambda size, root: (Checkpoint("x", size, root), SIGNER, {"note": "note"}), "is not valid"),
    ],
    ids=["key", "root", "size", "future", "note"],
)
def test_a_checkpoint_that_is_not_right_is_refused(
    sites: Sites, leader: Site, told: Callable[[int, bytes], Any], why: str
) -> None:
    site = sites.follower(leader.base)
    take_over(site)
    before = site.log()
    size, root = site.execute("SELECT size, root FROM log.checkpoints ORDER BY size DESC LIMIT 1")[0]
    checkpoint, signer, changes = told(size, root)
    announce(leader, checkpoint, signer, **changes)
    assert why in refused(site, CheckpointWrong)
    assert site.log() == before


def test_checkpoints_count_when_they_are_signed_with_the_key_that_was_given(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base, follow_verifiers=(str(SIGNER.verifier),))
    take_over(site)
    assert site.log() == leader.log()


def test_with_another_key_given_the_key_that_the_leader_names_does_not_count(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base, follow_verifiers=(str(OTHER.verifier),))
    assert "not with a trusted key" in refused(site, CheckpointWrong)
    assert "--follow-verifier" in refused(site, CheckpointWrong)


def test_a_key_that_is_not_trusted_is_not_handed_on(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base)
    take_over(site)
    assert str(SIGNER.verifier).encode() in site.get("/v1/log/keys")[1]
    leader.execute("UPDATE log.tree SET key = %s", str(OTHER.verifier))
    take_over(site)
    assert str(OTHER.verifier).encode() in leader.get("/v1/log/keys")[1]
    assert str(OTHER.verifier).encode() not in site.get("/v1/log/keys")[1]


def test_a_missing_event_is_noticed(sites: Sites, leader: Site) -> None:
    change(leader, "DELETE FROM log.events WHERE position = 6")
    site = sites.follower(leader.base)
    assert "position 5 came 7" in refused(site, FeedBroken)


def test_an_event_of_a_type_to_come_asks_for_a_newer_version(sites: Sites) -> None:
    leader = sites.new()
    leader.record(ANT)
    change(leader, "UPDATE log.events SET topic = 'EntityForgotten.v1'")
    site = sites.follower(leader.base)
    assert "EntityForgotten.v1 at position 1" in refused(site, TypeUnknown)
    assert site.log("events")["events"] == []


def test_a_log_of_its_own_cannot_follow(sites: Sites, leader: Site) -> None:
    site = sites.new(follow=leader.base)
    site.record(ANT)
    before = site.log()
    with following(site) as made, pytest.raises(OwnLog):
        made.begin()
    assert site.log() == before
    assert followed(site.services.settings, site.url) is None


def test_a_follower_of_one_log_cannot_follow_another(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base)
    leader.execute("UPDATE log.epoch SET epoch = gen_random_uuid()")
    with following(site) as made, pytest.raises(OtherLog):
        made.begin()


def test_a_leader_out_of_reach_is_told_as_such(sites: Sites) -> None:
    site = sites.new(follow="http://127.0.0.1:9")
    with following(site) as made, pytest.raises(LeaderUnreachable):
        made.begin()


def test_a_key_that_the_leader_does_not_take_is_told(sites: Sites, sample_with_checkpoints: str) -> None:
    guarded = sites.new(sample_with_checkpoints, admin_key="secret")
    site = sites.new(follow=guarded.base, follow_key="another")
    with following(site) as made, pytest.raises(LeaderUnreachable, match="key"):
        made.begin()
    right = sites.follower(guarded.base, follow_key="secret")
    take_over(right)
    assert right.log() == guarded.log()


def test_a_leader_that_is_asked_too_often_says_when_to_come_back(sites: Sites, sample_with_checkpoints: str) -> None:
    busy = sites.new(sample_with_checkpoints, admin_key="secret", rate=1)
    site = sites.new(follow=busy.base, follow_key="secret")
    with following(site) as made:
        made.begin()
        for _ in range(2):
            with pytest.raises(LeaderUnreachable) as told:
                made.begin()
            assert 50 < told.value.retry_after <= 60


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/claims"), ("PUT", "/v1/entities/ant"), ("POST", "/v1/import"), ("POST", "/v1/articles"),
        ("POST", "/v1/subscriptions"), ("DELETE", "/v1/subscriptions/1"),
    ],
)  # fmt: skip
def test_what_is_to_be_recorded_is_refused_with_a_pointer_to_the_leader(
    sites: Sites, leader: Site, method: str, path: str
) -> None:
    site = sites.follower(leader.base)
    with pytest.raises(HTTPError) as raised:
        urlopen(Request(site.base + path, b"{}", {"Content-Type": "application/json"}, method=method))  # noqa: S310
    told = json.load(raised.value)
    assert raised.value.code == told["status"] == 403
    assert told["type"] == "urn:frenemies:problem:read-only"
    assert told["leader"] == leader.base
    assert raised.value.headers["Link"] == f'<{leader.base}{path}>; rel="edit"'


def test_the_log_itself_takes_no_events_of_its_own(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base)
    take_over(site)
    before = site.log()
    with pytest.raises(ReadOnly) as raised:
        site.record(ANT)
    assert raised.value.leader == leader.base
    with pytest.raises(ReadOnly):
        site.keep()
    assert site.log() == before


@pytest.mark.parametrize(
    ("tampering", "why"),
    [
        ("recorded_at = recorded_at - interval '1 hour' WHERE position = 3", "recorded no later"),
        ("version = 2 WHERE position = 3", "expected version 1, found 0"),
    ],
)
def test_without_checkpoints_too_events_have_to_follow_each_other(sites: Sites, tampering: str, why: str) -> None:
    leader = sites.new()
    leader.record(*(ANT | {"id": f"ant-{number}"} for number in range(4)))
    change(leader, f"UPDATE log.events SET {tampering}")  # noqa: S608
    site = sites.follower(leader.base)
    assert why in refused(site, FeedBroken)
    assert site.log("events")["events"] == []
