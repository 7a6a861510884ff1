"""The entry of gunicorn: the application on the database of the environment. Import it after the fork."""

from __future__ import annotations

from flask import Response
from gunicorn.http.errors import NoMoreData, ParseException

from service.app import create_app
from service.bootstrap import build
from service.cores import keep_to_one_core
from service.errors import SettingsError
from service.http.errors import BodyBroken
from service.http.problems import refusal_of
from service.metrics import begin
from service.request_log import tell_nothing
from service.serve.traces import send_traces
from service.settings import read_settings

_settings = read_settings()
if _settings.database_url is None:
    raise SettingsError("DATABASE_URL is not set.")
if _settings.one_core:
    keep_to_one_core()
begin("web")
if not _settings.log_requests:
    tell_nothing()
send_traces(_settings, "web")
services = build(_settings, _settings.database_url)
app = create_app(
    services.timeline,
    _settings,
    services.importer,
    services.subscriptions,
    services.keys,
    services.replicated,
    services.overview,
)


def refuse_body(error: Exception) -> Response:
    """What gunicorn finds wrong with a body comes out where the application reads it."""
    return refusal_of(BodyBroken(str(error)))


for fault in (ParseException, NoMoreData):
    app.register_error_handler(fault, refuse_body)
