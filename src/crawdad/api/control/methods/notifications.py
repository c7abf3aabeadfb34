"""`notifications.*`: who is told of what happens to the gateway. Methods of Crawdad's own."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.wire.control.schema import FILLED, STRING, closed, integer
from crawdad.wire.control.scopes import ADMIN, READ


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    notifications = control.notifications

    async def targets(_: Asked) -> Any:
        return {"targets": await notifications.targets()}

    async def history(asked: Asked) -> Any:
        params = asked.params
        return await notifications.history(params.get("limit", 50), params.get("cursor", ""), params.get("target", ""))

    async def test(asked: Asked) -> Any:
        return await notifications.test(asked.params["name"])

    page = closed({"limit": integer(1), "cursor": FILLED, "target": STRING})
    return [
        Method("notifications.targets", READ, targets, closed({}), "{targets[]}"),
        Method("notifications.history", READ, history, page, "{notifications[], cursor}"),
        Method("notifications.test", ADMIN, test, closed({"name": FILLED}, "name"), "{ok, target, error, receipt}"),
    ]
