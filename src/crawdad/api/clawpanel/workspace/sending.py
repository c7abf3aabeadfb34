"""Files on their way out: ranges, conditions, names in every script; never as something that a browser would run."""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import quote

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from crawdad.api.clawpanel.workspace.shapes import shown_name
from crawdad.api.gateway.media import span_of
from crawdad.core.folder_trees import OpenFile

_PIECE = 256 * 1024
GUARDED = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-cache",
}
"""What goes with content that others had a say in."""


def disposition(kind: str, name: str) -> str:
    """The Content-Disposition of a file: the contract's percent-encoded name, and the name itself (RFC 6266)."""
    encoded = quote(shown_name(name), safe="")
    return f"{kind}; filename=\"{encoded}\"; filename*=UTF-8''{encoded}"


def sent(request: Request, file: OpenFile, media_type: str, kind: str) -> Response:
    """The answer that sends `file`, and closes it in the end."""
    etag = f'"{file.mark}"'
    modified = int(file.node.modified)
    headers = {
        "content-disposition": disposition(kind, file.node.name),
        **GUARDED,
        "accept-ranges": "bytes",
        "etag": etag,
        "last-modified": formatdate(modified, usegmt=True),
    }
    size = file.node.size
    if _unchanged(request, etag, modified):
        return _Sending(file, 304, headers, 0, 0)
    headers["content-type"] = media_type
    asked = request.headers.get("range", "").strip()
    condition = request.headers.get("if-range", "")
    if condition and condition not in (etag, headers["last-modified"]):
        asked = ""
    span = span_of(asked, size) if asked and request.method == "GET" else (0, size)
    if span is None:
        return _Sending(file, 416, {**headers, "content-range": f"bytes */{size}", "content-length": "0"}, 0, 0)
    start, end = span
    headers["content-length"] = str(end - start)
    if span == (0, size):
        return _Sending(file, 200, headers, start, end)
    headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    return _Sending(file, 206, headers, start, end)


def _unchanged(request: Request, etag: str, modified: int) -> bool:
    known = request.headers.get("if-none-match")
    if known is not None:
        return known.strip() == "*" or etag in (each.strip().removeprefix("W/") for each in known.split(","))
    try:
        return parsedate_to_datetime(request.headers.get("if-modified-since", "")).timestamp() >= modified
    except (ValueError, TypeError):
        return False


class _Sending(Response):
    """The bytes from `start` to `end` of a file."""

    def __init__(self, file: OpenFile, status: int, headers: dict[str, str], start: int, end: int) -> None:
        self.status_code = status
        self.background = None
        self.body = b""
        self._file = file
        self._start = start
        self._end = end
        self.raw_headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            at = self._start
            while at < self._end:
                piece = await self._file.read(at, min(_PIECE, self._end - at))
                if not piece:  # it was cut short meanwhile: the connection breaks, which tells the client
                    raise OSError("the file became shorter while it was sent")
                at += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._file.close()
