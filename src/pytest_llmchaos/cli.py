"""The `llmchaos` command. What is heavy is imported by the commands that need it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .errors import ChaosError, UsageProblem

if TYPE_CHECKING:
    from .scenario import Phase, Scenario

__all__ = ["cli", "main"]


class _Mistake(click.ClickException):
    """Something the user typed or wrote is wrong."""

    exit_code = 2


class _Group(click.Group):
    """Shows our own errors as one message without a traceback; a mistake of the user's exits with 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ChaosError as problem:
            raise (_Mistake if isinstance(problem, UsageProblem) else click.ClickException)(str(problem)) from None


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-llmchaos", prog_name="llmchaos")
def cli() -> None:
    """Break your LLM provider on purpose, and see whether your app holds."""


@cli.command("list")
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    help="Only scenarios with this tag (or pattern); repeat to narrow.",
)
@click.option("--provider", metavar="NAME", help="Only scenarios with a fault for this provider.")
def list_(tags: tuple[str, ...], provider: str | None) -> None:
    """List the scenarios: the library's and those of your own folders."""
    from . import library

    found = library.find(tag=tags, provider=provider)
    _table([(each.name, each.title, ", ".join(each.tags)) for each in found], indent="")


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
def validate(files: tuple[Path, ...]) -> None:
    """Check scenario files (or folders of them) and show every problem; exits with 1 if there is any."""
    from .scenario_file import ScenarioError, load

    bad = 0
    for path in _expanded(files):
        try:
            scenario = load(path)
        except ScenarioError as problem:
            bad += 1
            click.echo(str(problem))
        else:
            click.echo(f"{path}: ok ({scenario.name})")
    if bad:
        click.echo(f"{bad} bad {'file' if bad == 1 else 'files'}", err=True)
        sys.exit(1)


@cli.command()
@click.argument("name", metavar="NAME")
def show(name: str) -> None:
    """Show a scenario, by its name or file: what happens when, what is expected, the sources."""
    from . import library

    scenario = library.load(name)
    click.echo(click.style(scenario.name, bold=True) + (f": {scenario.title}" if scenario.title else ""))
    if scenario.tags:
        click.echo(f"tags: {', '.join(scenario.tags)}")
    _paragraph("hypothesis", scenario.hypothesis)
    click.echo("\nphases")
    _table(list(_phase_rows(scenario)))
    if scenario.expect:
        click.echo("\nexpected")
        for check in scenario.expect:
            click.echo(f"  {check}")
    _paragraph("evidence", scenario.evidence)
    if scenario.sources:
        click.echo("\nsources")
        for source in scenario.sources:
            click.echo(f"  {source}")


@cli.command()
def demo() -> None:
    """Play OpenAI's board crisis of 2023 against two builds of a support bot; no key, no network."""
    from .demo import run

    sys.exit(run())


def main() -> None:
    """Run the command line (the `llmchaos` script and `python -m pytest_llmchaos`)."""
    cli(prog_name="llmchaos")


def _expanded(files: Sequence[Path]) -> Iterator[Path]:
    for path in files:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(each for each in path.iterdir() if each.suffix in (".yaml", ".yml"))
        if not inside:
            raise UsageProblem(f"{path}: there is no scenario file (*.yaml) in this folder")
        yield from inside


def _phase_rows(scenario: Scenario) -> Iterator[tuple[str, ...]]:
    yield ("at", "lasts", "phase", "fault", "target", "when")
    for start, phase in zip(scenario.starts(), scenario.phases, strict=True):
        yield from _rows(start, phase)


def _rows(start: float, phase: Phase) -> Iterator[tuple[str, ...]]:
    from .units import show_duration

    at = "" if start == float("inf") else show_duration(start)
    left = (at, "to the end" if phase.lasts is None else show_duration(phase.seconds), phase.name or "-")
    for each in phase.inject:
        when = [
            f"{each.rate * 100:.4g}% of the calls" if each.rate < 1 else "",
            f"calls {each.calls}" if each.calls else "",
            f"between {each.between}" if each.between else "",
        ]
        yield (*left, str(each.fault), str(each.target), ", ".join(filter(None, when)))
        left = ("", "", "")
    if not phase.inject:
        yield (*left, "(healthy)", "", "")


def _paragraph(title: str, text: str) -> None:
    if text:
        click.echo(f"\n{title}")
        click.echo(click.wrap_text(text, width=100, initial_indent="  ", subsequent_indent="  "))


def _table(rows: list[tuple[str, ...]], indent: str = "  ") -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo((indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip())
