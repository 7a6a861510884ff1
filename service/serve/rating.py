"""The supervisor's part in the quotas: the file in which the children count requests together."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from service.serve.metering import fast_folder


@contextmanager
def rating() -> Iterator[Mapping[str, str]]:
    """What the children that count find in their environment, for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="frenemies-rates-", dir=fast_folder()) as folder:
        yield {"FRENEMIES_RATES_FILE": str(Path(folder) / "spent")}
