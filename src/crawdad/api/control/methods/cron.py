"""`cron.*`: jobs, their runs and the state of the scheduler."""

from __future__ import annotations

import asyncio
from typing import Any

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.relays import cron_mark
from crawdad.core.cron import Job, JobFilter, Misfire, RunFilter
from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language
from crawdad.services.schedule.jobs import Jobs
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, STRINGS, Schema, closed, integer, opened, words
from crawdad.wire.control.scopes import ADMIN, READ
from crawdad.wire.cron import write_job, write_run

_LOOK_SECONDS = 0.1
_LONGEST_SECONDS = 3600.0
_OURS = frozenset(("misfire", "owner", "parentId"))
"""What only our own clients know of a job."""
_OF_RUN = (
    *("ts", "jobId", "action", "status", "error", "summary", "runAtMs", "durationMs", "deliveryStatus"),
    *("deliveryError", "sessionId", "sessionKey", "nextRunAtMs", "model", "provider", "usage", "jobName"),
)
_OBJECT: Schema = {"type": "object"}
_ADD = opened(
    {"name": FILLED, "schedule": _OBJECT, "sessionTarget": words("main", "isolated"), "payload": _OBJECT},
    *("name", "schedule", "sessionTarget", "payload"),
)
_LIST = closed(
    {
        "includeDisabled": BOOLEAN,
        "limit": integer(1, 200),
        "offset": integer(0),
        "query": STRING,
        "enabled": words("all", "enabled", "disabled"),
        "sortBy": words("nextRunAtMs", "updatedAtMs", "name"),
        "sortDir": words("asc", "desc"),
    }
)
_ID: dict[str, Schema] = {"id": FILLED, "jobId": FILLED}
_RUNS = closed(
    {
        **_ID,
        "scope": words("job", "all"),
        "limit": integer(1, 5000),
        "offset": integer(0),
        "status": STRING,
        "statuses": STRINGS,
        "deliveryStatus": STRING,
        "deliveryStatuses": STRINGS,
        "query": STRING,
        "sortDir": words("asc", "desc"),
    }
)
_TIMES = closed(
    {
        "schedules": {
            "type": "array",
            "items": closed({"id": FILLED, "schedule": _OBJECT}, "schedule"),
            "minItems": 1,
            "maxItems": 200,
        },
        "afterMs": integer(0),
        "untilMs": integer(0),
        "limit": integer(1, 100),
    },
    "schedules",
)


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    cron = _Cron(control, control.agents)
    run = closed({**_ID, "mode": words("due", "force")})
    update = closed({**_ID, "patch": _OBJECT}, "patch")
    pages = "total, offset, limit, hasMore, nextOffset}"
    return [
        Method("cron.list", READ, cron.listed, _LIST, f"{{jobs[…], {pages}"),
        Method("cron.get", READ, cron.get, closed(_ID), "{id, name, enabled, schedule, payload, state, …}"),
        Method("cron.status", READ, cron.status, closed({}), "{enabled, storePath, jobs, nextWakeAtMs}"),
        Method("cron.add", ADMIN, cron.add, _ADD, "{id, name, enabled, schedule, payload, state, …}"),
        Method("cron.update", ADMIN, cron.update, update, "{id, name, enabled, schedule, payload, state, …}"),
        Method("cron.remove", ADMIN, cron.remove, closed(_ID), "{ok, removed}"),
        Method("cron.run", ADMIN, cron.run, run, "{ok, ran, reason}"),
        Method("cron.times", READ, cron.times, _TIMES, "{times[{id?, atMs[], more, error?}]}"),
        Method("cron.runs", READ, cron.runs, _RUNS, f"{{entries[…], {pages}"),
    ]


class _Cron:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._jobs: Jobs = side.jobs

    async def listed(self, asked: Asked) -> Any:
        params = asked.params
        chosen = params.get("enabled") or ("all" if params.get("includeDisabled") else "enabled")
        wanted = JobFilter(
            enabled={"enabled": True, "disabled": False}.get(chosen), search=str(params.get("query") or "").strip()
        )
        order = {"name": "name", "updatedAtMs": "updated_at"}.get(params.get("sortBy", ""), "next_run_at")
        limit, offset = int(params.get("limit", 50)), int(params.get("offset", 0))
        page = await self._jobs.page(_who(asked), wanted, limit, offset, order, params.get("sortDir") == "desc")
        return {
            "jobs": [_job(job, asked.language) for job in page.jobs],
            **_paging(page.total, offset, limit, len(page.jobs)),
        }

    async def status(self, asked: Asked) -> Any:
        found = await self._jobs.status(_who(asked))
        path = self._control.health.store_path
        return {
            "enabled": found["enabled"],
            "storePath": path,
            "jobs": found["jobs"],
            "nextWakeAtMs": found["nextWakeAtMs"],
        }

    async def get(self, asked: Asked) -> Any:
        job = await self._jobs.get(_id(asked), _who(asked))
        # Clients that know nothing of it never see it: they cannot have set it.
        ours = {} if job.misfire == Misfire() else {"misfire": write_job(job)["misfire"]}
        return {**_job(job, asked.language), **ours}

    async def add(self, asked: Asked) -> Any:
        return _job(await self._jobs.create(asked.params, _who(asked)), asked.language)

    async def update(self, asked: Asked) -> Any:
        return _job(await self._jobs.change(_id(asked), asked.params["patch"], _who(asked)), asked.language)

    async def remove(self, asked: Asked) -> Any:
        return {"ok": True, "removed": await self._jobs.remove(_id(asked), _who(asked))}

    async def run(self, asked: Asked) -> Any:
        """Have a job run, and wait for its end."""
        job_id, by = _id(asked), _who(asked)
        found = await self._jobs.run(job_id, by, only_due=asked.params.get("mode") == "due")
        if found.run is None:
            return {"ok": True, "ran": False, "reason": found.reason}
        slot = found.run.slot
        async with self._control.news.hub.heard.expecting(cron_mark(found.run.id)) as told:
            until = self._control.clock.monotonic() + _LONGEST_SECONDS
            while self._control.clock.monotonic() < until:
                run = await self._jobs.run_of(job_id, slot, by)
                if run.ended_at is not None:
                    break
                await told.wait(_LOOK_SECONDS)
        await asyncio.sleep(0)
        return {"ok": True, "ran": True}

    async def times(self, asked: Asked) -> Any:
        """When schedules come, jobs' or such as are being written; one that cannot be worked out says why."""
        params = asked.params
        after = int(params.get("afterMs", self._jobs.now()))
        until = int(params["untilMs"]) if "untilMs" in params else None
        limit = int(params.get("limit", 5))

        def look(given: JsonObject) -> JsonObject:
            job_id = str(given.get("id") or "")
            told: JsonObject = {"id": job_id} if job_id else {}
            try:
                found = self._jobs.times(given["schedule"], job_id, after, until, limit)
            except GatewayError as error:
                return {**told, "atMs": [], "more": False, "error": error.message(asked.language)}
            return {**told, "atMs": list(found.at), "more": found.more}

        return {"times": await asyncio.to_thread(lambda: [look(each) for each in params["schedules"]])}

    async def runs(self, asked: Asked) -> Any:
        params = asked.params
        everything = params.get("scope") == "all"
        wanted = RunFilter(
            job_id=None if everything else _id(asked),
            statuses=_several(params, "status", "statuses"),
            delivery_statuses=_several(params, "deliveryStatus", "deliveryStatuses"),
            search=str(params.get("query") or "").strip(),
            ascending=params.get("sortDir") == "asc",
        )
        limit, offset = int(params.get("limit", 50)), int(params.get("offset", 0))
        found, total = await self._jobs.runs(_who(asked), wanted, limit, offset)
        entries = [
            {name: told[name] for name in _OF_RUN if name in told}
            for told in (write_run(run, asked.language) for run in found)
        ]
        return {"entries": entries, **_paging(total, offset, limit, len(found))}


def _who(asked: Asked) -> Principal:
    return asked.connection.admitted.principal


def _id(asked: Asked) -> str:
    found = asked.params.get("id") or asked.params.get("jobId")
    if not found:
        raise bad_request("control.no_job_id", "id")
    return str(found)


def _several(params: JsonObject, one: str, many: str) -> tuple[str, ...]:
    if params.get(many):
        return tuple(params[many])
    return (params[one],) if params.get(one) and params[one] != "all" else ()


def _job(job: Job, language: Language) -> JsonObject:
    told = {
        name: value for name, value in write_job(job, language).items() if name not in _OURS and value not in (None, "")
    }
    if not job.delete_after_run:
        told.pop("deleteAfterRun", None)
    return told


def _paging(total: int, offset: int, limit: int, shown: int) -> JsonObject:
    """Which part of the whole this is; a page that holds all there is counts as that long."""
    more = offset + shown < total
    return {
        "total": total,
        "offset": offset,
        "limit": limit,
        "hasMore": more,
        "nextOffset": offset + shown if more else None,
    }
