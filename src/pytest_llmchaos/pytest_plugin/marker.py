"""`llmchaos` as a decorator: `@llmchaos("openai-outage")`, `@llmchaos.each(tag="deprecation")`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Never, TypeVar, cast

import pytest

from ..core.errors import UsageProblem, near, shown
from .unread_marks import watch

__all__ = ["FILTERS", "filters", "llmchaos"]

FILTERS = ("tag", "provider", "kind")
"""By what `each` chooses scenarios, besides their names."""

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
        **misspelt: Never,
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
        # What is misspelt is told with the test's name when it is set up, as all mistakes in markers are.
        given = {key: value for key, value in {**options, **misspelt}.items() if value is not None}
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

        Those that need more than one request (tagged `game-day`) are left out unless they are asked for, by their
        whole name or by that tag.

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
        if len(names) == 1 and callable(names[0]):  # without parentheses: the test must not get lost
            return cast(pytest.MarkDecorator, marked(names[0]))
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
            from .marks import REASON

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
        from ..checks import register

        register(function)
        return function

    @property
    def mark(self) -> pytest.Mark:
        """The marker without arguments, for `pytestmark = llmchaos`, so that its mistake is told as any other."""
        bare: pytest.Mark = pytest.mark.llmchaos.mark
        return bare

    if not TYPE_CHECKING:  # type checkers know the marker without it

        def __getattr__(self, name: str) -> Any:
            """Tell who takes the marker for the fixture, which has the same name, what to do."""
            if name.startswith("_"):
                raise AttributeError(name)
            raise AttributeError(_taken_for_the_fixture(name))


def _taken_for_the_fixture(name: str) -> str:
    from ..run.chaos import Chaos

    # What a run has is partly set when it starts.
    members = [each for each in (*dir(Chaos), "journal", "seed", "test") if not each.startswith("_")]
    if name in members:
        return (
            f"llmchaos.{name} belongs to the fixture, and this is the marker of the same name: name the fixture as a "
            f"parameter of the test, `def test_it(llmchaos): ...` (a helper or another fixture takes it as an argument)"
        )
    return f"llmchaos has no {name!r}{near(name, (*members, 'check', 'each'))}"


def filters(wanted: Any) -> dict[str, Any]:
    """Return by what an `each` chooses.

    Raises:
        UsageProblem: it is nothing by which scenarios are chosen.
    """
    known = ("names", *FILTERS)
    example = '@llmchaos.each(kind="outage")'
    if not isinstance(wanted, Mapping):
        raise UsageProblem(f"{shown(wanted)} chooses no scenarios: write {example}")
    for key in wanted:
        if key not in known:
            raise UsageProblem(f"scenarios are not chosen by {shown(key)}{near(key, known)}: write {example}")
    names = wanted.get("names")
    if isinstance(names, tuple) and any(map(callable, names)):
        raise UsageProblem(f"it needs parentheses: {example}")
    return dict(wanted)


llmchaos = _Marker()
