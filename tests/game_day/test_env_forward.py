"""Clients with nothing but the variables of `llmchaos env --forward` set ask the proxy, and trust it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.game_day.forward_exports import forward_exports

from ..sdk.shapes import installed

URL = "https://api.openai.com/v1/models"
KEY = "{'authorization': 'Bearer sk-canary'}"
BOTO3 = """
import boto3
client = boto3.client('bedrock-runtime', region_name='eu-west-1', aws_access_key_id='A', aws_secret_access_key='b')
client.converse(modelId='amazon.nova-pro-v1:0', messages=[{'role': 'user', 'content': [{'text': 'hi'}]}])
print(200)
"""
AIOHTTP = f"""
import aiohttp, asyncio
async def ask():
    async with aiohttp.ClientSession(trust_env=True) as session, session.get('{URL}', headers={KEY}) as answer:
        print(answer.status)
asyncio.run(ask())
"""
NODE_HTTPS = f"""
const https = require('node:https');
https.get('{URL}', {{headers: {KEY}}}, (answer) => {{ console.log(answer.statusCode); answer.resume(); }});
"""
NODE_AGENT = f"""
const https = require('node:https');
const agent = new https.Agent({{keepAlive: true}});
const ask = (then) => https.get('{URL}', {{agent, headers: {KEY}}}, (answer) => answer.on('end', then).resume());
ask(() => ask(() => {{ console.log(200); agent.destroy(); }}));
"""
NODE_STREAM = """
const body = JSON.stringify({model: 'gpt-5', stream: true, messages: [{role: 'user', content: 'hi'}]});
const headers = {authorization: 'Bearer sk-canary', 'content-type': 'application/json'};
fetch('https://api.openai.com/v1/chat/completions', {method: 'POST', headers, body}).then(async (answer) => {
  let text = '';
  for await (const chunk of answer.body) text += Buffer.from(chunk).toString();
  console.log(text.includes('[DONE]') ? answer.status : text);
});
"""

# what is printed is the status
CLIENTS = {
    "curl": ["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", "-H", "authorization: Bearer sk-canary", URL],
    "httpx": f"import httpx; print(httpx.get('{URL}', headers={KEY}).status_code)",
    "requests": f"import requests; print(requests.get('{URL}', headers={KEY}).status_code)",
    "urllib": f"from urllib.request import *; print(urlopen(Request('{URL}', headers={KEY})).status)",
    "openai": "import openai; openai.OpenAI(api_key='k', max_retries=0).models.list(); print(200)",
    "anthropic": "import anthropic; anthropic.Anthropic(api_key='k', max_retries=0).models.list(); print(200)",
    "boto3": BOTO3,
    "aiohttp, trust_env": AIOHTTP,
    "node, fetch": ["node", "-e", f"fetch('{URL}', {{headers: {KEY}}}).then((answer) => console.log(answer.status))"],
    "node, fetch, a stream": ["node", "-e", NODE_STREAM],
    "node, https": ["node", "-e", NODE_HTTPS],
    "node, https, connections kept": ["node", "-e", NODE_AGENT],
}

PASS_BY = {
    "http.client": (
        "import http.client; http.client.HTTPSConnection('api.openai.com', timeout=5).request('GET', '/v1/models')"
    ),
    "gRPC": (
        "import grpc; to = grpc.secure_channel('api.openai.com:443', grpc.ssl_channel_credentials());"
        "to.unary_unary('/xai_api.Chat/GetCompletion')(b'', timeout=20)"
    ),
    "urllib3": f"import urllib3; urllib3.PoolManager(retries=False, timeout=5).request('GET', '{URL}')",
    "aiohttp": AIOHTTP.replace("trust_env=True", ""),
    "openai, transport": (
        "import httpx2, openai; client = httpx2.Client(transport=httpx2.HTTPTransport());"
        "openai.OpenAI(api_key='k', max_retries=0, timeout=5, http_client=client).models.list()"
    ),
}
CLIENTS |= PASS_BY


@pytest.fixture
def served(serve, tmp_path):
    """A proxy, and the variables that lead to it."""
    served = serve()
    bundle = served.proxy.authority.write_bundle(tmp_path)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    return served, {**environ, **forward_exports(served.url, str(bundle), {}).variables}


def _run(client: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = CLIENTS[client]
    command = [sys.executable, "-c", command] if isinstance(command, str) else command
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} here")
    if client == "boto3" and not installed("boto3>=1.40"):
        pytest.skip("needs boto3")
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603


@pytest.mark.needs_current_sdk
@pytest.mark.parametrize("client", [each for each in CLIENTS if each not in PASS_BY])
def test_a_client_goes_through(served, client):
    """Under the provider's own name."""
    found, environ = served
    done = _run(client, environ)
    assert done.stdout.strip() == "200", done.stderr
    assert {each.host.partition(".")[0] for each in found.run.calls} <= {"api", "bedrock-runtime"}
    assert found.run.calls


@pytest.mark.needs_current_sdk
@pytest.mark.parametrize("client", PASS_BY)
def test_a_client_passes_by(served, client):
    """It looks for the provider itself, under a name that nobody knows here."""
    found, environ = served
    if client == "gRPC" and not installed("grpcio>=1.66"):
        pytest.skip("needs grpcio")
    command = CLIENTS[client].replace("api.openai.com", "api.openai.invalid")
    if client == "openai, transport":
        environ = {**environ, "OPENAI_BASE_URL": "https://api.openai.invalid/v1"}
    done = subprocess.run([sys.executable, "-c", command], env=environ, capture_output=True, text=True, timeout=120)  # noqa: S603
    assert done.returncode != 0
    told = ("Name or service", "resolve", "resolving", "resolution", "gaierror", "getaddrinfo", "Connection error")
    assert any(each in done.stderr for each in told), done.stderr
    assert not found.proxy.unknown
    assert not found.run.calls


@pytest.mark.parametrize("client", ["node, fetch", "node, https"])
def test_node_asks_hosts_of_no_proxy_directly(served, client):
    """Here there is nobody at the other end."""
    found, environ = served
    done = _run(client, {**environ, "no_proxy": "localhost,.openai.com"})
    assert done.stdout.strip() != "200"
    assert not found.run.calls


@pytest.mark.parametrize("client", ["node, fetch", "node, https"])
def test_node_meets_faults_as_they_are(serve, tmp_path, client):
    """A connection that is reset within the tunnel, and a proxy that is not there."""
    served = serve(faults.connection_reset())
    bundle = served.proxy.authority.write_bundle(tmp_path)
    environ = {**forward_exports(served.url, str(bundle), {}).variables, "PATH": os.environ["PATH"]}
    told = _run(client, environ).stderr
    assert "ECONNRESET" in told or "UND_ERR_SOCKET" in told  # fetch may see the connection closed first
    environ = {**forward_exports("http://127.0.0.1:9", str(bundle), {}).variables, "PATH": os.environ["PATH"]}
    assert "ECONNREFUSED" in _run(client, environ).stderr
