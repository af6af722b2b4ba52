"""The data that everything speaks: what the app sent, what was recognised in it, which calls a fault hits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args
from urllib.parse import urlsplit

from .errors import ParameterError, near, shown
from .headers import by_name
from .steady_text import steady, texts

if TYPE_CHECKING:
    from .draw import Draw
    from .plan import Answer, Headers
    from .replies import Reply

__all__ = ["BESIDE", "OPERATIONS", "Call", "HttpRequest", "Operation", "Speaker", "Sticky", "Target", "Targets",
           "Timeouts", "credential", "region_in"]  # fmt: skip

Operation = Literal[
    "chat", "completions", "embeddings", "images", "audio", "moderation", "rerank", "models", "auth", "status",
    "health", "helper",
]  # fmt: skip
OPERATIONS: tuple[str, ...] = get_args(Operation)
BESIDE: tuple[str, ...] = ("status", "health", "helper")
"""What is asked beside LLM calls: a status page, how a server is, telemetry and the like. No LLM answers there, so
checks and `.calls` leave it out, unless a target names it."""
Sticky = Literal["key", "user", "conversation", "request", "model", "region", "host"]


class Speaker(Protocol):
    """What knows the wire format of a call: a `Provider`, whose methods tell more."""

    name: str

    @property
    def dialect(self) -> str:
        """The name of the wire format."""

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer."""

    def error(self, kind: Any, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the provider reports a failure."""

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the event by which it reports a failure within a started stream."""

    def heartbeat(self, call: Call) -> bytes:
        """Return what keeps a stream alive while nothing is said."""

    def announce(self, call: Call, document: dict[str, Any], notice: Any) -> bool:
        """Write into a healthy answer that a model will be retired; tell whether there was a place for it."""

    def announcing_headers(self, call: Call, notice: Any) -> Headers:
        """Return the headers that tell of a retirement to come."""


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


@dataclass(slots=True)
class HttpRequest:
    """One HTTP request as a stack hands it to us, before we know whether it is an LLM call.

    Never shown: its headers and body hold keys and prompts. Nobody changes it; it is not frozen, as that is dear.

    Attributes:
        host: the host with its port when the URL names one, in lower case.
        path: the path without the query.
        credential: what it came with to show who sends it; empty where there was nothing. Never recorded.
    """

    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    timeouts: Timeouts = Timeouts()
    host: str = field(init=False, repr=False, compare=False)
    path: str = field(init=False, repr=False, compare=False)
    credential: str = field(init=False, repr=False, compare=False)
    _first: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._first = by_name(self.headers)
        self.host, self.path = _place(self.url)
        self.credential = self._sent_with()

    def header(self, name: str) -> str | None:
        """Return the first header of that name (given in lower case), or None."""
        return self._first.get(name)

    def _sent_with(self) -> str:
        for name in _CREDENTIALS:
            if value := self._first.get(name):
                return value
        if "key=" in self.url:
            return urlsplit(self.url).query.partition("key=")[2].partition("&")[0]
        return ""


@lru_cache(maxsize=512)
def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2].lower(), parts.path


@dataclass(slots=True)
class Call:
    """One HTTP request to a provider, recognised. Nobody changes it; it is not frozen, as that is dear.

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
        key: a digest of the credential it came with, equal for equal ones; empty where it had none.
    """

    provider: str
    operation: str
    model: str | None
    stream: bool
    method: str
    host: str
    path: str
    speaks: Speaker = field(repr=False, compare=False)
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    request: str = ""
    retry: int | None = None
    call_site: str | None = field(default=None, compare=False)
    via: str = field(default="", compare=False)
    timeouts: Timeouts = field(default=Timeouts(), compare=False)
    key: str = field(default="", compare=False, repr=False)

    @property
    def label(self) -> str:
        """The call as a target is written: `openai/gpt-5:chat`."""
        model = f"/{self.model}" if self.model else ""
        return f"{self.provider}{model}:{self.operation}"

    @property
    def region(self) -> str:
        """The cloud region that its address names, such as `eu-west-1`; empty where it names none."""
        return region_in(f"{self.host}{self.path}")

    @property
    def prompt_tokens(self) -> int:
        """Roughly how many tokens are sent, at four characters each."""
        from .tokens import request_tokens

        return request_tokens(self.body)

    def lot(self, by: Sticky) -> str:
        """Return what is equal for all calls that share their fate."""
        if by == "key":
            return self.key
        if by == "user":
            metadata = self.body.get("metadata")
            told = metadata.get("user_id") if isinstance(metadata, Mapping) else None
            return str(self.body.get("safety_identifier") or self.body.get("user") or told or "")
        if by == "conversation":
            return _opening(next((each for key in _CONVERSATIONS if (each := self.body.get(key))), ""))
        return str(getattr(self, by) or "")

    def identity(self) -> str:
        """Return a digest that is equal for calls that ask the same thing, whatever thread sends them and on whatever
        day: dates, ids and the like in the prompt are no part of it.
        """
        words = "\n".join(texts(self.body))
        digest = blake2b(words.encode("utf-8", "replace"), digest_size=8)
        stream = "stream" if self.stream else "plain"
        request = steady(self.request) if self.request else ""
        return f"{self.label}|{stream}|{request}|{digest.hexdigest()}"


def _opening(said: Any) -> str:
    """Return what the user said first: the words before it are the same in all conversations of an app."""
    if not isinstance(said, list):
        return repr(said)
    theirs = (each for each in said if not isinstance(each, Mapping) or each.get("role", "user") == "user")
    return repr(next(theirs, said[:1]))


_CONVERSATIONS = ("messages", "contents", "input", "prompt", "inputs")

# Where addresses name a region: Bedrock's and Azure's hosts, Vertex' hosts and paths, watsonx' hosts, and the regional
# hosts of OpenAI (`eu.api.openai.com`) and of Azure's data zones.
_REGION = re.compile(
    r"(?:^|[./-])([a-z]{2}(?:-gov)?-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-?\d+)(?=[./-])"
    r"|/locations/([a-z0-9-]+)/"
    r"|^([a-z]+-[a-z]+\d+)-aiplatform\."
    r"|^([a-z]+-[a-z]+)\.ml\.cloud\."
    r"|^([a-z]+\d?)\.api\.cognitive\."
    r"|^(us|eu)\.api\."
)


def region_in(address: str) -> str:
    """Return the cloud region that a host, or a host with its path, names; empty where it names none."""
    found = _REGION.search(address)
    return "" if found is None else next(each for each in found.groups() if each)


_CREDENTIALS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")


def credential(request: HttpRequest) -> str:
    """Return a digest of the credential that came with the request; empty where there was none."""
    value = request.credential
    if value.startswith("AWS4-"):  # the rest of it is a signature, another one for each request
        value = value.partition("Credential=")[2].partition("/")[0]
    return _digest(value) if value else ""


def address(request: HttpRequest) -> str:
    """Return a digest of where a request goes, but for the host: method, path and query, without a key in it."""
    return _address(request.method, request.url)


@lru_cache(maxsize=512)
def _address(method: str, url: str) -> str:
    parts = urlsplit(url)
    query = "&".join(each for each in parts.query.split("&") if not each.startswith("key="))
    return _digest(f"{method} {parts.path}?{query}")


@lru_cache(maxsize=512)
def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def secret(request: HttpRequest) -> str:
    """Return the API key that came with the request, to search for; empty where there was none. Never recorded."""
    value = request.credential
    if value.startswith("AWS4-"):  # names a key and proves that the sender has it
        return ""
    scheme, _, rest = value.partition(" ")
    return rest.strip() if scheme.lower() in ("bearer", "basic", "token", "key") and rest else value


_ELSEWHERE = ("status", "helper")


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
            raise ParameterError(
                "target", f"{shown(text)} is not a target such as 'openai', 'openai/gpt-4*:chat' or '*'"
            )
        if "," in text:
            raise ParameterError("target", f"{shown(text)} is not one target; several are a list: [openai, azure]")
        provider, slash, model = text.strip().partition("/")
        rest = model if slash else provider
        head, colon, operation = rest.rpartition(":")
        # What follows a colon may be a port ('localhost:8000') or part of a model ('llama3:8b') instead.
        if colon and _meant_as_operation(operation, in_model=bool(slash)):
            if operation not in OPERATIONS and operation != "*":
                known = ", ".join(OPERATIONS)
                hint = near(operation, OPERATIONS)
                raise ParameterError(
                    "target", f"{shown(operation)} in {shown(text)} is not an operation ({known}){hint}"
                )
            rest = head
        else:
            operation = "*"
        provider, model = (provider, rest) if slash else (rest, "*")
        if not provider or not model:
            raise ParameterError("target", f"{shown(text)} has an empty part; '*' stands for all")
        return cls(provider.lower(), model, operation)

    @property
    def each(self) -> tuple[Target, ...]:
        """The targets in it: itself."""
        return (self,)

    def matches(self, call: _Named) -> bool:
        """Tell whether this target names the call (or the exchange)."""
        return (
            (self.provider == call.provider or fnmatchcase(call.provider, self.provider))
            and (self.model == "*" or (call.model is not None and fnmatchcase(call.model, self.model)))
            # A status page and telemetry stand elsewhere: only a target that names them hits them.
            and (self.operation == call.operation or (self.operation == "*" and call.operation not in _ELSEWHERE))
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


@dataclass(frozen=True, slots=True)
class Targets:
    """Several targets of one injection: providers that fail together, as behind one cloud or CDN."""

    each: tuple[Target, ...]

    @classmethod
    def parse(cls, value: Any) -> Target | Targets:
        """Read a target, or a list of them.

        Raises:
            ParameterError: one of them is none, or the list is empty.
        """
        if isinstance(value, Targets):
            return value
        if not isinstance(value, list | tuple):
            return Target.parse(value)
        if not value:
            raise ParameterError("target", "the list of targets is empty; leave it out to hit all")
        found = tuple(dict.fromkeys(Target.parse(each) for each in value))
        return found[0] if len(found) == 1 else cls(found)

    def matches(self, call: _Named) -> bool:
        """Tell whether one of the targets names the call."""
        return any(each.matches(call) for each in self.each)

    def raw(self) -> list[str]:
        """Return the targets as YAML holds them."""
        return [each.raw() for each in self.each]

    def __str__(self) -> str:
        return " + ".join(map(str, self.each))


def _meant_as_operation(word: str, *, in_model: bool) -> bool:
    if word == "*" or near(word, OPERATIONS):
        return True
    part_of_a_host = word[:1].isdigit() or word.endswith("]") or not word  # a port, or an IPv6 address
    return not in_model and not part_of_a_host
