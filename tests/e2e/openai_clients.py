"""OpenAI's SDK in front of the gateway, in every manner an application may use it: sync, async, whole, streamed."""

from __future__ import annotations

import asyncio
from typing import Any

from openai import AsyncOpenAI, OpenAI
from openai._models import validate_type
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from tests.e2e.material import TOOLS
from tests.e2e.modes import Mode
from tests.support.server import Gateway


class OpenAIClients:
    """Clients with strict validation; every answer comes back whole, however it travelled."""

    def __init__(self, gateway: Gateway, loop: asyncio.Runner) -> None:
        options: dict[str, Any] = {
            "base_url": gateway.base_url + "/v1",
            "api_key": gateway.token,
            "max_retries": 0,
            "timeout": 20,
            "_strict_response_validation": True,
        }
        self.sync = OpenAI(**options)
        self.lenient = OpenAI(**{**options, "_strict_response_validation": False})
        """For the few answers that the SDK's own types do not fit, whoever gives them."""
        self.asynchronous = AsyncOpenAI(**options)
        self._loop = loop

    def close(self) -> None:
        """Close both clients."""
        self.sync.close()
        self.lenient.close()
        self._loop.run(self.asynchronous.close())

    def run(self, work: Any) -> Any:
        """Await `work` on the loop of the async client."""
        return self._loop.run(work)

    def chat(self, mode: Mode, **request: Any) -> ChatCompletion:
        """A chat completion. Streams are put together by the SDK and must make a valid whole."""
        if mode == "whole":
            whole: ChatCompletion = self.sync.chat.completions.create(**request)
            return whole
        if mode == "async":
            answer: ChatCompletion = self.run(self.asynchronous.chat.completions.create(**request))
            return answer
        request |= {"stream": True, "stream_options": {"include_usage": True}}
        state: ChatCompletionStreamState[Any] = ChatCompletionStreamState()
        if mode == "streamed":
            for chunk in self.sync.chat.completions.create(**request):
                state.handle_chunk(chunk)
        else:
            self.run(self._gather_chat(request, state))
        told = state.current_completion_snapshot.to_dict()
        return validate_type(type_=ChatCompletion, value={**told, "object": "chat.completion"})

    async def _gather_chat(self, request: Any, state: ChatCompletionStreamState[Any]) -> None:
        async for chunk in await self.asynchronous.chat.completions.create(**request):
            state.handle_chunk(chunk)

    def response(self, mode: Mode, **request: Any) -> Response:
        """A response. The last event of a stream holds the whole of it."""
        if mode == "whole":
            whole: Response = self.sync.responses.create(**request)
            return whole
        if mode == "async":
            answer: Response = self.run(self.asynchronous.responses.create(**request))
            return answer
        if mode == "streamed":
            with self.sync.responses.stream(**request) as stream:
                events: list[Any] = list(stream)
        else:
            events = self.run(self._gather_response(request))
        assert [event.sequence_number for event in events] == list(range(len(events)))
        return validate_type(type_=Response, value=_plain(events[-1].response.to_dict(mode="json")))

    async def _gather_response(self, request: Any) -> list[Any]:
        async with self.asynchronous.responses.stream(**request) as stream:
            return [event async for event in stream]


def _plain(response: Any) -> Any:
    """The response without what the SDK itself adds to a parsed one."""
    for item in response["output"]:
        item.pop("parsed_arguments", None)
        for part in item.get("content") or ():
            part.pop("parsed", None)
    return response


def function_tools(*names: str) -> list[dict[str, Any]]:
    """Chat tools of `material.TOOLS`."""
    return [
        {
            "type": "function",
            "function": {"name": name, "description": TOOLS[name][0], "parameters": TOOLS[name][1], "strict": True},
        }
        for name in names
    ]
