"""`llmchaos demo` as a user sees it."""

from __future__ import annotations

from pytest_llmchaos.cli._demo_bots import run


def test_the_demo_breaks_one_build_and_not_the_other():
    """Both builds are shown side by side with their verdicts, over half an hour of scenario time."""
    lines: list[str] = []
    assert run(out=lines.append) == 0
    page = "\n".join(lines)
    for text in ("NAIVE BUILD", "RESILIENT BUILD", "--- gone", "openai 503 x3", "anthropic ok"):
        assert text in page
    assert "The naive build" in page
    assert "BREAKS" in page
    assert "HOLDS" in page
    assert "19 of 19 customers got an answer" in page


def test_the_demo_is_the_same_every_time():
    """Calls and outcomes are decided by the seed; only measured seconds may differ."""

    def outcomes() -> list[str]:
        lines: list[str] = []
        run(out=lines.append)
        return [line for line in lines if "customers got an answer" in line]

    assert outcomes() == outcomes()


def test_without_the_sdks_the_demo_says_what_to_install(monkeypatch):
    """No traceback, exit code 2, the command to type."""
    from pytest_llmchaos.cli import _demo_bots

    monkeypatch.setattr(_demo_bots, "find_spec", lambda name: None)
    lines: list[str] = []
    assert run(out=lines.append) == 2
    assert "pip install 'pytest-llmchaos[demo]'" in "\n".join(lines)
