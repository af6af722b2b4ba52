"""`llmchaos show`: what a scenario does."""

from __future__ import annotations

import shutil

import click

from ._common import ascii_only, complete, names, paragraph

__all__ = ["show"]


@click.command()
@click.argument("name", metavar="NAME", shell_complete=complete(names))
def show(name: str) -> None:
    """Show a scenario, by its name or file: what happens when, what is expected, the sources."""
    from .. import library
    from ..report.picture import picture

    scenario = library.load(name)
    click.echo(click.style(scenario.name, bold=True) + (f": {scenario.title}" if scenario.title else ""))
    if scenario.tags:
        click.echo(f"tags: {', '.join(scenario.tags)}")
    if scenario.date is not None:
        click.echo(f"date: {scenario.date:%Y-%m-%d %H:%M %Z}")
    paragraph("hypothesis", scenario.hypothesis)
    click.echo("\nphases")
    for line in picture(scenario, shutil.get_terminal_size((100, 24)).columns - 2, ascii=ascii_only()):
        click.echo(f"  {line}")
    if scenario.expect:
        click.echo("\nexpected")
        for check in scenario.expect:
            click.echo(f"  {check}")
    paragraph("evidence", scenario.evidence)
    paragraph("notes", scenario.notes)
    if scenario.sources:
        click.echo("\nsources")
        for source in scenario.sources:
            click.echo(f"  {source}")
