#!/usr/bin/env bash
# httpx 0.28.1 (on httpcore 1.0.9) and urllib3 2.8.0 write their own ALPN protocols into the ssl.SSLContext that they are
# given, at each handshake, over those that its owner has set, and leave them there: whoever uses the same context
# afterwards (http.client here, which sets none) offers http/1.1 in place of the owner's. aiohttp 3.14.5 and http.client
# leave the context as it is. So a context that serves several clients is not the one that was configured, and one cannot
# be shared between clients that speak different protocols. Python 3.11.7, a loopback server that tells what it chose.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q trustme==1.2.1 httpx==0.28.1 httpcore==1.0.9 urllib3==2.8.0 aiohttp==3.14.5
cat > "$folder/alpn.py" <<'PY'
import asyncio
import http.client
import socket
import ssl
import threading

import aiohttp
import httpx
import trustme
import urllib3

authority = trustme.CA()
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("localhost").configure_cert(server)
server.set_alpn_protocols(["owners", "http/1.1"])
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
url = f"https://localhost:{port}/"
chosen = []


def serve():
    while True:
        raw, _ = listener.accept()
        with server.wrap_socket(raw, server_side=True) as peer:
            chosen.append(peer.selected_alpn_protocol())
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")


threading.Thread(target=serve, daemon=True).start()


def by_httpx(context):
    with httpx.Client(verify=context) as client:
        client.get(url)


def by_urllib3(context):
    with urllib3.PoolManager(ssl_context=context) as pool:
        pool.request("GET", url)


def by_aiohttp(context):
    async def get():
        async with aiohttp.ClientSession() as session, session.get(url, ssl=context) as response:
            await response.read()

    asyncio.run(get())


def by_stdlib(context):
    connection = http.client.HTTPSConnection("localhost", port, context=context)
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()


for name, ask in (("httpx", by_httpx), ("urllib3", by_urllib3), ("aiohttp", by_aiohttp), ("http.client", by_stdlib)):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.set_alpn_protocols(["owners"])
    ask(context)
    by_stdlib(context)
    print(f"{name}: {chosen[-2]}, then http.client on the same context: {chosen[-1]}")
PY
told=$("$folder/venv/bin/python" "$folder/alpn.py")
echo "$told"
[ "$told" = "httpx: http/1.1, then http.client on the same context: http/1.1
urllib3: http/1.1, then http.client on the same context: http/1.1
aiohttp: owners, then http.client on the same context: owners
http.client: owners, then http.client on the same context: owners" ]
