"""Fetching what a request names by URL, for upstreams that take only data.

The client names the URL, so every fetch goes through the guarded transport (attack case 27), within limits of size, number
and time. What the bytes are is read off them; what the server says of them counts only where they do not tell.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import replace

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import MediaKind, MediaPart, Message, Part, ToolResultPart
from crawdad.core.ports import Timeouts, Transport, UpstreamCall
from crawdad.core.request import ModelRequest
from crawdad.core.text import Text
from crawdad.services.turns.turn import Turn
from crawdad.wire.codec import Codec
from crawdad.wire.compaction import in_plain_words
from crawdad.wire.features import Treatment, media_feature

MOST_BYTES = 20 * 1024 * 1024
"""All that one request may have fetched."""
MOST_URLS = 32
_SECONDS = 30.0
_AT_ONCE = 4
_PATIENCE = Timeouts(connect=5.0, first_byte=10.0, idle=10.0)
_HEADERS = {"Accept": "image/*, application/pdf, audio/*, text/*", "Accept-Encoding": "identity"}
_KINDS = ("image", "document", "audio")
_ONLY_HTTPS = frozenset({"anthropic-messages", "gemini"})
"""Vendors who fetch URLs themselves, but none in the clear."""

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypavif", "image/avif"),
    (0, b"%PDF-", "application/pdf"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),  # voices: less than 32 kHz
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (4, b"ftypM4A", "audio/mp4"),
)


async def inlined(turn: Turn, codec: Codec, transport: Transport) -> ModelRequest:
    """The turn's request as `codec` can say it: media by URL that its upstream would not fetch become data.

    Raises BAD_REQUEST where a URL may not be fetched, cannot be, or leads to something else than it was said to.
    """
    request = turn.request if turn.request.protocol == codec.name else in_plain_words(turn.request)
    if request.protocol == codec.name or (b"http" not in turn.raw and not turn.touched):
        return request
    wanted = [part for part in _media(request.messages) if _must_fetch(part, codec)]
    if not wanted:
        return request
    missing = list(dict.fromkeys(part.url for part in wanted if part.url and part.url not in turn.fetched))
    if len(turn.fetched) + len(missing) > MOST_URLS:
        raise bad_request("fetch.too_many", most=MOST_URLS)
    lanes = asyncio.Semaphore(_AT_ONCE)
    try:
        async with asyncio.TaskGroup() as fetching:
            for url in missing:
                fetching.create_task(_fetch(url, turn, transport, lanes))
    except ExceptionGroup as faults:
        raise faults.exceptions[0] from None
    found = {id(part): _as_data(part, *turn.fetched[part.url]) for part in wanted if part.url}
    turn.exchange.notes.append(f"media by URL: fetched and sent as data ({codec.name})")
    return replace(request, messages=[_changed(message, found) for message in request.messages])


def _media(messages: list[Message]) -> Iterator[MediaPart]:
    for message in messages:
        for part in message.parts:
            for inner in part.content if isinstance(part, ToolResultPart) else (part,):
                if isinstance(inner, MediaPart):
                    yield inner


def _must_fetch(part: MediaPart, codec: Codec) -> bool:
    url = (part.url or "")[:8].lower()
    if part.kind not in _KINDS or not url.startswith(("http://", "https://")):
        return False
    refused = codec.support[media_feature(part)] is Treatment.REFUSED
    in_the_clear = codec.name in _ONLY_HTTPS and not url.startswith("https://")
    as_data = codec.support[media_feature(replace(part, url=None, data=""))]
    return (refused or in_the_clear) and as_data is not Treatment.REFUSED


async def _fetch(url: str, turn: Turn, transport: Transport, lanes: asyncio.Semaphore) -> None:
    """Put the content of `url` and the type that its server claims into `turn.fetched`."""
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2][:200]
    async with lanes:
        left = MOST_BYTES - sum(len(data) for data, _ in turn.fetched.values())
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await transport.send(UpstreamCall("GET", url, _HEADERS, None, _PATIENCE, guarded=True))
                try:
                    if answer.status != 200:
                        raise _unreachable(host, f"status {answer.status}")
                    data = await answer.read(left)
                finally:
                    await answer.close()
        except TimeoutError:
            raise _unreachable(host, "it takes too long") from None
        except GatewayError as error:
            if error.kind is ErrorKind.BAD_REQUEST:
                raise
            raise _unreachable(host, error.text) from None
    if len(data) > MOST_BYTES - sum(len(earlier) for earlier, _ in turn.fetched.values()):
        raise bad_request("fetch.too_large", most=MOST_BYTES)
    turn.fetched[url] = data, answer.headers.get("content-type", "")


def _unreachable(host: str, reason: Text | str) -> GatewayError:
    text = Text("fetch.unreachable", {"host": host, "reason": reason})
    return GatewayError(ErrorKind.BAD_REQUEST, text, {"code": "url_unreachable"})


def _as_data(part: MediaPart, data: bytes, claimed: str) -> MediaPart:
    """`part` with the bytes in place of the URL. Raises BAD_REQUEST where they are not of its kind."""
    media_type = media_type_of(data, claimed)
    if media_type.startswith("text/") and part.kind == "document":
        return replace(part, url=None, text=data.decode("utf-8"), media_type=media_type)
    if not _fits(part.kind, media_type):
        raise bad_request("fetch.other_kind", kind=part.kind, media_type=media_type or "unknown")
    return replace(part, url=None, data=base64.b64encode(data).decode(), media_type=media_type)


def media_type_of(data: bytes, claimed: str) -> str:
    """What `data` is: by its first bytes, else text where its server says so and it is; empty where nobody knows."""
    for at, signature, media_type in _SIGNATURES:
        if data.startswith(signature, at):
            return media_type
    claimed = claimed.partition(";")[0].strip().lower()
    if not claimed.startswith("text/") and claimed not in ("application/json", "application/xml"):
        return ""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return claimed if claimed.startswith("text/") else "text/plain"


def _fits(kind: MediaKind, media_type: str) -> bool:
    return media_type == "application/pdf" if kind == "document" else media_type.startswith(f"{kind}/")


def _changed(message: Message, found: dict[int, MediaPart]) -> Message:
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, ToolResultPart):
            parts.append(replace(part, content=[found.get(id(inner), inner) for inner in part.content]))
        else:
            parts.append(found.get(id(part), part))
    return replace(message, parts=parts)
