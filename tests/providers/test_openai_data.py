"""Embeddings, images, moderation and models, read by the real OpenAI SDK."""

from __future__ import annotations

import base64
import json
import math
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.providers._openai_images import png

from .sdk import UNHURRIED, Wire, openai_client

SMALL = "text-embedding-3-small"


def embed(given_input, **asked):
    """Return the vectors that the SDK decodes."""
    answer = openai_client(Wire()).embeddings.create(**{"model": SMALL, "input": given_input, **asked})
    return [each.embedding for each in answer.data]


@pytest.mark.parametrize(("model", "size"), [(SMALL, 1536), ("text-embedding-3-large", 3072), ("own-model", 1536)])
def test_vectors_have_the_models_size_and_unit_length(model, size):
    """Known models have their own dimensions."""
    (vector,) = embed("x", model=model)
    assert len(vector) == size
    assert math.isclose(sum(each * each for each in vector), 1, rel_tol=1e-4)


def test_both_encodings_agree():
    """The base64 form, which the SDK asks for, and the float form are the same numbers."""
    (coded,), (plain,) = embed("x"), embed("x", encoding_format="float")
    assert coded == pytest.approx(plain, abs=1e-6)


def test_a_vector_belongs_to_its_text_alone():
    """Equal texts are equal in any order and call; other texts and other models are far away."""
    first, second, again = embed(["red", "blue", "red"])
    assert first == again == embed("red")[0]
    assert abs(sum(map(float.__mul__, first, second))) < 0.2
    assert embed("red", model="text-embedding-ada-002")[0] != first


def test_fewer_dimensions_are_the_start_of_the_vector():
    """`dimensions` shortens as the vendor does: the first ones, scaled to unit length."""
    (short,), (whole,) = embed("x", dimensions=8), embed("x")
    assert len(short) == 8
    scale = math.sqrt(sum(each * each for each in whole[:8]))
    assert short == pytest.approx([each / scale for each in whole[:8]], rel=1e-4)


@pytest.mark.parametrize(
    ("given_input", "count"), [("x", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1, 2], [3]], 2), ("", 1)]
)
def test_each_input_has_its_vector(given_input, count):
    """Texts, token ids and lists of either; indices in order."""
    answer = openai_client(Wire()).embeddings.create(model=SMALL, input=given_input)
    assert [each.index for each in answer.data] == list(range(count))
    assert answer.usage.total_tokens == answer.usage.prompt_tokens > 0


def parsed_png(data):
    """Return width and height of a PNG after checking its chunks and its pixels."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + body),)
        chunks[kind], at = body, at + 12 + length
    width, height, depth, colours = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colours, len(chunks[b"PLTE"])) == (1, 3, 3)
    assert len(zlib.decompress(chunks[b"IDAT"])) == height * (1 + math.ceil(width / 8))
    return width, height


@UNHURRIED
@given(st.integers(1, 200), st.integers(1, 200))
def test_a_png_has_its_size(width, height):
    """The file is whole and small, whatever its size is."""
    assert parsed_png(png(width, height, b"\1\2\3")) == (width, height)


def test_images_come_as_data():
    """A GPT image model sends the image itself, in the size asked for."""
    answer = openai_client(Wire()).images.generate(model="gpt-image-1", prompt="a cat", size="1536x1024", n=2)
    assert len(answer.data) == 2
    data = base64.b64decode(answer.data[0].b64_json)
    assert parsed_png(data) == (1536, 1024)
    assert len(data) < 1000
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_images_come_as_links_that_lead_nowhere():
    """A link, where it is asked for or the model's habit, points to a reserved domain."""
    client = openai_client(Wire())
    for asked in ({"model": "dall-e-3"}, {"model": "own", "response_format": "url"}):
        (image,) = client.images.generate(prompt="a cat", **asked).data
        assert image.url.startswith("https://images.example/")
        assert image.b64_json is None


def test_streamed_images():
    """Partial images as many as asked for, then the whole one."""
    stream = openai_client(Wire()).images.generate(model="gpt-image-1", prompt="x", stream=True, partial_images=2)
    *partial, last = stream
    assert [each.partial_image_index for each in partial] == [0, 1]
    assert last.type == "image_generation.completed"
    assert parsed_png(base64.b64decode(last.b64_json)) == (1024, 1024)


def test_edits_of_images():
    """What comes as a form with files is answered like a generation; the events of a stream have names of their own."""
    images, picture = openai_client(Wire()).images, ("a.png", b"...", "image/png")
    edited = images.edit(model="gpt-image-1", image=[picture, picture], prompt="a hat", n=2, size="1536x1024")
    assert [parsed_png(base64.b64decode(each.b64_json)) for each in edited.data] == [(1536, 1024)] * 2
    stream = images.edit(model="gpt-image-1", image=picture, prompt="x", stream=True, partial_images=1)
    assert [each.type for each in stream] == ["image_edit.partial_image", "image_edit.completed"]


@pytest.mark.parametrize(
    ("given_input", "count"),
    [("x", 1), (["a", "b"], 2), ([{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {}}], 1)],
)
def test_moderation_flags_nothing(given_input, count):
    """One result for each text, one for a list of parts; every category is there."""
    answer = openai_client(Wire()).moderations.create(input=given_input)
    assert len(answer.results) == count
    result = answer.results[0]
    assert not result.flagged
    assert not any(result.categories.model_dump().values())
    assert all(0 < each < 0.01 for each in result.category_scores.model_dump().values())
    assert None not in result.categories.model_dump().values()


def test_models_announce_their_shutdown():
    """The list has the vendor's models with their dates; any model that is asked for exists."""
    client = openai_client(Wire())
    listed = {each.id: each for each in client.models.list()}
    assert listed["gpt-5"].shutdown_date == "2026-12-11"
    assert listed["gpt-5.5"].shutdown_date is None
    assert client.models.retrieve("gpt-5") == listed["gpt-5"]
    assert client.models.retrieve("ft:gpt-4o:acme::1").id == "ft:gpt-4o:acme::1"


def test_plain_answers_are_json():
    """Content type and body agree with each other."""
    raw = openai_client(Wire()).models.with_raw_response.list()
    assert raw.headers["content-type"] == "application/json"
    assert json.loads(raw.text)["object"] == "list"
