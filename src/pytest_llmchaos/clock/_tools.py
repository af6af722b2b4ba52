"""Who keeps real time while the app lives on virtual time: tools that time the test, and code that deals with
the outside."""

from __future__ import annotations

import _thread
import threading
from types import FrameType

from . import internals

PACKAGES = frozenset({
    # they time, stop or schedule the test itself
    "pytest", "_pytest", "pluggy", "xdist", "execnet", "hypothesis", "_hypothesis_pytestplugin",
    "pytest_timeout", "pytest_rerunfailures", "pytest_benchmark", "pytest_codspeed", "coverage",
    "pytest_cov", "faulthandler",
    # debuggers and profilers
    "pydevd", "_pydevd_bundle", "debugpy", "cProfile", "profile", "pyinstrument", "bdb", "pdb",
    # they wait for other processes and for sockets, which do not know about virtual time
    "subprocess", "multiprocessing", "socketserver",
})  # fmt: skip


def keeps_real_time(module: str) -> bool:
    """True for a module (dotted name) of one of the packages above."""
    return module.partition(".")[0] in PACKAGES


def runs_tool(ident: int, frame: FrameType | None) -> bool:
    """True for a thread that a tool started, e.g. pytest-timeout's timer or execnet's receiver.

    The caller must leave out the threads that run tests: below xdist those, too, were started by execnet.
    """
    thread = internals.thread_of(ident)
    if thread is not None and not isinstance(thread, threading._DummyThread):
        if thread is threading.main_thread():
            return False
        return keeps_real_time(internals.target_module(thread))
    outermost = ""
    while frame is not None:
        outermost = frame.f_globals.get("__name__") or ""
        frame = frame.f_back
    return keeps_real_time(outermost)


class _Answer(threading.local):
    """What a thread is never changes, so each thread asks once."""

    tool: bool | None = None


_answer = _Answer()


def in_tool_thread() -> bool:
    """`runs_tool` for the calling thread."""
    tool = _answer.tool
    if tool is None:
        import sys

        tool = _answer.tool = runs_tool(_thread.get_ident(), sys._getframe())
    return tool
