"""Tools that do as little as tools can, behind the port of the toolbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.core.tools import Tool, ToolContext, ToolDefinition, ToolOutcome, ToolScope, told

_COUNTED = {"type": "object", "properties": {"action": {"type": "string"}, "text": {"type": "string"}}}


class _Echo:
    definition = ToolDefinition("echo", "Says what it was told.", _COUNTED, "fs", independent=True)

    def __init__(self) -> None:
        self.calls = 0

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        if "text" not in arguments:
            raise bad_request("wire.missing", "text")
        self.calls += 1
        seen = {"arguments": arguments, "session": context.scope.session_key, "calls": self.calls}
        return told(str(arguments["text"]), {**seen, "surface": context.scope.surface})


class _Broken:
    definition = ToolDefinition("broken", "Breaks.", {"type": "object"}, "fs")

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        raise RuntimeError("a secret path")


class _Guarded:
    definition = ToolDefinition("guarded", "Is for somebody else.", {"type": "object"}, "fs", owner_only=True)

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        raise GatewayError(ErrorKind.FORBIDDEN, Text("identity.forbidden", {"permission": "x"}))


class ScriptedToolbox:
    """`core.tools.Toolbox`: over HTTP `exec` is not there."""

    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {"echo": _Echo(), "broken": _Broken(), "guarded": _Guarded()}

    async def effective(self, scope: ToolScope) -> Mapping[str, Tool]:
        return self._tools

    def known(self) -> Sequence[ToolDefinition]:
        return [tool.definition for tool in self._tools.values()]
