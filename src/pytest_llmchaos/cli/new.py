"""`llmchaos new`: a scenario and its test to start from."""

from __future__ import annotations

import re
from pathlib import Path

import click

from ..core.errors import UsageProblem, near
from ._common import complete, providers, say
from ._starters import KINDS, scenario_text, test_text

__all__ = ["new"]


@click.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--provider", default="openai", show_default=True, metavar="NAME", shell_complete=complete(providers),
    help="Whom it hits.",
)  # fmt: skip
@click.option(
    "--kind", default="outage", show_default=True, metavar="KIND", shell_complete=complete(lambda: KINDS),
    help=f"What goes wrong: {', '.join(KINDS)}.",
)  # fmt: skip
@click.option(
    "--dir", "folder", default=".", show_default=True, type=click.Path(path_type=Path, file_okay=False),
    help="Where to write; made if it is missing.",
)  # fmt: skip
def new(name: str, provider: str, kind: str, folder: Path) -> None:
    """Write a commented scenario to start from, NAME.yaml, and a test that plays it, test_NAME.py.

    NAME is in lower case with hyphens, such as my-first-outage. Nothing is ever overwritten.
    """
    from ..core.config import load
    from ..providers import Providers

    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        hint = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        raise UsageProblem(
            f"{name!r} is not a name for a scenario: lower-case letters, digits and single hyphens"
            + (f"; try {hint!r}" if hint else "")
        )
    if kind not in KINDS:
        raise UsageProblem(f"{kind!r} is not a kind of scenario{near(kind, KINDS)} (known: {', '.join(KINDS)})")
    Providers(load().providers).check_name(provider)
    scenario, test = folder / f"{name}.yaml", folder / f"test_{name.replace('-', '_')}.py"
    for path in (scenario, test):
        if path.exists() or path.is_symlink():
            raise UsageProblem(f"{path} exists already; nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in ((scenario, scenario_text(name, provider, kind)), (test, test_text(name, provider))):
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as problem:
        raise UsageProblem(f"{problem.filename}: {problem.strerror}") from None
    say(f"{scenario}: check it with `llmchaos validate {scenario}`, see it with `llmchaos show {scenario}`")
    say(f"{test}: call your app in it, then run `pytest {test}`")
