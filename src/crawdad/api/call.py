"""One HTTP request as routes see it, and the plain ways to answer it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Principal
from crawdad.core.text import Language, Text, preferred_language
from crawdad.services.identity.panel_tokens import SignedIn

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[str, str]

_CLIENT_ID = re.compile(r"[\w.:-]{1,128}\Z", re.ASCII)
_BEARER = "bearer "
_MOST_PARAMETERS = 100
CREDENTIAL_HEADERS = (b"authorization", b"x-api-key", b"x-goog-api-key", b"x-admin-token")
_SHOWN_QUERY = 500
_HARMLESS = re.compile(
    r"(?:alt=(?:sse|json)|beta=(?:true|false)|stream=(?:true|false)|api-version=[\w.-]{1,32})\Z", re.ASCII
)


class Disconnected(Exception):
    """The client went away while its request was being read."""


class Call:
    """A request: method, path, headers (lower-case names), and how to answer.

    `id` is unique and is what the log knows the exchange by; `shown_id` is what the client is told, its own id where it
    brought a usable one.
    """

    __slots__ = (
        "address",
        "default_language",
        "headers",
        "id",
        "method",
        "path",
        "receive",
        "scope",
        "send",
        "shown_id",
        "signed_in",
        "started",
        "unproven",
        "visitor",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, new_id: str) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.method: str = scope.get("method", "GET")
        self.path: str = scope["path"]
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self.id = new_id
        self.started = False
        self.default_language: Language = "en"
        client = scope.get("client")
        self.address: str = client[0] if client else ""
        """The client's address; the front door replaces that of a trusted proxy."""
        self.visitor: Principal | None = scope.get("crawdad.visitor")
        """Who comes, where a trusted proxy says so, or the cookie of our own pages; the front door finds out."""
        self.signed_in: SignedIn | None = scope.get("crawdad.signed_in")
        """The session, where it is the cookie."""
        self.unproven = False
        """Whether a page's cookie asks for a change without the proof that a page of ours would bring."""
        theirs = self.header(b"x-request-id")
        self.shown_id = theirs if theirs and _CLIENT_ID.match(theirs) else new_id

    def header(self, name: bytes) -> str:
        """A request header's value, empty where absent."""
        value = self.headers.get(name)
        return value.decode("latin-1") if value is not None else ""

    @property
    def language(self) -> Language:
        """The language for words to a person: what the client prefers, else the one that is configured."""
        wanted = self.header(b"accept-language")
        return preferred_language(wanted) if wanted else self.default_language

    def query(self) -> dict[str, str]:
        """The query parameters; the last of several of one name counts. Raises BAD_REQUEST when there are too many."""
        raw: bytes = self.scope.get("query_string", b"")
        if not raw:
            return {}
        try:
            return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS))
        except ValueError:
            raise bad_request("http.query", most=_MOST_PARAMETERS) from None

    def credential(self, query_key: bool = False) -> str | None:
        """The credential, from whichever place the client's protocol puts it; all lead to the same check."""
        authorization = self.header(b"authorization")
        if authorization[:7].lower() == _BEARER:
            return authorization[7:].strip() or None
        found = self.header(b"x-api-key") or self.header(b"x-goog-api-key")
        if not found and query_key:
            found = self.query().get("key", "")
        return found or None

    def credentials(self) -> tuple[bytes, ...]:
        """Whatever stands where a credential may stand, to be kept out of what is written down."""
        found = [self.headers[name] for name in CREDENTIAL_HEADERS if name in self.headers]
        found = [value[7:] if value[:7].lower() == b"bearer " else value for value in found]
        if b"key=" in self.scope.get("query_string", b""):
            found.append(self.query().get("key", "").encode())
        return tuple(value.strip() for value in found)

    @property
    def shown_url(self) -> str:
        """Path and query for the log: of the query only what is known to be harmless."""
        raw: bytes = self.scope.get("query_string", b"")
        if not raw:
            return self.path
        known = [part for part in raw[:_SHOWN_QUERY].decode("latin-1").split("&") if _HARMLESS.match(part)]
        return f"{self.path}?{'&'.join(known)}" if known else self.path

    async def body(self, limit: int) -> bytes:
        """The request body, decompressed. Raises TOO_LARGE beyond `limit` bytes, and `Disconnected`."""
        length = self.header(b"content-length")
        if length.isdigit() and int(length) > limit:
            raise too_large(limit)
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            piece = message.get("body", b"")
            if piece:
                size += len(piece)
                if size > limit:
                    raise too_large(limit)
                pieces.append(piece)
            if not message.get("more_body", False):
                break
        raw = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        encoding = self.header(b"content-encoding").lower()
        return raw if encoding in ("", "identity") else decompress(raw, encoding, limit)

    def watch(self, on_lost: Callable[[], None] | None) -> None:
        """Have the server call `on_lost` when the client goes away; None takes it back."""
        self.scope["crawdad.watch"](on_lost)

    async def start(self, status: int, headers: Headers) -> None:
        """Send the status line and headers."""
        self.started = True
        encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        encoded.append((b"x-request-id", self.shown_id.encode("latin-1")))
        await self.send({"type": "http.response.start", "status": status, "headers": encoded})

    async def more(self, data: bytes) -> None:
        """Send a piece of the body; waits while the client's buffers are full."""
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        """Send the last piece of the body."""
        await self.send({"type": "http.response.body", "body": data})

    async def answer(self, status: int, body: bytes, media_type: str, headers: Headers | None = None) -> None:
        """Send a whole answer."""
        all_headers = {"content-type": media_type, "content-length": str(len(body)), **(headers or {})}
        await self.start(status, all_headers)
        await self.end(b"" if self.method == "HEAD" else body)

    async def json(self, status: int, document: object, headers: Headers | None = None) -> None:
        """Send a JSON document."""
        await self.answer(status, orjson.dumps(document), "application/json", headers)


def too_large(limit: int) -> GatewayError:
    """The body is larger than we read."""
    return GatewayError(ErrorKind.TOO_LARGE, Text("http.body_too_large", {"limit": limit}), {"code": "body_too_large"})


def decompress(raw: bytes, encoding: str, limit: int) -> bytes:
    """A gzip or deflate body, never more than `limit` bytes of it."""
    if encoding not in ("gzip", "deflate"):
        text = Text("http.encoding", {"encoding": encoding[:40]})
        raise GatewayError(ErrorKind.BAD_REQUEST, text, {"code": "unsupported_encoding"})
    decoder = zlib.decompressobj(47 if encoding == "gzip" else 15)
    try:
        data = decoder.decompress(raw, limit + 1)
    except zlib.error as error:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("wire.not_json", {"reason": str(error)})) from None
    if len(data) > limit:
        raise too_large(limit)
    if not decoder.eof:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("wire.not_json", {"reason": "truncated"}))
    return data
