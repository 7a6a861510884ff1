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
from time import monotonic

from service.rates.policy import Policy, Room, ask

SLOTS = 4_096
"""How many may be remembered at once; a slot is free again when its quota is whole."""
PROBES = 32
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
        name = hashlib.blake2b(f"{policy.name}\0{who}".encode(), digest_size=16).digest()
        with self._locked() as memory:
            now = monotonic()
            place, spent_until = _find(memory, name, now)
            room, after = ask(policy, spent_until, now)
            _SLOT.pack_into(memory, place, name, after)
            return room

    @contextmanager
    def _locked(self) -> Iterator[mmap.mmap]:
        with self._lock:
            if self._memory is None:
                self._handle, self._memory = _opened(self._file)
            if self._handle < 0:
                yield self._memory
                return
            fcntl.lockf(self._handle, fcntl.LOCK_EX)
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


def _find(memory: mmap.mmap, name: bytes, now: float) -> tuple[int, float]:
    """The slot of a name, or the one that it gets, and until when its quota is spent."""
    begin = int.from_bytes(name[:4], "big")
    spare, least = 0, float("inf")
    for step in range(PROBES):
        place = (begin + step) % SLOTS * _SLOT.size
        found, spent_until = _SLOT.unpack_from(memory, place)
        if found == name:
            return place, spent_until
        if max(spent_until, now) < least:
            spare, least = place, max(spent_until, now)
    return spare, now
