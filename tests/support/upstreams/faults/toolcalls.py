"""Faults of tool calls: deltas out of order, twice, empty or broken. Every answer plays the story `parallel`."""

from __future__ import annotations

from collections import defaultdict
from itertools import zip_longest
from typing import Any

import orjson

from tests.support.upstreams.faults.scene import Change, Scene, fault, rewritten

STORY = "parallel"


def _payload(event: bytes) -> dict[str, Any]:
    start = event.find(b"{")
    return orjson.loads(event[start : event.rfind(b"}") + 1]) if start >= 0 else {}


def owner(payload: dict[str, Any]) -> int | None:
    """The number of the tool call that an event of a stream belongs to; None for other events."""
    for choice in payload.get("choices", ()):
        for call in choice.get("delta", {}).get("tool_calls", ()):
            return int(call["index"])
    if payload.get("item", payload.get("content_block", {})).get("type") in ("function_call", "tool_use"):
        return int(payload.get("output_index", payload.get("index", 0)))
    if payload.get("type", "").startswith("response.function_call_arguments"):
        return int(payload["output_index"])
    return None


def _by_call(scene: Scene) -> tuple[list[bytes], list[list[bytes]], list[bytes]]:
    """The events before the calls, those of each call, and those after."""
    before: list[bytes] = []
    calls: dict[int, list[bytes]] = defaultdict(list)
    after: list[bytes] = []
    for event in scene.events():
        payload = _payload(event)
        number = owner(payload)
        if number is None and payload.get("index") in calls and "content_block" in payload.get("type", ""):
            number = payload["index"]  # Anthropic's deltas and stops say only the index
        if number is not None:
            calls[number].append(event)
        else:
            (after if calls else before).append(event)
    return before, list(calls.values()), after


@fault("tool-calls-interleaved", needs="stream", story=STORY)
async def interleaved(scene: Scene) -> None:
    """The deltas of parallel calls take turns."""
    before, calls, after = _by_call(scene)
    mixed = [event for row in zip_longest(*calls) for event in row if event is not None]
    await scene.play([*before, *mixed, *after])


@fault("tool-calls-reversed", needs="stream", story=STORY)
async def reversed_calls(scene: Scene) -> None:
    """The last call comes first, with its own index."""
    before, calls, after = _by_call(scene)
    await scene.play([*before, *(event for call in reversed(calls) for event in call), *after])


@fault("tool-start-late", needs="stream", story=STORY)
async def start_late(scene: Scene) -> None:
    """Arguments of a call come before its name and id."""
    before, calls, after = _by_call(scene)
    swapped = [[*call[1:2], *call[:1], *call[2:]] for call in calls]
    await scene.play([*before, *(event for call in swapped for event in call), *after])


@fault("tool-deltas-reordered", needs="stream", story=STORY)
async def deltas_reordered(scene: Scene) -> None:
    """The argument deltas of each call come in reverse order: nobody can make sense of them."""
    await scene.play(_changed_deltas(scene, lambda deltas: deltas[::-1]))


@fault("tool-deltas-duplicated", needs="stream", story=STORY)
async def deltas_duplicated(scene: Scene) -> None:
    """Every argument delta comes twice."""
    await scene.play(_changed_deltas(scene, lambda deltas: [delta for delta in deltas for _ in range(2)]))


@fault("tool-deltas-missing", needs="stream", story=STORY)
async def deltas_missing(scene: Scene) -> None:
    """Calls begin and end without a single argument delta."""
    await scene.play(_changed_deltas(scene, lambda deltas: []))


def _changed_deltas(scene: Scene, change: Any) -> list[bytes]:
    before, calls, after = _by_call(scene)
    out = before
    for call in calls:
        deltas = [event for event in call if _is_delta(_payload(event))]
        first = call.index(deltas[0]) if deltas else len(call)
        rest = [event for event in call[first:] if event not in deltas]
        out = [*out, *call[:first], *change(deltas), *rest]
    return [*out, *after]


def _is_delta(payload: dict[str, Any]) -> bool:
    if "choices" in payload:
        return "id" not in payload["choices"][0]["delta"]["tool_calls"][0]
    return str(payload.get("type", "")).endswith(("arguments.delta", "content_block_delta"))


@fault("tool-starts-duplicated", needs="stream", story=STORY)
async def starts_duplicated(scene: Scene) -> None:
    """Every call is announced twice."""
    before, calls, after = _by_call(scene)
    await scene.play([*before, *(event for call in calls for event in [call[0], *call]), *after])


@fault("tool-deltas-empty", needs="stream", story=STORY)
async def deltas_empty(scene: Scene) -> None:
    """An empty argument delta after each that is none."""

    def change(payload: dict[str, Any]) -> Any:
        if owner(payload) is None and "input_json_delta" not in str(payload):
            return payload
        return [payload, _replaced(payload, "")] if _is_delta(payload) else payload

    await scene.play(rewritten(scene.events(), change))


def _is_start(payload: dict[str, Any]) -> bool:
    if owner(payload) is None or "choices" not in payload:
        return str(payload.get("type", "")).endswith(("item.added", "block_start"))
    return not _is_delta(payload)


_ARGUMENTS = ("arguments", "args", "input", "partial_json")


def _replaced(value: Any, arguments: Any) -> Any:
    """`value` with the arguments of every tool call in it replaced, at any depth."""
    if isinstance(value, list):
        return [_replaced(item, arguments) for item in value]
    if not isinstance(value, dict):
        return value
    delta = str(value.get("type", "")).endswith("arguments.delta")
    out = {
        name: arguments if name in _ARGUMENTS else _replaced(inner, arguments)
        for name, inner in value.items()
        if name not in ("tools", "usage")
    }
    return {**value, **out, **({"delta": arguments} if delta else {})}


def _everywhere(name: str, value: Any) -> Change:
    """Sets the key `name` of every tool call to `value` (None: takes it out)."""

    def change(payload: Any) -> Any:
        if isinstance(payload, list):
            return [change(item) for item in payload]
        if not isinstance(payload, dict):
            return payload
        out = {key: inner if key == "tools" else change(inner) for key, inner in payload.items()}
        call = any(key in payload for key in _ARGUMENTS) and "name" in payload
        holder = "function" in payload or "functionCall" in payload
        if name in out and (call or holder):
            out = {key: inner for key, inner in out.items() if key != name or value is not None}
            if value is not None:
                out[name] = value
        return out

    return change


@fault("tool-arguments", story=STORY)
async def arguments(scene: Scene) -> None:
    """Arguments that are `as`: empty text, broken JSON, a list, a number or null. Streams tell them in one delta."""
    values = {"empty": "", "broken": '{"city": "Par', "list": "[1, 2]", "number": "7", "null": "null"}
    value = values[scene.options.get("as", "broken")]
    events = _changed_deltas(scene, lambda deltas: deltas[:1]) if scene.ask.stream else scene.events()
    await scene.play(rewritten(events, lambda payload: payload if _is_start(payload) else _replaced(payload, value)))


@fault("tool-without-id", story=STORY)
async def without_id(scene: Scene) -> None:
    """Calls whose id is empty, or with `gone=1` left out."""
    name = "call_id" if scene.ask.protocol == "responses" else "id"
    change = _everywhere(name, None if scene.options.get("gone") else "")
    await scene.play(rewritten(scene.events(), change))


@fault("tool-without-name", story=STORY)
async def without_name(scene: Scene) -> None:
    """Calls whose name is empty, or with `gone=1` left out."""
    change = _everywhere("name", None if scene.options.get("gone") else "")
    await scene.play(rewritten(scene.events(), change))


@fault("tool-without-index", needs="stream", story=STORY)
async def without_index(scene: Scene) -> None:
    """Chat deltas whose calls have no index, as some compatible vendors send them."""

    def change(payload: dict[str, Any]) -> Any:
        for choice in payload.get("choices", ()):
            for call in choice.get("delta", {}).get("tool_calls", ()):
                call.pop("index", None)
        return payload

    await scene.play(rewritten(scene.events(), change))
