"""Requests for friendship and to groups, of all channels, as an operator decides on them in a panel."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.text import Text
from crawdad.services.channels.figures import QQ
from crawdad.services.channels.host import ChannelHost
from crawdad.services.channels.requests import PendingRequest


class RequestDecisions:
    """What waits, and the answers."""

    def __init__(self, host: ChannelHost) -> None:
        self._host = host

    async def pending(self) -> Sequence[PendingRequest]:
        """What waits, in the order in which it came; QQ's first."""
        channels = [kind.id for kind in self._host.kinds if kind.capabilities.requests]
        channels.sort(key=lambda channel: channel != QQ)
        return [one for channel in channels for one in await self._host.pending_requests(channel)]

    async def decide(self, flag: str, accept: bool, reason: str, by: Principal) -> PendingRequest:
        """Answer the first request that its platform calls `flag`. Raises FORBIDDEN, NOT_FOUND where none waits, CONFLICT when
        the platform does not know it any more (it is dropped), INTERNAL when the platform cannot be told (it waits still)."""
        asked = next((one for one in await self.pending() if one.request.flag == flag), None)
        if asked is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("panel.no_request"), {"code": "not_found", "param": "flag"})
        try:
            return await self._host.decide_request(asked.account, flag, accept, reason, by)
        except GatewayError as error:
            if error.kind is ErrorKind.FORBIDDEN:
                raise
            if error.kind is ErrorKind.NOT_FOUND:
                raise GatewayError(ErrorKind.CONFLICT, error.text, {"code": "no_such_request"}) from error
            raise GatewayError(ErrorKind.INTERNAL, error.text, {"code": "not_decided"}) from error
