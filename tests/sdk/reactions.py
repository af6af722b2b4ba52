"""The rows of `reactions.toml`, read and expanded: one reaction for each call shape."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_llmchaos import faults
from pytest_llmchaos.faults import Injection

from .shapes import MODES, SHAPES, Shape, installed

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Reaction:
    """What one SDK does when one call meets one fault; the members are told in `reactions.toml`."""

    provider: str
    fault: str
    call: str
    raises: str
    attempts: int
    source: str
    args: dict[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    cause: str | None = None
    waits: tuple[Bounds, ...] = ()
    tries: Bounds = (0.0, 0.0)
    events: int | None = None
    result: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    sdk: str = ""

    @property
    def injection(self) -> Injection:
        """The fault, called as a user calls it."""
        return faults.find(self.fault)(**self.args)

    @property
    def shape(self) -> Shape:
        return SHAPES[self.provider][self.call]

    def __str__(self) -> str:
        args = "".join(f",{key}={value}" for key, value in self.args.items() if not isinstance(value, dict))
        kind = self.args.get("delay")
        if isinstance(kind, dict):
            args = f",{kind['distribution']}{args}"
        limit = "" if self.timeout is None else f"-timeout={self.timeout:g}"
        return f"{self.call.replace(' ', '_')}-{self.fault}{args}{limit}"


_TABLE = tomllib.loads(Path(__file__).with_name("reactions.toml").read_text("utf-8"))


def read() -> list[Reaction]:
    """Return all reactions, as the installed SDKs have them."""
    return [
        each for row in _TABLE["reaction"] for each in _expanded(row, _TABLE["sources"], _TABLE["backoff"]["waits"])
    ]


def http_errors() -> list[tuple[str, str, str]]:
    """Return fault, mode and the text of the HTTP library's own exception."""
    return [(row["fault"], mode, row[mode]) for row in _TABLE["http_error"] for mode in MODES]


def _expanded(row: dict[str, Any], sources: dict[str, str], backoff: list[Any]) -> list[Reaction]:
    row = {"source": sources[row["provider"]], **row}
    calls = row.pop("calls")
    for line, there in row.pop("differs", {}).items():
        if installed(line):
            row |= there
    if row.get("cause") and row["raises"].endswith(f".{row['cause']}"):
        row["cause"] = None  # nothing wraps it here
    waits = row.pop("waits", [])
    row["waits"] = tuple(_bounds(each) for each in (backoff if waits == "backoff" else waits))
    row["tries"] = _bounds(row.get("tries", 0))
    first = Reaction(call=calls[0], **row)
    return [replace(first, call=call) for call in calls]


def _bounds(value: Any) -> Bounds:
    low, high = value if isinstance(value, list) else (value, value)
    return float(low), float(high)
