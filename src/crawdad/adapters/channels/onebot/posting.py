"""Actions over HTTP: a call for each, several at once, those of a client to one chat in their order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson

from crawdad.adapters.channels.onebot.reception import frame_of
from crawdad.core.channels import SendFailed, SendOutcome
from crawdad.core.errors import GatewayError, NotReached
from crawdad.core.ports import Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.wire.onebot.actions import Action, Reply, chat_of, read_reply

_MOST_ANSWERED = 64 * 1024 * 1024
_MOST_AT_ONCE = 16
"""Calls of clients; more wait until one is answered."""


class Turns:
    """When each call of clients may go out."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_MOST_AT_ONCE)
        self._chats: dict[tuple[object, str], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, owner: object, action: Action) -> AsyncIterator[None]:
        """Wait for the turn of an action, and have it until it is done."""
        chat = chat_of(action)
        if not chat:
            async with self._room:
                yield
            return
        place = owner, chat
        lock, waiting = self._chats.get(place, (asyncio.Lock(), 0))
        self._chats[place] = lock, waiting + 1
        try:
            async with lock, self._room:
                yield
        finally:
            waiting = self._chats[place][1] - 1
            if waiting:
                self._chats[place] = lock, waiting
            else:
                del self._chats[place]


async def post(transport: Transport, base_url: str, token: Secret | None, action: Action, seconds: float) -> Reply:
    """Have something done. Raises `SendFailed` when there is no answer."""
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token.reveal()}"
    url = f"{base_url.rstrip('/')}/{action.name}"
    body = orjson.dumps(action.params)
    once = action.name.startswith(("send_", "upload_"))
    call = UpstreamCall("POST", url, headers, body, Timeouts(5.0, seconds, seconds), redirects=False, once=once)
    try:
        answer = await transport.send(call)
        try:
            data = await answer.read(_MOST_ANSWERED)
        finally:
            await answer.close()
    except NotReached as error:
        raise SendFailed("not_sent", error.text) from error
    except GatewayError as error:
        raise SendFailed("ambiguous", error.text) from error
    if answer.status in (401, 403):
        raise SendFailed("signed_out", Text("onebot.token_refused", {"reason": f"HTTP {answer.status}"}))
    frame = frame_of(data)
    if frame is None or "retcode" not in frame:
        outcome: SendOutcome = "refused"
        if answer.status == 404:
            outcome = "unsupported"
        elif answer.status >= 500:
            outcome = "ambiguous"
        raise SendFailed(outcome, f"HTTP {answer.status}")
    return read_reply(frame)
