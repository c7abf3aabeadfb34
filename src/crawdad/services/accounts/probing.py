"""Trying an account whose rest is over: one request does, in the whole cluster, and the others wait for what comes of it."""

from __future__ import annotations

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.ports import Leases
from crawdad.services.accounts.locks import Key, Locks, State
from crawdad.services.accounts.picking import Choice
from crawdad.services.accounts.refusing import nobody

_PROBE_SECONDS = 600

_log = structlog.get_logger(__name__)


class Probes:
    """Claims probes for `holder`, this process."""

    def __init__(self, locks: Locks, leases: Leases, holder: str) -> None:
        self._locks, self._leases, self._holder = locks, leases, holder

    async def begin(self, account_id: str, model: str) -> Key | None:
        """Claim the one probe of a lock whose time is over, in the whole cluster. Raises RATE_LIMITED when another has it."""
        key = self._locks.half_open(account_id, model)
        if key is None:
            return None
        if self._locks.begin_probe(key):
            try:
                if await self._leases.claim(_lease(key), self._holder, _PROBE_SECONDS):
                    return key
            except GatewayError:  # the cluster does not answer: better two probes than none
                return key
            except BaseException:
                self._locks.end_probe(key)
                raise
            self._locks.end_probe(key)
        raise nobody(Choice(left=0.0, state=State.PROBED))

    async def release(self, probe: Key | None) -> None:
        """Another may probe where this one settled nothing."""
        if probe is not None:
            self._locks.end_probe(probe)
            try:
                await self._leases.release(_lease(probe), self._holder)
            except GatewayError as error:
                _log.warning("probe_not_released", reason=error.message())  # it expires by itself


def _lease(key: Key) -> str:
    return f"account-probe:{key[0]}:{key[1]}"
