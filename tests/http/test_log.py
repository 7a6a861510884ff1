"""/v1/log: checkpoints, keys and proofs, checked by a verifier of the test's own, written from the RFC alone."""

from __future__ import annotations

import hashlib
import struct
from base64 import b64decode
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.app import create_app
from service.bootstrap import build, log_keeper, projections
from service.db import connect
from service.settings import Settings
from service.tree.keeper import Keeper
from service.tree.notes import Signer
from tests.conftest import Servers
from tests.http.conftest import Service, refused

ORIGIN = "example.org/log"
SIGNER = Signer(ORIGIN, bytes(range(32)))
NOTE = "text/plain; charset=utf-8"


class KeptService(Service):
    """A service with a keeper that follows only when it is told to."""

    keeper: Keeper
    url: str

    def checkpoint(self) -> int:
        """Signs a checkpoint of everything, and gives its size."""
        self.keeper.catch_up()
        made = self.keeper.sign()
        assert made is not None
        return made.size


def kept_service(servers: Servers, settings: Settings) -> Iterator[KeptService]:
    url = servers.migrated(18)
    services = build(settings, url)
    with projections(settings, url) as projectors, log_keeper(settings, url) as (keeper, _):
        app = create_app(services.timeline, settings, services.importer)
        service = KeptService(app, services.timeline, projectors)
        service.keeper = keeper
        service.url = url
        keeper.introduce()
        yield service
    services.close()
    servers.drop(url)


@pytest.fixture
def signing(servers: Servers) -> Iterator[KeptService]:
    """A service whose checkpoints are signed."""
    yield from kept_service(servers, Settings(log_key=SIGNER.secret(), log_origin=ORIGIN))


@pytest.fixture
def keyless(servers: Servers) -> Iterator[KeptService]:
    """A service without a key."""
    yield from kept_service(servers, Settings())


# The verifier


def parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    return max(1 << n for n in range(size.bit_length()) if 1 << n < size)


def root_from_path(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """RFC 6962, 2.1.1, read backwards."""
    if size == 1:
        assert not path
        return leaf
    k, *rest = split(size), *path[:-1]
    if index < k:
        return parent(root_from_path(index, k, leaf, rest), path[-1])
    return parent(path[-1], root_from_path(index - k, size - k, leaf, rest))


def roots_from_proof(first: int, second: int, steps: list[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    """RFC 6962, 2.1.2, read backwards: the roots of both trees. `known` is the first where the proof lacks it."""
    if first == second:
        root = steps.pop() if known is None else known
        assert not steps
        return root, root
    k, last = split(second), steps.pop()
    if first <= k:
        older, newer = roots_from_proof(first, k, steps, known)
        return older, parent(newer, last)
    older, newer = roots_from_proof(first - k, second - k, steps, None)
    return parent(last, older), parent(last, newer)


def checked_note(note: str, key: str) -> tuple[str, int, bytes]:
    """What a note says whose only signature is that of the key."""
    text, signature = note.split("\n\n")
    name, _, content = key.split("+", 2)
    public = b64decode(content)[1:]
    dash, signed_by, signed = signature.rstrip("\n").split(" ")
    assert (dash, signed_by) == ("—", name)
    Ed25519PublicKey.from_public_bytes(public).verify(b64decode(signed)[4:], f"{text}\n".encode())
    origin, size, root = text.split("\n")
    return origin, int(size), b64decode(root)


def decoded(answer: Any) -> dict[str, Any]:
    return answer | {"hashes": [b64decode(one) for one in answer["hashes"]]}


# What it answers


def test_restores_of_the_log_are_told(signing: KeptService) -> None:
    epoch = str(signing.timeline.epoch())
    assert signing.get("/v1/log/restores").json == {"epoch": epoch, "restores": []}
    with connect(signing.url) as connection:
        connection.execute(
            "INSERT INTO log.restores SELECT 1, '2026-11-22 08:00+00', 'ann@host', NULL, 7, 9, true, epoch, epoch"
            " FROM log.epoch"
        )
    (told,) = signing.get("/v1/log/restores").json["restores"]
    assert told == {
        "restored_at": "2026-11-22T08:00:00Z",
        "made_at": None,
        "position": 7,
        "checkpoint_size": 9,
        "lost": True,
        "from_epoch": epoch,
        "epoch": epoch,
    }


def test_a_client_checks_an_event_from_key_to_leaf(signing: KeptService) -> None:
    signing.claim()
    size = signing.checkpoint()
    (told,) = signing.get("/v1/log/keys").json["keys"]
    assert told == {"key": str(SIGNER.verifier), "from_size": size}
    answer = signing.get("/v1/log/checkpoint")
    assert answer.content_type == NOTE
    origin, signed_size, root = checked_note(answer.text, told["key"])
    assert (origin, signed_size) == (ORIGIN, size)
    for event in signing.get("/v1/feed").json[:size]:
        position = int(event["sequence"])
        proof = decoded(signing.get("/v1/log/proofs/inclusion", position=position).json)
        leaf = b64decode(proof["leaf"])
        assert struct.unpack(">bq", leaf[:9]) == (1, position)
        assert event["type"].removeprefix("io.frenemies.").encode() in leaf
        hashed = hashlib.sha256(b"\x00" + leaf).digest()
        assert b64decode(proof["leaf_hash"]) == hashed
        assert (proof["position"], proof["index"], proof["size"]) == (position, position - 1, size)
        assert root_from_path(position - 1, size, hashed, proof["hashes"]) == root == b64decode(proof["root"])


def test_every_checkpoint_is_proved_to_be_the_beginning_of_every_later_one(signing: KeptService) -> None:
    roots: dict[int, bytes] = {}
    for company in ("red-hat", "mirantis", "vmware"):
        signing.known(company, f"{company}-2", f"{company}-3")
        size = signing.checkpoint()
        note = signing.get("/v1/log/checkpoint", size=size).text
        assert note == signing.get("/v1/log/checkpoint").text
        roots[size] = checked_note(note, str(SIGNER.verifier))[2]
    assert list(roots) == [3, 7, 11]
    for first, second in combinations(roots, 2):
        proof = decoded(signing.get("/v1/log/proofs/consistency", from_=first, to=second).json)
        is_perfect = first & (first - 1) == 0
        found = roots_from_proof(first, second, proof["hashes"], roots[first] if is_perfect else None)
        assert found == (roots[first], roots[second])
        assert (b64decode(proof["from_root"]), b64decode(proof["to_root"])) == found


def test_the_larger_tree_is_that_of_the_newest_checkpoint_unless_given(signing: KeptService) -> None:
    signing.known("red-hat", "mirantis")
    signing.checkpoint()
    signing.known("vmware")
    signing.keeper.catch_up()
    assert signing.get("/v1/log/proofs/consistency", from_=1).json["to"] == 2
    assert signing.get("/v1/log/proofs/consistency", from_=1, to=4).json["to"] == 4
    assert signing.get("/v1/log/proofs/inclusion", position=4, size=4).json["size"] == 4


def test_the_feed_carries_checkpoints_and_nothing_else_changes(signing: KeptService) -> None:
    signing.known("red-hat")
    before = signing.get("/v1/entities/red-hat").json
    size = signing.checkpoint()
    event = signing.get("/v1/feed").json[-1]
    assert (event["type"], event["subject"]) == ("io.frenemies.LogCheckpointed.v1", "log/checkpoints")
    assert event["sequence"] == str(size + 1)
    assert event["data"]["note"] == signing.get("/v1/log/checkpoint").text
    assert checked_note(event["data"]["note"], str(SIGNER.verifier))[1:] == (
        event["data"]["size"],
        b64decode(event["data"]["root"]),
    )
    after = signing.get("/v1/entities/red-hat").json
    assert {name for name in after if after[name] != before[name]} <= {"position", "clocks", "token"}
    ready = signing.get("/readyz").json
    assert (ready["ready"], ready["parked"], ready["position"]) == (True, 0, size + 1)


def test_the_schema_of_the_event_is_served(signing: KeptService) -> None:
    shape = signing.get("/v1/event-types/LogCheckpointed.v1").json["$defs"]["LogCheckpointed"]
    assert {"id", "size", "root", "note"} <= set(shape["required"])


# What it refuses


def test_without_a_key_it_says_why_there_is_no_checkpoint(keyless: KeptService) -> None:
    keyless.known("red-hat")
    keyless.keeper.catch_up()
    told = refused(keyless.get("/v1/log/checkpoint"), 404, "unknown")
    assert "no key" in told["detail"]
    assert keyless.get("/v1/log/keys").json["keys"] == []
    assert keyless.get("/v1/log/proofs/inclusion", position=1).json["size"] == 1


def test_before_the_first_checkpoint_it_says_that_one_will_come(signing: KeptService) -> None:
    told = refused(signing.get("/v1/log/checkpoint"), 404, "unknown")
    assert "yet" in told["detail"]
    assert signing.get("/v1/log/keys").json == {
        "origin": ORIGIN,
        "keys": [{"key": str(SIGNER.verifier), "from_size": None}],
    }


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("checkpoint", {"size": 3}, 404, "unknown"),
        ("checkpoint", {"size": 0}, 422, "bad-query"),
        ("proofs/inclusion", {"position": 1, "size": 9}, 404, "unknown"),
        ("proofs/inclusion", {"position": 3}, 422, "invalid"),
        ("proofs/inclusion", {"position": 0}, 422, "bad-query"),
        ("proofs/inclusion", {}, 422, "bad-query"),
        ("proofs/consistency", {"from_": 2, "to": 9}, 404, "unknown"),
        ("proofs/consistency", {"from_": 2, "to": 1}, 422, "invalid"),
        ("proofs/consistency", {"from_": 0, "to": 1}, 422, "bad-query"),
        ("proofs/consistency", {"to": 1}, 422, "bad-query"),
        ("keys", {"size": 1}, 422, "bad-query"),
    ],
)
def test_what_is_not_there_is_refused(
    signing: KeptService, path: str, query: dict[str, int], status: int, code: str
) -> None:
    signing.known("red-hat", "mirantis")
    signing.checkpoint()
    refused(signing.get(f"/v1/log/{path}", **query), status, code)
