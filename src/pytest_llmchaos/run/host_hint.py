"""How to name one's own hosts, for a run whose faults passed by calls to hosts that have no name yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..journal.entries import Exchange
    from ..providers import Providers
    from ..scenarios.scenario import Scenario

__all__ = ["hint"]


def hint(calls: Iterable[Exchange], scenario: Scenario, providers: Providers) -> Sequence[str]:
    """Return the lines that tell how a host without a name is made the provider that the faults are aimed at.

    Empty where no call went to such a host, or no fault is aimed at a provider by name.
    """
    from ..providers import dialects

    known = providers.names()
    hosts = list(dict.fromkeys(each.provider for each in calls if each.provider not in known))
    aimed = (one.provider for each in scenario.injections for one in each.target.each)
    name = next((each for each in aimed if each in known), None)
    if not hosts or name is None:
        return ()
    quoted = ", ".join(f'"{each}"' for each in hosts[:4])
    return (
        f"where {hosts[0]} stands for {name}, have pyproject.toml say so and the faults strike it:",
        f"  [tool.llmchaos.providers.{name}]",
        f"  hosts = [{quoted}]",
        f'  dialect = "{name if name in dialects() else "openai"}"',
    )
