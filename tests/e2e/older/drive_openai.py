"""Run by `test_older_sdks` with an older openai on the path: a small conversation in every manner."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import openai
from openai import AsyncOpenAI, NotFoundError, OpenAI

OPTIONS: Any = {
    "base_url": os.environ["GATEWAY"] + "/v1",
    "api_key": os.environ["GATEWAY_TOKEN"],
    "max_retries": 0,
    "_strict_response_validation": True,
}
HELLO = os.environ["HELLO"]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
USER: Any = [{"role": "user", "content": "hi"}]
TOOLS: Any = [{"type": "function", "function": {"name": "get_weather", "description": "", "parameters": SCHEMA}}]


def chat(client: OpenAI, source: str) -> None:
    answer = client.chat.completions.create(model=f"{source}/story:hello", messages=USER)
    assert answer.choices[0].message.content == HELLO
    with client.chat.completions.stream(
        model=f"{source}/story:hello", messages=USER, stream_options={"include_usage": True}
    ) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == HELLO
    assert final.usage and final.usage.total_tokens == 37
    messages: Any = [*USER]
    first = client.chat.completions.create(model=f"{source}/story:weather", messages=messages, tools=TOOLS)
    (call,) = first.choices[0].message.tool_calls or []
    messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "21"}]
    second = client.chat.completions.create(model=f"{source}/story:weather", messages=messages, tools=TOOLS)
    assert second.choices[0].message.content == "The tool said: 21"


def responses(client: OpenAI, source: str) -> None:
    answer = client.responses.create(model=f"{source}/story:hello", input="hi")
    assert answer.output_text == HELLO
    assert client.responses.retrieve(answer.id).output_text == HELLO
    with client.responses.stream(model=f"{source}/story:hello", input="hi") as stream:
        assert stream.get_final_response().output_text == HELLO
    tools: Any = [{"type": "function", "name": "read_file", "parameters": SCHEMA, "strict": False}]
    given: Any = "go"
    previous = None
    for result in ("a", "b", None):
        answer = client.responses.create(
            model=f"{source}/story:thinking-loop", input=given, previous_response_id=previous, tools=tools
        )
        if result is not None:
            call: Any = answer.output[-1]
            given = [{"type": "function_call_output", "call_id": call.call_id, "output": result}]
            previous = answer.id
    assert answer.output_text == "Done after two tools: a | b"


async def asynchronous(client: AsyncOpenAI, source: str) -> None:
    stream = await client.chat.completions.create(model=f"{source}/story:hello", messages=USER, stream=True)
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
    assert text == HELLO
    assert (await client.responses.create(model=f"{source}/story:hello", input="hi")).output_text == HELLO


def others(client: OpenAI, source: str) -> None:
    assert f"{source}/story:hello" in {model.id for model in client.models.list()}
    try:
        client.chat.completions.create(model=f"{source}/davinci-002", messages=USER)
    except NotFoundError as error:
        assert "davinci-002" in error.message
    else:
        raise AssertionError("an unknown model answered")


async def main() -> None:
    client = OpenAI(**OPTIONS)
    for source in os.environ["SOURCES"].split():
        chat(client, source)
        responses(client, source)
        others(client, source)
        async with AsyncOpenAI(**OPTIONS) as other:
            await asynchronous(other, source)


asyncio.run(main())
print(json.dumps({"version": openai.__version__}))
