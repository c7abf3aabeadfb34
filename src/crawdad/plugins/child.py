"""The gateway's side of a plugin that runs in a process of its own (`plugins.child_main`): started, spoken to, ended.

The process has none of the gateway's environment, a directory of its own, limits of memory and files, and where the machine
can do that a sandbox around it. One that answers
too late is ended, and begun again with the next call.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

import crawdad
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject, Part, TextPart
from crawdad.core.plugin_hooks import HookEvent
from crawdad.core.plugin_manifest import MANIFEST_NAMES
from crawdad.core.plugin_settings import PluginsLimitSettings
from crawdad.core.plugins import PluginConfinement, PluginRoom, PluginStanding
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext, ToolOutcome
from crawdad.plugins.api import HookFunction, PluginApi, PluginServices

LINE_BYTES = 8 * 1024 * 1024
_MOST_REQUESTS = 32
_LOGGED_CHARACTERS = 2000
_EARLIER = 0.9
"""The process is found to be late before the guard of the call loses patience: then it is ended, not only the call."""
_RUN = "import sys; sys.path.insert(0, sys.argv[1]); from crawdad.plugins.child_main import main; main()"

_log = structlog.get_logger(__name__)


class PluginChild:
    """The process. `begin` starts it and has `api` filled with stand-ins for what the plugin registered there."""

    def __init__(
        self,
        standing: PluginStanding,
        api: PluginApi,
        services: PluginServices,
        limits: PluginsLimitSettings,
        start: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
        confinement: PluginConfinement | None = None,
    ) -> None:
        assert standing.found.manifest is not None
        self._standing = standing
        self._manifest = standing.found.manifest
        self._api = api
        self._services = services
        self._limits = limits
        self._start = start
        self._confinement = confinement
        self.sandboxed = False
        """Whether the process is in a sandbox."""
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._beginning = asyncio.Lock()
        self._registered: asyncio.Future[JsonObject] | None = None
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._asked = asyncio.Semaphore(_MOST_REQUESTS)
        self._number = 0
        self._closed = False

    async def begin(self) -> None:
        """Start it, and register what it offers. Raises what went wrong."""
        told = await self._up()
        if told["others"]:
            values = {"plugin": self._manifest.id, "kinds": ", ".join(told["others"])}
            raise GatewayError(ErrorKind.CONFLICT, Text("plugins.not_isolated", values), {"code": "not_isolated"})
        for tool in told["tools"]:
            self._api.register_tool(
                tool["name"],
                tool["description"],
                tool["parameters"],
                self._tool(tool["name"]),
                read_only=tool["independent"],
                untrusted=tool["untrusted"],
                owner_only=tool["ownerOnly"],
            )
        places: dict[str, int] = {}
        for name, priority in told["hooks"]:
            place = places[name] = places.get(name, -1) + 1
            self._api.register_hook(name, self._hook(name, place), priority=priority)
        for method in told["methods"]:
            self._api.register_gateway_method(
                method["name"], self._method(method["name"]), scope=method["scope"], params=method["params"]
            )
        for name in told["services"]:
            self._api.register_service(name, self._service(name))
        self._api.close_registration()

    async def close(self) -> None:
        """End it: it is asked first, then killed."""
        if self._process is not None and self._process.returncode is None:
            with suppress(GatewayError, TimeoutError):
                await self._call("close", "", None, 1.0)
        self._closed = True
        await self._kill()

    def _tool(self, name: str) -> Callable[[JsonObject, ToolContext], Coroutine[Any, Any, ToolOutcome]]:
        async def run(arguments: JsonObject, context: ToolContext) -> ToolOutcome:
            payload = {"arguments": arguments, "context": _context(context)}
            told = await self._call("tool", name, payload, self._limits.call_seconds * _EARLIER)
            content: list[Part] = [TextPart(str(text)) for text in told["texts"]]
            return ToolOutcome(content, dict(told["details"]), bool(told["isError"]), bool(told["untrusted"]))

        return run

    def _hook(self, name: str, place: int) -> HookFunction:
        async def listen(event: HookEvent) -> Any:
            payload = {"event": asdict(event), "place": place}
            return await self._call("hook", name, payload, self._limits.hook_seconds * _EARLIER)

        return listen

    def _method(self, name: str) -> Callable[[JsonObject], Coroutine[Any, Any, Any]]:
        async def run(params: JsonObject) -> Any:
            return await self._call("method", name, params, self._limits.call_seconds * _EARLIER)

        return run

    def _service(self, name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def run() -> None:
            await self._call("service", name, None, None)

        return run

    async def _call(self, kind: str, name: str, payload: Any, seconds: float | None) -> Any:
        """What the plugin answers. A process that does not answer in time is ended."""
        await self._up()
        self._number += 1
        number = self._number
        future = self._calls[number] = asyncio.get_running_loop().create_future()
        try:
            await self._tell({"call": number, "kind": kind, "name": name, "payload": payload})
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            await self._kill()
            raise _broken(self._manifest.id, f"did not answer within {seconds:g} s") from None
        except asyncio.CancelledError:
            if self._process is not None:
                with suppress(GatewayError):
                    await self._tell({"cancel": number})
            raise
        finally:
            self._calls.pop(number, None)

    async def _up(self) -> JsonObject:
        """The process, started where it is not there: what it registered."""
        async with self._beginning:
            if self._closed:
                raise _broken(self._manifest.id, "is taken down")
            if self._process is not None and self._process.returncode is None and self._registered is not None:
                return await asyncio.shield(self._registered)
            await self._kill()
            await self._spawn()
            assert self._registered is not None
            try:
                async with asyncio.timeout(self._limits.start_seconds):
                    return await asyncio.shield(self._registered)
            except TimeoutError:
                await self._kill()
                raise _broken(
                    self._manifest.id, f"took longer than {self._limits.start_seconds:g} s to begin"
                ) from None

    async def _spawn(self) -> None:
        folder, data = self._standing.found.folder, self._api.data_directory
        manifest_name, manifest = await asyncio.to_thread(_manifest_text, Path(folder))
        source = str(Path(crawdad.__file__).parents[1])
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(data), "TMPDIR": str(data)}
        try:
            process = await asyncio.create_subprocess_exec(
                *await self._words(source, folder, str(data)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
                cwd=data,
                start_new_session=True,
                limit=LINE_BYTES,
            )
        except OSError as error:
            raise _broken(self._manifest.id, error.strerror or str(error)) from None
        self._process = process
        self._registered = asyncio.get_running_loop().create_future()
        self._tasks = [
            self._start(self._hear(process, self._registered), f"plugin process {self._manifest.id}"),
            self._start(self._log(process), f"plugin output {self._manifest.id}"),
        ]
        order = {
            "folder": folder,
            "manifest": manifest,
            "manifestName": manifest_name,
            "config": self._api.config,
            "data": str(data),
            "megabytes": self._limits.memory_megabytes,
        }
        await self._tell(order)

    async def _words(self, source: str, folder: str, data: str) -> Sequence[str]:
        """The command line, in a sandbox where there is one and it is wanted."""
        words, wanted = (sys.executable, "-I", "-c", _RUN, source), self._limits.sandbox
        if wanted == "off":
            return words
        asked = self._manifest.permissions
        room = PluginRoom((source, folder), (*asked.files, data), data, bool(asked.network))
        found = await self._confinement.confined(words, room) if self._confinement is not None else None
        if found is None and wanted == "required":
            text = Text("plugins.no_sandbox", {"plugin": self._manifest.id})
            raise GatewayError(ErrorKind.UNAVAILABLE, text, {"code": "no_sandbox"})
        self.sandboxed = found is not None
        return words if found is None else found

    async def _tell(self, message: Mapping[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise _broken(self._manifest.id, "has ended")
        try:
            process.stdin.write(json.dumps(message, default=str).encode() + b"\n")
            await process.stdin.drain()
        except (ConnectionError, RuntimeError):
            raise _broken(self._manifest.id, "has ended") from None

    async def _hear(self, process: asyncio.subprocess.Process, registered: asyncio.Future[JsonObject]) -> None:
        assert process.stdout is not None
        reason = "has ended"
        try:
            while line := await process.stdout.readline():
                self._heard(json.loads(line), registered)
        except (ValueError, KeyError, TypeError, AttributeError):
            reason = "said what cannot be understood"
        finally:
            _end_group(process)
            code = await process.wait()
            error = _broken(self._manifest.id, f"{reason} (exit code {code})")
            for future in (registered, *self._calls.values()):
                if not future.done():
                    future.set_exception(error)
            if registered.done() and not registered.cancelled():
                registered.exception()  # looked at, so that nobody complains of an error that nobody waited for

    def _heard(self, message: Mapping[str, Any], registered: asyncio.Future[JsonObject]) -> None:
        if "done" in message:
            future = self._calls.get(message["done"])
            if future is None or future.done():
                return
            if "error" in message:
                future.set_exception(_error(message["error"]))
            else:
                future.set_result(message.get("value"))
        elif "ask" in message:
            self._tasks = [task for task in self._tasks if not task.done()]
            self._tasks.append(self._start(self._serve(message), f"request of {self._manifest.id}"))
        elif "registered" in message and not registered.done():
            registered.set_result(dict(message["registered"]))
        elif "failed" in message and not registered.done():
            registered.set_exception(_error(message["failed"]))

    async def _serve(self, message: Mapping[str, Any]) -> None:
        """Something that the plugin wants of the gateway, within what its manifest asks for."""
        answer: JsonObject = {"answer": message["ask"]}
        async with self._asked:
            try:
                answer["value"] = await self._done(message)
            except GatewayError as error:
                answer["error"] = {"kind": error.kind.value, "message": error.message()}
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                answer["error"] = {"kind": "bad_request", "message": f"{type(error).__name__}: {error}"}
        with suppress(GatewayError):
            await self._tell(answer)

    async def _done(self, message: Mapping[str, Any]) -> Any:
        services, manifest = self._services, self._manifest
        if message["what"] == "fetch":
            body = message["body"]
            status, headers, found = await services.fetch(
                manifest,
                str(message["method"]),
                str(message["url"]),
                dict(message["headers"]),
                None if body is None else body.encode("latin-1"),
                min(int(message["limit"]), LINE_BYTES // 4),
            )
            return {"status": status, "headers": headers, "body": found.decode("latin-1")}
        if message["what"] == "setting":
            return await services.setting(manifest, str(message["path"]))
        return await services.ask_agent(manifest, str(message["agent"]), str(message["text"]), str(message["session"]))

    async def _log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:  # a line without end
                continue
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()[:_LOGGED_CHARACTERS]
            _log.info("plugin_said", plugin=self._manifest.id, text=text)

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            _end_group(process)
            await process.wait()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            if task is not asyncio.current_task():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([task], timeout=1.0)
                task.cancel()


def _end_group(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _manifest_text(folder: Path) -> tuple[str, str]:
    for name in MANIFEST_NAMES:
        with suppress(OSError):
            return name, (folder / name).read_text(encoding="utf-8")
    raise _broken(folder.name, "has no manifest any more")


def _context(context: ToolContext) -> JsonObject:
    scope = context.scope
    return {
        "agentId": scope.agent_id,
        "sessionKey": scope.session_key,
        "principal": scope.principal.id,
        "principalName": scope.principal.name,
        "channel": scope.channel,
        "surface": scope.surface,
        "runId": context.run_id,
        "callId": context.call_id,
        "sessionId": context.session_id,
        "workspace": str(context.workspace),
        "language": context.language,
    }


def _error(told: Mapping[str, Any]) -> GatewayError:
    kinds = {kind.value: kind for kind in ErrorKind}
    return GatewayError(kinds.get(str(told.get("kind")), ErrorKind.INTERNAL), str(told.get("message"))[:2000])


def _broken(plugin: str, reason: str) -> GatewayError:
    values = {"plugin": plugin, "reason": reason}
    return GatewayError(ErrorKind.INTERNAL, Text("plugins.process", values), {"code": "plugin_process"})
