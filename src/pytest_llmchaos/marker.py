"""`llmchaos` as a decorator: `@llmchaos("openai-outage")`, `@llmchaos.each(tag="deprecation")`."""

from __future__ import annotations

from typing import Any, Literal

import pytest

__all__ = ["llmchaos"]


class _Marker:
    """Marks tests, classes and modules (`pytestmark = llmchaos(...)`). `pytest.mark.llmchaos` is the same.

    Markers stack: their faults apply from the outermost to the innermost, and the innermost option wins.
    """

    def __call__(
        self,
        *what: Any,
        seed: int | None = None,
        clock: Literal["virtual", "real"] | None = None,
        upstream: Literal["simulated", "passthrough"] | None = None,
        checks: list[str] | tuple[str, ...] | None = None,
        allow_unused: bool | None = None,
        allow_escapes: bool | None = None,
    ) -> pytest.MarkDecorator:
        """Run the test under chaos.

        Args:
            what: names of library scenarios, paths of scenario files, `Scenario`s, or faults such as
                `faults.latency("20s", target="openai")`.
            seed: chance depends on it; default is the run's `--llmchaos-seed`.
            clock: `virtual` (the default: waits cost no real time) or `real`.
            upstream: `simulated` or `passthrough`; by default healthy answers are simulated unless a mock of the
                app's own lies beneath.
            checks: names of the scenarios' expectations to judge; default all, an empty list none.
            allow_unused: accept that something hit no call.
            allow_escapes: accept LLM calls that passed no interception point.
        """
        options = {
            "seed": seed,
            "clock": clock,
            "upstream": upstream,
            "checks": checks,
            "allow_unused": allow_unused,
            "allow_escapes": allow_escapes,
        }
        given = {key: value for key, value in options.items() if value is not None}
        marked: pytest.MarkDecorator = pytest.mark.llmchaos(*what, **given)
        return marked

    def each(self, *names: str, tag: str | None = None, **options: Any) -> pytest.MarkDecorator:
        """Run the test once for each scenario of the library that fits, each as a test of its own.

        Args:
            names: name patterns such as `"openai-*"`; default all.
            tag: a tag (or pattern) that the scenario must have.
            options: as for the marker itself.
        """
        marked: pytest.MarkDecorator = pytest.mark.llmchaos(each={"names": names, "tag": tag}, **options)
        return marked


llmchaos = _Marker()
