"""What a run costs beside its calls, in lines of code and not in time: what the last run found is not found anew."""

from __future__ import annotations

import httpx2
from tests.run.test_growth import counted

from pytest_llmchaos import faults, inject

BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}]}


def a_run(what):
    """Return how many lines a run is beside its call, after others."""
    with httpx2.Client() as client:

        def whole():
            with inject(what, checks=[]):
                client.post("https://api.openai.com/v1/chat/completions", json=BODY)

        for _ in range(3):
            whole()
        with inject(what, checks=[], clock="real"):
            call = counted(lambda: client.post("https://api.openai.com/v1/chat/completions", json=BODY))
        return counted(whole) - call


def test_a_scenario_of_the_library_costs_little_more_than_a_fault():
    """Its file is found and read again, but the rest of the library is not gone through."""
    assert a_run("openai-outage") < a_run(faults.outage()) * 1.25


def test_variables_of_the_environment_cost_nothing(monkeypatch):
    """They are gone through when one has changed."""
    before = a_run(faults.outage())
    for number in range(200):
        monkeypatch.setenv(f"SOME_VARIABLE_{number}", "x")
    assert a_run(faults.outage()) < before * 1.1
