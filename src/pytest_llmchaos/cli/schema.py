"""`llmchaos schema`."""

from __future__ import annotations

import click

__all__ = ["schema"]


@click.command()
@click.option("--journal", is_flag=True, help="The schema of a line of --llmchaos-journal instead.")
def schema(journal: bool) -> None:
    """Print the JSON Schema of scenario files, for editors; your own faults and checks are in it.

    Editors with the YAML language server use it where a file starts with
    "# yaml-language-server: $schema=llmchaos.schema.json".
    """
    if journal:
        from ..gate.journal_schema import text
    else:
        from ..scenarios.schema import text

    click.echo(text(), nl=False)
