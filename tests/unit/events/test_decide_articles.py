"""Commands on articles: the events that they give, and why they are refused."""

from __future__ import annotations

from typing import Any

import pytest

from events.commands import CorrectArticle, RegisterArticle
from events.decide import decide_article
from events.errors import Conflict, DomainError, Invalid, InvalidDate, TooMany, Unknown
from events.event_types import ArticleCorrected, ArticleRegistered
from events.records import ArticleRecord, evolve
from events.validation import MOST_NAMES
from events.values import ArticleContent
from tests.unit.events.examples import ME, SECRET, article_content

HASH = "ab" * 32
PLACE: dict[str, Any] = {"originator_id": "article-june", "recorder": ME}


def register(**changes: Any) -> RegisterArticle:
    return RegisterArticle("june", article_content(**changes), ME)


def correct(reason: str = "it was wrong", **changes: Any) -> CorrectArticle:
    return CorrectArticle("june", changes, reason, ME)


def registered(**changes: Any) -> ArticleRecord:
    (event,) = decide_article(register(**changes), None)
    return evolved(None, event)


def evolved(record: ArticleRecord | None, event: Any) -> ArticleRecord:
    found = evolve(record, event, 7 if record is None else 9)
    assert isinstance(found, ArticleRecord)
    return found


def refused(command: RegisterArticle | CorrectArticle, record: ArticleRecord | None = None) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        decide_article(command, record)
    return refusal.value


def test_an_article_is_registered() -> None:
    assert decide_article(register(), None) == (
        ArticleRegistered(**PLACE, originator_version=1, content=article_content()),
    )


def test_names_and_title_are_trimmed() -> None:
    content = registered(title=" News ", publisher=" gazette ", authors=(" Ada ", SECRET)).at()
    assert content == article_content(authors=("Ada", SECRET))


@pytest.mark.parametrize("language", ["en", "pt-BR", "zh-Hant-TW", "gsw"])
def test_a_language_is_a_tag(language: str) -> None:
    assert registered(language=language).contents[0][1].language == language


@pytest.mark.parametrize(
    ("changes", "error", "place"),
    [
        ({"published": "soon"}, InvalidDate, "/published"),
        ({"published": "2014/2015"}, InvalidDate, "/published"),
        ({"language": "English"}, Invalid, "/language"),
        ({"language": "e"}, Invalid, "/language"),
        ({"sha256": "AB" * 32}, Invalid, "/sha256"),
        ({"sha256": "ab"}, Invalid, "/sha256"),
        ({"url": None}, Invalid, "/url"),
        ({"authors": ("a",) * (MOST_NAMES + 1)}, TooMany, "/authors"),
        ({"authors": ("Ada", "")}, Invalid, "/authors/1"),
        ({"title": ""}, Invalid, "/title"),
        ({"title": "x" * 501}, Invalid, "/title"),
        ({"publisher": "x" * 201}, Invalid, "/publisher"),
    ],
)
def test_an_article_that_is_not_valid_is_refused(changes: dict[str, Any], error: type[Invalid], place: str) -> None:
    refusal = refused(register(**changes))
    assert (type(refusal), refusal.pointer) == (error, place)


def test_an_article_without_url_is_known_by_the_hash_of_its_text() -> None:
    assert registered(url=None, sha256=HASH).at() is not None


def test_an_article_sent_again_gives_no_event() -> None:
    assert decide_article(register(), registered()) == ()


def test_an_article_sent_again_may_leave_its_text_out() -> None:
    assert decide_article(register(), registered(sha256=HASH, text=SECRET)) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", "Other news"), ("published", "2014-06-02"), ("authors", ()), ("sha256", "cd" * 32), ("language", "de")],
)
def test_an_article_sent_again_may_not_say_anything_else(field: str, value: Any) -> None:
    refusal = refused(register(**{field: value}), registered(sha256=HASH))
    assert (type(refusal), refusal.pointer) == (Conflict, f"/{field}")
    assert "send a correction" in refusal.detail


def test_an_article_sent_again_may_not_bring_a_text_that_was_not_there() -> None:
    assert refused(register(sha256=HASH), registered()).pointer == "/sha256"


def test_an_article_is_corrected() -> None:
    changes = {"published": "2014-06-02", "title": " Olds"}
    (event,) = decide_article(correct(" typo ", **changes), registered())
    assert event == ArticleCorrected(
        **PLACE,
        originator_version=2,
        content=article_content(published="2014-06-02", title="Olds"),
        changed=("published", "title"),
        reason="typo",
    )
    assert decide_article(correct(**changes), evolved(registered(), event)) == ()


def test_sealed_fields_are_corrected_in_their_plain_form() -> None:
    plain = {"reference": SECRET.reference, "digest": SECRET.digest}
    (event,) = decide_article(correct(authors=[plain], sha256=HASH, text=plain), registered())
    assert isinstance(event, ArticleCorrected)
    assert event.content == article_content(authors=(SECRET,), sha256=HASH, text=SECRET)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({}, "/changes"),
        ({"url": "https://news.example/july"}, "/changes/url"),
        ({"id": "july"}, "/changes/id"),
        ({"published": "soon"}, "/published"),
        ({"title": "x", "publisher": ""}, "/publisher"),
    ],
)
def test_a_correction_that_is_not_valid_is_refused(changes: dict[str, Any], place: str) -> None:
    refusal = refused(correct(**changes), registered())
    assert isinstance(refusal, Invalid)
    assert refusal.pointer == place


def test_a_correction_needs_a_reason() -> None:
    assert refused(correct("", title="x"), registered()).pointer == "/reason"


def test_an_article_that_is_not_registered_is_unknown() -> None:
    assert isinstance(refused(correct(title="x")), Unknown)


def test_what_was_known_about_an_article_stays_known() -> None:
    (event,) = decide_article(correct(title="Olds"), registered())
    record = evolved(registered(), event)
    found: list[ArticleContent | None] = [record.at(position) for position in (6, 7, 8, 9)]
    assert found == [None, article_content(), article_content(), article_content(title="Olds")]
