"""The printed command plays the same run again: the same calls are struck, whatever the day and the folder."""

from __future__ import annotations

import re
import shlex
import sys

TEST = """
import datetime, json, uuid
import httpx
from pytest_llmchaos import faults, llmchaos

@llmchaos(faults.outage(rate=0.5), faults.latency("1s", rate=0.3), seed=SEED, allow_unused=True)
def test_it(llmchaos):
    for number in range(12):
        said = f"{datetime.datetime.now()} user-{uuid.uuid4()}: question {number}"
        body = {"model": "gpt-5", "user": uuid.uuid4().hex, "messages": [{"role": "user", "content": said}]}
        httpx.post("https://api.openai.com/v1/chat/completions", json=body)
    print("STRUCK", json.dumps([call.faults for call in llmchaos.calls]))
    llmchaos.expect.failed_over(to="anthropic")
"""


def struck(result):
    """Return which faults struck which calls, as the test printed it."""
    return re.search(r"STRUCK (\[.+\])", result.stdout.str())[1]


def test_the_replay_command_plays_the_same_run(pytester, monkeypatch):
    """It is run as it is printed, from the folder in which the first run began."""
    pytester.makeini("[pytest]\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_llmchaos.plugin")
    folder = pytester.mkdir("deep")
    (folder / "test_it.py").write_text(TEST.replace("seed=SEED, ", ""))
    monkeypatch.chdir(folder)
    first = pytester.run(sys.executable, "-m", "pytest", "--llmchaos-seed=41")
    command = re.search(r"replay: (pytest .+)", first.stdout.str())[1]
    again = pytester.run(sys.executable, "-m", *shlex.split(command))
    assert (first.ret, again.ret) == (1, 1)
    assert struck(again) == struck(first)
    assert '"outage"' in struck(first)
    assert "[]" in struck(first)
