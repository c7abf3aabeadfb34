"""A call that carries a key of its own runs once, whichever process is asked, and a restart changes nothing about that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Clock, Randomness, Runner
from crawdad.core.text import Text
from crawdad.core.tools import ToolOutcome
from crawdad.services.sessions.transcript import read_parts, write_parts
from crawdad.store.tool_invocations import ToolInvocation, ToolInvocations

_KEPT_SECONDS = 24 * 3600.0
_LOOK_SECONDS = 0.1
_MOST_CHARACTERS = 8 * 1024 * 1024
_TOO_LONG = "null"

_log = structlog.get_logger(__name__)


class OnceOnly:
    """Runs calls of tools once for each key."""

    def __init__(self, invocations: ToolInvocations, clock: Clock, randomness: Randomness, runner: Runner) -> None:
        self._invocations = invocations
        self._clock = clock
        self._randomness = randomness
        self._runner = runner
        self._running: set[str] = set()

    async def run(self, principal_id: str, key: str, make: Callable[[], Awaitable[ToolOutcome]]) -> ToolOutcome:
        """What `make` gives, or gave when it ran before under this key. A call that failed may be made again. Raises CONFLICT
        where nobody can say what came of the earlier one, and what `make` raises."""
        now, claim = self._clock.now(), self._randomness.new_id()
        standing = await self._invocations.claim(principal_id, key, claim, self._runner.name, now, now + _KEPT_SECONDS)
        if standing.claim != claim:
            return await self._other(principal_id, key, standing, make)
        self._running.add(claim)
        try:
            outcome = await make()
        except Exception:
            await self._invocations.forget(claim)
            raise  # one that is cancelled stays: nobody can say how far the tool came
        else:
            await self._invocations.finish(claim, written(outcome))
        finally:
            self._running.discard(claim)
        return outcome

    async def _other(
        self,
        principal_id: str,
        key: str,
        standing: ToolInvocation | None,
        make: Callable[[], Awaitable[ToolOutcome]],
    ) -> ToolOutcome:
        """What comes of the call that somebody else makes; if that fails, it is made here."""
        while standing is not None and standing.outcome is None:
            if not await self._is_running(standing):
                standing = await self._invocations.find(principal_id, key)  # its last word may have been in between
                if standing is not None and standing.outcome is None:
                    raise _conflict("doors.tool_call_interrupted")
                break
            await self._clock.sleep(_LOOK_SECONDS)
            standing = await self._invocations.find(principal_id, key)
        if standing is None or standing.outcome is None:
            return await self.run(principal_id, key, make)
        return read(standing.outcome)

    async def _is_running(self, standing: ToolInvocation) -> bool:
        if standing.runner == self._runner.name:
            return standing.claim in self._running
        return await self._runner.is_alive(standing.runner)

    async def keep_forgetting(self, every_seconds: float) -> None:
        """Forget calls whose time is over; for ever."""
        while True:
            try:
                await self._invocations.delete_expired(self._clock.now())
            except GatewayError as error:
                _log.warning("tool_calls_not_forgotten", reason=error.message())
            await self._clock.sleep(every_seconds)


def written(outcome: ToolOutcome) -> str:
    """An outcome as it is kept. One that is too long to keep is known to have been, and no more."""
    value = {"content": write_parts(outcome.content), "details": outcome.details, "isError": outcome.is_error}
    text = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    return text if len(text) <= _MOST_CHARACTERS else _TOO_LONG


def read(text: str) -> ToolOutcome:
    """An outcome that was kept. Raises CONFLICT for one that was too long."""
    value = orjson.loads(text)
    if value is None:
        raise _conflict("doors.tool_answer_not_kept")
    return ToolOutcome(read_parts(value["content"]), value["details"], value["isError"])


def _conflict(key: str) -> GatewayError:
    return GatewayError(ErrorKind.CONFLICT, Text(key))
