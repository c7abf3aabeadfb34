"""The tool `cron`: an agent sees, makes and changes jobs in the name of whoever it works for, within limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from crawdad.core.agents import Heartbeats, SystemEvents
from crawdad.core.cron import JobFilter, RunFilter
from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import main_key, rest_of
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, ToolScope, told
from crawdad.services.schedule.jobs import Jobs, Maker
from crawdad.wire.cron import write_job, write_run

ACTIONS = ("status", "list", "add", "update", "remove", "run", "runs", "wake")
_BY_ITSELF = frozenset(("cron", "heartbeat", "hook", "subagent", "system"))
_LONGEST_WORDS = 4000

DEFINITION = ToolDefinition(
    name="cron",
    description=(
        "Jobs at set times. add takes job: {name, schedule, payload, delivery?, misfire?}. schedule is {kind:'at', at:ISO}, "
        "{kind:'every', everyMs} or {kind:'cron', expr, tz}. payload is {kind:'systemEvent', text} (words for the main "
        "session) or {kind:'agentTurn', message} (a turn in a session of its own). delivery is {mode:'announce', channel, "
        "to}, {mode:'webhook', to:URL} or {mode:'none'}. update takes jobId and patch; remove, run and runs take jobId; wake "
        "takes text and mode ('now' or 'next-heartbeat')."
    ),
    parameters={
        "type": "object",
        "properties": {
            "action": {"type": "string", "enum": list(ACTIONS)},
            "includeDisabled": {"type": "boolean"},
            "job": {"type": "object", "additionalProperties": True},
            "jobId": {"type": "string"},
            "id": {"type": "string"},
            "patch": {"type": "object", "additionalProperties": True},
            "text": {"type": "string"},
            "mode": {"type": "string", "enum": ["now", "next-heartbeat"]},
            "runMode": {"type": "string", "enum": ["due", "force"]},
            "contextMessages": {"type": "integer", "minimum": 0, "maximum": 10},
        },
        "required": ["action"],
    },
    group="automation",
    outlasts=True,
    looks=("status", "list", "runs"),
)


class CronTool:
    """`core.tools.Tool`."""

    definition = DEFINITION

    def __init__(self, jobs: Jobs, events: SystemEvents, heartbeats: Heartbeats, scope: Callable[[], str]) -> None:
        self._jobs = jobs
        self._events = events
        self._heartbeats = heartbeats
        self._scope = scope

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """One action. Raises BAD_REQUEST, NOT_FOUND, FORBIDDEN, RATE_LIMITED, in words that the model can act upon."""
        action = arguments.get("action")
        by, maker = context.scope.principal, maker_of(context.scope)
        if action == "status":
            return _told(await self._jobs.status(by))
        if action == "list":
            enabled = None if arguments.get("includeDisabled") else True
            page = await self._jobs.page(by, JobFilter(enabled=enabled), limit=100)
            return _told({"jobs": [write_job(job) for job in page.jobs], "total": page.total})
        if action == "add":
            document = arguments.get("job") if isinstance(arguments.get("job"), dict) else arguments
            return _told(write_job(await self._jobs.create(document, by, maker, name_from_text=True)))
        if action == "wake":
            return await self._wake(arguments, context, maker)
        if action not in ACTIONS:
            raise bad_request("wire.value", "action", value=ascii(action)[:60])
        job_id = arguments.get("jobId") or arguments.get("id")
        if not isinstance(job_id, str):
            raise bad_request("wire.missing", "jobId")
        if action == "update":
            return _told(write_job(await self._jobs.change(job_id, arguments.get("patch"), by, maker)))
        if action == "remove":
            return _told({"ok": True, "removed": await self._jobs.remove(job_id, by)})
        if action == "run":
            asked = await self._jobs.run(job_id, by, only_due=arguments.get("runMode") == "due", maker=maker)
            return _told(
                {"ok": True, "ran": asked.run is not None, **({"reason": asked.reason} if asked.reason else {})}
            )
        found, total = await self._jobs.runs(by, RunFilter(job_id=job_id), limit=50)
        return _told({"entries": [write_run(run) for run in found], "total": total})

    async def _wake(self, arguments: JsonObject, context: ToolContext, maker: Maker) -> ToolOutcome:
        """Put words before the main session. What already goes on by itself may not have it beat at once."""
        text = arguments.get("text")
        if not isinstance(text, str) or not text.strip():
            raise bad_request("wire.missing", "text")
        await self._jobs.count_start(maker)
        key = main_key(context.scope.agent_id, self._scope())
        await self._events.add(
            key, text[:_LONGEST_WORDS], key=f"wake:{context.idempotency}", untrusted=context.untrusted
        )
        if arguments.get("mode", "now") == "next-heartbeat":
            return _told({"ok": True})
        if context.scope.origin == "heartbeat":
            return _told({"ok": True, "note": Text("heartbeat.unfriendly_wake").render(context.language)})
        self._heartbeats.request(context.scope.agent_id, "wake", key)
        return _told({"ok": True})


def maker_of(scope: ToolScope) -> Maker:
    """Who makes jobs in that turn. Of a job's run the session tells which job it is."""
    rest = rest_of(scope.session_key)
    job_id = rest.split(":")[1] if rest.startswith("cron:") else ""
    return Maker(scope.agent_id, job_id, scope.origin in _BY_ITSELF or bool(job_id))


def _told(details: dict[str, Any]) -> ToolOutcome:
    return told(orjson.dumps(details).decode(), details)
