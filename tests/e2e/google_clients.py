"""Google's SDK in front of the gateway: sync, async, whole, streamed."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson
from google import genai
from google.genai import types

from tests.e2e.material import TOOLS
from tests.e2e.modes import Mode
from tests.support.server import Gateway
from tests.support.waiting import PATIENCE


class GoogleClients:
    """One client, whose whole answers are held against the SDK's types, unknown fields forbidden."""

    def __init__(self, gateway: Gateway, loop: asyncio.Runner, api_version: str | None = None) -> None:
        self._transport = httpx.Client(event_hooks={"response": [_check]}, timeout=PATIENCE)
        options = types.HttpOptions(base_url=gateway.base_url, api_version=api_version, httpx_client=self._transport)
        self.sync = genai.Client(api_key=gateway.token, http_options=options)
        self._loop = loop

    def close(self) -> None:
        """Close the client's both sides."""
        self.sync.close()
        self._transport.close()
        self._loop.run(self.sync.aio.aclose())

    def run(self, work: Any) -> Any:
        """Await `work` on the loop of the async side."""
        return self._loop.run(work)

    def generate(self, mode: Mode, model: str, contents: Any, **config: Any) -> types.GenerateContentResponse:
        """An answer. The chunks of a stream are put together; their parts stay as they came."""
        request: dict[str, Any] = {
            "model": model,
            "contents": contents,
            "config": types.GenerateContentConfig(**config) if config else None,
        }
        if mode == "whole":
            return self.sync.models.generate_content(**request)
        if mode == "async":
            answer: types.GenerateContentResponse = self.run(self.sync.aio.models.generate_content(**request))
            return answer
        if mode == "streamed":
            return _together(list(self.sync.models.generate_content_stream(**request)))
        return _together(self.run(self._gather(request)))

    async def _gather(self, request: Any) -> list[types.GenerateContentResponse]:
        return [chunk async for chunk in await self.sync.aio.models.generate_content_stream(**request)]


def _check(response: httpx.Response) -> None:
    """The SDK picks what it knows out of an answer; here nothing else may be in it."""
    path = response.request.url.path
    if response.is_success and path.endswith(":generateContent"):
        check_answer(orjson.loads(response.read()))


def check_answer(body: dict[str, Any]) -> None:
    """Raise where `body` is not what the SDK's type says."""
    body.get("usageMetadata", {}).pop("serviceTier", None)  # documented, but not yet known to the SDK
    types.GenerateContentResponse.model_validate(body)


def _together(chunks: list[types.GenerateContentResponse]) -> types.GenerateContentResponse:
    whole = chunks[-1].model_copy(deep=True)
    found: dict[int, types.Candidate] = {}
    for chunk in chunks:
        for candidate in chunk.candidates or ():
            kept = found.setdefault(
                candidate.index or 0, types.Candidate(content=types.Content(role="model", parts=[]))
            )
            assert kept.content is not None
            assert kept.content.parts is not None
            kept.content.parts += (candidate.content.parts if candidate.content else None) or []
            kept.finish_reason = candidate.finish_reason or kept.finish_reason
            if candidate.logprobs_result is not None:
                kept.logprobs_result = _joined(kept.logprobs_result, candidate.logprobs_result)
    whole.candidates = [found[index] for index in sorted(found)]
    return whole


def _joined(first: types.LogprobsResult | None, more: types.LogprobsResult) -> types.LogprobsResult:
    if first is None:
        return more
    return types.LogprobsResult(
        chosen_candidates=[*(first.chosen_candidates or ()), *(more.chosen_candidates or ())],
        top_candidates=[*(first.top_candidates or ()), *(more.top_candidates or ())],
    )


def google_tools(*names: str) -> list[types.Tool]:
    """Declarations of `material.TOOLS`."""
    declared = [
        types.FunctionDeclaration(name=name, description=TOOLS[name][0], parameters_json_schema=TOOLS[name][1])
        for name in names
    ]
    return [types.Tool(function_declarations=declared)]
