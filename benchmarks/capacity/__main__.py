"""`python -m benchmarks.capacity`: measures what each thing costs, and writes what machines carry."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from time import monotonic

import click

from benchmarks.capacity import page
from benchmarks.capacity.measuring import measure
from benchmarks.capacity.plan import FULL, QUICK
from benchmarks.model import NotMeasured
from benchmarks.peers import HOME, ROOT

DOCS = ROOT / "docs" / "capacity.md"


@click.command()
@click.option("--quick", is_flag=True, help="The short form: about a minute.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Where to put the data.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The page to write.")
def main(quick: bool, data: Path | None, output: Path | None) -> None:
    """Measure what claims, questions, streams and followers cost, and write what machines carry.

    Takes six to eight minutes and writes docs/capacity.md; the short form writes build/bench/capacity.md. Ends with 1
    when a figure could not be had.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing stays behind
    target = output or (HOME / "capacity.md" if quick else DOCS)
    begun = monotonic()

    def say(text: str) -> None:
        click.echo(f"{monotonic() - begun:4.0f} s  {text}", err=True)

    try:
        found = measure(QUICK if quick else FULL, data, say)
    except NotMeasured as error:
        click.echo(f"Not measured: {error}", err=True)
        raise SystemExit(1) from None
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page.page(found), encoding="utf-8")
    target.with_suffix(".json").write_text(page.raw(found), encoding="utf-8")
    click.echo(page.summary(found))
    click.echo(f"Written: {target}")
    if any(bar.measured is None for bar in page.bars(found)):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
