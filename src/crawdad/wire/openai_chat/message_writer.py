"""Messages for an upstream: one message a tool result, directly after its call; reasoning in the vendor's own field."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from typing import Any

from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    Message,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.request import ModelRequest
from crawdad.wire.fields import encode, parse_arguments
from crawdad.wire.openai_chat.media import data_url, write_media
from crawdad.wire.openai_chat.reply import wire_name, wrap_input
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.openai_chat.thinking import write_detail, write_thought_signature
from crawdad.wire.openai_chat.tools import upstream_name, write_cache
from crawdad.wire.profile import Profile

_NO_RESULT = "Error: this call was not answered."
_MEDIA_FOLLOWS = "The content follows in the next user message."
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def write_messages(request: ModelRequest, profile: Profile) -> list[JsonObject]:
    """The messages of `request` as `profile`'s upstream wants them."""
    own = request.protocol == NAME
    writer = _MessageWriter(own, profile)
    messages = request.messages if own else _merged(request.messages)
    if not own:
        writer.expect(messages)
    for message in messages:
        writer.write(message)
    return writer.finish()


def _merged(messages: list[Message]) -> list[Message]:
    """Neighbouring assistant messages as one: here a turn's thinking, text and calls are one message."""
    merged: list[Message] = []
    for message in messages:
        if (
            merged
            and message.role == "assistant"
            and merged[-1].role == "assistant"
            and message.name == merged[-1].name
        ):
            merged[-1] = Message("assistant", [*merged[-1].parts, *message.parts], message.name)
        else:
            merged.append(message)
    return merged


class _MessageWriter:
    """`own`: the request came in this protocol and keeps its order and unknown fields."""

    __slots__ = ("_called", "_media", "_messages", "_own", "_profile", "_results")

    def __init__(self, own: bool, profile: Profile) -> None:
        self._own = own
        self._profile = profile
        self._messages: list[JsonObject] = []
        self._media: list[JsonObject] = []  # of tool results and of the model, waiting for a user message
        self._results: dict[str, deque[ToolResultPart]] = {}
        self._called: Counter[str] = Counter()  # calls that are still to be written

    def expect(self, messages: list[Message]) -> None:
        """Learn which results there are and which calls want one, to put each behind its call."""
        for part in (part for message in messages for part in message.parts):
            if isinstance(part, ToolResultPart):
                self._results.setdefault(part.call_id, deque()).append(part)
            elif isinstance(part, ToolCallPart):
                self._called[part.id] += 1

    def write(self, message: Message) -> None:
        """Append what tells `message`."""
        others: list[Part] = [part for part in message.parts if not isinstance(part, ToolResultPart)]
        results = [part for part in message.parts if isinstance(part, ToolResultPart)]
        if self._own:
            for result in results:
                self._write_result(result, message.extra)
        else:
            others = [*self._orphaned(results), *others]
        if message.role == "assistant":
            self._flush_media()
            self._write_assistant(message)
        elif others or not results:
            self._flush_media()
            self._write_plain(message, others)

    def _orphaned(self, results: list[ToolResultPart]) -> list[Part]:
        """Results that answer no call (the client forgot it) as plain content; the others stand behind their calls."""
        told: list[Part] = []
        for result in results:
            waiting = self._results[result.call_id]
            if not self._called[result.call_id] and result in waiting:
                waiting.remove(result)
                told += [TextPart(f"Result of tool call {result.call_id}:"), *result.content]
        return told

    def finish(self) -> list[JsonObject]:
        """All messages."""
        self._flush_media()
        return self._messages

    def _flush_media(self) -> None:
        if self._media:
            self._messages.append({"role": "user", "content": self._media})
            self._media = []

    def _write_plain(self, message: Message, parts: list[Part]) -> None:
        role = "user" if message.role == "tool" else message.role
        if role == "developer" and not self._profile.developer_role:
            role = "system"
        content = self._content(parts)
        if not self._own and not content:
            return
        body: JsonObject = {"role": role, "content": content}
        self._name(message, body)
        self._messages.append(body)

    def _name(self, message: Message, body: JsonObject) -> None:
        if message.name is not None and self._profile.participant_names:
            body["name"] = message.name
        if self._own:
            body |= message.extra

    def _write_assistant(self, message: Message) -> None:
        parts = message.parts
        body: JsonObject = {"role": "assistant"}
        content = self._content([part for part in parts if _is_content(part)])
        if refusal := "".join(part.text for part in parts if isinstance(part, RefusalPart)):
            body["refusal"] = refusal
        self._write_spoken(parts, body)
        if calls := self._calls(parts):
            body["tool_calls"] = calls
        content = self._think(parts, bool(calls), content, body)
        if self._own:
            self._sign(parts, body)
        said = bool(content) or len(body) > 1
        body["content"] = content if content or not said else None
        self._name(message, body)
        if self._own or said:
            self._messages.append(body)
        if not self._own:
            self._answer([part for part in parts if isinstance(part, ToolCallPart)])

    def _write_spoken(self, parts: list[Part], body: JsonObject) -> None:
        """Audio and images that the model made."""
        images = []
        for part in parts:
            if not isinstance(part, MediaPart):
                continue
            if part.kind == "audio":
                if part.file_id is not None:
                    body["audio"] = {"id": part.file_id}
            elif self._own:
                images.append({"type": "image_url", "image_url": {"url": data_url(part, "image/png")}})
            else:
                self._media.append(write_media(part, self._profile))
        if images:
            body["images"] = images

    def _sign(self, parts: list[Part], body: JsonObject) -> None:
        for part in parts:
            if isinstance(part, TextPart) and part.signature:
                body["extra_content"] = write_thought_signature(part.signature)

    def _think(self, parts: list[Part], called: bool, content: Any, body: JsonObject) -> Any:
        """Put earlier reasoning where the vendor wants it; gives the content, which may hold it."""
        thoughts = [part for part in parts if isinstance(part, ThinkingPart) and part.origin == NAME]
        form = self._profile.reasoning_history
        text = "".join(part.text for part in thoughts)
        if form == "thinking_parts":
            pieces = [
                {"type": "thinking", "thinking": [{"type": "text", "text": part.text}], **self._closed(part)}
                for part in thoughts
                if part.text
            ]
            return [*pieces, *_as_list(content)] if pieces else content
        if form == "reasoning_details":
            details = [item for number, part in enumerate(thoughts) if (item := write_detail(part, number)) is not None]
            if details:
                body["reasoning_details"] = details
            elif text:
                body["reasoning"] = text
        elif form == "reasoning_content_required" and called:
            body["reasoning_content"] = text
        elif form != "none" and text:
            body["reasoning" if form == "reasoning" else "reasoning_content"] = text
        return content

    def _closed(self, part: ThinkingPart) -> JsonObject:
        return {"closed": part.extra["closed"]} if self._own and "closed" in part.extra else {}

    def _calls(self, parts: list[Part]) -> list[JsonObject]:
        calls = []
        for part in parts:
            if isinstance(part, ToolCallPart):
                calls.append(self._call(part))
            elif isinstance(part, OpaquePart) and part.protocol == NAME and not _is_content(part):
                calls.append(part.raw)
        return calls

    def _call(self, part: ToolCallPart) -> JsonObject:
        body: JsonObject = {"id": self._id(part.id)}
        name = part.name if self._own else upstream_name(wire_name(part))
        if part.custom and self._profile.custom_tools:
            body |= {"type": "custom", "custom": {"name": name, "input": part.arguments}}
        else:
            arguments = wrap_input(part.arguments) if part.custom else part.arguments
            if not self._own:
                arguments = _object(arguments)
            body |= {"type": "function", "function": {"name": name, "arguments": arguments}}
        if part.signature and part.origin == NAME:
            body["extra_content"] = write_thought_signature(part.signature)
        return body | part.extra if self._own else body

    def _answer(self, calls: list[ToolCallPart]) -> None:
        """The results of `calls`; an upstream refuses calls without one, so a missing one is made up."""
        for call in calls:
            self._called[call.id] -= 1
            waiting = self._results.get(call.id)
            result = waiting.popleft() if waiting else ToolResultPart(call.id, [TextPart(_NO_RESULT)])
            self._write_result(result, {})

    def _write_result(self, result: ToolResultPart, extra: JsonObject) -> None:
        content: list[Any] = []
        media: list[Any] = []
        for part in result.content:
            if isinstance(part, MediaPart) and not (part.kind == "image" and self._profile.tool_images):
                target = content if part.kind == "document" and part.text is not None else media
                target.append(self._part(part))
            else:
                content.append(self._part(part))
        content = [part for part in content if part is not None]
        if media:
            if not content:
                content.append({"type": "text", "text": _MEDIA_FOLLOWS})
            self._media += [{"type": "text", "text": f"Content of tool result {self._id(result.call_id)}:"}, *media]
        if result.is_error:
            content = _as_error(content)
        simple = self._own or any(part.get("type") != "text" or "cache_control" in part for part in content)
        body: JsonObject = {
            "role": "tool",
            "tool_call_id": self._id(result.call_id),
            "content": self._collapse(content) if simple else _joined(content),
        }
        if self._own and result.name is not None:
            body["name"] = result.name
        self._messages.append(body | extra)

    def _content(self, parts: list[Part]) -> Any:
        return self._collapse([piece for part in parts if (piece := self._part(part)) is not None])

    def _collapse(self, pieces: list[Any]) -> Any:
        """A string where that says the same as the list."""
        if not pieces:
            return ""
        if len(pieces) == 1 and pieces[0].keys() == {"type", "text"}:
            return pieces[0]["text"]
        if not self._profile.text_lists and all(piece.get("type") == "text" for piece in pieces):
            return _joined(pieces)
        return pieces

    def _part(self, part: Part) -> JsonObject | None:
        """A content part, None for what has no place in content."""
        if isinstance(part, (TextPart, RefusalPart)):
            if not part.text and not self._own:
                return None
            body: JsonObject = {"type": "text", "text": part.text}
        elif isinstance(part, MediaPart):
            body = write_media(part, self._profile)
        elif isinstance(part, OpaquePart):
            if part.protocol == NAME:
                return part.raw
            return {"type": "text", "text": part.text} if part.text else None
        else:
            return None
        cache = getattr(part, "cache", None)
        if cache is not None and self._profile.cache_control and "prompt_cache_breakpoint" not in part.extra:
            body["cache_control"] = write_cache(cache)
        return _with_extra(body, part.extra) if self._own else body

    def _id(self, identifier: str) -> str:
        """An id of a call as this upstream accepts it; the same digest for the call and for its result."""
        form = self._profile.tool_ids
        if form == "nine_alphanumeric" and not (len(identifier) == 9 and identifier.isascii() and identifier.isalnum()):
            number = int.from_bytes(hashlib.sha256(identifier.encode("utf-8", "replace")).digest()[:8], "big")
            return "".join(_DIGITS[number // 62**place % 62] for place in range(9))
        if form == "at_most_40" and len(identifier) > 40:
            return "call_" + hashlib.sha256(identifier.encode("utf-8", "replace")).hexdigest()[:32]
        return identifier


def _object(arguments: str) -> str:
    """Arguments as an object in any case: servers whose templates read them (vLLM, llama.cpp) refuse all that follows a call
    that a model had garbled."""
    if not arguments.strip():
        return "{}"
    return arguments if parse_arguments(arguments) is not None else encode({"raw_arguments": arguments}).decode()


def _is_content(part: Part) -> bool:
    """Whether an assistant's part stands in `content`: text, and opaque parts that are not calls of a vendor's own kind."""
    if isinstance(part, OpaquePart):
        return part.protocol != NAME or part.kind == "reference"
    return isinstance(part, TextPart)


def _with_extra(body: JsonObject, extra: JsonObject) -> JsonObject:
    """Unknown fields back in their places; those of a nested object stand under its name."""
    for key, value in extra.items():
        inner = body.get(key)
        body[key] = {**inner, **value} if isinstance(inner, dict) and isinstance(value, dict) else value
    return body


def _as_list(content: Any) -> list[Any]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _joined(pieces: list[Any]) -> str:
    return "\n".join(piece["text"] for piece in pieces)


def _as_error(content: list[Any]) -> list[Any]:
    """Say in words that a result is an error, since there is no field for it."""
    first = content[0] if content else {"type": "text", "text": ""}
    if first.get("type") != "text":
        return [{"type": "text", "text": "Error"}, *content]
    text = first["text"]
    if text.lower().startswith(("error", "<error", "<tool_use_error")):
        return content
    return [{**first, "text": f"Error: {text}" if text else "Error"}, *content[1:]]
