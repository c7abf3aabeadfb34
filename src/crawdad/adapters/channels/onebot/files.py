"""The files of messages: from their address, out of the message itself, or from what the QQ side says of them when asked."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable

from crawdad.adapters.channels.downloads import download
from crawdad.core.channels import InboundMedia, SendFailed
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Timeouts, Transport, UpstreamCall
from crawdad.core.text import Text
from crawdad.wire.onebot.actions import Action, Reply

Act = Callable[[Action], Awaitable[Reply]]


async def fetched(transport: Transport, act: Act, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
    """The bytes of a file: from its address, or from what the QQ side says of it when it is asked."""
    handle = media.handle
    if handle.get("type") == "record" and (spoken := await _as_mp3(act, handle)):
        yield _decoded(spoken, limit)
        return
    url = str(handle.get("url") or "")
    inline = str(handle.get("file") or "")
    if not url.startswith(("http://", "https://")) and inline.startswith(("http://", "https://")):
        url = inline
    if not url.startswith(("http://", "https://")) and not inline.startswith("base64://"):
        url, inline = await _located(act, handle)
    if inline.startswith("base64://") and not url:
        yield _decoded(inline, limit)
        return
    call = UpstreamCall("GET", url, {}, timeouts=Timeouts(10.0, 30.0, 30.0), guarded=True)
    async for chunk in download(transport, call, limit):
        yield chunk


async def _as_mp3(act: Act, handle: JsonObject) -> str:
    """A voice message as MP3 (`base64://…`), where the QQ side can make one: what stands at its address is SILK, which next to
    nobody reads. Empty where it cannot, or would only name a file on a disk that is not ours."""
    file = handle.get("file") or handle.get("file_id")
    if not file or str(file).startswith(("http://", "https://", "base64://")):
        return ""
    try:
        data = (await act(Action("get_record", {"file": file, "out_format": "mp3"}))).data
    except SendFailed:
        return ""
    found = data if isinstance(data, dict) else {}
    return f"base64://{found['base64']}" if isinstance(found.get("base64"), str) and found["base64"] else ""


async def _located(act: Act, handle: JsonObject) -> tuple[str, str]:
    """The address of a file that came without one, or its bytes (`base64://…`)."""
    file_id = handle.get("file_id") or handle.get("file") or ""
    asked = [Action("get_file", {"file_id": file_id})]
    if handle.get("type") == "file":
        where = {"group_id": handle["group_id"]} if handle.get("group_id") else {"user_id": handle["user_id"]}
        name = "get_group_file_url" if handle.get("group_id") else "get_private_file_url"
        asked.insert(0, Action(name, {**where, "file_id": file_id}))
    last: SendFailed | None = None
    for action in asked:
        try:
            data = (await act(action)).data
        except SendFailed as error:
            last = error
            continue
        found = data if isinstance(data, dict) else {}
        if str(found.get("url") or "").startswith(("http://", "https://")):
            return str(found["url"]), ""
        if found.get("base64"):
            return "", f"base64://{found['base64']}"
    raise GatewayError(ErrorKind.NOT_FOUND, last.text if last is not None else Text("onebot.no_file", {}))


def _decoded(inline: str, limit: int) -> bytes:
    encoded = inline.removeprefix("base64://")
    if len(encoded) * 3 // 4 > limit + 3:
        raise GatewayError(ErrorKind.TOO_LARGE, f"> {limit}")
    try:
        data = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        raise GatewayError(ErrorKind.NOT_FOUND, Text("onebot.no_file", {})) from None
    if len(data) > limit:
        raise GatewayError(ErrorKind.TOO_LARGE, f"> {limit}")
    return data
