"""Whole answers: `chat.completion` objects, both ways."""

from __future__ import annotations

from typing import Any

from crawdad.core.events import StreamEvent
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from crawdad.core.response import Choice, ModelResponse
from crawdad.core.usage import Usage
from crawdad.wire.codec import ReplyContext
from crawdad.wire.fields import check_answer_depth, unreadable
from crawdad.wire.openai_chat.annotations import write_annotation, write_logprobs
from crawdad.wire.openai_chat.answer import Answer
from crawdad.wire.openai_chat.errors import error_of, is_error
from crawdad.wire.openai_chat.media import data_url
from crawdad.wire.openai_chat.reply import Reply, write_audio
from crawdad.wire.openai_chat.stops import write_stop
from crawdad.wire.openai_chat.thinking import write_thinking, write_thought_signature
from crawdad.wire.openai_chat.usage import usage_of, write_tier, write_usage


def read_response(body: Any) -> list[StreamEvent]:
    """The events of a whole answer. Raises the vendor's error where the body is one, whatever its status was."""
    check_answer_depth(body)
    if isinstance(body, list) and body and error_of(body) is not None:
        body = body[0]
    if not isinstance(body, dict):
        raise unreadable("the answer is not a JSON object")
    choices = body.get("choices")
    if is_error(body) or not isinstance(choices, list):
        raise error_of(body) or unreadable("the answer has no choices")
    answer = Answer()
    events = answer.take(body) if choices else []
    if not answer.started:
        raise unreadable("the answer has no choices")
    return [*events, *answer.finish()]


def read_usage(body: JsonObject) -> Usage:
    """The usage of a whole answer; empty where there is none. Never raises."""
    return usage_of(body) or Usage()


def write_response(response: ModelResponse, context: ReplyContext) -> JsonObject:
    """A `chat.completion` object that tells `response`."""
    reply = Reply(context, response.protocol)
    body: JsonObject = {
        "id": reply.id,
        "object": "chat.completion",
        "created": context.created,
        "model": context.model,
        "choices": [_write_choice(choice, number, reply) for number, choice in enumerate(response.choices)],
        **reply.extra(response.extra),
    }
    if response.usage.known:
        body["usage"] = write_usage(response.usage)
    if tier := write_tier(response.usage.service_tier):
        body["service_tier"] = tier
    return body


def _write_choice(choice: Choice, number: int, reply: Reply) -> JsonObject:
    texts = [part for part in choice.parts if isinstance(part, TextPart)]
    refusals = [part for part in choice.parts if isinstance(part, RefusalPart)]
    message: JsonObject = {
        "role": "assistant",
        "content": "".join(part.text for part in texts) if texts else None,
        "refusal": "".join(part.text for part in refusals) if refusals else None,
        **write_thinking([part for part in choice.parts if isinstance(part, ThinkingPart)]),
    }
    _write_calls(choice, number, message, reply)
    _write_annotations(texts, message)
    _write_media([part for part in choice.parts if isinstance(part, MediaPart)], message, reply)
    for part in texts:
        if part.signature and reply.own:
            message["extra_content"] = write_thought_signature(part.signature)
    return {
        "index": number,
        "message": message,
        "logprobs": write_logprobs(
            [token for part in texts for token in part.logprobs],
            [token for part in refusals for token in part.logprobs],
        ),
        **write_stop(choice.stop, reply.own, bool(refusals), reply.legacy),
    }


def _write_calls(choice: Choice, number: int, message: JsonObject, reply: Reply) -> None:
    calls = []
    for index, part in enumerate(choice.parts):
        if isinstance(part, ToolCallPart):
            calls.append(reply.tool_call(part, f"{number}_{index}" if number else str(index)))
    if not calls:
        return
    if reply.legacy:
        message["function_call"] = calls[0]["function"]
    else:
        message["tool_calls"] = calls


def _write_annotations(texts: list[TextPart], message: JsonObject) -> None:
    base = 0
    annotations = []
    for part in texts:
        annotations += [write_annotation(citation, base, len(part.text)) for citation in part.citations]
        base += len(part.text)
    if annotations:
        message["annotations"] = annotations


def _write_media(parts: list[MediaPart], message: JsonObject, reply: Reply) -> None:
    images = []
    for part in parts:
        if part.kind == "audio":
            message["audio"] = write_audio(part, reply)
        elif part.kind == "image":
            images.append({"type": "image_url", "image_url": {"url": data_url(part, "image/png")}})
    if images:
        message["images"] = images
