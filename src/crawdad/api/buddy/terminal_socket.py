"""`/v1/ws/tui`: `crawdad chat` in a terminal, for whoever signed in, with the rights of whoever signed in.

What the program prints comes in binary frames of at most 2048 bytes, or of as many as `?frame=` says, up to 65536; what is
sent is typed, but for `{"type": "resize", "cols": n, "rows": n}`. The socket closes when the program ends, and the program
when the socket closes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from crawdad.api.buddy.sockets import Sockets, Talk
from crawdad.api.call import Receive, Scope, Send
from crawdad.api.channels.routes import OpenedSocket
from crawdad.core.identity import Permission, Principal
from crawdad.core.programs import ProgramOrder
from crawdad.services.devices.rights import TALKING
from crawdad.services.identity.panel_tokens import SignedIn
from crawdad.services.terminals import Terminals, frame_of

PATH = "/v1/ws/tui"
MOST_BYTES = 256 * 1024
"""Of one frame of a client's."""


class TerminalSocket:
    """The handler. `chat_of` gives the program for somebody."""

    def __init__(
        self, sockets: Sockets, terminals: Terminals, chat_of: Callable[[Principal], Awaitable[ProgramOrder]]
    ) -> None:
        self._sockets = sockets
        self._terminals = terminals
        self._chat_of = chat_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one terminal."""
        scope["crawdad.limit"](MOST_BYTES)
        await self._sockets.serve(scope, receive, send, Permission.SYSTEM_MANAGE, self._prepare)

    async def _prepare(self, socket: OpenedSocket, signed_in: SignedIn) -> Talk:
        principal = signed_in.principal
        for permission in sorted(TALKING):
            principal.need(permission)
        self._terminals.check(principal.id)

        async def talk() -> None:
            async with self._terminals.seat(principal.id):
                await self._terminals.run(await self._chat_of(principal), socket, frame=frame_of(socket.query))

        return talk
