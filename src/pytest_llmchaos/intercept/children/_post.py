"""What parent and children tell each other: files in a folder of this process, made when the first child starts.

`run` tells which run is on (missing when none is), to whom the hosts belong and what may pass; it is written anew when
that changes. `said` is what children report, a line of JSON each. `seen/PID` is there for each child with a guard.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...run.chaos import Chaos

from ...core import locks

__all__ = ["FOLDER", "Post", "post"]

FOLDER = "PYTEST_LLMCHAOS_CHILD_OF"
"""The variable that tells a child where the folder is."""


class Post:
    """The folder as this process sees it; a child has its parent's."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self._owner = 0
        self._read = 0
        self._waiting: list[dict[str, Any]] = []
        self._lock = locks.rlock()

    def open(self) -> Path:
        """Return the folder, made where there is none yet."""
        with self._lock:
            if self.folder is None:
                self.folder = Path(tempfile.mkdtemp(prefix="llmchaos-"))
                (self.folder / "seen").mkdir()
                self._owner, self._read = os.getpid(), 0
                atexit.register(self.close)
            return self.folder

    def adopt(self, folder: Path) -> None:
        """Take the folder of the process that started this one."""
        self.folder = folder

    def close(self) -> None:
        """Remove the folder, if this process made it."""
        with self._lock:
            if self.folder is not None and self._mine:
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder = None

    def write(self, run: Chaos | None) -> None:
        """Tell the children which run is on: its token, that of children that begin now, and the rest as JSON."""
        with self._lock:
            if self.folder is None or not self._mine:
                return
            path = self.folder / "run"
            if run is None:
                path.unlink(missing_ok=True)
                return
            rest = {"open": run.lets_go, "hosts": run.providers.addresses(), "own": run.providers.own}
            fresh = self.folder / "run.new"
            fresh.write_text(f"{run.token}\n{'' if run.shared else run.token}\n{json.dumps(rest, default=str)}\n")
            fresh.replace(path)

    def on(self) -> dict[str, Any] | None:
        """Return what the folder tells of the run that is on; None when none is."""
        try:
            token, _, rest = (self.open() / "run").read_text().split("\n", 2)
        except (OSError, ValueError):
            return None
        return {"run": token, **json.loads(rest)}

    def say(self, **what: Any) -> None:
        """Tell the parent something, as one line."""
        with suppress(OSError):  # the parent is gone, and its folder
            handle = os.open(self.open() / "said", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, json.dumps(what).encode() + b"\n")
            finally:
                os.close(handle)

    def received(self, token: str) -> list[dict[str, Any]]:
        """Return what children said while that run was on, each once, in the process that made the folder."""
        with self._lock:
            if self.folder is None or not self._mine:
                return []
            try:
                with (self.folder / "said").open("rb") as file:
                    file.seek(self._read)
                    new = file.read()
            except OSError:
                return []
            whole = new[: new.rfind(b"\n") + 1]
            self._read += len(whole)
            self._waiting += [json.loads(line) for line in whole.splitlines()]
            found = [each for each in self._waiting if each["run"] == token]
            self._waiting = [each for each in self._waiting if each["run"] != token]
            return found

    def seen(self) -> set[str]:
        """Return the ids of the processes that have a guard, as texts."""
        return set() if self.folder is None else set(os.listdir(self.folder / "seen"))

    @property
    def _mine(self) -> bool:
        return self._owner == os.getpid()


post = Post()
