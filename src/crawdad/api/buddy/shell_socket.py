"""`/v1/ws/shell`: a prompt for the commands of `gateway.shell.commands`; 403 until `gateway.shell.enabled`. Frames as of
`/v1/ws/tui`, but all of them binary from here."""

from __future__ import annotations

from collections.abc import Callable

from crawdad.api.buddy.sockets import Sockets, Talk
from crawdad.api.buddy.terminal_socket import MOST_BYTES
from crawdad.api.call import Receive, Scope, Send
from crawdad.api.channels.routes import OpenedSocket
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.settings import ShellSettings
from crawdad.core.text import Text, preferred_language
from crawdad.services.activity.log import ActivityLog, Draft
from crawdad.services.identity.panel_tokens import SignedIn
from crawdad.services.maintenance_shell import MaintenanceShell, Order
from crawdad.services.terminals import Terminals, frame_of


class ShellSocket:
    """The handler."""

    def __init__(
        self,
        sockets: Sockets,
        terminals: Terminals,
        settings: Callable[[], ShellSettings],
        order: Order,
        activity: ActivityLog,
    ) -> None:
        self._sockets = sockets
        self._terminals = terminals
        self._settings = settings
        self._order = order
        self._activity = activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one prompt."""
        scope["crawdad.limit"](MOST_BYTES)
        await self._sockets.serve(scope, receive, send, Permission.SYSTEM_MANAGE, self._prepare)

    def _commands(self) -> tuple[str, ...]:
        settings = self._settings()
        return settings.commands if settings.enabled else ()

    async def _prepare(self, socket: OpenedSocket, signed_in: SignedIn) -> Talk:
        if not self._settings().enabled:
            raise _disabled()
        owner = signed_in.principal
        self._terminals.check(owner.id)

        def note(summary: str) -> None:
            self._activity.note(Draft("system", "system.shell", f"{owner.name or owner.id}: {summary}"))

        language = preferred_language(socket.headers.get("accept-language", ""))
        frame = frame_of(socket.query)
        shell = MaintenanceShell(socket, self._terminals, self._commands, self._order, note, language, frame)

        async def talk() -> None:
            async with self._terminals.seat(owner.id):
                await shell.talk()

        return talk


def _disabled() -> GatewayError:
    return GatewayError(ErrorKind.FORBIDDEN, Text("shell.disabled"), {"code": "shell_disabled"})
