"""What comes from the QQ side: read in its order and kept, whether by a socket or posted, with the signs of life among it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import orjson

from crawdad.adapters.channels.onebot.clients import Clients
from crawdad.adapters.channels.onebot.link import Link
from crawdad.core.channels import ChannelContext, SendFailed, SignedOut, Socket
from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.onebot.actions import RETCODE_TOKEN, Action, Reply
from crawdad.wire.onebot.events import forward_id, quoted_id
from crawdad.wire.onebot.notices import ASIDE

_MOST_WAITING = 512
"""Events that were read and are not kept yet; while there are so many nothing more is read."""
_MOST_AT_ONCE = 64
"""How many of them are kept in one piece."""
_LOOK_SECONDS = 5.0
"""How long it may take to look up what a message quotes."""
_LONGEST_WAIT = 30.0
QUIET_SECONDS = 45.0
"""Heartbeats are optional: where nothing comes for so long the other side is asked whether it is there."""
_BEATS = 2.5
"""After so many heartbeats that did not come the link is dead."""

_NOT_KEPT = ("meta_event", "message_sent")
"""What is shown to whoever watches, and is nobody's business else."""

Act = Callable[[Action, float | None], Awaitable[Reply]]


class Reception:
    """The receiving side of one account. `act` asks the QQ side something; `clients` hear all that comes."""

    def __init__(self, context: ChannelContext, link: Link, clients: Clients, act: Act) -> None:
        self._context = context
        self._link = link
        self._clients = clients
        self._act = act
        self.online = True
        """Whether QQ itself is signed in, as far as it is known."""

    async def hold(self, socket: Socket, *, events: bool = True, actions: bool = True) -> bool:
        """Read a socket to its end; whether it was of use. Raises `SignedOut` when the other side refuses the token."""
        waiting: asyncio.Queue[JsonObject | None] = asyncio.Queue(_MOST_WAITING)
        session = _Session(events)
        if actions:
            self._link.attach(socket)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(self._read(socket, waiting, session))
            tasks.create_task(self._keep(waiting))
            if actions:
                tasks.create_task(self._introduce(socket, session))
                watching = tasks.create_task(self._watch(socket, session))
                reading.add_done_callback(lambda _: watching.cancel())
        if session.refused:
            raise SignedOut(Text("onebot.token_refused", {"reason": session.refused}))
        return session.useful

    async def _read(self, socket: Socket, waiting: asyncio.Queue[JsonObject | None], session: _Session) -> None:
        patience: float | None = None
        try:
            while True:
                async with asyncio.timeout(patience):
                    data = await socket.receive()
                session.quiet = False
                frame = frame_of(data)
                if frame is None:
                    continue
                if frame.get("retcode") == RETCODE_TOKEN and not frame.get("echo"):
                    session.refused = str(frame.get("message") or RETCODE_TOKEN)
                    break
                if self._link.answered(frame, isinstance(data, bytes)):
                    continue
                session.useful = True
                self._clients.hear(data)
                if frame["post_type"] == "meta_event":
                    patience = self.beat(frame) or patience
                elif self.online:
                    self._context.heard()
                if session.events and not is_heartbeat(frame):
                    await waiting.put(frame)
        except EOFError:
            pass
        except TimeoutError:
            self._context.lost(Text("onebot.silent", {}))
        finally:
            self._link.detach(socket)
            if not self._link.is_open:
                self._clients.drop()
        await socket.close()
        await waiting.put(None)

    def beat(self, frame: JsonObject) -> float | None:
        """A sign of life; for heartbeats, how long the next may take."""
        if frame.get("meta_event_type") != "heartbeat":
            return None
        status = frame.get("status")
        if isinstance(status, dict) and status.get("online") is False:
            self._gone_offline()
        else:
            self.online = True
            self._context.heard()
        interval = frame.get("interval")
        return _BEATS * interval / 1000 if isinstance(interval, (int, float)) and interval > 0 else None

    def _gone_offline(self) -> None:
        self.online = False
        self._context.lost(Text("onebot.qq_offline", {}))

    async def _introduce(self, socket: Socket, session: _Session) -> None:
        """Ask who the account is: an open socket alone proves nothing, as a wrong token is refused after the upgrade."""
        try:
            self.recognised(await self._act(Action("get_login_info", {}), None))
            session.useful = True
        except SendFailed as error:
            if not session.refused:
                self._context.lost(error.text)
            await socket.close()

    async def _watch(self, socket: Socket, session: _Session) -> None:
        """Whether the other side is still there, where it does not say so by itself."""
        while True:
            session.quiet = True
            await asyncio.sleep(QUIET_SECONDS)
            if not session.quiet:
                continue
            try:
                status = (await self._act(Action("get_status", {}), None)).data
            except SendFailed as error:
                if error.outcome in ("ambiguous", "not_sent"):
                    self._context.lost(Text("onebot.silent", {}))
                    await socket.close()
                    return
                status = None  # it does not know the question, and has answered
            if isinstance(status, dict) and status.get("online") is False:
                self._gone_offline()
            else:
                self.online = True
                self._context.heard()

    def recognised(self, reply: Reply) -> None:
        data = reply.data if isinstance(reply.data, dict) else {}
        self.online = True
        identity = " ".join(str(data[name]) for name in ("nickname", "user_id") if data.get(name))
        self._context.heard(identity)

    async def _keep(self, waiting: asyncio.Queue[JsonObject | None]) -> None:
        """Keep what was read, in its order. There is no second chance to read an event: it is tried until it is kept."""
        over = False
        while not over:
            frames = [await waiting.get()]
            while len(frames) < _MOST_AT_ONCE and not waiting.empty():
                frames.append(waiting.get_nowait())
            over = frames[-1] is None
            await self._kept([frame for frame in frames if frame is not None])

    async def _kept(self, frames: list[JsonObject]) -> None:
        for frame in frames:
            if frame.get("notice_type") == "bot_offline":
                self._gone_offline()
            await self._context.show(frame)
        wanted = [frame for frame in frames if frame["post_type"] not in _NOT_KEPT]
        events = await asyncio.gather(*map(self._completed, wanted))
        wait = 0.1
        while events:
            try:
                await self._context.admit(*events)
                break
            except GatewayError as error:
                self._context.lost(error.text)
                await self._context.clock.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    async def posted(self, frame: JsonObject) -> None:
        """Take one event that was posted. Raises UNAVAILABLE when it cannot be kept."""
        if frame["post_type"] == "meta_event":
            self.beat(frame)
        if not is_heartbeat(frame):
            await self._context.show(frame)
        if frame["post_type"] not in _NOT_KEPT:
            if frame.get("notice_type") == "bot_offline":
                self._gone_offline()
            await self._context.admit(await self._completed(frame))

    async def _completed(self, frame: JsonObject) -> JsonObject:
        """A message with what it quotes and what was forwarded in it, as far as the QQ side knows."""
        aside: JsonObject = {}
        for name, action, identity in (
            ("quoted", "get_msg", quoted_id(frame)),
            ("forwarded", "get_forward_msg", forward_id(frame)),
        ):
            if not identity or frame["post_type"] != "message":
                continue
            key = "message_id" if action == "get_msg" else "id"
            with contextlib.suppress(SendFailed):
                aside[name] = (await self._act(Action(action, {key: identity}), _LOOK_SECONDS)).data
        return {**frame, ASIDE: aside} if aside else frame


def is_heartbeat(frame: JsonObject) -> bool:
    """Whether a frame says no more than that the other side lives."""
    return frame.get("post_type") == "meta_event" and frame.get("meta_event_type") == "heartbeat"


class _Session:
    """What became of one socket."""

    def __init__(self, events: bool) -> None:
        self.events = events
        self.refused = ""
        self.useful = False
        self.quiet = True
        """Whether nothing has come since somebody looked."""


def frame_of(data: str | bytes) -> JsonObject | None:
    """A frame; None: it is none."""
    try:
        frame = orjson.loads(data)
    except ValueError:
        return None
    return frame if isinstance(frame, dict) else None
