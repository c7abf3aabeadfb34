"""Agents that do as the message says, over real sessions: the port `core.agents.AgentRuns` without a model.

`say X` answers X, `fail` fails as an upstream does, `hang` goes on until it is stopped, `think X` thinks first, `call` calls a
tool. Anything else is answered with what was asked, the system's words and the model. Every turn takes 10 + 5 tokens, `cost N`
takes N.

`REST` is a command for `tests.support.server`: a gateway whose REST interface talks to these.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any

from crawdad.core.agents import EventKind, RunEvent, RunOrder, RunState
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject, MediaPart, Message, TextPart
from crawdad.core.sessions import NewLogEvent
from crawdad.core.text import Text
from crawdad.core.usage import Usage
from crawdad.services.sessions.service import SessionService
from crawdad.services.sessions.transcript import text_of, write_message
from crawdad.services.tasks import Tasks

REST = (sys.executable, "-m", "tests.support.rest_server")


class ScriptedRuns:
    """The port. `orders` keeps what was ordered."""

    def __init__(self, sessions: SessionService, tasks: Tasks) -> None:
        self.orders: list[RunOrder] = []
        self._sessions = sessions
        self._tasks = tasks
        self._states: dict[str, RunState] = {}
        self._events: dict[str, list[RunEvent]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._changed = asyncio.Condition()

    async def waiting(self) -> int:
        """How many runs have not ended."""
        return sum(not state.ended for state in self._states.values())

    async def start(self, order: RunOrder) -> str:
        if order.idempotency_key is not None:
            known = self._keys.get((order.principal.id, order.idempotency_key))
            if known is not None:
                return known
        if order.agent_id == "nobody":
            raise GatewayError(ErrorKind.NOT_FOUND, Text("sessions.not_found", {"key": order.agent_id}))
        self.orders.append(order)
        run_id = f"run-{len(self.orders)}"
        if order.idempotency_key is not None:
            self._keys[order.principal.id, order.idempotency_key] = run_id
        entry = await self._sessions.open(order.session_key)
        now = self._sessions.clock.now()
        state = RunState(
            run_id, order.agent_id, order.session_key, entry.session_id, "running", now, order.principal.id
        )
        self._states[run_id], self._events[run_id] = state, []
        self._running[run_id] = self._tasks.start(self._run(order, state), run_id)
        return run_id

    async def owe(self, run_id: str) -> None:
        raise NotImplementedError

    async def known(self, principal_id: str, idempotency_key: str) -> str | None:
        return self._keys.get((principal_id, idempotency_key))

    async def _run(self, order: RunOrder, state: RunState) -> None:
        entry = await self._sessions.open(order.session_key)
        asked = text_of(order.parts)
        await self._say(order, state, Message("user", order.parts))
        await self._emit(state, "lifecycle", {"phase": "start"})
        try:
            if asked == "hang":
                await asyncio.Event().wait()
            if asked == "fail":
                raise GatewayError(ErrorKind.UPSTREAM_ERROR, "the vendor's own words")
            if asked.startswith("think "):
                await self._emit(state, "thinking", {"delta": asked[6:]})
            if asked == "call":
                await self._emit(state, "tool", {"phase": "start", "callId": "c1", "name": "read", "arguments": {}})
            pictures = sum(isinstance(part, MediaPart) for part in order.parts)
            answer = asked[4:] if asked.startswith("say ") else _echo(order, asked, pictures)
            for piece in (answer[: len(answer) // 2], answer[len(answer) // 2 :]):
                await self._emit(state, "assistant", {"delta": piece})
        except asyncio.CancelledError:
            state.status, state.stop_reason = "cancelled", "cancelled"
        except GatewayError as error:
            state.status, state.error_kind, state.error = "failed", error.kind.value, error.message()
        else:
            tokens = int(asked[5:]) if asked.startswith("cost ") else 10
            state.text, state.stop_reason = answer, "stop"
            state.usage, state.model = Usage(input_tokens=tokens, output_tokens=5), "test/scripted"
            await self._say(order, state, Message("assistant", [TextPart(answer)]))
            values = {"context_tokens": tokens, "model": "test/scripted"}
            await self._sessions.count(
                entry, input_tokens=tokens, output_tokens=5, cached_tokens=0, cost=0.001, values=values
            )
            state.status = "completed"
        await self._emit(state, "lifecycle", {"phase": "end"})

    async def _say(self, order: RunOrder, state: RunState, message: Message) -> None:
        entry = await self._sessions.open(order.session_key)
        data: JsonObject = {"message": write_message(message)}
        await self._sessions.append(entry, [NewLogEvent("message", data, state.id, text_of(message.parts))])

    async def _emit(self, state: RunState, kind: EventKind, data: JsonObject) -> None:
        events = self._events[state.id]
        events.append(RunEvent(state.id, len(events) + 1, 0.0, kind, data))
        async with self._changed:
            self._changed.notify_all()

    async def follow(self, run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
        while True:
            events = self._events[run_id][after:]
            for event in events:
                after = event.number
                yield event
            if self._states[run_id].ended and len(self._events[run_id]) == after:
                return
            async with self._changed:
                await self._changed.wait_for(
                    lambda: len(self._events[run_id]) > after or self._states[run_id].ended  # noqa: B023
                )

    async def look(self, run_id: str) -> RunState | None:
        return self._states.get(run_id)

    async def wait(self, run_id: str, seconds: float | None = None) -> RunState:
        if run_id not in self._states:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("sessions.not_found", {"key": run_id}))
        await asyncio.wait({self._running[run_id]}, timeout=seconds)
        return self._states[run_id]

    async def cancel(self, run_id: str) -> bool:
        state = self._states.get(run_id)
        if state is None or state.ended:
            return False
        state.status = state.stop_reason = "cancelled"  # also where the run has not begun to listen
        self._running[run_id].cancel()
        await asyncio.wait({self._running[run_id]})
        return True

    async def cancel_session(self, session_key: str) -> Sequence[str]:
        running = [state.id for state in await self.active(session_key)]
        return [run_id for run_id in running if await self.cancel(run_id)]

    async def active(self, session_key: str) -> Sequence[RunState]:
        return [state for state in self._states.values() if state.session_key == session_key and not state.ended]


def _echo(order: RunOrder, asked: str, pictures: int) -> str:
    knobs: dict[str, Any] = {}
    if order.sampling is not None:
        knobs = {"temperature": order.sampling.temperature, "max_tokens": order.sampling.max_tokens}
    said = [f"asked={asked}", f"agent={order.agent_id}", f"system={order.extra_system}", f"model={order.model}"]
    return "; ".join([*said, f"pictures={pictures}", f"owner={order.sender.owner}", f"knobs={knobs}"])
