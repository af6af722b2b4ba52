"""The GitHub action and what docs/ci.md shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from pytest_llmchaos.gate import verdict as gate
from pytest_llmchaos.gate.outcome import RECORD_OUTCOMES

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/ci.md").read_text("utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


def test_the_documents_tell_what_is_so():
    """Exit codes, standings and the action's inputs are those of the code."""
    codes = dict(re.findall(r"^\| (\d+) \| ([A-Z]+) \|", DOCS, re.MULTILINE))
    assert {verdict: int(code) for code, verdict in codes.items()} == dict(gate.EXIT_CODES)
    table = DOCS[DOCS.index("| standing |") : DOCS.index("## GitHub")]
    assert set(re.findall(r"^\| ([a-z ]+) \|", table, re.MULTILINE)) - {"standing"} == set(RECORD_OUTCOMES)
    inputs = DOCS[DOCS.index("| input |") : DOCS.index("The output `exit-code`")]
    told = {
        name
        for line in inputs.splitlines()
        for name in re.findall(r"`([a-z-]+)`", line.split("|")[1:2][0] if "|" in line else "")
    }
    assert told == set(ACTION["inputs"])


def test_the_options_exist(pytester):
    """Those in the documents and those of the action."""
    told = set(re.findall(r"--llmchaos[a-z-]*", DOCS + (ROOT / "action.yml").read_text("utf-8")))
    help_ = pytester.runpytest_inprocess("--help", "-p", "no:asyncio").stdout.str()
    assert all(re.search(rf"{option}\b(?!-)", help_) for option in told)


def test_the_snippets_are_yaml():
    """And each has one job."""
    snippets = re.findall(r"```ya?ml\n(.*?)```", DOCS, re.DOTALL)
    assert [len(yaml.safe_load(each)) for each in snippets] == [1, 1]


def test_the_snippets_name_what_there_is():
    """The inputs given to the action are its own, and the script of GitLab is one command for a shell."""
    github, gitlab = map(yaml.safe_load, re.findall(r"```ya?ml\n(.*?)```", DOCS, re.DOTALL))
    assert set(github["jobs"]["llm-chaos"]["steps"][-1]["with"]) <= set(ACTION["inputs"])
    job = gitlab["llm-chaos"]
    command = shlex.split(job["script"][-1])
    assert command[:3] == ["python", "-m", "pytest"]
    written = [value for option, value in pairwise(command) if option in ("--llmchaos-report", "--llmchaos-journal")]
    assert written == job["artifacts"]["paths"]


def test_the_action_is_one_by_githubs_rules():
    """Each member that GitHub asks for, and a shell for each script."""
    assert ACTION["runs"]["using"] == "composite"
    assert all(ACTION[each] for each in ("name", "description"))
    assert all(each["description"] for each in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))
    assert all("value" in each for each in ACTION["outputs"].values())
    assert all(each.get("required") or "default" in each for each in ACTION["inputs"].values())
    assert all(("run" in each and "shell" in each) or "@" in each.get("uses", "") for each in ACTION["runs"]["steps"])


def test_an_empty_name_uploads_nothing():
    """Neither the whole folder: each path of the artifact depends on its name."""
    *_, upload = ACTION["runs"]["steps"]
    paths = upload["with"]["path"].splitlines()
    assert [re.findall(r"inputs\.(\w+) && ", each) for each in paths] == [["report"], ["journal"]]
    assert "inputs.report != '' || inputs.journal != ''" in upload["if"]


@pytest.mark.skipif(sys.platform == "win32", reason="the action's script is for bash")
def test_the_actions_script(tmp_path):
    """Every input arrives as one argument, whatever is in it, and pytest's exit code is the step's."""
    (step, upload) = ACTION["runs"]["steps"]
    assert "${{" not in step["run"]
    assert all(name in str(step["env"]) + str(upload["with"]) + str(step) for name in ACTION["inputs"])
    fake = tmp_path / "python"
    fake.write_text('#!/bin/sh\nfor each in "$@"; do printf "%s\\n" "$each"; done\nexit 10\n')
    fake.chmod(0o755)
    output = tmp_path / "output"
    env = {
        "PATH": os.environ["PATH"],
        "GITHUB_OUTPUT": str(output),
        "LLMCHAOS_MATRIX": 'tag:outage,$(touch x)"; exit 0',
        "LLMCHAOS_TESTS": "tests/a b.py\n\n-k\nnot slow",
        "LLMCHAOS_PYTHON": str(fake),
        "LLMCHAOS_BASELINE": "",
        "LLMCHAOS_REPORT": "r.html",
        "LLMCHAOS_JOURNAL": "j.jsonl",
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]  # as GitHub calls it
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, output.read_text()) == (10, "exit-code=10\n")
    assert done.stdout.splitlines() == [
        *("-m", "pytest", '--llmchaos-matrix=tag:outage,$(touch x)"; exit 0', "--llmchaos-gate"),
        *("--llmchaos-report=r.html", "--llmchaos-journal=j.jsonl", "tests/a b.py", "-k", "not slow"),
    ]
    assert not (tmp_path / "x").exists()
