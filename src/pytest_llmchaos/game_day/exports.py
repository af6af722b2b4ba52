"""What to export so that an unmodified app asks the proxy: the variables by which SDKs take their base URL."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ..core.errors import UsageProblem, near, shown
from ..providers import Providers

__all__ = ["BEFORE", "FORMS", "Exports", "before", "exports", "proxy_url", "saved", "unset"]

_URL = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>\d{1,5}))?(/[A-Za-z0-9._~%/-]*)?", re.ASCII)

BEFORE = "LLMCHAOS_BEFORE"
"""The variable in which a shell keeps the names of those that it was given; where one was set before, what it was is in
a variable of that name behind this one, for `--unset` to bring it back."""


@dataclass(frozen=True, slots=True)
class Exports:
    """What an app needs to be told.

    Attributes:
        variables: names and values.
        without: base URLs at the proxy of the providers whose SDKs read no variable, by the provider's name.
        left_out: providers whose variables are exported only where they are asked for.
    """

    variables: Mapping[str, str]
    without: Mapping[str, str]
    left_out: tuple[str, ...] = ()


def proxy_url(text: str) -> str:
    """Return the proxy's address without a slash at its end.

    Raises:
        UsageProblem: it is none.
    """
    found = _URL.fullmatch(text := text.strip())
    if found is None or int(found["port"] or 0) > 65_535:
        raise UsageProblem(f"{shown(text)} is not the address of a proxy, such as http://127.0.0.1:8800")
    return text.rstrip("/")


def exports(providers: Providers, proxy: str, named: Iterable[str] = (), already: Iterable[str] = ()) -> Exports:
    """Return what points apps at the proxy.

    Args:
        providers: the providers known.
        proxy: its address.
        named: the providers asked for; none are all that the SDKs know by themselves.
        already: variables that are set where the app runs.

    Raises:
        UsageProblem: a name is no provider's, or two providers are told by one variable.
    """
    known, named, already = providers.names(), list(dict.fromkeys(named)), set(already)
    variables: dict[str, str] = {}
    of: dict[str, str] = {}
    without: dict[str, str] = {}
    left_out = []
    for name in named or known:
        provider = providers.called(name)
        if provider is None:
            raise UsageProblem(f"{shown(name)} is not a provider{near(name, known)} (known: {', '.join(known)})")
        base = f"{proxy}/{quote(name, safe='')}"
        told = provider.base_url_variables
        # Where somebody's own provider has a name of its own, the dialect's variables are the vendor's.
        if not told or not (named or name == provider.dialect):
            without[name] = base
        elif provider.base_url_when_named and not named and already.isdisjoint(told):
            left_out.append(name)
        else:
            for variable, path in told.items():
                if variable in variables:
                    raise UsageProblem(
                        f"{variable} can name one provider, not both {of[variable]} and {name}: choose by --provider"
                    )
                variables[variable], of[variable] = f"{base}{path}", name
    return Exports(variables, without, tuple(left_out))


Form = Callable[[Mapping[str, str], str], Iterator[str]]


def before(environ: Mapping[str, str]) -> dict[str, str | None]:
    """Return what variables were before they were exported; None for those that were not set."""
    return {name: environ.get(f"{BEFORE}_{name}") for name in environ.get(BEFORE, "").split() if name.isidentifier()}


def saved(variables: Iterable[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield lines by which a shell keeps what variables are, once. Values may be secrets, and none is in them."""
    kept = before(environ)
    names = [name for name in variables if name not in kept]
    for name in names:
        if name in environ:
            yield f'export {BEFORE}_{name}="${name}";'
    yield f"export {BEFORE}={shlex.quote(' '.join([*kept, *names]))};"


def _shell(variables: Mapping[str, str], comment: str) -> Iterator[str]:
    # The comment comes last, and a semicolon ends each line: `eval $(llmchaos env)` without quotes makes one line of
    # all, which a comment at its beginning would turn into nothing, and the app would ask the real providers.
    for name, value in variables.items():
        yield f"export {name}={shlex.quote(value)};"
    yield f"# {comment}"


def _dotenv(variables: Mapping[str, str], comment: str) -> Iterator[str]:
    yield f"# {comment}"
    for name, value in variables.items():
        yield f"{name}={value}"


def _compose(variables: Mapping[str, str], comment: str) -> Iterator[str]:
    yield f"# {comment}"
    yield "environment:"
    for name, value in variables.items():
        yield f"  {name}: {_yaml(value)}"


def _kubernetes(variables: Mapping[str, str], comment: str) -> Iterator[str]:
    yield f"# {comment}"
    yield "env:"
    for name, value in variables.items():
        yield f"  - name: {name}"
        yield f"    value: {_yaml(value)}"


def _yaml(value: str) -> str:
    # Compose and Kubernetes take a dollar for a variable's, and two for one.
    return json.dumps(value.replace("$", "$$"), ensure_ascii=False)


def _of_one_line(form: Form) -> Form:
    # An env file knows neither quotes nor escapes: another line would be another variable.
    def lines(variables: Mapping[str, str], comment: str) -> Iterator[str]:
        for name, value in variables.items():
            if not value.isprintable():
                raise UsageProblem(f"{name} cannot be {shown(value)}: it must fit into a line")
        return form(variables, comment)

    return lines


FORMS: Mapping[str, Form] = {
    name: _of_one_line(form)
    for name, form in (("shell", _shell), ("dotenv", _dotenv), ("compose", _compose), ("kubernetes", _kubernetes))
}
"""Lines that set variables, with a comment, by the form's name."""


def unset(variables: Iterable[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield lines by which a shell has its variables as they were before.

    Args:
        variables: those to forget where the shell kept no names.
        environ: what is set there.
    """
    were = before(environ)
    for name in were or variables:
        kept = f"{BEFORE}_{name}"
        yield f"unset {name};" if were.get(name) is None else f'export {name}="${kept}"; unset {kept};'
    if were:
        yield f"unset {BEFORE};"
    yield "# LLM calls go where they went without llmchaos"
