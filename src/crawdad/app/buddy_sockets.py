"""The WebSockets of OpenClaw Buddy's contract, put together when the first of them is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from crawdad.adapters.files.slices import LocalFileSlices
from crawdad.adapters.tools.programs import LocalAgentPrograms
from crawdad.api.buddy.errors import write_error
from crawdad.api.call import Receive, Scope, Send
from crawdad.api.front_door import FrontDoor, Routes, SocketHandler
from crawdad.api.later import Later
from crawdad.api.management.mount import Mount
from crawdad.api.speaking import Gate
from crawdad.app.chat_terminal import ChatTerminal
from crawdad.app.launch import Launch
from crawdad.app.logs import RING
from crawdad.services.identity.living import Living
from crawdad.services.log_tail import LogTail
from crawdad.services.task_board import TaskBoard
from crawdad.services.terminals import Terminals

PROXY = "/v1/proxy/"

if TYPE_CHECKING:
    from crawdad.app.panel_side import PanelSide


class BuddySockets:
    """Their handlers by path, and the proxy. Nothing of the web framework is needed before one is called."""

    def __init__(
        self, side: PanelSide, launch: Launch, environment: Mapping[str, str], gate: Gate, board: TaskBoard
    ) -> None:
        self._side = side
        self._board = board
        self._launch = launch
        self._environment = environment
        self._gate = gate
        self._routes = Routes({})
        self._made = Later(self._make)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one client of one of the sockets."""
        made = await self._made.get()
        made.inner.hang(self._routes)
        await made.sockets[scope["path"]](scope, receive, send)

    async def proxy(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a call below the proxy's path."""
        made = await self._made.get()
        made.inner.hang(self._routes)
        await made.proxy(scope, receive, send)

    def hung_into(self, routes: Routes) -> Routes:
        """A table of routes with all of this in it; it is where the proxy leads, too."""
        own = dict.fromkeys(("/v1/ws/gateway", "/v1/ws/logs", "/v1/ws/shell", "/v1/ws/tui"), self)
        self._routes = replace(
            routes,
            sockets={**routes.sockets, **own},
            socket_prefixes=((PROXY, self.proxy), *routes.socket_prefixes),
            mounts=(Mount(PROXY, self.proxy, write_error), *routes.mounts),
        )
        return self._routes

    def _make(self) -> _Made:
        from crawdad.api.buddy.access import Access
        from crawdad.api.buddy.log_socket import LogSocket
        from crawdad.api.buddy.proxy import InnerDoor, Proxy
        from crawdad.api.buddy.shell_socket import ShellSocket
        from crawdad.api.buddy.sockets import Sockets
        from crawdad.api.buddy.terminal_socket import TerminalSocket

        world, door = self._side.world, self._side.door
        living, settings = Living(door, lambda: world.settings().gateway), world.settings
        sockets = Sockets(
            self._side.access, lambda signed_in: signed_in.still(door, living, world.clock.now()), world.clock
        )
        tail = LogTail(lambda: settings().logging.file, LocalFileSlices(), RING)
        programs = LocalAgentPrograms(self._environment, Path(world.home), world.clock.now)
        terminals = Terminals(programs, world.clock)
        chat = ChatTerminal(self._launch, self._environment, programs, self._side.tokens)
        handlers: dict[str, SocketHandler] = {
            "/v1/ws/logs": LogSocket(sockets, tail, world.clock, self._board, world.cluster.bus),
            "/v1/ws/shell": ShellSocket(
                sockets, terminals, lambda: settings().gateway.shell, chat.command, self._side.activity
            ),
            "/v1/ws/tui": TerminalSocket(sockets, terminals, chat.of),
        }
        inner = InnerDoor(self._gate, self._routes)
        proxy = Proxy(Access(door, self._side.tokens), sockets, inner)
        handlers["/v1/ws/gateway"] = proxy.control
        return _Made(handlers, proxy, inner)


class _Made(NamedTuple):
    sockets: Mapping[str, SocketHandler]
    proxy: SocketHandler
    inner: FrontDoor
