"""`image_generate`: pictures from a model that draws, put where people can fetch them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence

from crawdad.core.asking import Asker, DrawPictures
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import ImageRequest
from crawdad.core.media_files import MediaStore
from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome
from crawdad.services.agent_tools.arguments import get_count, get_text, need_text, schema
from crawdad.services.turns.inlining import media_type_of

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


class ImageGenerate:
    """The tool. Offered where there is a model that draws (`offered`)."""

    definition = ToolDefinition(
        "image_generate",
        "Have a model draw pictures from a description. The answer holds an address for each; give it to the user.",
        schema(
            {
                "prompt": {"type": "string", "description": "What the picture shall show."},
                "count": {"type": "integer", "minimum": 1, "maximum": 4},
                "size": {"type": "string", "description": "Pixels (1024x1024) or a ratio (16:9)."},
                "quality": {"type": "string", "enum": ["low", "medium", "high", "standard", "hd", "auto"]},
                "background": {"type": "string", "enum": ["transparent", "opaque", "auto"]},
                "model": {"type": "string", "description": "Another model than the one that is set."},
            },
            ("prompt",),
        ),
        "media",
    )

    def __init__(self, draw: DrawPictures, media: MediaStore, models: Callable[[str], Sequence[str]]) -> None:
        self._draw = draw
        self._media = media
        self._models = models

    def offered(self, agent_id: str) -> bool:
        """Whether there is a model that draws."""
        return bool(self._models(agent_id))

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        prompt = need_text(arguments, "prompt", 32_000)
        model = get_text(arguments, "model", 300) or next(iter(self._models(context.scope.agent_id)), "")
        if not model:
            raise GatewayError(ErrorKind.CONFLICT, Text("media.no_drawing_model"), {"code": "no_image_model"})
        request = ImageRequest(
            model,
            prompt,
            count=get_count(arguments, "count", 1, 1, 4),
            ratio=get_text(arguments, "size", 20) or None,
            quality=get_text(arguments, "quality", 20) or None,
            background=get_text(arguments, "background", 20) or None,
        )
        principal = context.scope.principal
        images = await self._draw.draw(Asker(principal, context.scope.session_key, context.language), request)
        parts: list[Part] = []
        files: list[JsonObject] = []
        for number, image in enumerate(images, 1):
            if image.data is None:
                files.append({"url": image.url})
                parts.append(TextPart(f"Picture {number}: {image.url}"))
                continue
            data = _decoded(image.data)
            media_type = media_type_of(data, "") or image.media_type
            name = f"picture-{number}.{_ENDINGS.get(media_type, 'bin')}"
            stored = await self._media.save(data, media_type, name, principal.id)
            files.append({"id": stored.id, "url": stored.path, "mediaType": media_type, "bytes": stored.size})
            parts.append(TextPart(f"Picture {number}: {stored.path}"))
            parts.append(MediaPart("image", data=image.data, media_type=media_type, name=name))
        return ToolOutcome(parts, {"model": model, "images": files})


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        words = Text("upstream.unreadable", {"reason": "bad picture"})
        raise GatewayError(ErrorKind.UPSTREAM_BROKEN, words) from None
