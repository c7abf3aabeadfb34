"""`/api/notifications`: who is told of what happens to the gateway, what they were told, and the test of a target."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from crawdad.api.console.context import Console
from crawdad.api.management.contract_route import language_of
from crawdad.core.identity import Permission
from crawdad.core.notification_settings import NotificationLevel
from crawdad.core.notifications import NotificationState


class NotificationTold(BaseModel):
    """Something that was, or is to be, told to a target. Times are Unix seconds; `repeats` counts how often the same happened
    without being told."""

    id: str
    target: str
    kind: str
    level: NotificationLevel
    subject: str
    text: str
    at: float
    state: NotificationState
    attempts: int
    repeats: int
    updatedAt: float
    receipt: str
    error: str


class TargetTold(BaseModel):
    """Somebody who is told. `problem` says what is missing (empty: nothing), `waiting` how much is yet to go out."""

    name: str
    kind: str
    enabled: bool
    to: str
    events: list[str]
    level: NotificationLevel
    language: str
    problem: str
    waiting: int
    last: NotificationTold | None


class TargetsTold(BaseModel):
    """All of them."""

    targets: list[TargetTold]


class HistoryTold(BaseModel):
    """A page, the newest first; `cursor` leads to the next one (null: there is none)."""

    notifications: list[NotificationTold]
    cursor: str | None


class TestTold(BaseModel):
    """What became of a test. `receipt` is what the other side calls the message, where it says so."""

    ok: bool
    target: str
    error: str
    receipt: str


def notification_routes(router: APIRouter, context: Console) -> None:
    """Add the routes."""
    notifications = context.notifications
    may_read = Depends(context.need(Permission.SYSTEM_READ))
    may_change = Depends(context.need(Permission.SYSTEM_MANAGE))

    @router.get("/api/notifications", dependencies=[may_read])
    async def history(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str, Query(max_length=100)] = "",
        target: Annotated[str, Query(max_length=200)] = "",
    ) -> HistoryTold:
        return HistoryTold(**await notifications.history(limit, cursor, target, language_of(request)))

    @router.get("/api/notifications/targets", dependencies=[may_read])
    async def targets(request: Request) -> TargetsTold:
        found: list[Any] = await notifications.targets(language_of(request))
        return TargetsTold(targets=found)

    @router.post("/api/notifications/targets/{name}/test", dependencies=[may_change])
    async def test(name: str, request: Request) -> TestTold:
        return TestTold(**await notifications.test(name, language_of(request)))
