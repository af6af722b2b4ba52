"""Jumps that nobody looked around for: everybody waits, and the idle workers are known to be asleep."""

from __future__ import annotations

import subprocess
import sys


def test_time_jumps_on_the_spot_beside_an_idle_worker():
    """The watcher finds it asleep once; as long as it does not run, nobody has to look again."""
    assert int(_alone(BESIDE_A_WORKER)) < 5


def test_a_worker_that_does_it_all_during_the_look_is_seen():
    """On a busy machine it gets its processor when the asker lets go of the interpreter, and sleeps again after it."""
    came, seconds = _alone(WORKS_DURING_THE_LOOK).split()
    assert (came, float(seconds) < 1) == ("True", True)


def _alone(code: str) -> str:
    # In a process of its own: threads that other tests have left have to be looked at.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr
    return done.stdout


BESIDE_A_WORKER = """
import concurrent.futures
import time
from pytest_llmchaos.clock import VirtualClock, _watch

kicked, kick = [], _watch.Watcher.kick
_watch.Watcher.kick = lambda self: kicked.append(None) or kick(self)
clock = VirtualClock()
clock.start()
with concurrent.futures.ThreadPoolExecutor(1) as pool:
    pool.submit(int).result()
    kicked.clear()
    for _ in range(20):
        time.sleep(20)
    print(len(kicked))
clock.stop()
"""


WORKS_DURING_THE_LOOK = """
import queue
import threading
import time
from pytest_llmchaos.clock import VirtualClock, _all_wait, _quiet, _syscalls, realtime

tasks, came = queue.SimpleQueue(), threading.Event()
worker = threading.Thread(target=lambda: [task() for task in iter(tasks.get, None)])
worker.start()
looks, real = [], _all_wait._is_in_a_lock


def look(tid):
    if looks:
        looks.pop()
        used = _quiet.cpu_times([tid])
        tasks.put(came.set)
        while not (came.is_set() and real(tid) and used != _quiet.cpu_times([tid])):
            realtime.sleep(0.001)
    return real(tid)


_all_wait._is_in_a_lock = look
clock = VirtualClock()
clock.start()
for _ in range(3):  # from the second on its idleness is known, and time jumps on the spot
    time.sleep(1)
looks.append(None)
start = time.monotonic()
print(came.wait(20), time.monotonic() - start)
tasks.put(None)
worker.join()
clock.stop()
"""
