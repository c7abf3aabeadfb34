"""A port of this machine that waits for a browser to come back from a consent page (RFC 8252, 7.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from crawdad.core.text import Text

if TYPE_CHECKING:
    from aiohttp import web

PATH = "/oauth-callback"
_CLOSE_SECONDS = 1.0
_HOST = "127.0.0.1"

OnCallback = Callable[[Mapping[str, str]], Awaitable[Text | None]]
Page = Callable[[Text | None], tuple[int, Mapping[str, str], bytes]]
"""The page for whoever comes back: status, headers and HTML for what went wrong, or for success."""


class OpenPort:
    """One port, until it is closed."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        self._runner = runner
        self.redirect_uri = f"http://{_HOST}:{port}{PATH}"

    async def close(self) -> None:
        """Let the port go."""
        await self._runner.cleanup()


class LoopbackListeners:
    """Opens ports that answer one path, with pages that `page` makes."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def open(self, on_callback: OnCallback) -> OpenPort:
        """A random port on 127.0.0.1. Raises OSError."""
        from aiohttp import web

        async def answer(request: web.Request) -> web.Response:
            if request.host.partition(":")[0] not in (_HOST, "localhost"):
                raise web.HTTPBadRequest  # a page elsewhere could have rebound its name to this machine
            status, headers, body = self._page(await on_callback(request.query))
            return web.Response(status=status, headers=headers, body=body)

        application = web.Application()
        application.router.add_get(PATH, answer, allow_head=False)
        runner = web.AppRunner(
            application,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=_CLOSE_SECONDS,
            handler_cancellation=False,
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, _HOST, 0)
            await site.start()
        except OSError:
            await runner.cleanup()
            raise
        return OpenPort(runner, runner.addresses[0][1])
