"""Finding the pictures that a tool call names: files of the workspace, addresses of the web, data URLs."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Protocol

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import MediaPart
from crawdad.core.ports import Timeouts, Transport
from crawdad.core.text import Text
from crawdad.services.fetching import fetch_file
from crawdad.services.turns.inlining import media_type_of

_SECONDS = 30.0
_PATIENCE = Timeouts(connect=5.0, first_byte=15.0, idle=15.0)


class WorkspaceFiles(Protocol):
    """Reads a file within a workspace, never through a link, at most `limit` bytes. None: there is no such file there.
    Raises TOO_LARGE."""

    async def read_bytes(self, workspace: Path, path: str, limit: int) -> bytes | None: ...


class Pictures:
    """Loads pictures as data, within a limit of bytes."""

    def __init__(self, transport: Transport, files: WorkspaceFiles) -> None:
        self._transport = transport
        self._files = files

    async def load(self, source: str, workspace: Path, limit: int) -> MediaPart:
        """One picture. Raises BAD_REQUEST where it is none, TOO_LARGE, NOT_FOUND."""
        if source.startswith("data:"):
            data = _from_data_url(source, limit)
        elif source.lower().startswith(("http://", "https://")):
            data = await self._fetch(source, limit)
        else:
            path = source.removeprefix("file://")
            found = await self._files.read_bytes(workspace, path, limit)
            if found is None:
                raise GatewayError(ErrorKind.NOT_FOUND, Text("media.no_file", {"path": path[:300]}), {"param": "image"})
            data = found
        media_type = media_type_of(data, "")
        if not media_type.startswith("image/"):
            raise bad_request("media.no_picture", "image", source=source[:100])
        return MediaPart("image", data=base64.b64encode(data).decode(), media_type=media_type)

    async def _fetch(self, url: str, limit: int) -> bytes:
        return await fetch_file(self._transport, url, limit, accept="image/*", patience=_PATIENCE, seconds=_SECONDS)


def _from_data_url(source: str, limit: int) -> bytes:
    head, _, body = source.partition(",")
    if not head.endswith(";base64"):
        raise bad_request("media.no_picture", "image", source=head[:100])
    if len(body) > limit * 4 // 3 + 4:
        raise GatewayError(ErrorKind.TOO_LARGE, Text("media.too_large", {"most": limit}), {"param": "image"})
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise bad_request("media.no_picture", "image", source=head[:100]) from None
