"""The tools of this gateway, from wherever they come, after the policy, with their arguments checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from crawdad.core.approvals import ApprovalRequest, Approvals
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.outside_files import OutsideFiles
from crawdad.core.parts import JsonObject
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.core.tools import Tool, ToolContext, ToolDefinition, ToolOutcome, ToolScope
from crawdad.services.tools.arguments import checked_arguments
from crawdad.services.tools.policy import effective
from crawdad.services.tools.sandbox import is_sandboxed

_LONGEST_SHOWN = 4000


class ToolSource(Protocol):
    """Where tools come from."""

    async def tools(self, scope: ToolScope) -> Sequence[Tool]:
        """The tools that there are for `scope`, before the policy."""

    def known(self) -> Sequence[ToolDefinition]:
        """Every tool of this source that can be told without asking far away."""


@dataclass(frozen=True, slots=True)
class FixedTools:
    """Tools that are always there. `offered` may leave some out of a scope."""

    all: Sequence[Tool]
    offered: Callable[[Tool, ToolScope], bool] = lambda tool, scope: True

    async def tools(self, scope: ToolScope) -> Sequence[Tool]:
        """See `ToolSource`."""
        return [tool for tool in self.all if self.offered(tool, scope)]

    def known(self) -> Sequence[ToolDefinition]:
        """See `ToolSource`."""
        return [tool.definition for tool in self.all]


class PolicyToolbox:
    """`core.tools.Toolbox`. Of two tools of one name the one registered first counts: nothing can take another's place."""

    def __init__(self, settings: Callable[[], Settings], approvals: Approvals, outside: OutsideFiles) -> None:
        self._settings = settings
        self._approvals = approvals
        self._outside = outside
        self._sources: list[ToolSource] = []

    def register(self, source: ToolSource) -> None:
        """Add a source of tools."""
        self._sources.append(source)

    async def effective(self, scope: ToolScope) -> Mapping[str, Tool]:
        """See `core.tools.Toolbox`."""
        found: dict[str, Tool] = {}
        for source in self._sources:
            for tool in await source.tools(scope):
                found.setdefault(tool.definition.name, tool)
        settings = self._settings()
        definitions = [tool.definition for tool in found.values()]
        sandboxed = is_sandboxed(settings, scope.agent_id, scope.session_key)
        left = effective(definitions, scope, settings, sandboxed=sandboxed)
        return {
            definition.name: CheckedTool(found[definition.name], definition, self._approvals, self._outside)
            for definition in left
        }

    def known(self) -> Sequence[ToolDefinition]:
        """See `core.tools.Toolbox`."""
        found: dict[str, ToolDefinition] = {}
        for source in self._sources:
            for definition in source.known():
                found.setdefault(definition.name, definition)
        return sorted(found.values(), key=lambda definition: definition.name)


@dataclass(frozen=True, slots=True)
class CheckedTool:
    """A tool that is called with arguments that fit it, and in a turn with outside content only as far as it may be. What it
    writes in such a turn is remembered, and counts as outside content for whoever reads it."""

    tool: Tool
    definition: ToolDefinition
    approvals: Approvals
    outside: OutsideFiles

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        checked = checked_arguments(arguments, self.definition.parameters)
        if self._needs_approval(checked, context):
            await self._approved(checked, context)
        outcome = await self.tool.run(checked, context)
        if not outcome.untrusted and (outcome.reads or outcome.names):
            known = await self.outside.among({file.sha256 for file in outcome.reads})
            outcome.untrusted = bool(known) or await self.outside.at(outcome.names)
        if outcome.untrusted:
            context.untrusted = True
        await self._remember(outcome, context)
        return outcome

    def _needs_approval(self, arguments: JsonObject, context: ToolContext) -> bool:
        definition = self.definition
        if arguments.get("action") in definition.looks:
            return False
        if context.untrusted:
            return definition.needs_trust or definition.outlasts
        return definition.outlasts and context.exposed

    async def _remember(self, outcome: ToolOutcome, context: ToolContext) -> None:
        vouched = {file.path for file in outcome.vouched}
        written = [file for file in outcome.writes if file.path not in vouched]
        if written and (context.untrusted or context.exposed):
            await self.outside.note(written, context.run_id)
        if outcome.vouched:
            await self.outside.vouch(outcome.vouched)

    async def _approved(self, arguments: JsonObject, context: ToolContext) -> None:
        scope = context.scope
        name = self.definition.name
        shown = {key: _short(value) for key, value in arguments.items()}
        request = ApprovalRequest(
            kind="tool",
            summary=name,
            agent_id=scope.agent_id,
            session_key=scope.session_key,
            run_id=context.run_id,
            call_id=context.call_id,
            principal_id=scope.principal.id,
            binding={"tool": name, "arguments": arguments},
            details={"tool": name, "arguments": shown, "reason": "untrusted" if context.untrusted else "exposed"},
        )
        try:
            allowed = await self.approvals.ask(request)
        except GatewayError as error:
            if error.kind is not ErrorKind.FORBIDDEN:
                raise
            words = Text("tools.untrusted_turn", {"tool": name})
            raise GatewayError(ErrorKind.FORBIDDEN, words, error.details) from None
        await self.approvals.use(allowed, request)


def _short(value: object) -> object:
    return value if not isinstance(value, str) or len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "…"
