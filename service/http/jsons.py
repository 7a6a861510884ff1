"""Plain data as an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Response

from service.http.body import JSON


def json_answer(data: Any, status: int = 200, media: str = JSON, headers: Mapping[str, str] | None = None) -> Response:
    """Data as an answer."""
    return Response(msgspec.json.encode(data), status, headers, content_type=media)
