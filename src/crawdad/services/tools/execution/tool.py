"""The tool `exec`: judge, ask where that is to be asked, look once more, start, watch."""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import dataclass
from functools import partial

from crawdad.core.approvals import ApprovalRequest, Approvals
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness
from crawdad.core.programs import ProgramOrder
from crawdad.core.text import Text
from crawdad.core.tool_settings import ExecSettings
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told
from crawdad.services.tools.execution.decision import (
    Judgement,
    Plan,
    is_harmless,
    is_listed,
    judge,
    runs_outside_code,
    tightened,
)
from crawdad.services.tools.execution.definitions import EXEC
from crawdad.services.tools.execution.output import plain, shortened
from crawdad.services.tools.execution.planning import Planner, exec_settings
from crawdad.services.tools.execution.processes import Owner, ProgramSession, ProgramSessions
from crawdad.services.tools.execution.provenance import brings_outside
from crawdad.services.tools.execution.secrets import ProgramSecrets


@dataclass(frozen=True, slots=True)
class ExecTool:
    """`core.tools.Tool`."""

    planner: Planner
    sessions: ProgramSessions
    approvals: Approvals
    clock: Clock
    randomness: Randomness
    secrets: ProgramSecrets
    definition: ToolDefinition = EXEC

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        rules = exec_settings(self.planner.settings(), context.scope.agent_id)
        if self.sessions.running(context.scope.agent_id) >= rules.most_running:
            raise GatewayError(ErrorKind.RATE_LIMITED, Text("exec.too_many", {"most": rules.most_running}))
        plan = await self.planner.plan(arguments, context)
        plan = await self._allowed(plan, arguments, context, rules)
        session = await self._start(plan, arguments, context, rules)
        return await self._watch(session, arguments, rules)

    async def _allowed(self, plan: Plan, arguments: JsonObject, context: ToolContext, rules: ExecSettings) -> Plan:
        """The plan, once it may be carried out. What was approved is compared with what is there when the answer came."""
        security, ask = tightened(rules, arguments.get("security"), arguments.get("ask"))
        exposed = context.exposed and not _is_typed(arguments, context)
        judgement = judge(plan, rules, security, ask, untrusted=context.untrusted, exposed=exposed)
        if judgement.verdict == "run":
            return plan
        if judgement.verdict == "refuse":
            raise _refused(plan, judgement)
        try:
            allowed = await self.approvals.ask(_request(plan, judgement, context), remembered=judgement.remembered)
        except GatewayError as error:
            fallback = error.details.get("code") == "unanswered" and rules.ask_fallback == "allowlist"
            listed = is_harmless(plan, rules) or is_listed(plan, rules.allowlist)
            if fallback and listed and not (context.untrusted or plan.elevated or runs_outside_code(plan)):
                return plan
            raise
        now = await self.planner.plan(arguments, context)
        await self.approvals.use(allowed, _request(now, judgement, context))
        return now

    async def _start(
        self, plan: Plan, arguments: JsonObject, context: ToolContext, rules: ExecSettings
    ) -> ProgramSession:
        workspace, agent_id = str(context.workspace), context.scope.agent_id
        terminal = bool(arguments.get("pty"))
        secrets = await self.secrets.find(agent_id, context.workspace)
        order = ProgramOrder(
            executable=plan.executable,
            arguments=plan.arguments,
            cwd=plan.cwd,
            workspace=workspace,
            variables=self.planner.variables(plan, workspace, agent_id),
            secrets=secrets,
            checked=() if plan.confinement.level == "container" else (plan.executable.mark, *plan.operands),
            confinement=plan.confinement,
            terminal=terminal,
            name=f"crawdad-{self.randomness.new_id().lower()}",
        )
        began = self.clock.now()
        program = await self.planner.programs.start(order)
        try:
            if plan.stdin:
                await program.write(plan.stdin.encode())
            if not (terminal or arguments.get("keepInput")) and (plan.stdin or not arguments.get("background")):
                await program.close_input()  # else whatever reads to the end of its input would wait for us
        except GatewayError:
            pass  # it ended before it read its input: what it printed says why
        except BaseException:
            await program.kill()
            raise
        seconds = float(arguments.get("timeout") or rules.timeout_sec)
        owner = Owner(agent_id, context.scope.session_key)
        session = self.sessions.begin(
            program,
            owner,
            _label(plan),
            plan.cwd,
            min(seconds, rules.timeout_sec),
            rules.cleanup_ms / 1000,
            tuple(secrets.values()),
        )
        session.terminal = terminal
        session.outside = brings_outside(plan)
        session.at_end = partial(self._note_files, plan, context, began)
        return session

    async def _note_files(self, plan: Plan, context: ToolContext, since: float) -> None:
        """What a program wrote of what came from outside, or where such content is in view, is remembered as that."""
        if plan.confinement.access != "rw" or not (brings_outside(plan) or context.untrusted or context.exposed):
            return
        written = await self.planner.programs.changed(plan.cwd, since)
        if written:
            await self.planner.outside.note(written, context.run_id)

    async def _watch(self, session: ProgramSession, arguments: JsonObject, rules: ExecSettings) -> ToolOutcome:
        wait = 0.0 if arguments.get("background") else (arguments.get("yieldMs") or rules.background_ms) / 1000
        try:
            async with asyncio.timeout(wait):
                await session.ended.wait()
        except TimeoutError:
            session.in_background = True
        except asyncio.CancelledError:
            await self.sessions.kill(session)
            raise
        return outcome_of(session)


def outcome_of(session: ProgramSession) -> ToolOutcome:
    """What the model is told of a program."""
    text = shortened(plain(session.output.text)).rstrip("\n")
    until = session.ended_at if session.ended_at is not None else session.started_at
    details: JsonObject = {"status": session.status, "sessionId": session.id, "pid": session.program.pid}
    details |= {"cwd": session.cwd, "startedAt": int(session.started_at * 1000), "aggregated": text}
    session.seen = session.output.total
    untrusted = session.outside
    if session.exit_code is None:
        line = Text("exec.still_running", {"id": session.id, "pid": session.program.pid}).render()
        return told(f"{text}\n\n{line}".strip(), details, untrusted=untrusted)
    details |= {"exitCode": session.exit_code, "durationMs": int((until - session.started_at) * 1000)}
    if session.status == "completed":
        return told(text or Text("exec.no_output").render(), details, untrusted=untrusted)
    key = "exec.timed_out" if session.timed_out else "exec.killed" if session.killed else "exec.exited"
    line = Text(key, {"code": session.exit_code}).render()
    return told(f"{text}\n\n{line}".strip(), details, is_error=True, untrusted=untrusted)


def _is_typed(arguments: JsonObject, context: ToolContext) -> bool:
    """Whether the operator's own message holds exactly this call: a command, and nothing beside it."""
    told = {str(arguments.get("command") or "").strip(), shlex.join(arguments.get("argv") or ())} - {""}
    more = any(arguments.get(name) for name in ("env", "input", "workdir", "elevated", "keepInput"))
    return bool(told & context.typed) and not more


def _label(plan: Plan) -> str:
    return plan.shell_text if plan.shell_text is not None else shlex.join(plan.argv)


def _refused(plan: Plan, judgement: Judgement) -> GatewayError:
    reason = Text(f"exec.because.{judgement.reason}")
    words = Text("exec.refused", {"program": plan.executable.mark.path, "reason": reason})
    return GatewayError(ErrorKind.FORBIDDEN, words, {"code": f"exec_{judgement.reason}"})


def _request(plan: Plan, judgement: Judgement, context: ToolContext) -> ApprovalRequest:
    scope = context.scope
    details: JsonObject = {
        "argv": plan.argv,
        "cwd": plan.cwd,
        "resolvedPath": plan.executable.mark.path,
        "sha256": plan.executable.mark.sha256,
        "env": sorted(plan.asked),
        "files": [mark.path for mark in plan.operands],
        "sandbox": plan.confinement.level,
        "reason": judgement.reason,
    }
    if plan.stdin:
        details["input"] = plan.stdin[:4000]
    return ApprovalRequest(
        kind="exec",
        summary=_label(plan),
        agent_id=scope.agent_id,
        session_key=scope.session_key,
        run_id=context.run_id,
        call_id=context.call_id,
        principal_id=scope.principal.id,
        binding=plan.binding,
        lasting=plan.lasting if judgement.remembered else None,
        details=details,
    )
