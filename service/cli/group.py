"""The command group: errors of the service become messages and exit codes, in one place."""

from __future__ import annotations

import os
import sys
from collections import UserDict
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import click

from events.errors import DomainError
from service.cli.output import visible
from service.errors import ServiceError, SettingsError
from service.serve.errors import NotGuarded


class Failure(click.ClickException):
    """A message for stderr, line by line, with control characters made visible."""

    def show(self, file: Any = None) -> None:
        """Writes the message."""
        for line in self.message.expandtabs(1).split("\n"):
            click.echo(f"frenemies: {visible(line)}", err=True)


class WrongUsage(Failure):
    """The command cannot be understood."""

    exit_code = 2


class Refused(Failure):
    """Data is refused, or not there."""

    exit_code = 3


class Unavailable(Failure):
    """The service does not answer."""

    exit_code = 4


class Interrupted(Failure):
    """Ctrl-C."""

    exit_code = 130


class Ended(Failure):
    """SIGTERM, of a command that says how to go on."""

    exit_code = 143


class Loaded(UserDict[str, click.Command]):
    """Commands by name, each loaded when it is first asked for: to load all takes longer than most of them.

    They are given as the modules of a package that they are in: `module` for its `command`, or `module:name`.
    """

    def __init__(self, package: str, modules: Mapping[str, str]) -> None:
        super().__init__()
        self._package = package
        self._modules = modules

    def __getitem__(self, name: str) -> click.Command:
        if name not in self.data:
            module, _, attribute = self._modules[name].partition(":")
            found = getattr(import_module(f"{self._package}.{module}"), attribute or "command")
            self.data[name] = found
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


class Commands(click.Group):
    """Commands that end with 0 done, 2 usage, 3 data refused, 4 service unavailable, 130 or 143 by a signal."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except (SettingsError, NotGuarded) as error:
            raise WrongUsage(str(error)) from error
        except DomainError as error:
            raise Refused(f"{error.title} {error.detail}") from error
        except ServiceError as error:
            raise Unavailable(str(error)) from error
        except KeyboardInterrupt:
            raise Interrupted("Interrupted.") from None
        except BrokenPipeError:
            # Whoever read our output has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
