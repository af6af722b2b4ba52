"""What the commands share: errors without tracebacks, tables, parameters, completion."""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from ..core.errors import ChaosError, UsageProblem
from ..core.terminal_text import fit, printable

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = [
    "Duration",
    "Group",
    "ascii_only",
    "complete",
    "kinds",
    "names",
    "paragraph",
    "providers",
    "say",
    "summary",
    "table",
    "tags",
    "tell",
    "warned",
]


class _Problem(click.ClickException):
    """Something of ours does not work."""

    def format_message(self) -> str:
        """Return the message, fit for a terminal whatever came from a file into it."""
        return printable(self.message)


class _Mistake(_Problem):
    """Something the user typed or wrote is wrong."""

    exit_code = 2


class Group(click.Group):
    """Shows our own errors as one message without a traceback; a mistake of the user's exits with 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a sub-command."""
        try:
            return super().invoke(ctx)
        except ChaosError as problem:
            raise (_Mistake if isinstance(problem, UsageProblem) else _Problem)(str(problem)) from None


class Duration(click.ParamType):  # type: ignore[type-arg] # not generic before click 8.4
    """A duration such as `90d`, as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it, or fail as click does."""
        from ..core.units import duration

        try:
            return duration(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


def ascii_only() -> bool:
    """Tell whether the output may not take more than ASCII: everything but UTF-8 is taken for such."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return not encoding.lower().replace("-", "").startswith("utf")


@contextmanager
def warned() -> Iterator[list[str]]:
    """Gather what the block warns of, for a user who needs no line of our source; it is there behind the block."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield texts
        finally:
            texts += [str(each.message) for each in caught]


def say(text: str, *, err: bool = False) -> None:
    """Print text that may hold what came from a file: a terminal must show it and not obey it."""
    click.echo(printable(text), err=err)


def tell(lines: Iterable[str]) -> None:
    """Print lines as far as somebody takes them: a reader that is gone, or a full disk, changes no exit code."""
    try:
        for line in lines:
            say(line)
    except OSError as problem:
        if problem.errno != errno.EPIPE:
            say(f"the output cannot be written: {problem.strerror or problem}", err=True)
        # What is left in the buffer would fail again when Python ends, with an exit code of its own.
        sys.stdout = io.TextIOWrapper(open(os.devnull, "wb"))  # noqa: SIM115 - until the process ends


def summary(records: Sequence[Record], *, verbosity: int = 0) -> list[str]:
    """Return the summary of records as the terminal shows it: made safe, and with its colours."""
    from ..report.summary import summary_lines

    return summary_lines(
        records,
        width=shutil.get_terminal_size((100, 24)).columns,
        # click strips what it is given where it goes to no terminal; a file gets no colour in the first place.
        colour=sys.stdout.isatty(),
        verbosity=verbosity,
        ascii=ascii_only(),
    )


def paragraph(title: str, text: str) -> None:
    """Print a wrapped text under its title; nothing where there is none."""
    if text:
        say(f"\n{title}")
        say(click.wrap_text(text, width=100, initial_indent="  ", subsequent_indent="  "))


def table(rows: list[tuple[str, ...]], indent: str = "  ", room: int | None = None) -> None:
    """Print rows in aligned columns, each cut to `room` columns where that is given."""
    rows = [tuple(printable(cell, keep="") for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        click.echo(line if room is None else fit(line, room, "..."))


Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete(known: Callable[[], Iterable[str]]) -> Completion:
    """Return a completion from known words; a mistake in the user's settings or files completes nothing."""

    def items(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            return [CompletionItem(each) for each in known() if each.startswith(incomplete)]
        except ChaosError:
            return []

    return items


def names() -> list[str]:
    """Return the names of all scenarios."""
    from ..scenarios import library

    return library.names()


def tags() -> list[str]:
    """Return all tags of scenarios."""
    from ..scenarios import library

    return sorted({tag for scenario in library.all_scenarios() for tag in scenario.tags})


def kinds() -> list[str]:
    """Return the kinds of scenarios."""
    from ..scenarios import library

    return library.kinds()


def providers() -> list[str]:
    """Return the names of the providers, the user's own included."""
    from ..core.config import load
    from ..providers import Providers

    return Providers(load().providers).names()
