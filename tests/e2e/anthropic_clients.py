"""Anthropic's SDK in front of the gateway: sync, async, whole, streamed."""

from __future__ import annotations

import asyncio
from typing import Any

from anthropic import Anthropic, AsyncAnthropic
from anthropic._models import validate_type
from anthropic.types import Message

from tests.e2e.material import TOOLS
from tests.e2e.modes import Mode
from tests.support.server import Gateway


class AnthropicClients:
    """Clients with strict validation; every answer comes back whole, however it travelled."""

    def __init__(self, gateway: Gateway, loop: asyncio.Runner) -> None:
        options: dict[str, Any] = {
            "base_url": gateway.base_url,
            "api_key": gateway.token,
            "max_retries": 0,
            "timeout": 20,
            "_strict_response_validation": True,
        }
        self.sync = Anthropic(**options)
        self.asynchronous = AsyncAnthropic(**options)
        self._loop = loop

    def close(self) -> None:
        """Close both clients."""
        self.sync.close()
        self._loop.run(self.asynchronous.close())

    def run(self, work: Any) -> Any:
        """Await `work` on the loop of the async client."""
        return self._loop.run(work)

    def message(self, mode: Mode, **request: Any) -> Message:
        """A message. Streams are put together by the SDK and must make a valid whole."""
        request.setdefault("max_tokens", 4000)
        if mode == "whole":
            whole: Message = self.sync.messages.create(**request)
            return whole
        if mode == "async":
            answer: Message = self.run(self.asynchronous.messages.create(**request))
            return answer
        if mode == "streamed":
            with self.sync.messages.stream(**request) as stream:
                final: Any = stream.get_final_message()
        else:
            final = self.run(self._gather(request))
        told = final.to_dict(mode="json")
        for block in told["content"]:
            block.pop("parsed_output", None)
        told.pop("parsed_output", None)
        return validate_type(type_=Message, value=told)

    async def _gather(self, request: Any) -> Any:
        async with self.asynchronous.messages.stream(**request) as stream:
            return await stream.get_final_message()


def anthropic_tools(*names: str) -> list[dict[str, Any]]:
    """Tools of `material.TOOLS`."""
    return [{"name": name, "description": TOOLS[name][0], "input_schema": TOOLS[name][1]} for name in names]
