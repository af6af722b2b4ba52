"""`llmchaos list`: which scenarios there are."""

from __future__ import annotations

import shutil
import sys

import click

from ._common import complete, kinds, providers, table, tags

__all__ = ["list_"]


@click.command("list")
@click.option(
    "--tag",
    "wanted",
    multiple=True,
    metavar="TAG",
    shell_complete=complete(tags),
    help="Only scenarios with this tag (or pattern); repeat to narrow.",
)
@click.option(
    "--provider",
    metavar="NAME",
    shell_complete=complete(providers),
    help="Only scenarios with a fault for this provider.",
)
@click.option(
    "--kind", metavar="KIND", shell_complete=complete(kinds), help="Only scenarios in this folder, such as outage."
)
def list_(wanted: tuple[str, ...], provider: str | None, kind: str | None) -> None:
    """List the scenarios: the library's and those of your own folders.

    A terminal shows of each what fits into a line; a pipe or a file gets all of it.
    """
    from ..scenarios import library

    found = library.find(tag=wanted, provider=provider, kind=kind)
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    table([(each.name, each.title, ", ".join(each.tags)) for each in found], indent="", room=room)
