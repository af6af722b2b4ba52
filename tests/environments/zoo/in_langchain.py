"""LangChain: an option for retries without any effect."""

from __future__ import annotations

import httpx
from langchain_mistralai import ChatMistralAI
from pydantic import SecretStr


def buggy_max_retries(question: str) -> str:
    """Set the model's `max_retries`, whose use is commented out in the synchronous way."""
    return str(_model().invoke(question).content)


def fixed_max_retries(question: str) -> str:
    """Wrap the model in LangChain's general retry."""
    patient = _model().with_retry(retry_if_exception_type=(httpx.RequestError,), stop_after_attempt=2)
    return str(patient.invoke(question).content)


def _model() -> ChatMistralAI:
    return ChatMistralAI(model_name="mistral-large-latest", api_key=SecretStr("zoo-key"), max_retries=2)
