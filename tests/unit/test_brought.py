"""The keys and links that events bring are those that recording them made."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given

from events import codec
from service.store.protocol import StreamKey, StreamLink
from service.timeline.brought import SAME_DATE, DatedBy, keys_of, links_of
from tests.histories import histories
from tests.recorded import Recorded

URL = "https://example.org/a"
SCENE: list[dict[str, Any]] = [
    {"record": "entity", "id": "ant", "kind": "company", "name": "Ant"},
    {"record": "entity", "id": "bee", "kind": "company", "name": "Bee"},
    {
        "record": "article", "url": URL, "title": "A", "publisher": "p", "authors": ["Pat"], "language": "en",
        "published": "2014-11-04", "text": "They bought in.",
    },
]  # fmt: skip


def claim(ref: str | None, edtf: str = "2013", **time: Any) -> dict[str, Any]:
    said = {
        "record": "claim", "article": URL, "type": "investment",
        "participants": [{"role": "investor", "entity": "ant"}, {"role": "investee", "entity": "bee"}],
        "attributes": {}, "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": edtf, **time}, "evidence": {"summary": f"{ref} {time}"},
    }  # fmt: skip
    return said if ref is None else said | {"ref": ref}


def brought(recorded: Recorded) -> tuple[set[StreamKey], set[StreamLink]]:
    """What the events of a store bring, one after the other."""
    keys: dict[tuple[str, str], StreamKey] = {}
    links: set[StreamLink] = set()
    for row in recorded.store.read_log(0, 1_000_000):
        event = codec.decode(row.topic, row.state, row.stream, row.version)
        for key in keys_of(event):
            keys.setdefault((key.kind, key.key), key)
        for link in links_of(event):
            if isinstance(link, DatedBy):
                link = StreamLink(SAME_DATE, link.source, keys["ref", link.ref].stream)
            links.add(link)
    return set(keys.values()), links


def kept(recorded: Recorded) -> tuple[set[StreamKey], set[StreamLink]]:
    """What the store holds."""
    store = recorded.store
    keys = {StreamKey(kind, key, stream) for (kind, key), stream in store._keys.items()}
    links = {StreamLink(kind, source, target) for (kind, target), sources in store._links.items() for source in sources}
    return keys, links


@pytest.mark.slow
@given(histories())
def test_events_of_any_history_bring_the_keys_and_links_that_recording_made(history: list[dict[str, Any]]) -> None:
    recorded = Recorded(history)
    assert brought(recorded) == kept(recorded)


def correction(of: str, changes: dict[str, Any]) -> dict[str, Any]:
    return {"record": "correction", "of": of, "changes": changes, "reason": "it says so"}


@pytest.mark.parametrize("by", ["ref", "id"])
def test_a_date_taken_from_another_claim_links_to_it_from_the_claim_and_from_a_correction(by: str) -> None:
    recorded = Recorded([*SCENE, claim("first"), claim("other", "2012")])
    first = recorded.store.find_keys("ref", ["first"])["first"]
    name = "first" if by == "ref" else first.removeprefix("claim-")
    same = {"rule": f"same_as({name})", "expression": "then"}
    recorded.record(claim("dated", **same))
    recorded.record(correction("other", {"time": {"kind": "instant", "edtf": "2013", **same}}))
    recorded.record(correction("other", {"modality": "reported"}))
    keys, links = brought(recorded)
    assert (keys, links) == kept(recorded)
    streams = {key.stream for key in keys if key.key in ("dated", "other")}
    assert {link.source for link in links if link.kind == SAME_DATE} == streams
    assert {link.target for link in links if link.kind == SAME_DATE} == {first}


def test_a_second_name_is_a_key_and_a_copy_of_a_text_is_not() -> None:
    copy = SCENE[-1] | {"url": "https://example.org/copy"}
    recorded = Recorded([*SCENE, copy, claim("a"), claim("a") | {"ref": "b"}])
    keys, links = brought(recorded)
    assert (keys, links) == kept(recorded)
    assert {key.key for key in keys if key.kind == "ref"} == {"a", "b"}
    assert len([key for key in keys if re.fullmatch("[0-9a-f]{64}", key.key)]) == 1
