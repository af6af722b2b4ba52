"""A small app for the pytest runs inside these tests."""

from __future__ import annotations

import gc

import anthropic
import hypothesis  # noqa: F401 - pytest's plugin for it imports it late
import openai
import pytest

from pytest_llmchaos import inject

from ..models import CLAUDE

NEEDS_SUBTESTS = pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest has subtests since 9.0")

APP = f"""
import httpx2
import openai
import anthropic

client = openai.OpenAI(api_key="no-key")
claude = anthropic.Anthropic(api_key="no-key")


def ask(model="gpt-5", **options):
    answer = client.chat.completions.create(
        model=model, messages=[{{"role": "user", "content": "hello"}}], **options
    )
    return answer.choices[0].message.content


def ask_claude():
    answer = claude.messages.create(
        model="{CLAUDE}", max_tokens=100, messages=[{{"role": "user", "content": "hello"}}]
    )
    return answer.content[0].text


def ask_with_fallback():
    try:
        return ask()
    except openai.APIError:
        return ask_claude()


def ask_swallowing():
    try:
        return ask()
    except BaseException:
        return "sorry"


async def ask_async():
    async with openai.AsyncOpenAI(api_key="no-key") as session:
        answer = await session.chat.completions.create(
            model="gpt-5", messages=[{{"role": "user", "content": "hello"}}]
        )
        return answer.choices[0].message.content
"""

STRICT = "[pytest]\nstrict = true\n"
ASYNCIO = "asyncio_mode = strict\nasyncio_default_fixture_loop_scope = function\n"

# For runs in processes of their own, each of which would import the SDKs.
LIGHT = f"""
import httpx


def post(url, **body):
    body["messages"] = [{{"role": "user", "content": "hello"}}]
    return httpx.post(url, json=body, timeout=60).raise_for_status().json()


def ask():
    return post("https://api.openai.com/v1/chat/completions", model="gpt-5")["choices"][0]["message"]["content"]


def ask_claude():
    return post("https://api.anthropic.com/v1/messages", model="{CLAUDE}", max_tokens=100)["content"][0]["text"]


def ask_with_fallback():
    try:
        return ask()
    except httpx.HTTPError:
        return ask_claude()
"""


@pytest.fixture(scope="session")
def warm():
    """Have the SDKs and our own lazy parts imported: an in-process pytest run drops what it imported itself."""
    import pytest_llmchaos.run.failure_text
    import pytest_llmchaos.scenarios.library
    import pytest_llmchaos.scenarios.scenario_file  # noqa: F401

    messages = [{"role": "user", "content": "x"}]
    with inject("openai-outage", checks=[], allow_unused=True):
        for ask in (
            lambda: openai.OpenAI(api_key="k").chat.completions.create(model="m", messages=messages),
            lambda: anthropic.Anthropic(api_key="k").messages.create(model="m", max_tokens=9, messages=messages),
        ):
            try:
                ask()
            except openai.APIError:
                continue
    gc.collect()
    gc.freeze()  # as before the first test


@pytest.fixture
def run(pytester: pytest.Pytester, few_plugins: None, warm: None):
    """Run pytest on the given test code, with the app as a module beside it."""
    pytester.makepyfile(app=APP)
    pytester.makeini(STRICT + ASYNCIO)

    def shows(result, *texts: str):
        """Assert that the output has the texts, in that order, however its lines are wrapped."""
        output = " ".join(" ".join(result.outlines + result.errlines).split())
        for text in texts:
            before, found, output = output.partition(text)
            assert found, f"{text!r} is not in the output after what came before: {before[-3000:]}"

    def run(code: str, *args: str, subprocess: bool = False):
        header = "import pytest\nfrom app import *\nfrom pytest_llmchaos import llmchaos, faults, inject\n"
        pytester.makepyfile(test_it=header + code)
        if subprocess:
            pytester.makepyfile(app=LIGHT)
        # anyio's brings trio, and a process of its own would import them anew.
        names = ("llmchaos", "xdist") if subprocess else ("llmchaos", "asyncio", "anyio", "xdist")
        pytester.makeini(STRICT if subprocess else STRICT + ASYNCIO)
        plugins = [word for name in (*names, "no:cacheprovider") for word in ("-p", name)]
        call = pytester.runpytest_subprocess if subprocess else pytester.runpytest_inprocess
        result = call(*plugins, *args)
        result.shows = lambda *texts: shows(result, *texts)
        return result

    return run
