"""The name of this process among those that share a database, and whether another of that kind still lives."""

from __future__ import annotations

import os
import socket

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.ports import Clock, Leases

_log = structlog.get_logger(__name__)
_LEASE_SECONDS = 60.0
_RENEW_SECONDS = 15.0


class Runner:
    """This process. On the machine itself the process table tells who lives; of other machines their leases do, where a
    cluster has any. Without one, the processes of other machines mark their own dead when they start again."""

    def __init__(self, leases: Leases | None, clock: Clock) -> None:
        self.name = f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"
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
            return pid.isdigit() and _started(int(pid)) == started
        if self._leases is None:
            return True
        try:
            return not await self._leases.claim(_lease(runner), self.name, _LEASE_SECONDS)
        except GatewayError:
            return True


def _lease(runner: str) -> str:
    return f"runner:{runner}"


def _started(pid: int) -> str:
    import psutil

    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.Error:
        return ""
