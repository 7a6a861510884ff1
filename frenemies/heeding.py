"""Waiting where a service says that it is asked too often."""

from __future__ import annotations

import time

import httpx2

from frenemies.waiting import seconds_of

LONGEST = 60.0
"""Seconds that a question may wait in all; after that the refusal counts."""
_LEAST = 1.0
_TOO_OFTEN = 429


class Heed:
    """The waits of one question, which is asked again and again until it is answered, or has waited too long."""

    def __init__(self) -> None:
        self._left = LONGEST

    def is_again(self, answer: httpx2.Response) -> bool:
        """Whether to ask again: it has waited then for as long as the answer says."""
        if answer.status_code != _TOO_OFTEN:
            return False
        seconds = max(_LEAST, seconds_of(answer.headers.get("Retry-After")))
        if seconds > self._left:
            return False
        self._left -= seconds
        time.sleep(seconds)
        return True
