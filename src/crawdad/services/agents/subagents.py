"""What an agent has of its sub-agents: the tools `sessions_spawn` and `subagents`."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.core.agents import ENDED, RunOrder
from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told
from crawdad.services.agents.orders import order_of
from crawdad.services.agents.spawning import Spawner, text_of_argument
from crawdad.services.agents.taint import EXPOSED, TAINTED
from crawdad.store.runs import StoredRun

_RECENT_MINUTES = 30


class SpawnTool:
    """`sessions_spawn`."""

    definition = ToolDefinition(
        "sessions_spawn",
        "Have a task done by a sub-agent in a session of its own, while you go on. It knows nothing of this conversation: put "
        "everything it needs into the task. Its result comes to you as a message when it has ended; do not wait for it.",
        {
            "type": "object",
            "properties": {
                "task": {"type": "string", "description": "What is to be done, complete in itself."},
                "label": {"type": "string", "description": "A short name for it."},
                "agentId": {"type": "string", "description": "Another agent that is to do it."},
                "model": {"type": "string", "description": "The model, instead of the usual one."},
                "thinking": {"type": "string", "description": "off, minimal, low, medium, high or xhigh."},
                "runTimeoutSeconds": {
                    "type": "number",
                    "minimum": 0,
                    "description": "How long it may take; 0: any time.",
                },
            },
            "required": ["task"],
        },
        "sessions",
    )

    def __init__(self, spawner: Spawner) -> None:
        self._spawner = spawner

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """Begin a sub-agent."""
        run_id, key = await self._spawner.spawn(arguments, context)
        details: JsonObject = {"status": "accepted", "childSessionKey": key, "runId": run_id}
        return told(
            f"Accepted. The sub-agent {run_id} works in the session {key}. Its result will come to you.", details
        )


class SubagentsTool:
    """`subagents`."""

    definition = ToolDefinition(
        "subagents",
        "Look after the sub-agents of this session: list them, stop one (kill), or tell one something (steer).",
        {
            "type": "object",
            "properties": {
                "action": {"type": "string", "enum": ["list", "kill", "steer"]},
                "target": {
                    "type": "string",
                    "description": "A run id, a label, its number in the list, or all (kill).",
                },
                "message": {"type": "string", "description": "What to tell it (steer)."},
                "recentMinutes": {"type": "integer", "minimum": 1, "maximum": 1440},
            },
        },
        "sessions",
    )

    def __init__(self, spawner: Spawner) -> None:
        self._spawner = spawner

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """List, stop or steer."""
        action = text_of_argument(arguments, "action") or "list"
        minutes = arguments.get("recentMinutes")
        minutes = minutes if isinstance(minutes, int) and 0 < minutes <= 1440 else _RECENT_MINUTES
        spawner, now = self._spawner, self._spawner.clock.now()
        runs = await spawner.store.spawned(context.scope.session_key, now - 60 * minutes)
        if action == "list":
            lines = [f"{number}. {_described(run, now)}" for number, run in enumerate(runs, 1)]
            return told("\n".join(lines) or "There are no sub-agents.", {"runs": [_listed(run) for run in runs]})
        target = text_of_argument(arguments, "target", needed=True)
        if action == "kill":
            chosen = runs if target.lower() in ("all", "*") else [_find(runs, target)]
            stopped = [run.id for run in chosen if await spawner.runs.cancel(run.id)]
            return told(f"Stopped: {', '.join(stopped) or 'nothing, they had ended'}.", {"killed": stopped})
        if action != "steer":
            raise bad_request("agents.argument", "action", name="action", problem="is list, kill or steer")
        return await self._steer(_find(runs, target), text_of_argument(arguments, "message", needed=True), context)

    async def _steer(self, run: StoredRun, message: str, context: ToolContext) -> ToolOutcome:
        order = order_of(run.order)
        # One that has ended begins anew, and its result comes back anew: that counts like any other beginning.
        rounds = await self._spawner.room(context, begins=run.status in ENDED)
        run_id = await self._spawner.runs.start(
            RunOrder(
                agent_id=run.agent_id,
                session_key=run.session_key,
                principal=context.scope.principal,
                origin="subagent",
                parts=[TextPart(message)],
                sender=context.scope.sender,
                channel=context.scope.channel,
                model=order.model,
                thinking=order.thinking,
                light=True,
                queue_mode="steer",
                depth=run.depth,
                parent_run_id=context.run_id,
                title=run.title,
                language=context.language,
                extra={**order.extra, "rounds": rounds, TAINTED: context.untrusted, EXPOSED: context.exposed},
            )
        )
        return told(f"Told {run.id}.", {"status": "accepted", "runId": run_id, "sessionKey": run.session_key})


def _find(runs: Sequence[StoredRun], target: str) -> StoredRun:
    wanted = target.strip().lower()
    if wanted.isdigit() and 0 < int(wanted) <= len(runs):
        return runs[int(wanted) - 1]
    for run in runs:
        if wanted in (run.id.lower(), run.session_key, run.title.lower()):
            return run
    found = [run for run in runs if run.title.lower().startswith(wanted) or run.id.startswith(wanted)]
    if len(found) != 1:
        raise bad_request("agents.no_subagent", "target", target=target[:80])
    return found[0]


def _described(run: StoredRun, now: float) -> str:
    seconds = round((run.ended_at or now) - run.created_at)
    named = f"{run.title} " if run.title else ""
    return f"{named}({run.id}): {run.status}, {seconds} s"


def _listed(run: StoredRun) -> JsonObject:
    return {
        "runId": run.id,
        "label": run.title,
        "status": run.status,
        "sessionKey": run.session_key,
        "model": run.model,
    }
