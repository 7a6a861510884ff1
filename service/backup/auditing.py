"""Whether a log is whole, before it is copied and after it was put back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from service.backup.errors import LogDamaged
from service.tree.audit import Audit, Result
from service.tree.errors import TreeDamaged
from service.tree.notes import Checkpoint, VerifierKey
from service.tree.reading import TreeReader


def demand_whole(
    reader: TreeReader,
    keys: Sequence[VerifierKey],
    given: Checkpoint | None,
    tell: Callable[[str, int, int], None],
) -> Result:
    """What an audit saw that found nothing wrong. LogDamaged, which names the first position, where it did."""
    try:
        result = Audit(reader, keys, given).run(lambda done, total: tell("verifying", done, total))
    except TreeDamaged as error:
        raise LogDamaged(error.detail) from error
    if result.finding is not None:
        raise LogDamaged(f"Position {result.finding.position}: {result.finding.what}.")
    return result
