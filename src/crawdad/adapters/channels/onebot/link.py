"""Actions over WebSockets: many at once, told apart by `echo`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import orjson

from crawdad.core.channels import SendFailed, Socket
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.onebot.actions import RETCODE_FAILED, Action, Reply, failed_reply, read_reply
from crawdad.wire.onebot.events import is_event


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody else's action: whose, the frame, whether it came as bytes, who gets the answers to it (and whether those
    came as bytes), and what does work for it while the next are read."""

    owner: object
    frame: JsonObject
    as_bytes: bool
    answer: Callable[[JsonObject, bool], None]
    beside: Callable[[Coroutine[Any, Any, None]], object]


@dataclass(slots=True)
class _PassedOn:
    """A call that waits for its answer, for no longer than `seconds` from when something came last."""

    call: Call
    socket: Socket
    seconds: float
    patience: asyncio.TimerHandle


class Link:
    """The socket by which actions go out at present, and those that wait for their answer."""

    def __init__(self) -> None:
        self._socket: Socket | None = None
        self._waiting: dict[str, tuple[Socket, asyncio.Future[Reply]]] = {}
        self._passed_on: dict[str, _PassedOn] = {}
        self._count = 0

    @property
    def is_open(self) -> bool:
        """Whether actions can go out."""
        return self._socket is not None

    @property
    def waiting(self) -> int:
        """How many calls of others wait for their answers."""
        return len(self._passed_on)

    def attach(self, socket: Socket) -> None:
        """Send actions by this socket from now on."""
        self._socket = socket

    def detach(self, socket: Socket) -> None:
        """The socket has ended: what still waits for an answer of its may or may not have been done."""
        if self._socket is socket:
            self._socket = None
        for its, future in list(self._waiting.values()):
            if its is socket and not future.done():
                future.set_exception(SendFailed("ambiguous", Text("onebot.cut", {})))
        for echo in [echo for echo, one in self._passed_on.items() if one.socket is socket]:
            self._fail(echo, Text("onebot.cut", {}))

    async def act(self, action: Action, seconds: float) -> Reply:
        """Have something done. Raises `SendFailed` when there is no answer."""
        socket = self._socket
        if socket is None:
            raise SendFailed("not_sent", Text("onebot.not_connected", {}))
        self._count += 1
        echo = f"c{self._count}"
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[echo] = (socket, future)
        try:
            async with asyncio.timeout(seconds):
                frame = {"action": action.name, "params": action.params, "echo": echo}
                try:
                    await socket.send(orjson.dumps(frame).decode())
                except EOFError:
                    raise SendFailed("ambiguous", Text("onebot.cut", {})) from None
                return await future
        except TimeoutError:
            raise SendFailed("ambiguous", _no_answer(action.name)) from None
        finally:
            self._waiting.pop(echo, None)

    async def pass_on(self, call: Call, seconds: float) -> None:
        """Send somebody else's action under an echo of ours. It is answered in every case: by a failure where the other side
        says nothing of it for `seconds`. Raises `SendFailed` when it has not gone out."""
        socket = self._socket
        if socket is None:
            raise SendFailed("not_sent", Text("onebot.not_connected", {}))
        self._count += 1
        echo = f"p{self._count}"
        self._passed_on[echo] = _PassedOn(call, socket, seconds, self._patience(echo, seconds))
        data = orjson.dumps({**call.frame, "echo": echo})
        try:
            async with asyncio.timeout(seconds):
                await socket.send(data if call.as_bytes else data.decode())
        except EOFError:
            self._fail(echo, Text("onebot.cut", {}))
        except TimeoutError:
            self._fail(echo, _no_answer(call.frame["action"]))

    def forget(self, owner: object) -> None:
        """Nobody waits any more for the answers to what `owner` had passed on."""
        for echo in [echo for echo, one in self._passed_on.items() if one.call.owner is owner]:
            self._passed_on.pop(echo).patience.cancel()

    def _patience(self, echo: str, seconds: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, self._given_up, echo)

    def _given_up(self, echo: str) -> None:
        self._fail(echo, _no_answer(self._passed_on[echo].call.frame["action"]))

    def _fail(self, echo: str, why: Text) -> None:
        """The answer that never came is given by us, once."""
        passed_on = self._passed_on.pop(echo, None)
        if passed_on is not None:
            passed_on.patience.cancel()
            passed_on.call.answer(failed_reply(RETCODE_FAILED, why.render()), passed_on.call.as_bytes)

    def answered(self, frame: JsonObject, as_bytes: bool = False) -> bool:
        """Whether the frame is the answer to an action; if so whoever waits has it. Of those that are answered in pieces
        (`stream-action`) the last piece is the one that says so."""
        if is_event(frame):
            return False
        echo = str(frame.get("echo") or "")
        passed_on = self._passed_on.get(echo)
        if passed_on is not None:
            passed_on.patience.cancel()
            if frame.get("stream") == "stream-action":
                passed_on.patience = self._patience(echo, passed_on.seconds)
            else:
                del self._passed_on[echo]
            passed_on.call.answer(frame, as_bytes)
            return True
        waiting = self._waiting.get(echo)
        if waiting is not None and not waiting[1].done():
            waiting[1].set_result(read_reply(frame))
        return True


def _no_answer(action: Any) -> Text:
    return Text("onebot.no_answer", {"action": action})
