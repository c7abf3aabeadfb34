"""The tools of plugins, as a source for the toolbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crawdad.core.parts import JsonObject, MediaPart, TextPart
from crawdad.core.tools import Tool, ToolContext, ToolDefinition, ToolOutcome, ToolScope, told
from crawdad.plugins.api import Offered, ToolOffer
from crawdad.plugins.guarding import PluginGuard

_MOST_CHARACTERS = 400_000


@dataclass(frozen=True, slots=True)
class PluginTool:
    """A tool that a plugin runs."""

    definition: ToolDefinition
    offer: ToolOffer
    guard: PluginGuard
    seconds: Callable[[], float]

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        what = f"tool {self.definition.name}"
        answer = await self.guard.call(what, self.offer.run or _nothing, arguments, context, seconds=self.seconds())
        outcome = outcome_of(answer)
        if outcome is None:
            raise self.guard.failed(what, f"answered with {type(answer).__name__}")
        outcome.untrusted = outcome.untrusted or self.offer.untrusted
        return outcome


class PluginTools:
    """The tools of all plugins, by the order of their names: prompts do not depend on who was loaded first."""

    def __init__(self) -> None:
        self._tools: dict[str, tuple[str, Tool, Offered]] = {}

    def add(self, plugin: str, tool: Tool, offered: Offered) -> None:
        """Offer a tool."""
        self._tools[tool.definition.name] = (plugin, tool, offered)

    def remove(self, plugin: str) -> None:
        """Offer nothing of a plugin any more."""
        self._tools = {name: found for name, found in self._tools.items() if found[0] != plugin}

    async def tools(self, scope: ToolScope) -> Sequence[Tool]:
        """What there is."""
        return [tool for _, (_, tool, offered) in sorted(self._tools.items()) if offered(scope)]

    def known(self) -> Sequence[ToolDefinition]:
        """What there is, for lists."""
        return [tool.definition for _, (_, tool, _) in sorted(self._tools.items())]


def outcome_of(answer: object) -> ToolOutcome | None:
    """What a tool of a plugin answered, as an outcome; None where it cannot be one."""
    if isinstance(answer, ToolOutcome):
        return answer if _is_sound(answer) else None
    if answer is None:
        return told("(done)")
    if isinstance(answer, str):
        return ToolOutcome([TextPart(answer[:_MOST_CHARACTERS])])
    if isinstance(answer, dict | list | int | float | bool):
        text = json_of(answer)
        if text is None:
            return None
        return told(text[:_MOST_CHARACTERS], answer if isinstance(answer, dict) else {})
    return None


def json_of(value: object) -> str | None:
    """A value as JSON; None where it is none."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None


def _is_sound(outcome: ToolOutcome) -> bool:
    """Whether a log and a model can take what a plugin made itself."""
    parts = isinstance(outcome.content, list) and all(
        isinstance(part, MediaPart) or (isinstance(part, TextPart) and isinstance(part.text, str))
        for part in outcome.content
    )
    return parts and isinstance(outcome.details, dict) and json_of(outcome.details) is not None


async def _nothing(arguments: JsonObject, context: ToolContext) -> ToolOutcome:
    return told("")
