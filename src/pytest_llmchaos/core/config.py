"""Shared settings: `[tool.llmchaos]` in the pyproject.toml of the project at hand."""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from .errors import UsageProblem, near, shown

__all__ = ["Config", "load"]

_KEYS = ("providers", "scenarios", "gate", "prices", "suppress", "origins")


@dataclass(frozen=True)
class Config:
    """What `[tool.llmchaos]` says.

    Attributes:
        providers: own endpoints: by name, a table with `hosts` and `dialect`.
        scenarios: folders with scenario files of one's own.
        gate: the table that `Policy.of` reads; None where it is missing.
        prices: own prices by target, such as `"openai/gpt-5" = {input = 1.25, output = 10}` per million tokens.
        suppress: the table that `always.of_project` reads; None where it is missing.
        origins: where the proxy of a game-day asks a provider, by its name.
        path: the file it was read from, None where there is none.
    """

    providers: Mapping[str, Any] = field(default_factory=dict)
    scenarios: tuple[Path, ...] = ()
    gate: Any = None
    path: Path | None = None
    prices: Mapping[str, Any] = field(default_factory=dict)
    suppress: Any = None
    origins: Mapping[str, str] = field(default_factory=dict)


def load(start: Path | None = None) -> Config:
    """Return the settings of the nearest pyproject.toml at or above `start` (default: the working folder).

    Raises:
        UsageProblem: the file cannot be read, or a setting is unknown or of the wrong kind.
    """
    # The working folder is told without links.
    for path in _places(os.getcwd() if start is None else os.path.realpath(start)):
        try:
            found = os.stat(path)  # `is_file` would ask the same, and the time has to be asked besides
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(found.st_mode):
            return _read(path, found.st_mtime_ns)
    return Config()


@lru_cache(maxsize=32)
def _places(folder: str) -> tuple[Path, ...]:
    """Return where settings may stand, the nearest first."""
    return tuple(each / "pyproject.toml" for each in (Path(folder), *Path(folder).parents))


@lru_cache(maxsize=32)
def _read(path: Path, version: int) -> Config:
    table = _table(path)
    for key in table:
        if key not in _KEYS:
            raise UsageProblem(
                f"{path}: [tool.llmchaos] has no {key!r} (it takes {', '.join(_KEYS)}){near(key, _KEYS)}"
            )
    providers = table.get("providers", {})
    if not isinstance(providers, Mapping):
        raise UsageProblem(f"{path}: [tool.llmchaos.providers] must be a table, got {providers!r}")
    prices = table.get("prices", {})
    if not isinstance(prices, Mapping):
        raise UsageProblem(f"{path}: [tool.llmchaos.prices] must be a table, got {prices!r}")
    origins = table.get("origins", {})
    if not isinstance(origins, Mapping) or not all(isinstance(each, str) for each in origins.values()):
        raise UsageProblem(f"{path}: [tool.llmchaos.origins] must be a table of URLs, got {origins!r}")
    folders = table.get("scenarios", [])
    if not isinstance(folders, list) or not all(isinstance(each, str) for each in folders):
        raise UsageProblem(f"{path}: [tool.llmchaos] scenarios must be a list of folders, got {folders!r}")
    folders = tuple(path.parent / each for each in folders)
    return Config(providers, folders, table.get("gate"), path, prices, table.get("suppress"), origins)


def _table(path: Path) -> Mapping[str, Any]:
    """Return `[tool.llmchaos]` of a file."""
    try:
        told: Any = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as problem:  # bad text, bad TOML, 5,000 digits, 5,000 brackets
        raise UsageProblem(f"{path}: {problem}") from None
    for name in ("tool", "llmchaos"):
        before, told = told, told.get(name, {})
        if not isinstance(told, Mapping):
            where = "[tool]" if name == "tool" else "[tool.llmchaos]"
            raise UsageProblem(f"{path}: {where} must be a table, got {shown(told)}")
    meant = difflib.get_close_matches("llmchaos", [each.removeprefix("pytest-") for each in before], n=1, cutoff=0.85)
    if "llmchaos" not in before and meant:
        name = next(each for each in before if each.endswith(meant[0]))
        raise UsageProblem(f"{path}: [tool.{name}] is read by nobody; did you mean [tool.llmchaos]?")
    table: Mapping[str, Any] = told
    return table
