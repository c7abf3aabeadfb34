"""The keeper of the tunnel: one program whatever is asked at once, and none left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from crawdad.core.settings import Settings
from crawdad.services.tasks import Tasks
from crawdad.services.tunnel import Tunnel, TunnelOrder
from tests.support.fakes import FakeClock
from tests.support.waiting import PATIENCE

ORDER = TunnelOrder(18789)


class Program:
    """Runs until it is told to stop or ends by itself; once told, it ends when `allowed` says so."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.allowed = asyncio.Event()
        self.allowed.set()
        self.stops = 0

    async def lines(self) -> AsyncIterator[str]:
        yield "INF https://some-words-here.trycloudflare.com"
        await self.ended.wait()

    async def wait(self) -> int:
        await self.ended.wait()
        return 1

    async def stop(self) -> None:
        self.stops += 1
        await self.allowed.wait()
        self.ended.set()


class Programs:
    """Finds the program and counts how often it is started."""

    folder = "/nowhere"

    def __init__(self) -> None:
        self.started: list[Program] = []
        self.begun = asyncio.Event()

    async def find(self, name: str) -> str | None:
        return f"/bin/{name}"

    async def version(self, path: str) -> str | None:
        return "cloudflared version 1"

    async def start(self, path: str, arguments: Sequence[str], variables: Mapping[str, str]) -> Program:
        await asyncio.sleep(0)  # others get their turn in the middle of a start
        self.started.append(Program())
        self.begun.set()
        return self.started[-1]


def tunnel_of(programs: Programs, tasks: Tasks, clock: FakeClock) -> Tunnel:
    return Tunnel(programs, tasks, clock, Settings)


async def test_started_by_many_at_once_it_runs_once() -> None:
    programs = Programs()
    async with Tasks() as tasks:
        tunnel = tunnel_of(programs, tasks, FakeClock())
        states = await asyncio.gather(*(tunnel.start(ORDER, "linux") for _ in range(5)))
        assert len(programs.started) == 1 and all(state.running for state in states)


async def test_stopped_while_it_starts_nothing_is_left() -> None:
    programs = Programs()
    async with Tasks() as tasks:
        tunnel = tunnel_of(programs, tasks, FakeClock())
        _, stopped = await asyncio.gather(tunnel.start(ORDER, "linux"), tunnel.stop())
        assert not stopped.running and (await tunnel.status()).url is None
        assert all(program.ended.is_set() for program in programs.started)


async def test_a_program_that_ends_is_started_again() -> None:
    programs, clock = Programs(), FakeClock()
    async with Tasks() as tasks:
        tunnel = tunnel_of(programs, tasks, clock)
        await tunnel.start(ORDER, "linux")
        programs.begun.clear()
        programs.started[0].ended.set()
        async with asyncio.timeout(PATIENCE):
            await programs.begun.wait()
        await asyncio.sleep(0)
        state = await tunnel.status()
        assert state.running and len(programs.started) == 2 and state.restarts == 1
        await tunnel.stop()
        assert programs.started[1].stops == 1 and programs.started[1].ended.is_set()


async def test_whoever_stops_it_can_be_cancelled() -> None:
    """What is being cancelled may be the whole application: the wait for the program must not hide that."""
    programs = Programs()
    async with Tasks() as tasks:
        tunnel = tunnel_of(programs, tasks, FakeClock())
        await tunnel.start(ORDER, "linux")
        await asyncio.sleep(0)
        program = programs.started[0]
        program.allowed.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await tunnel.stop()
        assert program.stops == 1
        program.allowed.set()
        assert not (await tunnel.stop()).running and program.ended.is_set()
