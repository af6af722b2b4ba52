"""The text of a hang: where each thread and each task waits, in the app's own code."""

from __future__ import annotations

import os
import sysconfig
import threading
from collections.abc import Iterable, Iterator
from types import CodeType, FrameType
from typing import Any

from . import frames
from ._waits import SelectWait, Wait

_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep
_PACKAGE = os.path.dirname(os.path.dirname(_OWN)) + os.sep  # wherever it is installed, it is not the app
_EXAMPLES = os.path.join(_PACKAGE, "cli", "_examples", "")  # but these are
_STDLIB = tuple(
    os.path.abspath(path) + os.sep
    for name in ("stdlib", "platstdlib")
    if (path := sysconfig.get_paths().get(name))
)  # fmt: skip

HEADLINE = "the app is hung: it waits for something that can never happen, and no timer is left"


def describe(waits: Iterable[Wait], others: Iterable[int]) -> str:
    """Return the whole message; call it while the threads are blocked.

    Args:
        waits: the waits in virtual time.
        others: idents of the threads that are blocked elsewhere.
    """
    lines = [HEADLINE]
    tops = frames.others()
    for wait in waits:
        thread = _thread_name(wait.ident)
        tasks = list(_tasks(wait.loop)) if isinstance(wait, SelectWait) else []
        if tasks:
            lines += [f"  task {name!r} in {thread}: {_place(stack)}" for name, stack in tasks]
        else:
            lines.append(f"  {thread}: {_stands_at(tops.get(wait.ident))} ({wait.kind})")
    lines += [f"  {_thread_name(ident)}: {_stands_at(tops.get(ident))}" for ident in others]
    return "\n".join(lines)


def _stands_at(frame: FrameType | None) -> str:
    return _place(list(_outwards(frame))[::-1])


def _thread_name(ident: int) -> str:
    for thread in threading.enumerate():
        if thread.ident == ident:
            return f"thread {thread.name!r}"
    return f"thread {ident}"


def name_and_place(tid: int) -> str:
    """Name a thread by the kernel's id, and say where it is."""
    found = next((thread for thread in threading.enumerate() if thread.native_id == tid), None)
    if found is None:
        return f"a thread of a library ({tid})"
    return f"thread {found.name!r} (at {_stands_at(frames.others().get(found.ident or 0))})"


_Stack = list[tuple[CodeType, int]]
"""Outermost first: the code and the line that each call stands at."""


def _outwards(frame: FrameType | None) -> Iterator[tuple[CodeType, int]]:
    while frame is not None:
        yield frame.f_code, frame.f_lineno
        frame = frame.f_back


def _tasks(loop: Any) -> Iterator[tuple[str, _Stack]]:
    import asyncio

    for task in sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name()):
        yield task.get_name(), list(_coroutine_stack(task.get_coro()))


def _coroutine_stack(awaitable: Any) -> Iterator[tuple[CodeType, int]]:
    """Walk from a task's coroutine to the innermost one that it awaits."""
    while awaitable is not None:
        frame = next(
            (f for name in ("cr_frame", "gi_frame", "ag_frame") if (f := getattr(awaitable, name, None))),
            None,
        )
        if frame is not None:
            yield frame.f_code, frame.f_lineno
        awaitable = next(
            (a for name in ("cr_await", "gi_yieldfrom", "ag_await") if (a := getattr(awaitable, name, None))),
            None,
        )


def _place(stack: _Stack) -> str:
    """Name the app's innermost call and, behind it, the library call that it waits in."""
    stack = [call for call in stack if not call[0].co_filename.startswith(_OWN)]
    if not stack:
        return "somewhere that Python doesn't see"
    index = next((i for i in reversed(range(len(stack))) if _is_app(stack[i][0].co_filename)), len(stack) - 1)
    code, line = stack[index]
    inner = f", in {stack[index + 1][0].co_qualname}()" if index + 1 < len(stack) else ""
    return f"{_short(code.co_filename)}:{line} {code.co_qualname}(){inner}"


def _is_app(path: str) -> bool:
    if path.startswith("<"):
        return False  # frozen and generated code
    if path.startswith(_PACKAGE):
        return path.startswith(_EXAMPLES)
    inside = f"{os.sep}site-packages{os.sep}" in path or f"{os.sep}dist-packages{os.sep}" in path
    return not inside and not path.startswith(_STDLIB)


def _short(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
