"""The name of this process among those that share a database, and whether another of that kind still lives.

What the inside of a gateway does is done in the name of the inside: one that was left, and entered anew, has another name, so
that the new one takes up what the old one left behind, as if a process had died.
"""

from __future__ import annotations

import os
import socket

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.ports import Clock, Leases

_log = structlog.get_logger(__name__)
_LEASE_SECONDS = 60.0
_RENEW_SECONDS = 15.0
_START_TICKS = 19
"""Which of the fields behind the name, in proc_pid_stat(5)."""


class Runner:
    """This process. On the machine itself the process table tells who lives; of other machines their leases do, where a
    cluster has any. Without one, the processes of other machines mark their own dead when they start again."""

    def __init__(self, leases: Leases | None, clock: Clock, generation: int = 0) -> None:
        """`generation`: how often the inside was left before; that of the first goes by the name of the process."""
        self.name = f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"
        if generation:
            self.name += f"#{generation}"
        self._generation = generation
        self._leases = leases
        self._clock = clock

    async def stay_alive(self) -> None:
        """Hold the lease that tells the others, for ever."""
        while self._leases is not None:
            try:
                await self._leases.claim(_lease(self.name), self.name, _LEASE_SECONDS)
            except GatewayError as error:
                _log.warning("cluster_unavailable", reason=error.message())
            await self._clock.sleep(_RENEW_SECONDS)

    async def is_alive(self, runner: str) -> bool:
        """Whether the process called `runner` lives. In doubt it does."""
        host, _, rest = runner.partition("/")
        pid, _, started = rest.partition("/")
        if host == socket.gethostname():
            if not pid.isdigit() or _started(int(pid)) != started.partition("#")[0]:
                return False
            return int(pid) != os.getpid() or not self._generation or runner == self.name
        if self._leases is None:
            return True
        try:
            return not await self._leases.claim(_lease(runner), self.name, _LEASE_SECONDS)
        except GatewayError:
            return True


def _lease(runner: str) -> str:
    return f"runner:{runner}"


def _started(pid: int) -> str:
    """When a process began, told so that setting the clock does not change it; empty where there is none. The kernel's time of
    the boot, which psutil counts from, moves with the clock: a living process would count as dead, its work as left behind."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            ticks = file.read().rpartition(b")")[2].split()[_START_TICKS]
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return f"{file.read(8)}-{ticks.decode()}"
    except OSError:
        return "" if os.path.exists("/proc/self/stat") else _started_elsewhere(pid)


def _started_elsewhere(pid: int) -> str:
    """The same where there is no /proc."""
    import psutil

    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.Error:
        return ""
