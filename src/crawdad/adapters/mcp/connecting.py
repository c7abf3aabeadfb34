"""`core.mcp.McpConnector`: begins a conversation the way that the address asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from crawdad.adapters.mcp.address import HttpCarrier
from crawdad.adapters.mcp.program import ProgramCarrier
from crawdad.adapters.mcp.session import Carrier, McpSession
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.mcp import ServerAddress, ServerSession, StartTask
from crawdad.core.ports import Transport
from crawdad.core.text import Text


class LocalMcpConnector:
    """Programs of this machine, and servers over HTTP."""

    def __init__(self, transport: Transport, environment: Mapping[str, str], start_task: StartTask) -> None:
        self._transport = transport
        self._environment = environment
        self._start_task = start_task

    async def connect(self, address: ServerAddress, tools_changed: Callable[[], None]) -> ServerSession:
        """A conversation that has begun. Raises when it does not begin in time; then nothing is left of it."""
        session = McpSession(address.call_seconds, tools_changed)
        try:
            async with asyncio.timeout(address.connect_seconds):
                carrier = await self._carrier(address, session)
                try:
                    await session.begin(carrier, address.connect_seconds)
                except BaseException:
                    await session.close()
                    raise
        except TimeoutError:
            words = Text("mcp.timeout", {"seconds": round(address.connect_seconds)})
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, words) from None
        return session

    async def _carrier(self, address: ServerAddress, session: McpSession) -> Carrier:
        if address.command:
            return await ProgramCarrier.start(address, self._environment, session, self._start_task)
        return HttpCarrier(address, self._transport, session, self._start_task)
