"""The transport of one account: news by long poll, messages out, files both ways."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

from crawdad.core.channels import (
    Channel,
    ChannelContext,
    InboundMedia,
    InboundMessage,
    OutboundMessage,
    Receipt,
    SendFailed,
    SignedOut,
)
from crawdad.core.errors import ErrorKind, GatewayError, NotReached
from crawdad.core.ports import Timeouts, UpstreamCall
from postbox.reading import failure_of, read_event
from postbox.settings import PostboxSettings

_MOST_BYTES = 8 * 1024 * 1024
_LONGEST_WAIT = 60.0


class PostboxChannel(Channel):
    """One account. Crawdad makes it, runs `run` for as long as the account is on, and calls the rest as needed."""

    def __init__(self, context: ChannelContext) -> None:
        assert isinstance(context.settings, PostboxSettings)
        self._context = context
        self._settings = context.settings

    async def run(self) -> None:
        """Ask for news until cancelled. What came is kept first; only then the number moves on, which acknowledges it."""
        context, wait, linked = self._context, 1.0, False
        after = int(await context.state.get("after") or 0)
        while True:
            seconds = self._settings.wait_seconds if linked else 0  # the first answer shows that the link works
            try:
                status, _, answer = await self._ask("GET", f"/events?after={after}&wait={seconds}", waits=seconds)
                if status == 401:
                    raise SignedOut("the service does not take the token")
                if status != 200:
                    raise GatewayError(ErrorKind.UPSTREAM_BROKEN, f"HTTP {status}")
                context.heard(self._settings.url)
                events = answer["events"]
                await context.admit(*events)
            except SignedOut:
                raise
            except GatewayError as error:
                linked = False
                context.lost(error.text)
                await context.clock.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
                continue
            wait, linked = 1.0, True
            if events:
                after = int(events[-1]["n"])
                await context.state.put("after", after)

    def read(self, event: dict[str, Any]) -> InboundMessage:
        """What an event says."""
        return read_event(event)

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part, once. What the service certainly did not take may be tried again; so may what it perhaps took, for
        it knows a message by its id (`repeats_safely`)."""
        group = message.chat.kind != "direct"
        body: dict[str, Any] = {"id": message.id, "text": message.text}
        body |= {"to": "" if group else message.chat.id, "room": message.chat.id if group else ""}
        if message.media is not None:
            data = base64.b64encode(message.media.data).decode()
            body["file"] = {"name": message.media.name, "type": message.media.media_type, "data": data}
        try:
            status, headers, answer = await self._ask("POST", "/messages", body)
        except NotReached as error:
            raise SendFailed("not_sent", error.text) from None
        except GatewayError as error:
            raise SendFailed("ambiguous", error.text) from None
        if status != 200:
            raise failure_of(status, headers, answer)
        return Receipt((str(answer["id"]),))

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file, in pieces."""
        call = UpstreamCall("GET", f"{self._settings.url}/files/{media.handle['file']}", self._headers())
        answer = await self._context.transport.send(call)
        try:
            if answer.status != 200:
                raise GatewayError(ErrorKind.NOT_FOUND, f"HTTP {answer.status}")
            seen = 0
            async for chunk in answer.chunks():
                seen += len(chunk)
                if seen > limit:
                    raise GatewayError(ErrorKind.TOO_LARGE, f"more than {limit} bytes")
                yield chunk
        finally:
            await answer.close()

    async def probe(self) -> dict[str, Any]:
        """Whether the service is there and takes the token."""
        status, _, _ = await self._ask("GET", "/events?after=0&wait=0")
        if status != 200:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, f"HTTP {status}")
        return {"url": self._settings.url}

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, waits: float = 0.0
    ) -> tuple[int, Any, Any]:
        """Status, headers, and the answer's JSON. `waits`: how long the service may take its time."""
        sent = None if body is None else json.dumps(body).encode()
        patience = Timeouts(connect=10.0, first_byte=20.0 + waits, idle=20.0)
        call = UpstreamCall(method, self._settings.url + path, self._headers(), sent, patience, redirects=False)
        answer = await self._context.transport.send(call)
        try:
            text = await answer.read(_MOST_BYTES)
        finally:
            await answer.close()
        try:
            return answer.status, answer.headers, json.loads(text or b"null")
        except ValueError:
            raise GatewayError(
                ErrorKind.UPSTREAM_BROKEN, "the service answered with something else than JSON"
            ) from None

    def _headers(self) -> dict[str, str]:
        token = self._settings.token
        authorization = {"authorization": f"Bearer {token.reveal()}"} if token is not None else {}
        return {"content-type": "application/json", **authorization}
