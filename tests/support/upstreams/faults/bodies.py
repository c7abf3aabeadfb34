"""Faults of content: what the answer says is wrong, odd, or far too much."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.support.upstreams.faults.framing import MEGABYTE
from tests.support.upstreams.faults.scene import Scene, fault, rewritten

_USAGE = ("usage", "usageMetadata")
_OLLAMA_COUNTS = ("prompt_eval_count", "eval_count")
_NOTHING = object()


def _with_usage(value: Any, change: Callable[[Any], Any]) -> Any:
    """`value` with every usage in it changed, at any depth; `_NOTHING` takes it out."""
    if isinstance(value, list):
        return [_with_usage(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for name, inner in value.items():
        counted = (name in _USAGE and inner is not None) or name in _OLLAMA_COUNTS
        new = change(inner) if counted else _with_usage(inner, change)
        if new is not _NOTHING:
            out[name] = new
    return out


def _numbers(value: Any, change: Callable[[int], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _numbers(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner, change) for inner in value]
    return change(value) if isinstance(value, int) else value


_USAGES: dict[str, Callable[[Any], Any]] = {
    "missing": lambda usage: _NOTHING,
    "null": lambda usage: None,
    "empty": lambda usage: {},
    "list": lambda usage: [usage],
    "text": lambda usage: "lots",
    "negative": lambda usage: _numbers(usage, lambda count: -5),
    "string": lambda usage: _numbers(usage, str),
    "float": lambda usage: _numbers(usage, lambda count: count + 0.5),
    "huge": lambda usage: _numbers(usage, lambda count: 2**63 - 1),
    "nested": lambda usage: _numbers(usage, lambda count: {"value": [count]}),
}


@fault("usage")
async def usage(scene: Scene) -> None:
    """Usage that is `as`: missing, null, empty, list, text, negative, string, float, huge or nested."""
    change = _USAGES[scene.options.get("as", "missing")]
    if scene.ask.protocol == "chat" and scene.ask.stream:  # the usage must be there to be spoilt, asked for or not
        asking = {**scene.ask.body, "stream_options": {"include_usage": True}}
        scene = replace(scene, ask=replace(scene.ask, body=asking))
    await scene.play(rewritten(scene.events(), lambda payload: _with_usage(payload, change)))


_COUNT = re.compile(rb'"(prompt_tokens|input_tokens|promptTokenCount|prompt_eval_count)":\d+')


@fault("usage-nan")
async def usage_nan(scene: Scene) -> None:
    """Counts that are no JSON: NaN, or with `as=1e999` a number without end."""
    word = scene.options.get("as", "NaN").encode()
    await scene.play([_COUNT.sub(rb'"\1":' + word, scene.body())])


@fault("empty")
async def empty(scene: Scene) -> None:
    """Success without a body."""
    await scene.reply.whole(200, b"", {"content-type": scene.content_type})


@fault("empty-stream")
async def empty_stream(scene: Scene) -> None:
    """A proper answer in no chunks at all."""
    await scene.play([])


@fault("json")
async def other_json(scene: Scene) -> None:
    """Success with JSON that is no answer: `body` is one of null, list, string, number, object."""
    bodies = {"null": None, "list": [1, [2]], "string": "hello", "number": 7, "object": {"hello": "world"}}
    await scene.reply.whole(200, bodies[scene.options.get("body", "null")], {"content-type": scene.content_type})


@fault("html")
async def html(scene: Scene) -> None:
    """Success with a web page, as a captive portal or a wrong base URL gives."""
    await scene.reply.whole(200, b"<!doctype html><title>Welcome</title>", {"content-type": "text/html"})


@fault("other-way")
async def other_way(scene: Scene) -> None:
    """A stream was asked for, a whole answer comes; and the other way round."""
    other = replace(scene, ask=replace(scene.ask, stream=not scene.ask.stream, sse=True))
    await other.play(other.events())


@fault("lone-surrogate")
async def lone_surrogate(scene: Scene) -> None:
    """Half of a surrogate pair, escaped, in the text."""
    await scene.play([scene.body().replace(b"Hello", b"Hel\\ud83dlo")])


@fault("nul")
async def nul(scene: Scene) -> None:
    """Control characters, escaped, in the text."""
    await scene.play([scene.body().replace(b"Hello", b"Hel\\u0000\\u001b[31mlo")])


@fault("duplicate-keys")
async def duplicate_keys(scene: Scene) -> None:
    """Each JSON object says its first key twice."""
    await scene.play(re.sub(rb'\{("\w+":)', rb"{\1null,\1", event, count=1) for event in scene.events())


@fault("deep-json")
async def deep_json(scene: Scene) -> None:
    """An unknown field nested 100,000 levels deep in the first event."""
    depth = 100_000
    first, *rest = scene.events()
    nested = b'{"deep":' + b"[" * depth + b"]" * depth + b","
    await scene.play([first.replace(b"{", nested, 1), *rest])


@fault("big-delta")
async def big_delta(scene: Scene) -> None:
    """One event whose text has `megabytes` (10), on one line."""
    text = b"Hello" * (int(scene.number("megabytes", 10)) * MEGABYTE // 5)
    await scene.play([scene.body().replace(b"Hello", text)])


@fault("endless-line")
async def endless_line(scene: Scene) -> None:
    """One line that never ends."""
    await scene.begin()
    await scene.reply.send(scene.events()[0][:-2])
    while True:
        await scene.reply.send(b"x" * 65536)


@fault("endless-events", story="long")
async def endless_events(scene: Scene) -> None:
    """Text without end, as fast as the client takes it."""
    events = scene.events()
    texts = [event for event in events if b"dull" in event][:50] or [b" " * 4096]
    await scene.begin()
    await scene.reply.send(b"".join(events[:4]))
    while True:
        await scene.reply.send(b"".join(texts))


@fault("endless-comments")
async def endless_comments(scene: Scene) -> None:
    """Nothing but keep-alive, without end, as fast as the client takes it."""
    await scene.begin()
    while True:
        await scene.reply.send(b": PROCESSING\n\n" * 100 if scene.ask.stream else b" " * 4096)


@fault("huge-body")
async def huge_body(scene: Scene) -> None:
    """`megabytes` (200) of spaces before a right answer."""
    await scene.begin()
    for _ in range(int(scene.number("megabytes", 200))):
        await scene.reply.send(b" " * MEGABYTE)
    await scene.reply.send(scene.body())
    await scene.reply.end()
