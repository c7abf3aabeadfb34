"""Files that come with messages, as an agent is shown them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crawdad.core.channels import Chat, InboundMedia, InboundMessage, Person
from crawdad.core.parts import MediaPart, Part, TextPart
from crawdad.services.channels.media_in import received
from crawdad.services.channels.world import OpenAccount

PNG = b"\x89PNG\r\n\x1a\n0"


async def shown(data: bytes | Exception, claimed: str, kind: Any = "document") -> list[Part]:
    async def fetch(media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        if isinstance(data, Exception):
            raise data
        yield data

    world = SimpleNamespace(secret="s", transcribe=None)
    account = SimpleNamespace(
        channel=SimpleNamespace(fetch=fetch), media_limit=lambda: 1000, account="qq:default", world=world
    )
    message = InboundMessage(
        "e", Chat("direct", "u"), Person("u"), 1.0, text="look", media=(InboundMedia(kind, {}, claimed, "notes"),)
    )
    return (await received(cast(OpenAccount, account), message)).parts


@pytest.mark.parametrize("claimed", ["application/octet-stream", "text/plain", "application/yaml", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
async def test_text_is_read_whatever_it_is_said_to_be(claimed: str, encoding: str) -> None:
    (part,) = await shown("会议记录：明天三点".encode(encoding), claimed)
    assert isinstance(part, TextPart) and "[The file notes]" in part.text and "会议记录：明天三点" in part.text


async def test_what_is_no_text_is_named() -> None:
    (part,) = await shown(b"PK\3\4\0\0\0\0\xff\xfe", "application/octet-stream")
    assert isinstance(part, TextPart) and "application/octet-stream, 10 bytes" in part.text
    (part,) = await shown(b"%PDF-1.7\n", "application/octet-stream")
    assert isinstance(part, MediaPart) and part.media_type == "application/pdf"
    for kind in ("image", "document"):
        (part,) = await shown(PNG, "application/octet-stream", kind)
        assert isinstance(part, MediaPart) and (part.kind, part.media_type) == ("image", "image/png")
    (part,) = await shown(b"no picture", "image/png", "image")
    assert isinstance(part, TextPart) and "is none" in part.text


async def test_a_file_that_breaks_its_channel_costs_the_message_nothing() -> None:
    (part,) = await shown(KeyError("url"), "image/png", "image")
    assert isinstance(part, TextPart) and "could not be fetched" in part.text
