"""Tools that the tests of agents call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.tools import ToolContext, ToolOutcome
from tests.support.agent_stage import FakeTool
from tests.support.waiting import PATIENCE


@dataclass
class Traced(FakeTool):
    """Writes down when it begins and ends; calls that share a barrier must overlap."""

    lines: list[str] = field(default_factory=list)
    barrier: asyncio.Barrier | None = None

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        self.lines.append(f"+{self.name}")
        if self.barrier is not None and not arguments:
            await asyncio.wait_for(self.barrier.wait(), PATIENCE)
        self.lines.append(f"-{self.name}")
        return await super().run(arguments, context)


class Trace:
    """What several tools did, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def tool(self, name: str, independent: bool = True, barrier: asyncio.Barrier | None = None) -> Traced:
        return Traced(name, "ok", independent, lines=self.lines, barrier=barrier)


@dataclass
class Started(FakeTool):
    """Tells when it was first called."""

    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        self.started.set()
        return await super().run(arguments, context)


@dataclass
class Endless(Started):
    """Works until it is cancelled, and tells that it was."""

    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        await super().run(arguments, context)
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()
        raise AssertionError("unreachable")


@dataclass
class Gated(Started):
    """Works until the gate is opened."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        outcome = await super().run(arguments, context)
        await asyncio.wait_for(self.gate.wait(), PATIENCE)
        return outcome


class Refusing(FakeTool):
    """May not."""

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        raise GatewayError(ErrorKind.FORBIDDEN, "you may not do that")


class Faulty(FakeTool):
    """Has a bug."""

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        raise ValueError("a bug")
