"""One server: its conversation, begun when it is needed and begun again within a budget, and the tools it has now."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.mcp import Bearer, McpConnector, ServerAddress, ServerSession, ServerTool
from crawdad.core.mcp_settings import McpServerSettings
from crawdad.core.patterns import matches
from crawdad.core.ports import Clock
from crawdad.core.text import Text
from crawdad.services.mcp.naming import digest_of, usable_schema
from crawdad.services.upstreams import ProxyFor

BearerFor = Callable[[str, str, str | None], Awaitable[str | None]]
"""The access token for a server by its id and address (`services.mcp.signing_in.McpSignIns.bearer`)."""
_WINDOW_SECONDS = 600.0
_MOST_LISTS = 3
"""How often in a row a list of tools is asked for that changes while it is told."""


class McpServer:
    """A configured server."""

    def __init__(
        self,
        server_id: str,
        settings: McpServerSettings,
        connector: McpConnector,
        clock: Clock,
        proxy_for: ProxyFor,
        bearer: BearerFor | None = None,
    ) -> None:
        self.id = server_id
        self.settings = settings
        self.tools: dict[str, ServerTool] = {}
        self.problem: GatewayError | None = None
        self._connector = connector
        self._clock = clock
        self._proxy_for = proxy_for
        self._bearer = bearer
        self._session: ServerSession | None = None
        self._version = 0
        self._listed = -1
        self._begun: deque[float] = deque()
        self._lock = asyncio.Lock()

    @property
    def ready(self) -> bool:
        """Whether it is spoken to, and its tools are those of now."""
        return self._session is not None and not self._session.closed and self._listed == self._version

    @property
    def offers(self) -> frozenset[str]:
        """What it has beside tools, as far as it may be used; nothing while it is not spoken to."""
        session = self._session
        if session is None or session.closed:
            return frozenset()
        wanted = {"resources": self.settings.resources, "prompts": self.settings.prompts}
        return frozenset(name for name in session.offers if wanted.get(name))

    async def session(self) -> ServerSession:
        """The conversation, with `tools` as they are now. Raises when the server cannot be had."""
        async with self._lock:
            try:
                if self._session is None or self._session.closed:
                    await self._connect()
                assert self._session is not None
                for _ in range(_MOST_LISTS):
                    if (version := self._version) == self._listed:
                        break
                    self.tools = await self._list(self._session)
                    self._listed = version
                self.problem = None
            except GatewayError as error:
                self.problem = error
                raise
            return self._session

    async def close(self) -> None:
        """End the conversation."""
        async with self._lock:
            session, self._session = self._session, None
            if session is not None:
                await session.close()

    async def _connect(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        now = self._clock.monotonic()
        while self._begun and self._begun[0] <= now - _WINDOW_SECONDS:
            self._begun.popleft()
        if len(self._begun) > self.settings.restarts:
            wait = self._begun[0] + _WINDOW_SECONDS - now
            words = Text("mcp.resting", {"server": self.id, "minutes": max(1, round(wait / 60))})
            raise GatewayError(ErrorKind.UNAVAILABLE, words, retry_after=wait)
        self._begun.append(now)
        self._version += 1
        try:
            self._session = await self._connector.connect(self._address(), self._changed)
        except GatewayError as error:
            if error.details.get("code") == "mcp_sign_in":
                self._begun.pop()  # it is not the server that fails
                words = Text("mcp.sign_in_first", {"server": self.id})
                raise GatewayError(error.kind, words, error.details) from None
            raise

    def _changed(self) -> None:
        self._version += 1

    async def _list(self, session: ServerSession) -> dict[str, ServerTool]:
        wanted = self.settings.tools
        found: dict[str, ServerTool] = {}
        if session.offers and "tools" not in session.offers:
            return found  # one that tells of nothing at all is asked for tools all the same
        for tool in await session.list_tools():
            if wanted and not any(matches(pattern, tool.name) for pattern in wanted):
                continue
            if tool.name not in found and usable_schema(tool.schema):
                found[tool.name] = tool
        return found

    def _address(self) -> ServerAddress:
        settings = self.settings
        if bool(settings.command) == bool(settings.url):
            raise GatewayError(ErrorKind.CONFLICT, Text("mcp.command_or_url", {"server": self.id}))
        return ServerAddress(
            command=settings.command or "",
            arguments=settings.args,
            environment={name: value.reveal() for name, value in settings.env.items()},
            folder=settings.cwd or "",
            url=settings.url or "",
            headers={name: value.reveal() for name, value in settings.headers.items()},
            proxy=self._proxy_for(settings.url) if settings.url else None,
            connect_seconds=settings.connect_timeout_seconds,
            call_seconds=settings.timeout_seconds,
            bearer=self._own_bearer() if settings.url else None,
        )

    def _own_bearer(self) -> Bearer | None:
        """What signs in to this server; nothing where the settings name a key for it."""
        find, url = self._bearer, self.settings.url or ""
        if find is None or any(name.lower() == "authorization" for name in self.settings.headers):
            return None

        async def bearer(refused: str | None = None) -> str | None:
            return await find(self.id, url, refused)

        return bearer

    def digest(self, tool: str) -> str:
        """What a tool says of itself now; empty: there is none of that name."""
        found = self.tools.get(tool)
        return digest_of(found) if found is not None else ""
