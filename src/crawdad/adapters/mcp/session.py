"""`core.mcp.ServerSession` over anything that carries messages: numbers requests, matches answers, keeps time.

A carrier's `send` returns once the message is on its way; what comes back is handed to `heard`, by whichever task reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol, TypeVar

from crawdad import __version__
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.mcp import ServerPrompt, ServerResource, ServerResult, ServerTool
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.mcp import messages
from crawdad.wire.mcp.materials import read_contents, read_prompt, read_prompts, read_resources
from crawdad.wire.mcp.tools import read_result, read_tools

_MOST_ITEMS = 1000
_OFFERED = frozenset(("tools", "resources", "prompts"))
Item = TypeVar("Item")
_MOST_PAGES = 50


class Carrier(Protocol):
    """Brings messages to a server. `version` is the protocol's, as agreed."""

    version: str

    async def send(self, data: bytes) -> None:
        """Raises UPSTREAM_BROKEN when the server is gone."""

    async def close(self) -> None: ...


class McpSession:
    """One conversation."""

    def __init__(self, call_seconds: float, tools_changed: Callable[[], None]) -> None:
        self._seconds = call_seconds
        self._tools_changed = tools_changed
        self._carrier: Carrier | None = None
        self._waiting: dict[messages.RequestId, asyncio.Future[messages.Answer]] = {}
        self._progress: dict[messages.RequestId, Callable[[str], None]] = {}
        self._number = 0
        self._end: GatewayError | None = None
        self.offers: frozenset[str] = frozenset()

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self._end is not None

    async def begin(self, carrier: Carrier, seconds: float) -> None:
        """Shake hands. Raises when the server cannot be spoken to."""
        self._carrier = carrier
        found = await self._ask("initialize", messages.client_of(__version__), seconds)
        version = found.get("protocolVersion")
        if version not in messages.VERSIONS:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("mcp.other_version", {"version": str(version)[:40]}))
        carrier.version = str(version)
        able = found.get("capabilities")
        self.offers = frozenset(able) & _OFFERED if isinstance(able, dict) else frozenset()
        await carrier.send(messages.write_notification(messages.INITIALIZED))

    async def list_tools(self) -> list[ServerTool]:
        """All its tools, page by page."""
        return await self._pages("tools/list", read_tools)

    async def list_resources(self) -> list[ServerResource]:
        """All that can be read, then the templates."""
        found = await self._pages("resources/list", read_resources)
        with suppress(GatewayError):  # a server may have none and not know the word
            found += await self._pages(
                "resources/templates/list", lambda result: read_resources(result, "resourceTemplates")
            )
        return found

    async def read_resource(self, uri: str) -> ServerResult:
        """What a resource holds."""
        return read_contents(await self._ask("resources/read", {"uri": uri}, self._seconds))

    async def list_prompts(self) -> list[ServerPrompt]:
        """All its prompts."""
        return await self._pages("prompts/list", read_prompts)

    async def get_prompt(self, name: str, arguments: Mapping[str, str]) -> ServerResult:
        """What a prompt says with these arguments."""
        return read_prompt(await self._ask("prompts/get", {"name": name, "arguments": dict(arguments)}, self._seconds))

    async def _pages(self, method: str, read: Callable[[JsonObject], tuple[list[Item], str]]) -> list[Item]:
        """All of a list, page by page."""
        found: list[Item] = []
        cursor = ""
        for _ in range(_MOST_PAGES):
            items, cursor = read(await self._ask(method, {"cursor": cursor} if cursor else None, self._seconds))
            found += items
            if not cursor or len(found) >= _MOST_ITEMS:
                break
        return found[:_MOST_ITEMS]

    async def call_tool(self, name: str, arguments: JsonObject, progress: Callable[[str], None]) -> ServerResult:
        """Call a tool. The server is told when nobody waits any more."""
        parameters: JsonObject = {"name": name, "arguments": arguments}
        return read_result(await self._ask("tools/call", parameters, self._seconds, progress))

    async def close(self) -> None:
        """End it."""
        self.ended(GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("mcp.ended", {"reason": ""})))
        if self._carrier is not None:
            await self._carrier.close()

    def ended(self, error: GatewayError) -> None:
        """The server is gone: whoever waits hears of it."""
        if self._end is None:
            self._end = error
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(error)
        self._waiting.clear()

    async def heard(self, data: bytes) -> None:
        """Something came from the server."""
        for message in messages.read_messages(data):
            if isinstance(message, messages.Answer):
                future = self._waiting.pop(message.id, None)
                if future is not None and not future.done():
                    future.set_result(message)
            elif message.id is not None:
                if self._carrier is not None:
                    await self._carrier.send(messages.write_reply(message))
            elif message.method == messages.TOOLS_CHANGED:
                self._tools_changed()
            elif message.method == messages.PROGRESS:
                self._progressed(message.parameters)

    def _progressed(self, parameters: JsonObject) -> None:
        token, words = parameters.get("progressToken"), parameters.get("message")
        show = self._progress.get(token) if isinstance(token, (int, str)) else None
        if show is not None and isinstance(words, str):
            show(words[:500])

    async def _ask(
        self,
        method: str,
        parameters: JsonObject | None,
        seconds: float,
        progress: Callable[[str], None] | None = None,
    ) -> JsonObject:
        if self._end is not None:
            raise self._end
        assert self._carrier is not None
        self._number += 1
        number = self._number
        if progress is not None and parameters is not None:
            parameters = {**parameters, "_meta": {"progressToken": number}}
            self._progress[number] = progress
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._carrier.send(messages.write_request(number, method, parameters))
                answer = await future
        except (TimeoutError, asyncio.CancelledError) as reason:
            await self._give_up(number, method)
            if isinstance(reason, asyncio.CancelledError):
                raise
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("mcp.timeout", {"seconds": round(seconds)})) from None
        finally:
            self._waiting.pop(number, None)
            self._progress.pop(number, None)
            if future.done() and not future.cancelled():
                future.exception()  # it was told, or nobody waits
        if answer.error is not None:
            raise messages.refusal(answer.error)
        return answer.result or {}

    async def _give_up(self, number: int, method: str) -> None:
        """Tell the server that nobody waits for an answer any more."""
        if method == "initialize" or self._carrier is None or self._end is not None:
            return
        note = messages.write_notification(messages.CANCELLED, {"requestId": number, "reason": "no longer wanted"})
        with suppress(GatewayError, TimeoutError):
            async with asyncio.timeout(1):
                await self._carrier.send(note)
