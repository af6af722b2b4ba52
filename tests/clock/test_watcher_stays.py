"""The clock's thread serves one run after another, and is nobody's burden in between."""

from __future__ import annotations

import os

import pytest

from pytest_llmchaos import inject
from pytest_llmchaos.clock import _quiet
from pytest_llmchaos.clock._engine import engine

pytestmark = pytest.mark.skipif(not _quiet.EXACT, reason="only Linux tells of threads")


def test_the_next_run_takes_the_thread_over():
    """A thread begun and ended for each run was a fifth of what a run costs."""
    with engine.lock:  # without it, no thread ends by itself: the machine may be busy
        with inject(allow_unused=True):
            first = engine._watcher.ident
        with inject(allow_unused=True):
            assert engine._watcher.ident == first


def test_a_fork_between_two_runs_meets_no_thread_of_ours():
    """Python warns of a fork beside other threads, from 3.12 on."""
    with inject(allow_unused=True):
        pass
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    assert not engine._watcher.ident
    assert not _quiet.is_there(engine._watcher.tid)


def test_it_looks_again_after_a_fork_ended_it():
    """Virtual time moves in the run that follows."""
    engine._watcher.leave()
    with inject(allow_unused=True):
        assert engine._watcher.ident
