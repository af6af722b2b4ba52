"""Parameters of faults and checks: declared once, read the same from Python and from YAML."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from typing import Any, ClassVar, Self

from .call import Target, Targets
from .errors import ParameterError, near, shown
from .units import duration, raw_duration

__all__ = [
    "TEXTS",
    "Choice",
    "Parameters",
    "choice",
    "natural",
    "param",
    "public",
    "target",
    "targets",
    "text",
    "whole",
]

TEXTS: Mapping[str, Any] = {
    "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
}
"""The JSON Schema of one text, or a list of them."""


def param(
    read: Callable[[Any], Any],
    default: Any = MISSING,
    *,
    shape: Mapping[str, Any] | None = None,
    draw: Callable[[Any], Any] | None = None,
) -> Any:
    """Declare a parameter: `read` turns what the user typed into our value or raises `ValueError`.

    It may get its own result again, which it returns as it is.
    A None that is the default is left alone. The readers of this package are known to the JSON Schema of scenario
    files and to the Hypothesis strategies; a reader of the fault's own says here what it takes.

    Args:
        read: the reader.
        default: taken where the user gives none; without it the parameter is needed.
        shape: what the reader takes, as a JSON Schema (draft-07). Values are drawn from it too.
        draw: a function that returns the Hypothesis strategy to draw from where the shape is not enough; it gets a
            strategy of other faults and imports Hypothesis itself.
    """
    return field(default=default, metadata={"read": read, "shape": shape, "draw": draw})


@dataclass(frozen=True, slots=True)
class Choice:
    """A reader that takes one of the `allowed` values."""

    allowed: tuple[Any, ...]

    def __call__(self, value: Any) -> Any:
        """Return the value; raise `ValueError` where it is none of them."""
        if any(type(value) is type(each) and value == each for each in self.allowed):
            return value
        names = [each for each in self.allowed if isinstance(each, str)]
        raise ValueError(f"{shown(value)} is not one of {', '.join(map(repr, self.allowed))}{near(value, names)}")


def choice(*allowed: Any) -> Choice:
    """Return a reader that takes one of the given values."""
    return Choice(allowed)


_LARGEST = 10**15
"""The largest whole number: the next thing that is done with one is to reckon in floats."""


def whole(value: Any) -> int:
    """Read a whole number, zero or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{shown(value)} is not a whole number, zero or more")
    if value > _LARGEST:
        raise ValueError(f"{shown(value)} is too large a number; take at most {_LARGEST:.0e}")
    return value


def natural(zero: str, default: Any = MISSING) -> Any:
    """Declare a parameter that is a whole number, one or more; `zero` tells why 0 is none."""

    def read(value: Any) -> int:
        number = whole(value)
        if not number:
            raise ValueError(zero)
        return number

    return param(read, default, shape={"type": "integer", "minimum": 1})


def text(value: Any) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{shown(value)} is not a text")
    return value


def target(value: Any) -> Target:
    """Read a target such as `openai/gpt-4*:chat`."""
    try:
        return Target.parse(value)
    except ParameterError as problem:
        raise ValueError(problem.problem) from None


def targets(value: Any) -> Target | Targets:
    """Read a target, or a list of them."""
    try:
        return Targets.parse(value)
    except ParameterError as problem:
        raise ValueError(problem.problem) from None


def _read(field: dataclasses.Field[Any], value: Any) -> Any:
    if value is None and field.default is None:
        return None
    try:
        return field.metadata["read"](value)
    except ValueError as problem:
        raise ParameterError(public(field.name), str(problem)) from None


def _raw(value: Any, read: Callable[[Any], Any]) -> Any:
    if read is duration:
        return raw_duration(value)
    return value.raw() if hasattr(value, "raw") else value


def public(name: str) -> str:
    """Return a parameter's name as YAML has it: `from_` is `from` there."""
    return name.rstrip("_")


@dataclass(frozen=True)
class Parameters:
    """Base of what has a name and declared parameters.

    Attributes:
        name: the word users type in Python and YAML.
    """

    name: ClassVar[str]

    def __post_init__(self) -> None:
        __tracebackhide__ = True
        for each in dataclasses.fields(self):
            object.__setattr__(self, each.name, _read(each, getattr(self, each.name)))

    @classmethod
    def build(cls, args: Sequence[Any] = (), given: Mapping[str, Any] | None = None) -> Self:
        """Make one from what the user typed; `from` may be written for `from_`.

        Raises:
            ParameterError: an unknown, missing, doubled or bad parameter.
        """
        __tracebackhide__ = True
        known = [each.name for each in dataclasses.fields(cls)]
        if len(args) > len(known):
            takes = ", ".join(map(public, known)) or "no parameter of its own"
            raise ParameterError(cls.name, f"got {len(args)} values, takes {takes}")
        values = dict(zip(known, args, strict=False))
        for key, value in (given or {}).items():
            name = key if key in known else f"{key}_"
            if name not in known:
                cls.refuse(key)
            if name in values:
                raise ParameterError(key, f"given twice to {cls.name}")
            values[name] = value
        for each in dataclasses.fields(cls):  # a bad value is told before a missing one
            if each.name in values:
                values[each.name] = _read(each, values[each.name])
        for each in dataclasses.fields(cls):
            if each.default is MISSING and each.name not in values:
                raise ParameterError(public(each.name), f"{cls.name} needs it")
        return cls(**values)

    @classmethod
    def refuse(cls, key: str, *more: str) -> None:
        """Raise the error for an unknown parameter; `more` are names known besides the declared ones."""
        __tracebackhide__ = True
        names = [*(public(each.name) for each in dataclasses.fields(cls)), *more]
        takes = f"it takes {', '.join(names)}" if names else "it takes none"
        raise ParameterError(key, f"{cls.name} has no such parameter; {takes}{near(key, names)}")

    def raw(self) -> dict[str, Any]:
        """Return the parameters that differ from their defaults, as YAML has them."""
        return {public(each.name): _raw(value, each.metadata["read"]) for each, value in self.told()}

    def told(self) -> Iterator[tuple[dataclasses.Field[Any], Any]]:
        """Yield the parameters that differ from their defaults, with their values."""
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if each.default is MISSING or value != _read(each, each.default):
                yield each, value

    def targets(self) -> Iterator[Target]:
        """Yield the targets among the values."""
        for each in dataclasses.fields(self):
            if isinstance(value := getattr(self, each.name), Target | Targets):
                yield from value.each

    def __str__(self) -> str:
        told = ", ".join(f"{public(each.name)}={value}" for each, value in self.told())
        return f"{self.name}({told})" if told else self.name
