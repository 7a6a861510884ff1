"""Atom documents: well-formed whatever is in them, and read by others as they are meant."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from uuid import uuid4
from xml.etree import ElementTree

import feedparser
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.atom import ATOM_NAMESPACE, HISTORY_NAMESPACE, Document, Entry, written
from service.feeds.log_entries import titled, words_of

NOON = datetime(2026, 11, 22, 12, 0, 0, 5, tzinfo=UTC)
ATOM, HISTORY = f"{{{ATOM_NAMESPACE}}}", f"{{{HISTORY_NAMESPACE}}}"
ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)))


def entry(text: str = "a", event: bytes = b"{}") -> Entry:
    return Entry(uuid4(), text, NOON, text, event, "/claim/1", text)


def document(*entries: Entry, archive: bool = False, title: str = "t") -> Document:
    links = {"self": "/v1/feed.atom?a=1&b=2", "prev-archive": "/v1/feed.atom?archive=x", "alternate": "/"}
    return Document(uuid4(), title, "http://here/", NOON, links, entries, archive)


def parsed(made: Document) -> ElementTree.Element:
    return ElementTree.fromstring(written(made))  # noqa: S314


@given(ANY_TEXT, st.binary())
def test_any_text_is_text_and_any_event_is_whole(text: str, event: bytes) -> None:
    read = parsed(document(entry(text, event), title=text))
    (found,) = read.iter(f"{ATOM}entry")
    assert sorted({one.tag for one in read.iter()} - {f"{ATOM}{name}" for name in NAMES}) == []
    for name in ("title", "summary"):
        assert len(found.findtext(f"{ATOM}{name}") or "") == len(text.replace("\r\n", "\n"))
    assert b64decode(found.findtext(f"{ATOM}content") or "") == event


NAMES = (
    "feed",
    "id",
    "title",
    "updated",
    "author",
    "name",
    "link",
    "entry",
    "published",
    "category",
    "summary",
    "content",
)


def test_a_reader_finds_everything_where_it_should_be() -> None:
    one = entry("a title", '{"data":"<b>\uffff</b> ]]>"}'.encode())
    read = feedparser.parse(written(document(one)))
    assert (read.version, bool(read.bozo)) == ("atom10", False)
    assert read.feed.title == "t" and read.feed.updated == "2026-11-22T12:00:00.000005Z"
    assert {link.rel: link.href for link in read.feed.links} == {
        "self": "http://here/v1/feed.atom?a=1&b=2",
        "prev-archive": "http://here/v1/feed.atom?archive=x",
        "alternate": "http://here/",
    }
    (found,) = read.entries
    assert (found.id, found.title, found.summary) == (one.id.urn, "a title", "a title")
    assert found.published == found.updated == "2026-11-22T12:00:00.000005Z"
    assert found.link == "http://here/claim/1" and found.tags[0].term == "a title"
    assert found.content[0].value.encode() == one.event


def test_an_archive_says_that_it_is_one() -> None:
    assert parsed(document(archive=True)).find(f"{HISTORY}archive") is not None
    assert parsed(document()).find(f"{HISTORY}archive") is None


def test_what_has_no_page_and_no_summary_says_nothing_of_them() -> None:
    (found,) = parsed(document(entry()._replace(page=None, summary=None))).iter(f"{ATOM}entry")
    assert found.find(f"{ATOM}link") is None and found.find(f"{ATOM}summary") is None


def test_types_are_told_in_words() -> None:
    assert words_of("InvestmentClaimed.v1") == "Investment claimed"
    assert words_of("GovernanceVoteClaimed.v2") == "Governance vote claimed"
    assert titled("Investment claimed", ["red-hat", "mirantis"]) == "Investment claimed: red-hat, mirantis"
    assert titled("Log checkpointed", []) == "Log checkpointed"
    assert titled("A", [str(n) for n in range(11)]) == "A: 0, 1, 2, 3, 4, 5, 6, 7 and 3 more"
