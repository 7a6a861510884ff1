"""How far something is, and waiting until it is farther."""

from __future__ import annotations

import asyncio

from service.live.front import Front
from tests.unit.live.live import run


def test_whoever_is_behind_need_not_wait() -> None:
    async def work() -> bool:
        return await Front(asyncio.get_running_loop(), 5).beyond(4, 0)

    assert run(work)


def test_it_waits_until_it_is_beyond_and_not_only_nearer() -> None:
    async def work() -> tuple[bool, bool]:
        front = Front(asyncio.get_running_loop(), 5)
        waiting = asyncio.ensure_future(front.beyond(7, 20))
        for position in (6, 7):
            await asyncio.sleep(0)
            front.move(position)
        for _ in range(5):
            await asyncio.sleep(0)
        was_woken = waiting.done()
        front.move(8)
        return was_woken, await waiting

    assert run(work) == (False, True)


def test_when_the_time_is_over_it_is_not_beyond() -> None:
    async def work() -> tuple[bool, float]:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        return await Front(loop, 5).beyond(5, 0.05), loop.time() - begun

    is_beyond, seconds = run(work)
    assert not is_beyond and 0.04 < seconds < 5


def test_those_who_wait_are_let_go_when_it_is_closed() -> None:
    async def work() -> list[bool]:
        front = Front(asyncio.get_running_loop(), 5)
        waiting = [asyncio.ensure_future(front.beyond(5, 20)) for _ in range(3)]
        await asyncio.sleep(0)
        front.close()
        return [*await asyncio.gather(*waiting), await front.beyond(0, 20)]

    assert run(work) == [False] * 4


def test_whoever_gives_up_waiting_is_forgotten() -> None:
    async def work() -> int:
        front = Front(asyncio.get_running_loop(), 5)
        waiting = asyncio.ensure_future(front.beyond(5, 20))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await front.beyond(5, 0.01)
        return len(front._watching)

    assert run(work) == 0
