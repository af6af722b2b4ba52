"""The `llmchaos` command, one file per sub-command. What is heavy is imported by the commands that need it."""

from __future__ import annotations

import io
import sys

import click

from ._common import Group
from .calendar import calendar
from .demo import demo
from .env import env
from .gate import gate
from .list import list_
from .new import new
from .report import report
from .schema import schema
from .serve import serve
from .show import show
from .steer import COMMANDS
from .validate import validate

__all__ = ["cli", "main"]


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-llmchaos", prog_name="llmchaos")
def cli() -> None:
    """Break your LLM provider on purpose, and see whether your app holds.

    Shell completion: put eval "$(_LLMCHAOS_COMPLETE=bash_source llmchaos)" into ~/.bashrc (zsh_source and ~/.zshrc for
    zsh; for fish, pipe _LLMCHAOS_COMPLETE=fish_source llmchaos to source). Names, tags and kinds of scenarios complete.
    """


for _command in (calendar, demo, env, gate, list_, new, report, schema, serve, show, validate, *COMMANDS):
    cli.add_command(_command)


def main() -> None:
    """Run the command line (the `llmchaos` script and `python -m pytest_llmchaos`)."""
    for stream in (sys.stdout, sys.stderr):
        # What a file or an old terminal cannot take (Windows redirects in cp1252) must not end in a traceback.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    cli(prog_name="llmchaos")
