"""An example of a plugin: everything that one can offer but a channel, each in a few lines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from crawdad.plugins.api import PluginAnswer, PluginApi, PluginRequest
from dice.model import Oracle
from dice.rolling import roll

ROLL = {
    "type": "object",
    "properties": {
        "count": {"type": "integer", "minimum": 1, "maximum": 100, "description": "How many dice."},
        "sides": {"type": "integer", "minimum": 2, "maximum": 1000, "description": "How many sides each has."},
    },
}


class Dice:
    """The plugin: what it counts, and what it answers."""

    def __init__(self, api: PluginApi) -> None:
        self.api = api
        self.sides = int(api.config.get("sides", 6))
        self.forbidden = set(api.config.get("forbidden", ()))
        self.rolled = 0
        self.asked = 0
        self.ended: list[str] = []

    def roll(self, count: int = 1, sides: int | None = None) -> str:
        self.rolled += 1
        found = roll(count, sides or self.sides)
        return f"{' + '.join(map(str, found))} = {sum(found)}"

    async def tool(self, arguments: dict[str, Any], context: Any) -> str:
        return self.roll(arguments.get("count", 1), arguments.get("sides"))

    async def greet(self, event: Any) -> dict[str, str]:
        return {"extra_system": "You have dice: use roll_dice, never make a number up."}

    async def guard(self, event: Any) -> dict[str, str] | None:
        if event.tool in self.forbidden:
            return {"refuse": f"{event.tool} is not allowed while dice are on the table"}
        return None

    def count(self, event: Any) -> None:
        self.asked += 1

    def end(self, event: Any) -> None:
        self.ended.append(event.status)

    async def page(self, request: PluginRequest) -> PluginAnswer:
        told = {"rolled": self.rolled, "asked": self.asked, "ended": self.ended, "sides": self.sides}
        return PluginAnswer(200, json.dumps(told).encode(), "application/json")

    async def method(self, params: dict[str, Any]) -> dict[str, int]:
        return {"rolled": self.rolled}

    async def keep(self) -> None:
        """Write down how many were rolled, now and then."""
        place = self.api.data_directory / "rolled.txt"
        while True:
            await asyncio.to_thread(place.write_text, str(self.rolled))
            await asyncio.sleep(60)

    async def command(self, words: Sequence[str]) -> str:
        return self.roll(int(words[0]) if words else 1)


def register(api: PluginApi) -> None:
    """Called once, when the plugin is loaded."""
    dice = Dice(api)
    api.register_tool("roll_dice", "Roll dice: their numbers and the sum.", ROLL, dice.tool, read_only=True)
    api.register_hook("before_agent_start", dice.greet)
    api.register_hook("before_tool_call", dice.guard, priority=10)
    api.register_hook("after_model_request", dice.count)
    api.register_hook("agent_end", dice.end)
    api.register_http_route("/dice", dice.page)
    api.register_gateway_method("dice.count", dice.method, scope="operator.read")
    api.register_service("keeper", dice.keep)
    api.register_provider("dice", Oracle(), ["oracle"])
    api.register_command("roll", dice.command)
