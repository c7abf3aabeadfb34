"""Gateways in the manner of Discord, which QQ's official bots have too: a session that is begun once and resumed after a break,
with a number for each event and heartbeats that say the last one.

The number is moved on when an event is kept: what was not is sent again to whoever resumes.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

import orjson

from crawdad.adapters.channels.reconnecting import beside
from crawdad.core.channels import ChannelContext, Socket
from crawdad.core.parts import JsonObject

_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT, _INVALID, _HELLO, _HEARD = 0, 1, 2, 6, 7, 9, 10, 11
_HELLO_SECONDS = 20.0
_SESSION = "session"


class GatewayOwner(Protocol):
    """The channel whose gateway it is."""

    async def gateway_token(self) -> str:
        """What identifies the bot."""

    def identification(self) -> JsonObject:
        """The rest of what is said of it."""

    def token_refused(self) -> None:
        """The gateway did not take the token, or wants a session to be begun anew."""

    def event_of(self, frame: JsonObject, bot: str) -> JsonObject | None:
        """A dispatched frame as it is kept; None: there is nothing in it for anybody."""

    async def kept(self, frame: JsonObject) -> None:
        """It was kept."""


class GatewaySession:
    """The session of an account, over one connection after another."""

    def __init__(self, context: ChannelContext, owner: GatewayOwner) -> None:
        self._context = context
        self._owner = owner
        self._session: JsonObject = {}
        self._useful = False

    async def address(self) -> str:
        """Where the session is to be resumed; empty: wherever a new one is begun."""
        return str((await self._context.state.get(_SESSION) or {}).get("url") or "")

    async def forget(self) -> None:
        """The next connection begins a new session."""
        self._session = {}
        await self._context.state.delete(_SESSION)

    async def hold(self, socket: Socket) -> bool:
        """One connection to its end; whether it was of use. Raises what the socket does when it ends."""
        self._useful = False
        async with asyncio.timeout(_HELLO_SECONDS):
            hello = _frame(await socket.receive())
        if hello.get("op") != _HELLO:
            return False
        interval = float((hello.get("d") or {}).get("heartbeat_interval") or 40_000) / 1000
        self._session = await self._context.state.get(_SESSION) or {}
        await self._greet(socket)
        async with beside(self._beat(socket, interval)):
            await self._read(socket, interval)
        return self._useful

    @property
    def useful(self) -> bool:
        """Whether the last connection was of use."""
        return self._useful

    async def _greet(self, socket: Socket) -> None:
        token = await self._owner.gateway_token()
        if self._session.get("id"):
            data: JsonObject = {
                "token": token,
                "session_id": self._session["id"],
                "seq": self._session.get("seq") or 0,
            }
            await socket.send(_text({"op": _RESUME, "d": data}))
        else:
            await socket.send(_text({"op": _IDENTIFY, "d": {"token": token, **self._owner.identification()}}))

    async def _beat(self, socket: Socket, interval: float) -> None:
        with contextlib.suppress(EOFError):
            while True:
                await asyncio.sleep(interval)
                await socket.send(_text({"op": _HEARTBEAT, "d": self._session.get("seq")}))

    async def _read(self, socket: Socket, interval: float) -> None:
        while True:
            async with asyncio.timeout(3 * interval):  # each heartbeat is answered
                frame = _frame(await socket.receive())
            operation = frame.get("op")
            if operation == _DISPATCH:
                await self._take(frame)
            elif operation == _HEARD:
                self._context.heard()
            elif operation == _HEARTBEAT:
                await socket.send(_text({"op": _HEARTBEAT, "d": self._session.get("seq")}))
            elif operation == _RECONNECT:
                return
            elif operation == _INVALID:
                if frame.get("d") is not True:  # else the same session is to be resumed once more
                    await self.forget()
                    self._owner.token_refused()
                return

    async def _take(self, frame: JsonObject) -> None:
        self._useful = True
        data = frame.get("d")
        if frame.get("t") == "READY" and isinstance(data, dict):
            user = data.get("user") or {}
            bot = str(user.get("id") or "")
            url = str(data.get("resume_gateway_url") or "")
            self._session = {"id": str(data.get("session_id") or ""), "bot": bot, "url": url}
            self._context.heard(str(user.get("username") or bot))
        elif frame.get("t") == "RESUMED":
            self._context.heard()
        elif (event := self._owner.event_of(frame, str(self._session.get("bot") or ""))) is not None:
            await self._context.admit(event)
            await self._owner.kept(frame)
        if isinstance(frame.get("s"), int):
            self._session = {**self._session, "seq": frame["s"]}
            await self._context.state.put(_SESSION, self._session)


def _text(frame: JsonObject) -> str:
    return orjson.dumps(frame).decode()


def _frame(data: str | bytes) -> JsonObject:
    try:
        found = orjson.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
