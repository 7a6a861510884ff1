"""Whatever a recorder writes comes out of the API, the feed and the exports as the text that it was, and as no more.

Each form is read by a parser of its kind: the same parts are found in it as where all texts are harmless.
"""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from typing import Any
from unicodedata import normalize

import pytest
import sseclient

from service.exports.csv_tables import harmless as formula_marked
from service.feeds.cursor import format_cursor
from service.feeds.forms import streamed
from tests.hostile import FORMULAS, NAMES, STEERING, packed
from tests.http.conftest import NewService, Service
from tests.world import HARMLESS, World

ON = {"as_of": "2014-12-01"}
TOGETHER = [*packed(NAMES), *FORMULAS.values()]
STEERED = next(packed(STEERING, 1_000))
GRAPHML, CSV, FTM, JSON_LD = "application/graphml+xml", "text/csv", "application/json+ftm", "application/ld+json"
NDJSON, ATOM = "application/x-ndjson", "application/atom+xml"
NO_FORMULA = re.compile(r"[^=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]|$")


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    with new_service() as made:
        yield made


@pytest.fixture(scope="module")
def worlds(service: Service) -> list[World]:
    """Worlds of all hostile texts; the first one is harmless."""
    named = [World(service, f"n{number}", text, f"{text} {text}") for number, text in enumerate(TOGETHER)]
    return [World(service, "w", HARMLESS, HARMLESS), *named, World(service, "s", HARMLESS, STEERED)]


def told(service: Service, path: str, media: str, **query: str) -> str:
    service.catch_up()
    answer = service.app.test_client().get(path, headers={"Accept": media}, query_string=query or None)
    text = answer.get_data().decode()
    answer.close()
    assert answer.status_code == 200 and answer.mimetype == media, text
    return text


def entities(world: World) -> dict[str, str]:
    return {"entities": ",".join(world.entities.values())} | ON


def parts(data: Any, path: str = "") -> Iterator[str]:
    """The places of a document of JSON, without the ids that name them."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from parts(value, f"{path}/{'*' if '-' in name else name}")
    elif isinstance(data, list):
        for value in data:
            yield from parts(value, f"{path}/*")
    else:
        yield path


def document_of(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314


def shape(document: ET.Element) -> Counter[tuple[str, ...]]:
    return Counter((one.tag, *sorted(one.attrib)) for one in document.iter())


def test_answers_of_the_api_hold_the_texts_as_they_are(service: Service, worlds: list[World]) -> None:
    shapes = []
    for world in worlds:
        one, claims = world.id("one"), world.claims
        answers = [
            service.get(f"{path}as_of=2014-12-01")
            for path in (
                f"/v1/entities/{one}?", f"/v1/entities/{one}/state?", f"/v1/entities/{one}/timeline?",
                f"/v1/claims/{claims['invests']}?", f"/v1/articles/{world.articles['first']}?",
                f"/v1/relations/owns/{one}/{world.id('two')}?", f"/v1/periods?center={one}&",
                f"/v1/network?center={one}&",
            )
        ]  # fmt: skip
        assert {answer.content_type for answer in answers} == {"application/json"}
        shapes.append(Counter(part for answer in answers for part in parts(answer.json) if "duplicates" not in part))
        assert answers[0].json["name"] == normalize("NFC", world.name)
        evidence = answers[3].json["evidence"][0]
        assert evidence["quote"]["prefix"] == normalize("NFC", world.text)
    assert all(found == shapes[0] for found in shapes)


def test_every_form_of_the_feed_is_the_same_events(service: Service, worlds: list[World]) -> None:
    """A line, a message of a stream and an entry of Atom hold one event each, whatever its texts would break out of."""
    lines = told(service, "/v1/feed", NDJSON).split("\n")[:-1]
    events = [json.loads(line) for line in lines]
    assert [int(event["sequence"]) for event in events[:-1]] == list(range(1, len(events)))
    epoch = service.timeline.epoch()
    stream = b"".join(
        streamed(format_cursor(epoch, int(event["sequence"])), line.encode())
        for event, line in zip(events, lines, strict=True)
    )
    messages = list(sseclient.SSEClient(iter([stream])).events())
    assert [message.data for message in messages] == lines
    assert {message.event for message in messages} == {"message"}


def test_atom_has_an_entry_for_each_event_and_nothing_of_its_texts(service: Service, worlds: list[World]) -> None:
    document = document_of(told(service, "/v1/feed.atom", ATOM))
    while True:
        atom = "{http://www.w3.org/2005/Atom}"
        assert {one.tag.rpartition("}")[2] for one in document.iter()} <= ELEMENTS
        for link in document.iter(f"{atom}link"):
            assert re.fullmatch(r"/[!-~]*", link.attrib["href"]), link.attrib
        kinds = {
            one.attrib.get("type", "text") for name in ("title", "summary") for one in document.iter(f"{atom}{name}")
        }
        assert kinds <= {"text"}
        before = [
            link.attrib["href"] for link in document.findall(f"{atom}link") if link.attrib["rel"] == "prev-archive"
        ]
        if not before:
            break
        document = document_of(told(service, before[0], ATOM))


ELEMENTS = set("feed id title updated author name link archive entry published category summary content".split())


def test_tables_hold_no_formula(service: Service, worlds: list[World]) -> None:
    for world in worlds:
        rows = list(csv.DictReader(io.StringIO(told(service, "/v1/network", CSV, **entities(world)), newline="")))
        plain = list(csv.DictReader(io.StringIO(told(service, "/v1/network", CSV, **entities(worlds[0])), newline="")))
        assert len(rows) == len(plain) and {None} not in [set(row) for row in rows]
        assert all(NO_FORMULA.match(cell) for row in rows for cell in row.values())
        assert formula_marked(normalize("NFC", world.name)) in {row["subject_name"] for row in rows}


def test_graphs_have_the_same_parts(service: Service, worlds: list[World]) -> None:
    plain = shape(document_of(told(service, "/v1/network", GRAPHML, **entities(worlds[0]))))
    for world in worlds:
        assert shape(document_of(told(service, "/v1/network", GRAPHML, **entities(world)))) == plain


@pytest.mark.parametrize("media", [NDJSON, FTM])
def test_lines_of_networks_have_the_same_parts(service: Service, worlds: list[World], media: str) -> None:
    found = [told(service, "/v1/network", media, **entities(world)).split("\n") for world in worlds]
    shapes = [Counter(part for line in lines if line for part in parts(json.loads(line))) for lines in found]
    assert all(one == shapes[0] for one in shapes)


@pytest.mark.parametrize("media", [JSON_LD, FTM])
def test_states_have_the_same_parts(service: Service, worlds: list[World], media: str) -> None:
    shapes = []
    for world in worlds:
        text = told(service, f"/v1/entities/{world.id('one')}/state", media, **ON)
        documents = [json.loads(text)] if media == JSON_LD else [json.loads(line) for line in text.split("\n") if line]
        shapes.append(Counter(part for document in documents for part in parts(document)))
    assert all(one == shapes[0] for one in shapes)
