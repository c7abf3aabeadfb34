"""One small foreign answer for each `AnswerFeature`, and how to find the feature in what a client was told.

`unseal` is allowed here: what is sealed counts as told, since the client hands it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from crawdad.core.events import MessageEnd, MessageStart, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import (
    Citation,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    TokenLogprob,
    ToolCallPart,
)
from crawdad.core.usage import Usage
from crawdad.wire.answers import AnswerFeature
from crawdad.wire.seals import unseal, unseal_id
from tests.wire.matrix.facts import facts_of

JsonObject = dict[str, Any]

VENDOR = "elsewhere"
PIXEL = "iVBORw0KGgo="


@dataclass
class Probe:
    """`parts` of the answer (a list for each choice), and `told(protocol, body)`: what of it is there."""

    parts: Callable[[], list[list[Part]]]
    told: Callable[[str, JsonObject], bool]
    usage: Usage = field(default_factory=lambda: Usage(100, 50))
    stop: Stop = field(default_factory=lambda: Stop("end", "finished"))
    extra: JsonObject = field(default_factory=dict)

    def events(self) -> list[StreamEvent]:
        """The answer, made anew each time."""
        events: list[StreamEvent] = [MessageStart("up1", "their-model", 1, VENDOR, None, dict(self.extra))]
        index = 0
        for choice, parts in enumerate(self.parts()):
            for part in parts:
                events += [PartStart(index, part, choice), PartEnd(index)]
                index += 1
        others = [Stop("end", "finished") for _ in self.parts()[1:]]
        return [*events, MessageEnd(self.stop, self.usage, others)]


def _one(*parts: Part) -> Callable[[], list[list[Part]]]:
    return lambda: [deepcopy(list(parts))]


def strings(value: Any) -> Iterator[str]:
    """Every string in some JSON, names included, and what is sealed in it."""
    if isinstance(value, str):
        yield value
        opened = unseal(value.replace("-", "+").replace("_", "/"))
        if opened is not None:
            yield from strings(opened)
        signature = unseal_id(value)[2]
        if signature is not None:
            yield signature
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def _says(word: str) -> Callable[[str, JsonObject], bool]:
    return lambda _, body: word in set(strings(body))


def _counts(number: int) -> Callable[[str, JsonObject], bool]:
    return lambda _, body: f": {number}" in json.dumps(body)


def _called(protocol: str, body: JsonObject) -> bool:
    return [(call.name, call.arguments) for call in facts_of(protocol, body).first.calls] == [("f", {"a": 1})]


def _patched(protocol: str, body: JsonObject) -> bool:
    calls = facts_of(protocol, body).first.calls
    return [call.name for call in calls] == ["patch"] and calls[0].arguments in ("*** free", {"input": "*** free"})


def _ranged(protocol: str, body: JsonObject) -> bool:
    return '"start_index": 4' in json.dumps(body) or '"startIndex": 4' in json.dumps(body)


_PAGE = Citation("url", "https://example.org/page", "Page", 4, 8, protocol=VENDOR)
_FILE = Citation("file", None, "notes.txt", file_id="file-77", protocol=VENDOR)
_CALL: JsonObject = {"id": "c1", "name": "f", "arguments": '{"a":1}'}
_F = AnswerFeature

PROBES: dict[AnswerFeature, Probe] = {
    _F.TEXT: Probe(_one(TextPart("hello there")), lambda p, body: facts_of(p, body).first.text == "hello there"),
    _F.REFUSAL: Probe(
        _one(RefusalPart("I will not")),
        lambda p, body: "I will not" in (facts_of(p, body).first.refusal, facts_of(p, body).first.text),
        stop=Stop("refusal", "no"),
    ),
    _F.THINKING: Probe(
        _one(ThinkingPart("let me see", signature="s", origin=VENDOR), TextPart("x")),
        lambda p, body: facts_of(p, body).first.thinking == "let me see",
    ),
    _F.SEALED_THINKING: Probe(
        _one(ThinkingPart(encrypted="sec+ret/=", redacted=True, id="th1", origin=VENDOR), TextPart("x")),
        _says("sec+ret/="),
    ),
    _F.TOOL_CALLS: Probe(_one(ToolCallPart(**_CALL)), _called, stop=Stop("tool_use", "calls")),
    _F.CUSTOM_CALLS: Probe(_one(ToolCallPart("c1", "patch", "*** free", custom=True)), _patched),
    _F.CALL_SIGNATURES: Probe(_one(ToolCallPart(**_CALL, signature="pro+of/=", origin=VENDOR)), _says("pro+of/=")),
    _F.TEXT_SIGNATURES: Probe(_one(TextPart("x", signature="pro+of/=")), _says("pro+of/=")),
    _F.URL_CITATIONS: Probe(_one(TextPart("The page says so.", [_PAGE])), _says("https://example.org/page")),
    _F.FILE_CITATIONS: Probe(
        _one(TextPart("The notes say so.", [_FILE])),
        lambda p, body: bool({"file-77", "notes.txt"} & set(strings(body))),
    ),
    _F.CITATION_RANGES: Probe(_one(TextPart("The page says so.", [_PAGE])), _ranged),
    _F.LOGPROBS: Probe(
        _one(TextPart("hi", logprobs=[TokenLogprob("hi", -0.25, None, [TokenLogprob("ho", -1.5)])])),
        lambda p, body: facts_of(p, body).first.tokens == [("hi", -0.25)] and "-1.5" in json.dumps(body),
    ),
    _F.CHOICES: Probe(lambda: [[TextPart("one")], [TextPart("two")]], _says("two")),
    _F.IMAGES: Probe(
        _one(MediaPart("image", data=PIXEL, media_type="image/png")),
        lambda p, body: facts_of(p, body).first.images == [PIXEL],
    ),
    _F.AUDIO: Probe(
        _one(MediaPart("audio", data="UklGRg==", text="spoken", media_type="audio/wav")), _says("UklGRg==")
    ),
    _F.SERVER_ITEMS: Probe(
        _one(OpaquePart(VENDOR, "web_search_call", {"query": "weather"}), TextPart("x")), _says("weather")
    ),
    _F.STOP_SEQUENCE: Probe(_one(TextPart("x")), _says("END!"), stop=Stop("stop_sequence", "stop", "END!")),
    _F.CACHED_TOKENS: Probe(_one(TextPart("x")), _counts(31), Usage(100, 50, cache_read_tokens=31)),
    _F.CACHE_WRITE_TOKENS: Probe(_one(TextPart("x")), _counts(37), Usage(100, 50, cache_write_tokens=37)),
    _F.REASONING_TOKENS: Probe(_one(TextPart("x")), _counts(41), Usage(100, 50, reasoning_tokens=41)),
    _F.AUDIO_TOKENS: Probe(_one(TextPart("x")), _counts(43), Usage(100, 50, audio_input_tokens=43)),
    _F.IMAGE_TOKENS: Probe(_one(TextPart("x")), _counts(47), Usage(100, 50, image_output_tokens=47)),
    _F.WEB_SEARCHES: Probe(_one(TextPart("x")), _counts(53), Usage(100, 50, web_searches=53)),
    _F.COST: Probe(_one(TextPart("x")), lambda _, body: "0.0625" in json.dumps(body), Usage(100, 50, cost=0.0625)),
    _F.VENDOR_FIELDS: Probe(_one(TextPart("x")), _says("theirs"), extra={"mystery": "theirs"}),
}

HINTS: dict[tuple[str, AnswerFeature], Callable[[str, JsonObject], bool]] = {
    ("openai-chat", _F.FILE_CITATIONS): _says("file-77"),
    ("openai-responses", _F.AUDIO): lambda p, body: facts_of(p, body).first.text == "spoken",
    ("anthropic-messages", _F.AUDIO): lambda p, body: facts_of(p, body).first.text == "spoken",
    ("anthropic-messages", _F.IMAGES): lambda p, body: facts_of(p, body).first.text == "[image: image/png]",
    ("anthropic-messages", _F.CITATION_RANGES): _says("https://example.org/page"),
}
"""What is left of what is only approximated."""
