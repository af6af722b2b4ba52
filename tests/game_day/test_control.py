"""The switches of a running proxy: who may use them, what they do, what is told of a mistake."""

from __future__ import annotations

import threading

import httpx
import pytest

from pytest_llmchaos import faults

from .conftest import TOKEN

BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
AUTH = {"authorization": f"Bearer {TOKEN}"}


def ask(served, **more):
    """Ask once, as an app does."""
    return httpx.post(f"{served.url}/openai/v1/chat/completions", json=BODY | more, timeout=60)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({**AUTH, "host": "rebound.example"}, 421),
        ({**AUTH, "host": "rebound.example:80"}, 421),
        ({**AUTH, "origin": "https://elsewhere.example"}, 403),
        ({**AUTH, "origin": "null"}, 403),
        (AUTH, 200),
    ],
)
def test_only_who_holds_the_token_and_is_no_page_of_another_site(serve, headers, status):
    """Nor who came by a name that is not the proxy's."""
    found, told = serve().ask("status", "GET", headers)
    assert found == status
    assert ("error" in told) == (status != 200)


def test_a_fault_comes_and_goes(serve):
    """Both are told, with what came of them."""
    served = serve()
    assert ask(served).status_code == 200
    status, told = served.ask("inject", what=["outage(503) -> openai"])
    assert (status, told["injected"]) == (200, ["outage -> openai"])
    assert ask(served).status_code == 503
    status, told = served.ask("clear")
    assert (status, told["injected"]) == (200, [])
    assert ask(served).status_code == 200
    _, told = served.ask("status", "GET")
    assert (told["calls"], told["struck"]) == (3, 1)
    assert told["by_provider"] == {"openai": {"200": 2, "503": 1}}
    _, told = served.ask("calls", "GET")
    assert [(each["outcome"], each["faults"]) for each in told["calls"]] == [
        ("200", []), ("503", ["outage"]), ("200", [])
    ]  # fmt: skip


def test_a_server_without_a_host_of_its_own_is_broken_by_its_name(serve):
    """Its host is this machine, as that of others is."""
    served = serve(faults.outage(target="vllm"))
    body = BODY | {"model": "llama"}
    assert httpx.post(f"{served.url}/vllm/v1/chat/completions", json=body, timeout=60).status_code == 503
    assert httpx.post(f"{served.url}/llamacpp/v1/chat/completions", json=body, timeout=60).status_code == 200
    assert [each.provider for each in served.run.calls] == ["vllm", "llamacpp"]


def test_phases_are_gone_to(serve):
    """By their names."""
    served = serve("openai-outage")
    for name in ("load shedding", "collapse"):
        assert served.ask("phase", name=name)[1]["phase"] == name
    status, told = served.ask("phase", name="colapse")
    assert status == 400
    assert "'collapse'" in told["error"]


@pytest.mark.parametrize(
    ("action", "given", "told"),
    [
        ("inject", {"what": ["outge -> openai"]}, "did you mean 'outage'?"),
        ("inject", {"what": ["outage -> opnai"]}, "did you mean 'openai'?"),
        ("inject", {"what": ["outage -> openai, 130%"]}, "'130%' is not a rate"),
        ("inject", {"what": ["outage(sttus=3)"]}, "did you mean 'status'?"),
        ("inject", {"what": []}, "takes what goes wrong"),
        ("inject", {"what": [3]}, "takes what goes wrong"),
        ("inject", {"what": ["./elsewhere.yaml"]}, "is no injection"),
        ("phase", {}, "takes a name"),
        ("phase", {"name": "collapse"}, "no scenario with phases is under way"),
    ],
)
def test_mistakes_are_told_and_change_nothing(serve, action, given, told):
    """With the near name."""
    served = serve()
    status, found = served.ask(action, **given)
    assert (status, told in found["error"]) == (400, True), found
    assert served.ask("status", "GET")[1]["injected"] == []


def test_what_is_not_known_is_told(serve):
    """Actions, methods and bodies."""
    served = serve()
    assert served.ask("clera")[0] == 404
    assert "did you mean 'clear'?" in served.ask("clera")[1]["error"]
    assert served.ask("clear", "GET")[0] == 405
    with httpx.Client(base_url=f"{served.url}/__llmchaos/", headers=AUTH) as client:
        assert client.post("inject", content=b"{nonsense").json() == {"error": "the body is not JSON"}
        assert client.post("inject", content=b"[" * 100_000).status_code == 400
        assert client.post("inject", content=b"[]").status_code == 400


def test_clearing_ends_waits_and_streams_under_way(serve):
    """Nobody sits out an answer of an hour because it began before."""
    served = serve(faults.latency("1h", stream=False), faults.stream_stall(after=2, stream=True))
    ended: list[str] = []

    def wait(stream: bool) -> None:
        try:
            ask(served, stream=stream)
        except httpx.HTTPError as error:
            ended.append(type(error).__name__)

    threads = [threading.Thread(target=wait, args=(stream,)) for stream in (False, True)]
    for thread in threads:
        thread.start()
    while served.ask("status", "GET")[1]["under_way"] < 2:
        pass
    served.ask("clear")
    for thread in threads:
        thread.join(60)
    assert len(ended) == 2
    assert {each.error for each in served.run.calls} == {"client_gone"}
    assert ask(served).status_code == 200


def test_a_fault_of_streams_leaves_plain_calls_alone(serve):
    """It is meant for streams, though nobody said so."""
    served = serve()
    served.ask("inject", what=["stream_cut(after=2) -> openai"])
    assert ask(served).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        ask(served, stream=True)


def test_kept_connections_are_closed_when_something_begins(serve):
    """A fault of connections would miss the clients that keep theirs."""
    served = serve()
    with httpx.Client() as client:

        def first() -> object:
            return client.post(f"{served.url}/openai/v1/chat/completions", json=BODY).extensions["network_stream"]

        before = [first(), first()]
        served.ask("inject", what=["latency(1ms) -> openai"])
        assert first() not in before


@pytest.mark.parametrize(
    ("path", "told"),
    [("/opnai/v1/models", "did you mean 'openai'?"), ("/", "provider"), ("/openai/v1/files", "is not simulated")],
)
def test_what_nobody_answers_is_told(serve, path, told):
    """To the app and in the status."""
    served = serve()
    answer = httpx.get(served.url + path)
    assert (answer.status_code, told in answer.json()["error"]["message"]) == (404, True), answer.text
    assert served.ask("status", "GET")[1]["not_answered"]


def test_secrets_in_paths_are_not_told(serve):
    """Whoever is asked by mistake may be known by them."""
    served = serve()
    httpx.post(f"{served.url}/hooks/T0/made-up-secret")
    assert served.ask("status", "GET")[1]["not_answered"] == {"/hooks": 1}
