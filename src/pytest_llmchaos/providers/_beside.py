"""What a provider's server answers beside LLM calls: how it is, its own figures, telemetry that SDKs send to it.

Whatever of this the app asks is answered as in health and fails no test. What tells how a server is (operation
`health`) follows an outage of the server, in the server's own form; the rest (operation `helper`) fails only where a
target names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..core.errors import FaultUnfit
from ..core.plan import Answer
from ._base import Provider, Recognised, Route
from ._read import compiled, read_json
from ._wire import dump, http_date

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ..core.plan import Headers
    from ..core.replies import Reply
    from ._base import ErrorKind

__all__ = ["SERVER", "Beside", "Sideline", "at", "sideline", "token_ids"]

Body = bytes | dict[str, Any] | list[Any] | str


@dataclass(frozen=True, slots=True)
class Beside:
    """One address of a server.

    Attributes:
        path: regular expression of what the path ends in.
        body: what it answers: bytes as they are, anything else as JSON; or makes it of the call.
        operation: `health`, `helper`, or `models` for what counts as a call that asks about a model.
        methods: how it is asked.
        status: HTTP status of its answer.
        down: body of its answer in an outage; None for the error that the provider's other addresses give then.
        steady: whether it answers as in health though the server's models fail.
    """

    path: str
    body: Body | Callable[[Call], Body] = b""
    operation: Literal["health", "helper", "models"] = "health"
    methods: tuple[str, ...] = ("GET", "HEAD")
    status: int = 200
    down: Body | None = None
    steady: bool = False

    def fits(self, method: str, path: str) -> bool:
        """Tell whether a request is one to this address."""
        return method in self.methods and compiled(self.path).search(path) is not None


def at(path: str, body: Body | Callable[[Call], Body] = b"", **more: Any) -> Beside:
    """Return an address by the regular expression that its path ends in, after whatever prefix a gateway has."""
    return Beside(rf"(?:\A|/){path}/*\Z", body, **more)


SERVER = (
    at(r"(?:health|healthz|livez|readyz|ready|live|ping)", {"status": "ok"}),
    at(r"health/(?:live|liveness|ready|readiness)", {"status": "ok"}),
    at("metrics", b"# HELP up Whether the server is up.\n# TYPE up gauge\nup 1\n"),
    at("version", {"version": "1.0.0"}),
)
"""The usual addresses of a server or gateway of which no more is known; the bodies are ours."""


def token_ids(text: Any) -> list[int]:
    """Return made-up ids for the tokens of a text: the same for the same piece, whatever stands around it."""
    from zlib import crc32

    from ..core.tokens import pieces

    return [crc32(each.encode("utf-8", "replace")) % 32_000 for each in pieces(text if isinstance(text, str) else "")]


def sideline(provider: Provider, method: str, host: str, path: str) -> tuple[Provider, Route] | None:
    """Return who answers at an address beside the provider's LLM calls, and what is asked there; None for no such."""
    for each in provider.sidelines(host):
        if each.fits(method, path):
            return Sideline(provider, each), Route(each.operation, stream=False)
    return None


class Sideline(Provider):
    """One such address of one provider, under the provider's name."""

    dialect = "beside"

    def __init__(self, of: Provider, address: Beside) -> None:
        super().__init__(of.name, of.hosts)
        self._of, self._address = of, address

    def route(self, method: str, path: str) -> Route | None:
        """Return the operation of the address."""
        return Route(self._address.operation, stream=False) if self._address.fits(method, path) else None

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what is asked; the body may name a model."""
        return read_json(self._of, route, request)

    def retry_count(self, request: HttpRequest) -> int | None:
        """Return what the provider's SDK tells of its retries."""
        return self._of.retry_count(request)

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Answer as in health."""
        body = self._address.body
        return _answer(call, draw, self._address.status, body(call) if callable(body) else body)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return how the address answers in an outage of the server.

        Raises:
            FaultUnfit: another failure, or one that does not show here.
        """
        if call.operation == "models":
            return self._of.error(kind, call, draw, **details)
        if kind != "outage" or self._address.steady:
            raise FaultUnfit(f"{call.path} tells nothing of it: only an outage of the whole server shows there")
        if self._address.down is None or details.get("page") == "html":
            return self._of.error(kind, call, draw, **details)
        return _answer(call, draw, details.get("status", 503), self._address.down, error=kind)

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Raise `FaultUnfit`: nothing is streamed here."""
        raise FaultUnfit(f"{call.path} streams nothing")


def _answer(call: Call, draw: Draw, status: int, body: Body, *, error: str | None = None) -> Answer:
    kind = "text/plain; charset=utf-8" if isinstance(body, bytes) else "application/json"
    content = body if isinstance(body, bytes) else dump(body)
    head: Headers = (("date", http_date(draw.wall)), ("content-length", str(len(content))))
    if content:
        head = (*head, ("content-type", kind))
    return Answer(status, head, (content,) if content and call.method != "HEAD" else (), error=error)
