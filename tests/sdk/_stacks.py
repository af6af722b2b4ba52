"""One client of each HTTP library, made when this module is imported: long before any run."""

from __future__ import annotations

import asyncio
import atexit
import json
from collections.abc import Awaitable, Callable
from typing import Any

ASK = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
CONVERSE = [{"role": "user", "content": [{"text": "hi"}]}]
LIMIT = 5

Post = Callable[[str], str]
"""Asks at the root of an API, such as `http://127.0.0.1:8080`, and returns the body of the answer."""

_loop = asyncio.new_event_loop()
_open: list[Callable[[], Awaitable[Any]]] = []


def _in_loop(post: Callable[[str], Awaitable[str]]) -> Post:
    return lambda root: _loop.run_until_complete(post(root))


def _path(root: str) -> str:
    return f"{root}/v1/chat/completions"


def _httpx(library: Any) -> Post:
    client = library.Client(timeout=LIMIT)
    atexit.register(client.close)
    return lambda root: client.post(_path(root), json=ASK).text


def _httpx_async(library: Any) -> Post:
    client = library.AsyncClient(timeout=LIMIT)
    _open.append(client.aclose)

    async def post(root: str) -> str:
        return (await client.post(_path(root), json=ASK)).text

    return _in_loop(post)


def _aiohttp(library: Any) -> Post:
    async def make() -> Any:
        every_time = library.TCPConnector(use_dns_cache=False)  # so that a look-up tells of each connection
        return library.ClientSession(connector=every_time, timeout=library.ClientTimeout(LIMIT))

    session = _loop.run_until_complete(make())
    _open.append(session.close)

    async def post(root: str) -> str:
        async with session.post(_path(root), json=ASK) as answer:
            return await answer.text()

    return _in_loop(post)


def _urllib3(library: Any) -> Post:
    pool = library.PoolManager(timeout=LIMIT, retries=False)
    atexit.register(pool.clear)
    return lambda root: pool.request("POST", _path(root), json=ASK).data.decode()


def _requests(library: Any) -> Post:
    session = library.Session()
    atexit.register(session.close)
    return lambda root: session.post(_path(root), json=ASK, timeout=LIMIT).text


def _botocore(library: Any) -> Post:
    from botocore.config import Config
    from botocore.session import Session

    keys = {"region_name": "eu-west-1", "aws_access_key_id": "AKIACANARY", "aws_secret_access_key": "canary"}
    once = Config(read_timeout=LIMIT, connect_timeout=LIMIT, retries={"total_max_attempts": 1})
    made: dict[str, Any] = {}

    def client(root: str) -> Any:
        """Return the client of that endpoint; an endpoint is a client's for life here."""
        if root not in made:
            own = {} if root == DEFAULT else {"endpoint_url": root}
            made[root] = Session().create_client("bedrock-runtime", config=once, **keys, **own)
        return made[root]

    client(DEFAULT)
    return lambda root: json.dumps(client(root).converse(modelId="amazon.nova-lite-v1:0", messages=CONVERSE)["output"])


DEFAULT = "https://api.openai.com"
"""Stands for the client's own address; botocore's client knows its own, that of Bedrock."""

_MADE_BY = {
    "httpx": ("httpx", _httpx),
    "httpx async": ("httpx", _httpx_async),
    "httpx2": ("httpx2", _httpx),
    "httpx2 async": ("httpx2", _httpx_async),
    "aiohttp": ("aiohttp", _aiohttp),
    "urllib3": ("urllib3", _urllib3),
    "requests": ("requests", _requests),
    "botocore": ("botocore", _botocore),
}


def _made(name: str) -> Post | None:
    from importlib import import_module

    library, make = _MADE_BY[name]
    try:
        return make(import_module(library))
    except ImportError:
        return None


STACKS: dict[str, Post | None] = {name: _made(name) for name in _MADE_BY}
"""The clients by their library's name; None where it is not installed."""


@atexit.register
def _close() -> None:
    for close in _open:
        _loop.run_until_complete(close())
    _loop.close()
