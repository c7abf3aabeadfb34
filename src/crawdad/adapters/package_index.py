"""The port `core.updates.PackageIndex` over HTTP. What the operator named is asked freely; where the index leads elsewhere the
guard for addresses that others name holds, and never to plain HTTP from HTTPS."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Timeouts, Transport, UpstreamAnswer, UpstreamCall
from crawdad.core.text import Text
from crawdad.core.updates import WheelFile
from crawdad.wire.package_index import ACCEPT, normalised, read_project

_MOST_PAGE = 32 << 20
_MOST_WHEEL = 128 << 20
_TIMEOUTS = Timeouts(connect=10.0, first_byte=30.0, idle=30.0)


class HttpPackageIndex:
    """Asks an index. `proxy` tells the proxy for an address."""

    def __init__(self, transport: Transport, proxy: Callable[[str], str | None] = lambda _: None) -> None:
        self._transport, self._proxy = transport, proxy

    async def wheels(self, index: str, package: str) -> Sequence[WheelFile]:
        """See `core.updates.PackageIndex`."""
        url = f"{index.rstrip('/')}/{normalised(package)}/"
        answer = await self._get(index, url, ACCEPT)
        try:
            body = await answer.read(_MOST_PAGE)
            kind = answer.headers.get("content-type", "")
            return await asyncio.to_thread(read_project, body, kind, answer.url, package)
        finally:
            await answer.close()

    async def fetch(self, index: str, wheel: WheelFile, target: str) -> None:
        """See `core.updates.PackageIndex`."""
        answer = await self._get(index, wheel.url, "*/*")
        found, size, fresh = hashlib.sha256(), 0, f"{target}.part"
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                async for chunk in answer.chunks():
                    size += len(chunk)
                    if size > _MOST_WHEEL:
                        raise GatewayError(ErrorKind.TOO_LARGE, Text("updates.too_large", {"name": wheel.name}))
                    found.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
            if not hmac.compare_digest(found.hexdigest(), wheel.sha256):
                text = Text("updates.wrong_hash", {"name": wheel.name})
                raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "wrong_hash"})
            os.replace(fresh, target)
        except OSError as error:
            text = Text("updates.disk", {"reason": error.strerror or str(error)})
            raise GatewayError(ErrorKind.UNAVAILABLE, text, {"code": "disk"}) from error
        finally:
            await answer.close()
            with suppress(FileNotFoundError):
                os.unlink(fresh)

    async def _get(self, index: str, url: str, accept: str) -> UpstreamAnswer:
        named, asked = urlsplit(index), urlsplit(url)
        if asked.scheme not in ("http", "https") or (named.scheme == "https" and asked.scheme != "https"):
            raise GatewayError(
                ErrorKind.FORBIDDEN, Text("updates.not_https", {"url": url[:200]}), {"code": "not_https"}
            )
        own = asked.netloc == named.netloc
        call = UpstreamCall(
            "GET",
            url,
            {"accept": accept},
            timeouts=_TIMEOUTS,
            guarded=not own,
            proxy=self._proxy(url) if own else None,
        )
        answer = await self._transport.send(call)
        if answer.status != 200:
            await answer.close()
            key = "updates.not_in_index" if answer.status == 404 else "updates.index_status"
            text = Text(key, {"status": answer.status, "url": url[:200]})
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, text, {"code": "index_status"})
        return answer
