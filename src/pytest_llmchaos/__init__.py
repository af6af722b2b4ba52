"""pytest-llmchaos: break your LLM provider on purpose, and see whether your app holds.

    from pytest_llmchaos import llmchaos, faults

    @llmchaos("openai-outage")
    def test_fails_over(llmchaos):
        assert bot.ask("Where is my order?").text
        llmchaos.expect.failed_over(to="anthropic", within="5s")

Everything is imported when it is first used: importing this package costs nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import faults
    from .checks import Check
    from .checks.verdict import Verdict
    from .clock import AppHung, ClockHeld, ClockUnsupported
    from .core.call import Target
    from .core.errors import AppNeverStops, ChaosError, ChaosFailed, UsageProblem
    from .core.fakes import Canary
    from .core.replies import Reply, ToolCall
    from .intercept.canaries import canaries, canary, fakes
    from .intercept.inject import inject
    from .journal.entries import Event, Exchange, Journal
    from .pytest_plugin.marker import llmchaos
    from .run.chaos import Chaos
    from .scenarios import strategies
    from .scenarios.scenario import Phase, Repeat, Scenario

__all__ = [
    "AppHung",
    "AppNeverStops",
    "Canary",
    "Chaos",
    "ChaosError",
    "ChaosFailed",
    "Check",
    "ClockHeld",
    "ClockUnsupported",
    "Event",
    "Exchange",
    "Journal",
    "Phase",
    "Repeat",
    "Reply",
    "Scenario",
    "Target",
    "ToolCall",
    "UsageProblem",
    "Verdict",
    "canaries",
    "canary",
    "fakes",
    "faults",
    "inject",
    "llmchaos",
    "strategies",
]

_HOMES = {
    "AppHung": "clock",
    "AppNeverStops": "core.errors",
    "Canary": "core.fakes",
    "Chaos": "run.chaos",
    "ChaosError": "core.errors",
    "ChaosFailed": "core.errors",
    "Check": "checks",
    "ClockHeld": "clock",
    "ClockUnsupported": "clock",
    "Event": "journal",
    "Exchange": "journal",
    "Journal": "journal",
    "Phase": "scenarios.scenario",
    "Repeat": "scenarios.scenario",
    "Reply": "core.replies",
    "Scenario": "scenarios.scenario",
    "Target": "core.call",
    "ToolCall": "core.replies",
    "UsageProblem": "core.errors",
    "Verdict": "checks.verdict",
    "canaries": "intercept.canaries",
    "canary": "intercept.canaries",
    "fakes": "intercept.canaries",
    "inject": "intercept.inject",
    "llmchaos": "pytest_plugin.marker",
}


if "_pytest.config" in sys.modules:
    # Whoever imports this package in a run of pytest may mark tests: somebody must read the marks.
    from .pytest_plugin.unread_marks import watch

    watch()


class _Doors:
    """Finds modules of the language by the short names under which extensions import them: `pytest_llmchaos.call`."""

    _NAMES = ("call", "draw", "errors", "plan", "replies")

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        package, _, short = name.rpartition(".")
        if package != __name__ or short not in self._NAMES:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self)  # type: ignore[arg-type] # it has all that a loader needs

    def create_module(self, spec: Any) -> None:
        """Leave that to the import system."""

    def exec_module(self, module: Any) -> None:
        import importlib

        package, _, short = module.__name__.rpartition(".")
        sys.modules[module.__name__] = importlib.import_module(f"{package}.core.{short}")


if not any(type(each).__qualname__ == "_Doors" and type(each).__module__ == __name__ for each in sys.meta_path):
    sys.meta_path.append(_Doors())  # the last: it costs no other import anything


def __getattr__(name: str) -> Any:
    import importlib

    if name in ("faults", "strategies", *_Doors._NAMES):
        return importlib.import_module(f".{name}", __name__)
    if name == "__version__":
        from importlib.metadata import version

        return version("pytest-llmchaos")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
