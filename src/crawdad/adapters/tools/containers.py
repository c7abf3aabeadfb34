"""The containers that programs of agents share: begun when a program needs one, taken away when none has for long.

When each was begun and last used stands in a small file of its own, so that all processes of this machine know.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from crawdad.adapters.programs.running import ProgramFailed, run_program
from crawdad.adapters.tools.container import (
    IDLE_LINES,
    container_name,
    creating_argv,
    ending_argv,
    looking_argv,
    removing_argv,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.programs import ProgramOrder
from crawdad.core.text import Text

_SECONDS = 30.0
_LOOK_SECONDS = 10.0
_MOST_SAID = 500
_MOST_BYTES = 1 << 20
_MOST_LOOKS = 5
_BETWEEN_SECONDS = 0.3
_SETTLING_SECONDS = 60.0
Leave = Callable[[bool], Awaitable[None]]


class Stay:
    """A program's stay in a container, from `enter` until `leave`."""

    def __init__(self, name: str, leave: Leave) -> None:
        self.name = name
        self._leave: Leave | None = leave

    async def leave(self, cut_off: bool) -> None:
        """The program has ended, or has to (`cut_off`): whatever is left of it goes. More than once is no more than once."""
        leave, self._leave = self._leave, None
        if leave is not None:
            await leave(cut_off)


class SharedContainers:
    """`folder` is where the files lie, `environment` what the client of the containers is given; `now` is in Unix seconds."""

    def __init__(self, folder: Path, environment: Mapping[str, str], now: Callable[[], float]) -> None:
        self._folder = folder
        self._environment = environment
        self._now = now
        self._locks: dict[str, asyncio.Lock] = {}
        self._used: dict[str, int] = {}

    async def answers(self, program: str) -> bool:
        """Whether a client reaches what runs its containers."""
        code, _ = await self._run([program, "version"], _LOOK_SECONDS)
        return code == 0

    async def enter(self, program: str, order: ProgramOrder) -> Stay:
        """Have the container for a program running. Raises UNAVAILABLE, BAD_REQUEST."""
        name = container_name(order, str(self._folder))
        argv = creating_argv(program, order, name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            if not await self._is_running(program, name):
                await self._run(removing_argv(program, name), _SECONDS)  # one that stands still
                code, said = await self._run(argv, _SECONDS)
                if code != 0 and not await self._is_running(program, name):  # else another process was faster
                    words = Text("exec.not_started", {"reason": said.strip()[-_MOST_SAID:]})
                    raise GatewayError(ErrorKind.UNAVAILABLE, words, {"code": "no_sandbox"})
                await asyncio.to_thread(self._note, name, program, fresh=True)
            else:
                await asyncio.to_thread(self._note, name, program, fresh=False)
            self._used[name] = self._used.get(name, 0) + 1
        return Stay(name, partial(self._left, program, name, ending_argv(program, order, name)))

    async def _is_running(self, program: str, name: str) -> bool:
        code, said = await self._run([program, "inspect", "--format", "{{.State.Running}}", name], _LOOK_SECONDS)
        return code == 0 and said.strip() == "true"

    async def _is_busy(self, program: str, name: str) -> bool:
        """Whether a program runs in it, ours or another process's."""
        code, said = await self._run(looking_argv(program, name), _LOOK_SECONDS)
        return bool(self._used.get(name)) or (code == 0 and len(said.strip().splitlines()) > IDLE_LINES)

    async def _left(self, program: str, name: str, ending: Sequence[str], cut_off: bool) -> None:
        """Where what is left of a program cannot be ended, the container is. A client that was cut off may have set going what
        begins only afterwards: it is looked for more than once."""
        code, _ = await self._run(ending, _LOOK_SECONDS)
        self._used[name] = max(0, self._used.get(name, 1) - 1)
        for _ in range(_MOST_LOOKS if cut_off else 0):
            await asyncio.sleep(_BETWEEN_SECONDS)
            code, _ = await self._run(ending, _LOOK_SECONDS)
            if code != 0 or not await self._is_busy(program, name):
                break
        if code != 0:
            await self._run(removing_argv(program, name), _SECONDS)
        await asyncio.to_thread(self._note, name, program, fresh=False)

    async def prune(self, idle_seconds: float, age_seconds: float) -> int:
        """See `core.programs.Programs.prune`."""
        gone = 0
        for name, program, begun, used in await asyncio.to_thread(self._known):
            async with self._locks.setdefault(name, asyncio.Lock()):
                now = self._now()
                is_over = (idle_seconds and now - used >= idle_seconds) or (age_seconds and now - begun >= age_seconds)
                just_used = now - used < _SETTLING_SECONDS  # another process's program may be about to begin
                if not is_over or just_used or await self._is_busy(program, name):
                    continue
                await self._run(removing_argv(program, name), _SECONDS)
                with suppress(FileNotFoundError):
                    await asyncio.to_thread((self._folder / name).unlink)
                gone += 1
        return gone

    def _note(self, name: str, program: str, *, fresh: bool) -> None:
        place, now = self._folder / name, self._now()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if fresh or not place.exists():
            place.write_text(json.dumps({"program": program, "begun": now}))
        os.utime(place, (now, now))

    def _known(self) -> list[tuple[str, str, float, float]]:
        """The containers by name: their program, when they were begun and last used."""
        found: list[tuple[str, str, float, float]] = []
        if not self._folder.is_dir():
            return found
        for place in sorted(self._folder.iterdir()):
            with suppress(OSError, ValueError, KeyError, TypeError):
                told = json.loads(place.read_text())
                found.append((place.name, str(told["program"]), float(told["begun"]), place.stat().st_mtime))
        return found

    async def _run(self, argv: Sequence[str], seconds: float) -> tuple[int, str]:
        """Run a client to its end: its exit code and what it said. A client that takes too long failed."""
        try:
            said = await run_program(
                tuple(argv),
                seconds=seconds,
                most_bytes=_MOST_BYTES,
                folder=Path("/"),
                environment=self._environment,
                complaints="mixed",
            )
        except ProgramFailed as failed:
            words = failed.reason.render() if isinstance(failed.reason, Text) else failed.reason
            return (-1 if failed.code is None else failed.code), words
        return 0, said.decode(errors="replace")
