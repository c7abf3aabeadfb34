"""Fetching one file from an address that somebody named: guarded, bounded in size and in time."""

from __future__ import annotations

import asyncio

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Timeouts, Transport, UpstreamCall
from crawdad.core.text import Text


async def fetch_file(
    transport: Transport, url: str, limit: int, *, accept: str, patience: Timeouts, seconds: float
) -> bytes:
    """What stands at `url`, at most `limit` bytes, within `seconds`. Raises UPSTREAM_ERROR where the answer is none,
    UPSTREAM_TIMEOUT, and what the transport raises (a refused address among it)."""
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2][:200]
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    try:
        async with asyncio.timeout(seconds):
            answer = await transport.send(UpstreamCall("GET", url, headers, None, patience, guarded=True))
            try:
                if answer.status != 200:
                    text = Text("web.status", {"host": host, "status": answer.status})
                    raise GatewayError(ErrorKind.UPSTREAM_ERROR, text)
                return await answer.read(limit)
            finally:
                await answer.close()
    except TimeoutError:
        raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("web.timeout", {"host": host})) from None
