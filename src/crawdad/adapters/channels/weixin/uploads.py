"""Files on their way to WeChat: encrypted, and brought to the CDN before the message that names them."""

from __future__ import annotations

import asyncio
import hashlib

from crawdad.adapters.channels.weixin.api import WeixinApi
from crawdad.adapters.channels.weixin.settings import WeixinSettings
from crawdad.core.channels import ChannelContext, OutboundMedia, SendFailed
from crawdad.core.errors import GatewayError
from crawdad.core.ports import Timeouts, UpstreamCall
from crawdad.core.text import Text
from crawdad.wire.weixin.media import MEDIA_TYPES, Uploaded, encrypt, slot_body, upload_url
from crawdad.wire.weixin.requests import base_info

_UPLOADS = 3


class Uploads:
    """Brings files to the CDN, in the name of one account."""

    def __init__(self, context: ChannelContext, settings: WeixinSettings, api: WeixinApi) -> None:
        self._context, self._settings, self._api = context, settings, api

    async def upload(self, media: OutboundMedia, to: str) -> Uploaded:
        """Bring a file there. Raises `SendFailed`."""
        key = self._secret_bytes()
        file_key = self._secret_bytes().hex()
        body = {**slot_body(media.data, media.kind, to, file_key, key), "base_info": base_info()}
        slot = await self._api.sent("getuploadurl", body, 15.0, harmless=True)
        url = upload_url(self._settings.cdn_base_url.rstrip("/"), slot.body, file_key)
        if not url:
            raise SendFailed("refused", Text("weixin.no_upload", {}))
        cipher = await asyncio.to_thread(encrypt, media.data, key)
        words = ""
        for _ in range(_UPLOADS):
            call = UpstreamCall(
                "POST",
                url,
                {"Content-Type": "application/octet-stream"},
                cipher,
                Timeouts(10.0, 120.0, 60.0),
                redirects=False,
            )
            try:
                answer = await self._context.transport.send(call)
                try:
                    said = await answer.read(1 << 20)
                finally:
                    await answer.close()
            except GatewayError as error:
                words = error.message()
                continue
            words = (
                answer.headers.get("x-error-message")
                or said[:200].decode("utf-8", "replace")
                or f"HTTP {answer.status}"
            )
            if 400 <= answer.status < 500:
                raise SendFailed("refused", words)
            parameter = answer.headers.get("x-encrypted-param")
            if answer.status == 200 and parameter:
                return Uploaded(MEDIA_TYPES[media.kind], parameter, key, len(media.data), len(cipher))
        raise SendFailed("not_sent", words)

    def _secret_bytes(self) -> bytes:
        return hashlib.sha256(self._context.randomness.new_token().encode()).digest()[:16]
