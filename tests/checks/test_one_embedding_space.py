"""one_embedding_space."""

from __future__ import annotations

import json

import openai
import pytest

from pytest_llmchaos import checks, faults

from .apps import gpt, under, verdict
from .journals import journal


def judge(*calls):
    """Return the verdict on good embedding calls: model asked for, model that answered, length of the vector."""
    made = journal(*(f"{at} {place}:embeddings 200" for at, (place, _, _) in enumerate(calls)))
    for each, (_, model, length) in zip(made.exchanges, calls, strict=True):
        each.pieces.add(json.dumps({"model": model, "data": [{"embedding": [0.1] * length}]}).encode())
        each.chunks = 1
    return checks.find("one_embedding_space").build().judge(made)


@pytest.mark.parametrize(
    ("calls", "outcome"),
    [
        ([("openai/small", "small", 3), ("openai/small", "small", 3)], "held"),
        ([("openai/small", "small", 3), ("openrouter/openai/small", "openai/small", 3)], "held"),
        ([("openai/small", "small", 3), ("openai/large", "large", 3)], "violated"),
        ([("openai/small", "small", 3), ("openai/small", "small", 2)], "violated"),
        ([("openai/small", "small", 3), ("openai/small", "small-2", 3)], "violated"),
        ([("openai/small", "small", 3)], "inconclusive"),
        ([], "inconclusive"),
        ([("openai/small", "small", 3), ("azure/ours", "small", 3)], "held"),
        ([("openai/small", "small", 3), ("azure/ours", "large", 3)], "violated"),
        ([("openai/small", "small", 3), ("azure/ours", "ours", 3)], "inconclusive"),
        ([("openai/small", "small", 3), ("azure/ours", "", 3)], "inconclusive"),
        ([("openai/small", "small", 3), ("azure/ours", "ours", 2)], "violated"),
        ([("openai/small", "small", 3), ("azure/text-embedding-ada-002", "text-embedding-ada-002", 3)], "violated"),
    ],
)
def test_models_and_lengths(calls, outcome):
    """One model and one length, asked for and answered; a gateway or a deployment may have another name for it."""
    assert judge(*calls).outcome == outcome


def test_failed_calls_give_no_vectors():
    """What failed is in no index."""
    made = journal("0 openai/small:embeddings 200", "1 openai/large:embeddings 503", "2 openai/small:embeddings 200")
    found = checks.find("one_embedding_space").build().judge(made)
    assert found.outcome == "held"
    assert "their length not told" in found.reason


def index(careless: bool) -> None:
    """Embed two texts; when that fails, the careless app takes another model."""
    client = gpt()
    for text in ("one", "two"):
        try:
            client.embeddings.create(model="text-embedding-3-small", input=text)
        except openai.APIError:
            model = "text-embedding-3-large" if careless else "text-embedding-3-small"
            client.embeddings.create(model=model, input=text)


@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_the_app_that_mixes_vectors(careless, outcome):
    """The fallback of an index must be the same model."""
    with under(faults.outage(target="openai:embeddings", calls=2)) as chaos:
        index(careless)
        assert verdict(chaos, "one_embedding_space").outcome == outcome


def test_vectors_of_a_very_long_answer():
    """One that came whole is read whole, however long it is; of one in many pieces the lengths are not known."""
    made = journal("0 openai/small:embeddings 200", "1 openai/small:embeddings 200")
    whole, pieces = made.exchanges
    body = json.dumps({"model": "small", "data": [{"embedding": [0.123456789] * 1024}] * 500}).encode()
    whole.pieces.add(body)
    whole.chunks = 1
    for at in range(0, len(body), 2**16):
        pieces.pieces.add(body[at : at + 2**16])
        pieces.chunks += 1
    assert whole.answer.dimensions == {1024}
    assert pieces.answer.dimensions == set()
    found = checks.find("one_embedding_space").build().judge(made)
    assert (found.outcome, "not all was kept" in str(found)) == ("inconclusive", True)
