"""Sign-ins to servers while a person is at them: begun, come back from by a browser or by what somebody pastes, given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.mcp_settings import McpServerSettings
from crawdad.core.ports import Clock, Randomness
from crawdad.core.text import Text
from crawdad.services.accounts.oauth.protocol import read_pasted, read_redirect
from crawdad.services.accounts.oauth.sign_ins import Listeners, Listening
from crawdad.services.mcp.signing_in import McpSignIns, SignIn
from crawdad.services.tasks import Tasks

PATIENCE_SECONDS = 600.0
LoginState = Literal["waiting", "signed-in", "failed"]


@dataclass(slots=True)
class McpLogin:
    """A sign-in to a server. A person opens `url`; the browser then comes back to `redirect_uri`, a port of the machine that
    Crawdad runs on. Until `expires_at` (Unix seconds) it waits for that. `problem` is what it failed of."""

    id: str
    server: str
    url: str
    redirect_uri: str
    expires_at: float
    state: LoginState = "waiting"
    problem: GatewayError | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Open:
    login: McpLogin
    sign_in: SignIn
    port: Listening


class McpLogins:
    """The sign-ins of this process: one at a time for each server. What is granted is kept for all processes."""

    def __init__(
        self,
        sign_ins: McpSignIns,
        servers: Callable[[], Mapping[str, McpServerSettings]],
        listeners: Listeners,
        tasks: Tasks,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._sign_ins = sign_ins
        self._servers = servers
        self._listeners = listeners
        self._tasks = tasks
        self._clock = clock
        self._randomness = randomness
        self._open: dict[str, _Open] = {}
        self._newest: dict[str, McpLogin] = {}

    async def begin(self, server: str) -> McpLogin:
        """Ask a person for consent; a sign-in to that server which waits is given up. Raises NOT_FOUND, BAD_REQUEST,
        UPSTREAM_*."""
        settings = self.need(server)

        async def came(query: Mapping[str, str]) -> Text | None:
            """A browser has come back. Who knows nothing of the state changes nothing."""
            opened = self._open.get(server)
            if opened is None or query.get("state") != opened.sign_in.state:
                return Text("mcp.other_sign_in")
            try:
                await self._sign_ins.finish(opened.sign_in, read_redirect(query), query)
            except GatewayError as error:
                await self._end(opened, error)
                return error.text if isinstance(error.text, Text) else Text("mcp.other_sign_in")
            await self._end(opened, None)
            return None

        port = await self._listeners.open(came)
        try:
            sign_in = await self._sign_ins.begin(server, settings, port.redirect_uri)
        except BaseException:
            await port.close()
            raise
        expires_at = self._clock.now() + PATIENCE_SECONDS
        login = McpLogin(self._randomness.new_id(), server, sign_in.url, sign_in.redirect_uri, expires_at)
        opened, before = _Open(login, sign_in, port), self._open.get(server)
        self._open[server], self._newest[server] = opened, login
        if before is not None:
            await before.port.close()
            before.login.state, before.login.problem = "failed", _given_up()
            before.login.ended.set()
        self._tasks.start(self._expire(opened), f"sign-in to {server}")
        return login

    def newest(self, server: str) -> McpLogin | None:
        """The newest sign-in to a server that was begun here."""
        return self._newest.get(server)

    async def paste(self, server: str, text: str) -> McpLogin:
        """Somebody brings the address that the browser was sent to, or the code in it. Raises NOT_FOUND where no sign-in
        waits, BAD_REQUEST and UPSTREAM_ERROR for what is wrong with what was brought."""
        opened = self._open.get(server)
        if opened is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("mcp.no_login", {"server": server[:100]}))
        await self._sign_ins.finish(opened.sign_in, read_pasted(text))
        await self._end(opened, None)
        return opened.login

    async def is_signed_in(self, server: str) -> bool:
        """Whether somebody has signed in to a server, as it is configured now."""
        return await self._sign_ins.is_granted(server, self.need(server).url or "")

    async def forget(self, server: str) -> bool:
        """Forget what was granted, and give up a sign-in that waits. False: there was nothing."""
        opened = self._open.get(server)
        if opened is not None:
            await self._end(opened, _given_up())
        self._newest.pop(server, None)
        return await self._sign_ins.forget(server) or opened is not None

    def need(self, server: str) -> McpServerSettings:
        """The settings of a server. Raises NOT_FOUND."""
        settings = self._servers().get(server)
        if settings is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("mcp.no_server", {"server": server[:100]}))
        return settings

    async def close(self) -> None:
        """Give up what waits."""
        for opened in list(self._open.values()):
            await self._end(opened, _given_up())

    async def _expire(self, opened: _Open) -> None:
        await self._clock.sleep(PATIENCE_SECONDS)
        await self._end(opened, _given_up())

    async def _end(self, opened: _Open, problem: GatewayError | None) -> None:
        login = opened.login
        if self._open.get(login.server) is not opened:
            return
        del self._open[login.server]
        login.state, login.problem = ("signed-in", None) if problem is None else ("failed", problem)
        login.ended.set()
        await opened.port.close()


def _given_up() -> GatewayError:
    return GatewayError(ErrorKind.BAD_REQUEST, Text("mcp.not_consented", {"reason": "600 s"}))
