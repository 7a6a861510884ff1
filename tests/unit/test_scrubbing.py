"""Secrets by their shape, taken out of what is logged."""

from __future__ import annotations

import pytest

from service.serve.scrubbing import Scrubber


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("signed with whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD.", "signed with whsec_***"),
        ('{"key": "frn_ab12_9-x_Y"}', '{"key": "frn_ab12_***"}'),
        ("GET /v1/feed?after=1&ticket=abc.DEF-1 HTTP", "GET /v1/feed?after=1&ticket=*** HTTP"),
        ("Authorization: Bearer canary-key-1", "Authorization: Bearer ***"),
        ("authorization: basic Y2FuYXJ5OmtleQ==", "authorization: basic ***"),
        ("postgresql://me:canary@db:5432/x?sslmode=require", "postgresql://me:***@db:5432/x?sslmode=require"),
        ('missing "=" after "postgres//me:canary@db/x"', 'missing "=" after "postgres//me:***@db/x"'),
        ("host=db password=canary dbname=x", "host=db password=*** dbname=x"),
        ("PRIVATE+KEY+log+98af023b+AQOhB7", "PRIVATE+KEY+***"),
        ("a basic question of the bearer of news", "a basic question of the bearer of news"),
        ("http://127.0.0.1:8000/v1/feed: refused", "http://127.0.0.1:8000/v1/feed: refused"),
        ("tell me@example.org at //host:80/x", "tell me@example.org at //host:80/x"),
    ],
)
def test_a_secret_is_known_by_its_shape_and_nothing_else_is_taken_for_one(text: str, left: str) -> None:
    assert Scrubber(()).scrubbed(text) == left


def test_known_secrets_are_taken_out_wherever_they_stand_the_longer_one_first() -> None:
    assert Scrubber(["secret-1", "secret-1-more", "ab"]).scrubbed("(secret-1-more) xsecret-1x ab") == "(***) x***x ab"


def test_a_long_line_is_read_once() -> None:
    assert Scrubber(["canary"]).scrubbed("//a:" * 20_000 + "bearer " * 20_000).startswith("//a:")
