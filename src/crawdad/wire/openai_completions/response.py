"""Whole replies: `text_completion` objects."""

from __future__ import annotations

from crawdad.core.events import Stop
from crawdad.core.parts import JsonObject, RefusalPart, TextPart, TokenLogprob
from crawdad.core.request import ModelRequest
from crawdad.core.response import Choice, ModelResponse
from crawdad.core.usage import total_usage
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_chat.stops import write_stop
from crawdad.wire.openai_chat.usage import write_usage


def write_response(requests: list[ModelRequest], responses: list[ModelResponse], context: ReplyContext) -> JsonObject:
    """One object for all prompts; `index` counts the choices of the first prompt first."""
    choices: list[JsonObject] = []
    for position, (request, response) in enumerate(zip(requests, responses, strict=True)):
        first = position * (request.sampling.n or 1)
        for number, choice in enumerate(response.choices):
            choices.append(_write_choice(choice, first + number, echo_of(request)))
    return {
        **envelope(context),
        "choices": choices,
        "usage": write_usage(total_usage([response.usage for response in responses])),
    }


def _write_choice(choice: Choice, index: int, echo: str) -> JsonObject:
    text, tokens = echo, []
    for part in choice.parts:
        if isinstance(part, (TextPart, RefusalPart)):
            text += part.text
            tokens += part.logprobs
    return {
        "text": text,
        "index": index,
        "logprobs": write_tokens(tokens, len(echo)),
        "finish_reason": finish_reason(choice.stop),
    }


def envelope(context: ReplyContext) -> JsonObject:
    """The fields that every object of a reply has."""
    return {
        "id": f"cmpl-{context.reply_id}",
        "object": "text_completion",
        "created": context.created,
        "model": context.model,
    }


def echo_of(request: ModelRequest) -> str:
    """The prompt, if the client wants it before the answer."""
    if request.extra.get("echo") is not True:
        return ""
    return "".join(part.text for part in request.messages[0].parts if isinstance(part, TextPart))


def finish_reason(stop: Stop) -> str:
    """Why a choice ended, in the three words that there are."""
    word = str(write_stop(stop, own=False)["finish_reason"])
    return word if word in ("length", "content_filter") else "stop"


def write_tokens(tokens: list[TokenLogprob], offset: int) -> JsonObject | None:
    """The `logprobs` object: parallel lists. `offset` is where the first token stands in the text."""
    if not tokens:
        return None
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.token)
    return {
        "tokens": [token.token for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [{rival.token: rival.logprob for rival in token.top} for token in tokens],
        "text_offset": offsets,
    }
