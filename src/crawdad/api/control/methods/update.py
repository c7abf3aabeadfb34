"""`update.*`: newer versions of the gateway, as OpenClaw's clients ask for them."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Task, rendered
from crawdad.core.text import Language, Text
from crawdad.services.updates.orders import UpdateOrders
from crawdad.wire.control.schema import BOOLEAN, STRING, Schema, closed, integer, opened
from crawdad.wire.control.scopes import ADMIN

_RUN: Schema = closed(
    {
        **dict.fromkeys(("sessionKey", "note", "continuationMessage"), STRING),
        "restartDelayMs": integer(0),
        "timeoutMs": integer(1),
        "deliveryContext": opened({}),
        "target": opened({}),
    }
)
_MODE = "crawdad"
_WAIT_SECONDS, _LONGEST_SECONDS = 600.0, 1800.0


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    update = _Update(control)
    told = "{ok, result{status: ok | skipped | error, mode, reason, before, after, steps[], durationMs}, restart, sentinel}"
    status = closed({"refreshCheckout": BOOLEAN})
    return [
        Method("update.run", ADMIN, update.run, _RUN, told),
        Method("update.status", ADMIN, update.status, status, "{sentinel, updateAvailable}"),
    ]


class _Update:
    def __init__(self, control: Control) -> None:
        self._orders: UpdateOrders = control.update_orders
        self._clock = control.clock

    async def status(self, _: Asked) -> Any:
        """What the last look found; nobody is asked anew."""
        known = await self._orders.updates.known()
        available = {"currentVersion": known.current, "latestVersion": known.latest, "channel": known.channel}
        return {"sentinel": None, "updateAvailable": available if known.available else None}

    async def run(self, asked: Asked) -> Any:
        """Update and wait for what becomes of it; the restart comes by itself right after."""
        began = self._clock.monotonic()
        version = {"version": self._orders.updates.version}
        try:
            task = await self._orders.run(asked.connection.admitted.principal.id)
        except GatewayError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            return _result("skipped", error.message(asked.language), version, version, (), 0)
        seconds = min(asked.params.get("timeoutMs", _WAIT_SECONDS * 1000) / 1000, _LONGEST_SECONDS)
        ended = await self._orders.board.wait(task.id, seconds)
        duration = round((self._clock.monotonic() - began) * 1000)
        return _ended(ended, version, duration, asked.language)


def _ended(task: Task, before: JsonObject, duration: int, language: Language) -> JsonObject:
    steps = [rendered(line.text, language) or "" for line in task.lines]
    result = task.result or {}
    performed = result.get("performed")
    if task.status == "running":
        why = Text("control.update_runs", {"id": task.id}).render(language)
        return _result("error", why, before, before, steps, duration)
    if task.status != "succeeded":
        return _result("error", rendered(task.error, language) or task.status, before, before, steps, duration)
    if performed is None:
        return _result("skipped", steps[-1] if steps else "", before, before, steps, duration)
    found = _result("ok", None, before, {"version": result["after"]}, steps, duration)
    return {**found, "restart": {"ok": True, "mode": performed} if performed == "restarting" else None}


def _result(
    status: str, reason: str | None, before: JsonObject, after: JsonObject, steps: Any, duration: int
) -> JsonObject:
    shown = [{"name": step, "command": "", "cwd": "", "durationMs": 0} for step in steps]
    result = {
        **{"status": status, "mode": _MODE, "before": before, "after": after},
        **{"steps": shown, "durationMs": duration},
        **({} if reason is None else {"reason": reason}),
    }
    return {"ok": status != "error", "result": result, "restart": None, "sentinel": None}
