"""What whole and streamed replies to a client have in common: ids, extra fields, tool calls, audio."""

from __future__ import annotations

import orjson

from crawdad.core.parts import JsonObject, MediaPart, ToolCallPart
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.openai_chat.thinking import write_thought_signature
from crawdad.wire.openai_chat.tools import LEGACY
from crawdad.wire.openai_chat.usage import write_tier
from crawdad.wire.seals import seal_id
from crawdad.wire.tool_names import called_name, find_tool

_AUDIO_LIFETIME = 3600


class Reply:
    """One reply to a client. `own` tells whether the answer came from an upstream of this same protocol."""

    __slots__ = ("context", "id", "legacy", "own")

    def __init__(self, context: ReplyContext, protocol: str) -> None:
        self.context = context
        self.id = f"chatcmpl{'_' if context.by_agent else '-'}{context.reply_id}"
        self.own = protocol == NAME
        self.legacy = any(tool.extra.get(LEGACY) for tool in context.request.tools)

    def extra(self, fields: JsonObject) -> JsonObject:
        """The vendor's own top-level fields; those of another protocol mean nothing here."""
        if not self.own:
            return {}
        kept = {key: value for key, value in fields.items() if key != "service_tier"}
        tier = fields.get("service_tier")
        if isinstance(tier, str) and (word := write_tier(tier)):
            kept["service_tier"] = word
        return kept

    def tool_call(self, part: ToolCallPart, number: str) -> JsonObject:
        """A complete tool call; `number` makes the id where the upstream gave none."""
        call: JsonObject = {"id": self.call_id(part, number)}
        name = self.name_of(part)
        if part.custom or self.is_custom(part):
            text = part.arguments if part.custom else unwrap_input(part.arguments)
            call |= {"type": "custom", "custom": {"name": name, "input": text}}
        else:
            call |= {"type": "function", "function": {"name": name, "arguments": part.arguments}}
        if part.signature:
            call["extra_content"] = write_thought_signature(part.signature)
        return call

    def call_id(self, part: ToolCallPart, number: str) -> str:
        """The id of a call; it carries a foreign signature too, since most clients forget `extra_content`."""
        identifier = part.id or f"call_{self.context.reply_id}_{number}"
        if part.signature and part.origin != NAME:
            return seal_id(identifier, part.origin, part.signature)
        return identifier

    def name_of(self, part: ToolCallPart) -> str:
        """The name by which the client knows the called tool."""
        return called_name(part, self.context.request)

    def is_custom(self, part: ToolCallPart) -> bool:
        """Whether a function call means a tool that the client declared as custom."""
        tool = find_tool(self.context.request, self.name_of(part))
        return tool is not None and tool.kind == "custom"


def wire_name(part: ToolCallPart) -> str:
    """The name of the called tool in a protocol without namespaces."""
    return f"{part.namespace}__{part.name}" if part.namespace else part.name


def unwrap_input(arguments: str) -> str:
    """The free text in the arguments of a function that stands for a custom tool."""
    try:
        value = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments
    text = value.get("input") if isinstance(value, dict) else None
    return text if isinstance(text, str) else arguments


def wrap_input(text: str) -> str:
    """The arguments of a function that stands for a custom tool."""
    return orjson.dumps({"input": text}).decode()


def write_audio(part: MediaPart, reply: Reply) -> JsonObject:
    """The `audio` object of a message, with every field that the protocol requires."""
    return {
        "id": part.extra.get("id") or f"audio_{reply.context.reply_id}",
        "data": part.data or "",
        "expires_at": part.extra.get("expires_at") or reply.context.created + _AUDIO_LIFETIME,
        "transcript": part.text or "",
    }
