"""A source as a stream, and as a page that is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from service.errors import StoreUnavailable
from service.live import streams as module
from service.live.front import Front
from service.live.source import Reading
from service.live.streams import Streaming, page
from tests.unit.live.live import Client, ListSource, MemorySource, run, told
from tests.unit.live.sse import Message, messages

HEARTBEAT = 0.03


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


def even(number: int) -> bool:
    return number % 2 == 0


def never(_: int) -> bool:
    return False


def places(found: Sequence[Message], name: str = "message") -> list[int]:
    """The positions of those with a name, by their ids."""
    by_cursor = {told(number).cursor: number for number in range(200)}
    return [by_cursor[one.last_id] for one in found if one.name == name]


class Listening:
    """A stream of a source in the running loop, and what its client has taken."""

    def __init__(self, source: ListSource, place: int = 0, heartbeat: float = 20, client: Client | None = None) -> None:
        self.front = source.front
        self.client = client or Client()
        self._streaming = Streaming(source, place, self.client, None, heartbeat)  # type: ignore[arg-type]
        self._task = asyncio.create_task(self._streaming.run())

    @property
    def raw(self) -> bytes:
        return self.client.taken

    @property
    def found(self) -> list[Message]:
        return messages(self.client.taken)

    @property
    def is_standing(self) -> bool:
        """Whether it waits at the end for what comes."""
        return any(getattr(act, "__self__", None) is self._streaming for act in self.front._watching)

    async def closed(self) -> list[Message]:
        """All that was told, once the source has ended."""
        self.front.close()
        await self._task
        return self.found


def front_at(position: int) -> Front:
    return Front(asyncio.get_running_loop(), position)


def test_everything_is_told_once_in_order_and_then_that_it_has_caught_up() -> None:
    async def work() -> None:
        listening = Listening(ListSource(front_at(35), even), 3)
        await until(lambda: places(listening.found, "caught-up"))
        listening.front.move(40)
        await until(lambda: places(listening.found)[-1] == 40)
        found = await listening.closed()
        assert listening.raw.startswith(b"retry: 1000\nid: ")
        assert places(found) == list(range(4, 41, 2))
        assert places(found, "caught-up") == [35]
        names = [one.name for one in found]
        assert names.index("caught-up") == 16 and names[-1] == "ended" and names.count("ended") == 1

    run(work)


def test_from_an_empty_log_it_has_caught_up_at_once() -> None:
    async def work() -> None:
        listening = Listening(ListSource(front_at(0)))
        await until(lambda: listening.found)
        assert [(m.name, places([m], m.name)) for m in listening.found] == [("caught-up", [0])]
        await listening.closed()

    run(work)


def test_where_nothing_happens_a_heartbeat_is_heard() -> None:
    async def work() -> None:
        listening = Listening(ListSource(front_at(5)), 0, HEARTBEAT)
        await until(lambda: listening.raw.count(b": heartbeat\n\n") > 2)
        assert [m.name for m in await listening.closed()] == ["message"] * 5 + ["caught-up", "ended"]

    run(work)


def test_where_nothing_is_wanted_of_what_happens_it_is_told_how_far_was_looked() -> None:
    async def work() -> None:
        listening = Listening(ListSource(front_at(5), never), 0, HEARTBEAT)
        await until(lambda: places(listening.found, "caught-up"))
        for position in range(6, 160):  # more often than there are heartbeats
            listening.front.move(position)
            await asyncio.sleep(0.002)
        seen = places(listening.found, "checkpoint")
        assert len(seen) > 2 and seen == sorted(set(seen)) and seen[0] > 5
        await listening.closed()

    run(work)


def test_a_long_way_without_a_match_is_told_step_by_step() -> None:
    async def work() -> None:
        listening = Listening(ListSource(front_at(45), lambda n: n == 44))
        await until(lambda: places(listening.found, "caught-up"))
        found = await listening.closed()
        assert places(found, "checkpoint") == [10, 20, 30, 40]
        assert (places(found), places(found, "caught-up")) == ([44], [45])

    run(work)


def test_from_every_id_that_was_told_the_rest_follows() -> None:
    async def work() -> None:
        listening = Listening(ListSource(front_at(45), lambda n: n % 7 == 0))
        await until(lambda: places(listening.found, "caught-up"))
        for place in {*places(await listening.closed()), *places(listening.found, "checkpoint"), 45}:
            again = Listening(ListSource(front_at(45), lambda n: n % 7 == 0), place)
            await until(lambda again=again: places(again.found, "caught-up"))
            assert places(await again.closed()) == [n for n in range(place + 1, 46) if n % 7 == 0]

    run(work)


class Lagging(ListSource):
    """What is in memory has not taken in the last of what there is."""

    def at_hand(self, place: int) -> Reading | None:
        return Reading([told(n) for n in range(place + 1, 4)], max(place, 3), True) if place >= 1 else None


@pytest.mark.parametrize("place", [0, 1, 3, 5])
def test_it_has_caught_up_only_when_the_database_says_so(place: int) -> None:
    async def work() -> None:
        listening = Listening(Lagging(front_at(5)), place)
        await until(lambda: places(listening.found, "caught-up"))
        assert places(listening.found, "caught-up") == [5]
        assert places(await listening.closed()) == list(range(place + 1, 6))

    run(work)


class Failing(ListSource):
    """Cannot be read some times."""

    def __init__(self, front: Front, times: int) -> None:
        super().__init__(front)
        self.times = times

    def read(self, place: int) -> Reading:
        self.times -= 1
        if self.times >= 0:
            raise StoreUnavailable("It is away.")
        return super().read(place)


def test_as_long_as_the_database_is_away_the_stream_lives_and_then_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.005)

    async def work() -> None:
        listening = Listening(Failing(front_at(5), 3))
        await until(lambda: places(listening.found, "caught-up"))
        assert listening.raw.count(b": heartbeat\n\n") == 3
        assert places(await listening.closed()) == [1, 2, 3, 4, 5]

    run(work)


class Gated(Client):
    """Takes nothing more until its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.parts = 0

    async def put(self, part: bytes) -> None:
        self.parts += 1
        self.taken += part
        await self.gate.wait()


def test_a_client_that_does_not_take_is_not_told_more() -> None:
    async def work() -> None:
        client = Gated()
        listening = Listening(ListSource(front_at(100)), client=client)
        await until(lambda: client.parts)
        for _ in range(20):
            await asyncio.sleep(0)
        assert client.parts == 1
        client.gate.set()
        await until(lambda: places(listening.found, "caught-up"))
        assert places(await listening.closed()) == list(range(1, 101))

    run(work)


def test_what_comes_is_handed_on_without_waking_the_stream() -> None:
    async def work() -> None:
        client = Client(is_quick=True)
        listening = Listening(MemorySource(front_at(5), even), client=client)
        await until(lambda: listening.is_standing)
        for position in (6, 7, 9, 12):
            listening.front.move(position)
            assert places(listening.found)[-1] == position - position % 2, "by the time that it has moved"
        assert client.at_once == 3
        assert places(await listening.closed()) == [2, 4, 6, 8, 10, 12]

    run(work)


def test_what_the_client_does_not_take_at_once_waits_for_it_and_nothing_is_told_twice() -> None:
    async def work() -> None:
        client = Client(is_quick=True)
        listening = Listening(MemorySource(front_at(0)), client=client)
        await until(lambda: listening.is_standing)
        for position in range(1, 60):
            client.is_quick = position % 3 == 0
            listening.front.move(position)
            for _ in range(position % 7):
                await asyncio.sleep(0)
        await until(lambda: places(listening.found)[-1] == 59)
        assert client.at_once > 0
        assert places(await listening.closed()) == list(range(1, 60))

    run(work)


def test_what_was_left_out_after_what_was_handed_on_is_told_by_a_heartbeat() -> None:
    async def work() -> None:
        listening = Listening(MemorySource(front_at(0), even), 0, HEARTBEAT, Client(is_quick=True))
        await until(lambda: listening.is_standing)
        for position in range(1, 40):
            listening.front.move(position)
        await until(lambda: places(listening.found, "checkpoint"))
        assert places(listening.found, "checkpoint") == [39]
        await until(lambda: listening.raw.count(b": heartbeat\n\n"))
        await listening.closed()

    run(work)


class Broken(MemorySource):
    """Its memory fails."""

    def at_hand(self, place: int) -> Reading | None:
        if place > self._start:
            raise ZeroDivisionError
        return super().at_hand(place)


def test_a_stream_that_fails_keeps_nothing_from_the_others() -> None:
    async def work() -> None:
        front = front_at(0)
        sources = [Broken(front), MemorySource(front)]
        broken, sound = (Listening(source, client=Client(is_quick=True)) for source in sources)
        await until(lambda: broken.is_standing and sound.is_standing)
        for position in (1, 2, 3):
            front.move(position)
        assert places(sound.found) == [1, 2, 3]
        await until(lambda: not broken.is_standing)
        with pytest.raises(ZeroDivisionError):
            await broken.closed()
        await sound.closed()

    run(work)


def paged(source: ListSource, place: int, limit: int, seconds: float) -> Any:
    return page(source, place, None, limit, seconds)  # type: ignore[arg-type]


def test_a_page_holds_what_there_is_up_to_its_limit() -> None:
    async def work() -> None:
        source = ListSource(front_at(35), even)
        assert await paged(source, 0, 3, 20) == ([told(2), told(4), told(6)], 6)
        assert await paged(source, 4, 200, 20) == ([told(n) for n in (6, 8, 10, 12, 14)], 14)
        assert await paged(source, 32, 200, 20) == ([told(34)], 35)

    run(work)


def test_a_page_is_given_as_soon_as_there_is_something() -> None:
    async def work() -> None:
        source = ListSource(front_at(5), even)
        waiting = asyncio.ensure_future(paged(source, 5, 10, 20))
        for position in (7, 9):  # of which 6 is the first wanted
            await asyncio.sleep(0)
            assert not waiting.done()
            source.front.move(position)
        events, reached = await waiting
        assert events[0] == told(6) and reached in (7, 9)

    run(work)


@pytest.mark.parametrize(("chosen", "reached"), [(even, 5), (never, 9)])
def test_a_page_is_empty_when_the_time_is_over_and_says_how_far_was_looked(
    chosen: Callable[[int], bool], reached: int
) -> None:
    async def work() -> None:
        source = ListSource(front_at(5), chosen)
        waiting = asyncio.ensure_future(paged(source, 5, 10, 0.05))
        await asyncio.sleep(0)
        source.front.move(reached)
        assert await waiting == ([], reached)

    run(work)


def test_a_page_is_given_at_once_when_the_service_ends() -> None:
    async def work() -> None:
        source = ListSource(front_at(5))
        waiting = asyncio.ensure_future(paged(source, 5, 10, 20))
        await asyncio.sleep(0)
        source.front.close()
        assert await waiting == ([], 5)

    run(work)


def test_a_page_waits_for_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.005)

    async def work() -> None:
        assert await paged(Failing(front_at(2), 2), 0, 10, 20) == ([told(1), told(2)], 2)
        assert await paged(Failing(front_at(2), 10**6), 0, 10, 0.05) == ([], 0)

    run(work)
