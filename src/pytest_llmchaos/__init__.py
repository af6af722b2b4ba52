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
    from . import faults, strategies
    from ._canary import Canary, canaries, canary, fakes
    from ._inject import inject
    from .call import Target
    from .checks import Check
    from .clock import AppHung, ClockUnsupported
    from .errors import AppNeverStops, ChaosError, ChaosFailed, UsageProblem
    from .journal import Event, Exchange, Journal
    from .marker import llmchaos
    from .replies import Reply, ToolCall
    from .scenario import Phase, Repeat, Scenario
    from .session import Chaos
    from .verdict import Verdict

__all__ = [
    "AppHung",
    "AppNeverStops",
    "Canary",
    "Chaos",
    "ChaosError",
    "ChaosFailed",
    "Check",
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
    "AppNeverStops": "errors",
    "Canary": "_canary",
    "Chaos": "session",
    "ChaosError": "errors",
    "ChaosFailed": "errors",
    "Check": "checks",
    "ClockUnsupported": "clock",
    "Event": "journal",
    "Exchange": "journal",
    "Journal": "journal",
    "Phase": "scenario",
    "Repeat": "scenario",
    "Reply": "replies",
    "Scenario": "scenario",
    "Target": "call",
    "ToolCall": "replies",
    "UsageProblem": "errors",
    "Verdict": "verdict",
    "canaries": "_canary",
    "canary": "_canary",
    "fakes": "_canary",
    "inject": "_inject",
    "llmchaos": "marker",
}


if "_pytest.config" in sys.modules:
    # Whoever imports this package in a run of pytest may mark tests: somebody must read the marks.
    from ._unread import watch

    watch()


def __getattr__(name: str) -> Any:
    import importlib

    if name in ("faults", "strategies"):
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
