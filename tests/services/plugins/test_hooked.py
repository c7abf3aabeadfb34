"""Where plugins are told: orders of turns, calls of tools, messages that go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.agents import Delivery, RunOrder
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.parts import MediaPart, Part, TextPart
from crawdad.core.plugin_hooks import Happening, HookEvent, NoHooks
from crawdad.core.sessions import Route
from crawdad.core.tools import ToolContext, ToolScope
from crawdad.services.channels.outbound import OutboundChannels
from crawdad.services.plugins.hooked import HookedTool, heard_order
from tests.support.agent_stage import FakeTool

WHO = Principal("key", "api_key", "somebody")


class FakeHooks:
    """Changes what it is told to, and remembers what it heard."""

    def __init__(self, changes: Mapping[str, Callable[[Any], dict[str, Any]]]) -> None:
        self.heard: list[HookEvent] = []
        self._changes = changes

    def wanted(self, hook: str) -> bool:
        return True

    async def tell(self, event: HookEvent) -> None:
        self.heard.append(event)

    def tell_soon(self, event: HookEvent) -> None:
        self.heard.append(event)

    async def ask(self, event: Happening) -> Happening:
        self.heard.append(event)
        change = self._changes.get(event.hook, lambda _: {})(event)
        return replace(event, **change, **({"refused_by": "guard"} if "refuse" in change else {}))

    @property
    def names(self) -> list[str]:
        return [event.hook for event in self.heard]


async def refusal(work: Any) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await work
    assert caught.value.kind is ErrorKind.FORBIDDEN and "guard" in caught.value.message()
    return caught.value


def order(**more: Any) -> RunOrder:
    values: dict[str, Any] = {"parts": [TextPart("Hello")], "extra_system": "Be brief.", **more}
    return RunOrder("main", "agent:main:main", WHO, "client", **values)


async def test_an_order_gets_more_of_a_prompt_and_another_model() -> None:
    hooks = FakeHooks({"before_agent_start": lambda event: {"extra_system": f"Not {event.text}.", "model": "other"}})
    changed = await heard_order(hooks, order())
    assert (changed.extra_system, changed.model) == ("Be brief.\n\nNot Hello.", "other")
    assert hooks.names == ["message_received", "before_agent_start"]
    assert (await heard_order(FakeHooks({}), order(model="mine"))).model == "mine"
    await refusal(heard_order(FakeHooks({"before_agent_start": lambda _: {"refuse": "no"}}), order()))


async def test_an_order_of_which_nobody_hears_stays_itself() -> None:
    same = order()
    assert await heard_order(NoHooks(), same) is same
    results = order(parts=[])
    assert await heard_order(FakeHooks({}), results) is results, "results of the client's tools are no message"


def context() -> ToolContext:
    return ToolContext(ToolScope("main", "agent:main:main", WHO), "run", "call", "session", Path("."))


async def test_a_tool_runs_with_changed_arguments_or_not_at_all() -> None:
    tool = FakeTool(answer="seen")
    hooks = FakeHooks({"before_tool_call": lambda event: {"arguments": {**event.arguments, "b": 2}}})
    await HookedTool(tool, hooks).run({"a": 1}, context())
    assert tool.calls == [{"a": 1, "b": 2}] and hooks.names == ["before_tool_call", "after_tool_call"]
    after: Any = hooks.heard[-1]
    assert (after.text, after.arguments, after.run_id) == ("seen", {"a": 1, "b": 2}, "run")
    await refusal(HookedTool(tool, FakeHooks({"before_tool_call": lambda _: {"refuse": "no"}})).run({}, context()))
    assert len(tool.calls) == 1


class Sent:
    def __init__(self) -> None:
        self.parts: list[Sequence[Part]] = []

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        self.parts.append(parts)
        return Delivery("delivered")


async def test_a_message_goes_out_changed_or_not_at_all() -> None:
    outbound, sent = OutboundChannels(), Sent()
    outbound.register("pigeon", sent)
    picture = MediaPart("image", data="AAAA", media_type="image/png")
    route = Route("pigeon", "ann")
    parts: list[Part] = [TextPart("damn"), picture]
    await outbound.send(route, parts, key="1")
    hooks = FakeHooks({"message_sending": lambda event: {"text": event.text.replace("damn", "dear")}})
    outbound.hooks = hooks
    await outbound.send(route, parts, key="2")
    assert sent.parts == [parts, [TextPart("dear"), picture]]
    told: Any = hooks.heard[-1]
    assert (told.hook, told.to, told.text, told.status) == ("message_sent", "ann", "dear", "delivered")
    outbound.hooks = FakeHooks({"message_sending": lambda _: {"refuse": "no"}})
    await refusal(outbound.send(route, parts, key="3"))
    assert len(sent.parts) == 2
