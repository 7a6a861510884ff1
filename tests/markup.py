"""What a parser of browsers' HTML (WHATWG) finds in a page: its elements, their attributes, and where they lead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

LEADING = frozenset(
    "href src srcset action formaction data poster ping cite background manifest longdesc xlink:href".split()
)
"""Attributes that hold an address."""


class Seen(NamedTuple):
    """`shape` counts the elements by tag and the names of their attributes; `addresses` are where they lead."""

    shape: Counter[tuple[str, ...]]
    addresses: set[tuple[str, str, str]]
    text: str

    @property
    def attributes(self) -> set[str]:
        return {name for element in self.shape for name in element[1:]}

    @property
    def tags(self) -> set[str]:
        return {element[0] for element in self.shape}


def seen(html: str) -> Seen:
    """What a browser would make of it."""
    elements = list(_elements(LexborHTMLParser(html)))
    addresses = {
        (one.tag or "", name, value or "")
        for one in elements
        for name, value in one.attributes.items()
        if name in LEADING
    }
    shape = Counter((one.tag or "", *sorted(one.attributes)) for one in elements)
    text = " ".join(one.text(deep=False) for one in elements)
    return Seen(shape, addresses, text)


def _elements(document: LexborHTMLParser) -> Iterator[LexborNode]:
    return (node for node in document.css("*") if node.is_element_node)
