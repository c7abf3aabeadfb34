"""`crawdad mcp login`: a person signs in to a server, in a browser here or elsewhere, and the gateway has the grant."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from crawdad import __version__
from crawdad.adapters.files import read_environment
from crawdad.adapters.http import HttpTransport
from crawdad.adapters.loopback_listener import LoopbackListeners
from crawdad.adapters.proxies import proxy_from_environment
from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.api.opsclaw.callback_page import callback_page
from crawdad.app.launch import Launch
from crawdad.app.wiring import configuration_source, database_url, secret_box, usable_settings
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.accounts.oauth.protocol import read_pasted, read_redirect
from crawdad.services.mcp.signing_in import McpSignIns, SignIn
from crawdad.services.upstreams import default_proxy
from crawdad.store.database import open_database
from crawdad.store.key_values import KeyValues

_PATIENCE_SECONDS = 600.0


class McpLogins:
    """Signs in and out."""

    def __init__(self, sign_ins: McpSignIns, settings: Settings) -> None:
        self._sign_ins = sign_ins
        self._settings = settings

    async def login(
        self, server: str, show: Callable[[str], None], paste: Callable[[], Awaitable[str]] | None = None
    ) -> None:
        """`show` is told the page to consent at. What comes back is heard on a port of this machine, or is what `paste` reads.
        Raises NOT_FOUND, BAD_REQUEST, UPSTREAM_*."""
        settings = self._settings.mcp.servers.get(server)
        if settings is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("mcp.no_server", {"server": server[:100]}))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        begun: list[SignIn] = []

        async def came(query: Mapping[str, str]) -> Text | None:
            """A browser has come back. Who knows nothing of the state changes nothing."""
            if not begun or done.done() or query.get("state") != begun[0].state:
                return Text("mcp.other_sign_in")
            try:
                await self._sign_ins.finish(begun[0], read_redirect(query), query)
            except GatewayError as error:
                done.set_exception(error)
                return error.text if isinstance(error.text, Text) else Text("mcp.other_sign_in")
            done.set_result(None)
            return None

        port = await LoopbackListeners(callback_page).open(came)
        try:
            begun.append(await self._sign_ins.begin(server, settings, port.redirect_uri))
            show(begun[0].url)
            if paste is not None:
                await self._sign_ins.finish(begun[0], read_pasted(await paste()))
                return
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await done
        except TimeoutError:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("mcp.not_consented", {"reason": "600 s"})) from None
        finally:
            done.cancel()
            await port.close()

    async def logout(self, server: str) -> bool:
        """Forget what was granted. False: there was nothing."""
        return await self._sign_ins.forget(server)


@asynccontextmanager
async def open_mcp_logins(launch: Launch) -> AsyncIterator[McpLogins]:
    """What signs in to the servers of this installation."""
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)
    settings = usable_settings(await (await configuration_source(launch)).load())
    box = secret_box(launch, environment)
    proxy_for = default_proxy(lambda: settings, proxy_from_environment(environment))
    async with (
        open_database(database_url(settings, launch)) as database,
        HttpTransport(f"crawdad/{__version__}", lambda: settings.gateway.private_networks) as transport,
    ):
        values = KeyValues(database)
        yield McpLogins(McpSignIns(transport, values, box, SystemClock(), SystemRandomness(), proxy_for), settings)
