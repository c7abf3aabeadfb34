"""Jobs and runs as clients get them."""

from __future__ import annotations

from datetime import UTC, datetime

from crawdad.core.cron import AgentTurn, At, CronRun, Every, Job, Payload, Schedule, SystemEvent
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import rendered
from crawdad.core.text import Language


def iso(milliseconds: int) -> str:
    """A moment as ISO 8601 in UTC."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds").replace("+00:00", "Z")


def write_job(job: Job, language: Language = "en") -> JsonObject:
    """A job; what went wrong is told in `language`."""
    state, delivery = job.state, job.delivery
    told: JsonObject = {
        "id": job.id,
        "agentId": job.agent_id,
        "sessionKey": job.session_key,
        "name": job.name,
        "description": job.description,
        "enabled": job.enabled,
        "deleteAfterRun": job.delete_after_run,
        "createdAtMs": job.created_at,
        "updatedAtMs": job.updated_at,
        "schedule": _schedule(job.schedule),
        "sessionTarget": job.target,
        "wakeMode": job.wake_mode,
        "payload": _payload(job.payload),
        "misfire": {"mode": job.misfire.mode, **({"seconds": job.misfire.seconds} if job.misfire.seconds else {})},
        "owner": job.owner,
        "state": _present(
            {
                "nextRunAtMs": state.next_run_at if job.enabled else None,
                "runningAtMs": state.running_at,
                "lastRunAtMs": state.last_run_at,
                "lastStatus": state.last_status,
                "lastRunStatus": state.last_status,
                "lastError": rendered(state.last_error, language),
                "lastDurationMs": state.last_duration,
                "consecutiveErrors": state.consecutive_errors if state.last_run_at is not None else None,
                "scheduleErrorCount": state.schedule_errors or None,
                "lastDelivered": state.last_delivered,
                "lastDeliveryStatus": state.last_delivery_status,
                "lastDeliveryError": rendered(state.last_delivery_error, language),
            }
        ),
    }
    if delivery.mode != "none" or isinstance(job.payload, AgentTurn):
        told["delivery"] = _present(
            {
                "mode": delivery.mode,
                "channel": delivery.channel if delivery.mode == "announce" else None,
                "to": delivery.to or None,
                "bestEffort": delivery.best_effort or None,
            }
        )
    if job.notify:
        told["notify"] = True
    if job.parent_id:
        told["parentId"] = job.parent_id
    return told


def write_run(run: CronRun, language: Language = "en") -> JsonObject:
    """A line of the log of runs, and what a webhook is sent; what went wrong is told in `language`."""
    action = {"requested": "requested", "running": "started"}.get(run.status, "finished")
    at = run.ended_at or run.started_at or run.requested_at
    told: JsonObject = {"ts": at, "jobId": run.job_id, "action": action, "status": run.status}
    told |= _present(
        {
            "error": rendered(run.error, language) or None,
            "summary": run.summary or None,
            "sessionId": run.session_id or None,
            "sessionKey": run.session_key or None,
            "runAtMs": run.started_at,
            "durationMs": run.duration if run.ended_at is not None and run.started_at is not None else None,
            "nextRunAtMs": run.next_run_at,
            "model": run.model or None,
            "provider": run.provider or None,
            "usage": run.usage or None,
        }
    )
    told |= {"deliveryStatus": run.delivery_status, "delivered": run.delivery_status == "delivered"}
    told |= _present({"deliveryError": rendered(run.delivery_error, language) or None, "plannedAtMs": run.planned_at})
    return {**told, "runId": run.id, "agentId": run.agent_id, "jobName": run.job_name, "trigger": run.trigger}


def _schedule(schedule: Schedule) -> JsonObject:
    if isinstance(schedule, At):
        return {"kind": "at", "at": iso(schedule.at)}
    if isinstance(schedule, Every):
        return {"kind": "every", "everyMs": schedule.every, "anchorMs": schedule.anchor}
    return {"kind": "cron", "expr": schedule.expr, **_present({"tz": schedule.tz, "staggerMs": schedule.stagger})}


def _payload(payload: Payload) -> JsonObject:
    if isinstance(payload, SystemEvent):
        return {"kind": "systemEvent", "text": payload.text}
    return {
        "kind": "agentTurn",
        "message": payload.message,
        **_present(
            {
                "model": payload.model,
                "thinking": payload.thinking,
                "timeoutSeconds": payload.timeout_seconds,
                "allowUnsafeExternalContent": None if payload.trusted else False,
            }
        ),
    }


def _present(values: JsonObject) -> JsonObject:
    return {name: value for name, value in values.items() if value is not None}
