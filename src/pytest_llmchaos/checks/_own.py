"""Checks that users write: a function of the journal becomes a check like the built-in ones."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from ..core.call import Target
from ..core.errors import UsageProblem, shown
from ..core.parameters import choice, param, text
from ..core.parameters import target as read_target
from ..core.units import duration
from ..journal.entries import Exchange
from ._base import Check
from .verdict import Outcome, Verdict

if TYPE_CHECKING:
    from ..journal.entries import Journal

__all__ = ["OwnCheck", "known", "register"]

_own: dict[str, type[OwnCheck]] = {}
_OUTCOMES: Mapping[Any, Outcome] = {True: "held", False: "violated", None: "inconclusive"}
_RETURNS = "a Verdict, True, False or None, or one of these three with a reason, or with a reason and exchanges"


@dataclasses.dataclass(frozen=True)
class OwnCheck(Check):
    """Base of the checks made of functions."""

    def judge(self, journal: Journal) -> Verdict:
        """Ask the function.

        Raises:
            UsageProblem: it returned something else than an answer.
        """
        function = _FUNCTIONS[type(self)]
        given = {each.name: _given(getattr(self, each.name), each) for each in dataclasses.fields(self)}
        answer = function(journal, **given)
        if isinstance(answer, Verdict):
            return answer
        parts = answer if isinstance(answer, tuple) else (answer,)
        held, reason, evidence = (*parts, *(None,) * (3 - len(parts)))[:3]
        if evidence is None:
            evidence = journal.exchanges
        calls = (evidence,) if isinstance(evidence, Exchange) or not isinstance(evidence, Iterable) else tuple(evidence)
        wrong = not (held is None or isinstance(held, bool)) or not isinstance(reason, str | None) or len(parts) > 3
        if wrong or not all(isinstance(each, Exchange) for each in calls):
            raise UsageProblem(f"the check {self.name} returned {shown(answer)}; it must return {_RETURNS}")
        if held and not calls:
            return self.verdict("inconclusive", f"{reason or 'it held'}, but no LLM call was seen to decide it")
        told = reason or ("no evidence either way" if held is None else _first(function) or self.name)
        return self.verdict(_OUTCOMES[held], told, calls)


_FUNCTIONS: dict[type[OwnCheck], Callable[..., Any]] = {}


def register(function: Callable[..., Any]) -> type[OwnCheck]:
    """Make a check of a function and make it known under the function's name.

    Raises:
        UsageProblem: its parameters cannot be those of a check, or the name is taken.
    """
    from . import builtin

    name = getattr(function, "__name__", "")
    if not name.isidentifier() or name.startswith("_"):
        raise UsageProblem(f"llmchaos.check: {shown(function)} needs a name, such as a function made with `def` has")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise UsageProblem(f"llmchaos.check: {name} is async; a check reads a journal that is written: use plain `def`")
    if name in builtin():
        raise UsageProblem(f"llmchaos.check: {name} is a built-in check; give yours another name")
    before = _own.get(name)
    if before is not None and _alive(before) and before.__module__ != function.__module__:
        raise UsageProblem(f"llmchaos.check: {before.__module__} and {function.__module__} both define {name}")
    made: type[OwnCheck] = dataclasses.dataclass(frozen=True)(
        type(
            name,
            (OwnCheck,),
            {
                "name": name,
                "__doc__": inspect.getdoc(function) or f"The check {name} of {function.__module__}.",
                "__module__": function.__module__,
                **_parameters(function),
            },
        )
    )
    _FUNCTIONS[made] = function
    _own[name] = made
    return made


def known() -> dict[str, type[OwnCheck]]:
    """Return the users' checks by name; one whose module is no longer loaded is gone."""
    return {name: each for name, each in _own.items() if _alive(each)}


def _alive(check: type[OwnCheck]) -> bool:
    module = sys.modules.get(check.__module__)
    return module is not None and getattr(module, "__dict__", None) is _FUNCTIONS[check].__globals__


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    signature = inspect.signature(function)
    found: dict[str, Any] = {"__annotations__": {}}
    names = list(signature.parameters.values())
    if not names or names[0].kind not in (names[0].POSITIONAL_ONLY, names[0].POSITIONAL_OR_KEYWORD):
        raise UsageProblem(f"llmchaos.check: {function.__name__} must take the journal first")
    for each in names[1:]:
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD, each.POSITIONAL_ONLY):
            raise UsageProblem(f"llmchaos.check: {function.__name__}: {each} is no named parameter")
        if each.name in ("name", "judge", "verdict", "raw", "told", "build", "refuse"):
            raise UsageProblem(f"llmchaos.check: {function.__name__}: a parameter cannot be called {each.name}")
        read, shape = _reader(_annotation(function, each), function, each.name)
        default = {} if each.default is each.empty else {"default": _default(each.default)}
        if type(default.get("default")).__hash__ is None:
            raise UsageProblem(f"llmchaos.check: {function.__name__}: the default of {each.name} must not be mutable")
        found[each.name] = param(read, shape=shape, **default)
        found["__annotations__"][each.name] = Any
    return found


def _default(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _annotation(function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    given = parameter.annotation
    if not isinstance(given, str):
        return given
    try:
        return eval(given, function.__globals__)  # noqa: S307 - the user's own annotation, as typing resolves it
    except Exception as problem:
        raise UsageProblem(
            f"llmchaos.check: {function.__name__}: the annotation {given!r} of {parameter.name} cannot be read "
            f"({problem}); import what it names at run time"
        ) from None


def _reader(kind: Any, function: Callable[..., Any], name: str) -> tuple[Callable[[Any], Any], dict[str, Any] | None]:
    if get_origin(kind) in (Union, UnionType):
        kinds = [each for each in get_args(kind) if each is not NoneType]
        if len(kinds) == 1:
            return _reader(kinds[0], function, name)
    if get_origin(kind) is Literal:
        return choice(*get_args(kind)), None
    if get_origin(kind) in (list, tuple):
        inner, shape = _reader(get_args(kind)[0], function, name)
        return _list(inner), {"type": "array", "items": shape or {}}
    if kind in _READERS:
        return _READERS[kind]
    takes = "int, float, bool, str, timedelta (a duration), Target, Literal[...], list[...] of these, or None"
    raise UsageProblem(f"llmchaos.check: {function.__name__}: {name} is {kind!r}; a parameter is {takes}")


def _list(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{shown(value)} is not a list")
        return [inner(each) for each in value]

    return read


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{shown(value)} is not a whole number")
    return value


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is not a number")
    return float(value)


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither true nor false")
    return value


def _any(value: Any) -> Any:
    return value


_READERS: dict[Any, tuple[Callable[[Any], Any], dict[str, Any] | None]] = {
    int: (_int, {"type": "integer"}),
    float: (_float, {"type": "number"}),
    bool: (_bool, {"type": "boolean"}),
    str: (text, None),
    timedelta: (duration, None),
    Target: (read_target, None),
    Any: (_any, None),
    inspect.Parameter.empty: (_any, None),
}


def _given(value: Any, field: dataclasses.Field[Any]) -> Any:
    return timedelta(seconds=value) if field.metadata["read"] is duration and value is not None else value


def _first(function: Callable[..., Any]) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]
