"""What the project's settings say to the tests under chaos: all of them checked, whoever uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checks import always_on
from ..core.config import load
from ..gate.policy import Policy
from ..providers import Providers, of_project

__all__ = ["Settings", "settings"]


@dataclass(frozen=True)
class Settings:
    """What runs need of `[tool.llmchaos]`.

    Attributes:
        own: endpoints of one's own, as the table has them.
        scenarios: folders with scenario files of one's own.
        suppress: always-on checks that are switched off.
    """

    own: Mapping[str, Any]
    scenarios: tuple[Path, ...]
    suppress: dict[str, str]

    @property
    def providers(self) -> Providers:
        """The providers of its runs, made when one is.

        Raises:
            UsageProblem: the table of an endpoint is wrong.
        """
        return of_project(self.own)

    def with_suppressed(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return options of a run, in which those that the project switches off are switched off too."""
        return {**given, "suppress": {**self.suppress, **given.get("suppress", {})}}


def settings(folder: Path) -> Settings:
    """Return the settings of the project that a folder belongs to.

    Raises:
        UsageProblem: one of them is wrong, also if no run needs it.
    """
    config = load(folder)
    Policy.of(config)
    return Settings(config.providers, config.scenarios, always_on.of_project(config))
