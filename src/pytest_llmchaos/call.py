"""The data that everything speaks: what the app sent, what was recognised in it, which calls a fault hits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args
from urllib.parse import urlsplit

from .errors import ParameterError, near

if TYPE_CHECKING:
    from .providers import Provider

__all__ = ["OPERATIONS", "Call", "HttpRequest", "Operation", "Target", "Timeouts"]

Operation = Literal["chat", "completions", "embeddings", "images", "audio", "moderation", "rerank", "models", "auth"]
OPERATIONS: tuple[str, ...] = get_args(Operation)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The client's own limits in seconds; None is no limit.

    `total` counts from the start of the call over head and body, whatever arrives; the others start again with each
    piece.
    """

    pool: float | None = None
    connect: float | None = None
    write: float | None = None
    read: float | None = None
    total: float | None = None

    def limit(self, phase: str) -> float | None:
        """Return the limit of one phase of the call."""
        value: float | None = getattr(self, phase)
        return value


@dataclass(frozen=True)
class HttpRequest:
    """One HTTP request as a stack hands it to us, before we know whether it is an LLM call.

    Never shown: its headers and body hold keys and prompts.
    """

    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    timeouts: Timeouts = Timeouts()

    @cached_property
    def host(self) -> str:
        """The host with its port when the URL names one, in lower case."""
        return urlsplit(self.url).netloc.rpartition("@")[2].lower()

    @cached_property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.url).path

    def header(self, name: str) -> str | None:
        """Return the first header of that name (given in lower case), or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to a provider, recognised.

    Attributes:
        provider: name of the provider, or the host that speaks a known dialect.
        operation: what the call asks for.
        model: the model asked for, None where the operation has none.
        stream: whether the answer is asked for as a stream.
        request: name of the user request that this call belongs to; empty for the whole test.
        retry: the SDK's own retry count as its header tells (0 for a first try), None where it tells nothing.
        host: host of the endpoint; `path` its path without the query.
        body: the parsed JSON body. Never shown.
        speaks: the provider object that knows this call's wire format.
        via: the HTTP stack that carried it, such as `httpx2`.
    """

    provider: str
    operation: str
    model: str | None
    stream: bool
    method: str
    host: str
    path: str
    speaks: Provider = field(repr=False, compare=False)
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    request: str = ""
    retry: int | None = None
    call_site: str | None = field(default=None, compare=False)
    via: str = field(default="", compare=False)
    timeouts: Timeouts = field(default=Timeouts(), compare=False)

    @property
    def label(self) -> str:
        """The call as a target is written: `openai/gpt-5:chat`."""
        model = f"/{self.model}" if self.model else ""
        return f"{self.provider}{model}:{self.operation}"

    def identity(self) -> str:
        """Return a digest that is equal for calls that ask the same thing, whatever thread sends them."""
        digest = blake2b(repr(sorted(self.body.items())).encode("utf-8", "replace"), digest_size=8)
        stream = "stream" if self.stream else "plain"
        return f"{self.label}|{stream}|{self.request}|{digest.hexdigest()}"


class _Named(Protocol):
    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str | None: ...
    @property
    def operation(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Target:
    """Which calls a fault hits, written `provider[/model-glob][:operation]`; `*` is all."""

    provider: str = "*"
    model: str = "*"
    operation: str = "*"

    @classmethod
    def parse(cls, text: Any) -> Target:
        """Read a target.

        Raises:
            ParameterError: it is no text of that form, or names an unknown operation.
        """
        if isinstance(text, Target):
            return text
        if not isinstance(text, str) or not text.strip() or re.search(r"\s", text.strip()):
            raise ParameterError("target", f"{text!r} is not a target such as 'openai', 'openai/gpt-4*:chat' or '*'")
        provider, slash, model = text.strip().partition("/")
        rest = model if slash else provider
        head, colon, operation = rest.rpartition(":")
        # What follows a colon may be a port ('localhost:8000') or part of a model ('llama3:8b') instead.
        if colon and _meant_as_operation(operation, in_model=bool(slash)):
            if operation not in OPERATIONS and operation != "*":
                known = ", ".join(OPERATIONS)
                hint = near(operation, OPERATIONS)
                raise ParameterError("target", f"{operation!r} in {text!r} is not an operation ({known}){hint}")
            rest = head
        else:
            operation = "*"
        provider, model = (provider, rest) if slash else (rest, "*")
        if not provider or not model:
            raise ParameterError("target", f"{text!r} has an empty part; '*' stands for all")
        return cls(provider.lower(), model, operation)

    def matches(self, call: _Named) -> bool:
        """Tell whether this target names the call (or the exchange)."""
        return (
            (self.provider == call.provider or fnmatchcase(call.provider, self.provider))
            and (self.model == "*" or (call.model is not None and fnmatchcase(call.model, self.model)))
            and self.operation in ("*", call.operation)
        )

    def raw(self) -> str:
        """Return the target as YAML holds it."""
        return str(self)

    def __str__(self) -> str:
        model = "" if self.model == "*" else f"/{self.model}"
        _, colon, last = (model or self.provider).rpartition(":")
        ambiguous = colon and _meant_as_operation(last, in_model=bool(model))
        operation = "" if self.operation == "*" and not ambiguous else f":{self.operation}"
        return f"{self.provider}{model}{operation}"


def _meant_as_operation(word: str, *, in_model: bool) -> bool:
    if word == "*" or near(word, OPERATIONS):
        return True
    part_of_a_host = word[:1].isdigit() or word.endswith("]") or not word  # a port, or an IPv6 address
    return not in_model and not part_of_a_host
