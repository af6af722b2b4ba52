"""What runs before a change lands: `.ci/run` fails when a part of it fails, and GitHub runs all of its stages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
RUN = ROOT / ".ci" / "run"
WORKFLOWS = ROOT / ".github" / "workflows"
BASH, GIT = shutil.which("bash"), shutil.which("git")

pytestmark = [
    pytest.mark.skipif(not RUN.exists(), reason="a source distribution has neither .ci nor .github"),
    pytest.mark.skipif(BASH is None, reason="no bash on this machine"),
]

# Every command that a stage calls: it writes down what it was called with, and fails where FAILING says so.
STUB = r"""#!/usr/bin/env bash
said="$(basename "$0") $*"
echo "$said" >>"$LOG"
case $said in *"$FAILING"*) echo "fails: $said" >&2; exit 1 ;; esac
case $said in
  "python"*" -m venv "*)
    mkdir -p "$3/bin"
    for each in python pip pytest ruff mypy nox lint-imports llmchaos; do cp "$0" "$3/bin/$each"; done
    echo "PATH=$3/bin:\$PATH" >"$3/bin/activate"
    ;;
  "python -m build"*) mkdir "$6" && touch "$6/a.whl" ;;
  # The first stage of one lane goes on until that of the other has begun, and much longer.
  "pytest ") if [ -n "$SLOW" ]; then echo here >"$SLOW"; sleep 20; echo outlived >&"$LEFT"; fi ;;
  "nox "*) if [ -n "$SLOW" ]; then read -r _ <"$SLOW"; exit 1; fi ;;
esac
"""


def listed():
    """What `.ci/run --list` prints, in words."""
    out = subprocess.run([BASH, RUN, "--list"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return [line.split() for line in out.splitlines()]


@pytest.fixture
def call(tmp_path):
    """Run a copy of `.ci/run` in a small repository; every command but bash's own and git is a stub."""
    if GIT is None:
        pytest.skip("no git on this machine")
    clone, stubs = tmp_path / "clone", tmp_path / "stubs"
    (clone / ".ci").mkdir(parents=True)
    stubs.mkdir()
    shutil.copy(RUN, clone / ".ci")
    for name in ("README.md", "CONTRIBUTING.md", "pyproject.toml"):
        shutil.copy(ROOT / name, clone)
    for name in ("python3.11", "python3.12", "python3.13", "chromium"):
        (stubs / name).write_text(STUB)
        (stubs / name).chmod(0o755)
    log = tmp_path / "log"
    env = {
        "PATH": f"{stubs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "LOG": str(log),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    me = ("-c", "user.name=a", "-c", "user.email=a@b.invalid")
    for each in (("init", "-q"), ("add", "."), (*me, "commit", "-q", "-m", "all")):
        subprocess.run([GIT, *each], cwd=clone, env=env, check=True)  # noqa: S603

    def call(*stages, failing="nothing at all", slow=""):
        log.write_text("")
        left, theirs = os.pipe()
        try:
            done = subprocess.run(  # noqa: S603
                [BASH, ".ci/run", *stages],
                cwd=clone,
                env={**env, "FAILING": failing, "SLOW": slow, "LEFT": str(theirs)},
                pass_fds=[theirs],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        finally:
            os.close(theirs)
        with open(left) as left:
            assert left.read() == ""  # at its end when the last process is gone that had the pipe
        return done, log.read_text().splitlines()

    return call


def test_the_jobs_are_the_stages():
    """One list is in `.ci/run`, the other in the workflow; YAML 1.1 reads the key `on` as true."""
    ci = yaml.safe_load((WORKFLOWS / "ci.yml").read_text())
    lines = listed()
    assert ci["jobs"]["stage"]["strategy"]["matrix"]["stage"] == [stage for stage, *_ in lines]
    assert all(told for _, *told in lines)
    assert set(ci[True]) == {"push", "pull_request"}
    assert ci["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in ci["jobs"].values())


def test_only_the_job_that_publishes_can_publish():
    """PyPI trusts the workflow; there is no token that could leak, and nothing else is allowed to the job."""
    text = (WORKFLOWS / "publish.yml").read_text()
    publish = yaml.safe_load(text)
    assert "secrets" not in text
    assert "password" not in text
    assert "token" not in re.sub(r"id-token: write|#.*", "", text)
    assert set(publish[True]) == {"release"}
    assert publish["permissions"] == {"contents": "read"}
    jobs = publish["jobs"]
    assert {name: job.get("permissions") for name, job in jobs.items()} == {
        "build": None,
        "publish": {"id-token": "write"},
    }
    assert jobs["publish"]["environment"]["name"] == "pypi"
    assert jobs["publish"]["needs"] == "build"
    assert not any("run" in step for step in jobs["publish"]["steps"])


@pytest.mark.parametrize(("tag", "code"), [("v{}", 0), ("{}", 0), ("v{}.1", 1), ("v", 1), ("", 1), ("$(touch x)", 1)])
def test_a_release_is_of_the_version_that_it_says(tag, code, tmp_path):
    """The step that compares them, run as GitHub runs it."""
    steps = yaml.safe_load((WORKFLOWS / "publish.yml").read_text())["jobs"]["build"]["steps"]
    (step,) = [each for each in steps if "TAG" in each.get("env", {})]
    assert step["env"]["TAG"] == "${{ github.event.release.tag_name }}"
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    done = subprocess.run(  # noqa: S603
        [BASH, "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "TAG": tag.format("1.2.3")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert not (tmp_path / "x").exists()
    if code:
        assert "version 1.2.3" in done.stdout
        assert tag.format("1.2.3") in done.stdout


def test_an_unknown_stage_is_told_before_anything_runs():
    """With the names that there are."""
    done = subprocess.run([BASH, RUN, "wheel", "lnit"], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (2, "")
    assert "unknown stage 'lnit'" in done.stderr
    assert all(stage in done.stderr for stage, *_ in listed())


def test_without_a_name_all_stages_run(call):
    """What is beside the rest is told at the end."""
    done, log = call()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("=== all passed\n")
    ran = "\n".join(log)
    for each in (
        "llmchaos demo",
        "pytest \n",
        "nox --envdir",
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "llmchaos validate scenarios",
        "tests/test_mutations.py tests/intercept/test_interrupts.py",
        "tests/providers tests/sdk tests/checks tests/intercept/passthrough tests/intercept/test_grpc.py",
        "python -m build --quiet --wheel",
        "python -m pytest_llmchaos --version",
    ):
        assert each in ran
    assert ran.count("-m venv") == 7
    contracts = "[tool.importlinter]" in (ROOT / "pyproject.toml").read_text()
    assert ("lint-imports" in ran) == contracts
    assert re.findall(r"=== Python (.*)", done.stdout) == ["3.13", "3.12"]


def test_named_stages_run_alone_and_share_what_they_need(call):
    """In the order of the list, whatever the order of the names; each once."""
    done, log = call("wheel", "lint", "lint")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [each.split("/")[-1] for each in log if "-m venv" in each] == ["sdks", "wheel"]
    assert log.count("mypy ") == 1
    assert not any(each.startswith(("pytest", "nox")) for each in log)
    done, log = call("wheel")
    assert [each.split("/")[-1] for each in log if "-m venv" in each] == ["build", "wheel"]


@pytest.mark.parametrize(
    ("stage", "failing"),
    [
        ("readme-demo", "llmchaos demo"),
        ("readme-demo", "pip install -e .[demo]"),
        ("readme-tests", "pytest "),
        ("python-3.13", "pytest -q -n 2"),
        ("python-3.13", "pip install --quiet -e .[test]"),
        ("environments", "nox --envdir"),
        ("lint", "ruff check ."),
        ("lint", "ruff format"),
        ("lint", "mypy"),
        ("lint", "llmchaos validate"),
        ("lint", "pip check"),
        ("mutations", "tests/test_mutations.py"),
        ("sdks", "tests/providers"),
        ("wheel", "-m build"),
        ("wheel", "llmchaos demo"),
        ("wheel", "pytest_llmchaos --version"),
    ],
)
def test_a_stage_fails_with_what_it_calls(call, stage, failing):
    """And nothing of it runs after that."""
    done, log = call(stage, failing=failing)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "passed" not in done.stdout
    assert failing in log[-1]


def test_a_python_that_is_missing_fails_its_stage_only_where_that_is_named(call):
    """A machine need not have all of them; who asks for one wants no green without it."""
    done, log = call(failing="python3.12 -c")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "=== Python 3.12: not on this machine, skipped" in done.stdout
    done, log = call("python-3.12", failing="python3.12 -c")
    assert done.returncode == 1
    assert "Python 3.12: not on this machine" in done.stderr
    assert not any("pytest" in each for each in log)


@pytest.mark.parametrize("failing", ["pytest ", "pytest -q -n 2 tests/clock", "pip install --quiet -e .[test]"])
def test_what_fails_beside_the_rest_fails_all(call, failing):
    """With all that it said."""
    done, log = call("readme-tests", "python-3.12", "wheel", failing=failing)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "passed" not in done.stdout
    assert re.search(rf"fails: .*{re.escape(failing)}", done.stdout)
    assert "python -m pytest_llmchaos --version" in log


def test_what_runs_beside_a_failure_is_ended(call, tmp_path):
    """At once, with the processes that it has started: `call` waits for their end and hears of those that went on."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done, log = call("readme-tests", "environments", "lint", slow=str(pipe))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "pytest " in log
    assert "mypy " not in log
