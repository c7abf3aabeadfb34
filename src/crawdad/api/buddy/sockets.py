"""How the contract's WebSockets are opened and held: who may not come in is told so before the upgrade, in the envelope, and
who may no longer stay is sent away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from starlette.requests import HTTPConnection

from crawdad.api.buddy.access import COOKIE, unauthorized
from crawdad.api.buddy.errors import write_error
from crawdad.api.call import Receive, Scope, Send
from crawdad.api.channels.routes import OpenedSocket
from crawdad.api.clawpanel.access import Access
from crawdad.api.management.access import credentials_of
from crawdad.api.management.handshakes import refuse
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.ports import Clock
from crawdad.core.text import Text
from crawdad.services.identity.panel_tokens import SignedIn
from crawdad.services.tasks import until_first

MOST_SOCKETS = 200
ANY_SOCKET = "/v1/ws/*"
"""The path of tickets that open any one of the contract's sockets."""
_SOCKETS = "/v1/ws/"
LOOK_SECONDS = 2.0
"""How often it is looked at whether a client may still be there."""
_REVOKED = 4401

Talk = Callable[[], Coroutine[Any, Any, None]]
Prepare = Callable[[OpenedSocket, SignedIn], Awaitable[Talk]]
"""Looks at what is asked for (raises what refuses the handshake), and gives the talk that follows it."""


class Sockets:
    """The way in for sockets: a header, `?token=`, `?ticket=` or the cookie. `still` says whether somebody may stay."""

    def __init__(self, access: Access, still: Callable[[SignedIn], bool], clock: Clock) -> None:
        self._access = access
        self._still = still
        self._clock = clock
        self._count = 0

    async def signed_in(self, scope: Scope) -> SignedIn:
        """Who opens a socket. The front door has judged the page that it comes from. Raises UNAUTHENTICATED, FORBIDDEN."""
        state = {
            "address": scope["client"][0],
            "visitor": scope.get("crawdad.visitor"),
            "signed_in": scope.get("crawdad.signed_in"),
        }
        connection = HTTPConnection({**scope, "type": "http", "state": state})
        token, ticket = (connection.query_params.get(name, "") for name in ("token", "ticket"))
        if not token and not ticket:
            token = connection.cookies.get(COOKIE, "")
        try:
            try:
                return await self._access.signed_in(connection, token, ticket)
            except GatewayError as error:
                any_socket = (
                    ticket and not token and not credentials_of(connection) and scope["path"].startswith(_SOCKETS)
                )
                if error.kind is not ErrorKind.UNAUTHENTICATED or not any_socket:
                    raise
                return await self._access.tickets.redeem(ticket, ANY_SOCKET, scope["client"][0])
        except GatewayError as error:
            raise unauthorized() if error.kind is ErrorKind.UNAUTHENTICATED else error from None

    async def serve(self, scope: Scope, receive: Receive, send: Send, permission: Permission, prepare: Prepare) -> None:
        """Hold one client's connection until it ends."""
        await receive()  # websocket.connect
        socket = OpenedSocket(scope, receive, send, scope["path"])
        try:
            if self._count >= MOST_SOCKETS:
                raise GatewayError(ErrorKind.UNAVAILABLE, Text("panel.sockets_full"), {"code": "too_many_sockets"}, 5)
            signed_in = await self.signed_in(scope)
            signed_in.principal.need(permission)
            talk = await prepare(socket, signed_in)
        except GatewayError as error:
            await refuse(scope, send, error, write_error)
            return
        self._count += 1
        try:
            await until_first(talk(), self._watch(socket, signed_in))
            with suppress(EOFError):
                await socket.close()
        except GatewayError as error:
            with suppress(EOFError):
                await socket.close(1011, error.message()[:100])
        except EOFError:
            pass  # the other side is gone
        finally:
            self._count -= 1

    async def while_welcome(self, signed_in: SignedIn) -> None:
        """For as long as somebody may stay."""
        while self._still(signed_in):
            await self._clock.sleep(LOOK_SECONDS)

    async def _watch(self, socket: OpenedSocket, signed_in: SignedIn) -> None:
        await self.while_welcome(signed_in)
        await socket.close(_REVOKED, "the credential is good no longer")


async def nothing_more(socket: OpenedSocket) -> None:
    """Until the client goes; what it says is let pass."""
    while True:
        await socket.receive()
