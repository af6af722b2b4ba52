"""What a row of the table of escapes is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

__all__ = ["Stand", "Way"]


class Stand:
    """A server on this machine that stands for a provider, named in the settings as `our-gateway`.

    Attributes:
        port: where it listens.
        asked: what reached it.
    """

    def __init__(self) -> None:
        asked = self.asked = []

        class Gateway(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                asked.append(self.path)
                self.rfile.read(int(self.headers["content-length"] or 0))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST = do_CONNECT = answer

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.host = f"localhost:{self.port}"
        self.url = f"http://{self.host}/v1/chat/completions"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass(frozen=True)
class Way:
    """One way to reach a provider.

    Attributes:
        what: the way, in words.
        by: the library.
        outcome: `broken` (faults strike it), `stopped` (the call is stopped and the test fails) or `unseen`.
        go: goes that way in a run; what it raises counts for nothing. A generator prepares up to its `yield` before
            the run begins.
        needs: the module without which it cannot be tried; empty where Python or the test's packages have it.
        why: of an unseen one: why, and what helps.
    """

    what: str
    by: str
    outcome: Literal["broken", "stopped", "unseen"]
    go: Callable[[Stand], object] | None = None
    needs: str = ""
    why: str = ""
