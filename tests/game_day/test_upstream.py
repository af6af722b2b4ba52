"""What no fault strikes is asked of the real provider, byte by byte; here that is another proxy, which simulates it."""

from __future__ import annotations

import gzip
import socket

import httpx
import openai
import pytest

from pytest_llmchaos import faults

from .test_wire import listening, until

KEY = "sk-" + "canary" * 8
SAID = [{"role": "user", "content": "a secret question"}]


def client(served):
    """Make OpenAI's own client."""
    return openai.OpenAI(api_key=KEY, base_url=f"{served.url}/openai/v1", max_retries=0)


def test_calls_pass_through_and_faults_strike_them(serve):
    """Both are in the journal."""
    provider = serve()
    served = serve(faults.outage(calls=2), real=True, origins={"openai": f"{provider.url}/openai"})
    with client(served) as asked:
        assert asked.chat.completions.create(model="gpt-5", messages=SAID).choices[0].message.content
        with pytest.raises(openai.InternalServerError):
            asked.chat.completions.create(model="gpt-5", messages=SAID)
        assert len(list(asked.chat.completions.create(model="gpt-5", messages=SAID, stream=True))) > 5
        assert [each.id for each in asked.models.list()]
    assert [each.outcome for each in served.run.calls] == ["200", "503", "200", "200"]
    assert len(provider.run.calls) == 3
    assert [each.stream for each in provider.run.calls] == [False, True, False]


def test_bytes_and_headers_come_as_they_were_sent(serve):
    """Packed ones stay packed; what speaks of one connection is not passed on."""
    asked = []
    packed = gzip.compress(b'{"id": "1", "object": "chat.completion", "choices": []}')

    async def provider(request, reply):
        asked.append(request)
        headers = [("Content-Encoding", "gzip"), ("Content-Type", "application/json"), ("Keep-Alive", "timeout=5")]
        headers += [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Length", str(len(packed)))]
        await reply.head(200, headers)
        await reply.data(packed)
        await reply.end()

    with listening(provider) as (connect, _):
        host, port = connect().getpeername()
        served = serve(real=True, origins={"openai": f"http://{host}:{port}"})
        url = f"{served.url}/openai/v1/chat/completions?x=%2F1"
        with httpx.stream("POST", url, json={"model": "m", "messages": SAID}, headers={"X-Mine": "1"}) as answer:
            assert b"".join(answer.iter_raw()) == packed
            assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
            assert "keep-alive" not in answer.headers
        sent = asked[0]
        assert (sent.method, sent.target, sent.header("x-mine")) == ("POST", "/v1/chat/completions?x=%2F1", "1")
        assert sent.header("host") == f"{host}:{port}"
        until(lambda: served.run.calls[0].ok)


@pytest.mark.parametrize(("stream", "error"), [(False, "connection_refused"), (True, "connection_refused")])
def test_a_provider_that_is_not_there_is_told_so(serve, stream, error):
    """The client sees a connection that fails."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    served = serve(real=True, origins={"openai": f"http://127.0.0.1:{port}"})
    with client(served) as asked, pytest.raises(openai.APIConnectionError):
        asked.chat.completions.create(model="gpt-5", messages=SAID, stream=stream)
    assert served.run.calls[0].error == error


def test_a_provider_that_breaks_off_breaks_off_here_too(serve):
    """As its client would see it."""

    async def provider(request, reply):
        await reply.head(200, [("Content-Type", "text/event-stream")])
        await reply.data(b'data: {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}\n\n')
        reply.drop()

    with listening(provider) as (connect, _):
        host, port = connect().getpeername()
        served = serve(real=True, origins={"openai": f"http://{host}:{port}"})
        with client(served) as asked, pytest.raises(openai.APIError) as caught:
            list(asked.chat.completions.create(model="gpt-5", messages=SAID, stream=True))
        assert isinstance(caught.value, openai.APIConnectionError)
    assert served.run.calls[0].error == "stream_cut"


def test_no_key_and_no_question_is_told(serve):
    """By whatever the proxy shows."""
    served = serve(faults.outage())
    with client(served) as asked, pytest.raises(openai.InternalServerError):
        asked.chat.completions.create(model="gpt-5", messages=SAID)
    served.run.finish()
    shown = [served.ask(action, "GET")[1] for action in ("status", "calls")]
    text = repr([shown, served.run.calls, served.run.journal.entries, served.run.verdicts])
    assert KEY not in text
    assert "secret question" not in text


def test_nobody_is_asked_in_place_of_the_users_own(serve):
    """Azure's resources have names of their own: a key goes to no example of ours."""
    served = serve(real=True)
    answer = httpx.post(f"{served.url}/azure/openai/v1/responses", json={"model": "gpt-5", "input": "hi"}, timeout=30)
    assert answer.status_code == 404
    assert "--origin azure=https://" in answer.json()["error"]["message"]
