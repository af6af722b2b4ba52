"""`llmchaos validate`: are these scenario files right?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from ..core.errors import UsageProblem
from ._common import say

__all__ = ["validate"]


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
def validate(files: tuple[Path, ...]) -> None:
    """Check scenario files (or folders of them) and show every problem; exits with 1 if there is any."""
    from ..core.config import load as settings
    from ..providers import Providers
    from ..scenarios.scenario_file import ScenarioError, load

    providers = Providers(settings().providers)
    bad = 0
    for path in _expanded(files):
        try:
            scenario = load(path, providers.check_name)
        except ScenarioError as problem:
            bad += 1
            say(str(problem))
        else:
            say(f"{path}: ok ({scenario.name})")
    if bad:
        say(f"{bad} bad {'file' if bad == 1 else 'files'}", err=True)
        sys.exit(1)


def _expanded(files: Sequence[Path]) -> Iterator[Path]:
    from ..scenarios.library import files_in

    for path in files:
        if not path.is_dir():
            yield path
            continue
        inside = list(files_in(path))
        if not inside:
            raise UsageProblem(f"{path}: there is no scenario file (*.yaml) in this folder")
        yield from inside
