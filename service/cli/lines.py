"""Where the lines of an import come from: a file, a pipe, standard input."""

from __future__ import annotations

import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.cli.group import WrongUsage
from service.cli.output import visible
from service.transfer.lines import Lines

STDIN = "-"


@contextmanager
def open_lines(name: str, longest: int) -> Iterator[Lines]:
    """The lines of a file; what can be read only once (standard input, a pipe) is copied first."""
    path = Path(name)
    if name != STDIN and _is_regular(path):
        yield Lines(visible(name), path, longest)
        return
    with tempfile.NamedTemporaryFile(prefix="frenemies-") as copy:
        if name == STDIN:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        else:
            with path.open("rb") as file:
                shutil.copyfileobj(file, copy)
        copy.flush()
        yield Lines("<stdin>" if name == STDIN else visible(name), Path(copy.name), longest)


def _is_regular(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise WrongUsage(f"{path}: {error.strerror}") from None
    if stat.S_ISDIR(mode):
        raise WrongUsage(f"{path} is a folder, not a file")
    return stat.S_ISREG(mode)
