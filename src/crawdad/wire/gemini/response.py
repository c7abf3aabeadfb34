"""Whole answers, both ways. https://ai.google.dev/api/generate-content#generatecontentresponse"""

from __future__ import annotations

from typing import Any

from crawdad.core.events import StreamEvent
from crawdad.core.parts import Citation, JsonObject, TextPart, ThinkingPart, TokenLogprob
from crawdad.core.request import ModelRequest
from crawdad.core.response import Choice, ModelResponse
from crawdad.wire.codec import ReplyContext
from crawdad.wire.fields import check_answer_depth
from crawdad.wire.gemini.answer_reader import AnswerReader
from crawdad.wire.gemini.answer_writer import candidate_fields, is_blocked, usage_metadata, whole_part
from crawdad.wire.gemini.errors import error_from
from crawdad.wire.gemini.logprobs import write_logprobs
from crawdad.wire.gemini.part_writer import text_part
from crawdad.wire.gemini.spelling import NAME
from crawdad.wire.gemini.thought_seals import is_sealable, seal_thought


def read_response(body: Any) -> list[StreamEvent]:
    """A whole answer as events; an array is a collected stream. Raises for error bodies and for what is no answer."""
    check_answer_depth(body)
    answer = AnswerReader()
    events: list[StreamEvent] = []
    for chunk in body if isinstance(body, list) else [body]:
        if isinstance(chunk, dict) and chunk.get("error"):
            raise error_from(chunk)
        events += answer.take(chunk)
    return events + answer.end(whole=True)


def write_response(response: ModelResponse, context: ReplyContext) -> JsonObject:
    """A whole answer for a Gemini client."""
    native = response.protocol == NAME
    extra = response.extra if native else {}
    body: JsonObject = {}
    if not (is_blocked(extra, native) and not any(choice.parts for choice in response.choices)):
        body["candidates"] = [
            _candidate(number, choice, extra, native, context.request) for number, choice in enumerate(response.choices)
        ]
    usage = usage_metadata(response.usage, extra)
    if usage:
        body["usageMetadata"] = usage
    others = {key: value for key, value in extra.items() if key not in ("usageMetadata", "candidates")}
    return {**body, **others, "modelVersion": context.model, "responseId": context.reply_id}


def _candidate(number: int, choice: Choice, extra: JsonObject, native: bool, request: ModelRequest) -> JsonObject:
    parts: list[JsonObject] = []
    thoughts: list[ThinkingPart] = []
    texts: list[tuple[str, list[Citation]]] = []
    logprobs: list[TokenLogprob] = []
    for part in choice.parts:
        if isinstance(part, TextPart):
            signature = part.signature if native else None
            if part.text or signature:
                parts.append(text_part(part.text, signature, part.extra if native else {}))
            texts.append((part.text, part.citations))
            logprobs += part.logprobs
        elif isinstance(part, ThinkingPart):
            sealed = is_sealable(part)
            signature = seal_thought(part) if sealed else part.signature
            if sealed:
                thoughts.append(part)
            if part.text or signature:
                parts.append(text_part(part.text, signature, {}, thought=True))
        else:
            body = whole_part(part, native, request, thoughts)
            if body is not None:
                parts.append(body)
    fields = candidate_fields(number, choice.stop, extra, native, texts)
    if logprobs and "logprobsResult" not in fields:
        fields["logprobsResult"] = write_logprobs(logprobs)
    return {"content": {"parts": parts, "role": "model"}, **fields}
