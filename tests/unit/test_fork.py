"""A process that goes on with what its parent has loaded takes along nothing else."""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.serve.fork import Fork, Program
from tests.feeding import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
LONGEST = 30.0


@contextmanager
def forked(
    program: Program, environment: Mapping[str, str] | None = None, files: tuple[int, ...] = ()
) -> Iterator[Fork]:
    process = Fork("test", program, environment or {}, files)
    try:
        yield process
    finally:
        process.kill()
        process.wait(LONGEST)


@pytest.fixture
def say() -> Iterator[tuple[Callable[[str], None], Callable[[], str], int]]:
    """How a child says something, how it is heard, and the file that it needs for that."""
    heard, said = os.pipe()

    def tell(text: str) -> None:
        os.write(said, text.encode())

    def hear() -> str:
        assert select.select([heard], [], [], LONGEST)[0], "nothing was said"
        return os.read(heard, 4_096).decode()

    yield tell, hear, said
    os.close(heard)
    os.close(said)


def _fail() -> int:
    raise LookupError("a fault of the test")


def _pause() -> int:
    signal.pause()
    return 0


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (lambda: 0, 0),
        (lambda: 7, 7),
        (_fail, 1),
        (lambda: sys.exit(), 0),
        (lambda: sys.exit(3), 3),
        (lambda: sys.exit("a reason"), 1),
        (lambda: os.kill(os.getpid(), signal.SIGKILL) or _pause(), -signal.SIGKILL),
    ],
)
def test_its_end_is_told(program: Program, code: int) -> None:
    with forked(program) as process:
        assert process.wait(LONGEST) == code
        assert process.poll() == code


def test_it_has_its_own_environment_and_group_and_an_empty_input(say) -> None:  # type: ignore[no-untyped-def]
    tell, heard, said = say

    def program() -> int:
        tell(repr((dict(os.environ), os.getpgid(0) == os.getpid(), os.read(0, 1))))
        return 0

    with forked(program, {"OURS": "1"}, (said,)) as process:
        assert heard() == repr(({"OURS": "1"}, True, b""))
        assert process.wait(LONGEST) == 0


def test_of_open_files_it_keeps_those_given(say) -> None:  # type: ignore[no-untyped-def]
    tell, heard, said = say

    def program() -> int:
        handles = [handle for handle in Path("/proc/self/fd").iterdir() if handle.is_symlink()]
        nothing = (os.devnull, f"/proc/{os.getpid()}/fd")
        tell(repr({int(handle.name) for handle in handles if str(handle.readlink()) not in nothing} - {1, 2}))
        return 0

    with forked(program, {}, (said,)):
        assert heard() == repr({said})


def test_what_its_parent_does_at_its_end_it_does_not_do_but_what_itself_wants_to(say) -> None:  # type: ignore[no-untyped-def]
    tell, heard, said = say

    def program() -> int:
        atexit.register(tell, "of the child")
        return 0

    atexit.register(tell, "of the parent")
    try:
        with forked(program, {}, (said,)) as process:
            assert heard() == "of the child"
            process.wait(LONGEST)
    finally:
        atexit.unregister(tell)
    tell("no more")
    assert heard() == "no more"


def test_asked_to_end_before_it_has_handlers_it_ends(say) -> None:  # type: ignore[no-untyped-def]
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        for _ in range(20):
            with forked(_pause) as process:
                process.ask_to_end()
                assert process.wait(LONGEST) == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, before)


def test_it_ends_with_its_parent(say) -> None:  # type: ignore[no-untyped-def]
    tell, heard, said = say

    def parent() -> int:
        tell(str(Fork("child", _pause, {}).pid))
        return _pause()

    with forked(parent, {}, (said,)) as process:
        child = Path(f"/proc/{heard()}")
        assert child.exists()
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: not child.exists() or "(zombie)" in (child / "status").read_text())


def test_its_name_is_seen_from_outside(say) -> None:  # type: ignore[no-untyped-def]
    tell, heard, said = say

    def program() -> int:
        tell("begun")
        return _pause()

    with forked(program, {"SECRET": "canary"}, (said,)) as process:
        assert heard() == "begun"
        assert Path(f"/proc/{process.pid}/cmdline").read_bytes().rstrip(b"\0") == b"frenemies: test"
        assert b"canary" not in Path(f"/proc/{process.pid}/environ").read_bytes()
