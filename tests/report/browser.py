"""A headless Chromium, driven through its own debugging pipe: no driver and no port."""

from __future__ import annotations

import json
import os
import shutil
import signal
from contextlib import contextmanager, suppress

__all__ = ["EXECUTABLE", "Page", "opened"]

EXECUTABLE = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--remote-debugging-pipe"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    "--window-size=1280,1000",
)


class Page:
    """One tab."""

    def __init__(self, to, back):
        self._to, self._back = to, back
        self._rest = b""
        self._number = 0
        self._session = None
        self.said: list[str] = []
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.do(f"{domain}.enable")

    def do(self, method, **params):
        """Send a command and return its result; what the console says meanwhile is kept in `said`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            got = self._next()
            if got.get("id") == self._number:
                assert "error" not in got, got
                return got["result"]

    def _next(self):
        while b"\0" not in self._rest:
            piece = os.read(self._back, 1 << 20)
            assert piece, "the browser went away"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\0")
        got = json.loads(line)
        if got.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.said.append(json.dumps(got["params"])[:500])
        return got

    def open(self, url):
        """Go to a page and return the seconds until it was loaded."""
        self.do("Page.navigate", url=url)
        while self._next().get("method") != "Page.loadEventFired":
            pass
        # The event fires a moment before the browser writes down when its handlers were done.
        timing = "performance.getEntriesByType('navigation')[0]"
        return self.ask(f"new Promise(done => setTimeout(() => done({timing}.loadEventEnd)))") / 1000

    def ask(self, expression):
        """Return what an expression gives in the page."""
        got = self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    def press(self, key, code):
        """Press a key."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.do("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)


@contextmanager
def opened(folder):
    """Start a browser that keeps its files in a folder, give a page, and end it whatever happens."""
    its_in, to = os.pipe()
    back, its_out = os.pipe()
    # The pipes are 3 and 4 in the browser; duplicated upwards first, so that neither overwrites the other.
    high_in, high_out = 50, 51
    actions = [
        (os.POSIX_SPAWN_DUP2, its_in, high_in),
        (os.POSIX_SPAWN_DUP2, its_out, high_out),
        (os.POSIX_SPAWN_DUP2, high_in, 3),
        (os.POSIX_SPAWN_DUP2, high_out, 4),
        (os.POSIX_SPAWN_CLOSE, high_in),
        (os.POSIX_SPAWN_CLOSE, high_out),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    command = [EXECUTABLE, *_FLAGS, f"--user-data-dir={folder}"]
    process = os.posix_spawn(
        EXECUTABLE, command, {**os.environ, "HOME": str(folder)}, file_actions=actions, setpgroup=0
    )
    os.close(its_in)
    os.close(its_out)
    try:
        yield Page(to, back)
    finally:
        os.close(to)
        os.close(back)
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
