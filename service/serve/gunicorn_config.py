"""How gunicorn runs; the supervisor adds the socket, and how many workers and threads (decision 0030)."""

from __future__ import annotations

import os
from typing import Any

worker_class = "service.serve.web_worker.WebWorker"
worker_connections = 1000
timeout = 30
graceful_timeout = 5
keepalive = 5
max_requests = 0
# Longer lines are answered with 414 by the application, not by a cut connection.
limit_request_line = 8190
# So that an id of an event that is none is refused by the application, not by a cut connection.
limit_request_field_size = 16_380
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
accesslog = None
logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"ours": {"()": "service.serve.logs.formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "ours"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
        "gunicorn.access": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
    },
}


def post_fork(server: Any, worker: Any) -> None:
    """Each worker logs and refuses as we do."""
    from service.serve.logs import configure_logs
    from service.serve.refusing import refuse_by_problems

    configure_logs()
    refuse_by_problems()
