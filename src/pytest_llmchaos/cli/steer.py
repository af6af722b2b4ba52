"""`llmchaos inject`, `clear`, `phase`, `status`, `stop`: steer the proxy that runs in this folder."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import click

from ..core.errors import ChaosError, UsageProblem
from ._common import complete, names, say, table

__all__ = ["COMMANDS"]

_SECONDS = 10.0


def _steers(function: Callable[..., None]) -> Callable[..., None]:
    function = click.option("--token", envvar="LLMCHAOS_TOKEN", help="What `llmchaos serve` was started with.")(
        function
    )
    return click.option("--control", envvar="LLMCHAOS_CONTROL", metavar="URL", help="Where the proxy is.")(function)


@click.command()
@click.argument("what", nargs=-1, required=True, shell_complete=complete(names))
@_steers
def inject(what: tuple[str, ...], control: str | None, token: str | None) -> None:
    """Break something from now on: WHAT is a scenario's name, or a line such as 'latency(20s) -> anthropic, 30%'."""
    _show(_ask("inject", control, token, what=list(what)))


@click.command()
@_steers
def clear(control: str | None, token: str | None) -> None:
    """End all faults: every provider is healthy at once."""
    _show(_ask("clear", control, token))


@click.command()
@click.argument("name")
@_steers
def phase(name: str, control: str | None, token: str | None) -> None:
    """Go to a phase of the scenario under way."""
    _show(_ask("phase", control, token, name=name))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As the control API tells it.")
@_steers
def status(as_json: bool, control: str | None, token: str | None) -> None:
    """Tell what goes wrong and what came of it so far."""
    found = _ask("status", control, token, method="GET")
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _show(found)


@click.command()
@_steers
def stop(control: str | None, token: str | None) -> None:
    """End all faults, then the proxy; it judges and reports where it was started."""
    _show(_ask("stop", control, token))


COMMANDS = (inject, clear, phase, status, stop)


def _ask(action: str, control: str | None, token: str | None, *, method: str = "POST", **given: Any) -> dict[str, Any]:
    from ..game_day.known import CONTROL, known_server

    if control is None or token is None:
        known, secret = known_server()
        control, token = control or known, token or secret
    url = f"{control.rstrip('/')}{CONTROL}{action}"
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    try:
        request = urllib.request.Request(url, json.dumps(given).encode() if given else None, headers, method=method)  # noqa: S310
        # Not through a proxy: the variables that name one may name this one.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=_SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as problem:
        raise UsageProblem(_told(problem)) from None
    except ValueError as problem:
        raise UsageProblem(f"{control}: {problem}") from None
    except OSError as problem:
        reason = getattr(problem, "reason", problem)
        raise ChaosError(f"no proxy answers at {control}: {getattr(reason, 'strerror', None) or reason}") from None


def _told(problem: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(problem)["error"])
    except (ValueError, KeyError, TypeError):
        return f"{problem.url} answered {problem.code}; is that a proxy of llmchaos?"


def _show(found: dict[str, Any]) -> None:
    playing = ", ".join(found["scenarios"]) or "no scenario"
    phase_ = f", phase {found['phase']}" if found["phase"] else ""
    say(f"{playing}{phase_}, {found['seconds']:.0f} s, upstream {found['upstream']}")
    for text in found["injected"]:
        say(f"  goes wrong: {text}")
    if not found["injected"]:
        say("  nothing goes wrong now")
    say(f"{found['calls']} calls, {found['struck']} struck, {found['under_way']} under way")
    rows: list[tuple[str, ...]] = [
        (provider, outcome, str(count))
        for provider, outcomes in found["by_provider"].items()
        for outcome, count in outcomes.items()
    ]
    if rows:
        table(rows)
    for what, count in found["not_answered"].items():
        say(f"  not answered: {what} ({count} x)")
