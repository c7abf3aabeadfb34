"""`crawdad mcp login`: a person signs in to a server, in a browser here or elsewhere, and the gateway has the grant."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from crawdad import __version__
from crawdad.adapters.files import read_environment
from crawdad.adapters.http import HttpTransport
from crawdad.adapters.loopback_listener import LoopbackListeners
from crawdad.adapters.proxies import proxy_from_environment
from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.api.opsclaw.callback_page import callback_page
from crawdad.app.launch import Launch
from crawdad.app.logs import log_aside
from crawdad.app.wiring import configuration_source, database_url, secret_box, usable_settings
from crawdad.services.mcp.logins import McpLogins
from crawdad.services.mcp.signing_in import McpSignIns
from crawdad.services.tasks import Tasks
from crawdad.services.upstreams import default_proxy
from crawdad.store.database import open_database
from crawdad.store.key_values import KeyValues


class CommandLogins:
    """Signs in and out for the person at a terminal."""

    def __init__(self, logins: McpLogins) -> None:
        self._logins = logins

    async def login(
        self, server: str, show: Callable[[str], None], paste: Callable[[], Awaitable[str]] | None = None
    ) -> None:
        """`show` is told the page to consent at. What comes back is heard on a port of this machine, or is what `paste` reads.
        Raises NOT_FOUND, BAD_REQUEST, UPSTREAM_*."""
        login = await self._logins.begin(server)
        show(login.url)
        if paste is not None:
            await self._logins.paste(server, await paste())
            return
        await login.ended.wait()
        if login.problem is not None:
            raise login.problem

    async def logout(self, server: str) -> bool:
        """Forget what was granted. False: there was nothing."""
        return await self._logins.forget(server)


@asynccontextmanager
async def open_mcp_logins(launch: Launch) -> AsyncIterator[CommandLogins]:
    """What signs in to the servers of this installation."""
    log_aside()
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)
    settings = usable_settings(await (await configuration_source(launch)).load())
    box = secret_box(launch, environment)
    proxy_for = default_proxy(lambda: settings, proxy_from_environment(environment))
    async with (
        open_database(database_url(settings, launch)) as database,
        HttpTransport(f"crawdad/{__version__}", lambda: settings.gateway.private_networks) as transport,
        Tasks() as tasks,
    ):
        clock, randomness = SystemClock(), SystemRandomness()
        sign_ins = McpSignIns(transport, KeyValues(database), box, clock, randomness, proxy_for)
        listeners = LoopbackListeners(callback_page)
        logins = McpLogins(sign_ins, lambda: settings.mcp.servers, listeners, tasks, clock, randomness)
        try:
            yield CommandLogins(logins)
        finally:
            await logins.close()
