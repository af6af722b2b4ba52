"""Speech, transcriptions and translations through the SDKs of the OpenAI dialect."""

from __future__ import annotations

import io
import wave
from functools import cache

import openai
import pytest

from pytest_llmchaos import faults, inject
from pytest_llmchaos.providers._sound import CONTENT_TYPES, silence

from .reach import KEY, react, sdk
from .rows import BACKOFF, Row, rows
from .sdk import post, recognised

TALK = ("order.mp3", b"\xff\xf3" + b"x" * 8_000)


@cache
def client():
    """Return OpenAI's client."""
    return openai.OpenAI(api_key=KEY)


def speak(**options):
    """Ask for speech."""
    return client().audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input="Your order is late.", **options)


def listen(**options):
    """Ask for a transcription."""
    return client().audio.transcriptions.create(**{"model": "gpt-4o-transcribe", "file": TALK, **options})


@pytest.mark.parametrize(
    ("kind", "magic"),
    [
        ("mp3", b"\xff\xf3"),
        ("aac", b"\xff\xf1"),
        ("wav", b"RIFF"),
        ("flac", b"fLaC"),
        ("opus", b"OggS"),
        ("pcm", b"\0\0"),
    ],
)
def test_speech(kind, magic):
    """The sound comes in the format that is asked for."""
    outcome = react(lambda: speak(response_format=kind))
    (call,) = outcome.chaos.calls
    assert (call.provider, call.operation, call.model, call.stream) == ("openai", "audio", "gpt-4o-mini-tts", False)
    assert outcome.result.response.headers["content-type"] == CONTENT_TYPES[kind]
    assert outcome.result.content.startswith(magic)


def test_speech_lasts_as_long_as_the_text():
    """Fifteen characters take a second, and the sound can be read."""
    with wave.open(io.BytesIO(silence("wav", 2.5))) as sound:
        assert sound.getnframes() / sound.getframerate() == 2.5
    assert len(silence("mp3", 2.4)) == 100 * 96
    short, long = (
        react(lambda text=text: client().audio.speech.create(model="tts-1", voice="x", input=text))
        for text in ("a", "a" * 60)
    )
    assert len(long.result.content) > 10 * len(short.result.content)


def test_speech_piece_by_piece():
    """A response that streams its bytes has all of them."""
    with (
        inject(),
        client().audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input="a" * 150, response_format="pcm"
        ) as answer,
    ):
        assert len(b"".join(answer.iter_bytes())) == 10 * 48_000


def test_speech_as_events():
    """With `stream_format: sse` it is a stream of events, the last of which tells the usage."""
    outcome = react(lambda: speak(stream_format="sse", response_format="pcm"))
    assert outcome.chaos.calls[0].stream
    events = outcome.result.text.split("\n\n")
    assert '"speech.audio.delta"' in events[0]
    assert '"speech.audio.done"' in events[-2]


def test_transcription():
    """The text comes with its usage: tokens, or for whisper seconds."""
    outcome = react(listen)
    (call,) = outcome.chaos.calls
    assert (call.operation, call.model, call.stream) == ("audio", "gpt-4o-transcribe", False)
    assert outcome.result.text
    usage = outcome.result.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert react(lambda: listen(model="whisper-1")).result.usage.seconds == 2


@pytest.mark.parametrize(("kind", "has"), [("text", ""), ("srt", "00:00:00,000 --> 00:00:02,"), ("vtt", "WEBVTT")])
def test_transcription_as_text(kind, has):
    """Plain text and subtitles are what the SDK hands over as a text."""
    text = react(lambda: listen(model="whisper-1", response_format=kind)).result
    assert isinstance(text, str)
    assert has in text


def test_transcription_with_times():
    """Segments and words cover the whole length."""
    asked = {"response_format": "verbose_json", "timestamp_granularities": ["word", "segment"]}
    told = react(lambda: listen(model="whisper-1", **asked)).result
    assert told.segments[0].end == told.words[-1].end == told.duration
    assert " ".join(each.word for each in told.words) == told.text
    (segment,) = react(lambda: listen(response_format="diarized_json")).result.segments
    assert segment.speaker == "A"


def test_transcription_as_a_stream():
    """The pieces join to the text that the last event holds."""
    outcome = react(lambda: listen(stream=True))
    assert outcome.chaos.calls[0].stream
    *pieces, last = outcome.result
    assert "".join(each.delta for each in pieces) == last.text
    assert last.usage.total_tokens > 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # since openai 3
def test_translation():
    """A translation is a text."""
    outcome = react(lambda: client().audio.translations.create(model="whisper-1", file=TALK))
    assert outcome.result.text


def test_the_same_file_is_the_same_call():
    """Uploads of one file are one call's tries, whatever boundary each draws; no content is kept of it."""
    with inject() as chaos:
        texts = [listen().text, listen().text, listen(file=("order.mp3", b"other")).text]
    assert len(set(texts)) > 1
    assert [call.attempt for call in chaos.calls][:2] == [1, 2]


@rows(
    Row(faults.outage(), "openai.InternalServerError", "", 3, BACKOFF),
    Row(faults.rate_limit(retry_after="7s"), "openai.RateLimitError", "Rate limit reached", 3, (14, 14)),
    Row(faults.model_retired(), "openai.NotFoundError", "does not exist"),
    Row(faults.auth_revoked(), "openai.AuthenticationError", "Incorrect API key"),
)
@pytest.mark.parametrize("ask", [speak, listen])
def test_reaction(row, ask):
    """Failures are those of any other operation."""
    row.check(ask, "openai")


@rows(
    Row(faults.stream_cut(2), "openai.APIConnectionError", "Connection error.", pieces=2),
    Row(faults.stream_truncated(2), None, pieces=2),
    Row(faults.stream_error(2), "openai.APIError", "server had an error", pieces=2),
)
def test_broken_stream(row):
    """A transcription that is streamed breaks as any other stream."""
    row.check(lambda: listen(stream=True), "openai")


@pytest.mark.parametrize(
    ("package", "name", "model"),
    [("groq", "Groq", "whisper-large-v3"), ("together", "Together", "openai/whisper-large-v3")],
)
def test_shared(package, name, model):
    """Providers that share the dialect have it too, under their SDKs."""
    there = getattr(sdk(package), name)(api_key=KEY)
    outcome = react(lambda: there.audio.transcriptions.create(model=model, file=TALK))
    assert outcome.result.text
    assert [(call.provider, call.operation, call.model) for call in outcome.chaos.calls] == [(package, "audio", model)]
    spoken = react(lambda: there.audio.speech.create(model="tts", voice="v", input="hi", response_format="wav"))
    assert spoken.result.read().startswith(b"RIFF")


def test_azure():
    """At Azure the deployment in the path is the model."""
    there = openai.AzureOpenAI(
        api_key=KEY, api_version="2025-03-01-preview", azure_endpoint="https://x.openai.azure.com"
    )
    outcome = react(lambda: there.audio.transcriptions.create(model="my-whisper", file=TALK))
    assert outcome.result.text
    assert [(call.provider, call.model) for call in outcome.chaos.calls] == [("azure", "my-whisper")]


def test_a_foreign_upload():
    """At a host that nobody named, an upload counts only with what the dialect needs."""
    form = b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n--b--\r\n'
    request = post("https://files.example/v1/audio/transcriptions", form)
    request = type(request)(request.method, request.url, (("content-type", "multipart/form-data; boundary=b"),), form)
    assert recognised(request) is None
