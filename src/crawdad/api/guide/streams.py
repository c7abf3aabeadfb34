"""A turn as server-sent events, and what keeps the line warm while the agent is silent.

Every event has the number of the run's event as its id: a client that lost the line comes back with `Last-Event-ID`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
import structlog

from crawdad.api.guide.errors import error_object
from crawdad.api.guide.shapes import reply
from crawdad.core.agents import RunEvent
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text
from crawdad.services.sessions.conversations import Conversations
from crawdad.services.tasks import Tasks

DONE = b"data: [DONE]\n\n"
_PING = b": keep-alive\n\n"
_WAITING = 64
_log = structlog.get_logger(__name__)
_NAMES = {"assistant": "message.delta", "thinking": "thinking.delta", "tool": "tool", "client_call": "tool.client"}


async def told(
    conversations: Conversations, run_id: str, begun: JsonObject, *, after: int, language: Language
) -> AsyncIterator[bytes]:
    """The events of a run numbered above `after`, then what it came to."""
    yield frame("run.started", {**begun, "runId": run_id})
    async for event in conversations.runs.follow(run_id, after):
        written = spoken(event)
        if written is not None:
            yield written
    try:
        state = await conversations.wait(run_id)
    except GatewayError as error:
        yield frame("error", {"success": False, "error": error_object(error, language), "runId": run_id})
    else:
        yield frame("message.completed", {**begun, **reply(state)})
    yield DONE


def spoken(event: RunEvent) -> bytes | None:
    """An event of a run as the client hears it; None: it is none of the client's."""
    name = _NAMES.get(event.kind)
    data = event.data
    if event.kind == "assistant":
        data = {"delta": event.words}
    elif event.kind == "lifecycle" and data.get("resumed"):
        name, data = "run.resumed", {"kept": data.get("kept", 0)}
    if name is None or data.get("delta") == "":
        return None
    return frame(name, {**data, "runId": event.run_id}, event.number)


def frame(name: str, data: JsonObject, number: int | None = None) -> bytes:
    """One server-sent event."""
    id_ = "" if number is None else f"id: {number}\n"
    return f"{id_}event: {name}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


async def kept_warm(
    chunks: AsyncIterator[bytes], tasks: Tasks, seconds: float, language: Language
) -> AsyncIterator[bytes]:
    """`chunks`, and a comment whenever none came for so many seconds."""
    waiting: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)
    failures: list[GatewayError] = []

    async def pump() -> None:
        try:
            async for chunk in chunks:
                await waiting.put(chunk)
        except GatewayError as error:
            failures.append(error)
        except Exception:  # a stream is an edge: whoever listens must not be kept warm for ever
            _log.exception("stream_failed")
            failures.append(GatewayError(ErrorKind.INTERNAL, Text("agents.internal")))
        await waiting.put(None)

    task = tasks.start(pump(), "events of a turn")
    try:
        while True:
            try:
                async with asyncio.timeout(seconds):
                    chunk = await waiting.get()
            except TimeoutError:
                yield _PING
                continue
            if chunk is None:
                break
            yield chunk
        if failures:
            yield frame("error", {"success": False, "error": error_object(failures[0], language)})
            yield DONE
    finally:
        task.cancel()
