"""Asking over aiohttp, and an app in this process that answers: for the tests of that stack."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

URL = "https://api.openai.com/v1/chat/completions"
BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**BODY, "stream": True}
EVENTS = [f"data: {number}\n\n".encode() for number in range(5)]


async def post(body=BODY, url=URL, session=None, **options):
    """Ask once with a session of its own and return the body."""
    async with aiohttp.ClientSession(**(session or {})) as client, client.post(url, json=body, **options) as response:
        return await response.read()


def served(handler, use, **options):
    """Run `use(url)` against an app in this process that speaks OpenAI's dialect."""

    async def run():
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        async with TestServer(app) as server:
            return await use(str(server.make_url("/v1/chat/completions")))

    return asyncio.run(run(), **options)
