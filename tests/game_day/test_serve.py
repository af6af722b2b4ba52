"""`llmchaos serve` as people run it: a process, steered from another, ended in several ways."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytest_llmchaos.cli import cli
from pytest_llmchaos.gate.journal_file import read


@contextmanager
def running(folder: Path, *args: str):
    """Start it in a folder; give the process and its address once it listens."""
    command = [sys.executable, "-m", "pytest_llmchaos", "serve", "--listen", "127.0.0.1:0", *args]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603
    try:
        first = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", first)
        assert found, first + process.stdout.read()
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


def llmchaos(folder: Path, *args: str):
    """Run another command in the same folder."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        return CliRunner().invoke(cli, args)
    finally:
        os.chdir(before)


def ask(url: str, path: str = "/openai/v1/chat/completions") -> int:
    """Ask once, as an app does; return the status."""
    body = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}).encode()
    request = urllib.request.Request(url + path, body, {"content-type": "application/json"})  # noqa: S310
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as problem:
        return problem.code


def test_a_drill_from_start_to_report(tmp_path):
    """Started here, steered from elsewhere, ended by `llmchaos stop`."""
    with running(tmp_path, "--journal", "j.jsonl", "--html", "r.html") as (process, url):
        assert ask(url) == 200
        injected = llmchaos(tmp_path, "inject", "outage -> openai")
        assert injected.exit_code == 0, injected.output
        assert "goes wrong: outage -> openai" in injected.output
        assert ask(url) == 503
        assert llmchaos(tmp_path, "clear").exit_code == 0
        assert ask(url) == 200
        told = json.loads(llmchaos(tmp_path, "status", "--json").output)
        assert (told["calls"], told["struck"], told["injected"]) == (3, 1, [])
        assert stat.S_IMODE((tmp_path / ".llmchaos" / "serve.json").stat().st_mode) == 0o600
        stopped = llmchaos(tmp_path, "stop")
        assert stopped.exit_code == 0, stopped.output
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 11, output
    assert "nothing was expected" in output
    assert not (tmp_path / ".llmchaos" / "serve.json").exists()
    [record] = read([tmp_path / "j.jsonl"])
    assert (record.test, record.faults, record.struck) == ("llmchaos serve", ["outage -> openai"], True)
    assert "<html" in (tmp_path / "r.html").read_text("utf-8")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(tmp_path, number):
    """What the scenario expects is judged: nobody fell back on another provider."""
    with running(tmp_path, "openai-outage") as (process, url):
        llmchaos(tmp_path, "phase", "collapse")
        assert ask(url) in (502, 503)
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    assert process.returncode in (10, 11), output
    assert "openai-outage" in output
    assert "Traceback" not in output


def test_a_scenario_that_met_no_call_is_no_pass(tmp_path):
    """Nor is it a failure: nothing can be said."""
    with running(tmp_path, "openai-outage") as (process, _):
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 11, output
    assert "no call came to the proxy" in output


def test_what_met_no_call_proves_nothing(tmp_path):
    """Though another fault has struck."""
    with running(tmp_path) as (process, url):
        llmchaos(tmp_path, "inject", "outage -> openai", "outage -> mistral")
        assert ask(url) == 503
        llmchaos(tmp_path, "stop")
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 11, output
    assert "outage -> mistral: the target does not match (1 call)" in output


EXPECTS = """
name: expects
phases:
  - name: slow
    lasts: 1h
    inject: [{fault: outage, target: openai, calls: 1}]
  - name: back
    inject: []
expect:
  - failed_over: {from: openai, within: 10s}
"""


def test_what_is_expected_is_judged_by_the_time_that_passed(tmp_path):
    """A phase that is gone to lets none pass, though another one was to last an hour."""
    (tmp_path / "expects.yaml").write_text(EXPECTS)
    with running(tmp_path, "./expects.yaml", "--journal", "j.jsonl") as (process, url):
        assert ask(url) == 503
        assert ask(url, "/mistral/v1/chat/completions") == 200
        assert llmchaos(tmp_path, "phase", "back").exit_code == 0
        assert ask(url) == 200
        process.send_signal(signal.SIGHUP)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    [record] = read([tmp_path / "j.jsonl"])
    assert record.virtual < 600
    assert llmchaos(tmp_path, "gate", "j.jsonl").exit_code == 0


def test_a_drill_that_is_killed_is_no_evidence(tmp_path):
    """Its journal says that it did not come to its end."""
    with running(tmp_path, "--journal", "j.jsonl") as (process, _):
        process.kill()
        process.wait(60)
    judged = llmchaos(tmp_path, "gate", "j.jsonl")
    assert judged.exit_code == 12, judged.output


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["serve", "opnai-outage"], "did you mean 'openai-outage'?"),
        (["serve", "--listen", "nowhere"], "no address to listen on"),
        (["serve", "--listen", "127.0.0.1:99999"], "no address to listen on"),
        (["serve", "--journal", "."], "--journal .: Is a directory"),
        (["serve", "--html", "."], "--html .: it cannot be written there"),
        (["serve", "--html", "nowhere/r.html"], "it cannot be written there"),
        (["serve", "--origin", "azure"], "expected PROVIDER=URL"),
        (["serve", "--origin", "azur=http://x"], "did you mean 'azure'?"),
        (["serve", "--origin", "azure=shop"], "expected PROVIDER=URL"),
        (["serve", "--upstream", "reel"], "'reel' is not one of"),
        (["status"], "no proxy runs here"),
        (["status", "--control", "http://127.0.0.1:1", "--token", "x"], "no proxy answers at http://127.0.0.1:1"),
        (["inject"], "Missing argument"),
    ],
)
def test_mistakes_are_told(tmp_path, args, told):
    """Without a traceback."""
    result = llmchaos(tmp_path, *args)
    assert result.exit_code in (1, 2)
    assert told in result.output
    assert "Traceback" not in result.output


def test_a_second_proxy_in_a_folder_is_told(tmp_path):
    """The commands steer the later one."""
    with running(tmp_path) as (_, url), running(tmp_path) as (process, second):
        assert f"note: {url} runs in this folder too" in process.stdout.readline()
        assert llmchaos(tmp_path, "inject", "outage -> openai").exit_code == 0
        assert (ask(url), ask(second)) == (200, 503)


def test_an_address_that_is_taken_is_told(tmp_path):
    """With the address."""
    with running(tmp_path) as (_, url):
        result = llmchaos(tmp_path, "serve", "--listen", url.removeprefix("http://"))
    assert result.exit_code == 2
    assert "cannot listen on 127.0.0.1:" in result.output


def test_what_it_needs_is_told_where_it_is_missing(tmp_path, monkeypatch):
    """With the line that installs it."""
    for name in [each for each in sys.modules if each.startswith("pytest_llmchaos.game_day")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "httptools", None)
    result = llmchaos(tmp_path, "serve")
    assert result.exit_code == 2
    assert "pip install 'pytest-llmchaos[serve]'" in result.output
