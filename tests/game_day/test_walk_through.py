"""docs/game-day.md is so: its drill is done, line by line, and what it lists is all there is."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path

from click.testing import CliRunner

from pytest_llmchaos.cli import cli
from pytest_llmchaos.providers import Providers

from .conftest import TOKEN
from .test_serve import ask, llmchaos, running

PAGE = (Path(__file__).parents[2] / "docs" / "game-day.md").read_text("utf-8")


def lines(heading: str) -> list[list[str]]:
    """Return the commands of the shell blocks below a heading, as words."""
    part = PAGE[PAGE.index(f"## {heading}") :].partition("\n## ")[0]
    return [
        shlex.split(line) for block in re.findall(r"```sh\n(.*?)```", part, re.DOTALL) for line in block.splitlines()
    ]


def test_the_drill_of_the_page_can_be_done(tmp_path):
    """Between the commands calls come, and meet what was said."""
    serve, env, inject, status, clear, scenario, phase, stop = lines("A drill")
    assert env == ["eval", "$(llmchaos env)"]
    with running(tmp_path, *serve[2:]) as (process, url):
        for command in (inject, status, clear):
            done = llmchaos(tmp_path, *command[1:])
            assert done.exit_code == 0, done.output
            ask(url)
        for command in (scenario, phase):
            done = llmchaos(tmp_path, *command[1:])
            assert done.exit_code == 0, done.output
        assert ask(url) in (502, 503)
        assert llmchaos(tmp_path, *stop[1:]).exit_code == 0
        output, _ = process.communicate(timeout=60)
    assert process.returncode in (10, 11), output
    assert (tmp_path / "drill.jsonl").exists()
    assert (tmp_path / "drill.html").exists()


def test_the_page_names_every_variable():
    """With what stands behind the provider's name."""
    rows = re.findall(r"^\| (\w+)[^|]* \| (`.*`) \|$", PAGE, re.MULTILINE)
    told = {
        (provider, name, path or "")
        for provider, cell in rows
        for name, path in re.findall(r"`([A-Z_]+)`(?: `([^`]+)`)?", cell)
    }
    known = Providers()
    assert told == {
        (each, name, path) for each in known.names() for name, path in known.called(each).base_url_variables.items()
    }


def test_the_page_names_every_action(serve):
    """And the near name is looked for among these."""
    told = set(re.findall(r"`(GET|POST) /__llmchaos/(\w+)`", PAGE))
    assert told == set(serve().proxy.control._actions)


def test_the_forward_proxys_bundle_is_where_the_page_says(tmp_path):
    """Also after the proxy has gone: who trusts the file still finds it."""
    with running(tmp_path) as (process, _):
        assert b"BEGIN CERTIFICATE" in (tmp_path / ".llmchaos" / "ca-bundle.pem").read_bytes()
        assert b"PRIVATE" not in (tmp_path / ".llmchaos" / "ca-bundle.pem").read_bytes()
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert TOKEN not in output


def test_every_command_is_told_of():
    """In the help of the command line, too."""
    told = CliRunner().invoke(cli, ["--help"]).output
    for name in ("serve", "inject", "clear", "phase", "status", "stop"):
        assert f"  {name} " in told
        assert f"llmchaos {name}" in PAGE
