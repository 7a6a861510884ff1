"""Whatever text comes, a reader of it gives a value or one of its own errors: never another one, and soon.

What is read is written again and read again as the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import service.sample
from events.attributes import normal_attributes
from events.errors import DomainError, Invalid, InvalidDate
from events.identity import canonical_url
from events.rules import parse_rule, resolve
from events.temporal import format_bounds, parse_day, parse_edtf, parse_published, span_of
from events.text import clean_id, clean_name, clean_text, folded, skeleton
from events.vocabulary import CLAIM_TYPES
from frenemies.errors import Malformed
from frenemies.event import event_of, line_of, texts_of
from frenemies.parsing import LineParser, StreamParser
from frenemies.waiting import seconds_of
from service.feeds.cursor import BadCursor, format_cursor, parse_cursor
from service.feeds.events import BadEvent, EventReader, EventWriter
from service.feeds.tickets import Tickets
from service.hooks.errors import UrlRefused
from service.hooks.guarding import Guard, is_public
from service.http.errors import BadQuery, MalformedUrl
from service.http.keys import bearer, password
from service.http.query import FeedQuery
from service.intake.records import read_line
from service.intake.strict_json import locate
from service.keys.errors import NotAuthorized
from service.keys.keyring import Keyring
from service.keys.scopes import BY_SETTINGS
from service.keys.text import id_in
from service.live.asking import Request
from service.store.protocol import ErasableText, StoredRecord
from service.timeline.clocks import parse_instant
from service.timeline.tokens import BadToken, Token, format_token, parse_token
from service.transfer.lines import BEGINNING, Chunk, Line, Lines
from service.transfer.parsing import packed, parse_chunk, unpacked
from service.tree.errors import BadKey, BadNote
from service.tree.notes import Checkpoint, SignedNote, Signer, VerifierKey, parse_checkpoint
from service.web.edtf import explained
from service.web.marking import Place, marked
from tests.hostile_strategies import EXAMPLES, TEXTS, spoiled, spoiled_bytes

# What others left behind, and is collected while one of these runs, is not theirs.
pytestmark = pytest.mark.filterwarnings("error", "default::pytest.PytestUnraisableExceptionWarning")

EPOCH = UUID("0d9f7a0e-6f6f-4df4-9d3a-1f8a4f3f7a11")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SAMPLE = [*Path(service.sample.__path__[0], "five_articles.ndjson").read_bytes().splitlines()]
SIGNER = Signer("example.org/log", bytes(range(32)))
NOTE = SIGNER.sign(Checkpoint("example.org/log", 12, bytes(range(32))))
DATES = [
    "2014",
    "2014-02~",
    "2014-05-07",
    "[2014-05..2015]",
    "[..2014]",
    "2014/..",
    "../2014-05",
    "2014?/2015%",
    "/2014",
]
RULES = ["on_publication", "days_before(3)", "named_month(5)", "years_before(1)", "same_as(a-1)", "months_before(13)"]
URLS = [
    "https://example.org/a?b=c&utm_source=x#d", "http://example.org:80/%C3%A9?q=%ff", "https://[2001:db8::1]:8443/x",
    "https://b\u00fccher.example/", "HTTPS://EXAMPLE.org", "https://example.org/?a=1;b=2&&c",
]  # fmt: skip
HOOKS = [
    "https://example.org/hook?a=b", "https://127.0.0.1/", "https://[::ffff:127.0.0.1]:8443/", "https://0x7f.1/",
    "https://user@example.org/", "https://example.org:22/", "http://example.org/", "https://example.org.:443/#x",
]  # fmt: skip
INSTANTS = ["2026-11-20T15:50:00Z", "2026-11-20t15:50:00.123456+14:00", "0001-01-01T00:00:00+00:01"]


def hostile(**given_: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A property of so many examples; each of them has to be done soon."""
    most = settings(max_examples=EXAMPLES, deadline=timedelta(seconds=2), suppress_health_check=[HealthCheck.too_slow])
    return lambda test: most(given(**given_)(test))


@hostile(text=spoiled(DATES))
def test_dates(text: str) -> None:
    try:
        parsed = parse_edtf(text)
    except InvalidDate:
        return
    assert parsed.text == text and parsed.start.earliest <= parsed.start.latest
    until = span_of(text).until
    assert until is None or until.earliest <= until.latest
    again = format_bounds(parsed.start)
    assert again is None or parse_edtf(again).start == parsed.start
    assert explained(text).is_date


@hostile(text=spoiled(DATES))
def test_days_and_dates_of_publication(text: str) -> None:
    for read in (parse_day, parse_published):
        with suppress(InvalidDate):
            read(text)


@hostile(text=spoiled(RULES), anchor=spoiled(DATES))
def test_rules(text: str, anchor: str) -> None:
    with suppress(InvalidDate):
        found = resolve(parse_rule(text), anchor) if not text.startswith("same_as") else parse_rule(text)
        assert not isinstance(found, str) or parse_published(found)


@hostile(text=spoiled(INSTANTS))
def test_instants(text: str) -> None:
    with suppress(InvalidDate):
        assert parse_instant(parse_instant(text).isoformat()) == parse_instant(text)


@hostile(text=TEXTS, longest=st.integers(0, 60))
def test_texts_and_names(text: str, longest: int) -> None:
    for clean in (clean_text, clean_name):
        with suppress(Invalid):
            found = clean(text, "", longest)
            assert clean(found, "", longest) == found
            assert isinstance(folded(found), str) and isinstance(skeleton(found), str)
    with suppress(Invalid):
        assert clean_id(text).isascii()


@hostile(text=spoiled(URLS))
def test_addresses_of_articles(text: str) -> None:
    with suppress(Invalid):
        found = canonical_url(text)
        assert canonical_url(found) == found


@hostile(
    type_=st.sampled_from(sorted(CLAIM_TYPES)),
    attributes=st.dictionaries(
        st.sampled_from(["amount", "stake", "due", "stage", "moves", "country", "title", "other", "motion"]) | TEXTS,
        st.recursive(
            TEXTS | st.integers() | st.decimals() | st.booleans() | st.none(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
            max_leaves=5,
        ),
        max_size=5,
    ),
)
def test_attributes(type_: str, attributes: dict[str, Any]) -> None:
    with suppress(Invalid, InvalidDate):
        normal = normal_attributes(CLAIM_TYPES[type_], attributes)
        assert normal_attributes(CLAIM_TYPES[type_], normal) == normal


@hostile(text=spoiled([format_cursor(EPOCH, position) for position in (0, 5, 2**63 - 1)]))
def test_cursors(text: str) -> None:
    with suppress(BadCursor):
        cursor = parse_cursor(text)
        assert format_cursor(cursor.epoch, cursor.position) == text


TICKET = Tickets("s").issue("a=b", "admin", 1_800_000_000.0)
KEY = "frn_abcdefghij_" + "A" * 43
TOKEN = Token(EPOCH.bytes, 1, bytes(16), (("limit", "5"),), 735_000, None, 5, 5, None, None, bytes(32))


@hostile(text=spoiled([format_token(TOKEN)]))
def test_tokens(text: str) -> None:
    with suppress(BadToken):
        assert format_token(parse_token(text)) == text


@hostile(
    ticket=spoiled([TICKET]), query=st.text(st.characters(codec="latin-1")),
    header=spoiled(["Bearer key", "bearer  k", "Basic a2V5", f"Bearer {KEY}"]),
)  # fmt: skip
def test_tickets_and_keys(ticket: str, query: str, header: str) -> None:
    held = Tickets("s").holder(ticket, query, 1_800_000_000.0)
    assert held is None or (ticket, query) == (TICKET, "a=b")
    given_ = bearer(header) or password(header)
    assert given_ is None or id_in(given_) is None or given_.startswith(b"frn_")
    with suppress(NotAuthorized):
        assert Keyring("key").holder(given_) is BY_SETTINGS and given_ == b"key"


@hostile(query=spoiled(["type=A&entity=b&limit=5", "lastEventId=x&since=y", "a=%C3%A9&a=b"]), last=TEXTS, accept=TEXTS)
def test_questions_to_the_feed_process(query: str, last: str, accept: str) -> None:
    query, last, accept = (one.encode("utf-8", "surrogatepass").decode("latin-1") for one in (query, last, accept))
    request = Request("GET", "/v1/feed", query, {"last-event-id": last, "accept": accept})
    with suppress(BadQuery, MalformedUrl):
        assert isinstance(request.asked(FeedQuery), dict)
    assert request.likes_best(("a/b", "c/d")) in ("a/b", "c/d")


@hostile(raw=spoiled_bytes(SAMPLE))
def test_lines_of_an_import(raw: bytes) -> None:
    with suppress(DomainError):
        read_line(raw)
    parsing = parse_chunk(Chunk(BEGINNING, BEGINNING, [Line(1, 0, raw)]), 1 << 20)
    assert unpacked(packed(parsing)) == parsing


@hostile(raw=spoiled_bytes(SAMPLE), blocks=st.lists(st.integers(1, 90), max_size=5))
def test_files_of_an_import(tmp_path_factory: pytest.TempPathFactory, raw: bytes, blocks: list[int]) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.ndjson"
    path.write_bytes(raw)
    lines = Lines("hostile", path, 500)
    found = list(chain.from_iterable(chunk.lines for chunk in lines.chunks()))
    assert [lines.line_at(one.start) for one in found] == [one.content for one in found]
    assert lines.survey().lines >= len(found)


@hostile(raw=spoiled_bytes(SAMPLE), pointer=spoiled(["/evidence/summary", "/participants/0/role", "/a~1b"]))
def test_places_in_a_line(raw: bytes, pointer: str) -> None:
    try:
        json.loads(raw.decode())
    except (ValueError, RecursionError):
        return
    place = locate(raw, pointer)
    assert place is None or 0 <= place.offset < len(raw)


RECORD = StoredRecord(5, "claim-a", 1, "Noted.v1", b'{"a":"b"}', NOW)
WRITER = EventWriter(EPOCH)
DEEP = b'{"x":' + b"[" * 2_000
EVENTS = [
    WRITER.event(RECORD), WRITER.event(replace(RECORD, state=b"[]")), WRITER.checkpoint(5),
    WRITER.texts(5, [ErasableText(EPOCH, "authors", b"salt", "digest", "Pat")]),
]  # fmt: skip


@hostile(raw=spoiled_bytes(EVENTS))
@example(raw=DEEP)
def test_events_of_a_leader(raw: bytes) -> None:
    reader = EventReader(EPOCH)
    with suppress(BadEvent):
        record = reader.record(raw)
        assert reader.record(WRITER.event(record)) == record
    with suppress(BadEvent):
        reader.texts(raw)


@hostile(raw=spoiled_bytes(EVENTS))
@example(raw=DEEP)
def test_events_for_a_client(raw: bytes) -> None:
    for read in (line_of, event_of, texts_of):
        with suppress(Malformed):
            read(raw)


@hostile(
    raw=st.binary(max_size=80) | st.text(":\n\r dataevntid{}", max_size=80).map(str.encode),
    cuts=st.lists(st.integers(0, 80), max_size=6),
)
def test_streams_for_a_client(raw: bytes, cuts: list[int]) -> None:
    """However the bytes are cut, the same comes of them."""
    places = sorted({0, *(min(cut, len(raw)) for cut in cuts), len(raw)})
    blocks = [raw[a:b] for a, b in zip(places, places[1:], strict=False)]
    for make in (LineParser, StreamParser):
        parser: Any = make()
        assert [one for block in blocks for one in parser.feed(block)] == make().feed(raw)


@hostile(text=spoiled(["120", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 99999 07:28:00 +9999"]))
def test_waits_that_a_service_asks_for(text: str) -> None:
    assert seconds_of(text) >= 0


@hostile(text=spoiled([NOTE, NOTE + NOTE, "a\n1\n\u00e9\n"]))
def test_signed_notes(text: str) -> None:
    with suppress(BadNote):
        SignedNote.parse(text).opened([SIGNER.verifier])
    with suppress(BadNote):
        checkpoint = parse_checkpoint(text)
        assert parse_checkpoint(checkpoint.text()) == checkpoint


@hostile(text=spoiled([str(SIGNER.verifier), SIGNER.secret()]))
def test_keys_of_notes(text: str) -> None:
    with suppress(BadKey):
        assert str(VerifierKey.parse(text)) == text.strip()
    with suppress(BadKey):
        assert Signer.parse(text).secret() == text.strip()


@hostile(url=spoiled(HOOKS), found=st.lists(st.ip_addresses().map(str) | spoiled(["127.0.0.1", "8.8.8.8"]), max_size=3))
def test_addresses_of_webhooks(url: str, found: list[str]) -> None:
    guard = Guard(resolve=lambda host, port: found)
    with suppress(UrlRefused):
        target = guard.target(url)
        assert guard.target(f"https://{target.authority}{target.path}") == target
        assert all(map(is_public, guard.addresses(target, 1.0)))


@hostile(
    text=TEXTS,
    places=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50), st.integers(1, 9)), max_size=6),
)
def test_places_marked_in_a_text(text: str, places: list[tuple[int, int, int]]) -> None:
    """The pieces are the text; each place is opened and closed as often as it begins in it."""
    given_ = [Place(start, start + size, number, f"c-{number}") for start, size, number in places]
    pieces = list(marked(text, given_))
    assert "".join(piece.text for piece in pieces) == text
    opened = sum(len(piece.opening) for piece in pieces)
    assert opened == sum(len(piece.closing) for piece in pieces) == sum(place.start < len(text) for place in given_)
