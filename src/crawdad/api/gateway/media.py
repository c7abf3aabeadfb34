"""`GET /media/<id>`: files that agents made. The id is the key; there is no other."""

from __future__ import annotations

import re
from urllib.parse import quote

from crawdad.api.call import Call, Headers
from crawdad.api.gateway.answers import COMMON, answer_text
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.services.media_files.store import BadMediaId, Expired, KeptMedia, KeptMediaStore

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})\Z")
_PIECE = 256 * 1024


class MediaRoutes:
    """The handler bound to the files."""

    def __init__(self, media: KeptMediaStore) -> None:
        self._media = media

    async def get(self, call: Call, media_id: str) -> None:
        """`GET` or `HEAD /media/<id>`, whole or a range of it."""
        try:
            media = await self._media.find(media_id)
        except BadMediaId:
            await answer_text(call, 400, "invalid path")
            return
        except Expired:
            await answer_text(call, 410, "expired")
            return
        except GatewayError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            await answer_text(call, 404, "not found")
            return
        await self._give(call, media)

    async def _give(self, call: Call, media: KeptMedia) -> None:
        asked = call.header(b"range").strip()
        span = span_of(asked, media.size) if asked and call.method == "GET" else (0, media.size)
        if span is None:
            await answer_text(call, 416, "range not satisfiable", {"content-range": f"bytes */{media.size}"})
            return
        start, end = span
        headers = headers_of(media, end - start)
        partial = (start, end) != (0, media.size)
        if partial:
            headers["content-range"] = f"bytes {start}-{end - 1}/{media.size}"
        first = b""
        if call.method == "GET" and end > start:
            first = await self._media.piece(media, start, min(_PIECE, end - start))
        await call.start(206 if partial else 200, headers)
        if call.method == "HEAD":
            await call.end()
            return
        at, piece = start, first
        while piece:
            await call.more(piece)
            at += len(piece)
            piece = await self._media.piece(media, at, min(_PIECE, end - at)) if at < end else b""
        await call.end()


def headers_of(media: KeptMedia, length: int) -> Headers:
    """How a file is given out: never as something that a browser would run."""
    shown = "inline" if media.shown else "attachment"
    return {
        "content-type": f"{media.media_type}; charset=utf-8" if media.media_type == "text/plain" else media.media_type,
        "content-length": str(length),
        "content-disposition": f"{shown}; filename*=UTF-8''{quote(media.name, safe='')}",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "private, no-store",
        "accept-ranges": "bytes",
        **COMMON,
    }


def span_of(asked: str, size: int) -> tuple[int, int] | None:
    """The bytes that a Range header asks for, `(start, end)`. What is no single range of bytes asks for everything; None: it
    asks for what is not there."""
    found = _RANGE.match(asked)
    if found is None or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        wanted = int(found[2])
        return (max(0, size - wanted), size) if wanted and size else None
    start = int(found[1])
    end = min(size, int(found[2]) + 1) if found[2] else size
    if found[2] and int(found[2]) < start:
        return 0, size
    return (start, end) if start < size else None
