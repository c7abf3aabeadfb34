"""Streams of agents' answers that can be taken up again without having been asked for in the background.

Nothing of such a stream is kept twice: the agent's run keeps what happened, and the stream is made of it anew, every event
with the number that it had. What is kept of the response itself, from its first event on, is what was asked.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness
from crawdad.core.text import Text
from crawdad.services.responses.again import origin_of, turn_again
from crawdad.services.responses.framing import CLOSING
from crawdad.services.tasks import Tasks
from crawdad.services.turns.turn import Turn
from crawdad.store.responses import UNFINISHED, ResponseStore, StoredResponse
from crawdad.wire.fields import whole_number
from crawdad.wire.openai_responses import EventWriter, response_object

KEPT_SECONDS = 30 * 24 * 3600.0
LAST_EVENT = "last-event-id"
_IDEMPOTENCY = "idempotency-key"
_MARK = re.compile(r"(resp_[A-Za-z0-9]{1,128}):(\d{1,12})\Z", re.ASCII)

_log = structlog.get_logger(__name__)


class AgentAnswers(Protocol):
    """What is needed of the agents (`services.agent_doors.source.AgentSource`)."""

    def retell(self, turn: Turn) -> AsyncGenerator[list[StreamEvent], None]: ...

    async def is_known(self, run_id: str) -> bool: ...

    async def stop(self, run_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a client's stream broke off: the response, and the number of the last event that it heard."""

    response_id: str
    number: int


def mark_of(given: str) -> Mark | None:
    """What a `Last-Event-ID` says; None: it is none of a response's stream."""
    found = _MARK.match(given.strip())
    return None if found is None else Mark(found[1], int(found[2]))


def number_of(given: str, response_id: str) -> int | None:
    """The number in the `Last-Event-ID` of a request that names the response itself; None: it is none of it."""
    mark = mark_of(given)
    if mark is not None:
        return mark.number if mark.response_id == response_id else None
    return whole_number(given)


def run_of(record: StoredResponse) -> str:
    """The agent's run whose stream can be told again; empty where there is none."""
    return str((record.origin or {}).get("run") or "")


class Resuming:
    """The streams of this process and what becomes of them. `runner` names the process."""

    def __init__(
        self,
        store: ResponseStore,
        agents: AgentAnswers,
        tasks: Tasks,
        clock: Clock,
        randomness: Randomness,
        runner: str,
        seconds: Callable[[], float],
    ) -> None:
        self._store = store
        self._agents = agents
        self._tasks = tasks
        self._clock = clock
        self._randomness = randomness
        self._runner = runner
        self._seconds = seconds

    async def open(self, turn: Turn, body: JsonObject) -> StoredResponse:
        """Keep a response whose stream begins."""
        response = response_object(turn.context, "in_progress")
        now = self._clock.now()
        record = StoredResponse(
            id=response["id"],
            principal_id=turn.principal.id,
            status="in_progress",
            created_at=turn.exchange.started_at,
            updated_at=now,
            request=body,
            response=response,
            runner=self._runner,
            expires_at=now + KEPT_SECONDS,
            origin=origin_of(turn),
        )
        try:
            await self._store.create(record)
        except GatewayError as error:
            if error.kind is not ErrorKind.CONFLICT:  # else the same request has come before, by its idempotency key
                raise
        turn.is_resumable = True
        return record

    async def end(self, record: StoredResponse, response: JsonObject) -> None:
        """Keep what a response came to."""
        status = str(response.get("status") or "completed")
        await self._store.update(record.id, record.principal_id, status, self._clock.now(), response)

    def leave(self, record: StoredResponse, principal: Principal) -> None:
        """The client is gone in the middle: see the run to its end, or to the end of the time that it has to come back."""
        patience = None if record.origin and _IDEMPOTENCY in record.origin["headers"] else self._seconds()
        self._tasks.start(self._see_off(record, principal, patience), f"response {record.id}")

    async def take_up(self, left: StoredResponse, principal: Principal) -> bool:
        """See to a response whose process is gone. False: its run is not kept any more."""
        if not await self._agents.is_known(run_of(left)):
            return False
        if await self._store.adopt(left.id, left.runner, self._runner, self._clock.now()):
            self._tasks.start(self._see_off(left, principal, None), f"response {left.id}")
        return True

    async def stop(self, record: StoredResponse) -> None:
        """Stop the run of a response that nobody wants any more."""
        await self._agents.stop(run_of(record))

    async def tell(self, record: StoredResponse, principal: Principal, after: int) -> AsyncIterator[JsonObject]:
        """The events numbered above `after`, as they come, until the response has ended. Raises NOT_FOUND when its run is kept
        no longer."""
        if not await self._agents.is_known(run_of(record)):
            raise run_gone()
        await self._store.touch(record.id, record.principal_id, self._clock.now())
        return self._told(record, principal, after)

    async def _told(self, record: StoredResponse, principal: Principal, after: int) -> AsyncGenerator[JsonObject, None]:
        assert record.origin is not None
        turn = turn_again(record, record.origin, principal, self._randomness.new_id(), self._clock.now)
        writer = EventWriter(turn.context)
        try:
            async with aclosing(self._agents.retell(turn)) as batches:
                async for batch in batches:
                    for event in batch:
                        for said in writer.events_of(event):
                            closing = await self._closing(record, said)
                            if said["sequence_number"] > after:
                                yield closing
        except GatewayError as error:
            for said in writer.fail_events(error, turn.language, known=True):
                closing = await self._closing(record, said)
                if said["sequence_number"] > after:
                    yield closing

    async def _closing(self, record: StoredResponse, event: JsonObject) -> JsonObject:
        """An event, where it is the last one with the response as it is kept."""
        if event["type"] not in CLOSING:
            return event
        await self.end(record, event["response"])
        found = await self._store.get(record.id, record.principal_id, self._clock.now())
        known = found is not None and found.status == event["response"]["status"]
        return {**event, "response": found.response} if found is not None and known else event

    async def _see_off(self, record: StoredResponse, principal: Principal, patience: float | None) -> None:
        waiting = None
        if patience is not None:
            waiting = self._tasks.start(self._give_up(record, patience), f"client of {record.id}")
        try:
            async for _ in self._told(record, principal, -1):
                pass
        except GatewayError as error:  # the database's: whoever asks later has it told again
            _log.warning("response_not_seen_off", response_id=record.id, reason=error.message())
        finally:
            if waiting is not None:
                waiting.cancel()

    async def _give_up(self, record: StoredResponse, patience: float) -> None:
        """Stop the run, unless somebody has come for the response meanwhile: then it goes on to its end."""
        await self._clock.sleep(patience)
        found = await self._store.get(record.id, record.principal_id, self._clock.now())
        if found is None or (found.updated_at <= record.updated_at and found.status in UNFINISHED):
            await self.stop(record)


def run_gone() -> GatewayError:
    """Nobody can take that stream up any more."""
    return GatewayError(ErrorKind.NOT_FOUND, Text("doors.run_gone"), {"code": "run_not_found", "passing": False})
