"""`POST /v1/import`."""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from service.settings import Limits
from service.transfer import running
from service.transfer.importer import Listener
from service.transfer.lines import Lines, Size
from tests.http import examples
from tests.http.conftest import NewService, Service, refused
from tests.recorded import ME

NDJSON = "application/x-ndjson"
SAMPLE = Path(__file__).parents[2] / "service" / "sample" / "five_articles.ndjson"


def entity(name: str, **changes: Any) -> dict[str, Any]:
    return {"record": "entity", "id": name, "kind": "company", "name": name.title()} | changes


def lines(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def send(service: Service, body: bytes, **query: str) -> Any:
    path = "/v1/import" + "".join(f"?{name}={value}" for name, value in query.items())
    return service.raw(path, body, NDJSON)


def counts(answer: Any) -> tuple[int, int, int]:
    assert answer.status_code == 200, answer.json
    return tuple(answer.json[name] for name in ("recorded", "present", "refused"))  # type: ignore[return-value]


def test_lines_are_recorded_and_the_same_again_records_nothing(own_service: Service) -> None:
    body = SAMPLE.read_bytes()
    first = send(own_service, body)
    assert (counts(first), first.json["position"]) == ((259, 0, 0), own_service.timeline.head())
    with own_service.nothing_recorded():
        again = send(own_service, body)
        assert (counts(again), again.json["position"]) == ((0, 259, 0), own_service.timeline.head())
    red_hat = own_service.get(f"/v1/entities/red-hat?min_position={again.json['position']}")
    assert red_hat.json["name"] == "Red Hat"


def test_the_body_may_come_in_pieces_and_be_longer_than_any_other(service: Service) -> None:
    body = lines(*(entity(f"in-pieces-{n}", aliases=["x" * 200] * 60) for n in range(200)))
    assert len(body) > 2 * service.app.extensions["frenemies"].settings.limits.json_body
    environ = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = service.send("POST", "/v1/import", environ=environ, content_type=NDJSON)
    assert counts(answer) == (200, 0, 0)


def test_a_refused_line_is_named_with_its_place_and_nothing_is_recorded(service: Service) -> None:
    with service.nothing_recorded():
        told = refused(send(service, lines(entity("ok"), entity("not-ok", kind="compny"))), 422, "invalid", "/kind")
    assert (told["errors"][0]["line"], told["recorded"]) == (2, 0)


@pytest.mark.parametrize("name", ["%00", "a%00b"])
def test_what_an_import_is_called_may_not_be_refused_by_the_database(service: Service, name: str) -> None:
    with service.nothing_recorded():
        answer = service.send("POST", f"/v1/import?name={name}", data=lines(entity("ok")), content_type=NDJSON)
        refused(answer, 422, "invalid", "/name")


def test_malformed_lines_are_named_with_their_column(service: Service) -> None:
    with service.nothing_recorded():
        told = refused(send(service, lines(entity("ok")) + b'{"record": \n[]\n'), 422, "malformed-json")
    assert [(fault["line"], fault.get("column")) for fault in told["errors"]] == [(2, 12), (3, None)]


def test_what_is_good_is_recorded_and_the_rest_answered(service: Service) -> None:
    broken = entity("broken", kind="compny")
    rename = {"record": "rename", "of": "broken", "name": "Whole", "since": "2014"}
    answer = send(service, lines(entity("good"), broken, rename, entity("better")), mode="rejects")
    assert (counts(answer), answer.json["position"]) == ((2, 0, 2), service.timeline.head())
    first, second = answer.json["refusals"]
    assert (first["line"], first["pointer"], first["code"], first["record"]) == (2, "/kind", "invalid", broken)
    assert first["place"].startswith("body:2:") and second["line"] == 3
    assert "line 2, which brings it, is refused" in second["detail"]
    assert service.get("/v1/entities/better").status_code == 200


def test_an_import_that_goes_on_says_with_which_line_its_refusals_begin(
    own_service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "ONE_APPEND", 2)
    monkeypatch.setattr(running, "USUAL", Size(2, 1_000_000))
    body = lines(*(entity(f"e-{n}", kind="company" if n % 2 else "compny") for n in range(12)))
    file = tmp_path / "body"
    file.write_bytes(body)

    def stop(reached: running.Progress) -> None:
        if reached.line == 8:
            raise InterruptedError

    importer = own_service.app.extensions["frenemies"].importer
    with pytest.raises(InterruptedError):
        importer.record_good(Lines("body", file, 1_000), ME, lambda *_: None, Listener(progress=stop))
    answer = send(own_service, body, mode="rejects")
    assert counts(answer) == (6, 0, 6)
    begin = answer.json["refusals_from"]
    assert begin in (5, 7)
    assert [refusal["line"] for refusal in answer.json["refusals"]] == list(range(begin, 13, 2))
    again = send(own_service, body, mode="rejects")
    assert (counts(again), again.json["refusals_from"]) == ((0, 6, 6), 1)
    assert [refusal["line"] for refusal in again.json["refusals"]] == list(range(1, 13, 2))


def test_an_empty_body_records_nothing(service: Service) -> None:
    with service.nothing_recorded():
        assert counts(send(service, b"")) == (0, 0, 0)


@pytest.mark.case(number=9)
def test_another_type_or_a_compressed_body_is_refused(service: Service) -> None:
    refused(service.raw("/v1/import", lines(entity("x")), "application/json"), 415, "unsupported-media-type")
    packed = service.raw("/v1/import", b"x", NDJSON, headers={"Content-Encoding": "gzip"})
    refused(packed, 415, "unsupported-media-type")


def test_parameters_are_checked(service: Service) -> None:
    refused(send(service, b"", mode="some"), 422, "bad-query", "/mode")
    refused(send(service, b"", colour="red"), 422, "bad-query", "/colour")
    refused(service.raw("/v1/import", b"", NDJSON, headers={"If_Match": '"1"'}), 400, "bad-header", "/If-Match")


def test_it_needs_the_key_like_all_writing(new_service: NewService) -> None:
    with new_service(admin_key="secret") as service, service.nothing_recorded():
        refused(send(service, lines(entity("x"))), 401, "not-authorized")


def test_the_note_is_kept_with_what_is_recorded(own_service: Service) -> None:
    own_service.raw("/v1/import", lines(entity("noted")), NDJSON, headers={"Frenemies_Note": "by night"})
    (noted,) = own_service.get("/v1/feed").json
    assert noted["data"]["recorder"]["note"] == "by night"


def test_claims_are_known_by_their_refs(own_service: Service) -> None:
    claim = {"record": "claim", "ref": "r-1"} | examples.claim()
    article = {"record": "article"} | examples.article()
    body = lines(*(entity(name) for name in examples.COMPANIES), article, claim)
    assert counts(send(own_service, body)) == (5, 0, 0)
    retraction = {"record": "retraction", "of": "r-1", "reason": "a slip"}
    assert counts(send(own_service, lines(retraction))) == (1, 0, 0)


@pytest.mark.limit(name="imports")
def test_no_more_imports_are_taken_at_once_than_threads_can_be_spared(service: Service) -> None:
    """Each one keeps a thread; the others are left for everybody else."""
    turns = service.app.extensions["frenemies"].import_turns
    most = service.app.extensions["frenemies"].settings.limits.imports
    assert [turns.acquire(blocking=False) for _ in range(most)] == [True] * most
    try:
        answer = send(service, lines(entity("too-many")))
        refused(answer, 503, "too-many-imports")
        assert answer.headers["Retry-After"]
    finally:
        for _ in range(most):
            turns.release()
    assert counts(send(service, lines(entity("one-of-few")))) == (1, 0, 0)


SMALL = 5_000


@pytest.fixture
def narrow(new_service: NewService) -> Iterator[Service]:
    """A service that takes bodies of at most so many bytes."""
    with new_service(limits=Limits(import_body=SMALL)) as made:
        yield made


def exactly(size: int) -> bytes:
    return lines(entity("fits")).rstrip().ljust(size - 1) + b"\n"


@pytest.mark.limit(name="import_body")
@pytest.mark.parametrize("mode", ["all", "rejects"])
@pytest.mark.parametrize("is_said", [True, False])
def test_a_body_beyond_the_limit_is_refused_whether_or_not_its_length_is_said(
    narrow: Service, mode: str, is_said: bool
) -> None:
    def sent(size: int) -> Any:
        unsaid = {"wsgi.input": io.BytesIO(exactly(size)), "wsgi.input_terminated": True}
        body: dict[str, Any] = {"data": exactly(size)} if is_said else {"environ": unsaid}
        return narrow.send("POST", f"/v1/import?mode={mode}", content_type=NDJSON, **body)

    with narrow.nothing_recorded():
        told = refused(sent(SMALL + 1), 413, "too-large")
    assert f"at most {SMALL} bytes" in told["detail"]
    assert counts(sent(SMALL)) == (1, 0, 0)


def test_a_body_for_which_there_is_no_room_is_refused_before_it_is_read(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.http.imports.shutil.disk_usage", lambda _: SimpleNamespace(free=20))
    with service.nothing_recorded():
        refused(send(service, lines(entity("no-room"))), 507, "store-full")


@pytest.mark.parametrize("name", ["body", "refused"])
def test_a_disk_that_fills_up_on_the_way_is_told(service: Service, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    opened = Path.open

    def full(path: Path, *arguments: Any, **more: Any) -> Any:
        if path.name == name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", full)
    refused(send(service, lines(entity("full", kind="compny")), mode="rejects"), 507, "store-full")


@pytest.mark.limit(name="silence")
def test_a_body_that_stops_coming_is_given_up(service: Service) -> None:
    class Link:
        """What the server calls the client's socket."""

        timeouts: ClassVar[list[float | None]] = []

        def settimeout(self, seconds: float | None) -> None:
            self.timeouts.append(seconds)

    class Silent(io.RawIOBase):
        """A body of which nothing comes."""

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            raise TimeoutError

    environ = {"wsgi.input": Silent(), "wsgi.input_terminated": True, "gunicorn.socket": Link()}
    answer = service.send("POST", "/v1/import", environ=environ, content_type=NDJSON)
    refused(answer, 408, "body-stalled")
    assert Link.timeouts == [30.0, None]
    assert counts(send(service, lines(entity("after-silence")))) == (1, 0, 0)
