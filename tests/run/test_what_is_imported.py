"""What a test pays for before its first answer: nothing is imported that it does not need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
import httpx2
import httpcore2._backends.sync
before = set(sys.modules)  # what the library brings is its own affair
from pytest_llmchaos import faults, inject

with inject(faults.latency("1s", target="openai")):
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}]}
    answer = httpx2.post("https://api.openai.com/v1/chat/completions", json=body)
words = answer.json()["choices"][0]["message"]["content"].split()
print(json.dumps([len(words) > 9, sorted(set(sys.modules) - before)]))
"""
HEAVY = {"faker", "hypothesis", "respx", "yaml", "click", "aiohttp", "requests", "urllib3", "openai", "anthropic"}

# Ends as an empty suite does, once pytest has said all that it has to say.
SUITE = """
import json, sys
import pytest

code = pytest.main(["-q", "-p", "no:cacheprovider", sys.argv[1]])
print(json.dumps([int(code), sorted(name for name in sys.modules if name.partition(".")[0] == "pytest_llmchaos")]))
"""
HOOKS = [
    "pytest_llmchaos",
    "pytest_llmchaos.core",
    "pytest_llmchaos.core.errors",
    "pytest_llmchaos.plugin",
    "pytest_llmchaos.pytest_plugin",
    "pytest_llmchaos.pytest_plugin.marks",
    "pytest_llmchaos.pytest_plugin.session_end",
    "pytest_llmchaos.pytest_plugin.session_results",
    "pytest_llmchaos.pytest_plugin.unread_marks",
]

MARKED = """
import sys

import httpx2
import pytest

from pytest_llmchaos import faults, llmchaos

@pytest.fixture(scope="module")
def wide():
    return 1

@llmchaos(faults.latency("1s", target="openai"))
def test_it(wide):
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}]}
    httpx2.post("https://api.openai.com/v1/chat/completions", json=body)
    assert HEAVY & set(sys.modules) == set()
"""


def said(program, *args):
    """Return what a program of its own says in its last line."""
    command = [sys.executable, "-c", program, *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def of_a_plain_fault():
    """What a call under one fault imports."""
    answered, modules = said(PROGRAM)
    assert answered
    return modules


def test_a_plain_fault_needs_neither_faker_nor_yaml(of_a_plain_fault):
    """Healthy text is made of a list of words of our own."""
    assert {each.partition(".")[0] for each in of_a_plain_fault} & HEAVY == set()


def test_of_faults_and_libraries_only_those_in_use_are_read(of_a_plain_fault):
    """Of some forty files each, a run reads those of its fault and of what the app has imported."""
    public = {}
    for each in of_a_plain_fault:
        room, _, name = each.removeprefix("pytest_llmchaos.").rpartition(".")
        if name and not name.startswith("_"):
            public.setdefault(room, []).append(name)
    assert public["faults"] == ["latency"]
    read = set(public["intercept.stacks"])
    assert "httpx2" in read
    assert read & {"aiohttp", "grpc", "pycurl", "requests", "requests_mock", "responses", "urllib3", "vcr"} == set()


def test_a_suite_without_chaos_imports_the_hooks_alone(tmp_path):
    """Nothing that a run needs, no record and no report."""
    (tmp_path / "test_nothing.py").write_text("def test_it():\n    pass\n")
    assert said(SUITE, str(tmp_path)) == [0, HOOKS]


def test_a_marked_test_needs_nothing_heavy_either(tmp_path, monkeypatch):
    """A fixture of wider scope has a run of its own, in real time; nobody asks it for documents."""
    (tmp_path / "test_marked.py").write_text(f"HEAVY = {HEAVY}\n{MARKED}")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "llmchaos"]
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others bring what they like
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout
