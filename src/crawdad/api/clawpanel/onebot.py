"""`/onebot`: programs that speak OneBot 11 share the QQ account, with the credential of an administrator or the account's own
access token (`Authorization: Bearer …`, or `?access_token=…` where a client can send no header)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import orjson

from crawdad.api.call import Receive, Scope, Send
from crawdad.api.channels.routes import OpenedSocket
from crawdad.api.management.errors import status_of
from crawdad.core.channels import Channel
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.ports import Clock
from crawdad.services.chat_accounts.direct import DirectAccess
from crawdad.services.chat_accounts.qq_sign_in import QQ
from crawdad.services.identity import Door
from crawdad.services.identity.panel_tokens import PanelTokens

PATH = "/onebot"
MOST_BYTES = 50 * 1024 * 1024
"""Of one frame of a client's: what NapCat takes."""
LOOK_SECONDS = 30.0
"""How often it is looked at whether a client may still be there."""
_REVOKED = 4401


class OneBotDoor:
    """The handler of the path."""

    def __init__(self, door: Door, tokens: PanelTokens, chats: DirectAccess, clock: Clock) -> None:
        self._door = door
        self._tokens = tokens
        self._chats = chats
        self._clock = clock

    async def socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold a client's connection until it ends."""
        await receive()  # websocket.connect
        address = scope["client"][0] if scope.get("client") else ""
        socket = OpenedSocket(scope, receive, send, PATH)
        token = _token_of(socket)
        try:
            await self._check(token, address)
            scope["crawdad.limit"](MOST_BYTES)
            channel = self._chats.running(QQ).desk.channel
            await self._hold(channel, socket, token, address)
        except GatewayError as error:
            if not socket.accepted:
                await _refuse(send, error)
                return
            await socket.close(1011, error.message()[:100])
        except EOFError:
            return  # the other side is gone

    async def _hold(self, channel: Channel, socket: OpenedSocket, token: str, address: str) -> None:
        fault: GatewayError | EOFError | None = None
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watch(socket, token, address))
            try:
                await channel.share(socket)
            except (GatewayError, EOFError) as error:
                fault = error
            watching.cancel()
        if fault is not None:
            raise fault

    async def _check(self, token: str, address: str) -> None:
        """Raises UNAUTHENTICATED, FORBIDDEN, and what the door does of an address that guesses."""
        self._door.check_address(address)
        if self._is_accounts(token):
            return
        if self._tokens.looks_like_one(token):
            principal = await self._tokens.principal(token, address)
        else:
            principal = self._door.enter(token or None, address)
        principal.need(Permission.SYSTEM_MANAGE)

    def _is_accounts(self, token: str) -> bool:
        if not token:
            return False
        try:
            return self._chats.running(QQ).desk.channel.admits(token)
        except GatewayError:
            return False

    async def _watch(self, socket: OpenedSocket, token: str, address: str) -> None:
        """End the connection of a client that may not be there any more."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            try:
                await self._check(token, address)
            except GatewayError as error:
                if error.kind in (ErrorKind.UNAUTHENTICATED, ErrorKind.FORBIDDEN):
                    with suppress(EOFError):
                        await socket.close(_REVOKED, "the credential is good no longer")
                    return


def _token_of(socket: OpenedSocket) -> str:
    scheme, _, said = socket.headers.get("authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "token") and said.strip():
        return said.strip()
    return socket.query.get("access_token", "") or (scheme if scheme and not said else "")


async def _refuse(send: Send, error: GatewayError) -> None:
    """Answer the handshake as HTTP: 401 without a credential, 502 when the QQ side is not there."""
    status = status_of(error)
    body = {"ok": False, "status": "failed", "retcode": 1403 if status in (401, 403) else 1200, "data": None}
    words = error.message()
    data = orjson.dumps({**body, "message": words, "wording": words, "error": words})
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": data})
