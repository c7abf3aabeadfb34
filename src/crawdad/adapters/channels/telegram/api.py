"""The way to the Bot API. The token stands in its addresses: no error that leaves here repeats one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson

from crawdad.adapters.channels.downloads import download
from crawdad.core.errors import GatewayError
from crawdad.core.media import File
from crawdad.core.ports import Randomness, Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.wire.media.multipart import Form, write_form
from crawdad.wire.telegram.calls import Call, read_answer

_MOST_ANSWERED = 16 * 1024 * 1024
_PATIENCE = Timeouts(connect=10.0, first_byte=30.0, idle=30.0)


class BotApi:
    """One bot's methods and files."""

    def __init__(self, transport: Transport, randomness: Randomness, root: str, token: Secret, proxy: str) -> None:
        self._transport = transport
        self._randomness = randomness
        self._root = root.rstrip("/")
        self._token = token
        self._proxy = proxy or None

    async def ask(self, call: Call, *, waits: float = 0.0) -> Any:
        """The method's result, or the `Refusal`. `waits`: seconds that Telegram may hold it back. Raises `GatewayError`
        when no answer comes."""
        if call.file is None:
            body, kind = orjson.dumps(call.params), "application/json"
        else:
            # In a form every value is a word of its own; what is no word is JSON.
            fields = [
                (name, value if isinstance(value, str) else orjson.dumps(value).decode())
                for name, value in call.params.items()
            ]
            file = File(call.file.data, call.file.name, call.file.media_type)
            form = Form(fields, [(call.file_field, file)])
            body, kind = write_form(form, f"crawdad{self._randomness.new_token()[-40:]}")
        timeouts = Timeouts(_PATIENCE.connect, _PATIENCE.first_byte + waits, _PATIENCE.idle)
        url = f"{self._root}/bot{self._token.reveal()}/{call.method}"
        once = call.method.startswith("send")
        request = UpstreamCall(
            "POST", url, {"content-type": kind}, body, timeouts, proxy=self._proxy, redirects=False, once=once
        )
        try:
            answer = await self._transport.send(request)
            try:
                return read_answer(answer.status, await answer.read(_MOST_ANSWERED))
            finally:
                await answer.close()
        except GatewayError as error:
            raise self._scrubbed(error) from None

    async def file(self, path: str, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file that `getFile` named."""
        url = f"{self._root}/file/bot{self._token.reveal()}/{path}"
        request = UpstreamCall("GET", url, {}, timeouts=_PATIENCE, proxy=self._proxy, redirects=False)
        try:
            async for chunk in download(self._transport, request, limit):
                yield chunk
        except GatewayError as error:
            raise self._scrubbed(error) from None

    def _scrubbed(self, error: GatewayError) -> GatewayError:
        token = self._token.reveal()
        if token not in error.message():
            return error
        scrubbed = type(error)(error.kind, error.message().replace(token, "***"), retry_after=error.retry_after)
        return scrubbed
