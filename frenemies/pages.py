"""Answers that come in pages, put together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

_BESIDE = (
    "refs", "names", "votes", "positions", "stances", "conflicts", "conflict_count", "profile", "attributes",
    "market_facts",
)  # fmt: skip
"""What goes on from page to page besides the list that has pages, where an answer has it."""
_BY_KEY = ("refs", "names")


def add_page(whole: dict[str, Any], page: Mapping[str, Any], items: str) -> None:
    """Adds the next page to an answer; `items` names the list that has pages. All else stays that of the first."""
    _join(whole, page, (items, *_BESIDE))
    if "nodes" in whole:
        nodes = {node["id"]: node for node in (*whole["nodes"], *page["nodes"])}
        whole["nodes"] = [nodes[node] for node in sorted(nodes)]


def _join(whole: dict[str, Any], page: Mapping[str, Any], names: Collection[str]) -> None:
    for name in whole.keys() & page.keys() & set(names):
        if name in _BY_KEY:
            whole[name].update(page[name])
        elif isinstance(whole[name], dict):
            _join(whole[name], page[name], names)
        else:
            whole[name] += page[name]
