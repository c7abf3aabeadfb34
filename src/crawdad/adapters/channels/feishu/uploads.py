"""Files on their way to Feishu: brought there first, then named by their key."""

from __future__ import annotations

from collections.abc import Awaitable

from crawdad.adapters.channels.attempts import attempted
from crawdad.adapters.channels.feishu.api import FeishuApi
from crawdad.core.channels import OutboundMedia, SendFailed
from crawdad.core.media import File
from crawdad.wire.feishu.messages import Answer, Body, failure_of


async def uploaded(api: FeishuApi, media: OutboundMedia) -> Body:
    """Upload a file: its key as a message. Raises `SendFailed`."""
    file = File(media.data, media.name, media.media_type)
    if media.kind == "image":
        answer = await _answered(api.upload("im/v1/images", [("image_type", "message")], "image", file))
        return Body("image", {"image_key": answer.data.get("image_key")})
    kind = {"audio/opus": "opus", "audio/ogg": "opus", "video/mp4": "mp4", "application/pdf": "pdf"}.get(
        media.media_type, "stream"
    )
    fields = [("file_type", kind), ("file_name", media.name)]
    answer = await _answered(api.upload("im/v1/files", fields, "file", file))
    shown = {"opus": "audio", "mp4": "media"}.get(kind, "file")
    return Body(shown, {"file_key": answer.data.get("file_key")})


async def _answered(upload: Awaitable[Answer]) -> Answer:
    return unseen(await attempted(upload, unseen=True))


def unseen(answer: Answer) -> Answer:
    """An answer to a call that nobody sees: where it is none, nothing has been sent. Raises `SendFailed`."""
    if answer.ok:
        return answer
    failed = failure_of(answer)
    if failed.outcome == "ambiguous":
        raise SendFailed("not_sent", failed.text, retry_after=failed.retry_after)
    raise failed
