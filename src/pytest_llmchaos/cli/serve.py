"""`llmchaos serve`: a scenario played to services that run elsewhere."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.errors import UsageProblem
from ._common import ascii_only, complete, names, say

if TYPE_CHECKING:
    from types import ModuleType

    from ..game_day.serving import Serving
    from ..gate.record import Record

__all__ = ["serve"]


@click.command()
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...", shell_complete=complete(names))
@click.option("--listen", default="127.0.0.1:8800", show_default=True, metavar="ADDRESS", help="Where apps reach it.")
@click.option(
    "--upstream",
    type=click.Choice(["simulated", "real"]),
    default="simulated",
    show_default=True,
    help="Where healthy answers come from: made up here, or the provider itself.",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="PROVIDER=URL",
    help="Where a provider's calls go, such as azure=https://shop.openai.azure.com.",
)
@click.option("--journal", metavar="FILE", type=click.Path(path_type=Path), help="Add the record to a journal.")
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Write a report as one HTML page.")
@click.option("--seed", type=int, default=0, show_default=True, help="What chance hangs on.")
@click.option("--token", envvar="LLMCHAOS_TOKEN", help="What the control API asks for; else one is made up.")
def serve(
    scenarios: tuple[str, ...],
    listen: str,
    upstream: str,
    origins: tuple[str, ...],
    journal: Path | None,
    html: Path | None,
    seed: int,
    token: str | None,
) -> None:
    """Break the LLM providers of a running service: a proxy that plays scenarios in real time.

    Point the service at it (`llmchaos env` prints what to export), and watch. `llmchaos inject`, `clear`, `phase`,
    `status` and `stop` steer it from another terminal; Ctrl-C ends all faults, judges, and reports.
    Exits with 0 when what the scenarios expect held, with 10 where it did not, and with 11 where nothing can be said.
    """
    from ..core import config
    from ..game_day.addresses import read_origins
    from ..gate.outcome import outcome_of
    from ..scenarios import library

    serving = _needed()
    address = serving.Address.parse(listen)
    record = serving.serve(
        [library.load(each) for each in scenarios],
        address=address,
        upstream="real" if upstream == "real" else "simulated",
        origins=read_origins(origins, config.load().origins),
        seed=seed,
        token=token or "",
        started=_started,
    )
    _report(record, journal, html)
    if record.scenarios or record.faults:
        judged = {"held": 0, "violated": 10, "failed": 10}
        sys.exit(judged.get(outcome_of(record), 11) if record.llm == "calls" else 11)


def _needed() -> ModuleType:
    """Return what serves.

    Raises:
        UsageProblem: what it needs is not installed.
    """
    try:
        from ..game_day import serving
    except ImportError as problem:
        raise UsageProblem(
            f"game-days need {problem.name or 'more'}, which is not installed: pip install 'pytest-llmchaos[serve]'"
        ) from None
    return serving


def _started(serving: Serving) -> None:
    url = serving.address.url
    say(f"llmchaos serves {url}, {'asking the real providers' if serving.proxy.real else 'simulating all providers'}")
    for note in serving.notes:
        say(f"  note: {note}")
    if not serving.address.is_of_this_machine:
        say(f"  note: whoever reaches {serving.address.host} can use it; only its control asks for a token")
    run = serving.proxy.run
    for scenario in run.scenarios:
        say(f"  plays {scenario.name}{f': {scenario.title}' if scenario.title else ''}")
    say('  point an app at it:   eval "$(llmchaos env)"')
    say(f"  or through HTTPS_PROXY={url}, trusting {serving.bundle}")
    say("  steer it from here:   llmchaos inject 'outage -> openai, 30%' | clear | phase NAME | status | stop")
    say("Ctrl-C ends all faults, judges and reports")
    sys.stdout.flush()


def _report(record: Record, journal: Path | None, html: Path | None) -> None:
    import shutil

    from ..gate import journal_file
    from ..report import forms
    from ..report.summary import summary_lines

    if journal is not None:
        run = journal_file.begin(journal, sys.argv[1:])
        journal_file.append(journal, replace(record, run=run))
        journal_file.end(journal, run)
        say(f"wrote {journal}")
    if html is not None:
        forms()["html"]().write(html, [record])
        say(f"wrote {html}")
    width = shutil.get_terminal_size((100, 24)).columns
    lines = summary_lines([record], width=width, colour=sys.stdout.isatty(), verbosity=0, ascii=ascii_only())
    for line in lines:
        click.echo(line)
