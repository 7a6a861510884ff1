"""The web application: routes, errors, guards and pages on one timeline."""

from __future__ import annotations

import secrets
from threading import BoundedSemaphore

from flask import Flask

from service.budget import Turns
from service.hooks.subscriptions import Subscriptions
from service.http import (
    articles,
    asyncapi,
    atom,
    beliefs,
    budgets,
    changes,
    claims,
    entities,
    feed,
    followers,
    guard,
    imports,
    leases,
    log,
    measuring,
    network,
    openapi,
    operator,
    periods,
    problems,
    projections,
    relations,
    replicas,
    running,
    subscriptions,
    timemaps,
    votes,
)
from service.http.api import Api
from service.http.context import EXTENSION, Surroundings
from service.http.demands import OPEN, declare, demand_declared
from service.keys.doorkeeper import Doorkeeper
from service.keys.keyring import Keyring
from service.keys.logins import Logins
from service.overview.overview import Overview
from service.rates.meter import Meter
from service.rates.rates import Rates
from service.replica.replicated import Replicated
from service.settings import Settings
from service.timeline.timeline import Timeline
from service.transfer.importer import Importer
from service.web import pages

RESOURCES = (
    entities,
    changes,
    beliefs,
    articles,
    claims,
    imports,
    relations,
    network,
    periods,
    votes,
    timemaps,
    feed,
    atom,
    subscriptions,
    leases,
    log,
    followers,
    projections,
    running,
    operator,
)
_CONFIG = {
    "API_TITLE": "Frenemies",
    "API_VERSION": "1",
    "OPENAPI_VERSION": "3.1.0",
    "API_SPEC_OPTIONS": {
        "info": {
            "description": "An event-sourced timeline of what is claimed about companies: who is with whom, since when,"
            " and who says so.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
    },
    "MAX_FORM_MEMORY_SIZE": 0,
}


def create_app(
    timeline: Timeline,
    settings: Settings,
    importer: Importer | None = None,
    subscriptions: Subscriptions | None = None,
    keys: Keyring | None = None,
    replicated: Replicated | None = None,
    overview: Overview | None = None,
) -> Flask:
    """The application that answers with this timeline; only what is given can import and keep subscriptions.

    Without a keyring there is no key but that of the settings. `replicated`: see `service.http.context`; `overview`:
    what hears of followers, and is shown to an operator.
    """
    app = Flask("service", static_folder="web/static", template_folder="web/templates")
    app.config.update(_CONFIG)
    app.url_map.merge_slashes = False
    most = settings.limits
    turns = BoundedSemaphore(most.imports), BoundedSemaphore(most.replays), Turns(most.heavy, most.light)
    door, logins = _door(settings, keys or Keyring(settings.admin_key)), _logins(settings)
    app.extensions[EXTENSION] = Surroundings(
        timeline, settings, importer, subscriptions, door, logins, *turns, replicated, overview
    )
    measuring.register(app)
    budgets.register(app)
    guard.register(app)
    problems.register(app)
    api = app.extensions[openapi.API] = Api(app)
    for resource in RESOURCES:
        api.register_blueprint(resource.RESOURCE.blueprint)
    openapi.register(app)
    asyncapi.register(app)
    app.register_blueprint(pages.BLUEPRINT)
    declare(app.view_functions["static"], OPEN, "GET")
    demand_declared(app)
    replicas.register(app)
    return app


def _door(settings: Settings, keys: Keyring) -> Doorkeeper:
    return Doorkeeper(keys, Rates(settings.rate, settings.rate_wrong_keys, Meter(settings.rates_file)))


def _logins(settings: Settings) -> Logins:
    """With another key in the settings nobody is logged in any more who was by the one before."""
    return Logins(f"{settings.login_secret or secrets.token_hex(32)}\n{settings.admin_key or ''}")
