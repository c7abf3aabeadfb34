"""A plugin in a process of its own: JSON, one message a line, over the standard input and a copy of the standard output.

The first line tells what to load; the answer tells what was registered, or what went wrong. Then come calls, each with an id,
answered in whatever order they end; and requests of the plugin's to the gateway, answered likewise.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.plugin_hooks import HOOKS
from crawdad.core.plugin_manifest import Manifest, read_manifest
from crawdad.core.tools import ToolContext, ToolScope
from crawdad.plugins.api import PluginApi
from crawdad.plugins.importing import PluginModules
from crawdad.plugins.tools import outcome_of

LINE_BYTES = 8 * 1024 * 1024


class Gateway:
    """The other side, as the plugin's `PluginServices`."""

    def __init__(self, output: Any) -> None:
        self._output = output
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._number = 0

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send a message. It blocks while the gateway does not read."""
        self._output.write(json.dumps(message, ensure_ascii=True, default=str).encode() + b"\n")
        self._output.flush()

    async def ask(self, what: str, **values: Any) -> Any:
        """Have the gateway do something."""
        self._number += 1
        number = self._number
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self.tell({"ask": number, "what": what, **values})
            return await future
        finally:
            del self._waiting[number]

    def answered(self, message: Mapping[str, Any]) -> None:
        """The gateway has done it, or not."""
        future = self._waiting.get(message["answer"])
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(error_of(message["error"]))
        else:
            future.set_result(message.get("value"))

    async def fetch(
        self, manifest: Manifest, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int
    ) -> tuple[int, dict[str, str], bytes]:
        sent = None if body is None else body.decode("latin-1")
        found = await self.ask("fetch", method=method, url=url, headers=dict(headers), body=sent, limit=limit)
        return found["status"], found["headers"], found["body"].encode("latin-1")

    async def setting(self, manifest: Manifest, path: str) -> Any:
        return await self.ask("setting", path=path)

    async def ask_agent(self, manifest: Manifest, agent_id: str, text: str, session: str) -> str:
        return str(await self.ask("ask_agent", agent=agent_id, text=text, session=session))


class Child:
    """The plugin's side."""

    def __init__(self, gateway: Gateway, order: Mapping[str, Any]) -> None:
        self._gateway = gateway
        manifest = read_manifest(order["manifest"].encode(), order["manifestName"])
        self.api = PluginApi(manifest, order["config"], Path(order["data"]), gateway, self._start)
        self._manifest = manifest
        self._folder = order["folder"]
        self._tasks: set[asyncio.Task[Any]] = set()
        self._calls: dict[int, asyncio.Task[Any]] = {}

    async def register(self) -> dict[str, Any]:
        """Load the plugin: what it registered."""
        package = self._manifest.entry.partition(":")[0].partition(".")[0]
        answer = PluginModules(self._manifest.id, self._folder, package).function(self._manifest.entry)(self.api)
        if inspect.isawaitable(answer):
            await answer
        self.api.close_registration()
        registered = self.api.registered
        return {
            "tools": [
                {
                    "name": name,
                    "description": offer.definition.description,
                    "parameters": offer.definition.parameters,
                    "independent": offer.definition.independent,
                    "ownerOnly": offer.definition.owner_only,
                    "untrusted": offer.untrusted,
                }
                for name, offer in registered.tools.items()
            ],
            "hooks": [[name, offer.priority] for name, offer in registered.hooks],
            "methods": [
                {"name": name, "scope": offer.scope, "params": offer.params}
                for name, offer in registered.methods.items()
            ],
            "services": list(registered.services),
            "others": [kind for kind in ("channels", "providers", "routes", "handlers") if getattr(registered, kind)],
        }

    def begin_call(self, message: Mapping[str, Any]) -> None:
        """Answer a call beside the others."""
        task = self._start(self._call(message), "call")
        self._calls[message["call"]] = task
        task.add_done_callback(lambda _: self._calls.pop(message["call"], None))

    def cancel(self, number: int) -> None:
        """Nobody wants that answer any more."""
        if (task := self._calls.get(number)) is not None:
            task.cancel()

    def _start(self, work: Any, name: str) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _call(self, message: Mapping[str, Any]) -> None:
        try:
            value = await self._answer(message["kind"], message["name"], message["payload"])
            self._gateway.tell({"done": message["call"], "value": value})
        except GatewayError as error:
            told = {"kind": error.kind.value, "message": error.message()}
            self._gateway.tell({"done": message["call"], "error": told})
        except Exception as error:  # the plugin's own fault, told to the gateway, which counts it
            told = {"kind": "internal", "message": f"{type(error).__name__}: {error}"[:2000]}
            self._gateway.tell({"done": message["call"], "error": told})

    async def _answer(self, kind: str, name: str, payload: Any) -> Any:
        registered = self.api.registered
        if kind == "tool":
            run = registered.tools[name].run
            assert run is not None
            answer = await run(payload["arguments"], context_of(payload["context"]))
            outcome = outcome_of(answer)
            if outcome is None:
                raise TypeError(f"answered with {type(answer).__name__}")
            texts = [getattr(part, "text", "") for part in outcome.content]
            return {
                "texts": texts,
                "details": outcome.details,
                "isError": outcome.is_error,
                "untrusted": outcome.untrusted,
            }
        if kind == "hook":
            function = [offer.function for hook, offer in registered.hooks if hook == name][payload["place"]]
            answered: Any = function(HOOKS[name](**payload["event"]))
            answered = await answered if inspect.isawaitable(answered) else answered
            return dict(answered) if isinstance(answered, Mapping) else answered
        if kind == "method":
            return await registered.methods[name].run(payload)
        if kind == "service":
            return await registered.services[name]()
        for close in reversed(registered.closers):
            closed = close()
            if inspect.isawaitable(closed):
                await closed
        return None


def context_of(told: Mapping[str, Any]) -> ToolContext:
    """What a tool is told of the turn that calls it; of the principal only the name."""
    principal = Principal(told["principal"], "api_key", told["principalName"], frozenset())
    scope = ToolScope(told["agentId"], told["sessionKey"], principal, channel=told["channel"], surface=told["surface"])
    return ToolContext(
        scope, told["runId"], told["callId"], told["sessionId"], Path(told["workspace"]), language=told["language"]
    )


def error_of(told: Mapping[str, Any]) -> GatewayError:
    """An error that came over the line."""
    kinds = {kind.value: kind for kind in ErrorKind}
    return GatewayError(kinds.get(str(told.get("kind")), ErrorKind.INTERNAL), str(told.get("message"))[:2000])


def limit_resources(megabytes: int) -> None:
    """What the process may take at most."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    size = megabytes * 1024 * 1024
    for what, most in ((resource.RLIMIT_AS, size), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 256)):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)


async def serve() -> None:
    """Everything, until the gateway closes its side."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the plugin prints goes to the log
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    gateway = Gateway(output)
    order = json.loads(await reader.readline())
    limit_resources(order["megabytes"])
    child: Child | None = None

    async def register() -> None:
        nonlocal child
        try:
            child = Child(gateway, order)
            gateway.tell({"registered": await child.register()})
        except GatewayError as error:
            gateway.tell({"failed": {"kind": error.kind.value, "message": error.message()}})
        except Exception as error:  # whatever the plugin fails with is told
            gateway.tell({"failed": {"kind": "internal", "message": f"{type(error).__name__}: {error}"[:2000]}})

    beginning = loop.create_task(register())
    while line := await reader.readline():
        message = json.loads(line)
        if "answer" in message:
            gateway.answered(message)
        elif child is not None and "call" in message:
            child.begin_call(message)
        elif child is not None and "cancel" in message:
            child.cancel(message["cancel"])
    beginning.cancel()


def main() -> None:
    """The entry of the process."""
    asyncio.run(serve())
