"""`llmchaos serve`: a scenario played to services that run elsewhere."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.errors import ChaosError, UsageProblem
from ._common import complete, names, say, summary

if TYPE_CHECKING:
    from types import ModuleType

    from ..game_day.serving import Drill, Serving
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
    Exits with 0 when what the scenarios expect held, with 10 where something did not hold, with 11 where nothing is
    proven, as where nothing was expected, and with 12 where the evidence could not be written.
    """
    from ..core import config
    from ..game_day.addresses import read_origins
    from ..scenarios import library

    serving = _needed()
    address = serving.Address.parse(listen)
    run = _can_be_written(journal, html)
    drill = serving.serve(
        [library.load(each) for each in scenarios],
        address=address,
        upstream="real" if upstream == "real" else "simulated",
        origins=read_origins(origins, config.load().origins),
        seed=seed,
        token=token or "",
        started=_started,
    )
    for line in summary([drill.record]):
        click.echo(line)
    code = _judged(drill)
    written = _write(drill.record, run, journal, html)
    sys.exit(code if written else code or 12)


def _judged(drill: Drill) -> int:
    """Return the exit code, and say why where nothing can be said."""
    from ..gate.outcome import outcome_of

    record = drill.record
    outcome = outcome_of(record)
    if outcome in ("violated", "failed"):
        return 10
    if not record.scenarios and not record.faults:
        say("nothing was to go wrong, so there is nothing to judge")
        return 0
    if record.llm != "calls":
        say("INCONCLUSIVE: no call came to the proxy; give the app its address (llmchaos env), and start it anew")
    elif drill.unmet:
        say("INCONCLUSIVE: not all that was to go wrong met a call")
        for line in drill.unmet:
            say(f"  {line}")
    elif all(each["always"] for each in record.verdicts):
        say("INCONCLUSIVE: nothing was expected, so that nothing is proven; say under `expect:` what must hold")
    elif outcome == "held":
        return 0
    return 11


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


def _can_be_written(journal: Path | None, html: Path | None) -> str:
    """Begin the journal, so that it tells of a drill that did not come to its end; return what its end asks for.

    Raises:
        UsageProblem: one of the files cannot be written.
    """
    from ..gate import journal_file

    if html is not None and (
        html.is_dir() or not os.access(html if html.exists() else html.absolute().parent, os.W_OK)
    ):
        raise UsageProblem(f"--html {html}: it cannot be written there")
    try:
        return "" if journal is None else journal_file.begin(journal, sys.argv[1:])
    except OSError as problem:
        raise UsageProblem(f"--journal {journal}: {problem.strerror or problem}") from None


def _write(record: Record, run: str, journal: Path | None, html: Path | None) -> bool:
    from ..gate import journal_file
    from ..report import forms

    try:
        if journal is not None:
            journal_file.append(journal, replace(record, run=run))
            journal_file.end(journal, run)
            say(f"wrote {journal}")
        if html is not None:
            forms()["html"]().write(html, [record])
            say(f"wrote {html}")
    except (OSError, ChaosError) as problem:
        say(f"the evidence could not be written: {problem}", err=True)
        return False
    return True
