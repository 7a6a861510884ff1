"""An event loop for a test: in a thread of its own, for the one that drives the browser has the main thread's."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def run_in_loop(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What a piece of work comes to."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
