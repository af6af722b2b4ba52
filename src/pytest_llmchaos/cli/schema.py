"""`llmchaos schema`."""

from __future__ import annotations

import click

__all__ = ["schema"]


@click.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors; your own faults and checks are in it.

    Editors with the YAML language server use it where a file starts with
    "# yaml-language-server: $schema=llmchaos.schema.json".
    """
    from ..schema import text

    click.echo(text(), nl=False)
