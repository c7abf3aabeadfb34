"""What a request may become on its way into another protocol, as data: everything that is not listed must stay the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crawdad.core.request import ModelRequest
from crawdad.wire.end_users import vendor_user
from crawdad.wire.features import Feature
from tests.wire.matrix.meaning import Exchange, Meaning, bare

NO_SYSTEM_IN_PLACE = {"gemini": "user"}
"""Who says instructions that come in mid-conversation. (Anthropic's stand with the rest of the instructions, in order.)"""
NOBODY_SPOKE = frozenset({"anthropic-messages", "gemini"})
"""Protocols in which somebody must have asked: a request of nothing but instructions makes them the question."""
MEDIA_BESIDE_RESULTS = frozenset({"openai-chat", "gemini"})
SAYS_ERRORS_IN_WORDS = frozenset({"openai-chat", "openai-responses"})

ADDITIONS = [
    re.compile(bare(pattern))
    for pattern in (
        r"Content of tool result [^:]{1,64}:",
        r"The content follows in the next user message\.",
        r"Answer with one (?:valid JSON object |JSON value that follows this JSON Schema, )"
        r"and nothing else: no explanation and no code fence\.(?:\{.*\}$)?",
        r"Result of tool call [^:]{1,64}:",
    )
]
"""Words of the gateway's own, wherever they stand."""
FILLER = "."
NO_RESULT = {
    "openai-chat": "Error: this call was not answered.",
    "openai-responses": "Error: the tool gave no result.",
    "anthropic-messages": "No result was recorded for this tool call.",
    "gemini": "No result was returned for this call.",
}


def reduced(meaning: Meaning, protocol: str) -> Meaning:
    """What is left of a request's meaning in `protocol`."""
    exchanges = [_exchange(exchange, protocol) for exchange in meaning.exchanges if exchange.name is not None]
    user = meaning.user + "".join(exchange.result or "" for exchange in meaning.exchanges if exchange.name is None)
    system = meaning.system
    if protocol in NOBODY_SPOKE and not (user or meaning.assistant or meaning.media or exchanges):
        system, user = "", system
    return replace(meaning, system=system, user=user, exchanges=exchanges)


def _exchange(exchange: Exchange, protocol: str) -> Exchange:
    if exchange.result is None:
        return replace(exchange, result=bare(NO_RESULT[protocol]), is_error=False)
    return exchange if protocol not in SAYS_ERRORS_IN_WORDS else replace(exchange, is_error=False)


def without_additions(meaning: Meaning, before: Meaning, protocol: str) -> Meaning:
    """The meaning of what was written, without the gateway's own words. `before` is what the client meant."""
    exchanges = []
    for number, exchange in enumerate(meaning.exchanges):
        asked = before.exchanges[number] if number < len(before.exchanges) else Exchange()
        result = _plain(exchange.result or "")
        if asked.is_error and protocol in SAYS_ERRORS_IN_WORDS and result != asked.result:
            result = result.removeprefix("Error:").removesuffix("Error")
        unanswered = asked.result is None
        exchanges.append(replace(exchange, result=result, is_error=exchange.is_error and not unanswered))
    user = _plain(meaning.user)
    if user.startswith(FILLER) and not before.user.startswith(FILLER):
        user = user[1:]
    return replace(meaning, system=_plain(meaning.system), user=user, exchanges=exchanges)


def _plain(text: str) -> str:
    for pattern in ADDITIONS:
        text = pattern.sub("", text)
    return text


Allowed = Callable[[Any, Any, ModelRequest], bool]
"""`(asked, written, request)`: whether `written` is what the documents say becomes of `asked`."""


def _is_default(value: Any) -> Allowed:
    return lambda asked, written, _: written is None and asked == value


def _same_schema(asked: Any, written: Any, request: ModelRequest) -> bool:
    """Anthropic's subset: closed objects, and constraints it lacks as words in the description."""
    return isinstance(written, dict) and _names(asked) == _names(written)


def _names(schema: Any) -> set[str]:
    """The names of all properties, at any depth."""
    if isinstance(schema, list):
        return {name for item in schema for name in _names(item)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own.union(*(_names(value) for value in schema.values()))


MAPPINGS: dict[tuple[str, Feature], Allowed] = {
    ("anthropic-messages", Feature.MAX_TOKENS): lambda asked, written, _: asked is None and written == 8192,
    ("anthropic-messages", Feature.TEMPERATURE): _is_default(1),  # the only value beside thinking, so it is not said
    ("anthropic-messages", Feature.PARALLEL_TOOL_CALLS): _is_default(True),
    ("anthropic-messages", Feature.JSON_SCHEMA_OUTPUT): _same_schema,
    ("anthropic-messages", Feature.TOOL_CHOICE_ALLOWED): lambda asked, written, _: written is None,  # the list is cut
    ("anthropic-messages", Feature.USER): lambda asked, written, _: written == vendor_user(asked, 256),
    ("openai-chat", Feature.USER): lambda asked, written, _: written == vendor_user(asked, 64),
    ("openai-responses", Feature.USER): lambda asked, written, _: written == vendor_user(asked, 64),
}
"""What knobs become where they are neither the same nor noted."""


def tools_fit(asked: Meaning, written: Meaning, request: ModelRequest, protocol: str) -> bool:
    """Whether the tools came through: the same ones with the same schemas, cut to the allowed ones where the protocol has
    no other way to say so, and in Anthropic's subset where they are strict."""
    choice = request.tool_choice
    cut = protocol == "anthropic-messages" and choice is not None and choice.mode == "allowed"
    strict = {tool.name for tool in request.tools if tool.strict and protocol == "anthropic-messages"}
    for name, (description, parameters) in asked.tools.items():
        if name not in written.tools:
            if not cut:
                return False
            continue
        told, schema = written.tools[name]
        same = schema == parameters or (name in strict and _names(schema) == _names(parameters))
        if not same or (description or "") not in (told or ""):
            return False
    return written.tools.keys() <= asked.tools.keys()
