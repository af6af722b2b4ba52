"""`llmchaos env`: what to export so that an app asks the proxy."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
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
@click.option("--forward", is_flag=True, help="In place of base URLs, the proxy for all calls and whom to trust.")
@click.option("--ca", metavar="FILE", help="With --forward: the authorities to trust; else the running proxy's.")
@click.option("--preload", metavar="FILE", help="With --forward: the script for older Node; else this package's.")
@click.option("--no-proxy", "direct", multiple=True, metavar="HOST", help="With --forward: asked directly; repeatable.")
def env(
    proxy: str | None,
    form: str,
    forget: bool,
    names: tuple[str, ...],
    forward: bool,
    ca: str | None,
    preload: str | None,
    direct: tuple[str, ...],
) -> None:
    """Print what points an app at the proxy of `llmchaos serve`, for its SDKs to read.

    In a shell: eval "$(llmchaos env)", and start the app there. Notes go to stderr. With --forward base URLs stay as
    they are, and HTTPS_PROXY and the variables of authorities lead through the proxy.
    """
    from ..game_day import exports

    if forget and form != "shell":
        raise UsageProblem(f"--unset is for shells; what was written as {form} is taken out by hand")
    if forward and names:
        raise UsageProblem("--provider chooses base URLs; --forward sends the calls of all through the proxy")
    for option, given in (("--ca", ca), ("--preload", preload), ("--no-proxy", direct)):
        if given and not forward:
            raise UsageProblem(f"{option} is for --forward alone")
    were = exports.before(os.environ)
    if forget and were:
        tell(exports.unset((), os.environ))
        return
    url = exports.proxy_url(proxy if proxy is not None else _known())
    # As it was before it was exported: what is exported twice is the same.
    environ = {name: value for name, value in {**os.environ, **were}.items() if value is not None}
    if forward:
        variables, notes = _forward(url, form, environ, ca, preload or "", direct)
    else:
        variables, notes = _reverse(url, form, environ, names)
    if forget:
        # What is another value is not ours to take away.
        ours = [name for name, value in variables.items() if os.environ.get(name, value) == value]
        tell(exports.unset(ours, {}))
        return
    calls = "HTTPS calls go through" if forward else "LLM calls go to"
    saved = exports.saved(variables, os.environ) if form == "shell" else ()
    tell([*saved, *exports.FORMS[form](variables, f"{calls} {url} (llmchaos env; --unset prints what undoes it)")])
    for note in notes:
        say(f"note: {note}", err=True)


def _reverse(
    url: str, form: str, environ: Mapping[str, str], names: tuple[str, ...]
) -> tuple[Mapping[str, str], list[str]]:
    from ..core.config import load
    from ..game_day import exports
    from ..providers import Providers

    found = exports.exports(Providers(load().providers), url, names, environ)
    if not found.variables:
        bases = ", ".join(found.without.values())
        raise UsageProblem(f"no variable tells these SDKs a base URL; give it to their clients: {bases}")
    return found.variables, [*_left_out(found), *_surprises(url, form)]


def _forward(
    url: str, form: str, environ: Mapping[str, str], ca: str | None, preload: str, direct: tuple[str, ...]
) -> tuple[Mapping[str, str], list[str]]:
    from ..game_day.forward_exports import forward_exports
    from ..game_day.known import known_bundle

    trusted = ca or known_bundle()
    if trusted is None:
        raise UsageProblem("no proxy runs in this folder: name by --ca FILE what `llmchaos serve` says must be trusted")
    if form in ("shell", "dotenv"):
        trusted = str(Path(trusted).absolute())
        if form == "shell" and not Path(trusted).is_file():
            raise UsageProblem(f"--ca {trusted}: there is no such file")
    found = forward_exports(url, trusted, environ if form == "shell" else {}, preload=preload, direct=direct)
    notes = [*found.notes, *_from_a_container(url, form)]
    if form != "shell":
        notes.append("the app must find the files in it: mount them, and tell where by --ca and --preload")
    return found.variables, notes


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


def _from_a_container(url: str, form: str) -> Iterator[str]:
    host = urlsplit(url).hostname or ""
    if form in _CONTAINERS and (host.startswith("127.") or host in ("localhost", "::1")):
        yield f"in a container {host} is the container itself; --proxy tells where the proxy is, seen from there"


def _surprises(url: str, form: str) -> Iterator[str]:
    yield from _from_a_container(url, form)
    if form in _CONTAINERS:
        return
    host = urlsplit(url).hostname or ""
    between = urllib.request.getproxies_environment()
    if ("http" in between or "all" in between) and not urllib.request.proxy_bypass(host):
        yield f"a proxy is set for HTTP (http_proxy, all_proxy); with {host} in no_proxy calls do not take that way"
