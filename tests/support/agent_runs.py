"""Runs of agents that follow a script: what is asked says what happens. Everything ordered and cancelled is written down.

The last line of the message decides: `wait` says one word and then nothing more until it is cancelled; `client tool` calls the
first client tool; `own tool` says something, uses a tool of the agent's own, and says more; `fail <kind>` fails; `silent` ends
with no word; `count <n>` says n numbers, each once somebody asked for it by another order `go on`; anything else is echoed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from crawdad.core.agents import Delivery, RunEvent, RunOrder, RunState
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import MediaPart, Part, TextPart, ToolCallPart
from crawdad.core.sessions import Route, SessionEntry
from crawdad.core.usage import Usage


@dataclass
class _Run:
    state: RunState
    events: list[RunEvent] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    task: asyncio.Task[None] | None = None


class Records:
    """Lines of JSON that outlast the process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, kind: str, **values: Any) -> None:
        with self._path.open("ab") as file:
            file.write(orjson.dumps({"kind": kind, **values}) + b"\n")

    def read(self, kind: str = "") -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        lines = [orjson.loads(line) for line in self._path.read_bytes().splitlines()]
        return [line for line in lines if not kind or line["kind"] == kind]


class ScriptedRuns:
    """`core.agents.AgentRuns`."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._runs: dict[str, _Run] = {}
        self._by_key: dict[tuple[str, str | None], str] = {
            (r["principal"], r["key"]): r["run"] for r in records.read("order") if r["key"]
        }
        self._gate = asyncio.Semaphore(0)

    async def start(self, order: RunOrder) -> str:
        key = (order.principal.id, order.idempotency_key)
        known = self._by_key.get(key) if order.idempotency_key else None
        if known is not None and known in self._runs:
            return known
        run_id = known or f"run_{len(self._records.read('order')) + 1}"
        if known is None:
            self._records.add(
                "order", run=run_id, principal=order.principal.id, key=order.idempotency_key, **shown(order)
            )
        self._by_key[key] = run_id
        state = RunState(
            run_id, order.agent_id, order.session_key, "s1", "running", 0.0, order.principal.id, order.origin
        )
        run = self._runs[run_id] = _Run(state)
        run.task = asyncio.get_running_loop().create_task(self._play(run, order))
        return run_id

    async def owe(self, run_id: str) -> None:
        raise NotImplementedError

    async def known(self, principal_id: str, idempotency_key: str) -> str | None:
        return self._by_key.get((principal_id, idempotency_key))

    async def _play(self, run: _Run, order: RunOrder) -> None:
        text = "\n".join(part.text for part in order.parts if isinstance(part, TextPart))
        lines = [line for line in text.splitlines() if not line.startswith("<<<")]  # marks of what comes from outside
        last = lines[-1].removeprefix("User: ") if lines else ""
        state = run.state
        await self._tell(run, "lifecycle", {"phase": "start"})
        if order.tool_results:
            answers = [
                part.text for result in order.tool_results for part in result.content if isinstance(part, TextPart)
            ]
            await self._say(run, f"The tool said {', '.join(answers)}.")
        elif last == "wait":
            await self._say(run, "Waiting")
            await asyncio.Event().wait()
        elif last == "client tool" and order.client_tools:
            call = ToolCallPart("call_7f3a", order.client_tools[0].name, '{"location":"Berlin"}')
            await self._say(run, "Let me look.")
            await self._tell(run, "client_call", {"callId": call.id, "name": call.name, "arguments": call.arguments})
            state.calls, state.stop_reason = [call], "tool_use"
            return await self._end(run, "paused")
        elif last == "own tool":
            await self._say(run, "First.")
            await self._tell(run, "tool", {"phase": "start", "callId": "c1", "name": "read"})
            await self._tell(run, "tool", {"phase": "result", "callId": "c1", "name": "read"})
            await self._say(run, "Second.")
        elif last.startswith("fail "):
            state.error_kind, state.error = last.removeprefix("fail "), "the model could not"
            return await self._end(run, "failed")
        elif last.startswith("count "):
            for number in range(int(last.removeprefix("count "))):
                await self._tell(run, "assistant", {"delta": f"{number} "})
                await self._gate.acquire()
        elif last == "go on":
            self._gate.release()
            await self._say(run, "Going on.")
        elif last != "silent":
            await self._tell(run, "thinking", {"delta": "Hm."})
            await self._say(run, f"PONG: {last}")
        state.stop_reason = "stop"
        return await self._end(run, "completed")

    async def _say(self, run: _Run, text: str) -> None:
        for piece in (text[: len(text) // 2], text[len(text) // 2 :]):
            if piece:
                await self._tell(run, "assistant", {"delta": piece})
        run.state.text = text

    async def _tell(self, run: _Run, kind: Any, data: dict[str, Any]) -> None:
        async with run.news:
            run.events.append(RunEvent(run.state.id, len(run.events) + 1, 0.0, kind, data))
            run.news.notify_all()

    async def _end(self, run: _Run, status: Any) -> None:
        run.state.usage = Usage(input_tokens=30, output_tokens=7, cache_read_tokens=10)
        async with run.news:
            run.state.status = status
            run.news.notify_all()

    async def follow(self, run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
        run = self._runs[run_id]
        while True:
            async with run.news:
                while len(run.events) <= after and not run.state.ended:
                    await run.news.wait()
                fresh = run.events[after:]
            for event in fresh:
                after = event.number
                yield event
            if not fresh:
                return

    async def look(self, run_id: str) -> RunState | None:
        run = self._runs.get(run_id)
        return None if run is None else run.state

    async def wait(self, run_id: str, seconds: float | None = None) -> RunState:
        run = self._runs.get(run_id)
        if run is None:
            raise GatewayError(ErrorKind.NOT_FOUND, "no such run")
        async with run.news:
            await run.news.wait_for(lambda: run.state.ended)
        return run.state

    async def cancel(self, run_id: str) -> bool:
        run = self._runs[run_id]
        if run.state.ended:
            return False
        self._records.add("cancel", run=run_id)
        if run.task is not None:
            run.task.cancel()
        await self._end(run, "cancelled")
        return True

    async def cancel_session(self, session_key: str) -> Sequence[str]:
        return []

    async def active(self, session_key: str) -> Sequence[RunState]:
        return []


def shown(order: RunOrder) -> dict[str, Any]:
    """What tests look at in an order."""
    return {
        "agent": order.agent_id,
        "session": order.session_key,
        "origin": order.origin,
        "text": "\n".join(part.text for part in order.parts if isinstance(part, TextPart)),
        "media": [part.media_type for part in order.parts if isinstance(part, MediaPart)],
        "results": [result.call_id for result in order.tool_results],
        "system": order.extra_system,
        "tools": [tool.name for tool in order.client_tools],
        "model": order.model,
        "thinking": order.thinking,
        "timeout": order.timeout_seconds,
        "untrusted": order.untrusted,
        "temperature": order.sampling.temperature if order.sampling else None,
        "n": order.sampling.n if order.sampling else None,
        "format": order.response_format.kind if order.response_format else None,
        "owner": order.sender.owner,
        "sender": order.sender.name,
        "channel": order.channel,
        "title": order.title,
    }


class RememberedSessions:
    """`core.sessions.Sessions`, as far as the doors need it: a session belongs to whoever spoke in it first."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def get(self, key: str) -> SessionEntry | None:
        first = next((order for order in self._records.read("order") if order["session"] == key), None)
        if first is None:
            return None
        owner = "" if first["owner"] else first["principal"]
        return SessionEntry(key, "s1", first["agent"], "other", 0.0, 0.0, owner)


class WrittenEvents:
    """`core.agents.SystemEvents`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def add(self, session_key: str, text: str, *, key: str | None = None, untrusted: bool = True) -> bool:
        if key is not None and any(event["key"] == key for event in self._records.read("event")):
            return False
        self._records.add("event", session=session_key, text=text, key=key)
        return True

    async def take(self, session_key: str, run_id: str) -> Sequence[str]:
        return []

    async def waiting(self, session_key: str) -> int:
        return len([event for event in self._records.read("event") if event["session"] == session_key])


class WrittenHeartbeats:
    """`core.agents.Heartbeats`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def request(self, agent_id: str, reason: str, session_key: str | None = None) -> None:
        self._records.add("heartbeat", agent=agent_id, reason=reason)


class WrittenOutbound:
    """`core.agents.Outbound` with one channel."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def channels(self) -> Sequence[str]:
        return ("telegram",)

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        text = "".join(part.text for part in parts if isinstance(part, TextPart))
        if not any(sent["key"] == key for sent in self._records.read("sent")):
            self._records.add("sent", channel=route.channel, to=route.to, text=text, key=key)
        return Delivery("delivered")
