"""IBM's SDK at watsonx.ai. Its client signs in when it is made, so it is made under a run of its own."""

from __future__ import annotations

from functools import cache
from typing import Any

from pytest_llmchaos import inject

from ._base import KEY, SAY, Sdk, Shape

_CHAT = {"messages": SAY}


@cache
def _signed_in(timeout: float | None) -> Any:
    from ibm_watsonx_ai import APIClient, Credentials
    from ibm_watsonx_ai.utils.utils import HttpClientConfig

    limits = {
        "httpx_client": HttpClientConfig(timeout=timeout),
        "async_httpx_client": HttpClientConfig(timeout=timeout),
    }
    where = Credentials(url="https://us-south.ml.cloud.ibm.com", api_key=KEY)
    with inject():
        return APIClient(where, project_id="p-1", **({} if timeout is None else limits))


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a model for both modes."""
    from ibm_watsonx_ai.foundation_models import ModelInference

    return ModelInference(model_id="ibm/granite-3-3-8b-instruct", api_client=_signed_in(timeout), validate=False)


SDK = Sdk(
    "ibm-watsonx-ai>=1.8",
    make,
    {"chat": Shape("chat", _CHAT), "chat stream": Shape("chat_stream", _CHAT, "events")},
    asynchronous=lambda method: f"a{method}",
    fresh=True,
)
