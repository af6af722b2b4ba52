"""`llmchaos show`: what a scenario does."""

from __future__ import annotations

import shutil

import click

from ._common import ascii_only, complete, names, paragraph, say

__all__ = ["show"]


@click.command()
@click.argument("name", metavar="NAME", shell_complete=complete(names))
def show(name: str) -> None:
    """Show a scenario, by its name or file: what happens when, what is expected, the sources."""
    from ..report.picture import picture
    from ..scenarios import library

    scenario = library.load(name)
    click.secho(scenario.name, bold=True, nl=not scenario.title)
    if scenario.title:
        say(f": {scenario.title}")
    if scenario.tags:
        say(f"tags: {', '.join(scenario.tags)}")
    if scenario.date is not None:
        say(f"date: {scenario.date:%Y-%m-%d %H:%M %Z}")
    paragraph("hypothesis", scenario.hypothesis)
    say("\nphases")
    for line in picture(scenario, shutil.get_terminal_size((100, 24)).columns - 2, ascii=ascii_only()):
        say(f"  {line}")
    if scenario.expect:
        say("\nexpected")
        for check in scenario.expect:
            say(f"  {check}")
    paragraph("evidence", scenario.evidence)
    paragraph("notes", scenario.notes)
    if scenario.sources:
        say("\nsources")
        for source in scenario.sources:
            say(f"  {source}")
