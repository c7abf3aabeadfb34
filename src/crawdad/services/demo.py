"""The built-in `crawdad/demo` model: small, deterministic, plainly labelled as a demonstration.

It lets every protocol be tried without a key: it streams, thinks when asked to, and calls the first tool it is offered
when the user's words ask for a tool. It never pretends to be a real model.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import orjson

from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StopReason, StreamEvent
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.request import ModelRequest, Tool
from crawdad.core.sessions import without_stamp
from crawdad.core.usage import Usage
from crawdad.services.estimate import estimate_request, estimate_text

DEMO_MODEL = "demo"
_WORDS = re.compile(r"\s*\S+")


class DemoModel:
    """A `core.ports.ModelSource` that needs nothing outside itself."""

    async def take(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Answer `request` event by event."""
        for event in demo_events(request):
            yield event


def demo_events(request: ModelRequest) -> list[StreamEvent]:
    """The whole answer to `request`. The same request always gets the same answer."""
    start = MessageStart(id="", model=DEMO_MODEL, protocol="demo")
    events: list[StreamEvent] = [start]
    written = _Budget(request.sampling.max_tokens)
    reasoning_tokens = 0
    if request.reasoning is not None and not request.reasoning.off:
        thought = f"This is the demonstration model. The user said {_count_words(_last_user_text(request))} words."
        reasoning_tokens = _say(events, ThinkingPart(origin="demo"), thought, written)
    tool = _tool_to_call(request)
    if tool is not None:
        arguments = orjson.dumps(example_value(tool.parameters or {"type": "object"})).decode()
        if tool.kind == "custom":
            arguments = _last_user_text(request)
        call = ToolCallPart(
            id="call_demo_" + str(len(request.messages)),
            name=tool.name,
            custom=tool.kind == "custom",
            namespace=tool.namespace,
        )
        _say(events, call, arguments, written, whole=True)
        reason: StopReason = "tool_use"
    else:
        _say(events, TextPart(), _reply(request), written)
        reason = "max_tokens" if written.exhausted else "end"
    usage = Usage(input_tokens=estimate_request(request), output_tokens=written.used, reasoning_tokens=reasoning_tokens)
    events.append(MessageEnd(Stop(reason), usage))
    return events


class _Budget:
    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.used = 0
        self.exhausted = False

    def take(self, tokens: int) -> bool:
        if self.limit is not None and self.used + tokens > self.limit:
            self.exhausted = True
            return False
        self.used += tokens
        return True


def _say(events: list[StreamEvent], part: Part, text: str, budget: _Budget, whole: bool = False) -> int:
    index = sum(isinstance(event, PartStart) for event in events)
    before = budget.used
    events.append(PartStart(index, part))
    for piece in [text] if whole else _WORDS.findall(text):
        if not whole and not budget.take(1):
            break
        events.append(PartDelta(index, text=piece))
    if whole:
        budget.used += estimate_text(text)
    events.append(PartEnd(index))
    return budget.used - before


def _reply(request: ModelRequest) -> str:
    output = request.response_format
    if output is not None and output.kind != "text":
        schema = output.schema or {"type": "object", "properties": {"reply": {"type": "string"}}, "required": ["reply"]}
        return orjson.dumps(example_value(schema)).decode()
    last = request.messages[-1] if request.messages else None
    results = [part for part in last.parts if isinstance(part, ToolResultPart)] if last else []
    if results:
        return "[Crawdad demo] The tool answered: " + " ".join(_text_of(part.content) for part in results)
    media = [part.kind for message in request.messages for part in message.parts if isinstance(part, MediaPart)]
    seen = f" I also received: {', '.join(media)}." if media else ""
    return (
        f"[Crawdad demo] You said: “{_last_user_text(request)}”.{seen} "
        "This reply comes from Crawdad's built-in demonstration model, not from a real one. "
        "Add a provider to talk to a real model."
    )


def _tool_to_call(request: ModelRequest) -> Tool | None:
    """The tool that the user's words or the tool choice ask for; None once a tool has answered."""
    tools = [tool for tool in request.tools if tool.kind != "builtin"]
    choice = request.tool_choice
    answered = bool(request.messages) and any(isinstance(p, ToolResultPart) for p in request.messages[-1].parts)
    if not tools or answered or (choice is not None and choice.mode == "none"):
        return None
    if choice is not None and choice.mode in ("named", "allowed"):
        tools = [tool for tool in tools if tool.name in choice.names]
    words = _last_user_text(request).lower()
    named = next((tool for tool in tools if tool.name.lower() in words), None)
    forced = choice is not None and (choice.mode in ("required", "named") or choice.required)
    if named is None and (forced or "tool" in words or "工具" in words):
        named = tools[0] if tools else None
    return named


def _last_user_text(request: ModelRequest) -> str:
    """The last piece of text: command-line tools put reminders and lists of files before what the user typed."""
    for message in reversed(request.messages):
        if message.role == "user":
            texts = [part.text.strip() for part in message.parts if isinstance(part, TextPart)]
            return without_stamp(next((text for text in reversed(texts) if text), ""))
    return ""


def _text_of(parts: list[Part]) -> str:
    return " ".join(part.text for part in parts if isinstance(part, TextPart)).strip()


def _count_words(text: str) -> int:
    return len(text.split())


def example_value(schema: JsonObject, depth: int = 0) -> object:
    """A small value that fits a JSON Schema (as far as its plain keywords say)."""
    if "const" in schema:
        return schema["const"]
    enum = schema.get("enum")
    if isinstance(enum, list) and enum:
        return enum[0]
    for key in ("anyOf", "oneOf", "allOf"):
        options = schema.get(key)
        if isinstance(options, list) and options and isinstance(options[0], dict) and depth < 8:
            return example_value(options[0], depth + 1)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    if kind is None and "properties" in schema:
        kind = "object"
    return _example_of_type(str(kind).lower(), schema, depth)


def _example_of_type(kind: str, schema: JsonObject, depth: int) -> object:
    if kind == "object":
        properties = schema.get("properties")
        if not isinstance(properties, dict) or depth >= 8:
            return {}
        required = schema.get("required")
        names = [n for n in required if n in properties] if isinstance(required, list) else list(properties)
        return {n: example_value(properties[n], depth + 1) for n in names if isinstance(properties[n], dict)}
    if kind == "array":
        items = schema.get("items")
        return [example_value(items, depth + 1)] if isinstance(items, dict) and depth < 8 else []
    simple: dict[str, object] = {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1.5)}
    simple |= {"boolean": True, "null": None}
    return simple.get(kind, "demo")
