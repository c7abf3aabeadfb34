"""The recorded answers of all protocols: the events our readers make of them, and the vendor's own account as one JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from crawdad.core.events import StreamEvent
from crawdad.core.request import ModelRequest
from crawdad.wire import codecs
from crawdad.wire.openai_chat import profile_for
from crawdad.wire.profile import DEFAULT, Profile
from tests.support.goldens import Golden, load
from tests.wire.matrix.facts import Facts, facts_of

JsonObject = dict[str, Any]

FILES = {
    "openai-chat": ("openai-chat",),
    "openai-responses": ("openai-responses",),
    "anthropic-messages": ("anthropic-messages",),
    "gemini": ("gemini", "gemini-vertex"),
}
PROTOCOLS = tuple(FILES)


@dataclass(frozen=True)
class Recorded:
    """One recorded exchange of `protocol`."""

    protocol: str
    golden: Golden

    def __str__(self) -> str:
        return f"{self.protocol} {self.golden}"

    @property
    def profile(self) -> Profile:
        """The profile of the vendor that was recorded."""
        return profile_for(self.golden.host) if self.protocol == "openai-chat" else DEFAULT

    def events(self) -> list[StreamEvent]:
        """The answer as our reader tells it, made anew each time because writers and folders let parts grow."""
        codec = codecs.get(self.protocol)
        if not self.golden.streamed:
            return codec.read_response(self.golden.body, self.profile)
        reader = codec.stream_reader(self.profile)
        return reader.feed(self.golden.body.encode()) + reader.close()

    def request(self) -> ModelRequest:
        """The request as our reader understands it."""
        model = self.golden.path.rpartition("/")[2].partition(":")[0] if self.protocol == "gemini" else None
        return codecs.get(self.protocol).read_request(self.golden.request, model=model)

    def whole(self) -> JsonObject:
        """The vendor's answer as one object; a stream is put together as the vendor's documents say."""
        if self.golden.streamed:
            return _GATHERERS[self.protocol](_payloads(self.golden.body))
        body: JsonObject = self.golden.body
        return body

    def facts(self) -> Facts:
        """What the vendor said."""
        return facts_of(self.protocol, self.whole())


@cache
def recordings(protocol: str) -> tuple[Recorded, ...]:
    """Every recorded exchange of `protocol` whose answer is one. A stream that holds an error is none."""
    found = [Recorded(protocol, golden) for name in FILES[protocol] for golden in load(name)]
    return tuple(item for item in found if item.golden.ok and not _is_error(item.golden))


def _is_error(golden: Golden) -> bool:
    return golden.streamed and any(payload.get("error") for payload in _payloads(golden.body))


def _payloads(stream: str) -> list[JsonObject]:
    lines = [line.removeprefix("data:").strip() for line in stream.splitlines() if line.startswith("data:")]
    return [orjson.loads(line) for line in lines if line != "[DONE]"]


def _gather_chat(chunks: list[JsonObject]) -> JsonObject:
    whole: JsonObject = {"choices": []}
    messages: dict[int, JsonObject] = {}
    for chunk in chunks:
        for key in ("usage", "x_groq"):
            if chunk.get(key):
                whole[key] = chunk[key]
        for choice in chunk.get("choices") or []:
            message = messages.setdefault(choice["index"], {"message": {"tool_calls": []}, "finish_reason": None})
            message["finish_reason"] = choice.get("finish_reason") or message["finish_reason"]
            _add_delta(message["message"], choice["delta"])
    whole["choices"] = [messages[number] for number in sorted(messages)]
    return whole


def _add_delta(message: JsonObject, delta: JsonObject) -> None:
    for key in ("content", "refusal", "reasoning", "reasoning_content"):
        if isinstance(delta.get(key), list):  # Mistral
            message[key] = [*_as_list(message.get(key)), *delta[key]]
        elif delta.get(key) and isinstance(message.get(key), list):
            message[key].append({"type": "text", "text": delta[key]})
        elif delta.get(key):
            message[key] = (message.get(key) or "") + delta[key]
    for key in ("reasoning_details", "annotations"):
        if delta.get(key):
            message.setdefault(key, []).extend(delta[key])
    for call in delta.get("tool_calls") or []:
        calls = message["tool_calls"]
        known = next((item for item in calls if item["index"] == call.get("index", 0)), None)
        if known is None:
            calls.append({"index": 0, "id": "", **call, "function": {"arguments": "", **call["function"]}})
        else:
            known["function"]["arguments"] += call["function"].get("arguments") or ""


def _as_list(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if content and isinstance(content, str) else content or []


def _gather_responses(events: list[JsonObject]) -> JsonObject:
    """The closing event holds the items again, but encrypts their reasoning anew; what each item's own end said counts."""
    items = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    return {**events[-1]["response"], "output": items}


def _gather_anthropic(events: list[JsonObject]) -> JsonObject:
    message: JsonObject = events[0]["message"]
    inputs: dict[int, str] = {}
    for event in events[1:]:
        if event["type"] == "content_block_start":
            message["content"].append(event["content_block"])
        elif event["type"] == "content_block_delta":
            _grow_block(message["content"][event["index"]], event["delta"], inputs, event["index"])
        elif event["type"] == "message_delta":
            message |= event["delta"]
            message["usage"] |= {key: value for key, value in event["usage"].items() if value is not None}
    for number, text in inputs.items():
        message["content"][number]["input"] = orjson.loads(text or "{}")
    return message


def _grow_block(block: JsonObject, delta: JsonObject, inputs: dict[int, str], number: int) -> None:
    for key in ("text", "thinking", "signature"):
        if delta.get(key):
            block[key] = (block.get(key) or "") + delta[key]
    if "citation" in delta:
        block["citations"] = [*(block.get("citations") or []), delta["citation"]]
    if "partial_json" in delta:
        inputs[number] = inputs.get(number, "") + delta["partial_json"]


def _gather_gemini(chunks: list[JsonObject]) -> JsonObject:
    whole: JsonObject = {}
    candidates: dict[int, JsonObject] = {}
    for chunk in chunks:
        for candidate in chunk.get("candidates") or []:
            kept = candidates.setdefault(candidate.get("index", 0), {"content": {"parts": []}})
            kept["content"]["parts"] += (candidate.get("content") or {}).get("parts") or []
            kept |= {key: value for key, value in candidate.items() if key != "content"}
        whole |= {key: value for key, value in chunk.items() if key != "candidates"}
    if candidates:
        whole["candidates"] = [candidates[number] for number in sorted(candidates)]
    return whole


_GATHERERS: dict[str, Callable[[list[JsonObject]], JsonObject]] = {
    "openai-chat": _gather_chat,
    "openai-responses": _gather_responses,
    "anthropic-messages": _gather_anthropic,
    "gemini": _gather_gemini,
}
