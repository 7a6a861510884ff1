"""The supervisor's part in the quotas: the file in which the children count requests together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from service.serve.folders import folder_of_run


@contextmanager
def rating() -> Iterator[Mapping[str, str]]:
    """What the children that count find in their environment, for the time of the block."""
    with folder_of_run("rates") as folder:
        yield {"FRENEMIES_RATES_FILE": str(folder / "spent")}
