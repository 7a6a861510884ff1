"""What an amendment of a claim and its repeat have in common, so that one is found without reading all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from events.records import Amendment, ClaimRecord

Recall = Callable[[str], Iterable[Amendment]]
"""The amendments with a mark, and perhaps others, among those that a record no longer holds."""


def mark(reason: str, article: str | None, edtf: str = "", attributes: dict[str, Any] | None = None) -> str:
    """The mark of an amendment: for what reason, by which article, and to which date and attributes it corrects.

    Amendments that say the same have the same mark. The log finds them by it: a change here needs a migration.
    """
    written = "" if attributes is None else msgspec.json.encode(attributes, order="sorted").decode()
    return "\n".join((reason, article or "", edtf, written))


def cannot_recall(_: str) -> Iterable[Amendment]:
    """For records that hold all their amendments. LookupError where one does not."""
    raise LookupError("what was done to the claim before is not at hand")


def amendments(record: ClaimRecord, recall: Recall, marked: str) -> Iterable[Amendment]:
    """The amendments among which those with a mark are: what the record holds, then what has to be recalled."""
    yield from (amendment for _, amendment in record.amendments)
    if record.past is not None:
        yield from recall(marked)
