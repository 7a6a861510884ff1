"""How gunicorn runs the feed process; the supervisor adds the socket. What is not said here is as for the API."""

from __future__ import annotations

from service.serve.gunicorn_config import *  # noqa: F403
from service.settings import read_settings

_REFUSED_AT_ONCE = 200
worker_class = "service.serve.feed_worker.FeedWorker"
workers = 1
# More than there may be streams, so that those above are told so.
worker_connections = read_settings().limits.streams + _REFUSED_AT_ONCE
asgi_lifespan = "on"
asgi_loop = "asyncio"
# A stream whose client is gone has nothing to end.
asgi_disconnect_grace_period = 0
