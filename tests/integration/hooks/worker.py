"""A worker as a process of its own: it is the API process that leases as well, so a kill ends both at any point."""

from __future__ import annotations

import os
from contextlib import suppress
from uuid import UUID

import msgspec

from service.bootstrap import build
from service.db import connect
from service.errors import ServiceError
from service.hooks.errors import LeaseLost
from service.settings import Settings
from tests.integration.hooks.conftest import ME

SECONDS = 2
HANDLED = """
CREATE TABLE handled (
    place bigint GENERATED ALWAYS AS IDENTITY, worker integer, lease uuid, position bigint, stream text, version integer
)
"""
# Under its lease, as whoever keeps what it does beside the deliveries could have it: one that ran out writes nothing.
HANDLE = """
INSERT INTO handled (worker, lease, position, stream, version)
SELECT %(worker)s, d.lease, d.position, e.stream, e.version
FROM hooks.deliveries d JOIN log.events e USING (position)
WHERE d.subscription = %(id)s AND d.lease = %(lease)s AND d.state = 'leased' AND d.position = %(position)s
FOR UPDATE OF d
"""


def main() -> int:
    """Works until it is killed; what the database does to it is no reason to end."""
    url, name, most = os.environ["DATABASE_URL"], UUID(os.environ["SUBSCRIPTION"]), int(os.environ["MOST"])
    services = build(Settings(database_url=url, pool_timeout=5.0), url)
    while True:
        with suppress(ServiceError, LeaseLost):
            lease = services.subscriptions.leases.lease(ME, name, most, SECONDS, wait=1.0)
            with connect(url) as connection:
                for one in lease.deliveries:
                    event = msgspec.json.decode(one.event)
                    about = {"id": name, "lease": lease.id, "position": int(event["sequence"]), "worker": os.getpid()}
                    connection.execute(HANDLE, about)
                    services.subscriptions.leases.ack(ME, name, lease.id, [event["id"]])
