"""Run by `test_older_sdks` with an older google-genai on the path: a small conversation in every manner."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from google import genai
from google.genai import types
from google.genai.errors import ClientError

HELLO = os.environ["HELLO"]


def talk(client: genai.Client, source: str) -> None:
    model = f"{source}/story:hello"
    assert client.models.generate_content(model=model, contents="hi").text == HELLO
    chunks = client.models.generate_content_stream(model=model, contents="hi")
    assert "".join(chunk.text or "" for chunk in chunks) == HELLO
    assert client.models.count_tokens(model=model, contents="hi").total_tokens


def tools(client: genai.Client, source: str) -> None:
    declared = [
        types.FunctionDeclaration(
            name=name,
            description="",
            parameters_json_schema={"type": "object", "properties": {"path": {"type": "string"}}},
        )
        for name in ("list_files", "read_file")
    ]
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=declared)],
        thinking_config=types.ThinkingConfig(include_thoughts=True),
    )
    contents: Any = [types.Content(role="user", parts=[types.Part(text="read it")])]
    for result in ("a", "b", None):
        answer: Any = client.models.generate_content(
            model=f"{source}/story:thinking-loop", contents=contents, config=config
        )
        if result is not None:
            (call,) = answer.function_calls
            response = types.FunctionResponse(id=call.id, name=call.name, response={"result": result})
            contents += [
                answer.candidates[0].content,
                types.Content(role="user", parts=[types.Part(function_response=response)]),
            ]
    assert answer.text == "Done after two tools: a | b"


async def asynchronous(client: genai.Client, source: str) -> None:
    model = f"{source}/story:hello"
    assert (await client.aio.models.generate_content(model=model, contents="hi")).text == HELLO
    stream = await client.aio.models.generate_content_stream(model=model, contents="hi")
    assert "".join([chunk.text or "" async for chunk in stream]) == HELLO


def others(client: genai.Client, source: str) -> None:
    assert f"models/{source}/story:hello" in {model.name for model in client.models.list()}
    try:
        client.models.generate_content(model=f"{source}/davinci-002", contents="hi")
    except ClientError as error:
        assert error.code == 404
        assert "davinci-002" in str(error)
    else:
        raise AssertionError("an unknown model answered")


async def main() -> None:
    for source in os.environ["SOURCES"].split():
        options = types.HttpOptions(base_url=os.environ["GATEWAY"])
        client = genai.Client(api_key=os.environ["GATEWAY_TOKEN"], http_options=options)
        talk(client, source)
        tools(client, source)
        others(client, source)
        await asynchronous(client, source)
        await client.aio.aclose()
        client.close()


asyncio.run(main())
print(json.dumps({"version": genai.__version__}))
