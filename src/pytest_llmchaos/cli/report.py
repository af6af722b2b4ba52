"""`llmchaos report`: every form of the report from journals."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.errors import UsageProblem
from ._common import say, summary, warned

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = ["report"]


_TAKEN = ("journals", "terminal", "verbose", "help")


class _Command(click.Command):
    """Has an option for each form of the report. They are looked for when it is used: to import them takes a while."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters, those of the forms behind the journals."""
        first, *others = super().get_params(ctx)
        return [first, *_options(), *others]


@cache
def _options() -> tuple[click.Parameter, ...]:
    from ..report import forms

    file = click.Path(path_type=Path, dir_okay=False)
    for option, form in forms().items():
        if option.replace("-", "_") in _TAKEN:
            raise UsageProblem(
                f"{form.__module__}.{form.__qualname__}: llmchaos report has an option --{option} already"
            )
    return tuple(
        click.Option([f"--{option}", option.replace("-", "_")], metavar="FILE", type=file, help=form.help)
        for option, form in forms().items()
    )


@click.command(cls=_Command)
@click.argument("journals", nargs=-1, required=True, metavar="JOURNAL...", type=click.Path(path_type=Path))
@click.option("--terminal", is_flag=True, help="Print the summary; also done where no other form is asked for.")
@click.option("-v", "--verbose", is_flag=True, help="Leave nothing out of the summary.")
def report(journals: tuple[Path, ...], terminal: bool, verbose: bool, **files: Path | None) -> None:
    """Rebuild the report of earlier runs from their journals (pytest --llmchaos-journal FILE).

    Several journals make one report, with the last result of each test under each scenario in each journal, and the
    worst of them all. What it tells does not change the exit status: `llmchaos gate` judges.
    """
    from ..gate.counting import worst
    from ..gate.journal_file import counting
    from ..report import forms

    found: list[Record] = []
    notes: list[str] = []
    with warned() as told:
        for journal in journals:
            count, of_others = counting(journal)
            found += count
            notes += of_others
    records = worst(found)
    if len(records) < len(found):
        notes.append(f"{len(found) - len(records)} results of the same tests that are no worse are left out")
    for each in (*told, *notes):
        say(each, err=True)
    for option, form in forms().items():
        if path := files[option.replace("-", "_")]:
            form().write(path, records)
            say(f"wrote {path}")
    if terminal or not any(files.values()):
        for line in summary(records, verbosity=int(verbose)) or ["the journals hold no test"]:
            click.echo(line)
