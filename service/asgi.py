"""The entry of gunicorn for the feed process: the application on the database of the environment. Import it after the
fork.
"""

from __future__ import annotations

from service.cores import keep_to_one_core
from service.errors import SettingsError
from service.live.bootstrap import live_app
from service.metrics import begin
from service.request_log import tell_nothing
from service.settings import read_settings

_settings = read_settings()
if _settings.database_url is None:
    raise SettingsError("DATABASE_URL is not set.")
if _settings.one_core:
    keep_to_one_core()
begin("feed")
if not _settings.log_requests:
    tell_nothing()
app = live_app(_settings, _settings.database_url)
