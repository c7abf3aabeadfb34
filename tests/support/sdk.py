"""The official SDKs over a transport in memory: what a client of each protocol makes of an answer of ours.

Every answer goes through the SDK's own HTTP layer, decoder and accumulator, with its strict response validation on (and,
for Google, unknown fields forbidden). What comes back is what the application would hold, as JSON in the protocol's own
spelling.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, cast, get_args

import anthropic
import httpx
import httpx2
import openai
import orjson
from anthropic import Anthropic
from google import genai
from google.genai import errors
from google.genai import types as google
from openai import OpenAI
from openai._models import validate_type
from openai._types import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ResponseStreamEvent

JsonObject = dict[str, Any]

JSON, EVENTS = "application/json", "text/event-stream"

_RESPONSE_EVENTS = {
    get_args(cls.model_fields["type"].annotation)[0]: cls for cls in get_args(get_args(ResponseStreamEvent)[0])
}


Result = tuple[str, str]
"""The id of a call, and what the tool answered."""


@dataclass(frozen=True)
class Judge:
    """One SDK. Everything raises where the SDK does."""

    parse_whole: Callable[[JsonObject], Any]
    parse_stream: Callable[[bytes], Any]
    to_json: Callable[[Any], JsonObject]
    go_on: Callable[[Any, list[Result]], None]

    def whole(self, body: JsonObject) -> JsonObject:
        """A whole answer as the application holds it."""
        return self.to_json(self.parse_whole(body))

    def streamed(self, stream: bytes) -> JsonObject:
        """A streamed answer as the application holds it in the end."""
        return self.to_json(self.parse_stream(stream))

    def next_request(self, reply: JsonObject | bytes, results: list[Result]) -> JsonObject:
        """The body of the SDK's next request when the application puts the answer into its history as it got it, and
        adds the `results` of its calls (in their order), or some words where there are none."""
        answer = self.parse_stream(reply) if isinstance(reply, bytes) else self.parse_whole(reply)
        _REPLIES.put(b'{"error": {"message": "heard you"}}', JSON, 418)
        with suppress(openai.APIStatusError, anthropic.APIStatusError, errors.ClientError):
            self.go_on(answer, results)
        return cast(JsonObject, orjson.loads(_REPLIES.asked))


class _Replies:
    """A transport that answers every request with the reply that was put in last, and remembers what was asked."""

    content = b""
    media_type = JSON
    status = 200
    asked = b""

    def old(self, request: httpx.Request) -> httpx.Response:
        self.asked = request.content
        return httpx.Response(self.status, content=self.content, headers={"content-type": self.media_type})

    def new(self, request: httpx2.Request) -> httpx2.Response:
        self.asked = request.content
        return httpx2.Response(self.status, content=self.content, headers={"content-type": self.media_type})

    def put(self, content: bytes, media_type: str, status: int = 200) -> None:
        self.content, self.media_type, self.status = content, media_type, status


_REPLIES = _Replies()


@cache
def _openai() -> OpenAI:
    transport = httpx2.Client(transport=httpx2.MockTransport(_REPLIES.new))
    return OpenAI(
        api_key="k",
        base_url="http://gateway.test/v1",
        http_client=transport,
        max_retries=0,
        _strict_response_validation=True,
    )


@cache
def _anthropic() -> Anthropic:
    transport = httpx2.Client(transport=httpx2.MockTransport(_REPLIES.new))
    return Anthropic(
        api_key="k",
        base_url="http://gateway.test",
        http_client=transport,
        max_retries=0,
        _strict_response_validation=True,
    )


@cache
def _google() -> genai.Client:
    transport = httpx.Client(transport=httpx.MockTransport(_REPLIES.old))
    return genai.Client(api_key="k", http_options=google.HttpOptions(httpx_client=transport))


def _chat_whole(body: JsonObject) -> Any:
    _REPLIES.put(orjson.dumps(body), JSON)
    return _openai().chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])


def _chat_streamed(stream: bytes) -> Any:
    _REPLIES.put(stream, EVENTS)
    asked = _openai().chat.completions.stream(model="m", messages=[{"role": "user", "content": "x"}])
    with asked as events:
        for _ in events:
            pass
        return events.current_completion_snapshot


def _chat_again(answer: Any, results: list[Result]) -> None:
    said: list[Any] = [{"role": "user", "content": "x"}, answer.choices[0].message]
    said += [{"role": "tool", "tool_call_id": call_id, "content": text} for call_id, text in results]
    said += [] if results else [{"role": "user", "content": "go on"}]
    _openai().chat.completions.create(model="m", messages=said)


def _responses_whole(body: JsonObject) -> Any:
    _REPLIES.put(orjson.dumps(body), JSON)
    return _openai().responses.create(model="m", input="x")


def _responses_streamed(stream: bytes) -> Any:
    """The SDK's accumulator, fed with events that were each validated as the class that its type names."""
    state: Any = ResponseStreamState(text_format=omit, input_tools=omit)
    last: Any = None
    for number, block in enumerate(stream.decode().removesuffix("\n\n").split("\n\n")):
        name, data = block.split("\n")[-2:]  # before them there may be a line with the event's id
        event = orjson.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        assert event["sequence_number"] == number
        last = validate_type(type_=_RESPONSE_EVENTS[event["type"]], value=event)
        state.handle_event(last)
    return state._completed_response or last.response


def _responses_again(answer: Any, results: list[Result]) -> None:
    said: list[Any] = [{"role": "user", "content": "x"}, *answer.output]
    kinds = {item.call_id: item.type for item in answer.output if item.type in ("function_call", "custom_tool_call")}
    said += [{"type": f"{kinds[call_id]}_output", "call_id": call_id, "output": text} for call_id, text in results]
    said += [] if results else [{"role": "user", "content": "go on"}]
    _openai().responses.create(model="m", input=said)


def _anthropic_whole(body: JsonObject) -> Any:
    _REPLIES.put(orjson.dumps(body), JSON)
    return _anthropic().beta.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}])


def _anthropic_streamed(stream: bytes) -> Any:
    _REPLIES.put(stream, EVENTS)
    asked = _anthropic().beta.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}])
    with asked as events:
        return events.get_final_message()


def _anthropic_again(answer: Any, results: list[Result]) -> None:
    next_turn: list[Any] = [
        {"type": "tool_result", "tool_use_id": call_id, "content": text} for call_id, text in results
    ]
    said: list[Any] = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": answer.content},
        {"role": "user", "content": next_turn or "go on"},
    ]
    _anthropic().beta.messages.create(model="m", max_tokens=9, messages=said)


def _google_whole(body: JsonObject) -> Any:
    google.GenerateContentResponse.model_validate(_known_to_google(body))  # forbids what it does not know
    _REPLIES.put(orjson.dumps(body), JSON)
    chat = _google().chats.create(model="m")
    return [chat.send_message("x")], chat


def _google_streamed(stream: bytes) -> Any:
    _REPLIES.put(stream, EVENTS)
    chat = _google().chats.create(model="m")
    return list(chat.send_message_stream("x")), chat


def _google_json(answer: Any) -> JsonObject:
    """The SDK has no accumulator: parts are gathered, and what the last chunks say of a candidate counts."""
    whole: JsonObject = {}
    candidates: dict[int, JsonObject] = {}
    for chunk in answer[0]:
        said = chunk.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"sdk_http_response"})
        for candidate in said.pop("candidates", []):
            kept = candidates.setdefault(candidate.get("index", 0), {"content": {"role": "model", "parts": []}})
            kept["content"]["parts"] += candidate.pop("content", {}).get("parts", [])
            kept.update(candidate)
        whole.update(said)
    if candidates:
        whole["candidates"] = [candidates[number] for number in sorted(candidates)]
    return whole


def _google_again(answer: Any, results: list[Result]) -> None:
    calls = [call for chunk in answer[0] for call in chunk.function_calls or ()]
    responses = [
        google.Part(function_response=google.FunctionResponse(id=call.id, name=call.name, response={"result": text}))
        for call, (_, text) in zip(calls, results, strict=True)
    ]
    answer[1].send_message(responses or "go on")


def _known_to_google(body: JsonObject) -> JsonObject:
    """`body` without the one field that Google documents and its SDK does not know."""
    if "serviceTier" not in body.get("usageMetadata", {}):
        return body
    usage = {key: value for key, value in body["usageMetadata"].items() if key != "serviceTier"}
    return {**body, "usageMetadata": usage}


def _to_dict(answer: Any) -> JsonObject:
    return cast(JsonObject, answer.to_dict(mode="json"))


JUDGES: dict[str, Judge] = {
    "openai-chat": Judge(_chat_whole, _chat_streamed, _to_dict, _chat_again),
    "openai-responses": Judge(_responses_whole, _responses_streamed, _to_dict, _responses_again),
    "anthropic-messages": Judge(_anthropic_whole, _anthropic_streamed, _to_dict, _anthropic_again),
    "gemini": Judge(_google_whole, _google_streamed, _google_json, _google_again),
}
"""Protocol -> its SDK."""
