"""`llmchaos` as a decorator: `@llmchaos("openai-outage")`, `@llmchaos.each(tag="deprecation")`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pytest

from ._unread import watch

__all__ = ["llmchaos"]

F = TypeVar("F", bound=Callable[..., Any])


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
        suppress: Mapping[str, str] | None = None,
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
            allow_escapes: accept LLM calls that passed no interception point, and let them out.
            suppress: always-on checks to switch off, by name, each with the reason why.
        """
        options = {
            "seed": seed,
            "clock": clock,
            "upstream": upstream,
            "checks": checks,
            "allow_unused": allow_unused,
            "allow_escapes": allow_escapes,
            "suppress": suppress,
        }
        given = {key: value for key, value in options.items() if value is not None}
        watch()
        marked: pytest.MarkDecorator = pytest.mark.llmchaos(*what, **given)
        return marked

    def each(
        self,
        *names: str,
        tag: str | None = None,
        provider: str | None = None,
        kind: str | None = None,
        **options: Any,
    ) -> pytest.MarkDecorator:
        """Run the test once for each scenario of the library that fits, each as a test of its own.

        Args:
            names: name patterns such as `"openai-*"`; default all.
            tag: a tag (or pattern) that the scenario must have.
            provider: a provider that one of its faults hits.
            kind: the folder that it stands in, such as `outage`.
            options: as for the marker itself.
        """
        watch()
        wanted = {"names": names, "tag": tag, "provider": provider, "kind": kind}
        marked: pytest.MarkDecorator = pytest.mark.llmchaos(each=wanted, **options)
        return marked

    def off(self, reason: str) -> pytest.MarkDecorator:
        """Keep the test out of chaos: `--llmchaos` and `--llmchaos-matrix` leave it alone, and the summary counts it.

        It hides markers of the class or module around it. A marker nearer to a test than `off` has its chaos again.

        Args:
            reason: why, for whoever reads the report.

        Raises:
            UsageProblem: there is no reason.
        """
        if not isinstance(reason, str) or not reason.strip():
            from ._marks import REASON
            from .errors import UsageProblem

            raise UsageProblem(REASON)
        marked: pytest.MarkDecorator = pytest.mark.llmchaos(off=reason)
        return marked

    def check(self, function: F) -> F:
        """Make a check of a function of the journal, which works as the built-in ones do.

            @llmchaos.check
            def few_calls(journal: Journal, at_most: int = 3):
                calls = journal.exchanges
                return len(calls) <= at_most, f"the app made {len(calls)} calls"

            llmchaos.expect.few_calls(at_most=2)

        It returns a `Verdict`, or True, False or None (no evidence), or one of them with a reason, or with a reason
        and the exchanges that decide. Its other parameters are the check's, read as their annotations say.

        Raises:
            UsageProblem: its parameters cannot be those of a check, or the name is taken.
        """
        from .checks._own import register

        register(function)
        return function

    if not TYPE_CHECKING:  # type checkers know the marker without it

        def __getattr__(self, name: str) -> Any:
            """Tell who takes the marker for the fixture, which has the same name, what to do."""
            if name.startswith("_"):
                raise AttributeError(name)
            raise AttributeError(_taken_for_the_fixture(name))


def _taken_for_the_fixture(name: str) -> str:
    from .errors import near
    from .session import Chaos

    # What a run has is partly set when it starts.
    members = [each for each in (*dir(Chaos), "journal", "seed", "test") if not each.startswith("_")]
    if name in members:
        return (
            f"llmchaos.{name} belongs to the fixture, and this is the marker of the same name: name the fixture as a "
            f"parameter of the test, `def test_it(llmchaos): ...` (a helper or another fixture takes it as an argument)"
        )
    return f"llmchaos has no {name!r}{near(name, (*members, 'check', 'each'))}"


llmchaos = _Marker()
