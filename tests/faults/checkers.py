"""Judges of a fault run. Each gives what is wrong, in words, and nothing where a promise was kept.

They are functions of what was written down during the run: no clock, network or database. What each of them is there
to find is shown by `test_checkers.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from events.merkle import is_consistent
from tests.faults.history import INFO, OK, Operation

_EXAMPLES = 5
_ALLOWED = frozenset((503, 507))


class Row(NamedTuple):
    """One event of the log. `number` is that of the wish it is about; None for an event that nobody wished for."""

    position: int
    stream: str
    version: int
    number: int | None


class Sight(NamedTuple):
    """An event as a reader saw it: where, and the hash of its bytes."""

    position: int
    digest: bytes


@dataclass(frozen=True)
class Delivery:
    """An event as it came to a receiver of webhooks."""

    sight: Sight
    id: str
    is_signed: bool


@dataclass(frozen=True)
class Proof:
    """That the log of one checkpoint begins with that of an earlier one; `kept` is the root that was told then."""

    first: int
    second: int
    kept: bytes
    first_root: bytes
    second_root: bytes
    hashes: Sequence[bytes]


def lost(operations: Iterable[Operation], log: Iterable[Row]) -> Iterator[str]:
    """C1: what was acknowledged is in the log, at the position that was told."""
    places: dict[int | None, list[int]] = defaultdict(list)
    for row in log:
        places[row.number].append(row.position)
    for operation in operations:
        found = places.get(operation.number, [])
        if operation.outcome == OK and operation.position not in found:
            yield f"C1: number {operation.number} was acknowledged at {operation.position} and is at {found or 'none'}"


def unasked(operations: Iterable[Operation], log: Iterable[Row]) -> Iterator[str]:
    """C2: what is in the log was acknowledged, or nobody knows; nothing of it was refused, or never wished for."""
    wished = {operation.number for operation in operations if operation.outcome in (OK, INFO)}
    for row in log:
        if row.number is not None and row.number not in wished:
            yield f"C2: number {row.number} is at position {row.position}, and was refused or never wished for"


def doubled(log: Sequence[Row]) -> Iterator[str]:
    """C3: each number is there once, and each position too."""
    for number, times in Counter(row.number for row in log if row.number is not None).items():
        if times > 1:
            yield f"C3: number {number} is in the log {times} times"
    for position, times in Counter(row.position for row in log).items():
        if times > 1:
            yield f"C3: position {position} is in the log {times} times"


def out_of_step(name: str, seen: Sequence[Sight], log: Mapping[int, bytes]) -> Iterator[str]:
    """C4: a reader saw every event up to its last one, once, in order, and with the same bytes as everybody."""
    for before, after in pairwise(seen):
        if after.position <= before.position:
            yield f"C4: {name} saw {after.position} after {before.position}"
            break
    positions = {sight.position for sight in seen}
    last = max(positions, default=0)
    missed = sorted(position for position in log if position <= last and position not in positions)
    if missed:
        yield f"C4: {name} never saw {len(missed)} events up to {last}: {missed[:_EXAMPLES]}"
    other = [sight.position for sight in seen if log.get(sight.position) != sight.digest]
    if other:
        yield f"C4: {name} saw {len(other)} other events than are in the log: {other[:_EXAMPLES]}"


def gaps(log: Iterable[Row]) -> Iterator[str]:
    """C5: positions, and the versions of each stream, go from 1 on without a gap, in this order."""
    versions: dict[str, int] = defaultdict(int)
    for place, row in enumerate(sorted(log), start=1):
        if row.position != place:
            yield f"C5: position {row.position} is the {place}th of the log"
            return
        if row.version != versions[row.stream] + 1:
            yield f"C5: {row.stream} has version {row.version} after {versions[row.stream]}"
        versions[row.stream] = row.version


def misfolded(live: Mapping[Any, Any], folded: Mapping[Any, Any]) -> Iterator[str]:
    """C6: the answer to each question is what a plain fold of the log says."""
    for question, answer in folded.items():
        if live.get(question) != answer:
            yield f"C6: {question} is answered {live.get(question)!r}, and the log says {answer!r}"


def differently_built(differences: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """C7: tables built anew from the log have the same rows as the live ones."""
    for projection, found in differences.items():
        for difference in found[:_EXAMPLES]:
            yield f"C7: {projection}, built anew, differs: {difference}"


def undelivered(came: Sequence[Delivery], log: Mapping[int, bytes]) -> Iterator[str]:
    """C8: each event came at least once, always signed and under the same id, with the bytes of the feed."""
    ids: dict[int, set[str]] = defaultdict(set)
    for one in came:
        ids[one.sight.position].add(one.id)
        if not one.is_signed:
            yield f"C8: {one.sight.position} came without a valid signature"
        if log.get(one.sight.position) != one.sight.digest:
            yield f"C8: {one.sight.position} came with other bytes than the feed has"
    missed = sorted(log.keys() - ids.keys())
    if missed:
        yield f"C8: {len(missed)} events never came: {missed[:_EXAMPLES]}"
    for position, names in ids.items():
        if len(names) > 1:
            yield f"C8: {position} came under {len(names)} ids"


def inconsistent(proofs: Iterable[Proof]) -> Iterator[str]:
    """C9: the log of the last checkpoint begins with the log of every earlier one."""
    for proof in proofs:
        roots = proof.first_root, proof.second_root
        if proof.kept != proof.first_root or not is_consistent(proof.first, proof.second, proof.hashes, *roots):
            yield f"C9: the log of {proof.second} events does not begin with that of {proof.first}"


def improper(statuses: Mapping[int, int], unannounced: Mapping[str, int]) -> Iterator[str]:
    """C10: nobody is told anything but success, a redirect, a refusal, or that it cannot be done now, and when then."""
    for status, times in sorted(statuses.items()):
        if not 200 <= status < 500 and status not in _ALLOWED:
            yield f"C10: {times} answers had the status {status}"
    for path, times in sorted(unannounced.items()):
        yield f"C10: {times} answers of {path} were 503 and did not say when to come back"


def late(times: Mapping[str, float | None], limits: Mapping[str, float]) -> Iterator[str]:
    """C11: everything came back in time; None is never."""
    for what, limit in limits.items():
        took = times.get(what)
        if took is None:
            yield f"C11: {what}: it did not come back"
        elif took > limit:
            yield f"C11: {what} took {took:.1f} s, and has {limit:g} s"


def grown(before: Mapping[str, float], now: Mapping[str, float], slack: Mapping[str, float]) -> Iterator[str]:
    """C12: nothing is used up: each figure is within a tenth of what it was, and the slack that is named for it."""
    for what, was in before.items():
        most = was * 1.1 + slack.get(what, 0.0)
        if now.get(what, 0.0) > most:
            yield f"C12: {what} went from {was:g} to {now[what]:g}"
