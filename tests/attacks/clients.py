"""The four protocols as a client speaks them: how to ask, and what was told, read strictly and without the gateway's codecs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal

import aiohttp
import orjson

from tests.support.server import Gateway
from tests.support.waiting import PATIENCE

Client = Literal["chat", "responses", "anthropic", "gemini"]
CLIENTS: tuple[Client, ...] = ("chat", "responses", "anthropic", "gemini")


@dataclass
class Told:
    """What a client learned from one answer. `finished` is the protocol's own sign that the answer is complete."""

    status: int
    headers: Mapping[str, str]
    raw: bytes = b""
    text: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Name and arguments of each tool call, joined by whatever the protocol joins them by."""
    blocks: dict[int, int] = field(default_factory=dict)
    """Anthropic's block index → number of the call."""
    error: dict[str, Any] | None = None
    finished: bool = False
    after_end: bool = False
    """Whether a stream went on after its end (Gemini's has no end but that of the body)."""
    broken: str | None = None
    """Why the connection, not the protocol, ended the answer."""

    @property
    def failed(self) -> bool:
        """Whether the client was told of a failure, in words."""
        return self.error is not None and bool(message_of(self.error))

    def brief(self) -> str:
        """For the messages of failed assertions."""
        return f"{self.status} finished={self.finished} broken={self.broken} text={self.text[:80]!r} raw={self.raw[-400:]!r}"


def message_of(error: Mapping[str, Any]) -> str:
    """The words in an error object."""
    return str(error.get("message") or "")


def request(
    client: Client, model: str, *, text: str = "hi", stream: bool = False, **more: Any
) -> tuple[str, dict[str, Any]]:
    """Path and body of a small request. `more` is put into the body."""
    messages = [{"role": "user", "content": text}]
    if client == "chat":
        return "/v1/chat/completions", {"model": model, "messages": messages, "stream": stream, **more}
    if client == "responses":
        return "/v1/responses", {"model": model, "input": text, "stream": stream, "store": False, **more}
    if client == "anthropic":
        return "/v1/messages", {"model": model, "messages": messages, "max_tokens": 99, "stream": stream, **more}
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    contents = [{"role": "user", "parts": [{"text": text}]}]
    return f"/v1beta/models/{model}:{verb}", {"contents": contents, **more}


def tools(client: Client) -> dict[str, Any]:
    """The fields that offer `get_weather` and `get_time`."""
    city = {"type": "object", "properties": {"city": {"type": "string"}}}
    nothing: dict[str, Any] = {"type": "object", "properties": {}}
    declared = [("get_weather", "The weather", city), ("get_time", "The time", nothing)]
    if client == "chat":
        functions = [{"name": name, "description": about, "parameters": schema} for name, about, schema in declared]
        return {"tools": [{"type": "function", "function": function} for function in functions]}
    if client == "responses":
        flat = [{"name": name, "description": about, "parameters": schema} for name, about, schema in declared]
        return {"tools": [{"type": "function", "strict": False, **function} for function in flat]}
    if client == "anthropic":
        return {"tools": [{"name": n, "description": about, "input_schema": schema} for n, about, schema in declared]}
    functions = [
        {"name": name, "description": about, "parametersJsonSchema": schema} for name, about, schema in declared
    ]
    return {"tools": [{"functionDeclarations": functions}]}


async def ask(
    session: aiohttp.ClientSession,
    gateway: Gateway,
    client: Client,
    model: str,
    *,
    headers: Mapping[str, str] | None = None,
    stream: bool = False,
    **more: Any,
) -> Told:
    """Send a request and read the answer to its end. Fails when that takes longer than `PATIENCE`."""
    path, body = request(client, model, stream=stream, **more)
    async with asyncio.timeout(PATIENCE):
        return await post(session, gateway, client, path, orjson.dumps(body), headers, stream)


async def post(
    session: aiohttp.ClientSession,
    gateway: Gateway,
    client: Client,
    path: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    stream: bool = False,
) -> Told:
    """Send these bytes; what was told."""
    sent = {**gateway.headers, "content-type": "application/json", **(headers or {})}
    pieces: list[bytes] = []
    broken = None
    async with session.post(gateway.base_url + path, data=BytesIO(body), headers=sent) as answer:
        try:
            async for piece in answer.content.iter_any():
                pieces.append(piece)
        except aiohttp.ClientError as error:
            broken = repr(error)
        told = understand(client, answer.status, answer.headers, b"".join(pieces), stream)
    told.broken = broken
    return told


def understand(client: Client, status: int, headers: Mapping[str, str], raw: bytes, stream: bool) -> Told:
    """Read an answer as the protocol's document says. Raises where it is not written so."""
    told = Told(status, headers, raw)
    if status != 200:
        told.error = error_in(client, orjson.loads(raw))
        assert told.error is not None, raw[:300]
        return told
    if stream:
        assert headers["content-type"].startswith("text/event-stream"), headers["content-type"]
        for name, data in sse(raw):
            told.after_end = told.after_end or (told.finished and client != "gemini")
            _EVENTS[client](told, name, data)
        return told
    _WHOLE[client](told, orjson.loads(raw))
    return told


def error_in(client: Client, body: Any) -> dict[str, Any] | None:
    """The error object of an error answer, whose shape must be the client's own protocol's."""
    assert isinstance(body, dict), body
    found = body.get("error")
    if found is None:
        return None
    assert isinstance(found, dict) and isinstance(found.get("message"), str), body
    if client == "anthropic":
        assert body["type"] == "error" and isinstance(found["type"], str), body
    elif client == "gemini":
        assert isinstance(found["code"], int) and isinstance(found["status"], str), body
    else:
        assert {"message", "type", "param", "code"} <= set(found), body
    return found


def sse(raw: bytes) -> list[tuple[str, str]]:
    """Name and data of each event, by the letter of the standard. The last event must be complete."""
    text = re.sub("\r\n?", "\n", raw.decode("utf-8")).removeprefix("\ufeff")
    assert not text or text.endswith("\n\n"), text[-200:]
    events = []
    for block in text.split("\n\n"):
        name, data = "", []
        for line in block.split("\n"):
            label, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if label == "event":
                name = value
            elif label == "data":
                data.append(value)
        if any(data):
            events.append((name, "\n".join(data)))
    return events


def _chat_event(told: Told, name: str, data: str) -> None:
    if data == "[DONE]":
        told.finished = True
        return
    body = orjson.loads(data)
    if "error" in body:
        told.error = error_in("chat", body)
        return
    if "type" in body:
        return  # an event that the protocol does not know
    for choice in body["choices"]:
        delta = choice["delta"]
        told.text += delta.get("content") or ""
        for call in delta.get("tool_calls") or ():
            while len(told.calls) <= call["index"]:
                told.calls.append(("", ""))
            known, arguments = told.calls[call["index"]]
            function = call.get("function", {})
            told.calls[call["index"]] = (
                known + (function.get("name") or ""),
                arguments + (function.get("arguments") or ""),
            )


def _chat_whole(told: Told, body: Any) -> None:
    message = body["choices"][0]["message"]
    told.text = message["content"] or ""
    told.calls = [(call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls") or ()]
    told.finished = body["choices"][0]["finish_reason"] is not None


def _responses_event(told: Told, name: str, data: str) -> None:
    body = orjson.loads(data)
    assert name == body["type"]
    if name == "response.output_text.delta":
        told.text += body["delta"]
    elif name == "response.output_item.done" and body["item"]["type"] == "function_call":
        told.calls.append((body["item"]["name"], body["item"]["arguments"]))
    elif name in ("response.completed", "response.incomplete"):
        told.finished = True
    elif name == "response.failed":
        told.error = body["response"]["error"]
    elif name == "error":
        told.error = body


def _responses_whole(told: Told, body: Any) -> None:
    for item in body["output"]:
        if item["type"] == "message":
            told.text += "".join(part.get("text", "") for part in item["content"])
        elif item["type"] == "function_call":
            told.calls.append((item["name"], item["arguments"]))
    told.finished = body["status"] in ("completed", "incomplete")
    told.error = body["error"]


def _anthropic_event(told: Told, name: str, data: str) -> None:
    body = orjson.loads(data)
    assert name == body["type"]
    if name == "content_block_start" and body["content_block"]["type"] == "tool_use":
        told.blocks[body["index"]] = len(told.calls)
        told.calls.append((body["content_block"]["name"], ""))
    elif name == "content_block_delta" and body["delta"]["type"] == "text_delta":
        told.text += body["delta"]["text"]
    elif name == "content_block_delta" and body["delta"]["type"] == "input_json_delta":
        number = told.blocks[body["index"]]
        known, arguments = told.calls[number]
        told.calls[number] = (known, arguments + body["delta"]["partial_json"])
    elif name == "message_stop":
        told.finished = True
    elif name == "error":
        told.error = error_in("anthropic", body)


def _anthropic_whole(told: Told, body: Any) -> None:
    for block in body["content"]:
        if block["type"] == "text":
            told.text += block["text"]
        elif block["type"] == "tool_use":
            told.calls.append((block["name"], orjson.dumps(block["input"]).decode()))
    told.finished = body["stop_reason"] is not None


def _gemini_event(told: Told, name: str, data: str) -> None:
    _gemini_whole(told, orjson.loads(data))


def _gemini_whole(told: Told, body: Any) -> None:
    if "error" in body:
        told.error = error_in("gemini", body)
        return
    for candidate in body.get("candidates", ()):
        for part in candidate.get("content", {}).get("parts", ()):
            if not part.get("thought"):
                told.text += part.get("text", "")
            if call := part.get("functionCall"):
                told.calls.append((call["name"], orjson.dumps(call.get("args", {})).decode()))
        told.finished = told.finished or "finishReason" in candidate


_EVENTS = {
    "chat": _chat_event,
    "responses": _responses_event,
    "anthropic": _anthropic_event,
    "gemini": _gemini_event,
}
_WHOLE = {
    "chat": _chat_whole,
    "responses": _responses_whole,
    "anthropic": _anthropic_whole,
    "gemini": _gemini_whole,
}
