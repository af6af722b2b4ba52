"""What is patched, for whom, and that it all comes back."""

from __future__ import annotations

import os
import pickle
import selectors
import subprocess
import sys
import threading
import time
import types

import pytest
import time_machine

from pytest_llmchaos.clock import (
    ClockUnsupported,
    RealClock,
    VirtualClock,
    _aliases,
    _patches,
    internals,
    make_clock,
    realtime,
)


def state():
    """Everything that a virtual clock touches."""
    return [
        *(getattr(time, name) for name in ("sleep", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")),
        threading.Condition.__dict__["wait"],
        threading.Thread.__dict__["join"],
        threading.Thread.__dict__["_delete"],
        *(cls.__dict__.get("select") for cls in internals.SELECTORS),
        sys.modules["_pytest.timing"].time,
        sys.modules["subprocess"].time,
        sys.modules["queue"].time,
        len(time_machine.traveller_stack),
    ]


def test_everything_comes_back():
    """After stop() nothing is patched, and the clocks show the machine's time."""
    before = state()
    clock = VirtualClock()
    clock.start()
    clock.start()
    time.sleep(1000)
    assert state() != before
    clock.stop()
    clock.stop()
    assert state() == before
    assert abs(time.monotonic() - realtime.monotonic()) < 5


def test_clocks_nest():
    """Two clocks share one virtual time; the last to stop restores."""
    before = state()
    outer, inner = VirtualClock(), VirtualClock()
    outer.start()
    inner.start()
    inner.advance(100)
    assert abs(outer.now() - inner.now()) < 5
    outer.stop()
    start = time.monotonic()
    time.sleep(500)
    assert time.monotonic() - start >= 500
    inner.stop()
    assert state() == before


def test_a_failed_start_leaves_nothing(monkeypatch):
    """When this Python lacks something, start() says what and patches nothing."""
    delete = threading.Thread._delete
    before = state()
    monkeypatch.delattr(threading.Thread, "_delete")
    with pytest.raises(ClockUnsupported, match=r"threading\.Thread\._delete.*clock=\"real\""):
        VirtualClock().start()
    threading.Thread._delete = delete
    assert state() == before


def test_names_taken_during_chaos_outlive_it(clock):
    """A function imported while the clock ran is the real one, in effect, afterwards."""
    from time import monotonic, sleep

    clock.stop()
    assert abs(monotonic() - realtime.monotonic()) < 5
    start = realtime.monotonic()
    sleep(0.01)
    assert realtime.monotonic() - start >= 0.009


def test_replacements_pass_for_builtins(clock):
    """A replaced function is no method when a class holds it, and pickles by its name."""

    class Holder:
        timer = time.monotonic

    assert Holder().timer() > 0
    assert pickle.loads(pickle.dumps(time.sleep)) is time.sleep  # noqa: S301 - our own bytes
    assert time.sleep.__name__ == "sleep"


def test_tools_keep_real_time(clock):
    """pytest's own clock and those of the outside world's modules do not move."""
    timing = sys.modules["_pytest.timing"]
    start = timing.time(), timing.perf_counter()
    outside = subprocess._time(), subprocess.time.time()
    time.sleep(5000)
    assert timing.time() - start[0] < 60
    assert timing.perf_counter() - start[1] < 60
    assert subprocess._time() - outside[0] < 60
    assert subprocess.time.time() - outside[1] < 60


def module(name, **names):
    """Make a module of that name with those names in it."""
    made = types.ModuleType(name)
    vars(made).update(names)
    return made


def test_aliases_follow_and_return(monkeypatch):
    """Names are found in new modules at each start, replaced, and put back; the app's own changes win."""
    old = object()
    table = {id(old): (old, "virtual")}
    aliases = _aliases.Aliases(lambda name: table)
    one = module("clock_alias_one", nap=old, other=1)
    monkeypatch.setitem(sys.modules, "clock_alias_one", one)
    aliases.replace()
    assert one.nap == "virtual"
    aliases.restore()
    assert one.nap is old
    two = module("clock_alias_two", rest=old)
    monkeypatch.setitem(sys.modules, "clock_alias_two", two)
    aliases.replace()
    assert (one.nap, two.rest) == ("virtual", "virtual")
    two.rest = "patched by a test"
    aliases.restore()
    assert (one.nap, two.rest) == (old, "patched by a test")
    monkeypatch.delitem(sys.modules, "clock_alias_one")
    aliases.replace()
    assert one.nap is old
    aliases.restore()


def test_a_reimported_module_is_searched_again(monkeypatch):
    """A new module under an old name is a new module."""
    old = object()
    table = {id(old): (old, "virtual")}
    aliases = _aliases.Aliases(lambda name: table)
    for _ in range(2):
        fresh = module("clock_alias_again", nap=old)
        monkeypatch.setitem(sys.modules, "clock_alias_again", fresh)
        aliases.replace()
        assert fresh.nap == "virtual"
        aliases.restore()


def test_a_module_in_the_place_of_another_is_searched(monkeypatch):
    """A stand-in under an old name is neither one more nor the last, but refers to what is replaced."""
    clock = VirtualClock()
    for number in range(3):
        fresh = module("clock_alias_stand_in", nap=time.sleep)
        monkeypatch.setitem(sys.modules, "clock_alias_stand_in", fresh)
        monkeypatch.setitem(sys.modules, "clock_alias_last", sys)
        clock.start()
        followed = fresh.nap is time.sleep
        clock.stop()
        assert followed, number
        assert fresh.nap is realtime.sleep


def test_a_travel_of_the_tests_own_moves_along(clock):
    """time_machine.travel inside virtual time keeps its date and moves with the waits; frozen ones stand
    still."""
    with time_machine.travel(1_000_000_000, tick=True):
        time.sleep(100)
        assert 1_000_000_099 <= time.time() < 1_000_000_160
    with time_machine.travel(1_000_000_000, tick=False):
        time.sleep(100)
        assert time.time() == 1_000_000_000
    assert time.time() > 1_700_000_000


def test_stop_leaves_a_travel_that_is_still_open():
    """A travel that the test ends after the clock keeps going until then."""
    around = list(time_machine.traveller_stack)
    clock = VirtualClock()
    clock.start()
    travel = time_machine.travel(1_000_000_000, tick=True)
    travel.start()
    clock.stop()
    assert 1_000_000_000 <= time.time() < 1_000_000_060
    travel.stop()
    assert time.time() > 1_700_000_000
    assert time_machine.traveller_stack == around


def test_make_clock():
    """make_clock knows two names and shows the one it does not know."""
    assert make_clock("virtual").name == "virtual"
    assert make_clock("real").name == "real"
    with pytest.raises(ValueError, match="'warped'"):
        make_clock("warped")


def test_the_real_clock_patches_nothing():
    """A real clock leaves everything as it is, and says that it cannot be advanced."""
    before = state()
    clock = RealClock()
    clock.start()
    assert state() == before
    clock.sleep(0.001)
    clock.sleep(-1)
    assert abs(clock.wall() - time.time()) < 5
    assert abs(clock.now() - time.monotonic()) < 5
    with pytest.raises(NotImplementedError, match="virtual"):
        clock.advance(1)
    clock.stop()


def test_an_unstarted_virtual_clock_sleeps_for_real():
    """Before start() the virtual clock is a real one."""
    clock = VirtualClock()
    start = realtime.monotonic()
    clock.sleep(0.01)
    assert realtime.monotonic() - start >= 0.009
    assert abs(clock.wall() - time.time()) < 5


def test_import_costs_nothing():
    """Importing the package loads neither asyncio nor time_machine."""
    code = (
        "import sys; before = set(sys.modules); import pytest_llmchaos.clock; new = set(sys.modules) - before; "
        "print([m for m in ('asyncio', 'time_machine', 'pytest_llmchaos.clock._engine') if m in new])"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_lives_in_real_time(clock):
    """The child of a fork has none of the threads that virtual time needs: it gets real time back."""
    time.sleep(10_000)
    child = os.fork()
    if child == 0:
        good = time.sleep is realtime.sleep and abs(time.monotonic() - realtime.monotonic()) < 5
        os._exit(0 if good and selectors.DefaultSelector().select(0) == [] else 1)
    assert os.waitpid(child, 0)[1] == 0
    start = time.monotonic()
    time.sleep(100)
    assert time.monotonic() - start >= 100


def test_start_and_stop_are_cheap(monkeypatch):
    """After the first, neither modules nor copies are searched again."""
    clock = VirtualClock()
    clock.start()
    clock.stop()
    searched: list[object] = []
    monkeypatch.setattr(_patches._aliases, "_look_at_new_modules", lambda: searched.append("modules"))
    monkeypatch.setattr(_patches._copies, "_find", lambda functions: searched.append(functions) or [])
    for _ in range(20):
        clock.start()
        clock.stop()
    assert searched == []
