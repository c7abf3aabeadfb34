"""Runs that outlast the process that ordered them, for tests that end processes: `say X` answers X, `hang` waits until `release`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from crawdad.core.agents import RunEvent, RunOrder, RunState
from crawdad.services.agents.transcript import text_of


class LastingRuns:
    """`core.agents.AgentRuns`, kept by the test."""

    def __init__(self) -> None:
        self.orders: list[RunOrder] = []
        self.states: dict[str, RunState] = {}
        self.deltas: dict[str, list[str]] = {}
        self._keys: dict[str, str] = {}
        self._news = asyncio.Event()

    async def start(self, order: RunOrder) -> str:
        key = f"{order.principal.id}:{order.idempotency_key}"
        if key in self._keys:
            return self._keys[key]
        self.orders.append(order)
        run_id = self._keys[key] = f"run-{len(self.orders)}"
        asked = text_of(order.parts)
        text = asked.removeprefix("say ")
        status = "running" if asked.endswith("hang") else "completed"
        self.states[run_id] = RunState(run_id, order.agent_id, order.session_key, "s", status, 0.0, text=text)  # type: ignore[arg-type]
        self.deltas[run_id] = [] if status == "running" else [text]
        return run_id

    async def known(self, principal_id: str, idempotency_key: str) -> str | None:
        return self._keys.get(f"{principal_id}:{idempotency_key}")

    async def owe(self, run_id: str) -> None:
        return None

    def grow(self, run_id: str, delta: str) -> None:
        """A run says more."""
        self.deltas[run_id].append(delta)
        self._wake()

    def release(self, run_id: str, text: str, status: str = "completed", error: str = "") -> None:
        """A run ends."""
        state = self.states[run_id]
        state.text, state.status, state.error = text, status, error  # type: ignore[assignment]
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def follow(self, run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
        number = after
        while True:
            deltas = self.deltas.get(run_id, [])
            while number < len(deltas):
                number += 1
                delta = deltas[number - 1]
                if delta == "<tool>":
                    yield RunEvent(run_id, number, 0.0, "tool", {"phase": "start", "name": "look"})
                elif delta.startswith("<absorbed by "):
                    yield RunEvent(run_id, number, 0.0, "lifecycle", {"phase": "end", "absorbedBy": "other"})
                else:
                    yield RunEvent(run_id, number, 0.0, "assistant", {"delta": delta})
            if run_id not in self.states or self.states[run_id].ended:
                return
            await self._news.wait()

    async def look(self, run_id: str) -> RunState | None:
        return self.states.get(run_id)

    async def wait(self, run_id: str, seconds: float | None = None) -> RunState:
        return self.states[run_id]

    async def cancel(self, run_id: str) -> bool:
        return False

    async def cancel_session(self, session_key: str) -> Sequence[str]:
        running = [state.id for state in await self.active(session_key)]
        for run_id in running:
            self.release(run_id, "", "cancelled")
        return running

    async def active(self, session_key: str) -> Sequence[RunState]:
        return [one for one in self.states.values() if one.session_key == session_key and not one.ended]
