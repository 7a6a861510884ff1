"""What the environment sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import SettingsError
from service.settings import Limits, Settings, read_settings
from service.sql import parse_queries

NAMES = ("DATABASE_URL", "MIGRATE_URL", "FRENEMIES_DATA", "FRENEMIES_HOST", "FRENEMIES_PORT", "FRENEMIES_ADMIN_KEY")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_nothing_has_to_be_set() -> None:
    settings = read_settings()
    assert settings == Settings()
    assert (settings.host, settings.port, settings.database_url, settings.admin_key) == ("127.0.0.1", 8000, None, None)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["postgresql://a/b", "postgresql://m/b", "/srv/data", "0.0.0.0", "9000", "secret"]
    for name, value in zip(NAMES, given, strict=True):
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert (settings.database_url, settings.migrate_url, settings.data) == (given[0], given[1], Path("/srv/data"))
    assert (settings.host, settings.port, settings.admin_key) == ("0.0.0.0", 9000, "secret")
    assert "secret" not in repr(settings)
    assert settings.database("postgresql://a/b").pool_size == settings.pool_size


def test_the_key_of_the_log_is_read_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRENEMIES_LOG_KEY", "secret")
    monkeypatch.setenv("FRENEMIES_LOG_ORIGIN", "example.org/log")
    settings = read_settings()
    assert (settings.log_key, settings.log_origin) == ("secret", "example.org/log")
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "traces"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, None),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, None),
    ],
)
def test_traces_go_where_the_variables_of_opentelemetry_say(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], traces: str | None
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert read_settings().traces == traces


def test_how_far_behind_a_ready_service_may_be_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().ready_lag is None
    monkeypatch.setenv("FRENEMIES_READY_LAG", "2.5")
    assert read_settings().ready_lag == 2.5


def test_migrations_use_the_database_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a/b")
    monkeypatch.setenv("MIGRATE_URL", "")
    assert read_settings().migrate_url == "postgresql://a/b"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FRENEMIES_PORT", "http"),
        ("FRENEMIES_PORT", "65536"),
        ("FRENEMIES_POOL_SIZE", "0"),
        ("FRENEMIES_IMPORT_MIB", "0"),
        ("FRENEMIES_LOCK_TIMEOUT", "0"),
        ("FRENEMIES_STATEMENT_TIMEOUT", "nan"),
        ("FRENEMIES_READY_LAG", "0"),
        ("FRENEMIES_READY_LAG", "soon"),
        ("FRENEMIES_LOG_REQUESTS", "perhaps"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
    ],
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        read_settings()


def test_waits_of_the_database_end_before_the_request_does() -> None:
    settings = Settings()
    assert settings.pool_timeout + settings.statement_timeout <= Limits().request_deadline
    assert settings.lock_timeout < settings.statement_timeout


def test_queries_have_a_name_and_say_what_they_give() -> None:
    assert dict(parse_queries("-- name: a\n-- One.\nSELECT 1;\n\n-- name: b\n-- Two.\nSELECT 2;\n")) == {
        "a": "-- One.\nSELECT 1;",
        "b": "-- Two.\nSELECT 2;",
    }
    for flawed in ("SELECT 1;", "-- name: a\nSELECT 1;", "-- name: a\n-- One.\n1\n-- name: a\n-- One.\n1"):
        with pytest.raises(ValueError, match="names of the queries"):
            parse_queries(flawed)
