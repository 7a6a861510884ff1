"""Questions of several pages."""

from __future__ import annotations

import httpx2
import pytest

from frenemies import Client, Malformed
from tests.unit.client.service import BASE


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:9/v1/entities", "https://example.org/", "v1/entities"])
def test_the_key_does_not_go_to_where_a_next_page_is_said_to_be(elsewhere: str) -> None:
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return httpx2.Response(200, json={"entities": [], "next": elsewhere})

    with Client(BASE, "secret", transport=httpx2.MockTransport(answer)) as client, pytest.raises(Malformed):
        list(client.entities())
    assert asked == ["127.0.0.1"]
