"""`litellm.Router` with fallbacks, unmodified, as its documentation sets it up."""

from __future__ import annotations

import asyncio

import pytest

from pytest_llmchaos import faults, inject, llmchaos

from .calls import MESSAGES, litellm

SMALL = {"model_name": "gpt", "litellm_params": {"model": "gpt-4.1", "api_key": "no-key"}}
OTHER = {"model_name": "claude", "litellm_params": {"model": "anthropic/claude-sonnet-5", "api_key": "no-key"}}


@pytest.fixture
def routers():
    """Make routers; each takes its callbacks with it when the test ends."""
    made = []

    def make(*models, **options):
        options.setdefault("fallbacks", [{"gpt": ["claude"]}])
        made.append(litellm.Router(model_list=list(models or (SMALL, OTHER)), **options))
        return made[-1]

    yield make
    for each in made:
        each.discard()


def pieces(stream):
    """Return a stream's text as far as it came, and the exception that ended it."""
    text = ""
    try:
        for piece in stream:
            text += piece.choices[0].delta.content or ""
    except litellm.APIConnectionError as error:
        return text, error
    return text, None


@llmchaos(faults.outage(target="openai"))
def test_it_fails_over(routers, llmchaos):
    """The router's own two retries, then the fallback's answer."""
    answer = routers().completion(model="gpt", messages=MESSAGES)
    assert answer.choices[0].message.content
    assert [call.provider for call in llmchaos.calls] == ["openai"] * 3 + ["anthropic"]
    llmchaos.expect.failed_over(to="anthropic", within="20s")


@llmchaos(faults.outage(target="openai"))
def test_it_fails_over_in_async(routers, llmchaos):
    """The same over aiohttp."""

    async def ask():
        try:
            return await routers().acompletion(model="gpt", messages=MESSAGES)
        finally:
            await litellm.close_litellm_async_clients()

    assert asyncio.run(ask()).choices[0].message.content
    llmchaos.expect.failed_over(to="anthropic", within="20s")


@pytest.mark.parametrize(
    "fault", [faults.auth_revoked, faults.model_retired, faults.policy_refusal], ids=lambda each: each.name
)
def test_what_no_retry_mends_fails_over_at_once(fault, routers):
    """A revoked key, a retired model and a refusal are not tried again."""
    with inject(fault(target="openai")) as chaos:
        routers().completion(model="gpt", messages=MESSAGES)
        assert [call.provider for call in chaos.calls] == ["openai", "anthropic"]
        chaos.expect.failed_over(to="anthropic", within="8s")


@llmchaos(faults.rate_limit(retry_after="7s", target="openai"))
def test_it_honours_retry_after(routers, llmchaos):
    """The router waits as long as it is told before it tries the same place again."""
    routers().completion(model="gpt", messages=MESSAGES)
    llmchaos.expect.retry_after_honoured()
    llmchaos.expect.failed_over(to="anthropic", within="30s")
    assert llmchaos.now >= 14


@llmchaos(faults.latency("20s", target="openai"))
def test_a_slow_provider_is_given_up(routers, llmchaos):
    """The router's timeout bounds each try."""
    routers(timeout=5, num_retries=0).completion(model="gpt", messages=MESSAGES)
    llmchaos.expect.failed_over(to="anthropic", within="12s")


@llmchaos(faults.outage())
def test_with_both_down_the_app_is_told(routers, llmchaos):
    """No fallback is left: the last provider's exception."""
    with pytest.raises(litellm.ServiceUnavailableError, match="AnthropicException"):
        routers(num_retries=0).completion(model="gpt", messages=MESSAGES)
    assert [call.provider for call in llmchaos.calls] == ["openai", "anthropic"]


@llmchaos(faults.stream_cut(after=1, target="openai"))
def test_a_stream_cut_before_its_first_words_is_failed_over(routers, llmchaos):
    """Nothing has been shown yet: the fallback's stream takes its place."""

    async def ask():
        try:
            stream = await routers().acompletion(model="gpt", messages=MESSAGES, stream=True)
            return "".join([piece.choices[0].delta.content or "" async for piece in stream])
        finally:
            await litellm.close_litellm_async_clients()

    assert asyncio.run(ask())
    assert [call.provider for call in llmchaos.calls] == ["openai", "anthropic"]
    llmchaos.expect.failed_over(to="anthropic", within="20s")


@llmchaos(faults.stream_cut(after=5, target="openai"))
def test_a_stream_cut_after_its_first_words_is_not_failed_over(routers, llmchaos):
    """What the app has shown cannot be taken back: the router raises, and does not ask the fallback."""
    text, error = pieces(routers().completion(model="gpt", messages=MESSAGES, stream=True))
    assert text
    assert type(error) is litellm.APIConnectionError
    assert [call.provider for call in llmchaos.calls] == ["openai"]


@llmchaos(faults.rate_limit(calls=1, target="openai"))
def test_a_deployment_that_failed_cools_down_in_virtual_time(routers, llmchaos):
    """A rate-limited deployment is left alone for its cooldown; then it is asked again."""
    azure = {
        "model": "azure/gpt-4o",
        "api_key": "no-key",
        "api_base": "https://shop.openai.azure.com",
        "api_version": "2024-10-21",
        "order": 2,
    }
    router = routers(
        {**SMALL, "litellm_params": {**SMALL["litellm_params"], "order": 1}},
        {"model_name": "gpt", "litellm_params": azure},
        fallbacks=[],
        cooldown_time=60,
        num_retries=1,
    )
    for name in ("limited", "cooling"):
        with llmchaos.request(name):
            router.completion(model="gpt", messages=MESSAGES)
    llmchaos.advance("61s")
    with llmchaos.request("cooled down"):
        router.completion(model="gpt", messages=MESSAGES)
    asked = [(call.request, call.provider) for call in llmchaos.calls]
    assert asked == [
        ("limited", "openai"),
        ("limited", "azure"),
        ("cooling", "azure"),
        ("cooled down", "openai"),
    ]
    llmchaos.expect.failed_over(to="azure", within="20s")
