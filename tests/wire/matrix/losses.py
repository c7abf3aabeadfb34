"""What a client of each protocol should hear of a vendor's answer: the vendor's own account, less what the table of answers
(`crawdad.wire.answers`) says. Written down here once more as data, independently of the codecs."""

from __future__ import annotations

from dataclasses import replace

from crawdad.wire.tool_names import wire_tool_name
from tests.wire.matrix.facts import Answer, Call, Facts
from tests.wire.matrix.recorded import Recorded

REASONS: dict[str, dict[str, str]] = {
    "openai-chat": {
        "": "end",
        "stop": "end",
        "tool_calls": "tool_use",
        "length": "max_tokens",
        "content_filter": "content_filter",
    },
    "openai-responses": {
        "completed": "end",
        "complete": "end",
        "queued": "other",
        "incomplete max_output_tokens": "max_tokens",
        "incomplete content_filter": "content_filter",
    },
    "anthropic-messages": {
        "end_turn": "end",
        "tool_use": "tool_use",
        "max_tokens": "max_tokens",
        "stop_sequence": "stop_sequence",
        "refusal": "refusal",
        "pause_turn": "pause",
    },
    "gemini": {
        "STOP": "end",
        "MAX_TOKENS": "max_tokens",
        "SAFETY": "content_filter",
        "MODEL_ARMOR": "content_filter",
        "UNEXPECTED_TOOL_CALL": "end",  # with the call beside it
        "MALFORMED_FUNCTION_CALL": "malformed_tool_call",
    },
}
"""What the vendor's word means."""

CALLS_HAVE_NO_WORD = frozenset({"openai-chat", "openai-responses", "gemini"})
"""Protocols in which an answer that ends normally may hold calls."""

WORDS: dict[str, dict[str, str]] = {
    "openai-chat": {
        "end": "stop",
        "tool_use": "tool_calls",
        "max_tokens": "length",
        "content_filter": "content_filter",
        "refusal": "content_filter",
        "other": "stop",
    },
    "openai-responses": {
        "end": "completed",
        "tool_use": "completed",
        "max_tokens": "incomplete max_output_tokens",
        "content_filter": "incomplete content_filter",
        "refusal": "incomplete content_filter",
        "other": "incomplete None",
    },
    "anthropic-messages": {
        "end": "end_turn",
        "tool_use": "tool_use",
        "max_tokens": "max_tokens",
        "content_filter": "refusal",
        "refusal": "refusal",
        "other": "end_turn",
    },
    "gemini": {
        "end": "STOP",
        "tool_use": "STOP",
        "max_tokens": "MAX_TOKENS",
        "content_filter": "SAFETY",
        "refusal": "SAFETY",
        "other": "OTHER",
    },
}
"""The client's word for it."""

ONE_CHOICE = frozenset({"openai-responses", "anthropic-messages"})
NO_CACHE_WRITES = frozenset({"gemini"})
NO_LOGPROBS = frozenset({"anthropic-messages"})
NO_REFUSALS = frozenset({"anthropic-messages", "gemini"})
COUNTS_ALWAYS = {("anthropic-messages", "whole"), ("anthropic-messages", "streamed"), ("openai-chat", "streamed")}
"""Where counts must be told even if nobody counted: they are 0 then."""
NAMELESS_SOURCE = {"openai-responses": "document"}
"""A source that has neither an address nor a name."""


def expected(recorded: Recorded, protocol: str, form: str) -> Facts:
    """What the SDK of a client of `protocol` should understand of the recorded answer."""
    said = recorded.facts()
    answers = said.answers[:1] if protocol in ONE_CHOICE else said.answers
    facts = replace(said, answers=[_answer(answer, recorded, protocol) for answer in answers])
    if said.input is None and (protocol, form) in COUNTS_ALWAYS:
        facts.input = facts.output = 0
    if protocol in NO_CACHE_WRITES:
        facts.written = 0
    elif protocol == "anthropic-messages" and said.input is not None:
        # Its three input counts add up to the input; one vendor reports more tokens written than there were.
        facts.written = min(facts.written, said.input - facts.cached)
    return facts


def _answer(said: Answer, recorded: Recorded, protocol: str) -> Answer:
    source = recorded.protocol
    reason = REASONS[source][said.stop]
    if reason == "end" and said.calls and source in CALLS_HAVE_NO_WORD:
        reason = "tool_use"
    answer = replace(
        said, stop=WORDS[protocol][reason], calls=[_call(call, recorded) for call in said.calls], others=[]
    )
    if protocol in NO_LOGPROBS:
        answer.tokens = []
    if protocol in NO_REFUSALS:
        answer.text, answer.refusal = said.text + said.refusal, ""
    names = {_source(name, protocol) for name in said.sources}
    answer.sources = sorted(name for name in names if name is not None)
    return answer


def _call(call: Call, recorded: Recorded) -> Call:
    """The vendor adds a namespace to tools that it found itself; the client knows them without."""
    declared = {wire_tool_name(tool) for tool in recorded.request().tools}
    name = call.name.rpartition("__")[2] if call.name not in declared else call.name
    return replace(call, name=name, id="")


def _source(name: str, protocol: str) -> str | None:
    if protocol == "anthropic-messages" and not name.startswith("http"):
        return None  # citations of files leave only their text
    return name or NAMELESS_SOURCE.get(protocol, "")
