"""The log made verifiable: checkpoints, verifier keys, and proofs (RFC 9162, section 2.1)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from flask import Response

from service.http.api import Resource
from service.http.body import PLAIN
from service.http.context import timeline
from service.http.demands import needs
from service.http.jsons import json_answer
from service.http.query import CheckpointQuery, ConsistencyQuery, InclusionQuery
from service.keys.scopes import FEED_READ

RESOURCE = Resource("log", "What is needed to check that nothing in the log was changed.", reads=needs(FEED_READ))


@RESOURCE.get("/v1/log/checkpoint", "CheckpointNote", query=CheckpointQuery, media=PLAIN)
def read_checkpoint(query: dict[str, Any]) -> Response:
    """The newest signed checkpoint of the log, or that of a size (C2SP tlog-checkpoint). Keep a copy elsewhere."""
    return Response(timeline().proofs.checkpoint(query.get("size")).note, content_type=PLAIN)


@RESOURCE.get("/v1/log/keys", "LogKeys", refused=())
def list_keys() -> Response:
    """The name of the log in checkpoints, and the verifier keys in the order of their use (C2SP signed-note)."""
    identity = timeline().proofs.identity()
    keys = [{"key": key, "from_size": size or None} for key, size in identity.keys]
    return json_answer({"origin": identity.origin, "keys": keys})


@RESOURCE.get("/v1/log/restores", "LogRestores", refused=())
def list_restores() -> Response:
    """The identity of the log, which is in every cursor, and each time that the log was put back from a copy."""
    told = [one.plain() for one in timeline().proofs.restores()]
    return json_answer({"epoch": timeline().epoch(), "restores": told})


@RESOURCE.get("/v1/log/proofs/inclusion", "InclusionProof", query=InclusionQuery)
def prove_inclusion(query: dict[str, Any]) -> Response:
    """That an event is in the tree of a size. The leaf holds every column of the event (docs/verify.md)."""
    proof = timeline().proofs.inclusion(query["position"], query.get("size"))
    return json_answer(
        {
            "position": proof.position,
            "index": proof.position - 1,
            "size": proof.size,
            "root": _base64(proof.root),
            "leaf": _base64(proof.leaf),
            "leaf_hash": _base64(proof.leaf_hash),
            "hashes": _all_base64(proof.hashes),
        }
    )


@RESOURCE.get("/v1/log/proofs/consistency", "ConsistencyProof", query=ConsistencyQuery)
def prove_consistency(query: dict[str, Any]) -> Response:
    """That the tree of one size begins with that of a smaller one: nothing was changed or taken out in between."""
    proof = timeline().proofs.consistency(query["from_"], query.get("to"))
    return json_answer(
        {
            "from": proof.first,
            "to": proof.second,
            "from_root": _base64(proof.first_root),
            "to_root": _base64(proof.second_root),
            "hashes": _all_base64(proof.hashes),
        }
    )


def _base64(hashed: bytes) -> str:
    return b64encode(hashed).decode()


def _all_base64(hashes: Iterable[bytes]) -> list[str]:
    return [_base64(one) for one in hashes]
