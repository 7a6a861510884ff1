"""What everybody has spent of a quota, in memory that the processes of a service share.

The processes that answer requests are several, so each by itself would grant the quota once more, and a client would
have more or less of it by the connection that it has. What is shared is a small file of slots, mapped by all.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from service.rates.policy import Policy, Room, ask

SLOTS = 4_096
"""How many may be remembered at once; a slot is free again when its quota is whole."""
PROBES = 32
_TRIES, _PAUSE = 40, 0.000_25
_SLOT = struct.Struct("<16sd")
_SIZE = SLOTS * _SLOT.size


class Meter:
    """Counts requests by name of who asks. For all threads, and for all processes that name the same file.

    The file is made where it is not there, and opened at the first use, so after a fork. Without a file it counts for
    this process. Where more are counted at once than there is room for, who has spent least is forgotten.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = Lock()
        self._handle = -1
        self._memory: mmap.mmap | None = None

    def ask(self, policy: Policy, who: str) -> Room:
        """Spends one request of somebody's quota, if there is room. OSError where the file cannot be used."""
        with self._locked() as memory:
            now = monotonic()
            place, name, spent_until = _find(memory, policy, who, now)
            room, after = ask(policy, spent_until, now)
            _SLOT.pack_into(memory, place, name, after)
            return room

    def look(self, policy: Policy, who: str) -> Room:
        """What `ask` would say, and nothing is spent."""
        with self._locked() as memory:
            now = monotonic()
            return ask(policy, _find(memory, policy, who, now)[2], now)[0]

    @contextmanager
    def _locked(self) -> Iterator[mmap.mmap]:
        with self._lock:
            if self._memory is None:
                self._handle, self._memory = _opened(self._file)
            if self._handle < 0:
                yield self._memory
                return
            _lock(self._handle)
            try:
                yield self._memory
            finally:
                fcntl.lockf(self._handle, fcntl.LOCK_UN)


def _opened(file: Path | None) -> tuple[int, mmap.mmap]:
    if file is None:
        return -1, mmap.mmap(-1, _SIZE)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.truncate(handle, _SIZE)
    return handle, mmap.mmap(handle, _SIZE)


def _lock(handle: int) -> None:
    """It is held for microseconds; who is stopped with it must not stop others: BlockingIOError after some tries."""
    for _ in range(_TRIES):
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(_PAUSE)
        else:
            return
    raise BlockingIOError("another process holds the lock")


def _find(memory: mmap.mmap, policy: Policy, who: str, now: float) -> tuple[int, bytes, float]:
    """The slot that somebody has or gets, what is written there as their name, and until when their quota is spent."""
    name = hashlib.blake2b(f"{policy.name}\0{who}".encode(), digest_size=16).digest()
    begin = int.from_bytes(name[:4], "big")
    spare, least = 0, float("inf")
    for step in range(PROBES):
        place = (begin + step) % SLOTS * _SLOT.size
        found, spent_until = _SLOT.unpack_from(memory, place)
        if found == name:
            return place, name, spent_until
        if max(spent_until, now) < least:
            spare, least = place, max(spent_until, now)
    return spare, name, now
