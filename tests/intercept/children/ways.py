"""Ways in which an app starts a Python program; each returns when it has ended."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

# What a child does: nothing imported for long, and never sent anywhere when the guard fails to stop it.
LOOK_UP = "import _socket, socket\n_socket.getaddrinfo = print\nsocket.getaddrinfo('api.openai.com', 443)"


def by_run(code):
    """Inherit the environment."""
    subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL)


def by_run_with_an_environment(code):
    """Give an environment in which nothing of ours is."""
    subprocess.run([sys.executable, "-c", code], env={"PATH": os.defpath}, stderr=subprocess.DEVNULL)


def by_posix_spawn_within_popen(code):
    """Let `Popen` choose its shortest way."""
    subprocess.Popen([sys.executable, "-c", code], close_fds=False, stderr=subprocess.DEVNULL).wait()


def by_a_shell(code):
    """Let a shell start it."""
    subprocess.run(f'true; {sys.executable} -c "$CODE"', shell=True, env={"CODE": code}, stderr=subprocess.DEVNULL)


def by_os_system(code):
    """Let C start the shell."""
    os.system(f'{sys.executable} -c "{code}" 2>/dev/null')


def by_os_posix_spawn(code):
    """Spawn without `subprocess`."""
    quiet = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    os.waitpid(os.posix_spawn(sys.executable, [sys.executable, "-c", code], {}, file_actions=quiet), 0)


def by_os_spawnv(code):
    """Fork and replace the child."""
    os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", f"import os; os.close(2)\n{code}"])


def by_os_spawnve(code):
    """The same, with an environment."""
    os.spawnve(os.P_WAIT, sys.executable, [sys.executable, "-c", f"import os; os.close(2)\n{code}"], {"A": "1"})


def by_asyncio(code):
    """Start it from an event loop."""

    async def go():
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=asyncio.subprocess.DEVNULL)
        await child.wait()

    asyncio.run(go())


def by_uvloop(code):
    """Start it from a loop that does so in C, with an environment."""
    uvloop = pytest.importorskip("uvloop")

    async def go():
        quiet = asyncio.subprocess.DEVNULL
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=quiet, env={"A": "1"})
        await child.wait()

    uvloop.run(go())


def by_a_child_of_its_own(code):
    """Let a child start it, with an environment of its own."""
    inner = (
        f"import os, subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], env=dict(os.environ), stderr=-3)"
    )
    subprocess.run([sys.executable, "-c", inner])


def by_multiprocessing(code, method="spawn"):
    """Start a worker that is a new interpreter."""
    # What a worker does is Python's own: it need not find the module of this test.
    worker = multiprocessing.get_context(method).Process(target=exec, args=(code,))
    worker.start()
    worker.join()


def by_a_fork_server(code):
    """Start a worker from the server of forks."""
    by_multiprocessing(code, "forkserver")


def by_a_pool(code):
    """Start the workers of an executor."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert isinstance(pool.submit(exec, code).exception(), OSError)


WAYS = [value for name, value in list(globals().items()) if name.startswith("by_") and name != "by_"]
