"""gunicorn as a program of children: for requests, and for streams.

What its workers use is loaded here, before the fork, and not by each of them: it takes a second of a core.
"""

from __future__ import annotations

import socket
import sys

from gunicorn.app import wsgiapp

import service.app
import service.live.bootstrap  # noqa: F401
import service.serve.feed_worker
import service.serve.web_worker  # noqa: F401


def serve_web(link: socket.socket, workers: int, threads: int) -> int:
    """Answers requests on a listening socket, with so many processes of so many threads each."""
    size = ("--workers", str(workers), "--threads", str(threads))
    return _serve(link, "service.serve.gunicorn_config", "service.wsgi:app", *size)


def serve_feed(link: socket.socket) -> int:
    """Streams to all who ask on a listening socket."""
    return _serve(link, "service.serve.feed_config", "service.asgi:app")


def _serve(link: socket.socket, config: str, application: str, *options: str) -> int:
    sys.argv = ["gunicorn", "--config", f"python:{config}", "--bind", f"fd://{link.fileno()}", *options, application]
    wsgiapp.run()
    return 0
