"""When nothing helps, the app fails the way it says it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import shown
from ..core.parameters import param
from ._base import Check
from ._calls import against, count, named, worst
from ._results import SET_RESULT, cured, failed, mark, told
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.app_behaviour import UserRequest
    from ..journal.entries import Journal

__all__ = ["DocumentedError", "ErrorTypes"]


@dataclass(frozen=True)
class ErrorTypes:
    """Types of errors, by class or by name; a subclass of one is one."""

    types: tuple[type[BaseException] | str, ...]

    def fits(self, error: BaseException) -> bool:
        """Tell whether an error is one of them; a group is when all in it are."""
        for kind in type(error).__mro__:
            full = f"{kind.__module__}.{kind.__qualname__}"
            if any(each is kind or each in (kind.__name__, full) for each in self.types):
                return True
        return isinstance(error, BaseExceptionGroup) and all(map(self.fits, error.exceptions))

    def raw(self) -> list[str]:
        """Return the names, as YAML holds them."""
        return [each if isinstance(each, str) else f"{each.__module__}.{each.__qualname__}" for each in self.types]

    def __repr__(self) -> str:
        return repr([each.rpartition(".")[2] for each in self.raw()])

    def __str__(self) -> str:
        return " or ".join(each.rpartition(".")[2] for each in self.raw())


def _types(value: Any) -> ErrorTypes:
    if isinstance(value, ErrorTypes):
        return value
    listed = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
    for each in listed:
        if not (isinstance(each, type) and issubclass(each, BaseException)) and not (
            isinstance(each, str) and all(part.isidentifier() for part in each.split("."))
        ):
            raise ValueError(f"{shown(each)} is neither a type of errors nor the name of one, such as 'shop.ShopError'")
    if not listed:
        raise ValueError("it names no type of errors")
    return ErrorTypes(tuple(listed))


_NAME = {"type": "string", "pattern": r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$"}


@dataclass(frozen=True)
class DocumentedError(Check):
    """A request all of whose calls failed raises one of the declared types, not whatever came up inside.

    A request that raised after some of its calls failed is judged too, unless a later try cured each of them.

    Args:
        types: the errors that the app documents: classes, or their names with or without the module.
    """

    name = "documented_error"

    types: ErrorTypes = param(_types, shape={"anyOf": [_NAME, {"type": "array", "items": _NAME, "minItems": 1}]})

    def judge(self, journal: Journal) -> Verdict:
        """Judge what each request with failed calls raised or gave instead."""
        good: list[UserRequest] = []
        bad: list[UserRequest] = []
        open_: list[UserRequest] = []
        said: list[str] = []
        for request in journal.app.requests:
            lost = failed(request.calls)
            if not lost or request.ended is None:
                continue
            if request.error is not None and all(cured(each, request.calls) for each in lost):
                continue  # whatever it raised is about something else
            if request.error is not None:
                if self.types.fits(request.error):
                    good.append(request)
                else:
                    bad.append(request)
                    said.append(f"{named(request.name)} raised {_name(request.error)}")
            elif len(lost) == len(request.calls) and not request.strays:
                if request.has_result:
                    bad.append(request)
                    said.append(f"{named(request.name)} gave a result")
                else:
                    open_.append(request)
        if said:
            reason = against(f"{self.types} when all calls fail", worst(said))
            return self.verdict("violated", reason, told(bad))
        if open_:
            return self.verdict(
                "inconclusive",
                f"{named(open_[0].name)} ended well with every call failed: put `pytest.raises(...)` around the "
                f"`with llmchaos.request(...)` block, not into it, or {SET_RESULT}",
                told(open_),
            )
        if not good:
            return self.verdict(
                "inconclusive",
                f"no marked request had all its calls fail: inject a fault that lasts, and {mark(journal)}",
            )
        return self.verdict("held", f"{count(len(good), 'request')} raised {self.types}", told(good))


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
