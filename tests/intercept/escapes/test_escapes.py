"""Every way to a provider of the table: seen and broken, stopped and told, or documented as unseen."""

from __future__ import annotations

import asyncio
import gc
import inspect
from contextlib import suppress
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.intercept import active_runs
from pytest_llmchaos.providers import Providers
from pytest_llmchaos.run.chaos import Chaos

from .table import WAYS
from .way import Stand, Way

TRIED = [way for way in WAYS if way.go is not None]


def tried(way: Way) -> tuple[Chaos, list[str]]:
    """Go a way while chaos is on, and return the run and what reached the provider's stand-in."""
    stand, left = Stand(), None
    own = {"our-gateway": {"hosts": [stand.host]}}
    chaos = Chaos(loose=[faults.outage()], providers=Providers(own), clock="real")
    try:
        if inspect.isgeneratorfunction(way.go):
            left = way.go(stand)
            next(left)
            stand.asked.clear()
        active_runs.start(chaos)
        try:
            with suppress(Exception):
                found = next(left, None) if left is not None else way.go(stand)
                if inspect.iscoroutine(found):
                    asyncio.run(found)
        finally:
            active_runs.stop(chaos)
    finally:
        if left is not None:
            left.close()
        stand.close()
        gc.collect(1)  # what was left open tells so here, and not in a later test
    return chaos, stand.asked


@pytest.mark.parametrize("way", TRIED, ids=lambda way: f"{way.what}, {way.by}"[:70])
@pytest.mark.filterwarnings("ignore")  # what a call that was stopped leaves open is its library's business
def test_each_way(way):
    """The table says what happens."""
    if way.needs and find_spec(way.needs) is None:
        pytest.skip(f"{way.needs} is not installed")
    chaos, reached = tried(way)
    escapes = [verdict.reason for verdict in chaos.verdicts if verdict.check == "escape"]
    if way.outcome == "broken":
        assert not escapes
        assert not reached
        assert [exchange.faults for exchange in chaos.calls] == [("outage",)]
    elif way.outcome == "stopped":
        assert escapes, f"nothing was told; reached: {reached}"
        assert all("call to" in each for each in escapes)
        assert not reached
    else:
        assert not escapes
        assert reached


def test_the_table_is_large_and_says_why():
    """At least forty ways, and each that is not seen says why."""
    assert len(WAYS) >= 40
    assert {way.outcome for way in WAYS} == {"broken", "stopped", "unseen"}
    assert all(bool(way.why) == (way.outcome == "unseen") for way in WAYS)
    assert all(way.go is not None for way in WAYS if way.outcome != "unseen")


def test_the_page_is_up_to_date():
    """It is written from the table."""
    spec = spec_from_file_location("escapes_docs", Path(__file__).parents[3] / "tools" / "escapes_docs.py")
    tool = module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PAGE.read_text("utf-8") == tool.page(WAYS), f"stale; run {tool.COMMAND}"
