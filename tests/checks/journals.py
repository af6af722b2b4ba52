"""Made-up journals in a few words, for the tests of checks and reports.

A call is `"START PROVIDER[/MODEL][:OPERATION] OUTCOME [+DURATION] [KEY=VALUE ...]"`: the outcome is a status
(`503`), an error (`read_timeout`), both (`200:stream_cut`) or `open` for a call under way; keys are `retry`,
`by` (the faults), `after` (retry-after), `request`, `phase`, `site`, `stream`. An event is
`"AT !KIND [TEXT]"`; an `advance` or `enter` may name the seconds it skips as `+DURATION`.
"""

from __future__ import annotations

from hypothesis import strategies as st

from pytest_llmchaos.core.call import Target
from pytest_llmchaos.core.units import duration
from pytest_llmchaos.journal.entries import Event, Exchange, Journal

PROVIDERS = ("openai", "anthropic", "ollama")
MODELS = {"openai": "gpt-5", "anthropic": "claude-opus-4-1"}


def journal(*lines: str) -> Journal:
    """Return the journal that these lines tell of."""
    entries = [_entry(line) for line in lines]
    return filled(entries)


def filled(entries) -> Journal:
    """Return a journal with these entries, attempts counted."""
    made = Journal()
    made._entries.extend(entries)
    counted: dict[tuple[str, str, str], int] = {}
    for each in made.exchanges:
        key = (each.request, each.provider, each.operation)
        counted[key] = each.attempt = counted.get(key, 0) + 1
    return made


def _entry(line: str) -> Exchange | Event:
    at, what, *rest = line.split()
    start = float(at) if at.replace(".", "", 1).isdigit() else duration(at)
    lasts = next((duration(word[1:]) for word in rest if word.startswith("+")), 0.0)
    rest = [word for word in rest if not word.startswith("+")]
    if what.startswith("!"):
        return Event(start, what[1:], " ".join(rest), lasts)
    outcome, *keys = rest
    given = dict(key.split("=", 1) for key in keys)
    target = Target.parse(what)
    status, _, error = outcome.partition(":")
    if not status.isdigit():
        status, error = "", status
    over = outcome != "open"
    return Exchange(
        provider=target.provider,
        operation="chat" if target.operation == "*" else target.operation,
        model=MODELS.get(target.provider) if target.model == "*" else target.model,
        stream="stream" in given,
        request=given.get("request", ""),
        attempt=1,
        retry=int(given["retry"]) if "retry" in given else None,
        started=start,
        ended=start + lasts if over else None,
        status=int(status) if status and over else None,
        error=(error or None) if over else None,
        faults=tuple(given["by"].split(",")) if "by" in given else (),
        retry_after=duration(given["after"]) if "after" in given else None,
        phase=given.get("phase", ""),
        call_site=given.get("site"),
    )


def sdk(at: float, target: str, outcome: str, tries: int = 3, **keys: object) -> list[str]:
    """Return the lines of one call that the SDK tries several times, half a second apart."""
    more = " ".join(f"{key}={value}" for key, value in keys.items())
    return [f"{at + nth * 0.5} {target} {outcome} retry={nth} {more}" for nth in range(tries)]


@st.composite
def exchanges(draw, requests=("", "checkout")):
    """Draw any exchange, sensible or not."""
    started = draw(st.floats(0, 100).map(lambda value: round(value, 1)))
    ended = draw(st.none() | st.floats(0, 40).map(lambda value: round(started + value, 1)))
    provider = draw(st.sampled_from(PROVIDERS))
    return Exchange(
        provider=provider,
        operation=draw(st.sampled_from(("chat", "completions", "embeddings", "models"))),
        model=draw(st.sampled_from((None, "gpt-5", "gpt-4o-mini", "\x1b[31mred\n\u202e\ud800"))),
        stream=draw(st.booleans()),
        request=draw(st.sampled_from(requests)),
        attempt=draw(st.integers(1, 5)),
        retry=draw(st.none() | st.integers(0, 3)),
        started=started,
        ended=ended,
        status=draw(st.sampled_from((None, 200, 200, 429, 503))),
        error=draw(st.sampled_from((None, None, None, "read_timeout", "stream_cut", "cancelled", "closed"))),
        faults=draw(st.sampled_from(((), (), ("outage",), ("latency", "stream_cut")))),
        retry_after=draw(st.sampled_from((None, None, 0.0, 20.0, -1.0, float("nan"), float("inf")))),
        phase=draw(st.sampled_from(("", "gone", "back"))),
        call_site=draw(st.sampled_from((None, "bot.py:42"))),
    )


@st.composite
def events(draw, requests=("", "checkout")):
    """Draw any event."""
    kind = draw(
        st.sampled_from(("phase", "advance", "enter", "clear", "inject", "request", "answered", "raised", "escape"))
    )
    at = draw(st.floats(0, 120).map(lambda value: round(value, 1)))
    text = draw(st.sampled_from(requests if kind in ("request", "answered", "raised") else ("gone", "back")))
    seconds = draw(st.sampled_from((0.0, 5.0, 60.0))) if kind in ("advance", "enter") else 0.0
    return Event(at, kind, text, seconds)


def journals(requests=("", "checkout"), max_size=25):
    """Draw any journal, in order of time."""
    entries = st.lists(exchanges(requests) | events(requests), max_size=max_size)
    return entries.map(lambda found: filled(sorted(found, key=when)))


def when(entry: Exchange | Event) -> float:
    """Return the time an entry stands at."""
    return entry.at if isinstance(entry, Event) else entry.started
