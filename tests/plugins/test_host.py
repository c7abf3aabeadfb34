"""The host of plugins with fakes around it: loading, exchanging, services, models and routes, and what it tells of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_http import PluginRequest
from crawdad.core.plugin_manifest import read_manifest
from crawdad.core.plugin_settings import PluginsLimitSettings
from crawdad.core.plugins import DOWN, STATES, FoundPlugin, PluginStanding
from crawdad.core.request import ModelRequest
from crawdad.plugins.api import NoServices
from crawdad.plugins.hooks import HookBoard
from crawdad.plugins.host import HostParts, PluginHost
from crawdad.plugins.http_routes import HttpRoutes
from crawdad.plugins.shelves import Shelves
from crawdad.plugins.tools import PluginTools
from crawdad.services.tasks import Tasks
from tests.services.plugins.test_library import Facts
from tests.support.fakes import FakeClock
from tests.support.plugins import write_plugin
from tests.support.waiting import until_so

LIMITS = PluginsLimitSettings.model_validate({"failures": 4, "blockSeconds": 2, "callSeconds": 2})


class FakeShelf:
    """Keeps what it is given. `taken` names are refused."""

    def __init__(self) -> None:
        self.offers: dict[str, tuple[str, Any]] = {}
        self.taken: set[str] = set()

    def add(self, plugin: str, name: str, offer: Any) -> None:
        if name in self.taken:
            raise GatewayError(ErrorKind.CONFLICT, f"{name} is taken")
        self.offers[name] = (plugin, offer)

    def remove(self, plugin: str) -> None:
        self.offers = {name: found for name, found in self.offers.items() if found[0] != plugin}


@dataclass
class Stage:
    """A host and what it hangs plugins into."""

    root: Path
    tasks: Tasks
    clock: FakeClock = field(default_factory=FakeClock)
    facts: Facts = field(default_factory=Facts)
    tools: PluginTools = field(default_factory=PluginTools)
    routes: HttpRoutes = field(default_factory=HttpRoutes)
    methods: FakeShelf = field(default_factory=FakeShelf)
    providers: FakeShelf = field(default_factory=FakeShelf)
    channels: FakeShelf = field(default_factory=FakeShelf)
    wanted: dict[str, PluginStanding] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hooks = HookBoard(lambda: 2.0, self.tasks.start)
        shelves = Shelves(
            self.tools, self.hooks, self.routes, self.methods, self.providers, self.channels, lambda: ["read"]
        )
        self.host = PluginHost(
            HostParts(
                shelves,
                self._standings,
                {},
                NoServices(),
                lambda: LIMITS,
                self.facts,
                self.clock,
                self.root / "data",
                self.tasks.start,
            )
        )

    async def _standings(self) -> Sequence[PluginStanding]:
        return list(self.wanted.values())

    def put(self, plugin: str, offers: dict[str, Any], code: str, **more: Any) -> None:
        """Write a plugin, and want it."""
        folder = write_plugin(self.root / "plugins", plugin, offers, code)
        manifest = read_manifest((folder / "crawdad.plugin.json").read_bytes(), "crawdad.plugin.json")
        digest = str(len(self.wanted)) + code
        found = FoundPlugin(plugin, "path", str(folder), manifest, None, digest)
        self.wanted[plugin] = PluginStanding(found, True, "loaded", **more)

    def state(self, plugin: str) -> Any:
        return next(state for state in self.host.states() if state.id == plugin)

    @property
    def tool_names(self) -> list[str]:
        return [definition.name for definition in self.tools.known()]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Tasks() as tasks:
        found = Stage(tmp_path, tasks)
        await found.host.begin()
        yield found
        await found.host.close()


TOOL = """
async def say(arguments, context):
    return {word!r}

def register(api):
    api.register_tool("say", "Says.", {{"type": "object"}}, say)

    def close():
        with open({mark!r}, "a") as file:
            file.write({word!r})

    api.on_close(close)
"""


async def test_a_changed_plugin_takes_the_place_of_the_old_one_without_a_gap(stage: Stage, tmp_path: Path) -> None:
    mark = str(tmp_path / "closed")
    stage.put("hello", {"tools": ["say"]}, TOOL.format(word="one", mark=mark))
    await stage.host.refresh()
    seen: list[bool] = []
    watching = True

    async def watch() -> None:
        while watching:
            seen.append(stage.tool_names == ["say"])
            await asyncio.sleep(0)

    watcher = stage.tasks.start(watch(), "watch")
    stage.put("hello", {"tools": ["say"]}, TOOL.format(word="two", mark=mark))
    await stage.host.refresh()
    watching = False
    await watcher
    assert seen and all(seen), "there was no moment without it"
    tool: Any = (await stage.tools.tools(None))[0]  # type: ignore[arg-type]
    assert (await tool.run({}, None)).content[0].text == "two"
    assert Path(mark).read_text() == "one", "the old one was closed"  # noqa: ASYNC240
    assert stage.facts[STATES]["hello"]["status"] == "loaded"


async def test_a_broken_update_is_told_and_nothing_of_it_stays(stage: Stage, tmp_path: Path) -> None:
    stage.put("hello", {"tools": ["say"]}, TOOL.format(word="one", mark=str(tmp_path / "closed")))
    await stage.host.refresh()
    stage.put("hello", {"tools": ["say"]}, "def register(api): raise ValueError('half done')")
    await stage.host.refresh()
    state = stage.state("hello")
    assert (state.status, stage.tool_names) == ("error", []) and "half done" in state.reason[0] and state.reason[1]
    module = Path(stage.wanted["hello"].found.folder) / "hello.py"
    module.write_text(TOOL.format(word="two", mark=str(tmp_path / "closed")))
    await stage.host.refresh()
    assert stage.state("hello").status == "error", "it is not tried again and again"
    stage.wanted["hello"] = replace(stage.wanted["hello"], revision=1)
    await stage.host.refresh()
    assert stage.state("hello").status == "loaded" and stage.tool_names == ["say"]


async def test_of_one_with_a_taken_name_nothing_is_offered(stage: Stage) -> None:
    stage.methods.taken.add("chat.send")
    code = """
async def run(*arguments): ...
def register(api):
    api.register_tool("fine", "", {"type": "object"}, run)
    api.register_http_route("/fine", run)
    api.register_gateway_method("chat.send", run)
"""
    stage.put("thief", {"tools": ["fine"], "routes": ["/fine"], "methods": ["chat.send"]}, code)
    stage.put(
        "other", {"tools": ["read"]}, "def register(api): api.register_tool('read', '', {'type': 'object'}, print)"
    )
    await stage.host.refresh()
    assert stage.state("thief").status == stage.state("other").status == "error"
    assert not stage.tool_names and stage.routes.exact("/fine") is None


SERVICE = """
tries = []
async def serve():
    tries.append(1)
    raise OSError("no port")
def register(api):
    api.register_service("serving", serve)
    async def count(params):
        return len(tries)
    api.register_gateway_method("count", count)
"""


async def test_a_service_that_fails_is_begun_again_a_few_times(stage: Stage) -> None:
    stage.put("server", {"services": ["serving"], "methods": ["count"]}, SERVICE)
    await stage.host.refresh()
    for _ in range(50):
        await asyncio.sleep(0)
    assert await stage.methods.offers["count"][1].run({}) == 3
    assert stage.clock.slept == [1.0, 2.0, 4.0] and stage.state("server").failures == 3
    assert stage.state("server").status == "loaded", "its other parts go on"


SETDOWN = """
async def run(*arguments):
    raise ValueError("no")
def register(api):
    api.register_gateway_method("fails", run)
    api.register_http_route("/fails", run)
"""


async def test_it_is_set_down_after_repeated_failure_and_that_is_kept(stage: Stage) -> None:
    stage.put("bad", {"methods": ["fails"], "routes": ["/fails"]}, SETDOWN)
    await stage.host.refresh()
    request = PluginRequest("GET", "/fails", {}, {}, b"", "127.0.0.1")
    route, method = stage.routes.exact("/fails"), stage.methods.offers["fails"][1]
    assert route is not None
    for _ in range(2):
        with pytest.raises(GatewayError):
            await method.run({})
        with pytest.raises(GatewayError):
            await route.handler(request)
    await until_so(
        lambda: stage.state("bad").status == "down" and not stage.methods.offers, "the plugin to be set down"
    )
    assert stage.routes.exact("/fails") is None
    kept = stage.facts[DOWN]["bad"]
    assert kept["digest"] == stage.wanted["bad"].found.digest and "ValueError: no" in kept["reason"]
    with pytest.raises(GatewayError) as caught:
        await method.run({})
    assert caught.value.kind is ErrorKind.UNAVAILABLE, "whoever still holds it is told"


MODEL = """
from crawdad.core.events import MessageStart, MessageEnd
class Source:
    def __init__(self, events):
        self.events = events
    async def take(self, request):
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event
def register(api):
    api.register_provider("good", Source([MessageStart(), MessageEnd()]), ["a"])
    api.register_provider("bad", Source([MessageStart(), "nonsense"]), ["a"])
    api.register_provider("worse", Source([MessageStart(), KeyError("x")]), ["a"])
"""


async def test_models_of_plugins_answer_behind_the_guard(stage: Stage) -> None:
    stage.put("models", {"providers": ["good", "bad", "worse"]}, MODEL)
    await stage.host.refresh()

    async def heard(name: str) -> list[Any]:
        source = stage.providers.offers[name][1].source
        return [event async for event in source.take(ModelRequest("a"))]

    assert len(await heard("good")) == 2
    for name, words in (("bad", "answered with str"), ("worse", "KeyError")):
        with pytest.raises(GatewayError) as caught:
            await heard(name)
        assert words in caught.value.message()


NONSENSE = """
from crawdad.plugins.api import PluginAnswer, ToolOutcome, told
def register(api):
    async def tool(arguments, context):
        return [
            lambda: ToolOutcome(["text"]), lambda: told("x", {"a": object()}), lambda: {"a": float("nan")}, object,
        ][arguments["number"]]()
    async def route(request):
        number = int(request.query["number"])
        return [
            lambda: PluginAnswer(body="text"), lambda: PluginAnswer(status=99), lambda: PluginAnswer(headers={"a": "b\\r\\nc: d"}),
        ][number]()
    async def method(params):
        return {"a": {1, 2}}
    api.register_tool("odd", "", {"type": "object"}, tool)
    api.register_http_route("/odd", route)
    api.register_gateway_method("odd", method)
"""


async def test_answers_that_nobody_could_pass_on_are_failures(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.plugins.test_host.LIMITS", LIMITS.model_copy(update={"failures": 100}))
    stage.put("odd", {"tools": ["odd"], "routes": ["/odd"], "methods": ["odd"]}, NONSENSE)
    await stage.host.refresh()
    tool: Any = (await stage.tools.tools(None))[0]  # type: ignore[arg-type]
    route = stage.routes.exact("/odd")
    assert route is not None
    for number in range(4):
        with pytest.raises(GatewayError):
            await tool.run({"number": number}, None)
    for number in range(3):
        with pytest.raises(GatewayError):
            await route.handler(PluginRequest("GET", "/odd", {"number": str(number)}, {}, b"", "127.0.0.1"))
    with pytest.raises(GatewayError):
        await stage.methods.offers["odd"][1].run({})
    assert stage.state("odd").failures == 8


BAD_OFFERS = {
    "a schema of no type": "api.register_tool('t', '', {}, run)",
    "a schema of another type": "api.register_tool('t', '', {'type': 'objekt'}, run)",
    "a schema in a schema": "api.register_tool('t', '', {'type': 'object', 'properties': {'a': {'type': ['x']}}}, run)",
    "no JSON": "api.register_tool('t', '', {'type': 'object', 'default': object()}, run)",
    "a name": "api.register_tool('t.' * 40, '', {'type': 'object'}, run)",
    "no function": "api.register_tool('t', '', {'type': 'object'}, None)",
    "no text": "api.register_tool('t', None, {'type': 'object'}, run)",
    "a scope": "api.register_gateway_method('m', run, scope='root')",
    "a method's schema": "api.register_gateway_method('m', run, params={'type': 'object', 'required': 'x'})",
    "twice": "[api.register_gateway_method('m', run) for _ in range(2)]",
}


@pytest.mark.parametrize("name", BAD_OFFERS)
async def test_what_would_spoil_it_for_others_is_refused(stage: Stage, name: str) -> None:
    code = f"async def run(*arguments): ...\ndef register(api):\n    {BAD_OFFERS[name]}\n"
    stage.put("bad", {"tools": ["t"], "methods": ["m"]}, code)
    await stage.host.refresh()
    state = stage.state("bad")
    assert state.status == "error" and not stage.tool_names and not stage.methods.offers
    assert state.reason[0] and state.reason[1] != state.reason[0]


async def test_hooks_are_asked_by_priority_until_one_refuses(stage: Stage) -> None:
    code = """
def register(api):
    def say(word, **more):
        return lambda event: {"extra_system": event.extra_system + word, **more}
    api.register_hook("before_agent_start", say("b"))
    api.register_hook("before_agent_start", say("a"), priority=5)
    api.register_hook("before_agent_start", say("c", refuse="enough"), priority=-1)
    api.register_hook("before_agent_start", say("d"), priority=-2)
    api.register_hook("agent_end", lambda event: None)
"""
    from crawdad.core.plugin_hooks import AgentEnd, BeforeAgentStart

    stage.put("talks", {"hooks": ["before_agent_start", "agent_end"]}, code)
    await stage.host.refresh()
    event = await stage.hooks.ask(BeforeAgentStart())
    assert (event.extra_system, event.refuse, event.refused_by) == ("abc", "enough", "talks")
    for _ in range(3000):
        stage.hooks.tell_soon(AgentEnd())
    assert stage.hooks.dropped == 2000, "what waits is bounded"
    stage.wanted["talks"] = replace(stage.wanted["talks"], wanted=False, status="disabled")
    await stage.host.refresh()
    assert not stage.hooks.wanted("before_agent_start") and stage.state("talks").status == "disabled"
