"""`/v1/proxy/…`: the gateway's own routes below another path, over HTTP and WebSocket, for whoever signed in.

Nothing goes over a network: the call is handed to the table of routes in this process, as one of the principal's who signed
in, so no path leads anywhere else. The credential that it was let in by stays behind; answers keep their protection against
frames, and set no cookies.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request

from crawdad.api.buddy.access import Access
from crawdad.api.buddy.errors import write_error
from crawdad.api.buddy.sockets import Sockets
from crawdad.api.call import CREDENTIAL_HEADERS, Receive, Scope, Send
from crawdad.api.front_door import FrontDoor
from crawdad.api.gateway.plugins import canonical
from crawdad.api.management.handshakes import refuse
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text
from crawdad.services.tasks import until_first

PREFIX = "/v1/proxy/"
_LEFT_BEHIND = frozenset(
    (*CREDENTIAL_HEADERS, b"cookie", b"proxy-authorization", b"x-event-token", b"x-openclaw-token", b"x-request-id")
)
_PARAMETERS = ("token", "ticket", "access_token")
_NOT_ANSWERED = (b"set-cookie", b"x-request-id")


class InnerDoor(FrontDoor):
    """The table of routes for calls whose principal is known."""

    async def _visitor(self, scope: Scope) -> Principal | None:
        found: Principal | None = scope.get("crawdad.visitor")
        return found


class Proxy:
    """Serves what is below the path. `inner` has the routes that count at the moment."""

    def __init__(self, access: Access, sockets: Sockets, inner: InnerDoor) -> None:
        self._access = access
        self._sockets = sockets
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a socket."""
        path = "/" + scope["path"][len(PREFIX) :]
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send, path)
            return
        principal = await self._access.principal(Request(scope))
        principal.need(Permission.SYSTEM_READ)
        await self._inner(self._onwards(scope, principal, path), receive, _without_cookies(send))

    async def control(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/v1/ws/gateway`: the control channel, for whoever signed in. Devices are let in by a person, as ever."""
        await self._socket(scope, receive, send, "/")

    async def _socket(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        try:
            signed_in = await self._sockets.signed_in(scope)
            signed_in.principal.need(Permission.SYSTEM_READ)
            onwards = self._onwards(scope, signed_in.principal, path)
        except GatewayError as error:
            await receive()  # websocket.connect
            await refuse(scope, send, error, write_error)
            return

        async def watch() -> None:
            await self._sockets.while_welcome(signed_in)
            scope.get("crawdad.abort", lambda: None)()

        await until_first(self._inner(onwards, receive, send), watch())

    def _onwards(self, scope: Scope, principal: Principal, path: str) -> Scope:
        """The call as it goes on to `path`. Raises NOT_FOUND for one that does not say what it means, or comes back here."""
        if not canonical(path) or f"{path}/".startswith(PREFIX):
            text = Text("http.not_found", {"method": scope.get("method", "GET"), "path": scope["path"][:200]})
            raise GatewayError(ErrorKind.NOT_FOUND, text, {"code": "not_found"})
        headers = [(name, value) for name, value in scope["headers"] if name not in _LEFT_BEHIND]
        onwards = {key: value for key, value in scope.items() if key != "state"}
        return onwards | {
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": self._query(scope.get("query_string", b"")),
            "headers": headers,
            "crawdad.visitor": principal,
        }

    def _query(self, query: bytes) -> bytes:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        kept = [pair for pair in pairs if pair[0] not in _PARAMETERS and not self._is_credential(pair[1])]
        return query if kept == pairs else urlencode(kept).encode()

    def _is_credential(self, value: str) -> bool:
        return self._access.door.knows(value) or self._access.tokens.looks_like_one(value)


def _without_cookies(send: Send) -> Send:
    async def wrapped(message: Scope) -> None:
        if message["type"] == "http.response.start":
            headers = [
                (name, value)
                for name, value in message["headers"]
                if name.lower() not in _NOT_ANSWERED and not name.lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": headers}
        await send(message)

    return wrapped
