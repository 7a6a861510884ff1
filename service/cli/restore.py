"""`frenemies restore`: puts a backup back, and says which log it is now."""

from __future__ import annotations

from pathlib import Path

import click

from service.backup.archive import Archive
from service.backup.errors import BackupRefused
from service.backup.identity import Proof, Settled
from service.backup.restoring import put_back, recovered
from service.cli import options
from service.cli.database import open_existing
from service.cli.group import Refused, WrongUsage
from service.cli.options import Place
from service.cli.progress import Bar
from service.cli.projections import who
from service.cli.verify import trusted_keys
from service.erasure.bootstrap import erase_again
from service.erasure.errors import LedgerUnusable
from service.erasure.ledger import Ledger
from service.errors import MigrationError
from service.serve.database import open_database
from service.serve.preparing import prepared
from service.settings import Settings
from service.tree.notes import LONGEST_NOTE

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("restore")
@click.argument("file", required=False, type=FILE)
@click.option(
    "--recovered",
    "is_recovered",
    is_flag=True,
    help="No file: the server of the database has recovered it, to some moment of its past.",
)
@click.option(
    "--checkpoint",
    metavar="FILE|TEXT",
    help="The newest checkpoint that is known outside. Where it covers all that is restored, the log is the same one.",
)
@click.option(
    "--key",
    "keys",
    metavar="KEY",
    multiple=True,
    help="Trust only signatures of this verifier key; can be given several times.  [default: the keys in the backup]",
)
@click.option(
    "--erasures",
    metavar="FILE",
    type=FILE,
    help="The ledger of erasures: what was erased since the backup was made is erased again.",
)
@click.option("--by", default=who, metavar="NAME", help="Who does it; it is kept.  [default: you]")
@options.take_place(url=False)
@options.MIGRATE_URL
def command(
    file: Path | None,
    is_recovered: bool,
    checkpoint: str | None,
    keys: tuple[str, ...],
    erasures: Path | None,
    by: str,
    place: Place,
    migrate_url: str | None,
) -> None:
    """Put the backup in FILE back into an empty database, or data folder: all of it or nothing.

    The log gets a new identity (epoch), for what came after the backup is lost: readers with a cursor of before are
    told so (410) and begin again. It keeps the old one only if --checkpoint shows that nothing is missing. The tree,
    every checkpoint and every part of the file are checked first. Ends with 3, and writes nothing, where something is
    wrong.

    \b
    frenemies restore backup-2026-11-22.zip --checkpoint checkpoint.txt
    frenemies restore --recovered --database-url postgresql://...
    """
    if is_recovered == (file is not None):
        raise WrongUsage("Name the file of a backup, or say --recovered.")
    proof = Proof(_note(checkpoint), trusted_keys(keys))
    settings = place.settings(migrate_url)
    try:
        ledger = _readable(erasures)
        if file is not None:
            _put_back(file, settings, proof, by, ledger)
        else:
            with open_existing(settings) as (settings, url), Bar("restore") as bar:
                settled = recovered(settings.migrate_url or url, url, proof, by, bar.show)
                _tell(settled)
                _erase_again(settings, url, settled, ledger)
    except (BackupRefused, MigrationError, LedgerUnusable) as error:
        raise Refused(str(error)) from None


def _put_back(file: Path, settings: Settings, proof: Proof, by: str, ledger: Ledger | None) -> None:
    with Bar("restore") as bar, file.open("rb") as opened:
        archive = Archive(opened, lambda done, total: bar.show("reading", done, total))
        with open_database(settings) as url:
            settled = put_back(archive, settings.migrate_url or url, url, proof, by, bar.show)
            prepared(settings, url)
            _tell(settled)
            _erase_again(settings, url, settled, ledger)


def _readable(path: Path | None) -> Ledger | None:
    """The ledger, read to its end before anything is done. LedgerUnusable for one that is none."""
    if path is None:
        return None
    ledger = Ledger(path)
    for _ in ledger.entries():
        pass
    return ledger


def _erase_again(settings: Settings, url: str, settled: Settled, ledger: Ledger | None) -> None:
    """Before the service runs, so that nobody is told what was erased. A follower erases what its leader does."""
    if ledger is not None and settled.leader is None:
        done = erase_again(settings, url, ledger)
        click.echo(f"{done.due} of {done.entries} erasures were due, and are done again: {done.texts} texts.")


def _tell(settled: Settled) -> None:
    position, audit = settled.position, settled.audit
    click.echo(f"{position:,} events are restored and whole; {audit.vouched:,} of them are under a checkpoint.")
    if settled.is_lost:
        click.echo(
            f"History lost after position {position}: the log told of the checkpoint of {settled.vouched} later."
        )
    if settled.leader is not None:
        click.echo(f"The log is that of {settled.leader}: what came since is taken over from there.")
    elif settled.is_same:
        click.echo(f"The checkpoint covers all of it: the log is still {settled.epoch}, and readers go on.")
    else:
        if settled.vouched is not None and not settled.is_lost:
            click.echo(
                f"The checkpoint covers {settled.vouched:,} events, and not what came after them: nothing shows that"
                " no more was recorded."
            )
        click.echo(
            f"The log is {settled.epoch} from now on, and was {settled.from_epoch}: readers have to begin again."
        )


def _note(given: str | None) -> str | None:
    """The checkpoint of a file; a text of several lines is one itself."""
    if given is None or "\n" in given:
        return given
    try:
        with Path(given).open("rb") as file:
            return file.read(LONGEST_NOTE + 1).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsage(f"--checkpoint: {given}: {error}") from None
