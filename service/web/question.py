"""What a page is asked: the parameters that say something, and the point of the clocks among them."""

from __future__ import annotations

from typing import Any

from flask import request

from service.http.context import timeline
from service.timeline.views import Clocks

CLOCKS = ("as_of", "published_by", "recorded_by", "according_to")


def asked() -> dict[str, str]:
    """The parameters of the address that are not blank."""
    return {name: value.strip() for name, value in request.args.items() if value.strip()}


def clocks_given() -> dict[str, str]:
    """Those of them that are about the clocks."""
    given = asked()
    return {name: given[name] for name in CLOCKS if name in given}


def clocks_asked(**otherwise: str) -> Clocks:
    """The point of the clocks that is asked for; `otherwise` says what counts where the address says nothing."""
    given: dict[str, Any] = {**otherwise, **clocks_given()}
    return timeline().clocks(**given)
