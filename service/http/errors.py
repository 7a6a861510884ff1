"""What can be wrong with a request before anybody looks at its content."""

from __future__ import annotations

from typing import ClassVar

from events.errors import DomainError, Invalid
from service.intake.errors import Misshapen


class BadPath(Invalid):
    """The address does not name anything that could exist."""

    code = "bad-path"
    part: ClassVar[str] = "path"


class BadQuery(Misshapen):
    """The parameters of the query are not valid."""

    code = "bad-query"
    part: ClassVar[str] = "query"


class BadHeader(DomainError):
    """A header of the request is not valid."""

    code = "bad-header"
    part: ClassVar[str] = "header"


class MalformedUrl(DomainError):
    """The address holds characters that cannot be part of one."""

    code = "malformed-url"


class UrlTooLong(DomainError):
    """The address is too long."""

    code = "url-too-long"


class FromOtherSite(DomainError):
    """The form comes from another site."""

    code = "from-another-site"


class UnsupportedMedia(DomainError):
    """The body is sent in a form that the service does not take."""

    code = "unsupported-media-type"


class TooManyImports(DomainError):
    """As many imports as the service takes at once are under way."""

    code = "too-many-imports"


class TooManyReplays(DomainError):
    """As many replays of the log as the service gives at once are under way."""

    code = "too-many-replays"


class TooManyStreams(DomainError):
    """As many streams as the service keeps open at once are open."""

    code = "too-many-streams"


class NoFeedProcess(DomainError):
    """The service runs without the process that waits for events and streams them."""

    code = "no-feed-process"


class BodyStalled(DomainError):
    """The body stopped coming."""

    code = "body-stalled"


class BodyBroken(DomainError):
    """The body is not what its headers say, or ended too early."""

    code = "body-broken"


class TooLarge(DomainError):
    """The request brings more than the service takes at once."""

    code = "too-large"
