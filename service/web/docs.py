"""The API for reading in a browser."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app

from service.http.demands import OPEN
from service.http.openapi import document
from service.web.blueprint import PAGES, page


@PAGES.route("/docs", shows=OPEN)
def show_api() -> Response:
    """The document of the API."""
    api = document(current_app)
    return page("docs.html", api=api, resolved=lambda item: _resolved(api, item))


def _resolved(api: Any, item: Any) -> Any:
    """What stands behind a reference within the document; anything else is itself."""
    found, steps = (api, item["$ref"].split("/")[1:]) if "$ref" in item else (item, [])
    for step in steps:
        found = found[step]
    return found
