"""What `llmchaos env` prints for a forward proxy, in each form, and that `--unset` brings back what was."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess

import pytest
import yaml
from click.testing import CliRunner

from pytest_llmchaos.cli import cli
from pytest_llmchaos.core.errors import UsageProblem
from pytest_llmchaos.game_day.exports import FORMS
from pytest_llmchaos.game_day.forward_exports import CA_VARIABLES, PRELOAD, forward_exports
from pytest_llmchaos.game_day.known import known

PROXY = "http://127.0.0.1:8800"
AWKWARD = {"PLAIN": f"{PROXY}/openai/v1", "ODD": "a b'c\"d$HOME $(id) `id` \\n # é {x} *", "EMPTY": ""}
SHELLS = [each for each in ("sh", "bash", "dash", "zsh") if shutil.which(each)]


@pytest.fixture
def llmchaos(tmp_path, monkeypatch):
    """Run the command in an empty folder, with nothing set but what is given; it must do well."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str, fails: bool = False, **environ: str):
        for name in list(os.environ):
            if name != "PATH" and not name.startswith(("PY", "COV")):
                monkeypatch.delenv(name)
        result = CliRunner().invoke(cli, ["env", *args], env=environ)
        assert (result.exit_code != 0) == fails, result.output
        return result

    return run


@pytest.fixture
def ca(tmp_path) -> str:
    """A file that stands for the authorities."""
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n", "utf-8")
    return str(tmp_path / "ca.pem")


def _evaluated(text: str, *, quoted: bool = True, shell: str = "sh", **environ: str) -> dict[str, str]:
    """Return what is set after a shell took the text, by `eval "$(llmchaos env)"` or without the quotes."""
    given = f"$(printf %s {shlex.quote(text)})"
    script = (f'eval "{given}"' if quoted else f"eval {given}") + "\nenv -0"
    environ = {"PATH": os.environ["PATH"], **environ}
    done = subprocess.run([shell, "-euc", script], env=environ, capture_output=True, check=True)  # noqa: S603
    found = dict(each.split("=", 1) for each in done.stdout.decode().split("\0") if each)
    return {name: value for name, value in found.items() if name not in ("PATH", "PWD", "OLDPWD", "SHLVL", "_")}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("quoted", [True, False])
def test_a_shell_takes_any_value(shell, quoted):
    """Where the quotes are forgotten around the command too."""
    assert _evaluated("\n".join(FORMS["shell"](AWKWARD, "llmchaos")), shell=shell, quoted=quoted) == AWKWARD


def test_files_take_any_value():
    """An env file as docker reads it; two dollars are one in compose and in Kubernetes."""
    comment, *lines = FORMS["dotenv"](AWKWARD, "llmchaos")
    assert comment.startswith("#")
    assert dict(each.split("=", 1) for each in lines) == AWKWARD
    compose = yaml.safe_load("\n".join(FORMS["compose"](AWKWARD, "llmchaos")))["environment"]
    assert {name: value.replace("$$", "$") for name, value in compose.items()} == AWKWARD
    kubernetes = yaml.safe_load("\n".join(FORMS["kubernetes"](AWKWARD, "llmchaos")))["env"]
    assert {each["name"]: each["value"].replace("$$", "$") for each in kubernetes} == AWKWARD


@pytest.mark.parametrize("form", FORMS)
def test_a_value_is_one_line(form):
    """Another line would be another variable."""
    with pytest.raises(UsageProblem, match="must fit into a line"):
        list(FORMS[form]({"X": "a\nEVIL=1"}, "llmchaos"))


@pytest.mark.parametrize("form", FORMS)
def test_each_form_has_a_forward_proxy(llmchaos, ca, form):
    """With one comment that tells what it is; notes are on stderr."""
    result = llmchaos("--forward", "--ca", ca, "--format", form)
    assert [("llmchaos env" in each) for each in result.stdout.splitlines() if each.startswith("#")] == [True]
    assert "note:" not in result.stdout
    assert all(f"{name}" in result.stdout for name in (*CA_VARIABLES, "https_proxy", "NODE_OPTIONS"))
    assert "OPENAI_BASE_URL" not in result.stdout


def test_unset_brings_back_what_was(llmchaos, ca):
    """Base URLs, then the forward proxy on top, the same twice, and all is as before; no value is printed."""
    was = {"OPENAI_BASE_URL": "https://gw.acme.io/v1?key=sk-canary", "NO_PROXY": "acme.io"}
    was["NODE_OPTIONS"] = "--no-warnings"
    printed = llmchaos(**was).stdout
    now = _evaluated(printed, **was)
    assert now["OPENAI_BASE_URL"] == f"{PROXY}/openai/v1"
    for _ in range(2):
        printed += (text := llmchaos("--forward", "--ca", ca, **now).stdout)
        now = _evaluated(text, **now)
    assert now["NO_PROXY"] == now["no_proxy"] == "acme.io,localhost,127.0.0.1,::1"
    assert now["NODE_OPTIONS"] == f"--no-warnings --require={PRELOAD}"
    printed += (text := llmchaos("--unset", **now).stdout)
    assert _evaluated(text, **now) == was
    assert "canary" not in printed


def test_the_proxy_of_this_folder_and_its_authorities(llmchaos, tmp_path):
    """What runs here is meant, wherever the app is started."""
    (tmp_path / "ca-bundle.pem").write_text("", "utf-8")
    llmchaos("--unset")
    with known("http://127.0.0.1:4711", "made-up", tmp_path / "ca-bundle.pem"):
        now = _evaluated(llmchaos("--forward").stdout)
    assert now["https_proxy"] == now["HTTP_PROXY"] == "http://127.0.0.1:4711"
    assert {now[name] for name in CA_VARIABLES} == {str(tmp_path / "ca-bundle.pem")}


@pytest.mark.parametrize(
    ("environ", "note"),
    [
        ({}, "plain HTTP"),
        ({"NO_PROXY": "*"}, "NO_PROXY was *"),
        ({"no_proxy": ".openai.com"}, "NO_PROXY lets api.openai.com pass by"),
        ({"HTTPS_PROXY": "http://me:secret@corp:3128"}, "a proxy is set already (corp)"),
    ],
)
def test_what_goes_another_way_is_told(environ, note):
    """A call that passes by is no call that held."""
    found = forward_exports(PROXY, "/ca.pem", environ, direct=["orders"])
    assert note in "\n".join(found.notes)
    assert "secret" not in str(found)
    assert found.variables["NO_PROXY"].endswith("localhost,127.0.0.1,::1,orders")
    assert "*" not in found.variables["NO_PROXY"]


def test_the_script_for_node():
    """It comes with the package; a path with a space is quoted as Node reads it."""
    assert PRELOAD.is_file()
    assert forward_exports(PROXY, "/ca", {}).variables["NODE_OPTIONS"] == f"--require={PRELOAD}"
    odd = forward_exports(PROXY, "/ca", {}, preload='/a b/"p".cjs').variables["NODE_OPTIONS"]
    assert odd == '--require="/a b/\\"p\\".cjs"'


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--ca", "x"], "--ca is for --forward alone"),
        (["--no-proxy", "x"], "--no-proxy is for --forward alone"),
        (["--forward"], "no proxy runs in this folder"),
        (["--forward", "--ca", "gone.pem"], "there is no such file"),
        (["--forward", "--provider", "openai"], "--provider chooses base URLs"),
        (["--forward", "--format", "dotenv", "--ca", "a\nEVIL=1"], "must fit into a line"),
    ],
)
def test_mistakes_are_told(llmchaos, args, told):
    """With nothing that a shell would take."""
    result = llmchaos(*args, fails=True)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""
