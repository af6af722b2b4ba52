"""Not an HTTP library: where `subprocess` and `multiprocessing` start a process, it is given a guard."""

from __future__ import annotations

import sys
from typing import Any

from ..children.launch import into_list, started
from ._patches import Patching

__all__ = ["STACK"]


class _Subprocess(Patching):
    library = "subprocess"
    breaks = False

    def install(self) -> None:
        """Watch what starts, by the function itself and by the name that `subprocess` has of it."""
        for module in (sys.modules["_posixsubprocess"], sys.modules["subprocess"]):
            name = "fork_exec" if module.__name__ == "_posixsubprocess" else "_fork_exec"
            if "gevent.subprocess" in sys.modules and getattr(module, name, None) is None:
                continue  # it forks, and starts programs by `os`
            self._patches.replace(module, name, _guarded)


def _guarded(original: Any) -> Any:
    def fork_exec(args: Any, executables: Any, close: Any, fds: Any, cwd: Any, env: Any, *rest: Any) -> int:
        from ..active_runs import active

        if (run := active()) is None or run.lets_go:
            return original(args, executables, close, fds, cwd, env, *rest)  # type: ignore[no-any-return]
        pid: int = original(args, executables, close, fds, cwd, into_list(env), *rest)
        started(run, pid, args)
        return pid

    return fork_exec


STACK = _Subprocess()
