"""What is sent on a link without waiting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest

from service.live.links import MOST_AT_ONCE, Link

if TYPE_CHECKING:
    from asyncio import WriteTransport


class Transport:
    """A way on which some bytes wait."""

    def __init__(self, waiting: int = 0) -> None:
        self.waiting = waiting

    def get_write_buffer_size(self) -> int:
        return self.waiting


class Never:
    """What never comes."""

    def __await__(self) -> Iterator[None]:
        while True:
            yield


class Server:
    """Writes what is sent, and waits for the client where it is `slow`."""

    def __init__(self, is_slow: bool = False) -> None:
        self.written: list[bytes] = []
        self._is_slow = is_slow

    async def send(self, message: dict[str, Any]) -> None:
        assert message["type"] == "http.response.body" and message["more_body"]
        self.written.append(message["body"])
        if self._is_slow:
            await Never()


def linked(server: Server, transport: Transport | None) -> Link:
    return Link(server.send, cast("WriteTransport | None", transport))


@pytest.mark.parametrize(
    ("transport", "size", "is_sent"),
    [
        (Transport(), 1, True),
        (Transport(), MOST_AT_ONCE, True),
        (Transport(), MOST_AT_ONCE + 1, False),
        (Transport(1), 1, False),
        (None, 1, False),
    ],
    ids=["free", "small", "large", "busy", "unknown"],
)
def test_a_part_is_sent_at_once_or_not_at_all(transport: Transport | None, size: int, is_sent: bool) -> None:
    server = Server()
    assert linked(server, transport).put_at_once(b"x" * size) is is_sent
    assert server.written == [b"x" * size] * is_sent


def test_what_the_server_has_written_is_sent_even_if_it_would_wait() -> None:
    server = Server(is_slow=True)
    assert linked(server, Transport()).put_at_once(b"part")
    assert server.written == [b"part"]
