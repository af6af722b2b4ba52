"""A forked child has the run's faults, and its calls count as those of the parent do."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from pytest_llmchaos import ChaosFailed, faults, inject
from pytest_llmchaos.core import locks
from pytest_llmchaos.intercept.children._post import post
from pytest_llmchaos.intercept.children.launch import unseen

# Since Python 3.12 a fork beside a thread warns, and the virtual clock has one.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
FORK = multiprocessing.get_context("fork")


def ask(host="api.openai.com"):
    """Ask once, without a retry, and return the status."""
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
    with httpx.Client(trust_env=False) as client:
        return client.post(f"http://{host}/v1/chat/completions", json=body).status_code


def by_fork(do):
    """Do it in a child of the system's own."""
    if (child := os.fork()) == 0:
        try:
            do()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def by_multiprocessing(do):
    """Do it in a worker."""
    worker = FORK.Process(target=do)
    worker.start()
    worker.join()


def by_a_pool(do):
    """Do it in the worker of an executor."""
    with ProcessPoolExecutor(1, mp_context=FORK) as pool:
        pool.submit(do).result()


def thrice():
    """Ask three times."""
    assert [ask() for _ in range(3)] == [503, 503, 503]


@pytest.mark.parametrize("forked", [by_fork, by_multiprocessing, by_a_pool])
@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_its_calls_are_counted(forked, clock):
    """They have faults, an end and a place in time, and checks see them."""
    with pytest.raises(ChaosFailed, match="attempts"), inject(faults.outage(), clock=clock) as chaos:
        ask()
        chaos.advance("1h")
        forked(thrice)
        ask()
        chaos.expect.attempts(at_most=4)
    assert [(call.status, call.faults, call.attempt) for call in chaos.calls] == [
        (503, ("outage",), nth) for nth in range(1, 6)
    ]
    times = [call.started for call in chaos.calls]
    # The last is the parent's, whose virtual time may stand a moment behind that of a child which it waited for.
    assert times[:4] == sorted(times[:4])
    assert times[1] >= 3600


def test_a_fault_that_struck_in_a_child_alone_has_struck():
    """A test whose calls are all made by its workers has injected something."""
    with inject(faults.outage()) as chaos:
        by_multiprocessing(thrice)
    assert len(chaos.calls.failed) == 3


def test_a_call_belongs_to_the_request_in_which_it_was_made():
    """Checks on a marked request see the calls of its workers."""
    with inject(faults.outage()) as chaos:
        ask()
        with chaos.request("checkout") as request:
            by_fork(thrice)
        assert [call.request for call in chaos.calls] == ["", *["checkout"] * 3]
    assert len(request.calls) == 3


def test_a_call_that_its_process_did_not_live_to_end_is_under_way():
    """It was made, and that counts."""

    def leave():
        body = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}], "stream": True}
        url = "http://api.openai.com/v1/chat/completions"
        with httpx.Client(trust_env=False) as client, client.stream("POST", url, json=body):
            os._exit(0)

    with inject(faults.outage(calls="9-"), allow_unused=True) as chaos:
        by_fork(leave)
    assert [call.outcome for call in chaos.calls] == ["200 not read"]


def test_an_escape_in_a_forked_child_is_told():
    """What goes past interception there is stopped, and fails the run."""

    def past():
        socket.getaddrinfo("api.openai.com", 443)

    with pytest.raises(ChaosFailed, match=r"in a forked child: api\.openai\.com"), inject():
        by_fork(past)


def test_what_a_forked_child_turns_into_is_known_by_name():
    """A program that took its place cannot be seen into."""
    with inject() as chaos:
        by_fork(lambda: os.execv("/bin/true", ["true"]))
        assert unseen(chaos) == []  # nobody has looked yet
        assert not chaos.calls
    assert unseen(chaos) == ["true"]


def active():
    """Tell what the worker has of chaos."""
    from pytest_llmchaos.intercept.active_runs import active

    return type(active()).__name__


def test_a_worker_that_outlives_its_run_does_not_strike_another():
    """Outside of chaos it is as if there had been none; in a later run its calls are stopped, and that is noted."""
    with ProcessPoolExecutor(1, mp_context=FORK) as pool:
        with inject(faults.outage()):
            assert pool.submit(ask).result() == 503
        assert pool.submit(active).result() == "NoneType"
        with inject() as later:
            assert "llmchaos stopped" in str(pool.submit(ask).exception())
    assert not later.calls
    assert "the child is one of an earlier test" in later.journal.events[-1].text


def test_locks_that_other_threads_hold_are_free_in_a_child():
    """All of the package's own, among them those that every call takes."""

    def ask_or_end():
        signal.alarm(60)
        ask()

    held, let_go = threading.Barrier(2), threading.Event()

    def hold():
        with ExitStack() as stack:
            for each in set(locks._all) - {post._lock}:  # the fork itself waits for this one
                stack.enter_context(each)
            held.wait()
            let_go.wait()

    with inject(faults.outage(), clock="real") as chaos:
        ask()
        thread = threading.Thread(target=hold)
        assert len(locks._all) > 10
        thread.start()
        held.wait()
        fork = os.fork()
        if fork == 0:
            try:
                ask_or_end()
            finally:
                os._exit(0)
        let_go.set()
        thread.join()
        assert os.waitpid(fork, 0)[1] == 0
    assert [call.status for call in chaos.calls] == [503, 503]
