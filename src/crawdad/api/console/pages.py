"""`/console/`: the web console's own files, as they were built, under a policy that lets nothing else run.

Everything below the path that is no file is the console's first page: which page of the console it means, the console knows.
"""

from __future__ import annotations

from typing import Protocol

from crawdad.api.call import Headers, Receive, Scope, Send
from crawdad.core.page_assets import PageAsset
from crawdad.core.ports import Randomness
from crawdad.core.text import Text, preferred_language

PREFIX = "/console"
_FIRST = "index.html"
_NONCE = b"__CSP_NONCE__"
_FINGERPRINTED = "assets/"
_FOR_EVER = "public, max-age=31536000, immutable"
_SAFE: Headers = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
}


class Assets(Protocol):
    """The files as they were built."""

    async def find(self, name: str, *, compressed: bool) -> PageAsset | None:
        """The file of that name, below the folder of the build; None: there is none. `compressed`: gzip is welcome."""


class ConsolePages:
    """The ASGI application. Nobody needs to be known: the files are the same for all, and hold nothing."""

    def __init__(self, assets: Assets, randomness: Randomness) -> None:
        self._assets = assets
        self._randomness = randomness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one file."""
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(scope, send, 405, b"", {"allow": "GET, HEAD"})
            return
        path: str = scope["path"]
        if path == PREFIX:
            query = scope.get("query_string", b"").decode("latin-1")
            await _answer(scope, send, 308, b"", {"location": f"{PREFIX}/" + (f"?{query}" if query else "")})
            return
        name = path.removeprefix(f"{PREFIX}/")
        headers = dict(scope["headers"])
        compressed = b"gzip" in headers.get(b"accept-encoding", b"")
        if path.startswith(f"{PREFIX}/") and name and name != _FIRST:
            found = await self._assets.find(name, compressed=compressed)
            if found is not None:
                await self._file(scope, send, name, found)
                return
        if not path.startswith(f"{PREFIX}/") or "." in name.rpartition("/")[2] or name.startswith(_FINGERPRINTED):
            await _answer(scope, send, 404, b"", {"cache-control": "no-store"})
            return
        await self._first(scope, send)

    async def _file(self, scope: Scope, send: Send, name: str, asset: PageAsset) -> None:
        tag = f'"{asset.fingerprint}{"-gz" if asset.compressed else ""}"'
        headers: Headers = {
            "content-type": asset.media_type,
            "cache-control": _FOR_EVER if name.startswith(_FINGERPRINTED) else "no-cache",
            "etag": tag,
            "vary": "accept-encoding",
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        }
        if asset.compressed:
            headers["content-encoding"] = "gzip"
        if _header(scope, b"if-none-match") == tag:
            await _answer(scope, send, 304, b"", headers)
            return
        await _answer(scope, send, 200, asset.data, headers)

    async def _first(self, scope: Scope, send: Send) -> None:
        first = await self._assets.find(_FIRST, compressed=False)
        nonce = self._randomness.new_token()[-24:]  # it begins as all tokens do
        headers: Headers = {
            "content-type": "text/html; charset=utf-8",
            "cache-control": "no-store",
            "content-security-policy": policy(nonce),
        }
        if first is None:
            language = preferred_language(_header(scope, b"accept-language") or "en")
            words = Text("console.not_built").render(language)
            await _answer(scope, send, 503, f"<!doctype html><title>Crawdad</title><p>{words}</p>".encode(), headers)
            return
        await _answer(scope, send, 200, first.data.replace(_NONCE, nonce.encode()), headers)


def policy(nonce: str) -> str:
    """What a page of the console may load and run. `nonce` is that of the styles that its libraries make."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        )
    )


def wants_page(accept: str) -> bool:
    """Whether whoever opens an address is a browser that wants to show a page."""
    return "text/html" in accept


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _answer(scope: Scope, send: Send, status: int, body: bytes, headers: Headers) -> None:
    told = {**_SAFE, **headers}
    if status != 304:
        told["content-length"] = str(len(body))
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
