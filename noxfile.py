"""Environments that cannot be the main one: other lines of the SDKs, and what does not install beside them.

`nox` runs all of them, `nox -s litellm` one, `nox -R -s litellm` the same again without installing anew, and
`nox -R -s litellm -- -k router` a part of its tests. `.ci/run` runs all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "venv"  # of the Python that runs nox; nothing but pip is needed

RUNNER = ("anyio>=4.5", "pytest-asyncio>=1.0", "pytest-randomly>=3.16", "pytest-timeout>=2.3")


@nox.session
def older(session: nox.Session) -> None:
    """The older SDK line: openai 2 on httpx."""
    prepare(session, "openai>=2,<3")
    run_tests(session, "tests/sdk", "-m", "not needs_current_sdk", env={"LLMCHAOS_THOROUGH": "1"})


@nox.session
def oldest(session: nox.Session) -> None:
    """The oldest dependencies that we promise."""
    pins = (
        "pytest==8.2.0",
        "httpx==0.28.0",
        "respx==0.22.0",
        "hypothesis==6.112.0",
        "faker==30.0.0",
        "pyyaml==6.0.1",
        "click==8.2.0",
        "time-machine==3.0.0",
    )
    prepare(session, *pins, extra="[test]")
    # The pytest-asyncio of that time makes a loop that it doesn't close; the test in which it is collected would fail.
    run_tests(session, "-x", "-n", "2", "-W", "ignore::ResourceWarning")


@nox.session(default=False)
def later(session: nox.Session) -> None:
    """Two years on: every process has its wall clock ahead, and the SDKs warn of each model that they are asked for."""
    prepare(session, extra="[test]")
    folder = str(Path(__file__).parent / "tests" / "environments" / "later")
    # The clock is ahead before pytest could rewrite the assertions of time-machine, which has none that matter.
    early = "ignore::pytest.PytestAssertRewriteWarning"
    run_tests(session, "-n", "2", "-W", early, "-p", "llmchaos_later", env={"PYTHONPATH": folder})


@nox.session
def litellm(session: nox.Session) -> None:
    """The litellm that its table of reactions was measured on; 1.110 reacts otherwise, and runs on openai 3."""
    # Without boto3 it has no Bedrock, without mcp no tools.
    prepare(session, "litellm==1.106.2", "aiohttp>=3.14.4", "boto3>=1.40", "mcp>=2.2")
    run_tests(session, "tests/environments/litellm", all_sdks=True)


@nox.session
def frameworks(session: nox.Session) -> None:
    """Agent frameworks on openai 3: LangChain, Pydantic AI, OpenAI's Agents SDK."""
    prepare(
        session,
        "langchain>=1.4",
        "langchain-anthropic>=1.7",
        "langchain-openai>=1.7",
        "openai-agents>=0.24",
        "pydantic-ai-slim[anthropic,openai]>=2.65",
    )
    run_tests(session, "tests/environments/frameworks", all_sdks=True)


@nox.session
def frameworks_older(session: nox.Session) -> None:
    """Frameworks on openai 2: LlamaIndex needs openai<3, Instructor one version of anthropic."""
    prepare(
        session,
        "instructor[anthropic]>=1.17",
        "llama-index-core>=0.14",
        "llama-index-llms-anthropic>=0.12",
        "llama-index-llms-openai>=0.8",
    )
    run_tests(session, "tests/environments/frameworks_older", all_sdks=True)


@nox.session
def zoo(session: nox.Session) -> None:
    """Bugs of the zoo in the released frameworks that have them; tests/zoo/released.py has the same versions."""
    prepare(
        session,
        "anthropic==0.73.0",
        "langchain-mistralai==0.2.9",
        "litellm==1.63.14",
        "mirascope==1.25.7",
        "mistralai==2.4.5",
        "openai==1.109.1",
        "pybreaker==1.4.1",
        "pydantic-ai-slim==1.18.0",
    )
    run_tests(session, "tests/environments/zoo", all_sdks=True)


def prepare(session: nox.Session, *packages: str, extra: str = "") -> None:
    """Install the project, what its tests run on, and packages; they must get along."""
    session.install("--upgrade", "pip")
    session.install("-e", f".{extra}", *RUNNER, *packages)
    session.run("python", "-m", "pip", "check", silent=True)


def run_tests(
    session: nox.Session, *args: str, all_sdks: bool = False, env: Mapping[str, str | None] | None = None
) -> None:
    """Run pytest. With `all_sdks`, a test that is skipped for want of an SDK fails."""
    env = {"LLMCHAOS_TEST_SDKS": "required" if all_sdks else None, **(env or {})}
    session.run("pytest", "-q", *args, *session.posargs, env=env)
