"""A streamed picture request: no half-made pictures, and one `completed` event for each that is done."""

from __future__ import annotations

import orjson

from crawdad.core.media import ImageRequest, ImageResponse
from crawdad.core.parts import JsonObject
from crawdad.wire.media.images import openai_size, write_response

_BACKGROUNDS = ("transparent", "opaque", "auto")
_QUALITIES = {"hd": "high", "standard": "medium", "low": "low", "medium": "medium", "high": "high"}


def write_events(response: ImageResponse, request: ImageRequest, created: int) -> bytes:
    """The whole stream. The counts are with the last event, so that nobody adds them up twice."""
    kind = "image_edit.completed" if request.images else "image_generation.completed"
    usage = write_response(response, request, created).get("usage")
    nothing = {
        "input_tokens": 0,
        "output_tokens": 0,
        "total_tokens": 0,
        "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
    }
    pieces = []
    for number, image in enumerate(response.images):
        last = number == len(response.images) - 1
        event: JsonObject = {
            "type": kind,
            "b64_json": image.data or "",
            "background": request.background if request.background in _BACKGROUNDS else "auto",
            "created_at": created,
            "output_format": _format(image.media_type),
            "quality": _QUALITIES.get(request.quality or "", "auto"),
            "size": openai_size(request) or "auto",
            "usage": usage if last and usage else nothing,
        }
        if image.data is None:
            event["url"] = image.url
        pieces.append(b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(event)))
    return b"".join(pieces)


def _format(media_type: str) -> str:
    spelled = media_type.partition("/")[2]
    return spelled if spelled in ("png", "webp", "jpeg") else "png"
