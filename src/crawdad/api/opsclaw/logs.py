"""`/api/logs*`, `/api/proxy/stats` and `/api/proxy/monitor/toggle`: the log of exchanges.

Holders of `logs.read` see everything; holders of `usage.own` what was done with their own key.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from crawdad.api.opsclaw.context import OpsClaw
from crawdad.api.opsclaw.log_entry import LogDetail, LogEntry, LogProtocol, detail_of, entry_of
from crawdad.api.opsclaw.log_export import MEDIA_TYPES, ExportFormat, exported
from crawdad.core.errors import bad_request
from crawdad.core.exchange import Exchange, Outcome
from crawdad.core.identity import Permission, Principal
from crawdad.core.log import ExchangeFilter

_DEFAULT_LIMIT = 50
_MOST_LIMIT = 1000
_MOST_TERMS = 10
_LARGEST = 2**53
_SECONDS_BELOW = 100_000_000_000
"""A moment below this is in seconds, one above in milliseconds."""


class ProxyStats(BaseModel):
    """Counts over the whole log: success is a status from 200 to 399. `monitoring` says whether bodies are kept."""

    total_requests: int
    success_count: int
    error_count: int
    monitoring: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries a query asks for. `filter` is looked for word by word; all words must be found."""

    filter: Annotated[str, Query(max_length=500)] = ""
    errorsOnly: Annotated[bool, Query()] = False  # the contract's name
    model: Annotated[str | None, Query(max_length=256)] = None
    account: Annotated[str | None, Query(max_length=256)] = None
    provider: Annotated[str | None, Query(max_length=256)] = None
    key: Annotated[str | None, Query(max_length=256)] = None
    protocol: Annotated[LogProtocol | None, Query()] = None
    outcome: Annotated[Outcome | None, Query()] = None
    status: Annotated[int | None, Query(ge=0, le=999)] = None
    since: Annotated[int | None, Query(ge=0, le=_LARGEST)] = None
    until: Annotated[int | None, Query(ge=0, le=_LARGEST)] = None

    def as_filter(self, principal_id: str | None) -> ExchangeFilter:
        """The same in the words of the log. Raises BAD_REQUEST for what no database looks for."""
        if "\0" in self.filter:
            raise bad_request("wire.value", "filter", value="\\0")
        return ExchangeFilter(
            principal_id=principal_id,
            provider=self.provider or None,
            outcome=self.outcome,
            contract=self.protocol,
            since=_seconds(self.since),
            until=_seconds(self.until),
            terms=tuple(self.filter.split()[:_MOST_TERMS]),
            errors=self.errorsOnly,
            status=self.status,
            named=self.model or None,
            account=self.account or None,
            key=self.key or None,
        )


def log_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    logs = context.logs
    reader = Depends(context.need(Permission.LOGS_READ, Permission.USAGE_OWN))
    keeper = Depends(context.need(Permission.LOGS_MANAGE))

    @router.get("/api/logs", response_model=list[LogEntry])
    async def list_logs(
        wanted: Annotated[Wanted, Depends()],
        limit: Annotated[int, Query(ge=0)] = _DEFAULT_LIMIT,
        offset: Annotated[int, Query(ge=0, le=_LARGEST)] = 0,
        cursor: Annotated[str | None, Query(max_length=256)] = None,
        envelope: bool = False,
        principal: Principal = reader,
    ) -> Any:
        found = wanted.as_filter(_own(principal))
        page = await logs.page(found, min(limit, _MOST_LIMIT), cursor or None, offset)
        entries = [entry_of(exchange) for exchange in page.exchanges]
        if not envelope:
            return _json(entries, {"x-next-cursor": page.cursor} if page.cursor else {})
        document = {"total": await logs.count(found), "logs": entries, "cursor": page.cursor}
        return _json(document)

    @router.get("/api/logs/count")
    async def count_logs(wanted: Annotated[Wanted, Depends()], principal: Principal = reader) -> int:
        return await logs.count(wanted.as_filter(_own(principal)))

    @router.get("/api/logs/stream")
    async def follow_logs(
        request: Request,
        wanted: Annotated[Wanted, Depends()],
        after: Annotated[int | None, Query(ge=0, le=_LARGEST)] = None,
        principal: Principal = reader,
    ) -> StreamingResponse:
        logs.need_room()
        start = _last_event(request.headers.get("last-event-id"))
        start = after if start is None else start
        start = await logs.newest() if start is None else start
        changes = logs.follow(start, wanted.as_filter(_own(principal)))
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        return StreamingResponse(_events(start, changes), headers=headers, media_type="text/event-stream")

    @router.get("/api/logs/export")
    async def export_logs(
        wanted: Annotated[Wanted, Depends()],
        format: ExportFormat = "csv",
        principal: Principal = reader,
    ) -> StreamingResponse:
        found = wanted.as_filter(_own(principal))
        if found.until is None:
            found = replace(found, until=context.gate.clock.now())  # what comes while the file is made is not in it
        headers = {"content-disposition": f'attachment; filename="crawdad-logs.{format}"', "cache-control": "no-store"}
        file = exported(logs.everything(found), format)
        return StreamingResponse(file, headers=headers, media_type=MEDIA_TYPES[format])

    @router.post("/api/logs/clear")
    async def clear_logs(principal: Principal = keeper) -> Response:
        await logs.clear()
        return Response()

    @router.get("/api/logs/{log_id}")
    async def one_log(log_id: str, principal: Principal = reader) -> LogDetail:
        return detail_of(*await logs.get(log_id, _own(principal)))

    @router.get("/api/proxy/stats")
    async def proxy_stats(principal: Principal = reader) -> ProxyStats:
        own = _own(principal)
        if own is None:
            totals = await logs.totals()
            total, errors = totals.exchanges, totals.errors
        else:
            total = await logs.count(ExchangeFilter(principal_id=own))
            errors = await logs.count(ExchangeFilter(principal_id=own, errors=True))
        monitoring = context.gate.bodies.capturing != "off"
        return ProxyStats(total_requests=total, success_count=total - errors, error_count=errors, monitoring=monitoring)

    @router.post("/api/proxy/monitor/toggle")
    async def toggle_monitor(enabled: Annotated[bool, Body(embed=True)], principal: Principal = keeper) -> Response:
        await context.gate.bodies.switch(enabled)
        return Response()


def _own(principal: Principal) -> str | None:
    """Whose exchanges the principal may see: None for everybody's."""
    return None if Permission.LOGS_READ in principal.permissions else principal.id


def _seconds(moment: int | None) -> float | None:
    if moment is None:
        return None
    return float(moment) if moment < _SECONDS_BELOW else moment / 1000


def _last_event(value: str | None) -> int | None:
    if value is None or not value.strip():
        return None
    if not value.isascii() or not value.isdigit() or int(value) > _LARGEST:
        raise bad_request("logs.bad_event", "Last-Event-ID", id=value[:40])
    return int(value)


async def _events(start: int, changes: AsyncIterator[list[tuple[int, Exchange]]]) -> AsyncIterator[bytes]:
    yield b"retry: 2000\nid: %d\nevent: ready\ndata: {}\n\n" % start
    async for found in changes:
        if not found:
            yield b": still here\n\n"
            continue
        yield b"".join(
            b"id: %d\nevent: log\ndata: %b\n\n" % (number, orjson.dumps(entry_of(exchange).model_dump()))
            for number, exchange in found
        )


def _json(document: Any, headers: dict[str, str] | None = None) -> Response:
    """Thousands of entries are not looked at one by one a second time."""
    data = orjson.dumps(document, default=lambda model: model.model_dump())
    return Response(data, headers=headers, media_type="application/json")
