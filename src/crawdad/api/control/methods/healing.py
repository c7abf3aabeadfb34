"""`healing.*`: what the gateway did about itself. Methods of Crawdad's own; the event is `healing`."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.healing import event_fields
from crawdad.services.healing.policy import policy_fields
from crawdad.wire.control.schema import FILLED, NOTHING, closed, integer
from crawdad.wire.control.scopes import READ

_MOST = 500


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    healing = control.healing
    if healing is None:
        return []

    async def events(asked: Asked) -> Any:
        found = await healing.newest(asked.params.get("limit", 50))
        return {"events": [event_fields(event, "en") for event in found]}

    async def report(asked: Asked) -> Any:
        name = asked.params["name"]
        return {"name": name, "content": await healing.folder.read_report(name)}

    async def policy(_: Asked) -> Any:
        return {"enabled": control.settings().healing.enabled, **policy_fields()}

    told = "{id, at, cause, remedy, place, status, subject, confidence, seen[], steps[], report, verifyMs, error, …}"
    return [
        Method("healing.events", READ, events, closed({"limit": integer(1, _MOST)}), f"{{events[] of {told}}}"),
        Method("healing.report", READ, report, closed({"name": FILLED}, "name"), "{name, content}"),
        Method(
            "healing.policy", READ, policy, NOTHING, "{enabled, running[], start[], backOffSeconds[], windowSeconds}"
        ),
    ]
