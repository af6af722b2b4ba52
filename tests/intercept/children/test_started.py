"""A Python program that the app starts reaches no provider unseen, however it is started."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_llmchaos import ChaosFailed, inject
from pytest_llmchaos.intercept.children.launch import unseen

from .ways import LOOK_UP, WAYS


@pytest.mark.parametrize("start", WAYS, ids=[way.__name__ for way in WAYS])
def test_it_is_stopped_and_told(start):
    """Whatever the way, the call does not leave, and the run fails and names the child and the host."""
    with pytest.raises(ChaosFailed) as failed, inject(clock="real"):
        start(LOOK_UP)
    told = " ".join(str(failed.value).split())
    assert "a child process (" in told
    assert "api.openai.com: its name was looked up" in told


def child(code, *flags, **options):
    """Run a Python program and return what it printed."""
    done = subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, check=False, **options)
    return done.stdout + done.stderr


BODY = 'body = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}'
URL = "http://127.0.0.1:9/v1/chat/completions"
ASK = f"""
import httpx
{BODY}
try:
    httpx.post("{URL}", json=body)
except Exception as error:
    print(type(error).__module__, error)
"""


def test_an_llm_call_to_any_host_is_stopped():
    """A self-hosted server's address tells nothing, the request does."""
    with pytest.raises(ChaosFailed, match=r"a child process \(python -c ...\): .*127.0.0.1:9"), inject(clock="real"):
        assert "llmchaos" in child(ASK)


SERVER = """
import json, socketserver, sys, threading, urllib.request
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.0 200 OK\\r\\n\\r\\nserved")
server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
def post(path, **body):
    url = "http://127.0.0.1:%s%s" % (server.server_address[1], path)
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        print(urllib.request.urlopen(request, timeout=60).read())
    except Exception as error:
        print(error)
"""


def test_an_llm_call_by_the_standard_library_is_stopped_by_what_it_asks():
    """Of a server whose address tells nothing; what only looks like it by its path goes on."""
    code = f"""{SERVER}
post("/v1/chat/completions", model="gpt-5", messages=[dict(role="user", content="hi")])
"""
    with pytest.raises(ChaosFailed, match=r"chat was called at 127.0.0.1"), inject(clock="real"):
        assert "llmchaos stopped" in child(code)
    with inject(clock="real"):
        assert child(f'{SERVER}\npost("/v1/cars", model="T")\npost("/chat/rooms", name="x")').count("served") == 2


def test_a_proxy_in_between_hides_nothing():
    """The name of the provider is in what the proxy is asked for, in the clear as in a tunnel."""
    code = """
import http.client, threading, socket
proxy = socket.create_server(("127.0.0.1", 0))
for url in ("http://api.openai.com/v1/models", "https://api.anthropic.com/v1/messages"):
    client = http.client.HTTPConnection(*proxy.getsockname(), timeout=20)
    try:
        if url.startswith("https"):
            client.set_tunnel("api.anthropic.com", 443)
        client.request("GET", url)
    except OSError as error:
        print(error)
"""
    with pytest.raises(ChaosFailed, match="a proxy was asked for it"), inject(clock="real"):
        assert child(code).count("llmchaos stopped") == 2


def test_an_escape_that_is_allowed_is_not_stopped():
    """`allow_escapes` lets children call what they want."""
    with inject(clock="real", allow_escapes=True):
        assert "refused" in child(ASK)


def test_other_traffic_passes():
    """Look-ups and requests that are no LLM calls, local or not, are none of ours."""
    code = """
import socket, urllib.request, httpx
print(socket.getaddrinfo("localhost", 80)[0] is not None)
try:
    httpx.get("http://127.0.0.1:9/v1/cars")
except httpx.ConnectError:
    print("as ever")
"""
    with inject(clock="real"):
        assert child(code).split() == ["True", "as", "ever"]


def test_a_child_that_needs_no_http_library_loads_no_more():
    """What Python itself uses is no reason to load the plugin, which takes time."""
    code = "import os, socket, ssl, subprocess, sys, threading; print('pytest_llmchaos' in sys.modules)"
    with inject(clock="real"):
        assert child(code).strip() == "False"


def test_a_child_outside_of_chaos_is_left_alone():
    """Before and after a run nothing is in a child's environment."""
    code = (
        "import os, sys; print('PYTEST_LLMCHAOS_CHILD_OF' in os.environ, [m for m in sys.modules if 'llmchaos' in m])"
    )
    with inject(clock="real"):
        assert child(code).startswith("True []")
    assert child(code).startswith("False []")


def test_a_child_that_outlives_the_run_may_call_again():
    """The guard asks whether chaos is on at the moment of the call."""
    code = """
import _socket, socket
_socket.getaddrinfo = lambda *args: print("resolved", flush=True) or []
input()
socket.getaddrinfo("api.openai.com", 443)
"""
    with inject(clock="real"):
        worker = subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True)
    assert "resolved" in worker.communicate("\n")[0]


def test_the_users_own_sitecustomize_follows(tmp_path):
    """The app's own start-up module runs as ever, and is the one that is there."""
    (tmp_path / "sitecustomize.py").write_text("VALUE = 'own'")
    code = "import sitecustomize, os; print(sitecustomize.VALUE)"
    with inject(clock="real"):
        assert child(code, env={"PYTHONPATH": str(tmp_path)}).strip() == "own"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["true"], "true"),
        (["sh", "-c", "true 1"], "true (by sh)"),
        ([sys.executable, "-I", "-c", "1"], "python"),
        ([sys.executable, "-S", "-c", "1"], "python"),
    ],
)
def test_what_cannot_be_seen_into_is_known_by_name(command, name):
    """Another program, and a Python that takes no notice of its environment, is told by its name."""
    with inject(clock="real") as chaos:
        subprocess.run(command, check=True)
    assert [each.startswith(name) for each in unseen(chaos)] == [True]


def test_a_python_child_is_seen():
    """A guard is in it, so it is nothing to tell."""
    with inject(clock="real") as chaos:
        child("1")
    assert unseen(chaos) == []


def test_gevent_in_its_place(monkeypatch):
    """It has taken the function out of `subprocess`, and forks by itself: no reason not to begin."""
    monkeypatch.setitem(sys.modules, "gevent.subprocess", sys)
    monkeypatch.setattr(subprocess, "_fork_exec", None)
    with inject():
        pass
    assert subprocess._fork_exec is None
