"""Programs that agents started: their output, their end, and that none outlives its owner."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Clock, Randomness
from crawdad.core.programs import RunningProgram
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.services.tasks import Tasks
from crawdad.services.tools.execution.output import Output

_MOST_KEPT = 200
_log = structlog.get_logger(__name__)


AtEnd = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """There is nothing to be done."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose program it is: another session never sees it."""

    agent_id: str
    session_key: str


@dataclass(slots=True)
class ProgramSession:
    """A program that was started. `seen`: how much of the output a poll has told. `exit_code` None: it runs. `outside`: what it
    prints counts as content from outside. `at_end` is done before its end is told."""

    id: str
    owner: Owner
    label: str
    cwd: str
    started_at: float
    program: RunningProgram
    keep_seconds: float
    output: Output = field(default_factory=Output)
    seen: int = 0
    exit_code: int | None = None
    ended_at: float | None = None
    timed_out: bool = False
    killed: bool = False
    at_end: AtEnd = _nothing
    in_background: bool = False
    terminal: bool = False
    outside: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is more output, or the end."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def status(self) -> str:
        """`running`, `completed`, `failed` or `killed`."""
        if self.exit_code is None:
            return "running"
        if self.killed or self.timed_out:
            return "killed"
        return "completed" if self.exit_code == 0 else "failed"


Notified = Callable[[ProgramSession], Awaitable[None]]


async def _nobody(session: ProgramSession) -> None:
    """Nobody wants to know."""


class ProgramSessions:
    """All of them. `notify` is told of the end of those that ran in the background."""

    def __init__(self, clock: Clock, randomness: Randomness, tasks: Tasks) -> None:
        self._clock = clock
        self._randomness = randomness
        self._tasks = tasks
        self._all: dict[str, ProgramSession] = {}
        self.notify: Notified = _nobody

    def running(self, agent_id: str) -> int:
        """How many programs of an agent run."""
        return sum(session.exit_code is None and session.owner.agent_id == agent_id for session in self._all.values())

    def begin(
        self,
        program: RunningProgram,
        owner: Owner,
        label: str,
        cwd: str,
        seconds: float,
        keep_seconds: float,
        secrets: Sequence[Secret] = (),
    ) -> ProgramSession:
        """Watch over a program that has just been started, for at most `seconds`. Its output is kept without `secrets`."""
        self._tidy()
        session = ProgramSession(
            self._randomness.new_id()[-12:].lower(), owner, label, cwd, self._clock.now(), program, keep_seconds
        )
        session.output = Output(secrets)
        self._all[session.id] = session
        self._tasks.start(self._follow(session, seconds), f"program {session.id}")
        return session

    def of(self, owner: Owner) -> list[ProgramSession]:
        """Those of one session, the newest first."""
        self._tidy()
        found = [session for session in self._all.values() if session.owner == owner]
        return sorted(found, key=lambda session: session.started_at, reverse=True)

    def get(self, session_id: str, owner: Owner) -> ProgramSession:
        """One of them. Raises NOT_FOUND, also for somebody else's."""
        found = self._all.get(session_id)
        if found is None or found.owner != owner:
            words = Text("exec.no_session", {"id": session_id[:64]})
            raise GatewayError(ErrorKind.NOT_FOUND, words, {"param": "sessionId"})
        return found

    async def kill(self, session: ProgramSession) -> None:
        """End a program and wait until it is gone."""
        if session.exit_code is None:
            session.killed = True
            await session.program.kill()
            await session.ended.wait()

    def remove(self, session: ProgramSession) -> None:
        """Forget one that has ended."""
        self._all.pop(session.id, None)

    async def _follow(self, session: ProgramSession, seconds: float) -> None:
        program = session.program
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                group.create_task(self._read(session))
                group.create_task(self._end_with(program))
        except TimeoutError:
            session.timed_out = True
        finally:
            await program.kill()
            await self._read(session)  # what came last
            with suppress(GatewayError):
                session.exit_code = await program.wait()
            session.exit_code = -9 if session.exit_code is None else session.exit_code
            session.output.feed(b"", last=True)
            try:
                await session.at_end()
            except GatewayError as error:
                _log.warning("program_end_not_noted", session=session.id, reason=error.message())
            session.ended_at = self._clock.now()
            session.ended.set()
            session.news.set()
        if session.in_background and not session.killed:
            await self.notify(session)

    async def _read(self, session: ProgramSession) -> None:
        while data := await session.program.read():
            session.output.feed(data)
            session.news.set()

    async def _end_with(self, program: RunningProgram) -> None:
        """When the program itself is gone, what it left behind in its group goes too."""
        await program.wait()
        await program.kill()

    def _tidy(self) -> None:
        now = self._clock.now()
        over = [
            session
            for session in self._all.values()
            if session.ended_at and now - session.ended_at > session.keep_seconds
        ]
        ended = sorted((s for s in self._all.values() if s.ended_at), key=lambda session: session.ended_at or 0.0)
        over += ended[: max(0, len(self._all) - _MOST_KEPT)]
        for session in over:
            self._all.pop(session.id, None)
