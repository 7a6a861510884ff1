"""A service that asks twice: every record that it refuses is sent as a line of an import as well."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from service.transfer.importer import Importer
from service.transfer.lines import Lines
from service.transfer.refusals import ImportRefused
from tests.http.conftest import Service
from tests.recorded import ME

NDJSON = "application/x-ndjson"
COMPARED = (400, 409, 422)
_ENTITY = re.compile("/v1/entities/([a-z0-9-]+)")
_RECORDS = {"/v1/claims": "claim", "/v1/articles": "article"}
Told = tuple[str, list[str]]


class BothWays(Service):
    """Compares each refusal of a single record with those of the importer and of `POST /v1/import`."""

    def __init__(self, single: Service, importer: Importer, folder: Path) -> None:
        self.__dict__.update(single.__dict__)
        self._importer = importer
        self._file = folder / "line.ndjson"
        self.compared = 0

    def send(self, method: str, path: str, *, environ: Any = None, headers: Any = None, **more: Any) -> TestResponse:
        """The answer to a request, after the other ways gave the same."""
        answer = super().send(method, path, environ=environ, headers=headers, **more)
        is_record = answer.status_code in COMPARED and not (environ or headers) and _is_about_body(answer)
        line = _line(method, path, more) if is_record else None
        if line is not None:
            expected = _told(answer)
            assert self._by_importer(line) == expected, line[:1_000]
            assert self._by_request(line) == expected, line[:1_000]
            self.compared += 1
        return answer

    def _by_importer(self, line: bytes) -> Told:
        self._file.write_bytes(line)
        try:
            self._importer.check(Lines("line", self._file, 2 << 20), ME)
        except ImportRefused as refused:
            return refused.code, [refusal.pointer for refusal in refused.refusals]
        return "taken", []

    def _by_request(self, line: bytes) -> Told:
        answer = super().send("POST", "/v1/import", data=line, content_type=NDJSON)
        assert answer.status_code == 422, answer.json
        return _told(answer)


def _is_about_body(answer: TestResponse) -> bool:
    """Whether the body was refused, and not the address."""
    return all(fault["in"] == "body" for fault in answer.get_json(force=True).get("errors", []))


def _told(answer: TestResponse) -> Told:
    """The code of a problem, and the places that it names; nowhere is the whole line."""
    told = answer.get_json(force=True)
    return told["type"].split(":")[-1], [fault["pointer"] for fault in told.get("errors", [])] or [""]


def _line(method: str, path: str, sent: dict[str, Any]) -> bytes | None:
    """What was sent as a line of an import; None where it is no single record or cannot be on a line."""
    entity = _ENTITY.fullmatch(path) if method == "PUT" else None
    kind = "entity" if entity else _RECORDS.get(path) if method == "POST" else None
    raw = json.dumps(sent["json"]).encode() if "json" in sent else sent.get("data", b"")
    if kind is None or sent.get("content_type", "application/json") != "application/json" or not raw.strip():
        return None
    # A mark at the beginning is dropped from a file, what has more than one line is several records.
    if raw.startswith(b"\xef\xbb\xbf") or b"\n" in raw or b'"claims"' in raw or (entity and b'"id"' in raw):
        return None
    name = f', "id": "{entity[1]}"' if entity else ""
    return raw.replace(b"{", f'{{"record": "{kind}"{name}, '.encode(), 1) if raw.startswith(b"{") else raw
