"""`llmchaos env`: what to export so that an app asks the proxy."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from ..core.errors import UsageProblem
from ._common import complete, providers, say, tell

if TYPE_CHECKING:
    from ..game_day.exports import Exports

__all__ = ["env"]

_USUAL = "http://127.0.0.1:8800"
_CONTAINERS = ("compose", "kubernetes")


@click.command()
@click.option(
    "--proxy",
    envvar="LLMCHAOS_CONTROL",
    metavar="URL",
    help=f"Where the app finds `llmchaos serve`; else the one that runs in this folder, or {_USUAL}.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["shell", "dotenv", *_CONTAINERS]),
    default="shell",
    show_default=True,
    help="Lines for a shell, an env file (docker --env-file), a service of docker compose, a container of Kubernetes.",
)
@click.option("--unset", "forget", is_flag=True, help="Print what undoes it.")
@click.option(
    "--provider", "names", multiple=True, shell_complete=complete(providers), help="Only of this provider; repeatable."
)
def env(proxy: str | None, form: str, forget: bool, names: tuple[str, ...]) -> None:
    """Print what points an app at the proxy of `llmchaos serve`, for its SDKs to read.

    In a shell: eval "$(llmchaos env)", and start the app there. Notes go to stderr.
    """
    from ..core.config import load
    from ..game_day import exports
    from ..providers import Providers

    if forget and form != "shell":
        raise UsageProblem(f"--unset is for shells; what was written as {form} is taken out by hand")
    url = exports.proxy_url(proxy if proxy is not None else _known())
    found = exports.exports(Providers(load().providers), url, names, os.environ)
    if not found.variables:
        bases = ", ".join(found.without.values())
        raise UsageProblem(f"no variable tells these SDKs a base URL; give it to their clients: {bases}")
    if forget:
        tell(exports.unset(found.variables))
        return
    tell(exports.FORMS[form](found.variables, f"LLM calls go to {url} (llmchaos env; --unset prints what undoes it)"))
    for note in (*_left_out(found), *_surprises(found, url, form)):
        say(f"note: {note}", err=True)


def _known() -> str:
    from ..game_day.known import known_server

    try:
        return known_server()[0]
    except UsageProblem:
        say(f"note: no proxy runs in this folder; the variables name {_USUAL}", err=True)
        return _USUAL


def _left_out(found: Exports) -> Iterator[str]:
    if found.without:
        example = next(iter(found.without.values()))
        yield (
            f"no variable tells SDKs where {', '.join(found.without)} is; give their clients the base URL, such as "
            f"{example} and what follows the host in the usual one"
        )
    for name in found.left_out:
        yield f"{name} is left out, as its variables alone change what clients do; --provider {name} prints them"


def _surprises(found: Exports, url: str, form: str) -> Iterator[str]:
    host = urlsplit(url).hostname or ""
    if form in _CONTAINERS:
        if host.startswith("127.") or host in ("localhost", "::1"):
            yield f"in a container {host} is the container itself; --proxy tells where the proxy is, seen from there"
        return
    changed = [name for name, value in found.variables.items() if os.environ.get(name, value) != value]
    if changed and form == "shell":
        yield f"set before, which --unset does not bring back: {', '.join(changed)}"
    between = urllib.request.getproxies_environment()
    if ("http" in between or "all" in between) and not urllib.request.proxy_bypass(host):
        yield f"a proxy is set for HTTP (http_proxy, all_proxy); with {host} in no_proxy calls do not take that way"
