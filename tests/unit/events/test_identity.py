"""Ids that follow from what a thing is."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from events.errors import Invalid
from events.identity import (
    LONGEST_URL,
    article_id,
    article_stream,
    canonical_url,
    claim_id,
    claim_stream,
    entity_stream,
    merge_id,
    split_stream,
)
from events.values import AssertedBy, ClaimTime
from tests.unit.events.examples import BEE_SAYS, claim

ADDRESSES = [
    ("HTTPS://News.Example/Story", "https://news.example/Story"),
    ("https://news.example", "https://news.example/"),
    ("https://news.example:443/a", "https://news.example/a"),
    ("http://news.example:80/a", "http://news.example/a"),
    ("http://news.example:443/a", "http://news.example:443/a"),
    ("https://news.example/a#part", "https://news.example/a"),
    ("https://news.example/a?utm_source=x&id=7&fbclid=y", "https://news.example/a?id=7"),
    ("https://news.example/a?b=2&a=1", "https://news.example/a?b=2&a=1"),
    ("https://news.example/a?print", "https://news.example/a?print="),
    ("https://news.example/a?q=x%20y", "https://news.example/a?q=x+y"),
    ("https://b\u00fccher.example/a", "https://xn--bcher-kva.example/a"),
    ("http://[2001:DB8::1]/a", "http://[2001:db8::1]/a"),
    ("http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
    ("https://news.example/a?name=Jos%E9", "https://news.example/a?name=Jos%E9"),
]
REFUSED = ["", "news.example", "/a", "ftp://news.example/a", "https:///a", "javascript:alert(1)", "https://a b.example"]
REFUSED += ["https://me@news.example/", "https://me:secret@news.example/", "https://news.example:port/", "http://[::1/"]
REFUSED += ["https://news.example/\n", "https://news.example/\x7f", "https://news.example/\ud800", "http://..example/"]
REFUSED += ["https://news.example:65536/", "https://news.example/" + "a" * LONGEST_URL]


@pytest.mark.parametrize(("sent", "canonical"), ADDRESSES)
def test_what_does_not_name_the_article_is_left_out_of_its_url(sent: str, canonical: str) -> None:
    assert canonical_url(sent) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize("url", REFUSED, ids=lambda url: repr(url)[:40])
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        canonical_url(url, "/url")
    assert refused.value.pointer == "/url"


def test_the_id_of_an_article_is_that_of_its_url_or_else_of_its_text() -> None:
    assert article_id("https://news.example/", "00") == article_id("https://news.example/", None)
    assert article_id(None, "00") != article_id(None, "01")
    assert UUID(article_id(None, "00")).version == 5


def test_ids_never_change() -> None:
    """Stored streams are found by these ids, for ever."""
    assert article_id("https://news.example/", None) == "8f95e09c-70b0-58ea-a401-a6dd7ef87104"
    assert claim_id(claim()) == "a2e3f6d8-04c0-5183-8cd2-31b8ffdc8616"
    assert merge_id("ant", "bee", 2) == "cef47d36-c520-5cc6-bf48-c1c6acaf0dfc"


def test_the_order_of_participants_and_attributes_does_not_make_another_claim() -> None:
    one = claim("agreement", term="scope", value="consulting")
    other = replace(one, participants=one.participants[::-1], attributes=dict(reversed(list(one.attributes.items()))))
    assert claim_id(one) == claim_id(other)


def test_whatever_is_meant_makes_another_claim() -> None:
    meant = claim()
    others = [
        replace(meant, article="july"),
        replace(meant, type="competition"),
        replace(meant, participants=meant.participants[:1]),
        replace(meant, attributes={"scope": "x"}),
        replace(meant, asserted_by=BEE_SAYS),
        replace(meant, asserted_by=AssertedBy("author", chain=("author",))),
        replace(meant, modality="reported"),
        replace(meant, polarity="negative"),
        replace(meant, time=ClaimTime("observed", "2014-05-01")),
        replace(meant, time=ClaimTime("instant", "2014-05-01", expression="in May")),
    ]
    assert len({claim_id(content) for content in (meant, *others)}) == 11


def test_a_merge_is_known_by_its_entities_and_its_place() -> None:
    assert len({merge_id("a", "b", 2), merge_id("a", "b", 3), merge_id("b", "a", 2)}) == 3


def test_a_stream_tells_what_it_is_about() -> None:
    assert split_stream(entity_stream("red-hat")) == ("entity", "red-hat")
    assert split_stream(article_stream("x")) == ("article", "x")
    assert split_stream(claim_stream("x")) == ("claim", "x")
