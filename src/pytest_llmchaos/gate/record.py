"""The record of one test's run: plain data that journals, reports and the gate read; one line of JSON each.

No prompt, answer, body or header is ever in it, and nothing that is shaped like a credential.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..core.call import BESIDE
from ..core.errors import UsageProblem, shown
from ..core.redact import redact_name, redact_text
from ..intercept.children.launch import unseen
from ..journal.entries import Event, Exchange
from .record_shape import MEMBERS, OUTCOMES, crooked, misfit

if TYPE_CHECKING:
    from ..checks.verdict import Verdict
    from ..run.chaos import Chaos

__all__ = ["OUTCOMES", "SCHEMA", "Record", "from_data", "from_json", "parsed", "record", "to_json"]

_MOST_UNMET = 20

SCHEMA = 1
"""The version of the format; a reader takes what is not newer."""


@dataclass(frozen=True)
class Record:
    """What happened in one test, under the scenarios that it ran under.

    Attributes:
        test: the test's node id.
        scenarios: names of the scenarios, in order.
        faults: the faults written in the test itself, as text.
        hit: those of `scenarios` of which a fault hit a call.
        unmet: what of each scenario struck no call, as `phase: fault -> target`, by its name.
        tags: the tags of each scenario, by its name.
        applied: whether `--llmchaos` or `--llmchaos-matrix` put the scenarios on the test.
        off: why the test keeps out of chaos; empty where it does not.
        seed, clock: chance and time of the run.
        replay: the command that plays it again; may be empty.
        outcome: `passed`, `failed`, `error` (in setup or teardown, or the process died), `skipped` or `xfailed`.
        raised: whether the test's own code failed, and not only what the checks found.
        llm: `calls` or `none`: whether the test made any LLM call.
        unseen: programs that it started and that chaos cannot see into, by name.
        verdicts: `{check, outcome, reason, evidence, always}`; evidence are places in `entries`.
        entries: calls and events in order of time, told apart by `type` (`exchange` or `event`).
        phases: `{name, start, end}` in seconds of run time.
        virtual, wall: how long it took in seconds of run time and of real time.
        cost: what its calls cost in US dollars, as far as tokens and prices are known.
        unpriced: calls that cost something of which the price is not known.
        run: which run of its journal it is of; empty where that is not told.
        schema: the version of the format.
    """

    test: str
    scenarios: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    hit: list[str] = field(default_factory=list)
    unmet: dict[str, list[str]] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    applied: bool = False
    off: str = ""
    seed: int = 0
    clock: str = "virtual"
    replay: str = ""
    outcome: str = "passed"
    raised: bool = False
    llm: str = "none"
    unseen: list[str] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    phases: list[dict[str, Any]] = field(default_factory=list)
    virtual: float = 0.0
    wall: float = 0.0
    cost: float = 0.0
    unpriced: int = 0
    run: str = ""
    schema: int = SCHEMA

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The LLM calls among the entries; what was asked beside them (status pages, health checks) is left out."""
        return [each for each in self.entries if each["type"] == "exchange" and each["operation"] not in BESIDE]

    @property
    def struck(self) -> bool:
        """Whether any fault had a part in anything asked, health checks included: a status page proves nothing."""
        asked = (each for each in self.entries if each["type"] == "exchange" and each["operation"] != "status")
        return any(each.get("faults") for each in asked)

    @property
    def missed(self) -> list[str]:
        """The scenarios whose faults struck no call."""
        return [each for each in self.scenarios if each not in self.hit]


def record(
    chaos: Chaos,
    *,
    outcome: str,
    raised: bool = False,
    wall: float = 0.0,
    applied: bool = False,
    more: Iterable[Verdict] = (),
) -> Record:
    """Return the record of a run.

    Args:
        chaos: the run, judged.
        outcome: how the test ended, one of `OUTCOMES`.
        raised: whether its own code failed, and not only what the checks found.
        wall: seconds of real time it took.
        applied: whether a selection for the whole suite put the scenarios on the test.
        more: verdicts besides the run's own.
    """
    entries = sorted(chaos.journal.entries, key=lambda each: each.at if isinstance(each, Event) else each.started)
    # By identity: exchanges may be equal in all that they show.
    places = {id(each): place for place, each in enumerate(entries)}
    named = [player for player in chaos.players if not player.loose]
    loose = [injection for player in chaos.players if player.loose for injection in player.scenario.injections]
    end = chaos.now
    from ..checks.costs import Bill

    bill = Bill("USD").add(chaos.calls)
    made = Record(
        test=chaos.test,
        scenarios=[player.scenario.name for player in named],
        faults=[str(each) for each in loose],
        hit=[player.scenario.name for player in named if player.scenario.injections and not player.unused()],
        unmet={player.scenario.name: parts[:_MOST_UNMET] for player in named if (parts := player.unmet())},
        tags={player.scenario.name: list(player.scenario.tags) for player in named},
        applied=applied,
        seed=chaos.seed,
        clock=chaos.clock.name,
        replay=chaos.replay,
        outcome=outcome,
        raised=raised,
        llm="calls" if len(chaos.calls) else "none",
        unseen=unseen(chaos),
        verdicts=[_verdict(each, places) for each in (*chaos.verdicts, *more)],
        entries=[_event(each) if isinstance(each, Event) else _exchange(each) for each in entries],
        phases=_phases(entries, end),
        virtual=_seconds(end) or 0.0,
        wall=_seconds(wall) or 0.0,
        cost=round(bill.total, 9),
        unpriced=len(bill.unknown) + chaos.journal.let_go.calls,
    )
    return Record(**_without_keys(vars(made)))


def to_json(record: Record) -> str:
    """Return a record as one line of JSON, without the line's end."""
    return json.dumps(asdict(record), ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def from_json(text: str | bytes, where: str = "") -> Record:
    """Read a record.

    Args:
        text: one line of a journal; members that are not known are left out.
        where: the file and line, for messages.

    Raises:
        UsageProblem: it is no record, or one of a newer version.
    """
    return from_data(parsed(text, where), where)


def parsed(text: str | bytes, where: str = "") -> Mapping[str, Any]:
    """Return a line of a journal as an object of a version that can be read.

    Raises:
        UsageProblem: it is none, or one of a newer version.
    """
    head = f"{where}: " if where else ""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as bad:
        raise UsageProblem(f"{head}this is no line of a journal: {bad}") from None
    if not isinstance(data, Mapping):
        raise UsageProblem(f"{head}a line of a journal must be a JSON object, got {shown(data)}")
    version = data.get("schema")
    if type(version) is int and version > SCHEMA:
        raise UsageProblem(
            f"{head}this journal has format {version}, and this version of pytest-llmchaos reads up to {SCHEMA}; "
            "update pytest-llmchaos"
        )
    return data


def from_data(data: Mapping[str, Any], where: str = "") -> Record:
    """Make a record of what `parsed` returned.

    Raises:
        UsageProblem: it is no record.
    """
    head = f"{where}: " if where else ""
    if problem := misfit(data, MEMBERS):
        raise UsageProblem(f"{head}{problem}")
    made = Record(**{key: value for key, value in data.items() if key in MEMBERS})
    if problem := crooked(made):
        raise UsageProblem(f"{head}{problem}")
    for verdict in made.verdicts:
        verdict.setdefault("evidence", [])
        verdict.setdefault("always", False)
    return made


_NAMES = ("test", "scenarios", "hit", "unmet", "tags")
"""The members that tell records apart: two keys in them stay two."""


def _without_keys(members: dict[str, Any]) -> dict[str, Any]:
    """Return a record's members with what is shaped like a credential hidden, wherever it stands.

    A mix-up in an app's settings puts a key where a model's name belongs, or any other name.
    """
    text = lru_cache(maxsize=4096)(redact_text)  # a long day's entries say the same again and again
    return {name: _hidden(value, redact_name if name in _NAMES else text) for name, value in members.items()}


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, dict):
        return {_hidden(key, hide): _hidden(each, hide) for key, each in value.items()}
    return [_hidden(each, hide) for each in value] if isinstance(value, list) else value


# --- writing ----------------------------------------------------------------------------------------------------------


def _exchange(exchange: Exchange) -> dict[str, Any]:
    answer = exchange.facts
    return {
        "type": "exchange",
        "provider": exchange.provider,
        "operation": exchange.operation,
        "model": exchange.model,
        "stream": exchange.stream,
        "request": exchange.request,
        "attempt": exchange.attempt,
        "retry": exchange.retry,
        "started": _seconds(exchange.started),
        "ended": _seconds(exchange.ended),
        "status": exchange.status,
        # A stream without a finish reason may be whole: who reads the journal has no answer to tell it by.
        "error": None if exchange.ok and exchange.error != "closed" else exchange.error,
        "faults": list(exchange.faults),
        "retry_after": _seconds(exchange.retry_after),
        "phase": exchange.phase,
        "call_site": exchange.call_site,
        "via": exchange.via,
        "host": exchange.host,
        "chunks": exchange.chunks,
        "first_event": _seconds(exchange.first_event),
        "longest_gap": _seconds(exchange.longest_gap),
        "finish": answer.finish,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
    }


def _event(event: Event) -> dict[str, Any]:
    at, seconds = _seconds(event.at), _seconds(event.seconds)
    return {"type": "event", "at": at, "kind": event.kind, "text": event.text, "seconds": seconds}


def _verdict(verdict: Verdict, places: Mapping[int, int]) -> dict[str, Any]:
    return {
        "check": verdict.check,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "evidence": sorted({places[id(each)] for each in verdict.evidence if id(each) in places}),
        "always": bool(getattr(verdict, "always", False)),
    }


def _phases(entries: Iterable[Exchange | Event], end: float) -> list[dict[str, Any]]:
    begun = [each for each in entries if isinstance(each, Event) and each.kind == "phase"]
    ends = [*(each.at for each in begun[1:]), end][: len(begun)]
    return [
        {"name": each.text, "start": _seconds(each.at), "end": _seconds(max(each.at, over))}
        for each, over in zip(begun, ends, strict=True)
    ]


def _seconds(value: float | None) -> float | None:
    """Return a time as JSON can hold it: to a microsecond; None for what is no number."""
    return round(float(value), 6) if value is not None and math.isfinite(value) else None
