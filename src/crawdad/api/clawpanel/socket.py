"""`/ws`: what happens, as it happens. Frames go from here to the panel alone; what a panel sends is not read."""

from __future__ import annotations

import asyncio

from starlette.requests import HTTPConnection

from crawdad.api.call import Receive, Scope, Send
from crawdad.api.clawpanel.access import Access
from crawdad.api.clawpanel.errors import write_error
from crawdad.api.clawpanel.live import MOST_WAITING_BYTES, LivePanels
from crawdad.api.control.connection import Connection
from crawdad.api.control.socket import peer_of
from crawdad.api.management.handshakes import refuse
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.ports import Randomness
from crawdad.core.text import Text
from crawdad.services.tasks import Tasks

MOST_PANELS = 1000
_CLOSE_SECONDS = 5.0


class PanelSocket:
    """The WebSocket handler."""

    def __init__(self, access: Access, live: LivePanels, randomness: Randomness) -> None:
        self._access = access
        self._live = live
        self._randomness = randomness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one panel. Who may not come in is told so before the upgrade."""
        await receive()  # websocket.connect
        peer = peer_of(scope)
        state = {"address": peer.address, "visitor": peer.visitor, "signed_in": peer.signed_in}
        connection = HTTPConnection({**scope, "type": "http", "state": state})
        query = connection.query_params
        try:
            if self._live.count >= MOST_PANELS:
                raise GatewayError(ErrorKind.UNAVAILABLE, Text("panel.sockets_full"), {"code": "too_many_sockets"}, 5)
            signed_in = await self._access.signed_in(connection, query.get("token", ""), query.get("ticket", ""))
            signed_in.principal.need(Permission.LOGS_READ)
        except GatewayError as error:
            await refuse(scope, send, error, write_error)
            return
        await send({"type": "websocket.accept"})
        write_now = scope.get("crawdad.write", lambda _: False)
        panel = Connection(self._randomness.new_id(), peer, send, MOST_WAITING_BYTES, write_now)
        async with Tasks(2) as tasks:
            writer = tasks.start(panel.write(), "panel writer")
            reader = tasks.start(_read(receive), "panel reader")
            self._live.join(panel, signed_in)
            try:
                await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
                if panel.closing:
                    await asyncio.wait({writer}, timeout=_CLOSE_SECONDS)
                    if not writer.done():
                        scope.get("crawdad.abort", lambda: None)()
            finally:
                self._live.leave(panel)


async def _read(receive: Receive) -> None:
    """Until the panel goes. What it says is let pass."""
    while (await receive())["type"] != "websocket.disconnect":
        pass
