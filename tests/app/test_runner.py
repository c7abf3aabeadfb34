"""Telling whether the process that works on something still lives: here, and on other machines of a cluster."""

from __future__ import annotations

import os
import socket

import psutil
import pytest

from crawdad.app.runner import Runner
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.store.inprocess import InProcessLeases
from tests.support.fakes import FakeClock


class ElsewhereRunner(Runner):
    """A process of another machine."""

    def __init__(self, leases: InProcessLeases, clock: FakeClock) -> None:
        super().__init__(leases, clock)
        self.name = f"elsewhere-{self.name}"


class StoppingClock(FakeClock):
    """A clock with which nobody sleeps: what would, ends."""

    async def sleep(self, seconds: float) -> None:
        raise TimeoutError


class UnreachableLeases(InProcessLeases):
    """A cluster that does not answer."""

    async def claim(self, name: str, holder: str, seconds: float) -> bool:
        raise GatewayError(ErrorKind.UNAVAILABLE, "away")


async def test_the_process_table_tells_of_this_machine() -> None:
    runner = Runner(None, FakeClock())
    assert await runner.is_alive(runner.name)
    host, pid, started = runner.name.split("/")
    assert (host, pid) == (socket.gethostname(), str(os.getpid()))
    assert not await runner.is_alive(f"{host}/{pid}/{started}1")  # its number was given out again
    assert not await runner.is_alive(f"{host}/999999999/1.00")
    assert not await runner.is_alive(f"{host}/what/1.00")


@pytest.mark.skipif(not os.path.exists("/proc/stat"), reason="the kernel of Linux tells when it was booted")
async def test_a_clock_that_is_set_makes_nobody_a_dead_man(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Runner(None, FakeClock())
    booted = psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: booted + 8 * 3600)
    after = Runner(None, FakeClock())
    assert await after.is_alive(before.name) and before.name == after.name


async def test_leases_tell_of_other_machines() -> None:
    clock = StoppingClock()
    leases = InProcessLeases(clock)
    here, elsewhere = Runner(leases, clock), ElsewhereRunner(leases, clock)
    with pytest.raises(TimeoutError):
        await elsewhere.stay_alive()
    assert await here.is_alive(elsewhere.name)
    clock.advance(45)
    with pytest.raises(TimeoutError):
        await elsewhere.stay_alive()
    clock.advance(45)
    assert await here.is_alive(elsewhere.name)
    clock.advance(16)
    assert not await here.is_alive(elsewhere.name)
    assert not await here.is_alive(elsewhere.name)


async def test_in_doubt_it_lives() -> None:
    clock = FakeClock()
    assert await Runner(None, clock).is_alive("elsewhere/1/1.00")
    assert await Runner(UnreachableLeases(clock), clock).is_alive("elsewhere/1/1.00")
