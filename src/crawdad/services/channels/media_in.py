"""Files that come with messages: fetched once access was granted, within the caps, and made what an agent can work with."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field

import structlog

from crawdad.core.channels import InboundMedia, InboundMessage
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import MediaPart, Part, TextPart
from crawdad.core.text_files import decoded
from crawdad.services.agents.boundaries import marked
from crawdad.services.channels.wording import plain_name
from crawdad.services.channels.world import OpenAccount
from crawdad.services.turns.inlining import media_type_of

MOST_FILES = 8
_FETCH_SECONDS = 120.0
_LONGEST_TEXT = 100_000

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Received:
    """What files became: parts for the agent, in order."""

    parts: list[Part] = field(default_factory=list)


async def received(account: OpenAccount, message: InboundMessage) -> Received:
    """The files of a message. What cannot be had is said in words."""
    found = Received()
    media = list(message.media)
    if not media and message.quoted is not None:
        media = list(message.quoted.media)
    for one in media[:MOST_FILES]:
        found.parts += await _part(account, one)
    if len(media) > MOST_FILES:
        found.parts.append(TextPart(f"[{len(media) - MOST_FILES} more files were not fetched]"))
    return found


async def _part(account: OpenAccount, media: InboundMedia) -> list[Part]:
    name = plain_name(media.name) or media.kind
    if media.transcript.strip() and media.kind in ("audio", "video"):
        return []  # what was said is in the message's words
    try:
        data = await _bytes(account, media)
    except GatewayError as error:
        reason = "it is too large" if error.kind is ErrorKind.TOO_LARGE else "it could not be fetched"
        _log.info("channel_media_not_fetched", account=str(account.account), reason=error.message())
        return [TextPart(f"[A file came with the message, {name}: {reason}]")]
    except Exception:  # a channel is other people's code: the message's words are not lost over its file
        _log.exception("channel_media_failed", account=str(account.account))
        return [TextPart(f"[A file came with the message, {name}: it could not be fetched]")]
    media_type = media_type_of(data, media.media_type or "application/octet-stream")
    if media.kind == "image" or (media.kind == "document" and media_type.startswith("image/")):
        if not media_type.startswith("image/"):
            return [TextPart(f"[A file came with the message, {name}: it is said to be a picture and is none]")]
        return [MediaPart("image", data=base64.b64encode(data).decode(), media_type=media_type, name=name)]
    if media.kind in ("audio", "video"):
        return [await _heard(account, media, data, media_type or media.media_type, name)]
    file = decoded(data) if not media_type or media_type.startswith("text/") else None
    if file is not None:  # many platforms do not say what a file is
        text = file.text[:_LONGEST_TEXT]
        return [TextPart(f"[The file {name}]\n{marked(text, f'the file {name}', account.world.secret)}")]
    if media_type == "application/pdf":
        return [MediaPart("document", data=base64.b64encode(data).decode(), media_type=media_type, name=name)]
    known = media_type or media.media_type or "of no known kind"
    return [TextPart(f"[A file came with the message, {name} ({known}, {len(data)} bytes): its kind cannot be shown]")]


async def _heard(account: OpenAccount, media: InboundMedia, data: bytes, media_type: str, name: str) -> Part:
    transcribe = account.world.transcribe
    if transcribe is None:
        return TextPart(f"[A recording came with the message, {name} ({media_type}): nobody here can listen to it]")
    try:
        text = await transcribe(data, media_type, name)
    except GatewayError as error:
        _log.info("channel_media_not_transcribed", account=str(account.account), reason=error.message())
        if error.kind is ErrorKind.BAD_REQUEST:  # nobody is set to listen
            return TextPart(f"[A recording came with the message, {name} ({media_type}): nobody here can listen to it]")
        return TextPart(f"[A recording came with the message, {name}: it could not be written down]")
    if not text.strip():
        return TextPart(f"[A recording came with the message, {name}: nothing is said in it]")
    return TextPart(
        f"[Transcript of the {media.kind}]\n{marked(text[:_LONGEST_TEXT], 'a transcript', account.world.secret)}"
    )


async def _bytes(account: OpenAccount, media: InboundMedia) -> bytes:
    limit = account.media_limit()
    if media.size is not None and media.size > limit:
        raise GatewayError(ErrorKind.TOO_LARGE, "the sender says so")
    pieces = bytearray()
    try:
        async with asyncio.timeout(_FETCH_SECONDS):
            async for piece in account.channel.fetch(media, limit):
                pieces += piece
                if len(pieces) > limit:  # whatever the channel looks at itself
                    raise GatewayError(ErrorKind.TOO_LARGE, "larger than it was said to be")
    except TimeoutError as error:
        raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, "it took too long") from error
    return bytes(pieces)
