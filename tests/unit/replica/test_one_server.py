"""The address of a replica names one server."""

from __future__ import annotations

import pytest

from service.db import demand_one_server
from service.errors import SettingsError


@pytest.mark.parametrize("url", ["postgresql://a@one/db", "host=one port=5432", "postgresql:///db?host=/run"])
def test_one_server_is_taken(url: str) -> None:
    demand_one_server(url)


@pytest.mark.parametrize("url", ["postgresql://a@one,two/db", "postgresql://a@one:1,two:2/db", "host=one,two"])
def test_several_are_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="READ_DATABASE_URL has to name one server"):
        demand_one_server(url)


def test_what_is_no_address_is_refused_without_its_text() -> None:
    with pytest.raises(SettingsError) as raised:
        demand_one_server("postgresql://a:secret@one/db?nonsense")
    assert "secret" not in str(raised.value)
