"""What chat platforms post, and the WebSockets that they open. The gateway asks nobody for a credential here: each channel
knows how its platform proves itself (a signature, a token), and lets nothing pass without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qsl

import structlog

from crawdad.api.call import Call, Disconnected, Receive, Scope, Send
from crawdad.api.front_door import PrefixHandler, SocketHandler, not_found
from crawdad.api.gateway.plugins import canonical, tell
from crawdad.api.speaking import Gate
from crawdad.core.channels import Socket
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.text import Text
from crawdad.wire.control.limits import close_reason

PREFIX = "/channels/"
MOST_BODY_BYTES = 20 * 1024 * 1024
MOST_AT_ONCE = 32
MOST_SOCKETS = 256
_log = structlog.get_logger(__name__)


class Platforms(Protocol):
    """Whoever knows the channels."""

    async def webhook(self, channel: str, account: str, request: PluginRequest) -> PluginAnswer | None:
        """What is answered to a request of a platform's; None: there is nothing there."""

    async def socket(self, channel: str, account: str, socket: Socket) -> None:
        """Hold a WebSocket of a platform's side until it ends."""


class ChannelRoutes:
    """The routes of all channels."""

    def __init__(self, gate: Gate, host: Platforms) -> None:
        self._gate = gate
        self._host = host
        self._calls = 0
        self._sockets = 0

    @property
    def socket_prefixes(self) -> tuple[tuple[str, SocketHandler], ...]:
        """WebSockets below the path."""
        return ((PREFIX, self.socket),)

    @property
    def prefixes(self) -> tuple[tuple[str, Mapping[str, PrefixHandler]], ...]:
        """What stands below the path."""
        return ((PREFIX, dict.fromkeys(("GET", "POST", "PUT", "HEAD"), self.call)),)

    async def call(self, call: Call, rest: str) -> None:
        """A request of a platform's."""
        channel, account, path = _place(call.path, rest)
        if not channel:
            raise not_found(call)
        if self._calls >= MOST_AT_ONCE:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("channels.too_many_calls"), retry_after=1)
        self._calls += 1
        try:
            limit = min(MOST_BODY_BYTES, self._gate.settings().gateway.max_body_bytes)
            body = await call.body(limit)
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in call.headers.items()}
            request = PluginRequest(call.method, path, call.query(), headers, body, str(call.address))
            answer = await self._host.webhook(channel, account, request)
        except (GatewayError, Disconnected):
            raise
        except Exception as error:  # a channel is other people's code
            _log.exception("channel_webhook_failed", channel=channel)
            raise GatewayError(ErrorKind.INTERNAL, Text("channels.fault")) from error
        finally:
            self._calls -= 1
        if answer is None:
            raise not_found(call)
        await tell(call, answer)

    async def socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket that a platform's side opens."""
        await receive()  # websocket.connect
        channel, account, path = _place(scope["path"], scope["path"].removeprefix(PREFIX))
        if not channel or self._sockets >= MOST_SOCKETS:
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        self._sockets += 1
        socket = OpenedSocket(scope, receive, send, path)
        try:
            await self._host.socket(channel, account, socket)
        except EOFError:
            return  # the other side is gone
        except Exception:  # a channel is other people's code
            _log.exception("channel_socket_failed", channel=channel)
        finally:
            self._sockets -= 1
            await socket.close(1001)


class OpenedSocket:
    """`core.channels.Socket` on an ASGI connection. The upgrade is answered with the first message that goes out or is waited
    for; closed before, it is refused (HTTP 403)."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        self.path = path
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        self.query: Mapping[str, str] = dict(
            parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        )
        self._receive = receive
        self._send = send
        self._accepted = False
        self._over = False

    @property
    def accepted(self) -> bool:
        """Whether the handshake was answered with yes."""
        return self._accepted

    async def receive(self) -> str | bytes:
        """See `core.channels.Socket`."""
        await self._accept()
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._over = True
            raise EOFError
        text = message.get("text")
        return text if isinstance(text, str) else bytes(message.get("bytes") or b"")

    async def send(self, message: str | bytes) -> None:
        """See `core.channels.Socket`."""
        await self._accept()
        kind = "text" if isinstance(message, str) else "bytes"
        try:
            await self._send({"type": "websocket.send", kind: message})
        except OSError as error:
            self._over = True
            raise EOFError from error

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """See `core.channels.Socket`."""
        if not self._over:
            self._over = True
            await self._send({"type": "websocket.close", "code": code, "reason": close_reason(reason)})

    async def _accept(self) -> None:
        if self._over:
            raise EOFError
        if not self._accepted:
            self._accepted = True
            await self._send({"type": "websocket.accept"})


def _place(whole: str, rest: str) -> tuple[str, str, str]:
    """Channel, account and what follows; empty for a path that does not say what it means."""
    channel, _, below = rest.partition("/")
    account, slash, path = below.partition("/")
    if not canonical(whole) or not channel or not account:
        return "", "", ""
    return channel, account, f"{slash}{path}"
