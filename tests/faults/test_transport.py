"""The faults below HTTP: no answer at all."""

from __future__ import annotations

import math

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.core.call import Timeouts
from pytest_llmchaos.core.plan import Fail, Raise, Sleep, Wait, play

from .fakes import applied, call, draw, healthy

SDK = Timeouts(pool=600, connect=5, write=600, read=600)  # openai's and anthropic's defaults
NONE = Timeouts()


def played(injection, timeouts):
    """What a client with these limits meets."""
    return list(play(injection.fault.apply(healthy(), call(), draw()), timeouts))


@pytest.mark.parametrize("name", ["connection_refused", "dns_failure", "connection_reset", "certificate_expired"])
@pytest.mark.parametrize("timeouts", [SDK, NONE], ids=["limits", "no limit"])
def test_a_failed_connection_fails_at_once(name, timeouts):
    """Nothing is waited for, and no byte of an answer comes."""
    assert played(faults.find(name)(), timeouts) == [Raise(name)]


def test_a_connect_timeout_is_the_clients_own():
    """The SDK's limit decides when the handshake is given up."""
    assert played(faults.connect_timeout(), SDK) == [Sleep(5), Raise("connect_timeout")]


def test_a_connect_timeout_without_a_limit_is_the_kernels():
    """Linux gives up after 127 s."""
    assert played(faults.connect_timeout(), NONE) == [Sleep(127), Raise("connect_timeout")]
    assert sum(2**n for n in range(7)) == 127


def test_no_response_ends_in_the_read_timeout():
    """Only the client's patience ends it."""
    assert played(faults.no_response(), SDK) == [Sleep(600), Raise("read_timeout")]


def test_no_response_without_a_limit_is_waited_for_for_ever():
    """A client without a read timeout hangs."""
    assert played(faults.no_response(), NONE)[0] == Sleep(math.inf)


def test_a_reset_after_a_slow_start():
    """Latency comes before an answer; where none comes, there is nothing to delay."""
    plan = faults.latency("3s").fault.apply(healthy(), call(), draw())
    assert applied(faults.connection_reset(), plan) == [Fail("connection_reset")]


def test_a_slow_error_is_slow():
    """The wait that latency put before the answer stays when a later fault replaces the answer."""
    plan = faults.latency("3s").fault.apply(healthy(), call(), draw())
    wait, head, *_ = applied(faults.outage(), plan)
    assert (wait, head.status) == (Wait(3), 599)


def test_the_last_answer_wins():
    """Of two faults that replace the answer the later one is seen."""
    plan = faults.outage().fault.apply(healthy(), call(), draw())
    assert applied(faults.dns_failure(), plan) == [Fail("dns_failure")]
    plan = faults.dns_failure().fault.apply(healthy(), call(), draw())
    assert applied(faults.overloaded(), plan)[0].status == 599
