"""Virtual time beside something real: a server, a child process, a pool, a lock in C."""

from __future__ import annotations

import asyncio
import concurrent.futures as cf
import gc
import http.client
import multiprocessing
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref

import pytest

from pytest_llmchaos import inject
from pytest_llmchaos.clock import AppHung, VirtualClock, _hung, _outside, _quiet, frames
from pytest_llmchaos.intercept import work_owner
from pytest_llmchaos.intercept.active_runs import active

pytestmark = pytest.mark.skipif(not _outside.TELLS, reason="only Linux tells what a thread is blocked in")

SERVER = """
import http.server, sys, time
class Store(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(float(sys.argv[1]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *what):
        pass
time.sleep(float(sys.argv[2]))
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3])), Store)
print(server.server_port, flush=True)
server.serve_forever()
"""


def serve(answers_after: float, starts_after: float = 0, port: int = 0) -> subprocess.Popen[str]:
    """Start a server as a child process that needs real seconds to start and to answer."""
    words = [str(answers_after), str(starts_after), str(port)]
    return subprocess.Popen([sys.executable, "-c", SERVER, *words], stdout=subprocess.PIPE, text=True)  # noqa: S603


@pytest.fixture
def store():
    """Give the port of a server that needs half a second for each answer."""
    server = serve(0.5)
    yield int(server.stdout.readline())
    server.kill()
    server.communicate()


async def ask(port: int) -> bytes:
    """Ask a server over asyncio's own streams."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        return await reader.read()
    finally:
        writer.close()


def ask_blocking(port: int, timeout: float = 30) -> bytes:
    """Ask a server over a socket that blocks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.request("GET", "/")
    answer = connection.getresponse().read()
    connection.close()
    return answer


def test_a_limit_around_a_server_of_ones_own_is_not_jumped_to(store, clock):
    """It takes the real time that it takes, whether it is asked in a task or in a thread."""

    async def main() -> None:
        start = time.monotonic()
        assert (await asyncio.wait_for(ask(store), 30)).endswith(b"ok")
        assert await asyncio.wait_for(asyncio.to_thread(ask_blocking, store), 20) == b"ok"
        assert time.monotonic() - start < 20

    asyncio.run(main())


def test_a_limit_that_is_too_short_strikes(store, clock):
    """A server that needs longer than the app's limit runs into it, as it would without us."""

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(store), 0.1)
        await asyncio.sleep(0)  # for what is closed to be closed

    asyncio.run(main())


def test_a_blocking_call_takes_its_time(store, clock):
    """What a thread waits for in a socket passes on the app's clock too, also with nobody in virtual time."""
    start = time.monotonic()
    ask_blocking(store)
    assert time.monotonic() - start > 0.25


def test_a_child_that_starts_is_polled_for_in_real_time(clock):
    """Sleeps between tries do not outrun a server that takes half a second to start."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = serve(0, 0.5, port)
    try:
        for _ in range(100):
            try:
                assert ask_blocking(port) == b"ok"
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        else:
            pytest.fail("ten virtual seconds went by before the child was up")
    finally:
        server.kill()
        server.communicate()


def test_a_pool_of_processes_is_waited_for(clock):
    """A result that a worker process is at work on comes before a limit, and its wait is no hang."""
    with cf.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(time.sleep, 0.5).result(timeout=30) is None
        assert pool.submit(time.sleep, 1).result() is None


def _lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    assert not lock.acquire(timeout=0.3)


def _simple_queue() -> None:
    with pytest.raises(queue.Empty):
        queue.SimpleQueue().get(timeout=0.3)


def _select() -> None:
    here, there = socket.socketpair()
    with here, there:
        assert select.select([here], [], [], 0.3) == ([], [], [])


def _socket() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(0.3)
        with pytest.raises(TimeoutError):
            here.recv(1)


def _signal() -> None:
    assert signal.sigtimedwait([signal.SIGUSR2], 0.3) is None


@pytest.mark.parametrize("wait", [_lock, _simple_queue, _select, _socket, _signal])
def test_a_limit_in_c_is_reached_before_later_ones(clock, wait):
    """Whoever waits in C with a limit is neither outrun nor hung, and the limit passes on the app's clock."""
    start = time.monotonic()
    ended: list[float] = []
    thread = threading.Thread(target=lambda: (wait(), ended.append(time.monotonic() - start)))
    thread.start()
    time.sleep(20)
    assert 0.2 < ended[0] < 15
    assert time.monotonic() - start == pytest.approx(20, abs=0.01)
    with cf.ThreadPoolExecutor(1) as pool:
        pool.submit(wait).result()
    thread.join()


def test_a_limit_that_comes_while_we_look_is_not_outrun(clock, monkeypatch):
    """The thread is about to run then, but has no processor yet: a busy machine may keep it from one for long."""
    release, real, looked, during = threading.Lock(), _outside.Outside.reasons, [], []
    release.acquire()
    thread = threading.Thread(target=release.acquire)
    thread.start()

    def reasons(*args):
        """Find nothing, as if the limit came in this very moment; then it runs."""
        if looked:
            return real(*args)
        looked.append(thread.native_id)
        monkeypatch.setattr(_quiet, "runs", runs)
        return []

    def runs(tid):
        if tid == looked[0]:
            during.append(time.monotonic())
            return len(during) < 3
        return really_runs(tid)

    really_runs = _quiet.runs
    monkeypatch.setattr(_outside.Outside, "reasons", reasons)
    start = time.monotonic()
    time.sleep(20)
    release.release()
    thread.join()
    assert [each - start < 20 for each in during[:3]] == [True] * 3


async def _ask_for(port: int, seconds: float) -> None:
    try:
        await asyncio.wait_for(ask(port), seconds)
    finally:
        await asyncio.sleep(0)  # for what is closed to be closed


def test_what_was_passed_over_is_told(monkeypatch):
    """A server that stays silent for longer than there is patience is named."""
    monkeypatch.setattr(_outside, "_DUE", {None: _outside.Patience(0.1, 0.1)})
    passed: list[str] = []
    server = serve(60)
    port = int(server.stdout.readline())
    clock = VirtualClock(on_passed=passed.append)
    clock.start()
    try:
        with pytest.raises(TimeoutError):
            asyncio.run(_ask_for(port, 3000))
    finally:
        clock.stop()
        server.kill()
        server.communicate()
    assert any(f"127.0.0.1:{port} had not answered" in text for text in passed)


def test_a_hang_names_threads_that_are_blocked_elsewhere(clock):
    """A thread in a lock of C that nobody gives back is in the text too."""
    lock = threading.Lock()
    lock.acquire()
    thread = threading.Thread(target=lock.acquire, name="in-a-lock-of-c")
    thread.start()
    try:
        with pytest.raises(AppHung, match="in-a-lock-of-c"):
            threading.Event().wait()
    finally:
        lock.release()
        thread.join()


@pytest.mark.parametrize("before", [gc.enable, gc.disable])
def test_frames_are_read_without_a_collection(monkeypatch, before):
    """One in the middle may wait for ever before Python 3.12; whoever has turned the collector off finds it so."""
    real, during = sys._current_frames, []
    monkeypatch.setattr(sys, "_current_frames", lambda: during.append(gc.isenabled()) or real())
    before()
    try:
        enabled = gc.isenabled()
        assert threading.get_ident() not in frames.others()
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
    assert during == [False]


def test_looking_at_threads_keeps_nothing_that_they_work_on():
    """What a thread held goes when the thread does, and waits for no collection."""
    at_work, may_end, held = threading.Event(), threading.Event(), []

    def work():
        mine = {1}
        held.append(weakref.ref(mine))
        at_work.set()
        may_end.wait()

    thread = threading.Thread(target=work)
    gc.disable()
    try:
        thread.start()
        at_work.wait()
        with inject(clock="real"):
            assert not work_owner.still_done(active())
        _hung.describe([], [thread.ident])
        may_end.set()
        thread.join()
        assert held[0]() is None
    finally:
        may_end.set()
        gc.enable()
