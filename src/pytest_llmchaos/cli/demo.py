"""`llmchaos demo`."""

from __future__ import annotations

import sys

import click

__all__ = ["demo"]


@click.command()
def demo() -> None:
    """Play OpenAI's board crisis of 2023 against two builds of a support bot; no key, no network."""
    from ._demo_bots import run

    sys.exit(run())
