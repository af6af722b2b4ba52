"""`llmchaos report`: every form of the report from journals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageProblem
from ._common import ascii_only, say, warned

if TYPE_CHECKING:
    from ..record import Record

__all__ = ["report"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("journals", nargs=-1, required=True, metavar="JOURNAL...", type=click.Path(path_type=Path))
@click.option("--html", "html_file", metavar="FILE", type=_FILE, help="Write the HTML report.")
@click.option("--markdown", "markdown_file", metavar="FILE", type=_FILE, help="Write the report as Markdown.")
@click.option("--junit", "junit_file", metavar="FILE", type=_FILE, help="Write a JUnit file.")
@click.option("--terminal", is_flag=True, help="Print the summary; also done where no other form is asked for.")
@click.option("-v", "--verbose", is_flag=True, help="Leave nothing out of the summary.")
def report(
    journals: tuple[Path, ...],
    html_file: Path | None,
    markdown_file: Path | None,
    junit_file: Path | None,
    terminal: bool,
    verbose: bool,
) -> None:
    """Rebuild the report of earlier runs from their journals (pytest --llmchaos-journal FILE).

    Several journals make one report, with the last result of each test under each scenario in each journal, and the
    worst of them all. What it tells does not change the exit status: `llmchaos gate` judges.
    """
    from ..counting import worst
    from ..journal_file import counting

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
    if html_file:
        from ..report.html import write

        write(html_file, records)
        say(f"wrote {html_file}")
    if markdown_file:
        from ..report.markdown import markdown

        _write(markdown_file, markdown(records))
    if junit_file:
        from ..report.junit import document

        _write(junit_file, document(records))
    if terminal or not (html_file or markdown_file or junit_file):
        _print(records, verbose)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UsageProblem(f"{path}: the report cannot be written: {problem.strerror or problem}") from None
    say(f"wrote {path}")


def _print(records: list[Record], verbose: bool) -> None:
    import shutil
    import sys

    from ..report.summary import summary_lines

    lines = summary_lines(
        records,
        width=shutil.get_terminal_size((100, 24)).columns,
        # click strips what it is given where it goes to no terminal; a file gets no colour in the first place.
        colour=sys.stdout.isatty(),
        verbosity=int(verbose),
        ascii=ascii_only(),
    )
    for line in lines or ["the journals hold no test"]:
        click.echo(line)  # the report made it safe, and gave it colours
