"""`/v1/ws/logs`: the process's log as it is written, a text frame for each line.

`history_lines` (at most 5000) asks for a first frame `{"type": "LOG_HISTORY", "lines": […]}`; `level` and `q` choose lines.
`source` is `buddy` or `gateway`, which are one process here. In between, whoever may read the system is told what becomes of
tasks: `{"type": "TASK_UPDATE", "data": <task>}`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import orjson

from crawdad.api.buddy.sockets import Sockets, Talk, nothing_more
from crawdad.api.buddy.tasks import task_told
from crawdad.api.call import Receive, Scope, Send
from crawdad.api.channels.routes import OpenedSocket
from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.happenings import Event
from crawdad.core.identity import Permission
from crawdad.core.ports import Bus, Clock
from crawdad.core.tasks import TASK_CHANGED
from crawdad.core.text import Language, preferred_language
from crawdad.services.identity.panel_tokens import SignedIn
from crawdad.services.log_follow import LEVELS, MOST_HISTORY, Keeps, LogFollower, keeps
from crawdad.services.log_tail import LogTail
from crawdad.services.task_board import TaskBoard
from crawdad.services.tasks import until_first

PATH = "/v1/ws/logs"


class LogSocket:
    """The handler."""

    def __init__(self, sockets: Sockets, tail: LogTail, clock: Clock, board: TaskBoard, bus: Bus) -> None:
        self._sockets = sockets
        self._tail = tail
        self._clock = clock
        self._board = board
        self._bus = bus

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one watcher."""
        await self._sockets.serve(scope, receive, send, Permission.LOGS_READ, self._prepare)

    async def _prepare(self, socket: OpenedSocket, signed_in: SignedIn) -> Talk:
        query = socket.query
        most, shown = _asked(query)
        follower = LogFollower(self._tail, self._clock, shown)
        language = preferred_language(socket.headers.get("accept-language", ""))
        sees_tasks = Permission.SYSTEM_READ in signed_in.principal.permissions
        writing = asyncio.Lock()  # two write to one socket

        async def say(frame: str) -> None:
            async with writing:
                await socket.send(frame)

        async def tell_lines() -> None:
            while True:
                for line in await follower.fresh():
                    await say(line)

        async def tell_tasks(changes: AsyncIterator[Event]) -> None:
            async for change in changes:
                frame = await self._task_frame(change, language)
                if frame:
                    await say(frame)

        async def tell() -> None:
            changes = self._bus.subscribe([TASK_CHANGED] if sees_tasks else [])
            lines = await follower.history(most)
            if "history_lines" in query:
                await say(orjson.dumps({"type": "LOG_HISTORY", "lines": lines}).decode())
            await until_first(tell_lines(), tell_tasks(changes))

        async def talk() -> None:
            await until_first(tell(), nothing_more(socket))

        return talk

    async def _task_frame(self, change: Event, language: Language) -> str:
        """What became of a task, in the watcher's words; empty where there is nothing to tell of it."""
        task_id = change.data.get("id")  # none: some changes were missed, and the next one of a task tells all
        if not isinstance(task_id, str):
            return ""
        try:
            task = await self._board.get(task_id)
        except GatewayError:
            return ""
        return orjson.dumps({"type": "TASK_UPDATE", "data": task_told(task, language)}).decode()


def _asked(query: Mapping[str, str]) -> tuple[int, Keeps]:
    """How many lines of history, and which lines. Raises BAD_REQUEST."""
    if query.get("source", "buddy") not in ("buddy", "gateway"):
        raise bad_request("buddy.log_source", "source")
    level = query.get("level", "").lower()
    level = "warning" if level == "warn" else level
    if level and level not in LEVELS:
        raise bad_request("buddy.log_level", "level")
    count = query.get("history_lines", "0")
    if not (count.isascii() and count.isdigit()):
        raise bad_request("buddy.history_lines", "history_lines")
    return min(int(count[:6]), MOST_HISTORY), keeps(level, query.get("q", ""))
