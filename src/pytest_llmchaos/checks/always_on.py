"""The always-on checks: they run after every chaos test, know nothing of the app, and speak up only when they are sure.

A request marked with `llmchaos.request(...)` is one ask by the user's own word, and so is a chain of an SDK's own
retries; calls that neither ties together may be several asks of the test, so what they repeat is not judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import UsageProblem, near, shown
from ..core.units import show_duration
from .verdict import Verdict

if TYPE_CHECKING:
    from ..core.config import Config
    from ..journal.entries import Exchange, Journal

__all__ = ["ENDLESS", "endless", "judge", "names", "of_project", "switched_off"]

_SENDS = 3
"""How often one request may be sent that can never work: an app's own retry of three is common and harmless."""

_TRIES = 30
"""How many tries without one success end a request that anybody still waits for."""

ENDLESS = 500
"""After so many calls it is looked whether the app never stops: the run is ended then, or it would go on for ever."""

_ENOUGH = ENDLESS * 9 // 10
"""How many calls that go on with each other, and are never answered, show it."""

_LONGEST_WAIT = 60.0
"""Seconds of retry-after above which the SDKs of OpenAI and Anthropic back off by their own rule, as documented."""

_SLACK = 1.0
"""Seconds by which a wait may be short: the date form of retry-after has no fractions."""


@dataclass(frozen=True, slots=True)
class _Found:
    seen: str
    evidence: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True)
class _Always:
    """An always-on check: what it finds, in how many calls at least, and what is told of it."""

    calls: int
    find: Callable[[Journal], Iterator[_Found]]
    trap: str
    fix: str


def names() -> list[str]:
    """Return the names of the always-on checks, sorted."""
    return sorted(_ALWAYS)


def switched_off(given: Any) -> dict[str, str]:
    """Read what is switched off: names of always-on checks, each with the reason why.

    Raises:
        UsageProblem: an unknown name, or no reason.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UsageProblem(f'suppress: {shown(given)} is not names with reasons, such as {{"leaked_key": "why"}}')
    for name, reason in given.items():
        if name not in _ALWAYS:
            raise UsageProblem(
                f"suppress: {shown(name)} is not an always-on check{near(name, _ALWAYS)} (known: {', '.join(names())})"
            )
        if not isinstance(reason, str) or not reason.strip():
            raise UsageProblem(f"suppress: {name} needs the reason why it is switched off, got {shown(reason)}")
    return dict(given)


def of_project(config: Config) -> dict[str, str]:
    """Return what `[tool.llmchaos] suppress` switches off for the project.

    Raises:
        UsageProblem: an unknown name, or no reason; names the file.
    """
    try:
        return switched_off(config.suppress)
    except UsageProblem as problem:
        raise UsageProblem(f"{config.path}: [tool.llmchaos] {problem}") from None


def judge(journal: Journal, off: Mapping[str, str] | None = None) -> list[Verdict]:
    """Return the verdicts of the always-on checks that found something; the rest has nothing to say."""
    verdicts: list[Verdict] = []
    if not journal.exchanges:
        return verdicts
    for name, check in _ALWAYS.items():
        if name in (off or {}) or len(journal.exchanges) < check.calls:
            continue
        found = list(check.find(journal))
        if found:
            more = f" (and {len(found) - 1} more like it)" if len(found) > 1 else ""
            lines = [
                f"seen: {_line(found[0].seen)}{more}",
                f"trap: {check.trap}",
                f"fix: {check.fix}",
                f'switch it off: @llmchaos(..., suppress={{"{name}": "why"}}), or suppress in [tool.llmchaos]',
            ]
            evidence = dict.fromkeys(call for each in found for call in each.evidence)
            verdicts.append(Verdict(name, "violated", "\n".join(lines), tuple(evidence), always=True))
    return verdicts


def _line(text: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


# --- what is one ask for sure -------------------------------------------------------------------------------------


def _asks(journal: Journal) -> Iterator[tuple[str, list[Exchange]]]:
    """Yield the calls of each ask that is one for sure, with its name."""
    from ._calls import by_request, chains, named

    for request in journal.app.marked:
        yield named(request.name), request.calls
    marked = {id(call) for request in journal.app.marked for call in request.calls}
    for calls in by_request(journal).values():
        for chain in chains(each for each in calls if id(each) not in marked):
            if len(chain) > 1:
                yield "the SDK's own retries", chain


# --- the checks ---------------------------------------------------------------------------------------------------


def _permanent_errors(journal: Journal) -> Iterator[_Found]:
    from ._asks import permanent_error, runs

    for name, calls in _asks(journal):
        for run in runs(calls):
            if len(run) > _SENDS and all(map(permanent_error, run)):
                last = run[-1]
                yield _Found(
                    f"{name}: {last.label} was sent {len(run)} times and got {last.outcome} each time", (*run,)
                )


def _retry_after(journal: Journal) -> Iterator[_Found]:
    from ._asks import too_soon
    from ._calls import by_request, named

    groups = [(named(request.name), request.calls, True) for request in journal.app.marked]
    marked = {id(call) for _, calls, _ in groups for call in calls}
    groups += [
        ("the SDK's own retries", [each for each in calls if id(each) not in marked], False)
        for calls in by_request(journal).values()
    ]
    for name, calls, one_ask in groups:
        if not any(each.retry_after for each in calls):
            continue
        for failed, again in too_soon(calls, _wait, one_ask=one_ask):
            yield _Found(
                f"{name}: {failed.label} said to wait {show_duration(failed.retry_after or 0.0)} and got the same "
                f"again after {show_duration(again.started - (failed.ended or 0.0))}",
                (failed, again),
            )


def _wait(failed: Exchange, again: Exchange) -> float:
    """Return how many seconds must pass between two calls at least."""
    wait = failed.retry_after
    if wait is None or again.unslept or not 0 < wait < float("inf") or (again.retry and wait > _LONGEST_WAIT):
        return 0.0
    return wait - max(_SLACK, wait / 10)


def _runaway(journal: Journal) -> Iterator[_Found]:
    from ._asks import goings_on, runs
    from ._streaks import kind

    if never := _endless(journal):
        yield never
        return
    for name, calls in _asks(journal):
        good = {kind(each) for each in calls if each.ok}
        for run in max((runs(calls), goings_on(calls)), key=lambda found: max(map(len, found), default=0)):
            if len(run) > _TRIES and kind(run[0]) not in good:
                yield _Found(f"{name}: {_tried(run)}", (*run,))


def _tried(run: list[Exchange]) -> str:
    took = show_duration((run[-1].ended or run[-1].started) - run[0].started)
    return f"{run[0].label} was tried {len(run)} times in {took} without a success"


def _endless(journal: Journal) -> _Found | None:
    """Return where the app asks on and on; so many calls that go on with each other are no asks of a test."""
    from ._asks import asks, goings_on
    from ._calls import named

    if len(journal.exchanges) < _ENOUGH:
        return None
    for name, calls in asks(journal):
        run = max(goings_on(calls), key=len, default=[])
        if len(run) >= _ENOUGH:
            return _Found(f"{named(name)}: {_tried(run)}: the app never stops asking", (*run,))
    return None


def endless(journal: Journal) -> str:
    """Return in a sentence where the app never stops asking, empty where it does not."""
    found = _endless(journal)
    return _line(found.seen) if found else ""


def _truncated_tools(journal: Journal) -> Iterator[_Found]:
    from ._tools import broken_tools

    for each in broken_tools(journal):
        if each.fate == "ran" and each.told is not None:
            yield _Found(
                f"the arguments of {each.tool.name or 'a tool'} broke off in the answer of {each.asked.label}, "
                f"{each.how}, and a result of it was sent to {each.told.label}",
                (each.asked, each.told),
            )


def _leaked_keys(journal: Journal) -> Iterator[_Found]:
    from ..journal import secret_search

    app = journal.app
    secrets = [each for each in secret_search.secrets(app) if each.everywhere]
    if not secrets:
        return
    errors = [request.error for request in app.requests if request.error is not None] + [app.error]
    places = [
        ("a log record", app.written.logs),
        *((secret_search.named(each), secret_search.texts(each)) for each in errors if each),
    ]
    for place, texts in places:
        for name, times in Counter(each.what for each in secret_search.search(secrets, texts)).items():
            yield _Found(f"{name} stands in {place}" + (f", {times} times" if times > 1 else ""))


_ALWAYS = {
    "permanent_error_loop": _Always(
        _SENDS + 1,
        _permanent_errors,
        "what fails for good fails again; the user waits, the quota is spent, and no fallback is reached",
        "retry only 408, 409, 429 and 5xx (and no spent quota); on the rest go elsewhere or give up",
    ),
    "retry_after_ignored": _Always(
        2,
        _retry_after,
        "a provider that is asked before it said to be counts it against you and keeps the limit up longer",
        "wait as long as retry-after says, or ask another provider at once",
    ),
    "runaway_retries": _Always(
        _TRIES + 1,
        _runaway,
        "retries without an end multiply the load of an outage and the bill; layers that each retry multiply too",
        "bound the tries of a request over all layers, and set max_retries=0 on the SDK when the app retries itself",
    ),
    "truncated_tool_call": _Always(
        2,
        _truncated_tools,
        "a tool that runs on half its arguments deletes, pays or mails the wrong thing",
        "parse the arguments strictly, look at the finish reason, and tell the model of the error instead",
    ),
    "leaked_key": _Always(
        1,
        _leaked_keys,
        "logs and error messages go to places and people that must not have the key",
        "keep keys out of URLs and messages; log the type of an error and its status, not its request",
    ),
}
