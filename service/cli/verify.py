"""`frenemies verify`: checks that nothing in the log was changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from service.bootstrap import log_reader, snapshot_audit
from service.cli import options
from service.cli.database import open_existing
from service.cli.group import Refused, WrongUsage
from service.cli.options import Place
from service.cli.progress import Bar
from service.settings import Settings
from service.tree.audit import Audit, Result
from service.tree.errors import BadKey, BadNote, TreeDamaged
from service.tree.notes import LONGEST_NOTE, Checkpoint, SignedNote, VerifierKey
from service.tree.reading import TreeReader


@click.command("verify")
@click.option(
    "--from",
    "kept",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that you kept: the log has to be the one that was signed there, and what came after it.",
)
@click.option(
    "--key",
    "keys",
    metavar="KEY",
    multiple=True,
    help="Trust only signatures of this verifier key; can be given several times.  [default: the keys in the database]",
)
@options.take_place(url=False)
def command(kept: Path | None, keys: tuple[str, ...], place: Place) -> None:
    """Check that nothing in the log was changed.

    Reads and hashes every event, and compares it with the tree of the log and with every signed checkpoint. Compares
    what often corrected claims were summed up to with their events. Ends with 0 when all is whole; with 3 when not,
    naming the first position at which something is wrong.

    \b
    frenemies verify --from checkpoint-2025.txt --key "frenemies-log/...+1a2b3c4d+AeX..."
    """
    trusted = trusted_keys(keys)
    with open_existing(place.settings()) as (settings, url), log_reader(settings, url) as reader:
        _verify(reader, kept, trusted)
        _tell_restores(reader)
        _verify_snapshots(settings, url)


def trusted_keys(given: Iterable[str]) -> list[VerifierKey]:
    """The verifier keys that are named. WrongUsage for what is none."""
    return [_key(text) for text in given]


def _verify(reader: TreeReader, kept: Path | None, given: list[VerifierKey]) -> None:
    trusted = given or [_key(text) for text, _ in reader.verifier_keys()]
    checkpoint = _opened(kept, trusted) if kept else None
    if not given:
        names = ", ".join(map(str, trusted)) or "none"
        click.echo(f"frenemies: trusting the keys in the database itself ({names}); --key names yours", err=True)
    try:
        with Bar("verify") as bar:
            result = Audit(reader, trusted, checkpoint).run(lambda done, total: bar.show("events", done, total))
    except TreeDamaged as error:
        raise Refused(str(error)) from None
    if result.finding is not None:
        raise Refused(f"position {result.finding.position}: {result.finding.what}")
    if given and not result.vouched:
        raise Refused("no checkpoint of this log is signed with the given key")
    _tell(result)


def _verify_snapshots(settings: Settings, url: str) -> None:
    """What claims with a long past were summed up to is no part of the log, but decisions rest on it."""
    found = snapshot_audit(settings, url)
    if found.wrong:
        named = f"{found.wrong[0].stream} at version {found.wrong[0].version}"
        raise Refused(
            f"the snapshot of {named} is not what its events come to; without its row in log.snapshots"
            " the events are read"
        )
    if found.total:
        click.echo("1 snapshot is right." if found.total == 1 else f"{found.total:,} snapshots are right.")


def _tell(result: Result) -> None:
    click.echo(f"{result.head:,} events are whole, {result.covered:,} of them are in the tree.")
    if result.vouched:
        said = "1 checkpoint is" if result.checkpoints == 1 else f"{result.checkpoints:,} checkpoints are"
        click.echo(f"{said} right; the last one vouches for {result.vouched:,} events.")
    else:
        click.echo("No checkpoint vouches for them: somebody with all rights could have changed log and tree together.")


def _tell_restores(reader: TreeReader) -> None:
    for one in reader.restores():
        origin = (
            f"from a backup of {one.made_at:%Y-%m-%d %H:%M} UTC" if one.made_at else "by the server of its database"
        )
        was = "still the same log" if one.epoch == one.from_epoch else f"until then the log {one.from_epoch}"
        click.echo(f"Restored {one.restored_at:%Y-%m-%d %H:%M} UTC {origin}, up to position {one.position:,}; {was}.")


def _key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parse(text)
    except BadKey as error:
        raise WrongUsage(f"{text!r}: {error.detail}") from None


def _opened(path: Path, trusted: list[VerifierKey]) -> Checkpoint:
    """The checkpoint of a file. Refused when none of the keys vouches for it."""
    try:
        with path.open("rb") as file:
            note = file.read(LONGEST_NOTE + 1).decode()
        return SignedNote.parse(note).opened(trusted)[0]
    except (BadNote, UnicodeDecodeError) as error:
        raise Refused(f"{path}: {error}") from None
