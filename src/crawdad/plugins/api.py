"""What a plugin is given, and all that it needs to import.

    from crawdad.plugins.api import PluginApi

    def register(api: PluginApi) -> None:
        async def roll(arguments, context):
            return str(random.randint(1, arguments["sides"]))

        api.register_tool("roll", "Roll a die.", {"type": "object", "properties": {"sides": {"type": "integer"}}}, roll)

`register` is called once, in a thread: it registers, and returns. What is registered must stand in the manifest's `offers`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, get_args
from urllib.parse import urlsplit

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_hooks import HOOKS
from crawdad.core.plugin_http import PluginAnswer as PluginAnswer
from crawdad.core.plugin_http import PluginRequest as PluginRequest
from crawdad.core.plugin_http import RouteAuth, RouteHandler
from crawdad.core.plugin_manifest import Manifest, host_allowed
from crawdad.core.ports import ModelSource
from crawdad.core.settings import Api
from crawdad.core.text import Text
from crawdad.core.tools import Tool, ToolContext, ToolDefinition, ToolScope
from crawdad.core.tools import ToolOutcome as ToolOutcome
from crawdad.core.tools import told as told
from crawdad.core.vendors import Vendor as Vendor
from crawdad.plugins.schemas import schema_problem

_TOOL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_LONGEST_DESCRIPTION = 8000
KINDS = ("tools", "hooks", "channels", "providers", "routes", "handlers", "methods", "services", "commands")
_OWN_PATHS = ("/api/", "/v1/", "/v1beta/", "/hooks/", "/media/", "/tools/", "/sessions/")
_METHOD_SCOPES = ("operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.pairing")

Offered = Callable[[ToolScope], bool]
Answer = TypeVar("Answer")
RunTool = Callable[[JsonObject, ToolContext], Awaitable["ToolOutcome | str | JsonObject"]]
HookFunction = Callable[[Any], "Awaitable[Mapping[str, Any] | None] | Mapping[str, Any] | None"]
"""Is given the event (`core.plugin_hooks`), and answers with the fields that it changes, if any."""
RunMethod = Callable[[JsonObject], Awaitable[Any]]
RunService = Callable[[], Awaitable[None]]
RunCommand = Callable[[Sequence[str]], Awaitable["str | int | None"]]


@dataclass(frozen=True, slots=True)
class ToolOffer:
    """A tool. `run` is the plugin's function; `bare` a whole tool of the gateway's own."""

    definition: ToolDefinition
    run: RunTool | None = None
    untrusted: bool = False
    bare: Tool | None = None
    offered: Offered = lambda _: True
    """Leaves it out of some turns."""


@dataclass(frozen=True, slots=True)
class HookOffer:
    """A function for a hook. Higher priorities come first."""

    function: HookFunction
    priority: int = 0


@dataclass(frozen=True, slots=True)
class RouteOffer:
    """An HTTP route or (`path` None) a handler."""

    path: str | None
    handler: RouteHandler
    auth: RouteAuth = "gateway"


@dataclass(frozen=True, slots=True)
class MethodOffer:
    """A method of the control channel. `scope` is an operator's."""

    name: str
    run: RunMethod
    scope: str = "operator.admin"
    params: JsonObject = field(default_factory=lambda: {"type": "object"})


@dataclass(frozen=True, slots=True)
class ProviderOffer:
    """Models that a plugin answers for: ids, and the source that takes the turns. Or a vendor, reached with the accounts
    that people have there; its models are asked for."""

    source: ModelSource | Vendor
    models: tuple[str, ...]


@dataclass(slots=True)
class Registered:
    """All that a plugin registered, by kind and name; hooks may come several times."""

    tools: dict[str, ToolOffer] = field(default_factory=dict)
    hooks: list[tuple[str, HookOffer]] = field(default_factory=list)
    channels: dict[str, Any] = field(default_factory=dict)
    providers: dict[str, ProviderOffer] = field(default_factory=dict)
    routes: dict[str, RouteOffer] = field(default_factory=dict)
    handlers: list[RouteOffer] = field(default_factory=list)
    methods: dict[str, MethodOffer] = field(default_factory=dict)
    services: dict[str, RunService] = field(default_factory=dict)
    commands: dict[str, RunCommand] = field(default_factory=dict)
    closers: list[Callable[[], Any]] = field(default_factory=list)

    def names(self) -> dict[str, list[str]]:
        """What there is of each kind, without those that are empty."""
        found: dict[str, list[str]] = {
            kind: list(getattr(self, kind)) for kind in KINDS if kind not in ("hooks", "handlers")
        }
        found["hooks"] = list(dict.fromkeys(name for name, _ in self.hooks))
        found["handlers"] = ["*"] * bool(self.handlers)
        return {kind: names for kind, names in found.items() if names}


class PluginServices(Protocol):
    """What the gateway does for plugins, each within what their manifests ask for."""

    async def fetch(
        self, manifest: Manifest, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int
    ) -> tuple[int, dict[str, str], bytes]:
        """An HTTP request to a host that it may talk to: status, headers, body."""

    async def setting(self, manifest: Manifest, path: str) -> Any:
        """A setting that it may read; secrets are masked."""

    async def ask_agent(self, manifest: Manifest, agent_id: str, text: str, session: str) -> str:
        """What an agent answers in the plugin's own session."""


class NoServices:
    """Where there is no gateway around it (the command line)."""

    async def fetch(
        self, manifest: Manifest, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int
    ) -> tuple[int, dict[str, str], bytes]:
        raise _not_here()

    async def setting(self, manifest: Manifest, path: str) -> Any:
        raise _not_here()

    async def ask_agent(self, manifest: Manifest, agent_id: str, text: str, session: str) -> str:
        raise _not_here()


class PluginApi:
    """Handed to the plugin's `register`. Registering ends with it; the rest may be used as long as the plugin is loaded.

    `config` is what `plugins.entries.<id>.config` holds, checked against the manifest's schema. `log` writes to the
    gateway's log under the plugin's name. `data_directory` is the plugin's own, and stays when it is updated.
    """

    def __init__(
        self,
        manifest: Manifest,
        config: JsonObject,
        data_directory: Path,
        services: PluginServices,
        start: Callable[[Coroutine[Any, Any, Any], str], asyncio.Task[Any]] | None = None,
    ) -> None:
        self.id = manifest.id
        self.version = manifest.version
        self.config = config
        self.data_directory = data_directory
        self.log = structlog.get_logger("crawdad.plugin").bind(plugin=manifest.id)
        self._manifest = manifest
        self._services = services
        self._start = start
        self.registered = Registered()
        self._open = True

    def register_tool(
        self,
        name: str,
        description: str,
        parameters: JsonObject,
        run: RunTool,
        *,
        read_only: bool = False,
        untrusted: bool = False,
        owner_only: bool = False,
    ) -> None:
        """A tool for agents: `await run(arguments, context)` answers with text, JSON or a `ToolOutcome`. `read_only`: it
        changes nothing, so that calls run side by side and need no approval in turns with outside content. `untrusted`:
        what it answers was written by strangers. `owner_only`: it is offered to nobody but the operator."""
        self._declare("tools", name)
        self._once("tools", name, self.registered.tools)
        if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
            raise self._fault("plugins.bad_tool_name", name=str(name)[:100])
        if not isinstance(description, str) or len(description) > _LONGEST_DESCRIPTION:
            raise self._fault("plugins.bad_description", name=name, most=_LONGEST_DESCRIPTION)
        self._check_schema(name, parameters)
        self._check_function(name, run)
        definition = ToolDefinition(
            name,
            description,
            parameters,
            "plugins",
            independent=read_only,
            needs_trust=not read_only,
            owner_only=owner_only,
        )
        self.registered.tools[name] = ToolOffer(definition, run, untrusted)

    def register_hook(self, name: str, function: HookFunction, *, priority: int = 0) -> None:
        """A function that is told of something (`core.plugin_hooks`). It answers with the fields that it changes."""
        if name not in HOOKS:
            raise self._fault("plugins.manifest.hook", name=name, known=", ".join(HOOKS))
        self._declare("hooks", name)
        self._check_function(name, function)
        self.registered.hooks.append((name, HookOffer(function, priority)))

    def register_channel(self, channel: Any) -> None:
        """A channel: a `core.channels.ChannelKind`, or anything with an `id` and what the gateway's channels need."""
        name = str(channel.id)
        self._declare("channels", name)
        self._once("channels", name, self.registered.channels)
        self.registered.channels[name] = channel

    def register_provider(self, name: str, source: ModelSource | Vendor, models: Sequence[str] = ()) -> None:
        """Models `name/<model>`, answered by `source` (`take(request)` yields `core.events`). With a `Vendor`: where a
        vendor's API is and which protocol it speaks, so that an account of provider `name` needs nothing but a key; its
        host must stand in `permissions.network`."""
        self._declare("providers", name)
        self._once("providers", name, self.registered.providers)
        if isinstance(source, Vendor):
            self._check_vendor(name, source)
        self.registered.providers[name] = ProviderOffer(source, tuple(models))

    def register_http_route(self, path: str, handler: RouteHandler, *, auth: RouteAuth = "gateway") -> None:
        """An exact path. With `auth="plugin"` the gateway asks nobody who comes: the plugin must check for itself."""
        path = "/" + path.strip().strip("/")
        if path == "/" or (f"{path}/".startswith(_OWN_PATHS) and not path.startswith("/api/channels/")):
            raise self._fault("plugins.own_path", path=path)
        self._check_function(path, handler)
        self._declare("routes", path)
        self._once("routes", path, self.registered.routes)
        self.registered.routes[path] = RouteOffer(path, handler, auth)

    def register_http_handler(self, handler: RouteHandler, *, auth: RouteAuth = "gateway") -> None:
        """A handler that is asked for every path that nobody serves; None from it: not mine."""
        self._check_function("*", handler)
        self._declare("handlers", "*")
        self.registered.handlers.append(RouteOffer(None, handler, auth))

    def register_gateway_method(
        self, name: str, run: RunMethod, *, scope: str = "operator.admin", params: JsonObject | None = None
    ) -> None:
        """A method of the control channel: `await run(params)` answers with the payload. `params` is a JSON Schema."""
        if scope not in _METHOD_SCOPES:
            raise self._fault("plugins.no_scope", scope=scope, known=", ".join(_METHOD_SCOPES))
        self._check_schema(name, params or {"type": "object"})
        self._check_function(name, run)
        self._declare("methods", name)
        self._once("methods", name, self.registered.methods)
        self.registered.methods[name] = MethodOffer(name, run, scope, params or {"type": "object"})

    def register_service(self, name: str, run: RunService) -> None:
        """A background service: `await run()` for as long as the plugin is loaded; it is cancelled at the end, and begun
        again a few times when it fails."""
        self._check_function(name, run)
        self._declare("services", name)
        self._once("services", name, self.registered.services)
        self.registered.services[name] = run

    def register_command(self, name: str, run: RunCommand) -> None:
        """A command of the command line (`crawdad plugins run <id> <name> …`): `await run(words)` answers with what is to
        be printed, or an exit code."""
        self._check_function(name, run)
        self._declare("commands", name)
        self._once("commands", name, self.registered.commands)
        self.registered.commands[name] = run

    def on_close(self, function: Callable[[], Any]) -> None:
        """Have something called when the plugin is taken down."""
        self._still_open("on_close")
        self.registered.closers.append(function)

    def start_task(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run something in the background; it is cancelled when the plugin is taken down."""
        if self._start is None:
            work.close()
            raise _not_here()
        return self._start(work, name)

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = 4 * 1024 * 1024,
    ) -> tuple[int, dict[str, str], bytes]:
        """An HTTP request to a host in `permissions.network`: status, headers, body. Raises FORBIDDEN for other hosts."""
        return await outside(self._services.fetch(self._manifest, method, url, dict(headers or {}), body, limit))

    async def setting(self, path: str) -> Any:
        """A setting in `permissions.config`, secrets masked. Raises FORBIDDEN for others."""
        return await outside(self._services.setting(self._manifest, path))

    async def ask_agent(self, agent_id: str, text: str, *, session: str = "main") -> str:
        """What an agent in `permissions.agents` answers, in a session of the plugin's own."""
        return await outside(self._services.ask_agent(self._manifest, agent_id, text, session))

    def close_registration(self) -> None:
        """Nothing may be registered any more."""
        self._open = False

    def _declare(self, kind: str, name: str) -> None:
        self._still_open(name)
        offers = self._manifest.offers
        declared = offers.handlers if kind == "handlers" else name in offers.names(kind)
        if not declared:
            raise self._fault("plugins.undeclared", kind=kind, name=name)

    def _check_schema(self, name: str, schema: Any) -> None:
        problem = schema_problem(schema)
        if problem:
            raise self._fault("plugins.bad_schema", name=name, problem=problem)

    def _check_vendor(self, name: str, vendor: Vendor) -> None:
        parts = urlsplit(vendor.base_url)
        is_plain = parts.scheme in ("http", "https") and not (parts.username or parts.query or parts.fragment)
        if vendor.api not in get_args(Api) or not is_plain or not parts.hostname:
            raise self._fault("plugins.bad_vendor", name=name, known=", ".join(get_args(Api)))
        if not host_allowed(parts.netloc, self._manifest.permissions.network):
            raise self._fault("plugins.not_permitted", kind="network", what=parts.netloc)

    def _check_function(self, name: str, function: Any) -> None:
        if not callable(function):
            raise self._fault("plugins.no_function", name=name)

    def _still_open(self, name: str) -> None:
        if not self._open:
            raise self._fault("plugins.too_late", name=name)

    def _once(self, kind: str, name: str, known: Mapping[str, Any]) -> None:
        if name in known:
            raise self._fault("plugins.registered_twice", kind=kind, name=name)

    def _fault(self, key: str, **values: object) -> GatewayError:
        return GatewayError(ErrorKind.CONFLICT, Text(key, {"plugin": self.id, **values}), {"code": "bad_registration"})


class BundledApi(PluginApi):
    """For plugins that are part of the gateway: they hand over tools that are made already."""

    def register_own_tool(self, tool: Tool, offered: Offered) -> None:
        """A tool with the group, the rights and the trust of the gateway's own, in turns in which it is `offered`."""
        name = tool.definition.name
        self._declare("tools", name)
        self._once("tools", name, self.registered.tools)
        self.registered.tools[name] = ToolOffer(tool.definition, bare=tool, offered=offered)


async def outside(work: Coroutine[Any, Any, Answer]) -> Answer:
    """The gateway's own work in a task of its own: tasks that it makes are not the plugin's, nor is the time that it takes."""
    return await asyncio.Task(work, loop=asyncio.get_running_loop())


def _not_here() -> GatewayError:
    return GatewayError(ErrorKind.UNAVAILABLE, Text("plugins.no_gateway"), {"code": "no_gateway"})


__all__ = ("ErrorKind", "GatewayError", "PluginAnswer", "PluginApi", "PluginRequest", "ToolOutcome", "Vendor", "told")
