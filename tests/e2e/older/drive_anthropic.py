"""Run by `test_older_sdks` with an older anthropic on the path: a small conversation in every manner."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import anthropic
from anthropic import Anthropic, AsyncAnthropic, NotFoundError

OPTIONS: Any = {
    "base_url": os.environ["GATEWAY"],
    "api_key": os.environ["GATEWAY_TOKEN"],
    "max_retries": 0,
    "_strict_response_validation": True,
}
HELLO = os.environ["HELLO"]
USER: Any = [{"role": "user", "content": "hi"}]
TOOLS: Any = [
    {"name": name, "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}
    for name in ("list_files", "read_file")
]


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def talk(client: Anthropic, source: str) -> None:
    request: Any = {"model": f"{source}/story:hello", "messages": USER, "max_tokens": 99}
    assert text_of(client.messages.create(**request)) == HELLO
    with client.messages.stream(**request) as stream:
        assert text_of(stream.get_final_message()) == HELLO
    assert client.messages.count_tokens(model=request["model"], messages=USER).input_tokens > 0


def tools(client: Anthropic, source: str) -> None:
    messages: Any = [*USER]
    request: Any = {
        "model": f"{source}/story:thinking-loop",
        "max_tokens": 4000,
        "tools": TOOLS,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
    }
    for result in ("a", "b", None):
        with client.messages.stream(**request, messages=messages) as stream:
            answer = stream.get_final_message()
        if result is not None:
            thinking, call = answer.content
            assert thinking.type == "thinking" and thinking.signature
            assert call.type == "tool_use"
            told = {"type": "tool_result", "tool_use_id": call.id, "content": result}
            messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": [told]}]
    assert text_of(answer) == "Done after two tools: a | b"


async def asynchronous(client: AsyncAnthropic, source: str) -> None:
    request: Any = {"model": f"{source}/story:hello", "messages": USER, "max_tokens": 99}
    assert text_of(await client.messages.create(**request)) == HELLO
    async with client.messages.stream(**request) as stream:
        assert "".join([text async for text in stream.text_stream]) == HELLO


def others(client: Anthropic, source: str) -> None:
    assert f"{source}/story:hello" in {model.id for model in client.models.list(limit=1000)}
    try:
        client.messages.create(model=f"{source}/davinci-002", messages=USER, max_tokens=9)
    except NotFoundError as error:
        assert "davinci-002" in error.message
    else:
        raise AssertionError("an unknown model answered")


async def main() -> None:
    client = Anthropic(**OPTIONS)
    for source in os.environ["SOURCES"].split():
        talk(client, source)
        tools(client, source)
        others(client, source)
        async with AsyncAnthropic(**OPTIONS) as other:
            await asynchronous(other, source)


asyncio.run(main())
print(json.dumps({"version": anthropic.__version__}))
