"""The catalogue of bad input, case by case: the status, the problem and its place, and nothing recorded.

The docstring of a test is the case's text in the catalogue. Each record that is refused is also sent as a line of an
import, by both of its ways in, and has to be refused with the same code and the same place.
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterator
from threading import Barrier, Thread
from typing import Any

import pytest

from service.http.context import EXTENSION
from tests.http import examples
from tests.http.both_ways import BothWays
from tests.http.conftest import NewService, Service, refused

CLAIMS = "/v1/claims"
NIL = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def service(new_service: NewService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that refuses by single requests and by imports alike."""
    with new_service() as single:
        found = single.app.extensions[EXTENSION].importer
        yield BothWays(single, found, tmp_path_factory.mktemp("lines"))


@pytest.fixture(autouse=True)
def _ready(service: Service) -> None:
    """Companies and an article to speak about."""
    service.known(*examples.COMPANIES)
    service.article()


@pytest.fixture
def unmoved(service: Service, _ready: None) -> Iterator[Service]:
    """The service; nothing may be recorded during the test."""
    with service.nothing_recorded():
        yield service


def with_attributes(**attributes: Any) -> dict[str, Any]:
    return examples.claim(attributes=attributes)


def at(edtf: str) -> dict[str, Any]:
    return examples.claim(time={"kind": "instant", "edtf": edtf})


# the document


@pytest.mark.case(number=1)
def test_case_01_empty_body(unmoved: Service) -> None:
    """Empty body: 400"""
    refused(unmoved.raw(CLAIMS, b""), 400, "malformed-json")
    refused(unmoved.raw(CLAIMS, b" \n"), 400, "malformed-json")


@pytest.mark.case(number=2)
def test_case_02_truncated_json(unmoved: Service) -> None:
    """Truncated JSON: 400 with offset"""
    told = refused(unmoved.raw(CLAIMS, b'{"article": "h\xc3\xa9",\n "type":'), 400, "malformed-json")
    assert (told["errors"][0]["offset"], told["errors"][0]["line"], told["errors"][0]["column"]) == (27, 2, 9)


@pytest.mark.case(number=3)
@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null", b"true"])
def test_case_03_array_or_scalar_where_object_is_due(unmoved: Service, body: bytes) -> None:
    """Array or scalar where object is due: 422"""
    refused(unmoved.raw(CLAIMS, body), 422, "misshapen", "")
    nested = examples.claim(time=json.loads(body))
    refused(unmoved.post(CLAIMS, nested), 422, "misshapen", "/time")


@pytest.mark.limit(name="json_depth")
@pytest.mark.case(number=4)
@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_case_04_deep_nesting(unmoved: Service, opening: str) -> None:
    """100,000 nested `[`: 400, depth cap 32, checked before parse"""
    refused(unmoved.raw(CLAIMS, opening.encode() * 100_000), 400, "malformed-json")
    refused(unmoved.raw(CLAIMS, b"[" * 33 + b"]" * 33), 400, "malformed-json")
    refused(unmoved.raw(CLAIMS, b"[" * 32 + b"]" * 32), 422, "misshapen")


@pytest.mark.case(number=5)
def test_case_05_integer_of_5000_digits(unmoved: Service) -> None:
    """Integer of 5,000 digits: 400"""
    refused(unmoved.raw(CLAIMS, b'{"attributes": {"amount": ' + b"1" * 5_000 + b"}}"), 400, "malformed-json")


@pytest.mark.case(number=6)
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999"])
def test_case_06_no_number(unmoved: Service, number: str) -> None:
    """`NaN`, `Infinity`, `1e999`: 400; parse_constant raises"""
    body = json.dumps(with_attributes(amount=0)).replace('"amount": 0', f'"amount": {number}')
    refused(unmoved.raw(CLAIMS, body.encode()), 400, "malformed-json")


@pytest.mark.case(number=7)
def test_case_07_duplicate_keys(unmoved: Service) -> None:
    """Duplicate keys: 400 via object_pairs_hook"""
    body = json.dumps(examples.claim()).replace('"type": ', '"type": "partnership", "type": ', 1)
    assert "'type'" in refused(unmoved.raw(CLAIMS, body.encode()), 400, "malformed-json")["detail"]
    refused(unmoved.raw(CLAIMS, b'{"claims": [], "cl\\u0061ims": []}'), 400, "malformed-json")


@pytest.mark.case(number=8)
def test_case_08_body_over_the_limit(unmoved: Service) -> None:
    """Body over 1 MiB, also chunked with no length: 413, connection closed"""
    reason = "x" * (1 << 20)
    path = f"/v1/claims/{NIL[:-1]}1/retraction"
    body = json.dumps({"reason": reason}).encode()
    refused(unmoved.raw(path, body), 413, "too-large")
    refused(unmoved.post(CLAIMS, examples.claim(evidence={"summary": reason})), 413, "too-large")
    refused(_chunked(unmoved, path, body), 413, "too-large")
    refused(_chunked(unmoved, CLAIMS, b" " * (5 << 20) + b"{}"), 413, "too-large")
    refused(unmoved.raw("/v1/articles", b'"' + b"x" * (2 << 20)), 413, "too-large")


def _chunked(service: Service, path: str, body: bytes) -> Any:
    """As servers hand over a body that was sent in chunks."""
    environ = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    return service.send("POST", path, environ=environ, content_type="application/json")


@pytest.mark.case(number=9)
def test_case_09_compressed_body(unmoved: Service) -> None:
    """gzip bomb in Content-Encoding: 415 (not supported)"""
    bomb = gzip.compress(b" " * (10 << 20))
    refused(unmoved.raw(CLAIMS, bomb, headers={"Content-Encoding": "gzip"}), 415, "unsupported-media-type")


@pytest.mark.case(number=10)
@pytest.mark.parametrize("body", [b'{"\xff": 1}', b'"\xc3"', b'"\xed\xa0\x80"', b"\xfe\xff", b'"\xc0\xaf"'])
def test_case_10_invalid_utf8(unmoved: Service, body: bytes) -> None:
    """Invalid UTF-8: 400"""
    told = refused(unmoved.raw(CLAIMS, body), 400, "malformed-json")
    assert "UTF-8" in told["detail"] and "offset" in told["errors"][0]


@pytest.mark.case(number=11)
def test_case_11_utf16(unmoved: Service) -> None:
    """UTF-16 body with charset: 415; only UTF-8"""
    body = json.dumps(examples.claim()).encode("utf-16")
    refused(unmoved.raw(CLAIMS, body, "application/json; charset=utf-16"), 415, "unsupported-media-type")
    refused(unmoved.raw(CLAIMS, body), 400, "malformed-json")


@pytest.mark.case(number=12)
def test_case_12_byte_order_mark(unmoved: Service) -> None:
    """UTF-8 BOM: 400 REST; CLI import strips one BOM"""
    refused(unmoved.raw(CLAIMS, b"\xef\xbb\xbf" + json.dumps(examples.claim()).encode()), 400, "malformed-json")


@pytest.mark.case(number=13)
@pytest.mark.parametrize("content_type", [None, "text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_case_13_wrong_content_type(unmoved: Service, content_type: str | None) -> None:
    """Wrong content type: 415"""
    body = json.dumps(examples.claim()).encode()
    refused(unmoved.raw(CLAIMS, body, content_type), 415, "unsupported-media-type")


# shapes


@pytest.mark.case(number=14)
def test_case_14_unknown_field(unmoved: Service) -> None:
    """Unknown field: 422 (marshmallow RAISE)"""
    refused(unmoved.post(CLAIMS, examples.claim(colour="red")), 422, "misshapen", "/colour")
    refused(unmoved.post(CLAIMS, examples.claim(**{"a/b~c": 1})), 422, "misshapen", "/a~1b~0c")
    participants = [{"role": "investor", "entity": "red-hat", "share": 1}]
    refused(unmoved.post(CLAIMS, examples.claim(participants=participants)), 422, "misshapen", "/participants/0/share")
    refused(unmoved.post("/v1/articles", examples.article(stars=5)), 422, "misshapen", "/stars")
    batch = {"claims": [examples.claim(), examples.claim(colour="red")]}
    refused(unmoved.post(CLAIMS, batch), 422, "misshapen", "/claims/1/colour")


@pytest.mark.case(number=15)
@pytest.mark.parametrize("field", ["article", "type", "participants", "asserted_by", "modality", "polarity", "time"])
def test_case_15_missing_or_null_field(unmoved: Service, field: str) -> None:
    """Missing field; null for required: 422 with pointer"""
    body = examples.claim()
    refused(unmoved.post(CLAIMS, body | {field: None}), 422, "misshapen", f"/{field}")
    del body[field]
    refused(unmoved.post(CLAIMS, body), 422, "misshapen", f"/{field}")


@pytest.mark.case(number=16)
def test_case_16_wrong_type(unmoved: Service) -> None:
    """Wrong type: "1" for int, true for int: 422 (strict fields)"""
    for wrong in ("1", True, 1.5, 1.0, [1], -1):
        evidence = {"summary": "s", "position": {"start": wrong, "end": 5}}
        answer = unmoved.post(CLAIMS, examples.claim(evidence=evidence))
        refused(answer, 422, "misshapen", "/evidence/position/start")
    refused(unmoved.post(CLAIMS, examples.claim(modality=1)), 422, "misshapen", "/modality")
    refused(unmoved.post(CLAIMS, examples.claim(participants={})), 422, "misshapen", "/participants")
    refused(unmoved.put("/v1/entities/x", examples.registration(aliases="X")), 422, "misshapen", "/aliases")
    refused(unmoved.put("/v1/entities/x", examples.registration(identifiers={"lei": 5})), 422, "misshapen")
    refused(unmoved.post(CLAIMS, with_attributes(due=5)), 422, pointer="/attributes/due")


@pytest.mark.case(number=17)
@pytest.mark.parametrize("field", ["id", "position", "recorded_at", "recorder", "tenant", "version"])
def test_case_17_mass_assignment(unmoved: Service, field: str) -> None:
    """Client sets id, position, recorded_at, tenant (mass assignment): 422"""
    refused(unmoved.post(CLAIMS, examples.claim(**{field: 1})), 422, "misshapen", f"/{field}")
    refused(unmoved.post("/v1/articles", examples.article(**{field: 1})), 422, "misshapen", f"/{field}")
    if field != "id":
        refused(unmoved.put("/v1/entities/x", examples.registration(**{field: 1})), 422, "misshapen", f"/{field}")
    refused(unmoved.put("/v1/entities/x", examples.registration(id="y")), 422, "misshapen", "/id")


# text


@pytest.mark.case(number=18)
def test_case_18_nul_in_text(unmoved: Service) -> None:
    """NUL in text: 422 at the door, also in nested JSON and keys"""
    raw = json.dumps(examples.claim()).encode()
    refused(unmoved.raw(CLAIMS, raw.replace(b"Red Hat put", b"Red\0Hat put")), 422, "invalid")
    refused(unmoved.raw(CLAIMS, raw.replace(b'"type"', b'"ty\0pe"')), 422, "invalid")


@pytest.mark.case(number=19)
def test_case_19_escaped_nul(unmoved: Service) -> None:
    """`\\u0000` escaped inside JSON: 422"""
    summary = examples.claim(evidence={"summary": "a\0b"})
    refused(unmoved.post(CLAIMS, summary), 422, "invalid", "/evidence/summary")
    refused(unmoved.post(CLAIMS, with_attributes(round=["a", "\0"])), 422, "invalid", "/attributes/round/1")
    refused(unmoved.post(CLAIMS, with_attributes(**{"\0": 1})), 422, "invalid", "/attributes")


@pytest.mark.case(number=20)
def test_case_20_lone_surrogate(unmoved: Service) -> None:
    """Lone surrogate `\\ud800`: 422"""
    for half in ("\ud800", "\udfff", "\udc00\ud800"):
        refused(unmoved.post(CLAIMS, examples.claim(ref=half)), 422, "invalid", "/ref")
        refused(unmoved.post(CLAIMS, with_attributes(**{half: 1})), 422, "invalid", "/attributes")


@pytest.mark.case(number=20)
def test_case_20_a_whole_pair_is_a_character(service: Service) -> None:
    """Lone surrogate `\\ud800`: 422"""
    raw = json.dumps(examples.claim(evidence={"summary": "a smile: \U0001f600"}))
    assert "\\ud83d\\ude00" in raw
    assert service.raw(CLAIMS, raw.encode()).status_code in (200, 201)


@pytest.mark.case(number=21)
def test_case_21_reserved_object(unmoved: Service) -> None:
    """Object with exactly `_type_` and `_data_`: 422, or stored as an opaque string"""
    reserved = {"_type_": "uuid", "_data_": "x"}
    refused(unmoved.post(CLAIMS, with_attributes(round=reserved)), 422, "invalid", "/attributes/round")
    refused(unmoved.post(CLAIMS, examples.claim(attributes=reserved)), 422, "invalid", "/attributes")
    escaped = json.dumps(with_attributes(round=reserved)).replace("_type_", "_t\\u0079pe_")
    refused(unmoved.raw(CLAIMS, escaped.encode()), 422, "invalid", "/attributes/round")


@pytest.mark.case(number=22)
@pytest.mark.parametrize("char", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\n", "\u202e", "\u2066", "\u2028"])
def test_case_22_controls_in_names(unmoved: Service, char: str) -> None:
    """C0/C1 controls, ESC, bidi overrides: names: 422; quotes: kept, rendered neutral"""
    refused(unmoved.put("/v1/entities/x", examples.registration(name=f"A{char}B")), 422, "invalid", "/name")
    aliases = examples.registration(aliases=["fine", f"A{char}B"])
    refused(unmoved.put("/v1/entities/x", aliases), 422, "invalid", "/aliases/1")


@pytest.mark.case(number=22)
def test_case_22_controls_in_quotes(service: Service) -> None:
    """C0/C1 controls, ESC, bidi overrides: names: 422; quotes: kept, rendered neutral"""
    exact = "a\x1b[31mb\u202ec\r\nd"
    claim = service.claim(evidence={"summary": "It says so.", "quote": {"exact": exact}})
    assert exact in [e["quote"]["exact"] for e in service.get(f"/v1/claims/{claim}").json["evidence"] if e["quote"]]
    shown = service.get(f"/claim/{claim}").text
    # What changes the direction of writing ends with the block that it stands in.
    assert re.search("<blockquote[^>]*>a[^<]*b\u202ec[^<]*d</blockquote>", shown)


@pytest.mark.case(number=23)
def test_case_23_lookalike_names(service: Service) -> None:
    """Zero-width or mixed-script company names: accepted, NFC, skeleton stored, flagged as possible duplicate"""
    for name, shown in (("nokia", "Nokia"), ("nokia-2", "N\u043ekia"), ("nokia-3", "No\u200bkia")):
        assert service.put(f"/v1/entities/{name}", examples.registration(name=shown)).status_code < 300
    assert service.get("/v1/entities/nokia").json["possible_duplicates"] == ["nokia-2", "nokia-3"]


@pytest.mark.case(number=24)
def test_case_24_normal_forms(service: Service) -> None:
    """NFC vs NFD of the same name: same company (NFC before compare)"""
    assert service.put("/v1/entities/nestle", examples.registration(name="Nestl\u00e9")).status_code == 201
    with service.nothing_recorded():
        again = service.put("/v1/entities/nestle", examples.registration(name="Nestle\u0301"))
        assert (again.status_code, again.json["changed"]) == (200, False)
    assert [e["id"] for e in service.get("/v1/entities", q="nestle\u0301").json["entities"]] == ["nestle"]


@pytest.mark.case(number=25)
def test_case_25_growing_characters(unmoved: Service) -> None:
    """U+FDFA and kin: length checked after normalisation"""
    refused(unmoved.put("/v1/entities/x", examples.registration(name="\ufdfa" * 12)), 422, "invalid", "/name")


@pytest.mark.case(number=26)
@pytest.mark.parametrize("name", ["", "   ", "\u3000", "x" * 201, "x" * 10_001])
def test_case_26_empty_or_long_name(unmoved: Service, name: str) -> None:
    """Name empty, only spaces, 10,001 chars: 422"""
    refused(unmoved.put("/v1/entities/x", examples.registration(name=name)), 422, pointer="/name")


@pytest.mark.case(number=26)
def test_case_26_longest_name(service: Service) -> None:
    """Name empty, only spaces, 10,001 chars: 422"""
    assert service.put("/v1/entities/longest", examples.registration(name="x" * 200)).status_code < 300


@pytest.mark.limit(name="string")
@pytest.mark.case(number=27)
def test_case_27_long_quote(service: Service) -> None:
    """Quote text 64 KiB + 1: 422"""
    with service.nothing_recorded():
        for exact in ("x" * 65_537, "\u00e9" * 32_769):
            evidence = {"summary": "s", "quote": {"exact": exact}}
            answer = service.post(CLAIMS, examples.claim(evidence=evidence))
            refused(answer, 422, pointer="/evidence/quote/exact")
    service.claim(evidence={"summary": "s", "quote": {"exact": "x" * 65_536}})


@pytest.mark.case(number=28)
def test_case_28_long_indexed_text(unmoved: Service) -> None:
    """Indexed text of 12 kB: 422 before SQL; index a hash"""
    long = "x" * 12_000
    refused(unmoved.put("/v1/entities/x", examples.registration(name=long)), 422, pointer="/name")
    refused(unmoved.put("/v1/entities/x", examples.registration(identifiers={"lei": long})), 422)
    refused(unmoved.post(CLAIMS, examples.claim(ref=long)), 422, pointer="/ref")
    url = f"https://example.org/{long}"
    refused(unmoved.post("/v1/articles", examples.article(url=url)), 422, pointer="/url")
    refused(unmoved.put(f"/v1/entities/{long[:4000]}", examples.registration()), 422)


# ids


@pytest.mark.case(number=29)
@pytest.mark.parametrize(
    "form", ["{%s}", "urn:uuid:%s", "%s ", "x%s"], ids=["in braces", "as urn", "with a space", "with a letter"]
)
def test_case_29_uuid_in_other_forms(service: Service, form: str) -> None:
    """UUID in braces or urn form: 422; canonical only"""
    claim = service.claim()
    with service.nothing_recorded():
        for text in (form % claim, claim.replace("-", ""), claim.upper()):
            refused(service.get(f"/v1/claims/{text}"), 422, "bad-path", "/id")
            refused(service.post(f"/v1/claims/{text}/retraction", {"reason": "r"}), 422, "bad-path", "/id")
            refused(service.get(f"/v1/articles/{text}"), 422, "bad-path", "/id")


@pytest.mark.case(number=30)
def test_case_30_nil_uuid(unmoved: Service) -> None:
    """Nil UUID: 422"""
    refused(unmoved.get(f"/v1/claims/{NIL}"), 422, "bad-path", "/id")
    refused(unmoved.get(f"/v1/articles/{NIL}"), 422, "bad-path", "/id")


# dates


@pytest.mark.case(number=31)
@pytest.mark.parametrize("edtf", ["0000", "0000-01-01", "0000-01"])
def test_case_31_year_0(unmoved: Service, edtf: str) -> None:
    """Year 0000: 422"""
    refused(unmoved.post(CLAIMS, at(edtf)), 422, "invalid-date", "/time/edtf")
    refused(unmoved.post("/v1/articles", examples.article(published=edtf)), 422, "invalid-date", "/published")
    refused(unmoved.get("/v1/entities/red-hat", as_of=edtf), 422, "invalid-date", "/as_of")


@pytest.mark.case(number=32)
@pytest.mark.parametrize("edtf", ["10000", "10000-01-01", "Y10000", "infinity", "-infinity", "44 BC", "-0044", "today"])
def test_case_32_year_out_of_range(unmoved: Service, edtf: str) -> None:
    """Year 10000, `infinity`, `44 BC`: 422; range 0001-9999, CHECK in table"""
    refused(unmoved.post(CLAIMS, at(edtf)), 422, "invalid-date", "/time/edtf")
    refused(unmoved.get("/v1/entities/red-hat/state", as_of=edtf), 422, "invalid-date", "/as_of")


@pytest.mark.case(number=33)
@pytest.mark.parametrize("edtf", ["2014-02-30", "2023-02-29", "1900-02-29", "2014-13", "2014-04-31", "2014-00-01"])
def test_case_33_no_such_day(unmoved: Service, edtf: str) -> None:
    """30 February; 29 February 2023: 422"""
    refused(unmoved.post(CLAIMS, at(edtf)), 422, "invalid-date", "/time/edtf")
    refused(unmoved.get("/v1/entities/red-hat/state", published_by=edtf), 422, "invalid-date", "/published_by")


INSTANTS = {
    34: ["2014-01-01T24:00:00Z", "2014-12-31T23:59:60Z", "2014-01-01T25:00:00Z", "2014-01-01T10:60:00Z"],
    35: ["2014-01-01T10:00:00", "2014-01-01"],
    36: ["2014-01-01T10:00:00+16:00", "2014-01-01T10:00:00+23:59:59.9", "2014-01-01T10:00:00+14:01"],
    37: ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
    39: ["2014-03-30T02:30:00[Europe/Berlin]", "2014-03-30T02:30:00 Europe/Berlin"],
    44: ["2014-01-01T10:00:00.1234567Z", "2014-01-01T10:00:00.Z"],
}


def _refuse_instants(service: Service, case: int) -> None:
    for instant in INSTANTS[case]:
        refused(service.get("/v1/entities/red-hat/state", recorded_by=instant), 422, pointer="/recorded_by")


@pytest.mark.case(number=34)
def test_case_34_hour_24_and_leap_second(unmoved: Service) -> None:
    """24:00:00 and :60 leap second: 422, documented"""
    _refuse_instants(unmoved, 34)


@pytest.mark.case(number=35)
def test_case_35_naive_datetime(unmoved: Service) -> None:
    """Naive datetime: 422: offset required"""
    _refuse_instants(unmoved, 35)


@pytest.mark.case(number=36)
def test_case_36_offset_too_far(unmoved: Service) -> None:
    """Offset +16:00 or +23:59:59.9: 422; limit +-14:00, whole minutes"""
    _refuse_instants(unmoved, 36)


@pytest.mark.case(number=37)
def test_case_37_instant_before_year_1(unmoved: Service) -> None:
    """0001-01-01T00:00+14:00: 422"""
    _refuse_instants(unmoved, 37)


@pytest.mark.case(number=38)
@pytest.mark.parametrize("text", ["2024-W01-1", "20240101", "2024-001", "2024-1-1", "01.02.2024", " 2024-01-01"])
def test_case_38_other_forms_of_a_day(unmoved: Service, text: str) -> None:
    """2024-W01-1 and 20240101: 422; extended calendar form only"""
    refused(unmoved.post(CLAIMS, at(text)), 422, "invalid-date", "/time/edtf")
    refused(unmoved.get("/v1/entities/red-hat/state", as_of=text), 422, "invalid-date", "/as_of")


@pytest.mark.case(number=39)
def test_case_39_local_time_with_zone_name(unmoved: Service) -> None:
    """Local time in a DST gap or fold with zone name: 422 or documented fold=0"""
    _refuse_instants(unmoved, 39)


@pytest.mark.case(number=40)
def test_case_40_future_clocks(unmoved: Service) -> None:
    """as_of in the future; recorded_by in the future: 200 from what is known; 422"""
    assert unmoved.get("/v1/entities/red-hat/state", as_of="9999-12-31").status_code == 200
    for future in ("9999-01-01T00:00:00Z", "999999999"):
        refused(unmoved.get("/v1/entities/red-hat/state", recorded_by=future), 422, "invalid", "/recorded_by")


@pytest.mark.case(number=41)
def test_case_41_before_the_first_claim(unmoved: Service) -> None:
    """as_of before the first claim: 200 empty state"""
    answer = unmoved.get("/v1/entities/red-hat/state", as_of="0001-01-01")
    assert (answer.status_code, answer.json["relations"]) == (200, [])


@pytest.mark.case(number=42)
def test_case_42_end_before_start(service: Service) -> None:
    """end before start; equal: 422; equal accepted (both days are inside)"""
    with service.nothing_recorded():
        refused(service.post(CLAIMS, at("2014-02-02/2014-02-01")), 422, "invalid-date", "/time/edtf")
        refused(service.post(CLAIMS, at("[2014-02-02..2014-02-01]")), 422, "invalid-date", "/time/edtf")
        backwards = {"summary": "s", "position": {"start": 5, "end": 5}}
        answer = service.post(CLAIMS, examples.claim(evidence=backwards))
        refused(answer, 422, "invalid", "/evidence/position")
    assert service.post(CLAIMS, at("2014-02-02/2014-02-02")).status_code == 201


@pytest.mark.case(number=43)
def test_case_43_partial_date(service: Service) -> None:
    """Partial date "2024-03": accepted only in the date-precision field; else 422"""
    with service.nothing_recorded():
        for clock in ("as_of", "published_by", "recorded_by"):
            refused(service.get("/v1/entities/red-hat/state", **{clock: "2024-03"}), 422, pointer=f"/{clock}")
        refused(service.get("/v1/entities/red-hat/timeline", from_="2024-03"), 422, "invalid-date", "/from")
        refused(service.get("/v1/entities/red-hat/timeline", to="2024"), 422, "invalid-date", "/to")
    assert service.post(CLAIMS, at("2012-03")).status_code == 201


@pytest.mark.case(number=44)
def test_case_44_too_many_decimals_of_a_second(unmoved: Service) -> None:
    """Microseconds beyond 6 digits: 422, never silent rounding"""
    _refuse_instants(unmoved, 44)


# numbers


@pytest.mark.case(number=45)
@pytest.mark.parametrize("amount", ["sNaN", "NaN", "1e200000", "0.123456789012345678901234567890", "1.00001", "9" * 21])
def test_case_45_decimals_out_of_range(unmoved: Service, amount: str) -> None:
    """Decimal sNaN, 1e200000, 30 places: 422; max 20 digits, 4 places"""
    refused(unmoved.post(CLAIMS, with_attributes(amount=amount)), 422, "invalid", "/attributes/amount")
    if amount.replace(".", "").isdigit():
        raw = json.dumps(with_attributes(amount=0)).replace('"amount": 0', f'"amount": {amount}')
        refused(unmoved.raw(CLAIMS, raw.encode()), 422, "invalid", "/attributes/amount")


@pytest.mark.case(number=46)
def test_case_46_huge_exponent(unmoved: Service) -> None:
    """quantize(1e999999) path: 422"""
    refused(unmoved.post(CLAIMS, with_attributes(amount="1e999999")), 422, "invalid", "/attributes/amount")
    raw = json.dumps(with_attributes(amount=0)).replace('"amount": 0', '"amount": 1e300')
    refused(unmoved.raw(CLAIMS, raw.encode()), 422, "invalid", "/attributes/amount")


@pytest.mark.case(number=47)
@pytest.mark.parametrize("zero", ["-0", "-0.0", "0", "0.0", "-0e5"])
def test_case_47_minus_zero(service: Service, zero: str) -> None:
    """-0, -0.0 amount: normalised to 0"""
    raw = json.dumps(with_attributes(amount="?")).replace('"?"', zero)
    answer = service.raw(CLAIMS, raw.encode())
    assert answer.status_code in (200, 201)
    assert service.get(f"/v1/claims/{answer.json['id']}").json["attributes"] == {"amount": "0"}


@pytest.mark.case(number=48)
@pytest.mark.parametrize("stake", [100.0001, "100.0001", 101, -1, "-0.5"])
def test_case_48_stake_out_of_range(unmoved: Service, stake: Any) -> None:
    """Percentage 100.0001; negative stake: 422"""
    refused(unmoved.post(CLAIMS, with_attributes(stake=stake)), 422, "invalid", "/attributes/stake")


@pytest.mark.case(number=49)
def test_case_49_unknown_codes(unmoved: Service) -> None:
    """Unknown currency or country code: 422"""
    for currency in ("ZZZ", "usd", "US$", 840):
        refused(unmoved.post(CLAIMS, with_attributes(currency=currency)), 422, "invalid", "/attributes/currency")
    refused(unmoved.post(CLAIMS, with_attributes(country="ZZ")), 422, "invalid", "/attributes/country")


# parameters


@pytest.mark.case(number=50)
def test_case_50_limit_that_is_no_number(unmoved: Service) -> None:
    """`limit=abc`: 422"""
    for limit in ("abc", "", " ", "1.0", "+1", "0x10"):
        refused(unmoved.get("/v1/feed", limit=limit), 422, "bad-query", "/limit")


@pytest.mark.limit(name="page")
@pytest.mark.case(number=51)
def test_case_51_limit_out_of_range(unmoved: Service) -> None:
    """`limit=-1`, 0, 2^63: 422; 1..200"""
    for limit in ("-1", "0", "201", str(2**63), "9" * 5_000):
        for path in ("/v1/feed", "/v1/entities", "/v1/entities/red-hat/state"):
            refused(unmoved.get(path, limit=limit), 422, "bad-query", "/limit")
    assert unmoved.get("/v1/feed", limit="200").status_code == 200
    refused(unmoved.get("/v1/entities/red-hat", min_position=str(2**63)), 422, "bad-query", "/min_position")
    refused(unmoved.get("/v1/entities/red-hat", min_position="999999999"), 422, "invalid", "/min_position")


@pytest.mark.case(number=52)
def test_case_52_other_digits(unmoved: Service) -> None:
    """Arabic digits or `1_000` as number: 422; ASCII regex"""
    for number in ("\u0661\u0662", "1_000", "\uff11", "1 0"):
        refused(unmoved.get("/v1/feed", limit=number), 422, "bad-query", "/limit")
        refused(unmoved.get("/v1/entities/red-hat", recorded_by=number), 422, pointer="/recorded_by")
    refused(unmoved.post(CLAIMS, at("\u0662\u0660\u0661\u0664")), 422, "invalid-date", "/time/edtf")
    refused(unmoved.post(CLAIMS, with_attributes(amount="\u0661")), 422, "invalid", "/attributes/amount")


@pytest.mark.case(number=53)
def test_case_53_repeated_or_unknown_key(unmoved: Service) -> None:
    """Repeated query key; unknown query key: 422"""
    refused(unmoved.get("/v1/feed?limit=1&limit=1"), 422, "bad-query", "/limit")
    for path in ("/v1/feed", "/v1/entities", "/v1/entities/red-hat", "/healthz", "/v1/event-types"):
        refused(unmoved.get(path, colour="red"), 422, "bad-query", "/colour")
    refused(unmoved.post("/v1/claims?as_of=2014-01-01", examples.claim()), 422, "bad-query", "/as_of")
    refused(unmoved.put("/v1/entities/x?a=b", examples.registration()), 422, "bad-query", "/a")


@pytest.mark.case(number=56)
def test_case_56_unlisted_filter_and_wildcards(service: Service) -> None:
    r"""Sort or filter by unlisted field; `%`, `_`, `\` in search: 422; escaped literals"""
    service.put("/v1/entities/percent", examples.registration(name="100% Pure_\\Ltd"))
    with service.nothing_recorded():
        refused(service.get("/v1/entities", sort="name"), 422, "bad-query", "/sort")
        refused(service.get("/v1/entities", kind="company"), 422, "bad-query", "/kind")
        refused(service.get("/v1/entities/red-hat/state", status="good"), 422, "bad-query", "/status")
        refused(service.get("/v1/entities/red-hat/state", relation="loves"), 422, "bad-query", "/relation")
        refused(service.get("/v1/entities/red-hat/timeline", type="rumour"), 422, "bad-query", "/type")
        for literal in ("%", "_", "\\", "r%d", "red_hat"):
            found = service.get("/v1/entities", q=literal)
            assert (found.status_code, found.json["entities"]) == (200, [])
        for literal in ("100%", "pure_\\"):
            assert [e["id"] for e in service.get("/v1/entities", q=literal).json["entities"]] == ["percent"]


@pytest.mark.case(number=57)
@pytest.mark.parametrize("text", ["a & | b", "'", ":*", "((", "!", "<->", "\\"])
def test_case_57_search_syntax(unmoved: Service, text: str) -> None:
    """Search `a & | b`: 200 via websearch_to_tsquery"""
    assert unmoved.get("/v1/entities", q=text).status_code == 200


@pytest.mark.case(number=58)
@pytest.mark.parametrize("text", ["red.*", "^red", "(a+)+$", "[", "red-hat|mirantis", "/red/i"])
def test_case_58_regular_expressions(unmoved: Service, text: str) -> None:
    """User-supplied regex: not offered; 422 (in a search it is text like any other)"""
    found = unmoved.get("/v1/entities", q=text)
    assert (found.status_code, found.json["entities"]) == (200, [])
    for name in ("regex", "q_regex", "pattern", "match"):
        refused(unmoved.get("/v1/entities", **{name: text}), 422, "bad-query", f"/{name}")


HOSTILE = ["' ; DROP TABLE log.events; --", "$$; SELECT 1; $$", "%s %(x)s {0} {x}", "${jndi:ldap://x}", "\\'; --"]


@pytest.mark.case(number=60)
@pytest.mark.parametrize("text", HOSTILE)
def test_case_60_injection(service: Service, text: str) -> None:
    """`' ; DROP TABLE`, `$$`, `%s` in every string: stored literally"""
    service.put("/v1/entities/hostile", examples.registration(name=text, aliases=[f"{text} 2"]))
    assert service.get("/v1/entities/hostile").json["name"] == text
    assert "hostile" in [e["id"] for e in service.get("/v1/entities", q=text).json["entities"]]
    service.get("/v1/entities", identifier=text)
    evidence = {"summary": text, "quote": {"exact": text, "prefix": text, "suffix": text}}
    claim = service.claim(attributes={"round": text}, evidence=evidence)
    told = service.get(f"/v1/claims/{claim}").json
    assert (
        told["attributes"]["round"] == told["evidence"][0]["summary"] == told["evidence"][0]["quote"]["exact"] == text
    )
    url = f"https://example.org/hostile/{HOSTILE.index(text)}"
    article = service.article(url=url, title=text, publisher=text, text=text, authors=[text])
    told = service.get(f"/v1/articles/{article}").json
    assert (told["text"], told["title"], told["authors"]) == (text, text, [text])
    refused(service.get("/v1/relations/owns'--/red-hat/vmware"), 404, "unknown")
    refused(service.get("/v1/votes/red-hat", motion=text, relation=text), 422, "bad-query")
    assert service.get("/v1/votes/red-hat", motion=text).json["status"] == "unknown"


MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script>",
    "</style><b>",
    "javascript:alert(1)",
]


@pytest.mark.case(number=61)
@pytest.mark.parametrize("text", MARKUP)
def test_case_61_markup(service: Service, text: str) -> None:
    """`<script>`, `onerror=`, `</script>`, `javascript:` URL in a text: stored; shown inert; 422 as a URL"""
    service.put("/v1/entities/markup", examples.registration(name=text))
    url = f"https://example.org/markup/{MARKUP.index(text)}"
    article = service.article(url=url, title=text, publisher=text)
    people = [{"role": "investor", "entity": "markup"}, {"role": "investee", "entity": "vmware"}]
    evidence = {"summary": text, "quote": {"exact": text}}
    service.claim(article=url, participants=people, evidence=evidence, attributes={"round": text}, ref=text)
    for path in (
        "/entity/markup",
        "/?center=markup",
        "/relation/investor_of/markup/vmware",
        f"/record/claim?article={article}",
    ):
        page = service.get(path)
        assert page.status_code == 200
        assert page.text.count("&lt;") >= 1 if "<" in text else "javascript:" in page.text
        for harm in ("<script>", "<img", "<b>", "</style><", 'href="javascript', 'src="javascript'):
            assert harm not in page.text, path
    for scheme in ("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://example.org/"):
        refused(service.post("/v1/articles", examples.article(url=scheme)), 422, "invalid", "/url")


# addresses and methods


@pytest.mark.case(number=65)
def test_case_65_strange_paths(unmoved: Service) -> None:
    """Path `..%2f`, `%00`, 9,000-char URL, double slash: 404 / 400 / 414"""
    refused(unmoved.get("/v1/entities/..%2f..%2fetc%2fpasswd"), 404)
    refused(unmoved.get("/static/..%2f..%2fapp.py"), 404)
    refused(unmoved.get("/v1/entities/a%00b"), 400, "malformed-url")
    refused(unmoved.get("/v1/entities/a%0d%0ab"), 400, "malformed-url")
    refused(unmoved.get("/v1/entities/" + "a" * 9_000), 414, "url-too-long")
    refused(unmoved.get("/v1/entities?q=" + "a" * 9_000), 414, "url-too-long")
    for path in ("//v1/entities", "/v1//entities", "/v1/entities/", "/v1/entities//state", "/v2/entities"):
        refused(unmoved.get(path), 404, "not-found")
    refused(unmoved.get("/v1/entities/red-hat", environ={"RAW_URI": "//v1/entities/red-hat"}), 404, "not-found")


@pytest.mark.case(number=66)
@pytest.mark.parametrize("path", ["/v1/entities/red-hat/state", "/v1/feed", "/healthz", "/"])
def test_case_66_methods(unmoved: Service, path: str) -> None:
    """Method not allowed; HEAD; OPTIONS: 405 with Allow; as documented"""
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"):
        answer = unmoved.send(method, path)
        refused(answer, 405, "method-not-allowed")
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    head = unmoved.send("HEAD", path)
    assert (head.status_code, head.data) == (200, b"") and int(head.headers["Content-Length"]) > 0
    options = unmoved.send("OPTIONS", path)
    assert options.status_code == 200 and set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert set(unmoved.send("OPTIONS", CLAIMS).headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


@pytest.mark.case(number=67)
def test_case_67_idempotency_key(service: Service) -> None:
    """Idempotency-Key missing, 256+ chars, reused with other body, in flight: fine / 400 / 422 / waits for the first"""
    with service.nothing_recorded():
        for key in ("x" * 256, "", "a b", "\u00e9".encode().decode("latin-1")):
            refused(service.post(CLAIMS, examples.claim(), Idempotency_Key=key), 400, "bad-header", "/Idempotency-Key")
    body = examples.claim(ref="keyed")
    first = service.post(CLAIMS, body, Idempotency_Key="x" * 255)
    with service.nothing_recorded():
        again = service.post(CLAIMS, body, Idempotency_Key="x" * 255)
        assert (again.status_code, again.json) == (first.status_code, first.json)
        other = service.post(CLAIMS, examples.claim(ref="another"), Idempotency_Key="x" * 255)
        refused(other, 422, "request-mismatch")
        refused(service.put("/v1/entities/x", examples.registration(), Idempotency_Key="x" * 255), 422)


@pytest.mark.case(number=67)
def test_case_67_the_same_key_at_once(service: Service) -> None:
    """Idempotency-Key missing, 256+ chars, reused with other body, in flight: fine / 400 / 422 / waits for the first"""
    before, answers, barrier = service.timeline.head(), [], Barrier(4)

    def send() -> None:
        client = service.app.test_client()
        barrier.wait()
        body = examples.registration(name="At Once")
        answers.append(client.put("/v1/entities/at-once", json=body, headers={"Idempotency-Key": "at-once"}))

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(a.status_code, a.data) for a in answers} == {(201, answers[0].data)}
    assert service.timeline.head() == before + 1


@pytest.mark.case(number=68)
def test_case_68_if_match(service: Service) -> None:
    """If-Match stale or malformed: 412 / 400"""
    service.put("/v1/entities/matched", examples.registration(name="One"))
    with service.nothing_recorded():
        for tag in ("1", "*", 'W/"1"', '"one"', '"1", "2"', '""', ""):
            answer = service.put("/v1/entities/matched", examples.registration(name="Two"), If_Match=tag)
            refused(answer, 400, "bad-header", "/If-Match")
        stale = service.put("/v1/entities/matched", examples.registration(name="Two"), If_Match='"0"')
        refused(stale, 412, "stale-version")
        refused(service.post(CLAIMS, examples.claim(), If_Match='"1"'), 400, "bad-header", "/If-Match")
    assert service.put("/v1/entities/matched", examples.registration(name="Two"), If_Match='"1"').json["version"] == 2


@pytest.mark.case(number=69)
def test_case_69_expected_version(unmoved: Service) -> None:
    """Expected version negative, gap, past: 422 / 409 / 409 (for If-Match: 412, as RFC 9110 says)"""
    body = examples.registration(name="Another name")
    refused(unmoved.put("/v1/entities/red-hat", body, If_Match='"-1"'), 422, "invalid")
    refused(unmoved.put("/v1/entities/red-hat", body, If_Match='"7"'), 412, "stale-version")
    refused(unmoved.put("/v1/entities/red-hat", body, If_Match='"0"'), 412, "stale-version")


@pytest.mark.case(number=62)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\x85"])
def test_case_62_line_ends_in_headers(service: Service, end: str) -> None:
    """CR/LF in any text used in SSE, headers, logs: header 400 (an id of a request is replaced)"""
    hostile = f"a{end}X-Injected: 1"
    with service.nothing_recorded():
        for name in ("HTTP_IDEMPOTENCY_KEY", "HTTP_FRENEMIES_NOTE", "HTTP_IF_MATCH"):
            body = examples.registration(name="Another name")
            answer = service.send("PUT", "/v1/entities/red-hat", json=body, environ={name: hostile})
            refused(answer, 400, "bad-header")
            assert "X-Injected" not in answer.headers
        answer = service.get("/v1/feed", environ={"HTTP_LAST_EVENT_ID": hostile})
        refused(answer, 400)
        answer = service.get("/v1/feed", environ={"HTTP_X_REQUEST_ID": hostile})
        assert answer.headers["X-Request-Id"].isalnum()


@pytest.mark.case(number=70)
def test_case_70_retractions(service: Service) -> None:
    """Retraction of an unknown claim, the same retraction again, a different one: 404 / 200 / 409"""
    claim = service.claim(time={"kind": "instant", "edtf": "2001"})
    assert service.post(f"/v1/claims/{claim}/retraction", {"reason": "a slip"}).status_code == 201
    with service.nothing_recorded():
        unknown = f"/v1/claims/{NIL[:-1]}1/retraction"
        refused(service.post(unknown, {"reason": "r"}), 404, "unknown")
        assert service.post(f"/v1/claims/{claim}/retraction", {"reason": "a slip"}).status_code == 200
        refused(service.post(f"/v1/claims/{claim}/retraction", {"reason": "another"}), 409, "conflict")


@pytest.mark.case(number=71)
def test_case_71_relations_of_a_claim(service: Service) -> None:
    """Self-relation; cycle of 100% owners; 1,000 relations in one claim: 422 / accepted and flagged / 422 (cap 50)"""
    with service.nothing_recorded():
        itself = [{"role": "acquirer", "entity": "vmware"}, {"role": "target", "entity": "vmware"}]
        refused(service.post(CLAIMS, examples.ownership(participants=itself)), 422, "invalid", "/participants")
        many = [{"role": "partner", "entity": f"company-{n}"} for n in range(1_000)]
        crowd = examples.claim(type="partnership", participants=many)
        refused(service.post(CLAIMS, crowd), 422, pointer="/participants")
        refused(service.post(CLAIMS, crowd | {"participants": many[:50]}), 422, "too-many", "/participants")
    for one, other in (("red-hat", "vmware"), ("vmware", "red-hat")):
        owners = [{"role": "acquirer", "entity": one}, {"role": "target", "entity": other}]
        service.claim(**examples.ownership(participants=owners, attributes={"stake": 100}))
    for one, other in (("red-hat", "vmware"), ("vmware", "red-hat")):
        answer = service.get(f"/v1/relations/owns/{one}/{other}", as_of="2015-01-01").json
        assert (answer["status"], answer["circle"]) == ("holds", [one, other])
    assert service.get("/v1/relations/owns/red-hat/vmware", as_of="2000-01-01").json["circle"] == []


@pytest.mark.case(number=72)
def test_case_72_same_article_twice(service: Service) -> None:
    """Same article imported twice; same URL with tracking query: dedup by canonical URL + content hash; 200 existing"""
    first = service.article()
    with service.nothing_recorded():
        for url in (examples.URL, f"{examples.URL}?utm_source=x&fbclid=1#top", "HTTPS://EXAMPLE.org:443/a"):
            again = service.post("/v1/articles", examples.article(url=url))
            assert (again.status_code, again.json["id"]) == (200, first)
        refused(service.post("/v1/articles", examples.article(title="Another")), 409, "conflict", "/title")
        told = refused(service.post("/v1/articles", examples.article(published="2014-11-05")), 409, "conflict")
        assert "corrections" in told["detail"]


@pytest.mark.limit(name="batch_claims")
@pytest.mark.case(number=79)
def test_case_79_501_claims(service: Service) -> None:
    """501 claims in one batch: 413"""
    with service.nothing_recorded():
        refused(service.post(CLAIMS, {"claims": [examples.claim()] * 501}), 413, "too-large", "/claims")
        refused(service.post(CLAIMS, {"claims": []}), 422, "misshapen", "/claims")
    assert service.post(CLAIMS, {"claims": [examples.claim()] * 500}).status_code in (200, 201)


def test_the_cases_about_records_were_tried_as_lines_of_imports(service: Service) -> None:
    assert isinstance(service, BothWays)
    refused(service.post(CLAIMS, at("2014-02-30")), 422, "invalid-date", "/time/edtf")
    assert service.compared > 0


@pytest.mark.case(number=81)
@pytest.mark.parametrize("accept", ["text/plain", "application/json;q=0", "*/*;q=0", "image/png, text/html;q=0.5", "x"])
def test_case_81_a_form_that_is_not_offered(unmoved: Service, accept: str) -> None:
    """Accept: text/plain on JSON; q=0: JSON all the same, and not 406 (docs/decisions/0054)"""
    for path in ("/v1/entities/red-hat", "/v1/entities/red-hat/state", "/v1/network", "/v1/claims"):
        answer = unmoved.get(path, headers={"Accept": accept})
        assert answer.content_type in ("application/json", "application/problem+json")
        assert answer.status_code == (405 if path == CLAIMS else 200)


CLOUD_EVENT = {"specversion": "1.0", "id": "1", "source": "/a", "type": "x", "data": {}}


@pytest.mark.case(number=83)
@pytest.mark.parametrize("lacking", [None, "specversion", "id", "source"])
def test_case_83_cloud_events_are_not_taken(unmoved: Service, lacking: str | None) -> None:
    """CloudEvents in: not offered; 405 where they come out, 415 and 422 where records go in"""
    event = {name: value for name, value in CLOUD_EVENT.items() if name != lacking}
    body = json.dumps(event).encode()
    for media in ("application/cloudevents+json", "application/cloudevents-batch+json"):
        for path in ("/v1/feed", "/v1/beliefs"):
            refused(unmoved.raw(path, body, media), 405, "method-not-allowed")
        for path in (CLAIMS, "/v1/articles", "/v1/import"):
            refused(unmoved.raw(path, body, media), 415, "unsupported-media-type")
    binary = {f"ce_{name}": str(value) for name, value in event.items() if name != "data"}
    told = refused(unmoved.raw(CLAIMS, body, headers=binary), 422, "misshapen")
    assert "/source" in [fault["pointer"] for fault in told["errors"]] or lacking == "source"
