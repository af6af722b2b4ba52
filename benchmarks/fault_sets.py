"""How many sets of faults a processor minute tries on an app: what trying one after the other, by the hundred, costs.

    pip install -e '.[test]' && python benchmarks/fault_sets.py

The app is the help desk of `examples/`, which retries, falls back and gives up in virtual time; once with the clients
that it has, once made anew for each question, as many apps do.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from copy import copy
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from examples.help_desk.desk import HelpDesk
from examples.help_desk.guards import Breaker, Budget
from examples.help_desk.work import Work

from pytest_llmchaos import ChaosFailed, faults, inject
from pytest_llmchaos.faults import Injection

ROUNDS = 8
SETS: tuple[Callable[[], Injection], ...] = (
    lambda: faults.outage(503, target="openai"),
    lambda: faults.connection_refused(target="openai"),
    lambda: faults.auth_revoked(target="openai"),
    lambda: faults.rate_limit(retry_after="30s", target="openai"),
    lambda: faults.malformed(form="html", target="openai"),
    lambda: faults.no_response(target="openai"),
    lambda: faults.latency("20s", target="openai"),
    lambda: faults.outage(500, target="openai", calls=1),
)


def healed(desk: HelpDesk) -> HelpDesk:
    """Return a desk with the clients of another and none of its troubles, or its open breakers would call nobody."""
    anew = copy(desk)
    anew._breakers = {name: Breaker() for name in desk._breakers}
    anew._index, anew._budget = Breaker(), Budget()
    return anew


def play(fault: Injection, desk: HelpDesk) -> None:
    """Ask once; what does not hold costs no less than what does."""
    try:
        with inject(fault, allow_unused=True) as chaos, chaos.request("ask") as request:
            request.result = desk.ask(Work("Where is my order?")).text
    except ChaosFailed:
        pass


def measure(name: str, made: Callable[[], HelpDesk]) -> None:
    """Try all sets some times and print how many a minute takes."""
    for make in SETS:
        play(make(), made())
    began = time.process_time()
    for _ in range(ROUNDS):
        for make in SETS:
            play(make(), made())
    took = (time.process_time() - began) / (ROUNDS * len(SETS))
    print(f"{name:<28}{took * 1000:8.2f} ms a set {60 / took:10,.0f} sets a processor minute")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    measure("clients kept", partial(healed, HelpDesk()))
    measure("clients made for each ask", HelpDesk)
