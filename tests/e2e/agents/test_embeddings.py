"""Embeddings asked of an agent come from the model with which it searches its memory."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.server import running_gateway, settings
from tests.support.upstreams.protocols import provider
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.services import VECTOR
from tests.support.waiting import PATIENCE

BODY = {"model": "openclaw", "input": ["one", "two"]}


def test_an_agents_embedding_model_or_the_one_that_is_named() -> None:
    with ScriptedUpstream() as upstream:
        acme = provider("chat", upstream.url, ["text-embedding-3-small", "text-embedding-3-large"])
        agents = {
            "defaults": {"memorySearch": {"model": "acme/text-embedding-3-small"}},
            "list": [{"id": "main", "default": True}, {"id": "bare", "memorySearch": {"model": None}}],
        }
        with (
            running_gateway(settings({"acme": acme}, agents=agents)) as gateway,
            httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as client,
        ):

            def ask(headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
                return client.post("/v1/embeddings", json={**BODY, **more}, headers=headers)

            told = ask()
            assert told.status_code == 200, told.text
            assert [each["embedding"] for each in told.json()["data"]] == [list(VECTOR)] * 2
            assert told.json()["model"] == "openclaw"
            assert upstream.journal.last.json["model"] == "text-embedding-3-small"
            told = ask({"x-openclaw-model": "acme/text-embedding-3-large"}, model="openclaw/bare")
            assert told.status_code == 200 and upstream.journal.last.json["model"] == "text-embedding-3-large"
            told = ask(model="openclaw/bare")
            error = told.json()["error"]
            assert told.status_code == 400 and "memorySearch.model" in error["message"] and error["param"] == "model"
            assert ask({"x-openclaw-model": "openclaw/main"}, model="agent:bare").status_code == 400
            assert ask(model="openclaw/nobody").status_code == 404
            assert ask(input=["x" * 8192, *["y"] * 127]).status_code == 200
            before = len(upstream.journal)
            for too_much in (["x"] * 129, "x" * 8193, ["x" * 8192] * 9, [[1, 2, 3]]):
                told = ask(input=too_much)
                assert told.status_code == 400 and told.json()["error"]["param"].startswith("input"), told.text
            assert len(upstream.journal) == before
            assert ask(model="acme/text-embedding-3-small", input=["x"] * 129).status_code == 200  # a model, no agent
