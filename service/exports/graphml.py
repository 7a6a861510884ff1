"""A network as GraphML 1.0: typed attributes of nodes and edges, the point of the clocks at the graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from xml.sax.saxutils import escape, quoteattr

from service.exports.chapters import Answer, Chapter, Told
from service.exports.flat import Cell, Row, clocks_row, relation_row

_TEXT, _FLAG, _COUNT = "string", "boolean", "long"
_DATES = [f"{name}{bound}" for name in ("since", "until", "due") for bound in ("", "_earliest", "_latest")]
ATTRIBUTES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "graph": {
            **dict.fromkeys(("as_of", "published_by", "according_to"), _TEXT),
            "position": _COUNT,
            "recorded_at": _TEXT,
        },
        "node": {"label": _TEXT, "kind": _TEXT},
        "edge": {
            "relation": _TEXT,
            "directed": _FLAG,
            "status": _TEXT,
            "contested": _FLAG,
            **dict.fromkeys((*_DATES, "supported_on"), _TEXT),
            "claim_count": _COUNT,
            "asserted_by": _TEXT,
        },
    }
)
"""The attributes of each part, with their types; no two have the same name, as GraphML demands."""
_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<graphml xmlns="{_NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    f' xsi:schemaLocation="{_NAMESPACE} {_NAMESPACE}/1.0/graphml.xsd">\n'
)
_NOT_OF_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def lines(chapters: Iterable[Chapter], clocks: Answer) -> Iterator[bytes]:
    """The document. Each entity stands before the first relation that it is an end of."""
    yield _HEAD.encode()
    for part, attributes in ATTRIBUTES.items():
        for name, kind in attributes.items():
            key = f'<key id="{part}.{name}" for="{part}" attr.name="{name}" attr.type="{kind}"/>\n'
            yield key.encode()
    yield f'<graph id="network" edgedefault="directed">\n{_data("graph", clocks_row(clocks))}'.encode()
    told = Told()
    for chapter in chapters:
        for node in told.new(chapter.nodes):
            yield _node(node).encode()
        for relation in chapter.relations:
            yield _edge(relation).encode()
    yield b"</graph>\n</graphml>\n"


def _node(node: Answer) -> str:
    data = _data("node", {"label": node["name"] or node["id"], "kind": node["kind"]})
    return f"<node id={quoteattr(node['id'])}>\n{data}</node>\n"


def _edge(relation: Answer) -> str:
    name, subject, other = relation["relation"], relation["subject"], relation["object"]
    ends = f"source={quoteattr(subject)} target={quoteattr(other)}"
    data = _data("edge", relation_row(relation))
    return f"<edge id={quoteattr(f'{name}:{subject}:{other}')} {ends}>\n{data}</edge>\n"


def _data(part: str, values: Row) -> str:
    given = {name: values[name] for name in ATTRIBUTES[part] if values[name] is not None}
    return "".join(f'<data key="{part}.{name}">{_text(value)}</data>\n' for name, value in given.items())


def _text(value: Cell) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(_NOT_OF_XML.sub("\ufffd", str(value)))
