"""A provider, a check, a fault and a form of the report are one file each, put into a copy of the project here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_llmchaos.gate.journal_file import append

from .report import records

pytestmark = pytest.mark.needs_current_sdk
ROOT = Path(__file__).parents[1]

PROVIDER = '''
"""Acme."""

from __future__ import annotations

from ._forms import Form
from ._openai_like import OpenAILike, openai_error

__all__ = ["Acme"]


class Acme(OpenAILike):
    """Acme: `llm.acme.example/v1/chat/completions`."""

    dialect = "acme"
    default_hosts = ("llm.acme.example",)
    status_hosts = ("status.acme.example",)
    forms = {"rate_limit": Form(429, openai_error("Not so fast", "too_fast"))}
'''
PROVIDERS_TEST = """
import httpx2
import pytest

from pytest_llmchaos import UsageProblem, faults, inject


def ask():
    body = {"model": "a-1", "messages": [{"role": "user", "content": "hi"}]}
    return httpx2.post("https://llm.acme.example/v1/chat/completions", json=body)


def test_it_is_recognised_and_answers(llmchaos):
    assert ask().json()["choices"][0]["message"]["content"]
    assert llmchaos.calls[0].label == "acme/a-1:chat"


@pytest.mark.llmchaos(faults.rate_limit(target="acme"))
def test_it_fails_in_its_own_words(llmchaos):
    assert (ask().status_code, ask().json()["error"]["message"]) == (429, "Not so fast")


@pytest.mark.llmchaos("busy.yaml")
def test_it_fails_by_a_scenario_file(llmchaos):
    assert ask().status_code == 429


def test_a_near_miss_is_told():
    with pytest.raises(UsageProblem, match="did you mean 'acme'"), inject(faults.outage(target="acm")):
        pass
"""

CHECK = '''
"""No call takes long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import param
from ..core.units import duration
from ._base import Check
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Journal

__all__ = ["ShortCalls"]


@dataclass(frozen=True)
class ShortCalls(Check):
    """No call takes longer than this.

    Args:
        within: a duration.
    """

    name = "short_calls"

    within: float = param(duration)

    def judge(self, journal: Journal) -> Verdict:
        """Judge the calls that came to their end."""
        over = [each for each in journal.exchanges if each.ended is not None]
        long = [each for each in over if each.ended - each.started > self.within]
        if long:
            return self.verdict("violated", "a call took too long", long)
        return self.verdict("held", "each was short", over) if over else self.verdict("inconclusive", "no call ended")
'''
CHECKS_TEST = """
import httpx2
import pytest

from pytest_llmchaos import ChaosFailed, UsageProblem, faults, inject

slow = faults.latency("20s", target="openai")


def ask():
    httpx2.post("https://api.openai.com/v1/chat/completions", json={"model": "m", "messages": []}, timeout=None)


def test_it_is_expected():
    with inject(slow) as chaos:
        ask()
        chaos.expect.short_calls(within="1m")
        assert chaos.judge("short_calls", within="5s").outcome == "violated"


def test_what_it_expects_fails_a_run():
    with pytest.raises(ChaosFailed, match="a call took too long"), inject(slow) as chaos:
        ask()
        chaos.expect.short_calls(within="5s")


@pytest.mark.llmchaos("slow.yaml")
@pytest.mark.xfail(strict=True)
def test_it_is_named_by_a_scenario_file(llmchaos):
    ask()


@pytest.mark.llmchaos("slow.yaml", checks=["short_calls"])
@pytest.mark.xfail(strict=True)
def test_it_is_named_by_a_test(llmchaos):
    ask()


@pytest.mark.llmchaos("slow.yaml", checks=[])
def test_it_is_left_out_by_a_test(llmchaos):
    ask()


def test_a_near_miss_is_told():
    with inject() as chaos, pytest.raises(UsageProblem, match="did you mean 'short_calls'"):
        ask()
        chaos.judge("short_cals", within="5s")
"""

FORM = '''
"""The report as one word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ._base import ReportForm

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = ["OneWord"]


class OneWord(ReportForm):
    """How many tests there were."""

    option = "one-word"
    help = "Write how many tests there were."

    def render(self, records: Sequence[Record]) -> str:
        """Return the number."""
        return str(len(records))
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a copy of this project with one new file of each kind, and the tests and scenario files that use it."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("docs", "examples", "scenarios", "src", "tests", "tools"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "CONTRIBUTING.md", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    (fault,) = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL)
    package = Path("src", "pytest_llmchaos")
    files = {
        package / "providers" / "acme.py": PROVIDER,
        package / "checks" / "short_calls.py": CHECK,
        package / "faults" / "shouting.py": fault,
        package / "report" / "one_word.py": FORM,
        "test_acme.py": PROVIDERS_TEST,
        "test_short_calls.py": CHECKS_TEST,
        "busy.yaml": "name: busy\ninject:\n  - {fault: rate_limit, target: acme}\n",
        "slow.yaml": "name: slow\ninject:\n  - {fault: latency, delay: 20s}\nexpect:\n  - short_calls: {within: 5s}\n",
        "loud.yaml": "name: loud\ninject:\n  - {fault: shouting, target: openai}\n",
    }
    for name, text in files.items():
        (copy / name).write_text(text.lstrip(), "utf-8")
    return copy


def python(project, *arguments, **more):
    """Run Python with the copy's package and return what it prints."""
    env = {**os.environ, "PYTHONPATH": str(project / "src"), **more}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def llmchaos(project, *arguments, **more):
    """Run the command of the copy's package."""
    return python(project, "-m", "pytest_llmchaos", *arguments, **more)


@pytest.fixture(scope="module")
def passed(project):
    """Run the tests of the new files, and those of all providers and checks as far as they take the new ones.

    Return a function that counts the tests of some files that passed; xfailed ones count too.
    """
    python(project, "tools/provider_docs.py")
    of_providers = ("test_acme.py", "tests/providers/test_openai_like.py", "tests/test_docs.py")
    of_checks = ("test_short_calls.py", "tests/checks/test_all_checks.py")
    chosen = "(acme or complete or providers_page) and not test_all_checks or short_calls or known or any_journal"
    options = ("-v", "-p", "no:cacheprovider", "-p", "no:randomly", "-k", chosen)
    told = python(project, "-m", "pytest", *options, *of_providers, *of_checks)

    def count(*files):
        return sum(len(re.findall(rf"^{file}::.* (?:PASSED|XFAIL)\b", told, re.MULTILINE)) for file in files)

    return lambda: (count(*of_providers), count(*of_checks))


def test_a_provider(project, passed):
    """It answers, fails, completes, is hinted at and has its section of the page; the tests of all such take it too."""
    asked = {"_LLMCHAOS_COMPLETE": "bash_complete", "COMP_WORDS": "llmchaos list --provider ac", "COMP_CWORD": "3"}
    assert llmchaos(project, **asked) == "plain,acme\n"
    assert passed()[0] > 20
    page = (project / "docs" / "providers.md").read_text("utf-8")
    assert "\n## acme\n\nAcme: `llm.acme.example/v1/chat/completions`.\n" in page
    assert "| `rate_limit()` | 429 | `type: too_fast` | Not so fast |" in page


def test_a_check(passed):
    """It is expected, named in tests and files, and hinted at; the tests of all checks take it too."""
    assert passed()[1] == 9


def test_a_fault(project):
    """The one of CONTRIBUTING.md is known in Python."""
    told = "from pytest_llmchaos import faults; print(faults.shouting(target='openai'))"
    assert python(project, "-c", told) == "shouting -> openai\n"


def test_files_and_schema_know_them(project):
    """The provider, the check and the fault."""
    llmchaos(project, "validate", "busy.yaml", "slow.yaml", "loud.yaml")
    told = llmchaos(project, "schema")
    assert '"short_calls"' in told
    assert '"shouting"' in told


def test_a_form_of_the_report(project):
    """`llmchaos report` has its option, tells what it is for and writes it."""
    append(project / "run.jsonl", records.fallback())
    assert re.search(r"--one-word FILE +Write how many tests there were\.", llmchaos(project, "report", "--help"))
    said = llmchaos(project, "report", "run.jsonl", "--one-word", "out/word.txt", "--html", "out/page.html")
    assert said == "wrote out/page.html\nwrote out/word.txt\n"
    assert (project / "out" / "word.txt").read_text("utf-8") == "1"
