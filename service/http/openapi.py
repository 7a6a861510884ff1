"""The document of the API: `python -m service.http.openapi` writes openapi.yaml."""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from typing import Any, cast

import yaml
from flask import Flask, Response

from service.http.caching import conditional
from service.http.demands import OPEN, declare
from service.http.jsons import json_answer

API = "frenemies-api"
YAML = "application/yaml"


def document(app: Flask) -> dict[str, Any]:
    """The document as plain data."""
    plain: dict[str, Any] = json.loads(json.dumps(app.extensions[API].spec.to_dict()))
    return {"openapi": plain.pop("openapi"), **plain}


def openapi_yaml(app: Flask) -> str:
    """The document as it is committed."""
    return str(yaml.safe_dump(document(app), sort_keys=False, allow_unicode=True, width=120))


def register(app: Flask) -> None:
    """Serves the document in both forms."""
    as_json, as_yaml = lru_cache(lambda: document(app)), lru_cache(lambda: openapi_yaml(app))

    def read_json() -> Response:
        return conditional(json_answer(as_json()))

    def read_yaml() -> Response:
        return conditional(Response(as_yaml(), content_type=YAML))

    for view in (read_json, read_yaml):
        declare(view, OPEN, "GET")
    app.add_url_rule("/openapi.json", view_func=read_json)
    app.add_url_rule("/openapi.yaml", view_func=read_yaml)


def main() -> None:
    """Writes the document to standard output."""
    from service.app import create_app
    from service.settings import Settings
    from service.timeline.timeline import Timeline

    # The document follows from the routes alone: nothing is asked of a timeline.
    app = create_app(cast(Timeline, None), Settings())
    sys.stdout.write(openapi_yaml(app))


if __name__ == "__main__":
    main()
