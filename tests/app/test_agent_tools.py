"""The tools of agents put together as the application does: what is offered, and that all of it works with one database."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from crawdad.adapters.http import HttpTransport
from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.app.accounts import World
from crawdad.app.agent_tools import AgentTools, is_configured, open_agent_tools
from crawdad.core.agents import Delivery
from crawdad.core.media_files import StoredMedia
from crawdad.core.parts import Part
from crawdad.core.prices import Price
from crawdad.core.sessions import Route
from crawdad.core.settings import Settings
from crawdad.services.catalogue import Offer
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.turn import Turn
from crawdad.store.cluster import open_cluster
from crawdad.store.database import open_database
from tests.services.mcp.conftest import SCRIPT, described
from tests.support.fakes import FakeJournal
from tests.support.tool_calls import context, scope, words


class Nothing:
    """No channels, no shelf, no budgets."""

    def channels(self) -> Sequence[str]:
        return ()

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        return Delivery("not-delivered")

    async def save(self, data: bytes, media_type: str, name: str, owner: str) -> StoredMedia:
        return StoredMedia("m", "/media/m", media_type, len(data))

    async def reserve(self, turn: Turn, offers: Sequence[Offer]) -> Sequence[Offer]:
        return offers


@dataclass
class Stage:
    tools: AgentTools
    document: dict[str, Any]

    async def names(self) -> list[str]:
        found = [*await self.tools.own.tools(scope()), *await self.tools.servers.tools(scope())]
        return [tool.definition.name for tool in found]


def price_of(offer: Offer) -> Price | None:
    return None


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    document: dict[str, Any] = {}
    nothing, clock, randomness = Nothing(), SystemClock(), SystemRandomness()

    def settings() -> Settings:
        return Settings.model_validate(document)

    async with (
        open_database(f"sqlite:///{tmp_path / 'crawdad.db'}") as database,
        open_cluster(None, clock) as cluster,
        HttpTransport("tests") as transport,
    ):
        ledger = Ledger(clock, FakeJournal(), lambda exchange: None, price_of)
        live = LiveCatalogue(settings(), transport, lambda url: None)
        front = ModelFront(
            catalogue=lambda: live.current,
            transport=transport,
            ledger=ledger,
            dispatcher=Dispatcher(ledger, nothing, clock, randomness, lambda: settings().retry),
            randomness=randomness,
            local_sources={},
        )
        world = World(
            *(
                database,
                cluster,
                None,
                transport,
                clock,
                randomness,
                lambda url: None,
                settings,
                "runner",
                str(tmp_path),
            )  # type: ignore[arg-type]
        )
        async with open_agent_tools(
            world, front, {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, nothing, nothing
        ) as tools:
            yield Stage(tools, document)


async def test_what_is_offered_follows_the_settings(stage: Stage) -> None:
    usual = ["web_search", "web_fetch", "message", "skill"]
    assert await stage.names() == usual
    stage.document["tools"] = {"web": {"fetch": {"enabled": False}, "search": {"enabled": False}}}
    stage.document["agents"] = {
        "defaults": {"imageModel": "p/sees", "imageGenerationModel": {"primary": "p/draws"}},
    }
    assert await stage.names() == ["image", "image_generate", "message", "skill"]
    names = [definition.name for definition in stage.tools.own.known()]
    assert len(names) == len(set(names)) == 6
    assert [tool.definition.name for tool in stage.tools.memory_tools] == ["memory_search", "memory_get"]


async def test_servers_skills_and_memory_work_together(stage: Stage, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_bytes(orjson.dumps({"tools": [described("echo")]}))
    stage.document["mcp"] = {"servers": {"test": {"command": sys.executable, "args": [str(SCRIPT), str(state)]}}}
    assert (await stage.names())[-1] == "test__echo"
    (echo,) = await stage.tools.servers.tools(scope())
    assert words(await echo.run({"text": "hi"}, context(tmp_path))) == "hi"
    (tmp_path / "MEMORY.md").write_text("Tea is green.\n")
    (tmp_path / "skills" / "tea").mkdir(parents=True)
    (tmp_path / "skills" / "tea" / "SKILL.md").write_text("---\nname: tea\ndescription: Makes tea.\n---\nBoil.\n")
    own = [*await stage.tools.own.tools(scope()), *stage.tools.memory_tools]
    tools = {tool.definition.name: tool for tool in own}
    assert "MEMORY.md" in words(await tools["memory_search"].run({"query": "tea"}, context(tmp_path)))
    assert "Boil." in words(await tools["skill"].run({"name": "tea"}, context(tmp_path)))
    assert (await stage.tools.skills.snapshot("main", tmp_path)).names == (
        "daily-brief",
        "meeting-notes",
        "skill-creator",
        "summarize",
        "tea",
        "weather",
    )
    stage.document["agents"] = {"list": [{"id": "main", "skills": []}]}
    assert (await stage.tools.skills.snapshot("main", tmp_path)).names == ()


def test_what_is_configured() -> None:
    settings = Settings.model_validate(
        {"gateway": {"auth": {"token": "t"}}, "models": {"providers": {"p": {"baseUrl": "http://x"}}}}
    )
    for path in ("gateway.auth.token", "models.providers.p", "models.providers.p.baseUrl", "tools.web.fetch.enabled"):
        assert is_configured(settings, path), path
    for path in (
        "gateway.auth.password",
        "models.providers.q",
        "no.such.thing",
        "models.aliases",
        "gateway.privateNetworks",
    ):
        assert not is_configured(settings, path), path
