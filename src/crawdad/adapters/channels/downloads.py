"""Files that came with messages, fetched from wherever a platform keeps them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Transport, UpstreamCall

_GONE = (400, 403, 404, 410)


async def download(transport: Transport, call: UpstreamCall, limit: int) -> AsyncIterator[bytes]:
    """The bytes that a call brings, in pieces. Raises NOT_FOUND, UPSTREAM_BROKEN, and TOO_LARGE as soon as there are more than
    `limit`."""
    answer = await transport.send(call)
    try:
        if answer.status != 200:
            kind = ErrorKind.NOT_FOUND if answer.status in _GONE else ErrorKind.UPSTREAM_BROKEN
            raise GatewayError(kind, f"HTTP {answer.status}")
        seen = 0
        async for chunk in answer.chunks():
            seen += len(chunk)
            if seen > limit:
                raise GatewayError(ErrorKind.TOO_LARGE, f"> {limit}")
            yield chunk
    finally:
        await answer.close()
