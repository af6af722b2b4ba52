"""Apps that know of the proxy by HTTPS_PROXY alone: providers are opened up for them, everybody else is not."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
import threading

import httpx
import openai
import pytest
import requests
from cryptography import x509

from pytest_llmchaos import faults
from pytest_llmchaos.game_day.authority import Authority

SAID = [{"role": "user", "content": "hi"}]
BODY = {"model": "gpt-5", "messages": SAID}
URL = "https://api.openai.com/v1/chat/completions"


@pytest.fixture
def through(serve, tmp_path):
    """Give what starts a proxy, and an httpx client that goes through it and trusts it."""

    def through(*what, **options):
        served = serve(*what, **options)
        bundle = served.proxy.authority.write_bundle(tmp_path)
        context = ssl.create_default_context(cafile=str(bundle))
        return served, httpx.Client(proxy=served.url, verify=context, timeout=60), bundle

    return through


def test_calls_to_providers_are_answered_and_broken(through):
    """Under the host's own name, which the journal shows."""
    served, client, _ = through(faults.outage(calls=2, target="openai"))
    with client:
        found = [client.post(URL, json=BODY).status_code for _ in range(3)]
        other = client.post("https://api.groq.com/openai/v1/chat/completions", json=BODY | {"model": "m"})
    assert (found, other.status_code) == ([200, 503, 200], 200)
    assert [(each.provider, each.host) for each in served.run.calls] == [
        *[("openai", "api.openai.com")] * 3,
        ("groq", "api.groq.com"),
    ]


def test_an_sdk_needs_nothing_but_the_environment(through, monkeypatch):
    """Streams too."""
    served, client, bundle = through(faults.stream_cut(after=3, calls=2, stream=True))
    client.close()
    monkeypatch.setenv("HTTPS_PROXY", served.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with openai.OpenAI(api_key="no-key", max_retries=0) as asked:
        assert asked.chat.completions.create(model="gpt-5", messages=SAID).choices[0].message.content
        assert len(list(asked.chat.completions.create(model="gpt-5", messages=SAID, stream=True))) > 3
        with pytest.raises(openai.APIConnectionError):
            list(asked.chat.completions.create(model="gpt-5", messages=SAID, stream=True))
    assert [each.error for each in served.run.calls] == [None, None, "stream_cut"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [(faults.certificate_expired(target="openai"), 10), (faults.wrong_host(form="certificate", target="openai"), 62)],
)
def test_a_bad_certificate_is_a_real_one(through, fault, code):
    """OpenSSL's own verdict: it has expired, or is somebody else's. Others keep theirs, and time heals it."""
    served, client, _ = through(fault)
    with client:
        with pytest.raises(httpx.ConnectError) as caught:
            client.post(URL, json=BODY)
        [error] = [each for each in _causes(caught.value) if isinstance(each, ssl.SSLCertVerificationError)]
        assert error.verify_code == code
        answer = client.post("https://api.mistral.ai/v1/chat/completions", json=BODY | {"model": "m"})
        assert answer.status_code == 200
        served.ask("clear")
        assert client.post(URL, json=BODY).status_code == 200
    failed = served.run.calls[0]
    assert (failed.label, failed.host, failed.faults) == ("openai:handshake", "api.openai.com", (fault.fault.name,))
    assert served.ask("status", "GET")[1]["struck"] == 1
    served.run.finish()
    assert "unused" not in {each.check for each in served.run.verdicts if each.outcome == "violated"}


def _causes(error: BaseException):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def test_who_does_not_trust_it_gets_no_answer(through):
    """And nothing of it is a failure of ours."""
    served, client, _ = through()
    client.close()
    with httpx.Client(proxy=served.url, timeout=60) as stranger, pytest.raises(httpx.ConnectError):
        stranger.post(URL, json=BODY)
    assert not served.run.calls


def test_a_reset_within_tls_is_one(through):
    """What a blocking client makes of it is a matter of its Python; that the call failed is not."""
    served, client, _ = through(faults.connection_reset())
    with client, pytest.raises(httpx.TransportError):
        client.post(URL, json=BODY)
    assert [each.error for each in served.run.calls] == ["connection_reset"]


def test_everybody_else_is_tunnelled_blind(through):
    """Byte by byte, both ways, with the other side's own certificate and its own end."""
    ready = threading.Event()
    got: list[bytes] = []

    def serve_once(listener: socket.socket) -> None:
        ready.set()
        there, _ = listener.accept()
        with there:
            while part := there.recv(65536):
                got.append(part)
            there.sendall(b"bye" * 100_000)

    served, client, _ = through()
    client.close()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve_once, args=(listener,))
        thread.start()
        ready.wait()
        with socket.create_connection(("127.0.0.1", served.port), timeout=30) as here:
            here.sendall(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n" % listener.getsockname()[1])
            assert here.recv(1000).startswith(b"HTTP/1.1 200 ")
            here.sendall(b"not http at all" * 10_000)
            here.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: here.recv(65536), b""))
        thread.join(30)
    assert b"".join(got) == b"not http at all" * 10_000
    assert received == b"bye" * 100_000
    assert not served.run.calls


def test_who_cannot_be_reached_is_told(through):
    """As a proxy tells it."""
    served, client, _ = through()
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with client, pytest.raises(httpx.ProxyError):
        client.get(f"https://127.0.0.1:{port}/")
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as here:
        here.sendall(b"CONNECT nonsense HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert here.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_plain_http_is_for_providers_alone(serve):
    """What else a proxy could be used for it is not."""
    served = serve()
    proxies = {"http": served.url}
    answer = requests.post("http://api.openai.com/v1/chat/completions", json=BODY, proxies=proxies, timeout=60)
    assert answer.status_code == 200
    other = requests.get("http://elsewhere.example/", proxies=proxies, timeout=60)
    assert (other.status_code, "no provider's" in other.text) == (404, True)


def test_the_authority_speaks_for_providers_for_a_day():
    """Whoever takes it over can do little with it, and not for long."""
    certificate = x509.load_pem_x509_certificate(Authority(["api.openai.com", "*.azure.com", "*x*"]).pem)
    permitted = certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    assert {each.value for each in permitted} == {"api.openai.com", "azure.com", "parked.invalid"}
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days < 45
    context = Authority(["api.openai.com"]).context("elsewhere.example")
    assert isinstance(context, ssl.SSLContext)


def test_a_leaf_for_a_host_that_is_no_providers_is_worth_nothing():
    """OpenSSL refuses it by the name constraint (47), though the authority itself is trusted."""
    authority = Authority(["api.openai.com"])
    trusting = ssl.create_default_context(cadata=authority.pem.decode())

    async def shake_hands(host: str) -> None:
        server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0, ssl=authority.context(host))
        async with server:
            port = server.sockets[0].getsockname()[1]
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=host)
            writer.close()

    asyncio.run(shake_hands("api.openai.com"))
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        asyncio.run(shake_hands("elsewhere.example"))
    assert caught.value.verify_code == 47


def test_another_program_goes_through_it(through):
    """One of which we know nothing: urllib in a process of its own, by its environment."""
    served, client, bundle = through(faults.rate_limit(target="openai", calls="2-"))
    client.close()
    code = (
        "import json, urllib.request, urllib.error\n"
        f"body = json.dumps({BODY!r}).encode()\n"
        "for _ in range(2):\n"
        f"    request = urllib.request.Request({URL!r}, body, {{'content-type': 'application/json'}})\n"
        "    try:\n        print(urllib.request.urlopen(request, timeout=60).status)\n"
        "    except urllib.error.HTTPError as error:\n        print(error.code)\n"
    )
    env = {"HTTPS_PROXY": served.url, "SSL_CERT_FILE": str(bundle), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-I", "-c", code], env=env, capture_output=True, text=True, timeout=120)  # noqa: S603
    assert done.stdout.split() == ["200", "429"], done.stderr
