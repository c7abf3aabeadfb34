"""`web_search` against servers that speak like each of the services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from crawdad.adapters.http import HttpTransport
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.web_settings import WebSearchSettings
from crawdad.services.agent_tools.web_search import WebSearch, chosen_service
from tests.support.fakes import FakeClock
from tests.support.tool_calls import context, words
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply

HIT = {"title": "Tea", "url": "https://tea.example/1"}


class Services(LoopbackServer):
    """All services on one port, by path."""

    async def answer(self, request: Received, reply: Reply) -> None:
        path, key = request.path, request.headers.get("authorization", "")
        if path == "/brave/web/search" and request.headers.get("x-subscription-token") == "brave-key":
            await reply.whole(
                200, {"web": {"results": [{**HIT, "description": "On tea."}, {**HIT, "url": "javascript:x"}]}}
            )
        elif path == "/perplexity/chat/completions" and key == "Bearer perplexity-key":
            message = {"choices": [{"message": {"content": "Tea is a drink."}}]}
            await reply.whole(200, {**message, "citations": ["https://tea.example/1"]})
        elif path == "/tavily/search" and key == "Bearer tavily-key":
            await reply.whole(200, {"results": [{**HIT, "content": "On tea."}], "answer": None})
        elif path == "/searxng/search" and request.query.get("format") == "json":
            await reply.whole(200, {"results": [{**HIT, "content": "On tea."}]})
        elif path.startswith("/gemini/models/") and request.headers.get("x-goog-api-key") == "gemini-key":
            grounding = {"groundingChunks": [{"web": {"uri": HIT["url"], "title": "Tea"}}]}
            parts = [{"text": "hm", "thought": True}, {"text": "Tea is a drink."}]
            await reply.whole(200, {"candidates": [{"content": {"parts": parts}, "groundingMetadata": grounding}]})
        elif path == "/grok/responses" and key == "Bearer grok-key":
            note = {"type": "url_citation", **HIT}
            part = {"type": "output_text", "text": "Tea is a drink.", "annotations": [note]}
            await reply.whole(200, {"output": [{"type": "web_search_call"}, {"type": "message", "content": [part]}]})
        elif path == "/kimi/chat/completions" and key == "Bearer kimi-key":
            await reply.whole(200, self.kimi(request.json["messages"]))
        else:
            await reply.whole(401, {"error": "who are you"})

    def kimi(self, messages: list[dict[str, Any]]) -> Any:
        """It searches once, and answers when it has its own arguments back."""
        if messages[-1]["role"] == "tool":
            assert messages[-1]["content"] == '{"q":"tea"}' and messages[-1]["tool_call_id"] == "c1"
            return {"choices": [{"message": {"role": "assistant", "content": "Tea is a drink."}}]}
        call = {"id": "c1", "type": "builtin_function", "function": {"name": "$web_search", "arguments": '{"q":"tea"}'}}
        return {"choices": [{"finish_reason": "tool_calls", "message": {"role": "assistant", "tool_calls": [call]}}]}


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with Services() as server:
        yield server


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("tests") as made:
        yield made


def settings_for(services: Services, name: str, **more: Any) -> WebSearchSettings:
    own = {"baseUrl": f"{services.url}/{name}", "apiKey": f"{name}-key"}
    return WebSearchSettings.model_validate({"provider": name, name: own, **more})


def tool(transport: HttpTransport, settings: WebSearchSettings, clock: FakeClock | None = None) -> WebSearch:
    return WebSearch(transport, clock or FakeClock(), lambda: settings, lambda url: None)


@pytest.mark.parametrize("name", ["brave", "tavily", "searxng"])
async def test_services_that_list_pages(services: Services, transport: HttpTransport, name: str) -> None:
    outcome = await tool(transport, settings_for(services, name)).run({"query": "tea", "freshness": "pw"}, context())
    assert words(outcome) == "1. Tea\n   https://tea.example/1\n   On tea."
    assert outcome.untrusted and outcome.details["provider"] == name
    if name == "brave":
        assert services.journal.last.query == {"q": "tea", "count": "5", "freshness": "pw"}


@pytest.mark.parametrize("name", ["perplexity", "gemini", "grok", "kimi"])
async def test_services_that_answer(services: Services, transport: HttpTransport, name: str) -> None:
    outcome = await tool(transport, settings_for(services, name)).run({"query": "tea"}, context())
    assert words(outcome).startswith("Tea is a drink.")
    if name != "kimi":
        assert outcome.details["results"][0]["url"] == HIT["url"]


async def test_a_refusal_is_told_and_not_kept(services: Services, transport: HttpTransport) -> None:
    settings = settings_for(services, "brave", brave={"baseUrl": f"{services.url}/brave", "apiKey": "wrong"})
    for _ in range(2):
        before = len(services.journal)
        with pytest.raises(GatewayError, match=r"status 401: .*who are you"):
            await tool(transport, settings).run({"query": "tea"}, context())
        assert len(services.journal) == before + 1


async def test_results_are_kept(services: Services, transport: HttpTransport) -> None:
    clock, settings = FakeClock(), settings_for(services, "searxng", cacheTtlMinutes=5)
    search = tool(transport, settings, clock)
    before = len(services.journal)
    for query in ("tea", "tea", "coffee"):
        await search.run({"query": query}, context())
    assert len(services.journal) == before + 2


async def test_what_is_wrong_is_told(transport: HttpTransport, services: Services) -> None:
    search = tool(transport, settings_for(services, "brave"))
    for bad in ({}, {"query": " "}, {"query": "x", "freshness": "soon"}, {"query": "x", "country": "D&x=1"}):
        with pytest.raises(GatewayError) as caught:
            await search.run(bad, context())
        assert caught.value.kind is ErrorKind.BAD_REQUEST


def test_the_service_that_is_ready_is_chosen() -> None:
    def chosen(**settings: Any) -> str:
        return chosen_service(WebSearchSettings.model_validate(settings))[0].name

    assert chosen(apiKey="k") == "brave"
    assert chosen(kimi={"apiKey": "k"}) == "kimi"
    assert chosen(searxng={"baseUrl": "http://127.0.0.1:1"}, grok={"apiKey": "k"}) == "searxng"
    assert chosen(provider="grok", apiKey="k", grok={"apiKey": "k"}) == "grok"
    with pytest.raises(
        GatewayError, match=r"tools\.web\.search: brave, perplexity, tavily, searxng, gemini, grok, kimi"
    ):
        chosen(searxng={})
    with pytest.raises(GatewayError, match=r"tools\.web\.search\.searxng\.baseUrl"):
        chosen(provider="searxng", apiKey="k")
