"""Not an HTTP library: where `os` starts a program, it is given a guard."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..children._post import post
from ..children.launch import inherited, into, started
from ._patches import Patching

__all__ = ["STACK"]


class _System(Patching):
    library = "os"
    breaks = False

    def install(self) -> None:
        """Watch what starts."""
        for name in ("posix_spawn", "posix_spawnp"):
            self._patches.replace(os, name, _spawning)
        self._patches.replace(os, "system", _system)
        self._patches.replace(os, "execv", _execv)
        self._patches.replace(os, "execve", _execve)


def _run() -> Any:
    from ..active_runs import active

    run = active()
    return None if run is None or run.lets_go else run


def _spawning(original: Any) -> Any:
    def posix_spawn(path: Any, argv: Any, env: Any, **more: Any) -> int:
        if (run := _run()) is None:
            return original(path, argv, env, **more)  # type: ignore[no-any-return]
        pid: int = original(path, argv, into(env), **more)
        started(run, pid, argv or path)
        return pid

    return posix_spawn


def _system(original: Any) -> Callable[[Any], int]:
    def system(command: Any) -> int:
        if (run := _run()) is None:
            return original(command)  # type: ignore[no-any-return]
        with inherited():
            before = post.seen()
            status: int = original(command)
        if post.seen() == before:  # no program of Python's is behind it
            started(run, 0, ["sh", "-c", os.fsdecode(command)])
        return status

    return system


def _execv(original: Any) -> Any:
    def execv(path: Any, args: Any) -> None:
        with _replaced(args or path):
            original(path, args)

    return execv


def _execve(original: Any) -> Any:
    def execve(path: Any, args: Any, env: Any) -> None:
        with _replaced(args or path) as run:
            original(path, args, env if run is None else into(env))

    return execve


@contextmanager
def _replaced(words: Any) -> Iterator[Any]:
    """Give it to the program that takes this process' place; the block returns only where that fails."""
    if (run := _run()) is None:
        yield None
        return
    started(run, os.getpid(), words)
    try:
        with inherited():
            yield run
    finally:
        run.started.pop()


STACK = _System()
