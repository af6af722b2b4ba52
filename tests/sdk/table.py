"""How the real SDKs react to each failure: the rows of `reactions/<sdk>.toml`, one reaction for each call shape.

What stands there is the exception, its attributes, the number of attempts and the time spent. `test_reactions.py`
proves that every fault makes the installed SDK react just so, sync and async, and tells which rows are missing.

A file starts with

    source      how its rows came about: "measured: <sdk> <version> against a scripted loopback server" where the SDK's
                reaction was first taken from a server that knows nothing of this project
    backoff     the SDK's own waits between attempts, lowest and highest of each

and has `[[reaction]]` rows of

    fault, args the fault and its arguments; "healthy" is none
    calls       names of call shapes (see `shapes/<sdk>.py`); the row holds for each of them
    modes       "sync", "async"; both when left out, where the SDK has both
    timeout     the client's own, in seconds; without it the SDK's default
    raises      class of the exception, as users import it (`client.` starts what botocore's clients make themselves);
                "none" where the call gives an answer as if all were well
    leaves      true where the SDK may have all it wants before the fault comes, which is then no strike
    silent      where it is not well: by what an app could tell, as there is no exception
    attributes  of the exception; "<none>" stands for None, "<some>" for any value but None and ""
    message     a part of str(exception)
    cause       class of the HTTP library's exception behind it
    attempts    number of HTTP requests, exact or [fewest, most]
    waits       time between two attempts: "backoff", or seconds for each gap: exact, or [lowest, highest]
    tries       how long each attempt itself lasts, in seconds: exact, or [lowest, highest]; 0 by default
    lasts       the whole time, [lowest, highest], where the attempts are too many to tell each
    events      how many stream events reach the app, before the exception if there is one
    result      members of the answer, by dotted path; `last` those of the last stream event; "<some>" and "<none>" too
    only        the line of SDK versions that the row holds for; all when left out
    differs     by line of versions, of the SDK or of Python (`python<3.13`), what is different there
    source      where the row is from, when not the file's: "measured here" is what the installed SDK did when the
                simulated provider failed, checked against the SDK's own code
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_llmchaos import faults
from pytest_llmchaos.faults import Injection

from .shapes import MODES, SDKS, Shape, installed

Bounds = tuple[float, float]
HERE = "measured here"


@dataclass(frozen=True)
class Reaction:
    """What one SDK does when one call meets one fault; the members are told above."""

    sdk: str
    fault: str
    call: str
    raises: str
    attempts: tuple[int, int]
    source: str
    modes: tuple[str, ...] = MODES
    args: dict[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    leaves: bool = False
    silent: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    cause: str | None = None
    waits: tuple[Bounds, ...] = ()
    tries: Bounds = (0.0, 0.0)
    lasts: Bounds | None = None
    events: int | None = None
    result: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    only: str = ""

    @property
    def injections(self) -> tuple[Injection, ...]:
        """The fault, called as a user calls it."""
        return () if self.fault == "healthy" else (faults.find(self.fault)(**self.args),)

    @property
    def shape(self) -> Shape:
        return SDKS[self.sdk].calls[self.call]

    @property
    def passes(self) -> bool:
        """Whether the app gets over it: the fault strikes only some attempts, takes time or changes nothing it sees."""
        return self.fault in _HARMLESS or ("calls" in self.args and self.shape.legs == 1)

    def __str__(self) -> str:
        args = "".join(f",{key}={value}" for key, value in self.args.items() if not isinstance(value, dict))
        kind = self.args.get("delay")
        if isinstance(kind, dict):
            args = f",{kind['distribution']}{args}"
        limit = "" if self.timeout is None else f"-timeout={self.timeout:g}"
        return f"{self.sdk}-{self.call.replace(' ', '_')}-{self.fault}{args}{limit}"


_HARMLESS = (
    "deprecation_notice",
    "healthy",
    "latency",
    "price_multiplied",
    "stream_drip",
    "stream_heartbeats",
    "stream_split",
    "stream_stall",
)


@dataclass(frozen=True)
class Condition:
    """What every SDK's table must tell, plain and streamed.

    Attributes:
        args: the fault's arguments; `any_args` those that a row may choose.
        timeout: the client's own.
    """

    fault: str
    args: dict[str, Any] = field(default_factory=dict)
    any_args: frozenset[str] = frozenset()
    timeout: float | None = None

    @property
    def streams_only(self) -> bool:
        return self.fault != "healthy" and faults.find(self.fault).fault.streams_only

    def holds(self, reaction: Reaction) -> bool:
        """Tell whether the reaction is one to this condition."""
        given = dict(reaction.args)
        if reaction.shape.legs > 1 and self.streams_only:
            given.pop("calls", None)  # which of its requests is that of the stream
        chosen = {key for key in self.any_args if given.pop(key, None) is not None}
        return (
            (reaction.fault, given) == (self.fault, self.args)
            and chosen == self.any_args
            and (self.timeout is None or reaction.timeout == self.timeout)
        )


CONDITIONS = {
    "healthy": Condition("healthy"),
    "outage": Condition("outage"),
    "rate limit with retry-after": Condition("rate_limit", any_args=frozenset({"retry_after"})),
    "model retired": Condition("model_retired"),
    "auth revoked": Condition("auth_revoked"),
    "policy refusal": Condition("policy_refusal"),
    "20 s late for a limit of 5 s": Condition("latency", {"delay": "20s"}, timeout=5),
    "stream cut": Condition("stream_cut", any_args=frozenset({"after"})),
    "clean truncation": Condition("stream_truncated", any_args=frozenset({"after"})),
    "error within a stream": Condition("stream_error", any_args=frozenset({"after"})),
}


def read() -> list[Reaction]:
    """Return all reactions, as the installed SDKs have them."""
    return [each for sdk in SDKS for each in _table(sdk)]


def http_errors() -> list[tuple[str, str, str]]:
    """Return fault, mode and the text of the HTTP library's own exception."""
    rows = [_here(row) for row in _file("openai")["http_error"]]
    return [(row["fault"], mode, row[mode]) for row in rows for mode in MODES]


def _file(sdk: str) -> dict[str, Any]:
    path = Path(__file__).with_name("reactions") / f"{sdk}.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


def _table(sdk: str) -> Iterator[Reaction]:
    table = _file(sdk)
    for row in table.get("reaction", ()):
        yield from _expanded(sdk, {"source": table["source"], **row}, table.get("backoff", []))


def _expanded(sdk: str, row: dict[str, Any], backoff: list[Any]) -> list[Reaction]:
    calls = row.pop("calls")
    if not _concerns(sdk, row.get("only", "")):
        return []
    row = _here(row)
    if row.get("cause") and row["raises"].endswith(f".{row['cause']}"):
        row["cause"] = None  # nothing wraps it here
    waits = row.pop("waits", [])
    row["waits"] = tuple(_bounds(each) for each in (backoff if waits == "backoff" else waits))
    row["tries"] = _bounds(row.get("tries", 0))
    row["modes"] = tuple(row.get("modes", SDKS[sdk].modes))
    fewest, most = _bounds(row["attempts"])
    row["attempts"] = (round(fewest), round(most))
    if "lasts" in row:
        row["lasts"] = _bounds(row["lasts"])
    first = Reaction(sdk=sdk, call=calls[0], **row)
    return [replace(first, call=call) for call in calls]


def _here(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row as it is with the versions that run."""
    found = dict(row)
    for line, there in found.pop("differs", {}).items():
        if installed(line):
            found |= there
    return found


def _concerns(sdk: str, line: str) -> bool:
    """Leave out the rows of another line of versions; where the SDK is missing they stay, to be skipped."""
    return not line or installed(line) or not installed(SDKS[sdk].needs)


def _bounds(value: Any) -> Bounds:
    low, high = value if isinstance(value, list) else (value, value)
    return float(low), float(high)
