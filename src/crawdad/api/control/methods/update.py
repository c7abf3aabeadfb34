"""`update.run`: asked for a newer version, the gateway says that it does not replace itself."""

from __future__ import annotations

from typing import Any

from crawdad import __version__
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.text import Text
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


def methods(_: Control) -> list[Method]:
    """The methods of this subject."""
    told = "{ok, result{status: skipped, mode, reason, before, after, steps[], durationMs}, restart, sentinel}"
    status = closed({"refreshCheckout": BOOLEAN})
    return [
        Method("update.run", ADMIN, _run, _RUN, told),
        Method("update.status", ADMIN, _status, status, "{sentinel, updateAvailable}"),
    ]


async def _status(_: Asked) -> Any:
    """Nobody is asked for newer versions: none is known."""
    return {"sentinel": None, "updateAvailable": None}


async def _run(_: Asked) -> Any:
    """What installed the gateway (pip, a container image, a package) brings newer versions too; nothing restarts."""
    version = {"version": __version__}
    result = {
        "status": "skipped",
        "mode": "unknown",
        "reason": Text("control.no_update").render(),
        "before": version,
        "after": version,
        "steps": [],
        "durationMs": 0,
    }
    return {"ok": True, "result": result, "restart": None, "sentinel": None}
