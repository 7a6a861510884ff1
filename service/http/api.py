"""Routes and their documentation in one place: flask-smorest, with our own reading of requests and our own errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any

import flask_smorest as smorest  # type: ignore[import-untyped]
from flask import Response

from service.http import caching, memento, pinning, statuses
from service.http.answers import SCHEMAS
from service.http.belief_shapes import BELIEF_SCHEMAS
from service.http.body import JSON, PLAIN, read_body, read_body_if_any, read_query
from service.http.change_shapes import CHANGE_SCHEMAS
from service.http.context import IF_MATCH, KEY_HEADER, NOTE_HEADER, limits
from service.http.demands import Demand, Undeclared, declare
from service.http.log_shapes import LOG_SCHEMAS
from service.http.network_shapes import NETWORK_SCHEMAS
from service.http.operator_shapes import OPERATOR_SCHEMAS
from service.http.period_shapes import PERIOD_SCHEMAS
from service.http.query import Clocks, Nothing
from service.http.replicas import answer_currently
from service.http.shapes import TEXT, ref
from service.http.subscription_shapes import SUBSCRIPTION_SCHEMAS
from service.intake.fields import Shape
from service.intake.schemas import VoiceShape
from service.rates.spent import LIMIT, POLICY

View = Callable[..., Response]
Finish = Callable[[View, dict[str, Any]], Response]
Decorator = Callable[[View], View]

# By number, for the names of statuses differ between versions of Python.
REASONS: Mapping[int, str] = {
    200: "Here it is.",
    201: "It was recorded.",
    204: "It is gone.",
    302: "The memento of that instant is elsewhere.",
    304: "It is as the client has it.",
    307: "The process that waits and streams is elsewhere: ask there, each time anew.",
    400: "A header, a cursor, the address or the JSON is malformed.",
    401: "A valid key is needed.",
    403: "The key does not allow it, or it is not allowed here: of a follower, the leader takes it.",
    404: "It is not known.",
    408: "The body stopped coming.",
    409: "It contradicts what is stored.",
    410: "The cursor or the token belongs to an earlier life of the log.",
    412: "It is at another version.",
    413: "It is more than the service takes at once.",
    414: "The address is too long.",
    415: "The body is not sent as JSON in UTF-8.",
    422: "A parameter or the data is not valid.",
    429: "It was asked more often than the quota of the key allows, or too many wrong keys came from this address.",
    500: "Something went wrong inside the service.",
    503: "The database or the read side cannot answer now, too much is under way, or it took too long; try again.",
    507: "There is no room left.",
}
REFUSALS = tuple(status for status in REASONS if status >= 400)
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_OF_A_KEY = (
    "A key with the scopes that an operation names; `admin` stands for all of them. Nobody needs one as long as the"
    " service was started without one and none was ever made. The texts of a feed (`include=texts`) need `state:read`"
    " besides."
)
_ALWAYS = (400, 414, 422, 500, 503)
_OF_KEYS = (401, 403, 429)
_WRITING = (408, 409, 413, 415, 507)
_UUID_PATH = {"in": "path", "name": "id", "required": True, "schema": {"type": "string", "format": "uuid"}}
_HEADERS = {
    KEY_HEADER: "A name for this request: sent again with the same body, it is answered the same and not done twice.",
    NOTE_HEADER: "A note of the sender's own, kept with everything that the request records.",
}

_IF_MATCH = 'The version that it has to be at, like "3".'
_ASKING = {
    caching.IF_NONE_MATCH: "The entity tags that the client has: one that is still right is answered with 304.",
    memento.ACCEPT_DATETIME: "What the service held at the end of this second, like Thu, 04 Sep 2014 12:30:00 GMT.",
}
_HEADERS_OF: Mapping[int, Mapping[str, Any]] = {
    429: {
        "headers": {
            "Retry-After": {"schema": {"type": "integer"}, "description": "In so many seconds there is room again."},
            POLICY: {"schema": TEXT, "description": "The quota, as on every answer to a request that is limited."},
            LIMIT: {"schema": TEXT, "description": "What is left of it, as on every such answer."},
        }
    }
}
_SHAPES = {
    **SCHEMAS,
    **NETWORK_SCHEMAS,
    **PERIOD_SCHEMAS,
    **CHANGE_SCHEMAS,
    **BELIEF_SCHEMAS,
    **LOG_SCHEMAS,
    **SUBSCRIPTION_SCHEMAS,
    **OPERATOR_SCHEMAS,
}


class Api(smorest.Api):  # type: ignore[misc]
    """The document of the API; errors are left to `problems`."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Errors have one table of their own."""

    def _register_responses(self) -> None:
        """What operations share: the shapes of the answers, the refusals, the headers."""
        for name, schema in _SHAPES.items():
            self.spec.components.schema(name, schema)
        self.spec.components.schema(VoiceShape.__name__, schema=VoiceShape)
        for status in REFUSALS:
            refusal = _response(status, statuses.PROBLEM_JSON, "Problem")
            self.spec.components.response(f"Refusal{status}", {**refusal, **_HEADERS_OF.get(status, {})})
        for name, description in {**_HEADERS, **_ASKING, IF_MATCH: _IF_MATCH}.items():
            self.spec.components.parameter(
                name, "header", {"name": name, "schema": {"type": "string"}, "description": description}
            )
        self.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer", "description": _OF_A_KEY})


class Resource:
    """The routes of one resource, and what a key has to allow for asking and for changing something."""

    def __init__(
        self,
        name: str,
        description: str,
        reads: Demand | None = None,
        writes: Demand | None = None,
        *,
        is_current: bool = False,
    ) -> None:
        """`is_current`: no replica is asked (see `service.http.replicas`)."""
        self.blueprint = smorest.Blueprint(name, __name__, description=description)
        self._reads = reads
        self._writes = writes
        self._is_current = is_current

    def get(
        self,
        rule: str,
        answer: str,
        *,
        query: type[Shape] = Nothing,
        refused: Iterable[int] = (404,),
        media: str = JSON,
        by_uuid: bool = False,
        cached: bool = True,
        also: Mapping[str, Any] = _NOTHING,
        elsewhere: bool = False,
    ) -> Decorator:
        """A question. The view gets the parameters of its path, and those of its query as `query`.

        One that takes clocks takes a token and `Accept-Datetime` as well; `cached`: it gets an entity tag. `also` are
        further media in which it is answered on demand, with their shapes; `elsewhere`: some of it by another process.
        """
        takes_clocks = issubclass(query, Clocks)
        operation = _operation(answer, (200,), (*_ALWAYS, *refused, *((410,) if takes_clocks else ())), media)
        operation["responses"]["200"]["content"] |= {name: {"schema": shape} for name, shape in also.items()}
        operation["parameters"] = _parameters(by_uuid, query)
        if elsewhere:
            operation["responses"]["307"] = {"description": REASONS[307], "content": {PLAIN: {"schema": TEXT}}}
        if cached:
            operation["parameters"] += [*_ASKING] if takes_clocks else [caching.IF_NONE_MATCH]
            for status in (302, 304) if takes_clocks else (304,):
                operation["responses"][str(status)] = {"description": REASONS[status]}
        finish = (_at_a_point if takes_clocks else _tagged) if cached else _as_it_is
        return self._route(rule, "GET", operation, lambda: _asked(query), finish)

    def write(
        self,
        method: str,
        rule: str,
        answer: str,
        *,
        body: type[Shape],
        refused: Iterable[int] = (404,),
        most: str = "json_body",
        by_uuid: bool = False,
        changes: bool = True,
        doc: Mapping[str, Any] | None = None,
    ) -> Decorator:
        """A wish. The view gets the parameters of its path, and the fields of the body as `body`.

        `most` is the limit for the size of the body; what `changes` something that exists takes If-Match.
        """
        refused = (*_ALWAYS, *_WRITING, *refused, *((412,) if changes else ()))
        operation = self._writing(answer, refused, by_uuid, changes, doc or {"schema": body})
        return self._route(rule, method, operation, lambda: _wished(body, most))

    def write_raw(self, rule: str, answer: str, doc: Mapping[str, Any]) -> Decorator:
        """A wish whose view reads the body by itself."""
        operation = self._writing(answer, (*_ALWAYS, *_WRITING), False, False, doc)
        return self._route(rule, "POST", operation, lambda: _nothing_asked({}))

    def stream(self, rule: str, answer: str, *, query: type[Shape], media: str) -> Decorator:
        """A wish with a long body, which its view reads by itself; it gets the parameters as `query`."""
        operation = _operation(answer, (200,), (*_ALWAYS, *_WRITING), JSON)
        operation["parameters"] = [NOTE_HEADER, {"in": "query", "schema": query}]
        operation["requestBody"] = {"required": True, "content": {media: {"schema": {"type": "string"}}}}
        return self._route(rule, "POST", operation, lambda: _asked(query))

    def manage(
        self,
        method: str,
        rule: str,
        answer: str | None,
        *,
        body: type[Shape] | None = None,
        needs_body: bool = True,
        done: int = 200,
        refused: Iterable[int] = (404,),
        by_uuid: bool = True,
    ) -> Decorator:
        """A wish about what is no record: it has no notes, keys and versions, and `done` is the one status of success.

        The view gets the parameters of its path, and the fields of the body, if there is one, as `body`.
        """
        operation = _operation(answer, (done,), (*_ALWAYS, *((408, 413, 415) if body else ()), *refused), JSON)
        operation["parameters"] = _parameters(by_uuid, None)
        if body is None:
            return self._route(rule, method, operation, lambda: _nothing_asked({}))
        operation["requestBody"] = {"required": needs_body, "content": {JSON: {"schema": body}}}
        return self._route(rule, method, operation, lambda: _wished(body, "json_body", needs_body))

    def _writing(
        self, answer: str, refused: Iterable[int], by_uuid: bool, changes: bool, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        operation = _operation(answer, (200, 201), refused, JSON)
        headers = [*_HEADERS, IF_MATCH] if changes else _HEADERS
        operation["parameters"] = [*_parameters(by_uuid, None), *headers]
        operation["requestBody"] = {"required": True, "content": {JSON: dict(body)}}
        return operation

    def _route(
        self,
        rule: str,
        method: str,
        operation: dict[str, Any],
        read: Callable[[], dict[str, Any]],
        finish: Finish | None = None,
    ) -> Decorator:
        demand = self._reads if method == "GET" else self._writes
        if demand is None:
            raise Undeclared(f"{method} {rule}")

        def decorate(view: View) -> View:
            @wraps(view)
            def answering(**path: str) -> Response:
                return (finish or _as_it_is)(view, {**path, **read()})

            documented = self.blueprint.doc(operationId=view.__name__, **_guarded(operation, demand))(answering)
            declare(documented, demand, method)
            if self._is_current:
                answer_currently(documented)
            self.blueprint.route(rule, methods=[method])(documented)
            return view

        return decorate


def _as_it_is(view: View, given: dict[str, Any]) -> Response:
    return view(**given)


def _tagged(view: View, given: dict[str, Any]) -> Response:
    return caching.conditional(view(**given))


def _at_a_point(view: View, given: dict[str, Any]) -> Response:
    found = memento.negotiated(given["query"])
    return found or memento.described(caching.conditional(view(**given)), given["query"])


def _asked(query: type[Shape]) -> dict[str, Any]:
    given = pinning.read_question(query) if issubclass(query, Clocks) else read_query(query)
    return {} if query is Nothing else {"query": given}


def _wished(body: type[Shape], most: str, needs_body: bool = True) -> dict[str, Any]:
    read = read_body if needs_body else read_body_if_any
    return _nothing_asked({"body": read(body, getattr(limits(), most))})


def _nothing_asked(read: dict[str, Any]) -> dict[str, Any]:
    read_query(Nothing)
    return read


def _parameters(by_uuid: bool, query: type[Shape] | None) -> list[Any]:
    path = [dict(_UUID_PATH)] if by_uuid else []
    return [*path, {"in": "query", "schema": query}] if query not in (None, Nothing) else path


def _operation(answer: str | None, done: Iterable[int], refused: Iterable[int], media: str) -> dict[str, Any]:
    responses: dict[str, Any] = {str(status): _response(status, media, answer) for status in done}
    for status in sorted(set(refused)):
        responses[str(status)] = f"Refusal{status}"
    return {"responses": responses}


def _guarded(operation: dict[str, Any], demand: Demand) -> dict[str, Any]:
    """The operation with what a key has to allow. None is needed where none was ever made."""
    if demand.is_open:
        return {**operation, "security": []}
    responses = operation["responses"] | {str(status): f"Refusal{status}" for status in _OF_KEYS}
    return {
        **operation,
        "responses": {status: responses[status] for status in sorted(responses)},
        "security": [{}, {"key": list(demand.scopes)}],
    }


def _response(status: int, media: str, shape: str | None) -> dict[str, Any]:
    if shape is None:
        return {"description": REASONS[status]}
    response: dict[str, Any] = {"description": REASONS[status], "content": {media: {"schema": ref(shape)}}}
    if status == 201:
        response["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Where it is."}}
    return response
