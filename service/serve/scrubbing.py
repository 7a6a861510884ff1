"""Takes secrets out of what is logged: the last line of defence, behind code that does not log them."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "***"
SHORTEST = 6
"""Of a secret that is known: a shorter one would take words out of lines that do not hold it."""
_AFTER = (
    r"whsec_",
    r"frn_[A-Za-z0-9]+_",
    r"PRIVATE\+KEY\+",
    r"\bticket=",
    r"\bpassword=",
    r"(?i:\bauthorization\b[\"']?\s*[:=,]\s*[\"']?[a-z]+\s+)",
    r"\b(?:Bearer|Basic)\s+(?=\S{8})",
    r"//[^\s/:@\"']*:(?=[^\s/@\"']*@)",
)
_SHAPES = re.compile(rf"({'|'.join(_AFTER)})[^\s&@\"'\\,;)]+")


class Scrubber:
    """Knows some secrets, and the shapes of the others."""

    def __init__(self, known: Iterable[str]) -> None:
        # The longest first, for one may be a part of another.
        named = sorted({one for one in known if len(one) >= SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, named))) if named else None

    def scrubbed(self, text: str) -> str:
        """The text, with three stars in the place of each secret."""
        text = _SHAPES.sub(rf"\1{HIDDEN}", text)
        return self._known.sub(HIDDEN, text) if self._known else text
